//! Bitly: the CSV of its links; the custom back-half leads, and so does the one that was drawn.

use super::super::record::Record;
use super::{Brought, slug_of};
use crate::links::shorten::ShortenBody;

/// `Link`, `Custom Link` and `Destination URL`; `link` and `long_url` in the API's words.
pub(super) const NEEDED: &[&[&str]] = &[&["destinationurl", "longurl"], &["link"]];

pub(super) fn read(record: &Record) -> Brought {
    let slug = |name: &str| slug_of(&record.text(&[name])?);
    let (custom, drawn) = (slug("customlink"), slug("link"));
    let former_slugs = match (&custom, &drawn) {
        (Some(custom), Some(drawn)) if custom != drawn => vec![drawn.clone()],
        _ => Vec::new(),
    };
    Brought {
        former_slugs,
        body: ShortenBody {
            target: record
                .text(&["destinationurl", "longurl"])
                .unwrap_or_default(),
            slug: custom.or(drawn),
            title: record.text(&["title"]),
            tags: record.tags(&["tags"], &[',']),
            ..ShortenBody::default()
        },
        ..Brought::default()
    }
}
