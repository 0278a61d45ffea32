//! What a decision changes about the rulebook.

use super::StoredRulebook;

/// Rulebook changes of one change set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// The rulebook to put in place of the one before. Its version less one is the guard: 0 means that there was none;
    /// another is [`Guard::Rulebook`](crate::Guard::Rulebook). Older versions are kept.
    pub rulebook: Option<StoredRulebook>,
    /// What the one before had and it has no more.
    pub gone: Gone,
}

/// What rules have no more, by code. It is asked for whether others rely on it: else
/// [`Guard::Rulebook`](crate::Guard::Rulebook).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone {
    /// Promotions, none of which has a coupon by now.
    pub promotions: Vec<String>,
    /// Customer groups, none of which has an account in it by now.
    pub groups: Vec<String>,
}
