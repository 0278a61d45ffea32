//! Coupons, and the uses of promotions: what has one owner (coupons, redemptions) first, the shared counters last.
//!
//! A redemption is a row of its order, and a guarded delta of up to four counters: of the coupon and of the promotion, each
//! in all and by customer. They are written in the order that [`Counter`] says and before stock, as in every store. An
//! order that redeems nothing writes none of this.

use std::collections::BTreeSet;

use commerce_core::pricing::Usage;
use commerce_core::promotion::{
    Changes, Counter, Coupon, CouponCode, CouponState, CustomerKey, Redemption, Tally,
};
use commerce_core::{AuditId, CommitError, Guard, Money, OrderId, StoreError, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::{Fields, hash, instant, instant_if, signed};
use crate::script::Script;
use crate::trouble::trouble;

/// Applies promotion changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::Coupon`] when a coupon has the code already, or is not what was read; [`Guard::PromotionUses`] or
/// [`Guard::CouponUses`] when a counter is at its cap.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
    let Changes { issue, revise, redeem, release } = changes;
    if !issue.is_empty() {
        add_issue(script, issue);
    }
    for (coupon, read) in revise {
        let IssueRow {
            code,
            promotion: _,
            valid_from,
            valid_until,
            uses_max,
            customer_uses_max,
            ended_at,
            created_at: _,
            issued_by: _,
            version,
        } = coupon.into();
        script
            .add(REVISE)
            .bind(code)
            .bind(signed(*read))
            .bind(valid_from)
            .bind(valid_until)
            .bind(uses_max)
            .bind(customer_uses_max)
            .bind(ended_at)
            .bind(version)
            .one(Guard::Coupon(coupon.code.clone()));
    }
    if !release.is_empty() {
        give_back(script, release);
    }
    if !redeem.is_empty() {
        for redemption in redeem {
            insert(script, redemption);
        }
        for tally in changes.tallies() {
            count(script, &tally);
        }
    }
}

/// A coupon as it is written.
#[derive(Serialize)]
struct IssueRow<'a> {
    code: &'a str,
    promotion: &'a str,
    valid_from: Option<i64>,
    valid_until: Option<i64>,
    uses_max: Option<i64>,
    customer_uses_max: Option<i64>,
    ended_at: Option<i64>,
    created_at: i64,
    issued_by: Option<AuditId>,
    version: i64,
}

impl<'a> From<&'a Coupon> for IssueRow<'a> {
    fn from(coupon: &'a Coupon) -> Self {
        let Coupon {
            code,
            promotion,
            from,
            until,
            uses_max,
            customer_uses_max,
            ended_at,
            created_at,
            issued_by,
            version,
        } = coupon;
        Self {
            code: code.as_str(),
            promotion,
            valid_from: from.map(Timestamp::as_micros),
            valid_until: until.map(Timestamp::as_micros),
            uses_max: uses_max.map(signed),
            customer_uses_max: customer_uses_max.map(signed),
            ended_at: ended_at.map(Timestamp::as_micros),
            created_at: created_at.as_micros(),
            issued_by: *issued_by,
            version: signed(*version),
        }
    }
}

fn add_issue(script: &mut Script, coupons: &[Coupon]) {
    let rows: Vec<IssueRow<'_>> = coupons.iter().map(IssueRow::from).collect();
    let wanted: Vec<CouponCode> = coupons.iter().map(|coupon| coupon.code.clone()).collect();
    script.add(ISSUE).bind(Json(rows)).returning(move |rows| {
        let issued = rows.iter().map(|row| row.try_get(0));
        let mut issued: BTreeSet<String> = issued.collect::<Result<_, _>>().map_err(trouble)?;
        // One that is named twice is inserted only once.
        let taken = wanted.into_iter().find(|code| !issued.remove(code.as_str()));
        taken.map_or(Ok(()), |code| Err(CommitError::Stale { guard: Guard::Coupon(code) }))
    });
}

// A code that is taken leaves its row out, so that the answer tells which one it was.
const ISSUE: &str = "
INSERT INTO coupons (code, promotion, valid_from, valid_until, uses_max, customer_uses_max, ended_at, created_at,
                     issued_by, version, uses)
