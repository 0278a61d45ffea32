//! Two times: the wall's, which answers show, and the sandbox's own, on which its delays run.
//!
//! Retries, refunds and expiries last hours or days. The sandbox's own time can run faster and can be moved on, while
//! stamps such as `paid_at` stay those of the shop that reads them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// A point of the sandbox's own time, counted from its start.
pub(crate) type Moment = Duration;

/// A point of wall time in milliseconds since 1970.
pub(crate) type Stamp = i64;

#[derive(Debug)]
pub(crate) struct Clock {
    /// The wall's counter when `moment` was right.
    since: Instant,
    moment: Moment,
    scale: u32,
}

impl Clock {
    pub(crate) fn new(scale: u32) -> Self {
        Self { since: Instant::now(), moment: Duration::ZERO, scale: scale.max(1) }
    }

    /// The sandbox's own time.
    pub(crate) fn now(&self) -> Moment {
        self.moment + self.since.elapsed() * self.scale
    }

    /// How long to wait on the wall until `moment`.
    pub(crate) fn until(&self, moment: Moment) -> Duration {
        moment.saturating_sub(self.now()) / self.scale
    }

    /// The wall time at which `moment` will have come.
    pub(crate) fn stamp_of(&self, moment: Moment) -> Stamp {
        stamp() + i64::try_from(self.until(moment).as_millis()).unwrap_or(i64::MAX / 2)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.moment = self.now() + by;
        self.since = Instant::now();
    }

    pub(crate) fn set_scale(&mut self, scale: u32) {
        self.advance(Duration::ZERO);
        self.scale = scale.max(1);
    }
}

/// The wall time.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox stands for another company's computers, which have a clock"
)]
pub(crate) fn stamp() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// As answers write it: ISO 8601 with milliseconds and `Z`.
pub(crate) fn iso(stamp: Stamp) -> String {
    match Timestamp::from_millisecond(stamp) {
        Ok(timestamp) => format!("{timestamp:.3}"),
        Err(_) => "9999-12-31T23:59:59.999Z".to_owned(),
    }
}

/// An instant, or the first instant of a day in UTC.
pub(crate) fn parse(text: &str) -> Option<Stamp> {
    let instant = text.parse::<Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse::<Timestamp>());
    instant.ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, iso, parse};

    #[test]
    fn stamps_are_written_with_milliseconds_and_read_as_instants_or_days() {
        assert_eq!(iso(1_724_318_102_000), "2024-08-22T09:15:02.000Z");
        assert_eq!(parse("2024-08-22T09:15:02.000Z"), Some(1_724_318_102_000));
        assert_eq!(parse("2024-08-22"), Some(1_724_284_800_000));
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn a_scaled_clock_waits_less() {
        let mut clock = Clock::new(3600);
        let hour = Duration::from_secs(3600);
        assert!(clock.until(clock.now() + hour) <= Duration::from_secs(1));
        let before = clock.now();
        clock.advance(hour);
        assert!(clock.now() >= before + hour);
    }
}
