//! Verifying a domain: the DNS is asked for the record that only who controls it can put there.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use events::{DomainId, StreamName, WorkspaceId};
use service::limits::Limit;
use service::problem::{Chain, Problem};

use super::control::{PREFIX, is_proven_by};
use super::known::Known;
use super::own::{Brought, Stage, Verify};
use super::txt::{Dns, TxtError, TxtRecords};
use super::{OwnDomainRejection, OwnDomains, body, claim_on};
use crate::accepted::Accepted;
use crate::app::App;
use crate::handle::{ATTEMPTS_MAX, HandleError, Wish};
use crate::origin::Origin;
use crate::problem::contended;

/// Seconds after which a caller may come again when the DNS is away.
const RETRY_AFTER_S: u32 = 5;
/// Records, and characters of each, that are told to who looks for a mistake.
const FOUND_MAX: usize = 5;
const FOUND_CHARS_MAX: usize = 100;

/// Verifies a domain; whoever proves first that it is theirs has it.
pub(super) async fn verify(
    app: &App,
    workspace: WorkspaceId,
    origin: &Origin,
    id: DomainId,
) -> Result<Accepted, Problem> {
    let once = origin.once.as_ref();
    let earlier = app
        .commands
        .earlier::<OwnDomainRejection>(StreamName::Links, once);
    if let Some(earlier) = earlier.await? {
        return Ok(earlier);
    }
    for _ in 0..ATTEMPTS_MAX {
        let known = Known::find(app, workspace, id).await?;
        let brought = &known.brought;
        let command = Verify { id };
        let mut wish = Wish::at(known.subject.clone(), known.version, &command);
        if brought.stage == Stage::Added {
            prove(app, workspace, brought).await?;
            wish = wish.claiming([claim_on(&brought.name)]);
        }
        let times = known.times.verified(origin.time);
        let answer = |own: &OwnDomains| body::answer(StatusCode::OK, own, id, times);
        match app.commands.handle(origin, wish, answer).await {
            // Something happened to another of the workspace's domains in between.
            Err(HandleError::Moved) => {}
            done => return Ok(done?),
        }
    }
    Err(contended())
}

async fn prove(app: &App, workspace: WorkspaceId, brought: &Brought) -> Result<(), Problem> {
    // Else whoever has a workspace would have us ask the DNS whatever they like, as often as they like.
    let limit = Limit::VerificationWorkspace;
    app.limiter.spend(limit, &workspace.to_string()).await?;
    let found = look_up(app, &brought.record_name).await;
    let found = found.map_err(|error| away(&error))?;
    if is_proven_by(&found, &brought.record_value) {
        return Ok(());
    }
    let problem = Problem::conflict("domain_unproven", "The record is not there");
    Err(problem.detail(told(&brought.record_name, &found)))
}

/// A resolver is made for each look-up, so that what this machine is told of resolvers counts at once.
async fn look_up(app: &App, name: &str) -> Result<Vec<String>, TxtError> {
    Dns::new(app.dns_resolver)?.look_up(name).await
}

fn away(error: &TxtError) -> Problem {
    tracing::warn!(error = %Chain(error), "the DNS could not be asked");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "dns_unavailable",
        "The DNS could not be asked",
    )
    .header(RETRY_AFTER, RETRY_AFTER_S.into())
}

/// What was found instead.
fn told(name: &str, found: &[String]) -> String {
    if found.is_empty() {
        return format!("there is no TXT record at {name}");
    }
    let cut = |record: &String| -> String {
        let clean = record.chars().filter(|it| !it.is_control());
        clean.take(FOUND_CHARS_MAX).collect()
    };
    // What else stands there may not be meant for whoever asks: the name may lead into our own network.
    let ours = found.iter().filter(|it| it.starts_with(PREFIX));
    let shown: Vec<String> = ours.take(FOUND_MAX).map(cut).collect();
    if shown.is_empty() {
        return format!("none of the {} TXT records at {name} is it", found.len());
    }
    format!(
        "none of the {} TXT records at {name} is it; there is: {}",
        found.len(),
        shown.join(" | ")
    )
}

#[cfg(test)]
mod tests {
    use super::{FOUND_CHARS_MAX, PREFIX, told};

    #[test]
    fn what_was_found_instead_is_told_and_cut() {
        let name = "_millrace.go.example";
        assert_eq!(
            told(name, &[]),
            "there is no TXT record at _millrace.go.example"
        );
        let others = ["v=spf1 -all".to_owned(), "secret".to_owned()];
        assert_eq!(
            told(name, &others),
            format!("none of the 2 TXT records at {name} is it")
        );
        let found = [
            others.to_vec(),
            vec![format!("{PREFIX}\n{}", "b".repeat(200))],
        ]
        .concat();
        assert_eq!(
            told(name, &found),
            format!(
                "none of the 3 TXT records at {name} is it; there is: {PREFIX}{}",
                "b".repeat(FOUND_CHARS_MAX - PREFIX.len())
            )
        );
    }
}
