//! Every route, asked by everybody: the table of access is true of what runs.

mod callers;
mod cases;
mod served;
mod things;

use millrace::system::Processes;
use service::caller::access::{RULES, Rule, Who};

use crate::stack::{Answer, Dns, Person, Stack};
use callers::{Callers, Shown};
use cases::{CASES, Case, Named};
use things::{Things, bring, session};

/// Where whoever is admitted ends a session.
const ENDS_SESSION: [&str; 2] = ["/v1/core/auth/logout", "/v1/core/sessions/{id}"];

/// What a request comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// What the route answers who may use it.
    Admitted,
    /// Who asks is not clear.
    Unknown,
    /// It is clear, and not enough.
    Forbidden,
    /// What is named belongs to another workspace.
    NotThere,
}

impl Outcome {
    /// What the rule says of a caller, in the words of the contract.
    fn of(rule: &Rule, shown: Shown, names_something: bool) -> Self {
        let has_role = |role| match rule.who {
            Who::Role(least) | Who::OneselfOr(least) => role >= least,
            Who::Anybody | Who::Oneself => false,
        };
        let is_scoped = rule.scope.is_some();
        match shown {
            _ if rule.who == Who::Anybody => Self::Admitted,
            Shown::Nothing | Shown::TokenOfSuspended | Shown::TokenOfRemoved => Self::Unknown,
            Shown::Token(role) if has_role(role) => Self::Admitted,
            Shown::KeyWithTheScope if is_scoped => Self::Admitted,
            Shown::TokenOfStrangeAdmin if rule.who == Who::Oneself => Self::Forbidden,
            Shown::KeyOfStrangeWorkspace if !is_scoped => Self::Forbidden,
            Shown::TokenOfStrangeAdmin | Shown::KeyOfStrangeWorkspace if names_something => {
                Self::NotThere
            }
            Shown::TokenOfStrangeAdmin | Shown::KeyOfStrangeWorkspace => Self::Admitted,
            Shown::Token(_) | Shown::KeyWithTheScope | Shown::KeyWithoutTheScope => Self::Forbidden,
        }
    }

    const fn status(self, case: &Case) -> u16 {
        match self {
            Self::Admitted => case.admitted,
            Self::Unknown => 401,
            Self::Forbidden => 403,
            Self::NotThere => 404,
        }
    }
}

fn case_of(rule: &Rule) -> &'static Case {
    let is_it = |case: &&Case| case.method == rule.method && case.path == rule.path;
    let case = CASES.iter().find(is_it);
    case.unwrap_or_else(|| panic!("{} {} has no case", rule.method, rule.path))
}

/// A round of requests to every route.
struct Round<'s> {
    stack: &'s Stack,
    callers: Callers<'s>,
    things: Things,
    asked: usize,
    wrong: Vec<String>,
}

impl Round<'_> {
    /// Asks in the name of `person`, who may be nobody; what is answered must be the outcome.
    async fn ask(&mut self, case: &Case, path: &str, person: Option<&Person>, expected: u16) {
        let request = match person {
            Some(person) => person.request(case.method.clone(), path),
            None => self.stack.guest().request(case.method.clone(), path),
        };
        let request = bring(request, case.brought, self.stack, &self.callers).await;
        let answer = Answer::read(request.send().await.unwrap()).await;
        self.asked += 1;
        if answer.status != expected {
            let (status, error) = (answer.status, &answer.body["error"]);
            let (method, token) = (&case.method, person.map(|it| &it.email));
            let what = format!("{method} {path} by {token:?}: {status} {error}, not {expected}");
            self.wrong.push(what);
        }
    }

    async fn try_rule(&mut self, rule: &Rule, shown: Shown) {
        let case = case_of(rule);
        let outcome = Outcome::of(rule, shown, case.named != Named::Nothing);
        let mut person = self.callers.who(shown, rule.scope).await;
        let is_admitted = outcome == Outcome::Admitted;
        // Whoever ends a session, or a membership, does so for good.
        let mut own_session = None;
        if is_admitted && ENDS_SESSION.contains(&case.path) {
            let anew = self.callers.anew(shown).await;
            own_session = Some(session(&anew).await);
            person = Some(anew);
        }
        let member = match (case.named == Named::Member, is_admitted) {
            (true, true) => Some(self.callers.newcomer().await),
            (true, false) => Some(self.callers.bystander.clone()),
            (false, _) => None,
        };
        let path = self
            .things
            .path(case, member.as_ref(), own_session.as_deref());
        self.ask(case, &path, person.as_ref(), outcome.status(case))
            .await;
    }

    /// Whom the path names needs no role, a credential nevertheless, and one that is no key's.
    async fn try_oneself(&mut self, rule: &Rule) {
        let case = case_of(rule);
        let oneself = self.callers.newcomer().await;
        let path = self.things.path(case, Some(&oneself), None);
        self.ask(case, &path, None, 401).await;
        self.ask(case, &path, Some(&oneself), case.admitted).await;
        for (shown, status) in [
            (Shown::TokenOfSuspended, 401),
            (Shown::TokenOfRemoved, 401),
            (Shown::KeyWithTheScope, 403),
        ] {
            let person = self.callers.who(shown, rule.scope).await;
            let path = self.things.path(case, person.as_ref(), None);
            self.ask(case, &path, person.as_ref(), status).await;
        }
    }
}

#[tokio::test]
async fn every_route_admits_whom_the_table_names_and_nobody_else() {
    // No domain has a record here.
    let dns = Dns::start().await;
    let stack = Stack::resolving_at(dns.address, &[Processes::ALL]).await;
    let callers = Callers::gather(&stack).await;
    let things = Things::make(&callers.owner).await;
    let mut round = Round {
        stack: &stack,
        callers,
        things,
        asked: 0,
        wrong: Vec::new(),
    };
    for rule in RULES {
        for shown in Shown::ALL {
            round.try_rule(rule, shown).await;
        }
        if matches!(rule.who, Who::Oneself | Who::OneselfOr(_)) {
            round.try_oneself(rule).await;
        }
    }
    let Round { asked, wrong, .. } = round;
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked >= RULES.len() * Shown::ALL.len(), "{asked} requests");
    stack.finish().await;
}
