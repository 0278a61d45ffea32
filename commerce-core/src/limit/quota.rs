//! How many in what time, and the arithmetic of it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const SECOND: u64 = 1_000_000;
/// The units in which a period is written, in microseconds; the largest first.
const UNITS: [(&str, &str, u64); 4] = [
    ("d", "day", 86_400 * SECOND),
    ("h", "hour", 3_600 * SECOND),
    ("m", "minute", 60 * SECOND),
    ("s", "second", SECOND),
];

/// So many requests in a period, of which a part, or all of them, may come at once.
///
/// As text: `6000/hour`, `10/15m`, `1000/h burst 50`. A period is a number of `s`, `m`, `h` or `d`, or one `second`,
/// `minute`, `hour` or `day`; without `burst` all of them may come at once.
///
/// ```
/// use std::time::Duration;
/// use commerce_core::limit::Quota;
///
/// let quota: Quota = "2/hour".parse()?;
/// let (first, debt) = quota.take(Duration::ZERO);
/// assert_eq!((first.is_allowed(), first.remaining), (true, 1));
/// let (_, debt) = quota.take(debt);
/// let (third, _) = quota.take(debt);
/// assert_eq!(third.retry_after, Some(Duration::from_secs(1_800)));
/// # Ok::<(), commerce_core::limit::QuotaError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    limit: u32,
    burst: u32,
    period_micros: u64,
}

/// Why something is no [`Quota`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// The text is in no form that is understood.
    #[error("write it like 100/hour, 10/15m or 1000/hour burst 50")]
    Form,
    /// The limit is out of range.
    #[error("a limit lies between 1 and {}", Quota::LIMIT_MAX)]
    Limit,
    /// The period is out of range.
    #[error("a period lies between 1 second and 31 days")]
    Period,
    /// More would come at once than in the whole period.
    #[error("a burst lies between 1 and the limit")]
    Burst,
}

/// What a limiter says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a verdict that nobody looks at limits nothing"]
pub struct Verdict {
    /// How many requests the quota allows in its period.
    pub limit: u32,
    /// How many more would be let through at this moment.
    pub remaining: u32,
    /// After what time, if nothing else is taken, as many would be let through as ever.
    pub reset: Duration,
    /// Absent when the request is let through; else how long to wait until the next one is.
    pub retry_after: Option<Duration>,
}

impl Quota {
    /// The highest limit of a period.
    pub const LIMIT_MAX: u32 = 1_000_000;
    /// The longest period.
    pub const PERIOD_MAX: Duration = Duration::from_secs(31 * 86_400);

    /// `limit` requests in each `period`, whole microseconds of it, of which all may come at once.
    ///
    /// # Errors
    /// When the limit does not lie between 1 and [`Quota::LIMIT_MAX`], or the period not between a second and
    /// [`Quota::PERIOD_MAX`].
    pub fn new(limit: u32, period: Duration) -> Result<Self, QuotaError> {
        if !(1..=Self::LIMIT_MAX).contains(&limit) {
            return Err(QuotaError::Limit);
        }
        if !(Duration::from_secs(1)..=Self::PERIOD_MAX).contains(&period) {
            return Err(QuotaError::Period);
        }
        let period_micros = u64::try_from(period.as_micros()).map_err(|_| QuotaError::Period)?;
        Ok(Self { limit, burst: limit, period_micros })
    }

    /// The same, with no more than `burst` at once.
    ///
    /// # Errors
    /// When that does not lie between 1 and the limit.
    pub fn burst(self, burst: u32) -> Result<Self, QuotaError> {
        if (1..=self.limit).contains(&burst) { Ok(Self { burst, ..self }) } else { Err(QuotaError::Burst) }
    }

    /// How many requests are allowed in a period.
    #[must_use]
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// The period.
    #[must_use]
    pub fn period(self) -> Duration {
        Duration::from_micros(self.period_micros)
    }

