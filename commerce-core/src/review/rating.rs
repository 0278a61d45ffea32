//! What something is rated, and what many ratings come to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// From 1, bad, to 5, good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Rating(u8);

/// The number is no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 5")]
pub struct RatingError;

impl Rating {
    /// Every rating, the lowest first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// Its place among [`ALL`](Self::ALL).
    pub(super) fn place(self) -> usize {
        usize::from(self.0) - 1
    }
}

impl TryFrom<u8> for Rating {
    type Error = RatingError;

    fn try_from(number: u8) -> Result<Self, RatingError> {
        if (1..=5).contains(&number) { Ok(Self(number)) } else { Err(RatingError) }
    }
}

impl From<Rating> for u8 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

impl std::str::FromStr for Rating {
    type Err = RatingError;

    fn from_str(text: &str) -> Result<Self, RatingError> {
        text.parse::<u8>().map_err(|_| RatingError)?.try_into()
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How often a product was given each rating, by reviews that are published: that of 1 first.
///
/// ```
/// use commerce_core::review::Ratings;
/// let ratings = Ratings([1, 0, 0, 0, 2]);
/// assert_eq!((ratings.count(), ratings.sum()), (3, 11));
/// assert_eq!(ratings.average().as_deref(), Some("3.67"));
/// assert_eq!(Ratings::default().average(), None);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ratings(pub [u64; 5]);

impl Ratings {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// What they add up to.
    #[must_use]
    pub fn sum(&self) -> u64 {
        Rating::ALL.iter().zip(self.0).map(|(rating, count)| u64::from(rating.get()) * count).sum()
    }

    /// How often this one was given.
    #[must_use]
    pub fn of(&self, rating: Rating) -> u64 {
        self.0[rating.place()]
    }

    /// The average in hundredths, a half rounded up; 0 when there are none. Listings sort and filter by it, and stores
    /// compute the same of the same counters.
    #[must_use]
    pub fn average_hundredths(&self) -> u64 {
        let (count, sum) = (self.count(), self.sum());
        if count == 0 { 0 } else { (200 * sum + count) / (2 * count) }
    }

    /// The average with two decimals; `None` when there are none.
    #[must_use]
    pub fn average(&self) -> Option<String> {
        let hundredths = self.average_hundredths();
        (hundredths > 0).then(|| format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_half_is_rounded_up() {
        // 4.995 of two hundred.
        assert_eq!(Ratings([0, 0, 0, 1, 199]).average().as_deref(), Some("5.00"));
        assert_eq!(Ratings([0, 0, 0, 2, 198]).average().as_deref(), Some("4.99"));
        assert_eq!(Ratings([7, 0, 0, 0, 0]).average().as_deref(), Some("1.00"));
        assert!(
            Rating::try_from(0).is_err() && Rating::try_from(6).is_err() && "4.5".parse::<Rating>().is_err()
        );
    }

    proptest! {
        #[test]
        fn the_average_is_no_further_off_than_half_a_hundredth(counts in prop::array::uniform5(0_u64..1_000_000)) {
            let ratings = Ratings(counts);
            prop_assume!(ratings.count() > 0);
            let (shown, count, sum) = (ratings.average_hundredths(), ratings.count(), ratings.sum());
            prop_assert!((100..=500).contains(&shown));
            prop_assert!((shown * count).abs_diff(100 * sum) * 2 <= count);
        }
    }
}
