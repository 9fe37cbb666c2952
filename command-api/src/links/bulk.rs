//! Making many links in one step: all of them, or none.

use std::collections::HashMap;

use axum::http::StatusCode;
use events::{StreamName, Subject, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::limits::Limit;
use service::problem::{Fault, Problem};
use utoipa::ToSchema;

use super::body::LinkBody;
use super::domain::Choice;
use super::link::{Link, LinkRejection};
use super::shorten::{self, ShortenBody, Wanted};
use super::step::{self, ATTEMPTS_MAX, Entry, LINKS_MAX};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::claim::{Standing, look, standing};
use crate::decider::{Aggregate, Decide};
use crate::handle::{Claiming, HandleError};
use crate::origin::Origin;
use crate::problem::{contended, internal, unread};

/// The most bytes of a body: 500 links of some 4 KiB.
pub(crate) const BODY_BYTES_MAX: usize = 2 << 20;
/// The most passwords of one step: hashing each takes some 20 ms of a core.
const PASSWORDS_MAX: usize = 20;
/// The most bytes of an answer that is kept for an `Idempotency-Key`: sealed, it must fit into one message.
const KEPT_BYTES_MAX: usize = 600 << 10;

/// Links that are wanted together.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LinksBody)]
pub(crate) struct BulkBody {
    #[schema(min_items = 1, max_items = 500)]
    links: Vec<ShortenBody>,
}

/// The links that were made, in the order in which they were wanted.
#[derive(Serialize, ToSchema)]
#[schema(as = Links)]
pub(crate) struct Made {
    links: Vec<LinkBody>,
}

/// Makes all links, or none: what clashes is told by its entry.
pub(crate) async fn make(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: BulkBody,
) -> Result<Accepted, Problem> {
    // Before the slugs and domains are looked at: they may be taken by this very wish, or gone since.
    let once = origin.once.as_ref();
    let earlier = app
        .commands
        .earlier::<LinkRejection>(StreamName::Links, once);
    if let Some(earlier) = earlier.await? {
        return Ok(earlier);
    }
    let wanted = parse(app, workspace, body).await?;
    let (limit, count) = (Limit::CreationWorkspace, wanted.len());
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let account = workspace.to_string();
    app.limiter.spend_many(limit, &account, count).await?;
    let chars = shorten::random_chars(app).await?;
    let mut entries = entries(app, wanted, chars).await?;
    let mut hoped = hoped(workspace, &entries);
    for _ in 0..ATTEMPTS_MAX {
        let claims = match hoped.take() {
            Some(claims) => claims,
            None => free(app, workspace, &mut entries, chars).await?,
        };
        let made = made(app, origin, &entries).map_err(internal)?;
        if origin.once.is_some() && made.len() > KEPT_BYTES_MAX {
            return Err(Problem::too_large()
                .detail("with an Idempotency-Key the answer is kept, and this one is too long; send fewer links"));
        }
        match store(app, workspace, origin, &entries, claims, made).await {
            // Somebody has one of the slugs: which, the next look tells.
            Err(HandleError::Taken(_)) => {}
            done => return Ok(done?),
        }
    }
    Err(contended())
}

async fn parse(app: &App, workspace: WorkspaceId, body: BulkBody) -> Result<Vec<Wanted>, Problem> {
    let mut faults = Faults::default();
    if !(1..=LINKS_MAX).contains(&body.links.len()) {
        faults.add("/links", format!("must have 1 to {LINKS_MAX} links"));
        return Err(faults.into());
    }
    let choice = Choice::of(app, workspace).await?;
    let mut wanted = Vec::with_capacity(body.links.len());
    for (index, link) in body.links.into_iter().enumerate() {
        let mut part = Faults::default();
        wanted.push(shorten::parse(&choice, link, &mut part));
        faults.take_over(format_args!("/links/{index}"), part);
    }
    if wanted.iter().filter(|it| it.password.is_some()).count() > PASSWORDS_MAX {
        let fault = format!("must have at most {PASSWORDS_MAX} links with a password");
        faults.add("/links", fault);
    }
    faults.finish()?;
    Ok(wanted)
}

async fn entries(app: &App, wanted: Vec<Wanted>, chars: usize) -> Result<Vec<Entry>, Problem> {
    let mut entries = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        entries.push(Entry::of(app, wanted, chars).await?);
    }
    Ok(entries)
}

