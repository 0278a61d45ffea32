//! The invariants: one query each, which finds every row that breaks it.
//!
//! A query answers the columns that say which row it is, and last a column `detail`: what the row says and what it should.

use commerce_core::order::Machine;
use commerce_core::{Invariant, StoreError, Violation};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{Column, Row, ValueRef};
use uuid::Uuid;

use crate::row::Fields;
use crate::trouble::trouble;

/// Looks for every row that breaks an invariant, inside the caller's transaction. Reads the whole store.
///
/// # Errors
/// When the database fails.
pub async fn violations(conn: &mut SqliteConnection) -> Result<Vec<Violation>, StoreError> {
    let mut moves = Vec::new();
    for machine in [Machine::Order, Machine::Payment, Machine::Fulfillment] {
        moves.extend(machine.moves().into_iter().map(|(from, to)| (machine.as_str(), from, to)));
    }
    let mut violations = Vec::new();
    for invariant in Invariant::ALL {
        let (table, sql) = query(invariant);
        let rows = sqlx::query(sql).bind(Json(&moves)).fetch_all(&mut *conn).await.map_err(trouble)?;
        for row in &rows {
            let detail = Fields::new(table, "detail", row).get("detail")?;
            violations.push(Violation { invariant, row: name(table, row), detail });
        }
    }
    Ok(violations)
}

/// The table that an invariant is about, and the query that finds the rows that break it.
fn query(invariant: Invariant) -> (&'static str, &'static str) {
    match invariant {
        Invariant::StockSum => ("stock", STOCK_SUM),
        Invariant::ReservedSum => ("stock", RESERVED_SUM),
        Invariant::ReservationLive => ("reservations", RESERVATION_LIVE),
        Invariant::NoOversell => ("order_lines", NO_OVERSELL),
        Invariant::OrderTotal => ("orders", ORDER_TOTAL),
        Invariant::StateLegal => ("order_history", STATE_LEGAL),
        Invariant::PaidIsPaid => ("orders", PAID_IS_PAID),
        Invariant::RefOne => ("payments", REF_ONE),
        Invariant::KeyOne => ("idempotency", KEY_ONE),
        Invariant::CartOne => ("carts", CART_ONE),
        Invariant::OutboxOnce => ("outbox", OUTBOX_ONCE),
        Invariant::CouponCap => ("redemptions", COUPON_CAP),
        Invariant::CaptureBal => ("payments", CAPTURE_BAL),
        Invariant::LedgerZero => ("journal_entries", LEDGER_ZERO),
        Invariant::AuditChain => ("audit", AUDIT_CHAIN),
        Invariant::MailSecret => ("mails", MAIL_SECRET),
        Invariant::AccountOne => ("accounts", ACCOUNT_ONE),
        Invariant::SessionOne => ("sessions", SESSION_ONE),
        Invariant::RoleAudit => ("accounts", ROLE_AUDIT),
        Invariant::RatingSum => ("products", RATING_SUM),
    }
}

/// Which row it is: `stock variant=... location=...`.
fn name(table: &str, row: &SqliteRow) -> String {
    let mut name = table.to_owned();
    for column in row.columns().iter().filter(|column| column.name() != "detail") {
        let at = column.ordinal();
        if row.try_get_raw(at).is_ok_and(|value| value.is_null()) {
            continue;
        }
        let value = row.try_get::<Uuid, _>(at).map(|id| id.to_string());
        let value = value.or_else(|_| row.try_get::<String, _>(at));
        let value = value.or_else(|_| row.try_get::<i64, _>(at).map(|number| number.to_string()));
        name.push_str(&format!(" {}={}", column.name(), value.unwrap_or_default()));
    }
    name
}

const STOCK_SUM: &str = "
  WITH moved AS (
           SELECT variant_id, location_id, sum(delta) AS units FROM stock_movements GROUP BY variant_id, location_id)
