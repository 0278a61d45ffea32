//! Registering, and confirming the address: the decisions.
//!
//! An address may be registered more than once before it is confirmed, by its owner, who forgot, or by a stranger. Each
//! registration is carried by its own link, and the one whose link is opened is the one that counts. Until then nobody can
//! log in with a password of either.

use super::sign_in::open_session;
use super::told::{self, first_name, to_owner};
use super::{
    Account, AccountError, AccountTerms, Carries, Decided, EmailKey, Link, LinkToken, Purpose, Registration,
    SignedIn, View,
};
use crate::access::Role;
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
        let account = Account {
            id: ids.fresh(),
            email: email.clone(),
            email_key: EmailKey::of(email),
            email_verified_at: None,
            password: Some(wanted.password.clone()),
            first_name: wanted.first_name.clone(),
            last_name: wanted.last_name.clone(),
            phone: wanted.phone.clone(),
            locale: wanted.locale.clone(),
            role: Role::Customer,
            seller: None,
            customer_group: None,
            is_active: true,
            email_change: None,
            last_login_at: None,
            created_at: view.now,
            updated_at: view.now,
            version: 1,
        };
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
    verify_link(known, Some(wanted.clone()), view.now, terms, ids, &mut changes);
    let unclaimed = Account { password: None, ..known.clone() };
    changes.account.write.push(unclaimed.written(view.now));
    Ok(Decided { answer: (), changes })
}

/// Mails the link once more, when the address waits to be confirmed.
pub fn resend(view: &View, terms: &AccountTerms, ids: &mut Ids) -> Decided<()> {
    let mut changes = ChangeSet::default();
    let waiting =
        view.account.as_ref().filter(|account| account.email_verified_at.is_none() && account.is_active);
    match waiting {
        Some(account) => verify_link(account, None, view.now, terms, ids, &mut changes),
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
    let (account, link) = opened(view, Purpose::Verify)?;
    let mut account = account.clone();
    account.email_verified_at.get_or_insert(view.now);
    if let Some(registration) = &link.carries.registration {
        let Registration { password, first_name, last_name, phone, locale } = registration.clone();
        account = Account { password: Some(password), first_name, last_name, phone, locale, ..account };
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
    let carries = Carries { registration, change: None };
    let token = issue(account.id, Purpose::Verify, carries, (now, expires_at), ids, changes);
    let kind = Kind::Verification { first_name: first_name(account), link: told::link(&token, expires_at) };
    changes.mail.send.push(to_owner(account, kind, now, ids));
}
