//! What people like: wishlists, and the products that they looked at.

use commerce_core::cart::{Offer, VariantKey};
use commerce_core::interest::{
    Changes, GLANCES_MAX, Glance, Look, View, Viewed, ViewedProducts, WishlistItem,
};
use commerce_core::{CommitError, CustomerId, Guard, StoreError};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::cart::{OfferRow, offers};
use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::inventory::LevelRow;
use crate::listing::{JOINED, ON_SALE, PAGE, SummaryRow};
use crate::row::Row;

pub(crate) const INSERT: &str = "
insert into wishlist_items (id, account_id, variant_id, added_at)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[]) where (select held from guards)";

pub(crate) const DELETE: &str = "
delete from wishlist_items where id = any($1::uuid[]) and (select held from guards)";

/// The rows that these glances become: an account or a product that is not there has none.
macro_rules! seen {
    () => {
        "with seen as (
    select w.account_id, p.id as product_id, w.at
      from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as w (account_id, slug, at)
      join products p on p.slug = w.slug
      join accounts a on a.id = w.account_id
)"
    };
}

// In one order for everyone, so that two servers do not wait for each other.
pub(crate) const SEE: &str = concat!(
    seen!(),
    "
insert into product_views as v (account_id, product_id, viewed_at)
select account_id, product_id, at from seen where (select held from guards) order by account_id, product_id
    on conflict (account_id, product_id) do update set viewed_at = greatest(v.viewed_at, excluded.viewed_at)"
);

// It does not see what is written beside it, and leaves room for that.
pub(crate) const FORGET: &str = concat!(
    seen!(),
    "
delete from product_views v
 using (select k.account_id, k.product_id, s.fresh,
               row_number() over (partition by k.account_id order by k.viewed_at desc, k.product_id desc) as place
          from (select account_id, count(*) as fresh from seen group by account_id) s
          join product_views k on k.account_id = s.account_id
         where not exists (select 1 from seen n where n.account_id = k.account_id and n.product_id = k.product_id)) old
 where v.account_id = old.account_id and v.product_id = old.product_id and old.place > $4 - old.fresh
   and (select held from guards)"
);

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Wishlist`] or [`Guard::Account`] when what was read is no longer so.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes { add, remove, viewed } = changes;
    if let Some(WishlistItem { account, .. }) = add.first() {
        fused
            .write(INSERT)
            .bind(column(add, |item| item.id.0))
            .bind(column(add, |item| item.account.0))
            .bind(column(add, |item| item.variant.0))
            .bind(column(add, |item| Instant(item.added_at)))
            .constraint("wishlist_items_key", Guard::Wishlist(*account))
            .constraint("wishlist_items_variant_fkey", Guard::Wishlist(*account))
            .constraint("wishlist_items_account_fkey", Guard::Account(*account));
    }
    if !remove.is_empty() {
        fused.write(DELETE).bind(column(remove, |id| id.0));
    }
    if let Some(Glance { account, .. }) = viewed.first() {
        for sql in [SEE, FORGET] {
            fused
                .write(sql)
                .bind(column(viewed, |glance| glance.account.0))
                .bind(column(viewed, |glance| glance.slug.as_str()))
                .bind(column(viewed, |glance| Instant(glance.at)));
        }
        fused
            .bind(GLANCES_MAX as i64)
            .constraint("product_views_account_fkey", Guard::Account(*account))
            .constraint("product_views_product_fkey", Guard::Account(*account));
    }
}

pub(crate) const LOOK: &str = concat!(
    "
with asked as (
    select id from variants where id = $2
    union
    select id from variants where sku = $3
), items as (
    select id, variant_id, added_at
      from wishlist_items
     where account_id = $1 and (not $4 or variant_id in (select id from asked)) and ($5::uuid is null or id < $5)
     order by id desc
     limit $6
), wanted as (
    select variant_id as id from items
    union
    select id from asked
)
select statement_timestamp() as now,
       exists (select 1 from accounts where id = $1) as account_known,
       (select count(*) from wishlist_items where account_id = $1) as count,
       (select coalesce(json_agg(i order by i.id desc), '[]') from items i) as items,",
    offers!()
);

type LookRow = (Instant, bool, i64, Json<Vec<ItemRow>>, Json<Vec<OfferRow>>, Json<Vec<LevelRow>>);

#[derive(Deserialize)]
struct ItemRow {
    id: Uuid,
    variant_id: Uuid,
    added_at: String,
}

impl ItemRow {
    fn read(self, account: CustomerId) -> Result<WishlistItem, StoreError> {
        let added_at = Row::new("wishlist_items", &self.id).text("added_at", &self.added_at)?;
        Ok(WishlistItem { id: self.id.into(), account, variant: self.variant_id.into(), added_at })
    }
}

/// What is to be seen of a wishlist.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn wishlist(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { account, variant, before, limit } = look;
    let (id, sku) = match variant {
        Some(VariantKey::Id(id)) => (Some(id.0), None),
        Some(VariantKey::Sku(sku)) => (None, Some(sku.as_str())),
        None => (None, None),
    };
    let (now, account_known, count, Json(items), Json(offers), Json(levels)): LookRow = sqlx::query_as(LOOK)
        .bind(account.0)
        .bind(id)
        .bind(sku)
        .bind(variant.is_some())
        .bind(before.map(|before| before.0))
        .bind(i64::from(*limit))
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    Ok(View {
        now: now.0,
        account_known,
        count: Row::new("accounts", account).count("items", count)?,
        items: items.into_iter().map(|item| item.read(*account)).collect::<Result<_, _>>()?,
        offers: offers.into_iter().map(Offer::try_from).collect::<Result<_, _>>()?,
        levels: levels.into_iter().map(LevelRow::read).collect::<Result<_, _>>()?,
    })
}

const VIEWED: &str = ")
select (select coalesce(json_agg(json_build_object('product', p.id, 'slug', p.slug, 'name', p.name, 'at', v.viewed_at)
                                 order by v.viewed_at desc, p.id desc), '[]')
          from v
          join products p on p.id = v.product_id) as viewed,
       ";

#[derive(Deserialize)]
struct ViewedRow {
    product: Uuid,
    slug: String,
    name: String,
    at: String,
}

impl ViewedRow {
    fn read(self) -> Result<Viewed, StoreError> {
        let (of_product, of_view) =
            (Row::new("products", &self.product), Row::new("product_views", &self.product));
        Ok(Viewed {
            product: self.product.into(),
            slug: of_product.text("slug", &self.slug)?,
            at: of_view.text("viewed_at", &self.at)?,
            name: self.name,
        })
    }
}

/// The products that an account looked at, the last first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn viewed_products(
    conn: &mut PgConnection,
    account: CustomerId,
) -> Result<ViewedProducts, StoreError> {
    let mut statement = QueryBuilder::<Postgres>::new(
        "with v as (select product_id, viewed_at from product_views where account_id = ",
    );
    statement.push_bind(account.0).push(VIEWED).push(PAGE);
    statement.push("p.viewed_at desc, p.id desc) from (select p.*, v.viewed_at from v join products p");
    statement.push(" on p.id = v.product_id where ").push(ON_SALE).push(JOINED);
    let (Json(viewed), Json(on_sale)): (Json<Vec<ViewedRow>>, Json<Vec<SummaryRow>>) =
        statement.build_query_as().fetch_one(conn).await.map_err(store_error)?;
    Ok(ViewedProducts {
        viewed: viewed.into_iter().map(ViewedRow::read).collect::<Result<_, _>>()?,
        on_sale: on_sale.into_iter().map(SummaryRow::read).collect::<Result<_, _>>()?,
    })
}