SELECT s.variant_id AS variant, s.location_id AS location,
       format('on_hand %d, sum of movements %d', s.on_hand, coalesce(m.units, 0)) AS detail
  FROM stock AS s
  LEFT JOIN moved AS m ON m.variant_id = s.variant_id AND m.location_id = s.location_id
 WHERE s.on_hand <> coalesce(m.units, 0) OR s.on_hand < 0
 UNION ALL
SELECT m.variant_id, m.location_id, format('no level, sum of movements %d', m.units)
  FROM moved AS m
 WHERE m.units <> 0
   AND NOT EXISTS (SELECT 1 FROM stock AS s WHERE s.variant_id = m.variant_id AND s.location_id = m.location_id)
 UNION ALL
SELECT s.variant_id, s.location_id, 'at a location that is not active'
  FROM stock AS s
  JOIN locations AS l ON l.id = s.location_id
 WHERE NOT l.active
";

const RESERVED_SUM: &str = "
  WITH promised AS (
           SELECT variant_id, location_id, sum(quantity) AS units, max(backorder) AS backorder
             FROM reservations
            WHERE state = 'open'
            GROUP BY variant_id, location_id)
SELECT s.variant_id AS variant, s.location_id AS location,
       format('reserved %d, open reservations %d, on_hand %d', s.reserved, coalesce(p.units, 0), s.on_hand) AS detail
  FROM stock AS s
  LEFT JOIN promised AS p ON p.variant_id = s.variant_id AND p.location_id = s.location_id
 WHERE s.reserved <> coalesce(p.units, 0)
    OR s.reserved < 0
    OR (s.reserved > s.on_hand AND NOT coalesce(p.backorder, 0))
 UNION ALL
SELECT p.variant_id, p.location_id, format('no level, open reservations %d', p.units)
  FROM promised AS p
 WHERE NOT EXISTS (SELECT 1 FROM stock AS s WHERE s.variant_id = p.variant_id AND s.location_id = p.location_id)
";

// Orders of the version before this one say it of the reservations alone, so of those that have no time to pay nothing is
// compared while their payment is pending.
const RESERVATION_LIVE: &str = "
SELECT r.id, r.order_id AS \"order\",
       format('open and held until %s, while the order is %s, its payment %s, and to be paid until %s',
              coalesce(r.expires_at, 'fulfilled'), o.status, o.payment_status, coalesce(o.pay_until, 'any time')) AS detail
  FROM reservations AS r
  JOIN orders AS o ON o.id = r.order_id
 WHERE r.state = 'open'
   AND (o.status IN ('shipped', 'delivered', 'completed', 'cancelled', 'returned', 'refunded')
        OR (r.expires_at IS NOT iif(o.payment_status IN ('pending', 'due'), o.pay_until, NULL)
            AND NOT (o.payment_status = 'pending' AND o.pay_until IS NULL)))
";

// Units that went back into stock are no longer sold, so goods that came back do not come in a second time; and what was
// sold is counted by the orders, not by the goods that left for them. An order that came back unpaid sold nothing.
const NO_OVERSELL: &str = "
  WITH back AS (
           SELECT fl.line_id, sum(fl.quantity) AS units
             FROM refund_lines AS fl
             JOIN refunds AS f ON f.id = fl.refund_id
            WHERE f.restock
            GROUP BY fl.line_id)
SELECT sold.variant_id AS variant, format('%d units sold, %d came in', sold.units, coalesce(moved.units, 0)) AS detail
  FROM (SELECT l.variant_id, sum(l.quantity - coalesce(back.units, 0)) AS units
          FROM order_lines AS l
          JOIN orders AS o ON o.id = l.order_id
          LEFT JOIN back ON back.line_id = l.id
         WHERE l.stock_limited AND o.status <> 'cancelled'
           AND (o.status <> 'refunded' OR o.fulfillment_status <> 'unfulfilled')
           AND (o.status <> 'returned' OR o.payment_status <> 'failed')
         GROUP BY l.variant_id) AS sold
  LEFT JOIN (SELECT variant_id, sum(delta) AS units
               FROM stock_movements
              WHERE reason NOT IN ('sale', 'return')
              GROUP BY variant_id) AS moved
         ON moved.variant_id = sold.variant_id
 WHERE sold.units > coalesce(moved.units, 0)
