//! What shoppers list: pages of products, and the category tree.

use commerce_core::catalog::{
    Category, CategoryNode, Page, ProductFilter, ProductSummary, ROWS_MAX, Slug, SortBy, category_tree,
};
use commerce_core::{StoreError, UnitPrice};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use crate::review;
use crate::row::{Fields, signed};
use crate::trouble::trouble;

/// Reads a page of the products on sale, inside the caller's transaction: count and rows are two statements.
///
/// Rows beyond [`ROWS_MAX`] are neither counted nor reached.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn products(
    conn: &mut SqliteConnection,
    filter: &ProductFilter,
) -> Result<Page<ProductSummary>, StoreError> {
    let found: i64 = count(filter).build_query_scalar().fetch_one(&mut *conn).await.map_err(trouble)?;
    let found = u64::try_from(found).unwrap_or(0);
    let way = Way::to(filter, found);
    let rows = rows(filter, way).build().fetch_all(conn).await.map_err(trouble)?;
    Ok(Page {
        rows: rows.iter().map(summary).collect::<Result<_, _>>()?,
        count: found.min(ROWS_MAX),
        count_is_exact: found <= ROWS_MAX,
    })
}

/// How the products of a branch are come by. SQLite knows nothing of how many there are, and would look at each of a hundred
/// thousand, or at everything else on the way to the few that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By their category: all of them are looked at, unless they are listed in the order of that index.
    Branch,
    /// In the order in which they are listed: the page is full after a few.
    Order,
    /// As SQLite likes: no branch is asked for, or a brand too, which is narrower.
    Any,
}

impl Way {
    /// The way to a page when so many are found. What a branch sells may all be dear: by price there is no telling after how
    /// many the page is full.
    pub(crate) fn to(filter: &ProductFilter, found: u64) -> Self {
        let by_chance = !matches!(filter.sort_by, SortBy::Newest | SortBy::PriceAsc | SortBy::PriceDesc);
        match Self::to_all(filter) {
            Self::Branch if found > ROWS_MAX && by_chance => Self::Order,
            way => way,
        }
    }

    /// The way to all that is found.
    fn to_all(filter: &ProductFilter) -> Self {
        if filter.category.is_some() && filter.brand.is_none() { Self::Branch } else { Self::Any }
    }

    /// The table.
    pub(crate) fn products(self) -> &'static str {
        match self {
            Self::Branch => "products AS p INDEXED BY products_category",
            Self::Order | Self::Any => "products AS p",
        }
    }
}

pub(crate) fn count(filter: &ProductFilter) -> QueryBuilder<Sqlite> {
    let way = Way::to_all(filter);
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM ");
    query.push(way.products()).push(" WHERE ");
    push_conditions(&mut query, filter, way);
    query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
    query
}

pub(crate) fn rows(filter: &ProductFilter, way: Way) -> QueryBuilder<Sqlite> {
    let reachable = ROWS_MAX.saturating_sub(filter.offset());
    let order = match filter.sort_by {
        SortBy::Newest => "p.created_at DESC, p.id DESC",
        SortBy::PriceAsc => "p.listed_variant_price, p.id DESC",
        SortBy::PriceDesc => "p.listed_variant_price DESC, p.id DESC",
        SortBy::Name => "p.sort_name, p.id DESC",
        SortBy::BestSelling => "p.sold DESC, p.id DESC",
        SortBy::Rating => "p.rating_average DESC, p.rating_count DESC, p.id DESC",
    };
    let mut query = QueryBuilder::new(SUMMARIES);
    query.push(way.products()).push(" WHERE ");
    push_conditions(&mut query, filter, way);
    query.push(" ORDER BY ").push(order);
    query.push(" LIMIT ").push_bind(signed(reachable.min(u64::from(filter.page_size))));
    query.push(" OFFSET ").push_bind(signed(filter.offset().min(ROWS_MAX)));
    query.push(") ORDER BY ").push(order);
    query
}

