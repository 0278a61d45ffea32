//! Codes and references. Not secret, so a small generator does; with a seed it gives the same ones again.

/// `SplitMix64`.
#[derive(Debug)]
pub(crate) struct Codes(u64);

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const DIGITS: &[u8] = b"0123456789";

impl Codes {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator that no other run has.
    #[expect(
        clippy::disallowed_methods,
        reason = "the sandbox stands for another company's computers, so it has no port for this"
    )]
    pub(crate) fn seeded() -> Self {
        let mut bytes = [0; 8];
        // Without the system's randomness the codes repeat between runs, which a sandbox can live with.
        let _ = getrandom::fill(&mut bytes);
        Self(u64::from_le_bytes(bytes))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn of(&mut self, letters: &[u8], length: usize) -> String {
        let count = letters.len() as u64;
        (0..length).map(|_| char::from(letters[usize::try_from(self.next() % count).unwrap_or(0)])).collect()
    }

    /// Lower-case letters and digits.
    pub(crate) fn lower(&mut self, length: usize) -> String {
        self.of(LOWER, length)
    }

    /// Letters of both cases and digits.
    pub(crate) fn mixed(&mut self, length: usize) -> String {
        self.of(MIXED, length)
    }

    pub(crate) fn digits(&mut self, length: usize) -> String {
        self.of(DIGITS, length)
    }
}
