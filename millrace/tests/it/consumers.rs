//! `millrace consumers`, at the private broker of somebody's machine and at a broker of the operator's own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use events::core::WorkspaceEvent;
use events::{Actor, EventId, Metadata, StreamName, Subject, UserId, WorkspaceId};
use nats::{Broker, Expected, Login, NewMessage, Reach, ReaderStart, Reading, can_read};
use servers::{Nats, NeighbourNats, Scratch, testing};
use service::world;

use crate::program::{Output, Run};

/// The private broker as `millrace up` starts it, with one workspace on its log.
struct Private {
    nats: Nats,
    data: Scratch,
    workspace: WorkspaceId,
}

impl Private {
    async fn start() -> anyhow::Result<Self> {
        let data = testing::scratch();
        let nats = Nats::start(testing::tools().await, &data.path().join("nats")).await?;
        let workspace = found_a_workspace(&nats.url()).await?;
        Ok(Self {
            nats,
            data,
            workspace,
        })
    }

    async fn consumers(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let run = consumers(arguments).setting("MILLRACE_DATA", self.data.path().display());
        run.output().await
    }

    async fn adds(&self, name: &str, more: &[&str]) -> anyhow::Result<Output> {
        let workspace = self.workspace.to_string();
        let arguments = ["add", name, "--workspace", &workspace];
        self.consumers(&[&arguments, more].concat()).await
    }
}

fn consumers(arguments: &[&str]) -> Run {
    Run::of(&[&["consumers"], arguments].concat())
}

async fn found_a_workspace(url: &str) -> anyhow::Result<WorkspaceId> {
    let broker = Broker::connect(url, "test").await?;
    broker.apply_streams().await?;
    let workspace = WorkspaceId::new(world::new_id());
    let metadata = Metadata {
        id: EventId::new(world::new_id()),
        time: "2026-11-21T10:00:00Z".parse()?,
        actor: Actor::System,
        correlation: None,
        causation: None,
        traceparent: None,
    };
    let opened = WorkspaceEvent::Opened {
        owner: UserId::new(world::new_id()),
    };
    let subject = Subject::Workspace(workspace);
    let message = NewMessage::event(subject, &metadata, &opened, Expected::Any)?;
    broker.append(&[message]).await?;
    Ok(workspace)
}

/// What stands behind a word at the beginning of a line.
fn told<'t>(text: &'t str, word: &str) -> anyhow::Result<&'t str> {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    line.map(str::trim)
        .with_context(|| format!("no {word} in:\n{text}"))
}

/// The login of a URL that was told.
fn login(url: &str) -> anyhow::Result<Login> {
    let rest = url.strip_prefix("nats://").context("no URL")?;
    let (login, _) = rest.split_once('@').context("no login")?;
    let (name, password) = login.split_once(':').context("no password")?;
    Ok(Login {
        reader: name.parse()?,
        password: password.to_owned(),
    })
}

fn files_with(folder: &Path, text: &str) -> anyhow::Result<usize> {
    let mut count = 0;
    for entry in folder.read_dir()? {
        let path = entry?.path();
        count += match std::fs::read(&path) {
            Ok(bytes) => usize::from(bytes.windows(text.len()).any(|it| it == text.as_bytes())),
            Err(_) if path.is_dir() => files_with(&path, text)?,
            Err(_) => 0,
        };
    }
    Ok(count)
}

