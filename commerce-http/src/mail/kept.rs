//! The mails of the demo: kept in memory, the last so many.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use commerce_core::MailId;

use super::letters::Letter;

/// How many mails are kept.
const MOST: usize = 200;

/// Mails that would have been sent.
#[derive(Debug, Default)]
pub struct Kept(Mutex<VecDeque<Letter>>);

impl Kept {
    /// Keeps a letter; the oldest goes when there are too many.
    pub(super) fn keep(&self, letter: Letter) {
        let mut letters = self.letters();
        letters.retain(|kept| kept.id != letter.id);
        letters.push_front(letter);
        letters.truncate(MOST);
    }

    /// All of them, the newest first.
    #[must_use]
    pub fn all(&self) -> Vec<Letter> {
        self.letters().iter().cloned().collect()
    }

    /// One of them.
    #[must_use]
    pub fn letter(&self, id: MailId) -> Option<Letter> {
        self.letters().iter().find(|letter| letter.id == id).cloned()
    }

    fn letters(&self) -> MutexGuard<'_, VecDeque<Letter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