";

const ORDER_TOTAL: &str = "
SELECT o.id,
       format('total %d of subtotal %d - discount %d + shipping %d + tax %d + rounding %d; lines: %d - %d, tax %d + %d inside',
              o.total, o.subtotal, o.discount, o.shipping, o.tax_added, o.cash_rounding,
              l.line_total, l.discount, l.tax_added, l.tax_included) AS detail
  FROM orders AS o
  JOIN (SELECT o.id AS order_id,
               coalesce(sum(l.line_total), 0) AS line_total,
               coalesce(sum(l.discount), 0) AS discount,
               coalesce(sum(l.tax_added), 0) AS tax_added,
               coalesce(sum(l.tax_included), 0) AS tax_included,
               coalesce(sum(l.paid <> l.line_total - l.discount + l.tax_added), 0) AS wrong
          FROM orders AS o
          LEFT JOIN order_lines AS l ON l.order_id = o.id
         GROUP BY o.id) AS l
    ON l.order_id = o.id
 WHERE o.total <> o.subtotal - o.discount + o.shipping + o.tax_added + o.cash_rounding
    OR l.line_total <> o.subtotal
    OR l.discount <> o.discount
    OR l.tax_added > o.tax_added
    OR l.tax_included > o.tax_included
    OR l.wrong > 0
    OR min(o.subtotal, o.discount, o.shipping, o.tax_added, o.tax_included, o.total) < 0
";

const STATE_LEGAL: &str = "
  WITH step AS (
           SELECT order_id, position, machine, from_state, to_state,
                  row_number() OVER (PARTITION BY order_id ORDER BY position) - 1 AS place,
                  lag(to_state) OVER one_machine AS before,
                  lead(position) OVER one_machine AS next
             FROM order_history
           WINDOW one_machine AS (PARTITION BY order_id, machine ORDER BY position)),
       present AS (
           SELECT id AS order_id, 'order' AS machine, status AS state FROM orders
            UNION ALL SELECT id, 'payment', payment_status FROM orders
            UNION ALL SELECT id, 'fulfillment', fulfillment_status FROM orders)
SELECT step.order_id AS \"order\", step.position,
       format('%s goes from %s to %s at place %d; it was %s before', step.machine, coalesce(step.from_state, 'nothing'),
              step.to_state, step.place, coalesce(step.before, 'nothing')) AS detail
  FROM step
 WHERE step.place <> step.position
    OR step.from_state IS NOT step.before
    OR NOT EXISTS (SELECT 1
                     FROM json_each(?1) AS legal
                    WHERE legal.value ->> 0 = step.machine
                      AND legal.value ->> 1 IS step.from_state
                      AND legal.value ->> 2 = step.to_state)
 UNION ALL
SELECT present.order_id, step.position,
       format('%s is %s; its history ends in %s', present.machine, present.state, coalesce(step.to_state, 'nothing'))
  FROM present
  LEFT JOIN step ON step.order_id = present.order_id AND step.machine = present.machine AND step.next IS NULL
 WHERE step.to_state IS NOT present.state
";

// A total of nothing is paid as it is.
const PAID_IS_PAID: &str = "
  WITH money AS (
           SELECT o.id, o.payment_status AS state, o.total, o.currency,
                  coalesce((SELECT sum(p.captured) FROM payments AS p WHERE p.order_id = o.id), 0) AS captured,
                  coalesce((SELECT sum(f.amount)
                              FROM payments AS p
                              JOIN refunds AS f ON f.payment_id = p.id
                             WHERE p.order_id = o.id AND f.state = 'processed'), 0) AS gone
             FROM orders AS o)
