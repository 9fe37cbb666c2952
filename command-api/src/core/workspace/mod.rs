//! A workspace: what owns every resource, and the members who may use them.

mod add_member;
#[cfg(test)]
mod bounded;
mod change_role;
mod forget_member;
mod found;
mod invite;
mod reinstate_member;
mod remove_member;
mod suspend_member;

use std::collections::BTreeMap;

use events::UserId;
use events::core::{Role, WorkspaceEvent};

use crate::decider::Aggregate;

pub(crate) use add_member::AddMember;
pub(crate) use change_role::ChangeRole;
pub(crate) use forget_member::ForgetMember;
pub(crate) use found::Found;
pub(crate) use invite::Invite;
pub(crate) use reinstate_member::ReinstateMember;
pub(crate) use remove_member::RemoveMember;
pub(crate) use suspend_member::SuspendMember;

/// The most events of a workspace, but for those by which members leave: all are read for each login into it, and to
/// erase each of its members, so that they must always be few enough to be read.
const EVENTS_MAX: usize = 10_000;

/// A workspace's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Workspace {
    /// Never heard of.
    #[default]
    Unknown,
    /// Has members.
    Open {
        /// For whom it was opened at registration: always an admin of it. None where it was founded by hand.
        owner: Option<UserId>,
        members: BTreeMap<UserId, Member>,
        /// How much has happened to it.
        events: usize,
    },
}

/// What somebody is in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) role: Role,
    pub(crate) is_suspended: bool,
}

/// Why nothing came of a wish about a workspace.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WorkspaceRejection {
    #[error("the workspace is there already")]
    AlreadyOpen,
    #[error("there is no such workspace")]
    Unknown,
    #[error("there is no such member")]
    Stranger,
    #[error("the user is a member already")]
    AlreadyMember,
    #[error("a workspace has {} members at most", add_member::MEMBERS_MAX)]
    Full,
    #[error("the workspace would be left without an admin")]
    LastAdmin,
    #[error("whoever a workspace was opened for stays its admin")]
    Owner,
    #[error("the workspace's members were changed {EVENTS_MAX} times; they can still be removed")]
    ChangedTooOften,
}

type Members = BTreeMap<UserId, Member>;

impl Workspace {
    /// What somebody is here, if anything.
    pub(crate) fn member(&self, user: UserId) -> Option<Member> {
        match self {
            Self::Unknown => None,
            Self::Open { members, .. } => members.get(&user).copied(),
        }
    }

    /// The member, and all others, of a workspace that is there.
    fn find(&self, user: UserId) -> Result<(Member, &Members), WorkspaceRejection> {
        match self {
            Self::Unknown => Err(WorkspaceRejection::Unknown),
            Self::Open { members, .. } => {
                let member = members.get(&user).ok_or(WorkspaceRejection::Stranger)?;
                Ok((*member, members))
            }
        }
    }

    /// Refuses one more event of a workspace that is there, if its history would become too long to be read.
    const fn may_change(&self) -> Result<(), WorkspaceRejection> {
        match self {
            Self::Unknown => Err(WorkspaceRejection::Unknown),
            Self::Open { events, .. } if *events >= EVENTS_MAX => {
                Err(WorkspaceRejection::ChangedTooOften)
            }
            Self::Open { .. } => Ok(()),
        }
    }

    /// Refuses what would leave the workspace without an admin who may act, or take its own workspace from somebody.
    fn must_stay_governed_without(&self, user: UserId) -> Result<(), WorkspaceRejection> {
        let (_, members) = self.find(user)?;
        if matches!(self, Self::Open { owner: Some(owner), .. } if *owner == user) {
            return Err(WorkspaceRejection::Owner);
        }
        if is_governed_without(members, user) {
            Ok(())
        } else {
            Err(WorkspaceRejection::LastAdmin)
        }
    }
}

fn is_governed_without(members: &Members, user: UserId) -> bool {
    members
        .iter()
        .any(|(other, member)| *other != user && member.role == Role::Admin && !member.is_suspended)
}

impl Aggregate for Workspace {
    type Event = WorkspaceEvent;

    fn evolve(self, event: &WorkspaceEvent) -> Self {
        let (mut owner, mut members, events) = match self {
            Self::Unknown => (None, Members::new(), 0),
            Self::Open {
                owner,
                members,
                events,
            } => (owner, members, events),
        };
        match event {
            WorkspaceEvent::Opened { owner: user } => {
                members.insert(*user, Member::active(Role::Admin));
                owner = Some(*user);
            }
            WorkspaceEvent::Founded { founder, name: _ } => {
                members.insert(*founder, Member::active(Role::Admin));
            }
            WorkspaceEvent::MemberAdded { user, role } => {
                members.insert(*user, Member::active(*role));
            }
            WorkspaceEvent::RoleChanged { user, role } => {
                members.entry(*user).and_modify(|it| it.role = *role);
            }
            WorkspaceEvent::MemberSuspended { user } => {
                members.entry(*user).and_modify(|it| it.is_suspended = true);
            }
            WorkspaceEvent::MemberReinstated { user } => {
                members
                    .entry(*user)
                    .and_modify(|it| it.is_suspended = false);
            }
            WorkspaceEvent::MemberRemoved { user } => {
                members.remove(user);
            }
        }
        Self::Open {
            owner,
            members,
            events: events + 1,
        }
    }
}

impl Member {
    const fn active(role: Role) -> Self {
        Self {
            role,
            is_suspended: false,
        }
    }
}

/// What the specifications of a workspace begin with: Ada's own, in which Bob edits; and one that she founded.
#[cfg(test)]
pub(crate) mod samples {
    use events::UserId;
    use events::core::{Role, WorkspaceEvent};
    use uuid::Uuid;

    pub(crate) fn ada() -> UserId {
        UserId::new(Uuid::from_u128(1))
    }

    pub(crate) fn bob() -> UserId {
        UserId::new(Uuid::from_u128(2))
    }

    pub(crate) fn opened() -> WorkspaceEvent {
        WorkspaceEvent::Opened { owner: ada() }
    }

    pub(crate) fn founded() -> WorkspaceEvent {
        WorkspaceEvent::Founded {
            founder: ada(),
            name: "Acme".to_owned(),
        }
    }

    pub(crate) fn added(user: UserId, role: Role) -> WorkspaceEvent {
        WorkspaceEvent::MemberAdded { user, role }
    }

    pub(crate) fn suspended(user: UserId) -> WorkspaceEvent {
        WorkspaceEvent::MemberSuspended { user }
    }
}
