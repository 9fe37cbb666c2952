//! The steps of an import: which slugs are free, and the links that are made under them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::time::Duration;

use events::{LinkId, Position, Subject, WorkspaceId};
use nats::StoredMessage;
use service::caller::Caller;
use service::limits::Limit;
use service::problem::{Fault, Problem};
use service::world;

use super::report::{Report, Status};
use crate::app::App;
use crate::claim::{Standing, look, standing};
use crate::handle::{Claiming, HandleError};
use crate::links::known::Known;
use crate::links::route;
use crate::links::shorten::{self, Wanted};
use crate::links::step::{self, ATTEMPTS_MAX, Entry};
use crate::origin::Origin;
use crate::problem::{contended, unread};

/// A link that a line wants.
pub(super) struct Wish {
    pub(super) wanted: Wanted,
    pub(super) former_slugs: Vec<String>,
    pub(super) is_archived: bool,
    /// What was not taken over as it is.
    pub(super) warnings: Vec<Fault>,
}

/// A line that can be tried.
pub(super) struct Pending {
    line: u64,
    wish: Wish,
}

/// Makes links, a step at a time.
pub(super) struct Steps {
    app: App,
    workspace: WorkspaceId,
    origin: Origin,
    /// How long a random slug is.
    chars: usize,
    is_dry: bool,
    /// What a dry run would have made, by what stands for each claim: it may be about two million slugs.
    imagined: HashMap<u64, Made>,
    hasher: RandomState,
    /// Where the last step stands.
    pub(super) position: Option<Position>,
}

/// What a line before has taken a slug for.
#[derive(Clone, Copy)]
struct Made {
    id: LinkId,
    /// Stands for the target.
    target: u64,
}

/// Links that are made together.
pub(super) struct Step {
    /// The line of each.
    lines: Vec<u64>,
    entries: Vec<Entry>,
    /// What was not taken over as it is, of each.
    warnings: Vec<Vec<Fault>>,
    /// Of those that have one, and whose hash isn't made yet.
    passwords: Vec<Option<String>>,
}

/// What became of a step.
pub(super) enum Outcome {
    Made(Vec<Report>),
    /// The workspace has made as many links as it may for now.
    Wait(Duration),
}

/// What is to become of a line.
enum Verdict {
    Make(Vec<Claiming>),
    ThereAlready(Option<LinkId>),
    Taken(Vec<Fault>),
}

impl Pending {
    pub(super) const fn new(line: u64, wish: Wish) -> Self {
        Self { line, wish }
    }

    /// How many slugs it has.
    pub(super) fn slugs(&self) -> usize {
        1 + self.wish.former_slugs.len()
    }

    /// How many messages its making takes, at most: claims, and what became of it.
    pub(super) fn messages(&self) -> usize {
        let former = self.wish.former_slugs.len();
        2 + former + usize::from(former > 0) + usize::from(self.wish.is_archived)
    }
}

impl Steps {
    pub(super) async fn new(app: App, caller: &Caller, is_dry: bool) -> Result<Self, Problem> {
        Ok(Self {
            chars: shorten::random_chars(&app).await?,
            workspace: caller.workspace,
            origin: Origin::of(caller.actor()),
            app,
            is_dry,
            imagined: HashMap::new(),
            hasher: RandomState::new(),
            position: None,
        })
    }

    /// The links of one step, each with an id and a slug.
    pub(super) fn step(&self, pending: Vec<Pending>) -> Step {
        let lines = pending.iter().map(|it| it.line).collect();
        let mut passwords = Vec::with_capacity(pending.len());
        let mut entries = Vec::with_capacity(pending.len());
        let mut warnings = Vec::with_capacity(pending.len());
        for Pending { mut wish, .. } in pending {
            passwords.push(wish.wanted.password.take());
            warnings.push(mem::take(&mut wish.warnings));
            entries.push(self.entry(wish));
        }
        Step {
            lines,
            entries,
            warnings,
            passwords,
        }
    }