#[tokio::test]
async fn whoever_is_added_is_let_in_at_once_listed_and_cut_off_when_removed() -> anyhow::Result<()>
{
    let private = Private::start().await?;
    let added = private
        .adds("billing", &["--stream", "core", "--stream", "CLICKS"])
        .await?;
    ensure!(added.is_success, "{added:?}");
    let url = told(&added.stdout, "URL")?;
    let streams = [StreamName::Core, StreamName::Clicks];
    can_read(&private.nats.url(), &login(url)?, &streams).await?;
    ensure!(url.ends_with(private.nats.url().split_once('@').context("@")?.1));
    ensure!(told(&added.stdout, "streams")? == "CORE, CLICKS");
    ensure!(
        files_with(private.data.path(), &login(url)?.password)? == 0,
        "it is kept"
    );

    let listed = private.consumers(&["list"]).await?.stdout;
    let lines: Vec<Vec<_>> = listed
        .lines()
        .map(|it| it.split_whitespace().collect())
        .collect();
    let workspace = private.workspace.to_string();
    ensure!(lines.len() == 3, "{listed}");
    ensure!(
        lines[1] == ["billing", "CORE", &workspace, "1", "0", "0"],
        "{listed}"
    );
    ensure!(
        lines[2] == ["billing", "CLICKS", &workspace, "0", "0", "0"],
        "{listed}"
    );

    let removed = private.consumers(&["remove", "billing"]).await?;
    ensure!(removed.is_success, "{removed:?}");
    is_cut_off(&private.nats.url(), &login(url)?).await?;
    let listed = private.consumers(&["list"]).await?.stdout;
    ensure!(listed.trim() == "nobody else reads the bus", "{listed}");
    let again = private.consumers(&["remove", "billing"]).await?;
    ensure!(
        !again.is_success && again.stderr.contains("no consumer billing"),
        "{again:?}"
    );
    ensure!(private.adds("billing", &[]).await?.is_success);
    Ok(())
}

#[tokio::test]
async fn who_is_added_while_others_are_is_let_in_as_they_are() -> anyhow::Result<()> {
    let private = Private::start().await?;
    let names = ["a", "b", "c", "d"];
    let adding = names.map(|name| private.adds(name, &["--stream", "LINKS"]));
    for added in futures::future::try_join_all(adding).await? {
        ensure!(added.is_success, "{added:?}");
        let reader = login(told(&added.stdout, "URL")?)?;
        can_read(&private.nats.url(), &reader, &[StreamName::Links]).await?;
    }
    Ok(())
}

