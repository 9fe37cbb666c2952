//! Saying that an upload is done; the object is believed, not the caller.

use events::media::AssetEvent;

use super::{Announcement, Asset, AssetRejection};
use crate::decider::Decide;

/// Somebody says that the upload is done.
pub(crate) struct Complete {
    /// What lies in the bucket, if anything does.
    pub(crate) found: Option<Found>,
}

/// What the storage says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) size_bytes: u64,
    pub(crate) content_type: Option<String>,
    /// 64 lower-case hexadecimal digits, where the storage keeps one.
    pub(crate) sha256: Option<String>,
    pub(crate) etag: Option<String>,
}

impl Decide<Asset> for Complete {
    type Rejection = AssetRejection;

    fn decide(&self, state: &Asset) -> Result<Vec<AssetEvent>, AssetRejection> {
        match state {
            Asset::Unknown => Err(AssetRejection::Unknown),
            Asset::Stored(_) => Ok(Vec::new()),
            Asset::Pending(announcement) => {
                let found = self.found.as_ref().ok_or(AssetRejection::NotUploaded)?;
                compare(announcement, found)?;
                Ok(vec![AssetEvent::Stored {
                    object_etag: found.etag.clone(),
                }])
            }
        }
    }
}

fn compare(announced: &Announcement, found: &Found) -> Result<(), AssetRejection> {
    let different = |what, announced: &str, found: &str| {
        let (announced, found) = (announced.to_owned(), found.to_owned());
        Err(AssetRejection::Different {
            what,
            announced,
            found,
        })
    };
    if found.size_bytes != announced.size_bytes {
        return different(
            "size",
            &announced.size_bytes.to_string(),
            &found.size_bytes.to_string(),
        );
    }
    let content_type = found.content_type.as_deref().unwrap_or("missing");
    if content_type != announced.content_type {
        return different("content_type", &announced.content_type, content_type);
    }
    match &announced.sha256 {
        Some(sha256) if found.sha256.as_ref() != Some(sha256) => different(
            "sha256",
            sha256,
            found.sha256.as_deref().unwrap_or("missing"),
        ),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::announced;
    use super::{Asset, AssetRejection, Complete, Found};
    use crate::spec::given;
    use events::media::AssetEvent;

    fn found() -> Found {
        Found {
            size_bytes: 3,
            content_type: Some("image/png".to_owned()),
            sha256: Some("ab".repeat(32)),
            etag: Some("e".to_owned()),
        }
    }

    fn complete(found: Found) -> Complete {
        Complete { found: Some(found) }
    }

    fn stored() -> AssetEvent {
        AssetEvent::Stored {
            object_etag: Some("e".to_owned()),
        }
    }

    #[test]
    fn what_arrived_as_announced_is_stored() {
        given::<Asset>(&[announced()])
            .when(&complete(found()))
            .then([stored()]);
    }

    #[test]
    fn completing_twice_changes_nothing() {
        given::<Asset>(&[announced(), stored()])
            .when(&complete(found()))
            .then([]);
    }

    #[test]
    fn what_is_not_there_is_not_stored() {
        given::<Asset>(&[announced()])
            .when(&Complete { found: None })
            .then_rejected(|it| *it == AssetRejection::NotUploaded);
        given::<Asset>(&[])
            .when(&complete(found()))
            .then_rejected(|it| *it == AssetRejection::Unknown);
    }

    #[test]
    fn what_differs_is_named() {
        let differing = [
            (
                "size",
                Found {
                    size_bytes: 4,
                    ..found()
                },
            ),
            (
                "content_type",
                Found {
                    content_type: None,
                    ..found()
                },
            ),
            (
                "sha256",
                Found {
                    sha256: Some("cd".repeat(32)),
                    ..found()
                },
            ),
            (
                "sha256",
                Found {
                    sha256: None,
                    ..found()
                },
            ),
        ];
        for (name, found) in differing {
            given::<Asset>(&[announced()])
                .when(&complete(found))
                .then_rejected(
                    |it| matches!(it, AssetRejection::Different { what, .. } if *what == name),
                );
        }
    }
}
