//! Announcing an asset that will be uploaded.

use events::media::AssetEvent;

use super::{Announcement, Asset, AssetRejection};
use crate::decider::Decide;

/// Somebody wants to upload; the values were parsed at the edge.
pub(crate) struct Announce(pub(crate) Announcement);

impl Decide<Asset> for Announce {
    type Rejection = AssetRejection;

    fn decide(&self, state: &Asset) -> Result<Vec<AssetEvent>, AssetRejection> {
        match state {
            Asset::Unknown => {
                let Announcement {
                    filename,
                    content_type,
                    size_bytes,
                    sha256,
                    visibility,
                    object_key,
                } = self.0.clone();
                Ok(vec![AssetEvent::Announced {
                    filename,
                    content_type,
                    size_bytes,
                    sha256,
                    visibility,
                    object_key,
                }])
            }
            Asset::Pending(_) | Asset::Stored(_) => Err(AssetRejection::AlreadyAnnounced),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::announced;
    use super::{Announce, Asset, AssetRejection};
    use crate::decider::Aggregate;
    use crate::spec::given;

    fn announce() -> Announce {
        let asset = Asset::default().evolve(&announced());
        Announce(asset.announcement().unwrap().clone())
    }

    #[test]
    fn an_asset_is_announced_as_wished() {
        given::<Asset>(&[]).when(&announce()).then([announced()]);
    }

    #[test]
    fn an_asset_is_announced_once() {
        given::<Asset>(&[announced()])
            .when(&announce())
            .then_rejected(|it| *it == AssetRejection::AlreadyAnnounced);
    }
}