// The page is cut out first, from an index where there is one; what decorates a row is then looked up for its rows alone.
pub(crate) const SUMMARIES: &str = "
SELECT p.id, p.name, p.slug, p.listed_variant_price, p.listed_compare_at, p.price_max, p.image_url,
       p.rated_1, p.rated_2, p.rated_3, p.rated_4, p.rated_5,
       (SELECT v.currency FROM variants AS v WHERE v.product_id = p.id LIMIT 1) AS currency,
       b.name AS brand_name, b.slug AS brand_slug, c.name AS category_name, c.slug AS category_slug,
       EXISTS (SELECT 1
                 FROM variants AS v
                WHERE v.product_id = p.id AND v.removed_at IS NULL
                  AND (NOT v.tracked OR v.backorder
                       OR EXISTS (SELECT 1
                                    FROM stock AS s
                                   WHERE s.variant_id = v.id AND s.on_hand - s.reserved > s.safety_stock))) AS in_stock
  FROM products AS p
  LEFT JOIN brands AS b ON b.id = p.brand_id
  LEFT JOIN categories AS c ON c.id = p.category_id
 WHERE p.id IN (SELECT p.id FROM ";

/// What every listing shows. The indexes over products have the same condition, word by word, so that they can be used.
const ON_SALE: &str =
    "p.status = 'published' AND p.deleted_at IS NULL AND p.listed_variant_price IS NOT NULL";

// A slug that does not exist has no id and no path, so nothing matches: an empty page.
const OF_BRAND: &str =
    " AND p.brand_id = coalesce((SELECT b.id FROM brands AS b WHERE b.deleted_at IS NULL AND b.slug = ";

// A name of before finds it too, unless something has that name now.
const OF_BRAND_BEFORE: &str = "), (SELECT r.id FROM slug_redirects AS r WHERE r.kind = 'brand' AND r.slug = ";

// `0` is the character after `/`: what lies between the two is the branch.
const IN_BRANCH: &str = "p.category_id IN (
           SELECT c.id
             FROM categories AS root
             JOIN categories AS c
               ON c.path = root.path OR (c.path >= root.path || '/' AND c.path < root.path || '0')
            WHERE root.deleted_at IS NULL
              AND root.id = coalesce((SELECT id FROM categories WHERE deleted_at IS NULL AND slug = ";

const IN_BRANCH_BEFORE: &str =
    "), (SELECT r.id FROM slug_redirects AS r WHERE r.kind = 'category' AND r.slug = ";

const AVAILABLE: &str = "EXISTS (
           SELECT 1
             FROM variants AS v
            WHERE v.product_id = p.id AND v.removed_at IS NULL
              AND (NOT v.tracked OR v.backorder
                   OR EXISTS (SELECT 1
                                FROM stock AS s
                               WHERE s.variant_id = v.id AND s.on_hand - s.reserved > s.safety_stock)))";

pub(crate) fn push_conditions(query: &mut QueryBuilder<Sqlite>, filter: &ProductFilter, way: Way) {
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
    query.push(ON_SALE);
    if let Some(slug) = brand {
        query.push(OF_BRAND).push_bind(slug.as_str().to_owned());
        query.push(OF_BRAND_BEFORE).push_bind(slug.as_str().to_owned()).push("))");
    }
    if let Some(slug) = category {
        // With the sign no index is looked for.
        query.push(if way == Way::Order { " AND +" } else { " AND " });
        query.push(IN_BRANCH).push_bind(slug.as_str().to_owned());
        query.push(IN_BRANCH_BEFORE).push_bind(slug.as_str().to_owned()).push(")))");
    }
    if let Some(featured) = featured {
        query.push(" AND p.featured = ").push_bind(*featured);
    }
    if let Some(least) = min_rating {
        query.push(" AND p.rating_average >= ").push_bind(*least);
    }
    if min_price.is_some() || max_price.is_some() {
        query.push(
            " AND EXISTS (SELECT 1 FROM variants AS v WHERE v.product_id = p.id AND v.removed_at IS NULL",
        );
        if let Some(least) = min_price {
            query.push(" AND v.price >= ").push_bind(*least);
        }
        if let Some(most) = max_price {
            query.push(" AND v.price <= ").push_bind(*most);
        }
        query.push(")");
    }
    match in_stock {
        Some(true) => drop(query.push(" AND ").push(AVAILABLE)),
        Some(false) => drop(query.push(" AND NOT ").push(AVAILABLE)),
        None => {}
    }
}

pub(crate) fn summary(row: &SqliteRow) -> Result<ProductSummary, StoreError> {
    let fields = Fields::new("products", "id", row);
    let currency = fields.currency("currency")?;
    let price = |ten_thousandths| UnitPrice { ten_thousandths, currency };
    let brand_name: Option<String> = fields.get("brand_name")?;
    let brand_slug: Option<Slug> = fields.parse_if("brand_slug")?;
    let category_name: Option<String> = fields.get("category_name")?;
    let category_slug: Option<Slug> = fields.parse_if("category_slug")?;
    Ok(ProductSummary {
        id: fields.id("id")?,
        name: fields.get("name")?,
        slug: fields.parse("slug")?,
        brand: brand_name.zip(brand_slug),
        category: category_name.zip(category_slug),
        price: price(fields.get("listed_variant_price")?),
        compare_at_price: fields.get::<Option<i64>>("listed_compare_at")?.map(price),
        price_max: price(fields.get("price_max")?),
        image: fields.get("image_url")?,
        in_stock: fields.get("in_stock")?,
        ratings: review::ratings(row)?,
    })
}

/// Those of these products that are on sale, in this order.
pub(crate) async fn summaries(
    conn: &mut SqliteConnection,
    products: &[Uuid],
) -> Result<Vec<ProductSummary>, StoreError> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new(SUMMARIES);
    query.push(Way::Any.products()).push(" WHERE ");
    query.push(ON_SALE).push(" AND p.id IN (SELECT unhex(value, '-') FROM json_each(");
    query.push_bind(Json(products)).push(")))");
    let rows = query.build().fetch_all(conn).await.map_err(trouble)?;
    let mut found: Vec<ProductSummary> = rows.iter().map(summary).collect::<Result<_, _>>()?;
    found.sort_by_key(|found| products.iter().position(|id| *id == found.id.0));
    Ok(found)
}

/// Reads the category tree with the number of products on sale.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn categories(conn: &mut SqliteConnection) -> Result<Vec<CategoryNode>, StoreError> {
    let rows = sqlx::query(COUNTED).fetch_all(conn).await.map_err(trouble)?;
    let counted = rows
        .iter()
        .map(|row| Ok((category(row)?, Fields::new("categories", "id", row).count("product_count")?)))
        .collect::<Result<_, StoreError>>()?;
    Ok(category_tree(counted))
}

