//! Amounts that lie between two minor units, carried without loss until a profile rounds them.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use super::{MoneyError, Percent, Rounding, UnitPrice, divide};
use crate::Quantity;

/// An amount in minor units: a whole number as a rule, else an exact ratio.
///
/// Nearly every shop rounds at each step, so nearly every amount is whole, and costs no more than an integer. A shop that
/// rounds only what it charges carries ratios of any size, which cannot overflow.
///
/// ```
/// use commerce_core::money::{Exact, Fraction, Rounding};
/// let third = Exact::from(100).times(Fraction::new(1, 3)?);
/// assert_eq!(third.clone().round(Rounding::HalfUp)?, Exact::from(33));
/// assert_eq!(third.plus(&Exact::from(100).times(Fraction::new(2, 3)?))?, Exact::from(100));
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
#[derive(Debug, Clone)]
pub enum Exact {
    /// So many minor units.
    Whole(i64),
    /// An amount that is no whole number of them.
    Ratio(Box<BigRational>),
}

/// A ratio by which an amount is multiplied: a tax rate, a percentage, a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    numerator: i128,
    denominator: i128,
}

impl Fraction {
    /// 0.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };
    /// 1.
    pub const ONE: Self = Self { numerator: 1, denominator: 1 };

    /// `numerator / denominator`, both from 0.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the numerator is negative or the denominator not positive.
    pub fn new(numerator: i128, denominator: i128) -> Result<Self, MoneyError> {
        if numerator < 0 || denominator <= 0 {
            return Err(MoneyError::Overflow);
        }
        let common = gcd(numerator, denominator);
        Ok(Self { numerator: numerator / common, denominator: denominator / common })
    }

    /// Whether it is 0.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.numerator == 0
    }

    /// Whether it is above 1.
    #[must_use]
    pub fn exceeds_one(self) -> bool {
        self.numerator > self.denominator
    }

    /// The sum.
    ///
    /// # Errors
    /// When it does not fit in 128 bits.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        let common = gcd(self.denominator, other.denominator);
        let left = self.numerator.checked_mul(other.denominator / common);
        let right = other.numerator.checked_mul(self.denominator / common);
        let numerator = left.zip(right).and_then(|(left, right)| left.checked_add(right));
        let denominator = (self.denominator / common).checked_mul(other.denominator);
        Self::new(numerator.ok_or(MoneyError::Overflow)?, denominator.ok_or(MoneyError::Overflow)?)
    }

    /// The product.
    ///
    /// # Errors
    /// When it does not fit in 128 bits.
    pub fn times(self, other: Self) -> Result<Self, MoneyError> {
        // Shortened first, so that what fits when it is done fits on the way.
        let (down, up) = (gcd(self.numerator, other.denominator), gcd(other.numerator, self.denominator));
        let numerator = (self.numerator / down).checked_mul(other.numerator / up);
        let denominator = (self.denominator / up).checked_mul(other.denominator / down);
        Self::new(numerator.ok_or(MoneyError::Overflow)?, denominator.ok_or(MoneyError::Overflow)?)
    }

    /// The quotient.
    ///
    /// # Errors
    /// When `other` is 0, or it does not fit in 128 bits.
    pub fn over(self, other: Self) -> Result<Self, MoneyError> {
        if other.is_zero() {
            return Err(MoneyError::Overflow);
        }
        self.times(Self { numerator: other.denominator, denominator: other.numerator })
    }

    /// The numerators of the ratios over one denominator, and that denominator; `None` when it does not fit.
    pub(crate) fn over_one_denominator(ratios: &[Self]) -> Option<(Vec<i128>, i128)> {
        let denominator = ratios.iter().try_fold(1_i128, |denominator, ratio| {
            (denominator / gcd(denominator, ratio.denominator)).checked_mul(ratio.denominator)
        })?;
        let numerator = |ratio: &Self| ratio.numerator.checked_mul(denominator / ratio.denominator);
        ratios.iter().map(numerator).collect::<Option<Vec<_>>>().map(|numerators| (numerators, denominator))
    }

    /// The whole part of this ratio of `amount`, which is from 0, and the numerator of what is beyond it, over the
    /// denominator of the ratio; `None` when the product does not fit.
    pub(crate) fn part_of(self, amount: i64) -> Option<(i64, i128)> {
        let product = i128::from(amount).checked_mul(self.numerator)?;
        let whole = i64::try_from(product.div_euclid(self.denominator)).ok()?;
        Some((whole, product.rem_euclid(self.denominator)))
    }

    fn big(self) -> BigRational {
        BigRational::new(BigInt::from(self.numerator), BigInt::from(self.denominator))
    }
}

