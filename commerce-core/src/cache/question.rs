//! What is asked, and where the answer to it is kept.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Generation;

/// What is asked of the catalogue: every input that changes the answer, and none else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question([u8; 16]);

impl Question {
    /// The question of this kind with these inputs, however long they are.
    ///
    /// ```
    /// use commerce_core::cache::Question;
    /// assert_eq!(Question::new("product", "mug"), Question::new("product", "mug"));
    /// assert_ne!(Question::new("product", "mug"), Question::new("productm", "ug"));
    /// ```
    #[must_use]
    pub fn new(kind: &'static str, inputs: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update((kind.len() as u64).to_le_bytes());
        hash.update(kind);
        hash.update(inputs);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.finalize()[..16]);
        Self(half)
    }
}

/// Where the answer to a question in a generation is kept: a key of at most 100 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place(String);

impl Place {
    /// The place of the answer, in the form `form` of answers: programs that word them differently share no place.
    #[must_use]
    pub fn of(form: &str, generation: Generation, question: &Question) -> Self {
        Self(format!("{form}:{:x}:{:032x}", generation.0, u128::from_be_bytes(question.0)))
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