    /// After what time one more request is allowed: a part of the period, rounded up to a microsecond, so that rounding
    /// never allows more.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_micros(self.period_micros.div_ceil(u64::from(self.limit)))
    }

    /// How far ahead of its schedule a caller may be: the debt of one who has just taken a whole burst.
    #[must_use]
    pub fn debt_max(self) -> Duration {
        self.interval() * self.burst
    }

    /// Decides on one request of a caller with this debt: the verdict, and the debt after it.
    ///
    /// A debt beyond [`debt_max`](Self::debt_max), which is left by a clock that went back or a quota that became
    /// smaller, counts as that: nobody waits longer than a fresh caller who took all at once.
    pub fn take(self, debt: Duration) -> (Verdict, Duration) {
        let debt = debt.min(self.debt_max());
        let after = debt + self.interval();
        if after > self.debt_max() {
            return (self.refused(debt), debt);
        }
        (self.allowed(after), after)
    }

    /// Gives back one request of a caller with this debt: how things stand, and the debt after it.
    pub fn give_back(self, debt: Duration) -> (Verdict, Duration) {
        let after = debt.min(self.debt_max()).saturating_sub(self.interval());
        (self.allowed(after), after)
    }

    /// What a caller is told who was let through and has this debt now: for limiters that decide elsewhere.
    pub fn allowed(self, debt: Duration) -> Verdict {
        let free = self.debt_max().saturating_sub(debt).as_micros() / self.interval().as_micros();
        let remaining = u32::try_from(free).unwrap_or(self.burst);
        Verdict { limit: self.limit, remaining, reset: debt, retry_after: None }
    }

    /// What a caller is told who was refused and has this debt: for limiters that decide elsewhere.
    pub fn refused(self, debt: Duration) -> Verdict {
        let debt = debt.min(self.debt_max());
        // No more than an interval, as the debt is at most the largest; and never nothing, as it was a refusal.
        let wait = (debt + self.interval()).saturating_sub(self.debt_max()).max(Duration::from_micros(1));
        Verdict { limit: self.limit, remaining: 0, reset: debt, retry_after: Some(wait) }
    }
}

impl Verdict {
    /// Whether the request is let through.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.retry_after.is_none()
    }

    /// [`reset`](Self::reset) in whole seconds, rounded up, as the header `RateLimit-Reset` has it.
    #[must_use]
    pub fn reset_seconds(&self) -> u64 {
        whole_seconds(self.reset)
    }

    /// [`retry_after`](Self::retry_after) in whole seconds, rounded up, as the header `Retry-After` has it.
    #[must_use]
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after.map(whole_seconds)
    }

    /// Whether this says less than `other`: it refuses for longer, or leaves less.
    #[must_use]
    pub fn is_stricter(&self, other: &Self) -> bool {
        (self.retry_after, std::cmp::Reverse(self.remaining))
            > (other.retry_after, std::cmp::Reverse(other.remaining))
    }
}

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

impl FromStr for Quota {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        let mut words = text.split_whitespace();
        let rate = words.next().ok_or(QuotaError::Form)?;
        let (limit, period) = rate.split_once('/').ok_or(QuotaError::Form)?;
        let quota = Self::new(number(limit)?, period_of(period)?)?;
        let quota = match words.next() {
            None => quota,
            Some("burst") => quota.burst(number(words.next().ok_or(QuotaError::Form)?)?)?,
            Some(_) => return Err(QuotaError::Form),
        };
        if words.next().is_some() { Err(QuotaError::Form) } else { Ok(quota) }
    }
}

fn number(text: &str) -> Result<u32, QuotaError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QuotaError::Form);
    }
    text.parse().map_err(|_| QuotaError::Form)
}

fn period_of(text: &str) -> Result<Duration, QuotaError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at(digits);
    let known = |(short, long, _): &&(&str, &str, u64)| unit == *short || (unit == *long && count.is_empty());
    let (_, _, micros) = UNITS.iter().find(known).ok_or(QuotaError::Form)?;
    let count = if count.is_empty() { 1 } else { number(count)? };
    Ok(Duration::from_micros(micros.saturating_mul(u64::from(count))))
}

