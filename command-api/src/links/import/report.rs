//! What is told of a file: a line for each of its lines, how far it is, and how it ended.

use events::LinkId;
use serde::Serialize;
use serde_json::json;
use service::problem::Fault;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Made,
    /// The slug leads to the same target in this workspace.
    ThereAlready,
    SlugTaken,
    Refused,
}

/// What is told of a line.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The line of the file, or the first of several, from 1.
    pub(super) line: u64,
    pub(super) status: Status,
    /// The link; none of one that would be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<LinkId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slug: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<Fault>,
    /// What the file says of the link, and was not taken over as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<Fault>,
}

/// How the file stands.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Tally {
    lines: u64,
    made: u64,
    there_already: u64,
    taken: u64,
    refused: u64,
    /// What was read of the file.
    pub(super) bytes: usize,
    dry_run: bool,
    /// A read that waits for it sees what was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<String>,
}

impl Tally {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, status: Status) {
        self.lines += 1;
        *match status {
            Status::Made => &mut self.made,
            Status::ThereAlready => &mut self.there_already,
            Status::SlugTaken => &mut self.taken,
            Status::Refused => &mut self.refused,
        } += 1;
    }
}

/// Why the rest of a file was not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Failure {
    pub(super) error: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) detail: &'static str,
}

/// How far an import is.
pub(super) enum End {
    More,
    Done,
    Failed(Failure),
}

/// The report on one step.
pub(super) fn told(reports: &[Report], tally: &Tally, end: &End) -> serde_json::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for report in reports {
        serde_json::to_writer(&mut lines, report)?;
        lines.push(b'\n');
    }
    let last = match end {
        End::More => json!({ "progress": tally }),
        End::Done => json!({ "done": tally }),
        End::Failed(failure) => json!({ "failed": failure, "so_far": tally }),
    };
    serde_json::to_writer(&mut lines, &last)?;
    lines.push(b'\n');
    Ok(lines)
}
