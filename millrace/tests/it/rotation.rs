//! Another `DATA_KEY` in the place of the one in use, step by step as docs/data-key.md says.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::installation::{Apart, DATA_KEY as OLD, Installation};
use crate::program::Run;
use crate::visitor::{NAME, Visitor};

/// 32 other bytes.
const NEW: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// Runs the command, which must end well; answers what it said.
async fn rotated(installation: &Installation, data_key: &str) -> anyhow::Result<String> {
    let mut program = installation
        .run("rotate-data-key", data_key)
        .await?
        .start()?;
    let status = program.ends_within(Duration::from_secs(30)).await?;
    let said = program.everything().await;
    ensure!(status.success(), "{status}, saying:\n{said}");
    ensure!(!said.contains(OLD) && !said.contains(NEW), "{said}");
    Ok(said)
}

/// Logs in and reads the name, which command-api and the projectors must open for it.
async fn is_known(apart: &Apart) -> anyhow::Result<Visitor> {
    let mut ada = apart.visitor()?;
    ada.logs_in().await?;
    let me = ada.reads("/v1/core/users/me", Some("CORE:1")).await?;
    ensure!(me.get("name").and_then(Value::as_str) == Some(NAME), "{me}");
    Ok(ada)
}

#[tokio::test]
async fn after_the_three_steps_the_new_key_opens_everything_and_the_old_one_is_refused()
-> anyhow::Result<()> {
    let installation = Installation::new().await?;
    let begun = installation.start(OLD).await?;
    begun.visitor()?.registers().await?;
    is_known(&begun).await?;
    begun.stop().await?;

    let first_step = installation.start(&format!("{OLD},{NEW}")).await?;
    is_known(&first_step).await?;
    let second_step = installation.start(&format!("{NEW},{OLD}")).await?;
    let said = rotated(&installation, &format!("{NEW},{OLD}")).await?;
    ensure!(said.contains("secret: wrapped anew"), "{said}");
    ensure!(
        said.contains("keys: 1 wrapped anew, 0 wrapped by"),
        "{said}"
    );
    // Those of the step before go on beside it.
    is_known(&first_step).await?;
    is_known(&second_step).await?;
    first_step.stop().await?;
    second_step.stop().await?;

    let said = rotated(&installation, NEW).await?;
    ensure!(said.contains("nothing to do"), "{said}");
    // So that every name is opened again.
    installation
        .psql(&["--command", "drop schema core cascade"])
        .await?;
    let third_step = installation.start(NEW).await?;
    is_known(&third_step).await?;
    third_step.stop().await?;

    for process in ["command-api", "projectors"] {
        let said = installation.run(process, OLD).await?.refusal().await?;
        let refused = "DATA_KEY is not the key that this log is in use with";
        ensure!(said.contains(refused), "{process}: {said}");
    }
    let late = installation.run("rotate-data-key", OLD).await?;
    let said = late.refusal().await?;
    ensure!(said.contains("no key of DATA_KEY is the one"), "{said}");
    Ok(())
}

#[tokio::test]
async fn without_a_broker_or_a_key_it_says_which_is_missing() -> anyhow::Result<()> {
    let said = Run::of(&["rotate-data-key"]).refusal().await?;
    let missing = ["NATS_URL", "DATA_KEY"]
        .iter()
        .find(|it| !said.contains(**it));
    ensure!(missing.is_none(), "{missing:?} is not in:\n{said}");
    let nobody = Run::of(&["rotate-data-key"])
        .setting("NATS_URL", "nats://127.0.0.1:1")
        .setting("DATA_KEY", OLD);
    let said = nobody.refusal().await?;
    said.contains("NATS_URL").then_some(()).context(said)
}
