//! Which locations an order's units come from.

use crate::cart::Offer;
use crate::{LineId, LocationId, Quantity, VariantId};

use super::StockLevel;

/// Units that an order wants of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// For which line item.
    pub line: LineId,
    /// Of which variant.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
    /// Whether the variant may be sold beyond the stock.
    pub backorder: bool,
}

/// Units for a line item from a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// For which line item.
    pub line: LineId,
    /// Of which variant.
    pub variant: VariantId,
    /// From where.
    pub location: LocationId,
    /// How many.
    pub quantity: Quantity,
    /// Whether they go beyond what is free there.
    pub backorder: bool,
}

/// Too little is left of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortage {
    /// Of which variant.
    pub variant: VariantId,
    /// How many units all the line items want together.
    pub wanted: u64,
    /// How many can be bought.
    pub available: u64,
}

/// Up to this many locations, the smallest set that can ship everything is found by trying all sets.
const EXHAUSTIVE_MAX: usize = 12;

/// Chooses the locations that ship what is wanted: as few as can, and among sets of equal size the one that comes
/// first by priority. Within the set each line item takes from the first location that has all of it, else it is split
/// over them in their order.
///
/// Demand is summed per variant before it is compared with the stock, so two lines of one variant never both count on
/// the same units. With more than twelve locations the set grows greedily, by what each adds.
///
/// `levels` holds at least the stock of the wanted variants.
///
/// # Errors
/// Every variant of which too little is left over all locations. A variant that is not to go short and has no stock row
/// has 0.
pub fn allocate(demands: &[Demand], levels: &[StockLevel]) -> Result<Vec<Allocation>, Vec<Shortage>> {
    let mut totals: Vec<(VariantId, u64, bool)> = Vec::new();
    for demand in demands {
        let units = u64::from(demand.quantity.get());
        match totals.iter_mut().find(|(variant, ..)| *variant == demand.variant) {
            Some((_, sum, _)) => *sum += units,
            None => totals.push((demand.variant, units, demand.backorder)),
        }
    }
    let free = |variant: VariantId, location: LocationId| -> u64 {
        levels
            .iter()
            .filter(|level| level.variant == variant && level.location == location)
            .map(|level| level.free().unsigned_abs())
            .sum()
    };
    let locations = by_priority(levels);
    let shortages: Vec<Shortage> = totals
        .iter()
        .filter(|(.., backorder)| !backorder)
        .map(|(variant, wanted, _)| {
            let available = locations.iter().map(|location| free(*variant, *location)).sum();
            Shortage { variant: *variant, wanted: *wanted, available }
        })
        .filter(|shortage| shortage.available < shortage.wanted)
        .collect();
    if !shortages.is_empty() {
        return Err(shortages);
    }
    let suffices = |set: &[LocationId]| {
        totals.iter().filter(|(.., backorder)| !backorder).all(|(variant, wanted, _)| {
            set.iter().map(|location| free(*variant, *location)).sum::<u64>() >= *wanted
        })
    };
    let gain = |set: &[LocationId]| -> u64 {
        totals
            .iter()
            .map(|(variant, wanted, _)| {
                set.iter().map(|location| free(*variant, *location)).sum::<u64>().min(*wanted)
            })
            .sum()
    };
    let chosen = if locations.len() <= EXHAUSTIVE_MAX {
        (0..=locations.len())
            .find_map(|size| first_set(&locations, size, &mut Vec::with_capacity(size), &suffices))
            .unwrap_or_else(|| locations.clone())
    } else {
        greedy_set(&locations, &suffices, &gain)
    };
    let has_row = |variant: VariantId, location: LocationId| {
        levels.iter().any(|level| level.variant == variant && level.location == location)
    };
    Ok(take(demands, &chosen, &locations, free, has_row))
}

/// The demand of an order's lines that stock is counted for.
pub(crate) fn demand<'a>(lines: impl Iterator<Item = (LineId, &'a Offer, Quantity)>) -> Vec<Demand> {
    lines
        .filter(|(_, offer, _)| offer.tracked)
        .map(|(line, offer, quantity)| Demand {
            line,
            variant: offer.variant,
            quantity,
            backorder: offer.backorder,
        })
        .collect()
}

fn by_priority(levels: &[StockLevel]) -> Vec<LocationId> {
    let mut ranked: Vec<(i32, LocationId)> =
        levels.iter().map(|level| (level.priority, level.location)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().map(|(_, location)| location).collect()
}

/// The first set of `size` locations, in lexicographic order of their ranks, that suffices.
fn first_set(
    locations: &[LocationId],
    size: usize,
    chosen: &mut Vec<LocationId>,
    suffices: &dyn Fn(&[LocationId]) -> bool,
) -> Option<Vec<LocationId>> {
    if chosen.len() == size {
        return suffices(chosen).then(|| chosen.clone());
    }
    for (index, location) in locations.iter().enumerate() {
        chosen.push(*location);
        let found = first_set(&locations[index + 1..], size, chosen, suffices);
        chosen.pop();
        if found.is_some() {
            return found;
        }
    }
    None
}

fn greedy_set(
    locations: &[LocationId],
    suffices: &dyn Fn(&[LocationId]) -> bool,
    gain: &dyn Fn(&[LocationId]) -> u64,
) -> Vec<LocationId> {
    let mut chosen: Vec<LocationId> = Vec::new();
    let mut rest = locations.to_vec();
    while !suffices(&chosen) && !rest.is_empty() {
        let with = |location: &LocationId| gain(&[chosen.as_slice(), &[*location]].concat());
        let most = rest.iter().map(with).max();
        let best = rest.iter().position(|location| Some(with(location)) == most).unwrap_or(0);
        chosen.push(rest.remove(best));
    }
    chosen.sort_by_key(|location| locations.iter().position(|ranked| ranked == location));
    chosen
}

fn take(
    demands: &[Demand],
    chosen: &[LocationId],
    all: &[LocationId],
    free: impl Fn(VariantId, LocationId) -> u64,
    has_row: impl Fn(VariantId, LocationId) -> bool,
) -> Vec<Allocation> {
    let mut taken: Vec<(VariantId, LocationId, u64)> = Vec::new();
    let mut allocations = Vec::new();
    for demand in demands {
        let Demand { line, variant, quantity, backorder } = *demand;
        let mut wanted = quantity.get();
        let left_at = |location: LocationId, taken: &[(VariantId, LocationId, u64)]| {
            let gone: u64 = taken
                .iter()
                .filter(|(of, at, _)| (*of, *at) == (variant, location))
                .map(|(.., units)| units)
                .sum();
            free(variant, location).saturating_sub(gone)
        };
        // What goes short takes from every location before it goes short.
        let sources = if backorder { all } else { chosen };
        let whole = sources.iter().find(|location| left_at(**location, &taken) >= u64::from(wanted));
        let order = whole.map_or_else(|| sources.to_vec(), |location| vec![*location]);
        for location in order {
            let units = u32::try_from(left_at(location, &taken)).unwrap_or(u32::MAX).min(wanted);
            let Some(quantity) = Quantity::new(units) else { continue };
            taken.push((variant, location, u64::from(units)));
            allocations.push(Allocation { line, variant, location, quantity, backorder: false });
            wanted -= units;
        }
        // A variant that is stocked nowhere yet has no row to promise on: there is nothing to count.
        let promised_at = all.iter().copied().find(|location| has_row(variant, *location));
        if let (Some(quantity), Some(location)) = (Quantity::new(wanted), promised_at) {
            allocations.push(Allocation { line, variant, location, quantity, backorder: true });
        }
    }
    allocations
}
