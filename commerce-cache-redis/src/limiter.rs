//! The rate limiter that servers share.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use commerce_core::limit::{InProcessLimiter, Quota, Verdict};
use commerce_core::{Clock, RateLimiter};
use redis::Script;

use crate::link::{Fault, RedisLink};

/// Counts callers on Redis, and in the process while Redis does not answer: the README says what that means.
#[derive(Debug, Clone)]
pub struct RedisLimiter {
    link: RedisLink,
    prefix: String,
    script: Arc<Script>,
    /// What this server knows of callers: what Redis said last, and what was decided without it.
    known: Arc<InProcessLimiter>,
}

/// What the script does to a caller's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Take = 1,
    GiveBack = -1,
}

impl RedisLimiter {
    /// A limiter over this link, with a clock for the time when it counts in the process.
    #[must_use]
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>) -> Self {
        Self {
            link,
            prefix: "commerce:limit:".to_owned(),
            script: Arc::new(Script::new(include_str!("gcra.lua"))),
            known: Arc::new(InProcessLimiter::new(clock)),
        }
    }

    /// The same with another beginning of keys, for shops that share a Redis.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// Whether callers are counted on Redis at the moment.
    #[must_use]
    pub fn link_is_up(&self) -> bool {
        self.link.is_up()
    }

    /// What Redis says: whether the request is let through, and the debt after it.
    async fn ask(&self, key: &str, quota: Quota, step: Step) -> Result<(bool, Duration), Fault> {
        let known = self.known.debt(key).min(quota.debt_max());
        let mut script = self.script.key(format!("{}{key}", self.prefix));
        script
            .arg(micros(quota.interval()))
            .arg(micros(quota.debt_max()))
            .arg(micros(known))
            .arg(step as i64);
        let (allowed, debt) = self.link.run(&script).await?;
        let debt = Duration::from_micros(u64::try_from(debt).unwrap_or(0));
        self.known.remember(key, debt);
        Ok((allowed == 1, debt))
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Verdict {
        match self.ask(key, quota, Step::Take).await {
            Ok((true, debt)) => quota.allowed(debt),
            Ok((false, debt)) => quota.refused(debt),
            Err(fault) => {
                fallen_back(&fault);
                self.known.take(key, quota)
            }
        }
    }

    async fn give_back(&self, key: &str, quota: Quota) -> Verdict {
        match self.ask(key, quota, Step::GiveBack).await {
            Ok((_, debt)) => quota.allowed(debt),
            Err(fault) => {
                fallen_back(&fault);
                self.known.give_back(key, quota)
            }
        }
    }
}

fn fallen_back(fault: &Fault) {
    metrics::counter!("rate_limiter_fallbacks_total").increment(1);
    tracing::debug!(error = %fault, "counting in the process");
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