SELECT id, format('%s of %d %s: %d captured, %d paid back', state, total, currency, captured, gone) AS detail
  FROM money
 WHERE (captured = total) <> (state IN ('paid', 'partially_refunded', 'refunded'))
    OR (state = 'paid' AND gone <> 0)
    OR (state = 'partially_refunded' AND (gone <= 0 OR gone >= captured))
    OR (state = 'refunded' AND (gone <> captured OR gone = 0))
 UNION ALL
SELECT o.id, format('attempt %s is %s with %d of %d captured', p.reference, p.state, p.captured, p.amount)
  FROM orders AS o
  JOIN payments AS p ON p.order_id = o.id
 WHERE (p.captured > 0 OR p.amount = 0) <> (p.state IN ('paid', 'partially_refunded', 'refunded'))
    OR p.currency <> o.currency
";

const REF_ONE: &str = "
SELECT o.id AS \"order\", 'has no payment attempt' AS detail
  FROM orders AS o
 WHERE NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.order_id = o.id)
 UNION ALL
SELECT min(p.order_id), format('%d attempts have the reference %s', count(*), p.reference)
  FROM payments AS p
 GROUP BY p.reference
HAVING count(*) > 1
 UNION ALL
SELECT p.order_id, format('attempt %s, which the money does not name that has the reference and counts for nothing', p.reference)
  FROM payments AS p
  JOIN unmatched_payments AS u ON u.reference = p.reference
 WHERE u.payment_id IS NOT p.id
";

const KEY_ONE: &str = "
SELECT i.actor, i.route, i.key, format('%s, which does not exist', i.outcome) AS detail
  FROM idempotency AS i
 WHERE NOT CASE i.outcome
               WHEN 'order_placed' THEN EXISTS (SELECT 1 FROM orders AS o WHERE o.id = i.outcome_id)
               WHEN 'order_cancelled' THEN EXISTS (SELECT 1 FROM orders AS o WHERE o.id = i.outcome_id)
               WHEN 'cart_changed' THEN EXISTS (SELECT 1 FROM carts AS c WHERE c.id = i.outcome_id)
               WHEN 'payment_opened' THEN EXISTS (SELECT 1 FROM payments AS p WHERE p.id = i.outcome_id)
               WHEN 'payment_collected' THEN EXISTS (SELECT 1 FROM payments AS p WHERE p.id = i.outcome_id)
               WHEN 'refund_requested' THEN EXISTS (SELECT 1 FROM refunds AS f WHERE f.id = i.outcome_id)
               WHEN 'review_written' THEN EXISTS (SELECT 1 FROM reviews AS r WHERE r.id = i.outcome_id)
               WHEN 'audited' THEN EXISTS (SELECT 1 FROM audit AS a WHERE a.id = i.outcome_id)
               ELSE false
           END
";

const CART_ONE: &str = "
SELECT c.id, 'closed by an order that does not exist or names another cart' AS detail
  FROM carts AS c
 WHERE c.order_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.id = c.order_id AND o.cart_id = c.id)
 UNION ALL
SELECT o.cart_id, format('order %s came of it, but it does not name the order', o.number)
  FROM orders AS o
 WHERE NOT EXISTS (SELECT 1 FROM carts AS c WHERE c.id = o.cart_id AND c.order_id = o.id)
";

const OUTBOX_ONCE: &str = "
  WITH digits AS (SELECT id, lower(hex(id)) AS hex FROM orders),
       named AS (
           SELECT id, format('order:%s-%s-%s-%s-%s', substr(hex, 1, 8), substr(hex, 9, 4), substr(hex, 13, 4),
                             substr(hex, 17, 4), substr(hex, 21)) AS subject
             FROM digits)
SELECT named.subject, format('%d rows of order.placed', count(outbox.id)) AS detail
  FROM named
  LEFT JOIN outbox ON outbox.subject = named.subject AND outbox.name = 'order.placed'
 GROUP BY named.subject
HAVING count(outbox.id) <> 1
 UNION ALL
SELECT outbox.subject, 'order.placed of an order that does not exist'
  FROM outbox
 WHERE outbox.name = 'order.placed'
   AND NOT EXISTS (SELECT 1 FROM orders AS o WHERE o.id = unhex(substr(outbox.subject, length('order:') + 1), '-'))
