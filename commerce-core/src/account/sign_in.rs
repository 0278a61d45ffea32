//! Sessions: opening, going on with and ending them. The decisions.

use serde_json::json;

use super::told::{first_name, to_owner};
use super::{
    Account, AccountError, AccountTerms, Decided, End, EndReason, PasswordHash, RefreshToken, Renewal,
    Session, SessionTerms, View, Which, device_label,
};
use crate::access::Caller;
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::mail::Kind;
use crate::ports::Verified;
use crate::{CustomerId, Ids, SessionId, Timestamp};

/// What the hasher said about a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The hash that it was compared with; absent: there was none, and it was compared with nobody's.
    pub hash: Option<PasswordHash>,
    /// What came out.
    pub verified: Verified,
    /// The hash to keep in its place, made by today's parameters.
    pub rehashed: Option<PasswordHash>,
}

impl Checked {
    /// Whether the password is that of the account.
    fn is_of(&self, account: &Account) -> bool {
        self.verified != Verified::No && self.hash.is_some() && self.hash == account.password
    }

    /// The account whose password was shown, when anybody may log in.
    pub(crate) fn owner<'a>(&self, account: Option<&'a Account>) -> Result<&'a Account, AccountError> {
        let account = account.filter(|account| self.is_of(account)).ok_or(AccountError::Credentials)?;
        if account.is_active { Ok(account) } else { Err(AccountError::Inactive) }
    }
}

/// Somebody who is logged in.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// Their account.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// What goes on with it: to be shown once.
    pub refresh: RefreshToken,
}

/// Logs somebody in who showed a password.
///
/// # Errors
/// [`AccountError::Credentials`]; and only after the right password [`AccountError::Inactive`] and
/// [`AccountError::EmailNotVerified`].
pub fn log_in(
    view: &View,
    checked: &Checked,
    device: Option<&str>,
    terms: &AccountTerms,
    ids: &mut Ids,
) -> Result<Decided<SignedIn>, AccountError> {
    let account = owner(view, checked)?;
    if account.email_verified_at.is_none() {
        return Err(AccountError::EmailNotVerified);
    }
    let mut account = account.clone();
    if let Some(rehashed) = &checked.rehashed {
        account.password = Some(rehashed.clone());
    }
    let label = device.and_then(device_label);
    let is_new = account.last_login_at.is_some() && !view.sessions.iter().any(|known| known.device == label);
    let mut changes = ChangeSet::default();
    if is_new {
        let kind = Kind::NewDevice { first_name: first_name(&account), device: label, at: view.now };
        changes.mail.send.push(to_owner(&account, kind, view.now, ids));
    }
    let signed_in = open_session(view, account, device, terms, ids, &mut changes);
    Ok(Decided { answer: signed_in, changes })
}

/// The account whose password was shown, when anybody may log in.
pub(super) fn owner<'v>(view: &'v View, checked: &Checked) -> Result<&'v Account, AccountError> {
    checked.owner(view.account.as_ref())
}

/// Opens a session of the account, which is written with it.
pub(super) fn open_session(
    view: &View,
    mut account: Account,
    device: Option<&str>,
    terms: &AccountTerms,
    ids: &mut Ids,
    changes: &mut ChangeSet,
) -> SignedIn {
    let now = view.now;
    account.last_login_at = Some(now);
    let (account, read) = account.written(now);
    let refresh = RefreshToken::fresh(ids);
    let SessionTerms { idle, longest } = terms.sessions_of(account.role);
    let ends_at = now.plus(longest);
    let session = Session {
        id: ids.fresh(),
        account: account.id,
        family: refresh.family(),
        refresh: refresh.hash(),
        device: device.and_then(device_label),
        created_at: now,
        last_used_at: now,
        idle_until: now.plus(idle).min(ends_at),
        ends_at,
        ended: None,
    };
    let mut others: Vec<&Session> = view.sessions.iter().collect();
    others.sort_by_key(|other| std::cmp::Reverse((other.last_used_at, other.id)));
    for crowded in others.iter().skip(Account::SESSIONS_MAX - 1) {
        let which = Which::One(crowded.id);
        changes.account.end.push(End { account: account.id, which, at: now, reason: EndReason::Crowded });
    }
    changes.account.write.push((account.clone(), read));
    changes.account.open.push(session.clone());
    SignedIn { account, session, refresh }
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq)]
pub enum Refreshed {
    /// It was exchanged for the next one.
    Renewed(Box<SignedIn>),
    /// It had been exchanged before: the session is ended.
    Stolen,
}

