//! Carts: the look of a cart decision, and the writes.

use commerce_core::cart::{Cart, CartLine, Changes, Look, Offer, VariantKey, View, Write};
use commerce_core::catalog::{Dimensions, Facts, Sku, Slug, TaxClass, Weight};
use commerce_core::promotion::{CouponCode, CouponState, CustomerKey};
use commerce_core::{
    CartId, CommitError, Guard, ProductId, SellerId, StockLevel, StoreError, Timestamp, UnitPrice, VariantId,
    cart,
};
use serde::Deserialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::idempotency;
use crate::promotion::CouponRow;
use crate::row::{Fields, signed};
use crate::script::{Script, Statement};
use crate::trouble::{is_reference, trouble};

/// Applies cart changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::Cart`] when the cart is not at the version that was read, or another open cart has its token.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { write, merged } = changes;
    for cart in write.iter().chain(merged) {
        add_cart(script, cart);
    }
}

fn add_cart(script: &mut Script, write: &Write) {
    let Write { cart, expected_version, lines_written, lines_removed } = write;
    match expected_version {
        None => bind(script.add(INSERT), cart).unique(taken(cart)),
        Some(version) => {
            let update = bind(script.add(UPDATE), cart).bind(signed(*version));
            update.unique(taken(cart)).one(Guard::Cart(cart.id))
        }
    };
    if !lines_removed.is_empty() {
        script.add(DELETE_LINES).bind(cart.id.0).bind(Json(lines_removed));
    }
    if !lines_written.is_empty() {
        script.add(UPSERT_LINES).bind(cart.id.0).bind(Json(lines_written));
    }
}

/// Every key of a cart means the same: it was made already, or another open one has its token. What it refers to is the
/// account that it belongs to.
fn taken(cart: &Cart) -> impl Fn(&str) -> Option<Guard> + use<> {
    let (id, customer) = (cart.id, cart.customer);
    move |key| match customer {
        Some(account) if is_reference(key) => Some(Guard::Account(account)),
        _ => Some(Guard::Cart(id)),
    }
}

fn bind<'s>(statement: Statement<'s>, cart: &Cart) -> Statement<'s> {
    let Cart {
        id,
        token,
        customer,
        currency,
        channel,
        lines: _, // written apart, by what changed
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
    statement
        .bind(id.0)
        .bind(token.0.as_slice())
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
        .bind(created_at.as_micros())
        .bind(updated_at.as_micros())
        .bind(expires_at.as_micros())
        .bind(signed(*version))
        .bind(mobile_money.as_ref().map(Json))
        .bind(customer.map(|customer| customer.0))
}

const INSERT: &str = "
INSERT INTO carts (id, token_hash, currency, channel, coupons, email, customer_key, shipping_address, billing_address,
                   shipping_method, payment_method, order_id, created_at, updated_at, expires_at, version, mobile_money,
                   customer_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
";

const UPDATE: &str = "
UPDATE carts
   SET token_hash = ?2, currency = ?3, channel = ?4, coupons = ?5, email = ?6, customer_key = ?7, shipping_address = ?8,
       billing_address = ?9, shipping_method = ?10, payment_method = ?11, order_id = ?12, created_at = ?13,
       updated_at = ?14, expires_at = ?15, version = ?16, mobile_money = ?17,
       customer_id = ?18
 WHERE id = ?1 AND version = ?19
";

const DELETE_LINES: &str = "
DELETE FROM cart_lines
 WHERE cart_id = ?1 AND id IN (SELECT unhex(value, '-') FROM json_each(?2))
";

const UPSERT_LINES: &str = "
INSERT INTO cart_lines (id, cart_id, position, variant_id, quantity, customizations)
SELECT unhex(value ->> '$[1].id', '-'), ?1, value ->> '$[0]', unhex(value ->> '$[1].variant', '-'),
       value ->> '$[1].quantity', value -> '$[1].customizations'
  FROM json_each(?2)
 WHERE true
    ON CONFLICT (id) DO UPDATE
   SET position = excluded.position, variant_id = excluded.variant_id, quantity = excluded.quantity,
       customizations = excluded.customizations
";

/// Reads what a decision about a cart looks at, in one statement and so in one snapshot: that of the caller's
/// transaction, or its own. `now` is the store's time of the look.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn cart_view(conn: &mut SqliteConnection, look: &Look, now: Timestamp) -> Result<View, StoreError> {
    view(conn, look, None, now).await
}

/// Reads what a decision would look at of the carts that changed at `since` or later, those that became orders included:
/// up to `limit` after `after`, by id, inside the caller's transaction.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn recent(
    conn: &mut SqliteConnection,
    since: Timestamp,
    after: Option<CartId>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<View>, StoreError> {
    let ids: Vec<Uuid> = sqlx::query_scalar(RECENT)
        .bind(since.as_micros())
        .bind(after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec()))
        .bind(limit)
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let mut views = Vec::with_capacity(ids.len());
    for id in ids {
        views.push(view(conn, &Look::default(), Some(CartId(id)), now).await?);
    }
    Ok(views)
}

