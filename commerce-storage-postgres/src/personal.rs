//! What belongs to whom: orders that are claimed, and who leaves.

use commerce_core::account::{By, Look as AccountLook};
use commerce_core::personal::{Changes, Claim, Erasure, KnownOrder, Look, View};
use commerce_core::{CommitError, Guard, StoreError};
use serde::Deserialize;
use serde_json::Value;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::row::Row;

pub(crate) const CLAIM: &str = "
update orders set customer_id = $1 where id = any($2::uuid[]) and customer_id is null returning id";

pub(crate) const CLEAR_CARTS: &str = "
update carts c
   set customer_id = null, email = null, customer_key = null, shipping_address = null, billing_address = null,
       mobile_money = null, version = c.version + 1
  from unnest($1::uuid[], $2::bigint[]) as w (id, version)
 where c.id = w.id and c.version = w.version
returning c.id";

pub(crate) const DELETE_LINES: &str = "
delete from cart_lines where cart_id = any($1::uuid[]) and (select held from guards)";

pub(crate) const ANONYMISE: &str = "
update orders o
   set customer_id = null, email = w.email, shipping_address = w.shipping_address, billing_address = w.billing_address
  from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::jsonb[]) as w (id, email, shipping_address, billing_address)
 where o.id = w.id and (select held from guards)";

pub(crate) const DROP_WISHES: &str = "
update order_lines set customizations = '{}' where order_id = any($1::uuid[]) and (select held from guards)";

pub(crate) const DROP_PHONES: &str = "
update payments set mobile_money = null where order_id = any($1::uuid[]) and (select held from guards)";

pub(crate) const DELETE_MAILS: &str = "
delete from mails where recipient = any($1::text[]) and (select held from guards)";

// Its sessions, links and addresses go with it.
pub(crate) const DELETE_ACCOUNT: &str = "
delete from accounts where id = $1 and version = $2 returning id";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Order`], [`Guard::Cart`] or [`Guard::Account`] when what was read is no longer so.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { claim, erase } = changes;
    if let Some(Claim { account, orders }) = claim {
        fused.guarded(CLAIM).bind(account.0).bind(column(orders, |order| order.0));
        for order in orders {
            fused.needs(Some(order.0), Guard::Order(*order));
        }
    }
    if let Some(erasure) = erase {
        write_erasure(erasure, fused);
    }
}

fn write_erasure(erasure: &Erasure, fused: &mut Fused) {
    let Erasure { account, version, carts, orders, mailed_to } = erasure;
    fused
        .guarded(DELETE_ACCOUNT)
        .bind(account.0)
        .bind(*version as i64)
        .needs(Some(account.0), Guard::Account(*account))
        // A cart, a review, a vote or a report that nobody saw refers to it.
        .constraint("carts_account_fkey", Guard::Account(*account))
        .constraint("reviews_account_fkey", Guard::Account(*account))
        .constraint("review_votes_account_fkey", Guard::Account(*account))
        .constraint("review_reports_account_fkey", Guard::Account(*account));
    if !carts.is_empty() {
        fused
            .guarded(CLEAR_CARTS)
            .bind(column(carts, |(cart, _)| cart.0))
            .bind(column(carts, |(_, version)| *version as i64));
        for (cart, _) in carts {
            fused.needs(Some(cart.0), Guard::Cart(*cart));
        }
        fused.write(DELETE_LINES).bind(column(carts, |(cart, _)| cart.0));
    }
    if !orders.is_empty() {
        fused
            .write(ANONYMISE)
            .bind(column(orders, |order| order.id.0))
            .bind(column(orders, |order| order.email.as_str()))
            .bind(column(orders, |order| order.shipping_address.as_ref().map(Json)))
            .bind(column(orders, |order| order.billing_address.as_ref().map(Json)));
        fused.write(DROP_WISHES).bind(column(orders, |order| order.id.0));
        fused.write(DROP_PHONES).bind(column(orders, |order| order.id.0));
    }
    fused.write(DELETE_MAILS).bind(column(mailed_to, |address| address.as_str()));
}

pub(crate) const ORDERS: &str = "
with o as (
    select id, cart_id, status, customer_id, email, shipping_address, billing_address
      from orders
     where customer_id = $1
     union all
    select id, cart_id, status, customer_id, email, shipping_address, billing_address
      from orders
     where customer_key = $2 and customer_id is null
)
select coalesce((select json_agg(o order by o.id) from o), '[]'),
       coalesce((select json_agg(json_build_array(c.id, c.version) order by c.id)
                   from carts c
                  where c.id in (select id from carts where customer_id = $1
                                  union all
                                 select id from carts where customer_key = $2 and customer_id is null
                                  union all
                                 select cart_id from o)), '[]')";

/// Orders, and carts with their versions.
type Belongings = (Json<Vec<OrderRow>>, Json<Vec<(Uuid, i64)>>);

/// What a decision about somebody's belongings sees. On a connection that is in no transaction: all is of one snapshot.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: Look) -> Result<View, StoreError> {
    let Look { account, key } = look;
    let mut snapshot =
        conn.begin_with("begin isolation level repeatable read, read only").await.map_err(store_error)?;
    let seen = crate::account::view(&mut snapshot, &AccountLook::by(By::Id(account))).await?;
    let (Json(orders), Json(carts)): Belongings = sqlx::query_as(ORDERS)
        .bind(account.0)
        .bind(key.0.to_vec())
        .fetch_one(&mut *snapshot)
        .await
        .map_err(store_error)?;
    let (reviews, votes, reports) = crate::review::of_customer(&mut snapshot, account).await?;
    snapshot.rollback().await.map_err(store_error)?;
    let version =
        |(id, version): (Uuid, i64)| Ok((id.into(), Row::new("carts", &id).count("version", version)?));
    Ok(View {
        now: seen.now,
        account: seen.account,
        orders: orders.into_iter().map(OrderRow::read).collect::<Result<_, _>>()?,
        carts: carts.into_iter().map(version).collect::<Result<_, StoreError>>()?,
        reviews,
        votes,
        reports,
    })
}

#[derive(Deserialize)]
struct OrderRow {
    id: Uuid,
    status: String,
    customer_id: Option<Uuid>,
    email: String,
    shipping_address: Option<Value>,
    billing_address: Option<Value>,
}

impl OrderRow {
    fn read(self) -> Result<KnownOrder, StoreError> {
        let id = self.id;
        let row = Row::new("orders", &id);
        Ok(KnownOrder {
            id: id.into(),
            status: row.text("status", &self.status)?,
            customer: self.customer_id.map(Into::into),
            email: row.text("email", &self.email)?,
            shipping_address: row.optional_json("shipping_address", self.shipping_address)?,
            billing_address: row.optional_json("billing_address", self.billing_address)?,
        })
    }
}
