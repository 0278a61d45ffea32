//! Stock: look, decide, commit.

mod locations;

use std::sync::Arc;

use super::level::{LevelChange, Shelved, set_level};
use super::{
    Adjustment, Holdings, Level, LevelRow, LevelSearch, Look, Mode, Moved, Movement, MovementReason,
    MovementRow, MovementSearch, Moving, Refused, StockLevel, UNITS_MAX, move_stock,
};
use crate::access::Caller;
use crate::attempts::Attempts;
use crate::audit::{self, Actor};
use crate::catalog::{ImportKeys, Sku};
use crate::commit::{ChangeSet, StoreError};
use crate::engine::Parts;
use crate::idempotency::{KeyReused, Request};
use crate::text::has_control;
use crate::{AuditId, VariantId, bulk};

pub use locations::LocationChanged;

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
    /// The location is not active.
    #[error("the location {0} is not active")]
    Inactive(String),
    /// Rows that cannot be taken.
    #[error("{} row(s) cannot be taken, the first because {}", .0.len(), .0.first().map_or("", |refused| &refused.reason))]
    Refused(Vec<Refused>),
    /// No row at all, or more than are taken at once.
    #[error("must have 1 to {most} rows, not {rows}")]
    Rows {
        /// How many there are.
        rows: usize,
        /// How many there may be.
        most: usize,
    },
    /// There is no such location, variant or level.
    #[error("there is no such thing")]
    NotFound,
    /// A location has this code already.
    #[error("there is a warehouse {0} already")]
    Exists(String),
    /// It changed since the version that was named.
    #[error("the warehouse changed meanwhile; it is at version {0} now")]
    Version(u64),
    /// Goods lie at the location, or are promised from there.
    #[error(
        "{} units of {} variant(s) lie there, and {} are reserved for open orders: move or count them away first",
        .0.on_hand, .0.variants, .0.reserved
    )]
    InTheWay(Holdings),
    /// A value that cannot be taken.
    #[error("{field} {reason}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Too many others changed the same at the same time.
    #[error("the stock is being changed by too many requests at once")]
    Busy,
    /// The store could not do its work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inventory {
    /// What lies of these variants, by variant, then location.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn levels(&self, variants: &[VariantId]) -> Result<Vec<StockLevel>, StoreError> {
        Ok(self.parts.store.stock(variants).await?.1)
    }

    /// Sets what is on hand to what was counted, by recorded movements, all or none.
    ///
    /// # Errors
    /// [`InventoryError::UnknownSku`], [`InventoryError::UnknownLocation`], [`InventoryError::Inactive`],
    /// [`InventoryError::BelowReserved`].
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
                let location = known.locations.iter().find(|location| location.code == count.location);
                let location =
                    location.ok_or_else(|| InventoryError::UnknownLocation(count.location.clone()))?;
                if !location.active {
                    return Err(InventoryError::Inactive(count.location.clone()));
                }
                let location = location.id;
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
                        reorder_level: None,
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
                        reference: String::new(),
                        audit: None,
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

    /// Makes moves. A request that was answered before is answered again, with what it moved then.
    ///
    /// # Errors
    /// [`InventoryError::Refused`] with [`Mode::All`], [`InventoryError::Rows`], [`InventoryError::Invalid`],
    /// [`InventoryError::KeyReused`].
    pub async fn move_stock(
        &self,
        moving: &Moving,
        caller: &Caller,
        request: Option<&Request>,
    ) -> Result<MovedStock, InventoryError> {
        check(moving)?;
        self.moved(moving, caller, request, &|_| bulk::Changes::default()).await
    }

    /// The same for an import of a file, of which `beside` says what is written in the same commit, whatever moves: the rows
    /// that can be taken are, and no row at all is right too.
    ///
    /// # Errors
    /// [`InventoryError::Busy`] when somebody else has the import now.
    pub async fn move_stock_beside(
        &self,
        moving: &Moving,
        caller: &Caller,
        beside: &(dyn Fn(&MovedStock) -> bulk::Changes + Send + Sync),
    ) -> Result<MovedStock, InventoryError> {
        self.moved(moving, caller, None, beside).await
    }

    async fn moved(
        &self,
        moving: &Moving,
        caller: &Caller,
        request: Option<&Request>,
        beside: &(dyn Fn(&MovedStock) -> bulk::Changes + Send + Sync),
    ) -> Result<MovedStock, InventoryError> {
        let mut skus: Vec<Sku> = moving.moves.iter().filter_map(|one| one.sku.parse().ok()).collect();
        skus.sort_unstable();
        skus.dedup();
        let look = Look { skus, repeated: request.map(|request| request.scope.clone()), ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.inventory(&look).await?;
            if let (Some(request), Some(record)) = (request, &view.record) {
                return self.replayed(request.audited_by(record)?).await;
            }
            let moved = move_stock(&view, moving, caller, request, &mut self.parts.ids(view.now));
            let Moved { mut changes, audit, mut movements, written, unchanged, refusals } = moved;
            in_order(&mut movements);
            if moving.mode == Mode::All && !refusals.is_empty() {
                return Err(InventoryError::Refused(refusals));
            }
            let told = audit.filter(|_| written > 0);
            let moved = MovedStock { audit: told, movements, written, unchanged, refusals, replayed: false };
            changes.bulk = beside(&moved);
            if audit.is_none() && changes.bulk.is_empty() {
                return Ok(moved);
            }
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(moved),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// What a request did that was recorded, as its rows tell.
    async fn replayed(&self, row: AuditId) -> Result<MovedStock, InventoryError> {
        let search = MovementSearch { audit: Some(row), ..MovementSearch::default() };
        let mut movements = self.parts.store.movements(&search, Self::MOVED_MAX).await?;
        in_order(&mut movements);
        let search = audit::Search { id: Some(row), ..audit::Search::default() };
        let entry = self.parts.store.audit(&search, 1).await?.into_iter().next();
        let data = entry.map(|entry| entry.data).unwrap_or_default();
        let count = |name: &str| data[name].as_u64().unwrap_or_default();
        let refusals = data["refused"].as_array().into_iter().flatten().filter_map(Refused::read).collect();
        let written = count("written");
        Ok(MovedStock {
            audit: (written > 0).then_some(row),
            movements,
            written,
            unchanged: count("unchanged"),
            refusals,
            replayed: true,
        })
    }

    /// More than one change ever moves.
    const MOVED_MAX: u32 = 2 * Moving::BULK_MAX as u32;

    /// Sets what is kept back of a variant at a location, and below how much to order more. A row is opened where there
    /// was none. When nothing changes, nothing is recorded.
    ///
    /// # Errors
    /// [`InventoryError::NotFound`], [`InventoryError::Inactive`], [`InventoryError::Invalid`].
    pub async fn set_level(
        &self,
        variant: VariantId,
        location: &str,
        change: LevelChange,
        caller: &Caller,
    ) -> Result<Shelved, InventoryError> {
        let units = |units: Option<i64>| units.is_none_or(|units| (0..=UNITS_MAX).contains(&units));
        let reason = "must be from 0 to 1000000000";
        if !units(change.safety_stock) {
            return Err(InventoryError::Invalid { field: "safety_stock", reason });
        }
        if !units(change.reorder_level.flatten()) {
            return Err(InventoryError::Invalid { field: "reorder_level", reason });
        }
        let look = Look { variants: vec![variant], ..Look::default() };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.inventory(&look).await?;
            let (changes, shelved) =
                set_level(&view, location, change, caller, &mut self.parts.ids(view.now))?;
            let Some(changes) = changes else { return Ok(shelved) };
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(shelved),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// Up to `limit` levels, by SKU, then location.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn stock(&self, search: &LevelSearch, limit: u32) -> Result<Vec<LevelRow>, StoreError> {
        self.parts.store.levels(search, limit).await
    }

    /// Up to `limit` movements, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn movements(
        &self,
        search: &MovementSearch,
        limit: u32,
    ) -> Result<Vec<MovementRow>, StoreError> {
        self.parts.store.movements(search, limit).await
    }
}

