//! The `millrace` binary: everything in one process, or one process of it.

use std::process::ExitCode;

use clap::Parser;
use millrace::cli::{Cli, Command};
use millrace::{apart, consumers, probe, rotation, up};
use service::config::Config;

/// A redirect allocates some thirty times; this takes a third of the time that the system's allocator takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One thread for each core; the work never blocks them.
fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command.unwrap_or(Command::Up)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Up => up::run(config).await,
            Command::CommandApi => apart::run(config, apart::COMMAND_API).await,
            Command::Projectors => apart::run(config, apart::PROJECTORS).await,
            Command::QueryApi => apart::run(config, apart::QUERY_API).await,
            Command::RotateDataKey => rotation::run(config).await,
            Command::Consumers(command) => consumers::run(config, command).await,
            Command::Probe { port } => probe::run(port).await,
        }
    });
    // A blocking call that hangs must not keep the process from ending.
    runtime.shutdown_background();
    done
}

#[expect(
    clippy::print_stderr,
    reason = "the last word goes to whoever started the process"
)]
fn complain(error: &anyhow::Error) {
    eprintln!("millrace: {error:#}");
}
