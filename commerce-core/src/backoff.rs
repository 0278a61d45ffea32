//! How long to wait before the next try.

use std::time::Duration;

/// `first` before the second try, then twice as long each time, up to `longest`.
pub(crate) fn doubling(first: Duration, tries_before: u32, longest: Duration) -> Duration {
    let factor = 1_u32.checked_shl(tries_before).unwrap_or(u32::MAX);
    first.checked_mul(factor).unwrap_or(longest).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let wait = |tries| doubling(Duration::from_secs(30), tries, Duration::from_secs(3_600)).as_secs();
        assert_eq!(
            [0, 1, 2, 6, 7, 31, 32, 33, u32::MAX].map(wait),
            [30, 60, 120, 1_920, 3_600, 3_600, 3_600, 3_600, 3_600]
        );
    }
}
