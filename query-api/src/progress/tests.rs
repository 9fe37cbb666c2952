//! Waiting for a position, with notices and without.

use events::Position;

use super::*;
use crate::testing::Stage;

fn clicks(sequence: u64) -> MinPosition {
    MinPosition(vec![Position {
        stream: StreamName::Clicks,
        sequence,
    }])
}

/// The notice of a projector that has committed.
fn notice(sequence: u64) -> Changed {
    Changed {
        context: Context::Links,
        projection: "click_count".to_owned(),
        position: Position {
            stream: StreamName::Clicks,
            sequence,
        },
    }
}

async fn commit(stage: &Stage, sequence: u64) {
    stage
        .write(format!(
            "insert into links.projection_position
             values ('click_count', gen_random_uuid(), {sequence}, {sequence}, null)
             on conflict (projection) do update set position = excluded.position"
        ))
        .await;
}

async fn reach(stage: &Stage, wanted: &MinPosition) -> Result<(), u16> {
    let depends_on = [Projection::LinkList, Projection::ClickCount];
    let reached = stage.app.progress.reach(wanted, &depends_on).await;
    reached.map_err(|problem| problem.status().as_u16())
}

#[tokio::test]
async fn what_is_committed_already_is_not_waited_for() {
    let stage = Stage::new().await;
    commit(&stage, 7).await;
    assert_eq!(reach(&stage, &clicks(7)).await, Ok(()));
}

#[tokio::test]
async fn a_notice_wakes_who_waits_for_it() {
    let stage = Stage::new().await;
    commit(&stage, 6).await;
    let progress = stage.app.progress.clone();
    let told = async {
        tokio::task::yield_now().await;
        progress.hear(&notice(6));
        progress.hear(&notice(7));
    };
    // Postgres still says 6, so nothing but the notice can have answered.
    let wanted = clicks(7);
    let (reached, ()) = tokio::join!(reach(&stage, &wanted), told);
    assert_eq!(reached, Ok(()));
}

#[tokio::test]
async fn a_lost_notice_costs_a_delay_and_no_more() {
    let stage = Stage::new().await;
    let wanted = clicks(7);
    let (reached, ()) = tokio::join!(reach(&stage, &wanted), commit(&stage, 7));
    assert_eq!(reached, Ok(()));
}

#[tokio::test]
async fn what_does_not_come_in_time_is_a_503() {
    let stage = Stage::new().await;
    commit(&stage, 6).await;
    assert_eq!(reach(&stage, &clicks(7)).await, Err(503));
}

#[tokio::test]
async fn a_stream_that_the_view_does_not_read_is_not_waited_for() {
    let stage = Stage::new().await;
    let wanted = MinPosition(vec![Position {
        stream: StreamName::Core,
        sequence: 7,
    }]);
    assert_eq!(reach(&stage, &wanted).await, Ok(()));
}

#[tokio::test]
async fn notices_come_over_the_broker() {
    let stage = Stage::new().await;
    let nats = servers::testing::nats().await;
    let broker = Broker::connect(&nats.url(), "test").await.unwrap();
    let (wanted, position) = (clicks(7), notice(7).position);
    // Again and again, since nobody knows when the listening has begun.
    let telling = async {
        loop {
            let told = broker
                .publish_changed(Context::Links, "click_count", position)
                .await;
            told.unwrap();
            broker.round_trip().await.unwrap();
        }
    };
    tokio::select! {
        reached = reach(&stage, &wanted) => assert_eq!(reached, Ok(())),
        () = telling => {}
        _ = stage.app.progress.clone().hear_all(broker.clone()) => {}
    }
}
