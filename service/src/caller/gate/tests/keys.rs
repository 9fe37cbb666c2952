//! API keys: what their histories and their makers make of them.

use events::ApiKeyId;
use events::core::{ApiKeyEvent, Scope};

use super::super::keys::Keys;
use super::*;

const SCOPE: Scope = Scope::LinksRead;

/// A key of somebody's, issued.
struct Issued {
    world: World,
    gate: Gate,
    maker: Caller,
    key: ApiKey,
}

impl Issued {
    async fn new() -> Self {
        Self::until(None).await
    }

    async fn until(expires_at: Option<Timestamp>) -> Self {
        let world = World::new().await;
        let gate = world.gate().await;
        let maker = world.member(Role::Editor).await;
        let key = ApiKey::new(maker.workspace, ApiKeyId::new(world::new_id()), [7; 32]);
        let issued = Self {
            world,
            gate,
            maker,
            key,
        };
        issued.issue(expires_at).await;
        issued
    }

    async fn issue(&self, expires_at: Option<Timestamp>) {
        let event = ApiKeyEvent::Issued {
            user: self.maker.user,
            name: "ci".to_owned(),
            scopes: vec![SCOPE],
            secret_hash: self.key.secret_hash(),
            expires_at,
        };
        self.happens(&event).await;
    }

    async fn happens(&self, event: &ApiKeyEvent) {
        let subject = Subject::ApiKey(self.key.workspace, self.key.id);
        self.world.tell(subject, event).await;
    }

    async fn happens_to_maker(&self, event: &WorkspaceEvent) {
        let subject = Subject::Workspace(self.maker.workspace);
        self.world.tell(subject, event).await;
    }

    async fn admit(&self) -> Result<Caller, Refusal> {
        self.show(&self.key, Some(SCOPE)).await
    }

    async fn show(&self, key: &ApiKey, scope: Option<Scope>) -> Result<Caller, Refusal> {
        let now = world::now();
        self.gate.admit(&key.reveal(), scope, now).await
    }

    async fn is_refused_at_once(&self) {
        let took = until("refused", || self.admit(), is_revoked).await;
        assert!(took < AT_ONCE, "{took:?}");
    }

    async fn is_admitted_at_once(&self) {
        let took = until("admitted", || self.admit(), Result::is_ok).await;
        assert!(took < AT_ONCE, "{took:?}");
    }
}

#[tokio::test]
async fn a_key_admits_its_maker_with_its_makers_role() {
    let issued = Issued::new().await;
    let admitted = issued.admit().await.unwrap();
    assert_eq!(admitted.user, issued.maker.user);
    assert_eq!(admitted.workspace, issued.maker.workspace);
    assert_eq!(admitted.role, Role::Editor);
    assert_eq!(admitted.credential, Credential::ApiKey(issued.key.id));
    assert_eq!(admitted.expires_at, None);
}

