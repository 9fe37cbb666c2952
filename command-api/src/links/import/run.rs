//! An import under way: a step at a time, as its report is taken.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Bytes;
use events::WorkspaceId;
use futures::FutureExt;
use nats::BATCH_MESSAGES_MAX;
use service::body::Faults;
use service::caller::{Caller, Watched};
use service::limits::Limit;
use service::problem::{Fault, Problem};

use super::From;
use super::lines::{Line, Lines};
use super::report::{End, Failure, Report, Status, Tally, told};
use super::steps::{Outcome, Pending, Step, Steps, Wish};
use super::tidy::tidy;
use crate::app::App;
use crate::links::domain::{Choice, Space};
use crate::links::link::FORMER_SLUGS_MAX;
use crate::links::shorten;
use crate::links::slug::Slug;
use crate::links::step::LINKS_MAX;

/// The most messages of one link: the claims on its slugs, and what became of it.
const MESSAGES_OF_LINK_MAX: usize = 4 + FORMER_SLUGS_MAX;

/// The most bytes of lines in one step, as of the body of as many links.
const STEP_BYTES_MAX: usize = 2 << 20;

/// The most slugs of a file, former ones among them: a dry run remembers each, in some 50 bytes.
const SLUGS_MAX: usize = 300_000;

/// How long nothing is told while an import waits: whoever is between gives up on a silent answer.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// An import under way.
pub(super) struct Run {
    app: App,
    workspace: WorkspaceId,
    /// The domain that is asked for.
    domain: Option<String>,
    watched: Watched,
    lines: Lines,
    steps: Steps,
    /// What was read and is not made yet.
    waiting: Option<Part>,
    tally: Tally,
    slugs: usize,
}

/// Some lines of the file.
struct Part {
    step: Step,
    /// Of lines that can't be made.
    reports: Vec<Report>,
    /// How far the file is after them.
    end: End,
}

