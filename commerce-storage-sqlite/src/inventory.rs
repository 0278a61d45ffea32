//! Stock: locations, levels, movements and reservations.
//!
//! Every change of a counter is guarded in the write itself, so it holds or fails together with it. The rows of a change
//! set go through in one statement per table; only when it touches the same level twice does it take as many rounds.

use std::collections::{BTreeMap, BTreeSet};

use commerce_core::inventory::{
    Changes, Fulfil, Hold, Level, Location, Movement, Rehold, Release, Reservation,
};
use commerce_core::{
    AuditId, CommitError, Guard, LineId, LocationId, MovementId, OrderId, Quantity, ReservationId,
    StockLevel, StoreError, Timestamp, VariantId,
};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::generation;
use crate::row::{Fields, signed};
use crate::script::Script;
use crate::trouble::{is_reference, trouble};

/// Applies stock changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::Location`] when a code is taken, [`Guard::Stock`] when too little is free or on hand or what is on hand is not
/// what was read, [`Guard::Reservation`] when a reservation is no longer open.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    if let Some(shard) = changes.moves_catalog() {
        generation::advance(&mut script, shard);
    }
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { locations, revise, levels, adjust, reserve, rehold, release, fulfil } = changes;
    if !locations.is_empty() {
        let insert = script.add(INSERT_LOCATIONS).bind(Json(locations));
        insert.unique(|key| (key == "locations.code").then_some(Guard::Location));
    }
    for (location, expected) in revise {
        let update = script.add(UPDATE_LOCATION).bind(Json(location)).bind(signed(*expected));
        update.one(Guard::Location);
        if !location.active {
            script.add(CLOSE_LEVELS).bind(location.id.0);
            script.add(LEFT).bind(location.id.0).returning(|rows| match rows {
                [] => Ok(()),
                _ => Err(CommitError::Stale { guard: Guard::Location }),
            });
        }
    }
    if !levels.is_empty() {
        open_levels(script, levels);
    }
    if !adjust.is_empty() {
        let rows: Vec<MovementRow<'_>> = adjust
            .iter()
            .map(|adjustment| MovementRow::new(&adjustment.movement, adjustment.expected_on_hand))
            .collect();
        script.add(INSERT_MOVEMENTS).bind(Json(&rows));
        change_levels(script, ADJUST, &rows, |row| (row.variant, row.location));
    }
    if !reserve.is_empty() {
        let rows: Vec<ReservationRow> = reserve.iter().map(ReservationRow::from).collect();
        script.add(INSERT_RESERVATIONS).bind(Json(&rows));
        change_levels(script, RESERVE, &rows, |row| (row.variant, row.location));
    }
    if !rehold.is_empty() {
        hold_longer(script, rehold);
    }
    if !release.is_empty() || !fulfil.is_empty() {
        end(script, release, fulfil);
    }
    if !fulfil.is_empty() {
        let sold: Vec<MovementRow<'_>> =
            fulfil.iter().map(|fulfil| MovementRow::new(&fulfil.movement, None)).collect();
        script.add(INSERT_MOVEMENTS).bind(Json(sold));
        change_levels(script, LEAVE, &leaving(fulfil), |row| (row.variant, row.location));
    }
}

const INSERT_LOCATIONS: &str = "
INSERT INTO locations (id, code, name, priority, address, country, active, version)
SELECT unhex(value ->> '$.id', '-'), value ->> '$.code', value ->> '$.name', value ->> '$.priority',
       value ->> '$.address', value ->> '$.country', value ->> '$.active', value ->> '$.version'
  FROM json_each(?1)
";

const UPDATE_LOCATION: &str = "
UPDATE locations
   SET name = ?1 ->> '$.name', priority = ?1 ->> '$.priority', address = ?1 ->> '$.address',
       country = ?1 ->> '$.country', active = ?1 ->> '$.active', version = ?1 ->> '$.version'
 WHERE id = unhex(?1 ->> '$.id', '-') AND version = ?2
";

const CLOSE_LEVELS: &str = "
DELETE FROM stock WHERE location_id = ?1 AND on_hand = 0 AND reserved = 0
";

const LEFT: &str = "
SELECT variant_id FROM stock WHERE location_id = ?1 LIMIT 1
";

