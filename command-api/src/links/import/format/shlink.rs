//! Shlink: the `short_urls.csv` of its web client.

use super::super::record::Record;
use super::{Brought, slug_of};
use crate::links::shorten::ShortenBody;

pub(super) const NEEDED: &[&[&str]] = &[&["longurl"], &["shortcode", "shorturl"]];

pub(super) fn read(record: &Record) -> Brought {
    let short = || slug_of(&record.text(&["shorturl"])?);
    Brought {
        body: ShortenBody {
            target: record.text(&["longurl"]).unwrap_or_default(),
            slug: record.text(&["shortcode"]).or_else(short),
            title: record.text(&["title"]),
            // Up to version 3.7 of the client it was a comma.
            tags: record.tags(&["tags"], &['|', ',']),
            ..ShortenBody::default()
        },
        ..Brought::default()
    }
}
