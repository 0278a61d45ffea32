//! Units sold of each product, counted anew.

use commerce_core::StoreError;
use sqlx::postgres::PgConnection;

use crate::error::store_error;

// Only what differs is written, in the order in which an import writes products. The second half of `differing` is what
// was all called off: the index of the listing finds what sold at all.
pub(crate) const COUNT: &str = "
with counted as (
    select l.product_id, sum(l.quantity)::bigint as units
      from orders o
      join order_lines l on l.order_id = o.id
     where o.status not in ('cancelled', 'returned', 'refunded')
     group by l.product_id
), differing as (
    select p.id, c.units
      from counted c
      join products p on p.id = c.product_id
     where p.sold <> c.units
    union all
    select p.id, 0::bigint
      from products p
     where p.status = 'published' and p.deleted_at is null and p.listed_variant_price is not null
       and p.sold > 0
       and p.id not in (select product_id from counted)
), locked as (
    select p.id, d.units
      from differing d
      join products p on p.id = d.id
     order by p.id
       for update of p
), written as (
    update products p set sold = l.units from locked l where p.id = l.id returning p.id
), moved as (
    insert into catalog_generations as g (shard, generation)
    select 0, 1 + floor(random() * 1048576)::bigint
     where exists (select 1 from written)
    on conflict (shard) do update set generation = g.generation + excluded.generation
)
select count(*) from written";

/// Counts anew what orders hold of each product, and says of how many the number changed.
///
/// # Errors
/// When the database fails.
pub async fn count(conn: &mut PgConnection) -> Result<u64, StoreError> {
    let changed: i64 = sqlx::query_scalar(COUNT).fetch_one(conn).await.map_err(store_error)?;
    Ok(changed.unsigned_abs())
}
