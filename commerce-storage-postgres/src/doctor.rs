//! What must always hold: one query for each invariant, each answering the rows that break it.

use commerce_core::order::Machine;
use commerce_core::{Invariant, StoreError, Violation};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::error::store_error;
use crate::fused::column;

pub(crate) const STOCK_SUM: &str = "
with moved as (
    select variant_id, location_id, sum(delta) as units from stock_movements group by variant_id, location_id
)
select format('stock variant=%s location=%s', variant_id, location_id),
       format('%s on hand, the movements add up to %s', coalesce(s.on_hand, 0), coalesce(m.units, 0))
  from stock s
  full join moved m using (variant_id, location_id)
 where coalesce(s.on_hand, 0) <> coalesce(m.units, 0) or s.on_hand < 0
 order by variant_id, location_id";

pub(crate) const RESERVED_SUM: &str = "
with open as (
    select variant_id, location_id, sum(quantity) as units, bool_or(backorder) as backorder
      from reservations
     where state = 'open'
     group by variant_id, location_id
)
select format('stock variant=%s location=%s', variant_id, location_id),
       format('%s reserved of %s on hand, the open reservations add up to %s',
              coalesce(s.reserved, 0), coalesce(s.on_hand, 0), coalesce(o.units, 0))
  from stock s
  full join open o using (variant_id, location_id)
 where coalesce(s.reserved, 0) <> coalesce(o.units, 0)
    or s.reserved < 0
    or (s.reserved > s.on_hand and not coalesce(o.backorder, false))
 order by variant_id, location_id";

pub(crate) const RESERVATION_LIVE: &str = "
select format('reservations id=%s order=%s', r.id, r.order_id),
       format('open, %s, of an order that is %s and whose payment is %s',
              case when r.expires_at is null then 'committed' else 'held' end,
              coalesce(o.status, 'missing'), coalesce(o.payment_status, 'missing'))
  from reservations r
  left join orders o on o.id = r.order_id
 where r.state = 'open'
   and (o.id is null
        or o.status in ('cancelled', 'returned', 'refunded', 'completed')
        or (r.expires_at is not null) <> (o.payment_status = 'pending'))
 order by r.id";

pub(crate) const NO_OVERSELL: &str = "
with sold as (
    select l.variant_id, sum(l.quantity) as units
      from order_lines l
      join orders o on o.id = l.order_id
     where l.stock_limited and o.status <> 'cancelled'
     group by l.variant_id
), came as (
    select variant_id, sum(delta) as units from stock_movements group by variant_id
)
select format('order_lines variant=%s', s.variant_id), format('%s sold, %s ever came in', s.units, coalesce(c.units, 0))
  from sold s
  left join came c on c.variant_id = s.variant_id
 where s.units > coalesce(c.units, 0)
 order by s.variant_id";

pub(crate) const ORDER_TOTAL: &str = "
with parts as (
    select order_id, count(*) as lines, sum(line_total) as subtotal, sum(discount) as discount,
           sum(tax_added) as tax_added, sum(tax_included) as tax_included,
           bool_and(paid = line_total - discount + tax_added) as paid_adds_up
      from order_lines
     group by order_id
)
select format('orders id=%s', o.id),
       format('total %s = %s - %s + %s + %s + %s of rounding; its %s lines say %s - %s + tax %s, inside %s of %s',
              o.total, o.subtotal, o.discount, o.shipping, o.tax_added, o.cash_rounding, coalesce(p.lines, 0),
              coalesce(p.subtotal, 0), coalesce(p.discount, 0), coalesce(p.tax_added, 0), coalesce(p.tax_included, 0),
              o.tax_included)
  from orders o
  left join parts p on p.order_id = o.id
 where o.total <> o.subtotal - o.discount + o.shipping + o.tax_added + o.cash_rounding
    or p.order_id is null
    or p.subtotal <> o.subtotal
    or p.discount <> o.discount
    or p.tax_added > o.tax_added
    or p.tax_included > o.tax_included
    or not p.paid_adds_up
 order by o.id";

