//! The whole system crashes under load: whoever was led on is counted, and nobody twice.

use crate::stack::{Crowd, Stack};

const CRASHES: usize = 3;
/// Visitors who must be led on before each crash, and after the last one.
const LED_BETWEEN: u64 = 100;
const AT_ONCE: usize = 16;

#[tokio::test]
async fn what_was_answered_outlives_crashes_of_the_system_and_is_counted_once() {
    let mut stack = Stack::start().await;
    let ada = stack.person("ada").await;
    let links = [ada.shortens("https://example.com").await];
    let crowd = Crowd::new(stack.visitor(), &links, AT_ONCE);
    let crashes = async {
        for _ in 0..CRASHES {
            crowd.has_led_more(LED_BETWEEN).await;
            stack.replicas[0].crash();
            stack.replicas[0].start_again(&mut stack.world).await;
        }
        crowd.has_led_more(LED_BETWEEN).await;
    };
    let (tallies, ()) = crowd.opens_during(crashes).await;

    let tally = tallies[&links[0].id];
    let counted = stack.log().await.clicks().await[&links[0].id.parse().unwrap()];
    // Whoever was under way when it crashed may be counted without having been answered.
    let possible = tally.led..=tally.led + (CRASHES * AT_ONCE) as u64;
    assert!(possible.contains(&counted), "{counted} of {tally:?}");
    // That raw rows and counts count what the log holds, the end of every story asserts.
    stack.finish().await;
}
