//! What another server reports: a hundred clicks, as it saw them.

use serde_json::json;
use service::world;

use crate::load::Report;

/// Clicks of one report.
pub(super) const CLICKS: u32 = 100;
/// Visitors' browsers are few kinds, and their addresses many.
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
];
const COUNTRIES: [&str; 3] = ["NP", "DE", "BR"];

/// A report on a link.
pub(super) fn of(link: &str, token: &str) -> anyhow::Result<Report> {
    let time = world::now();
    let agents = AGENTS.iter().cycle().zip(COUNTRIES.iter().cycle());
    let clicks = (0..CLICKS).zip(agents).map(|(number, (agent, country))| {
        json!({
            "occurred_at": time,
            "referrer": format!("https://news.example/stories/{number}?page=2"),
            "user_agent": agent,
            "ip": format!("192.0.2.{number}"),
            "country": country,
            "utm_source": "newsletter",
            "utm_medium": "mail",
            "utm_campaign": "spring",
        })
    });
    let body = json!({ "clicks": clicks.collect::<Vec<_>>() });
    Ok(Report {
        path: format!("/v1/links/{link}/clicks"),
        token: token.to_owned(),
        body: serde_json::to_string(&body)?,
    })
}
