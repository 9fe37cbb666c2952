//! The law of a workspace's history: it never becomes too long to be read, and whoever goes may always go.

use events::UserId;
use events::core::{Role, WorkspaceEvent};
use uuid::Uuid;

use super::samples::{ada, added, bob, opened, suspended};
use super::{
    AddMember, ChangeRole, EVENTS_MAX, ForgetMember, Invite, ReinstateMember, RemoveMember,
    SuspendMember, Workspace, WorkspaceRejection,
};
use crate::decider::Decide;
use crate::spec::given;

fn eve() -> UserId {
    UserId::new(Uuid::from_u128(3))
}

fn changed(role: Role) -> WorkspaceEvent {
    WorkspaceEvent::RoleChanged { user: bob(), role }
}

/// Ada's workspace, to which so much has happened: Bob is an editor, who is suspended, and Eve an admin, who is not.
fn after(events: usize) -> Vec<WorkspaceEvent> {
    let members = [
        opened(),
        added(bob(), Role::Editor),
        added(eve(), Role::Admin),
        suspended(bob()),
    ];
    let more = events - members.len();
    let changes = (0..more).map(|_| changed(Role::Editor));
    members.into_iter().chain(changes).collect()
}

fn is_refused<C>(command: &C)
where
    C: Decide<Workspace, Rejection = WorkspaceRejection>,
{
    given::<Workspace>(&after(EVENTS_MAX))
        .when(command)
        .then_rejected(|it| *it == WorkspaceRejection::ChangedTooOften);
}

#[test]
fn what_was_changed_as_often_as_it_may_be_is_changed_no_more() {
    let (stranger, role) = (UserId::new(Uuid::from_u128(4)), Role::Viewer);
    is_refused(&AddMember {
        user: stranger,
        role,
    });
    is_refused(&Invite);
    is_refused(&ChangeRole { user: bob(), role });
    is_refused(&SuspendMember { user: eve() });
    is_refused(&ReinstateMember { user: bob() });
}

#[test]
fn the_last_change_that_may_be_is_made() {
    let role = Role::Viewer;
    given::<Workspace>(&after(EVENTS_MAX - 1))
        .when(&ChangeRole { user: bob(), role })
        .then([changed(role)]);
}

#[test]
fn what_is_true_already_is_no_change() {
    let history = after(EVENTS_MAX);
    let role = Role::Editor;
    given::<Workspace>(&history)
        .when(&ChangeRole { user: bob(), role })
        .then([]);
    given::<Workspace>(&history)
        .when(&SuspendMember { user: bob() })
        .then([]);
    given::<Workspace>(&history)
        .when(&ReinstateMember { user: eve() })
        .then([]);
}

#[test]
fn whoever_goes_or_is_erased_may_go_whatever_has_happened() {
    let removed = |user| WorkspaceEvent::MemberRemoved { user };
    let mut history = after(EVENTS_MAX);
    given::<Workspace>(&history)
        .when(&RemoveMember { user: bob() })
        .then([removed(bob())]);
    history.push(removed(bob()));
    for user in [ada(), eve()] {
        given::<Workspace>(&history)
            .when(&ForgetMember { user })
            .then([removed(user)]);
    }
}
