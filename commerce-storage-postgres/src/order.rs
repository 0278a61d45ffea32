//! Orders: placed whole, then only moved.

use commerce_core::order::{Advance, Changes, Order, OrderView, ShippingChoice, Transition};
use commerce_core::pricing::Summary;
use commerce_core::promotion::CustomerKey;
use commerce_core::{CommitError, Currency, Guard, Money, OrderId, StoreError, idempotency};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::idempotency::RecordRow;
use crate::instant::Instant;
use crate::inventory::ReservationRow;
use crate::order_line::{self, AdjustmentRow, LineRow};
use crate::payment::PaymentRow;
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into orders (id, number, cart_id, status, payment_status, fulfillment_status, customer_id, email, customer_key,
                    currency, subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total,
                    shipping_address, billing_address, shipping_code, shipping_label, payment_method, taxes, rounding,
                    rulebook_version, placed_at, version)
select $1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::uuid, $8::text, $9::bytea, $10::text,
       $11::bigint, $12::bigint, $13::bigint, $14::bigint, $15::bigint, $16::bigint, $17::bigint, $18::jsonb,
       $19::jsonb, $20::text, $21::text, $22::text, $23::jsonb, $24::jsonb, $25::bigint, $26::timestamptz, $27::bigint
 where (select held from guards)";

pub(crate) const ADVANCE: &str = "
update orders
   set status = $3, payment_status = $4, fulfillment_status = $5, version = version + 1
 where id = $1 and version = $2
returning id";

// A new order has no history, and an older one has no other writer: its version is the guard of the same commit.
pub(crate) const INSERT_HISTORY: &str = "
insert into order_history (order_id, position, machine, from_state, to_state, actor, note, at)
select n.order_id,
       coalesce((select max(h.position) + 1 from order_history h where h.order_id = n.order_id), 0)
           + row_number() over (partition by n.order_id order by n.place) - 1,
       n.machine, n.from_state, n.to_state, n.actor, n.note, n.at
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
       with ordinality as n (order_id, machine, from_state, to_state, actor, note, at, place)
 where (select held from guards)";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::OrderNumber`] when an order has the number already, with [`Guard::Cart`] when the
/// cart has its order, with [`Guard::Order`] when the order is not in the version that was read.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { place, advance, history } = changes;
    if let Some(Advance { id, expected_version, status, payment_status, fulfillment_status }) = advance {
        fused
            .guarded(ADVANCE)
            .bind(id.0)
            .bind(*expected_version as i64)
            .bind(status.as_str())
            .bind(payment_status.as_str())
            .bind(fulfillment_status.as_str())
            .needs(Some(id.0), Guard::Order(*id))
            .constraint("order_history_pkey", Guard::Order(*id));
    }
    if let Some(order) = place {
        write_order(order, fused);
        order_line::write(order, fused);
    }
    if !history.is_empty() {
        fused
            .write(INSERT_HISTORY)
            .bind(column(history, |(order, _)| order.0))
            .bind(column(history, |(_, step)| step.machine.as_str()))
            .bind(column(history, |(_, step)| step.from.as_deref()))
            .bind(column(history, |(_, step)| step.to.as_str()))
            .bind(column(history, |(_, step)| step.actor.to_string()))
            .bind(column(history, |(_, step)| step.note.as_str()))
            .bind(column(history, |(_, step)| Instant(step.at)));
    }
}

fn write_order(order: &Order, fused: &mut Fused) {
    let Order {
        id,
        number,
        cart,
        status,
        payment_status,
        fulfillment_status,
        customer,
        email,
        lines: _,       // rows of their own
        adjustments: _, // likewise
        taxes,
        totals: Summary { subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total },
        shipping_address,
        billing_address,
        shipping_method,
        payment_method,
        rounding,
        rulebook_version,
        placed_at,
        version,
    } = order;
    fused
        .write(INSERT)
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
        .bind(*rulebook_version as i64)
        .bind(Instant(*placed_at))
        .bind(*version as i64)
        .constraint("orders_number_key", Guard::OrderNumber)
        .constraint("orders_cart_key", Guard::Cart(*cart))
        .constraint("orders_pkey", Guard::Order(*id));
}

pub(crate) const LOOK: &str = "
select statement_timestamp() as now,
       row_to_json(o) as placed,
       (select coalesce(json_agg(l order by l.position), '[]') from order_lines l where l.order_id = o.id) as lines,
       (select coalesce(json_agg(a order by a.position), '[]')
          from order_adjustments a where a.order_id = o.id) as adjustments,
       (select coalesce(json_agg(h order by h.position), '[]') from order_history h where h.order_id = o.id) as history,
       (select coalesce(json_agg(p order by p.created_at, p.id), '[]')
          from payments p where p.order_id = o.id) as payments,
       (select coalesce(json_agg(r order by r.id), '[]')
          from reservations r where r.order_id = o.id and r.state = 'open') as reservations,
       (select json_build_object('actor', i.actor, 'route', i.route, 'key', i.key,
            'fingerprint', encode(i.fingerprint, 'hex'), 'outcome', i.outcome, 'outcome_id', i.outcome_id, 'at', i.at)
          from idempotency i
         where i.actor = $2 and i.route = $3 and i.key = $4) as record
  from orders o
 where o.id = $1";

type LookRow = (
    Instant,
    Json<OrderRow>,
    Json<Vec<LineRow>>,
    Json<Vec<AdjustmentRow>>,
    Json<Vec<StepRow>>,
    Json<Vec<PaymentRow>>,
    Json<Vec<ReservationRow>>,
    Option<Json<RecordRow>>,
);