/// The short form: `100/h`, `10/15m`, `1000/h burst 50`. A period of a part of a second is written as the seconds before it.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, _, micros) = UNITS
            .iter()
            .find(|(_, _, micros)| self.period_micros.is_multiple_of(*micros))
            .unwrap_or(&("s", "second", SECOND));
        write!(f, "{}/", self.limit)?;
        match self.period_micros / micros {
            1 => f.write_str(unit)?,
            count => write!(f, "{count}{unit}")?,
        }
        if self.burst == self.limit { Ok(()) } else { write!(f, " burst {}", self.burst) }
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quota(text: &str) -> Quota {
        text.parse().unwrap()
    }

    #[test]
    fn texts() {
        for (text, written) in [
            ("6000/hour", "6000/h"),
            ("10/15m", "10/15m"),
            ("5/900s", "5/15m"),
            ("1000/h burst 50", "1000/h burst 50"),
            ("1/day", "1/d"),
            ("7/24h burst 7", "7/d"),
            ("3/31d", "3/31d"),
        ] {
            assert_eq!(quota(text).to_string(), written);
            assert_eq!(quota(written), quota(text));
        }
        for (text, error) in [
            ("", QuotaError::Form),
            ("100", QuotaError::Form),
            ("100/", QuotaError::Form),
            ("/h", QuotaError::Form),
            ("100/15", QuotaError::Form),
            ("100/15hour", QuotaError::Form),
            ("100/fortnight", QuotaError::Form),
            ("+1/h", QuotaError::Form),
            ("-1/h", QuotaError::Form),
            ("1.5/h", QuotaError::Form),
            ("100/h burst", QuotaError::Form),
            ("100/h burst 5 6", QuotaError::Form),
            ("100/h at once", QuotaError::Form),
            ("0/h", QuotaError::Limit),
            ("1000001/h", QuotaError::Limit),
            ("1/0s", QuotaError::Period),
            ("1/32d", QuotaError::Period),
            ("1/4000000000d", QuotaError::Period),
            ("10/h burst 0", QuotaError::Burst),
            ("10/h burst 11", QuotaError::Burst),
        ] {
            assert_eq!(text.parse::<Quota>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_hundred_an_hour_are_one_in_36_seconds() {
        let quota = quota("100/hour");
        assert_eq!(quota.interval(), Duration::from_secs(36));
        let mut debt = Duration::ZERO;
        for left in (0..100).rev() {
            let (verdict, after) = quota.take(debt);
            assert!(verdict.is_allowed());
            assert_eq!((verdict.limit, verdict.remaining, verdict.reset), (100, left, after));
            debt = after;
        }
        assert_eq!(debt, Duration::from_secs(3_600));
        let (verdict, after) = quota.take(debt);
        assert_eq!((verdict.remaining, verdict.retry_after_seconds()), (0, Some(36)));
        assert_eq!((verdict.reset_seconds(), after), (3_600, debt), "a refusal costs nothing");
    }

    #[test]
    fn seconds_are_rounded_up() {
        let verdict = quota("7/s").refused(Duration::from_secs(1));
        assert!(verdict.retry_after.unwrap() < Duration::from_secs(1));
        assert_eq!(verdict.retry_after_seconds(), Some(1));
        let verdict = quota("7/s").allowed(Duration::from_micros(1_000_001));
        assert_eq!(verdict.reset_seconds(), 2);
        assert_eq!(quota("7/s").allowed(Duration::ZERO).reset_seconds(), 0);
    }

    #[test]
    fn of_two_verdicts_the_stricter_one_is_known() {
        let quota = quota("10/h");
        let (more, less) = (quota.allowed(Duration::ZERO), quota.allowed(Duration::from_secs(3_000)));
        let (refused, longer) = (quota.refused(quota.debt_max()), Quota::new(1, quota.period()).unwrap());
        let longer = longer.refused(longer.debt_max());
        for (strict, mild) in [(less, more), (refused, less), (longer, refused)] {
            assert!(strict.is_stricter(&mild) && !mild.is_stricter(&strict), "{strict:?} {mild:?}");
        }
        assert!(!more.is_stricter(&more));
    }

    prop_compose! {
        fn quotas()(limit in 1_u32..=2_000, micros in 1_000_000_u64..=100_000_000_000, part in 0.0..=1.0_f64) -> Quota {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::float_arithmetic, reason = "any burst will do")]
            let burst = ((f64::from(limit) * part) as u32).clamp(1, limit);
            Quota::new(limit, Duration::from_micros(micros)).unwrap().burst(burst).unwrap()
        }
    }

    /// Requests one after the other, each so many hundredths of an interval after the one before.
    fn pauses() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::vec(prop_oneof![3 => Just(0_u32), 3 => 0_u32..150, 1 => 0_u32..5_000], 1..400)
    }

    proptest! {
        #[test]
        fn in_no_window_do_more_pass_than_the_burst_and_what_came_back(quota in quotas(), pauses in pauses()) {
            let interval = quota.interval();
            let (mut now, mut free_at, mut passed) = (Duration::ZERO, Duration::ZERO, Vec::new());
            for pause in pauses {
                now += interval * pause / 100;
                let (verdict, debt) = quota.take(free_at.saturating_sub(now));
                free_at = now + debt;
                if verdict.is_allowed() {
                    passed.push(now);
                }
            }
            for (first, from) in passed.iter().enumerate() {
                for (last, to) in passed.iter().enumerate().skip(first) {
                    let back = (*to - *from).as_micros() / interval.as_micros();
                    prop_assert!((last - first + 1) as u128 <= u128::from(quota.burst) + back);
                }
                let period = passed[first..].iter().take_while(|at| **at - *from < quota.period()).count();
                prop_assert!(period as u32 <= quota.burst + quota.limit);
            }
        }

        #[test]
        fn what_a_verdict_says_is_so(quota in quotas(), share in 0_u64..=1_200) {
            let debt = Duration::from_micros(quota.debt_max().as_micros() as u64 / 1_000 * share);
            let (verdict, after) = quota.take(debt);
            prop_assert!(verdict.remaining < quota.burst && after <= quota.debt_max());
            prop_assert_eq!(verdict.reset, after);
            match verdict.retry_after {
                Some(wait) => {
                    prop_assert!(Duration::ZERO < wait && wait <= verdict.reset && wait <= quota.interval());
                    prop_assert!(quota.take(after - wait).0.is_allowed());
                    prop_assert!(!quota.take(after - wait + Duration::from_micros(1)).0.is_allowed());
                }
                None => {
                    let mut debt = after;
                    for left in (0..verdict.remaining).rev() {
                        let (next, after) = quota.take(debt);
                        prop_assert!(next.is_allowed() && next.remaining == left);
                        debt = after;
                    }
                    prop_assert!(!quota.take(debt).0.is_allowed());
                }
            }
            prop_assert_eq!(quota.allowed(Duration::ZERO).remaining, quota.burst);
        }

        #[test]
        fn giving_back_undoes_a_take(quota in quotas(), taken in 0_u32..50) {
            let mut debt = Duration::ZERO;
            for _ in 0..taken.min(quota.burst - 1) {
                debt = quota.take(debt).1;
            }
            let (_, after) = quota.take(debt);
            prop_assert_eq!(quota.give_back(after).1, debt);
            prop_assert_eq!(quota.give_back(Duration::ZERO), (quota.allowed(Duration::ZERO), Duration::ZERO));
        }

        #[test]
        fn texts_come_back(quota in quotas()) {
            let whole = Quota::new(quota.limit, Duration::from_secs(quota.period().as_secs())).unwrap();
            let whole = whole.burst(quota.burst).unwrap();
            prop_assert_eq!(whole.to_string().parse(), Ok(whole));
        }
    }
}
