//! Parcels: how the goods of an order are packed.
//!
//! Goods are split by the location that they come from, then by the most that a parcel may weigh: each unit, in the order
//! of the line items, goes into the first parcel of its location that has room. Parcels that are alike are kept as one
//! *run* with a count, and units are dealt out by division, so that a billion units cost no more than one.

use super::options::{Goods, NotServed};

/// The most parcels of one order.
pub(crate) const PARCELS_MAX: u32 = 1_000;

/// What a parcel or a whole order holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// How many units.
    pub(crate) units: u64,
    /// What they weigh on the scales.
    pub(crate) milligrams: u128,
    /// Their volume, as far as it is known.
    pub(crate) cubic_millimetres: u128,
}

/// Parcels that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The number of the location that they come from; `None`: there is one place.
    pub(crate) location: Option<u32>,
    /// How many there are, above 0.
    pub(crate) count: u64,
    /// What is in each.
    pub(crate) load: Load,
}

/// The parcels of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Packing {
    /// By location, in the order in which the line items name them.
    pub(crate) runs: Vec<Run>,
    /// How many parcels there are, at most [`PARCELS_MAX`].
    pub(crate) parcels: u32,
}

impl Load {
    /// `units` of these goods.
    fn of(goods: &Goods<'_>, units: u64) -> Self {
        let volume = goods.millimetres.map_or(0, |sides| sides.into_iter().map(u128::from).product());
        Self {
            units,
            // A unit weighs below 2^64 and there are below 2^64 of them.
            milligrams: u128::from(goods.milligrams) * u128::from(units),
            cubic_millimetres: volume.saturating_mul(u128::from(units)),
        }
    }

    /// All goods that are shipped.
    pub(crate) fn of_all(goods: &[Goods<'_>]) -> Self {
        shipped(goods).fold(Self::default(), |all, goods| all.with(Self::of(goods, u64::from(goods.units))))
    }

    fn with(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_add(other.units),
            milligrams: self.milligrams.saturating_add(other.milligrams),
            cubic_millimetres: self.cubic_millimetres.saturating_add(other.cubic_millimetres),
        }
    }

    /// The greater of its weight and its volume at so many cubic centimetres to the kilogram, rounded up, in milligrams.
    pub(crate) fn chargeable_milligrams(&self, volumetric_divisor: Option<u32>) -> u128 {
        // mm³ / (divisor * 1,000 mm³ per kg) * 1,000,000 mg per kg
        let by_volume = volumetric_divisor.map_or(0, |divisor| {
            self.cubic_millimetres.saturating_mul(1_000).div_ceil(u128::from(divisor.max(1)))
        });
        self.milligrams.max(by_volume)
    }
}

/// The goods that are shipped at all.
pub(crate) fn shipped<'g, 'a>(goods: &'g [Goods<'a>]) -> impl Iterator<Item = &'g Goods<'a>> + Clone {
    goods.iter().filter(|goods| goods.is_shipped())
}

/// Packs what is shipped into parcels of at most this weight.
///
/// Units beyond what the sources name come from the first of them; goods that name none, from the first location that any
/// goods name, so that they cause no parcel of their own.
///
/// # Errors
/// When a single unit is heavier, or more than [`PARCELS_MAX`] parcels would be needed.
pub(crate) fn pack(goods: &[Goods<'_>], max_grams: Option<u64>) -> Result<Packing, NotServed> {
    let max = max_grams.map_or(u128::MAX, |grams| u128::from(grams) * 1_000);
    let home = shipped(goods).find_map(first_source);
    let mut places: Vec<(Option<u32>, Vec<Run>)> = Vec::new();
    let mut parcels = 0;
    for goods in shipped(goods) {
        if let Some(grams) = max_grams.filter(|_| u128::from(goods.milligrams) > max) {
            return Err(NotServed::UnitTooHeavy { milligrams: goods.milligrams, max_grams: grams });
        }
        let mut left = goods.units;
        for (location, units) in goods.sources {
            let units = left.min(*units);
            left -= units;
            place(&mut places, Some(*location), goods, units, max, &mut parcels)?;
        }
        place(&mut places, first_source(goods).or(home), goods, left, max, &mut parcels)?;
    }
    let runs: Vec<Run> = places.into_iter().flat_map(|(_, runs)| runs).collect();
    // `place` keeps to the bound.
    Ok(Packing { runs, parcels: u32::try_from(parcels).unwrap_or(PARCELS_MAX) })
}

fn first_source(goods: &Goods<'_>) -> Option<u32> {
    goods.sources.iter().find(|(_, units)| *units > 0).map(|(location, _)| *location)
}

/// Puts units into the parcels of a location and counts the new ones.
fn place(
    places: &mut Vec<(Option<u32>, Vec<Run>)>,
    location: Option<u32>,
    goods: &Goods<'_>,
    units: u32,
    max: u128,
    parcels: &mut u64,
) -> Result<(), NotServed> {
    if units == 0 {
        return Ok(());
    }
    let runs = match places.iter().position(|(known, _)| *known == location) {
        Some(index) => &mut places[index].1,
        None => &mut places.push_mut((location, Vec::new())).1,
    };
    let left = fill(runs, goods, u64::from(units), max);
    append(runs, location, goods, left, max, parcels);
    if *parcels > u64::from(PARCELS_MAX) {
        return Err(NotServed::TooManyParcels);
    }
    Ok(())
}

/// How many units of these goods fit into a parcel that holds so much already.
fn room(goods: &Goods<'_>, held: u128, max: u128) -> u64 {
    match u128::from(goods.milligrams) {
        0 => u64::MAX,
        milligrams => u64::try_from(max.saturating_sub(held) / milligrams).unwrap_or(u64::MAX),
    }
}

/// Fills what room is left in parcels, the first first; what does not fit is returned.
fn fill(runs: &mut Vec<Run>, goods: &Goods<'_>, mut left: u64, max: u128) -> u64 {
    let mut index = 0;
    while left > 0 && index < runs.len() {
        let run = runs[index];
        let each = room(goods, run.load.milligrams, max).min(left);
        if each == 0 {
            index += 1;
            continue;
        }
        let filled = (left / each).min(run.count);
        left -= filled * each;
        // The parcel after the filled ones gets what is left, which is less than it has room for.
        let rest = if filled < run.count { std::mem::take(&mut left) } else { 0 };
        let partly = u64::from(rest > 0);
        let parts = [(filled, each), (partly, rest), (run.count - filled - partly, 0)];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<Run> = parts
            .map(|(count, units)| Run { count, load: run.load.with(Load::of(goods, units)), ..run })
            .collect();
        let next = index + parts.len();
        runs.splice(index..=index, parts);
        index = next;
    }
    left
}

/// New parcels, as full as can be, for what is left.
fn append(
    runs: &mut Vec<Run>,
    location: Option<u32>,
    goods: &Goods<'_>,
    left: u64,
    max: u128,
    parcels: &mut u64,
) {
    if left == 0 {
        return;
    }
    let each = room(goods, 0, max).clamp(1, left);
    let rest = left % each;
    for (count, units) in [(left / each, each), (u64::from(rest > 0), rest)] {
        if count > 0 {
            runs.push(Run { location, count, load: Load::of(goods, units) });
            *parcels = parcels.saturating_add(count);
        }
    }
}
