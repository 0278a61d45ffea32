//! Where pictures are kept: a folder, or a bucket.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use commerce_core::MediaStore;
use secrecy::SecretString;

use crate::config::ConfigError;

/// Where pictures are kept.
#[derive(Debug, Clone)]
pub enum MediaPlace {
    /// Files in a folder, which is made when it is not there.
    Folder(PathBuf),
    /// Files in a bucket.
    Bucket(BucketSettings),
}

/// A bucket of Amazon S3, or of anything that speaks its protocol.
#[derive(Debug, Clone)]
pub struct BucketSettings {
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Where it is reached, when not at Amazon.
    pub endpoint: Option<String>,
    /// Where browsers read its files; absent: through this server.
    pub public_url: Option<String>,
    /// The id of the key that opens it.
    pub key_id: Option<String>,
    /// The key that opens it.
    pub key: Option<SecretString>,
}

impl MediaPlace {
    /// The folder beside a file of SQLite, by its name.
    pub(crate) fn beside(file: &Path) -> Self {
        let mut folder = file.as_os_str().to_owned();
        folder.push(".media");
        Self::Folder(folder.into())
    }

    /// Opens it.
    ///
    /// # Errors
    /// When the folder cannot be made, the bucket is described wrongly, or this build knows no such place.
    pub fn open(&self) -> Result<Arc<dyn MediaStore>, ConfigError> {
        match self {
            Self::Folder(folder) => open_folder(folder),
            Self::Bucket(bucket) => open_bucket(bucket),
        }
    }
}

#[cfg(feature = "images")]
fn open_folder(folder: &Path) -> Result<Arc<dyn MediaStore>, ConfigError> {
    let media = commerce_media::ObjectMedia::folder(folder);
    Ok(Arc::new(media.map_err(|error| ConfigError::Media(error.to_string()))?))
}

#[cfg(not(feature = "images"))]
fn open_folder(_: &Path) -> Result<Arc<dyn MediaStore>, ConfigError> {
    Err(ConfigError::Media("this build of the server takes no pictures (feature `images`)".to_owned()))
}

#[cfg(feature = "s3")]
fn open_bucket(settings: &BucketSettings) -> Result<Arc<dyn MediaStore>, ConfigError> {
    use secrecy::ExposeSecret;

    let BucketSettings { name, region, endpoint, public_url, key_id, key } = settings;
    let mut bucket = commerce_media::Bucket::new(name, region);
    bucket.endpoint.clone_from(endpoint);
    bucket.public_url.clone_from(public_url);
    bucket.key_id.clone_from(key_id);
    bucket.key = key.as_ref().map(|key| key.expose_secret().to_owned());
    let media = commerce_media::ObjectMedia::bucket(&bucket);
    Ok(Arc::new(media.map_err(|error| ConfigError::Media(error.to_string()))?))
}

#[cfg(not(feature = "s3"))]
fn open_bucket(_: &BucketSettings) -> Result<Arc<dyn MediaStore>, ConfigError> {
    Err(ConfigError::Media("this build of the server knows no buckets (feature `s3`)".to_owned()))
}