/// Exchanges a refresh token for the next one of its session. The session goes on as the role that the account has now
/// allows, whatever it had when somebody logged in.
///
/// # Errors
/// [`AccountError::Session`] when it is of no session that goes on.
pub fn refresh(
    view: &View,
    token: &RefreshToken,
    terms: &AccountTerms,
    ids: &mut Ids,
) -> Result<Decided<Refreshed>, AccountError> {
    let (account, session) = going_on(view)?;
    let now = view.now;
    let mut changes = ChangeSet::default();
    if token.hash() != session.refresh {
        let (which, reason) = (Which::One(session.id), EndReason::Reuse);
        changes.account.end.push(End { account: account.id, which, at: now, reason });
        changes.audit.push(Entry {
            id: ids.fresh(),
            at: now,
            actor: Actor::System,
            action: "session.reuse".to_owned(),
            target: format!("account:{}", account.id),
            data: json!({ "session": session.id }),
        });
        let kind =
            Kind::SessionStolen { first_name: first_name(account), device: session.device.clone(), at: now };
        changes.mail.send.push(to_owner(account, kind, now, ids));
        // Of many who show it at once one ends the session, and its owner is told once.
        changes.account.write.push(account.clone().written(now));
        return Ok(Decided { answer: Refreshed::Stolen, changes });
    }
    let SessionTerms { idle, longest } = terms.sessions_of(account.role);
    let ends_at = session.ends_at.min(session.created_at.plus(longest));
    if ends_at <= now {
        return Err(AccountError::Session);
    }
    let next = token.next(ids);
    let idle_until = now.plus(idle).min(ends_at);
    let renewed = Session { refresh: next.hash(), last_used_at: now, idle_until, ..session.clone() };
    changes.account.renew.push(Renewal {
        session: session.id,
        expected: session.refresh,
        refresh: next.hash(),
        at: now,
        idle_until,
    });
    let signed_in = SignedIn { account: account.clone(), session: renewed, refresh: next };
    Ok(Decided { answer: Refreshed::Renewed(Box::new(signed_in)), changes })
}

/// Somebody who asks in a session that goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// Who asks.
    pub caller: Caller,
    /// Their account as it is now.
    pub account: Account,
    /// The store's time.
    pub at: Timestamp,
}

/// Who asks in a session that goes on, as the account is now.
///
/// # Errors
/// [`AccountError::Session`].
pub fn admit(view: &View) -> Result<Admitted, AccountError> {
    let (account, session) = going_on(view)?;
    Ok(Admitted { caller: Caller::of(account, session), account: account.clone(), at: view.now })
}

fn going_on(view: &View) -> Result<(&Account, &Session), AccountError> {
    let session = view.session.as_ref().filter(|session| session.is_live(view.now));
    let account = view.account.as_ref().filter(|account| account.is_active);
    account.zip(session).ok_or(AccountError::Session)
}

/// Ends a session of the account; one that has ended stays as it is.
///
/// # Errors
/// [`AccountError::NotFound`] when it has none of this id.
pub fn end_session(view: &View, account: CustomerId, session: SessionId) -> Result<ChangeSet, AccountError> {
    let owned = view.session.as_ref().is_some_and(|found| found.id == session && found.account == account);
    if !owned {
        return Err(AccountError::NotFound);
    }
    Ok(ending(account, Which::One(session), view.now, EndReason::Logout))
}

/// Ends all sessions of the account.
pub fn log_out_everywhere(account: CustomerId, now: Timestamp) -> ChangeSet {
    ending(account, Which::All, now, EndReason::Logout)
}

fn ending(account: CustomerId, which: Which, at: Timestamp, reason: EndReason) -> ChangeSet {
    let mut changes = ChangeSet::default();
    changes.account.end.push(End { account, which, at, reason });
    changes
}
