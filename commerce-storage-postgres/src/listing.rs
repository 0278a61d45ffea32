//! What shoppers read of the catalogue: pages of products, one product, the category tree.

use commerce_core::catalog::{
    Availability, CategoryNode, Page, ProductDetail, ProductFilter, ProductKey, ProductSummary, ROWS_MAX,
    SortBy, category_tree,
};
use commerce_core::review::Ratings;
use commerce_core::{Currency, StoreError, UnitPrice};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error::store_error;
use crate::instant::Instant;
use crate::product::{AttributeRow, BrandRow, CategoryRow, ProductRow, whole_product};
use crate::row::Row;

// The three words that the partial indexes on products have: with them, and only with them, a listing uses those.
pub(super) const ON_SALE: &str =
    "p.status = 'published' and p.deleted_at is null and p.listed_variant_price is not null";

// A sum of what is free, none below 0, is above 0 when one of them is.
macro_rules! in_stock {
    () => {
        "exists (select 1
             from variants v
             left join stock s on s.variant_id = v.id
            where v.product_id = p.id and v.removed_at is null
              and (not v.tracked or v.backorder or s.on_hand - s.reserved - s.safety_stock > 0))"
    };
}

pub(super) const PAGE: &str = concat!(
    "coalesce((select json_agg(json_build_object(
            'id', p.id, 'name', p.name, 'slug', p.slug,
            'brand', case when b.id is not null then json_build_array(b.name, b.slug) end,
            'category', case when c.id is not null then json_build_array(c.name, c.slug) end,
            'price', p.listed_variant_price, 'compare_at_price', p.listed_compare_at, 'price_max', p.price_max,
            'currency', p.listed_currency, 'image', p.image_url,
            'ratings', json_build_array(p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5), 'in_stock', ",
    in_stock!(),
    ") order by "
);

pub(super) const JOINED: &str = ") p
          left join brands b on b.id = p.brand_id
          left join categories c on c.id = p.category_id), '[]') as page";

/// A page of the products on sale.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn products(
    conn: &mut PgConnection,
    filter: &ProductFilter,
) -> Result<Page<ProductSummary>, StoreError> {
    let mut statement = listing(filter);
    let (count, Json(rows)): (i64, Json<Vec<SummaryRow>>) =
        statement.build_query_as().fetch_one(conn).await.map_err(store_error)?;
    let count = u64::try_from(count).unwrap_or(0);
    Ok(Page {
        rows: rows.into_iter().map(SummaryRow::read).collect::<Result<_, _>>()?,
        count: count.min(ROWS_MAX),
        count_is_exact: count <= ROWS_MAX,
    })
}

/// The statement of a listing: only what the filter names is in it, so that each has a plan of its own.
pub(crate) fn listing(filter: &ProductFilter) -> QueryBuilder<Postgres> {
    let order = match filter.sort_by {
        SortBy::Newest => "p.created_at desc, p.id desc",
        SortBy::PriceAsc => "p.listed_variant_price, p.id desc",
        SortBy::PriceDesc => "p.listed_variant_price desc, p.id desc",
        SortBy::Name => "p.sort_name, p.id desc",
        SortBy::BestSelling => "p.sold desc, p.id desc",
        SortBy::Rating => "p.rating_average desc, p.rating_count desc, p.id desc",
    };
    let mut statement = QueryBuilder::new(
        "with counted as materialized (select count(*) as products from (select 1 from products p where ",
    );
    push_conditions(&mut statement, filter);
    // One more than is counted tells whether there are more.
    statement.push(" limit ").push_bind(ROWS_MAX as i64 + 1).push(") p) ");
    statement
        .push("select (select products from counted) as count, ")
        .push(PAGE)
        .push(order)
        .push(") from (");
    if filter.category.is_some() || filter.brand.is_some() {
        // The database has one plan for a branch of ten products and one of a hundred thousand. To walk along the order until
        // the page is full is right for this one, and for that one it is to walk past everything. So there are two plans, and
        // the count tells which of them is run.
        //
        // To gather is to look at as many as there are; to walk is to look at as many as come before the end of the page in
        // the whole catalogue. These are about the same where the square of the number is the end of the page times all. By
        // price there is no telling, for what a branch sells may all be dear.
        push_part(&mut statement, filter, order, Part::Gathered);
        statement.push(" union all ");
        push_part(&mut statement, filter, order, Part::Walked);
    } else {
        push_part(&mut statement, filter, order, Part::Any);
    }
    statement.push(JOINED);
    statement
}

/// How many products a large catalogue has: a smaller one is quick in either way.
const LARGE: u64 = 1_000_000;

