//! A storm of logins: what cannot wait is turned away, and redirects go on.

use futures::future::join_all;
use serde_json::json;

use crate::stack::{Answer, Crowd, PASSWORD, Stack};

/// Logins at once: thrice as many as may wait for their passwords to be hashed.
const LOGINS: usize = 200;
/// Passwords that may wait.
const WAITING_MAX: usize = 64;
const VISITORS: usize = 16;
/// Redirects between two logins, at least; a busy machine has some 20, since hashing gives way.
const REDIRECTS_MIN: u64 = 5;

#[tokio::test]
async fn a_storm_of_logins_is_turned_away_and_does_not_starve_redirects() {
    let stack = Stack::start().await;
    let (ada, guest) = (stack.person("ada").await, stack.guest());
    let links = [ada.shortens("https://example.com").await];
    let crowd = Crowd::new(stack.visitor(), &links, VISITORS);
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    let storm = async {
        crowd.has_led_more(100).await;
        let before = crowd.led();
        let logins = (0..LOGINS).map(|_| guest.asks_to_log_in(&credentials));
        let answers = join_all(logins).await;
        (answers, crowd.led() - before)
    };
    let (_, (answers, redirects)) = crowd.opens_during(storm).await;

    let (admitted, turned_away): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .partition(|it: &Answer| it.status == 200);
    for answer in &turned_away {
        let refused = answer.clone().refuses(503, "busy");
        assert_eq!(refused.header("retry-after"), "1");
    }
    assert!(admitted.len() >= WAITING_MAX, "{}", admitted.len());
    assert!(turned_away.len() >= WAITING_MAX, "{}", turned_away.len());
    let logins = u64::try_from(admitted.len()).unwrap();
    assert!(
        redirects >= logins * REDIRECTS_MIN,
        "{redirects} redirects beside {logins} logins"
    );
    stack.finish().await;
}
