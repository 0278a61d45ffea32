//! What moves: adjustments, receipts, counts, transfers and bulk updates are all lists of moves, decided by one function.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{
    Adjustment, Level, Location, Movement, MovementReason, MovementRow, Shelf, StockedVariant, View,
};
use crate::access::Caller;
use crate::audit::Entry;
use crate::commit::ChangeSet;
use crate::idempotency::{Outcome, Request};
use crate::{AuditId, Ids, LocationId, VariantId};

/// The most units that may be said to lie anywhere, and that may move at once.
pub const UNITS_MAX: i64 = 1_000_000_000;

/// One level that is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Where it was said: its place in the list of the request.
    pub index: usize,
    /// The variant's code.
    pub sku: String,
    /// The location's code.
    pub location: String,
    /// What is to become of the level.
    pub asked: Asked,
    /// Why.
    pub reason: MovementReason,
}

/// What is to become of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// So many units more, or fewer when negative.
    By(i64),
    /// So many units are there.
    To {
        /// How many.
        on_hand: i64,
        /// How many were there before, as whoever counted believes: another number is refused.
        expected: Option<i64>,
    },
}

/// Moves that are made together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moving {
    /// What is done, as the audit row says: `stock.adjust`.
    pub action: &'static str,
    /// The moves. Each level at most once.
    pub moves: Vec<Move>,
    /// What becomes of the others when some cannot be made.
    pub mode: Mode,
    /// Free words, at most [`NOTE_MAX`](Self::NOTE_MAX) characters.
    pub note: String,
    /// What they belong to in other books, at most [`REFERENCE_MAX`](Self::REFERENCE_MAX) characters.
    pub reference: String,
}

/// What becomes of the rows of a list when some of them cannot be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Nothing is written.
    #[default]
    All,
    /// The others are.
    Valid,
}

impl Moving {
    /// The most characters of a note.
    pub const NOTE_MAX: usize = 500;
    /// The most characters of a reference.
    pub const REFERENCE_MAX: usize = 100;
    /// The most rows of a bulk update.
    pub const BULK_MAX: usize = 10_000;
    /// The most line items of everything else.
    pub const LINES_MAX: usize = 500;

    /// Moves with all or none, and nothing more to say.
    #[must_use]
    pub fn new(action: &'static str, moves: Vec<Move>) -> Self {
        Self { action, moves, mode: Mode::All, note: String::new(), reference: String::new() }
    }

    /// Moves units of each SKU from one location to another: what leaves the one comes to the other, or nothing moves.
    #[must_use]
    pub fn transfer(from: &str, to: &str, lines: &[(String, i64)]) -> Self {
        let moves = lines.iter().enumerate().flat_map(|(index, (sku, units))| {
            // What is no number of units to move is refused as no units.
            let units = if *units < 0 { 0 } else { *units };
            let to_or_from = |location: &str, units| Move {
                index,
                sku: sku.clone(),
                location: location.to_owned(),
                asked: Asked::By(units),
                reason: MovementReason::Transfer,
            };
            [to_or_from(from, units.saturating_neg()), to_or_from(to, units)]
        });
        Self::new("stock.transfer", moves.collect())
    }
}

/// A row of a list that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its place in the list.
    pub index: usize,
    /// Which part of it.
    pub part: Part,
    /// Why: `unknown`, `inactive`, `duplicate`, `out-of-range`, `out-of-stock`, `reserved`, `changed`.
    pub code: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// A part of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The variant's code.
    Sku,
    /// The location's code.
    Location,
    /// The code of the location that a transfer goes to.
    Destination,
    /// The units.
    Units,
}

/// What moves change, and what of them cannot be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// What to write; empty when nothing is.
    pub changes: ChangeSet,
    /// The audit row that tells of it; absent when nothing is written.
    pub audit: Option<AuditId>,
    /// What moves, in the order of the list.
    pub movements: Vec<MovementRow>,
    /// How many levels change or are opened.
    pub written: u64,
    /// How many levels are like that already.
    pub unchanged: u64,
    /// What cannot be made, in the order of the list.
    pub refusals: Vec<Refused>,
}

