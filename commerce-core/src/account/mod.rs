//! Accounts: who somebody is to the shop, and how they show it.
//!
//! An account is found by its e-mail address, in a form that look-alikes share ([`EmailKey`]). Its password is kept as a
//! hash that only the [`PasswordHasher`](crate::PasswordHasher) reads. Whoever logs in opens a [`Session`]: a family of
//! refresh tokens of which one is good at a time. What is mailed to its owner are [`Link`]s, each good once and for one
//! purpose. A store keeps none of these secrets, only their hashes.
//!
//! What must not be said:
//!
//! - **Whether an address has an account.** Registering, asking for a new password and asking for another link answer alike
//!   for every address, and write alike; a login checks a password also where there is no account. What differs is mailed.
//! - **Which of two stories is true when a token comes back that was spent.** Its owner may have lost an answer, or a thief
//!   may have a copy. The session ends in both.
//!
//! Between a look and its commit the world may move on: a password is changed while somebody logs in with the old one. So
//! whatever opens a session writes its account over the version that was read, and what ends sessions does so too: one of
//! the two comes first, and the other looks again.

mod address_book;
mod changes;
mod email_change;
mod email_key;
mod error;
mod link;
mod password;
mod profile;
mod punycode;
mod register;
mod reset;
mod service;
mod session;
mod sign_in;
mod standing;
mod terms;
mod told;
mod types;
mod view;

use crate::commit::ChangeSet;

pub use address_book::{NewAddress, remove_address, save_address};
pub use changes::{Changes, End, Renewal, Which};
pub use email_change::{Confirmed, ask_email_change, confirm_email_change};
pub use email_key::EmailKey;
pub use error::AccountError;
pub use link::{Carries, Link, LinkToken, LinkTokenError, Purpose, Registration};
pub use password::{Password, PasswordError, PasswordHash, PasswordPolicy, WeakPassword};
pub use profile::change_profile;
pub use register::{register, resend, verify};
pub use reset::{ask_reset, change_password, reset_password};
pub(crate) use service::Shown;
pub use service::{Accounts, Login, Register};
pub use session::{EndReason, RefreshToken, RefreshTokenError, Session, device_label};
pub use sign_in::{
    Admitted, Checked, Refreshed, SignedIn, admit, end_session, log_in, log_out_everywhere, refresh,
};
pub use standing::{NewAccount, Standing, change_standing, create_account, end_every_session, end_sessions};
pub use terms::{AccountTerms, SessionTerms};
pub use types::{Account, AddressType, EmailChange, Profile, SavedAddress};
pub use view::{By, Look, Search, View};

/// A decision about an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided<T> {
    /// What it comes to.
    pub answer: T,
    /// What to commit, with what is mailed about it.
    pub changes: ChangeSet,
}

impl Account {
    /// The account written over the version that was read.
    pub(crate) fn written(mut self, now: crate::Timestamp) -> (Self, u64) {
        let read = self.version;
        self.version += 1;
        self.updated_at = now;
        (self, read)
    }
}

#[cfg(test)]
mod tests;
