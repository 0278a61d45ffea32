//! What the owner of an account is told by mail.

use super::{Account, LinkToken, Locale};
use crate::customer::Email;
use crate::{CustomerId, Timestamp};

/// Something to tell somebody by mail. It goes to an address that is stored, never to one that was typed into a form by
/// whoever asked; the one exception is an address that is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where it goes.
    pub to: Email,
    /// Whose account it is about.
    pub account: CustomerId,
    /// In which language; absent: the shop's.
    pub locale: Option<Locale>,
    /// What to tell.
    pub about: About,
}

/// What somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// Confirm that you registered with this address.
    Verify {
        /// For the link.
        token: LinkToken,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// Somebody tried to register with your address, which has an account.
    AlreadyRegistered,
    /// Set a new password.
    PasswordReset {
        /// For the link.
        token: LinkToken,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// Your password was changed.
    PasswordChanged,
    /// Confirm, at the address of before, that it is to be another one.
    EmailChangeOld {
        /// For the link.
        token: LinkToken,
        /// Until when it is good.
        expires_at: Timestamp,
        /// The new address.
        new: Email,
    },
    /// Confirm, at the new address, that it is to be this one.
    EmailChangeNew {
        /// For the link.
        token: LinkToken,
        /// Until when it is good.
        expires_at: Timestamp,
    },
    /// Your address was changed; told at both.
    EmailChanged {
        /// The new address.
        new: Email,
    },
    /// Somebody logged in with a client that had no session before.
    NewDevice {
        /// What it says it is.
        device: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// A session was ended because a token of it came back that was spent: somebody may have a copy.
    SessionStolen {
        /// What the session was of.
        device: Option<String>,
    },
    /// Your account was erased.
    Erased,
}

impl Notice {
    /// Told at the address of the account.
    #[must_use]
    pub(crate) fn to_owner(account: &Account, about: About) -> Self {
        Self { to: account.email.clone(), account: account.id, locale: account.locale.clone(), about }
    }
}
