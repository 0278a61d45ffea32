//! Lists of orders, the newest first.

use commerce_core::order::{OrderNumber, Search, Summary};
use commerce_core::promotion::CustomerKey;
use commerce_core::{Currency, OrderId, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error::store_error;
use crate::instant::Instant;
use crate::row::Row;

const ROWS: &str = "
select o.id, o.number, o.status, o.payment_status, o.fulfillment_status, o.customer_id, o.email, o.currency,
       o.payment_method, o.placed_at,";

const ALL: &str = "
       o.total,
       (select coalesce(sum(l.quantity), 0)::bigint from order_lines l where l.order_id = o.id) as units
  from orders o
 where true";

/// Up to `limit` orders.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn orders(
    conn: &mut PgConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<Summary>, StoreError> {
    let mut statement = list(search, limit);
    let found: Vec<SummaryRow> = statement.build_query_as().fetch_all(conn).await.map_err(store_error)?;
    found.into_iter().map(read).collect()
}

/// The statement of a list: only what is asked for is in it, so that each has a plan of its own.
pub(crate) fn list(search: &Search, limit: u32) -> QueryBuilder<Postgres> {
    let Search {
        customer,
        email,
        number,
        status,
        payment_status,
        fulfillment_status,
        payment_method,
        placed_from,
        placed_until,
        seller,
        before: _,
    } = search;
    let (from, before) = search.ids();
    let mut statement = QueryBuilder::new(ROWS);
    match seller {
        None => {
            statement.push(ALL);
        }
        Some(seller) => of_seller(&mut statement, seller.0, before),
    }
    if let Some(from) = from {
        statement.push(" and o.id >= ").push_bind(from.0);
    }
    if let Some(before) = before {
        statement.push(" and o.id < ").push_bind(before.0);
    }
    if let Some(customer) = customer {
        statement.push(" and o.customer_id = ").push_bind(customer.0);
    }
    if let Some(email) = email {
        statement.push(" and o.customer_key = ").push_bind(CustomerKey::of_email(email).0.to_vec());
    }
    if let Some(OrderNumber(number)) = number {
        statement.push(" and o.number = ").push_bind(number.clone());
    }
    if let Some(status) = status {
        statement.push(" and o.status = ").push_bind(status.as_str());
    }
    if let Some(status) = payment_status {
        statement.push(" and o.payment_status = ").push_bind(status.as_str());
    }
    if let Some(status) = fulfillment_status {
        statement.push(" and o.fulfillment_status = ").push_bind(status.as_str());
    }
    if let Some(method) = payment_method {
        statement.push(" and o.payment_method = ").push_bind(method.as_str());
    }
    if let Some(from) = placed_from {
        statement.push(" and o.placed_at >= ").push_bind(Instant(*from));
    }
    if let Some(until) = placed_until {
        statement.push(" and o.placed_at < ").push_bind(Instant(*until));
    }
    statement.push(" order by o.id desc limit ").push_bind(i64::from(limit));
    statement
}

/// What one seller sold: the orders are found by their line items, and these alone are summed.
fn of_seller(statement: &mut QueryBuilder<Postgres>, seller: Uuid, before: Option<OrderId>) {
    for (sum, of) in [("l.paid", "total"), ("l.quantity", "units")] {
        statement
            .push(format_args!("\n(select sum({sum})::bigint from order_lines l where l.order_id = o.id"));
        statement.push(" and l.seller_id = ").push_bind(seller).push(format_args!(") as {of}"));
        statement.push(if of == "total" { "," } else { "" });
    }
    statement
        .push("\nfrom orders o where o.id in (select l.order_id from order_lines l where l.seller_id = ");
    statement.push_bind(seller);
    if let Some(before) = before {
        statement.push(" and l.order_id < ").push_bind(before.0);
    }
    statement.push(")");
}

type SummaryRow =
    (Uuid, String, String, String, String, Option<Uuid>, String, String, String, Instant, i64, i64);

fn read(found: SummaryRow) -> Result<Summary, StoreError> {
    let (id, number, status, payment_status, fulfillment_status, customer, email, currency, ..) = &found;
    let (.., payment_method, placed_at, total, units) = &found;
    let row = Row::new("orders", id);
    let currency: Currency = row.text("currency", currency)?;
    Ok(Summary {
        id: (*id).into(),
        number: row.text("number", number)?,
        status: row.text("status", status)?,
        payment_status: row.text("payment_status", payment_status)?,
        fulfillment_status: row.text("fulfillment_status", fulfillment_status)?,
        customer: customer.map(Into::into),
        email: row.text("email", email)?,
        total: row.money("total", *total, currency)?,
        payment_method: row.text("payment_method", payment_method)?,
        units: row.count("units", *units)?,
        placed_at: placed_at.0,
    })
}

#[cfg(test)]
mod tests {
    use commerce_core::order::OrderState;
    use commerce_core::testkit::named;
    use sqlx::{AssertSqlSafe, Execute};

    use super::*;
    use crate::statements::shop::in_shop;

    #[tokio::test]
    async fn what_staff_and_customers_list_is_found_in_an_index() {
        in_shop(|store| async move {
            let mut conn = store.pool().acquire().await.unwrap();
            // A table of no rows is read whole, and whatever it is, sorted: unless that is forbidden.
            sqlx::query("set enable_seqscan = off").execute(&mut *conn).await.unwrap();
            sqlx::query("set enable_bitmapscan = off").execute(&mut *conn).await.unwrap();
            let any = Search::default();
            for (search, index, sorted) in [
                (any.clone(), "using orders_pkey", false),
                (Search { before: Some(named("order", "one")), ..any.clone() }, "using orders_pkey", false),
                (
                    Search { status: Some(OrderState::Processing), ..any.clone() },
                    "using orders_status",
                    false,
                ),
                (
                    Search { customer: Some(named("customer", "ada")), ..any.clone() },
                    "using orders_of_customer",
                    false,
                ),
                (
                    Search { email: Some("ada@example.com".parse().unwrap()), ..any.clone() },
                    "using orders_customer",
                    true,
                ),
                (
                    Search { seller: Some(named("seller", "adire")), ..any.clone() },
                    "using order_lines_of_seller",
                    true,
                ),
            ] {
                let mut statement = list(&search, 21);
                let explained = format!("explain {}", statement.sql().as_str());
                let values = statement.build().take_arguments().unwrap().unwrap();
                let query = sqlx::query_as_with(AssertSqlSafe(explained), values);
                let steps: Vec<(String,)> = query.fetch_all(&mut *conn).await.unwrap();
                let plan = steps.iter().map(|(step,)| step.to_lowercase()).collect::<Vec<_>>().join("\n");
                assert!(plan.contains(index) && plan.contains("sort") == sorted, "{plan}\nof {search:?}");
            }
        })
        .await;
    }
}
