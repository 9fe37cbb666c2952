//! Kutt: links as `GET /api/v2/links` lists them in `data`, one a line, or the columns of its table.

use service::body::Faults;

use super::super::record::Record;
use super::{Brought, moment};
use crate::links::shorten::ShortenBody;

pub(super) const NEEDED: &[&[&str]] = &[&["target"], &["address"]];

pub(super) fn read(record: &Record, faults: &mut Faults) -> Brought {
    if record.is(&["banned"]) {
        faults.add("/banned", "is so: Kutt led nobody there");
    }
    let password = record.text(&["password"]);
    Brought {
        has_password: password.is_some_and(|it| it != "false"),
        body: ShortenBody {
            target: record.text(&["target"]).unwrap_or_default(),
            slug: record.text(&["address"]),
            expires_at: moment(record.text(&["expirein"]), "/expires_at", faults),
            notes: record.text(&["description"]),
            ..ShortenBody::default()
        },
        ..Brought::default()
    }
}