";

// Each counter beside the sum of the redemptions that explain it; one that is missing on either side counts as 0. The limits
// of a coupon that was changed need not be those that its uses went by.
const COUPON_CAP: &str = "
  WITH live AS (
           SELECT r.order_id, r.promotion, r.coupon, r.customer_key, r.amount, o.status
             FROM redemptions AS r
             LEFT JOIN orders AS o ON o.id = r.order_id
            WHERE r.released_at IS NULL),
       counted AS (
           SELECT 'promotion' AS counter, promotion AS key, x'' AS customer, uses, spent, NULL AS most
             FROM promotion_usage
            UNION ALL SELECT 'promotion', promotion, customer_key, uses, 0, NULL FROM promotion_customers
            UNION ALL SELECT 'coupon', code, x'', uses, 0, iif(version = 1, uses_max, NULL) FROM coupons
            UNION ALL SELECT 'coupon', u.code, u.customer_key, u.uses, 0, iif(k.version = 1, k.customer_uses_max, NULL)
                        FROM coupon_customers AS u
                        LEFT JOIN coupons AS k ON k.code = u.code),
       summed AS (
           SELECT 'promotion' AS counter, promotion AS key, x'' AS customer, count(*) AS uses, sum(amount) AS spent
             FROM live
            GROUP BY promotion
            UNION ALL SELECT 'promotion', promotion, customer_key, count(*), 0 FROM live GROUP BY promotion, customer_key
            UNION ALL SELECT 'coupon', coupon, x'', count(*), 0 FROM live WHERE coupon IS NOT NULL GROUP BY coupon
            UNION ALL SELECT 'coupon', coupon, customer_key, count(*), 0
                        FROM live
                       WHERE coupon IS NOT NULL
                       GROUP BY coupon, customer_key)
SELECT coalesce(c.counter, s.counter) AS counter, coalesce(c.key, s.key) AS key,
       lower(hex(coalesce(c.customer, s.customer))) AS customer,
       format('%d uses that took off %d, at most %s; the redemptions say %d and %d', coalesce(c.uses, 0),
              coalesce(c.spent, 0), coalesce(c.most, 'any number'), coalesce(s.uses, 0), coalesce(s.spent, 0)) AS detail
  FROM counted AS c
  FULL JOIN summed AS s ON s.counter = c.counter AND s.key = c.key AND s.customer = c.customer
 WHERE coalesce(c.uses, 0) <> coalesce(s.uses, 0)
    OR coalesce(c.spent, 0) <> coalesce(s.spent, 0)
    OR c.uses > c.most
 UNION ALL
SELECT 'promotion', promotion, lower(hex(customer_key)),
       format('in use by an order that is %s', coalesce(status, 'missing'))
  FROM live
 WHERE coalesce(status, 'cancelled') = 'cancelled'
";

const CAPTURE_BAL: &str = "
SELECT p.id, format('%d captured, %d go back, the refunds say %d', p.captured, p.refunded, coalesce(f.amount, 0)) AS detail
  FROM payments AS p
  LEFT JOIN (SELECT payment_id, sum(amount) AS amount
               FROM refunds
              WHERE payment_id IS NOT NULL AND state <> 'failed'
              GROUP BY payment_id) AS f
         ON f.payment_id = p.id
 WHERE p.refunded <> coalesce(f.amount, 0) OR p.refunded NOT BETWEEN 0 AND p.captured
 UNION ALL
SELECT p.id, format('in %s, but refund %s is in %s', p.currency, lower(hex(f.id)), f.currency)
  FROM payments AS p
  JOIN refunds AS f ON f.payment_id = p.id
 WHERE f.currency <> p.currency
";