SELECT value ->> '$.code', value ->> '$.promotion', value ->> '$.valid_from', value ->> '$.valid_until',
       value ->> '$.uses_max', value ->> '$.customer_uses_max', value ->> '$.ended_at', value ->> '$.created_at',
       unhex(value ->> '$.issued_by', '-'), value ->> '$.version', 0
  FROM json_each(?1)
 WHERE true
    ON CONFLICT (code) DO NOTHING
RETURNING code
";

const REVISE: &str = "
UPDATE coupons
   SET valid_from = ?3, valid_until = ?4, uses_max = ?5, customer_uses_max = ?6, ended_at = ?7, version = ?8
 WHERE code = ?1 AND version = ?2
";

fn insert(script: &mut Script, redemption: &Redemption) {
    let guard = Guard::PromotionUses(redemption.promotion.clone());
    script
        .add(INSERT)
        .bind(redemption.order.0)
        .bind(redemption.promotion.as_str())
        .bind(redemption.coupon.as_ref().map(|code| code.as_str()))
        .bind(redemption.customer.0.as_slice())
        .bind(redemption.amount.minor)
        .bind(redemption.amount.currency.code())
        .bind(redemption.at.as_micros())
        .one(guard);
}

// A use that was given back may be counted again; one that counts stays as it is.
const INSERT: &str = "
INSERT INTO redemptions (order_id, promotion, coupon, customer_key, amount, currency, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (order_id, promotion) DO UPDATE
   SET coupon = excluded.coupon, customer_key = excluded.customer_key, amount = excluded.amount,
       currency = excluded.currency, at = excluded.at, released_at = NULL
 WHERE redemptions.released_at IS NOT NULL
";

fn count(script: &mut Script, tally: &Tally) {
    let Tally { counter, uses, uses_max, amount, budget, at } = tally;
    let (uses, uses_max) = (signed(*uses), uses_max.map(signed));
    let statement = match counter {
        Counter::Coupon(code) => {
            script.add(COUNT_COUPON).bind(code.as_str()).bind(uses).bind(at.as_micros()).bind(uses_max)
        }
        Counter::CouponCustomer(code, customer) => {
            let statement = script.add(COUNT_COUPON_CUSTOMER).bind(code.as_str()).bind(customer.0.as_slice());
            statement.bind(uses).bind(uses_max)
        }
        Counter::Promotion(promotion) => {
            let statement = script.add(COUNT_PROMOTION).bind(promotion.as_str()).bind(uses).bind(*amount);
            statement.bind(uses_max).bind(*budget)
        }
        Counter::PromotionCustomer(promotion, customer) => {
            let statement = script.add(COUNT_PROMOTION_CUSTOMER).bind(promotion.as_str());
            statement.bind(customer.0.as_slice()).bind(uses).bind(uses_max)
        }
    };
    statement.one(counter.guard());
}

const COUNT_COUPON: &str = "
UPDATE coupons
   SET uses = uses + ?2
 WHERE code = ?1
   AND ended_at IS NULL
   AND (valid_from IS NULL OR valid_from <= ?3)
   AND (valid_until IS NULL OR valid_until > ?3)
   AND (?4 IS NULL OR uses + ?2 <= ?4)
";

const COUNT_COUPON_CUSTOMER: &str = "
INSERT INTO coupon_customers AS c (code, customer_key, uses)
SELECT ?1, ?2, ?3
 WHERE ?4 IS NULL OR ?3 <= ?4
    ON CONFLICT (code, customer_key) DO UPDATE
   SET uses = c.uses + excluded.uses
 WHERE ?4 IS NULL OR c.uses + ?3 <= ?4
";

const COUNT_PROMOTION: &str = "
INSERT INTO promotion_usage AS p (promotion, uses, spent)
SELECT ?1, ?2, ?3
 WHERE (?4 IS NULL OR ?2 <= ?4) AND (?5 IS NULL OR ?3 <= ?5)
    ON CONFLICT (promotion) DO UPDATE
   SET uses = p.uses + excluded.uses, spent = p.spent + excluded.spent
 WHERE (?4 IS NULL OR p.uses + ?2 <= ?4) AND (?5 IS NULL OR p.spent + ?3 <= ?5)
";

const COUNT_PROMOTION_CUSTOMER: &str = "
INSERT INTO promotion_customers AS p (promotion, customer_key, uses)
SELECT ?1, ?2, ?3
 WHERE ?4 IS NULL OR ?3 <= ?4
    ON CONFLICT (promotion, customer_key) DO UPDATE
   SET uses = p.uses + excluded.uses
 WHERE ?4 IS NULL OR p.uses + ?3 <= ?4
";

/// What falls is what the rows say that were not given back before, so each is given back once, however often it is asked
/// for; then they are marked.
fn give_back(script: &mut Script, release: &[(OrderId, Timestamp)]) {
    let orders: Vec<OrderId> = release.iter().map(|(order, _)| *order).collect();
    for sql in [RELEASE_COUPONS, RELEASE_COUPON_CUSTOMERS, RELEASE_PROMOTIONS, RELEASE_PROMOTION_CUSTOMERS] {
        script.add(sql).bind(Json(&orders));
    }
    let rows: Vec<(OrderId, i64)> = release.iter().map(|(order, at)| (*order, at.as_micros())).collect();
    script.add(RELEASE).bind(Json(rows));
}

const RELEASE_COUPONS: &str = "
UPDATE coupons
   SET uses = coupons.uses - r.uses
  FROM (SELECT coupon, count(*) AS uses
          FROM redemptions
         WHERE order_id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND released_at IS NULL
         GROUP BY coupon) AS r
 WHERE coupons.code = r.coupon
";

const RELEASE_COUPON_CUSTOMERS: &str = "
UPDATE coupon_customers AS c
   SET uses = c.uses - r.uses
  FROM (SELECT coupon, customer_key, count(*) AS uses
          FROM redemptions
         WHERE order_id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND released_at IS NULL
         GROUP BY coupon, customer_key) AS r
 WHERE c.code = r.coupon AND c.customer_key = r.customer_key
";

const RELEASE_PROMOTIONS: &str = "
UPDATE promotion_usage AS p
   SET uses = p.uses - r.uses, spent = p.spent - r.spent
  FROM (SELECT promotion, count(*) AS uses, sum(amount) AS spent
          FROM redemptions
         WHERE order_id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND released_at IS NULL
         GROUP BY promotion) AS r
 WHERE p.promotion = r.promotion
";

const RELEASE_PROMOTION_CUSTOMERS: &str = "
UPDATE promotion_customers AS p
   SET uses = p.uses - r.uses
  FROM (SELECT promotion, customer_key, count(*) AS uses
          FROM redemptions
         WHERE order_id IN (SELECT unhex(value, '-') FROM json_each(?1)) AND released_at IS NULL
         GROUP BY promotion, customer_key) AS r
 WHERE p.promotion = r.promotion AND p.customer_key = r.customer_key
";

const RELEASE: &str = "
UPDATE redemptions
   SET released_at = w.value ->> 1
  FROM json_each(?1) AS w
 WHERE redemptions.order_id = unhex(w.value ->> 0, '-') AND redemptions.released_at IS NULL
";

/// Reads how often these promotions were used, in all and by the customer.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn usage(
    conn: &mut SqliteConnection,
    promotions: &[String],
    customer: Option<CustomerKey>,
) -> Result<Vec<Usage>, StoreError> {
    let customer = customer.map(|customer| customer.0.to_vec());
    let rows =
        sqlx::query(USAGE).bind(Json(promotions)).bind(customer).fetch_all(conn).await.map_err(trouble)?;
    rows.iter()
        .map(|row| {
            let fields = Fields::new("promotion_usage", "promotion", row);
            Ok(Usage {
                promotion: fields.get("promotion")?,
                uses: fields.count("uses")?,
                customer_uses: fields.count("customer_uses")?,
                spent: fields.get("spent")?,
            })
        })
        .collect()
}

