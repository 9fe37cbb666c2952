//! Logins, beside what takes nearly all of their time: bare argon2id verifications on the same cores.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde_json::json;
use servers::Nats;

use crate::figure::Figure;
use crate::ground::Rounds;
use crate::pace::{median, rate, rate_on_all_cores};
use crate::subject::Subject;

/// Enough that no core waits, and fewer than wait in the queue.
const AT_ONCE: usize = 16;
const PASSWORD: &str = "correct horse battery";

pub(super) async fn measure(broker: &Nats, rounds: Rounds) -> anyhow::Result<Figure> {
    let subject = Subject::start(broker).await?;
    let client = reqwest::Client::new();
    let post = async |path: &str, body: serde_json::Value| -> anyhow::Result<()> {
        let url = format!("{}/v1/core/{path}", subject.url);
        let answer = client.post(url).json(&body).send().await?;
        answer.error_for_status()?.bytes().await?;
        Ok(())
    };
    let account = json!({ "email": "ada@example.com", "password": PASSWORD, "name": "Ada" });
    post("users", account).await?;
    let credentials = json!({ "email": "ada@example.com", "password": PASSWORD });
    let log_in = async |_| post("auth/login", credentials.clone()).await;

    let phc = Argon2::default().hash_password(PASSWORD.as_bytes());
    let phc = phc.map_err(anyhow::Error::msg)?.to_string();
    let stored = PasswordHash::new(&phc).map_err(anyhow::Error::msg)?;
    let verify = || {
        let verified = Argon2::default().verify_password(PASSWORD.as_bytes(), &stored);
        verified.map_err(anyhow::Error::msg)
    };
    let (mut bares, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..rounds.count {
        bares.push(tokio::task::block_in_place(|| {
            rate_on_all_cores(rounds.seconds, verify)
        })?);
        ours.push(rate(rounds.seconds, AT_ONCE, log_in).await?);
    }
    subject.stop().await?;
    let (bare, ours) = (median(bares)?, median(ours)?);
    Ok(Figure {
        name: "logins".to_owned(),
        measured: format!("{ours:.1}/s"),
        bound: format!("{bare:.1}/s argon2id"),
        ratio: ours / bare,
        wanted: "0.9 or more",
    })
}