// Every id comes after the empty blob. There is no index by the time of the last change: it would have every change of
// every cart write to it, for a look that a shop takes now and then.
const RECENT: &str = "
SELECT id FROM carts WHERE id > ?2 AND updated_at >= ?1 ORDER BY id LIMIT ?3
";

/// Reads a look at the open cart of a token, or at the cart of this id, whether it became an order or not.
async fn view(
    conn: &mut SqliteConnection,
    look: &Look,
    cart_id: Option<CartId>,
    now: Timestamp,
) -> Result<View, StoreError> {
    let Look { token, variant, coupon, customer, repeated } = look;
    let (id, sku) = match variant {
        None => (None, None),
        Some(VariantKey::Id(VariantId(id))) => (Some(*id), None),
        Some(VariantKey::Sku(sku)) => (None, Some(sku.as_str())),
    };
    let row = sqlx::query(VIEW)
        .bind(token.as_ref().map(|token| token.0.as_slice()))
        .bind(now.as_micros())
        .bind(id)
        .bind(sku)
        .bind(repeated.as_ref().map(|scope| scope.actor.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.route.as_str()))
        .bind(repeated.as_ref().map(|scope| scope.key.as_str()))
        .bind(coupon.as_ref().map(|code| code.as_str()))
        .bind(cart_id.map(|id| id.0))
        .bind(customer.as_ref().map(|customer| customer.0.as_slice()))
        .fetch_one(conn)
        .await
        .map_err(trouble)?;
    let fields = Fields::new("carts", "id", &row);
    let offers: Vec<OfferRow> = fields.json("offers")?;
    let coupons: Vec<CouponRow> = fields.json("coupon_states")?;
    Ok(View {
        now,
        cart: cart(&row)?,
        token_known: fields.get("token_known")?,
        offers: offers.into_iter().map(Offer::from).collect(),
        levels: fields.json::<Vec<StockLevel>>("levels")?,
        coupons: coupons.into_iter().map(CouponState::from).collect(),
        ordered_before: fields.get("ordered_before")?,
        outside: Default::default(), // learned when the cart meets it
        rulebook_version: fields.count("rulebook_version")?,
        record: idempotency::record(&row, repeated.as_ref())?,
    })
}

/// What is known of a variant and its product as the look reads it.
#[derive(Deserialize)]
pub(crate) struct OfferRow {
    variant: VariantId,
    sku: Sku,
    product: ProductId,
    seller: Option<SellerId>,
    product_version: u64,
    slug: Slug,
    name: String,
    facts: Facts,
    option_values: Vec<String>,
    image: Option<String>,
    price: UnitPrice,
    compare_at: Option<UnitPrice>,
    weight: Option<Weight>,
    dimensions: Option<Dimensions>,
    tax_class: TaxClass,
    digital: bool,
    tracked: bool,
    backorder: bool,
    on_sale: bool,
}

impl From<OfferRow> for Offer {
    fn from(row: OfferRow) -> Self {
        let (facts, options) = row.facts.variant(row.option_values);
        let Facts { brand, categories, tags, attributes, options: _ } = facts;
        Self {
            variant: row.variant,
            sku: row.sku,
            product: row.product,
            seller: row.seller,
            product_version: row.product_version,
            slug: row.slug,
            name: row.name,
            options,
            image: row.image,
            categories,
            brand,
            tags,
            attributes,
            price: row.price,
            compare_at: row.compare_at,
            weight: row.weight,
            dimensions: row.dimensions,
            tax_class: row.tax_class,
            digital: row.digital,
            tracked: row.tracked,
            backorder: row.backorder,
            on_sale: row.on_sale,
        }
    }
}

fn cart(row: &SqliteRow) -> Result<Option<Cart>, StoreError> {
    let fields = Fields::new("carts", "id", row);
    if fields.get::<Option<Uuid>>("id")?.is_none() {
        return Ok(None);
    }
    let token: &[u8] = fields.get("token_hash")?;
    Ok(Some(Cart {
        id: fields.id("id")?,
        token: cart::TokenHash(token.try_into().map_err(|error| fields.invalid("token_hash", error))?),
        customer: fields.id_if("customer_id")?,
        currency: fields.get::<Option<&str>>("currency")?.map(|_| fields.currency("currency")).transpose()?,
        channel: fields.get("channel")?,
        lines: fields.json::<Vec<CartLine>>("lines")?,
        coupons: fields.json::<Vec<CouponCode>>("coupons")?,
        email: fields.parse_if("email")?,
        shipping_address: fields.json_if("shipping_address")?,
        billing_address: fields.json_if("billing_address")?,
        shipping_method: fields.get("shipping_method")?,
        payment_method: fields.parse_if("payment_method")?,
        mobile_money: fields.json_if("mobile_money")?,
        order: fields.id_if("order_id")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        expires_at: fields.at("expires_at")?,
        version: fields.count("version")?,
    }))
}

