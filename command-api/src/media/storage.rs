//! The bucket: any storage that speaks S3.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::ChecksumMode;
use service::config::Secret;

use super::asset::{Announcement, Found};
use super::sha256::{base64_of_hex, hex_of_base64};

/// How long an upload may begin after it was announced.
pub(super) const PRESIGNED_FOR: Duration = Duration::from_mins(15);
/// How long one request to the storage may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the bucket is and who may use it.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// The address of the S3 interface.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// The access key.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: Secret,
}

/// A bucket; a clone is a pointer.
#[derive(Clone, Debug)]
pub struct Storage {
    client: Client,
    bucket: String,
}

/// The storage did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("the storage failed: {0}")]
pub struct StorageError(String);

impl StorageError {
    fn new(error: impl std::error::Error) -> Self {
        Self(DisplayErrorContext(error).to_string())
    }
}

impl Storage {
    /// Connects when first used.
    #[must_use]
    pub fn new(settings: StorageSettings) -> Self {
        let StorageSettings {
            endpoint,
            region,
            bucket,
            access_key_id,
            secret_access_key,
        } = settings;
        let secret = secret_access_key.expose();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(region))
            .credentials_provider(Credentials::new(
                access_key_id,
                secret,
                None,
                None,
                "settings",
            ))
            .force_path_style(true)
            // Otherwise a presigned upload would be bound to the checksum of an empty body.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(REQUEST_TIMEOUT)
                    .build(),
            )
            .build();
        Self {
            client: Client::from_conf(config),
            bucket,
        }
    }

    /// Makes the bucket where there is none.
    pub async fn ensure_bucket(&self) -> Result<(), StorageError> {
        match self.client.head_bucket().bucket(&self.bucket).send().await {
            Ok(_) => return Ok(()),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => {}
            Err(error) => return Err(StorageError::new(error)),
        }
        match self
            .client
            .create_bucket()
            .bucket(&self.bucket)
            .send()
            .await
        {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(error))
                if error.err().is_bucket_already_owned_by_you()
                    || error.err().is_bucket_already_exists() =>
            {
                Ok(())
            }
            Err(error) => Err(StorageError::new(error)),
        }
    }

    /// Permits one upload of exactly what was announced: type, size and checksum are part of the signature.
    pub(super) async fn presign_put(
        &self,
        announced: &Announcement,
    ) -> Result<PresignedRequest, StorageError> {
        let length = i64::try_from(announced.size_bytes).map_err(StorageError::new)?;
        let expiring = PresigningConfig::expires_in(PRESIGNED_FOR).map_err(StorageError::new)?;
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&announced.object_key)
            .content_type(&announced.content_type)
            .content_length(length)
            .set_checksum_sha256(announced.sha256.as_deref().and_then(base64_of_hex))
            .presigned(expiring)
            .await
            .map_err(StorageError::new)
    }

    /// What lies under a key; `None` when nothing does.
    pub(super) async fn look(&self, key: &str) -> Result<Option<Found>, StorageError> {
        let request = self.client.head_object().bucket(&self.bucket).key(key);
        match request.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(object) => Ok(Some(Found {
                size_bytes: object
                    .content_length()
                    .and_then(|it| it.try_into().ok())
                    .unwrap_or(0),
                content_type: object.content_type().map(str::to_owned),
                sha256: object.checksum_sha256().and_then(hex_of_base64),
                etag: object.e_tag().map(|etag| etag.trim_matches('"').to_owned()),
            })),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => Ok(None),
            Err(error) => Err(StorageError::new(error)),
        }
    }
}
