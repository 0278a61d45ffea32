//! Stock: what an import sets on hand, and where.

use std::collections::HashMap;

use super::draft::{About, Taken};
use super::{CatalogView, PlanOptions, Refusal, StockRule, Warning};
use crate::inventory::{Adjustment, Changes, Level, Location, Movement, MovementReason, StockLevel};
use crate::{Ids, LocationId, VariantId};

/// The most units that may be said to be on hand.
pub(super) const UNITS_MAX: i64 = 1_000_000_000;

/// What was said to be on hand of a variant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said {
    /// Where it was said.
    pub(super) line: u64,
    /// Units on hand.
    pub(super) units: i64,
}

/// What becomes of the stock.
#[derive(Default)]
pub(super) struct Set {
    /// What to write.
    pub(super) changes: Changes,
    /// What cannot be set.
    pub(super) refusals: Vec<Refusal>,
    /// What was set, but not as it was said.
    pub(super) warnings: Vec<Warning>,
}

/// Sets the stock of new variants, and of known ones where the rule says so.
pub(super) fn set(view: &CatalogView, options: &PlanOptions, taken: &[Taken<'_>], ids: &mut Ids) -> Set {
    let mut set = Set::default();
    let (location, new) = location(view, options, ids);
    let closed = view.locations.iter().any(|known| known.id == location && !known.active);
    let levels = levels(view, location);
    for product in taken {
        for variant in &product.product.variants {
            let Some(said) = product.stock.get(&variant.id) else { continue };
            let known =
                product.before.is_some_and(|before| before.variants.iter().any(|old| old.id == variant.id));
            // Sales since the export was made have lowered what is on hand: only on purpose is that overwritten.
            if known && (options.stock == StockRule::Created || !variant.tracked) {
                continue;
            }
            let about = About { line: said.line, slug: &product.product.slug };
            let there = levels.get(&variant.id).copied().unwrap_or_default();
            if new.is_some() && options.seller.is_some() {
                // Where goods may lie is for the shop to say.
                let reason = format!("there is no location {}", options.location);
                set.refusals.push(about.refuse("stock", "location-unknown", reason));
                continue;
            }
            if closed {
                let reason = format!("the location {} is not active", options.location);
                set.refusals.push(about.refuse("stock", "location-inactive", reason));
                continue;
            }
            if said.units < 0 {
                let reason = format!("a stock of {} is taken as 0", said.units);
                set.warnings.push(about.warn("stock", "stock-negative", reason));
            }
            let units = said.units.max(0);
            let delta = units - there.on_hand;
            if delta < 0 && units < there.reserved {
                let reason = format!(
                    "{} units are reserved for open orders, so the stock of {} stays {}: fulfil or cancel them first",
                    there.reserved, variant.sku, there.on_hand
                );
                set.refusals.push(about.refuse("stock", "stock-below-reserved", reason));
                continue;
            }
            if !there.open {
                set.changes.levels.push(Level {
                    variant: variant.id,
                    location,
                    safety_stock: None,
                    reorder_level: None,
                });
            }
            if delta == 0 {
                continue;
            }
            if there.elsewhere != 0 {
                let reason =
                    format!("{units} is set at {}, {} more lie elsewhere", options.location, there.elsewhere);
                set.warnings.push(about.warn("stock", "stock-elsewhere", reason));
            }
            let movement = Movement {
                id: ids.fresh(),
                variant: variant.id,
                location,
                delta,
                reason: MovementReason::Import,
                actor: options.actor.clone(),
                note: String::new(),
                reference: String::new(),
                audit: None,
                at: view.now,
            };
            let expected_on_hand = known.then_some(there.on_hand);
            set.changes.adjust.push(Adjustment { movement, expected_on_hand });
        }
    }
    if !set.changes.levels.is_empty() || !set.changes.adjust.is_empty() {
        set.changes.locations.extend(new);
    }
    set
}

/// What lies of a variant.
#[derive(Debug, Clone, Copy, Default)]
struct There {
    /// Whether the location has a row for it.
    open: bool,
    /// Units at the location.
    on_hand: i64,
    /// Units promised there.
    reserved: i64,
    /// Units at all other locations.
    elsewhere: i64,
}

fn levels(view: &CatalogView, location: LocationId) -> HashMap<VariantId, There> {
    let mut levels: HashMap<VariantId, There> = HashMap::new();
    for StockLevel { variant, location: at, on_hand, reserved, .. } in &view.levels {
        let there = levels.entry(*variant).or_default();
        if *at == location {
            *there = There { open: true, on_hand: *on_hand, reserved: *reserved, ..*there };
        } else {
            there.elsewhere += on_hand;
        }
    }
    levels
}

/// The location of the options, and its row when it is new.
fn location(view: &CatalogView, options: &PlanOptions, ids: &mut Ids) -> (LocationId, Option<Location>) {
    if let Some(known) = view.locations.iter().find(|location| location.code == options.location) {
        return (known.id, None);
    }
    let priority = view
        .locations
        .iter()
        .map(|location| location.priority)
        .max()
        .map_or(0, |last| last.saturating_add(1));
    let location = Location::new(ids.fresh(), &options.location, &options.location, priority);
    (location.id, Some(location))
}
