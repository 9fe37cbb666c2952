//! Other teams on the bus: who may read, how far they have come, and an end to it.

mod add;
mod broker;
mod list;
mod remove;

use clap::builder::RangedI64ValueParser;
use clap::{Args, Subcommand};
use events::{StreamName, Timestamp, WorkspaceId};
use nats::{READER_IN_FLIGHT_MAX, Reach, ReaderName, ReaderStart, Reading};
use service::config::Config;

use self::broker::Bus;

/// What to do about those who read the bus.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Lets somebody read the events of one workspace, or all.
    ///
    /// Makes a durable consumer on each stream, and a user of the broker that may read from these and nothing else.
    /// The password is shown once.
    Add(Addition),
    /// Says who reads what, and how far they have come.
    List,
    /// Ends somebody's reading, and forgets how far they had come.
    Remove {
        /// The consumer's name.
        name: ReaderName,
    },
}

/// Who may read what.
#[derive(Args, Clone, Debug)]
pub struct Addition {
    /// The consumer's name: up to 32 of a-z, 0-9, _ and -, beginning with a letter.
    pub name: ReaderName,
    #[command(flatten)]
    reach: ReachArguments,
    /// A stream to read, CORE, MEDIA, LINKS or CLICKS; all when left out.
    #[arg(long = "stream", value_name = "STREAM", value_parser = stream)]
    streams: Vec<StreamName>,
    /// Where to begin: `first`, `new` (what happens from now on), or an RFC 3339 time.
    #[arg(long, default_value = "first", value_parser = start)]
    start: ReaderStart,
    /// How many messages it may have on each stream that it hasn't acknowledged, at most 1000.
    ///
    /// With one they always come in their order; with more, one that comes again may come after later ones.
    #[arg(long, default_value_t = 1, value_parser = in_flight())]
    in_flight: u16,
}

#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
struct ReachArguments {
    /// The one workspace whose events may be read.
    #[arg(long, value_name = "ID")]
    workspace: Option<WorkspaceId>,
    /// Events of every workspace may be read, and those of users and sessions.
    #[arg(long)]
    all: bool,
}

impl Addition {
    fn reading(&self) -> Reading {
        let workspace = self.reach.workspace;
        Reading {
            reach: workspace.map_or(Reach::Everything, Reach::Workspace),
            start: self.start,
            in_flight: self.in_flight,
        }
    }

    /// Each stream once, in their order.
    fn streams(&self) -> Vec<StreamName> {
        let is_asked = |it: &StreamName| self.streams.is_empty() || self.streams.contains(it);
        StreamName::ALL.into_iter().filter(is_asked).collect()
    }
}

fn in_flight() -> RangedI64ValueParser<u16> {
    RangedI64ValueParser::new().range(1..=i64::from(READER_IN_FLIGHT_MAX))
}

fn stream(text: &str) -> Result<StreamName, &'static str> {
    let parsed = text.to_ascii_uppercase().parse();
    parsed.map_err(|_| "not one of CORE, MEDIA, LINKS and CLICKS")
}

fn start(text: &str) -> Result<ReaderStart, &'static str> {
    match text {
        "first" => Ok(ReaderStart::First),
        "new" => Ok(ReaderStart::New),
        time => time
            .parse::<Timestamp>()
            .map(ReaderStart::Since)
            .map_err(|_| "not `first`, `new` or a time as in 2026-11-21T10:00:00Z"),
    }
}

/// Does it at the broker of `NATS_URL`, or else at the private one of a `millrace up` that is running.
pub async fn run(config: Config, command: Command) -> anyhow::Result<()> {
    let bus = Bus::reach(config).await?;
    match command {
        Command::Add(addition) => add::run(&bus, &addition).await,
        Command::List => list::run(&bus).await,
        Command::Remove { name } => remove::run(&bus, &name).await,
    }
}

#[expect(clippy::print_stdout, reason = "what the command was started for")]
fn tell(text: &str) {
    println!("{text}");
}

#[expect(
    clippy::print_stderr,
    reason = "speaks to the person who started it, not to a file that takes its output"
)]
fn explain(text: &str) {
    eprintln!("{text}");
}
