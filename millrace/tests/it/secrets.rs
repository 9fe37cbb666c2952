//! What must never be seen in anything that the binary prints.

use std::fs;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::process::Signal;
use serde_json::Value;
use servers::testing;

use crate::program::Run;
use crate::visitor::{EMAIL, NAME, PASSWORD, Visitor, text};

const JWT_SECRET: &str = "only-the-tokens-know-this-secret-5f1c";
/// 32 bytes.
const DATA_KEY: &str = "c2VhbGVkLXdpdGgtdGhpcy1hbmQtbm90aGluZy1lbHM=";

#[tokio::test]
async fn no_secret_and_nothing_personal_is_printed_however_much_is_logged() -> anyhow::Result<()> {
    for format in ["json", "text"] {
        let data = testing::scratch();
        let run = Run::up(data.path())?
            .setting("LOG_LEVEL", "debug")
            .setting("LOG_FORMAT", format)
            .setting("JWT_SECRET", JWT_SECRET)
            .setting("DATA_KEY", DATA_KEY);
        let mut program = run.serve().await?;
        let mut ada = Visitor::at(&program.url(), &program.url())?;
        ada.registers().await?;
        ada.logs_in().await?;
        let link = ada.shortens("seen", &[]).await?;
        ada.opens(&link.slug).await?;
        ada.reads("/v1/core/users/me", None).await?;
        program.signal(Signal::INT)?;
        program.ends_within(Duration::from_secs(15)).await?;

        let said = program.everything().await;
        ensure!(said.contains("DEBUG"), "not much was logged:\n{said}");
        let mut secrets = vec![
            JWT_SECRET.to_owned(),
            DATA_KEY.to_owned(),
            PASSWORD.to_owned(),
            EMAIL.to_owned(),
            NAME.to_owned(),
            ada.token,
        ];
        for server in ["nats", "postgres", "storage"] {
            let kept = fs::read(data.path().join(server).join("server.json"))?;
            let kept: Value = serde_json::from_slice(&kept).context(server)?;
            secrets.push(text(&kept, "secret")?);
        }
        for secret in secrets {
            let seen = said.lines().find(|line| line.contains(&secret));
            ensure!(seen.is_none(), "{secret} in {seen:?}");
        }
    }
    Ok(())
}
