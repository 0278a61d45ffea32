//! Why something about an account is refused.

use super::WeakPassword;
use crate::commit::StoreError;
use crate::customer::AddressError;
use crate::ports::HasherTrouble;

/// Why something about an account was refused. Nothing changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// The address is nobody's, or the password is not theirs: which of both is not said.
    #[error("the e-mail address or the password is wrong")]
    Credentials,
    /// The password was right, but the address was never seen to receive mail.
    #[error("confirm your e-mail address first; the link was mailed to you")]
    EmailNotVerified,
    /// The password was right, but the account was deactivated.
    #[error("this account was deactivated")]
    Inactive,
    /// The new password is not good enough.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// The link was used before, has expired, or never was.
    #[error("this link was used already or has expired; ask for a new one")]
    Link,
    /// There is no such session any more, or it is somebody else's.
    #[error("log in again")]
    Session,
    /// There is no such account, address or session; or it is somebody else's.
    #[error("there is no such thing")]
    NotFound,
    /// A field is wrong.
    #[error("{field} {reason}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Fields of an address are wrong.
    #[error("the address is not complete")]
    Address(Vec<AddressError>),
    /// An account can hold no more addresses.
    #[error("an account has at most {} addresses", super::Account::ADDRESSES_MAX)]
    TooManyAddresses,
    /// The address is somebody's; only said to those who may see accounts.
    #[error("an account with this e-mail address, or one that looks like it, is there already")]
    EmailTaken,
    /// Whoever asks may change customers, and nobody who is more.
    #[error("you may not do this")]
    Forbidden,
    /// Nobody changes their own role, or deactivates themselves.
    #[error("ask another administrator to change your own role or state")]
    Oneself,
    /// Whoever works for the shop, or sells there, is taken out by an administrator.
    #[error("an administrator ends an account that works for the shop or sells there")]
    Employed,
    /// Orders have not ended, and need to know whose they are.
    #[error("{0} of your orders are still under way; cancel them, or wait until they have arrived")]
    UnderWay(usize),
    /// The account changed since the version that was named.
    #[error("the account changed meanwhile; it is at version {0} now")]
    Version(u64),
    /// Passwords cannot be checked: the engine was built without a hasher, or it failed.
    #[error("passwords cannot be checked: {0}")]
    Hasher(String),
    /// So many passwords are checked at once that this one has to wait.
    #[error("too many logins at once; try again in a moment")]
    HasherBusy,
    /// Too many others changed the same at the same time.
    #[error("the account is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<HasherTrouble> for AccountError {
    fn from(trouble: HasherTrouble) -> Self {
        match trouble {
            HasherTrouble::Busy => Self::HasherBusy,
            HasherTrouble::Broken(reason) => Self::Hasher(reason),
        }
    }
}
