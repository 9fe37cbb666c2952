//! Letting somebody read.

use anyhow::{Context, ensure};
use events::{StreamName, Subject};
use nats::{Login, READERS_DOMAIN, Reach, ReaderAccount, ReaderConsumer};

use super::broker::Bus;
use super::{Addition, explain, tell};

/// The account that holds everything where the configuration names none; it can't let another account in.
const UNNAMED_ACCOUNT: &str = "$G";

pub(super) async fn run(bus: &Bus, addition: &Addition) -> anyhow::Result<()> {
    let (name, streams) = (&addition.name, addition.streams());
    let owner = bus.broker.account().await?;
    ensure!(
        owner != UNNAMED_ACCOUNT,
        "the broker keeps the streams in no account that it names, so that nobody else can be let in: \
         configure it as nats/nats-server.conf does"
    );
    ensure_known(bus, addition.reading().reach).await?;
    ensure_free(bus, addition, &streams).await?;
    for &stream in &streams {
        let made = bus.broker.make_reader(name, stream, addition.reading());
        made.await?;
    }
    let login = Login::new(name.clone());
    let whom = as_whom(bus, &login, &streams)?;
    let account = ReaderAccount::new(&login, &owner, &streams)?;
    if bus.is_private() {
        bus.open_account(account, &login, &streams).await?;
        tell(&whom);
    } else {
        tell(&format!("\"{}\": {:#}", account.name, account.config));
        explain(&format!("{whom}\n\n{HOW_TO_LET_IN}"));
    }
    Ok(())
}

const HOW_TO_LET_IN: &str = "The account above goes into the consumers.conf that the broker's configuration includes.\n\
     Then let the broker read it, twice, since it hears what a new account asks for from the second time on:\n  \
     nats-server --signal reload";

fn as_whom(bus: &Bus, login: &Login, streams: &[StreamName]) -> anyhow::Result<String> {
    let reader = &login.reader;
    // One below the other, since not every client takes several in one text.
    let urls = bus.urls(login)?.join("\n           ");
    let streams: Vec<_> = streams.iter().map(|it| it.as_str()).collect();
    Ok(format!(
        "URL        {urls}\n\
         domain     {READERS_DOMAIN}\n\
         streams    {}\n\
         consumer   {reader}, on each\n\n\
         The password is not kept; who loses it needs `millrace consumers remove` and `add`.",
        streams.join(", ")
    ))
}

/// A workspace that never was is a slip of the hand.
async fn ensure_known(bus: &Bus, reach: Reach) -> anyhow::Result<()> {
    let Some(workspace) = reach.workspace() else {
        return Ok(());
    };
    let subject = Subject::Workspace(workspace);
    let opened = bus.broker.last_from_leader(&subject);
    let opened = opened
        .await
        .context("the workspace could not be looked up")?;
    ensure!(opened.is_some(), "there is no workspace {workspace}");
    Ok(())
}

/// What an addition left behind that was cut short is taken up; nothing else of that name may be there.
async fn ensure_free(bus: &Bus, addition: &Addition, streams: &[StreamName]) -> anyhow::Result<()> {
    let name = &addition.name;
    let taken = format!("there is a consumer {name} already; `millrace consumers list` tells");
    ensure!(!bus.has_account(name)?, "{taken}");
    let is_other =
        |it: &ReaderConsumer| it.reach != addition.reading().reach || !streams.contains(&it.stream);
    let there = bus.broker.readers().await?;
    let mut of_that_name = there.iter().filter(|it| it.reader == *name);
    ensure!(!of_that_name.any(is_other), "{taken}");
    Ok(())
}
