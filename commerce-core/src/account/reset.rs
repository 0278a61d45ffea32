//! New passwords: the decisions.

use super::register::{issue, lead_nowhere, received};
use super::sign_in::{Checked, owner};
use super::told::{self, first_name, to_owner};
use super::{
    Account, AccountError, AccountTerms, Carries, Decided, End, EndReason, PasswordHash, Purpose, View, Which,
};
use crate::commit::ChangeSet;
use crate::customer::Email;
use crate::mail::Kind;
use crate::{Ids, SessionId};

/// Mails a link to set a new password, when the address is somebody's.
pub fn ask_reset(view: &View, email: &Email, terms: &AccountTerms, ids: &mut Ids) -> Decided<()> {
    let mut changes = ChangeSet::default();
    let Some(account) = view.account.as_ref().filter(|account| account.is_active) else {
        lead_nowhere(Purpose::Reset, view.now, terms, ids, &mut changes);
        return Decided { answer: (), changes };
    };
    let account = account.at(email).unwrap_or_else(|| account.clone());
    let expires_at = view.now.plus(terms.reset_within);
    let times = (view.now, expires_at);
    let carries = Carries { email: Some(account.email.clone()), ..Carries::default() };
    let token = issue(account.id, Purpose::Reset, carries, times, ids, &mut changes);
    let kind = Kind::PasswordReset { first_name: first_name(&account), link: told::link(&token, expires_at) };
    changes.mail.send.push(to_owner(&account, kind, view.now, ids));
    Decided { answer: (), changes }
}

/// Sets a new password by a link, and ends every session. Whoever opened the link reads the mail, so the address is
/// confirmed too; and what a stranger may have begun meanwhile - a change of address, another link - is over. A link that went
/// to an address of before is good no more, also when it was asked for while the address changed.
///
/// # Errors
/// [`AccountError::Link`].
pub fn reset_password(view: &View, hash: &PasswordHash, ids: &mut Ids) -> Result<Decided<()>, AccountError> {
    let (account, link) = received(view, Purpose::Reset)?;
    let now = view.now;
    let mut account = Account { password: Some(hash.clone()), email_change: None, ..account };
    account.email_verified_at.get_or_insert(now);
    let mut changes = ChangeSet::default();
    changes.account.spend.push(link.hash);
    for purpose in [Purpose::Verify, Purpose::Reset, Purpose::EmailOld, Purpose::EmailNew] {
        changes.account.withdraw.push((account.id, purpose));
    }
    let (which, reason) = (Which::All, EndReason::Password);
    changes.account.end.push(End { account: account.id, which, at: now, reason });
    let kind = Kind::PasswordChanged { first_name: first_name(&account), at: now };
    changes.mail.send.push(to_owner(&account, kind, now, ids));
    changes.account.write.push(account.written(now));
    Ok(Decided { answer: (), changes })
}

/// Sets a new password for somebody who showed the present one, and ends every session but theirs.
///
/// # Errors
/// [`AccountError::Credentials`] when the present one is wrong.
pub fn change_password(
    view: &View,
    session: SessionId,
    checked: &Checked,
    hash: &PasswordHash,
    ids: &mut Ids,
) -> Result<Decided<()>, AccountError> {
    let account = Account { password: Some(hash.clone()), ..owner(view, checked)?.clone() };
    let mut changes = ChangeSet::default();
    changes.account.withdraw.push((account.id, Purpose::Reset));
    let (which, reason) = (Which::Others(session), EndReason::Password);
    changes.account.end.push(End { account: account.id, which, at: view.now, reason });
    let kind = Kind::PasswordChanged { first_name: first_name(&account), at: view.now };
    changes.mail.send.push(to_owner(&account, kind, view.now, ids));
    changes.account.write.push(account.written(view.now));
    Ok(Decided { answer: (), changes })
}