    /// Makes what can be made, in one step, and tells what became of each line; or how long it must wait.
    pub(super) async fn make(&mut self, step: &mut Step) -> Result<Outcome, Problem> {
        for _ in 0..ATTEMPTS_MAX {
            let (verdicts, made) = self.judge(&mut step.entries).await?;
            if self.is_dry {
                self.imagined.extend(made);
                return Ok(Outcome::Made(self.reports(step, verdicts)));
            }
            let is_made = |it: &&Verdict| matches!(it, Verdict::Make(_));
            let count = verdicts.iter().filter(is_made).count();
            if let Some(wait) = self.wait(count).await {
                return Ok(Outcome::Wait(wait));
            }
            self.hash(step, &verdicts).await?;
            if self.store(&step.entries, &verdicts).await? {
                return Ok(Outcome::Made(self.reports(step, verdicts)));
            }
            // Somebody was faster with one of the slugs: which, the next look tells.
        }
        Err(contended())
    }

    /// How long until the workspace may make so many links more.
    async fn wait(&self, count: usize) -> Option<Duration> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let account = self.workspace.to_string();
        let limiter = &self.app.limiter;
        limiter
            .pace(Limit::CreationWorkspace, &account, count)
            .await
    }

    fn reports(&self, step: &Step, verdicts: Vec<Verdict>) -> Vec<Report> {
        let entries = step.entries.iter().zip(&step.warnings);
        let lines = step.lines.iter().zip(entries).zip(verdicts);
        lines
            .map(|((line, (entry, warnings)), verdict)| {
                self.report(*line, entry, warnings, verdict)
            })
            .collect()
    }

    fn entry(&self, wish: Wish) -> Entry {
        let mut entry = Entry::new(wish.wanted.command, wish.wanted.slug, self.chars);
        entry.command.former_slugs = wish.former_slugs;
        entry.command.is_archived = wish.is_archived;
        entry
    }

    /// Hashes the passwords of links that are to be made, one after another: others wait in the same queue.
    async fn hash(&self, step: &mut Step, verdicts: &[Verdict]) -> Result<(), Problem> {
        let passwords = step.passwords.iter_mut().zip(&mut step.entries);
        for ((password, entry), verdict) in passwords.zip(verdicts) {
            if matches!(verdict, Verdict::Make(_))
                && let Some(password) = password.take()
            {
                let hash = route::hash(&self.app, password).await?;
                entry.command.shorten.route.password_hash = Some(hash);
            }
        }
        Ok(())
    }

    /// The claims on all slugs of a link, the one that it is opened by first.
    fn values(&self, entry: &Entry) -> Vec<Subject> {
        let former = entry.former_values(self.workspace);
        std::iter::once(entry.value(self.workspace))
            .chain(former)
            .collect()
    }

    /// What is to become of each, and what is made under which slug.
    async fn judge(
        &self,
        entries: &mut [Entry],
    ) -> Result<(Vec<Verdict>, HashMap<u64, Made>), Problem> {
        let values = entries.iter().flat_map(|it| self.values(it));
        let looked = look(&self.app.broker, values.collect()).await;
        let mut looked = looked.map_err(unread)?.into_iter();
        let mut made = HashMap::new();
        let mut verdicts = Vec::with_capacity(entries.len());
        for entry in entries {
            let count = 1 + entry.command.former_slugs.len();
            let last: Vec<_> = looked.by_ref().take(count).collect();
            let verdict = self.verdict(entry, &last, &made).await?;
            if let Verdict::Make(claims) = &verdict {
                let is = Made {
                    id: entry.id,
                    target: self.hasher.hash_one(&entry.command.shorten.route.target),
                };
                made.extend(
                    claims
                        .iter()
                        .map(|claim| (self.hasher.hash_one(&claim.value), is)),
                );
            }
            verdicts.push(verdict);
        }
        Ok((verdicts, made))
    }

    async fn verdict(
        &self,
        entry: &mut Entry,
        last: &[Option<StoredMessage>],
        made: &HashMap<u64, Made>,
    ) -> Result<Verdict, Problem> {
        let mut claims = Vec::with_capacity(last.len());
        let mut faults = Vec::new();
        let values = self.values(entry);
        for (index, (value, last)) in values.into_iter().zip(last).enumerate() {
            let hash = self.hasher.hash_one(&value);
            let before = made.get(&hash).or_else(|| self.imagined.get(&hash));
            let is_slug = index == 0;
            match (before, standing(last.as_ref())) {
                (None, Standing::Free { sequence }) => claims.push(Claiming {
                    value,
                    holder: entry.subject(self.workspace),
                    behind: sequence,
                }),
                (Some(_), _) | (None, Standing::Held { .. }) if is_slug && entry.is_random => {
                    entry.redraw(self.chars);
                    let holder = entry.subject(self.workspace);
                    claims.push(Claiming::new(entry.value(self.workspace), holder));
                }
                (Some(before), _) if is_slug && self.leads_alike(entry, *before) => {
                    return Ok(Verdict::ThereAlready((!self.is_dry).then_some(before.id)));
                }
                (None, Standing::Held { holder, .. }) if is_slug => {
                    if let Some(id) = self.there_already(entry, holder).await? {
                        return Ok(Verdict::ThereAlready(Some(id)));
                    }
                    faults.push(Fault::new("/slug", "is taken"));
                }
                (Some(_), _) if is_slug => faults.push(Fault::new("/slug", "is taken")),
                (Some(_), _) | (None, Standing::Held { .. }) => {
                    let pointer = format!("/former_slugs/{}", index - 1);
                    faults.push(Fault::new(pointer, "is taken"));
                }
            }
        }
        Ok(if faults.is_empty() {
            Verdict::Make(claims)
        } else {
            Verdict::Taken(faults)
        })
    }

    fn leads_alike(&self, entry: &Entry, before: Made) -> bool {
        self.hasher.hash_one(&entry.command.shorten.route.target) == before.target
    }

    /// The workspace's link that holds the slug, if it leads to the same target.
    async fn there_already(
        &self,
        entry: &Entry,
        holder: Option<Subject>,
    ) -> Result<Option<LinkId>, Problem> {
        let Some(Subject::Link(workspace, id)) = holder else {
            return Ok(None);
        };
        if workspace != self.workspace {
            return Ok(None);
        }
        let known = Known::find(&self.app, workspace, id).await?;
        let target = &known.details()?.route.target;
        Ok((*target == entry.command.shorten.route.target).then_some(id))
    }

    /// Whether all that is to be made is; none of it is if one of the slugs is gone.
    async fn store(&mut self, entries: &[Entry], verdicts: &[Verdict]) -> Result<bool, Problem> {
        let mut all = Vec::new();
        let mut claims = Vec::new();
        for (entry, verdict) in entries.iter().zip(verdicts) {
            if let Verdict::Make(its) = verdict {
                all.push(entry);
                claims.extend(its.iter().cloned());
            }
        }
        if all.is_empty() {
            return Ok(true);
        }
        let origin = self.origin.at(world::now());
        let wish = step::wish(self.workspace, &origin, &all, claims)?;
        match self.app.commands.carry_out(&origin, wish).await {
            Ok(outcome) => {
                self.position = Some(outcome.position);
                Ok(true)
            }
            Err(HandleError::Taken(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn report(&self, line: u64, entry: &Entry, warnings: &[Fault], verdict: Verdict) -> Report {
        let (status, id, errors) = match verdict {
            // What was only tried has neither an id nor a random slug.
            Verdict::Make(_) => {
                let id = (!self.is_dry).then_some(entry.id);
                (Status::Made, id, Vec::new())
            }
            Verdict::ThereAlready(id) => (Status::ThereAlready, id, Vec::new()),
            Verdict::Taken(faults) => (Status::SlugTaken, None, faults),
        };
        // Of what is not made, nothing was left out.
        let warnings = if status == Status::Made {
            warnings
        } else {
            &[]
        };
        let slug = entry.command.shorten.slug.clone();
        Report {
            line,
            status,
            id,
            slug: (!self.is_dry || !entry.is_random).then_some(slug),
            errors,
            warnings: warnings.to_vec(),
        }
    }
}
