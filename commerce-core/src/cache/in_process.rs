//! A cache in the memory of one process.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

/// What an entry takes beside its key and its bytes, about.
const OVERHEAD: usize = 200;
/// How long an entry stays at most. Generations tell what has changed; this is for who changes rows behind the engine.
const LIFE: Duration = Duration::from_secs(300);

/// Keeps entries in memory, so many bytes of them: what was not asked for the longest goes first.
///
/// That order and no cleverer one, because keys carry a generation: after a change the old entries are dead, and one that
/// counted how popular they were would keep them for it and turn the new ones away.
#[derive(Clone)]
pub struct InProcessCache {
    pub(crate) entries: Cache<String, Bytes>,
}

impl InProcessCache {
    /// 64 MiB.
    pub const BYTES_MAX: u64 = 64 << 20;

    /// A cache that takes about so many bytes. An entry larger than that is not kept.
    #[must_use]
    pub fn new(bytes_max: u64) -> Self {
        let weigher = |key: &String, value: &Bytes| {
            u32::try_from(OVERHEAD + key.len() + value.len()).unwrap_or(u32::MAX)
        };
        let entries = Cache::builder()
            .max_capacity(bytes_max)
            .weigher(weigher)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(LIFE)
            .build();
        Self { entries }
    }

    /// How many bytes the entries take, about.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.entries.weighted_size()
    }
}

impl fmt::Debug for InProcessCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcessCache").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}