const USAGE: &str = "
SELECT u.promotion, u.uses, coalesce(c.uses, 0) AS customer_uses, u.spent
  FROM promotion_usage AS u
  LEFT JOIN promotion_customers AS c ON c.promotion = u.promotion AND c.customer_key = ?2
 WHERE u.promotion IN (SELECT value FROM json_each(?1))
 ORDER BY u.promotion
";

/// Reads up to `limit` coupons of a promotion, or of all of them, after `after`, by code.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn coupons(
    conn: &mut SqliteConnection,
    promotion: Option<&str>,
    after: Option<&CouponCode>,
    limit: u32,
) -> Result<Vec<CouponState>, StoreError> {
    let statement = sqlx::query(if promotion.is_some() { COUPONS_OF } else { COUPONS });
    // Every code comes after the empty text.
    let statement = statement.bind(after.map_or("", |code| code.as_str())).bind(limit);
    let statement = match promotion {
        Some(promotion) => statement.bind(promotion),
        None => statement,
    };
    statement.fetch_all(conn).await.map_err(trouble)?.iter().map(coupon).collect()
}

/// The coupons of a promotion whose making this audit row tells of, by code.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn issued(
    conn: &mut SqliteConnection,
    promotion: &str,
    issued_by: AuditId,
) -> Result<Vec<CouponState>, StoreError> {
    let statement = sqlx::query(ISSUED).bind(promotion).bind(issued_by.0);
    statement.fetch_all(conn).await.map_err(trouble)?.iter().map(coupon).collect()
}