// What an order received is a credit, so a sum below nothing.
// A row is sealed within minutes of its commit; the hashes are not for SQL.
const AUDIT_CHAIN: &str = "
SELECT a.id, 'no seal, though a row an hour younger has one' AS detail
  FROM audit AS a
 WHERE a.at < (SELECT max(l.at) FROM audit_seals AS s JOIN audit AS l ON l.id = s.audit_id) - 3600000000
   AND NOT EXISTS (SELECT 1 FROM audit_seals AS s WHERE s.audit_id = a.id)
";

const LEDGER_ZERO: &str = "
SELECT e.id, NULL AS \"order\", format('%d legs', count(l.position)) AS detail
  FROM journal_entries AS e
  LEFT JOIN journal_legs AS l ON l.entry_id = e.id
 GROUP BY e.id
HAVING count(l.position) < 2
 UNION ALL
SELECT l.entry_id, NULL, format('the legs in %s sum to %d', l.currency, sum(l.amount))
  FROM journal_legs AS l
 GROUP BY l.entry_id, l.currency
HAVING sum(l.amount) <> 0
 UNION ALL
SELECT NULL, o.id,
       format('%d %s received, %d captured less what was paid back', coalesce(received.amount, 0), o.currency,
              coalesce(kept.amount, 0))
  FROM orders AS o
  LEFT JOIN (SELECT e.order_id, l.currency, -sum(l.amount) AS amount
               FROM journal_entries AS e
               JOIN journal_legs AS l ON l.entry_id = e.id AND l.account = 'orders'
              WHERE e.order_id IS NOT NULL
              GROUP BY e.order_id, l.currency) AS received
         ON received.order_id = o.id
  LEFT JOIN (SELECT p.order_id, sum(p.captured - coalesce(f.amount, 0)) AS amount
               FROM payments AS p
               LEFT JOIN (SELECT payment_id, sum(amount) AS amount
                            FROM refunds
                           WHERE payment_id IS NOT NULL AND state = 'processed'
                           GROUP BY payment_id) AS f
                      ON f.payment_id = p.id
              GROUP BY p.order_id) AS kept
         ON kept.order_id = o.id
 WHERE coalesce(received.amount, 0) <> coalesce(kept.amount, 0)
    OR (received.currency <> o.currency AND received.amount <> 0)
";

const MAIL_SECRET: &str = "
SELECT id, format('a mail of kind %s that is %s %s', content ->> '$.kind', state,
                  iif(state = 'waiting', 'has no token for its link', 'holds a token')) AS detail
  FROM mails
 WHERE content ->> '$.link' IS NOT NULL AND (state = 'waiting') <> (content ->> '$.link.token' IS NOT NULL)
";

const ACCOUNT_ONE: &str = "
SELECT min(id) AS id, format('%d accounts have its e-mail address', count(*)) AS detail
  FROM accounts
 GROUP BY lower(email)
HAVING count(*) > 1
";

const SESSION_ONE: &str = "
SELECT id, format('ended at %d, its token was exchanged at %d', ended_at, last_used_at) AS detail
  FROM sessions
 WHERE ended_at < last_used_at
 UNION ALL
SELECT s.id, 'it goes on, and its account is deactivated'
  FROM sessions AS s
  JOIN accounts AS a ON a.id = s.account_id
 WHERE s.ended_at IS NULL AND a.is_active = 0
 UNION ALL
SELECT min(id), format('%d sessions have its refresh token', count(*))
  FROM sessions
 GROUP BY refresh_hash
HAVING count(*) > 1
";

// Roles come and go in audit rows. However often they did, the present one came once more than it went; who registered
// came as a customer, without a row.
const ROLE_AUDIT: &str = "
  WITH told AS (
           SELECT unhex(substr(target, 9), '-') AS id, actor, action, data ->> '$.before' AS was, data ->> '$.after' AS now
             FROM audit
            WHERE action IN ('account.role', 'account.active') AND target LIKE 'account:%'),
       balances AS (
           SELECT a.id, 'account.role' AS action, a.role AS now,
                  a.role = 'customer' AND NOT EXISTS (
                      SELECT 1 FROM told AS t WHERE t.id = a.id AND t.action = 'account.role' AND t.was IS NULL) AS base
             FROM accounts AS a
            UNION ALL
           SELECT a.id, 'account.active', a.is_active, a.is_active FROM accounts AS a)
