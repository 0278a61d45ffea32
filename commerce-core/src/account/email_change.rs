//! Another e-mail address: confirmed at both, in either order. The decisions.

use super::register::{issue, opened};
use super::sign_in::{Checked, owner};
use super::told::{self, first_name, to_owner};
use super::{Account, AccountError, AccountTerms, Carries, Decided, EmailChange, EmailKey, Purpose, View};
use crate::Ids;
use crate::commit::ChangeSet;
use crate::customer::Email;
use crate::mail::{Kind, Mail};

/// Asks for another address: a link goes to each. When the new one is somebody else's, none goes there, and the answer is
/// the same.
///
/// # Errors
/// [`AccountError::Credentials`] when the password is wrong, [`AccountError::Invalid`] when it is the same address.
pub fn ask_email_change(
    view: &View,
    checked: &Checked,
    new: &Email,
    terms: &AccountTerms,
    ids: &mut Ids,
) -> Result<Decided<()>, AccountError> {
    let account = owner(view, checked)?;
    if account.email == *new {
        return Err(AccountError::Invalid { field: "email", reason: "must be another one than before" });
    }
    let (now, expires_at) = (view.now, view.now.plus(terms.email_change_within));
    let mut changes = ChangeSet::default();
    let mut link = |purpose| {
        let carries = Carries { change: Some(now), ..Carries::default() };
        changes.account.withdraw.push((account.id, purpose));
        issue(account.id, purpose, carries, (now, expires_at), ids, &mut changes)
    };
    let (old, confirm) = (link(Purpose::EmailOld), link(Purpose::EmailNew));
    let asked = Kind::EmailChangeRequested {
        first_name: first_name(account),
        new_email: new.clone(),
        link: told::link(&old, expires_at),
    };
    changes.mail.send.push(to_owner(account, asked, now, ids));
    if view.email_of.is_none_or(|holder| holder == account.id) {
        let kind =
            Kind::EmailChange { first_name: first_name(account), link: told::link(&confirm, expires_at) };
        changes.mail.send.push(Mail { to: new.clone(), ..to_owner(account, kind, now, ids) });
    }
    let change = EmailChange {
        email: new.clone(),
        asked_at: now,
        expires_at,
        old_confirmed: false,
        new_confirmed: false,
    };
    let account = Account { email_change: Some(change), ..account.clone() };
    changes.account.write.push(account.written(now));
    Ok(Decided { answer: (), changes })
}

/// How far a change of address has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// It waits for the other address.
    One,
    /// It is done.
    Both,
}

/// Confirms a change of address at one of the two.
///
/// # Errors
/// [`AccountError::Link`]; [`AccountError::EmailTaken`] when somebody took the new address meanwhile.
pub fn confirm_email_change(view: &View, ids: &mut Ids) -> Result<Decided<Confirmed>, AccountError> {
    let (account, link) = opened(view, Purpose::EmailOld).or_else(|_| opened(view, Purpose::EmailNew))?;
    let waiting = account.email_change.clone().filter(|change| Some(change.asked_at) == link.carries.change);
    let mut change = waiting.ok_or(AccountError::Link)?;
    match link.purpose {
        Purpose::EmailOld => change.old_confirmed = true,
        _ => change.new_confirmed = true,
    }
    let mut changes = ChangeSet::default();
    changes.account.spend.push(link.hash);
    if !(change.old_confirmed && change.new_confirmed) {
        let account = Account { email_change: Some(change), ..account.clone() };
        changes.account.write.push(account.written(view.now));
        return Ok(Decided { answer: Confirmed::One, changes });
    }
    if view.email_of.is_some_and(|holder| holder != account.id) {
        return Err(AccountError::EmailTaken);
    }
    let EmailChange { email, .. } = change;
    let changed = Account {
        email_key: EmailKey::of(&email),
        email: email.clone(),
        email_verified_at: Some(view.now),
        email_change: None,
        ..account.clone()
    };
    // Links that went to the address of before are good no more.
    for purpose in [Purpose::Verify, Purpose::Reset] {
        changes.account.withdraw.push((account.id, purpose));
    }
    for told in [account, &changed] {
        let kind =
            Kind::EmailChanged { first_name: first_name(told), new_email: email.clone(), at: view.now };
        changes.mail.send.push(to_owner(told, kind, view.now, ids));
    }
    changes.account.write.push(changed.written(view.now));
    Ok(Decided { answer: Confirmed::Both, changes })
}
