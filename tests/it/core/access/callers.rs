//! Those who ask: members of one workspace, whoever was one, strangers, and their programs.

use std::collections::BTreeMap;

use events::core::{Role, Scope};
use serde_json::json;

use crate::stack::{Person, Stack};

/// What a request shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Nothing,
    /// The token of a member with this role.
    Token(Role),
    /// The token of an admin of another workspace.
    TokenOfStrangeAdmin,
    /// A key of an admin's, with no scope but that of the rule; with all scopes, if the rule has none.
    KeyWithTheScope,
    /// A key of an admin's, with every scope but that of the rule.
    KeyWithoutTheScope,
    /// A key of another workspace, with all scopes.
    KeyOfStrangeWorkspace,
    /// The token of somebody who was an admin until the suspension.
    TokenOfSuspended,
    /// The token of somebody who was an admin until the removal.
    TokenOfRemoved,
}

impl Shown {
    pub(super) const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Token(Role::Viewer),
        Self::Token(Role::Editor),
        Self::Token(Role::Admin),
        Self::TokenOfStrangeAdmin,
        Self::KeyWithTheScope,
        Self::KeyWithoutTheScope,
        Self::KeyOfStrangeWorkspace,
        Self::TokenOfSuspended,
        Self::TokenOfRemoved,
    ];
}

/// Everybody, with what they hold for the workspace.
pub(super) struct Callers<'s> {
    stack: &'s Stack,
    /// Whose own workspace it is.
    pub(super) owner: Person,
    /// A member who asks for nothing.
    pub(super) bystander: Person,
    viewer: Person,
    editor: Person,
    admin: Person,
    suspended: Person,
    removed: Person,
    stranger: Person,
    keys: BTreeMap<Vec<Scope>, Person>,
    strange_key: Person,
    newcomers: usize,
}

impl<'s> Callers<'s> {
    pub(super) async fn gather(stack: &'s Stack) -> Self {
        let (owner, stranger) = tokio::join!(stack.person("ada"), stack.person("bob"));
        let (viewer, editor, admin) = tokio::join!(
            member(stack, &owner, "vera", Role::Viewer),
            member(stack, &owner, "eric", Role::Editor),
            member(stack, &owner, "adam", Role::Admin),
        );
        let (bystander, suspended, removed) = tokio::join!(
            member(stack, &owner, "mary", Role::Viewer),
            member(stack, &owner, "sue", Role::Admin),
            member(stack, &owner, "remo", Role::Admin),
        );
        let suspend = format!("/v1/core/users/{}/suspend", suspended.id());
        owner.writes(&suspend, &json!({})).await.is(200);
        let workspace = owner.workspace();
        let remove = format!("/v1/core/workspaces/{workspace}/members/{}", removed.id());
        owner.deletes(&remove).await.is(204);
        for person in [&suspended, &removed] {
            person.is_locked_out().await;
        }
        Self {
            strange_key: with_key(&stranger, &Scope::ALL).await,
            keys: BTreeMap::new(),
            newcomers: 0,
            stack,
            owner,
            bystander,
            viewer,
            editor,
            admin,
            suspended,
            removed,
            stranger,
        }
    }

    /// Whoever shows this, for a route of this scope; nobody shows nothing.
    pub(super) async fn who(&mut self, shown: Shown, scope: Option<Scope>) -> Option<Person> {
        let is_of_the_rule = |it: &Scope| Some(*it) == scope;
        let person = match shown {
            Shown::Nothing => return None,
            Shown::Token(Role::Viewer) => &self.viewer,
            Shown::Token(Role::Editor) => &self.editor,
            Shown::Token(Role::Admin) => &self.admin,
            Shown::TokenOfStrangeAdmin => &self.stranger,
            Shown::KeyOfStrangeWorkspace => &self.strange_key,
            Shown::TokenOfSuspended => &self.suspended,
            Shown::TokenOfRemoved => &self.removed,
            Shown::KeyWithTheScope => {
                let scopes = scope.map_or(Scope::ALL.to_vec(), |scope| vec![scope]);
                return Some(self.program(scopes).await);
            }
            Shown::KeyWithoutTheScope => {
                let others = Scope::ALL.into_iter().filter(|it| !is_of_the_rule(it));
                return Some(self.program(others.collect()).await);
            }
        };
        Some(person.clone())
    }

    /// A program with a key of these scopes.
    async fn program(&mut self, scopes: Vec<Scope>) -> Person {
        if let Some(known) = self.keys.get(&scopes) {
            return known.clone();
        }
        let program = with_key(&self.admin, &scopes).await;
        self.keys.insert(scopes, program.clone());
        program
    }

    /// Whoever shows this token, logged in once more.
    pub(super) async fn anew(&mut self, shown: Shown) -> Person {
        let person = self.who(shown, None).await.expect("somebody");
        let is_strange = shown == Shown::TokenOfStrangeAdmin;
        let home = if is_strange { &person } else { &self.owner };
        person.logs_in(home.workspace()).await
    }

    /// Somebody who has just become a viewer.
    pub(super) async fn newcomer(&mut self) -> Person {
        self.newcomers += 1;
        let name = format!("newcomer-{}", self.newcomers);
        member(self.stack, &self.owner, &name, Role::Viewer).await
    }
}

/// Somebody with an account of her own, who works in the owner's workspace.
async fn member(stack: &Stack, owner: &Person, name: &str, role: Role) -> Person {
    let person = stack.person(name).await;
    owner.takes_in(&person, role).await;
    person.logs_in(owner.workspace()).await
}

async fn with_key(maker: &Person, scopes: &[Scope]) -> Person {
    let issued = maker.issues_a_key(scopes).await;
    maker.with_token(issued["key"].as_str().unwrap().to_owned())
}
