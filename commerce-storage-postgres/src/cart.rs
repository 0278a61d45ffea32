//! Carts: their writes, and the look of every decision about a cart.

use commerce_core::cart::{Cart, CartLine, Changes, Look, Offer, TokenHash, VariantKey, View, Write};
use commerce_core::catalog::{Dimensions, Facts, Weight};
use commerce_core::promotion::CustomerKey;
use commerce_core::{CartId, CommitError, Currency, Guard, LineId, StoreError, Timestamp, UnitPrice};
use serde::Deserialize;
use serde_json::Value;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::inventory::LevelRow;
use crate::promotion::CouponRow;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into carts (id, token_hash, currency, channel, coupons, email, customer_key, shipping_address, billing_address,
                   shipping_method, payment_method, order_id, created_at, updated_at, expires_at, version, mobile_money,
                   customer_id)
select $1::uuid, $2::bytea, $3::text, $4::text, $5::jsonb, $6::text, $7::bytea, $8::jsonb, $9::jsonb, $10::text,
       $11::text, $12::uuid, $13::timestamptz, $14::timestamptz, $15::timestamptz, $16::bigint, $17::jsonb,
       $18::uuid
 where (select held from guards)";

pub(crate) const UPDATE: &str = "
update carts
   set token_hash = $2, currency = $3, channel = $4, coupons = $5, email = $6, customer_key = $7, shipping_address = $8,
       billing_address = $9, shipping_method = $10, payment_method = $11, order_id = $12, created_at = $13,
       updated_at = $14, expires_at = $15, version = $16, mobile_money = $17,
       customer_id = $18
 where id = $1 and version = $19
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
    let Changes { write, merged } = changes;
    for cart in write.iter().chain(merged) {
        write_cart(cart, fused);
    }
}

