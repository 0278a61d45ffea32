//! Stock: look, decide, commit.

use std::sync::Arc;

use super::{Adjustment, Level, Location, Movement, MovementReason, StockLevel};
use crate::VariantId;
use crate::attempts::Attempts;
use crate::audit::Actor;
use crate::catalog::{ImportKeys, Sku};
use crate::commit::{ChangeSet, StoreError};
use crate::engine::Parts;

/// The stock of the shop; reached by [`Engine::inventory`](crate::Engine::inventory).
#[derive(Clone)]
pub struct Inventory {
    pub(crate) parts: Arc<Parts>,
}

/// What lies of a SKU at a location, as somebody who counted it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The variant's code.
    pub sku: Sku,
    /// The location's code.
    pub location: String,
    /// Units that are there.
    pub on_hand: i64,
    /// Units that are never promised; `None` leaves what is set.
    pub safety_stock: Option<i64>,
}

/// Why stock was not changed. All of it stays as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// No variant has the SKU.
    #[error("no variant has the SKU {0}")]
    UnknownSku(Sku),
    /// No location has the code.
    #[error("no location has the code {0}; add it first")]
    UnknownLocation(String),
    /// Less than is reserved for open orders, or below zero.
    #[error("{sku} cannot be set to {on_hand}: {reserved} are reserved for open orders")]
    BelowReserved {
        /// The variant's code.
        sku: Sku,
        /// What was said to be there.
        on_hand: i64,
        /// What is promised.
        reserved: i64,
    },
    /// Too many others changed the same at the same time.
    #[error("the stock is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inventory {
    /// The locations, by priority, then code.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn locations(&self) -> Result<Vec<Location>, StoreError> {
        self.parts.store.locations().await
    }

    /// What lies of these variants, by variant, then location.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn levels(&self, variants: &[VariantId]) -> Result<Vec<StockLevel>, StoreError> {
        Ok(self.parts.store.stock(variants).await?.1)
    }

    /// Adds a location unless one has its code already; answers the one that has.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn add_location(
        &self,
        code: &str,
        name: &str,
        priority: i32,
    ) -> Result<Location, InventoryError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            if let Some(known) = self.locations().await?.into_iter().find(|location| location.code == code) {
                return Ok(known);
            }
            let id = self.parts.ids(self.parts.clock.now()).fresh();
            let location = Location { id, code: code.to_owned(), name: name.to_owned(), priority };
            let mut changes = ChangeSet::default();
            changes.inventory.locations.push(location.clone());
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(location),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Sets what is on hand to what was counted, by recorded movements, all or none.
    ///
    /// # Errors
    /// [`InventoryError::UnknownSku`], [`InventoryError::UnknownLocation`], [`InventoryError::BelowReserved`].
    pub async fn count(
        &self,
        counts: &[Count],
        reason: MovementReason,
        actor: &Actor,
    ) -> Result<(), InventoryError> {
        let keys = ImportKeys {
            skus: counts.iter().map(|count| count.sku.clone()).collect(),
            ..ImportKeys::default()
        };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let known = self.parts.store.import_view(&keys).await?;
            let owner: std::collections::HashMap<&Sku, VariantId> =
                known.sku_owners.iter().map(|(sku, variant, _)| (sku, *variant)).collect();
            let variants: Vec<VariantId> = owner.values().copied().collect();
            let (now, levels) = self.parts.store.stock(&variants).await?;
            let level_of: std::collections::HashMap<_, &StockLevel> =
                levels.iter().map(|level| ((level.variant, level.location), level)).collect();
            let mut ids = self.parts.ids(now);
            let mut changes = ChangeSet::default();
            for count in counts {
                let variant =
                    *owner.get(&count.sku).ok_or_else(|| InventoryError::UnknownSku(count.sku.clone()))?;
                let location = known
                    .locations
                    .iter()
                    .find(|location| location.code == count.location)
                    .ok_or_else(|| InventoryError::UnknownLocation(count.location.clone()))?
                    .id;
                let level = level_of.get(&(variant, location));
                let (on_hand, reserved) = level.map_or((0, 0), |level| (level.on_hand, level.reserved));
                if count.on_hand < 0 || (count.on_hand < reserved && count.on_hand < on_hand) {
                    let sku = count.sku.clone();
                    return Err(InventoryError::BelowReserved { sku, on_hand: count.on_hand, reserved });
                }
                if level.is_none() || count.safety_stock.is_some() {
                    changes.inventory.levels.push(Level {
                        variant,
                        location,
                        safety_stock: count.safety_stock,
                    });
                }
                if count.on_hand != on_hand {
                    let movement = Movement {
                        id: ids.fresh(),
                        variant,
                        location,
                        delta: count.on_hand - on_hand,
                        reason,
                        actor: actor.clone(),
                        note: String::new(),
                        at: now,
                    };
                    changes.inventory.adjust.push(Adjustment { movement, expected_on_hand: Some(on_hand) });
                }
            }
            if changes.inventory.is_empty() {
                return Ok(());
            }
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.again(error).await?,
            }
        }
    }
}
