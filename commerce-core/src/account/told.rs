//! What the owner of an account is told by mail.

use super::{Account, LinkToken};
use crate::mail::{Kind, Link, Mail, Token};
use crate::{Ids, Timestamp};

/// A mail to the address of the account: one that is stored, never one that was typed into a form by whoever asked, but
/// where nobody has confirmed an address yet (see [`Account::at`]).
pub(super) fn to_owner(account: &Account, kind: Kind, now: Timestamp, ids: &mut Ids) -> Mail {
    Mail::new(ids.fresh(), account.email.clone(), kind, now).in_language(account.locale.clone())
}

/// How a mail calls them.
pub(super) fn first_name(account: &Account) -> Option<String> {
    Some(account.first_name.clone()).filter(|name| !name.is_empty())
}

/// The link of a mail.
pub(super) fn link(token: &LinkToken, expires_at: Timestamp) -> Link {
    Link::new(Token(token.reveal()), expires_at)
}
