//! What every place for files must do, as tests that any adapter runs.
//!
//! An adapter says how a fresh one is opened, and gets one `#[test]` for each case:
//!
//! ```ignore
//! struct Folder;
//!
//! #[async_trait::async_trait]
//! impl MediaFixture for Folder {
//!     async fn open(&self) -> Arc<dyn MediaStore> {
//!         Arc::new(ObjectMedia::folder(&fresh_folder()).unwrap())
//!     }
//! }
//!
//! commerce_core::media_conformance!(Folder);
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::MediaStore;
use crate::media::{MediaFormat, MediaKey};

/// How the adapter under test opens a place for files.
#[async_trait]
pub trait MediaFixture: Send + Sync + 'static {
    /// Opens one that is empty, and that nobody else uses.
    async fn open(&self) -> Arc<dyn MediaStore>;
}

/// Makes a `#[test]` of every case of the suite, over the place that this [`MediaFixture`] opens. Once in a module.
#[macro_export]
macro_rules! media_conformance {
    ($fixture:expr) => {
        $crate::media_conformance! { $fixture =>
            what_was_never_put_is_not_found
            what_was_put_is_found_byte_by_byte
            what_is_put_again_stays_as_it_is
            what_was_deleted_is_gone_and_can_be_put_again
            keys_are_told_apart
            of_many_writers_nobody_sees_a_part
            addresses_name_the_key
        }
    };
    ($fixture:expr => $($case:ident)+) => {$(
        #[test]
        fn $case() {
            $crate::testkit::conformance::block_on(async {
                let media = $crate::testkit::media::MediaFixture::open(&$fixture).await;
                $crate::testkit::media::$case(media).await;
            });
        }
    )+};
}

fn file(content: impl Into<Bytes>) -> (MediaKey, Bytes) {
    let content = content.into();
    (MediaKey::of(&content, 480, MediaFormat::Jpeg), content)
}

/// Also beside something else.
pub async fn what_was_never_put_is_not_found(media: Arc<dyn MediaStore>) {
    let (key, _) = file("one");
    assert_eq!(media.get(&key).await.unwrap(), None);
    let (other, content) = file("another");
    media.put(&other, content).await.unwrap();
    assert_eq!(media.get(&key).await.unwrap(), None);
}

/// Nothing at all, every byte there is, and some megabytes.
pub async fn what_was_put_is_found_byte_by_byte(media: Arc<dyn MediaStore>) {
    let every: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = every.iter().copied().cycle().take(3 << 20).collect();
    for content in [Vec::new(), vec![0], every, large] {
        let (key, content) = file(content);
        media.put(&key, content.clone()).await.unwrap();
        assert!(media.get(&key).await.unwrap() == Some(content.clone()), "{} bytes", content.len());
        assert!(media.get(&key).await.unwrap() == Some(content), "it is there for more than one");
    }
}

/// As often as anybody likes.
pub async fn what_is_put_again_stays_as_it_is(media: Arc<dyn MediaStore>) {
    let (key, content) = file("the same");
    for _ in 0..3 {
        media.put(&key, content.clone()).await.unwrap();
        assert_eq!(media.get(&key).await.unwrap(), Some(content.clone()));
    }
}

/// What is not there can be deleted too.
pub async fn what_was_deleted_is_gone_and_can_be_put_again(media: Arc<dyn MediaStore>) {
    let ((key, content), (other, another)) = (file("one"), file("another"));
    media.delete(&key).await.unwrap();
    for _ in 0..2 {
        media.put(&key, content.clone()).await.unwrap();
        media.put(&other, another.clone()).await.unwrap();
        media.delete(&key).await.unwrap();
        media.delete(&key).await.unwrap();
        assert_eq!(media.get(&key).await.unwrap(), None);
        assert_eq!(media.get(&other).await.unwrap(), Some(another.clone()), "it alone is gone");
    }
}

/// By hash, width and ending.
pub async fn keys_are_told_apart(media: Arc<dyn MediaStore>) {
    let content = Bytes::from_static(b"content");
    let keys = [
        MediaKey::of(b"a", 160, MediaFormat::Jpeg),
        MediaKey::of(b"b", 160, MediaFormat::Jpeg),
        MediaKey::of(b"a", 161, MediaFormat::Jpeg),
        MediaKey::of(b"a", 160, MediaFormat::Png),
    ];
    for key in keys {
        assert_eq!(media.get(&key).await.unwrap(), None, "{key} is another key");
        media.put(&key, content.clone()).await.unwrap();
    }
    media.delete(&keys[0]).await.unwrap();
    for (key, there) in keys.into_iter().zip([false, true, true, true]) {
        assert_eq!(media.get(&key).await.unwrap().is_some(), there, "{key}");
    }
}

/// Whoever reads while many put the same finds all of it, or nothing yet.
pub async fn of_many_writers_nobody_sees_a_part(media: Arc<dyn MediaStore>) {
    let (key, content) = file(vec![7; 200_000]);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (media, content) = (Arc::clone(&media), content.clone());
            tokio::spawn(async move {
                for _ in 0..5 {
                    if let Some(found) = media.get(&key).await.unwrap() {
                        assert!(found == content, "{} bytes", found.len());
                    }
                    media.put(&key, content.clone()).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(media.get(&key).await.unwrap() == Some(content));
}

/// Each ends in its key, and no two are alike.
pub async fn addresses_name_the_key(media: Arc<dyn MediaStore>) {
    let ((one, _), (other, _)) = (file("one"), file("another"));
    for key in [one, other] {
        assert!(media.address(&key).ends_with(&format!("/{key}")), "{}", media.address(&key));
    }
    assert_ne!(media.address(&one), media.address(&other));
}