/// How the rows of a page are come by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Of few: all of them, which are then put in order.
    Gathered,
    /// Of many: along the order.
    Walked,
    /// As the database likes.
    Any,
}

fn push_part(statement: &mut QueryBuilder<Postgres>, filter: &ProductFilter, order: &str, part: Part) {
    // An offset that is none keeps the order out of the search for what meets the conditions.
    statement.push(match part {
        Part::Gathered => "(select * from (select * from products p where ",
        Part::Walked => "(select * from products p where ",
        Part::Any => "select * from products p where ",
    });
    push_conditions(statement, filter);
    statement.push(match part {
        Part::Gathered => " and (select products from counted) <= ",
        Part::Walked => " and (select products from counted) > ",
        Part::Any => "",
    });
    if part != Part::Any {
        let end = filter.offset().saturating_add(u64::from(filter.page_size));
        let few = match filter.sort_by {
            SortBy::PriceAsc | SortBy::PriceDesc => ROWS_MAX,
            _ => end.saturating_mul(LARGE).isqrt().min(ROWS_MAX),
        };
        statement.push_bind(few as i64);
    }
    statement.push(if part == Part::Gathered { " offset 0) p" } else { "" });
    statement.push(" order by ").push(order);
    statement.push(" limit ").push_bind(i64::from(filter.page_size));
    statement.push(" offset ").push_bind(i64::try_from(filter.offset()).unwrap_or(i64::MAX));
    statement.push(if part == Part::Any { "" } else { ")" });
}

