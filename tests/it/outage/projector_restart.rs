//! Projectors that crash, and projectors that compete: every click counts once.

use events::StreamName;

use crate::stack::{APIS, Crowd, Link, PROJECTORS, Person, Stack, Tallies};

const CRASHES: usize = 4;
const LED_BETWEEN: u64 = 200;

async fn two_links(ada: &Person) -> [Link; 2] {
    [
        ada.shortens("https://example.com/0").await,
        ada.shortens("https://example.com/1").await,
    ]
}

#[tokio::test]
async fn projectors_that_crash_under_load_lose_nothing_and_count_nothing_twice() {
    let mut stack = Stack::of(&[APIS, PROJECTORS]).await;
    let ada = stack.person("ada").await;
    let links = two_links(&ada).await;
    let crowd = Crowd::new(stack.visitor(), &links, 16);
    let crashes = async {
        for _ in 0..CRASHES {
            crowd.has_led_more(LED_BETWEEN).await;
            stack.replicas[1].crash();
            stack.replicas[1].start_again(&mut stack.world).await;
        }
    };
    let (tallies, ()) = crowd.opens_during(crashes).await;
    are_counted(&stack, &ada, &links, &tallies).await;
    stack.finish().await;
}

#[tokio::test]
async fn a_standby_takes_over_and_two_projectors_never_count_the_same() {
    let mut stack = Stack::of(&[APIS, PROJECTORS, PROJECTORS]).await;
    let ada = stack.person("ada").await;
    let links = two_links(&ada).await;
    let crowd = Crowd::new(stack.visitor(), &links, 16);
    let takeovers = async {
        for round in 0..CRASHES {
            crowd.has_led_more(LED_BETWEEN).await;
            let crashed = 1 + round % 2;
            stack.replicas[crashed].crash();
            crowd.has_led_more(1).await;
            stack.replicas[crashed].start_again(&mut stack.world).await;
        }
    };
    let (tallies, ()) = crowd.opens_during(takeovers).await;
    // One is left; whatever the other had begun is taken over.
    stack.replicas[1].crash();
    are_counted(&stack, &ada, &links, &tallies).await;
    stack.finish().await;
}

/// All were answered, and the statistics come to say so.
async fn are_counted(stack: &Stack, ada: &Person, links: &[Link], tallies: &Tallies) {
    let log = stack.log().await;
    let last = log.last(StreamName::Clicks).await;
    ada.has_seen(format!("CLICKS:{last}").parse().unwrap());
    for link in links {
        let tally = tallies[&link.id];
        assert_eq!(tally.led, tally.asked);
        assert_eq!(ada.counts(link, "include").await, tally.led);
    }
}
