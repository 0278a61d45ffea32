//! Splitting an amount into shares that add up to it.

use super::{Money, MoneyError};

/// Splits `amount` in proportion to `weights` by the method of the largest remainder (Hamilton's method).
///
/// Every share is rounded down, then the units left over go one each to the shares with the largest remainders, the
/// earlier one first among equals. Shares sum to the amount exactly and none has another sign than the amount. When all
/// weights are zero, the whole amount goes to the first share.
///
/// # Errors
/// [`MoneyError::NothingToSplitOver`] when there is no weight at all and the amount is not zero.
///
/// ```
/// use commerce_core::{Currency, Money, money::largest_remainder};
/// let shares = largest_remainder(Money::from_minor(100, Currency::NGN), &[1, 1, 1])?;
/// assert_eq!(shares.iter().map(|share| share.minor).collect::<Vec<_>>(), [34, 33, 33]);
/// # Ok::<(), commerce_core::MoneyError>(())
/// ```
pub fn largest_remainder(amount: Money, weights: &[u64]) -> Result<Vec<Money>, MoneyError> {
    if weights.is_empty() {
        return if amount.minor == 0 { Ok(Vec::new()) } else { Err(MoneyError::NothingToSplitOver) };
    }
    let whole = u128::from(amount.minor.unsigned_abs());
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let mut shares = vec![0_u128; weights.len()];
    if weights.iter().all(|weight| *weight == 0) {
        shares[0] = whole;
    } else {
        let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
        for (index, weight) in weights.iter().enumerate() {
            let product = whole * u128::from(*weight); // below 2^63 * 2^64
            let (share, remainder) = divide(product, total);
            shares[index] = share;
            remainders.push((remainder, index));
        }
        let left = whole - shares.iter().sum::<u128>();
        // Fewer units are left over than there are shares, so only those that get one need to be told from the rest.
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if left > 0 && left < remainders.len() {
            remainders.select_nth_unstable_by(left - 1, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        }
        for (_, index) in remainders.into_iter().take(left) {
            shares[index] += 1;
        }
    }
    let sign = amount.minor.signum();
    shares
        .into_iter()
        .map(|share| {
            let minor = i64::try_from(share).map_err(|_| MoneyError::Overflow)?;
            Ok(Money::from_minor(sign * minor, amount.currency))
        })
        .collect()
}

/// Quotient and remainder; in a machine word where both fit, which is many times faster.
fn divide(product: u128, total: u128) -> (u128, u128) {
    match (u64::try_from(product), u64::try_from(total)) {
        (Ok(product), Ok(total)) => (u128::from(product / total), u128::from(product % total)),
        _ => (product / total, product % total),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Currency;

    proptest! {
        #[test]
        fn shares_add_up_and_keep_to_their_proportion(
            minor in -i64::MAX..i64::MAX,
            weights in prop::collection::vec(0_u64..1_000_000_000_000, 1..40),
        ) {
            let shares = largest_remainder(Money::from_minor(minor, Currency::NGN), &weights).unwrap();
            let sum: i128 = shares.iter().map(|share| i128::from(share.minor)).sum();
            prop_assert_eq!(sum, i128::from(minor));
            let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(share.minor.signum() * minor.signum() >= 0);
                if total > 0 {
                    let exact = u128::from(minor.unsigned_abs()) * u128::from(*weight);
                    let given = u128::from(share.minor.unsigned_abs()) * total;
                    prop_assert!(given.abs_diff(exact) < total, "a share is less than one unit off");
                }
            }
        }
    }
}