SELECT b.id AS id, format('%s is %s, which its audit rows do not tell', b.action, b.now) AS detail
  FROM balances AS b
  LEFT JOIN told AS t ON t.id = b.id AND t.action = b.action
 GROUP BY b.id, b.action, b.now, b.base
HAVING b.base + coalesce(sum((t.now IS b.now) - (t.was IS b.now)), 0) <> 1
 UNION ALL
SELECT id, format('%s was changed by %s', action, actor)
  FROM told
 WHERE actor = 'guest' OR actor LIKE 'customer:%'
 UNION ALL
SELECT k.id, 'a key whose making or revocation has no audit row'
  FROM api_keys AS k
 WHERE NOT EXISTS (SELECT 1 FROM audit AS t
                    WHERE t.action = 'api_key.create' AND t.target LIKE 'api_key:%' AND unhex(substr(t.target, 9), '-') = k.id)
    OR (k.revoked_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM audit AS t
                         WHERE t.action = 'api_key.revoke' AND t.target LIKE 'api_key:%' AND unhex(substr(t.target, 9), '-') = k.id))
";

// A product beside its published reviews, a review beside its votes and reports; what is wrong with a review is told of its
// product.
const RATING_SUM: &str = "
  WITH counted AS (
           SELECT product_id, sum(rating = 1) AS r1, sum(rating = 2) AS r2, sum(rating = 3) AS r3, sum(rating = 4) AS r4,
                  sum(rating = 5) AS r5, count(*) AS n, sum(rating) AS total
             FROM reviews
            WHERE status = 'published' AND deleted_at IS NULL
            GROUP BY product_id),
       votes AS (SELECT review_id, sum(helpful) AS helpful, sum(NOT helpful) AS unhelpful FROM review_votes GROUP BY review_id),
       reported AS (SELECT review_id, count(*) AS n FROM review_reports GROUP BY review_id)
SELECT p.id AS id,
       format('rated %d, %d, %d, %d, %d, %d in all, %d hundredths; its reviews say %d, %d, %d, %d, %d',
              p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5, p.rating_count, p.rating_average,
              coalesce(c.r1, 0), coalesce(c.r2, 0), coalesce(c.r3, 0), coalesce(c.r4, 0), coalesce(c.r5, 0)) AS detail
  FROM products AS p
  LEFT JOIN counted AS c ON c.product_id = p.id
 WHERE p.rated_1 <> coalesce(c.r1, 0) OR p.rated_2 <> coalesce(c.r2, 0) OR p.rated_3 <> coalesce(c.r3, 0)
    OR p.rated_4 <> coalesce(c.r4, 0) OR p.rated_5 <> coalesce(c.r5, 0) OR p.rating_count <> coalesce(c.n, 0)
    OR p.rating_average <> coalesce((200 * c.total + c.n) / (2 * c.n), 0)
 UNION ALL
SELECT r.product_id,
       format('review %s: %d and %d votes, %d reports; its rows say %d and %d, %d', hex(r.id), r.helpful, r.unhelpful,
              r.reports, coalesce(v.helpful, 0), coalesce(v.unhelpful, 0), coalesce(t.n, 0))
  FROM reviews AS r
  LEFT JOIN votes AS v ON v.review_id = r.id
  LEFT JOIN reported AS t ON t.review_id = r.id
 WHERE r.helpful <> coalesce(v.helpful, 0) OR r.unhelpful <> coalesce(v.unhelpful, 0) OR r.reports <> coalesce(t.n, 0)
 UNION ALL
SELECT product_id, format('%d reviews of customer %s', count(*), hex(customer_id))
  FROM reviews
 WHERE customer_id IS NOT NULL AND deleted_at IS NULL
 GROUP BY product_id, customer_id
HAVING count(*) > 1
";
