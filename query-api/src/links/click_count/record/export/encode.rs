//! Clicks as lines of CSV or of JSON, or as Parquet.

use service::problem::Problem;

use super::super::body::{ClickBody, Row};
use super::Format;
use super::parquet::ParquetFile;
use crate::http::file::{csv, failed, ndjson};

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
                    writer.serialize(click)?;
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
