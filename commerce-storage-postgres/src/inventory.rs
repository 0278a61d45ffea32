//! Stock: what has one owner (reservations, movements) first, the shared counters last.
//!
//! The counters are the rows that many orders want at once, so they are written by the last statement before COMMIT,
//! all of them by one, locked in one order: by variant, then location. Everything that a change set says about one
//! counter is added up first, in the order in which it takes effect: movements, then new reservations, then released
//! ones, then those whose goods leave.

use std::collections::BTreeMap;

use commerce_core::cache::Shard;
use commerce_core::inventory::{
    Adjustment, Changes, Fulfil, Hold, Level, Location, Rehold, Release, Reservation, StockLevel,
};
use commerce_core::{CommitError, Guard, LocationId, StoreError, Timestamp, VariantId};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column, refused};
use crate::generation;
use crate::instant::Instant;
use crate::row::Row;
use crate::steps::Steps;

pub(crate) const INSERT_LOCATIONS: &str = "
insert into locations (id, code, name, priority, address, country, active, version)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::boolean[],
                     $8::bigint[])
 where (select held from guards)";

// The rows are locked as whoever opens a level there waits for, so that none is opened while one is closed.
pub(crate) const UPDATE_LOCATIONS: &str = "
with held as (
    select l.id, w.name, w.priority, w.address, w.country, w.active, w.version
      from unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::boolean[], $7::bigint[],
                  $8::bigint[]) as w (id, name, priority, address, country, active, version, expected)
      join locations l on l.id = w.id and l.version = w.expected
     order by l.id
       for update of l
)
update locations l
   set name = h.name, priority = h.priority, address = h.address, country = h.country, active = h.active,
       version = h.version
  from held h
 where l.id = h.id and l.version = h.version - 1
returning l.id";

pub(crate) const CLOSE_LEVELS: &str = "
delete from stock where location_id = any($1::uuid[]) and on_hand = 0 and reserved = 0";

pub(crate) const LEFT: &str = "
select location_id from stock where location_id = any($1::uuid[]) limit 1";

pub(crate) const INSERT_MOVEMENTS: &str = "
insert into stock_movements (id, variant_id, location_id, delta, reason, actor, note, at, reference, audit_id)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[],
                     $8::timestamptz[], $9::text[], $10::uuid[])
 where (select held from guards)";

pub(crate) const INSERT_RESERVATIONS: &str = "
insert into reservations (id, order_id, line_id, variant_id, location_id, quantity, expires_at, backorder, state)
select r.*, 'open'
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::timestamptz[],
              $8::boolean[]) as r
 where (select held from guards)";

// Only what is still open, and only as it was read: what `reserved` loses is what the reservation had, or the part of it
// that is given back or leaves.
pub(crate) const RELEASE: &str = "
update reservations r
   set state = case when w.quantity = w.whole then w.ends_as else 'open' end,
       ended_at = case when w.quantity = w.whole then statement_timestamp() end,
       quantity = case when w.quantity = w.whole then w.whole else w.whole - w.quantity end
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[])
       as w (id, order_id, variant_id, location_id, whole, quantity, ends_as)
 where r.id = w.id and r.state = 'open' and r.order_id = w.order_id and r.variant_id = w.variant_id
   and r.location_id = w.location_id and r.quantity = w.whole
returning r.id";

pub(crate) const REHOLD: &str = "
update reservations r
   set expires_at = w.expires_at
  from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as w (id, order_id, expires_at)
 where r.id = w.id and r.state = 'open' and r.order_id = w.order_id
returning r.id";

// A location that is not there or not active becomes one that is never there, which the foreign key refuses. Its row is
// locked until the COMMIT, so that it is not closed meanwhile.
pub(crate) const OPEN_LEVELS: &str = "
with here as (
    select id from locations where id = any($2::uuid[]) and active order by id for key share
)
insert into stock (variant_id, location_id, on_hand, reserved, safety_stock)
select w.variant_id, coalesce(h.id, '00000000-0000-0000-0000-000000000000'), 0, 0, 0
  from unnest($1::uuid[], $2::uuid[]) as w (variant_id, location_id)
  left join here h on h.id = w.location_id
 order by w.variant_id, w.location_id
on conflict (variant_id, location_id) do nothing";

