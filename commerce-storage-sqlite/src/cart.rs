//! Carts: the look of a cart decision, and the writes.

use commerce_core::cart::{Cart, CartLine, Changes, Look, Offer, VariantKey, View, Write};
use commerce_core::{CartId, CommitError, Guard, StockLevel, StoreError, Timestamp, VariantId, cart};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use uuid::Uuid;

use crate::idempotency;
use crate::row::{Fields, signed};
use crate::script::{Script, Statement};
use crate::trouble::trouble;

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
    let Changes { write } = changes;
    let Some(Write { cart, expected_version, lines_written, lines_removed }) = write else { return };
    match expected_version {
        None => bind(script.add(INSERT), cart).unique(taken(cart.id)),
        Some(version) => {
            let update = bind(script.add(UPDATE), cart).bind(signed(*version));
            update.unique(taken(cart.id)).one(Guard::Cart(cart.id))
        }
    };
    if !lines_removed.is_empty() {
        script.add(DELETE_LINES).bind(cart.id.0).bind(Json(lines_removed));
    }
    if !lines_written.is_empty() {
        script.add(UPSERT_LINES).bind(cart.id.0).bind(Json(lines_written));
    }
}

/// Every key of a cart means the same: it was made already, or another open one has its token.
fn taken(id: CartId) -> impl Fn(&str) -> Option<Guard> {
    move |_| Some(Guard::Cart(id))
}

fn bind<'s>(statement: Statement<'s>, cart: &Cart) -> Statement<'s> {
    let Cart {
        id,
        token,
        lines: _, // written apart, by what changed
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
    statement
        .bind(id.0)
        .bind(token.0.as_slice())
        .bind(email.as_ref().map(|email| email.as_str()))
        .bind(shipping_address.as_ref().map(Json))
        .bind(billing_address.as_ref().map(Json))
        .bind(shipping_method.as_deref())
        .bind(payment_method.map(|method| method.as_str()))
        .bind(order.map(|order| order.0))
        .bind(created_at.as_micros())
        .bind(updated_at.as_micros())
        .bind(expires_at.as_micros())
        .bind(signed(*version))
}

const INSERT: &str = "
INSERT INTO carts (id, token_hash, email, shipping_address, billing_address, shipping_method, payment_method, order_id,
                   created_at, updated_at, expires_at, version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
";

const UPDATE: &str = "
UPDATE carts
   SET token_hash = ?2, email = ?3, shipping_address = ?4, billing_address = ?5, shipping_method = ?6,
       payment_method = ?7, order_id = ?8, created_at = ?9, updated_at = ?10, expires_at = ?11, version = ?12
 WHERE id = ?1 AND version = ?13
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
    let Look { token, variant, repeated } = look;
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
        .fetch_one(conn)
        .await
        .map_err(trouble)?;
    let fields = Fields::new("carts", "id", &row);
    Ok(View {
        now,
        cart: cart(&row)?,
        token_known: fields.get("token_known")?,
        offers: fields.json::<Vec<Offer>>("offers")?,
        levels: fields.json::<Vec<StockLevel>>("levels")?,
        rulebook_version: fields.count("rulebook_version")?,
        record: idempotency::record(&row, repeated.as_ref())?,
    })
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
        lines: fields.json::<Vec<CartLine>>("lines")?,
        email: fields.parse_if("email")?,
        shipping_address: fields.json_if("shipping_address")?,
        billing_address: fields.json_if("billing_address")?,
        shipping_method: fields.get("shipping_method")?,
        payment_method: fields.parse_if("payment_method")?,
        order: fields.id_if("order_id")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        expires_at: fields.at("expires_at")?,
        version: fields.count("version")?,
    }))
}

// The lists are JSON in the very form of the engine's types, so that one statement reads the whole view. `CROSS JOIN` is
// SQLite's way to fix the order of a join: the planner cannot know how few variants are wanted, and would read all stock.
const VIEW: &str = "
WITH open_cart AS (
    SELECT * FROM carts WHERE token_hash = ?1 AND order_id IS NULL
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
       EXISTS (SELECT 1 FROM carts WHERE token_hash = ?1 AND expires_at > ?2) AS token_known,
       (SELECT json_group_array(
                   json_object(
                       'variant', hex(v.id),
                       'sku', v.sku,
                       'product', hex(p.id),
                       'product_version', p.version,
                       'slug', p.slug,
                       'name', p.name,
                       'options', (
                           SELECT json_group_array(json_array(o.name, chosen.value) ORDER BY o.position)
                             FROM product_options AS o
                             JOIN variant_option_values AS chosen
                               ON chosen.variant_id = v.id AND chosen.position = o.position
                            WHERE o.product_id = p.id),
                       'image', coalesce(v.image_url, p.image_url),
                       'categories', (
                             WITH RECURSIVE branch (id, parent_id, height) AS (
                                      SELECT b.id, b.parent_id, 0 FROM categories AS b WHERE b.id = p.category_id
                                       UNION ALL
                                      SELECT b.id, b.parent_id, branch.height + 1
                                        FROM branch JOIN categories AS b ON b.id = branch.parent_id)
                           SELECT json_group_array(hex(branch.id) ORDER BY branch.height DESC) FROM branch),
                       'price', json_object('ten_thousandths', v.price, 'currency', v.currency),
                       'weight', json(iif(v.weight_grams IS NULL, 'null',
                                          json_object('grams', v.weight_grams, 'unit', v.weight_unit))),
                       'tax_class', v.tax_class,
                       'digital', json(iif(v.digital, 'true', 'false')),
                       'tracked', json(iif(v.tracked, 'true', 'false')),
                       'backorder', json(iif(v.backorder, 'true', 'false')),
                       'on_sale', json(iif(p.status = 'published' AND p.deleted_at IS NULL, 'true', 'false')))
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
         CROSS JOIN locations AS l ON l.id = s.location_id) AS levels,
       coalesce((SELECT version FROM rulebook_current), 0) AS rulebook_version,
       r.fingerprint AS record_fingerprint, r.outcome AS record_outcome, r.outcome_id AS record_outcome_id,
       r.at AS record_at
  FROM (SELECT 1)
  LEFT JOIN open_cart AS c ON true
  LEFT JOIN idempotency AS r ON r.actor = ?5 AND r.route = ?6 AND r.key = ?7
";