// A path: the moves are legal, each begins where the one before it ended, places count from 0 without a gap, and each
// machine ends in the state that the order shows.
pub(crate) const STATE_LEGAL: &str = "
with moves as (
    select * from unnest($1::text[], $2::text[], $3::text[]) as m (machine, from_state, to_state)
), steps as (
    select h.*,
           lag(h.to_state) over (partition by h.order_id, h.machine order by h.position) as before,
           row_number() over (partition by h.order_id order by h.position) - 1 as place
      from order_history h
), present as (
    select o.id as order_id, m.machine, m.state
      from orders o
     cross join lateral (values ('order', o.status), ('payment', o.payment_status),
                                ('fulfillment', o.fulfillment_status)) as m (machine, state)
), reached as (
    select distinct on (order_id, machine) order_id, machine, position, to_state
      from order_history
     order by order_id, machine, position desc
)
select format('order_history order=%s position=%s', s.order_id, s.position),
       format('%s from %s to %s after %s', s.machine, coalesce(s.from_state, 'nothing'),
              s.to_state, coalesce(s.before, 'nothing'))
  from steps s
 where s.position <> s.place
    or s.from_state is distinct from s.before
    or not exists (select 1
                     from moves m
                    where m.machine = s.machine and m.to_state = s.to_state
                      and m.from_state is not distinct from s.from_state)
union all
select format('order_history order=%s position=%s', p.order_id, r.position),
       format('%s is %s, its history ends in %s', p.machine, p.state, coalesce(r.to_state, 'nothing'))
  from present p
  left join reached r on r.order_id = p.order_id and r.machine = p.machine
 where r.to_state is distinct from p.state
 order by 1, 2";

pub(crate) const PAID_IS_PAID: &str = "
select format('orders id=%s', o.id), 'paid, without a paid attempt of its total'
  from orders o
 where o.payment_status = 'paid' and o.total <> 0
   and not exists (select 1
                     from payments p
                    where p.order_id = o.id and p.state = 'paid' and p.amount = o.total and p.currency = o.currency)
union all
select format('orders id=%s', p.order_id), format('attempt %s is paid, of an order whose payment is %s', p.reference, coalesce(o.payment_status, 'missing'))
  from payments p
  left join orders o on o.id = p.order_id
 where p.state = 'paid'
   and coalesce(o.payment_status, '') not in ('paid', 'partially_refunded', 'refunded')
 order by 1";

pub(crate) const REF_ONE: &str = "
select format('payments order=%s', o.id), 'without a payment attempt'
  from orders o
 where not exists (select 1 from payments p where p.order_id = o.id)
union all
select format('payments order=%s', min(p.order_id::text)),
       format('%s attempts have the reference %s', count(*), p.reference)
  from payments p
 group by p.reference
having count(*) > 1
 order by 1";

pub(crate) const KEY_ONE: &str = "
select format('idempotency actor=%s route=%s key=%s', i.actor, i.route, i.key), format('%s %s is not there', i.outcome, i.outcome_id)
  from idempotency i
 where case i.outcome
       when 'cart_changed' then not exists (select 1 from carts c where c.id = i.outcome_id)
       when 'audited' then not exists (select 1 from audit a where a.id = i.outcome_id)
       else not exists (select 1 from orders o where o.id = i.outcome_id) end
 order by 1";

pub(crate) const CART_ONE: &str = "
select format('carts id=%s', c.id), format('closed by order %s, which is of cart %s', c.order_id, o.cart_id)
  from carts c
  left join orders o on o.id = c.order_id
 where c.order_id is not null and o.cart_id is distinct from c.id
union all
select format('carts id=%s', o.cart_id),
       format('order %s came of it, and it names %s', o.id, coalesce(c.order_id::text, 'none'))
  from orders o
  left join carts c on c.id = o.cart_id
 where c.order_id is distinct from o.id
 order by 1";

pub(crate) const OUTBOX_ONCE: &str = "
select format('outbox subject=order:%s', o.id), format('%s events say that it was placed', count(e.id))
  from orders o
  left join outbox e on e.subject = 'order:' || o.id::text and e.name = 'order.placed'
 group by o.id
having count(e.id) <> 1
union all
select format('outbox subject=%s', e.subject), 'says that an order was placed which is not there'
  from outbox e
 where e.name = 'order.placed'
   and not exists (select 1 from orders o where 'order:' || o.id::text = e.subject)
 order by 1";

pub(crate) const COUPON_CAP: &str = "
with live as (
    select r.order_id, r.promotion, r.coupon, r.customer_key, r.amount, o.status
      from redemptions r
      left join orders o on o.id = r.order_id
     where r.released_at is null
), promotion as (
    select promotion, count(*) as uses, sum(amount) as spent from live group by promotion
), promotion_customer as (
    select promotion, customer_key, count(*) as uses from live group by promotion, customer_key
), coupon as (
    select coupon as code, count(*) as uses from live where coupon is not null group by coupon
), coupon_customer as (
    select coupon as code, customer_key, count(*) as uses
      from live where coupon is not null group by coupon, customer_key
)
select format('promotion_usage promotion=%s', promotion),
       format('%s uses that took off %s, the redemptions say %s and %s', coalesce(u.uses, 0), coalesce(u.spent, 0),
              coalesce(p.uses, 0), coalesce(p.spent, 0))
  from promotion_usage u
  full join promotion p using (promotion)
 where coalesce(u.uses, 0) <> coalesce(p.uses, 0) or coalesce(u.spent, 0) <> coalesce(p.spent, 0)
