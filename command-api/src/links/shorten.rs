//! Shortening: the edge of the command, where what was sent becomes values that cannot be wrong.

use axum::http::StatusCode;
use events::{LinkId, StreamName, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::limits::Limit;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::answer;
use super::domain::Choice;
use super::label::LabelWish;
use super::link::{Link, LinkRejection, Shorten};
use super::route::{self, RouteWish, UtmBody};
use super::rule::RuleBody;
use super::slug::{Slug, random_length};
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
    pub(super) target: String,
    /// Letters and digits of one script, `-` and `_`, in upper or lower case, which is kept; random when left out.
    #[schema(min_length = 1, max_length = 64)]
    pub(super) slug: Option<String>,
    /// The installation's domain, or a verified one of the workspace; the workspace's default when left out.
    pub(super) domain: Option<String>,
    /// 301, 302, 307 or 308.
    #[serde(default = "found")]
    #[schema(default = 302)]
    pub(super) status: u16,
    /// Whether the query of the request is added to the target.
    #[serde(default)]
    pub(super) forward_query: bool,
    /// Campaign parameters that are added to the target.
    pub(super) utm: Option<UtmBody>,
    /// Who is led elsewhere; the first rule that fits leads.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) rules: Vec<RuleBody>,
    /// From then on the link leads nowhere, or to `expired_target`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Timestamp>,
    /// Where the link leads once it has expired.
    #[schema(format = "uri", max_length = 2048)]
    pub(super) expired_target: Option<String>,
    /// How often the link leads anywhere, exactly.
    /// Visits count while there is a limit: those before do not, and one that is cleared and set again goes on counting.
    #[schema(minimum = 1)]
    pub(super) max_clicks: Option<u64>,
    /// What visitors are asked for.
    #[schema(format = Password, min_length = 4, max_length = 128)]
    pub(super) password: Option<String>,
    #[schema(max_length = 200)]
    pub(super) title: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) tags: Vec<String>,
    /// Anything else, over several lines.
    #[schema(max_length = 5000)]
    pub(super) notes: Option<String>,
}

impl Default for ShortenBody {
    fn default() -> Self {
        Self {
            target: String::new(),
            slug: None,
            domain: None,
            status: found(),
            forward_query: false,
            utm: None,
            rules: Vec::new(),
            expires_at: None,
            expired_target: None,
            max_clicks: None,
            password: None,
            title: None,
            tags: Vec::new(),
            notes: None,
        }
    }
}

pub(super) const fn found() -> u16 {
    302
}

/// What is wanted, as far as it can be told without asking anybody.
pub(super) struct Wanted {
    pub(super) command: Shorten,
    /// None: a random one.
    pub(super) slug: Option<Slug>,
    pub(super) password: Option<String>,
}

impl Wanted {
    /// What is made, with the password's hash, and the slug.
    pub(super) async fn hashed(self, app: &App) -> Result<(Shorten, Option<Slug>), Problem> {
        let mut command = self.command;
        if let Some(password) = self.password {
            command.route.password_hash = Some(route::hash(app, password).await?);
        }
        Ok((command, self.slug))
    }
}

/// Shortens for a workspace; a random slug that is taken is replaced by another.
pub(crate) async fn shorten(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: ShortenBody,
) -> Result<Accepted, Problem> {
    let mut faults = Faults::default();
    let choice = Choice::of(app, workspace).await?;
    let wanted = parse(&choice, body, &mut faults);
    if let Err(problem) = faults.finish() {
        // What was asked for may have been there when the wish came first.
        let earlier = app
            .commands
            .earlier::<LinkRejection>(StreamName::Links, origin.once.as_ref());
        return earlier.await?.ok_or(problem);
    }
    let limit = Limit::CreationWorkspace;
    app.limiter.spend(limit, &workspace.to_string()).await?;
    let (mut command, slug) = wanted.hashed(app).await?;
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
pub(super) fn parse(choice: &Choice, body: ShortenBody, faults: &mut Faults) -> Wanted {
    let slug = body.slug.as_deref().map(Slug::parse_new);
    let slug = slug.and_then(|slug| faults.take("/slug", slug));
    let (domain, own_domain) = choice.take(body.domain.as_deref(), faults);
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
        route: route.apply(route::blank(), &choice.targets, faults),
        label: label.apply(events::links::Label::default(), faults),
    };
    Wanted {
        command,
        slug,
        password: body.password,
    }
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