#[tokio::test]
async fn a_key_is_good_for_its_scopes_only_and_nowhere_without_one() {
    let issued = Issued::new().await;
    for scope in [Some(Scope::LinksWrite), None] {
        let refused = issued.show(&issued.key, scope).await;
        assert_eq!(status(refused), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_as_an_unknown_key_is() {
    let issued = Issued::new().await;
    let (workspace, id) = (issued.key.workspace, issued.key.id);
    let guessed = ApiKey::new(workspace, id, [8; 32]);
    let elsewhere = ApiKey::new(ada().workspace, id, [7; 32]);
    let unknown = ApiKey::new(workspace, ApiKeyId::new(world::new_id()), [7; 32]);
    for key in [guessed, elsewhere, unknown] {
        let refused = issued.show(&key, Some(SCOPE)).await;
        assert!(matches!(refused, Err(Refusal::UnknownKey)));
        assert_eq!(status(refused), StatusCode::UNAUTHORIZED);
    }
    // None of that is remembered of the real one.
    assert!(issued.admit().await.is_ok());
}

#[tokio::test]
async fn a_key_that_has_expired_says_so_to_who_has_its_secret() {
    let issued = Issued::until(Some(world::now())).await;
    let refused = issued.admit().await;
    assert!(matches!(refused, Err(Refusal::ExpiredKey)));
    assert_eq!(status(refused), StatusCode::UNAUTHORIZED);
    let guessed = ApiKey::new(issued.key.workspace, issued.key.id, [8; 32]);
    let refused = issued.show(&guessed, Some(SCOPE)).await;
    assert!(matches!(refused, Err(Refusal::UnknownKey)));
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_not_looked_up_again_and_again() {
    let issued = Issued::new().await;
    assert!(issued.admit().await.is_ok());
    let user = issued.maker.user;
    issued.happens(&ApiKeyEvent::Revoked { user }).await;
    issued.is_refused_at_once().await;
    let keys = &issued.gate.0.followed.as_ref().unwrap().keys;
    let remembered = keys.standing(&issued.key, world::now()).await.unwrap();
    assert!(is_revoked(&issued.admit().await));
    let still = keys.standing(&issued.key, world::now()).await.unwrap();
    assert!(Arc::ptr_eq(&remembered, &still));
}

#[tokio::test]
async fn a_key_does_what_its_maker_may_and_no_more() {
    let issued = Issued::new().await;
    let user = issued.maker.user;
    assert!(issued.admit().await.is_ok());
    let role = Role::Viewer;
    issued
        .happens_to_maker(&WorkspaceEvent::RoleChanged { user, role })
        .await;
    let is_viewer =
        |admitted: &Result<Caller, _>| admitted.as_ref().is_ok_and(|it| it.role == Role::Viewer);
    let took = until("demoted", || issued.admit(), is_viewer).await;
    assert!(took < AT_ONCE, "{took:?}");
}

#[tokio::test]
async fn a_key_rests_while_its_maker_is_suspended_or_no_member() {
    let issued = Issued::new().await;
    let (user, role) = (issued.maker.user, Role::Editor);
    for (stops, goes_on) in [
        (
            WorkspaceEvent::MemberSuspended { user },
            WorkspaceEvent::MemberReinstated { user },
        ),
        (
            WorkspaceEvent::MemberRemoved { user },
            WorkspaceEvent::MemberAdded { user, role },
        ),
    ] {
        assert!(issued.admit().await.is_ok());
        issued.happens_to_maker(&stops).await;
        issued.is_refused_at_once().await;
        issued.happens_to_maker(&goes_on).await;
        issued.is_admitted_at_once().await;
    }
}

#[tokio::test]
async fn a_key_ends_with_its_makers_erasure_remembered_or_not() {
    let issued = Issued::new().await;
    assert!(issued.admit().await.is_ok());
    let (user, workspace) = (issued.maker.user, issued.maker.workspace);
    let erased = UserEvent::Erased { workspace };
    issued.world.tell(Subject::User(user), &erased).await;
    issued.is_refused_at_once().await;
    let other = issued.world.gate().await;
    let key = issued.key.reveal();
    let refused = other.admit(&key, Some(SCOPE), world::now()).await;
    assert!(is_revoked(&refused));
}

#[tokio::test]
async fn a_change_of_password_leaves_keys_alone() {
    let issued = Issued::new().await;
    let changed = UserEvent::PasswordChanged {
        password_hash: events::Sealed::new("…".to_owned()),
        kept: SessionId::new(world::new_id()),
    };
    let subject = Subject::User(issued.maker.user);
    assert!(issued.admit().await.is_ok());
    issued.world.tell(subject, &changed).await;
    issued.world.log_out(&issued.maker).await;
    let of_maker = || admit(&issued.gate, &issued.maker);
    until("heard", of_maker, is_revoked).await;
    assert!(issued.admit().await.is_ok());
}

#[tokio::test]
async fn who_watches_a_key_is_told_of_its_revocation() {
    let issued = Issued::new().await;
    let watched = issued.gate.watch(&issued.admit().await.unwrap());
    let user = issued.maker.user;
    issued.happens(&ApiKeyEvent::Revoked { user }).await;
    timeout(AT_ONCE, watched.revoked()).await.unwrap();
}

#[tokio::test]
async fn a_keys_use_is_told_of_once_a_minute() {
    let issued = Issued::new().await;
    let mut uses = issued.world.broker.uses().await.unwrap();
    issued.world.broker.round_trip().await.unwrap();
    for _ in 0..3 {
        assert!(issued.admit().await.is_ok());
    }
    let used = timeout(SOON, uses.next()).await.unwrap().unwrap();
    assert_eq!(
        (used.workspace, used.key),
        (issued.key.workspace, issued.key.id)
    );
    let again = timeout(Duration::from_millis(100), uses.next()).await;
    assert!(again.is_err());
}

#[tokio::test]
async fn unknown_keys_are_remembered_up_to_a_bound() {
    let world = World::new().await;
    let keys = Keys::remembering(world.broker.clone(), 20);
    for _ in 0..100 {
        let key = ApiKey::new(ada().workspace, ApiKeyId::new(world::new_id()), [7; 32]);
        assert!(keys.standing(&key, world::now()).await.is_ok());
    }
    assert!(keys.len() <= 20, "{}", keys.len());
}
