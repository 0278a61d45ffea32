//! The conformance suite of places for files: memory, and a folder; and what a folder is like afterwards.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use commerce_core::MediaStore;
use commerce_core::media::{MediaFormat, MediaKey, MediaTrouble};
use commerce_core::testkit::conformance::block_on;
use commerce_core::testkit::media::MediaFixture;
use commerce_media::ObjectMedia;

mod memory {
    use super::*;

    struct Memory;

    #[async_trait]
    impl MediaFixture for Memory {
        async fn open(&self) -> Arc<dyn MediaStore> {
            Arc::new(ObjectMedia::memory())
        }
    }

    commerce_core::media_conformance!(Memory);
}

mod folder {
    use super::*;

    struct Folder;

    #[async_trait]
    impl MediaFixture for Folder {
        async fn open(&self) -> Arc<dyn MediaStore> {
            Arc::new(ObjectMedia::folder(&fresh()).unwrap())
        }
    }

    commerce_core::media_conformance!(Folder);
}

/// A folder that is not there yet.
fn fresh() -> PathBuf {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let name = format!("media-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::remove_dir_all(&folder).ok();
    folder
}

/// Every file below the folder, by its path in it.
fn files(folder: &PathBuf) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true => found.extend(files(&path).into_iter().map(|inside| format!("{name}/{inside}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

#[test]
fn a_folder_holds_what_was_put_after_a_restart_and_nothing_else() {
    block_on(async {
        let folder = fresh();
        let content = Bytes::from_static(b"a picture");
        let key = MediaKey::of(&content, 160, MediaFormat::Png);
        let media = ObjectMedia::folder(&folder).unwrap();
        media.put(&key, content.clone()).await.unwrap();
        media.put(&key, content.clone()).await.unwrap();
        drop(media);
        let name = key.to_string();
        assert_eq!(files(&folder), [format!("{}/{name}", &name[..2])]);
        let again = ObjectMedia::folder(&folder).unwrap();
        assert_eq!(again.get(&key).await.unwrap(), Some(content));
    });
}

/// What a process that was killed in the middle of a write leaves behind.
#[test]
fn what_broke_off_is_never_found_and_stops_nobody() {
    block_on(async {
        let folder = fresh();
        let content = Bytes::from_static(b"a picture");
        let key = MediaKey::of(&content, 160, MediaFormat::Png);
        let name = key.to_string();
        let media = ObjectMedia::folder(&folder).unwrap();
        std::fs::create_dir_all(folder.join(&name[..2])).unwrap();
        std::fs::write(folder.join(&name[..2]).join(format!("{name}#1")), b"a pic").unwrap();
        assert_eq!(media.get(&key).await.unwrap(), None);
        media.put(&key, content.clone()).await.unwrap();
        assert_eq!(media.get(&key).await.unwrap(), Some(content));
    });
}

#[test]
fn a_folder_that_is_none_is_said_so() {
    block_on(async {
        let folder = fresh();
        std::fs::write(&folder, b"a file").unwrap();
        let words = ObjectMedia::folder(&folder).unwrap_err().to_string();
        assert!(words.contains(&folder.display().to_string()), "{words}");
        std::fs::remove_file(&folder).unwrap();
        // A file where the folder for the key would be.
        let media = ObjectMedia::folder(&folder).unwrap();
        let content = Bytes::from_static(b"a picture");
        let key = MediaKey::of(&content, 160, MediaFormat::Png);
        std::fs::write(folder.join(&key.to_string()[..2]), b"a file").unwrap();
        let error = media.put(&key, content).await.unwrap_err();
        assert_ne!(error.kind, MediaTrouble::Full, "{error:?}");
    });
}
