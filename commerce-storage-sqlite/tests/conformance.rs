//! The suite that every store runs, in memory and on a file.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use commerce_core::testkit::MockClock;
use commerce_core::testkit::conformance::{Fixture, Opened};
use commerce_storage_sqlite::{Options, SqliteStore};

/// One connection that reads and writes.
struct InMemory;

#[async_trait]
impl Fixture for InMemory {
    async fn open(&self) -> Opened {
        let clock = Arc::new(MockClock::default());
        let options = Options::in_memory().clock(Arc::<MockClock>::clone(&clock));
        Opened::new(open(options)).clock(clock)
    }
}

/// One writer and many readers, in a folder that is removed when the case is over.
struct OnFile;

#[async_trait]
impl Fixture for OnFile {
    async fn open(&self) -> Opened {
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let clock = Arc::new(MockClock::default());
        let options = Options::file(folder.join("shop.db")).clock(Arc::<MockClock>::clone(&clock));
        let store = open(options);
        let closing = store.clone();
        Opened::new(store).clock(clock).closing(async move {
            closing.close().await;
            std::fs::remove_dir_all(folder).unwrap();
        })
    }
}

fn open(options: Options) -> SqliteStore {
    let opening = SqliteStore::open_with(options);
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(opening)).unwrap()
}

fn folder() -> PathBuf {
    static OPENED: AtomicU32 = AtomicU32::new(0);
    let number = OPENED.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("commerce-conformance-{}-{number}", std::process::id()))
}

mod in_memory {
    commerce_core::store_conformance!(super::InMemory);
}

mod on_file {
    commerce_core::store_conformance!(super::OnFile);
}
