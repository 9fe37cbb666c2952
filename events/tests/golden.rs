//! A frozen sample of every event ever written must be readable for ever, and be written the same way.
//!
//! A new event or version makes its own sample: run with `MILLRACE_BLESS=1`, look at what came, commit it.
//! A sample is never changed and never removed.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use events::core::{
    ApiKeyEvent, CloseReason, Role, Scope, SessionEvent, UserEvent, WorkspaceEvent,
};
use events::links::{
    Click, ClickEvent, ExclusionEvent, ExclusionRule, Label, LinkEvent, OwnDomain, OwnDomainEvent,
    Parameter, Route, Rule, Utm, Variant, When,
};
use events::media::{AssetEvent, Visibility};
use events::{
    ClickId, DomainEvent, DomainId, ExclusionId, LinkId, Sealed, SessionId, Timestamp, UserId,
    WorkspaceId, catalog,
};
use uuid::Uuid;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// One sample of every event that is written today, with every field filled.
fn samples() -> Vec<(String, Vec<u8>)> {
    let announced = AssetEvent::Announced {
        filename: "cat.png".to_owned(),
        content_type: "image/png".to_owned(),
        size_bytes: 1_024,
        sha256: Some("0".repeat(64)),
        visibility: Visibility::Private,
        object_key: "1/2".to_owned(),
    };
    let stored = AssetEvent::Stored {
        object_etag: Some("abc".to_owned()),
    };
    let batch = (
        ClickEvent::EVENT_TYPE.to_owned(),
        serde_json::to_vec(&[click()]).unwrap(),
    );
    [
        encoded(users()),
        encoded(sessions()),
        encoded(workspaces()),
        encoded(api_keys()),
        encoded(links()),
        encoded(domains()),
        encoded(exclusions()),
        encoded(vec![announced, stored]),
        vec![batch],
    ]
    .concat()
}

fn encoded<E: DomainEvent>(events: Vec<E>) -> Vec<(String, Vec<u8>)> {
    let encoded = events.into_iter().map(|event| event.encode().unwrap());
    encoded.map(|it| (it.event_type, it.body)).collect()
}

fn sealed() -> Sealed {
    Sealed::new("c2VhbGVk".to_owned())
}

fn time() -> Timestamp {
    "2026-11-21T10:00:00.000001Z".parse().unwrap()
}

fn user() -> UserId {
    UserId::new(Uuid::from_u128(2))
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new(Uuid::from_u128(1))
}

fn users() -> Vec<UserEvent> {
    let workspace = workspace();
    vec![
        UserEvent::Registered {
            email: sealed(),
            name: sealed(),
            password_hash: sealed(),
            workspace,
        },
        UserEvent::Renamed { name: sealed() },
        UserEvent::EmailChanged { email: sealed() },
        UserEvent::PasswordChanged {
            password_hash: sealed(),
            kept: SessionId::new(Uuid::from_u128(5)),
        },
        UserEvent::Joined { workspace },
        UserEvent::Left { workspace },
        UserEvent::Erased { workspace },
    ]
}

fn sessions() -> Vec<SessionEvent> {
    vec![
        SessionEvent::Opened {
            user: user(),
            workspace: workspace(),
            user_version: 7,
            token_hash: "0".repeat(64),
            expires_at: time(),
            browser: Some("Firefox".to_owned()),
            os: Some("Linux".to_owned()),
        },
        SessionEvent::Refreshed {
            user: user(),
            workspace: workspace(),
            token_hash: "1".repeat(64),
            grace_until: time(),
            expires_at: time(),
        },
        SessionEvent::Closed {
            user: user(),
            reason: CloseReason::TokenReused,
        },
    ]
}

fn workspaces() -> Vec<WorkspaceEvent> {
    let (user, role) = (user(), Role::Editor);
    vec![
        WorkspaceEvent::Opened { owner: user },
        WorkspaceEvent::Founded {
            founder: user,
            name: "Acme".to_owned(),
        },
        WorkspaceEvent::MemberAdded { user, role },
        WorkspaceEvent::RoleChanged { user, role },
        WorkspaceEvent::MemberSuspended { user },
        WorkspaceEvent::MemberReinstated { user },
        WorkspaceEvent::MemberRemoved { user },
    ]
}