/// The claims on every slug, as if all were free, as they nearly always are: looking up each costs more than making it.
fn hoped(workspace: WorkspaceId, entries: &[Entry]) -> Option<Vec<Claiming>> {
    let claim = |it: &Entry| Claiming::new(it.value(workspace), it.subject(workspace));
    let claims: Vec<_> = entries.iter().map(claim).collect();
    let is_sound = repeated(claims.iter().map(|it| &it.value)).is_empty();
    is_sound.then_some(claims)
}

/// The claims on every slug; a random one that is taken is drawn again, and every other one is told of at once.
async fn free(
    app: &App,
    workspace: WorkspaceId,
    entries: &mut [Entry],
    chars: usize,
) -> Result<Vec<Claiming>, Problem> {
    let values: Vec<_> = entries.iter().map(|it| it.value(workspace)).collect();
    let mut clashes = repeated(&values);
    let looked = look(&app.broker, values).await.map_err(unread)?;
    let mut claims = Vec::with_capacity(entries.len());
    for (index, (entry, last)) in entries.iter_mut().zip(&looked).enumerate() {
        match standing(last.as_ref()) {
            Standing::Free { sequence } => claims.push(Claiming {
                value: entry.value(workspace),
                holder: entry.subject(workspace),
                behind: sequence,
            }),
            Standing::Held { .. } if entry.is_random => {
                entry.redraw(chars);
                let holder = entry.subject(workspace);
                claims.push(Claiming::new(entry.value(workspace), holder));
            }
            Standing::Held { .. } => {
                clashes.push(Fault::new(format!("/links/{index}/slug"), "is taken"));
            }
        }
    }
    if clashes.is_empty() {
        return Ok(claims);
    }
    clashes.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    Err(Problem::conflict("slug_taken", "The slug is taken").errors(clashes))
}

/// Slugs that an entry before has, too.
fn repeated<'v>(values: impl IntoIterator<Item = &'v Subject>) -> Vec<Fault> {
    let mut first: HashMap<&Subject, usize> = HashMap::new();
    let mut repeated = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        let before = *first.entry(value).or_insert(index);
        if before != index {
            let fault = format!("is the slug of entry {before}, too");
            repeated.push(Fault::new(format!("/links/{index}/slug"), fault));
        }
    }
    repeated
}

/// The answer: each link as it will be.
fn made(app: &App, origin: &Origin, entries: &[Entry]) -> Result<String, serde_json::Error> {
    let mut links = Vec::with_capacity(entries.len());
    for entry in entries {
        // It was never heard of, so that nothing is refused.
        let events = entry.command.decide(&Link::Unknown).unwrap_or_default();
        let link = events.iter().fold(Link::default(), Link::evolve);
        links.extend(LinkBody::of(entry.id, &link, origin.time, &app.domain));
    }
    serde_json::to_string(&Made { links })
}

async fn store(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    entries: &[Entry],
    claims: Vec<Claiming>,
    made: String,
) -> Result<Accepted, HandleError<LinkRejection>> {
    let all: Vec<_> = entries.iter().collect();
    let wish = step::wish(workspace, origin, &all, claims)?;
    let answer = |_: &Link| {
        Ok(Answer {
            status: StatusCode::CREATED,
            body: made.clone(),
        })
    };
    app.commands.handle(origin, wish, answer).await
}

#[cfg(test)]
mod tests {
    use super::{Entry, repeated};
    use crate::links::link::{Bring, Shorten, samples};
    use events::{LinkId, WorkspaceId};
    use uuid::Uuid;

    fn entry(slug: &str) -> Entry {
        Entry {
            id: LinkId::new(Uuid::nil()),
            command: Bring::from(Shorten {
                domain: samples::DOMAIN.to_owned(),
                own_domain: None,
                slug: slug.to_owned(),
                route: samples::route("https://a.example/"),
                label: samples::label(),
            }),
            is_random: false,
        }
    }

    #[test]
    fn a_slug_that_is_wanted_twice_is_told_where_it_comes_again() {
        let workspace = WorkspaceId::new(Uuid::nil());
        let values = ["a", "b", "a", "A"].map(|slug| entry(slug).value(workspace));
        let faults = repeated(&values);
        let told: Vec<_> = faults
            .iter()
            .map(|it| (&*it.pointer, &*it.detail))
            .collect();
        let again = "is the slug of entry 0, too";
        assert_eq!(told, [("/links/2/slug", again), ("/links/3/slug", again)]);
    }
}
