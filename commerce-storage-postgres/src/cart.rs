//! Carts: their writes, and the look of every decision about a cart.

use commerce_core::cart::{Cart, CartLine, Changes, Look, Offer, TokenHash, VariantKey, View, Write};
use commerce_core::catalog::Weight;
use commerce_core::{CommitError, Currency, Guard, LineId, StoreError, UnitPrice};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::idempotency::RecordRow;
use crate::instant::Instant;
use crate::inventory::LevelRow;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into carts (id, token_hash, email, shipping_address, billing_address, shipping_method, payment_method, order_id,
                   created_at, updated_at, expires_at, version)
select $1::uuid, $2::bytea, $3::text, $4::jsonb, $5::jsonb, $6::text, $7::text, $8::uuid, $9::timestamptz,
       $10::timestamptz, $11::timestamptz, $12::bigint
 where (select held from guards)";

pub(crate) const UPDATE: &str = "
update carts
   set token_hash = $2, email = $3, shipping_address = $4, billing_address = $5, shipping_method = $6,
       payment_method = $7, order_id = $8, created_at = $9, updated_at = $10, expires_at = $11, version = $12
 where id = $1 and version = $13
returning id";

pub(crate) const WRITE_LINES: &str = "
insert into cart_lines (cart_id, id, position, variant_id, quantity, customizations)
select $1::uuid, l.*
  from unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::bigint[], $6::jsonb[]) as l
 where (select held from guards)
on conflict (id) do update
   set position = excluded.position, variant_id = excluded.variant_id, quantity = excluded.quantity,
       customizations = excluded.customizations
 where cart_lines.cart_id = excluded.cart_id";

pub(crate) const REMOVE_LINES: &str = "
delete from cart_lines where (select held from guards) and cart_id = $1 and id = any($2::uuid[])";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Cart`] when the cart is not in the version that was read, or another open cart
/// has its token.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { write } = changes;
    let Some(Write { cart, expected_version, lines_written, lines_removed }) = write else { return };
    let Cart {
        id,
        token,
        lines: _, // those that differ come one by one
        email,
        shipping_address,
        billing_address,
        shipping_method,
        payment_method,
        order,
        created_at,
        updated_at,
        expires_at,
        version,
    } = cart;
    let guard = Guard::Cart(*id);
    match expected_version {
        Some(_) => fused.guarded(UPDATE),
        None => fused.write(INSERT),
    };
    fused
        .bind(id.0)
        .bind(token.0.to_vec())
        .bind(email.as_ref().map(|email| email.as_str()))
        .bind(shipping_address.as_ref().map(Json))
        .bind(billing_address.as_ref().map(Json))
        .bind(shipping_method.as_deref())
        .bind(payment_method.map(|method| method.as_str()))
        .bind(order.map(|order| order.0))
        .bind(Instant(*created_at))
        .bind(Instant(*updated_at))
        .bind(Instant(*expires_at))
        .bind(*version as i64);
    if let Some(expected) = expected_version {
        fused.bind(*expected as i64).needs(Some(id.0), guard.clone());
    }
    fused.constraint("carts_pkey", guard.clone());
    fused.constraint("carts_open_token_key", guard.clone());
    fused.constraint("cart_lines_cart_fkey", guard);
    if !lines_written.is_empty() {
        fused
            .write(WRITE_LINES)
            .bind(id.0)
            .bind(column(lines_written, |(_, line)| line.id.0))
            .bind(column(lines_written, |(position, _)| i64::from(*position)))
            .bind(column(lines_written, |(_, line)| line.variant.0))
            .bind(column(lines_written, |(_, line)| i64::from(line.quantity.get())))
            .bind(column(lines_written, |(_, line)| Json(&line.customizations)));
    }
    if !lines_removed.is_empty() {
        fused.write(REMOVE_LINES).bind(id.0).bind(column(lines_removed, |line| line.0));
    }
}

