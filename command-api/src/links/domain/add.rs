//! Bringing a domain, and being told what will prove that it is one's own.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use events::{DomainId, Subject, WorkspaceId};
use serde::{Deserialize, Serialize};
use service::body::Faults;
use service::problem::Problem;
use service::world;
use utoipa::ToSchema;

use super::control::proof_record;
use super::known::Times;
use super::own::Add;
use super::{DomainName, OwnDomains, body};
use crate::accepted::Accepted;
use crate::app::App;
use crate::handle::Wish;
use crate::origin::Origin;

/// What somebody who brings a domain sends.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddBody {
    /// A name of the public DNS, such as `go.example.com`.
    #[schema(max_length = 243)]
    domain: String,
    /// Whether slugs that differ in case alone are two; it cannot be changed.
    #[schema(default = false)]
    case_sensitive: Option<bool>,
}

/// Brings a domain, on which nothing is opened until it is verified.
pub(super) async fn add(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    body: AddBody,
) -> Result<Accepted, Problem> {
    let mut faults = Faults::default();
    let domain = faults.take("/domain", DomainName::parse(&body.domain));
    if domain
        .as_ref()
        .is_some_and(|it| app.domain.is_at(it.as_str()))
    {
        faults.add("/domain", "is the domain that everybody has");
    }
    faults.finish()?;
    let domain = domain.ok_or_else(Problem::not_found)?;
    let id = DomainId::new(world::new_id());
    let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
    let command = Add {
        id,
        record_name: domain.proof_name(),
        record_value: proof_record(&token),
        domain: domain.as_str().to_owned(),
        is_case_sensitive: body.case_sensitive.unwrap_or_default(),
    };
    let wish = Wish::on(Subject::OwnDomains(workspace), &command);
    let times = Times::of_new(origin.time);
    let answer = |own: &OwnDomains| body::answer(StatusCode::CREATED, own, id, times);
    Ok(app.commands.handle(origin, wish, answer).await?)
}