/// Opens levels and sets what is to be set of them. One that is neither there afterwards nor was before is at a location
/// that is not there or not active.
fn open_levels(script: &mut Script, levels: &[Level]) {
    let rows: Vec<LevelRow> = levels.iter().map(LevelRow::from).collect();
    let mut wanted: BTreeSet<(VariantId, LocationId)> =
        levels.iter().map(|level| (level.variant, level.location)).collect();
    let first = wanted.first().copied();
    let opened = script.add(OPEN_LEVELS).bind(Json(rows)).unique(move |key| {
        let (variant, location) = first.filter(|_| is_reference(key))?;
        Some(Guard::Stock { variant, location })
    });
    opened.returning(move |rows| {
        for row in rows {
            let (variant, location) = (row.try_get(0).map_err(trouble)?, row.try_get(1).map_err(trouble)?);
            wanted.remove(&(VariantId(variant), LocationId(location)));
        }
        wanted.pop_first().map_or(Ok(()), |(variant, location)| {
            Err(CommitError::Stale { guard: Guard::Stock { variant, location } })
        })
    });
}

#[derive(Serialize)]
struct LevelRow {
    variant: VariantId,
    location: LocationId,
    safety_stock: Option<i64>,
    sets_reorder: bool,
    reorder_level: Option<i64>,
}

impl From<&Level> for LevelRow {
    fn from(level: &Level) -> Self {
        let Level { variant, location, safety_stock, reorder_level } = *level;
        let (sets_reorder, reorder_level) = (reorder_level.is_some(), reorder_level.flatten());
        Self { variant, location, safety_stock, sets_reorder, reorder_level }
    }
}

// What is not given stays what it is: no safety stock and no reorder level at first.
const OPEN_LEVELS: &str = "
INSERT INTO stock (variant_id, location_id, safety_stock, reorder_level)
SELECT w.variant_id, w.location_id, coalesce(w.safety_stock, s.safety_stock, 0),
       iif(w.sets_reorder, w.reorder_level, s.reorder_level)
  FROM (SELECT unhex(value ->> '$.variant', '-') AS variant_id, unhex(value ->> '$.location', '-') AS location_id,
               value ->> '$.safety_stock' AS safety_stock, value ->> '$.sets_reorder' AS sets_reorder,
               value ->> '$.reorder_level' AS reorder_level
          FROM json_each(?1)) AS w
  JOIN locations AS l ON l.id = w.location_id AND l.active
  LEFT JOIN stock AS s ON s.variant_id = w.variant_id AND s.location_id = w.location_id
 WHERE true
    ON CONFLICT (variant_id, location_id) DO UPDATE
   SET safety_stock = excluded.safety_stock, reorder_level = excluded.reorder_level
RETURNING variant_id, location_id
";

#[derive(Serialize)]
struct MovementRow<'a> {
    id: MovementId,
    variant: VariantId,
    location: LocationId,
    delta: i64,
    expected: Option<i64>,
    reason: &'static str,
    actor: String,
    note: &'a str,
    at: i64,
    reference: &'a str,
    audit: Option<AuditId>,
}

impl<'a> MovementRow<'a> {
    fn new(movement: &'a Movement, expected: Option<i64>) -> Self {
        let Movement { id, variant, location, delta, reason, actor, note, reference, audit, at } = movement;
        Self {
            id: *id,
            variant: *variant,
            location: *location,
            delta: *delta,
            expected,
            reason: reason.as_str(),
            actor: actor.to_string(),
            note,
            at: at.as_micros(),
            reference,
            audit: *audit,
        }
    }
}

// Goods that come in are welcome even where more is promised than there is.
const ADJUST: &str = "
UPDATE stock AS s
   SET on_hand = s.on_hand + w.delta
  FROM (SELECT unhex(value ->> '$.variant', '-') AS variant_id, unhex(value ->> '$.location', '-') AS location_id,
               value ->> '$.delta' AS delta, value ->> '$.expected' AS expected
          FROM json_each(?1)) AS w
 WHERE s.variant_id = w.variant_id AND s.location_id = w.location_id
   AND s.on_hand + w.delta >= 0
   AND (w.delta >= 0 OR s.on_hand + w.delta >= s.reserved)
   AND (w.expected IS NULL OR w.expected = s.on_hand)
