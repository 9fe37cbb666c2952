//! Links that are made together, in one atomic step.

use events::links::LinkEvent;
use events::{LinkId, Subject, WorkspaceId};
use nats::{Expected, NewMessage};
use service::problem::Problem;
use service::world;

use super::link::{Bring, Link, LinkRejection, Shorten};
use super::shorten::Wanted;
use super::slug::Slug;
use crate::app::App;
use crate::decider::Decide;
use crate::handle::{Claiming, HandleError, Wish};
use crate::origin::Origin;

/// The most links of one step: each needs a claim and an event, and the step is one atomic batch.
pub(super) const LINKS_MAX: usize = 500;
/// How often a step is tried while others take slugs of it.
pub(super) const ATTEMPTS_MAX: usize = 5;

/// A link that is about to be made.
pub(super) struct Entry {
    pub(super) id: LinkId,
    pub(super) command: Bring,
    /// Whether its slug may be replaced by another.
    pub(super) is_random: bool,
}

impl Entry {
    /// With an id and a slug, and its password hashed.
    pub(super) async fn of(app: &App, wanted: Wanted, chars: usize) -> Result<Self, Problem> {
        let (command, slug) = wanted.hashed(app).await?;
        Ok(Self::new(command, slug, chars))
    }

    /// With an id and a slug.
    pub(super) fn new(mut command: Shorten, slug: Option<Slug>, chars: usize) -> Self {
        let is_random = slug.is_none();
        let slug = slug.unwrap_or_else(|| Slug::random(chars));
        slug.as_str().clone_into(&mut command.slug);
        Self {
            id: LinkId::new(world::new_id()),
            command: command.into(),
            is_random,
        }
    }

    /// Takes another random slug.
    pub(super) fn redraw(&mut self, chars: usize) {
        let slug = Slug::random(chars);
        slug.as_str().clone_into(&mut self.command.shorten.slug);
    }

    pub(super) fn subject(&self, workspace: WorkspaceId) -> Subject {
        Subject::Link(workspace, self.id)
    }

    /// The claim on its slug.
    pub(super) fn value(&self, workspace: WorkspaceId) -> Subject {
        let shorten = &self.command.shorten;
        shorten.space(workspace).claim(&shorten.slug)
    }

    /// The claims on its former slugs.
    pub(super) fn former_values(&self, workspace: WorkspaceId) -> impl Iterator<Item = Subject> {
        let Bring {
            shorten,
            former_slugs,
            ..
        } = &self.command;
        let space = shorten.space(workspace);
        former_slugs.iter().map(move |slug| space.claim(slug))
    }

    /// What becomes of it, as messages of another's step.
    fn messages(
        &self,
        workspace: WorkspaceId,
        origin: &Origin,
    ) -> Result<Vec<NewMessage>, HandleError<LinkRejection>> {
        let events = self.command.decide(&Link::Unknown);
        let events = events.map_err(HandleError::Rejected)?;
        let first = std::iter::once(Expected::LastSequence(0));
        let expected = first.chain(std::iter::repeat(Expected::Any));
        let message = |(event, expected): (&LinkEvent, Expected)| {
            let subject = self.subject(workspace);
            NewMessage::event(subject, &origin.metadata(), event, expected)
        };
        let messages: Result<_, _> = events.iter().zip(expected).map(message).collect();
        messages.map_err(|error| HandleError::Form(error.into()))
    }
}

/// The wish for all of them, at least one; what it answers is about the last.
pub(super) fn wish<'e>(
    workspace: WorkspaceId,
    origin: &Origin,
    entries: &[&'e Entry],
    claims: Vec<Claiming>,
) -> Result<Wish<'e, Bring>, HandleError<LinkRejection>> {
    let Some((last, others)) = entries.split_last() else {
        return Err(HandleError::Contended);
    };
    let mut companions = Vec::with_capacity(entries.len());
    for entry in others {
        companions.extend(entry.messages(workspace, origin)?);
    }
    Ok(Wish {
        claims,
        companions,
        ..Wish::of_new(last.subject(workspace), &last.command)
    })
}
