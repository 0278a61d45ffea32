//! Finding products: the page, the count and the facets, a statement for each.

use std::collections::BTreeSet;

use commerce_core::catalog::{Page, ProductSummary, ROWS_MAX, Slug, SortBy};
use commerce_core::search::{
    AttributeFilter, Counted, Document, Found, Group, OwnFilter, Phrase, Query, Request, StoredSettings,
};
use commerce_core::{CategoryId, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use crate::listing::{SUMMARIES, push_conditions, summary};
use crate::product;
use crate::row::{Fields, signed};
use crate::search::settings;
use crate::trouble::trouble;

/// Finds products, inside the caller's transaction.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn find(conn: &mut SqliteConnection, request: &Request) -> Result<Found, StoreError> {
    let StoredSettings { version: settings_version, .. } = settings(conn).await?;
    let unknown_attributes = unknown(conn, &request.attributes).await?;
    let (count, facets) = match request.facets {
        true => {
            let (count, counted) = counted(conn, request).await?;
            (count, Some(counted.facets()))
        }
        false => (count(request).build_query_scalar().fetch_one(&mut *conn).await.map_err(trouble)?, None),
    };
    let count = u64::try_from(count).unwrap_or_default();
    let ids: Vec<Uuid> = page(request).build_query_scalar().fetch_all(&mut *conn).await.map_err(trouble)?;
    let mut rows = summaries(conn, &ids).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id.0));
    let page = Page { rows, count: count.min(ROWS_MAX), count_is_exact: count <= ROWS_MAX };
    Ok(Found { page, facets, unknown_attributes, settings_version })
}

async fn unknown(
    conn: &mut SqliteConnection,
    filters: &[AttributeFilter],
) -> Result<Vec<String>, StoreError> {
    if filters.is_empty() {
        return Ok(Vec::new());
    }
    let codes: Vec<&str> = filters.iter().map(|filter| filter.code.as_str()).collect();
    sqlx::query_scalar(UNKNOWN).bind(Json(codes)).fetch_all(conn).await.map_err(trouble)
}

const UNKNOWN: &str = "
SELECT w.value FROM json_each(?1) AS w WHERE w.value NOT IN (SELECT code FROM attributes) ORDER BY w.key
";

async fn summaries(conn: &mut SqliteConnection, ids: &[Uuid]) -> Result<Vec<ProductSummary>, StoreError> {
    let mut query = QueryBuilder::new(SUMMARIES);
    query.push("p.id IN (SELECT unhex(value, '-') FROM json_each(").push_bind(Json(ids.to_vec())).push(")))");
    let rows = query.build().fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(summary).collect()
}

fn count(request: &Request) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
    push_found(&mut query, request, &[]);
    query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
    query
}

fn page(request: &Request) -> QueryBuilder<Sqlite> {
    let filter = &request.filter;
    let reachable = ROWS_MAX.saturating_sub(filter.offset());
    let mut query = QueryBuilder::new("SELECT p.id");
    push_found(&mut query, request, &[]);
    query.push(" ORDER BY ");
    if request.by_relevance && request.query.is_some() {
        // Words in names weigh most. What is better is less.
        query.push("bm25(search_terms, 10, 4, 2, 1, 0), ");
    }
    query.push(match filter.sort_by {
        SortBy::Newest => "p.created_at DESC, p.id DESC",
        SortBy::PriceAsc => "p.listed_variant_price, p.id DESC",
        SortBy::PriceDesc => "p.listed_variant_price DESC, p.id DESC",
        SortBy::Name => "p.sort_name, p.id DESC",
        SortBy::BestSelling => "p.sold DESC, p.id DESC",
        SortBy::Rating => "p.rating_average DESC, p.rating_count DESC, p.id DESC",
    });
    query.push(" LIMIT ").push_bind(signed(reachable.min(u64::from(filter.page_size))));
    query.push(" OFFSET ").push_bind(signed(filter.offset().min(ROWS_MAX)));
    query
}

