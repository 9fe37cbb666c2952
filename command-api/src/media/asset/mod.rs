//! A media asset: announced, then stored.

mod announce;
mod complete;

use events::media::{AssetEvent, Visibility};

use crate::decider::Aggregate;

pub(crate) use announce::Announce;
pub(crate) use complete::{Complete, Found};

/// An asset's stages of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Asset {
    /// Never heard of.
    #[default]
    Unknown,
    /// Somebody may upload it.
    Pending(Announcement),
    /// Its content lies in the bucket, as announced.
    Stored(Announcement),
}

/// What was said of an asset before it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Announcement {
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Option<String>,
    pub(crate) visibility: Visibility,
    pub(crate) object_key: String,
}

/// Why nothing came of a wish about an asset.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AssetRejection {
    #[error("there is no such asset")]
    Unknown,
    #[error("the asset is there already")]
    AlreadyAnnounced,
    #[error("the bucket has no such object yet")]
    NotUploaded,
    #[error("the {what} is {found}, but {announced} was announced")]
    Different {
        what: &'static str,
        announced: String,
        found: String,
    },
}

impl Asset {
    /// What was said of it; `None` when it was never announced.
    pub(crate) const fn announcement(&self) -> Option<&Announcement> {
        match self {
            Self::Unknown => None,
            Self::Pending(announcement) | Self::Stored(announcement) => Some(announcement),
        }
    }
}

impl Aggregate for Asset {
    type Event = AssetEvent;

    fn evolve(self, event: &AssetEvent) -> Self {
        match event {
            AssetEvent::Announced {
                filename,
                content_type,
                size_bytes,
                sha256,
                visibility,
                object_key,
            } => Self::Pending(Announcement {
                filename: filename.clone(),
                content_type: content_type.clone(),
                size_bytes: *size_bytes,
                sha256: sha256.clone(),
                visibility: *visibility,
                object_key: object_key.clone(),
            }),
            AssetEvent::Stored { .. } => match self {
                Self::Unknown => Self::Unknown,
                Self::Pending(announcement) | Self::Stored(announcement) => {
                    Self::Stored(announcement)
                }
            },
        }
    }
}

#[cfg(test)]
pub(crate) fn announced() -> AssetEvent {
    AssetEvent::Announced {
        filename: "cat.png".to_owned(),
        content_type: "image/png".to_owned(),
        size_bytes: 3,
        sha256: Some("ab".repeat(32)),
        visibility: Visibility::Private,
        object_key: "w/a".to_owned(),
    }
}
