//! Changing something at the version that its caller means.

use events::Subject;
use nats::NewMessage;
use service::headers::{ETag, IfMatch};
use service::problem::Problem;

use crate::app::App;
use crate::decider::{Aggregate, Decide};
use crate::handle::{ATTEMPTS_MAX, HandleError, Outcome, Source, Wish};
use crate::origin::Origin;
use crate::problem::{contended, unread};

/// What is to be changed, and at which version.
pub(super) struct Meant<'m> {
    pub(super) subject: Subject,
    /// The version that is meant; whichever there is, if none is named.
    pub(super) if_match: &'m IfMatch,
    /// Events of other aggregates that happen in the same step.
    pub(super) companions: Vec<NewMessage>,
}

impl Meant<'_> {
    /// Carries the command out at the version that is meant; 412 if that is another one by now.
    ///
    /// `find` refuses what is not there for the caller, who must not be told of its version.
    pub(super) async fn carry_out<A, C>(
        &self,
        app: &App,
        origin: &Origin,
        command: &C,
        find: impl Fn(&A) -> Result<(), Problem> + Send,
    ) -> Result<Outcome<A>, Problem>
    where
        A: Aggregate,
        C: Decide<A>,
        C::Rejection: Into<Problem> + 'static,
    {
        for _ in 0..ATTEMPTS_MAX {
            let loaded = app.commands.load::<A>(&self.subject, Source::Leader).await;
            let (state, version) = loaded.map_err(unread)?;
            find(&state)?;
            self.if_match.check(&ETag::version(version))?;
            let wish = Wish {
                companions: self.companions.clone(),
                ..Wish::at(self.subject.clone(), version, command)
            };
            match app.commands.carry_out::<A, C>(origin, wish).await {
                // Something else happened to it in between.
                Err(HandleError::Moved) => {}
                done => return Ok(done?),
            }
        }
        Err(contended())
    }
}