/// An order with what has happened to it: one statement, so one snapshot, in the caller's transaction if there is one.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(
    conn: &mut PgConnection,
    id: OrderId,
    repeated: Option<&idempotency::Scope>,
) -> Result<Option<OrderView>, StoreError> {
    let found: Option<LookRow> = sqlx::query_as(LOOK)
        .bind(id.0)
        .bind(repeated.map(|scope| scope.actor.as_str()))
        .bind(repeated.map(|scope| scope.route.as_str()))
        .bind(repeated.map(|scope| scope.key.as_str()))
        .fetch_optional(conn)
        .await
        .map_err(store_error)?;
    let Some((now, order, lines, adjustments, history, payments, reservations, record)) = found else {
        return Ok(None);
    };
    Ok(Some(OrderView {
        now: now.0,
        order: order.0.read(lines.0, adjustments.0)?,
        history: history.0.into_iter().map(StepRow::read).collect::<Result<_, _>>()?,
        payments: payments.0.into_iter().map(PaymentRow::read).collect::<Result<_, _>>()?,
        reservations: reservations.0.into_iter().map(ReservationRow::read).collect::<Result<_, _>>()?,
        record: record.map(|Json(record)| record.read()).transpose()?,
    }))
}

pub(crate) const OVERDUE: &str = "
select order_id
  from reservations
 where state = 'open' and expires_at <= statement_timestamp()
 group by order_id
 order by min(expires_at), order_id
 limit $1";

/// Orders whose payment window has closed by the database's clock, the oldest expiry first.
///
/// # Errors
/// When the database fails.
pub async fn overdue(conn: &mut PgConnection, limit: u32) -> Result<Vec<OrderId>, StoreError> {
    let found: Vec<(Uuid,)> =
        sqlx::query_as(OVERDUE).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)?;
    Ok(found.into_iter().map(|(id,)| OrderId(id)).collect())
}

#[derive(Deserialize)]
struct OrderRow {
    id: Uuid,
    number: String,
    cart_id: Uuid,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    customer_id: Option<Uuid>,
    email: String,
    currency: String,
    subtotal: i64,
    discount: i64,
    shipping: i64,
    tax_added: i64,
    tax_included: i64,
    cash_rounding: i64,
    total: i64,
    shipping_address: Option<Value>,
    billing_address: Option<Value>,
    shipping_code: Option<String>,
    shipping_label: Option<String>,
    payment_method: String,
    taxes: Value,
    rounding: Value,
    rulebook_version: i64,
    placed_at: String,
    version: i64,
}

impl OrderRow {
    fn read(self, lines: Vec<LineRow>, adjustments: Vec<AdjustmentRow>) -> Result<Order, StoreError> {
        let id = self.id;
        let row = Row::new("orders", &id);
        let currency: Currency = row.text("currency", &self.currency)?;
        Ok(Order {
            id: id.into(),
            number: row.text("number", &self.number)?,
            cart: self.cart_id.into(),
            status: row.text("status", &self.status)?,
            payment_status: row.text("payment_status", &self.payment_status)?,
            fulfillment_status: row.text("fulfillment_status", &self.fulfillment_status)?,
            customer: self.customer_id.map(Into::into),
            email: row.text("email", &self.email)?,
            lines: lines.into_iter().map(|line| line.read(currency)).collect::<Result<_, _>>()?,
            adjustments: adjustments.into_iter().map(|part| part.read(currency)).collect::<Result<_, _>>()?,
            totals: Summary {
                subtotal: row.money("subtotal", self.subtotal, currency)?,
                discount: row.money("discount", self.discount, currency)?,
                shipping: row.money("shipping", self.shipping, currency)?,
                tax_added: row.money("tax_added", self.tax_added, currency)?,
                tax_included: row.money("tax_included", self.tax_included, currency)?,
                cash_rounding: Money::from_minor(self.cash_rounding, currency),
                total: row.money("total", self.total, currency)?,
            },
            taxes: row.json("taxes", self.taxes)?,
            shipping_address: row.optional_json("shipping_address", self.shipping_address)?,
            billing_address: row.optional_json("billing_address", self.billing_address)?,
            shipping_method: match (self.shipping_code, self.shipping_label) {
                (Some(code), Some(label)) => Some(ShippingChoice { code, label }),
                (None, None) => None,
                _ => return Err(row.invalid("shipping_code", "code and label come together")),
            },
            payment_method: row.text("payment_method", &self.payment_method)?,
            rounding: row.json("rounding", self.rounding)?,
            rulebook_version: row.count("rulebook_version", self.rulebook_version)?,
            placed_at: row.text("placed_at", &self.placed_at)?,
            version: row.count("version", self.version)?,
        })
    }
}

#[derive(Deserialize)]
struct StepRow {
    order_id: Uuid,
    position: i64,
    machine: String,
    from_state: Option<String>,
    to_state: String,
    actor: String,
    note: String,
    at: String,
}

impl StepRow {
    fn read(self) -> Result<Transition, StoreError> {
        let id = format!("{} {}", self.order_id, self.position);
        let row = Row::new("order_history", &id);
        Ok(Transition {
            machine: row.text("machine", &self.machine)?,
            from: self.from_state,
            to: self.to_state,
            actor: row.text("actor", &self.actor)?,
            note: self.note,
            at: row.text("at", &self.at)?,
        })
    }
}
