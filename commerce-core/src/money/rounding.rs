//! Rounding: the one place where a quotient becomes an integer.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How a quotient that lies between two integers becomes one of them.
///
/// The worked example of each mode rounds 2.5, -2.5 and 2.4.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest, a tie away from zero: 3, -3, 2.
    #[default]
    HalfUp,
    /// To the nearest, a tie to the even neighbour (IEEE 754 roundTiesToEven): 2, -2, 2.
    HalfEven,
    /// To the nearest, a tie towards zero: 2, -2, 2.
    HalfDown,
    /// To the nearest, a tie to the odd neighbour: 3, -3, 2.
    HalfOdd,
    /// To the nearest, a tie towards plus infinity, as `floor(x + 1/2)` gives it: 3, -2, 2.
    HalfCeiling,
    /// Away from zero: 3, -3, 3.
    Up,
    /// Towards zero: 2, -2, 2.
    Down,
}

impl Rounding {
    /// Every mode.
    pub const ALL: [Self; 7] = [
        Self::HalfUp,
        Self::HalfEven,
        Self::HalfDown,
        Self::HalfOdd,
        Self::HalfCeiling,
        Self::Up,
        Self::Down,
    ];
}

/// `numerator / denominator`, rounded to an integer. The denominator must be positive.
///
/// ```
/// use commerce_core::money::{Rounding, divide};
/// assert_eq!(divide(5, 2, Rounding::HalfUp), 3);
/// assert_eq!(divide(5, 2, Rounding::HalfEven), 2);
/// assert_eq!(divide(-5, 2, Rounding::HalfUp), -3);
/// ```
#[must_use]
#[inline]
pub fn divide(numerator: i128, denominator: i128, mode: Rounding) -> i128 {
    debug_assert!(denominator > 0, "a denominator is positive");
    // Nearly every amount fits a machine word, whose division is many times faster.
    let (quotient, remainder) = match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => {
            (i128::from(numerator / denominator), i128::from(numerator % denominator))
        }
        _ => (numerator / denominator, numerator % denominator),
    };
    if remainder == 0 {
        return quotient;
    }
    let away = quotient + remainder.signum();
    // Compared without doubling, which could overflow.
    let rest = denominator - remainder.abs();
    let tie_goes_away = || match mode {
        Rounding::HalfUp | Rounding::Up => true,
        Rounding::HalfDown | Rounding::Down => false,
        Rounding::HalfEven => quotient % 2 != 0,
        Rounding::HalfOdd => quotient % 2 == 0,
        Rounding::HalfCeiling => remainder > 0,
    };
    let goes_away = match (mode, remainder.abs().cmp(&rest)) {
        (Rounding::Up, _) => true,
        (Rounding::Down, _) => false,
        (_, Ordering::Equal) => tie_goes_away(),
        (_, nearer) => nearer.is_gt(),
    };
    if goes_away { away } else { quotient }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        let round = |mode| [divide(25, 10, mode), divide(-25, 10, mode), divide(24, 10, mode)];
        let rounded = [[3, -3, 2], [2, -2, 2], [2, -2, 2], [3, -3, 2], [3, -2, 2], [3, -3, 3], [2, -2, 2]];
        assert_eq!(Rounding::ALL.map(round), rounded);
    }

    proptest! {
        #[test]
        fn a_rounded_quotient_is_less_than_one_away(n in any::<i64>(), d in 1..i64::MAX, mode in prop::sample::select(&Rounding::ALL[..])) {
            let (n, d) = (i128::from(n), i128::from(d));
            let off = (divide(n, d, mode) * d - n).abs();
            prop_assert!(off < d);
            if !matches!(mode, Rounding::Up | Rounding::Down) {
                prop_assert!(off * 2 <= d);
            }
        }

        #[test]
        fn a_mode_treats_both_signs_alike(n in any::<i64>(), d in 1..i64::MAX, mode in prop::sample::select(&Rounding::ALL[..])) {
            prop_assume!(mode != Rounding::HalfCeiling);
            prop_assert_eq!(divide(n.into(), d.into(), mode), -divide(-i128::from(n), d.into(), mode));
        }
    }
}
