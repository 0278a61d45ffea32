//! Warehouses, levels and movements on the wire.

use commerce_core::customer::Country;
use commerce_core::inventory::{
    Asked, LevelChange, LevelRow, Location, LocationChange, Mode, Move, MovedStock, MovementReason,
    MovementRow, Moving, NewLocation, Shelf, Shelved,
};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Instant;
use super::{Check, OrNull, PaginationDto, Problem};

/// Where stock lies.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Warehouse")]
pub(crate) struct WarehouseDto {
    /// Its id.
    id: Uuid,
    /// Its code, unique in the shop.
    code: String,
    /// Its name.
    name: String,
    /// Which warehouse ships first when several could: the lowest number, then the code.
    priority: i32,
    /// Where it is, in lines; may be empty.
    address: String,
    /// The country that it is in: two letters of ISO 3166-1.
    country: OrNull<String>,
    /// Whether goods lie there. Nothing is sold from one that is not active.
    active: bool,
    /// 1 at first, one more with each change.
    version: u64,
}

impl From<Location> for WarehouseDto {
    fn from(location: Location) -> Self {
        let Location { id, code, name, priority, address, country, active, version } = location;
        let country = OrNull(country.map(Country::code));
        Self { id: id.0, code, name, priority, address, country, active, version }
    }
}

/// Warehouses by priority, then code.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "WarehousePage")]
pub(crate) struct WarehousePageDto {
    /// The warehouses.
    pub(crate) results: Vec<WarehouseDto>,
    /// Where the page lies among the others.
    pub(crate) pagination: PaginationDto,
}

/// Makes a warehouse.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewWarehouse", deny_unknown_fields)]
pub(crate) struct NewWarehouseBody {
    /// Its code: 1 to 64 letters, digits, hyphens, underscores and full stops, a letter or digit first.
    code: String,
    /// Its name.
    name: String,
    /// Which warehouse ships first when several could: the lowest number, then the code. Absent: behind all others.
    priority: Option<i32>,
    /// Where it is, in lines.
    address: Option<String>,
    /// The country that it is in: two letters of ISO 3166-1.
    country: Option<String>,
}

impl NewWarehouseBody {
    pub(crate) fn command(self) -> Result<NewLocation, Problem> {
        let mut check = Check::default();
        let country = check.parse_optional::<Country>("/country", self.country.as_deref());
        let Self { code, name, priority, address, country: _ } = self;
        let rest =
            LocationChange { name: Some(name), priority, address, country: Some(country), active: None };
        check.finish(Some(NewLocation { code, rest }))
    }
}

/// All that a warehouse is from now on; what is left out is empty.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WarehouseInput", deny_unknown_fields)]
pub(crate) struct WarehouseBody {
    /// Its name.
    name: String,
    /// Which warehouse ships first when several could: the lowest number, then the code.
    priority: i32,
    /// Where it is, in lines.
    address: Option<String>,
    /// The country that it is in: two letters of ISO 3166-1.
    country: Option<String>,
    /// Whether goods lie there; absent: they do.
    active: Option<bool>,
    /// Only if the warehouse is at this version.
    pub(crate) version: Option<u64>,
}

impl WarehouseBody {
    pub(crate) fn command(self) -> Result<LocationChange, Problem> {
        let mut check = Check::default();
        let country = check.parse_optional::<Country>("/country", self.country.as_deref());
        check.finish(Some(LocationChange {
            name: Some(self.name),
            priority: Some(self.priority),
            address: Some(self.address.unwrap_or_default()),
            country: Some(country),
            active: Some(self.active.unwrap_or(true)),
        }))
    }
}

/// What is to be changed of a warehouse; what is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "WarehouseChange", deny_unknown_fields)]
pub(crate) struct WarehouseChangeBody {
    /// Its name.
    name: Option<String>,
    /// Which warehouse ships first when several could: the lowest number, then the code.
    priority: Option<i32>,
    /// Where it is, in lines.
    address: Option<String>,
    /// The country that it is in: two letters of ISO 3166-1; null: it is not said.
    #[serde(default)]
    country: MaybeUndefined<String>,
    /// Whether goods lie there. One where goods lie, or are promised from, stays active.
    active: Option<bool>,
    /// Only if the warehouse is at this version.
    pub(crate) version: Option<u64>,
}

