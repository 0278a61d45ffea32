//! A serialised answer with its validator.

use bytes::{BufMut, Bytes, BytesMut};
use sha2::{Digest, Sha256};

use crate::hex;

/// The length of a validator with its quotes.
const VALIDATOR: usize = 34;

/// A strong validator of these bytes, as the header `ETag` has it: half of their SHA-256, in quotes.
#[must_use]
pub fn validator(body: &[u8]) -> String {
    format!("\"{}\"", hex::written(&Sha256::digest(body)[..16]))
}

/// A serialised answer with its validator, in one piece. Cheap to clone.
///
/// ```
/// use commerce_core::cache::Kept;
/// let kept = Kept::new(b"{}");
/// assert_eq!(kept.validator(), "\"44136fa355b3678a1146ad16f7e8649e\"");
/// assert_eq!(Kept::restored(kept.stored()), Some(kept));
/// assert_eq!(Kept::restored("\"44136fa355b3678a1146ad16f7e8649e\"{".into()), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    stored: Bytes,
}

impl Kept {
    /// This answer.
    #[must_use]
    pub fn new(body: &[u8]) -> Self {
        let mut stored = BytesMut::with_capacity(VALIDATOR + body.len());
        stored.put_slice(validator(body).as_bytes());
        stored.put_slice(body);
        Self { stored: stored.freeze() }
    }

    /// What a cache that others write to gave back; `None` when it is not what [`stored`](Self::stored) once was.
    #[must_use]
    pub fn restored(stored: Bytes) -> Option<Self> {
        let (begin, body) = stored.split_at_checked(VALIDATOR)?;
        (begin == validator(body).as_bytes()).then_some(Self { stored })
    }

    /// The same of memory that nobody else writes to.
    #[cfg(feature = "answers")]
    pub(super) fn trusted(stored: Bytes) -> Self {
        debug_assert!(stored.len() >= VALIDATOR, "it begins with its validator");
        Self { stored }
    }

    /// What a cache keeps.
    #[must_use]
    pub fn stored(&self) -> Bytes {
        self.stored.clone()
    }

    /// The validator, with its quotes.
    #[must_use]
    pub fn validator(&self) -> &str {
        self.stored.get(..VALIDATOR).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// The answer itself.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.stored.slice(VALIDATOR.min(self.stored.len())..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_is_not_restored() {
        let stored = Kept::new(b"{\"price\": \"10.00\"}").stored();
        for cut in 0..stored.len() {
            assert_eq!(Kept::restored(stored.slice(..cut)), None, "{cut} bytes");
        }
        for at in 0..stored.len() {
            let mut wrong = stored.to_vec();
            wrong[at] ^= 1;
            assert_eq!(Kept::restored(wrong.into()), None, "another byte {at}");
        }
        assert!(Kept::restored(stored).is_some());
    }
}
