//! For how long sessions and links are good, and what passwords the shop takes.

use std::time::Duration;

use super::PasswordPolicy;
use crate::access::Role;
use crate::cart::MergePolicy;

/// What a shop decides about its accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTerms {
    /// What passwords it takes.
    pub passwords: PasswordPolicy,
    /// For how long sessions of customers are good: 30 days unused, 180 in any case, unless set.
    pub sessions: SessionTerms,
    /// For how long sessions of everybody who has a permission are good: 12 hours unused, 7 days in any case, unless set.
    pub staff_sessions: SessionTerms,
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

/// For how long a session is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTerms {
    /// It ends when it was not used for so long.
    pub idle: Duration,
    /// It ends after so long in any case.
    pub longest: Duration,
}

impl AccountTerms {
    /// For how long a session of somebody in this role is good.
    #[must_use]
    pub fn sessions_of(&self, role: Role) -> SessionTerms {
        if role.permissions().is_empty() { self.sessions } else { self.staff_sessions }
    }
}

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for AccountTerms {
    fn default() -> Self {
        Self {
            passwords: PasswordPolicy::default(),
            sessions: SessionTerms { idle: DAY.saturating_mul(30), longest: DAY.saturating_mul(180) },
            staff_sessions: SessionTerms { idle: HOUR.saturating_mul(12), longest: DAY.saturating_mul(7) },
            verify_within: DAY.saturating_mul(2),
            reset_within: HOUR,
            email_change_within: DAY,
            cart_merge: MergePolicy::default(),
            guessable: Vec::new(),
        }
    }
}
