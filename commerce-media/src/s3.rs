//! A bucket of Amazon S3, or of anything that speaks its protocol.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::{MediaSetupError, ObjectMedia};

/// Which bucket, and how it is opened. Nothing of the key appears in its `Debug` form.
#[derive(Clone)]
#[non_exhaustive]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Where browsers read its files: `https://pictures.shop.example`. Absent: through the server, at `/media/`.
    pub public_url: Option<String>,
    /// Where it is reached, when not at Amazon: `https://s3.shop.example`.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The id of the key that opens it; absent, with the key: whatever the machine it runs on is allowed.
    pub key_id: Option<String>,
    /// The key that opens it.
    pub key: Option<String>,
}

impl Bucket {
    /// A bucket of Amazon's, opened by what the machine is allowed.
    #[must_use]
    pub fn new(name: &str, region: &str) -> Self {
        Self {
            name: name.to_owned(),
            public_url: None,
            endpoint: None,
            region: region.to_owned(),
            key_id: None,
            key: None,
        }
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &self.name)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl ObjectMedia {
    /// Files in this bucket. A request that fails is sent again for some seconds. Plain HTTP is spoken only with an endpoint
    /// that says so.
    ///
    /// # Errors
    /// When the description is not one of a bucket.
    pub fn bucket(bucket: &Bucket) -> Result<Self, MediaSetupError> {
        let options = ClientOptions::new()
            .with_timeout(Duration::from_secs(10))
            .with_connect_timeout(Duration::from_secs(3));
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: 3,
            retry_timeout: Duration::from_secs(15),
        };
        let plain = bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_retry(retry)
            .with_client_options(options.with_allow_http(plain));
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let (Some(id), Some(key)) = (&bucket.key_id, &bucket.key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(key);
        }
        let store = builder.build().map_err(|error| MediaSetupError::Bucket(error.to_string()))?;
        Ok(Self::over(Arc::new(store), bucket.public_url.as_deref().unwrap_or(Self::HERE), true))
    }
}