pub(crate) const SET_LEVELS: &str = "
with held as (
    select s.variant_id, s.location_id, w.safety_stock, w.sets_reorder, w.reorder_level
      from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::boolean[], $5::bigint[])
           as w (variant_id, location_id, safety_stock, sets_reorder, reorder_level)
      join stock s on s.variant_id = w.variant_id and s.location_id = w.location_id
     order by s.variant_id, s.location_id
       for update of s
)
update stock s
   set safety_stock = coalesce(h.safety_stock, s.safety_stock),
       reorder_level = case when h.sets_reorder then h.reorder_level else s.reorder_level end
  from held h
 where s.variant_id = h.variant_id and s.location_id = h.location_id";

// The order of the arrays is not the order of the locks: the sorted CTE is. The guards are in the update itself, which
// reads each row again as it is once the lock is held.
//
// What else is promised for certain is summed up only where goods leave that were sold beyond the stock. That sum is of
// the statement's snapshot, and may be too high: then another look finds less. It is never too low, because nobody gets
// a new promise for certain unless there is enough for all promises, these included.
pub(crate) const MOVE_COUNTERS: &str = "
with wanted as (
    select s.variant_id, s.location_id, w.delta, w.lowest_taking, w.expected, w.firm, w.backordered, w.released, w.leaving,
           w.scarce
      from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                  $8::bigint[], $9::bigint[], $10::boolean[])
           as w (variant_id, location_id, delta, lowest_taking, expected, firm, backordered, released, leaving, scarce)
      join stock s on s.variant_id = w.variant_id and s.location_id = w.location_id
     where (select held from before)
     order by s.variant_id, s.location_id
       for update of s
)
update stock s
   set on_hand = s.on_hand + w.delta - w.leaving,
       reserved = s.reserved + w.firm + w.backordered - w.released - w.leaving
  from wanted w
 where s.variant_id = w.variant_id and s.location_id = w.location_id
   and (w.expected is null or s.on_hand = w.expected)
   and (w.lowest_taking is null or s.on_hand + w.lowest_taking >= s.reserved)
   and (w.firm = 0 or s.on_hand + w.delta - s.reserved - s.safety_stock >= w.firm)
   and (w.leaving = 0 or s.on_hand + w.delta >= w.leaving)
   and (not w.scarce
        or s.on_hand + w.delta - w.leaving >= (select coalesce(sum(r.quantity), 0)
                                                 from reservations r
                                                where r.variant_id = s.variant_id and r.location_id = s.location_id
                                                  and r.state = 'open' and not r.backorder))
returning s.variant_id, s.location_id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// The last statement locks counters that others want too: COMMIT soon after.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Stock`] when too little is free or on hand, or what is on hand is not what was
/// read; with [`Guard::Reservation`] when a reservation is no longer open; with [`Guard::Location`] when a location has
/// the code already.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await?;
    move_counters(conn, changes, changes.moves_catalog()).await
}

