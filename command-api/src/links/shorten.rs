//! Shortening: the edge of the command, where what was sent becomes values that cannot be wrong.

use std::sync::Arc;

use axum::http::StatusCode;
use events::links::OwnDomain;
use events::{LinkId, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::limits::Limit;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::answer;
use super::domain::{DomainName, OwnDomains};
use super::label::LabelWish;
use super::link::{Link, LinkRejection, Shorten};
use super::route::{self, RouteWish, UtmBody};
use super::rule::RuleBody;
use super::slug::{Slug, random_length};
use super::target::TargetRules;
use crate::accepted::Accepted;
use crate::app::App;
use crate::handle::{HandleError, Wish};
use crate::origin::Origin;
use crate::problem::unread;

/// Random slugs that are tried before giving up; even a second is needed once in 100 million times.
const RANDOM_SLUGS_MAX: usize = 5;

/// What somebody who wants a short link sends.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShortenBody {
    /// Where the link leads: an absolute http or https URL, or of another scheme that is allowed here.
    #[schema(format = "uri", max_length = 2048)]
    target: String,
    /// Letters and digits of one script, `-` and `_`, in upper or lower case, which is kept; random when left out.
    #[schema(min_length = 1, max_length = 64)]
    slug: Option<String>,
    /// The installation's domain, or a verified one of the workspace; the workspace's default when left out.
    domain: Option<String>,
    /// 301, 302, 307 or 308.
    #[serde(default = "found")]
    #[schema(default = 302)]
    status: u16,
    /// Whether the query of the request is added to the target.
    #[serde(default)]
    forward_query: bool,
    /// Campaign parameters that are added to the target.
    utm: Option<UtmBody>,
    /// Who is led elsewhere; the first rule that fits leads.
    #[serde(default)]
    #[schema(max_items = 20)]
    rules: Vec<RuleBody>,
    /// From then on the link leads nowhere, or to `expired_target`.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Where the link leads once it has expired.
    #[schema(format = "uri", max_length = 2048)]
    expired_target: Option<String>,
    /// How often the link leads anywhere, exactly.
    #[schema(minimum = 1)]
    max_clicks: Option<u64>,
    /// What visitors are asked for.
    #[schema(format = Password, min_length = 4, max_length = 128)]
    password: Option<String>,
    #[schema(max_length = 200)]
    title: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    tags: Vec<String>,
    /// Anything else, over several lines.
    #[schema(max_length = 5000)]
    notes: Option<String>,
}

const fn found() -> u16 {
    302
}

/// What is wanted, as far as it can be told without asking anybody.
pub(super) struct Wanted {
    pub(super) command: Shorten,
    /// None: a random one.
    pub(super) slug: Option<Slug>,
    pub(super) password: Option<String>,
}

/// Shortens for a workspace; a random slug that is taken is replaced by another.
pub(crate) async fn shorten(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: ShortenBody,
) -> Result<Accepted, Problem> {
    let mut faults = Faults::default();
    let own = own_domains(app, workspace).await?;
    let targets = app.targets.and_no(&own);
    let wanted = parse(app, &own, &targets, body, &mut faults);
    faults.finish()?;
    let limit = Limit::CreationWorkspace;
    app.limiter.spend(limit, &workspace.to_string()).await?;
    let Wanted {
        mut command,
        slug,
        password,
    } = wanted;
    if let Some(password) = password {
        command.route.password_hash = Some(route::hash(app, password).await?);
    }
    if let Some(slug) = slug {
        return Ok(attempt(app, workspace, origin, &mut command, slug).await?);
    }
    let chars = random_chars(app).await?;
    for _ in 1..RANDOM_SLUGS_MAX {
        match attempt(app, workspace, origin, &mut command, Slug::random(chars)).await {
            Err(HandleError::Taken(_)) => {}
            done => return Ok(done?),
        }
    }
    Ok(attempt(app, workspace, origin, &mut command, Slug::random(chars)).await?)
}

/// How long a random slug must be, so that nobody guesses one.
pub(super) async fn random_chars(app: &App) -> Result<usize, Problem> {
    let links = app.fill.links_max(&app.broker).await.map_err(unread)?;
    Ok(random_length(links))
}

/// Finds every fault of what was sent.
pub(super) fn parse(
    app: &App,
    own: &OwnDomains,
    targets: &TargetRules,
    body: ShortenBody,
    faults: &mut Faults,
) -> Wanted {
    let slug = body.slug.as_deref().map(Slug::parse);
    let slug = slug.and_then(|slug| faults.take("/slug", slug));
    let (domain, own_domain) = domain(app, own, body.domain.as_deref(), faults);
    route::check_password(body.password.as_deref(), faults);
    let route = RouteWish {
        target: Some(body.target),
        status: Some(body.status),
        forward_query: Some(body.forward_query),
        utm: Some(body.utm),
        rules: Some(Some(body.rules)),
        expires_at: Some(body.expires_at),
        expired_target: Some(body.expired_target),
        max_clicks: Some(body.max_clicks),
    };
    let label = LabelWish {
        title: Some(body.title),
        tags: Some(body.tags),
        notes: Some(body.notes),
    };
    let command = Shorten {
        domain,
        own_domain,
        slug: String::new(),
        route: route.apply(route::blank(), targets, faults),
        label: label.apply(events::links::Label::default(), faults),
    };
    Wanted {
        command,
        slug,
        password: body.password,
    }
}

/// The domains that the workspace brought.
pub(super) async fn own_domains(
    app: &App,
    workspace: WorkspaceId,
) -> Result<Arc<OwnDomains>, Problem> {
    let own = app.directory.own_domains_now(&app.broker, workspace);
    own.await.map_err(unread)
}

/// Where the link is opened: on the domain that is asked for, or else on the workspace's default.
fn domain(
    app: &App,
    own: &OwnDomains,
    asked: Option<&str>,
    faults: &mut Faults,
) -> (String, Option<OwnDomain>) {
    let installation = || (app.domain.host().to_owned(), None);
    let brought = match asked {
        None => own.default_one(),
        Some(asked) if asked.to_lowercase() == app.domain.host() => None,
        Some(asked) => {
            let name = DomainName::parse(asked).ok();
            let verified = name.and_then(|name| own.verified_as(name.as_str()));
            if verified.is_none() {
                faults.add("/domain", "is not a verified domain of this workspace");
            }
            verified
        }
    };
    let named = brought.map(|it| (it.name.clone(), Some(it.own_domain())));
    named.unwrap_or_else(installation)
}

async fn attempt(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    command: &mut Shorten,
    slug: Slug,
) -> Result<Accepted, HandleError<LinkRejection>> {
    let id = LinkId::new(world::new_id());
    slug.as_str().clone_into(&mut command.slug);
    let subject = Subject::Link(workspace, id);
    let claim = command.space(workspace).claim(&command.slug);
    let wish = Wish::of_new(subject, &*command).claiming([claim]);
    let created_at = origin.time;
    let answer = |link: &Link| answer::of(app, StatusCode::CREATED, id, link, created_at);
    app.commands.handle(origin, wish, answer).await
}
