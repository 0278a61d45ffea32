//! What somebody is to the shop, and whether they may log in: the decisions of administrators, each with its audit row.

use serde_json::{Value, json};

use super::{Account, AccountError, Decided, End, EndReason, PasswordHash, View, Which};
use crate::access::{Caller, Permission, Role};
use crate::audit::Entry;
use crate::commit::ChangeSet;
use crate::customer::Email;
use crate::text::has_control;
use crate::{Ids, Timestamp};

/// What an administrator changes of an account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// What it is for.
    pub role: Option<Role>,
    /// Whether anybody may log in. Deactivation ends every session.
    pub is_active: Option<bool>,
    /// The customer group; `Some(None)`: in none.
    pub customer_group: Option<Option<String>>,
}

/// Changes what an account is to the shop. `expected`: only if it is at this version. A merchant who never was one gets a
/// seller of their own.
///
/// Whether the caller may change accounts of customers is for whoever asks to see. Who is more than a customer, or is named a
/// role, is changed by whoever may say who works for the shop: nobody else takes an administrator out.
///
/// # Errors
/// [`AccountError::NotFound`], [`AccountError::Forbidden`], [`AccountError::Oneself`], [`AccountError::Invalid`],
/// [`AccountError::Version`].
pub fn change_standing(
    view: &View,
    by: &Caller,
    standing: &Standing,
    expected: Option<u64>,
    ids: &mut Ids,
) -> Result<Decided<Account>, AccountError> {
    let before = view.account.as_ref().ok_or(AccountError::NotFound)?;
    let about_roles = standing.role.is_some() || before.role != Role::Customer;
    if about_roles && !by.may(Permission::RolesWrite) {
        return Err(AccountError::Forbidden);
    }
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(AccountError::Version(before.version));
    }
    let Standing { role, is_active, customer_group } = standing.clone();
    let mut after = before.clone();
    after.role = role.unwrap_or(before.role);
    after.is_active = is_active.unwrap_or(before.is_active);
    after.customer_group = customer_group.unwrap_or_else(|| before.customer_group.clone());
    let misnamed =
        |group: &String| group.trim() != group || group.is_empty() || group.len() > 100 || has_control(group);
    if after.customer_group.as_ref().is_some_and(misnamed) {
        return Err(AccountError::Invalid { field: "customer_group", reason: "must be the code of a group" });
    }
    let mightier = after.role != before.role || after.is_active != before.is_active;
    if mightier && by.account() == Some(before.id) {
        return Err(AccountError::Oneself);
    }
    if after.role == Role::Merchant && after.seller.is_none() {
        after.seller = Some(ids.fresh());
    }
    let mut changes = ChangeSet::default();
    let mut audit = |action: &str, before: Value, after: Value| {
        if before != after {
            let data = json!({ "before": before, "after": after });
            changes.audit.push(entry(view, by, action, before_id(view), data, ids));
        }
    };
    audit("account.role", json!(before.role), json!(after.role));
    audit("account.active", json!(before.is_active), json!(after.is_active));
    audit("account.group", json!(before.customer_group), json!(after.customer_group));
    if before.is_active && !after.is_active {
        let (which, reason) = (Which::All, EndReason::Deactivated);
        changes.account.end.push(End { account: before.id, which, at: view.now, reason });
    }
    if after == *before {
        return Ok(Decided { answer: after, changes });
    }
    let (account, read) = after.written(view.now);
    changes.account.write.push((account.clone(), read));
    Ok(Decided { answer: account, changes })
}

/// Ends every session of an account, whose owner may log in again.
///
/// Sessions of who is more than a customer are ended by whoever may say who works for the shop, as an account of theirs is
/// deactivated.
///
/// # Errors
/// [`AccountError::NotFound`], [`AccountError::Forbidden`].
pub fn end_sessions(view: &View, by: &Caller, ids: &mut Ids) -> Result<Decided<()>, AccountError> {
    let account = view.account.as_ref().ok_or(AccountError::NotFound)?;
    if account.role != Role::Customer && !by.may(Permission::RolesWrite) {
        return Err(AccountError::Forbidden);
    }
    let mut changes = ChangeSet::default();
    let (which, reason) = (Which::All, EndReason::Staff);
    changes.account.end.push(End { account: account.id, which, at: view.now, reason });
    changes.audit.push(entry(
        view,
        by,
        "account.sessions",
        account.id.to_string(),
        json!({ "ended": "all" }),
        ids,
    ));
    Ok(Decided { answer: (), changes })
}

/// Ends every session of every account: after the database was read by somebody who should not have.
#[must_use]
pub fn end_every_session(now: Timestamp, by: &Caller, ids: &mut Ids) -> ChangeSet {
    let mut changes = ChangeSet::default();
    changes.account.end_all = Some((now, EndReason::Staff));
    let (action, target) = ("account.sessions".to_owned(), "accounts".to_owned());
    let data = json!({ "ended": "all" });
    changes.audit.push(Entry { id: ids.fresh(), at: now, actor: by.actor(), action, target, data });
    changes
}

fn before_id(view: &View) -> String {
    view.account.as_ref().map_or_else(String::new, |account| account.id.to_string())
}

/// An account that somebody of the shop makes for somebody else: the address counts as confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The address.
    pub email: Email,
    /// The hash of the password; absent: its owner asks for a new one by mail.
    pub password: Option<PasswordHash>,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// What it is for.
    pub role: Role,
}

/// Makes an account for somebody else.
///
/// # Errors
/// [`AccountError::EmailTaken`], [`AccountError::Invalid`].
pub fn create_account(
    view: &View,
    by: &Caller,
    new: &NewAccount,
    ids: &mut Ids,
) -> Result<Decided<Account>, AccountError> {
    if view.account.is_some() {
        return Err(AccountError::EmailTaken);
    }
    super::profile::check_name("first_name", &new.first_name)?;
    super::profile::check_name("last_name", &new.last_name)?;
    let account = Account {
        email_verified_at: Some(view.now),
        password: new.password.clone(),
        first_name: new.first_name.clone(),
        last_name: new.last_name.clone(),
        role: new.role,
        seller: (new.role == Role::Merchant).then(|| ids.fresh()),
        ..Account::new(ids.fresh(), &new.email, view.now)
    };
    let mut changes = ChangeSet::default();
    let data = json!({ "before": null, "after": account.role });
    changes.audit.push(entry(view, by, "account.role", account.id.to_string(), data, ids));
    changes.account.create.push(account.clone());
    Ok(Decided { answer: account, changes })
}

fn entry(view: &View, by: &Caller, action: &str, account: String, data: Value, ids: &mut Ids) -> Entry {
    let target = format!("account:{account}");
    Entry { id: ids.fresh(), at: view.now, actor: by.actor(), action: action.to_owned(), target, data }
}