/// What has one owner: everything but the counters.
pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { locations, revise, levels: _, adjust, reserve, rehold, release, fulfil } = changes;
    if !revise.is_empty() {
        fused
            .guarded(UPDATE_LOCATIONS)
            .bind(column(revise, |(location, _)| location.id.0))
            .bind(column(revise, |(location, _)| location.name.as_str()))
            .bind(column(revise, |(location, _)| i64::from(location.priority)))
            .bind(column(revise, |(location, _)| location.address.as_str()))
            .bind(column(revise, |(location, _)| location.country.map(|country| country.code())))
            .bind(column(revise, |(location, _)| location.active))
            .bind(column(revise, |(location, _)| location.version as i64))
            .bind(column(revise, |(_, expected)| *expected as i64));
        for (location, _) in revise {
            fused.needs(Some(location.id.0), Guard::Location);
        }
    }
    if !rehold.is_empty() {
        fused
            .guarded(REHOLD)
            .bind(column(rehold, |rehold| rehold.reservation.0))
            .bind(column(rehold, |rehold| rehold.order.0))
            .bind(column(rehold, |rehold| rehold.hold.until().map(Instant)));
        for Rehold { reservation, .. } in rehold {
            fused.needs(Some(reservation.0), Guard::Reservation(*reservation));
        }
    }
    if !release.is_empty() || !fulfil.is_empty() {
        let ends = || {
            let fulfilled = fulfil.iter().map(|fulfil| (&fulfil.ends, "fulfilled"));
            release.iter().map(|release| (release, "released")).chain(fulfilled)
        };
        fused
            .guarded(RELEASE)
            .bind(column(ends(), |(end, _)| end.reservation.0))
            .bind(column(ends(), |(end, _)| end.order.0))
            .bind(column(ends(), |(end, _)| end.variant.0))
            .bind(column(ends(), |(end, _)| end.location.0))
            .bind(column(ends(), |(end, _)| i64::from(end.of.get())))
            .bind(column(ends(), |(end, _)| i64::from(end.quantity.get())))
            .bind(column(ends(), |(_, ends_as)| ends_as));
        for (Release { reservation, .. }, _) in ends() {
            fused.needs(Some(reservation.0), Guard::Reservation(*reservation));
        }
    }
    if !locations.is_empty() {
        fused
            .write(INSERT_LOCATIONS)
            .bind(column(locations, |location| location.id.0))
            .bind(column(locations, |location| location.code.as_str()))
            .bind(column(locations, |location| location.name.as_str()))
            .bind(column(locations, |location| i64::from(location.priority)))
            .bind(column(locations, |location| location.address.as_str()))
            .bind(column(locations, |location| location.country.map(|country| country.code())))
            .bind(column(locations, |location| location.active))
            .bind(column(locations, |location| location.version as i64))
            .constraint("locations_code_key", Guard::Location)
            .constraint("locations_pkey", Guard::Location);
    }
    if !reserve.is_empty() {
        fused
            .write(INSERT_RESERVATIONS)
            .bind(column(reserve, |reservation| reservation.id.0))
            .bind(column(reserve, |reservation| reservation.order.0))
            .bind(column(reserve, |reservation| reservation.line.0))
            .bind(column(reserve, |reservation| reservation.variant.0))
            .bind(column(reserve, |reservation| reservation.location.0))
            .bind(column(reserve, |reservation| i64::from(reservation.quantity.get())))
            .bind(column(reserve, |reservation| reservation.hold.until().map(Instant)))
            .bind(column(reserve, |reservation| reservation.backorder));
    }
    if !adjust.is_empty() || !fulfil.is_empty() {
        let moved = || {
            let sold = fulfil.iter().map(|fulfil| &fulfil.movement);
            adjust.iter().map(|adjustment| &adjustment.movement).chain(sold)
        };
        fused
            .write(INSERT_MOVEMENTS)
            .bind(column(moved(), |movement| movement.id.0))
            .bind(column(moved(), |movement| movement.variant.0))
            .bind(column(moved(), |movement| movement.location.0))
            .bind(column(moved(), |movement| movement.delta))
            .bind(column(moved(), |movement| movement.reason.as_str()))
            .bind(column(moved(), |movement| movement.actor.to_string()))
            .bind(column(moved(), |movement| movement.note.as_str()))
            .bind(column(moved(), |movement| Instant(movement.at)))
            .bind(column(moved(), |movement| movement.reference.as_str()))
            .bind(column(moved(), |movement| movement.audit.map(|row| row.0)));
    }
}

/// Opens the rows that are new, then moves the counters, and with them the generation of the catalogue: the last statements
/// of a commit.
pub(crate) async fn move_counters(
    conn: &mut PgConnection,
    changes: &Changes,
    catalog: Option<Shard>,
) -> Result<(), CommitError> {
    move_counters_after(conn, changes, Steps::default(), catalog).await
}

/// The same, in one statement with the steps on other counters that come before: a round trip is saved, and the lock on
/// a popular SKU is still the last to be taken but for that on the generation.
pub(crate) async fn move_counters_after(
    conn: &mut PgConnection,
    changes: &Changes,
    mut steps: Steps,
    catalog: Option<Shard>,
) -> Result<(), CommitError> {
    close(conn, changes).await?;
    open_levels(conn, &changes.levels).await?;
    let counters = Counter::of(changes)?;
    if !counters.is_empty() {
        steps
            .step(MOVE_COUNTERS)
            .bind(column(counters.keys(), |(variant, _)| variant.0))
            .bind(column(counters.keys(), |(_, location)| location.0))
            .bind(column(counters.values(), |counter| counter.delta))
            .bind(column(counters.values(), |counter| counter.lowest_taking))
            .bind(column(counters.values(), |counter| counter.expected))
            .bind(column(counters.values(), |counter| counter.firm))
            .bind(column(counters.values(), |counter| counter.backordered))
            .bind(column(counters.values(), |counter| counter.released))
            .bind(column(counters.values(), |counter| counter.leaving))
            .bind(column(counters.values(), |counter| counter.scarce));
        for (variant, location) in counters.keys() {
            let guard = Guard::Stock { variant: *variant, location: *location };
            steps.needs(Some((variant.0, location.0)), guard);
        }
    }
    if let Some(shard) = catalog {
        generation::advance(shard, &mut steps);
    }
    steps.run(conn).await
}

