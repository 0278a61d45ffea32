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
union all
select format('stock variant=%s location=%s', s.variant_id, s.location_id), 'at a location that is not active'
  from stock s
  join locations l on l.id = s.location_id
 where not l.active
 order by 1";

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

// Orders of the version before this one say it of the reservations alone, so of those that have no time to pay nothing is
// compared while their payment is pending.
pub(crate) const RESERVATION_LIVE: &str = "
select format('reservations id=%s order=%s', r.id, r.order_id),
       format('open, held until %s, of an order that is %s, whose payment is %s and due until %s',
              coalesce(r.expires_at::text, 'it is fulfilled'), coalesce(o.status, 'missing'),
              coalesce(o.payment_status, 'missing'), coalesce(o.pay_until::text, 'any time'))
  from reservations r
  left join orders o on o.id = r.order_id
 where r.state = 'open'
   and (o.id is null
        or o.status in ('shipped', 'delivered', 'completed', 'cancelled', 'returned', 'refunded')
        or (r.expires_at is distinct from (case when o.payment_status in ('pending', 'due') then o.pay_until end)
            and not (o.payment_status = 'pending' and o.pay_until is null)))
 order by r.id";

// Units that went back into stock are no longer sold, so goods that came back do not come in a second time; and what was
// sold is counted by the orders, not by the goods that left for them. An order that came back unpaid sold nothing.
pub(crate) const NO_OVERSELL: &str = "
with back as (
    select fl.line_id, sum(fl.quantity) as units
      from refund_lines fl
      join refunds f on f.id = fl.refund_id
     where f.restock
     group by fl.line_id
), sold as (
    select l.variant_id, sum(l.quantity - coalesce(b.units, 0)) as units
      from order_lines l
      join orders o on o.id = l.order_id
      left join back b on b.line_id = l.id
     where l.stock_limited and o.status <> 'cancelled'
       and (o.status <> 'refunded' or o.fulfillment_status <> 'unfulfilled')
       and (o.status <> 'returned' or o.payment_status <> 'failed')
     group by l.variant_id
), came as (
    select variant_id, sum(delta) as units from stock_movements where reason not in ('sale', 'return') group by variant_id
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

// A total of nothing is paid as it is.
pub(crate) const PAID_IS_PAID: &str = "
with captured as (
    select order_id, sum(captured) as amount from payments group by order_id
), gone as (
    select p.order_id, sum(f.amount) as amount
      from payments p
      join refunds f on f.payment_id = p.id
     where f.state = 'processed'
     group by p.order_id
), money as (
    select o.id, o.payment_status as state, o.total, o.currency, coalesce(c.amount, 0) as captured,
           coalesce(g.amount, 0) as gone
      from orders o
      left join captured c on c.order_id = o.id
      left join gone g on g.order_id = o.id
)
select format('orders id=%s', id),
       format('%s of %s %s: %s captured, %s paid back', state, total, currency, captured, gone)
  from money
 where (captured = total) <> (state in ('paid', 'partially_refunded', 'refunded'))
    or (state = 'paid' and gone <> 0)
    or (state = 'partially_refunded' and (gone <= 0 or gone >= captured))
    or (state = 'refunded' and (gone <> captured or gone = 0))
union all
select format('orders id=%s', p.order_id),
       format('attempt %s is %s with %s of %s captured', p.reference, p.state, p.captured, p.amount)
  from payments p
  left join orders o on o.id = p.order_id
 where (p.captured > 0 or p.amount = 0) <> (p.state in ('paid', 'partially_refunded', 'refunded'))
    or p.currency is distinct from o.currency
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
union all
select format('payments order=%s', p.order_id),
       format('attempt %s, which the money does not name that has the reference and counts for nothing', p.reference)
  from payments p
  join unmatched_payments u on u.reference = p.reference
 where u.payment_id is distinct from p.id
 order by 1";

pub(crate) const KEY_ONE: &str = "
select format('idempotency actor=%s route=%s key=%s', i.actor, i.route, i.key), format('%s %s is not there', i.outcome, i.outcome_id)
  from idempotency i
 where not case i.outcome
       when 'order_placed' then exists (select 1 from orders o where o.id = i.outcome_id)
       when 'order_cancelled' then exists (select 1 from orders o where o.id = i.outcome_id)
       when 'cart_changed' then exists (select 1 from carts c where c.id = i.outcome_id)
       when 'payment_opened' then exists (select 1 from payments p where p.id = i.outcome_id)
       when 'payment_collected' then exists (select 1 from payments p where p.id = i.outcome_id)
       when 'refund_requested' then exists (select 1 from refunds f where f.id = i.outcome_id)
       when 'review_written' then exists (select 1 from reviews r where r.id = i.outcome_id)
       when 'audited' then exists (select 1 from audit a where a.id = i.outcome_id)
       else false end
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

// The limits of a coupon that was changed need not be those that its uses went by.
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
 where coalesce(k.uses, 0) <> coalesce(c.uses, 0) or (k.uses > k.uses_max and k.version = 1)
union all
select format('coupon_customers code=%s customer_key=%s', code, encode(customer_key, 'hex')),
       format('%s uses of %s, the redemptions say %s', coalesce(u.uses, 0),
              coalesce(k.customer_uses_max::text, 'any number'), coalesce(c.uses, 0))
  from coupon_customers u
  full join coupon_customer c using (code, customer_key)
  left join coupons k using (code)
 where coalesce(u.uses, 0) <> coalesce(c.uses, 0) or (u.uses > k.customer_uses_max and k.version = 1)
union all
select format('redemptions order=%s promotion=%s', order_id, promotion),
       format('in use by an order that is %s', coalesce(status, 'missing'))
  from live
 where coalesce(status, 'cancelled') = 'cancelled'
 order by 1";

pub(crate) const CAPTURE_BAL: &str = "
with back as (
    select payment_id, sum(amount) as amount, count(distinct currency) as currencies, min(currency) as currency
      from refunds
     where payment_id is not null and state <> 'failed'
     group by payment_id
)
select format('payments id=%s', p.id),
       format('%s %s captured, %s go back, the refunds say %s %s', p.captured, p.currency, p.refunded,
              coalesce(b.amount, 0), coalesce(b.currency, ''))
  from payments p
  left join back b on b.payment_id = p.id
 where p.refunded <> coalesce(b.amount, 0)
    or p.refunded < 0
    or p.refunded > p.captured
    or b.currencies > 1
    or b.currency <> p.currency
 order by p.id";

// What an order received is a credit, so a sum below nothing.
// A row is sealed within minutes of its commit; the hashes are not for SQL.
pub(crate) const AUDIT_CHAIN: &str = "
select format('audit id=%s', a.id), 'no seal, though a row an hour younger has one'
  from audit a
 where a.at < (select max(l.at) from audit_seals s join audit l on l.id = s.audit_id) - interval '1 hour'
   and not exists (select 1 from audit_seals s where s.audit_id = a.id)";

pub(crate) const LEDGER_ZERO: &str = "
with received as (
    select e.order_id, l.currency, -sum(l.amount) as amount
      from journal_entries e
      join journal_legs l on l.entry_id = e.id and l.account = 'orders'
     where e.order_id is not null
     group by e.order_id, l.currency
), gone as (
    select payment_id, sum(amount) as amount
      from refunds
     where payment_id is not null and state = 'processed'
     group by payment_id
), kept as (
    select p.order_id, sum(p.captured - coalesce(g.amount, 0)) as amount
      from payments p
      left join gone g on g.payment_id = p.id
     group by p.order_id
)
select format('journal_entries id=%s', e.id), format('%s legs', count(l.entry_id))
  from journal_entries e
  left join journal_legs l on l.entry_id = e.id
 group by e.id
having count(l.entry_id) < 2
union all
select format('journal_entries id=%s', entry_id), format('the legs in %s sum to %s', currency, sum(amount))
  from journal_legs
 group by entry_id, currency
having sum(amount) <> 0
union all
select format('journal_entries order=%s', o.id),
       format('%s %s received, %s captured less what was paid back', coalesce(r.amount, 0), o.currency,
              coalesce(k.amount, 0))
  from orders o
  left join received r on r.order_id = o.id
  left join kept k on k.order_id = o.id
 where coalesce(r.amount, 0) <> coalesce(k.amount, 0)
    or (r.currency <> o.currency and r.amount <> 0)
 order by 1";

pub(crate) const MAIL_SECRET: &str = "
select 'mails id=' || id,
       'a mail of kind ' || (content ->> 'kind') || ' that is ' || state
       || case when state = 'waiting' then ' has no token for its link' else ' holds a token' end
  from mails
 where content ->> 'link' is not null and (state = 'waiting') <> (content -> 'link' ->> 'token' is not null)";

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
        Invariant::CaptureBal => CAPTURE_BAL,
        Invariant::LedgerZero => LEDGER_ZERO,
        Invariant::AuditChain => AUDIT_CHAIN,
        Invariant::MailSecret => MAIL_SECRET,
        Invariant::AccountOne => ACCOUNT_ONE,
        Invariant::SessionOne => SESSION_ONE,
        Invariant::RoleAudit => ROLE_AUDIT,
        Invariant::RatingSum => RATING_SUM,
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

pub(crate) const ACCOUNT_ONE: &str = "
select format('accounts id=%s', min(id::text)), format('%s accounts have its e-mail address', count(*))
  from accounts
 group by lower(email)
having count(*) > 1
 order by 1";

pub(crate) const SESSION_ONE: &str = "
select format('sessions id=%s', id), format('ended at %s, its token was exchanged at %s', ended_at, last_used_at)
  from sessions
 where ended_at < last_used_at
 union all
select format('sessions id=%s', s.id), 'it goes on, and its account is deactivated'
  from sessions s
  join accounts a on a.id = s.account_id
 where s.ended_at is null and not a.is_active
 union all
select format('sessions id=%s', min(id::text)), format('%s sessions have its refresh token', count(*))
  from sessions
 group by refresh_hash
having count(*) > 1
 order by 1";

// Roles come and go in audit rows. However often they did, the present one came once more than it went; who registered
// came as a customer, without a row.
pub(crate) const ROLE_AUDIT: &str = "
with told as (
    select substr(target, 9) as id, actor, action, data ->> 'before' as was, data ->> 'after' as now
      from audit
     where action in ('account.role', 'account.active') and target like 'account:%'
), balances as (
    select a.id::text as id, 'account.role' as action, a.role as now,
           case when a.role = 'customer'
                 and not exists (select 1 from told t
                                  where t.id = a.id::text and t.action = 'account.role' and t.was is null)
                then 1 else 0 end as base
      from accounts a
     union all
    select a.id::text, 'account.active', a.is_active::text, a.is_active::int4 from accounts a
)
select format('accounts id=%s', b.id), format('%s is %s, which its audit rows do not tell', b.action, b.now)
  from balances b
  left join told t on t.id = b.id and t.action = b.action
 group by b.id, b.action, b.now, b.base
having b.base + coalesce(sum((t.now is not distinct from b.now)::int4 - (t.was is not distinct from b.now)::int4), 0) <> 1
 union all
select format('accounts id=%s', id), format('%s was changed by %s', action, actor)
  from told
 where actor = 'guest' or actor like 'customer:%'
 union all
select format('api_keys id=%s', k.id), 'a key whose making or revocation has no audit row'
  from api_keys k
 where not exists (select 1 from audit t where t.action = 'api_key.create' and t.target = 'api_key:' || k.id)
    or (k.revoked_at is not null
        and not exists (select 1 from audit t where t.action = 'api_key.revoke' and t.target = 'api_key:' || k.id))
 order by 1";

// A product beside its published reviews, a review beside its votes and reports.
pub(crate) const RATING_SUM: &str = "
with counted as (
    select product_id, count(*) filter (where rating = 1) as r1, count(*) filter (where rating = 2) as r2,
           count(*) filter (where rating = 3) as r3, count(*) filter (where rating = 4) as r4,
           count(*) filter (where rating = 5) as r5, count(*) as n, sum(rating)::bigint as total
      from reviews
     where status = 'published' and deleted_at is null
     group by product_id
), votes as (
    select review_id, count(*) filter (where helpful) as helpful, count(*) filter (where not helpful) as unhelpful
      from review_votes
     group by review_id
), reported as (
    select review_id, count(*) as n from review_reports group by review_id
)
select format('products id=%s', p.id),
       format('rated %s, %s, %s, %s, %s, %s in all, %s hundredths; its reviews say %s, %s, %s, %s, %s',
              p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5, p.rating_count, p.rating_average,
              coalesce(c.r1, 0), coalesce(c.r2, 0), coalesce(c.r3, 0), coalesce(c.r4, 0), coalesce(c.r5, 0))
  from products p
  left join counted c on c.product_id = p.id
 where p.rated_1 <> coalesce(c.r1, 0) or p.rated_2 <> coalesce(c.r2, 0) or p.rated_3 <> coalesce(c.r3, 0)
    or p.rated_4 <> coalesce(c.r4, 0) or p.rated_5 <> coalesce(c.r5, 0) or p.rating_count <> coalesce(c.n, 0)
    or p.rating_average <> coalesce((200 * c.total + c.n) / (2 * c.n), 0)
 union all
select format('reviews id=%s', r.id),
       format('%s and %s votes, %s reports; its rows say %s and %s, %s', r.helpful, r.unhelpful, r.reports,
              coalesce(v.helpful, 0), coalesce(v.unhelpful, 0), coalesce(t.n, 0))
  from reviews r
  left join votes v on v.review_id = r.id
  left join reported t on t.review_id = r.id
 where r.helpful <> coalesce(v.helpful, 0) or r.unhelpful <> coalesce(v.unhelpful, 0) or r.reports <> coalesce(t.n, 0)
 union all
select format('reviews product=%s', product_id), format('%s reviews of customer %s', count(*), customer_id)
  from reviews
 where customer_id is not null and deleted_at is null
 group by product_id, customer_id
having count(*) > 1
 order by 1";

pub(crate) const PING: &str = "select count(*) from rulebook_current";

/// Answers when the shop can be read: the database is there, and its tables are.
///
/// # Errors
/// When it cannot.
pub async fn ping(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(PING).execute(conn).await.map_err(store_error)?;
    Ok(())
}
