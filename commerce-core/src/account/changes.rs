//! What a decision changes about accounts.

use super::{Account, EndReason, Link, Purpose, SavedAddress, Session};
use crate::token::TokenHash;
use crate::{AddressId, CustomerId, SessionId, Timestamp};

/// Account changes of one change set.
///
/// Two that touch the same account meet at its row: whoever opens a session, or changes what a session depends on, writes
/// the account over the version that was read. So no session outlives a password that was changed while it was opened.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Accounts to insert. An address that somebody has is [`Guard::Email`](crate::Guard::Email).
    pub create: Vec<Account>,
    /// Accounts to put in place of those that were read, with the version that each had, their own already grown. One that
    /// is not at it is [`Guard::Account`](crate::Guard::Account); an address that somebody else has is
    /// [`Guard::Email`](crate::Guard::Email).
    pub write: Vec<(Account, u64)>,
    /// Sessions to insert.
    pub open: Vec<Session>,
    /// Refresh tokens to exchange. One that is not the good one of its session is
    /// [`Guard::Session`](crate::Guard::Session).
    pub renew: Vec<Renewal>,
    /// Sessions to end, those of this change set left out. One that has ended is left as it is.
    pub end: Vec<End>,
    /// Every session of every account is ended, those of this change set left out: when, and why.
    pub end_all: Option<(Timestamp, EndReason)>,
    /// Links to spend: they are deleted. One that is not there is [`Guard::Link`](crate::Guard::Link).
    pub spend: Vec<TokenHash>,
    /// Links to delete beside those that are spent or issued here: all of an account with this purpose.
    pub withdraw: Vec<(CustomerId, Purpose)>,
    /// Links to insert. Of an account and purpose the newest [`Account::LINKS_MAX`] are kept.
    pub issue: Vec<Link>,
    /// Addresses to insert, or to put in place of those that have their id. Whoever writes one also writes its account.
    pub addresses: Vec<SavedAddress>,
    /// Addresses to delete.
    pub addresses_removed: Vec<AddressId>,
    /// Links that expired before this, and sessions that were over before it, are forgotten.
    pub forget_before: Option<Timestamp>,
}

/// A refresh token that is exchanged for the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Of which session.
    pub session: SessionId,
    /// The hash of the token that was read: the guard.
    pub expected: TokenHash,
    /// The hash of the one that follows it.
    pub refresh: TokenHash,
    /// When.
    pub at: Timestamp,
    /// When the session now ends unless it is used.
    pub idle_until: Timestamp,
}

/// Sessions that are ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Whose.
    pub account: CustomerId,
    /// Which.
    pub which: Which,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// Which sessions of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// All but this one.
    Others(SessionId),
    /// This one.
    One(SessionId),
}
