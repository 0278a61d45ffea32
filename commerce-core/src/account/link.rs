//! Links in mails: good once, for one purpose, for a while.

use crate::customer::Email;
use crate::token::{TokenHash, secret_token};
use crate::{CustomerId, Timestamp};

secret_token! {
    /// What a link in a mail carries: 256 random bits, good once, for one purpose, for a while.
    LinkToken, 32, LinkTokenError, "not the token of a link"
}

/// A link that was mailed, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The hash of its token.
    pub hash: TokenHash,
    /// Whose account it is about. Absent for one that leads nowhere: it is written so that a request about an address
    /// that nobody has takes as long as any other.
    pub account: Option<CustomerId>,
    /// What it is good for.
    pub purpose: Purpose,
    /// What its use brings about, beyond its purpose.
    pub carries: Carries,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// What a link is good for, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Shows that an address receives mail, and opens the account.
    Verify,
    /// Sets a new password.
    Reset,
    /// Confirms a change of address at the address of before.
    EmailOld,
    /// Confirms a change of address at the new one.
    EmailNew,
}

impl Purpose {
    /// Its name: `verify`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Reset => "reset",
            Self::EmailOld => "email_old",
            Self::EmailNew => "email_new",
        }
    }
}

/// What a link carries in the store.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carries {
    /// What whoever registered asked for: it becomes the account's when the link is opened, and not before. So a stranger
    /// who registered the address first, or again, has set nothing that its owner confirms unawares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// The address that it was mailed to, when its use says that somebody receives mail there: it opens no account that goes
    /// by another one meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// Which change of address is confirmed: when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Timestamp>,
}

/// What whoever registers asks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The hash of the password.
    #[serde(with = "hash_as_text")]
    pub password: super::PasswordHash,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<crate::customer::Phone>,
    /// The language of mails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<crate::mail::Language>,
}

mod hash_as_text {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::account::PasswordHash;

    pub(super) fn serialize<S: Serializer>(hash: &PasswordHash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(hash.reveal())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PasswordHash, D::Error> {
        String::deserialize(deserializer).map(PasswordHash::new)
    }
}