union all
select format('promotion_customers promotion=%s customer_key=%s', promotion, encode(customer_key, 'hex')),
       format('%s uses, the redemptions say %s', coalesce(u.uses, 0), coalesce(p.uses, 0))
  from promotion_customers u
  full join promotion_customer p using (promotion, customer_key)
 where coalesce(u.uses, 0) <> coalesce(p.uses, 0)
union all
select format('coupons code=%s', code),
       format('%s uses of %s, the redemptions say %s', coalesce(k.uses, 0), coalesce(k.uses_max::text, 'any number'),
              coalesce(c.uses, 0))
  from coupons k
  full join coupon c using (code)
 where coalesce(k.uses, 0) <> coalesce(c.uses, 0) or k.uses > k.uses_max
union all
select format('coupon_customers code=%s customer_key=%s', code, encode(customer_key, 'hex')),
       format('%s uses of %s, the redemptions say %s', coalesce(u.uses, 0),
              coalesce(k.customer_uses_max::text, 'any number'), coalesce(c.uses, 0))
  from coupon_customers u
  full join coupon_customer c using (code, customer_key)
  left join coupons k using (code)
 where coalesce(u.uses, 0) <> coalesce(c.uses, 0) or u.uses > k.customer_uses_max
union all
select format('redemptions order=%s promotion=%s', order_id, promotion),
       format('in use by an order that is %s', coalesce(status, 'missing'))
  from live
 where coalesce(status, 'cancelled') = 'cancelled'
 order by 1";

/// Every row that breaks an invariant: all of it from one snapshot, on a connection that is in no transaction.
///
/// # Errors
/// When the database fails.
pub async fn violations(conn: &mut PgConnection) -> Result<Vec<Violation>, StoreError> {
    let mut snapshot =
        conn.begin_with("begin isolation level repeatable read, read only").await.map_err(store_error)?;
    // It reads the whole store, which may take longer than a shopper waits.
    sqlx::query("set local statement_timeout = 0").execute(&mut *snapshot).await.map_err(store_error)?;
    let mut violations = Vec::new();
    for invariant in Invariant::ALL {
        let found = broken(&mut snapshot, invariant).await.map_err(store_error)?;
        violations.extend(found.into_iter().map(|(row, detail)| Violation { invariant, row, detail }));
    }
    snapshot.rollback().await.map_err(store_error)?;
    Ok(violations)
}

async fn broken(conn: &mut PgConnection, invariant: Invariant) -> Result<Vec<(String, String)>, sqlx::Error> {
    let sql = match invariant {
        Invariant::StockSum => STOCK_SUM,
        Invariant::ReservedSum => RESERVED_SUM,
        Invariant::ReservationLive => RESERVATION_LIVE,
        Invariant::NoOversell => NO_OVERSELL,
        Invariant::OrderTotal => ORDER_TOTAL,
        Invariant::StateLegal => return broken_histories(conn).await,
        Invariant::PaidIsPaid => PAID_IS_PAID,
        Invariant::RefOne => REF_ONE,
        Invariant::KeyOne => KEY_ONE,
        Invariant::CartOne => CART_ONE,
        Invariant::OutboxOnce => OUTBOX_ONCE,
        Invariant::CouponCap => COUPON_CAP,
    };
    sqlx::query_as(sql).fetch_all(conn).await
}

async fn broken_histories(conn: &mut PgConnection) -> Result<Vec<(String, String)>, sqlx::Error> {
    let machines = [Machine::Order, Machine::Payment, Machine::Fulfillment];
    let moves: Vec<_> = machines
        .into_iter()
        .flat_map(|machine| machine.moves().into_iter().map(move |(from, to)| (machine.as_str(), from, to)))
        .collect();
    sqlx::query_as(STATE_LEGAL)
        .bind(column(&moves, |(machine, ..)| *machine))
        .bind(column(&moves, |(_, from, _)| *from))
        .bind(column(&moves, |(.., to)| *to))
        .fetch_all(conn)
        .await
}

pub(crate) const PING: &str = "select count(*) from rulebook_current";

/// Answers when the shop can be read: the database is there, and its tables are.
///
/// # Errors
/// When it cannot.
pub async fn ping(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(PING).execute(conn).await.map_err(store_error)?;
    Ok(())
}