/// Decides what moves. With [`Mode::All`] and a refusal nothing does.
///
/// Goods leave only as far as they are there and not reserved: it is compared here, for the words, and in the write, for
/// the race. To whom `caller` is limited, what others sell is unknown.
///
/// A request under a key is recorded even when every level is like that already: a level that was set to what it was is
/// not set to that again by the repetition, when goods have left since.
#[must_use]
pub fn move_stock(
    view: &View,
    moving: &Moving,
    caller: &Caller,
    request: Option<&Request>,
    ids: &mut Ids,
) -> Moved {
    let seen = Seen::of(view, caller);
    let mut named: HashSet<(VariantId, LocationId)> = HashSet::new();
    let mut refusals = Vec::new();
    let mut steps = Vec::new();
    let mut unchanged = 0;
    for one in &moving.moves {
        let step = seen.step(one).and_then(|step| {
            if named.insert((step.variant.id, step.location.id)) {
                Ok(step)
            } else {
                let reason = format!("{} is named twice at {}", step.variant.sku, step.location.code);
                Err(refuse(one, Part::Sku, "duplicate", reason))
            }
        });
        match step {
            Ok(step) if step.delta == 0 && step.shelf.is_some() => unchanged += 1,
            Ok(step) => steps.push(step),
            // Both ends of a transfer may lack the same.
            Err(refused) if refusals.last() == Some(&refused) => {}
            Err(refused) => refusals.push(refused),
        }
    }
    let is_refused = moving.mode == Mode::All && !refusals.is_empty();
    if is_refused || (steps.is_empty() && request.is_none()) {
        let (changes, movements) = (ChangeSet::default(), Vec::new());
        return Moved { changes, audit: None, movements, written: 0, unchanged, refusals };
    }
    let audit: AuditId = ids.fresh();
    let mut changes = ChangeSet::default();
    let mut movements = Vec::new();
    for step in &steps {
        let (variant, location) = (step.variant.id, step.location.id);
        if step.shelf.is_none() {
            let level = Level { variant, location, safety_stock: None, reorder_level: None };
            changes.inventory.levels.push(level);
        }
        if step.delta == 0 {
            continue;
        }
        let movement = Movement {
            id: ids.fresh(),
            variant,
            location,
            delta: step.delta,
            reason: step.reason,
            actor: caller.actor(),
            note: moving.note.clone(),
            reference: moving.reference.clone(),
            audit: Some(audit),
            at: view.now,
        };
        let expected_on_hand = step.is_count.then_some(step.before());
        changes.inventory.adjust.push(Adjustment { movement: movement.clone(), expected_on_hand });
        let (sku, location) = (step.variant.sku.clone(), step.location.code.clone());
        movements.push(MovementRow { movement, sku, location });
    }
    changes.audit.push(Entry {
        id: audit,
        at: view.now,
        actor: caller.actor(),
        action: moving.action.to_owned(),
        target: target(&steps),
        data: told(moving, &steps, unchanged, &refusals),
    });
    changes.idempotency = request.map(|request| request.record(Outcome::Audited(audit), view.now));
    Moved { changes, audit: Some(audit), movements, written: steps.len() as u64, unchanged, refusals }
}

/// The variant, when it is about one.
fn target(steps: &[Step<'_>]) -> String {
    match steps {
        [first, rest @ ..] if rest.iter().all(|step| step.variant.id == first.variant.id) => {
            format!("stock:{}", first.variant.sku)
        }
        _ => "stock".to_owned(),
    }
}

/// What the audit row says: of a few moves what was there before and after, as they were decided; of many how many. The
/// movements name the row.
fn told(moving: &Moving, steps: &[Step<'_>], unchanged: u64, refusals: &[Refused]) -> Value {
    let came: i64 = steps.iter().map(|step| step.delta.max(0)).sum();
    let went: i64 = steps.iter().map(|step| step.delta.min(0)).sum();
    let mut told = json!({
        "written": steps.len(), "unchanged": unchanged, "units_in": came, "units_out": -went,
    });
    if steps.len() <= Moving::LINES_MAX {
        let step = |step: &Step<'_>| {
            json!({
                "sku": step.variant.sku, "warehouse": step.location.code, "reason": step.reason.as_str(),
                "before": step.before(), "after": step.before() + step.delta,
            })
        };
        told["moves"] = steps.iter().map(step).collect();
    }
    if !moving.reference.is_empty() {
        told["reference"] = moving.reference.as_str().into();
    }
    if !refusals.is_empty() {
        let refused =
            |refused: &Refused| json!([refused.index, refused.part.as_str(), refused.code, refused.reason]);
        told["refused"] = refusals.iter().map(refused).collect();
    }
    told
}

impl Part {
    const ALL: [Self; 4] = [Self::Sku, Self::Location, Self::Destination, Self::Units];

    fn as_str(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Location => "warehouse",
            Self::Destination => "to",
            Self::Units => "units",
        }
    }
}

impl Refused {
    /// Why a row cannot be taken, by name.
    const CODES: [&'static str; 7] =
        ["unknown", "inactive", "duplicate", "out-of-range", "out-of-stock", "reserved", "changed"];

    /// A refusal as an audit row tells of it.
    pub(super) fn read(told: &Value) -> Option<Self> {
        let text = |at: usize| told[at].as_str();
        Some(Self {
            index: usize::try_from(told[0].as_u64()?).ok()?,
            part: Part::ALL.into_iter().find(|part| Some(part.as_str()) == text(1))?,
            code: Self::CODES.into_iter().find(|code| Some(*code) == text(2))?,
            reason: text(3)?.to_owned(),
        })
    }
}

/// A move that can be made.
struct Step<'a> {
    variant: &'a StockedVariant,
    location: &'a Location,
    shelf: Option<&'a Shelf>,
    delta: i64,
    reason: MovementReason,
    is_count: bool,
}

