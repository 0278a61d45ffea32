//! Instants: microseconds in UTC, the precision that every store keeps.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC, in whole microseconds since the Unix epoch.
///
/// PostgreSQL keeps microseconds and SQLite an integer of them, so what is read back equals what was written. As text
/// it is RFC 3339 with exactly six decimals, which sorts like the instant itself.
///
/// ```
/// use commerce_core::Timestamp;
/// let at: Timestamp = "2026-11-22T09:30:00Z".parse()?;
/// assert_eq!(at.to_string(), "2026-11-22T09:30:00.000000Z");
/// # Ok::<(), commerce_core::TimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("format" = "date-time", "pattern" = crate::schema::INSTANT)))]
pub struct Timestamp(#[cfg_attr(feature = "schema", schemars(with = "String"))] i64);

/// The text or number is not an instant between the years -9999 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an instant in RFC 3339 form")]
pub struct TimestampError;

impl Timestamp {
    /// The instant `micros` microseconds after the Unix epoch.
    ///
    /// # Errors
    /// When it lies outside the years -9999 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, TimestampError> {
        jiff::Timestamp::from_microsecond(micros).map(|_| Self(micros)).map_err(|_| TimestampError)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, at least 0.
    #[must_use]
    pub fn as_millis(self) -> u64 {
        u64::try_from(self.0.div_euclid(1_000)).unwrap_or(0)
    }

    /// The instant `later` after this one; the last representable one when that is out of range.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        let micros = i64::try_from(later.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros).min(jiff::Timestamp::MAX.as_microsecond()))
    }

    /// How long ago `earlier` was at this instant; nothing when it is still to come.
    ///
    /// ```
    /// # use commerce_core::Timestamp;
    /// # use std::time::Duration;
    /// let (at, hour): (Timestamp, _) = ("2026-11-22T09:30:00Z".parse()?, Duration::from_secs(3_600));
    /// assert_eq!((at.since(at.minus(hour)), at.since(at.plus(hour))), (hour, Duration::ZERO));
    /// # Ok::<(), commerce_core::TimestampError>(())
    /// ```
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Timestamp {
    /// The instant `earlier` before this one; the first representable one when that is out of range.
    #[must_use]
    pub fn minus(self, earlier: Duration) -> Self {
        let micros = i64::try_from(earlier.as_micros()).unwrap_or(i64::MAX);
        // The very first instant of the calendar is out of the range of `from_micros`.
        Self(self.0.saturating_sub(micros).max(jiff::Timestamp::MIN.as_microsecond() + 1))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at:.6}"),
            Err(_) => f.write_str("out of range"),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>().map(|at| Self(at.as_microsecond())).map_err(|_| TimestampError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
