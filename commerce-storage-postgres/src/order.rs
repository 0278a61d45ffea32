//! Orders: placed whole, then only moved.

use commerce_core::inventory::Reservation;
use commerce_core::order::{Advance, Changes, Order, OrderKey, OrderView, ShippingChoice, Transition};
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
use crate::idempotency::{RecordRow, record_column};
use crate::instant::Instant;
use crate::inventory::ReservationRow;
use crate::order_line::{self, AdjustmentRow, LineRow};
use crate::order_note;
use crate::payment::PaymentRow;
use crate::promotion::RedemptionRow;
use crate::refund::{RefundRow, refund_json};
use crate::row::Row;
use crate::unmatched::UnmatchedRow;

pub(crate) const INSERT: &str = "
insert into orders (id, number, cart_id, status, payment_status, fulfillment_status, customer_id, email, customer_key,
                    currency, subtotal, discount, shipping, tax_added, tax_included, cash_rounding, total,
                    shipping_address, billing_address, shipping_code, shipping_label, payment_method, taxes, rounding,
                    rulebook_version, placed_at, version, pay_until)
select $1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::uuid, $8::text, $9::bytea, $10::text,
       $11::bigint, $12::bigint, $13::bigint, $14::bigint, $15::bigint, $16::bigint, $17::bigint, $18::jsonb,
       $19::jsonb, $20::text, $21::text, $22::text, $23::jsonb, $24::jsonb, $25::bigint, $26::timestamptz, $27::bigint,
       $28::timestamptz
 where (select held from guards)";

pub(crate) const ADVANCE: &str = "
update orders
   set status = $3, payment_status = $4, fulfillment_status = $5, pay_until = $6, version = version + 1
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
    let Changes { place, advance, history, notes } = changes;
    if let Some(advance) = advance {
        let Advance { id, expected_version, status, payment_status, fulfillment_status, pay_until } = advance;
        fused
            .guarded(ADVANCE)
            .bind(id.0)
            .bind(*expected_version as i64)
            .bind(status.as_str())
            .bind(payment_status.as_str())
            .bind(fulfillment_status.as_str())
            .bind(pay_until.map(Instant))
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
    order_note::write(notes, fused);
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
        pay_until,
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
        .bind(pay_until.map(Instant))
        .constraint("orders_number_key", Guard::OrderNumber)
        .constraint("orders_cart_key", Guard::Cart(*cart))
        .constraint("orders_pkey", Guard::Order(*id));
}

