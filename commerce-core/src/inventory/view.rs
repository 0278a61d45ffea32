//! What a decision about stock looks at, and what staff reads of it.

use super::{Location, Movement, StockLevel};
use crate::catalog::{Sku, Slug};
use crate::idempotency::{Record, Scope};
use crate::{AuditId, LocationId, MovementId, ProductId, SellerId, Timestamp, VariantId};

/// What to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Variants by their code.
    pub skus: Vec<Sku>,
    /// Variants by their id.
    pub variants: Vec<VariantId>,
    /// What lies at this location in all.
    pub weigh: Option<LocationId>,
    /// The record of a request that may be a repetition.
    pub repeated: Option<Scope>,
}

/// What a decision about stock looks at, in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// Every location, by priority, then code.
    pub locations: Vec<Location>,
    /// Those of the variants that there are, of products that are not deleted, by SKU.
    pub variants: Vec<StockedVariant>,
    /// Their stock, by variant, then location.
    pub levels: Vec<Shelf>,
    /// What lies at the location that was to be weighed; nothing when none was.
    pub holdings: Holdings,
    /// The record of the request.
    pub record: Option<Record>,
}

/// A variant as stock knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockedVariant {
    /// Its id.
    pub id: VariantId,
    /// Its code.
    pub sku: Sku,
    /// Its product.
    pub product: ProductId,
    /// Who sells it; absent: the shop itself.
    pub seller: Option<SellerId>,
}

/// What lies of a variant at a location, and when to order more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelf {
    /// What lies there.
    pub level: StockLevel,
    /// Below how many units that can be promised goods are to be ordered.
    pub reorder_level: Option<i64>,
}

impl Shelf {
    /// Whether less can be promised than the reorder level says.
    #[must_use]
    pub fn is_below_reorder(&self) -> bool {
        self.reorder_level.is_some_and(|level| self.level.free() < level)
    }
}

/// What lies at a location in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holdings {
    /// How many variants have a unit on hand or reserved there.
    pub variants: u64,
    /// Units on hand.
    pub on_hand: i64,
    /// Units promised to open orders.
    pub reserved: i64,
}

/// Which levels to list: those for which all of this is so, by SKU, then location.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LevelSearch {
    /// At this location.
    pub location: Option<LocationId>,
    /// Of the variant of this code.
    pub sku: Option<Sku>,
    /// Of the variants of this product.
    pub product: Option<Slug>,
    /// Of what this merchant sells.
    pub seller: Option<SellerId>,
    /// Only what is [below its reorder level](Shelf::is_below_reorder).
    pub below_reorder: bool,
    /// Behind this one, in the order of the answer.
    pub after: Option<(Sku, LocationId)>,
}

/// A level as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelRow {
    /// What lies there.
    pub shelf: Shelf,
    /// The variant's code.
    pub sku: Sku,
    /// The variant's product, and its name.
    pub product: (ProductId, Slug, String),
    /// The location's code.
    pub location: String,
}

/// Which movements to list: those for which all of this is so, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MovementSearch {
    /// Of the variant of this code.
    pub sku: Option<Sku>,
    /// At this location.
    pub location: Option<LocationId>,
    /// For this reason.
    pub reason: Option<super::MovementReason>,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Of what this merchant sells.
    pub seller: Option<SellerId>,
    /// Of the change that this audit row tells of.
    pub audit: Option<AuditId>,
    /// Behind this one, in the order of the answer.
    pub after: Option<MovementId>,
}

/// A movement as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementRow {
    /// The movement.
    pub movement: Movement,
    /// The variant's code.
    pub sku: Sku,
    /// The location's code.
    pub location: String,
}