/// From what, and under which conditions.
fn push_found(query: &mut QueryBuilder<Sqlite>, request: &Request, without: &[OwnFilter<'_>]) {
    let asked = &request.query;
    query.push(" FROM products AS p JOIN search_documents AS d ON d.product_id = p.id");
    if asked.is_some() {
        query.push(" JOIN search_terms ON search_terms.rowid = d.id");
    }
    query.push(" WHERE ");
    let (filter, attributes) = request.filters_without(without);
    push_conditions(query, &filter);
    match asked.as_ref().map(matching) {
        Some(Some(text)) => drop(query.push(" AND search_terms MATCH ").push_bind(text)),
        Some(None) => drop(query.push(" AND false")),
        None => {}
    }
    for filter in attributes {
        query.push(" AND ");
        push_attribute(query, filter);
    }
}

fn push_attribute(query: &mut QueryBuilder<Sqlite>, filter: &AttributeFilter) {
    let keys: Vec<String> = filter.values.iter().map(|value| Document::key(&filter.code, value)).collect();
    query.push("d.id IN (SELECT document FROM search_values WHERE key IN (SELECT value FROM json_each(");
    query.push_bind(Json(keys)).push(")))");
}

/// The condition that is a facet's own filter.
fn push_own(query: &mut QueryBuilder<Sqlite>, request: &Request, facet: OwnFilter<'_>) {
    match facet {
        OwnFilter::Attribute(filter) => push_attribute(query, filter),
        listed => push_conditions(query, &listed.alone(&request.filter)),
    }
}

/// The query in the language of FTS5; `None` when it looks for nothing. Terms are plain letters and digits, so nothing that a
/// shopper types is a word of that language.
fn matching(query: &Query) -> Option<String> {
    let groups: Vec<String> = query.any_of.iter().map(group).collect();
    (!groups.is_empty()).then(|| groups.join(" OR "))
}

fn group(group: &Group) -> String {
    let Group { wanted, unwanted } = group;
    let ways = wanted.iter().map(|wanted| {
        let ways = wanted.any_of.iter().map(|all| {
            let all: Vec<String> = all.iter().map(phrase).collect();
            format!("({})", all.join(" AND "))
        });
        format!("({})", ways.collect::<Vec<_>>().join(" OR "))
    });
    let mut text = ways.collect::<Vec<_>>().join(" AND ");
    if text.is_empty() {
        // What is unwanted is taken from everything.
        text = "\"_\"".to_owned();
    }
    let mut text = format!("({text})");
    for unwanted in unwanted {
        text = format!("({text} NOT {})", phrase(unwanted));
    }
    text
}

fn phrase(phrase: &Phrase) -> String {
    format!("\"{}\"", phrase.join(" "))
}

/// How the sets are found in which facets are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sets {
    /// All of them in one that no facet's own filter narrows: right unless that one is too large to be counted whole.
    OfOne,
    /// Each by itself.
    Each,
}

/// Counts what is found, and what each facet would find without its own filter.
async fn counted(conn: &mut SqliteConnection, request: &Request) -> Result<(i64, Counted), StoreError> {
    let own = request.own_filters();
    let counts = match counts(conn, request, &own, Sets::OfOne).await? {
        Some(counts) => counts,
        None => counts(conn, request, &own, Sets::Each).await?.unwrap_or_default(),
    };
    let Counts { counts, categories, brands, prices, spans, values } = counts;
    let tree = match categories.is_empty() {
        true => Vec::new(),
        false => {
            let ids = categories.iter().map(|(id, _)| CategoryId(*id)).collect();
            product::categories(conn, Some(&ids)).await?
        }
    };
    let value = |(value, count): (String, u64)| {
        let (code, value) = value.split_once('\u{1f}')?;
        Some((code.to_owned(), value.to_owned(), count))
    };
    let values: Vec<(String, String, u64)> = values.into_iter().filter_map(value).collect();
    let codes: BTreeSet<&str> = values.iter().map(|(code, ..)| code.as_str()).collect();
    let attributes = product::attributes_by_code(conn, &codes).await?;
    let one_price = prices.into_iter().map(|(price, count)| (vec![price], count));
    let several = spans.into_iter().map(|prices| (prices, 1));
    let exact = counts.iter().all(|count| *count <= signed(ROWS_MAX));
    let counted = Counted {
        prices: one_price.chain(several).collect(),
        categories: categories.into_iter().map(|(id, count)| (CategoryId(id), count)).collect(),
        tree,
        brands: brands
            .into_iter()
            .map(|(slug, name, count)| Ok((parsed(&slug)?, name, count)))
            .collect::<Result<_, StoreError>>()?,
        values,
        attributes,
        exact,
    };
    Ok((counts.first().copied().unwrap_or_default(), counted))
}

