//! Answers of the catalogue: kept ones where there is a cache.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use commerce_core::cache::{Answers, Found, Kept, Made, Question};
use metrics::{Counter, Gauge};
use poem::http::{Method, StatusCode};
use serde::Serialize;

use super::Shop;
use crate::layer::reads;
use crate::wire::{Catalogue, Problem, json_bytes};

/// What is kept, and how often that was of use.
#[derive(Clone)]
pub(crate) struct Cached {
    answers: Arc<Answers>,
    counts: Arc<Counts>,
}

/// Looked up once: by name it would be for each answer.
struct Counts {
    all: AtomicU64,
    hits: AtomicU64,
    from: [Counter; 5],
    ratio: Gauge,
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

    /// A request was answered. When it may have changed what the catalogue shows, its caller is to see that at once.
    pub(crate) fn answered(&self, method: &Method, path: &str, status: StatusCode) {
        if may_move(method, path, status) {
            self.answers.touch();
        }
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

/// Whether what was asked may have moved the catalogue's generation (see [`ChangeSet::moves_catalog`]): not what only reads
/// or was refused, and nothing of the operations that write neither stock nor rules. To look at the generation once more for
/// nothing costs little, so the list need not be complete.
///
/// [`ChangeSet::moves_catalog`]: commerce_core::ChangeSet::moves_catalog
fn may_move(method: &Method, path: &str, status: StatusCode) -> bool {
    const NEVER: [&str; 8] = [
        "/api/cart/items",
        "/api/cart/coupon",
        "/api/cart/checkout/shipping",
        "/api/cart/checkout/payment",
        "/api/auth/",
        "/api/users/",
        "/api/admin/api-keys",
        // It is taken up later, and whoever sends it looks at no page.
        "/api/payments/webhook",
    ];
    // Whoever leaves takes their reviews along.
    let leaves = method == Method::DELETE && path.starts_with("/api/users/profile");
    let never = NEVER.iter().any(|beginning| path.starts_with(beginning)) && !leaves;
    !reads(method, path) && status.is_success() && !never
}

impl Default for Counts {
    fn default() -> Self {
        let from = [From::Memory, From::Outdated, From::Beside, From::Shared, From::Store];
        Self {
            all: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            from: from.map(|from| metrics::counter!("catalogue_answers_total", "from" => from.name())),
            ratio: metrics::gauge!("catalogue_cache_hit_ratio"),
        }
    }
}

impl Counts {
    #[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a ratio to look at")]
    fn count(&self, from: From) {
        self.from[from as usize].increment(1);
        let hit = u64::from(from != From::Store);
        let hits = self.hits.fetch_add(hit, Ordering::Relaxed) + hit;
        let all = self.all.fetch_add(1, Ordering::Relaxed) + 1;
        self.ratio.set(hits as f64 / all as f64);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_move_the_catalogue() {
        let moves = |method, path, status| may_move(&method, path, StatusCode::from_u16(status).unwrap());
        for path in [
            "/api/cart/checkout/confirm/",
            "/api/orders/1/cancel/",
            "/api/payments/refund",
            "/api/admin/settings/",
        ] {
            assert!(moves(Method::POST, path, 201) && moves(Method::PUT, path, 200), "{path}");
            assert!(!moves(Method::POST, path, 409) && !moves(Method::POST, path, 503), "{path} was refused");
            assert!(!moves(Method::GET, path, 200), "{path} was read");
        }
        assert!(moves(Method::DELETE, "/api/users/profile/", 204));
        for path in [
            "/api/cart/items/",
            "/api/cart/items/1/",
            "/api/cart/coupon",
            "/api/cart/checkout/payment/",
            "/api/auth/login/",
            "/api/users/profile/",
            "/api/payments/webhook/",
            "/api/products/search/",
        ] {
            assert!(!moves(Method::POST, path, 200), "{path}");
        }
    }
}
