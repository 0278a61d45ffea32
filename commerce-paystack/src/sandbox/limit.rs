//! How many requests an endpoint takes in a minute.

use std::collections::HashMap;
use std::time::Duration;

use super::calls::Call;

/// A window, as documented.
const WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Limiter {
    limit: Option<u32>,
    /// When the window began, on the wall's counter, and what was taken in it.
    windows: HashMap<Call, (Duration, u32)>,
}

/// What the headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Seconds until the window ends.
    pub(crate) reset: u64,
    pub(crate) exceeded: bool,
}

impl Limiter {
    pub(crate) fn new(limit: Option<u32>) -> Self {
        Self { limit, windows: HashMap::new() }
    }

    pub(crate) fn set(&mut self, limit: Option<u32>) {
        self.limit = limit;
        self.windows.clear();
    }

    /// Counts a request; `now` is the wall's time, because clients wait on the wall.
    pub(crate) fn take(&mut self, call: Call, now: Duration) -> Option<Quota> {
        let limit = self.limit?;
        let (began, taken) = self.windows.entry(call).or_insert((now, 0));
        if now.saturating_sub(*began) >= WINDOW {
            (*began, *taken) = (now, 0);
        }
        let exceeded = *taken >= limit;
        if !exceeded {
            *taken += 1;
        }
        let left = WINDOW.saturating_sub(now.saturating_sub(*began));
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(Quota { limit, remaining: limit - *taken, reset, exceeded })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Limiter, Quota};
    use crate::sandbox::calls::Call;

    #[test]
    fn a_window_fills_and_ends_for_each_call_alone() {
        let mut limiter = Limiter::new(Some(2));
        let at = Duration::from_secs;
        let quota = |remaining, reset, exceeded| Some(Quota { limit: 2, remaining, reset, exceeded });
        assert_eq!(limiter.take(Call::Verify, at(10)), quota(1, 60, false));
        assert_eq!(limiter.take(Call::Verify, at(20)), quota(0, 50, false));
        assert_eq!(limiter.take(Call::Verify, at(69)), quota(0, 1, true));
        assert_eq!(limiter.take(Call::Fetch, at(69)), quota(1, 60, false));
        assert_eq!(limiter.take(Call::Verify, at(70)), quota(1, 60, false));
    }

    #[test]
    fn no_limit_is_no_quota() {
        assert_eq!(Limiter::new(None).take(Call::Verify, Duration::ZERO), None);
    }
}