/// The columns `offers` and `levels`: what is known of the variants whose ids are in `wanted`, and their stock.
macro_rules! offers {
    () => {
        "
       (SELECT json_group_array(
                   json_object(
                       'variant', hex(v.id),
                       'sku', coalesce(v.removed_sku, v.sku),
                       'product', hex(p.id),
                       'seller', iif(p.seller_id IS NULL, NULL, hex(p.seller_id)),
                       'product_version', p.version,
                       'slug', p.slug,
                       'name', p.name,
                       'facts', json(p.facts),
                       'option_values', (
                           SELECT json_group_array(x.value ORDER BY x.position)
                             FROM variant_option_values AS x
                            WHERE x.variant_id = v.id),
                       'image', coalesce(v.image_url, p.image_url),
                       'price', json_object('ten_thousandths', v.price, 'currency', v.currency),
                       'compare_at', json(iif(v.compare_at_price IS NULL, 'null',
                           json_object('ten_thousandths', v.compare_at_price, 'currency', v.currency))),
                       'weight', json(iif(v.weight_grams IS NULL, 'null',
                                          json_object('grams', v.weight_grams, 'unit', v.weight_unit))),
                       'dimensions', json(coalesce(v.dimensions, 'null')),
                       'tax_class', v.tax_class,
                       'digital', json(iif(v.digital, 'true', 'false')),
                       'tracked', json(iif(v.tracked, 'true', 'false')),
                       'backorder', json(iif(v.backorder, 'true', 'false')),
                       'on_sale', json(iif(p.status = 'published' AND p.deleted_at IS NULL AND v.removed_at IS NULL, 'true', 'false')))
                   ORDER BY v.id)
          FROM wanted
         CROSS JOIN variants AS v ON v.id = wanted.id
         CROSS JOIN products AS p ON p.id = v.product_id) AS offers,
       (SELECT json_group_array(
                   json_object('variant', hex(s.variant_id), 'location', hex(s.location_id), 'priority', l.priority,
                               'on_hand', s.on_hand, 'reserved', s.reserved, 'safety_stock', s.safety_stock)
                   ORDER BY s.variant_id, s.location_id)
          FROM wanted
         CROSS JOIN stock AS s ON s.variant_id = wanted.id
         CROSS JOIN locations AS l ON l.id = s.location_id) AS levels"
    };
}
pub(crate) use offers;

// The lists are JSON in the form of the engine's types, so that one statement reads the whole view. `CROSS JOIN` is
// SQLite's way to fix the order of a join: the planner cannot know how few variants are wanted, and would read all stock.
const VIEW: &str = concat!(
    "
WITH open_cart AS (
    SELECT * FROM carts WHERE token_hash = ?1 AND order_id IS NULL
     UNION ALL
    SELECT * FROM carts WHERE id = ?9
),
wanted AS (
    SELECT l.variant_id AS id FROM cart_lines AS l JOIN open_cart AS c ON l.cart_id = c.id
     UNION SELECT id FROM variants WHERE id = ?3
     UNION SELECT id FROM variants WHERE sku = ?4
)
SELECT c.*,
       (SELECT json_group_array(
                   json_object('id', hex(l.id), 'variant', hex(l.variant_id), 'quantity', l.quantity,
                               'customizations', json(l.customizations))
                   ORDER BY l.position, l.id)
          FROM cart_lines AS l
         WHERE l.cart_id = c.id) AS lines,
       EXISTS (SELECT 1 FROM carts AS t WHERE t.token_hash = coalesce(?1, c.token_hash) AND t.expires_at > ?2)
           AS token_known,",
    offers!(),
    ",
       (SELECT json_group_array(
                   json_object('code', k.code, 'promotion', k.promotion, 'valid_from', k.valid_from,
                               'valid_until', k.valid_until, 'uses_max', k.uses_max,
                               'customer_uses_max', k.customer_uses_max, 'ended_at', k.ended_at,
                               'created_at', k.created_at,
                               'issued_by', iif(k.issued_by IS NULL, NULL, hex(k.issued_by)), 'version', k.version,
                               'uses', k.uses,
                               'customer_uses', coalesce((SELECT u.uses
                                                            FROM coupon_customers AS u
                                                           WHERE u.code = k.code
                                                             AND u.customer_key = coalesce(?10, c.customer_key)), 0))
                   ORDER BY k.code)
          FROM (SELECT value AS code FROM json_each(c.coupons) UNION SELECT ?8) AS asked
         CROSS JOIN coupons AS k ON k.code = asked.code) AS coupon_states,
       iif(c.id IS NULL OR coalesce(?10, c.customer_key) IS NULL, NULL,
           EXISTS (SELECT 1
                     FROM orders AS o
                    WHERE o.customer_key = coalesce(?10, c.customer_key) AND o.status <> 'cancelled' AND o.cart_id <> c.id))
           AS ordered_before,
       coalesce((SELECT version FROM rulebook_current), 0) AS rulebook_version,
       r.fingerprint AS record_fingerprint, r.outcome AS record_outcome, r.outcome_id AS record_outcome_id,
       r.at AS record_at
  FROM (SELECT 1)
  LEFT JOIN open_cart AS c ON true
  LEFT JOIN idempotency AS r ON r.actor = ?5 AND r.route = ?6 AND r.key = ?7
"
);
