//! The room for large bodies: each is held in memory while it is read and answered.

use http::header::{CONTENT_LENGTH, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::json::BODY_BYTES_MAX;
use crate::problem::Problem;

const KIB: usize = 1024;
/// What the large bodies of a process may take together: 128 of the largest.
const ROOM_KIB: usize = 256 * KIB;
/// The largest body of any route, for which a body is taken that doesn't say how long it is.
const LARGEST_KIB: usize = 2 * KIB;
/// What a client that finds no room is told to wait.
const RETRY_AFTER_S: u32 = 1;

/// The room of this process.
pub(super) static ROOM: Room = Room(Semaphore::const_new(ROOM_KIB));

pub(super) struct Room(Semaphore);

/// A large body's place in the room, until it is dropped; a small one needs none.
pub(super) type Place = Option<SemaphorePermit<'static>>;

impl Room {
    /// A place for the body of a request with these headers, or why there is none.
    pub(super) fn place(&'static self, headers: &HeaderMap) -> Result<Place, Problem> {
        match kib(headers) {
            0 => Ok(None),
            kib => self.0.try_acquire_many(kib).map(Some).map_err(|_| full()),
        }
    }
}

/// How much of the room the body takes.
fn kib(headers: &HeaderMap) -> u32 {
    let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    let length = length.and_then(|it| it.parse().ok()).unwrap_or(usize::MAX);
    if length <= BODY_BYTES_MAX {
        return 0;
    }
    u32::try_from(length.div_ceil(KIB).min(LARGEST_KIB)).unwrap_or(u32::MAX)
}

fn full() -> Problem {
    let title = "Too many large bodies are read";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title)
        .detail("come again, or send less at once")
        .header(RETRY_AFTER, RETRY_AFTER_S.into())
}

#[cfg(test)]
mod tests {
    use http::header::CONTENT_LENGTH;
    use http::{HeaderMap, HeaderValue};
    use tokio::sync::Semaphore;

    use super::{BODY_BYTES_MAX, KIB, LARGEST_KIB, Room, kib};

    fn headers(length: usize) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(length))])
    }

    #[test]
    fn a_small_body_needs_no_room_and_one_of_unknown_length_that_of_the_largest() {
        assert_eq!(kib(&headers(BODY_BYTES_MAX)), 0);
        assert_eq!(kib(&headers(BODY_BYTES_MAX + 1)), 65);
        assert_eq!(kib(&headers(LARGEST_KIB * KIB)), 2_048);
        assert_eq!(kib(&headers(usize::MAX)), 2_048);
        assert_eq!(kib(&HeaderMap::new()), 2_048);
    }

    #[test]
    fn who_finds_no_room_is_told_to_come_again_and_finds_it_when_another_leaves() {
        static SMALL: Room = Room(Semaphore::const_new(4 * KIB));
        let large = headers(2_048 * KIB);
        let first = SMALL.place(&large).unwrap();
        let second = SMALL.place(&large).unwrap();
        assert_eq!(SMALL.place(&large).unwrap_err().error(), "busy");
        assert!(SMALL.place(&headers(10)).unwrap().is_none());
        drop(first);
        assert!(SMALL.place(&large).unwrap().is_some());
        drop(second);
    }
}
