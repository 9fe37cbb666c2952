//! User agents: what program a visitor uses, told from its header once and remembered.

use std::sync::Arc;

use axum::http::HeaderValue;
use quick_cache::sync::Cache;
use woothee::parser::Parser;
use woothee::woothee::VALUE_UNKNOWN;

use crate::bots;

/// User agents that are remembered; there are a few thousand that matter.
const AGENTS_MAX: usize = 10_000;
/// Longer headers are cut: what tells a browser stands at the front.
const HEADER_BYTES_MAX: usize = 512;

/// The kinds of operating systems that are told apart.
pub(crate) const SYSTEMS: [&str; 7] = [
    "android", "chromeos", "ios", "linux", "macos", "windows", "other",
];
/// The browsers that are told apart, as clicks tell them.
pub(crate) const BROWSERS: [&str; 8] = [
    "Chrome",
    "Edge",
    "Firefox",
    "Internet Explorer",
    "Opera",
    "Safari",
    "Samsung Internet Browser",
    "Vivaldi",
];

/// What a visitor's program is, as far as it says so itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) browser: Option<Box<str>>,
    pub(crate) os: Option<Box<str>>,
    /// What kind of `os` it is, as rules name it: one of [`SYSTEMS`].
    pub(crate) system: Option<&'static str>,
    /// `desktop`, `mobile` or `other`.
    pub(crate) device: Option<&'static str>,
    pub(crate) is_bot: bool,
}

/// The user agents seen lately.
pub(crate) struct Agents {
    parser: Parser,
    known: Cache<Box<str>, Arc<Agent>>,
    /// Who sends no user agent at all: no browser does that.
    nameless: Arc<Agent>,
}

impl Agents {
    pub(crate) fn new() -> Self {
        Self {
            parser: Parser::new(),
            known: Cache::new(AGENTS_MAX),
            nameless: Arc::new(Agent {
                is_bot: true,
                ..Agent::default()
            }),
        }
    }

    /// What the header tells; it is parsed once for all who send the same.
    pub(crate) fn know(&self, header: Option<&HeaderValue>) -> Arc<Agent> {
        match header.map_or(&b""[..], HeaderValue::as_bytes) {
            b"" => Arc::clone(&self.nameless),
            // Some makers of telephones write their names in their own script.
            said => self.know_text(&String::from_utf8_lossy(said)),
        }
    }

    /// What the header's text tells.
    pub(crate) fn know_text(&self, text: &str) -> Arc<Agent> {
        let end = text.floor_char_boundary(HEADER_BYTES_MAX);
        let text = text.get(..end).unwrap_or(text);
        if let Some(agent) = self.known.get(text) {
            return agent;
        }
        let agent = Arc::new(self.parse(text));
        self.known.insert(text.into(), Arc::clone(&agent));
        agent
    }

    fn parse(&self, text: &str) -> Agent {
        let Some(found) = self.parser.parse(text) else {
            // The parser knows the browsers that people use: what it doesn't know is a library or a script.
            return Agent {
                is_bot: true,
                ..Agent::default()
            };
        };
        let known = |name: &str| (name != VALUE_UNKNOWN).then(|| name.into());
        Agent {
            browser: known(found.name),
            os: known(found.os),
            system: system(found.os),
            device: device(found.category),
            is_bot: matches!(found.category, "crawler" | "misc") || bots::is_bot(text),
        }
    }
}

/// What kind of system it is, of all its versions and devices.
fn system(os: &str) -> Option<&'static str> {
    let is = |starts: &[&str]| starts.iter().any(|it| os.starts_with(it));
    match os {
        VALUE_UNKNOWN => None,
        _ if is(&["iPhone", "iPad", "iPod", "iOS"]) => Some("ios"),
        _ if is(&["Mac"]) => Some("macos"),
        _ if is(&["Windows"]) => Some("windows"),
        _ if is(&["Android"]) => Some("android"),
        _ if is(&["Linux"]) => Some("linux"),
        _ if is(&["ChromeOS"]) => Some("chromeos"),
        _ => Some("other"),
    }
}

fn device(category: &str) -> Option<&'static str> {
    match category {
        "pc" => Some("desktop"),
        "smartphone" | "mobilephone" => Some("mobile"),
        "appliance" => Some("other"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Agent, Agents};
    use axum::http::HeaderValue;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
    const GOOGLEBOT: &str =
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

    fn know(text: &'static str) -> Agent {
        Agents::new().parse(text)
    }

    #[test]
    fn a_browser_is_known_by_its_name_system_and_device() {
        let firefox = know(FIREFOX);
        assert_eq!(firefox.browser.as_deref(), Some("Firefox"));
        assert_eq!(
            (firefox.os.as_deref(), firefox.device),
            (Some("Linux"), Some("desktop"))
        );
        assert!(!firefox.is_bot);
        let iphone = know(IPHONE);
        assert_eq!(
            (iphone.os.as_deref(), iphone.device),
            (Some("iPhone"), Some("mobile"))
        );
    }

    #[test]
    fn programs_that_are_no_browsers_are_bots() {
        for text in [GOOGLEBOT, "curl/8.5.0", "python-requests/2.31", "Wget/1.21"] {
            assert!(know(text).is_bot, "{text}");
        }
        assert!(Agents::new().know(None).is_bot);
    }

    #[test]
    fn a_preview_that_dresses_up_as_a_browser_is_a_bot_all_the_same() {
        let imessage = know(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        );
        let skype = know("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5");
        for agent in [imessage, skype, know("WhatsApp/2.23.20.0 A")] {
            assert!(agent.is_bot, "{agent:?}");
        }
    }

    #[test]
    fn a_browser_is_one_in_any_script_and_encoding() {
        const HUAWEI: &[u8] = "Mozilla/5.0 (Linux; Android 13; HUAWEI 畅享 60) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36".as_bytes();
        const LATIN_1: &[u8] = b"Mozilla/5.0 (Linux; Android 13; Cam\xe9ra) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
        let agents = Agents::new();
        for said in [HUAWEI, LATIN_1] {
            let agent = agents.know(Some(&HeaderValue::from_bytes(said).unwrap()));
            assert_eq!(agent.browser.as_deref(), Some("Chrome"));
            assert_eq!(
                (agent.system, agent.device),
                (Some("android"), Some("mobile"))
            );
            assert!(!agent.is_bot);
        }
    }

    #[test]
    fn an_endless_header_is_cut() {
        let agents = Agents::new();
        let endless = HeaderValue::from_str(&format!("{FIREFOX}{}", "x".repeat(100_000))).unwrap();
        assert_eq!(
            agents.know(Some(&endless)).browser.as_deref(),
            Some("Firefox")
        );
        let longest = agents.known.iter().map(|(key, _)| key.len()).max();
        assert_eq!(longest, Some(super::HEADER_BYTES_MAX));
    }
}
