//! Orders: their writes, and the view of an order decision.

use commerce_core::audit::Actor;
use commerce_core::inventory::Reservation;
use commerce_core::order::{
    Advance, Changes, Machine, Order, OrderKey, OrderLine, OrderNumber, OrderView, ShippingChoice, Transition,
};
use commerce_core::payment::{Payment, Unmatched};
use commerce_core::pricing::{Adjustment, Summary, TaxTotal};
use commerce_core::promotion::{CustomerKey, Redemption};
use commerce_core::{CommitError, Guard, Money, OrderId, StoreError, Timestamp, idempotency};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::inventory::ReservationRow;
use crate::order_note;
use crate::payment::{PaymentRow, payment_json};
use crate::promotion::RedemptionRow;
use crate::refund::{RefundRow, refund_json};
use crate::row::{Fields, instant, signed};
use crate::script::Script;
use crate::trouble::trouble;
use crate::unmatched::{UnmatchedRow, unmatched_json};

/// Applies order changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::OrderNumber`] when the number is taken, [`Guard::Cart`] when the cart has an order already,
/// [`Guard::Order`] when the order is not at the version that was read.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { place, advance, history, notes } = changes;
    if let Some(order) = place {
        insert(script, order);
    }
    if let Some(advance) = advance {
        let Advance { id, expected_version, status, payment_status, fulfillment_status, pay_until } = advance;
        script
            .add(ADVANCE)
            .bind(id.0)
            .bind(signed(*expected_version))
            .bind(status.as_str())
            .bind(payment_status.as_str())
            .bind(fulfillment_status.as_str())
            .bind(pay_until.map(Timestamp::as_micros))
            .one(Guard::Order(*id));
    }
    if !history.is_empty() {
        let rows: Vec<StepRow<'_>> = history.iter().map(|(order, step)| StepRow::new(*order, step)).collect();
        script.add(INSERT_HISTORY).bind(Json(rows));
    }
    order_note::add(script, notes);
}

fn insert(script: &mut Script, order: &Order) {
    let Order {
        id,
        number,
        cart,
        status,
        payment_status,
        fulfillment_status,
        customer,
        email,
        lines,
        adjustments,
        taxes,
        totals: Summary { subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total },
        shipping_address,
        billing_address,
        shipping_method,
        payment_method,
        rounding,
        rulebook_version,
        placed_at,
        pay_until,
        version,
    } = order;
    let (taken_id, taken_cart) = (*id, *cart);
    script
        .add(INSERT)
        .bind(id.0)
        .bind(number.0.as_str())
        .bind(cart.0)
        .bind(status.as_str())
        .bind(payment_status.as_str())
        .bind(fulfillment_status.as_str())
        .bind(customer.map(|customer| customer.0))
        .bind(email.as_str())
        .bind(CustomerKey::of_email(email).0.to_vec())
        .bind(total.currency.code())
        .bind(subtotal.minor)
        .bind(discount.minor)
        .bind(shipping.minor)
        .bind(tax_added.minor)
        .bind(tax_included.minor)
        .bind(cash_rounding.minor)
        .bind(total.minor)
        .bind(shipping_address.as_ref().map(Json))
        .bind(billing_address.as_ref().map(Json))
        .bind(shipping_method.as_ref().map(|method| method.code.as_str()))
        .bind(shipping_method.as_ref().map(|method| method.label.as_str()))
        .bind(payment_method.as_str())
        .bind(Json(taxes))
        .bind(Json(rounding))
        .bind(signed(*rulebook_version))
        .bind(placed_at.as_micros())
        .bind(signed(*version))
        .bind(pay_until.map(Timestamp::as_micros))
        .unique(move |key| match key {
            "orders.number" => Some(Guard::OrderNumber),
            "orders.cart_id" => Some(Guard::Cart(taken_cart)),
            "orders.id" => Some(Guard::Order(taken_id)),
            _ => None,
        });
    script.add(INSERT_LINES).bind(id.0).bind(Json(lines));
    if !adjustments.is_empty() {
        script.add(INSERT_ADJUSTMENTS).bind(id.0).bind(Json(adjustments));
    }
}

const INSERT: &str = "
INSERT INTO orders (id, number, cart_id, status, payment_status, fulfillment_status, customer_id, email, customer_key,
                    currency, subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total,
                    shipping_address, billing_address, shipping_code, shipping_label, payment_method, taxes, rounding,
                    rulebook_version, placed_at, version, pay_until)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
        ?25, ?26, ?27, ?28)
";

