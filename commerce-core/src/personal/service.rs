//! What belongs to somebody: look, decide, commit.

use std::sync::Arc;

use super::{Claimed, Export, Look, View, claim, erase, export};
use crate::account::{self, Account, AccountError, Decided, Password, Shown};
use crate::attempts::Attempts;
use crate::commit::ChangeSet;
use crate::engine::Parts;
use crate::interest;
use crate::promotion::CustomerKey;

/// What the shop knows of somebody; reached by [`Engine::personal`](crate::Engine::personal).
#[derive(Clone)]
pub struct Personal {
    pub(crate) parts: Arc<Parts>,
}

impl Personal {
    /// Makes the orders that a guest placed with the confirmed address of the account its own.
    ///
    /// # Errors
    /// As [`claim`](super::claim()).
    pub async fn claim(&self, account: &Account) -> Result<Claimed, AccountError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look(account).await?;
            let decided = claim(&view, &mut self.parts.ids(view.now))?;
            if let Some(claimed) = self.commit(decided, &mut attempts).await? {
                return Ok(claimed);
            }
        }
    }

    /// What the shop knows of whoever has this account, in as many reads for a hundred orders as for one.
    ///
    /// # Errors
    /// [`AccountError::NotFound`].
    pub async fn export(&self, account: &Account) -> Result<Export, AccountError> {
        let view = self.look(account).await?;
        let account = view.account.as_ref().ok_or(AccountError::NotFound)?;
        let orders = self.parts.store.orders_in_full(&export::told(&view, account)).await?;
        let View { reviews, votes, reports, .. } = view.clone();
        let by = account::Look::by(account::By::Id(account.id));
        let look = account::Look { sessions: true, addresses: true, ..by };
        let account::View { now, account, sessions, addresses, .. } = self.parts.store.account(&look).await?;
        let account = account.ok_or(AccountError::NotFound)?;
        // However many passed the bound by adding at once, they are all told.
        let wishlist = self.parts.store.wishlist(&interest::Look::at(account.id, u32::MAX)).await?.wished();
        let viewed = self.parts.store.viewed_products(account.id).await?.viewed;
        Ok(Export {
            at: now,
            account,
            addresses,
            sessions,
            orders,
            reviews,
            votes,
            reports,
            wishlist,
            viewed,
        })
    }

    /// Erases the account of whoever shows its password.
    ///
    /// # Errors
    /// As [`erase`](super::erase()).
    pub async fn erase(&self, account: &Account, password: &Password) -> Result<(), AccountError> {
        let mut attempts = Attempts::new(&self.parts);
        let mut shown = Shown::new(password);
        loop {
            let view = self.look(account).await?;
            let checked = shown.checked(&self.parts, view.account.as_ref()).await?;
            let decided = erase(&view, checked, &mut self.parts.ids(view.now))?;
            if let Some(erased) = self.commit(decided, &mut attempts).await? {
                return Ok(erased);
            }
        }
    }

    async fn look(&self, account: &Account) -> Result<View, AccountError> {
        let look = Look { account: account.id, key: CustomerKey::of_email(&account.email) };
        Ok(self.parts.store.personal(look).await?)
    }

    /// The answer, once what was decided is committed; `None`: look again.
    async fn commit<T>(
        &self,
        decided: Decided<T>,
        attempts: &mut Attempts,
    ) -> Result<Option<T>, AccountError> {
        let Decided { answer, mut changes } = decided;
        if changes == ChangeSet::default() {
            return Ok(Some(answer));
        }
        match self.parts.commit(&mut changes).await {
            Ok(()) => Ok(Some(answer)),
            Err(error) => {
                attempts.again(error).await?;
                Ok(None)
            }
        }
    }
}