/// What moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedStock {
    /// The audit row of the change; absent when nothing changed.
    pub audit: Option<AuditId>,
    /// The movements, by SKU, then location.
    pub movements: Vec<MovementRow>,
    /// How many levels changed or were opened.
    pub written: u64,
    /// How many levels were like that already.
    pub unchanged: u64,
    /// What could not be made, with [`Mode::Valid`].
    pub refusals: Vec<Refused>,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// As an answer shows them, the first time and when it is repeated: each level is there once.
fn in_order(movements: &mut [MovementRow]) {
    movements.sort_unstable_by(|a, b| (&a.sku, &a.location).cmp(&(&b.sku, &b.location)));
}

/// Whether the request says no more than it may.
fn check(moving: &Moving) -> Result<(), InventoryError> {
    let Moving { action: _, moves, mode: _, note, reference } = moving;
    if note.chars().count() > Moving::NOTE_MAX || note.chars().any(|c| c.is_control() && c != '\n') {
        let reason = "has at most 500 characters and no control characters but ends of lines";
        return Err(InventoryError::Invalid { field: "note", reason });
    }
    if reference.chars().count() > Moving::REFERENCE_MAX || has_control(reference) {
        let reason = "has at most 100 characters and no control characters";
        return Err(InventoryError::Invalid { field: "reference", reason });
    }
    let most = Moving::BULK_MAX;
    if moves.is_empty() || moves.len() > most {
        return Err(InventoryError::Rows { rows: moves.len(), most });
    }
    Ok(())
}