/// Takes the empty levels of locations away that are not active any more. One that is not empty is in the way.
async fn close(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let closed = changes.revise.iter().filter(|(location, _)| !location.active);
    let closed = column(closed, |(location, _)| location.id.0);
    if closed.is_empty() {
        return Ok(());
    }
    sqlx::query(CLOSE_LEVELS).bind(&closed).execute(&mut *conn).await.map_err(store_error)?;
    let left: Option<Uuid> =
        sqlx::query_scalar(LEFT).bind(&closed).fetch_optional(conn).await.map_err(store_error)?;
    left.map_or(Ok(()), |_| Err(CommitError::Stale { guard: Guard::Location }))
}

async fn open_levels(conn: &mut PgConnection, levels: &[Level]) -> Result<(), CommitError> {
    let mut wanted: BTreeMap<(VariantId, LocationId), Set> = BTreeMap::new();
    for Level { variant, location, safety_stock, reorder_level } in levels {
        let known = wanted.entry((*variant, *location)).or_default();
        *known = Set {
            safety_stock: safety_stock.or(known.safety_stock),
            reorder_level: reorder_level.or(known.reorder_level),
        };
    }
    let Some((variant, location)) = wanted.keys().next().copied() else { return Ok(()) };
    // A level of a variant or location that is not there: which one, the database does not say.
    let nowhere = Guard::Stock { variant, location };
    let constraints = [("stock_variant_fkey", nowhere.clone()), ("stock_location_fkey", nowhere)];
    sqlx::query(OPEN_LEVELS)
        .bind(column(wanted.keys(), |(variant, _)| variant.0))
        .bind(column(wanted.keys(), |(_, location)| location.0))
        .execute(&mut *conn)
        .await
        .map_err(|error| refused(error, &constraints))?;
    wanted.retain(|_, set| *set != Set::default());
    if !wanted.is_empty() {
        sqlx::query(SET_LEVELS)
            .bind(column(wanted.keys(), |(variant, _)| variant.0))
            .bind(column(wanted.keys(), |(_, location)| location.0))
            .bind(column(wanted.values(), |set| set.safety_stock))
            .bind(column(wanted.values(), |set| set.reorder_level.is_some()))
            .bind(column(wanted.values(), |set| set.reorder_level.flatten()))
            .execute(&mut *conn)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// What is set of a level; see [`Level`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Set {
    safety_stock: Option<i64>,
    reorder_level: Option<Option<i64>>,
}

fn stale(variant: VariantId, location: LocationId) -> CommitError {
    CommitError::Stale { guard: Guard::Stock { variant, location } }
}

/// What a change set does to the counters of one stock row, and on which condition.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counter {
    /// What `on_hand` changes by.
    delta: i64,
    /// The lowest that a movement takes it to that takes something away, relative to what it is: never below what is
    /// reserved, and so never below 0.
    lowest_taking: Option<i64>,
    /// What `on_hand` must be.
    expected: Option<i64>,
    /// Units to reserve of what is free.
    firm: i64,
    /// Units to reserve whatever is free.
    backordered: i64,
    /// Units that are no longer reserved.
    released: i64,
    /// Units that are no longer reserved because they leave.
    leaving: i64,
    /// Whether some of those were sold beyond the stock.
    scarce: bool,
}

impl Counter {
    /// The counters that the changes touch, by variant, then location.
    fn of(changes: &Changes) -> Result<BTreeMap<(VariantId, LocationId), Self>, CommitError> {
        let Changes { locations: _, revise: _, levels: _, adjust, reserve, rehold: _, release, fulfil } =
            changes;
        let mut counters: BTreeMap<(VariantId, LocationId), Self> = BTreeMap::new();
        for Adjustment { movement, expected_on_hand } in adjust {
            let counter = counters.entry((movement.variant, movement.location)).or_default();
            if let Some(expected) = expected_on_hand {
                // What is to be there before this movement, less what earlier ones of the change set brought.
                let before = expected.saturating_sub(counter.delta);
                if counter.expected.is_some_and(|known| known != before) {
                    return Err(stale(movement.variant, movement.location));
                }
                counter.expected = Some(before);
            }
            counter.delta = counter.delta.saturating_add(movement.delta);
            if movement.delta < 0 {
                counter.lowest_taking =
                    Some(counter.lowest_taking.map_or(counter.delta, |low| low.min(counter.delta)));
            }
        }
        for reservation in reserve {
            let counter = counters.entry((reservation.variant, reservation.location)).or_default();
            let units = i64::from(reservation.quantity.get());
            if reservation.backorder { counter.backordered += units } else { counter.firm += units }
        }
        for Release { variant, location, quantity, .. } in release {
            counters.entry((*variant, *location)).or_default().released += i64::from(quantity.get());
        }
        for Fulfil { ends: Release { variant, location, quantity, .. }, backorder, movement: _ } in fulfil {
            let counter = counters.entry((*variant, *location)).or_default();
            counter.leaving += i64::from(quantity.get());
            counter.scarce |= backorder;
        }
        Ok(counters)
    }
}

