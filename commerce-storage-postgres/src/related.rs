//! What goes with a product: bought with it of late, else of its category or its brand.

use commerce_core::StoreError;
use commerce_core::catalog::{ProductSummary, RELATED_LINES, Slug};
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};

use crate::error::store_error;
use crate::listing::{JOINED, ON_SALE, PAGE, SummaryRow};

// However many orders there are, so many line items of the last ones are looked at, by their index.
const BOUGHT: &str = "), latest as (
    select distinct l.order_id
      from (select l.order_id
              from order_lines l
             where l.product_id = (select id from own)
             order by l.order_id desc
             limit ";

const WITH_IT: &str = ") l
      join orders o on o.id = l.order_id
     where o.status <> 'cancelled'
), bought as (
    select l.product_id as id, 0 as tier, count(distinct l.order_id) as orders
      from latest
      join order_lines l on l.order_id = latest.order_id
     where l.product_id <> (select id from own)
     group by l.product_id
), alike as (
    (select p.id, 1 as tier, 0 as orders from products p where p.category_id = (select category_id from own) and ";

const NEWEST: &str = " and p.id <> (select id from own) order by p.created_at desc, p.id desc limit ";

const OF_BRAND: &str = ")
    union all
    (select p.id, 2 as tier, 0 as orders from products p where p.brand_id = (select brand_id from own) and ";

const FOUND: &str = ")
), found as (
    select id, min(tier) as tier, max(orders) as orders
      from (select * from bought union all select * from alike) a
     group by id
)
select exists (select 1 from own) as known,
       ";

const ORDER: &str = "p.tier, p.orders desc, p.created_at desc, p.id desc";

/// Up to `limit` products on sale that go with the one of this slug; `None` when that is not on sale.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn related(
    conn: &mut PgConnection,
    slug: &Slug,
    limit: u32,
) -> Result<Option<Vec<ProductSummary>>, StoreError> {
    let limit = i64::from(limit);
    let mut statement = QueryBuilder::<Postgres>::new(
        "with own as (select p.id, p.category_id, p.brand_id from products p where p.slug = ",
    );
    statement.push_bind(slug.as_str().to_owned()).push(" and ").push(ON_SALE);
    statement.push(BOUGHT).push_bind(i64::from(RELATED_LINES));
    statement.push(WITH_IT).push(ON_SALE).push(NEWEST).push_bind(limit);
    statement.push(OF_BRAND).push(ON_SALE).push(NEWEST).push_bind(limit);
    statement.push(FOUND).push(PAGE).push(ORDER);
    statement.push(") from (select p.*, f.tier, f.orders from found f join products p on p.id = f.id where ");
    statement
        .push(ON_SALE)
        .push(" order by ")
        .push(ORDER_FOUND)
        .push(" limit ")
        .push_bind(limit)
        .push(JOINED);
    let (known, Json(rows)): (bool, Json<Vec<SummaryRow>>) =
        statement.build_query_as().fetch_one(conn).await.map_err(store_error)?;
    let rows = rows.into_iter().map(SummaryRow::read).collect::<Result<_, _>>()?;
    Ok(known.then_some(rows))
}

const ORDER_FOUND: &str = "f.tier, f.orders desc, p.created_at desc, p.id desc";
