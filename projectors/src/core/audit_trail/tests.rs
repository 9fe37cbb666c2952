//! The trail of three streams in one table.

use events::core::UserEvent;
use events::{Context, Position, Subject};

use crate::testing::{
    Log, Running, link, one, opened, person, registered, session, shortened, strange, user,
    workspace,
};
use service::world;

/// One row, written out.
async fn row(running: &Running, position: Position) -> Option<String> {
    let sql = format!(
        "select concat_ws(' ', coalesce(workspace_id::text, '-'), event_type, subject_kind, subject_id,
             actor_kind, actor_id, request_id) from audit_trail where stream = '{}' and sequence = {}",
        position.stream.as_str(),
        position.sequence
    );
    one::<String>(&running.database, Context::Core, &sql).await
}

#[tokio::test]
async fn what_happens_to_a_user_or_a_session_is_of_the_workspace_of_its_beginning() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let ada = user();
    let key = person(&log, ada).await;
    let subject = Subject::User(ada);
    let registered = registered(&key, "ada@example.org");
    let UserEvent::Registered { workspace: own, .. } = registered else {
        panic!("registered");
    };
    let began = log.append(&subject, &registered).await;
    // A batch of its own knows the beginning from the table alone.
    running.reach("audit_trail", began).await;
    let joined = UserEvent::Joined {
        workspace: workspace(),
    };
    let joined = log.append(&subject, &joined).await;
    let laptop = session();
    let login = log
        .append(&Subject::Session(laptop), &opened(ada, world::now()))
        .await;
    running.reach("audit_trail", login).await;

    for (position, event) in [(began, "registered"), (joined, "joined")] {
        let expected = format!("{own} millrace.core.user.{event}.v1 user {ada} system");
        assert_eq!(row(&running, position).await, Some(expected));
    }
    let of_session = row(&running, login).await.unwrap();
    assert!(
        of_session.ends_with(&format!(
            "millrace.core.session.opened.v1 session {laptop} system"
        )),
        "{of_session}"
    );
    assert!(!of_session.starts_with('-'), "{of_session}");
    running.stop().await;
}

#[tokio::test]
async fn events_of_every_kind_are_told_those_that_nobody_knows_too_and_claims_are_not() {
    let log = Log::new().await;
    let running = log.project_into(&servers::testing::fresh_database().await);
    let workspace = workspace();
    let subject = link(workspace);
    let Subject::Link(_, link) = subject else {
        panic!("a link");
    };
    log.claims().await;
    let first = log.append(&subject, &shortened("spring")).await;
    let last = log.append(&subject, &strange()).await;
    running.reach("audit_trail_links", last).await;

    for (position, event) in [(first, "shortened.v3"), (last, "exploded.v1")] {
        let expected = format!("{workspace} millrace.links.link.{event} link {link} system");
        assert_eq!(row(&running, position).await, Some(expected));
    }
    let count = "select count(*) from audit_trail";
    assert_eq!(
        one::<i64>(&running.database, Context::Core, count).await,
        Some(2)
    );
    running.stop().await;
}