async fn is_cut_off(url: &str, login: &Login) -> anyhow::Result<()> {
    let cut_off = async {
        while can_read(url, login, &[]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let patience = Duration::from_secs(5);
    let is_cut_off = tokio::time::timeout(patience, cut_off).await;
    is_cut_off.context("the user still gets in")
}

#[tokio::test]
async fn readers_outlive_a_restart_of_the_broker() -> anyhow::Result<()> {
    let mut private = Private::start().await?;
    let added = private.adds("billing", &["--stream", "LINKS"]).await?;
    let login = login(told(&added.stdout, "URL")?)?;
    private.nats.kill().await;
    private.nats.start_again().await?;
    can_read(&private.nats.url(), &login, &[StreamName::Links]).await?;
    Ok(())
}

#[tokio::test]
async fn what_was_meant_otherwise_is_refused_and_changes_nothing() -> anyhow::Result<()> {
    let private = Private::start().await?;
    ensure!(private.adds("billing", &[]).await?.is_success);
    let unknown = WorkspaceId::new(world::new_id()).to_string();
    let before = private.consumers(&["list"]).await?.stdout;
    for (arguments, complaint) in [
        (
            &["add", "billing", "--all"][..],
            "a consumer billing already",
        ),
        (&["add", "other"], "--workspace"),
        (
            &["add", "other", "--all", "--workspace", &unknown],
            "cannot be used with",
        ),
        (
            &["add", "other", "--workspace", &unknown],
            "there is no workspace",
        ),
        (
            &["add", "other", "--workspace", "acme"],
            "invalid value 'acme'",
        ),
        (&["add", "a.b", "--all"], "a consumer's name has"),
        (&["add", "millrace", "--all"], "isn't millrace"),
        (
            &["add", "other", "--all", "--stream", "SALTS"],
            "CORE, MEDIA, LINKS and CLICKS",
        ),
        (
            &["add", "other", "--all", "--start", "soon"],
            "as in 2026-11-21T10:00:00Z",
        ),
        (&["remove", "other"], "there is no consumer other"),
    ] {
        let refused = private.consumers(arguments).await?;
        ensure!(!refused.is_success, "{arguments:?}: {refused:?}");
        ensure!(
            refused.stderr.contains(complaint),
            "{arguments:?}: {refused:?}"
        );
    }
    ensure!(private.consumers(&["list"]).await?.stdout == before);
    let nowhere = testing::scratch();
    let run = consumers(&["list"]).setting("MILLRACE_DATA", nowhere.path().display());
    let said = run.output().await?.stderr;
    ensure!(
        said.contains("NATS_URL is not set") && said.contains("no private broker"),
        "{said}"
    );
    Ok(())
}

#[tokio::test]
async fn an_addition_that_was_cut_short_is_taken_up() -> anyhow::Result<()> {
    let private = Private::start().await?;
    let broker = Broker::connect(&private.nats.url(), "test").await?;
    let reading = Reading {
        reach: Reach::Workspace(private.workspace),
        start: ReaderStart::First,
        in_flight: 1,
    };
    let name = "billing".parse()?;
    let made = broker.make_reader(&name, StreamName::Links, reading);
    made.await?;
    let added = private.adds("billing", &[]).await?;
    ensure!(
        added.is_success && broker.readers().await?.len() == 4,
        "{added:?}"
    );
    Ok(())
}

#[tokio::test]
async fn each_server_of_a_broker_is_told_with_the_login_of_the_reader_alone() -> anyhow::Result<()>
{
    let nats = testing::nats().await;
    found_a_workspace(&nats.url()).await?;
    let url = nats.url();
    let (_, address) = url.split_once('@').context("@")?;
    // One login for all of them, as clients take it.
    let run = consumers(&["add", "billing", "--all"])
        .setting("NATS_URL", format!("{url}, nats://{address}"));
    let added = run.output().await?;
    ensure!(added.is_success, "{added:?}");
    let Login { password, .. } = login(told(&added.stderr, "URL")?)?;
    let of_reader = format!("nats://billing:{password}@{address}");
    let lines = added.stderr.lines();
    let urls: Vec<_> = lines.filter(|it| it.contains(&password)).collect();
    let wanted = [
        format!("URL        {of_reader}"),
        format!("           {of_reader}"),
    ];
    ensure!(urls == wanted, "{added:?}");
    Ok(())
}

#[tokio::test]
async fn at_a_broker_of_ones_own_the_account_is_printed_for_its_configuration() -> anyhow::Result<()>
{
    let nats = testing::nats().await;
    let workspace = found_a_workspace(&nats.url()).await?.to_string();
    let own = |arguments: &[&str]| consumers(arguments).setting("NATS_URL", nats.url());
    let added = own(&["add", "billing", "--workspace", &workspace])
        .output()
        .await?;
    ensure!(added.is_success, "{added:?}");
    let login = login(told(&added.stderr, "URL")?)?;
    ensure!(!added.stdout.contains(&login.password) && added.stdout.contains("$2a$"));
    ensure!(added.stderr.contains("nats-server --signal reload"));

    let neighbour = NeighbourNats::find(nats.data()).context("nobody")?;
    // Two of them, one behind the other, as `>>` leaves them.
    let second = own(&["add", "audit", "--all"]).output().await?.stdout;
    neighbour.set_consumers(&format!("{}{second}", added.stdout))?;
    let let_in = async {
        while can_read(&nats.url(), &login, &StreamName::ALL)
            .await
            .is_err()
        {
            neighbour.reload()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(10), let_in).await??;

    let removed = own(&["remove", "billing"]).output().await?;
    ensure!(
        removed.is_success && removed.stderr.contains("\"consumer_billing\""),
        "{removed:?}"
    );
    ensure!(
        can_read(&nats.url(), &login, &[StreamName::Links])
            .await
            .is_err()
    );
    Ok(())
}
