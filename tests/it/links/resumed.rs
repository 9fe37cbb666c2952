//! Listeners who come and go, at processes that come and go: each hears the log, exactly.

use std::sync::OnceLock;
use std::time::Duration;

use events::links::ClickEvent;
use futures::future::join_all;
use millrace::system::Processes;
use serde_json::json;

use crate::stack::{
    APIS, Crowd, Heard, Link, Listener, Log, Lot, Person, Producer, QUERY_API, Replica, Stack, Way,
};

const ALL: &str = "/v1/links/clicks/live";
/// How often something is stopped, crashed, or taken away.
const ROUNDS: u64 = 6;
const LED_BETWEEN: u64 = 150;
/// Far more than a round takes on a busy machine.
const END_MAX: Duration = Duration::from_secs(90);
/// Longer than totals wait until they are asked for again.
const UNCOUNTED: Duration = Duration::from_millis(1_500);
/// Serves listeners, and counts for all.
const COUNTING: Processes = Processes {
    command_api: false,
    ..Processes::ALL
};

/// Two to each way: of all links, and of one; one of them takes its time.
fn listeners(stack: &Stack, ada: &Person, link: &Link) -> Vec<Listener> {
    let doors = || stack.replicas[1..].iter().map(Replica::door).collect();
    let of_link = format!("/v1/links/{}/clicks/live", link.id);
    let mut listeners = Vec::new();
    for way in [Way::WebSocket, Way::Events] {
        for path in [ALL, ALL, &of_link] {
            let mut listener = Listener::new(way, doors(), path.to_owned(), ada.token.clone());
            listener.lot = Lot(listeners.len() as u64);
            listener.slowness = Duration::from_millis(100 * (listeners.len() as u64 % 3));
            listeners.push(listener);
        }
    }
    listeners
}

/// One who watches the totals of a link.
fn watcher(stack: &Stack, ada: &Person, link: &Link) -> Listener {
    let doors = stack.replicas[1..].iter().map(Replica::door).collect();
    let path = format!("/v1/links/{}/stats/live", link.id);
    let mut watcher = Listener::new(Way::WebSocket, doors, path, ada.token.clone());
    watcher.beginning = "";
    watcher
}

/// Processes that serve listeners, one of which counts, are stopped or crash, a producer comes to life again, the broker goes away.
///
/// In the end the one that counts is away while clicks come.
async fn trouble(stack: &mut Stack, crowd: &Crowd<'_>, ghost: &Producer) {
    let mut lot = Lot(42);
    for round in 0..ROUNDS {
        crowd.has_led_more(LED_BETWEEN).await;
        let replica = 1 + usize::from(round % 2 == 0);
        if lot.draw(2) == 0 {
            stack.replicas[replica].stop().await;
        } else {
            stack.replicas[replica].crash();
        }
        // What its first messages say comes again, and otherwise: no reader may hear it.
        ghost.lives(2 + round).await;
        if round == ROUNDS / 2 {
            stack.world.broker.kill().await;
            crowd.has_led_more(LED_BETWEEN).await;
            stack.world.broker.start_again().await.unwrap();
        }
        stack.replicas[replica].start_again(&mut stack.world).await;
    }
    crowd.has_led_more(LED_BETWEEN).await;
    stack.replicas[1].crash();
    crowd.has_led_more(LED_BETWEEN).await;
}

#[tokio::test]
async fn each_listener_hears_the_log_exactly_whatever_ends_in_between() {
    let mut stack = Stack::of(&[APIS, COUNTING, QUERY_API]).await;
    let (ada, bob) = tokio::join!(stack.person("ada"), stack.person("bob"));
    let links = [
        ada.shortens("https://example.com/0").await,
        ada.shortens("https://example.com/1").await,
        bob.shortens("https://example.com/2").await,
    ];
    for link in &links[..2] {
        ada.sees(link).await.is(200);
    }
    let ghost = Producer::of(&ada, &links[0], stack.log().await);
    let mut listeners = listeners(&stack, &ada, &links[0]);
    let goal = OnceLock::<[usize; 2]>::new();
    let listening = join_all(listeners.iter_mut().map(async |listener| {
        let which = usize::from(listener.path != ALL);
        let goal = || goal.get().map(|goal| goal[which]);
        listener.hears(goal).await;
    }));
    let mut watcher = watcher(&stack, &ada, &links[0]);
    // Nobody here is a program.
    let totals = |goal: &[usize; 2]| json!({ "type": "totals", "clicks": goal[1], "bots": 0 });
    let watching = watcher.hears_totals(|| goal.get().map(totals));

    let load = async {
        let crowd = Crowd::new(stack.visitor(), &links, 16);
        let trouble = trouble(&mut stack, &crowd, &ghost);
        crowd.opens_during(trouble).await;
        // The last clicks are heard of long before they are counted.
        tokio::time::sleep(UNCOUNTED).await;
        stack.replicas[1].start_again(&mut stack.world).await;
        // What was answered is in the log when nothing waits in the spool.
        let log = stack.log().await;
        let all = heard(&log, &ada, None).await;
        let of_link = heard(&log, &ada, Some(&links[0])).await;
        goal.set([all.len(), of_link.len()]).unwrap();
        [all, of_link]
    };
    let both = async { tokio::join!(listening, watching, load) };
    let (_, (), expected) = tokio::time::timeout(END_MAX, Box::pin(both))
        .await
        .expect("all is heard");

    assert!(watcher.ends > 0, "the totals were watched in one go");
    for listener in &mut listeners {
        let expected = &expected[usize::from(listener.path != ALL)];
        assert!(
            listener.ends > 3,
            "{:?} heard it all in one go",
            listener.way
        );
        assert_eq!(listener.misses().await, 0, "there was more to hear");
        let heard = listener.hears(|| Some(0)).await;
        let differs = heard
            .iter()
            .zip(expected)
            .position(|(heard, it)| heard != it);
        assert_eq!(differs.map(|at| (&heard[at], &expected[at])), None);
        assert_eq!(heard.len(), expected.len());
    }
    ghost.ends().await;
    stack.finish().await;
}

/// What somebody hears who listens to all that the log holds.
async fn heard(log: &Log, ada: &Person, link: Option<&Link>) -> Vec<Heard> {
    let subject = format!("clicks.{}", ada.workspace());
    let mut heard = Vec::new();
    for message in log.new_clicks().await {
        if message.raw_subject() != subject {
            continue;
        }
        let clicks = ClickEvent::decode_batch(&message.body).unwrap();
        for (index, click) in clicks.iter().enumerate() {
            if link.is_none_or(|link| click.data.link_id.to_string() == link.id) {
                let place = format!("{}.{index}", message.position.sequence);
                heard.push((place, click.id.to_string()));
            }
        }
    }
    heard
}
