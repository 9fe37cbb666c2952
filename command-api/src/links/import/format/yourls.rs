//! YOURLS: the CSV of the plugin Import Export, or the columns of its table.

use super::super::record::Record;
use super::Brought;
use crate::links::shorten::ShortenBody;

/// `source,target,hits` of the plugin; `keyword,url,title,timestamp,ip,clicks` of the table.
pub(super) const NEEDED: &[&[&str]] = &[&["target", "url"], &["source", "keyword"]];

pub(super) fn read(record: &Record) -> Brought {
    // The plugin writes `/spring/`.
    let slug = record.text(&["source", "keyword"]);
    let slug = slug.map(|it| it.trim_matches('/').to_owned());
    Brought {
        body: ShortenBody {
            target: record.text(&["target", "url"]).unwrap_or_default(),
            slug,
            title: record.text(&["title"]),
            ..ShortenBody::default()
        },
        ..Brought::default()
    }
}
