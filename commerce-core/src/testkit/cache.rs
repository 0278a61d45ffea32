//! What every cache must do, as tests that any adapter runs.
//!
//! An adapter says how a fresh cache is opened, and gets one `#[test]` for each case:
//!
//! ```ignore
//! struct InProcess;
//!
//! #[async_trait::async_trait]
//! impl CacheFixture for InProcess {
//!     async fn open(&self) -> Arc<dyn Cache> {
//!         Arc::new(InProcessCache::new(64 << 20))
//!     }
//! }
//!
//! commerce_core::cache_conformance!(InProcess);
//! ```
//!
//! A cache may forget; the cases put little into one that nobody else uses, and expect to find it. They need room for
//! 32 MiB.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Cache;

/// How the adapter under test opens a cache.
#[async_trait]
pub trait CacheFixture: Send + Sync + 'static {
    /// Opens a cache that is empty, and that nobody else uses.
    async fn open(&self) -> Arc<dyn Cache>;
}

/// Makes a `#[test]` of every case of the suite, over the cache that this [`CacheFixture`] opens. Once in a module.
#[macro_export]
macro_rules! cache_conformance {
    ($fixture:expr) => {
        $crate::cache_conformance! { $fixture =>
            what_was_never_put_is_not_found
            what_was_put_is_found_byte_by_byte
            what_was_put_last_counts
            keys_are_told_apart
            of_many_writers_one_is_found_whole
        }
    };
    ($fixture:expr => $($case:ident)+) => {$(
        #[test]
        fn $case() {
            $crate::testkit::conformance::block_on(async {
                let cache = $crate::testkit::cache::CacheFixture::open(&$fixture).await;
                $crate::testkit::cache::$case(cache).await;
            });
        }
    )+};
}

/// Also beside something else.
pub async fn what_was_never_put_is_not_found(cache: Arc<dyn Cache>) {
    assert_eq!(cache.get("key").await, None);
    cache.put("another", Bytes::from_static(b"value")).await;
    assert_eq!(cache.get("key").await, None);
}

/// Nothing at all, every byte there is, and a megabyte.
pub async fn what_was_put_is_found_byte_by_byte(cache: Arc<dyn Cache>) {
    let every: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = every.iter().copied().cycle().take(1 << 20).collect();
    for value in [Vec::new(), vec![0], b"\r\n$-1\r\n".to_vec(), every, large] {
        let value = Bytes::from(value);
        cache.put("key", value.clone()).await;
        assert!(cache.get("key").await == Some(value.clone()), "{} bytes", value.len());
        assert!(cache.get("key").await == Some(value), "it is there for more than one");
    }
}

/// Longer and shorter than what was there.
pub async fn what_was_put_last_counts(cache: Arc<dyn Cache>) {
    for value in ["one", "another one", "", "1"] {
        cache.put("key", Bytes::from_static(value.as_bytes())).await;
        assert_eq!(cache.get("key").await.as_deref(), Some(value.as_bytes()));
    }
}

/// Also those that look alike, and those with bytes that mean something elsewhere.
pub async fn keys_are_told_apart(cache: Arc<dyn Cache>) {
    let long = "k".repeat(255);
    let (longer, other) = (format!("{long}k"), format!("{long}l"));
    let keys = [
        "", "a", "A", "a ", " a", "a:b", "{a}", "{a}b", "{}", "a\0", "a\r\nb", "*", "a*", "ä", "a\u{308}",
        &long, &longer, &other,
    ];
    for key in keys {
        assert_eq!(cache.get(key).await, None, "{key:?} is another key");
        cache.put(key, Bytes::copy_from_slice(key.as_bytes())).await;
    }
    for key in keys {
        assert_eq!(cache.get(key).await.as_deref(), Some(key.as_bytes()), "{key:?}");
    }
}

/// Whoever reads meanwhile finds what one of them wrote, and nothing between.
pub async fn of_many_writers_one_is_found_whole(cache: Arc<dyn Cache>) {
    let value = |n: u8| Bytes::from(vec![n; 20_000 + usize::from(n)]);
    let tasks: Vec<_> = (1..=16)
        .map(|n| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move {
                for _ in 0..20 {
                    cache.put("key", value(n)).await;
                    let Some(found) = cache.get("key").await else { continue };
                    assert!(found == value(found[0]), "{} bytes of {}", found.len(), found[0]);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(cache.get("key").await.is_some());
}
