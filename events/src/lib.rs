//! What happened: the facts on Millrace's log, and nothing that does anything with them.
//!
//! Pure data: no IO, no clock, no decisions.
//! Every process, and every consumer on the bus, agrees with the others through this crate alone.

pub mod core;
pub mod links;
pub mod media;

pub mod catalog;
mod channel;
mod envelope;
mod event;
mod id;
mod position;
mod sealed;
mod subject;
mod text;
mod timestamp;

pub use channel::{Channel, filters};
pub use envelope::{
    Actor, BATCH_CONTENT_TYPE, CONTENT_TYPE, EVENT_ID_HEADER, EVENT_TYPE_HEADER, Metadata,
    Recorded, SOURCE, TRACEPARENT_HEADER, headers, read_metadata,
};
pub use event::{DecodeError, DomainEvent, Encoded};
pub use id::{
    ApiKeyId, AssetId, ClickId, DomainId, EventId, ExclusionId, LinkId, SessionId, UserId,
    WorkspaceId,
};
pub use position::{ParsePositionError, Position, StreamName};
pub use sealed::Sealed;
pub use subject::{ClaimKind, Context, ParseSubjectError, Subject};
pub use text::borrowed;
pub use timestamp::{ParseTimestampError, Timestamp};
