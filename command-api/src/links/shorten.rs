//! Shortening: the edge of the command, where what was sent becomes values that cannot be wrong.

use axum::http::StatusCode;
use events::{LinkId, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::link::{Link, LinkRejection, Shorten};
use super::slug::{Slug, random_length};
use crate::accepted::{Accepted, Answer};
use crate::app::App;
use crate::handle::{HandleError, Wish};
use crate::origin::Origin;
use crate::problem::unread;
use crate::text::{self, TextError};

/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// The most tags of a link.
const TAGS_MAX: usize = 20;
/// The longest tag, in characters.
const TAG_CHARS_MAX: usize = 50;
/// Random slugs that are tried before giving up; even a second is needed once in 100 million times.
const RANDOM_SLUGS_MAX: usize = 5;

/// What somebody who wants a short link sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShortenBody {
    /// Where the link leads: an absolute http or https URL, or of another scheme that is allowed here.
    #[schema(format = "uri", max_length = 2048)]
    target: String,
    /// Letters and digits of one script, `-` and `_`; random when left out.
    #[schema(min_length = 1, max_length = 64)]
    slug: Option<String>,
    /// The default domain when left out.
    domain: Option<String>,
    #[schema(max_length = 200)]
    title: Option<String>,
    #[schema(max_items = 20)]
    #[serde(default)]
    tags: Vec<String>,
    /// 301, 302, 307 or 308.
    #[serde(default = "found")]
    #[schema(default = 302)]
    status: u16,
    /// Whether the query of the request is added to the target.
    #[serde(default)]
    forward_query: bool,
}

const fn found() -> u16 {
    302
}

/// A short link, as its owner sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkBody {
    #[schema(value_type = uuid::Uuid)]
    id: LinkId,
    slug: String,
    domain: String,
    short_url: String,
    target: String,
    status: u16,
    forward_query: bool,
    title: Option<String>,
    tags: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
enum ShortenError {
    #[error("must be 301, 302, 307 or 308")]
    Status,
    #[error("is not a domain of this workspace")]
    Domain,
    #[error("must have at most {TAGS_MAX} tags")]
    Tags,
}

/// Shortens for a workspace; a random slug that is taken is replaced by another.
pub(crate) async fn shorten(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: ShortenBody,
) -> Result<Accepted, Problem> {
    let (mut command, given) = parse(app, body)?;
    if let Some(slug) = given {
        return Ok(attempt(app, workspace, origin, &mut command, slug).await?);
    }
    let links = app.fill.links_max(&app.broker).await.map_err(unread)?;
    let chars = random_length(links);
    for _ in 1..RANDOM_SLUGS_MAX {
        match attempt(app, workspace, origin, &mut command, Slug::random(chars)).await {
            Err(HandleError::Taken(_)) => {}
            done => return Ok(done?),
        }
    }
    Ok(attempt(app, workspace, origin, &mut command, Slug::random(chars)).await?)
}

fn parse(app: &App, body: ShortenBody) -> Result<(Shorten, Option<Slug>), Problem> {
    let mut faults = Faults::default();
    let target = faults.take("/target", app.targets.parse(&body.target));
    let slug = body
        .slug
        .map(|slug| faults.take("/slug", Slug::parse(&slug)));
    let is_ours = body
        .domain
        .is_none_or(|asked| asked.to_lowercase() == app.domain.host());
    let domain = faults.take(
        "/domain",
        if is_ours {
            Ok(())
        } else {
            Err(ShortenError::Domain)
        },
    );
    let title = body
        .title
        .map(|title| faults.take("/title", text::line(&title, TITLE_CHARS_MAX)));
    let tags = parse_tags(&body.tags, &mut faults);
    let is_redirect = matches!(body.status, 301 | 302 | 307 | 308);
    let status = faults.take(
        "/status",
        if is_redirect {
            Ok(body.status)
        } else {
            Err(ShortenError::Status)
        },
    );
    let (Some(target), Some(()), Some(tags), Some(status)) = (target, domain, tags, status) else {
        return Err(faults.into());
    };
    faults.finish()?;
    let command = Shorten {
        domain: app.domain.host().to_owned(),
        slug: String::new(),
        target: target.into_string(),
        status,
        forward_query: body.forward_query,
        title: title.flatten(),
        tags,
    };
    Ok((command, slug.flatten()))
}

/// Each tag once, in the order in which they were sent.
fn parse_tags(texts: &[String], faults: &mut Faults) -> Option<Vec<String>> {
    if texts.len() > TAGS_MAX {
        faults.add("/tags", ShortenError::Tags.to_string());
        return None;
    }
    let mut tags = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let tag: Result<String, TextError> = text::line(text, TAG_CHARS_MAX);
        if let Some(tag) = faults.take(&format!("/tags/{index}"), tag)
            && !tags.contains(&tag)
        {
            tags.push(tag);
        }
    }
    Some(tags)
}

async fn attempt(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    command: &mut Shorten,
    slug: Slug,
) -> Result<Accepted, HandleError<LinkRejection>> {
    let id = LinkId::new(world::new_id());
    let claims = vec![app.domain.claim(&slug)];
    slug.as_str().clone_into(&mut command.slug);
    let command = &*command;
    let subject = Subject::Link(workspace, id);
    let wish = Wish {
        claims,
        ..Wish::of_new(subject, command)
    };
    let created_at = origin.time;
    let answer = |_: &Link| {
        let body = serde_json::to_string(&link_body(app, id, command, created_at))?;
        Ok(Answer {
            status: StatusCode::CREATED,
            body,
        })
    };
    app.commands.handle(origin, wish, answer).await
}

fn link_body(app: &App, id: LinkId, command: &Shorten, created_at: Timestamp) -> LinkBody {
    let Shorten {
        domain,
        slug,
        target,
        status,
        forward_query,
        title,
        tags,
    } = command.clone();
    let short_url = app.domain.short_url(&slug);
    LinkBody {
        id,
        slug,
        domain,
        short_url,
        target,
        status,
        forward_query,
        title,
        tags,
        created_at,
    }
}
