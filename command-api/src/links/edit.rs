//! Changing a link: what is left out stays, and slugs that are given up are free again in the same step.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use events::{LinkId, Sealed, Subject, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::caller::Caller;
use service::headers::{ETag, IfMatch};
use service::limits::Limit;
use service::problem::Problem;
use utoipa::ToSchema;

use super::domain::Space;
use super::known::Known;
use super::label::LabelWish;
use super::link::{Details, Edit, Link};
use super::patch::{Patch, sent};
use super::route::{self, RouteWish, UtmBody};
use super::rule::RuleBody;
use super::slug::Slug;
use super::target::TargetRules;
use super::{answer, former};
use crate::accepted::Accepted;
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::{contended, internal, unread};

/// What is to be changed; what is left out stays, and `null` clears.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditBody {
    /// Where the link leads: an absolute http or https URL, or of another scheme that is allowed here.
    #[schema(format = "uri", max_length = 2048)]
    target: Option<String>,
    /// The slug that the link is opened by from now on; the one before becomes a former slug.
    #[schema(min_length = 1, max_length = 64)]
    slug: Option<String>,
    /// The slugs of before that shall still lead to the link; the others are given up, and free for anybody.
    /// All of them, when left out.
    #[schema(max_items = 20)]
    former_slugs: Option<Vec<String>>,
    /// 301, 302, 307 or 308.
    status: Option<u16>,
    /// Whether the query of the request is added to the target.
    forward_query: Option<bool>,
    /// Campaign parameters that are added to the target, as a whole.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<UtmBody>)]
    utm: Patch<UtmBody>,
    /// Who is led elsewhere, as a whole.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<Vec<RuleBody>>, max_items = 20)]
    rules: Patch<Vec<RuleBody>>,
    /// From then on the link leads nowhere, or to `expired_target`.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Patch<Timestamp>,
    /// Where the link leads once it has expired.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    expired_target: Patch<String>,
    /// How often the link leads anywhere, exactly.
    /// Visits count while there is a limit: those before do not, and one that is cleared and set again goes on counting.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<u64>, minimum = 1)]
    max_clicks: Patch<u64>,
    /// What visitors are asked for.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>, format = Password, min_length = 4, max_length = 128)]
    password: Patch<String>,
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>, max_length = 200)]
    title: Patch<String>,
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// Anything else, over several lines.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>, max_length = 5000)]
    notes: Patch<String>,
}

/// Changes what is said, and answers the whole link.
pub(crate) async fn edit(
    app: &App,
    caller: &Caller,
    id: LinkId,
    if_match: &IfMatch,
    mut body: EditBody,
) -> Result<Accepted, Problem> {
    let mut password = body.password.take();
    let mut faults = Faults::default();
    let told = password.as_ref().and_then(Option::as_deref);
    route::check_password(told, &mut faults);
    faults.finish()?;
    let mut password_hash = None;
    let origin = Origin::of(caller.actor());
    let own = app.directory.own_domains(&app.broker, caller.workspace);
    let own = own.await.map_err(unread)?;
    let targets = app.targets.and_no(&own);
    for _ in 0..ATTEMPTS_MAX {
        let known = Known::find(app, caller.workspace, id).await?;
        if_match.check(&ETag::version(known.version))?;
        known.may_change()?;
        let details = known.details()?;
        let space = details.space(caller.workspace);
        let mut command = merge(&body, details, &space, &targets)?;
        // Once, and only for a change that can be made: it is dear.
        if let Some(password) = password.take() {
            password_hash = Some(hash(app, caller.workspace, password).await?);
        }
        if let Some(hash) = &password_hash {
            command.route.password_hash.clone_from(hash);
        }
        // None: somebody changed the link in between, and what to give up must be looked at again.
        if let Some(accepted) = change(app, &origin, id, &known, &space, &command).await? {
            return Ok(accepted);
        }
    }
    Err(contended())
}

/// A new password's hash, which costs the workspace as much as a link.
async fn hash(
    app: &App,
    workspace: WorkspaceId,
    password: Option<String>,
) -> Result<Option<Sealed>, Problem> {
    let Some(password) = password else {
        return Ok(None);
    };
    let limit = Limit::CreationWorkspace;
    app.limiter.spend(limit, &workspace.to_string()).await?;
    route::hash(app, password).await.map(Some)
}

/// The link as it is wanted.
fn merge(
    body: &EditBody,
    details: &Details,
    space: &Space,
    targets: &TargetRules,
) -> Result<Edit, Problem> {
    let mut faults = Faults::default();
    let body = body.clone();
    let route = RouteWish {
        target: body.target,
        status: body.status,
        forward_query: body.forward_query,
        utm: body.utm,
        rules: body.rules,
        expires_at: body.expires_at,
        expired_target: body.expired_target,
        max_clicks: body.max_clicks,
    };
    let label = LabelWish {
        title: body.title,
        tags: body.tags,
        notes: body.notes,
    };
    // What leads to it already is no new slug.
    let is_known = |text: &str| details.slugs().any(|it| space.is_same(it, text));
    let slug = body.slug.as_deref().map(|text| {
        if is_known(text) {
            Slug::parse(text)
        } else {
            Slug::parse_new(text)
        }
    });
    let slug = slug.and_then(|slug| faults.take("/slug", slug));
    let slug = slug.map_or_else(|| details.slug.clone(), |it| it.as_str().to_owned());
    let edit = Edit {
        former_slugs: former::wanted(
            details,
            space,
            &slug,
            body.former_slugs.as_deref(),
            &mut faults,
        ),
        slug,
        route: route.apply(details.route.clone(), targets, &mut faults),
        label: label.apply(details.label.clone(), &mut faults),
    };
    faults.finish()?;
    Ok(edit)
}

async fn change(
    app: &App,
    origin: &Origin,
    id: LinkId,
    known: &Known,
    space: &Space,
    command: &Edit,
) -> Result<Option<Accepted>, Problem> {
    let details = known.details()?;
    let claims_of = |slugs: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        slugs.map(|slug| space.claim(slug).to_string()).collect()
    };
    let former = command.former_slugs.iter().map(String::as_str);
    let wanted = claims_of(&mut former.chain([command.slug.as_str()]));
    let held = claims_of(&mut details.slugs());
    let subjects = |texts: std::collections::btree_set::Difference<'_, String>| {
        let parsed: Result<Vec<Subject>, _> = texts.map(|text| text.parse()).collect();
        parsed.map_err(internal)
    };
    let wish = Wish {
        releases: subjects(held.difference(&wanted))?,
        ..Wish::at(known.subject.clone(), known.version, command)
            .claiming(subjects(wanted.difference(&held))?)
    };
    match app.commands.carry_out::<Link, _>(origin, wish).await {
        Err(HandleError::Moved) => Ok(None),
        done => {
            let done = done?;
            let (link, at) = (&done.state, known.created_at);
            let answer = answer::of(app, StatusCode::OK, id, link, at).map_err(internal)?;
            Ok(Some(Accepted::first(answer, done.version, done.position)))
        }
    }
}
