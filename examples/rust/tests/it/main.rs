//! The examples, run against a real broker, each as a reader of one workspace.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by falling over, and makes its own ids"
)]

mod bus;
mod program;
mod tools;

use std::collections::BTreeMap;

use self::bus::Bus;
use self::program::Example;

/// Two links.
const SPRING: &str = "01890000-0000-7000-8000-000000000001";
const AUTUMN: &str = "01890000-0000-7000-8000-000000000002";

fn clicks(spring: u64, autumn: u64) -> BTreeMap<String, u64> {
    [(SPRING.to_owned(), spring), (AUTUMN.to_owned(), autumn)].into()
}

/// Everything that an example must stand: repeats, foreign clicks, what is no click, a broker that dies, its own end, and
/// a disk that takes nothing.
async fn counts_every_click_once(example: Example) {
    let mut bus = Bus::start().await;
    bus.publishes(1, &[SPRING, AUTUMN]).await;
    // Its acknowledgement was lost, so it comes twice.
    bus.publishes(1, &[SPRING, AUTUMN]).await;
    bus.publishes(3, &[SPRING]).await;
    bus.publishes_elsewhere(4, &[SPRING]).await;
    bus.publishes_an_exclusion().await;
    bus.publishes_a_report(&[AUTUMN]).await;
    let mut running = example.start(&bus);
    running.has_counted(&clicks(2, 2)).await;

    bus.nats.kill().await;
    bus.nats.start_again().await.unwrap();
    bus.publishes(4, &[SPRING]).await;
    running.has_counted(&clicks(3, 2)).await;
    bus.everything_is_acknowledged().await;

    running.dies().await;
    bus.publishes(4, &[SPRING]).await;
    bus.publishes(5, &[AUTUMN, AUTUMN]).await;
    let mut running = example.start(&bus);
    running.has_counted(&clicks(3, 4)).await;
    bus.everything_is_acknowledged().await;

    example.cannot_keep();
    bus.publishes(6, &[SPRING]).await;
    running.fails().await;
    example.can_keep_again();
    let mut running = example.start(&bus);
    // The message comes again when it was not acknowledged for 30 seconds.
    running.has_counted(&clicks(4, 4)).await;
    bus.everything_is_acknowledged().await;
    running.ends().await;
}

#[tokio::test]
async fn the_example_in_rust_counts_every_click_once() {
    counts_every_click_once(Example::rust()).await;
}

#[tokio::test]
async fn the_example_in_python_counts_every_click_once() {
    counts_every_click_once(Example::python().await).await;
}

#[tokio::test]
async fn the_example_in_typescript_counts_every_click_once() {
    counts_every_click_once(Example::typescript().await).await;
}

/// With several messages under way, one that comes again may come late, and would be taken for a repeat.
#[tokio::test]
async fn no_example_reads_from_a_consumer_that_gives_several_messages_at_once() {
    let bus = Bus::with_in_flight(2).await;
    bus.publishes(1, &[SPRING]).await;
    for example in [
        Example::rust(),
        Example::python().await,
        Example::typescript().await,
    ] {
        let said = example.refuses(&bus).await;
        assert!(said.contains("--in-flight"), "{said}");
    }
}
