//! What is kept back of a level, and when to order more.

use serde_json::json;

use super::{InventoryError, Level, Shelf, StockLevel, StockedVariant, View};
use crate::Ids;
use crate::access::Caller;
use crate::audit::Entry;
use crate::catalog::Sku;
use crate::commit::ChangeSet;

/// What is to be set of a level: nothing of what is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LevelChange {
    /// Units that are never promised.
    pub safety_stock: Option<i64>,
    /// Below how many units that can be promised to order more; `Some(None)` takes it away.
    pub reorder_level: Option<Option<i64>>,
}

/// A level that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    /// The level as it is now.
    pub shelf: Shelf,
    /// The variant's code.
    pub sku: Sku,
    /// The location's code.
    pub location: String,
}

/// Decides what becomes of the level of the one variant that is looked at; nothing, when it is so already.
pub(super) fn set_level(
    view: &View,
    code: &str,
    change: LevelChange,
    caller: &Caller,
    ids: &mut Ids,
) -> Result<(Option<ChangeSet>, Shelved), InventoryError> {
    let seller = caller.seller();
    let theirs = |known: &&StockedVariant| seller.is_none() || known.seller == seller;
    let variant = view.variants.iter().find(theirs).ok_or(InventoryError::NotFound)?;
    let location = view.locations.iter().find(|known| known.code == code).ok_or(InventoryError::NotFound)?;
    if !location.active {
        return Err(InventoryError::Inactive(code.to_owned()));
    }
    let known = view.levels.iter().find(|shelf| shelf.level.location == location.id);
    let level = StockLevel {
        variant: variant.id,
        location: location.id,
        priority: location.priority,
        on_hand: 0,
        reserved: 0,
        safety_stock: 0,
    };
    let before = known.copied().unwrap_or(Shelf { level, reorder_level: None });
    let mut after = before;
    after.level.safety_stock = change.safety_stock.unwrap_or(before.level.safety_stock);
    after.reorder_level = change.reorder_level.unwrap_or(before.reorder_level);
    let shelved = Shelved { shelf: after, sku: variant.sku.clone(), location: code.to_owned() };
    if before == after {
        return Ok((None, shelved));
    }
    let told = |shelf: &Shelf| json!({ "safety_stock": shelf.level.safety_stock, "reorder_level": shelf.reorder_level });
    let LevelChange { safety_stock, reorder_level } = change;
    let mut changes = ChangeSet::default();
    let level = Level { variant: variant.id, location: location.id, safety_stock, reorder_level };
    changes.inventory.levels.push(level);
    changes.audit.push(Entry {
        id: ids.fresh(),
        at: view.now,
        actor: caller.actor(),
        action: "stock.set".to_owned(),
        target: format!("stock:{}", variant.sku),
        data: json!({ "warehouse": code, "before": told(&before), "after": told(&after) }),
    });
    Ok((Some(changes), shelved))
}
