//! The conformance suite of rate limiters, on the one that counts in memory.
#![cfg(feature = "testkit")]

use std::sync::Arc;

use async_trait::async_trait;
use commerce_core::limit::InProcessLimiter;
use commerce_core::testkit::MockClock;
use commerce_core::testkit::limiter::{LimiterFixture, OpenedLimiter};

struct InProcess;

#[async_trait]
impl LimiterFixture for InProcess {
    async fn open(&self) -> OpenedLimiter {
        let clock = Arc::new(MockClock::default());
        OpenedLimiter::new(InProcessLimiter::new(Arc::clone(&clock) as _)).clock(clock)
    }
}

commerce_core::limiter_conformance!(InProcess);
