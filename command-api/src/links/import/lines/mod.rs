//! The lines of a file as it is sent: bounded in size, in number, and in how long each part may take.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use csv_core::{ReadRecordResult, Reader};
use futures::StreamExt;
use serde_json::{Map, Value};
use service::body::BODY_DEADLINE;
use service::problem::{Fault, Problem};
use tokio::time::{Instant, timeout};

use super::From;
use super::record::Record;
use super::report::Failure;
use super::room::Seat;

/// The most bytes of a file.
const FILE_BYTES_MAX: usize = 64 << 20;
/// The most lines: what a dry run must remember of each slug takes some 50 bytes.
const LINES_MAX: usize = 100_000;
/// The most bytes of a line: a link with all that it may have takes some 500 KiB.
const LINE_BYTES_MAX: usize = 1 << 20;
/// The most columns of a CSV.
const COLUMNS_MAX: usize = 200;
/// The longest that a file is read: one with as many links as may be, at the pace of one workspace, takes a quarter of that.
const FILE_FOR_MAX: Duration = Duration::from_hours(2);
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One line, and where it begins.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) record: Result<Record, Vec<Fault>>,
}

/// A file on its way in.
pub(super) struct Lines {
    body: BodyDataStream,
    from: From,
    _seat: Seat,
    opened: Instant,
    /// The names of a CSV's columns; `None` of NDJSON.
    columns: Option<Arc<[String]>>,
    /// What has come and was not read yet.
    waiting: Vec<u8>,
    is_ended: bool,
    /// The line that comes next.
    number: u64,
    count: usize,
    /// What has come.
    pub(super) bytes: usize,
    /// What was read of it.
    pub(super) bytes_taken: usize,
}

impl Lines {
    /// Reads the names of a CSV's columns; what can't be a file of this kind is refused.
    pub(super) async fn open(
        body: Body,
        headers: &HeaderMap,
        from: From,
        seat: Seat,
    ) -> Result<Self, Problem> {
        let is_csv = is_csv(headers)?;
        let mut lines = Self {
            body: body.into_data_stream(),
            from,
            _seat: seat,
            opened: Instant::now(),
            columns: None,
            waiting: Vec::new(),
            is_ended: false,
            number: 1,
            count: 0,
            bytes: 0,
            bytes_taken: 0,
        };
        if is_csv {
            let cells = lines.cells().await.map_err(refused)?;
            let cells = cells.map_or_else(|| Ok(Vec::new()), |(_, cells)| cells);
            let cells = cells.map_err(Problem::validation)?;
            let columns: Vec<_> = cells.iter().map(|it| from.name(it)).collect();
            check(&columns, from)?;
            lines.columns = Some(columns.into());
        }
        Ok(lines)
    }

    pub(super) const fn from(&self) -> From {
        self.from
    }

    pub(super) const fn is_csv(&self) -> bool {
        self.columns.is_some()
    }

    /// The next line; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, Failure> {
        let line = if let Some(columns) = self.columns.clone() {
            let cells = self.cells().await?;
            cells.map(|(number, cells)| Line {
                number,
                record: cells.and_then(|cells| of_cells(&columns, cells)),
            })
        } else {
            let line = self.json_line().await?;
            let from = self.from;
            line.map(|(number, text)| Line {
                number,
                record: of_json(&text, from),
            })
        };
        self.count += usize::from(line.is_some());
        if self.count > LINES_MAX {
            return Err(failure("too_large", "a file has at most 100,000 lines"));
        }
        Ok(line)
    }

    async fn json_line(&mut self) -> Result<Option<(u64, Vec<u8>)>, Failure> {
        let mut looked = 0;
        loop {
            self.skip_blank();
            let found = self.waiting.iter().skip(looked).position(|it| *it == b'\n');
            let length = match found {
                Some(at) => looked + at,
                None if self.is_ended => self.waiting.len(),
                None => {
                    looked = self.waiting.len();
                    self.fill().await?;
                    continue;
                }
            };
            if length == 0 && self.is_ended {
                return Ok(None);
            }
            let number = self.number;
            let text = self.take(length);
            return Ok(Some((number, text)));
        }
    }

    /// The cells of the next record, which may go over several lines.
    async fn cells(&mut self) -> Result<Option<(u64, Cells)>, Failure> {
        let mut tried = 0;
        loop {
            self.skip_blank();
            if self.waiting.is_empty() {
                if self.is_ended {
                    return Ok(None);
                }
                // Nothing at all would be the end of the file to the reader.
                self.fill().await?;
                continue;
            }
            // Each try begins anew, so a record that isn't whole is tried again when twice as much is there.
            if self.is_ended || self.waiting.len() >= 2 * tried {
                tried = self.waiting.len();
                if let Some((length, cells)) = record(&self.waiting, self.is_ended)? {
                    let number = self.number;
                    self.take(length);
                    return Ok(Some((number, cells)));
                }
            }
            self.fill().await?;
        }
    }

    /// Leaves out a mark of the encoding, and lines without anything.
    fn skip_blank(&mut self) {
        if self.number == 1 && self.waiting.starts_with(BOM) {
            self.waiting.drain(..BOM.len());
        }
        let blank = self.waiting.iter();
        let blank = blank.take_while(|it| matches!(it, b'\r' | b'\n')).count();
        self.take(blank);
    }

    /// Takes what was read, and counts its lines.
    fn take(&mut self, length: usize) -> Vec<u8> {
        self.bytes_taken += length;
        let rest = self.waiting.split_off(length);
        let taken = std::mem::replace(&mut self.waiting, rest);
        let ends = taken.split(|it| *it == b'\n').skip(1).count();
        self.number += u64::try_from(ends).unwrap_or_default();
        taken
    }

    /// Waits for more of the file.
    async fn fill(&mut self) -> Result<(), Failure> {
        if self.waiting.len() > LINE_BYTES_MAX {
            return Err(failure("too_large", "a line has at most 1 MiB"));
        }
        if self.opened.elapsed() > FILE_FOR_MAX {
            return Err(failure("timeout", "a file is read for two hours at most"));
        }
        let more = timeout(BODY_DEADLINE, self.body.next()).await;
        let more = more.map_err(|_| failure("timeout", "nothing came for 10 seconds"))?;
        let Some(more) = more else {
            self.is_ended = true;
            return Ok(());
        };
        let more: Bytes = more.map_err(|_| failure("unreadable_body", "the file broke off"))?;
        self.bytes += more.len();
        if self.bytes > FILE_BYTES_MAX {
            return Err(failure("too_large", "a file has at most 64 MiB"));
        }
        self.waiting.extend_from_slice(&more);
        Ok(())
    }
}