pub(crate) const LOCATIONS: &str = "
select coalesce(json_agg(l order by l.priority, l.code), '[]') from locations l";

/// The locations, by priority, then code.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn locations(conn: &mut PgConnection) -> Result<Vec<Location>, StoreError> {
    let Json(found): Json<Vec<LocationRow>> =
        sqlx::query_scalar(LOCATIONS).fetch_one(conn).await.map_err(store_error)?;
    found.into_iter().map(LocationRow::read).collect()
}

pub(crate) const LEVELS: &str = "
select statement_timestamp() as now,
       coalesce((select json_agg(json_build_object(
            'variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
            'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock)
            order by s.variant_id, s.location_id)
          from stock s
          join locations l on l.id = s.location_id
         where s.variant_id = any($1::uuid[])), '[]') as levels";

/// The stock of these variants, by variant, then location; and the time of the look.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn levels(
    conn: &mut PgConnection,
    variants: &[VariantId],
) -> Result<(Timestamp, Vec<StockLevel>), StoreError> {
    let (now, Json(levels)): (Instant, Json<Vec<LevelRow>>) = sqlx::query_as(LEVELS)
        .bind(column(variants, |variant| variant.0))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    Ok((now.0, levels.into_iter().map(LevelRow::read).collect::<Result<_, _>>()?))
}

/// A location as a look reads it.
#[derive(Deserialize)]
pub(crate) struct LocationRow {
    id: Uuid,
    code: String,
    name: String,
    priority: i64,
    address: String,
    country: Option<String>,
    active: bool,
    version: i64,
}

impl LocationRow {
    pub(crate) fn read(self) -> Result<Location, StoreError> {
        let row = Row::new("locations", &self.id);
        let priority = i32::try_from(self.priority).map_err(|error| row.invalid("priority", error))?;
        Ok(Location {
            id: self.id.into(),
            priority,
            country: row.optional_text("country", self.country.as_deref())?,
            active: self.active,
            version: row.count("version", self.version)?,
            code: self.code,
            name: self.name,
            address: self.address,
        })
    }
}

/// A stock row as a look reads it, with the rank of its location.
#[derive(Deserialize)]
pub(crate) struct LevelRow {
    variant_id: Uuid,
    location_id: Uuid,
    priority: i64,
    on_hand: i64,
    reserved: i64,
    safety_stock: i64,
}

impl LevelRow {
    pub(crate) fn read(self) -> Result<StockLevel, StoreError> {
        let row = Row::new("locations", &self.location_id);
        Ok(StockLevel {
            variant: self.variant_id.into(),
            location: self.location_id.into(),
            priority: i32::try_from(self.priority).map_err(|error| row.invalid("priority", error))?,
            on_hand: self.on_hand,
            reserved: self.reserved,
            safety_stock: self.safety_stock,
        })
    }
}

/// A reservation as a look reads it.
#[derive(Deserialize)]
pub(crate) struct ReservationRow {
    id: Uuid,
    order_id: Uuid,
    line_id: Uuid,
    variant_id: Uuid,
    location_id: Uuid,
    quantity: i64,
    expires_at: Option<String>,
    backorder: bool,
}

impl ReservationRow {
    pub(crate) fn read(self) -> Result<Reservation, StoreError> {
        let row = Row::new("reservations", &self.id);
        Ok(Reservation {
            id: self.id.into(),
            order: self.order_id.into(),
            line: self.line_id.into(),
            variant: self.variant_id.into(),
            location: self.location_id.into(),
            quantity: row.quantity("quantity", self.quantity)?,
            hold: row
                .optional_text("expires_at", self.expires_at.as_deref())?
                .map_or(Hold::Committed, Hold::Held),
            backorder: self.backorder,
        })
    }
}
