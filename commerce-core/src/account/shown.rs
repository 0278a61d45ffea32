//! A password that somebody shows: asking the hasher takes time, so it is asked as seldom as can be.

use super::{Account, AccountError, Checked, Password, PasswordHash};
use crate::engine::Parts;
use crate::ports::Verified;

/// A password that the owner of an account shows, and what the hasher said of it.
pub(crate) struct Shown<'p> {
    password: &'p Password,
    checked: Option<Checked>,
}

impl<'p> Shown<'p> {
    /// A password of which nothing is known yet.
    pub(crate) fn new(password: &'p Password) -> Self {
        Self { password, checked: None }
    }

    /// What the hasher says of it, for the account as it was read now. It is asked again only when the hash changed, and also
    /// where there is no account: that takes as long.
    pub(crate) async fn checked(
        &mut self,
        parts: &Parts,
        account: Option<&Account>,
    ) -> Result<&Checked, AccountError> {
        let hash = account.and_then(|account| account.password.clone());
        let checked = match self.checked.take() {
            Some(known) if known.hash == hash => known,
            _ => check(parts, self.password, hash).await?,
        };
        Ok(self.checked.insert(checked))
    }
}

async fn check(
    parts: &Parts,
    password: &Password,
    hash: Option<PasswordHash>,
) -> Result<Checked, AccountError> {
    let hasher = parts.hasher()?;
    let verified = hasher.verify(password, hash.as_ref()).await?;
    let rehashed = match verified {
        Verified::Outdated => Some(hasher.hash(password).await?),
        Verified::Yes | Verified::No => None,
    };
    Ok(Checked { hash, verified, rehashed })
}
