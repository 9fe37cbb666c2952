//! Reading what the messages of a batch say, on as many cores as are worth it.

use std::num::NonZero;
use std::thread::{self, Builder};

use events::DecodeError;
use nats::StoredMessage;

use crate::projection::Projection;

/// What one thread decodes at least: some milliseconds of work, so that starting it costs next to nothing.
const THREAD_BYTES_MIN: usize = 1024 * 1024;
/// More threads have nothing to do: what Postgres does meanwhile is waited for.
const THREADS_MAX: usize = 4;

/// What is read of a message.
type Read<'m, P> = Result<Option<<P as Projection>::Event<'m>>, DecodeError>;

/// What each of the messages says, in their order.
pub(super) fn decode<'m, P: Projection>(messages: &[&'m StoredMessage]) -> Vec<Read<'m, P>> {
    let bytes: usize = messages.iter().map(|it| it.body.len()).sum();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (bytes / THREAD_BYTES_MIN).clamp(1, cores.min(THREADS_MAX));
    map_in_parts(messages, threads, |it| P::read(it))
}

/// Maps each in its place, on so many threads, this one among them; on fewer, if the system has no more.
fn map_in_parts<T: Sync, R: Send>(
    all: &[T],
    threads: usize,
    map: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let map_part = |part: &[T]| part.iter().map(&map).collect::<Vec<_>>();
    let length = all.len().div_ceil(threads).max(1);
    let mut parts = all.chunks(length);
    let own = parts.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = parts
            .map(|part| {
                let thread = Builder::new().spawn_scoped(scope, || map_part(part));
                (part, thread)
            })
            .collect();
        let mut mapped = map_part(own);
        for (part, thread) in others {
            mapped.extend(match thread.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(mapped)) => mapped,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                Err(_) => map_part(part),
            });
        }
        mapped
    })
}

#[cfg(test)]
mod tests {
    use super::map_in_parts;

    #[test]
    fn each_is_mapped_in_its_place_on_however_many_threads() {
        for count in 0..20 {
            let all: Vec<_> = (0..count).collect();
            let wanted: Vec<_> = (0..count).map(|it| it * 2).collect();
            for threads in 1..6 {
                assert_eq!(map_in_parts(&all, threads, |it| it * 2), wanted);
            }
        }
    }
}