const COUNTED: &str = "
SELECT c.*,
       (SELECT count(*)
          FROM products AS p
         WHERE p.category_id = c.id
           AND p.status = 'published' AND p.deleted_at IS NULL AND p.listed_variant_price IS NOT NULL) AS product_count
  FROM categories AS c
 WHERE c.deleted_at IS NULL
";

pub(crate) fn category(row: &SqliteRow) -> Result<Category, StoreError> {
    let fields = Fields::new("categories", "id", row);
    Ok(Category {
        id: fields.id("id")?,
        parent: fields.id_if("parent_id")?,
        slug: fields.parse("slug")?,
        name: fields.get("name")?,
        path: fields.get("path")?,
        description: fields.get("description")?,
        position: u32::try_from(fields.count("position")?).unwrap_or(u32::MAX),
        deleted_at: fields.at_if("deleted_at")?,
        version: fields.count("version")?,
    })
}

#[cfg(test)]
mod tests {
    use commerce_core::Store;
    use commerce_core::catalog::ImportKeys;
    use commerce_core::testkit::{batch, ids, item};

    use super::*;
    use crate::SqliteStore;

    /// Whichever way the products of a branch are come by, the page is the same.
    #[tokio::test]
    async fn a_page_is_the_same_whichever_way_it_is_come_by() {
        let store = SqliteStore::in_memory().await.unwrap();
        let items: Vec<_> = (0..24)
            .map(|number: usize| {
                let item = item(&format!("p{number}")).brand(["Acme", "Zeta"][number % 2]);
                item.category([&["Home", "Lamps"], &["Home", "Rugs"], &["Garden", "Tools"]][number % 3])
                    .price(&(1 + number * 7 % 24).to_string())
            })
            .collect();
        let seen = store.import_view(&ImportKeys::default()).await.unwrap();
        store.import(&batch(&items, &seen, &mut ids(seen.now))).await.unwrap();
        let mut conn = store.reader().await.unwrap();
        for sort_by in SortBy::ALL {
            for (brand, page) in [(None, 1), (None, 2), (Some("acme".parse::<Slug>().unwrap()), 1)] {
                let category = Some("home".parse().unwrap());
                let filter = ProductFilter {
                    category,
                    brand,
                    sort_by,
                    page,
                    page_size: 5,
                    ..ProductFilter::default()
                };
                let mut pages = Vec::new();
                for way in [Way::Branch, Way::Order, Way::Any] {
                    let rows = rows(&filter, way).build().fetch_all(&mut *conn).await.unwrap();
                    pages.push(rows.iter().map(|row| summary(row).unwrap().slug).collect::<Vec<_>>());
                }
                assert_eq!(pages[0].len(), 5, "{filter:?}");
                assert!(pages.iter().all(|page| *page == pages[0]), "{filter:?}: {pages:?}");
            }
        }
    }
}
