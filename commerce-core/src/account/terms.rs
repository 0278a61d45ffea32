//! For how long sessions and links are good, and what passwords the shop takes.

use std::time::Duration;

use super::PasswordPolicy;
use crate::cart::MergePolicy;

/// What a shop decides about its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTerms {
    /// What passwords it takes.
    pub passwords: PasswordPolicy,
    /// A session ends when it was not used for so long: 30 days unless set.
    pub session_idle: Duration,
    /// A session ends after so long in any case: 180 days unless set.
    pub session_longest: Duration,
    /// A link to confirm an address is good for so long: 2 days unless set.
    pub verify_within: Duration,
    /// A link to set a new password is good for so long: 1 hour unless set.
    pub reset_within: Duration,
    /// A change of address is to be confirmed within so long: 1 day unless set.
    pub email_change_within: Duration,
    /// What becomes of line items that both a guest's cart and that of their account have, when they log in.
    pub cart_merge: MergePolicy,
    /// The shop's name and other words that every guesser of its customers' passwords tries.
    pub guessable: Vec<String>,
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for AccountTerms {
    fn default() -> Self {
        Self {
            passwords: PasswordPolicy::default(),
            session_idle: DAY.saturating_mul(30),
            session_longest: DAY.saturating_mul(180),
            verify_within: DAY.saturating_mul(2),
            reset_within: HOUR,
            email_change_within: DAY,
            cart_merge: MergePolicy::default(),
            guessable: Vec::new(),
        }
    }
}
