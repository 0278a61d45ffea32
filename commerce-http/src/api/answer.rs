//! Answers of the catalogue: kept ones where there is a cache.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use commerce_core::cache::{Answers, Found, Kept, Made, Question};
use serde::Serialize;

use super::Shop;
use crate::wire::{Catalogue, Problem, json_bytes};

/// What is kept, and how often that was of use.
#[derive(Debug, Clone)]
pub(crate) struct Cached {
    answers: Arc<Answers>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    all: AtomicU64,
    hits: AtomicU64,
}

/// Where an answer came from, by the name that metrics have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Memory,
    Outdated,
    Beside,
    Shared,
    Store,
}

impl Cached {
    pub(crate) fn new(answers: Answers) -> Self {
        Self { answers: Arc::new(answers), counts: Arc::default() }
    }

    /// A caller has changed something, and is to see it.
    pub(crate) fn touch(&self) {
        self.answers.touch();
    }

    async fn answer<M>(&self, question: &Question, make: M) -> Result<Kept, Problem>
    where
        M: Future<Output = Result<Vec<u8>, Problem>> + Send + 'static,
    {
        let (kept, from) = match self.answers.find(question).await? {
            Found::Current(kept) => (kept, From::Memory),
            Found::Outdated(kept, place) => {
                let answers = Arc::clone(&self.answers);
                tokio::spawn(async move {
                    if let Err(problem) = answers.make(&place, make).await {
                        tracing::debug!(%problem, "an answer could not be made anew");
                    }
                });
                (kept, From::Outdated)
            }
            Found::Nothing(place) => {
                let made = self.answers.make(&place, make).await;
                let (kept, made) = made.map_err(|problem| Problem::clone(&problem))?;
                let from = match made {
                    Made::Far => From::Shared,
                    Made::Here => From::Store,
                    Made::Beside => From::Beside,
                };
                (kept, from)
            }
        };
        self.counts.count(from);
        Ok(kept)
    }
}

impl Counts {
    #[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a ratio to look at")]
    fn count(&self, from: From) {
        metrics::counter!("catalogue_answers_total", "from" => from.name()).increment(1);
        let hit = u64::from(from != From::Store);
        let hits = self.hits.fetch_add(hit, Ordering::Relaxed) + hit;
        let all = self.all.fetch_add(1, Ordering::Relaxed) + 1;
        metrics::gauge!("catalogue_cache_hit_ratio").set(hits as f64 / all as f64);
    }
}

impl From {
    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Outdated => "outdated",
            Self::Beside => "beside",
            Self::Shared => "shared",
            Self::Store => "store",
        }
    }
}

impl Shop {
    /// The answer to a question of the catalogue, or 304 when `if_none_match` names it. `make` reads the store for it.
    pub(super) async fn answer<T: Serialize>(
        &self,
        question: &Question,
        if_none_match: Option<&str>,
        make: impl Future<Output = Result<T, Problem>> + Send + 'static,
    ) -> Result<Catalogue<T>, Problem> {
        let make = async { json_bytes(&make.await?) };
        let kept = match &self.cached {
            Some(cached) => cached.answer(question, make).await?,
            None => Kept::new(&make.await?),
        };
        Catalogue::new(&kept, if_none_match)
    }
}
