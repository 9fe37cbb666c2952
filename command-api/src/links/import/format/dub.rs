//! Dub: the file of its dashboard, or links as its API tells them.

use service::body::Faults;

use super::super::record::Record;
use super::{Brought, moment, slug_of};
use crate::links::route::UtmBody;
use crate::links::shorten::ShortenBody;

/// `Destination URL` and `Short link`; `url` and `key` in the API's words.
pub(super) const NEEDED: &[&[&str]] = &[&["destinationurl", "url"], &["shortlink", "key"]];

pub(super) fn read(record: &Record, faults: &mut Faults) -> Brought {
    let slug = record.text(&["key"]);
    let short = || slug_of(&record.text(&["shortlink"])?);
    Brought {
        is_archived: record.is(&["archived"]),
        has_password: record.text(&["password", "passwordenabledat"]).is_some(),
        body: ShortenBody {
            target: record.text(&["destinationurl", "url"]).unwrap_or_default(),
            slug: slug.or_else(short),
            expires_at: moment(record.text(&["expiresat"]), "/expires_at", faults),
            utm: Some(UtmBody {
                source: record.text(&["utmsource"]),
                medium: record.text(&["utmmedium"]),
                campaign: record.text(&["utmcampaign"]),
                term: record.text(&["utmterm"]),
                content: record.text(&["utmcontent"]),
            }),
            expired_target: record.text(&["expiredurl"]),
            title: record.text(&["title"]),
            tags: record.tags(&["tags"], &[',']),
            notes: record.text(&["comments", "description"]),
            ..ShortenBody::default()
        },
        ..Brought::default()
    }
}