fn write_cart(write: &Write, fused: &mut Fused) {
    let Write { cart, expected_version, lines_written, lines_removed } = write;
    let Cart {
        id,
        token,
        customer,
        currency,
        channel,
        lines: _, // those that differ come one by one
        coupons,
        email,
        shipping_address,
        billing_address,
        shipping_method,
        payment_method,
        mobile_money,
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
        .bind(currency.map(|currency| currency.code()))
        .bind(channel.as_deref())
        .bind(Json(coupons))
        .bind(email.as_ref().map(|email| email.as_str()))
        .bind(email.as_ref().map(|email| CustomerKey::of_email(email).0.to_vec()))
        .bind(shipping_address.as_ref().map(Json))
        .bind(billing_address.as_ref().map(Json))
        .bind(shipping_method.as_deref())
        .bind(payment_method.map(|method| method.as_str()))
        .bind(order.map(|order| order.0))
        .bind(Instant(*created_at))
        .bind(Instant(*updated_at))
        .bind(Instant(*expires_at))
        .bind(*version as i64)
        .bind(mobile_money.as_ref().map(Json))
        .bind(customer.map(|customer| customer.0));
    if let Some(expected) = expected_version {
        fused.bind(*expected as i64).needs(Some(id.0), guard.clone());
    }
    if let Some(account) = customer {
        fused.constraint("carts_account_fkey", Guard::Account(*account));
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

/// The columns `offers` and `levels`: what is known of the variants whose ids are in `wanted`, and their stock.
macro_rules! offers {
    () => {
        "
       coalesce((select json_agg(json_build_object(
            'variant', v.id, 'sku', coalesce(v.removed_sku, v.sku), 'product', p.id, 'seller', p.seller_id, 'product_version', p.version, 'slug', p.slug,
            'name', p.name, 'facts', p.facts,
            'option_values', (select coalesce(json_agg(x.value order by x.position), '[]')
                                from variant_option_values x where x.variant_id = v.id),
            'image', coalesce(v.image_url, p.image_url),
            'price', v.price, 'compare_at_price', v.compare_at_price, 'currency', v.currency,
            'weight_grams', v.weight_grams::text, 'weight_unit', v.weight_unit, 'dimensions', v.dimensions,
            'tax_class', v.tax_class, 'digital', v.digital, 'tracked', v.tracked, 'backorder', v.backorder,
            'on_sale', p.status = 'published' and p.deleted_at is null and v.removed_at is null) order by v.id)
          from wanted w
          join variants v on v.id = w.id
          join products p on p.id = v.product_id), '[]') as offers,
       coalesce((select json_agg(json_build_object(
            'variant_id', s.variant_id, 'location_id', s.location_id, 'priority', l.priority,
            'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock)
            order by s.variant_id, s.location_id)
          from wanted w
          join stock s on s.variant_id = w.id
          join locations l on l.id = s.location_id), '[]') as levels"
    };
}
pub(crate) use offers;

/// The look at a cart, which is the row of `carts` as this says, with what else is known of its token.
macro_rules! look {
    ($cart:literal, $token:literal) => {
        concat!(
            "
with open_cart as (
    ",
            $cart,
            "
), lines as (
    select l.* from cart_lines l join open_cart c on c.id = l.cart_id
), wanted as (
    select variant_id as id from lines
    union
    select id from variants where id = $2
    union
    select id from variants where sku = $3
)
select statement_timestamp() as now,
       (select json_build_object(
            'id', c.id, 'customer_id', c.customer_id, 'token', encode(c.token_hash, 'hex'), 'currency', c.currency, 'channel', c.channel,
            'coupons', c.coupons, 'email', c.email, 'shipping_address', c.shipping_address,
            'billing_address', c.billing_address, 'shipping_method', c.shipping_method,
            'payment_method', c.payment_method, 'mobile_money', c.mobile_money, 'order_id', c.order_id, 'created_at', c.created_at,
            'updated_at', c.updated_at, 'expires_at', c.expires_at, 'version', c.version)
          from open_cart c) as cart,
       coalesce((select json_agg(l order by l.position, l.id) from lines l), '[]') as lines,
       exists (select 1 from carts where token_hash = ",
            $token,
            " and expires_at > statement_timestamp()) as token_known,",
            offers!(),
            ",
       coalesce((select json_agg(json_build_object(
            'row', row_to_json(k),
            'customer_uses', (select u.uses
                                from coupon_customers u
                               where u.code = k.code
                                 and u.customer_key = coalesce($8, (select customer_key from open_cart)))) order by k.code)
          from coupons k
         where k.code = any(array_append(
                   array(select jsonb_array_elements_text(c.coupons) from open_cart c), $7))), '[]') as coupons,
       (select exists (select 1
                         from orders o
                        where o.customer_key = coalesce($8, c.customer_key) and o.status <> 'cancelled' and o.cart_id <> c.id)
          from open_cart c
         where coalesce($8, c.customer_key) is not null) as ordered_before,
       coalesce((select version from rulebook_current), 0) as rulebook_version,
       ", record_column!("$4", "$5", "$6"), " as record"
        )
    };
}

// One statement, so one snapshot and one round trip. `wanted` is a union and no `or`, so that each side uses its index;
// the codes are an array, so that the coupons are found by their key, however few the planner believes them to be.
pub(crate) const LOOK: &str = look!("select * from carts where token_hash = $1 and order_id is null", "$1");

// The same of a cart that is named by its id, whether it became an order or not.
pub(crate) const LOOK_BY_ID: &str =
    look!("select * from carts where id = $1", "(select token_hash from open_cart)");

// No index by the time of the last change: it would have every change of every cart write to it, for a look that a shop
// takes now and then.
pub(crate) const RECENT: &str = "
select id from carts where updated_at >= $1 and ($2::uuid is null or id > $2) order by id limit $3";

type LookRow = (
    Instant,
    Option<Json<CartRow>>,
    Json<Vec<LineRow>>,
    bool,
    Json<Vec<OfferRow>>,
    Json<Vec<LevelRow>>,
    Json<Vec<CouponRow>>,
    Option<bool>,
    i64,
    Option<Json<RecordRow>>,
);

/// What a decision about a cart looks at: one statement, so one snapshot, in the caller's transaction if there is one.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { token, variant, coupon, customer, repeated } = look;
    let (id, sku) = match variant {
        Some(VariantKey::Id(id)) => (Some(id.0), None),
        Some(VariantKey::Sku(sku)) => (None, Some(sku.as_str())),
        None => (None, None),
    };
    let seen: LookRow = sqlx::query_as(LOOK)
        .bind(token.map(|token| token.0.to_vec()))
        .bind(id)
        .bind(sku)
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .bind(coupon.as_ref().map(|code| code.as_str()))
        .bind(customer.map(|customer| customer.0.to_vec()))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    read(seen)
}

/// What [`view`] would see of the carts that changed at `since` or later, those that became orders included: up to
/// `limit` after `after`, by id. On a connection that is in no transaction: all are of one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn recent(
    conn: &mut PgConnection,
    since: Timestamp,
    after: Option<CartId>,
    limit: u32,
) -> Result<Vec<View>, StoreError> {
    let mut snapshot =
        conn.begin_with("begin isolation level repeatable read, read only").await.map_err(store_error)?;
    let ids: Vec<Uuid> = sqlx::query_scalar(RECENT)
        .bind(Instant(since))
        .bind(after.map(|id| id.0))
        .bind(i64::from(limit))
        .fetch_all(&mut *snapshot)
        .await
        .map_err(store_error)?;
    let mut views = Vec::with_capacity(ids.len());
    for id in ids {
        let seen: LookRow = sqlx::query_as(LOOK_BY_ID)
            .bind(id)
            .bind(None::<Uuid>)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind(None::<&str>)
            .bind(None::<Vec<u8>>)
            .fetch_one(&mut *snapshot)
            .await
            .map_err(store_error)?;
        views.push(read(seen)?);
    }
    snapshot.rollback().await.map_err(store_error)?;
    Ok(views)
}

fn read(seen: LookRow) -> Result<View, StoreError> {
    let (now, cart, lines, token_known, offers, levels, coupons, ordered_before, rulebook_version, record) =
        seen;
    Ok(View {
        now: now.0,
        cart: cart.map(|Json(cart)| cart.read(lines.0)).transpose()?,
        token_known,
        offers: offers.0.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?,
        levels: levels.0.into_iter().map(LevelRow::read).collect::<Result<_, _>>()?,
        coupons: coupons.0.into_iter().map(CouponRow::read).collect::<Result<_, _>>()?,
        ordered_before,
        outside: Default::default(), // learned when the cart meets it
        rulebook_version: Row::new("rulebook_current", &1).count("version", rulebook_version)?,
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

#[derive(Deserialize)]
struct CartRow {
    id: Uuid,
    customer_id: Option<Uuid>,
    token: String,
    currency: Option<String>,
    channel: Option<String>,
    coupons: Value,
    email: Option<String>,
    shipping_address: Option<Value>,
    billing_address: Option<Value>,
    shipping_method: Option<String>,
    payment_method: Option<String>,
    mobile_money: Option<Value>,
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
            customer: self.customer_id.map(Into::into),
            currency: row.optional_text("currency", self.currency.as_deref())?,
            channel: self.channel,
            lines: lines.into_iter().map(CartLine::try_from).collect::<Result<_, _>>()?,
            coupons: row.json("coupons", self.coupons)?,
            email: row.optional_text("email", self.email.as_deref())?,
            shipping_address: row.optional_json("shipping_address", self.shipping_address)?,
            billing_address: row.optional_json("billing_address", self.billing_address)?,
            shipping_method: self.shipping_method,
            payment_method: row.optional_text("payment_method", self.payment_method.as_deref())?,
            mobile_money: row.optional_json("mobile_money", self.mobile_money)?,
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
pub(crate) struct OfferRow {
    variant: Uuid,
    sku: String,
    product: Uuid,
    seller: Option<Uuid>,
    product_version: i64,
    slug: String,
    name: String,
    facts: Facts,
    option_values: Vec<String>,
    image: Option<String>,
    price: i64,
    compare_at_price: Option<i64>,
    currency: String,
    weight_grams: Option<String>,
    weight_unit: Option<String>,
    dimensions: Option<Dimensions>,
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
        let price = |ten_thousandths| UnitPrice { ten_thousandths, currency };
        let (facts, options) = offer.facts.variant(offer.option_values);
        let Facts { brand, categories, tags, attributes, options: _ } = facts;
        Ok(Self {
            variant: offer.variant.into(),
            sku: of_variant.text("sku", &offer.sku)?,
            product: offer.product.into(),
            seller: offer.seller.map(Into::into),
            product_version: of_product.count("version", offer.product_version)?,
            slug: of_product.text("slug", &offer.slug)?,
            name: offer.name,
            options,
            image: offer.image,
            categories,
            brand,
            tags,
            attributes,
            price: price(offer.price),
            compare_at: offer.compare_at_price.map(price),
            weight: weight(of_variant, offer.weight_grams.as_deref(), offer.weight_unit.as_deref())?,
            dimensions: offer.dimensions,
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
