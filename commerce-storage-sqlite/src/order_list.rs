//! Lists of orders, the newest first.

use commerce_core::order::{OrderNumber, Search, Summary};
use commerce_core::promotion::CustomerKey;
use commerce_core::{Money, OrderId, SellerId, StoreError};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite};

use crate::row::Fields;
use crate::trouble::trouble;

/// Reads up to `limit` orders.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn orders(
    conn: &mut SqliteConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<Summary>, StoreError> {
    let found = list(search, limit).build().fetch_all(conn).await.map_err(trouble)?;
    found.iter().map(summary).collect()
}

/// The statement of a list: only what is asked for is in it, so that each has a plan of its own.
pub(crate) fn list(search: &Search, limit: u32) -> QueryBuilder<Sqlite> {
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
    let mut query = QueryBuilder::new(ROWS);
    match seller {
        None => {
            query.push(ALL);
        }
        Some(seller) => of_seller(&mut query, *seller, before),
    }
    if let Some(from) = from {
        query.push(" AND o.id >= ").push_bind(from.0);
    }
    if let Some(before) = before {
        query.push(" AND o.id < ").push_bind(before.0);
    }
    if let Some(customer) = customer {
        query.push(" AND o.customer_id = ").push_bind(customer.0);
    }
    if let Some(email) = email {
        query.push(" AND o.customer_key = ").push_bind(CustomerKey::of_email(email).0.to_vec());
    }
    if let Some(OrderNumber(number)) = number {
        query.push(" AND o.number = ").push_bind(number.clone());
    }
    if let Some(status) = status {
        query.push(" AND o.status = ").push_bind(status.as_str());
    }
    if let Some(status) = payment_status {
        query.push(" AND o.payment_status = ").push_bind(status.as_str());
    }
    if let Some(status) = fulfillment_status {
        query.push(" AND o.fulfillment_status = ").push_bind(status.as_str());
    }
    if let Some(method) = payment_method {
        query.push(" AND o.payment_method = ").push_bind(method.as_str());
    }
    if let Some(from) = placed_from {
        query.push(" AND o.placed_at >= ").push_bind(from.as_micros());
    }
    if let Some(until) = placed_until {
        query.push(" AND o.placed_at < ").push_bind(until.as_micros());
    }
    query.push(" ORDER BY o.id DESC LIMIT ").push_bind(limit);
    query
}

/// What one seller sold: the orders are found by their line items, and these alone are summed.
fn of_seller(query: &mut QueryBuilder<Sqlite>, seller: SellerId, before: Option<OrderId>) {
    for (sum, of) in [("l.paid", "total"), ("l.quantity", "units")] {
        query.push(format_args!("\n(SELECT sum({sum}) FROM order_lines AS l WHERE l.order_id = o.id"));
        query.push(" AND l.seller_id = ").push_bind(seller.0).push(format_args!(") AS {of}"));
        query.push(if of == "total" { "," } else { "" });
    }
    query.push(
        "\nFROM orders AS o WHERE o.id IN (SELECT l.order_id FROM order_lines AS l WHERE l.seller_id = ",
    );
    query.push_bind(seller.0);
    if let Some(before) = before {
        query.push(" AND l.order_id < ").push_bind(before.0);
    }
    query.push(")");
}

const ROWS: &str = "
SELECT o.id, o.number, o.status, o.payment_status, o.fulfillment_status, o.customer_id, o.email, o.currency,
       o.payment_method, o.placed_at,";

const ALL: &str = "
       o.total,
       (SELECT coalesce(sum(l.quantity), 0) FROM order_lines AS l WHERE l.order_id = o.id) AS units
  FROM orders AS o
 WHERE true";

fn summary(row: &SqliteRow) -> Result<Summary, StoreError> {
    let fields = Fields::new("orders", "id", row);
    Ok(Summary {
        id: fields.id("id")?,
        number: OrderNumber(fields.get("number")?),
        status: fields.named("status")?,
        payment_status: fields.named("payment_status")?,
        fulfillment_status: fields.named("fulfillment_status")?,
        customer: fields.id_if("customer_id")?,
        email: fields.parse("email")?,
        total: Money::from_minor(fields.get("total")?, fields.currency("currency")?),
        payment_method: fields.parse("payment_method")?,
        units: fields.count("units")?,
        placed_at: fields.at("placed_at")?,
    })
}

#[cfg(test)]
mod tests {
    use commerce_core::order::OrderState;
    use commerce_core::testkit::named;
    use sqlx::{AssertSqlSafe, Connection, Row};

    use super::*;

    /// How SQLite reads the orders that are asked for.
    async fn plan(search: &Search) -> Vec<String> {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        crate::migrate(&mut conn).await.unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", list(search, 21).sql().as_str());
        let steps = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut conn).await.unwrap();
        steps.iter().map(|step| step.get("detail")).collect()
    }

    #[tokio::test]
    async fn what_staff_and_customers_list_is_found_in_an_index() {
        let any = Search::default();
        let email = "ada@example.com".parse().unwrap();
        for (search, index, sorted) in [
            (any.clone(), "SCAN o USING INDEX sqlite_autoindex_orders_1", false),
            (
                Search { before: Some(named("order", "one")), ..any.clone() },
                "sqlite_autoindex_orders_1 (id<?)",
                false,
            ),
            (
                Search { placed_from: Some(commerce_core::testkit::start()), ..any.clone() },
                "sqlite_autoindex_orders_1 (id>?)",
                false,
            ),
            (
                Search { status: Some(OrderState::Processing), ..any.clone() },
                "orders_status (status=?)",
                false,
            ),
            (
                Search {
                    status: Some(OrderState::Processing),
                    before: Some(named("order", "one")),
                    ..any.clone()
                },
                "orders_status (status=? AND id<?)",
                false,
            ),
            (
                Search { customer: Some(named("customer", "ada")), ..any.clone() },
                "orders_of_customer (customer_id=?)",
                false,
            ),
            (Search { email: Some(email), ..any.clone() }, "orders_customer (customer_key=?)", true),
            (
                Search { seller: Some(named("seller", "adire")), ..any.clone() },
                "sqlite_autoindex_orders_1 (id=?)",
                false,
            ),
        ] {
            let steps = plan(&search).await;
            assert!(steps[0].contains(index), "{steps:?} of {search:?}");
            let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
            assert_eq!(sorts, sorted, "{steps:?} of {search:?}");
        }
    }
}
