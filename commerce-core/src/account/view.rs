//! What a decision about an account looks at.

use super::{Account, EmailKey, Link, SavedAddress, Session};
use crate::access::Role;
use crate::text::fold;
use crate::token::TokenHash;
use crate::{CustomerId, SessionId, Timestamp};

/// How an account is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// By its id.
    Id(CustomerId),
    /// By its e-mail address.
    Email(EmailKey),
    /// By the id of a session of it, which is read too.
    Session(SessionId),
    /// By what the refresh tokens of a session have in common; the session is read too.
    Family(TokenHash),
    /// By a link that was mailed, which is read too.
    Link(TokenHash),
}

/// What to read for a decision about an account, in one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which account.
    pub by: By,
    /// Whether somebody has this address.
    pub email: Option<EmailKey>,
    /// Whether its sessions are read.
    pub sessions: bool,
    /// Whether its addresses are read.
    pub addresses: bool,
}

impl Look {
    /// At this account and nothing else.
    #[must_use]
    pub fn by(by: By) -> Self {
        Self { by, email: None, sessions: false, addresses: false }
    }
}

/// What a decision about an account sees: all read in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The account.
    pub account: Option<Account>,
    /// The session that it was found by, ended or not.
    pub session: Option<Session>,
    /// The link that it was found by, expired or not. One that leads nowhere has no account.
    pub link: Option<Link>,
    /// Who has the address that was asked for.
    pub email_of: Option<CustomerId>,
    /// Its sessions that were not ended and have not run out, by id; empty unless asked for.
    pub sessions: Vec<Session>,
    /// Its addresses, by id; empty unless asked for.
    pub addresses: Vec<SavedAddress>,
}

/// Which accounts to list: those for which all of this is so, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// In this role.
    pub role: Option<Role>,
    /// Active, or not.
    pub is_active: Option<bool>,
    /// In the customer group of this code.
    pub customer_group: Option<String>,
    /// With this in the e-mail address, the first or the last name, whatever the capitals; no character has a meaning of
    /// its own.
    pub text: Option<String>,
    /// Behind this one, in the order of the answer.
    pub after: Option<CustomerId>,
}

impl Search {
    /// What to look for in [`Account::searched_as`]; `None`: anything.
    #[must_use]
    pub fn needle(&self) -> Option<String> {
        self.text.as_deref().map(fold).filter(|needle| !needle.is_empty())
    }
}