macro_rules! looks {
    () => {
        concat!(
    "
select statement_timestamp() as now,
       row_to_json(o) as placed,
       (select coalesce(json_agg(l order by l.position), '[]') from order_lines l where l.order_id = o.id) as lines,
       (select coalesce(json_agg(a order by a.position), '[]')
          from order_adjustments a where a.order_id = o.id) as adjustments,
       (select coalesce(json_agg(h order by h.position), '[]') from order_history h where h.order_id = o.id) as history,
       (select coalesce(json_agg(p order by p.created_at, p.id), '[]')
          from payments p where p.order_id = o.id) as payments,
       (select coalesce(json_agg(",
            refund_json!(),
    " order by f.created_at, f.id), '[]') from refunds f where f.order_id = o.id) as refunds,
       (select coalesce(json_agg(u order by u.seen_at, u.id), '[]')
          from unmatched_payments u where u.order_id = o.id) as unmatched,
       (select coalesce(json_agg(json_build_object('order_id', r.order_id, 'promotion', r.promotion, 'coupon', r.coupon,
            'customer_key', encode(r.customer_key, 'hex'), 'amount', r.amount, 'currency', r.currency, 'at', r.at)
            order by r.promotion), '[]')
          from redemptions r where r.order_id = o.id) as redemptions,
       (select coalesce(json_agg(r order by r.id), '[]')
          from reservations r where r.order_id = o.id and r.state = 'open') as reservations,
       ", record_column!("$2", "$3", "$4"), " as record
  from orders o"
        )
    };
}

pub(crate) const LOOK: &str =
    concat!(looks!(), " where o.id = coalesce($1, (select order_id from payments where reference = $5))");

pub(crate) const LOOKS: &str = concat!(looks!(), " where o.id = any($1::uuid[]) order by o.id desc");

type LookRow = (
    Instant,
    Json<OrderRow>,
    Json<Vec<LineRow>>,
    Json<Vec<AdjustmentRow>>,
    Json<Vec<StepRow>>,
    Json<Vec<PaymentRow>>,
    Json<Vec<RefundRow>>,
    Json<Vec<UnmatchedRow>>,
    Json<Vec<RedemptionRow>>,
    Json<Vec<ReservationRow>>,
    Option<Json<RecordRow>>,
);

/// An order with what has happened to it: one statement, so one snapshot, in the caller's transaction if there is one.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(
    conn: &mut PgConnection,
    key: impl Into<OrderKey> + Send,
    repeated: Option<&idempotency::Scope>,
) -> Result<Option<OrderView>, StoreError> {
    let (id, reference) = match key.into() {
        OrderKey::Id(id) => (Some(id.0), None),
        OrderKey::Payment(reference) => (None, Some(reference.0)),
    };
    let found: Option<LookRow> = sqlx::query_as(LOOK)
        .bind(id)
        .bind(repeated.map(|scope| scope.actor.as_str()))
        .bind(repeated.map(|scope| scope.route.as_str()))
        .bind(repeated.map(|scope| scope.key.as_str()))
        .bind(reference)
        .fetch_optional(conn)
        .await
        .map_err(store_error)?;
    found.map(read).transpose()
}

/// Those of these orders that there are, as [`view`] reads one, by id, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn views(conn: &mut PgConnection, ids: &[OrderId]) -> Result<Vec<OrderView>, StoreError> {
    let nothing: Option<&str> = None;
    let found: Vec<LookRow> = sqlx::query_as(LOOKS)
        .bind(column(ids, |id| id.0))
        .bind(nothing)
        .bind(nothing)
        .bind(nothing)
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.into_iter().map(read).collect()
}

fn read(found: LookRow) -> Result<OrderView, StoreError> {
    let (
        now,
        order,
        lines,
        adjustments,
        history,
        payments,
        refunds,
        unmatched,
        redemptions,
        reservations,
        record,
    ) = found;
    let reservations: Vec<Reservation> =
        reservations.0.into_iter().map(ReservationRow::read).collect::<Result<_, _>>()?;
    let mut order = order.0.read(lines.0, adjustments.0)?;
    // The version before this one says it of the reservations alone.
    let held_until = || reservations.iter().filter_map(|reservation| reservation.hold.until()).min();
    order.pay_until = order.pay_until.or_else(held_until);
    Ok(OrderView {
        now: now.0,
        order,
        history: history.0.into_iter().map(StepRow::read).collect::<Result<_, _>>()?,
        payments: payments.0.into_iter().map(PaymentRow::read).collect::<Result<_, _>>()?,
        refunds: refunds.0.into_iter().map(RefundRow::read).collect::<Result<_, _>>()?,
        unmatched: unmatched.0.into_iter().map(UnmatchedRow::read).collect::<Result<_, _>>()?,
        redemptions: redemptions.0.into_iter().map(RedemptionRow::read).collect::<Result<_, _>>()?,
        reservations,
        record: record.map(|Json(record)| record.read()).transpose()?,
    })
}

// The second part finds orders of the version before this one, which says it of the reservations alone.
pub(crate) const OVERDUE: &str = "
select id
  from (select id, pay_until
          from orders
         where pay_until is not null and pay_until <= statement_timestamp()
           and status = 'pending' and payment_status in ('pending', 'due')
        union all
        select o.id, min(r.expires_at)
          from reservations r
          join orders o on o.id = r.order_id
         where r.state = 'open' and r.expires_at is not null and r.expires_at <= statement_timestamp()
           and o.pay_until is null and o.status = 'pending' and o.payment_status = 'pending'
         group by o.id) as overdue
 order by pay_until, id
 limit $1";

/// Orders that wait for payment and whose time to pay has passed by the database's clock, the oldest first.
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
    pay_until: Option<String>,
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
            pay_until: row.optional_text("pay_until", self.pay_until.as_deref())?,
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
