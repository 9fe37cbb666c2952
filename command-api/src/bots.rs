//! Programs that open links and say so, which the parser of user agents takes for people or doesn't know.
//!
//! Kept by hand, mostly those that draw a preview when somebody pastes a link into a chat.
//! Each is a part of the user agent in lower case that no browser and no app with a browser in it sends.

/// What such a program's user agent holds.
const PARTS: [&str; 34] = [
    "bingpreview/",
    "bluesky cardyb",
    "discordbot/",
    "embedly/",
    "facebookcatalog/",
    "facebookexternalhit/",
    "facebot",
    "flipboardproxy/",
    "google-pagerenderer",
    "googleimageproxy",
    "iframely/",
    "kakaotalk-scrap/",
    "line-poker/",
    "linkedinbot/",
    "linkpreview",
    "mastodon/",
    "mattermost-bot/",
    "meta-externalagent/",
    "meta-externalfetcher/",
    "microsoftpreview/",
    "notionbot",
    "pinterestbot/",
    "redditbot/",
    "skypeuripreview",
    "slack-imgproxy",
    "slackbot",
    "snap url preview service",
    "synapse (bot;",
    "telegrambot",
    "tumblr/",
    "twitterbot/",
    "vkshare/",
    "whatsapp/",
    "xing-contenttabreceiver",
];

/// Whether the user agent is one of theirs.
pub(crate) fn is_bot(agent: &str) -> bool {
    let agent = agent.to_ascii_lowercase();
    PARTS.iter().any(|part| agent.contains(part))
}

#[cfg(test)]
mod tests {
    use super::{PARTS, is_bot};

    #[test]
    fn each_program_is_named_once_in_order_and_in_lower_case() {
        assert!(PARTS.is_sorted_by(|one, next| one < next));
        assert!(PARTS.iter().all(|it| *it == it.to_ascii_lowercase()));
    }

    #[test]
    fn programs_that_draw_previews_are_bots() {
        for agent in [
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "Slackbot 1.0 (+https://api.slack.com/robots)",
            "Slack-ImgProxy (+https://api.slack.com/robots)",
            "Twitterbot/1.0",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
            "facebookexternalhit/1.1;line-poker/1.0",
            "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "WhatsApp/2.23.20.0 A",
            "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
            "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
            "TelegramBot (like TwitterBot)",
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
            "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
            "Mastodon/4.3.0 (http.rb/5.2.0; +https://mastodon.social/) Bot",
            "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
            "Pinterestbot/1.0 (+http://www.pinterest.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots)",
            "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share) vkShare/1.0",
            "Synapse (bot; +https://github.com/matrix-org/synapse)",
        ] {
            assert!(is_bot(agent), "{agent}");
        }
    }

    #[test]
    fn people_with_the_apps_of_the_same_houses_are_none() {
        for agent in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/484.0.0.50.106;FBDV/iPhone14,5]",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [LinkedInApp]/9.30",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Twitter for iPhone/10.60",
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Mobile Safari/537.36 Telegram-Android/11.1",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) discord/1.0.9163 Chrome/124.0 Electron/30.2 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0 Mobile Safari/537.36",
        ] {
            assert!(!is_bot(agent), "{agent}");
        }
    }
}
