//! Coupons, and the uses of promotions: what has one owner (coupons, redemptions) first, the shared counters last.
//!
//! A redemption is a row of its order, and a guarded delta of up to four counters: of the coupon and of the promotion, each
//! in all and by customer. The counters are written after all that has one owner and before stock, in the order that
//! [`Counter`] says, so that no two commits wait for each other; an order that redeems nothing writes none of this.

use commerce_core::pricing::Usage;
use commerce_core::promotion::{
    Changes, Counter, Coupon, CouponCode, CouponState, CustomerKey, Redemption, Tally,
};
use commerce_core::{AuditId, CommitError, Currency, Guard, StoreError};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;
use crate::steps::Steps;

// A code that is taken leaves its row out, so that the answer tells which one it was.
pub(crate) const ISSUE: &str = "
insert into coupons (code, promotion, valid_from, valid_until, uses_max, customer_uses_max, ended_at, created_at,
                     issued_by, version, uses)
select c.*, 0
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bigint[], $6::bigint[],
              $7::timestamptz[], $8::timestamptz[], $9::uuid[], $10::bigint[])
       as c (code, promotion, valid_from, valid_until, uses_max, customer_uses_max, ended_at, created_at, issued_by,
             version)
 order by c.code collate \"C\"
on conflict (code) do nothing
returning code";

pub(crate) const REVISE: &str = "
update coupons
   set valid_from = $3, valid_until = $4, uses_max = $5, customer_uses_max = $6, ended_at = $7, version = $8
 where code = $1 and version = $2
returning null::uuid as id";

// A use that was given back may be counted again; one that counts stays as it is, and its row is missed.
pub(crate) const REDEEM: &str = "
insert into redemptions as r (order_id, promotion, coupon, customer_key, amount, currency, at)
select $1::uuid, $2::text, $3::text, $4::bytea, $5::bigint, $6::text, $7::timestamptz
 where (select held from before)
on conflict (order_id, promotion) do update
   set coupon = excluded.coupon, customer_key = excluded.customer_key, amount = excluded.amount,
       currency = excluded.currency, at = excluded.at, released_at = null
 where r.released_at is not null
returning null::uuid, null::uuid";

// The guards are in the writes themselves, which read the row again as it is once its lock is held.
pub(crate) const COUNT_COUPON: &str = "
update coupons
   set uses = uses + $2
 where code = $1 and (select held from before)
   and ended_at is null
   and (valid_from is null or valid_from <= $3)
   and (valid_until is null or valid_until > $3)
   and ($4::bigint is null or uses + $2 <= $4)
returning null::uuid, null::uuid";

pub(crate) const COUNT_COUPON_CUSTOMER: &str = "
insert into coupon_customers as c (code, customer_key, uses)
select $1::text, $2::bytea, $3::bigint
 where (select held from before) and ($4::bigint is null or $3 <= $4)
on conflict (code, customer_key) do update
   set uses = c.uses + excluded.uses
 where $4::bigint is null or c.uses + $3 <= $4
returning null::uuid, null::uuid";

pub(crate) const COUNT_PROMOTION: &str = "
insert into promotion_usage as p (promotion, uses, spent)
select $1::text, $2::bigint, $3::bigint
 where (select held from before) and ($4::bigint is null or $2 <= $4) and ($5::bigint is null or $3 <= $5)
on conflict (promotion) do update
   set uses = p.uses + excluded.uses, spent = p.spent + excluded.spent
 where ($4::bigint is null or p.uses + $2 <= $4) and ($5::bigint is null or p.spent + $3 <= $5)
returning null::uuid, null::uuid";

pub(crate) const COUNT_PROMOTION_CUSTOMER: &str = "
insert into promotion_customers as p (promotion, customer_key, uses)
select $1::text, $2::bytea, $3::bigint
 where (select held from before) and ($4::bigint is null or $3 <= $4)
on conflict (promotion, customer_key) do update
   set uses = p.uses + excluded.uses
 where $4::bigint is null or p.uses + $3 <= $4
returning null::uuid, null::uuid";