impl Step<'_> {
    fn before(&self) -> i64 {
        self.shelf.map_or(0, |shelf| shelf.level.on_hand)
    }
}

/// The view by what a move names.
struct Seen<'a> {
    variants: HashMap<&'a str, &'a StockedVariant>,
    locations: HashMap<&'a str, &'a Location>,
    shelves: HashMap<(VariantId, LocationId), &'a Shelf>,
}

impl<'a> Seen<'a> {
    fn of(view: &'a View, caller: &Caller) -> Self {
        let seller = caller.seller();
        let theirs = |variant: &&StockedVariant| seller.is_none() || variant.seller == seller;
        let by_level = |shelf: &'a Shelf| ((shelf.level.variant, shelf.level.location), shelf);
        Self {
            variants: view.variants.iter().filter(theirs).map(|known| (known.sku.as_str(), known)).collect(),
            locations: view.locations.iter().map(|known| (known.code.as_str(), known)).collect(),
            shelves: view.levels.iter().map(by_level).collect(),
        }
    }

    fn step(&self, one: &Move) -> Result<Step<'a>, Refused> {
        let variant = self
            .variants
            .get(one.sku.trim())
            .copied()
            .ok_or_else(|| refuse(one, Part::Sku, "unknown", "no variant has this SKU".to_owned()))?;
        let arrives = one.reason == MovementReason::Transfer && matches!(one.asked, Asked::By(1..));
        let part = if arrives { Part::Destination } else { Part::Location };
        let location = self
            .locations
            .get(one.location.as_str())
            .copied()
            .ok_or_else(|| refuse(one, part, "unknown", "no warehouse has this code".to_owned()))?;
        if !location.active {
            let reason = format!("the warehouse {} is not active", location.code);
            return Err(refuse(one, part, "inactive", reason));
        }
        let shelf = self.shelves.get(&(variant.id, location.id)).copied();
        let (on_hand, reserved) = shelf.map_or((0, 0), |shelf| (shelf.level.on_hand, shelf.level.reserved));
        let (delta, is_count) = match one.asked {
            Asked::By(units) => (by(one, units, on_hand, reserved)?, false),
            Asked::To { on_hand: wanted, expected } => {
                if let Some(expected) = expected.filter(|expected| *expected != on_hand) {
                    let reason = format!("{on_hand} are there now, and not {expected}");
                    return Err(refuse(one, Part::Units, "changed", reason));
                }
                (to(one, wanted, on_hand, reserved)?, true)
            }
        };
        Ok(Step { variant, location, shelf, delta, reason: one.reason, is_count })
    }
}

fn by(one: &Move, units: i64, on_hand: i64, reserved: i64) -> Result<i64, Refused> {
    let range = |reason: String| Err(refuse(one, Part::Units, "out-of-range", reason));
    let only_more = one.reason == MovementReason::Receipt;
    if units == 0 || (only_more && units < 0) || units.saturating_abs() > UNITS_MAX {
        return match one.reason {
            MovementReason::Receipt | MovementReason::Transfer => {
                range(format!("must be from 1 to {UNITS_MAX}"))
            }
            _ => range(format!("must be from -{UNITS_MAX} to {UNITS_MAX}, and not 0")),
        };
    }
    let after = on_hand.saturating_add(units);
    if units > 0 && after > UNITS_MAX {
        return range(format!("{after} would be there, which is more than {UNITS_MAX}"));
    }
    if units < 0 && after < reserved {
        let free = (on_hand - reserved).max(0);
        let reason =
            format!("{on_hand} are there, {reserved} of them reserved for open orders: {free} can leave");
        return Err(refuse(one, Part::Units, "out-of-stock", reason));
    }
    Ok(units)
}

fn to(one: &Move, wanted: i64, on_hand: i64, reserved: i64) -> Result<i64, Refused> {
    if !(0..=UNITS_MAX).contains(&wanted) {
        let reason = format!("must be from 0 to {UNITS_MAX}");
        return Err(refuse(one, Part::Units, "out-of-range", reason));
    }
    if wanted < reserved && wanted < on_hand {
        let reason = format!("{on_hand} are there, and {reserved} are reserved for open orders");
        return Err(refuse(one, Part::Units, "reserved", reason));
    }
    Ok(wanted - on_hand)
}

fn refuse(one: &Move, part: Part, code: &'static str, reason: String) -> Refused {
    Refused { index: one.index, part, code, reason }
}
