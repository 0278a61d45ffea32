//! Ranges of prices that fit what is found.

/// A range of prices, both ends included, in ten-thousandths of a minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    /// The lowest price.
    pub min: i64,
    /// The highest price.
    pub max: i64,
    /// How many products have a variant that costs so much: as many as a filter of this range finds.
    pub count: u64,
}

/// At most so many ranges.
const RANGES_MAX: usize = 5;
/// One minor unit, in ten-thousandths of it.
const MINOR: i64 = 10_000;

/// Up to five ranges that do not overlap and hold all of these products: so many whose variants have these prices.
///
/// They hold about as many products each, and meet at round amounts: how round, the distance to their neighbours tells.
/// The first begins at the lowest price and the last ends at the highest. The order of the products does not matter.
///
/// ```
/// use commerce_core::search::price_ranges;
/// let dear = |naira: i64| (vec![naira * 100 * 10_000], 1);
/// let found = price_ranges(&[1_180, 1_950, 2_400, 4_990, 12_500].map(dear));
/// let kobo: Vec<(i64, i64, u64)> = found.iter().map(|r| (r.min / 10_000, r.max / 10_000, r.count)).collect();
/// assert_eq!(kobo[0], (118_000, 119_999, 1), "from the lowest price to one kobo below 1,200.00");
/// ```
#[must_use]
pub fn price_ranges(products: &[(Vec<i64>, u64)]) -> Vec<PriceRange> {
    let repeated = |(prices, count): &(Vec<i64>, u64)| {
        std::iter::repeat_n(prices.clone(), usize::try_from(*count).unwrap_or_default())
    };
    let mut prices: Vec<i64> = products.iter().flat_map(repeated).flatten().collect();
    prices.sort_unstable();
    let (Some(lowest), Some(highest)) = (prices.first().copied(), prices.last().copied()) else {
        return Vec::new();
    };
    // A range ends one step below the next: a minor unit, unless some price is finer than that.
    let step = if prices.iter().all(|price| price % MINOR == 0) { MINOR } else { 1 };
    let quantile = |part: usize| prices[(prices.len() - 1) * part / RANGES_MAX];
    let mut begins = vec![lowest];
    for part in 1..RANGES_MAX {
        let gap = (quantile(part + 1) - quantile(part - 1)) / 2;
        let begin = rounded(quantile(part), unit(gap)).max(0);
        if begin > begins[begins.len() - 1] && begin <= highest {
            begins.push(begin);
        }
    }
    let ends = begins.iter().skip(1).map(|next| next - step).chain([highest]);
    let ranges = begins.iter().zip(ends).map(|(min, max)| {
        let within = |(prices, _): &&(Vec<i64>, u64)| prices.iter().any(|price| (*min..=max).contains(price));
        PriceRange { min: *min, max, count: products.iter().filter(within).map(|(_, count)| count).sum() }
    });
    ranges.filter(|range| range.count > 0).collect()
}

/// The largest of 1, 2 and 5 times a power of ten minor units that is at most this; at least a minor unit.
fn unit(most: i64) -> i64 {
    let (mut unit, mut power) = (MINOR, MINOR);
    loop {
        for factor in [1, 2, 5] {
            match power.checked_mul(factor) {
                Some(next) if next <= most => unit = next,
                _ => return unit,
            }
        }
        let Some(next) = power.checked_mul(10) else { return unit };
        power = next;
    }
}

fn rounded(price: i64, unit: i64) -> i64 {
    price.saturating_add(unit / 2) / unit * unit
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_go_by_one_two_and_five() {
        let units: Vec<i64> =
            [0, 1, 2, 4, 5, 9, 10, 49, 99, 100, 700].map(|most| unit(most * MINOR) / MINOR).into();
        assert_eq!(units, [1, 1, 2, 2, 5, 5, 10, 20, 50, 100, 500]);
        assert!(unit(i64::MAX) > 1_000_000_000_000);
    }

    #[test]
    fn one_price_is_one_range() {
        assert_eq!(price_ranges(&[]), []);
        let same = [(vec![25 * MINOR], 2)];
        assert_eq!(price_ranges(&same), [PriceRange { min: 25 * MINOR, max: 25 * MINOR, count: 2 }]);
    }

    #[test]
    fn ranges_meet_at_round_amounts() {
        let naira = |amount: i64| (vec![amount * 100 * MINOR], 1);
        let spread: Vec<(Vec<i64>, u64)> = (1..=1_000).map(|n| naira(n * 37)).collect();
        let begins: Vec<i64> =
            price_ranges(&spread).iter().skip(1).map(|range| range.min / MINOR / 100).collect();
        assert_eq!(begins, [5_000, 15_000, 20_000, 30_000]);
    }

    proptest! {
        #[test]
        fn every_product_is_in_a_range(
            products in prop::collection::vec(prop::collection::vec(0..=i64::MAX / 4, 1..4), 0..60),
            coarse in any::<bool>(),
        ) {
            let products: Vec<(Vec<i64>, u64)> = products
                .into_iter()
                .map(|prices| prices.into_iter().map(|price| if coarse { price / MINOR * MINOR } else { price }).collect())
                .map(|prices: Vec<i64>| (prices, 1))
                .collect();
            let ranges = price_ranges(&products);
            prop_assert!(ranges.len() <= RANGES_MAX);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].max < pair[1].min), "{ranges:?}");
            for price in products.iter().flat_map(|(prices, _)| prices) {
                let holding = ranges.iter().filter(|range| (range.min..=range.max).contains(price)).count();
                prop_assert_eq!(holding, 1, "{} in {:?}", price, &ranges);
            }
        }
    }
}
