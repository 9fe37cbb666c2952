//! Reading the log again ends where reading it live did.

use events::core::{ApiKeyEvent, CloseReason, Role, SessionEvent, UserEvent, WorkspaceEvent};
use events::links::{ExclusionEvent, ExclusionRule, Label, LinkEvent, OwnDomainEvent, Route};
use events::{
    Context, DomainId, ExclusionId, LinkId, Position, Subject, Timestamp, UserId, WorkspaceId,
};
use service::sealed::SealingKey;
use service::world;

use crate::testing::{
    Log, Rows, Running, announced, api_key, asset, brought, issued, lane, link, opened, opened_at,
    person, registered, route, session, shortened, stored, strange, user, workspace,
};

/// The projections that read CORE.
const OF_CORE: [&str; 6] = [
    "user_profile",
    "workspace_list",
    "member_list",
    "session_list",
    "api_key_list",
    "audit_trail",
];

/// Some of everything; tells where each projection's last event stands.
async fn a_day(log: &Log) -> Vec<(&'static str, Position)> {
    let workspace = workspace();
    let clicks = lane(log, world::new_id());
    let id = LinkId::new(world::new_id());
    let mut ends = Vec::new();
    for day in 0..5 {
        exclude(log, workspace, id, day).await;
        let asset = asset(workspace);
        log.append(&asset, &announced()).await;
        log.append(&link(workspace), &strange()).await;
        let of_media = log.append(&asset, &stored()).await;
        let slug = format!("day-{day}");
        let of_domains = of_domains(log, workspace).await;
        let of_links = a_links_life(log, workspace, &slug).await;
        ends = vec![
            ("asset_list", of_media),
            ("audit_trail_media", of_media),
            ("link_list", of_links),
            ("domain_list", of_domains),
            ("audit_trail_links", of_links),
            ("click_count", clicks.click(workspace, id, 40).await),
        ];
        let of_core = a_life(log, day == 4).await;
        ends.extend(OF_CORE.map(|it| (it, of_core)));
    }
    ends
}

/// A link is made, changed in every way, and put away.
async fn a_links_life(log: &Log, workspace: WorkspaceId, slug: &str) -> Position {
    let link = link(workspace);
    let slug = slug.to_owned();
    let renamed = LinkEvent::Renamed {
        slug: format!("new-{slug}"),
        former_slugs: vec![slug.clone()],
    };
    let retargeted = LinkEvent::Retargeted {
        route: Route {
            target: "https://shop.example/new".to_owned(),
            max_clicks: Some(5),
            ..route()
        },
    };
    let relabelled = LinkEvent::Relabelled {
        label: Label::default(),
    };
    log.append(&link, &shortened(&slug)).await;
    for event in [renamed, retargeted, relabelled] {
        log.append(&link, &event).await;
    }
    let archived = LinkEvent::Archived { slug: slug.clone() };
    log.append(&link, &archived).await;
    log.append(&link, &LinkEvent::Restored { slug }).await
}

/// Clicks on a link do not count for a while, and again when that is taken back.
async fn exclude(log: &Log, workspace: WorkspaceId, link: LinkId, day: u128) {
    let id = |day| ExclusionId::new(uuid::Uuid::from_u128(day));
    let subject = Subject::Exclusions(workspace);
    let added = ExclusionEvent::Added {
        exclusion_id: id(day),
        rule: ExclusionRule {
            link_id: Some(link),
            ..ExclusionRule::default()
        },
        reason: None,
    };
    log.append(&subject, &added).await;
    if let Some(before) = day.checked_sub(2) {
        let removed = ExclusionEvent::Removed {
            exclusion_id: id(before),
        };
        log.append(&subject, &removed).await;
    }
}

/// Two domains come, and one goes that was the default.
async fn of_domains(log: &Log, workspace: WorkspaceId) -> Position {
    let [stays, goes] = [(); 2].map(|()| DomainId::new(world::new_id()));
    let name = || "go.example".to_owned();
    let subject = Subject::OwnDomains(workspace);
    for (domain_id, domain) in [(stays, name()), (goes, name())] {
        log.append(&subject, &brought(domain_id, &domain)).await;
        let verified = OwnDomainEvent::Verified { domain_id, domain };
        log.append(&subject, &verified).await;
    }
    let cleared = |domain_id| OwnDomainEvent::DefaultCleared {
        domain_id,
        domain: name(),
    };
    let made_default = |domain_id| OwnDomainEvent::MadeDefault {
        domain_id,
        domain: name(),
    };
    for event in [made_default(stays), cleared(stays), made_default(goes)] {
        log.append(&subject, &event).await;
    }
    let removed = OwnDomainEvent::Removed {
        domain_id: goes,
        domain: name(),
    };
    log.append(&subject, &removed).await
}

