//! Starts all three servers below a folder, says where they are, and holds them until its input ends.
//!
//! `cargo run -p servers --example hold -- /tmp/millrace-servers`

use std::{env, io, path::PathBuf, time::Instant};

use servers::{Durability, Nats, Postgres, Storage, testing};

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what it is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("which folder?")?);
    let tools = testing::tools().await;
    let began = Instant::now();
    let data = |name| folder.join(name);
    let (nats, postgres, storage) = (data("nats"), data("postgres"), data("storage"));
    let (mut nats, mut postgres, mut storage) = tokio::try_join!(
        timed("nats", Nats::start(tools, &nats)),
        timed(
            "postgres",
            Postgres::start(tools, &postgres, Durability::Full)
        ),
        timed("storage", Storage::start(tools, &storage)),
    )?;
    println!("{} {}", nats.pid(), nats.url());
    println!("{} {}", postgres.pid(), postgres.url("postgres"));
    println!("{} {}", storage.pid(), storage.endpoint());
    println!("ready after {} ms", began.elapsed().as_millis());
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    tokio::join!(nats.stop(), postgres.stop(), storage.stop());
    Ok(())
}

/// Says on the error output how long a start took.
#[expect(clippy::print_stderr, reason = "this is what it is for")]
async fn timed<T>(name: &str, start: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let started = start.await;
    eprintln!("{name} took {} ms", began.elapsed().as_millis());
    started
}
