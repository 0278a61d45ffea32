//! Chance that is the same every time.

/// SplitMix64: small, and good enough to make things up. It guards nothing.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// The stream of the thing of this number.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        // Two steps of mixing, or neighbours would begin alike.
        let mut dice = Self(seed ^ number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        Self(dice.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Any number below the bound, each as likely; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or(0)
    }

    /// A number below the bound, small ones far more often: a few brands make most of what a shop sells.
    pub(super) fn mostly_small(&mut self, bound: usize) -> usize {
        let half = self.below(bound) + 1;
        self.below(half)
    }

    /// One of these.
    pub(super) fn one<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// Whether something happens that happens so often in a hundred times.
    pub(super) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// A value that is spread around `median` as prices and weights are: as many are half of it as are twice it, four
    /// times is rare, and none is more. Half a sum of dice is nearly a normal distribution, and this its exponential.
    pub(super) fn around(&mut self, median: u64) -> u64 {
        /// The sixteenth roots of two: 65,536 times `2^(n/16)`.
        const STEPS: [u64; 16] = [
            65_536, 68_438, 71_468, 74_632, 77_936, 81_386, 84_990, 88_752, 92_682, 96_785, 101_070, 105_545,
            110_218, 115_098, 120_194, 125_515,
        ];
        let sum: usize = (0..4).map(|_| self.below(17)).sum();
        // 0 to 64: below 32 the value is less than the median.
        let (octave, step) = (sum / 16, sum % 16);
        (((u128::from(median) * u128::from(STEPS[step])) << octave) >> 18) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spread_around_a_median_has_it_in_its_middle() {
        let mut dice = Dice::of(1, 1);
        let mut drawn: Vec<u64> = (0..10_001).map(|_| dice.around(1_000)).collect();
        drawn.sort_unstable();
        let middle = drawn[5_000];
        assert!((900..1_100).contains(&middle), "{middle}");
        assert!(drawn[0] >= 250 && drawn[10_000] <= 4_000, "{} to {}", drawn[0], drawn[10_000]);
        let mean: u64 = drawn.iter().sum::<u64>() / 10_001;
        assert!(mean > middle, "the dear ones weigh more: {mean}");
    }

    #[test]
    fn small_numbers_come_more_often() {
        let mut dice = Dice::of(1, 2);
        let small = (0..1_000).filter(|_| dice.mostly_small(100) < 20).count();
        assert!((400..700).contains(&small), "{small}");
    }
}
