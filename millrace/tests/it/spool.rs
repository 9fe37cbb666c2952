//! The program is killed while the broker is away: what it answered is in the spool, and the next one drains it.

use std::time::Duration;

use anyhow::ensure;
use rustix::process::Signal;
use servers::testing;

use crate::program::Run;
use crate::visitor::Visitor;

const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// Clicks before the outage, during it, and after it.
const CLICKS: usize = 20;

async fn opens(visitor: &Visitor, times: usize) -> anyhow::Result<()> {
    for _ in 0..times {
        ensure!(visitor.opens("kept").await? == "https://engines.example/notes");
    }
    Ok(())
}

#[tokio::test]
async fn a_program_that_is_killed_during_an_outage_loses_no_click_and_counts_none_twice()
-> anyhow::Result<()> {
    let data = testing::scratch();
    let mut nats = testing::nats().await;
    let run = Run::up(data.path())?.setting("NATS_URL", nats.url());
    let mut program = run.serve().await?;
    let mut ada = Visitor::at(&program.url(), &program.url())?;
    ada.registers().await?;
    ada.logs_in().await?;
    ada.shortens("kept", &[]).await?;
    opens(&ada, CLICKS).await?;
    // It hangs first: what it took then, and didn't acknowledge, is sent again.
    nats.pause();
    opens(&ada, CLICKS).await?;
    nats.kill().await;
    opens(&ada, CLICKS).await?;
    program.signal(Signal::KILL)?;
    program.ends_within(ENDS_WITHIN).await?;

    nats.start_again().await?;
    let mut program = run.serve().await?;
    opens(&ada, CLICKS).await?;
    ada.counts(4 * CLICKS as u64).await?;
    program.signal(Signal::TERM)?;
    let status = program.ends_within(ENDS_WITHIN).await?;
    ensure!(status.success(), "{status}: {}", program.everything().await);
    Ok(())
}

#[tokio::test]
async fn a_folder_of_clicks_that_another_process_holds_is_refused() -> anyhow::Result<()> {
    let (data, nats) = (testing::scratch(), testing::nats().await);
    let storage = testing::storage().await;
    let command_api = || -> anyhow::Result<Run> {
        let run = Run::of(&["command-api"]).setting("APP_PORT", crate::program::free_port()?);
        let run = run.setting("NATS_URL", nats.url());
        let run = run.setting("MILLRACE_DATA", data.path().display());
        let run = run.setting("PUBLIC_URL", "https://go.example");
        let run = run.setting("JWT_SECRET", "a secret of more than 32 characters");
        let run = run.setting("DATA_KEY", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=");
        let run = run.setting("S3_ENDPOINT", storage.endpoint());
        let run = run.setting("S3_ACCESS_KEY_ID", storage.access_key());
        Ok(run.setting("S3_SECRET_ACCESS_KEY", storage.secret_key()))
    };
    let mut first = command_api()?.start()?;
    first.says("serving").await?;
    let said = command_api()?.refusal().await?;
    ensure!(
        said.contains("is in use by another process: give each a MILLRACE_DATA of its own"),
        "{said}"
    );
    Ok(())
}