// One statement, so one snapshot and one round trip. `wanted` is a union and no `or`, so that each side uses its index.
pub(crate) const LOOK: &str = "
with recursive open_cart as (
    select * from carts where token_hash = $1 and order_id is null
), lines as (
    select l.* from cart_lines l join open_cart c on c.id = l.cart_id
), wanted as (
    select variant_id as id from lines
    union
    select id from variants where id = $2
    union
    select id from variants where sku = $3
), offered as (
    select v.*, p.version as product_version, p.slug, p.name, p.category_id,
           coalesce(v.image_url, p.image_url) as shown_image,
           p.status = 'published' and p.deleted_at is null as on_sale
      from wanted w
      join variants v on v.id = w.id
      join products p on p.id = v.product_id
), branches as (
    select c.id as leaf, c.id, c.parent_id, 0 as depth
      from categories c
     where c.id in (select category_id from offered)
    union all
    select b.leaf, c.id, c.parent_id, b.depth + 1
      from branches b
      join categories c on c.id = b.parent_id
)
select statement_timestamp() as now,
       (select json_build_object(
            'id', c.id, 'token', encode(c.token_hash, 'hex'), 'email', c.email,
            'shipping_address', c.shipping_address, 'billing_address', c.billing_address,
            'shipping_method', c.shipping_method, 'payment_method', c.payment_method, 'order_id', c.order_id,
            'created_at', c.created_at, 'updated_at', c.updated_at, 'expires_at', c.expires_at, 'version', c.version)
          from open_cart c) as cart,
       coalesce((select json_agg(l order by l.position, l.id) from lines l), '[]') as lines,
       exists (select 1 from carts where token_hash = $1 and expires_at > statement_timestamp()) as token_known,
       coalesce((select json_agg(json_build_object(
            'variant', o.id, 'sku', o.sku, 'product', o.product_id, 'product_version', o.product_version,
            'slug', o.slug, 'name', o.name,
            'options', (select coalesce(json_agg(json_build_array(p.name, x.value) order by p.position), '[]')
                          from variant_option_values x
                          join product_options p on p.product_id = o.product_id and p.position = x.position
                         where x.variant_id = o.id),
            'image', o.shown_image,
            'categories', (select coalesce(json_agg(b.id order by b.depth desc), '[]')
                             from branches b where b.leaf = o.category_id),
            'price', o.price, 'currency', o.currency,
            'weight_grams', o.weight_grams::text, 'weight_unit', o.weight_unit,
            'tax_class', o.tax_class, 'digital', o.digital, 'tracked', o.tracked, 'backorder', o.backorder,
            'on_sale', o.on_sale) order by o.id)
          from offered o), '[]') as offers,
       coalesce((select json_agg(json_build_object(
            'variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
            'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock)
            order by s.variant_id, s.location_id)
          from wanted w
          join stock s on s.variant_id = w.id
          join locations l on l.id = s.location_id), '[]') as levels,
       coalesce((select version from rulebook_current), 0) as rulebook_version,
       (select json_build_object('actor', i.actor, 'route', i.route, 'key', i.key,
            'fingerprint', encode(i.fingerprint, 'hex'), 'outcome', i.outcome, 'outcome_id', i.outcome_id, 'at', i.at)
          from idempotency i
         where i.actor = $4 and i.route = $5 and i.key = $6) as record";

type LookRow = (
    Instant,
    Option<Json<CartRow>>,
    Json<Vec<LineRow>>,
    bool,
    Json<Vec<OfferRow>>,
    Json<Vec<LevelRow>>,
    i64,
    Option<Json<RecordRow>>,
);

/// What a decision about a cart looks at: one statement, so one snapshot, in the caller's transaction if there is one.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { token, variant, repeated } = look;
    let (id, sku) = match variant {
        Some(VariantKey::Id(id)) => (Some(id.0), None),
        Some(VariantKey::Sku(sku)) => (None, Some(sku.as_str())),
        None => (None, None),
    };
    let (now, cart, lines, token_known, offers, levels, rulebook_version, record): LookRow =
        sqlx::query_as(LOOK)
            .bind(token.map(|token| token.0.to_vec()))
            .bind(id)
            .bind(sku)
            .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
            .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
            .fetch_one(conn)
            .await
            .map_err(store_error)?;
    Ok(View {
        now: now.0,
        cart: cart.map(|Json(cart)| cart.read(lines.0)).transpose()?,
        token_known,
        offers: offers.0.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?,
        levels: levels.0.into_iter().map(LevelRow::read).collect::<Result<_, _>>()?,
        rulebook_version: Row::new("rulebook_current", &1).count("version", rulebook_version)?,
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

#[derive(Deserialize)]
struct CartRow {
    id: Uuid,
    token: String,
    email: Option<String>,
    shipping_address: Option<Value>,
    billing_address: Option<Value>,
    shipping_method: Option<String>,
    payment_method: Option<String>,
    order_id: Option<Uuid>,
    created_at: String,
    updated_at: String,
    expires_at: String,
    version: i64,
}

impl CartRow {
    fn read(self, lines: Vec<LineRow>) -> Result<Cart, StoreError> {
        let id = self.id;
        let row = Row::new("carts", &id);
        Ok(Cart {
            id: id.into(),
            token: TokenHash(row.hash("token_hash", &self.token)?),
            lines: lines.into_iter().map(CartLine::try_from).collect::<Result<_, _>>()?,
            email: row.optional_text("email", self.email.as_deref())?,
            shipping_address: row.optional_json("shipping_address", self.shipping_address)?,
            billing_address: row.optional_json("billing_address", self.billing_address)?,
            shipping_method: self.shipping_method,
            payment_method: row.optional_text("payment_method", self.payment_method.as_deref())?,
            order: self.order_id.map(Into::into),
            created_at: row.text("created_at", &self.created_at)?,
            updated_at: row.text("updated_at", &self.updated_at)?,
            expires_at: row.text("expires_at", &self.expires_at)?,
            version: row.count("version", self.version)?,
        })
    }
}

#[derive(Deserialize)]
struct LineRow {
    id: Uuid,
    variant_id: Uuid,
    quantity: i64,
    customizations: Value,
}

impl TryFrom<LineRow> for CartLine {
    type Error = StoreError;

    fn try_from(line: LineRow) -> Result<Self, StoreError> {
        let row = Row::new("cart_lines", &line.id);
        Ok(Self {
            id: LineId(line.id),
            variant: line.variant_id.into(),
            quantity: row.quantity("quantity", line.quantity)?,
            customizations: row.json("customizations", line.customizations)?,
        })
    }
}

#[derive(Deserialize)]
struct OfferRow {
    variant: Uuid,
    sku: String,
    product: Uuid,
    product_version: i64,
    slug: String,
    name: String,
    options: Vec<(String, String)>,
    image: Option<String>,
    categories: Vec<Uuid>,
    price: i64,
    currency: String,
    weight_grams: Option<String>,
    weight_unit: Option<String>,
    tax_class: String,
    digital: bool,
    tracked: bool,
    backorder: bool,
    on_sale: bool,
}

impl TryFrom<OfferRow> for Offer {
    type Error = StoreError;

    fn try_from(offer: OfferRow) -> Result<Self, StoreError> {
        let (of_variant, of_product) =
            (Row::new("variants", &offer.variant), Row::new("products", &offer.product));
        let currency: Currency = of_variant.text("currency", &offer.currency)?;
        Ok(Self {
            variant: offer.variant.into(),
            sku: of_variant.text("sku", &offer.sku)?,
            product: offer.product.into(),
            product_version: of_product.count("version", offer.product_version)?,
            slug: of_product.text("slug", &offer.slug)?,
            name: offer.name,
            options: offer.options,
            image: offer.image,
            categories: offer.categories.into_iter().map(Into::into).collect(),
            price: UnitPrice { ten_thousandths: offer.price, currency },
            weight: weight(of_variant, offer.weight_grams.as_deref(), offer.weight_unit.as_deref())?,
            tax_class: of_variant.text("tax_class", &offer.tax_class)?,
            digital: offer.digital,
            tracked: offer.tracked,
            backorder: offer.backorder,
            on_sale: offer.on_sale,
        })
    }
}

/// The weight of a variant, in the form in which it was made.
pub(crate) fn weight(
    row: Row<'_>,
    grams: Option<&str>,
    unit: Option<&str>,
) -> Result<Option<Weight>, StoreError> {
    let (Some(grams), Some(unit)) = (grams, unit) else { return Ok(None) };
    let weight = Weight::parse_grams(grams, row.text("weight_unit", unit)?);
    weight.map(Some).ok_or_else(|| row.invalid("weight_grams", format_args!("{grams} is no weight")))
}