impl WarehouseChangeBody {
    pub(crate) fn command(self) -> Result<LocationChange, Problem> {
        let mut check = Check::default();
        let country = match self.country {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(code) => Some(check.parse::<Country>("/country", &code)),
        };
        let Self { name, priority, address, active, .. } = self;
        check.finish(Some(LocationChange { name, priority, address, country, active }))
    }
}

/// What lies of a variant at a warehouse.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "StockLevel")]
pub(crate) struct LevelDto {
    /// The variant's code.
    sku: String,
    /// The variant.
    variant_id: Uuid,
    /// The warehouse's code.
    warehouse: String,
    /// Units that are there.
    on_hand: i64,
    /// Units promised to open orders.
    reserved: i64,
    /// Units that are never promised.
    safety_stock: i64,
    /// Units that can be bought: on hand, neither reserved nor safety stock.
    available: i64,
    /// Below how many available units goods are to be ordered; null: nobody said.
    reorder_level: OrNull<i64>,
    /// Whether fewer are available.
    below_reorder: bool,
}

impl LevelDto {
    fn new(shelf: &Shelf, sku: String, warehouse: String) -> Self {
        let level = &shelf.level;
        Self {
            sku,
            variant_id: level.variant.0,
            warehouse,
            on_hand: level.on_hand,
            reserved: level.reserved,
            safety_stock: level.safety_stock,
            available: level.free(),
            reorder_level: OrNull(shelf.reorder_level),
            below_reorder: shelf.is_below_reorder(),
        }
    }
}

impl From<Shelved> for LevelDto {
    fn from(shelved: Shelved) -> Self {
        let Shelved { shelf, sku, location } = shelved;
        Self::new(&shelf, sku.to_string(), location)
    }
}

/// A level in a list.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "StockLevelRow")]
pub(crate) struct LevelRowDto {
    /// The level.
    #[serde(flatten)]
    #[oai(flatten)]
    level: LevelDto,
    /// The product that the variant is of.
    product_id: Uuid,
    /// The product's name in addresses.
    product_slug: String,
    /// The product's name.
    product_name: String,
}

impl From<LevelRow> for LevelRowDto {
    fn from(row: LevelRow) -> Self {
        let LevelRow { shelf, sku, product: (id, slug, name), location } = row;
        let level = LevelDto::new(&shelf, sku.to_string(), location);
        Self { level, product_id: id.0, product_slug: slug.to_string(), product_name: name }
    }
}