const ISSUED: &str = "
SELECT * FROM coupons WHERE promotion = ?1 AND issued_by = ?2 ORDER BY code
";

const COUPONS: &str = "
SELECT * FROM coupons WHERE code > ?1 ORDER BY code LIMIT ?2
";

const COUPONS_OF: &str = "
SELECT * FROM coupons WHERE promotion = ?3 AND code > ?1 ORDER BY code LIMIT ?2
";

fn coupon(row: &SqliteRow) -> Result<CouponState, StoreError> {
    let fields = Fields::new("coupons", "code", row);
    Ok(CouponState {
        coupon: Coupon {
            code: fields.parse("code")?,
            promotion: fields.get("promotion")?,
            from: fields.at_if("valid_from")?,
            until: fields.at_if("valid_until")?,
            uses_max: fields.count_if("uses_max")?,
            customer_uses_max: fields.count_if("customer_uses_max")?,
            ended_at: fields.at_if("ended_at")?,
            created_at: fields.at("created_at")?,
            issued_by: fields.id_if("issued_by")?,
            version: fields.count("version")?,
        },
        uses: fields.count("uses")?,
        customer_uses: 0,
    })
}

/// A use as the look at an order reads it.
#[derive(Deserialize)]
pub(crate) struct RedemptionRow {
    order: OrderId,
    promotion: String,
    coupon: Option<CouponCode>,
    #[serde(deserialize_with = "hash")]
    customer: [u8; 32],
    amount: Money,
    #[serde(deserialize_with = "instant")]
    at: Timestamp,
}

impl From<RedemptionRow> for Redemption {
    fn from(row: RedemptionRow) -> Self {
        let RedemptionRow { order, promotion, coupon, customer, amount, at } = row;
        Self {
            order,
            promotion,
            coupon,
            customer: CustomerKey(customer),
            amount,
            at,
            uses_max: None,
            customer_uses_max: None,
            budget: None,
            coupon_uses_max: None,
            coupon_customer_uses_max: None,
        }
    }
}

/// A coupon as the look at a cart reads it.
#[derive(Deserialize)]
pub(crate) struct CouponRow {
    code: CouponCode,
    promotion: String,
    #[serde(deserialize_with = "instant_if")]
    valid_from: Option<Timestamp>,
    #[serde(deserialize_with = "instant_if")]
    valid_until: Option<Timestamp>,
    uses_max: Option<u64>,
    customer_uses_max: Option<u64>,
    #[serde(deserialize_with = "instant_if")]
    ended_at: Option<Timestamp>,
    #[serde(deserialize_with = "instant")]
    created_at: Timestamp,
    issued_by: Option<AuditId>,
    version: u64,
    uses: u64,
    customer_uses: u64,
}

impl From<CouponRow> for CouponState {
    fn from(row: CouponRow) -> Self {
        let CouponRow {
            code,
            promotion,
            valid_from: from,
            valid_until: until,
            uses_max,
            customer_uses_max,
            ended_at,
            created_at,
            issued_by,
            version,
            uses,
            customer_uses,
        } = row;
        let coupon = Coupon {
            code,
            promotion,
            from,
            until,
            uses_max,
            customer_uses_max,
            ended_at,
            created_at,
            issued_by,
            version,
        };
        Self { coupon, uses, customer_uses }
    }
}