fn parsed(slug: &str) -> Result<Slug, StoreError> {
    slug.parse().map_err(|error| StoreError::invalid_row("brands", "slug", slug, error))
}

/// What was counted.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    /// How many are found; and in the set of each own filter.
    counts: Vec<i64>,
    categories: Vec<(Uuid, u64)>,
    brands: Vec<(String, String, u64)>,
    /// Products whose variants all cost the same, by that price.
    prices: Vec<(i64, u64)>,
    /// The prices of each other product.
    spans: Vec<Vec<i64>>,
    values: Vec<(String, u64)>,
}

/// Counts in one statement; nothing when the one set is too large to count in it.
async fn counts(
    conn: &mut SqliteConnection,
    request: &Request,
    own: &[OwnFilter<'_>],
    sets: Sets,
) -> Result<Option<Counts>, StoreError> {
    let row = counting(request, own, sets).build().fetch_one(conn).await.map_err(trouble)?;
    let fields = Fields::new("search_documents", "counts", &row);
    if fields.get("beyond")? {
        return Ok(None);
    }
    Ok(Some(Counts {
        counts: fields.json("counts")?,
        categories: fields.json("categories")?,
        brands: fields.json("brands")?,
        prices: fields.json("prices")?,
        spans: spans(&fields)?,
        values: fields.json("facet_values")?,
    }))
}

/// The prices of each product whose variants do not all cost the same.
fn spans(fields: &Fields<'_>) -> Result<Vec<Vec<i64>>, StoreError> {
    let text: &str = fields.get("spans")?;
    let price = |text: &str| text.parse().map_err(|error| fields.invalid("spans", error));
    let products = text.split(';').filter(|prices| !prices.is_empty());
    products.map(|prices| prices.split(',').map(price).collect()).collect()
}

const COLUMNS: &str = " AS MATERIALIZED (SELECT p.id, p.category_id, p.brand_id, p.listed_variant_price AS low, \
                       p.price_max AS high, d.facet_values";

/// The statement that counts.
fn counting(request: &Request, own: &[OwnFilter<'_>], sets: Sets) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("WITH ");
    let names: Vec<String> = (0..own.len()).map(|number| format!("without_{number}")).collect();
    let one = sets == Sets::OfOne && !own.is_empty();
    if one {
        query.push("base").push(COLUMNS);
        for (number, facet) in own.iter().enumerate() {
            query.push(", (");
            push_own(&mut query, request, *facet);
            query.push(format!(") AS meets_{number}"));
        }
        push_found(&mut query, request, own);
        query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
        for (name, without) in
            [("found", None)].into_iter().chain(names.iter().map(String::as_str).zip((0..).map(Some)))
        {
            let met = (0..own.len()).filter(|number| Some(*number) != without);
            let met: String = met.map(|number| format!(" AND meets_{number}")).collect();
            query.push(format!(", {name} AS (SELECT * FROM base WHERE true{met})"));
        }
    } else {
        query.push("found").push(COLUMNS);
        push_found(&mut query, request, &[]);
        query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
        for (name, without) in names.iter().zip(own) {
            query.push(format!(", {name}")).push(COLUMNS);
            push_found(&mut query, request, &[*without]);
            query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
        }
    }
    let beyond = if one { format!("(SELECT count(*) > {ROWS_MAX} FROM base)") } else { "false".to_owned() };
    let counts = ["found"].into_iter().chain(names.iter().map(String::as_str));
    let counts: Vec<String> = counts.map(|set| format!("(SELECT count(*) FROM {set})")).collect();
    query.push(format!(" SELECT {beyond} AS beyond, json_array({}) AS counts", counts.join(", ")));
    let set_of = |facet: OwnFilter<'_>| {
        let place = own.iter().position(|without| *without == facet);
        place.map_or("found", |place| names[place].as_str())
    };
    for (facet, sql, name) in [
        (OwnFilter::Category, BY_CATEGORY, "categories"),
        (OwnFilter::Brand, BY_BRAND, "brands"),
        (OwnFilter::Price, BY_PRICE, "prices"),
        (OwnFilter::Price, BY_PRICES, "spans"),
    ] {
        query.push(", ").push(sql.replace("found", set_of(facet))).push(" AS ").push(name);
    }
    push_values(&mut query, own, &names);
    query
}

/// The values that facets count: of each attribute in its own set.
fn push_values(query: &mut QueryBuilder<Sqlite>, own: &[OwnFilter<'_>], names: &[String]) {
    let codes: Vec<&str> = own.iter().filter_map(|own| own.code()).collect();
    query.push(", (SELECT json_group_array(json_array(c.value, c.products)) FROM (").push(BY_VALUE);
    query
        .push("NOT IN (SELECT value FROM json_each(")
        .push_bind(serde_json::json!(codes).to_string())
        .push("))");
    for (name, code) in names.iter().zip(own).filter_map(|(name, without)| Some((name, without.code()?))) {
        query.push(" UNION ALL ").push(BY_VALUE.replace("found", name)).push("= ").push_bind(code.to_owned());
    }
    query.push(") AS c) AS facet_values");
}

const BY_CATEGORY: &str = "
(SELECT json_group_array(json_array(hex(c.category_id), c.products))
   FROM (SELECT category_id, count(*) AS products
           FROM found
          WHERE category_id IS NOT NULL
          GROUP BY category_id) AS c)";

const BY_BRAND: &str = "
(SELECT json_group_array(json_array(b.slug, b.name, c.products))
   FROM (SELECT brand_id, count(*) AS products FROM found WHERE brand_id IS NOT NULL GROUP BY brand_id) AS c
   JOIN brands AS b ON b.id = c.brand_id)";

const BY_PRICE: &str = "
(SELECT json_group_array(json_array(c.low, c.products))
   FROM (SELECT low, count(*) AS products FROM found WHERE low = high GROUP BY low) AS c)";

// Plain text, for it may be long: a product's prices with commas between them.
const BY_PRICES: &str = "
(SELECT coalesce(group_concat((SELECT group_concat(DISTINCT v.price) FROM variants AS v WHERE v.product_id = f.id AND v.removed_at IS NULL), ';'), '')
   FROM found AS f
  WHERE f.low <> f.high)";

// Many products have the same values in all, so these are taken apart once.
const BY_VALUE: &str = "
SELECT v.value, sum(f.products) AS products
  FROM (SELECT facet_values, count(*) AS products FROM found GROUP BY facet_values) AS f, json_each(f.facet_values) AS v
 GROUP BY v.value
HAVING substr(v.value, 1, instr(v.value, char(31)) - 1) ";

#[cfg(test)]
mod tests {
    use commerce_core::Store;
    use commerce_core::catalog::{AttributeKind, ImportKeys, ProductFilter};
    use commerce_core::testkit::{batch, ids, item};

    use super::*;
    use crate::SqliteStore;

    /// However the sets are found in which facets are counted, the counts are the same.
    #[tokio::test]
    async fn facets_are_counted_alike_in_one_set_and_in_each() {
        let store = SqliteStore::in_memory().await.unwrap();
        let items: Vec<_> = (0..24)
            .map(|number: usize| {
                let item = item(&format!("p{number}")).brand(["Acme", "Zeta"][number % 2]);
                let item = item.category(&[["Home", "Garden"][number / 2 % 2]]);
                item.attribute("colour", AttributeKind::Colour, ["Red", "Blue", "Green"][number % 3])
                    .price(&(number + 1).to_string())
            })
            .collect();
        let seen = store.import_view(&ImportKeys::default()).await.unwrap();
        store.import(&batch(&items, &seen, &mut ids(seen.now))).await.unwrap();
        let mut conn = store.reader().await.unwrap();
        for chosen in 1..16_u32 {
            let when = |bit: u32| chosen & (1 << bit) != 0;
            let colours = AttributeFilter { code: "colour".to_owned(), values: vec!["red".to_owned()] };
            let filter = ProductFilter {
                brand: when(0).then(|| "acme".parse().unwrap()),
                category: when(1).then(|| "home".parse().unwrap()),
                max_price: when(2).then_some(15_000_000),
                ..ProductFilter::default()
            };
            let attributes = when(3).then_some(colours).into_iter().collect();
            let request = Request { filter, attributes, facets: true, ..Request::default() };
            let own = request.own_filters();
            let mut both = Vec::new();
            for sets in [Sets::OfOne, Sets::Each] {
                let mut counts = counts(&mut conn, &request, &own, sets).await.unwrap().unwrap();
                counts.values.sort();
                counts.categories.sort();
                both.push(counts);
            }
            assert!(both[0].counts[0] > 0);
            assert_eq!(both[0], both[1], "{request:?}");
        }
    }
}