/// Levels by SKU.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "StockLevelPage")]
pub(crate) struct LevelPageDto {
    /// The levels.
    pub(crate) results: Vec<LevelRowDto>,
    /// Where the rest is, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// What is to be set of a level; what is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StockLevelChange", deny_unknown_fields)]
pub(crate) struct LevelChangeBody {
    /// Units that are never promised.
    safety_stock: Option<i64>,
    /// Below how many available units goods are to be ordered; null: nobody says.
    #[serde(default)]
    reorder_level: MaybeUndefined<i64>,
}

impl LevelChangeBody {
    pub(crate) fn command(self) -> LevelChange {
        let reorder_level = match self.reorder_level {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(level) => Some(Some(level)),
        };
        LevelChange { safety_stock: self.safety_stock, reorder_level }
    }
}

/// A change of what is on hand.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "StockMovement")]
pub(crate) struct MovementDto {
    /// Its id.
    id: Uuid,
    /// The variant's code.
    sku: String,
    /// The variant.
    variant_id: Uuid,
    /// The warehouse's code.
    warehouse: String,
    /// Units that came, or went when negative.
    delta: i64,
    /// Why: `receipt`, `import`, `count`, `adjustment`, `sale`, `return`, `damaged`, `lost`, `found`, `correction`,
    /// `returned`, `transfer`.
    reason: String,
    /// Who moved them.
    actor: String,
    /// Free words.
    note: String,
    /// What it belongs to in other books.
    reference: String,
    /// The change that it is part of: the id of its audit row; null: it came about otherwise.
    change_id: OrNull<Uuid>,
    /// When.
    at: Instant,
}

impl From<MovementRow> for MovementDto {
    fn from(row: MovementRow) -> Self {
        let MovementRow { movement, sku, location } = row;
        Self {
            id: movement.id.0,
            sku: sku.to_string(),
            variant_id: movement.variant.0,
            warehouse: location,
            delta: movement.delta,
            reason: movement.reason.as_str().to_owned(),
            actor: movement.actor.to_string(),
            note: movement.note,
            reference: movement.reference,
            change_id: OrNull(movement.audit.map(|row| row.0)),
            at: movement.at.into(),
        }
    }
}

/// Movements, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "StockMovementPage")]
pub(crate) struct MovementPageDto {
    /// The movements.
    pub(crate) results: Vec<MovementDto>,
    /// Where the older ones are, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// What moved.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "StockMoved")]
pub(crate) struct MovedDto {
    /// The change: the id of its audit row; null when everything was like that already.
    change_id: OrNull<Uuid>,
    /// The movements, by SKU, then warehouse.
    movements: Vec<MovementDto>,
}

impl From<MovedStock> for MovedDto {
    fn from(moved: MovedStock) -> Self {
        let change_id = OrNull(moved.audit.map(|row| row.0));
        Self { change_id, movements: moved.movements.into_iter().map(Into::into).collect() }
    }
}

/// Goods that are more or fewer than was thought.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StockAdjustment", deny_unknown_fields)]
pub(crate) struct AdjustmentBody {
    /// The variant's code.
    sku: String,
    /// The warehouse's code.
    warehouse: String,
    /// Units more, or fewer when negative.
    delta: i64,
    /// Why: `damaged`, `lost`, `found`, `correction`, `returned`.
    reason: String,
    /// Free words.
    note: Option<String>,
}

impl AdjustmentBody {
    pub(crate) fn command(self) -> Result<Moving, Problem> {
        let Self { sku, warehouse, delta, reason, note } = self;
        let mut check = Check::default();
        let all = MovementReason::OF_ADJUSTMENTS;
        let reason = check.word("/reason", &reason, all, MovementReason::as_str);
        let reason = check.finish(reason)?;
        let one = Move { index: 0, sku, location: warehouse, asked: Asked::By(delta), reason };
        Ok(Moving { note: note.unwrap_or_default(), ..Moving::new("stock.adjust", vec![one]) })
    }
}

/// Units of a variant.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StockLine", deny_unknown_fields)]
pub(crate) struct UnitsBody {
    /// The variant's code.
    sku: String,
    /// How many units.
    quantity: i64,
}

/// Goods that came in.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StockReceipt", deny_unknown_fields)]
pub(crate) struct ReceiptBody {
    /// The code of the warehouse where they are.
    warehouse: String,
    /// What came, each SKU once: up to 500.
    pub(crate) lines: Vec<UnitsBody>,
    /// What they belong to in other books: a delivery note, a purchase order.
    reference: Option<String>,
    /// Free words.
    note: Option<String>,
}

impl ReceiptBody {
    pub(crate) fn command(self) -> Moving {
        let Self { warehouse, lines, reference, note } = self;
        let moves = lines.into_iter().enumerate().map(|(index, line)| Move {
            index,
            sku: line.sku,
            location: warehouse.clone(),
            asked: Asked::By(line.quantity),
            reason: MovementReason::Receipt,
        });
        let (note, reference) = (note.unwrap_or_default(), reference.unwrap_or_default());
        Moving { note, reference, ..Moving::new("stock.receive", moves.collect()) }
    }
}

/// Units that were counted.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "CountedLine", deny_unknown_fields)]
pub(crate) struct CountedBody {
    /// The variant's code.
    sku: String,
    /// How many units are there.
    on_hand: i64,
    /// How many were there before, as whoever counted saw it: another number is refused. Absent: whatever is there now.
    expected_on_hand: Option<i64>,
}

/// What was counted.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StockCount", deny_unknown_fields)]
pub(crate) struct CountBody {
    /// The warehouse's code.
    warehouse: String,
    /// What is there, each SKU once: up to 500.
    pub(crate) lines: Vec<CountedBody>,
    /// Free words.
    note: Option<String>,
}

impl CountBody {
    pub(crate) fn command(self) -> Moving {
        let Self { warehouse, lines, note } = self;
        let moves = lines.into_iter().enumerate().map(|(index, line)| Move {
            index,
            sku: line.sku,
            location: warehouse.clone(),
            asked: Asked::To { on_hand: line.on_hand, expected: line.expected_on_hand },
            reason: MovementReason::Count,
        });
        Moving { note: note.unwrap_or_default(), ..Moving::new("stock.count", moves.collect()) }
    }
}

/// Goods that go from one warehouse to another.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "StockTransfer", deny_unknown_fields)]
pub(crate) struct TransferBody {
    /// The code of the warehouse that they leave.
    from: String,
    /// The code of the warehouse that they come to.
    to: String,
    /// What goes, each SKU once: up to 500.
    pub(crate) lines: Vec<UnitsBody>,
    /// What they belong to in other books.
    reference: Option<String>,
    /// Free words.
    note: Option<String>,
}

impl TransferBody {
    pub(crate) fn command(self) -> Result<Moving, Problem> {
        let Self { from, to, lines, reference, note } = self;
        if from == to {
            return Err(Problem::field("/to", "invalid", "the goods are at this warehouse already"));
        }
        let lines: Vec<(String, i64)> = lines.into_iter().map(|line| (line.sku, line.quantity)).collect();
        let (note, reference) = (note.unwrap_or_default(), reference.unwrap_or_default());
        Ok(Moving { note, reference, ..Moving::transfer(&from, &to, &lines) })
    }
}

/// What a level becomes.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "BulkStockRow", deny_unknown_fields)]
pub(crate) struct BulkStockRowBody {
    /// The variant's code.
    sku: String,
    /// The warehouse's code.
    warehouse: String,
    /// How many units are there; this or `delta`.
    on_hand: Option<i64>,
    /// Units more, or fewer when negative; this or `on_hand`.
    delta: Option<i64>,
}

/// Sets many levels in one commit.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "BulkStock", deny_unknown_fields)]
pub(crate) struct BulkStockBody {
    /// `all`: nothing is written when a row cannot be taken. `valid`: the others are.
    #[serde(default)]
    #[oai(default)]
    mode: Option<String>,
    /// The levels, each once: up to 10,000.
    pub(crate) rows: Vec<BulkStockRowBody>,
    /// What they belong to in other books.
    reference: Option<String>,
    /// Free words.
    note: Option<String>,
}

impl BulkStockRowBody {
    /// What its units are called.
    pub(crate) fn units(&self) -> &'static str {
        if self.on_hand.is_none() && self.delta.is_some() { "delta" } else { "on_hand" }
    }
}

impl BulkStockBody {
    pub(crate) fn command(self) -> Result<Moving, Problem> {
        let Self { mode, rows, reference, note } = self;
        let mut check = Check::default();
        let mode = mode_of(mode.as_deref(), &mut check);
        let mut moves = Vec::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let (asked, reason) = match (row.on_hand, row.delta) {
                (Some(on_hand), None) => (Asked::To { on_hand, expected: None }, MovementReason::Count),
                (None, Some(delta)) => (Asked::By(delta), MovementReason::Correction),
                _ => {
                    check.wrong(&format!("/rows/{index}"), "invalid", "must have either on_hand or delta");
                    continue;
                }
            };
            moves.push(Move { index, sku: row.sku, location: row.warehouse, asked, reason });
        }
        let mode = check.finish(mode)?;
        let (note, reference) = (note.unwrap_or_default(), reference.unwrap_or_default());
        Ok(Moving { mode, note, reference, ..Moving::new("stock.bulk", moves) })
    }
}