const INSERT_LINES: &str = "
INSERT INTO order_lines (order_id, position, id, variant_id, product_id, sku, slug, name, options, image,
                         customizations, unit_price, quantity, line_total, discount, tax_added, tax_included, paid,
                         tax_class, digital, stock_limited, seller_id)
SELECT ?1, key, unhex(value ->> '$.id', '-'), unhex(value ->> '$.variant', '-'), unhex(value ->> '$.product', '-'),
       value ->> '$.sku', value ->> '$.slug', value ->> '$.name', value -> '$.options', value ->> '$.image',
       value -> '$.customizations', value ->> '$.unit_price.ten_thousandths', value ->> '$.quantity',
       value ->> '$.line_total.minor', value ->> '$.discount.minor', value ->> '$.tax_added.minor',
       value ->> '$.tax_included.minor', value ->> '$.paid.minor', value ->> '$.tax_class', value ->> '$.digital',
       value ->> '$.stock_limited', unhex(value ->> '$.seller', '-')
  FROM json_each(?2)
";

const INSERT_ADJUSTMENTS: &str = "
INSERT INTO order_adjustments (order_id, position, kind, label, source, amount, line_id)
SELECT ?1, key, value ->> '$.kind', value ->> '$.label', value ->> '$.source', value ->> '$.amount.minor',
       unhex(value ->> '$.line', '-')
  FROM json_each(?2)
";

const ADVANCE: &str = "
UPDATE orders
   SET status = ?3, payment_status = ?4, fulfillment_status = ?5, pay_until = ?6, version = version + 1
 WHERE id = ?1 AND version = ?2
";

/// A move as it is written.
#[derive(Serialize)]
struct StepRow<'a> {
    order: OrderId,
    machine: Machine,
    from: Option<&'a str>,
    to: &'a str,
    actor: String,
    note: &'a str,
    at: i64,
}

impl<'a> StepRow<'a> {
    fn new(order: OrderId, step: &'a Transition) -> Self {
        let Transition { machine, from, to, actor, note, at } = step;
        let (from, actor, at) = (from.as_deref(), actor.to_string(), at.as_micros());
        Self { order, machine: *machine, from, to, actor, note, at }
    }
}

// History goes on where it stopped. Whoever writes it holds the order's version, so nobody else writes the same places.
const INSERT_HISTORY: &str = "
INSERT INTO order_history (order_id, position, machine, from_state, to_state, actor, note, at)
SELECT step.order_id,
       coalesce((SELECT max(before.position) + 1 FROM order_history AS before WHERE before.order_id = step.order_id), 0)
           + row_number() OVER (PARTITION BY step.order_id ORDER BY step.place) - 1,
       step.value ->> '$.machine', step.value ->> '$.from', step.value ->> '$.to', step.value ->> '$.actor',
       step.value ->> '$.note', step.value ->> '$.at'
  FROM (SELECT key AS place, unhex(value ->> '$.order', '-') AS order_id, value FROM json_each(?1)) AS step
";

