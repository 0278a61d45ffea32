//! The conformance suite of caches, on the one in memory; and answers over a store.
#![cfg(all(feature = "testkit", feature = "answers"))]

use std::sync::Arc;

use async_trait::async_trait;
use commerce_core::Cache;
use commerce_core::cache::InProcessCache;
use commerce_core::testkit::cache::CacheFixture;

struct InProcess;

#[async_trait]
impl CacheFixture for InProcess {
    async fn open(&self) -> Arc<dyn Cache> {
        Arc::new(InProcessCache::new(InProcessCache::BYTES_MAX))
    }
}

commerce_core::cache_conformance!(InProcess);

#[test]
fn memory_is_bounded_and_what_is_asked_for_stays() {
    commerce_core::testkit::conformance::block_on(async {
        let cache = InProcessCache::new(1 << 20);
        let popular = "popular".to_owned();
        cache.put(&popular, vec![1; 10_000].into()).await;
        for n in 0..1_000 {
            cache.put(&format!("page {n}"), vec![2; 10_000].into()).await;
            assert!(cache.get(&popular).await.is_some(), "it was asked for a moment ago, at {n}");
            // What is beyond the bound goes in the next turn.
            assert!(cache.bytes() <= 2 << 20, "{} bytes at {n}", cache.bytes());
        }
        assert!(cache.get("page 0").await.is_none(), "nobody asked for it");
        cache.put("too large", vec![3; 2 << 20].into()).await;
        assert!(cache.bytes() <= 2 << 20);
    });
}
