//! What somebody likes: look, decide, commit.

use std::sync::Arc;

use super::decide::saved_variant;
use super::{
    Glance, Look, View, ViewedProducts, Wished, WishlistError, add, glances, remove, save_for_later,
};
use crate::account::Account;
use crate::attempts::{Attempts, Unsettled};
use crate::cart::{self, Shopper, VariantKey, look_of};
use crate::commit::{ChangeSet, StoreError};
use crate::engine::Parts;
use crate::{CustomerId, LineId, VariantId, WishlistItemId};

/// What people like; reached by [`Engine::interests`](crate::Engine::interests).
#[derive(Clone)]
pub struct Interests {
    pub(crate) parts: Arc<Parts>,
}

/// An item that is on a wishlist now.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// The item as it is shown.
    pub wished: Wished,
    /// Whether it was not there before.
    pub is_new: bool,
}

impl Interests {
    /// Up to `limit` items of the wishlist that were added before `before`, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn wishlist(
        &self,
        account: CustomerId,
        before: Option<WishlistItemId>,
        limit: u32,
    ) -> Result<Vec<Wished>, StoreError> {
        let view = self.parts.store.wishlist(&Look { before, ..Look::at(account, limit) }).await?;
        Ok(view.wished())
    }

    /// Puts a variant on the wishlist.
    ///
    /// # Errors
    /// As [`add`](super::add()).
    pub async fn add(&self, account: CustomerId, variant: &VariantKey) -> Result<Added, WishlistError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look(account, variant.clone()).await?;
            let (added, changes) = add(&view, account, variant, &mut self.parts.ids(view.now))?;
            if self.commit(changes, &mut attempts).await? {
                return Ok(added);
            }
        }
    }

    /// Moves a line item of the cart of the account to its wishlist.
    ///
    /// # Errors
    /// As [`save_for_later`](super::save_for_later()).
    pub async fn save_for_later(&self, account: &Account, line: LineId) -> Result<Added, WishlistError> {
        let shopper = Shopper::from(account);
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let cart = look_of(&self.parts, &shopper, cart::Look::default()).await?;
            let variant = saved_variant(&cart, line).ok_or(WishlistError::LineNotFound)?;
            let view = self.look(account.id, VariantKey::Id(variant)).await?;
            let mut ids = self.parts.ids(view.now);
            let (added, changes) = save_for_later(&view, &cart, &shopper, line, account.id, &mut ids)?;
            if self.commit(changes, &mut attempts).await? {
                return Ok(added);
            }
        }
    }

    /// Takes a variant off the wishlist.
    ///
    /// # Errors
    /// As [`remove`](super::remove()).
    pub async fn remove(&self, account: CustomerId, variant: VariantId) -> Result<(), WishlistError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.look(account, VariantKey::Id(variant)).await?;
            if self.commit(remove(&view, variant)?, &mut attempts).await? {
                return Ok(());
            }
        }
    }

    /// Remembers that products were looked at. Hand in many at once: it is one write, and nothing depends on it, so whoever
    /// collects them may lose some.
    ///
    /// # Errors
    /// [`WishlistError::Busy`], and when the store cannot be written.
    pub async fn viewed(&self, seen: Vec<Glance>) -> Result<(), WishlistError> {
        let changes = glances(seen);
        let mut attempts = Attempts::new(&self.parts);
        // Stale is only what an account left meanwhile, and the store passes it over the next time.
        while !self.commit(changes.clone(), &mut attempts).await? {}
        Ok(())
    }

    /// The products that the account looked at, the last first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn recently_viewed(&self, account: CustomerId) -> Result<ViewedProducts, StoreError> {
        self.parts.store.viewed_products(account).await
    }

    async fn look(&self, account: CustomerId, variant: VariantKey) -> Result<View, StoreError> {
        self.parts.store.wishlist(&Look { variant: Some(variant), ..Look::at(account, 1) }).await
    }

    /// Whether it is committed; if not, look again.
    async fn commit(&self, mut changes: ChangeSet, attempts: &mut Attempts) -> Result<bool, Unsettled> {
        if changes == ChangeSet::default() {
            return Ok(true);
        }
        match self.parts.commit(&mut changes).await {
            Ok(()) => Ok(true),
            Err(error) => {
                attempts.again(error).await?;
                Ok(false)
            }
        }
    }
}