impl From<Percent> for Fraction {
    /// 7.5 % is 75/1000.
    fn from(percent: Percent) -> Self {
        let (numerator, denominator) = percent.fraction();
        let common = gcd(numerator, denominator);
        Self { numerator: numerator / common, denominator: denominator / common }
    }
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self::Whole(0);

    /// The price of `quantity` units, exact.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn of_units(price: UnitPrice, quantity: Quantity) -> Result<Self, MoneyError> {
        let exact = i128::from(price.ten_thousandths) * i128::from(quantity.get());
        let unit = i128::from(UnitPrice::PER_MINOR);
        if exact % unit == 0 {
            return i64::try_from(exact / unit).map(Self::Whole).map_err(|_| MoneyError::Overflow);
        }
        Ok(Self::from_big(BigRational::new(BigInt::from(exact), BigInt::from(unit))))
    }

    /// Whether it is nothing.
    #[must_use]
    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self, Self::Whole(0))
    }

    /// Whether it is above nothing.
    #[must_use]
    #[inline]
    pub fn is_positive(&self) -> bool {
        match self {
            Self::Whole(whole) => *whole > 0,
            Self::Ratio(ratio) => ratio.is_positive(),
        }
    }

    /// The sum.
    ///
    /// # Errors
    /// When a whole sum does not fit.
    #[inline]
    pub fn plus(&self, other: &Self) -> Result<Self, MoneyError> {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => {
                left.checked_add(*right).map(Self::Whole).ok_or(MoneyError::Overflow)
            }
            _ => Ok(self.plus_ratio(other)),
        }
    }

    /// The difference.
    ///
    /// # Errors
    /// When a whole difference does not fit.
    #[inline]
    pub fn minus(&self, other: &Self) -> Result<Self, MoneyError> {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => {
                left.checked_sub(*right).map(Self::Whole).ok_or(MoneyError::Overflow)
            }
            _ => Ok(self.minus_ratio(other)),
        }
    }

    /// This times the ratio, exact.
    #[must_use]
    pub fn times(&self, by: Fraction) -> Self {
        if let Self::Whole(whole) = self
            && let Some(product) = i128::from(*whole).checked_mul(by.numerator)
        {
            // In machine words the ratio is brought to its lowest terms many times faster than in big integers.
            let common = gcd(product.abs(), by.denominator);
            let (numerator, denominator) = (product / common, by.denominator / common);
            return match i64::try_from(numerator) {
                Ok(whole) if denominator == 1 => Self::Whole(whole),
                _ => Self::Ratio(Box::new(BigRational::new_raw(numerator.into(), denominator.into()))),
            };
        }
        Self::from_big(self.big() * by.big())
    }

    /// This times the ratio: rounded when there is a mode, else exact.
    ///
    /// # Errors
    /// When what is rounded does not fit.
    #[inline]
    pub fn scaled(&self, by: Fraction, mode: Option<Rounding>) -> Result<Self, MoneyError> {
        if by == Fraction::ONE {
            return match (self, mode) {
                (Self::Ratio(_), Some(mode)) => self.clone().round(mode),
                (whole, _) => Ok(whole.clone()),
            };
        }
        let Some(mode) = mode else { return Ok(self.times(by)) };
        if let Self::Whole(whole) = self
            && let Some(product) = i128::from(*whole).checked_mul(by.numerator)
        {
            let rounded = divide(product, by.denominator, mode);
            return i64::try_from(rounded).map(Self::Whole).map_err(|_| MoneyError::Overflow);
        }
        self.times(by).round(mode)
    }

    /// The nearest whole amount, as the mode says.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn round(self, mode: Rounding) -> Result<Self, MoneyError> {
        self.rounded(mode).map(Self::Whole)
    }

    /// The nearest number of minor units, as the mode says.
    ///
    /// # Errors
    /// When it does not fit.
    #[inline]
    pub fn rounded(&self, mode: Rounding) -> Result<i64, MoneyError> {
        match self {
            Self::Whole(whole) => Ok(*whole),
            Self::Ratio(ratio) => {
                let floor = ratio.floor();
                let rest = ratio.as_ref() - &floor; // from 0, below 1
                let floor = floor.to_integer();
                // The mode looks at the sign, at whether the quotient is even, and at how the rest compares with a half:
                // a small ratio that has the same of each is rounded in place of this one.
                let half = BigRational::new(BigInt::from(1), BigInt::from(2));
                let quarters = match rest.cmp(&half) {
                    std::cmp::Ordering::Less => 1,
                    std::cmp::Ordering::Equal => 2,
                    std::cmp::Ordering::Greater => 3,
                };
                let base = floor.to_i64().ok_or(MoneyError::Overflow)?;
                let parity = base.rem_euclid(2);
                let stand_in = if base < 0 { parity - 2 } else { parity };
                let rounded = divide(i128::from(stand_in) * 4 + quarters, 4, mode);
                let up = i64::try_from(rounded).map_err(|_| MoneyError::Overflow)? - stand_in;
                base.checked_add(up).ok_or(MoneyError::Overflow)
            }
        }
    }

    /// The greatest whole number of minor units that is not above it, and whether it lies above that.
    ///
    /// # Errors
    /// When it does not fit.
    #[inline]
    pub fn floor(&self) -> Result<i64, MoneyError> {
        match self {
            Self::Whole(whole) => Ok(*whole),
            Self::Ratio(ratio) => ratio.floor().to_integer().to_i64().ok_or(MoneyError::Overflow),
        }
    }

    /// What this is of `whole`; 0 when that is nothing.
    #[must_use]
    pub fn share_of(&self, whole: &Self, of: &Self) -> Self {
        if whole.is_zero() {
            return Self::ZERO;
        }
        Self::from_big(of.big() * self.big() / whole.big())
    }

    /// The smaller of both.
    #[must_use]
    #[inline]
    pub fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// This, or nothing when it is below.
    #[must_use]
    #[inline]
    pub fn or_zero(self) -> Self {
        if self.is_positive() { self } else { Self::ZERO }
    }

    #[cold]
    fn plus_ratio(&self, other: &Self) -> Self {
        Self::from_big(self.big() + other.big())
    }

    #[cold]
    fn minus_ratio(&self, other: &Self) -> Self {
        Self::from_big(self.big() - other.big())
    }

    fn big(&self) -> BigRational {
        match self {
            Self::Whole(whole) => BigRational::from_integer(BigInt::from(*whole)),
            Self::Ratio(ratio) => ratio.as_ref().clone(),
        }
    }

    /// A whole number in its short form, so that equal amounts have one form.
    fn from_big(ratio: BigRational) -> Self {
        if ratio.is_zero() {
            return Self::ZERO;
        }
        match ratio.is_integer().then(|| ratio.numer().to_i64()).flatten() {
            Some(whole) => Self::Whole(whole),
            None => Self::Ratio(Box::new(ratio)),
        }
    }
}