impl Run {
    pub(super) async fn new(
        app: App,
        caller: &Caller,
        lines: Lines,
        domain: Option<String>,
        dry_run: bool,
    ) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let choice = Choice::of(&app, caller.workspace).await?;
        choice.take(domain.as_deref(), &mut faults);
        faults.finish()?;
        Ok(Self {
            watched: app.gate.watch(caller),
            steps: Steps::new(app.clone(), caller, dry_run).await?,
            tally: Tally::new(dry_run),
            waiting: None,
            slugs: 0,
            workspace: caller.workspace,
            domain,
            app,
            lines,
        })
    }

    /// Takes one step, and tells of it; there is no next one after the last.
    pub(super) async fn go_on(mut self) -> Option<(Result<Bytes, Infallible>, Option<Self>)> {
        let (mut reports, end) = match self.part().await {
            Ok(part) => part,
            Err(failure) => (Vec::new(), End::Failed(failure)),
        };
        reports.sort_by_key(|it| it.line);
        for report in &reports {
            self.tally.count(report.status);
        }
        self.tally.bytes = self.lines.bytes;
        self.tally.position = self.steps.position.map(|it| it.to_string());
        // Numbers and texts always become JSON.
        let told = told(&reports, &self.tally, &end).unwrap_or_default();
        let next = matches!(end, End::More).then_some(self);
        Some((Ok(told.into()), next))
    }

    /// What is told next: of a step, or that it still waits.
    async fn part(&mut self) -> Result<(Vec<Report>, End), Failure> {
        if self.watched.revoked().now_or_never().is_some() {
            let detail = "the credential was revoked";
            let error = "token_revoked";
            return Err(Failure { error, detail });
        }
        let mut part = match self.waiting.take() {
            Some(part) => part,
            None => self.read().await?,
        };
        match self
            .steps
            .make(&mut part.step)
            .await
            .map_err(|it| broken_off(&it))?
        {
            Outcome::Made(reports) => {
                part.reports.extend(reports);
                Ok((part.reports, part.end))
            }
            Outcome::Wait(wait) => {
                tokio::time::sleep(wait.min(SILENCE_MAX)).await;
                self.waiting = Some(part);
                Ok((Vec::new(), End::More))
            }
        }
    }

    /// The next lines, as many as one step may have.
    async fn read(&mut self) -> Result<Part, Failure> {
        let (mut pending, mut reports, mut messages) = (Vec::new(), Vec::new(), 0);
        let mut end = End::More;
        let begun = self.lines.bytes_taken;
        // Domains may come and go while a long file is read.
        let choice = Choice::of(&self.app, self.workspace).await;
        let choice = choice.map_err(|it| broken_off(&it))?;
        while pending.len() + reports.len() < self.links_max()
            && messages + MESSAGES_OF_LINK_MAX < BATCH_MESSAGES_MAX
            && self.lines.bytes_taken - begun < STEP_BYTES_MAX
        {
            match self.lines.next().await {
                Ok(Some(line)) => match self.parse(&choice, line) {
                    Ok(wish) => {
                        messages += wish.messages();
                        self.slugs += wish.slugs();
                        pending.push(wish);
                    }
                    Err(report) => reports.push(report),
                },
                Ok(None) => end = End::Done,
                Err(failure) => end = End::Failed(failure),
            }
            if self.slugs > SLUGS_MAX {
                let detail = "a file has at most 300,000 slugs";
                let error = "too_large";
                end = End::Failed(Failure { error, detail });
            }
            if !matches!(end, End::More) {
                break;
            }
        }
        let step = self.steps.step(pending);
        Ok(Part { step, reports, end })
    }

    /// The most links of a step: no more than the workspace may make at once.
    fn links_max(&self) -> usize {
        let share = self.app.limiter.share(Limit::CreationWorkspace);
        share.map_or(LINKS_MAX, |it| {
            LINKS_MAX.min(usize::try_from(it).unwrap_or(LINKS_MAX))
        })
    }

    /// What a line wants, or why it can't be.
    fn parse(&self, choice: &Choice, line: Line) -> Result<Pending, Report> {
        let number = line.number;
        let wish = line.record.and_then(|record| {
            let mut faults = Faults::default();
            let (from, is_csv) = (self.lines.from(), self.lines.is_csv());
            let mut brought = from.read(record, is_csv, &mut faults);
            let unread = faults.into_list();
            if !unread.is_empty() {
                return Err(unread);
            }
            let mut faults = Faults::default();
            if brought.has_password && brought.body.password.is_none() {
                let fault = "is so, and the file does not tell the password; a file of Millrace's own takes it as `password`";
                faults.add("/has_password", fault);
            }
            // Its own files come back as they went.
            let warnings = match from {
                From::Millrace => Vec::new(),
                From::Dub | From::Shlink | From::Kutt | From::Yourls | From::Bitly => {
                    tidy(&mut brought.body)
                }
            };
            let (former_slugs, is_archived) = (brought.former_slugs, brought.is_archived);
            let of_file = brought.domain.filter(|it| choice.has(it));
            brought.body.domain = self.domain.clone().or(of_file);
            let wanted = shorten::parse(choice, brought.body, &mut faults);
            let space = wanted.command.space(self.workspace);
            let former_slugs = former(&former_slugs, &space, wanted.slug.as_ref(), &mut faults);
            let faults = faults.into_list();
            if faults.is_empty() {
                Ok(Wish {
                    wanted,
                    former_slugs,
                    is_archived,
                    warnings,
                })
            } else {
                Err(faults)
            }
        });
        wish.map(|wish| Pending::new(number, wish))
            .map_err(|errors| refused(number, errors))
    }
}

fn broken_off(problem: &Problem) -> Failure {
    Failure {
        error: problem.error(),
        detail: "send the file again: what is made is told as there already",
    }
}

fn refused(line: u64, errors: Vec<Fault>) -> Report {
    Report {
        line,
        status: Status::Refused,
        id: None,
        slug: None,
        errors,
        warnings: Vec::new(),
    }
}

/// The further slugs, each once.
fn former(
    texts: &[String],
    space: &Space,
    slug: Option<&Slug>,
    faults: &mut Faults,
) -> Vec<String> {
    let mut slugs: Vec<String> = Vec::new();
    if texts.len() > FORMER_SLUGS_MAX {
        let fault = format!("must have at most {FORMER_SLUGS_MAX} slugs");
        faults.add("/former_slugs", fault);
        return slugs;
    }
    for (index, text) in texts.iter().enumerate() {
        let parsed = faults.take(&format!("/former_slugs/{index}"), Slug::parse_new(text));
        let is_new = |it: &Slug| {
            let mut known = slugs
                .iter()
                .map(String::as_str)
                .chain(slug.map(Slug::as_str));
            !known.any(|known| space.is_same(known, it.as_str()))
        };
        if let Some(parsed) = parsed.filter(is_new) {
            slugs.push(parsed.as_str().to_owned());
        }
    }
    slugs
}