// What falls is what the rows say that are given back just now, and each of them is given back once. The counters are
// locked in the same order as when they rise: kind after kind, each sorted.
pub(crate) const RELEASE: &str = "
with given_back as (
    update redemptions r
       set released_at = w.at
      from unnest($1::uuid[], $2::timestamptz[]) as w (order_id, at)
     where r.order_id = w.order_id and r.released_at is null
    returning r.promotion, r.coupon, r.customer_key, r.amount
), of_coupons as (
    select k.code, g.uses
      from (select coupon, count(*) as uses from given_back where coupon is not null group by coupon) g
      join coupons k on k.code = g.coupon
     order by k.code
       for update of k
), coupons_less as (
    update coupons k set uses = k.uses - w.uses from of_coupons w where k.code = w.code returning k.code
), of_coupon_customers as (
    select c.code, c.customer_key, g.uses
      from (select coupon, customer_key, count(*) as uses
              from given_back where coupon is not null group by coupon, customer_key) g
      join coupon_customers c on c.code = g.coupon and c.customer_key = g.customer_key
     where (select count(*) from coupons_less) >= 0
     order by c.code, c.customer_key
       for update of c
), coupon_customers_less as (
    update coupon_customers c set uses = c.uses - w.uses
      from of_coupon_customers w
     where c.code = w.code and c.customer_key = w.customer_key
    returning c.code
), of_promotions as (
    select p.promotion, g.uses, g.spent
      from (select promotion, count(*) as uses, sum(amount)::bigint as spent from given_back group by promotion) g
      join promotion_usage p on p.promotion = g.promotion
     where (select count(*) from coupon_customers_less) >= 0
     order by p.promotion
       for update of p
), promotions_less as (
    update promotion_usage p set uses = p.uses - w.uses, spent = p.spent - w.spent
      from of_promotions w
     where p.promotion = w.promotion
    returning p.promotion
), of_promotion_customers as (
    select c.promotion, c.customer_key, g.uses
      from (select promotion, customer_key, count(*) as uses from given_back group by promotion, customer_key) g
      join promotion_customers c on c.promotion = g.promotion and c.customer_key = g.customer_key
     where (select count(*) from promotions_less) >= 0
     order by c.promotion, c.customer_key
       for update of c
), promotion_customers_less as (
    update promotion_customers c set uses = c.uses - w.uses
      from of_promotion_customers w
     where c.promotion = w.promotion and c.customer_key = w.customer_key
    returning c.promotion
)
select count(*) from promotion_customers_less";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// The last statements lock counters that others want too: COMMIT soon after.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Coupon`] when a coupon has the code already, or is not what was read; with
/// [`Guard::PromotionUses`] or [`Guard::CouponUses`] when a counter is at its cap.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await?;
    issue(conn, &changes.issue).await?;
    release(conn, changes).await?;
    count(changes).run(conn).await
}

/// What has one owner, but for new coupons, and for uses, which go before the counters that they are counted by.
pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { issue: _, revise, redeem: _, release: _ } = changes;
    for (coupon, read) in revise {
        let Coupon {
            code,
            promotion: _,
            from,
            until,
            uses_max,
            customer_uses_max,
            ended_at,
            created_at: _,
            issued_by: _,
            version,
        } = coupon;
        fused
            .guarded(REVISE)
            .bind(code.as_str())
            .bind(signed(*read))
            .bind(from.map(Instant))
            .bind(until.map(Instant))
            .bind(uses_max.map(signed))
            .bind(customer_uses_max.map(signed))
            .bind(ended_at.map(Instant))
            .bind(signed(*version))
            .needs(None, Guard::Coupon(code.clone()));
    }
}

/// Inserts coupons: a statement of its own, because its guard is a code.
pub(crate) async fn issue(conn: &mut PgConnection, coupons: &[Coupon]) -> Result<(), CommitError> {
    if coupons.is_empty() {
        return Ok(());
    }
    let issued: Vec<String> = sqlx::query_scalar(ISSUE)
        .bind(column(coupons, |coupon| coupon.code.as_str()))
        .bind(column(coupons, |coupon| coupon.promotion.as_str()))
        .bind(column(coupons, |coupon| coupon.from.map(Instant)))
        .bind(column(coupons, |coupon| coupon.until.map(Instant)))
        .bind(column(coupons, |coupon| coupon.uses_max.map(signed)))
        .bind(column(coupons, |coupon| coupon.customer_uses_max.map(signed)))
        .bind(column(coupons, |coupon| coupon.ended_at.map(Instant)))
        .bind(column(coupons, |coupon| Instant(coupon.created_at)))
        .bind(column(coupons, |coupon| coupon.issued_by.map(|row| row.0)))
        .bind(column(coupons, |coupon| signed(coupon.version)))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let mut issued: std::collections::HashSet<String> = issued.into_iter().collect();
    // One that is named twice is inserted only once.
    let taken = coupons.iter().find(|coupon| !issued.remove(coupon.code.as_str()));
    taken.map_or(Ok(()), |coupon| Err(CommitError::Stale { guard: Guard::Coupon(coupon.code.clone()) }))
}