fn api_keys() -> Vec<ApiKeyEvent> {
    vec![
        ApiKeyEvent::Issued {
            user: user(),
            name: "deploys".to_owned(),
            scopes: Scope::ALL.to_vec(),
            secret_hash: "2".repeat(64),
            expires_at: Some(time()),
        },
        ApiKeyEvent::Used { at: time() },
        ApiKeyEvent::Revoked { user: user() },
    ]
}

fn links() -> Vec<LinkEvent> {
    let slug = "spring".to_owned();
    vec![
        LinkEvent::Shortened {
            domain: "go.example".to_owned(),
            own_domain: Some(OwnDomain {
                is_case_sensitive: true,
            }),
            slug: slug.clone(),
            route: route(),
            label: label(),
        },
        LinkEvent::Retargeted { route: route() },
        LinkEvent::Relabelled { label: label() },
        LinkEvent::Renamed {
            slug: "summer".to_owned(),
            former_slugs: vec![slug.clone()],
        },
        LinkEvent::Archived { slug: slug.clone() },
        LinkEvent::Restored { slug },
    ]
}

fn domains() -> Vec<OwnDomainEvent> {
    let (domain_id, domain) = (
        DomainId::new(Uuid::from_u128(6)),
        "go.acme.example".to_owned(),
    );
    vec![
        OwnDomainEvent::Added {
            domain_id,
            domain: domain.clone(),
            is_case_sensitive: true,
            record_name: "_millrace.go.acme.example".to_owned(),
            record_value: "millrace-verification=a1B2".to_owned(),
        },
        OwnDomainEvent::Verified {
            domain_id,
            domain: domain.clone(),
        },
        OwnDomainEvent::MadeDefault {
            domain_id,
            domain: domain.clone(),
        },
        OwnDomainEvent::DefaultCleared {
            domain_id,
            domain: domain.clone(),
        },
        OwnDomainEvent::Removed { domain_id, domain },
    ]
}

fn exclusions() -> Vec<ExclusionEvent> {
    let exclusion_id = ExclusionId::new(Uuid::from_u128(8));
    let text = |text: &str| Some(text.to_owned());
    let rule = ExclusionRule {
        link_id: Some(LinkId::new(Uuid::from_u128(3))),
        from: Some(time()),
        to: Some("2026-11-22T00:00:00Z".parse().unwrap()),
        network: text("ddccbbaa33221100"),
        browser: text("Firefox"),
        os: text("Linux"),
        device: text("desktop"),
        is_bot: Some(false),
    };
    vec![
        ExclusionEvent::Added {
            exclusion_id,
            rule,
            reason: text("a farm of clicks"),
        },
        ExclusionEvent::Removed { exclusion_id },
    ]
}

fn label() -> Label {
    Label {
        title: Some("Spring sale".to_owned()),
        tags: vec!["mail".to_owned()],
        notes: Some("Until the tulips are gone.".to_owned()),
    }
}

fn route() -> Route {
    let text = |text: &str| Some(text.to_owned());
    let rule = Rule {
        name: "phones".to_owned(),
        when: When {
            countries: vec!["NP".to_owned()],
            devices: vec!["mobile".to_owned()],
            systems: vec!["android".to_owned()],
            browsers: vec!["firefox".to_owned()],
            languages: vec!["ne".to_owned()],
            from: Some(time()),
            until: Some(time()),
            query: vec![Parameter {
                name: "ref".to_owned(),
                value: text("mail"),
            }],
        },
        targets: vec![Variant {
            target: "https://shop.example/app".to_owned(),
            weight: 3,
        }],
    };
    Route {
        target: "https://shop.example/spring".to_owned(),
        status: 302,
        forward_query: true,
        utm: Utm {
            source: text("mail"),
            medium: text("newsletter"),
            campaign: text("spring"),
            term: text("tulips"),
            content: text("header"),
        },
        rules: vec![rule],
        expires_at: Some(time()),
        expired_target: text("https://shop.example/over"),
        max_clicks: Some(1_000),
        password_hash: Some(sealed()),
    }
}

