//! Clicks as lines of CSV or of JSON, or as Parquet.

use std::error::Error;

use service::problem::Problem;

use super::super::body::{ClickBody, Row};
use super::Format;
use super::parquet::ParquetFile;

type AnyError = Box<dyn Error + Send + Sync>;

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
            Self::Csv { is_new } => csv(std::mem::take(is_new), rows),
            Self::Ndjson => ndjson(rows),
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

fn ndjson(rows: Vec<Row>) -> Result<Vec<u8>, AnyError> {
    let mut lines = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut lines, &ClickBody::from(row))?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Every text stands as it is, whatever it begins with; what is nothing is an empty cell.
fn csv(is_new: bool, rows: Vec<Row>) -> Result<Vec<u8>, AnyError> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .has_headers(false)
        .from_writer(Vec::new());
    if is_new {
        writer.write_record(ClickBody::FIELDS)?;
    }
    for row in rows {
        writer.serialize(ClickBody::from(row))?;
    }
    Ok(writer.into_inner().map_err(|error| error.to_string())?)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over"
)]
fn failed(error: AnyError) -> Problem {
    Problem::internal(error.as_ref())
}
