//! Messages to be kept, for the tests of this room.

use bytes::Bytes;
use events::{ClickId, WorkspaceId};
use uuid::Uuid;

use super::record::Entry;

/// A message that is told from others by its number.
pub(super) fn entry(number: u64) -> Entry {
    let size = usize::try_from(number % 7).unwrap() * 3;
    Entry {
        producer: Uuid::from_u128(1),
        workspace: WorkspaceId::new(Uuid::from_u128(2)),
        id: ClickId::new(Uuid::from_u128(u128::from(number))),
        number,
        clicks: u32::try_from(number % 3).unwrap() + 1,
        body: Bytes::from(vec![b'x'; size]),
    }
}