fn click() -> ClickEvent<'static> {
    let text = |text: &'static str| Some(text.into());
    let data = Click {
        link_id: LinkId::new(Uuid::from_u128(3)),
        slug: "spring".into(),
        country: text("NP"),
        referrer: text("news.example"),
        browser: text("Firefox"),
        os: text("Linux"),
        device: text("desktop"),
        is_bot: false,
        city: text("Pokhara"),
        visitor: text("00112233aabbccdd"),
        network: text("ddccbbaa33221100"),
        rule: text("phones"),
        variant: Some(1),
        utm_source: text("mail"),
        utm_medium: text("newsletter"),
        utm_campaign: text("spring"),
    };
    ClickEvent::new(ClickId::new(Uuid::from_u128(4)), time(), data)
}

/// Reads a sample and writes it again in today's form.
fn rewritten(event_type: &str, body: &[u8]) -> (String, Vec<u8>) {
    fn through<E: DomainEvent>(event_type: &str, body: &[u8]) -> (String, Vec<u8>) {
        let encoded = E::decode(event_type, body).unwrap().encode().unwrap();
        (encoded.event_type, encoded.body)
    }
    let aggregate: Vec<&str> = event_type.splitn(4, '.').take(3).collect();
    match aggregate.join(".").as_str() {
        UserEvent::AGGREGATE => through::<UserEvent>(event_type, body),
        SessionEvent::AGGREGATE => through::<SessionEvent>(event_type, body),
        ApiKeyEvent::AGGREGATE => through::<ApiKeyEvent>(event_type, body),
        WorkspaceEvent::AGGREGATE => through::<WorkspaceEvent>(event_type, body),
        LinkEvent::AGGREGATE => through::<LinkEvent>(event_type, body),
        OwnDomainEvent::AGGREGATE => through::<OwnDomainEvent>(event_type, body),
        ExclusionEvent::AGGREGATE => through::<ExclusionEvent>(event_type, body),
        AssetEvent::AGGREGATE => through::<AssetEvent>(event_type, body),
        "millrace.links.click" => {
            // A batch is read as it is: what came with a later version is not told by an earlier one.
            let batch = ClickEvent::decode_batch(body).unwrap();
            (event_type.to_owned(), serde_json::to_vec(&batch).unwrap())
        }
        stranger => panic!("a sample of an aggregate that no longer exists: {stranger}"),
    }
}

#[test]
fn every_event_written_today_has_its_frozen_sample() {
    for (event_type, body) in samples() {
        let path = folder().join(format!("{event_type}.json"));
        if std::env::var_os("MILLRACE_BLESS").is_some() && !path.exists() {
            fs::write(&path, [&body[..], b"\n"].concat()).unwrap();
        }
        let frozen = fs::read_to_string(&path)
            .unwrap_or_else(|_| panic!("{event_type} has no sample: run with MILLRACE_BLESS=1"));
        assert_eq!(
            frozen.trim_end(),
            String::from_utf8(body).unwrap(),
            "{event_type}"
        );
    }
}

#[test]
fn every_frozen_sample_is_still_readable() {
    let entries: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!entries.is_empty());
    for path in entries {
        let event_type = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let frozen = fs::read_to_string(&path).unwrap();
        let (today, body) = rewritten(&event_type, frozen.trim_end().as_bytes());
        if today == event_type {
            assert_eq!(String::from_utf8(body).unwrap(), frozen.trim_end());
        }
    }
}

#[test]
fn the_catalog_knows_exactly_the_events_that_are_written() {
    let known: BTreeSet<String> = catalog::event_types()
        .into_iter()
        .map(|it| it.name)
        .collect();
    let written: BTreeSet<String> = samples()
        .into_iter()
        .map(|(event_type, _)| event_type)
        .collect();
    assert_eq!(known, written);
}

#[test]
fn every_schema_describes_its_data() {
    for event_type in catalog::event_types() {
        let properties = event_type.schema["properties"].as_object().unwrap();
        assert!(!properties.is_empty(), "{}", event_type.name);
        assert!(
            event_type.schema["description"].is_string(),
            "{}",
            event_type.name
        );
    }
}