RETURNING variant_id, location_id
";

const INSERT_MOVEMENTS: &str = "
INSERT INTO stock_movements (id, variant_id, location_id, delta, reason, actor, note, at, reference, audit_id)
SELECT unhex(value ->> '$.id', '-'), unhex(value ->> '$.variant', '-'), unhex(value ->> '$.location', '-'),
       value ->> '$.delta', value ->> '$.reason', value ->> '$.actor', value ->> '$.note', value ->> '$.at',
       value ->> '$.reference', unhex(value ->> '$.audit', '-')
  FROM json_each(?1)
";

/// A reservation as it is written and read.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReservationRow {
    id: ReservationId,
    order: OrderId,
    line: LineId,
    variant: VariantId,
    location: LocationId,
    quantity: Quantity,
    #[serde(rename = "expires_at", with = "expiry")]
    hold: Hold,
    backorder: bool,
}

/// A hold as it is stored: when it expires, or nothing when it does not.
mod expiry {
    use commerce_core::Timestamp;
    use commerce_core::inventory::Hold;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(hold: &Hold, serializer: S) -> Result<S::Ok, S::Error> {
        hold.until().map(Timestamp::as_micros).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(micros: D) -> Result<Hold, D::Error> {
        let micros: Option<i64> = Deserialize::deserialize(micros)?;
        let until = micros.map(Timestamp::from_micros).transpose().map_err(serde::de::Error::custom)?;
        Ok(until.map_or(Hold::Committed, Hold::Held))
    }
}

impl From<&Reservation> for ReservationRow {
    fn from(reservation: &Reservation) -> Self {
        let Reservation { id, order, line, variant, location, quantity, hold, backorder } = *reservation;
        Self { id, order, line, variant, location, quantity, hold, backorder }
    }
}

impl From<ReservationRow> for Reservation {
    fn from(row: ReservationRow) -> Self {
        let ReservationRow { id, order, line, variant, location, quantity, hold, backorder } = row;
        Self { id, order, line, variant, location, quantity, hold, backorder }
    }
}

const INSERT_RESERVATIONS: &str = "
INSERT INTO reservations (id, order_id, line_id, variant_id, location_id, quantity, expires_at, backorder, state)
SELECT unhex(value ->> '$.id', '-'), unhex(value ->> '$.order', '-'), unhex(value ->> '$.line', '-'),
       unhex(value ->> '$.variant', '-'), unhex(value ->> '$.location', '-'), value ->> '$.quantity',
       value ->> '$.expires_at', value ->> '$.backorder', 'open'
  FROM json_each(?1)
";

const RESERVE: &str = "
UPDATE stock AS s
   SET reserved = s.reserved + w.quantity
  FROM (SELECT unhex(value ->> '$.variant', '-') AS variant_id, unhex(value ->> '$.location', '-') AS location_id,
               value ->> '$.quantity' AS quantity, value ->> '$.backorder' AS backorder
          FROM json_each(?1)) AS w
 WHERE s.variant_id = w.variant_id AND s.location_id = w.location_id
   AND (w.backorder OR s.on_hand - s.reserved - s.safety_stock >= w.quantity)
RETURNING variant_id, location_id
";

fn hold_longer(script: &mut Script, rehold: &[Rehold]) {
    let rows: Vec<(ReservationId, OrderId, Option<i64>)> = rehold
        .iter()
        .map(|Rehold { reservation, order, hold }| {
            (*reservation, *order, hold.until().map(Timestamp::as_micros))
        })
        .collect();
    let wanted = rehold.iter().map(|rehold| rehold.reservation).collect();
    script.add(REHOLD).bind(Json(rows)).returning(move |rows| each_was_open(wanted, rows));
}

const REHOLD: &str = "
UPDATE reservations AS r
   SET expires_at = w.expires_at
  FROM (SELECT unhex(value ->> 0, '-') AS id, unhex(value ->> 1, '-') AS order_id, value ->> 2 AS expires_at
          FROM json_each(?1)) AS w
 WHERE r.id = w.id AND r.order_id = w.order_id AND r.state = 'open'
RETURNING id
";

/// Units of reservations that are given back or leave: as the row is when it is written.
#[derive(Serialize)]
struct EndRow {
    id: ReservationId,
    order: OrderId,
    of: Quantity,
    quantity: Quantity,
    ends_as: &'static str,
}

impl EndRow {
    fn new(release: &Release, ends_as: &'static str) -> Self {
        // The row knows its variant and location.
        let Release { reservation, order, variant: _, location: _, of, quantity } = *release;
        Self { id: reservation, order, of, quantity, ends_as }
    }
}

fn end(script: &mut Script, release: &[Release], fulfil: &[Fulfil]) {
    let released = release.iter().map(|release| EndRow::new(release, "released"));
    let fulfilled = fulfil.iter().map(|fulfil| EndRow::new(&fulfil.ends, "fulfilled"));
    let rows: Vec<EndRow> = released.chain(fulfilled).collect();
    let wanted = rows.iter().map(|row| row.id).collect();
    script.add(END_RESERVATIONS).bind(Json(&rows)).returning(move |rows| each_was_open(wanted, rows));
    script.add(RELEASE).bind(Json(&rows));
}

/// Each of the wanted reservations is among the rows that changed; one that is named twice changed only once.
fn each_was_open(wanted: Vec<ReservationId>, rows: &[SqliteRow]) -> Result<(), CommitError> {
    let changed = rows.iter().map(|row| row.try_get(0).map(ReservationId));
    let mut changed: BTreeSet<ReservationId> = changed.collect::<Result<_, _>>().map_err(trouble)?;
    let other = wanted.into_iter().find(|id| !changed.remove(id));
    other.map_or(Ok(()), |id| Err(CommitError::Stale { guard: Guard::Reservation(id) }))
}

// All of its units end it. `ended_at` is for people who look into the table; no decision reads it.
const END_RESERVATIONS: &str = "
UPDATE reservations AS r
   SET state = iif(w.quantity = w.whole, w.ends_as, 'open'),
       ended_at = iif(w.quantity = w.whole, unixepoch() * 1000000, NULL),
       quantity = iif(w.quantity = w.whole, w.whole, w.whole - w.quantity)
  FROM (SELECT unhex(value ->> '$.id', '-') AS id, unhex(value ->> '$.order', '-') AS order_id,
               value ->> '$.of' AS whole, value ->> '$.quantity' AS quantity, value ->> '$.ends_as' AS ends_as
          FROM json_each(?1)) AS w
 WHERE r.id = w.id AND r.order_id = w.order_id AND r.state = 'open' AND r.quantity = w.whole
RETURNING id
";

// Where a reservation lies, its row says.
const RELEASE: &str = "
UPDATE stock AS s
   SET reserved = s.reserved - back.quantity
  FROM (SELECT r.variant_id, r.location_id, sum(w.value ->> '$.quantity') AS quantity
          FROM json_each(?1) AS w
          JOIN reservations AS r ON r.id = unhex(w.value ->> '$.id', '-')
         GROUP BY r.variant_id, r.location_id) AS back
 WHERE s.variant_id = back.variant_id AND s.location_id = back.location_id
";

/// Units that leave a level, and whether some of them were sold beyond the stock.
#[derive(Serialize)]
struct LeavingRow {
    variant: VariantId,
    location: LocationId,
    quantity: i64,
    scarce: bool,
}

fn leaving(fulfil: &[Fulfil]) -> Vec<LeavingRow> {
    let mut levels: BTreeMap<(VariantId, LocationId), (i64, bool)> = BTreeMap::new();
    for Fulfil { ends, backorder, movement: _ } in fulfil {
        let (quantity, scarce) = levels.entry((ends.variant, ends.location)).or_default();
        *quantity += i64::from(ends.quantity.get());
        *scarce |= backorder;
    }
    let row = |((variant, location), (quantity, scarce))| LeavingRow { variant, location, quantity, scarce };
    levels.into_iter().map(row).collect()
}

// Goods that were sold beyond the stock never take those that are promised to others for certain.
const LEAVE: &str = "
UPDATE stock AS s
   SET on_hand = s.on_hand - w.quantity
  FROM (SELECT unhex(value ->> '$.variant', '-') AS variant_id, unhex(value ->> '$.location', '-') AS location_id,
               value ->> '$.quantity' AS quantity, value ->> '$.scarce' AS scarce
          FROM json_each(?1)) AS w
 WHERE s.variant_id = w.variant_id AND s.location_id = w.location_id
   AND s.on_hand >= w.quantity
   AND (NOT w.scarce
        OR s.on_hand - w.quantity >= (SELECT coalesce(sum(r.quantity), 0)
                                        FROM reservations AS r
                                       WHERE r.variant_id = s.variant_id AND r.location_id = s.location_id
                                         AND r.state = 'open' AND NOT r.backorder))
RETURNING variant_id, location_id
";

/// Adds a guarded statement over rows of levels, which returns the levels whose guard held. The first that it does not
/// return, by variant and location, is stale.
fn change_levels<T: Serialize>(
    script: &mut Script,
    sql: &'static str,
    rows: &[T],
    level: impl Fn(&T) -> (VariantId, LocationId),
) {
    for round in rounds(rows, &level) {
        let mut wanted: Vec<(VariantId, LocationId)> = round.iter().map(|row| level(row)).collect();
        wanted.sort_unstable();
        script.add(sql).bind(Json(round)).returning(move |rows| {
            if rows.len() == wanted.len() {
                return Ok(());
            }
            let changed =
                rows.iter().map(|row| Ok((VariantId(row.try_get(0)?), LocationId(row.try_get(1)?))));
            let changed: BTreeSet<_> = changed.collect::<Result<_, sqlx::Error>>().map_err(trouble)?;
            let missed = wanted.into_iter().find(|level| !changed.contains(level));
            missed.map_or(Ok(()), |(variant, location)| {
                Err(CommitError::Stale { guard: Guard::Stock { variant, location } })
            })
        });
    }
}

/// Splits rows so that no round touches a level twice: `UPDATE ... FROM` would take only one of two rows that match. The
/// order of the rows of a level is kept.
fn rounds<T>(rows: &[T], level: impl Fn(&T) -> (VariantId, LocationId)) -> Vec<Vec<&T>> {
    let mut rounds: Vec<Vec<&T>> = Vec::new();
    let mut seen: BTreeMap<(VariantId, LocationId), usize> = BTreeMap::new();
    for row in rows {
        let round = seen.entry(level(row)).or_default();
        if rounds.len() == *round {
            rounds.push(Vec::new());
        }
        rounds[*round].push(row);
        *round += 1;
    }
    rounds
}

/// Reads the locations, by priority, then code.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn locations(conn: &mut SqliteConnection) -> Result<Vec<Location>, StoreError> {
    let rows = sqlx::query(LOCATIONS).fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| {
            let fields = Fields::new("locations", "id", row);
            Ok(Location {
                id: fields.id("id")?,
                code: fields.get("code")?,
                name: fields.get("name")?,
                priority: fields.get("priority")?,
                address: fields.get("address")?,
                country: fields.parse_if("country")?,
                active: fields.get("active")?,
                version: fields.count("version")?,
            })
        })
        .collect()
}

const LOCATIONS: &str = "
SELECT id, code, name, priority, address, country, active, version FROM locations ORDER BY priority, code
";

/// Reads the stock of these variants, by variant, then location.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn levels(
    conn: &mut SqliteConnection,
    variants: &[VariantId],
) -> Result<Vec<StockLevel>, StoreError> {
    let rows = sqlx::query(LEVELS).bind(Json(variants)).fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| {
            let fields = Fields::new("stock", "variant_id", row);
            Ok(StockLevel {
                variant: fields.id("variant_id")?,
                location: fields.id("location_id")?,
                priority: fields.get("priority")?,
                on_hand: fields.get("on_hand")?,
                reserved: fields.get("reserved")?,
                safety_stock: fields.get("safety_stock")?,
            })
        })
        .collect()
}

const LEVELS: &str = "
SELECT s.variant_id, s.location_id, l.priority, s.on_hand, s.reserved, s.safety_stock
  FROM stock AS s
  JOIN locations AS l ON l.id = s.location_id
 WHERE s.variant_id IN (SELECT unhex(value, '-') FROM json_each(?1))
 ORDER BY s.variant_id, s.location_id
";
