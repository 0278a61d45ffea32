//! What is counted of a search: how many are found, and the facets, in one statement.

use std::collections::BTreeSet;

use commerce_core::catalog::{ROWS_MAX, Slug};
use commerce_core::search::{Counted, OwnFilter};
use commerce_core::{CategoryId, StoreError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use crate::product;
use crate::row::{Fields, signed};
use crate::search_find::{Search, push_cut, push_found_set, push_wider_set};
use crate::trouble::trouble;

/// How the sets are found in which facets are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sets {
    /// All of them in one that no facet's own filter narrows: right unless that one is too large to be counted whole.
    OfOne,
    /// Each by itself.
    Each,
}

/// What was counted, with the names of what it is counted by.
pub(crate) async fn counted(conn: &mut SqliteConnection, counts: Counts) -> Result<Counted, StoreError> {
    let Counts { counts, page: _, categories, brands, prices, spans, values } = counts;
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
    Ok(Counted {
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
    })
}

fn parsed(slug: &str) -> Result<Slug, StoreError> {
    slug.parse().map_err(|error| StoreError::invalid_row("brands", "slug", slug, error))
}

/// What was counted, and the page.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// How many are found; and in the set of each own filter.
    pub(crate) counts: Vec<i64>,
    /// The products of the page, out of those that were counted.
    pub(crate) page: Vec<Uuid>,
    categories: Vec<(Uuid, u64)>,
    brands: Vec<(String, String, u64)>,
    /// Products whose variants all cost the same, by that price.
    prices: Vec<(i64, u64)>,
    /// The prices of each other product.
    spans: Vec<Vec<i64>>,
    values: Vec<(String, u64)>,
}

#[cfg(test)]
impl Counts {
    /// Puts what comes in any order in one.
    pub(crate) fn in_one_order(&mut self) {
        self.values.sort();
        self.categories.sort();
        self.brands.sort();
        self.prices.sort();
        self.spans.iter_mut().for_each(|prices| prices.sort());
        self.spans.sort();
    }
}

/// Counts what is found, and what each facet would find without its own filter.
pub(crate) async fn counts(conn: &mut SqliteConnection, search: &Search<'_>) -> Result<Counts, StoreError> {
    // Of so many matches the one set might well be cut off, and then it is of no use.
    if !search.is_crowded()
        && let Some(counts) = counts_in(conn, search, Sets::OfOne).await?
    {
        return Ok(counts);
    }
    Ok(counts_in(conn, search, Sets::Each).await?.unwrap_or_default())
}

/// Counts in one statement; nothing when the one set is too large to count in it.
async fn counts_in(
    conn: &mut SqliteConnection,
    search: &Search<'_>,
    sets: Sets,
) -> Result<Option<Counts>, StoreError> {
    let row = counting(search, sets).build().fetch_one(conn).await.map_err(trouble)?;
    let fields = Fields::new("search_documents", "counts", &row);
    if fields.get("beyond")? {
        return Ok(None);
    }
    let (counts, page) = (fields.json("counts")?, fields.json("page")?);
    let mut counts = Counts { counts, page, ..Counts::default() };
    if search.request.facets {
        counts.categories = fields.json("categories")?;
        counts.brands = fields.json("brands")?;
        counts.prices = fields.json("prices")?;
        counts.spans = spans(&fields)?;
        counts.values = fields.json("facet_values")?;
    }
    Ok(Some(counts))
}

/// The prices of each product whose variants do not all cost the same.
fn spans(fields: &Fields<'_>) -> Result<Vec<Vec<i64>>, StoreError> {
    let text: &str = fields.get("spans")?;
    let price = |text: &str| text.parse().map_err(|error| fields.invalid("spans", error));
    let products = text.split(';').filter(|prices| !prices.is_empty());
    products.map(|prices| prices.split(',').map(price).collect()).collect()
}

/// The statement that counts.
fn counting(search: &Search<'_>, sets: Sets) -> QueryBuilder<Sqlite> {
    let request = search.request;
    let own = if request.facets { request.own_filters() } else { Vec::new() };
    let names: Vec<String> = (0..own.len()).map(|number| format!("without_{number}")).collect();
    let one = sets == Sets::OfOne && !own.is_empty();
    let mut query = QueryBuilder::new("WITH ");
    if one {
        query.push("base");
        push_found_set(&mut query, search, &own);
        for (name, without) in
            [("found", None)].into_iter().chain(names.iter().map(String::as_str).zip((0..).map(Some)))
        {
            let met = (0..own.len()).filter(|number| Some(*number) != without);
            let met: String = met.map(|number| format!(" AND meets_{number}")).collect();
            query.push(format!(", {name} AS (SELECT * FROM base WHERE true{met})"));
        }
    } else {
        query.push("found");
        push_found_set(&mut query, search, &[]);
        for (name, without) in names.iter().zip(&own) {
            query.push(format!(", {name}"));
            push_wider_set(&mut query, search, &[*without]);
        }
    }
    let beyond = if one { format!("(SELECT count(*) > {ROWS_MAX} FROM base)") } else { "false".to_owned() };
    let counts = ["found"].into_iter().chain(names.iter().map(String::as_str));
    let counts: Vec<String> = counts.map(|set| format!("(SELECT count(*) FROM {set})")).collect();
    query.push(format!(" SELECT {beyond} AS beyond, json_array({}) AS counts", counts.join(", ")));
    query.push(", (SELECT json_group_array(hex(id)) FROM (SELECT p.id FROM found AS p");
    push_cut(&mut query, search);
    query.push(")) AS page");
    if request.facets {
        push_facets(&mut query, &own, &names);
    }
    query
}

fn push_facets(query: &mut QueryBuilder<Sqlite>, own: &[OwnFilter<'_>], names: &[String]) {
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
    push_values(query, own, names);
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
(SELECT json_group_array(json_array(c.price, c.products))
   FROM (SELECT listed_variant_price AS price, count(*) AS products
           FROM found
          WHERE listed_variant_price = price_max
          GROUP BY listed_variant_price) AS c)";

// Plain text, for it may be long: a product's prices with commas between them.
const BY_PRICES: &str = "
(SELECT coalesce(group_concat((SELECT group_concat(DISTINCT v.price) FROM variants AS v WHERE v.product_id = f.id AND v.removed_at IS NULL), ';'), '')
   FROM found AS f
  WHERE f.listed_variant_price <> f.price_max)";

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
    use commerce_core::search::{AttributeFilter, Request};
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
            let search = Search::of(&mut conn, &request).await.unwrap();
            let mut both = Vec::new();
            for sets in [Sets::OfOne, Sets::Each] {
                let mut counts = counts_in(&mut conn, &search, sets).await.unwrap().unwrap();
                counts.in_one_order();
                both.push(counts);
            }
            assert!(both[0].counts[0] > 0);
            assert_eq!(both[0], both[1], "{request:?}");
        }
    }
}
