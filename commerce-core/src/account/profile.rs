//! What somebody changes of their own account: the decisions.

use super::{Account, AccountError, Decided, Profile, View};
use crate::commit::ChangeSet;
use crate::text::has_control;

/// Changes names, phone and language. `expected`: only if the account is at this version.
///
/// # Errors
/// [`AccountError::NotFound`], [`AccountError::Invalid`], [`AccountError::Version`].
pub fn change_profile(
    view: &View,
    profile: &Profile,
    expected: Option<u64>,
) -> Result<Decided<Account>, AccountError> {
    let account = view.account.as_ref().ok_or(AccountError::NotFound)?;
    if expected.is_some_and(|expected| expected != account.version) {
        return Err(AccountError::Version(account.version));
    }
    let Profile { first_name, last_name, phone, locale } = profile.clone();
    check_name("first_name", &first_name)?;
    check_name("last_name", &last_name)?;
    let (account, read) =
        Account { first_name, last_name, phone, locale, ..account.clone() }.written(view.now);
    let mut changes = ChangeSet::default();
    changes.account.write.push((account.clone(), read));
    Ok(Decided { answer: account, changes })
}

/// Whether this can be somebody's name.
pub(super) fn check_name(field: &'static str, name: &str) -> Result<(), AccountError> {
    let fits = name.chars().count() <= Account::NAME_LENGTH_MAX && name.trim() == name && !has_control(name);
    let reason = "must have at most 100 visible characters, and no white space around them";
    if fits { Ok(()) } else { Err(AccountError::Invalid { field, reason }) }
}