/// Gives the uses of orders back: before any are counted, because both lock counters in the same order.
pub(crate) async fn release(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let release = &changes.release;
    if !release.is_empty() {
        sqlx::query(RELEASE)
            .bind(column(release, |(order, _)| order.0))
            .bind(column(release, |(_, at)| Instant(*at)))
            .execute(conn)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// Uses, and the counters that rise by them.
pub(crate) fn count(changes: &Changes) -> Steps {
    let mut steps = Steps::default();
    for redemption in &changes.redeem {
        let Redemption {
            order,
            promotion,
            coupon,
            customer,
            amount,
            at,
            uses_max: _, // the caps are those of the counters
            customer_uses_max: _,
            budget: _,
            coupon_uses_max: _,
            coupon_customer_uses_max: _,
        } = redemption;
        steps
            .step(REDEEM)
            .bind(order.0)
            .bind(promotion.as_str())
            .bind(coupon.as_ref().map(|code| code.as_str()))
            .bind(customer.0.to_vec())
            .bind(amount.minor)
            .bind(amount.currency.code())
            .bind(Instant(*at))
            .needs(None, Guard::PromotionUses(promotion.clone()));
    }
    for Tally { counter, uses, uses_max, amount, budget, at } in changes.tallies() {
        let (uses, uses_max) = (signed(uses), uses_max.map(signed));
        match &counter {
            Counter::Coupon(code) => {
                steps.step(COUNT_COUPON).bind(code.as_str()).bind(uses).bind(Instant(at)).bind(uses_max);
            }
            Counter::CouponCustomer(code, customer) => {
                let step = steps.step(COUNT_COUPON_CUSTOMER);
                step.bind(code.as_str()).bind(customer.0.to_vec()).bind(uses).bind(uses_max);
            }
            Counter::Promotion(promotion) => {
                let step = steps.step(COUNT_PROMOTION).bind(promotion.as_str());
                step.bind(uses).bind(amount).bind(uses_max).bind(budget);
            }
            Counter::PromotionCustomer(promotion, customer) => {
                let step = steps.step(COUNT_PROMOTION_CUSTOMER);
                step.bind(promotion.as_str()).bind(customer.0.to_vec()).bind(uses).bind(uses_max);
            }
        }
        steps.needs(None, counter.guard());
    }
    steps
}

/// A count as PostgreSQL keeps it: none of ours comes near the limit.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) const USAGE: &str = "
select u.promotion, u.uses, coalesce(c.uses, 0), u.spent
  from promotion_usage u
  left join promotion_customers c on c.promotion = u.promotion and c.customer_key = $2
 where u.promotion = any($1::text[])
 order by u.promotion";

/// How often these promotions were used, in all and by the customer.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn usage(
    conn: &mut PgConnection,
    promotions: &[String],
    customer: Option<CustomerKey>,
) -> Result<Vec<Usage>, StoreError> {
    let found: Vec<(String, i64, i64, i64)> = sqlx::query_as(USAGE)
        .bind(promotions)
        .bind(customer.map(|customer| customer.0.to_vec()))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    let read = |(promotion, uses, customer_uses, spent): (String, i64, i64, i64)| {
        let row = Row::new("promotion_usage", &promotion);
        let (uses, customer_uses) = (row.count("uses", uses)?, row.count("customer_uses", customer_uses)?);
        Ok(Usage { uses, customer_uses, spent, promotion })
    };
    found.into_iter().map(read).collect()
}

pub(crate) const COUPONS: &str = "
select json_build_object('row', row_to_json(k)) from coupons k where k.code > $1 order by k.code limit $2";

pub(crate) const COUPONS_OF: &str = "
select json_build_object('row', row_to_json(k))
  from coupons k
 where k.promotion = $3 and k.code > $1
 order by k.code
 limit $2";

/// Up to `limit` coupons of a promotion, or of all of them, after `after`, by code.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn coupons(
    conn: &mut PgConnection,
    promotion: Option<&str>,
    after: Option<&CouponCode>,
    limit: u32,
) -> Result<Vec<CouponState>, StoreError> {
    let statement = sqlx::query_scalar(if promotion.is_some() { COUPONS_OF } else { COUPONS });
    // Every code comes after the empty text.
    let statement = statement.bind(after.map_or("", |code| code.as_str())).bind(i64::from(limit));
    let statement = match promotion {
        Some(promotion) => statement.bind(promotion),
        None => statement,
    };
    let found: Vec<Json<CouponRow>> = statement.fetch_all(conn).await.map_err(store_error)?;
    found.into_iter().map(|Json(coupon)| coupon.read()).collect()
}

