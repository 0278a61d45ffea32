//! The port `MediaStore` on the crate `object_store`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use commerce_core::MediaStore;
use commerce_core::media::{MediaError, MediaKey, MediaTrouble};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt, PutOptions, PutPayload};
use tokio::time::timeout;

/// Files in a folder, in memory, or in a bucket.
///
/// In a folder, a file is written under a temporary name (`<key>#1`), synced to the disk and renamed, and the folder is
/// synced before the answer. A crash in between leaves the temporary file, which nobody reads. A folder below the given one
/// takes the first two digits of a key, so that no folder gets large.
#[derive(Debug, Clone)]
pub struct ObjectMedia {
    store: Arc<dyn ObjectStore>,
    /// What addresses begin with; it ends in a slash.
    base: String,
    /// Whether the store keeps what the file is beside it, for those who read it there.
    attributes: bool,
}

/// Why files cannot be kept there, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaSetupError {
    /// The folder cannot be made or read.
    #[error("pictures cannot be kept in {}: {source}", folder.display())]
    Folder {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bucket cannot be used as it was described.
    #[error("pictures cannot be kept in the bucket: {0}")]
    Bucket(String),
}

impl ObjectMedia {
    /// Where the reference server serves files itself.
    pub const HERE: &str = "/media/";
    /// How long anything may take.
    const DEADLINE: Duration = Duration::from_secs(30);

    /// Files in this folder, which is made when it is not there. What it is in has to be there: a mistyped path makes nothing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn folder(folder: &Path) -> Result<Self, MediaSetupError> {
        let failed = |source| MediaSetupError::Folder { folder: folder.to_owned(), source };
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(failed("the folder that it is to be in does not exist".into()));
            }
            Err(error) if !folder.is_dir() => return Err(failed(error.into())),
            Ok(()) | Err(_) => {}
        }
        let files = LocalFileSystem::new_with_prefix(folder).map_err(|error| failed(error.into()))?;
        Ok(Self::over(Arc::new(files.with_fsync(true)), Self::HERE, false))
    }

    /// Files in memory, which are gone with the process: for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self::over(Arc::new(InMemory::new()), Self::HERE, true)
    }

    pub(crate) fn over(store: Arc<dyn ObjectStore>, base: &str, attributes: bool) -> Self {
        Self { store, base: format!("{}/", base.trim_end_matches('/')), attributes }
    }
}

#[async_trait]
impl MediaStore for ObjectMedia {
    async fn put(&self, key: &MediaKey, content: Bytes) -> Result<(), MediaError> {
        let mut options = PutOptions::default();
        if self.attributes {
            options.attributes = Attributes::from_iter([
                (Attribute::ContentType, key.format().media_type()),
                (Attribute::CacheControl, "public, max-age=31536000, immutable"),
            ]);
        }
        let place = place(key);
        let put = self.store.put_opts(&place, PutPayload::from_bytes(content), options);
        in_time(put).await?.map(drop).map_err(trouble)
    }

    async fn get(&self, key: &MediaKey) -> Result<Option<Bytes>, MediaError> {
        let place = place(key);
        let got = in_time(async { self.store.get(&place).await?.bytes().await }).await?;
        match got {
            Ok(content) => Ok(Some(content)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(trouble(error)),
        }
    }

    async fn delete(&self, key: &MediaKey) -> Result<(), MediaError> {
        let place = place(key);
        match in_time(self.store.delete(&place)).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(trouble(error)),
        }
    }

    fn address(&self, key: &MediaKey) -> String {
        format!("{}{key}", self.base)
    }
}

/// Where a file lies. A key has nothing in it that could lead elsewhere.
fn place(key: &MediaKey) -> object_store::path::Path {
    let name = key.to_string();
    [name[..2].to_owned(), name].into_iter().collect()
}

async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, MediaError> {
    timeout(ObjectMedia::DEADLINE, work)
        .await
        .map_err(|late| MediaError::new(MediaTrouble::Unavailable, late))
}

/// What trouble of the store means: by what the operating system says where it says something.
fn trouble(error: object_store::Error) -> MediaError {
    use object_store::Error;

    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    let mut kind = match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } | Error::InvalidPath { .. } => {
            MediaTrouble::Broken
        }
        _ => MediaTrouble::Unavailable,
    };
    while let Some(error) = cause {
        match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => kind = MediaTrouble::Full,
            Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::NotFound) => {
                kind = MediaTrouble::Broken;
            }
            _ => {}
        }
        cause = error.source();
    }
    MediaError::new(kind, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_counts() {
        let io = |kind: ErrorKind| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: Box::new(std::io::Error::from(kind)),
        };
        assert_eq!(trouble(io(ErrorKind::StorageFull)).kind, MediaTrouble::Full);
        assert_eq!(trouble(io(ErrorKind::PermissionDenied)).kind, MediaTrouble::Broken);
        assert_eq!(trouble(io(ErrorKind::TimedOut)).kind, MediaTrouble::Unavailable);
    }
}
