//! What decisions about stock look at, and what staff reads of it.

use commerce_core::inventory::{
    Holdings, LevelRow, LevelSearch, Look, Movement, MovementReason, MovementRow, MovementSearch, Shelf,
    StockedVariant, View,
};
use commerce_core::{StockLevel, StoreError};
use serde::Deserialize;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::column;
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::inventory::LocationRow;
use crate::row::{Row, get};

pub(crate) const LOOK: &str = concat!(
    "
with named as (
    select v.id, v.sku, v.product_id, p.seller_id
      from variants v
      join products p on p.id = v.product_id
     where (v.sku = any($1::text[]) or v.id = any($2::uuid[])) and p.deleted_at is null
)
select statement_timestamp() as now,
       (select coalesce(json_agg(l order by l.priority, l.code), '[]') from locations l) as locations,
       (select coalesce(json_agg(n order by n.sku), '[]') from named n) as variants,
       (select coalesce(json_agg(json_build_object(
                   'variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
                   'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock,
                   'reorder_level', s.reorder_level)
                   order by s.variant_id, s.location_id), '[]')
          from named n
          join stock s on s.variant_id = n.id
          join locations l on l.id = s.location_id) as levels,
       (select json_build_object('variants', count(*), 'on_hand', coalesce(sum(s.on_hand), 0),
                                 'reserved', coalesce(sum(s.reserved), 0))
          from stock s
         where s.location_id = $3 and (s.on_hand <> 0 or s.reserved <> 0)) as holdings,
       ",
    record_column!("$4", "$5", "$6"),
    " as record"
);

type LookRow = (
    Instant,
    Json<Vec<LocationRow>>,
    Json<Vec<VariantRow>>,
    Json<Vec<ShelfRow>>,
    Json<HoldingsRow>,
    Option<Json<RecordRow>>,
);