/// A use as a look reads it.
#[derive(Deserialize)]
pub(crate) struct RedemptionRow {
    order_id: Uuid,
    promotion: String,
    coupon: Option<String>,
    customer_key: String,
    amount: i64,
    currency: String,
    at: String,
}

impl RedemptionRow {
    pub(crate) fn read(self) -> Result<Redemption, StoreError> {
        let id = format!("{} {}", self.order_id, self.promotion);
        let row = Row::new("redemptions", &id);
        let currency: Currency = row.text("currency", &self.currency)?;
        Ok(Redemption {
            order: self.order_id.into(),
            promotion: self.promotion,
            coupon: row.optional_text("coupon", self.coupon.as_deref())?,
            customer: CustomerKey(row.hash("customer_key", &self.customer_key)?),
            amount: row.money("amount", self.amount, currency)?,
            at: row.text("at", &self.at)?,
            uses_max: None,
            customer_uses_max: None,
            budget: None,
            coupon_uses_max: None,
            coupon_customer_uses_max: None,
        })
    }
}

pub(crate) const ISSUED: &str = "
select json_build_object('row', row_to_json(k))
  from coupons k
 where k.promotion = $1 and k.issued_by = $2
 order by k.code";

/// The coupons of a promotion whose making this audit row tells of, by code.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn issued(
    conn: &mut PgConnection,
    promotion: &str,
    issued_by: AuditId,
) -> Result<Vec<CouponState>, StoreError> {
    let found: Vec<Json<CouponRow>> = sqlx::query_scalar(ISSUED)
        .bind(promotion)
        .bind(issued_by.0)
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    found.into_iter().map(|Json(coupon)| coupon.read()).collect()
}

/// A coupon as a look reads it.
#[derive(Deserialize)]
pub(crate) struct CouponRow {
    row: OwnRow,
    customer_uses: Option<i64>,
}

#[derive(Deserialize)]
struct OwnRow {
    code: String,
    promotion: String,
    valid_from: Option<String>,
    valid_until: Option<String>,
    uses_max: Option<i64>,
    customer_uses_max: Option<i64>,
    ended_at: Option<String>,
    created_at: String,
    issued_by: Option<Uuid>,
    version: i64,
    uses: i64,
}

impl CouponRow {
    pub(crate) fn read(self) -> Result<CouponState, StoreError> {
        let Self { row: own, customer_uses } = self;
        let row = Row::new("coupons", &own.code);
        let most = |column, most: Option<i64>| most.map(|most| row.count(column, most)).transpose();
        Ok(CouponState {
            coupon: Coupon {
                code: row.text("code", &own.code)?,
                from: row.optional_text("valid_from", own.valid_from.as_deref())?,
                until: row.optional_text("valid_until", own.valid_until.as_deref())?,
                uses_max: most("uses_max", own.uses_max)?,
                customer_uses_max: most("customer_uses_max", own.customer_uses_max)?,
                ended_at: row.optional_text("ended_at", own.ended_at.as_deref())?,
                created_at: row.text("created_at", &own.created_at)?,
                issued_by: own.issued_by.map(Into::into),
                version: row.count("version", own.version)?,
                promotion: own.promotion,
            },
            uses: row.count("uses", own.uses)?,
            customer_uses: row.count("customer_uses", customer_uses.unwrap_or(0))?,
        })
    }
}
