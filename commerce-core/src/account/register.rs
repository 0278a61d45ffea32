//! Registering, and confirming the address: the decisions.
//!
//! An address may be registered more than once before it is confirmed, by its owner, who forgot, or by a stranger. Each
//! registration is carried by its own link, and the one whose link is opened is the one that counts. Until then nobody can
//! log in with a password of either.
//!
//! Each link is mailed to the address as whoever asked for it wrote it, and opening it makes that the address of the account:
//! a stranger who registered a look-alike first is not sent what its owner asks for.

use super::sign_in::open_session;
use super::told::{self, first_name, to_owner};
use super::{
    Account, AccountError, AccountTerms, Carries, Decided, Link, LinkToken, Purpose, Registration, SignedIn,
    View,
};
use crate::commit::ChangeSet;
use crate::customer::Email;
use crate::mail::Kind;
use crate::{CustomerId, Ids, Timestamp};

/// Registers somebody with this address: the same for every address, but for what is mailed.
///
/// # Errors
/// [`AccountError::Invalid`] when a name is too long.
pub fn register(
    view: &View,
    email: &Email,
    wanted: &Registration,
    terms: &AccountTerms,
    ids: &mut Ids,
) -> Result<Decided<()>, AccountError> {
    super::profile::check_name("first_name", &wanted.first_name)?;
    super::profile::check_name("last_name", &wanted.last_name)?;
    let mut changes = ChangeSet::default();
    let Some(known) = &view.account else {
        let account = registered(Account::new(ids.fresh(), email, view.now), wanted);
        verify_link(&account, Some(wanted.clone()), view.now, terms, ids, &mut changes);
        changes.account.create.push(account);
        return Ok(Decided { answer: (), changes });
    };
    if known.email_verified_at.is_some() {
        lead_nowhere(Purpose::Verify, view.now, terms, ids, &mut changes);
        let kind = Kind::AlreadyRegistered { first_name: first_name(known) };
        changes.mail.send.push(to_owner(known, kind, view.now, ids));
        return Ok(Decided { answer: (), changes });
    }
    let said = registered(known.at(email).unwrap_or_else(|| known.clone()), wanted);
    verify_link(&said, Some(wanted.clone()), view.now, terms, ids, &mut changes);
    let unclaimed = Account { password: None, ..known.clone() };
    changes.account.write.push(unclaimed.written(view.now));
    Ok(Decided { answer: (), changes })
}

/// The account with what whoever registered says of themselves.
fn registered(account: Account, wanted: &Registration) -> Account {
    let Registration { password, first_name, last_name, phone, locale } = wanted.clone();
    Account { password: Some(password), first_name, last_name, phone, locale, ..account }
}

/// Mails the link once more, when this address waits to be confirmed.
pub fn resend(view: &View, email: &Email, terms: &AccountTerms, ids: &mut Ids) -> Decided<()> {
    let mut changes = ChangeSet::default();
    let waiting =
        view.account.as_ref().filter(|account| account.email_verified_at.is_none() && account.is_active);
    match waiting {
        Some(account) => {
            let account = account.at(email).unwrap_or_else(|| account.clone());
            verify_link(&account, None, view.now, terms, ids, &mut changes);
        }
        None => lead_nowhere(Purpose::Verify, view.now, terms, ids, &mut changes),
    }
    Decided { answer: (), changes }
}

/// Confirms the address, and opens a session.
///
/// # Errors
/// [`AccountError::Link`].
pub fn verify(
    view: &View,
    device: Option<&str>,
    terms: &AccountTerms,
    ids: &mut Ids,
) -> Result<Decided<SignedIn>, AccountError> {
    let (mut account, link) = received(view, Purpose::Verify)?;
    account.email_verified_at.get_or_insert(view.now);
    if let Some(registration) = &link.carries.registration {
        account = registered(account, registration);
    }
    let mut changes = ChangeSet::default();
    changes.account.spend.push(link.hash);
    changes.account.withdraw.push((account.id, Purpose::Verify));
    let signed_in = open_session(view, account, device, terms, ids, &mut changes);
    Ok(Decided { answer: signed_in, changes })
}

/// The account and the link that was opened, when it is good for this.
pub(super) fn opened(view: &View, purpose: Purpose) -> Result<(&Account, &Link), AccountError> {
    let link = view.link.as_ref().filter(|link| link.purpose == purpose && link.expires_at > view.now);
    let account = view.account.as_ref().filter(|account| account.is_active);
    account.zip(link).ok_or(AccountError::Link)
}

/// The same of a link that says that somebody receives mail at an address, with the account as they have it.
pub(super) fn received(view: &View, purpose: Purpose) -> Result<(Account, &Link), AccountError> {
    let (account, link) = opened(view, purpose)?;
    let account = link.carries.email.as_ref().and_then(|email| account.at(email));
    Ok((account.ok_or(AccountError::Link)?, link))
}

/// A link for the account, to be mailed.
pub(super) fn issue(
    account: CustomerId,
    purpose: Purpose,
    carries: Carries,
    times: (Timestamp, Timestamp),
    ids: &mut Ids,
    changes: &mut ChangeSet,
) -> LinkToken {
    let (created_at, expires_at) = times;
    let token = LinkToken::from_bytes(ids.bytes());
    changes.account.issue.push(Link {
        hash: token.hash(),
        account: Some(account),
        purpose,
        carries,
        created_at,
        expires_at,
    });
    token
}

/// A link that nobody is sent, so that the work is the same where there is nobody to send one to.
pub(super) fn lead_nowhere(
    purpose: Purpose,
    now: Timestamp,
    terms: &AccountTerms,
    ids: &mut Ids,
    changes: &mut ChangeSet,
) {
    let hash = LinkToken::from_bytes(ids.bytes()).hash();
    let expires_at = now.plus(terms.reset_within);
    let carries = Carries::default();
    changes.account.issue.push(Link { hash, account: None, purpose, carries, created_at: now, expires_at });
}

fn verify_link(
    account: &Account,
    registration: Option<Registration>,
    now: Timestamp,
    terms: &AccountTerms,
    ids: &mut Ids,
    changes: &mut ChangeSet,
) {
    let expires_at = now.plus(terms.verify_within);
    let carries = Carries { registration, email: Some(account.email.clone()), change: None };
    let token = issue(account.id, Purpose::Verify, carries, (now, expires_at), ids, changes);
    let kind = Kind::Verification { first_name: first_name(account), link: told::link(&token, expires_at) };
    changes.mail.send.push(to_owner(account, kind, now, ids));
}
