//! What a decision changes about the rulebook.

use super::StoredRulebook;

/// Rulebook changes of one change set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// The rulebook to put in place of the one before. Its version less one is the guard: 0 means that there was none;
    /// another is [`Guard::Rulebook`](crate::Guard::Rulebook). Older versions are kept.
    pub rulebook: Option<StoredRulebook>,
    /// The promotions of the one before that it has no more, by code. None of them may have a coupon by now: else
    /// [`Guard::Rulebook`](crate::Guard::Rulebook).
    pub gone: Vec<String>,
}