impl From<i64> for Exact {
    fn from(minor: i64) -> Self {
        Self::Whole(minor)
    }
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Exact {}

impl PartialOrd for Exact {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    #[inline]
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Whole(left), Self::Whole(right)) => left.cmp(right),
            _ => self.big().cmp(&other.big()),
        }
    }
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_ratio_rounds_as_its_quotient_does(
            n in -1_000_000_000_000_i64..1_000_000_000_000,
            d in 1_i64..1_000,
            mode in prop::sample::select(&Rounding::ALL[..]),
        ) {
            let exact = Exact::from_big(BigRational::new(n.into(), d.into()));
            prop_assert_eq!(i128::from(exact.rounded(mode).unwrap()), divide(n.into(), d.into(), mode));
        }

        #[test]
        fn scaling_is_multiplying_and_then_rounding(
            minor in -1_000_000_000_000_i64..1_000_000_000_000,
            n in 0_i128..1_000_000,
            d in 1_i128..1_000_000,
            mode in prop::sample::select(&Rounding::ALL[..]),
        ) {
            let by = Fraction::new(n, d).unwrap();
            let exact = Exact::from(minor).scaled(by, None).unwrap();
            prop_assert_eq!(Exact::from(minor).scaled(by, Some(mode)).unwrap(), exact.round(mode).unwrap());
        }
    }
}