pub(crate) fn push_conditions(statement: &mut QueryBuilder<Postgres>, filter: &ProductFilter) {
    let ProductFilter {
        category,
        brand,
        min_price,
        max_price,
        in_stock,
        featured,
        min_rating,
        sort_by: _,
        page: _,
        page_size: _,
    } = filter;
    statement.push(ON_SALE);
    if let Some(category) = category {
        // What grows on a branch has its path as a prefix; '0' is the character after '/'.
        statement
            .push(
                " and p.category_id in (
                    select below.id
                      from categories c
                      join categories below
                        on below.path = c.path or (below.path >= c.path || '/' and below.path < c.path || '0')
                     where c.deleted_at is null and c.id = coalesce((select id from categories where deleted_at is null and slug = ",
            )
            .push_bind(category.as_str().to_owned())
            // A name of before finds it too, unless something has that name now.
            .push("), (select id from slug_redirects where kind = 'category' and slug = ")
            .push_bind(category.as_str().to_owned())
            .push(")))");
    }
    if let Some(brand) = brand {
        statement
            .push(" and p.brand_id = coalesce((select id from brands where deleted_at is null and slug = ")
            .push_bind(brand.as_str().to_owned())
            .push("), (select id from slug_redirects where kind = 'brand' and slug = ")
            .push_bind(brand.as_str().to_owned())
            .push("))");
    }
    // A bound alone asks about the dearest or the cheapest variant, whose price is at hand.
    if let Some(least) = min_price {
        statement.push(" and p.price_max >= ").push_bind(*least);
    }
    if let Some(most) = max_price {
        statement.push(" and p.listed_variant_price <= ").push_bind(*most);
    }
    if let (Some(least), Some(most)) = (min_price, max_price) {
        statement
            .push(" and exists (select 1 from variants v where v.product_id = p.id and v.removed_at is null and v.price between ")
            .push_bind(*least)
            .push(" and ")
            .push_bind(*most)
            .push(")");
    }
    if let Some(least) = min_rating {
        statement.push(" and p.rating_average >= ").push_bind(i64::from(*least));
    }
    if let Some(wanted) = in_stock {
        statement.push(concat!(" and ", in_stock!(), " = ")).push_bind(*wanted);
    }
    if let Some(wanted) = featured {
        statement.push(" and p.featured = ").push_bind(*wanted);
    }
}

#[derive(Deserialize)]
pub(crate) struct SummaryRow {
    id: Uuid,
    name: String,
    slug: String,
    brand: Option<(String, String)>,
    category: Option<(String, String)>,
    price: i64,
    compare_at_price: Option<i64>,
    price_max: i64,
    currency: String,
    image: Option<String>,
    in_stock: bool,
    ratings: Ratings,
}

impl SummaryRow {
    pub(crate) fn read(self) -> Result<ProductSummary, StoreError> {
        let row = Row::new("products", &self.id);
        let currency: Currency = row.text("listed_currency", &self.currency)?;
        let price = |ten_thousandths| UnitPrice { ten_thousandths, currency };
        let named = |named: Option<(String, String)>, column| {
            named.map(|(name, slug)| Ok((name, row.text(column, &slug)?))).transpose()
        };
        Ok(ProductSummary {
            id: self.id.into(),
            slug: row.text("slug", &self.slug)?,
            brand: named(self.brand, "brand_id")?,
            category: named(self.category, "category_id")?,
            price: price(self.price),
            compare_at_price: self.compare_at_price.map(price),
            price_max: price(self.price_max),
            image: self.image,
            in_stock: self.in_stock,
            ratings: self.ratings,
            name: self.name,
        })
    }
}

macro_rules! detail {
    ($key:literal) => {
        concat!(
            "
with recursive p as (
    select * from products where ",
            $key,
            "
), branches as (
    select c.*, 0 as depth from categories c join p on p.category_id = c.id
    union all
    select c.*, b.depth + 1 from branches b join categories c on c.id = b.parent_id
)
select statement_timestamp() as now,
       ",
            whole_product!(),
            " as product,
       (select row_to_json(b) from brands b where b.id = p.brand_id) as brand,
       (select coalesce(json_agg(b order by b.depth desc), '[]') from branches b) as breadcrumb,
       (select coalesce(json_agg(a order by a.code), '[]')
          from attributes a
         where a.id in (select x.attribute_id from product_attributes x where x.product_id = p.id
                        union
                        select o.attribute_id from product_options o where o.product_id = p.id)) as attributes,
       (select coalesce(json_agg(json_build_object('variant', v.id, 'available',
                   (select coalesce(sum(greatest(s.on_hand - s.reserved - s.safety_stock, 0)), 0)
                      from stock s where s.variant_id = v.id)) order by v.position, v.id), '[]')
          from variants v
         where v.product_id = p.id and v.removed_at is null and v.tracked) as availability,
       json_build_array(p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5) as ratings
  from p"
        )
    };
}

pub(crate) const DETAIL_BY_ID: &str = detail!("id = $1");
pub(crate) const DETAIL_BY_SLUG: &str = detail!("slug = $1");
pub(crate) const DETAIL_BY_FORMER_SLUG: &str =
    detail!("id = (select r.id from slug_redirects r where r.kind = 'product' and r.slug = $1)");

type DetailRow = (
    Instant,
    Json<ProductRow>,
    Option<Json<BrandRow>>,
    Json<Vec<CategoryRow>>,
    Json<Vec<AttributeRow>>,
    Json<Vec<Availability>>,
    Json<Ratings>,
);

/// One product, whatever its status, deleted or not.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn product(conn: &mut PgConnection, key: &ProductKey) -> Result<Option<ProductDetail>, StoreError> {
    let statement = match key {
        ProductKey::Id(id) => sqlx::query_as(DETAIL_BY_ID).bind(id.0),
        ProductKey::Slug(slug) => sqlx::query_as(DETAIL_BY_SLUG).bind(slug.as_str()),
        ProductKey::Former(slug) => sqlx::query_as(DETAIL_BY_FORMER_SLUG).bind(slug.as_str()),
    };
    let found: Option<DetailRow> = statement.fetch_optional(conn).await.map_err(store_error)?;
    let Some(found) = found else { return Ok(None) };
    let (now, Json(product), brand, Json(breadcrumb), Json(attributes), Json(availability), Json(ratings)) =
        found;
    Ok(Some(ProductDetail {
        now: now.0,
        product: product.read()?,
        brand: brand.map(|Json(brand)| brand.read()).transpose()?,
        breadcrumb: breadcrumb.into_iter().map(CategoryRow::read).collect::<Result<_, _>>()?,
        attributes: attributes.into_iter().map(AttributeRow::read).collect::<Result<_, _>>()?,
        availability,
        ratings,
    }))
}

pub(crate) const CATEGORIES: &str = "
select coalesce(json_agg(json_build_array(row_to_json(c), coalesce(n.products, 0)) order by c.path), '[]')
  from categories c
  left join (select p.category_id, count(*) as products
               from products p
              where p.status = 'published' and p.deleted_at is null and p.listed_variant_price is not null
              group by p.category_id) n on n.category_id = c.id
 where c.deleted_at is null";

/// The category tree with the number of products on sale.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn categories(conn: &mut PgConnection) -> Result<Vec<CategoryNode>, StoreError> {
    let Json(counted): Json<Vec<(CategoryRow, u64)>> =
        sqlx::query_scalar(CATEGORIES).fetch_one(conn).await.map_err(store_error)?;
    let counted = counted.into_iter().map(|(category, products)| Ok((category.read()?, products)));
    Ok(category_tree(counted.collect::<Result<_, StoreError>>()?))
}