/// What a decision about stock looks at: one statement, so one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { skus, variants, weigh, repeated } = look;
    let (now, locations, variants, levels, holdings, record): LookRow = sqlx::query_as(LOOK)
        .bind(column(skus, |sku| sku.as_str()))
        .bind(column(variants, |variant| variant.0))
        .bind(weigh.map(|location| location.0))
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    let Json(HoldingsRow { variants: held, on_hand, reserved }) = holdings;
    Ok(View {
        now: now.0,
        locations: locations.0.into_iter().map(LocationRow::read).collect::<Result<_, _>>()?,
        variants: variants.0.into_iter().map(VariantRow::read).collect::<Result<_, _>>()?,
        levels: levels.0.into_iter().map(ShelfRow::read).collect::<Result<_, _>>()?,
        holdings: Holdings { variants: held, on_hand, reserved },
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

#[derive(Deserialize)]
struct VariantRow {
    id: Uuid,
    sku: String,
    product_id: Uuid,
    seller_id: Option<Uuid>,
}

impl VariantRow {
    fn read(self) -> Result<StockedVariant, StoreError> {
        let sku = Row::new("variants", &self.id).text("sku", &self.sku)?;
        let (product, seller) = (self.product_id.into(), self.seller_id.map(Into::into));
        Ok(StockedVariant { id: self.id.into(), sku, product, seller })
    }
}

#[derive(Deserialize)]
struct HoldingsRow {
    variants: u64,
    on_hand: i64,
    reserved: i64,
}

#[derive(Deserialize)]
struct ShelfRow {
    variant_id: Uuid,
    location_id: Uuid,
    priority: i64,
    on_hand: i64,
    reserved: i64,
    safety_stock: i64,
    reorder_level: Option<i64>,
}

impl ShelfRow {
    fn read(self) -> Result<Shelf, StoreError> {
        let row = Row::new("locations", &self.location_id);
        let level = StockLevel {
            variant: self.variant_id.into(),
            location: self.location_id.into(),
            priority: i32::try_from(self.priority).map_err(|error| row.invalid("priority", error))?,
            on_hand: self.on_hand,
            reserved: self.reserved,
            safety_stock: self.safety_stock,
        };
        Ok(Shelf { level, reorder_level: self.reorder_level })
    }
}

pub(crate) const LIST: &str = "
select json_build_object('variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
                         'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock,
                         'reorder_level', s.reorder_level) as shelf,
       v.sku, p.id as product_id, p.slug, p.name, l.code
  from stock s
  join variants v on v.id = s.variant_id
  join products p on p.id = v.product_id
  join locations l on l.id = s.location_id
 where p.deleted_at is null
   and (v.removed_at is null or s.on_hand <> 0 or s.reserved <> 0)
   and ($1::uuid is null or s.location_id = $1)
   and ($2::text is null or v.sku = $2)
   and ($3::text is null or p.slug = $3)
   and ($4::uuid is null or p.seller_id = $4)
   and (not $5::boolean
        or (s.reorder_level is not null and greatest(s.on_hand - s.reserved - s.safety_stock, 0) < s.reorder_level))
   and ($6::text is null or v.sku >= $6)
   and ($6::text is null or (v.sku, s.location_id) > ($6, $7::uuid))
 order by v.sku, s.location_id
 limit $8";

/// Up to `limit` levels, by SKU, then location.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn levels(
    conn: &mut PgConnection,
    search: &LevelSearch,
    limit: u32,
) -> Result<Vec<LevelRow>, StoreError> {
    let LevelSearch { location, sku, product, seller, below_reorder, after } = search;
    let found = sqlx::query(LIST)
        .bind(location.map(|location| location.0))
        .bind(sku.as_ref().map(|sku| sku.as_str()))
        .bind(product.as_ref().map(|slug| slug.as_str()))
        .bind(seller.map(|seller| seller.0))
        .bind(*below_reorder)
        .bind(after.as_ref().map(|(sku, _)| sku.as_str()))
        .bind(after.as_ref().map(|(_, location)| location.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.iter().map(level_row).collect()
}

fn level_row(found: &PgRow) -> Result<LevelRow, StoreError> {
    let Json(shelf): Json<ShelfRow> = get(found, "shelf")?;
    let variant = shelf.variant_id;
    let row = Row::new("variants", &variant);
    let product: Uuid = get(found, "product_id")?;
    let slug = Row::new("products", &product).text("slug", get(found, "slug")?)?;
    Ok(LevelRow {
        sku: row.text("sku", get(found, "sku")?)?,
        product: (product.into(), slug, get(found, "name")?),
        location: get(found, "code")?,
        shelf: shelf.read()?,
    })
}

// The id carries the time, so its order is that of the rows.
pub(crate) const MOVEMENTS: &str = "
select m.id, m.variant_id, m.location_id, m.delta, m.reason, m.actor, m.note, m.reference, m.audit_id, m.at, coalesce(v.removed_sku, v.sku) as sku, l.code
  from stock_movements m
  join variants v on v.id = m.variant_id
  join products p on p.id = v.product_id
  join locations l on l.id = m.location_id
 where ($1::text is null or m.variant_id = (select id from variants where sku = $1))
   and ($2::uuid is null or m.location_id = $2)
   and ($3::text is null or m.reason = $3)
   and ($4::timestamptz is null or m.at >= $4)
   and ($5::timestamptz is null or m.at < $5)
   and ($6::uuid is null or p.seller_id = $6)
   and ($7::uuid is null or m.audit_id = $7)
   and ($8::uuid is null or m.id < $8)
 order by m.id desc
 limit $9";

/// Up to `limit` movements, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn movements(
    conn: &mut PgConnection,
    search: &MovementSearch,
    limit: u32,
) -> Result<Vec<MovementRow>, StoreError> {
    let MovementSearch { sku, location, reason, from, until, seller, audit, after } = search;
    let found = sqlx::query(MOVEMENTS)
        .bind(sku.as_ref().map(|sku| sku.as_str()))
        .bind(location.map(|location| location.0))
        .bind(reason.map(MovementReason::as_str))
        .bind(from.map(Instant))
        .bind(until.map(Instant))
        .bind(seller.map(|seller| seller.0))
        .bind(audit.map(|row| row.0))
        .bind(after.map(|after| after.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.iter().map(movement_row).collect()
}

fn movement_row(found: &PgRow) -> Result<MovementRow, StoreError> {
    let id: Uuid = get(found, "id")?;
    let row = Row::new("stock_movements", &id);
    let reason: &str = get(found, "reason")?;
    let unknown = || row.invalid("reason", format_args!("{reason} is no reason"));
    let movement = Movement {
        id: id.into(),
        variant: get::<Uuid>(found, "variant_id")?.into(),
        location: get::<Uuid>(found, "location_id")?.into(),
        delta: get(found, "delta")?,
        reason: MovementReason::named(reason).ok_or_else(unknown)?,
        actor: row.text("actor", get(found, "actor")?)?,
        note: get(found, "note")?,
        reference: get(found, "reference")?,
        audit: get::<Option<Uuid>>(found, "audit_id")?.map(Into::into),
        at: get::<Instant>(found, "at")?.0,
    };
    Ok(MovementRow { movement, sku: row.text("sku", get(found, "sku")?)?, location: get(found, "code")? })
}