/// What becomes of the others when rows cannot be taken.
pub(super) fn mode_of(name: Option<&str>, check: &mut Check) -> Option<Mode> {
    match name {
        None | Some("all") => Some(Mode::All),
        Some("valid") => Some(Mode::Valid),
        Some(_) => {
            check.wrong("/mode", "unsupported", "one of all, valid");
            None
        }
    }
}

/// A row that was not taken.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RefusedRow")]
pub(crate) struct RefusedRowDto {
    /// Its place in `rows`, from 0.
    pub(crate) index: usize,
    /// Which field of it.
    pub(crate) field: String,
    /// Why, by name: `unknown`, `inactive`, `duplicate`, `invalid`, `out-of-range`, `out-of-stock`, `reserved`.
    pub(crate) code: String,
    /// Why, in words.
    pub(crate) reason: String,
}

/// What became of many rows.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "BulkResult")]
pub(crate) struct BulkDto {
    /// The change: the id of its audit row, which the movements name; null when nothing was written.
    pub(crate) change_id: OrNull<Uuid>,
    /// How many rows changed something.
    pub(crate) written: u64,
    /// How many were like that already.
    pub(crate) unchanged: u64,
    /// What was not taken, in the order of the rows; with `all` there is none.
    pub(crate) refused: Vec<RefusedRowDto>,
}
