//! Clicks as lines of CSV or of JSON, or as Parquet.

use service::problem::Problem;

use super::super::body::{ClickBody, Row};
use super::Format;
use super::parquet::ParquetFile;
use crate::http::file::{csv, failed, ndjson};

/// What a spreadsheet takes for the beginning of a formula, or drops before one.
const BEGINS_FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// A file under way.
pub(super) enum Encoder {
    /// Whether the line of names is still to come.
    Csv {
        is_new: bool,
    },
    Ndjson,
    Parquet(Box<ParquetFile>),
}

impl Encoder {
    pub(super) fn of(format: Format) -> Result<Self, Problem> {
        Ok(match format {
            Format::Csv => Self::Csv { is_new: true },
            Format::Ndjson => Self::Ndjson,
            Format::Parquet => Self::Parquet(Box::new(ParquetFile::new().map_err(failed)?)),
        })
    }

    /// The next clicks, as far as they are written by now.
    pub(super) fn clicks(&mut self, rows: Vec<Row>) -> Result<Vec<u8>, Problem> {
        let written = match self {
            Self::Csv { is_new } => csv(|writer| {
                if std::mem::take(is_new) {
                    writer.write_record(ClickBody::FIELDS)?;
                }
                for click in rows.into_iter().map(ClickBody::from) {
                    writer.serialize(marked(click))?;
                }
                Ok(())
            }),
            Self::Ndjson => ndjson(rows.into_iter().map(ClickBody::from)),
            Self::Parquet(file) => file.write(&rows),
        };
        written.map_err(failed)
    }

    /// What stands behind the last click.
    pub(super) fn end(self) -> Result<Vec<u8>, Problem> {
        match self {
            Self::Csv { .. } | Self::Ndjson => Ok(Vec::new()),
            Self::Parquet(file) => file.end().map_err(failed),
        }
    }
}

/// With `'` before each text that a spreadsheet would take for a formula: visitors choose some of them.
fn marked(mut click: ClickBody) -> ClickBody {
    let optional = [
        &mut click.country,
        &mut click.city,
        &mut click.referrer,
        &mut click.browser,
        &mut click.os,
        &mut click.device,
        &mut click.rule,
        &mut click.utm_source,
        &mut click.utm_medium,
        &mut click.utm_campaign,
    ];
    for text in optional.into_iter().flatten().chain([&mut click.slug]) {
        if text.starts_with(BEGINS_FORMULA) {
            text.insert(0, '\'');
        }
    }
    click
}
