//! The cache that servers share.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use commerce_core::Cache;

use crate::link::{Fault, RedisLink};

/// How long an entry stays. Generations tell what has changed; this clears away what is dead.
const LIFE: Duration = Duration::from_secs(300);
/// Redis serves one after the other: what is larger would keep the others waiting.
const VALUE_BYTES_MAX: usize = 4 << 20;

/// Keeps entries on Redis; finds and keeps nothing while Redis does not answer. The README says what that means.
#[derive(Debug, Clone)]
pub struct RedisCache {
    link: RedisLink,
    prefix: String,
}

impl RedisCache {
    /// A cache over this link.
    #[must_use]
    pub fn new(link: RedisLink) -> Self {
        Self { link, prefix: "commerce:cache:".to_owned() }
    }

    /// The same with another beginning of keys, for shops that share a Redis.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let mut command = redis::cmd("GET");
        command.arg(self.key(key));
        let found: Option<Vec<u8>> = self.link.command(&command).await.unwrap_or_else(|fault| {
            missed(&fault);
            None
        });
        found.map(Bytes::from)
    }

    async fn put(&self, key: &str, value: Bytes) {
        if value.len() > VALUE_BYTES_MAX {
            return;
        }
        let mut command = redis::cmd("SET");
        command.arg(self.key(key)).arg(value.as_ref()).arg("EX").arg(LIFE.as_secs());
        if let Err(fault) = self.link.command::<()>(&command).await {
            missed(&fault);
        }
    }
}

fn missed(fault: &Fault) {
    metrics::counter!("shared_cache_faults_total").increment(1);
    tracing::debug!(error = %fault, "doing without the shared cache");
}