/// Somebody comes, works, and perhaps wants to be forgotten.
async fn a_life(log: &Log, is_erased: bool) -> Position {
    let (ada, bob, own) = (user(), user(), workspace());
    let key = person(log, ada).await;
    let subject = Subject::User(ada);
    log.append(&subject, &registered(&key, "ada@example.org"))
        .await;
    of_a_workspace(log, own, ada, bob).await;
    of_sessions(log, ada, &key).await;
    let api_key = api_key(own);
    log.append(&api_key, &issued(ada)).await;
    log.append(&api_key, &ApiKeyEvent::Used { at: world::now() })
        .await;
    if is_erased {
        log.broker.destroy_key(ada).await.unwrap();
        log.append(&subject, &UserEvent::Erased { workspace: own })
            .await;
    }
    log.append(&api_key, &ApiKeyEvent::Revoked { user: ada })
        .await
}

async fn of_a_workspace(log: &Log, own: WorkspaceId, ada: UserId, bob: UserId) {
    let role = Role::Editor;
    for event in [
        WorkspaceEvent::Opened { owner: ada },
        WorkspaceEvent::MemberAdded { user: bob, role },
        WorkspaceEvent::MemberSuspended { user: bob },
        WorkspaceEvent::MemberRemoved { user: bob },
        WorkspaceEvent::MemberAdded { user: bob, role },
        WorkspaceEvent::MemberSuspended { user: bob },
    ] {
        log.append(&Subject::Workspace(own), &event).await;
    }
}

async fn of_sessions(log: &Log, ada: UserId, key: &SealingKey) {
    let [ended, kept, raced, late] = [session(), session(), session(), session()];
    let expires_at = Timestamp::new(world::now().odt() + time::Duration::days(1));
    for it in [ended, kept] {
        log.append(&Subject::Session(it), &opened(ada, expires_at))
            .await;
    }
    let changed = UserEvent::PasswordChanged {
        password_hash: key.seal(UserEvent::PASSWORD_HASH_SEAL, "x").unwrap(),
        kept,
    };
    let changed = log.append(&Subject::User(ada), &changed).await.sequence;
    for (it, version) in [(raced, changed - 1), (late, changed)] {
        let opened = opened_at(version, ada, expires_at);
        log.append(&Subject::Session(it), &opened).await;
    }
    let closed = SessionEvent::Closed {
        user: ada,
        reason: CloseReason::Ended,
    };
    log.append(&Subject::Session(kept), &closed).await;
}

async fn rows_at(running: &Running, ends: &[(&str, Position)]) -> Rows {
    for (projection, position) in ends {
        running.reach(projection, *position).await;
    }
    Rows::of(&running.database).await
}

#[tokio::test]
async fn a_fresh_database_ends_as_the_live_one() {
    let log = Log::new().await;
    let live = log.project_into(&servers::testing::fresh_database().await);
    let ends = a_day(&log).await;
    let rows = rows_at(&live, &ends).await;
    for (table, count) in [
        ("user_profile", 5),
        ("workspace_list", 5),
        ("member_list", 10),
        ("session_list", 4),
        ("session_list_cutoff", 5),
        ("api_key_list", 5),
        ("audit_trail", 5 * (16 + 2 + 7 + 8) + 1),
        ("click_record", 200),
        ("click_exclusion", 2),
        ("link_list", 5),
        ("domain_list", 5),
        ("parked_event", 5),
    ] {
        assert_eq!(rows.count(table), count, "{table}");
    }

    let fresh = log.project_into(&servers::testing::fresh_database().await);
    assert_eq!(rows_at(&fresh, &ends).await, rows);
    live.stop().await;
    fresh.stop().await;
}

#[tokio::test]
async fn reading_the_log_again_into_the_same_tables_changes_nothing() {
    let log = Log::new().await;
    let url = servers::testing::fresh_database().await;
    let first = log.project_into(&url);
    let ends = a_day(&log).await;
    let rows = rows_at(&first, &ends).await;
    let database = first.database.clone();
    first.stop().await;
    for context in Context::ALL {
        let mut connection = database.connect(context).await.unwrap();
        sqlx::query("delete from projection_position")
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let second = log.project_into(&url);
    assert_eq!(rows_at(&second, &ends).await, rows);
    second.stop().await;
}