// Lines and adjustments are JSON in the very form of the engine's types, so that one statement reads all of an order.
macro_rules! views {
    () => {
        concat!(
    "
SELECT o.*,
       (SELECT json_group_array(
                   json_object(
                       'id', hex(l.id),
                       'variant', hex(l.variant_id),
                       'product', hex(l.product_id),
                       'seller', iif(l.seller_id IS NULL, NULL, hex(l.seller_id)),
                       'sku', l.sku,
                       'slug', l.slug,
                       'name', l.name,
                       'options', json(l.options),
                       'image', l.image,
                       'customizations', json(l.customizations),
                       'unit_price', json_object('ten_thousandths', l.unit_price, 'currency', o.currency),
                       'quantity', l.quantity,
                       'line_total', json_object('minor', l.line_total, 'currency', o.currency),
                       'discount', json_object('minor', l.discount, 'currency', o.currency),
                       'tax_added', json_object('minor', l.tax_added, 'currency', o.currency),
                       'tax_included', json_object('minor', l.tax_included, 'currency', o.currency),
                       'paid', json_object('minor', l.paid, 'currency', o.currency),
                       'tax_class', l.tax_class,
                       'digital', json(iif(l.digital, 'true', 'false')),
                       'stock_limited', json(iif(l.stock_limited, 'true', 'false')))
                   ORDER BY l.position)
          FROM order_lines AS l
         WHERE l.order_id = o.id) AS lines,
       (SELECT json_group_array(
                   json_object('kind', a.kind, 'label', a.label, 'source', a.source,
                               'amount', json_object('minor', a.amount, 'currency', o.currency),
                               'line', iif(a.line_id IS NULL, NULL, hex(a.line_id)))
                   ORDER BY a.position)
          FROM order_adjustments AS a
         WHERE a.order_id = o.id) AS adjustments,
       (SELECT json_group_array(
                   json_object('machine', h.machine, 'from', h.from_state, 'to', h.to_state, 'actor', h.actor,
                               'note', h.note, 'at', h.at)
                   ORDER BY h.position)
          FROM order_history AS h
         WHERE h.order_id = o.id) AS history,
       (SELECT json_group_array(",
            payment_json!(),
    " ORDER BY p.created_at, p.id)
          FROM payments AS p
         WHERE p.order_id = o.id) AS payments,
       (SELECT json_group_array(",
            refund_json!(),
    " ORDER BY f.created_at, f.id)
          FROM refunds AS f
         WHERE f.order_id = o.id) AS refunds,
       (SELECT json_group_array(",
            unmatched_json!(),
    " ORDER BY u.seen_at, u.id)
          FROM unmatched_payments AS u
         WHERE u.order_id = o.id) AS unmatched,
       (SELECT json_group_array(
                   json_object('order', hex(r.order_id), 'promotion', r.promotion, 'coupon', r.coupon,
                               'customer', hex(r.customer_key),
                               'amount', json_object('minor', r.amount, 'currency', r.currency), 'at', r.at)
                   ORDER BY r.promotion)
          FROM redemptions AS r
         WHERE r.order_id = o.id) AS redemptions,
       (SELECT json_group_array(
                   json_object('id', hex(r.id), 'order', hex(r.order_id), 'line', hex(r.line_id),
                               'variant', hex(r.variant_id), 'location', hex(r.location_id), 'quantity', r.quantity,
                               'expires_at', r.expires_at, 'backorder', json(iif(r.backorder, 'true', 'false')))
                   ORDER BY r.id)
          FROM reservations AS r
         WHERE r.order_id = o.id AND r.state = 'open') AS reservations,
       i.fingerprint AS record_fingerprint, i.outcome AS record_outcome, i.outcome_id AS record_outcome_id,
       i.at AS record_at
  FROM orders AS o
  LEFT JOIN idempotency AS i ON i.actor = ?2 AND i.route = ?3 AND i.key = ?4
"
        )
    };
}

/// Reads an order with what has happened to it, in one statement and so in one snapshot: that of the caller's
/// transaction, or its own. `now` is the store's time of the look.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn order_view(
    conn: &mut SqliteConnection,
    key: impl Into<OrderKey> + Send,
    repeated: Option<&idempotency::Scope>,
    now: Timestamp,
) -> Result<Option<OrderView>, StoreError> {
    let (id, reference) = match key.into() {
        OrderKey::Id(id) => (Some(id.0), None),
        OrderKey::Payment(reference) => (None, Some(reference.0)),
    };
    let row = sqlx::query(VIEW)
        .bind(id)
        .bind(repeated.map(|scope| scope.actor.as_str()))
        .bind(repeated.map(|scope| scope.route.as_str()))
        .bind(repeated.map(|scope| scope.key.as_str()))
        .bind(reference)
        .fetch_optional(conn)
        .await
        .map_err(trouble)?;
    row.as_ref().map(|row| read(row, repeated, now)).transpose()
}

/// Reads those of these orders that there are, as [`order_view`] does, by id, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn order_views(
    conn: &mut SqliteConnection,
    ids: &[OrderId],
    now: Timestamp,
) -> Result<Vec<OrderView>, StoreError> {
    let nothing: Option<&str> = None;
    let rows = sqlx::query(VIEWS)
        .bind(Json(ids))
        .bind(nothing)
        .bind(nothing)
        .bind(nothing)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    rows.iter().map(|row| read(row, None, now)).collect()
}

fn read(
    row: &SqliteRow,
    repeated: Option<&idempotency::Scope>,
    now: Timestamp,
) -> Result<OrderView, StoreError> {
    let fields = Fields::new("orders", "id", row);
    let history: Vec<HistoryRow> = fields.json("history")?;
    let payments: Vec<PaymentRow> = fields.json("payments")?;
    let refunds: Vec<RefundRow> = fields.json("refunds")?;
    let unmatched: Vec<UnmatchedRow> = fields.json("unmatched")?;
    let redemptions: Vec<RedemptionRow> = fields.json("redemptions")?;
    let reservations: Vec<ReservationRow> = fields.json("reservations")?;
    let reservations: Vec<Reservation> = reservations.into_iter().map(Reservation::from).collect();
    let mut order = order(row)?;
    // The version before this one says it of the reservations alone.
    let held_until = || reservations.iter().filter_map(|reservation| reservation.hold.until()).min();
    order.pay_until = order.pay_until.or_else(held_until);
    Ok(OrderView {
        now,
        order,
        history: history.into_iter().map(Transition::from).collect(),
        payments: payments.into_iter().map(Payment::from).collect(),
        refunds: refunds.into_iter().map(RefundRow::read).collect::<Result<_, _>>()?,
        unmatched: unmatched.into_iter().map(Unmatched::from).collect(),
        redemptions: redemptions.into_iter().map(Redemption::from).collect(),
        reservations,
        record: crate::idempotency::record(row, repeated)?,
    })
}

fn order(row: &SqliteRow) -> Result<Order, StoreError> {
    let fields = Fields::new("orders", "id", row);
    let currency = fields.currency("currency")?;
    let money = |column| fields.get(column).map(|minor| Money::from_minor(minor, currency));
    let shipping_code: Option<String> = fields.get("shipping_code")?;
    let shipping_label: Option<String> = fields.get("shipping_label")?;
    Ok(Order {
        id: fields.id("id")?,
        number: OrderNumber(fields.get("number")?),
        cart: fields.id("cart_id")?,
        status: fields.named("status")?,
        payment_status: fields.named("payment_status")?,
        fulfillment_status: fields.named("fulfillment_status")?,
        customer: fields.id_if("customer_id")?,
        email: fields.parse("email")?,
        lines: fields.json::<Vec<OrderLine>>("lines")?,
        adjustments: fields.json::<Vec<Adjustment>>("adjustments")?,
        taxes: fields.json::<Vec<TaxTotal>>("taxes")?,
        totals: Summary {
            subtotal: money("subtotal")?,
            discount: money("discount")?,
            shipping: money("shipping")?,
            tax_added: money("tax_added")?,
            tax_included: money("tax_included")?,
            cash_rounding: money("cash_rounding")?,
            total: money("total")?,
        },
        shipping_address: fields.json_if("shipping_address")?,
        billing_address: fields.json_if("billing_address")?,
        shipping_method: shipping_code
            .zip(shipping_label)
            .map(|(code, label)| ShippingChoice { code, label }),
        payment_method: fields.parse("payment_method")?,
        rounding: fields.json("rounding")?,
        rulebook_version: fields.count("rulebook_version")?,
        placed_at: fields.at("placed_at")?,
        pay_until: fields.at_if("pay_until")?,
        version: fields.count("version")?,
    })
}

/// A move as it is read.
#[derive(Deserialize)]
struct HistoryRow {
    machine: Machine,
    from: Option<String>,
    to: String,
    actor: Actor,
    note: String,
    #[serde(deserialize_with = "instant")]
    at: Timestamp,
}

impl From<HistoryRow> for Transition {
    fn from(row: HistoryRow) -> Self {
        let HistoryRow { machine, from, to, actor, note, at } = row;
        Self { machine, from, to, actor, note, at }
    }
}

const VIEW: &str =
    concat!(views!(), " WHERE o.id = coalesce(?1, (SELECT order_id FROM payments WHERE reference = ?5))");

const VIEWS: &str =
    concat!(views!(), " WHERE o.id IN (SELECT unhex(value, '-') FROM json_each(?1)) ORDER BY o.id DESC");

/// Reads which orders wait for payment and should have been paid by `now`, the oldest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn overdue(
    conn: &mut SqliteConnection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<OrderId>, StoreError> {
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(OVERDUE)
        .bind(now.as_micros())
        .bind(limit)
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    Ok(ids.into_iter().map(OrderId).collect())
}

// The second part finds orders of the version before this one, which says it of the reservations alone.
const OVERDUE: &str = "
SELECT id
  FROM (SELECT id, pay_until
          FROM orders
         WHERE pay_until IS NOT NULL AND pay_until <= ?1
           AND status = 'pending' AND payment_status IN ('pending', 'due')
         UNION ALL
        SELECT o.id, min(r.expires_at)
          FROM reservations AS r
          JOIN orders AS o ON o.id = r.order_id
         WHERE r.state = 'open' AND r.expires_at IS NOT NULL AND r.expires_at <= ?1
           AND o.pay_until IS NULL AND o.status = 'pending' AND o.payment_status = 'pending'
         GROUP BY o.id)
 ORDER BY pay_until, id
 LIMIT ?2
";