const fn failure(error: &'static str, detail: &'static str) -> Failure {
    Failure { error, detail }
}

/// Before anything was answered, a failure has a status.
fn refused(failure: Failure) -> Problem {
    let problem = match failure.error {
        "too_large" => Problem::too_large(),
        "timeout" => Problem::timeout(),
        _ => Problem::bad_request("unreadable_body", "Body could not be read"),
    };
    problem.detail(failure.detail)
}

fn is_csv(headers: &HeaderMap) -> Result<bool, Problem> {
    let value = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = value
        .and_then(|it| it.split(';').next())
        .unwrap_or_default();
    match essence.trim().to_ascii_lowercase().as_str() {
        "text/csv" => Ok(true),
        "application/x-ndjson" => Ok(false),
        _ => Err(Problem::unsupported_media_type()
            .detail("send the file as Content-Type: text/csv or application/x-ndjson")),
    }
}

/// Refuses what lacks a column that every file of the kind has.
fn check(columns: &[String], from: From) -> Result<(), Problem> {
    let needed = from.needed().iter();
    let lacking = needed.filter(|names| !names.iter().any(|it| columns.iter().any(|is| is == it)));
    let faults: Vec<_> = lacking
        .map(|names| {
            Fault::new(
                "",
                format!(
                    "has no column {}; `from` says who wrote the file",
                    names.join(" or ")
                ),
            )
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(faults))
    }
}

/// The cells of a record, or what is wrong with them.
type Cells = Result<Vec<String>, Vec<Fault>>;

/// The first record's length and cells; `None` if more must come to tell where it ends.
fn record(bytes: &[u8], is_ended: bool) -> Result<Option<(usize, Cells)>, Failure> {
    let mut reader = Reader::new();
    let mut text = vec![0; bytes.len().min(LINE_BYTES_MAX)];
    let mut ends = vec![0; COLUMNS_MAX + 1];
    let (mut result, length, mut written, mut cells) =
        reader.read_record(bytes, &mut text, &mut ends);
    if result == ReadRecordResult::InputEmpty && is_ended {
        // Nothing comes after: that ends the last record, too.
        let (last, _, more, further) = reader.read_record(
            &[],
            text.get_mut(written..).unwrap_or_default(),
            ends.get_mut(cells..).unwrap_or_default(),
        );
        (result, written, cells) = (last, written + more, cells + further);
    }
    match result {
        ReadRecordResult::Record | ReadRecordResult::End => {
            let ends = ends.get(..cells).unwrap_or_default();
            let text = text.get(..written).unwrap_or_default();
            Ok(Some((length, texts(text, ends))))
        }
        ReadRecordResult::OutputEndsFull => {
            Err(failure("too_large", "a line has at most 200 cells"))
        }
        ReadRecordResult::InputEmpty | ReadRecordResult::OutputFull => Ok(None),
    }
}

fn texts(text: &[u8], ends: &[usize]) -> Cells {
    let mut start = 0;
    let mut cells = Vec::with_capacity(ends.len());
    for &end in ends {
        let cell = text.get(start..end).unwrap_or_default();
        let cell = str::from_utf8(cell).map_err(|_| vec![Fault::new("", "is not UTF-8")])?;
        cells.push(cell.to_owned());
        start = end;
    }
    Ok(cells)
}

fn of_cells(columns: &[String], cells: Vec<String>) -> Result<Record, Vec<Fault>> {
    if cells.len() == columns.len() {
        return Ok(Record::of_cells(columns, cells));
    }
    let fault = format!("has {} cells, and the head {}", cells.len(), columns.len());
    Err(vec![Fault::new("", fault)])
}

fn of_json(text: &[u8], from: From) -> Result<Record, Vec<Fault>> {
    let object: Map<String, Value> = serde_json::from_slice(text)
        .map_err(|error| vec![Fault::new("", format!("is no JSON object: {error}"))])?;
    let values = object.into_iter();
    Ok(Record::new(
        values.map(|(name, value)| (from.name(&name), value)),
    ))
}

#[cfg(test)]
mod tests;
