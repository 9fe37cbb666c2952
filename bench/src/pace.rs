//! How often something can be done in a second.

use std::time::{Duration, Instant};

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};

/// Does it again and again for some seconds, so many at once; each is told its number. How often in a second.
pub(crate) async fn rate<F>(
    seconds: u64,
    at_once: usize,
    act: impl Fn(u64) -> F,
) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let (started, length) = (Instant::now(), Duration::from_secs(seconds));
    let goes_on = |_: &u64| started.elapsed() < length;
    let acts = stream::iter((0_u64..).take_while(goes_on)).map(act);
    let done = acts.buffer_unordered(at_once);
    let done = done.try_fold(0_u32, async |done, ()| Ok(done + 1)).await?;
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}

/// Does it so often in a second, whether or not what went before is done; but no more than so many at once.
pub(crate) async fn steadily<F>(
    per_s: u32,
    count: u32,
    at_once: usize,
    act: impl Fn(u32) -> F,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let started = tokio::time::Instant::now();
    let turns = stream::iter(0..count).then(|number| async move {
        let turn = Duration::from_secs(u64::from(number)) / per_s;
        tokio::time::sleep_until(started + turn).await;
        number
    });
    let done = turns.map(act).buffer_unordered(at_once);
    done.try_collect().await
}

/// The niceness of the threads that hash passwords: what is compared with them must give way as they do.
const NICENESS: i32 = 10;

/// As [`rate`], with something that takes a core, on every core.
pub(crate) fn rate_on_all_cores(
    seconds: u64,
    act: impl Fn() -> anyhow::Result<()> + Sync,
) -> anyhow::Result<f64> {
    let (started, length) = (Instant::now(), Duration::from_secs(seconds));
    let work = || -> anyhow::Result<u32> {
        rustix::process::setpriority_process(None, NICENESS)?;
        let mut done = 0;
        while started.elapsed() < length {
            act()?;
            done += 1;
        }
        Ok(done)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let done = std::thread::scope(|threads| {
        let working: Vec<_> = (0..cores).map(|_| threads.spawn(work)).collect();
        let ended = working.into_iter().map(|it| it.join().ok());
        ended
            .map(|done| done.context("a thread fell over")?)
            .sum::<anyhow::Result<u32>>()
    })?;
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}

/// The one in the middle.
pub(crate) fn median(mut all: Vec<f64>) -> anyhow::Result<f64> {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2)
        .copied()
        .context("no round was measured")
}
