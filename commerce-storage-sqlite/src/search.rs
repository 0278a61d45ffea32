//! The search: documents beside products, and what is found by them.
//!
//! A document is written with its product. Prices and stock are read where they are, so a sale writes nothing here.

use commerce_core::catalog::{Names, Page, Product, ProductFilter, ProductSummary, ROWS_MAX, Slug, SortBy};
use commerce_core::search::{
    Analyzer, AttributeFilter, Completions, Counted, Document, Found, Group, Phrase, Query, Request, Similar,
    StoredSettings, Typed,
};
use commerce_core::{CategoryId, CommitError, ProductId, StoreError};
use serde::Serialize;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use crate::listing::{SUMMARIES, push_conditions, summary};
use crate::product;
use crate::row::{Fields, signed};
use crate::trouble::trouble;

/// Reads how the shop searches.
///
/// # Errors
/// When the database fails or the row is no valid value.
pub async fn settings(conn: &mut SqliteConnection) -> Result<StoredSettings, StoreError> {
    let row = sqlx::query(SETTINGS).fetch_optional(conn).await.map_err(trouble)?;
    let Some(row) = row else { return Ok(StoredSettings::default()) };
    let fields = Fields::new("search_settings", "version", &row);
    Ok(StoredSettings {
        version: fields.count("version")?,
        indexed_as: fields.count("indexed_as")?,
        settings: fields.json("document")?,
    })
}

const SETTINGS: &str = "
SELECT version, indexed_as, document FROM search_settings
";

/// Puts settings in place of those of the version before; when others are there, nothing changes.
///
/// # Errors
/// When the database fails.
pub async fn set_settings(conn: &mut SqliteConnection, settings: &StoredSettings) -> Result<(), StoreError> {
    let StoredSettings { version, indexed_as, settings } = settings;
    let query =
        sqlx::query(SET_SETTINGS).bind(signed(*version)).bind(signed(*indexed_as)).bind(Json(settings));
    query.execute(conn).await.map(drop).map_err(trouble)
}

const SET_SETTINGS: &str = "
INSERT INTO search_settings (id, version, indexed_as, document)
SELECT 1, ?1, ?2, ?3
 WHERE ?1 = 1 OR EXISTS (SELECT 1 FROM search_settings)
    ON CONFLICT (id) DO UPDATE
   SET version = excluded.version, indexed_as = excluded.indexed_as, document = excluded.document
 WHERE version = excluded.version - 1
";

/// A document as the statements below read it.
#[derive(Serialize)]
struct DocumentRow {
    product: ProductId,
    version: u64,
    name: String,
    labels: String,
    attributes: String,
    description: String,
    typed: String,
    values: Vec<String>,
    keys: Vec<String>,
}

impl DocumentRow {
    fn new(product: &Product, document: &Document) -> Self {
        let keys = document.keys().collect();
        let Document { name, labels, attributes, description, typed, vocabulary: _, values } = document;
        Self {
            product: product.id,
            version: product.version,
            name: name.join(" "),
            labels: labels.join(" "),
            attributes: attributes.join(" "),
            description: description.join(" "),
            typed: typed.join(" "),
            values: values.iter().map(|(code, value)| format!("{code}\u{1f}{value}")).collect(),
            keys,
        }
    }
}

/// Writes the documents of products that were just written, in the transaction of the caller: as many statements for one
/// as for many.
pub(crate) async fn write(
    conn: &mut SqliteConnection,
    products: &[&Product],
    names: &Names<'_>,
) -> Result<(), CommitError> {
    if products.is_empty() {
        return Ok(());
    }
    let StoredSettings { indexed_as, settings, .. } = settings(conn).await?;
    let analyzer = Analyzer::new(&settings);
    let mut vocabulary = std::collections::BTreeSet::new();
    let mut rows = Vec::with_capacity(products.len());
    for product in products {
        let document = Document::of(product, names, &analyzer);
        rows.push(DocumentRow::new(product, &document));
        vocabulary.extend(document.vocabulary);
    }
    let rows = Json(rows);
    let run = async |conn: &mut SqliteConnection, sql: &'static str| {
        sqlx::query(sql).bind(&rows).execute(conn).await.map(drop).map_err(trouble)
    };
    sqlx::query(PUT_DOCUMENTS)
        .bind(&rows)
        .bind(signed(indexed_as))
        .execute(&mut *conn)
        .await
        .map_err(trouble)?;
    for sql in [DELETE_TERMS, DELETE_TYPED, DELETE_VALUES, INSERT_TERMS, INSERT_TYPED, INSERT_VALUES] {
        run(&mut *conn, sql).await?;
    }
    let new: Vec<(i64, String)> =
        sqlx::query_as(INSERT_WORDS).bind(Json(&vocabulary)).fetch_all(&mut *conn).await.map_err(trouble)?;
    if !new.is_empty() {
        sqlx::query(INSERT_SPELLINGS).bind(Json(&new)).execute(conn).await.map_err(trouble)?;
    }
    Ok(())
}

const PUT_DOCUMENTS: &str = "
INSERT INTO search_documents (product_id, version, indexed_as, facet_values)
SELECT unhex(value ->> '$.product', '-'), value ->> '$.version', ?2, value -> '$.values'
  FROM json_each(?1)
 WHERE true
    ON CONFLICT (product_id) DO UPDATE
   SET version = excluded.version, indexed_as = excluded.indexed_as, facet_values = excluded.facet_values
";

const DELETE_TERMS: &str = "
DELETE FROM search_terms
 WHERE rowid IN (SELECT d.id
                   FROM json_each(?1) AS w
                   JOIN search_documents AS d ON d.product_id = unhex(w.value ->> '$.product', '-'))
";

const DELETE_TYPED: &str = "
DELETE FROM search_typed
 WHERE rowid IN (SELECT d.id
                   FROM json_each(?1) AS w
                   JOIN search_documents AS d ON d.product_id = unhex(w.value ->> '$.product', '-'))
";

const DELETE_VALUES: &str = "
DELETE FROM search_values
 WHERE document IN (SELECT d.id
                      FROM json_each(?1) AS w
                      JOIN search_documents AS d ON d.product_id = unhex(w.value ->> '$.product', '-'))
";

const INSERT_TERMS: &str = "
INSERT INTO search_terms (rowid, name, labels, attributes, description, every)
SELECT d.id, w.value ->> '$.name', w.value ->> '$.labels', w.value ->> '$.attributes', w.value ->> '$.description', '_'
  FROM json_each(?1) AS w
  JOIN search_documents AS d ON d.product_id = unhex(w.value ->> '$.product', '-')
";

const INSERT_TYPED: &str = "
INSERT INTO search_typed (rowid, words)
SELECT d.id, w.value ->> '$.typed'
  FROM json_each(?1) AS w
  JOIN search_documents AS d ON d.product_id = unhex(w.value ->> '$.product', '-')
";

const INSERT_VALUES: &str = "
INSERT INTO search_values (key, document)
SELECT k.value, d.id
  FROM json_each(?1) AS w
  JOIN search_documents AS d ON d.product_id = unhex(w.value ->> '$.product', '-')
  JOIN json_each(w.value, '$.keys') AS k
";

const INSERT_WORDS: &str = "
INSERT INTO search_words (word) SELECT value FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING RETURNING id, word
";

const INSERT_SPELLINGS: &str = "
INSERT INTO search_spellings (rowid, word) SELECT value ->> 0, value ->> 1 FROM json_each(?1)
";

/// Which products, up to so many, are not indexed as they are now.
///
/// # Errors
/// When the database fails.
pub async fn unindexed(conn: &mut SqliteConnection, limit: u32) -> Result<Vec<Uuid>, StoreError> {
    sqlx::query_scalar(UNINDEXED).bind(limit).fetch_all(conn).await.map_err(trouble)
}

const UNINDEXED: &str = "
SELECT p.id
  FROM products AS p
  LEFT JOIN search_documents AS d ON d.product_id = p.id
 WHERE d.id IS NULL OR d.version <> p.version
       OR d.indexed_as <> coalesce((SELECT s.indexed_as FROM search_settings AS s), 0)
 LIMIT ?1
";

/// Makes the documents of these products anew, in the transaction of the caller.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn index(conn: &mut SqliteConnection, products: Vec<Uuid>) -> Result<(), CommitError> {
    let products = product::products(conn, products).await?;
    let products: Vec<&Product> = products.iter().collect();
    let shared = product::shared(conn, &products).await?;
    write(conn, &products, &shared.names()).await
}

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

/// What is left out of the conditions: the facet's own filter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Without<'r> {
    Nothing,
    Category,
    Brand,
    Price,
    Attribute(&'r str),
}

fn count(request: &Request) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
    push_found(&mut query, request, Without::Nothing);
    query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
    query
}

fn page(request: &Request) -> QueryBuilder<Sqlite> {
    let filter = &request.filter;
    let reachable = ROWS_MAX.saturating_sub(filter.offset());
    let mut query = QueryBuilder::new("SELECT p.id");
    push_found(&mut query, request, Without::Nothing);
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
    });
    query.push(" LIMIT ").push_bind(signed(reachable.min(u64::from(filter.page_size))));
    query.push(" OFFSET ").push_bind(signed(filter.offset().min(ROWS_MAX)));
    query
}

/// From what, and under which conditions.
fn push_found(query: &mut QueryBuilder<Sqlite>, request: &Request, without: Without<'_>) {
    let Request { query: asked, text: _, filter, attributes, by_relevance: _, facets: _ } = request;
    query.push(" FROM products AS p JOIN search_documents AS d ON d.product_id = p.id");
    if asked.is_some() {
        query.push(" JOIN search_terms ON search_terms.rowid = d.id");
    }
    query.push(" WHERE ");
    let mut filter: ProductFilter = filter.clone();
    match without {
        Without::Category => filter.category = None,
        Without::Brand => filter.brand = None,
        Without::Price => (filter.min_price, filter.max_price) = (None, None),
        Without::Nothing | Without::Attribute(_) => {}
    }
    push_conditions(query, &filter);
    match asked.as_ref().map(matching) {
        Some(Some(text)) => drop(query.push(" AND search_terms MATCH ").push_bind(text)),
        Some(None) => drop(query.push(" AND false")),
        None => {}
    }
    for AttributeFilter { code, values } in attributes {
        if without != Without::Attribute(code) {
            let keys: Vec<String> = values.iter().map(|value| Document::key(code, value)).collect();
            query.push(
                " AND d.id IN (SELECT document FROM search_values WHERE key IN (SELECT value FROM json_each(",
            );
            query.push_bind(Json(keys)).push(")))");
        }
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

/// Counts what is found, and what each facet would find without its own filter.
async fn counted(conn: &mut SqliteConnection, request: &Request) -> Result<(i64, Counted), StoreError> {
    let filter = &request.filter;
    let mut own = Vec::new();
    if filter.category.is_some() {
        own.push(Without::Category);
    }
    if filter.brand.is_some() {
        own.push(Without::Brand);
    }
    if filter.min_price.is_some() || filter.max_price.is_some() {
        own.push(Without::Price);
    }
    own.extend(request.attributes.iter().map(|filter| Without::Attribute(&filter.code)));

    let mut all = Counts::of(conn, request, Without::Nothing, &own).await?;
    let count = all.count;
    let mut exact = signed(ROWS_MAX) >= count;
    for without in own {
        let counts = Counts::of(conn, request, without, &[]).await?;
        exact &= counts.count <= signed(ROWS_MAX);
        match without {
            Without::Nothing => {}
            Without::Category => all.categories = counts.categories,
            Without::Brand => all.brands = counts.brands,
            Without::Price => (all.prices, all.spans) = (counts.prices, counts.spans),
            Without::Attribute(_) => all.values.extend(counts.values),
        }
    }
    let Counts { count: _, categories, brands, prices, spans, values } = all;
    let tree = match categories.is_empty() {
        true => Vec::new(),
        false => {
            let ids = categories.iter().map(|(id, _)| CategoryId(*id)).collect();
            product::categories(conn, Some(&ids)).await?
        }
    };
    let values: Vec<(String, String, u64)> = values
        .into_iter()
        .filter_map(|(value, count)| {
            let (code, value) = value.split_once('\u{1f}')?;
            Some((code.to_owned(), value.to_owned(), count))
        })
        .collect();
    let codes: std::collections::BTreeSet<&str> = values.iter().map(|(code, ..)| code.as_str()).collect();
    let attributes = product::attributes_by_code(conn, &codes).await?;
    let one_price = prices.into_iter().map(|(price, count)| (vec![price], count));
    let several = spans.into_iter().map(|prices| (prices, 1));
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
    Ok((count, counted))
}

fn parsed(slug: &str) -> Result<Slug, StoreError> {
    slug.parse().map_err(|error| StoreError::invalid_row("brands", "slug", slug, error))
}

/// What one set of products has.
#[derive(Default)]
struct Counts {
    count: i64,
    categories: Vec<(Uuid, u64)>,
    brands: Vec<(String, String, u64)>,
    /// Products whose variants all cost the same, by that price.
    prices: Vec<(i64, u64)>,
    /// The prices of each other product.
    spans: Vec<Vec<i64>>,
    values: Vec<(String, u64)>,
}

impl Counts {
    /// Counts for the facet whose filter is left out; without nothing, for all facets but the `others`.
    async fn of(
        conn: &mut SqliteConnection,
        request: &Request,
        without: Without<'_>,
        others: &[Without<'_>],
    ) -> Result<Self, StoreError> {
        let mut query = QueryBuilder::new(
            "WITH found AS MATERIALIZED (SELECT p.id, p.category_id, p.brand_id, p.listed_variant_price AS low, \
             p.price_max AS high, d.facet_values",
        );
        push_found(&mut query, request, without);
        query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1));
        query.push(") SELECT (SELECT count(*) FROM found) AS count");
        let wanted = |facet: Without<'_>| match without {
            Without::Nothing => !others.contains(&facet),
            own => own == facet,
        };
        let mut facet = |facet, sql: &'static str, name: &str| {
            query.push(", ").push(if wanted(facet) { sql } else { "NULL" }).push(" AS ").push(name);
        };
        facet(Without::Category, BY_CATEGORY, "categories");
        facet(Without::Brand, BY_BRAND, "brands");
        facet(Without::Price, BY_PRICE, "prices");
        facet(Without::Price, BY_PRICES, "spans");
        match without {
            Without::Nothing => {
                let counted_elsewhere: Vec<&str> = others
                    .iter()
                    .filter_map(|other| match other {
                        Without::Attribute(code) => Some(*code),
                        _ => None,
                    })
                    .collect();
                query.push(BY_VALUE).push("NOT IN (SELECT value FROM json_each(");
                query.push_bind(Json(counted_elsewhere)).push("))").push(VALUES_END);
            }
            Without::Attribute(code) => {
                query.push(BY_VALUE).push("= ").push_bind(code.to_owned()).push(VALUES_END);
            }
            Without::Category | Without::Brand | Without::Price => drop(query.push(", NULL")),
        }
        query.push(" AS facet_values");
        let row: SqliteRow = query.build().fetch_one(conn).await.map_err(trouble)?;
        let fields = Fields::new("search_documents", "count", &row);
        Ok(Self {
            count: fields.get("count")?,
            categories: fields.json_if("categories")?.unwrap_or_default(),
            brands: fields.json_if("brands")?.unwrap_or_default(),
            prices: fields.json_if("prices")?.unwrap_or_default(),
            spans: spans(&fields)?,
            values: fields.json_if("facet_values")?.unwrap_or_default(),
        })
    }
}

/// The prices of each product whose variants do not all cost the same.
fn spans(fields: &Fields<'_>) -> Result<Vec<Vec<i64>>, StoreError> {
    let text: Option<&str> = fields.get("spans")?;
    let products = text.into_iter().flat_map(|text| text.split(';')).filter(|prices| !prices.is_empty());
    let price = |text: &str| text.parse().map_err(|error| fields.invalid("spans", error));
    products.map(|prices| prices.split(',').map(price).collect()).collect()
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
(SELECT coalesce(group_concat((SELECT group_concat(DISTINCT v.price) FROM variants AS v WHERE v.product_id = f.id), ';'), '')
   FROM found AS f
  WHERE f.low <> f.high)";

// Many products have the same values in all, so these are taken apart once.
const BY_VALUE: &str = ",
(SELECT json_group_array(json_array(c.value, c.products))
   FROM (SELECT v.value, sum(f.products) AS products
           FROM (SELECT facet_values, count(*) AS products FROM found GROUP BY facet_values) AS f,
                json_each(f.facet_values) AS v
          GROUP BY v.value) AS c
  WHERE substr(c.value, 1, instr(c.value, char(31)) - 1) ";

const VALUES_END: &str = ")";

/// What somebody who types may mean.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn complete(conn: &mut SqliteConnection, typed: &Typed) -> Result<Completions, StoreError> {
    let Typed { words, prefix, folded, limit } = typed;
    let begins: Vec<&str> = words.iter().chain([prefix]).map(String::as_str).collect();
    let all: Vec<String> = begins.iter().map(|word| format!("\"{word}\"*")).collect();
    let rows = sqlx::query(COMPLETE)
        .bind(all.join(" AND "))
        .bind(begins.join(" "))
        .bind(limit)
        .fetch_all(&mut *conn)
        .await
        .map_err(trouble)?;
    let products = rows.iter().map(|row| {
        let fields = Fields::new("products", "slug", row);
        Ok((fields.parse("slug")?, fields.get("name")?, fields.get("image_url")?))
    });
    let products = products.collect::<Result<_, StoreError>>()?;
    let rows =
        sqlx::query(COMPLETE_CATEGORIES).bind(folded).bind(limit).fetch_all(conn).await.map_err(trouble)?;
    let categories = rows.iter().map(|row| {
        let fields = Fields::new("categories", "slug", row);
        Ok((fields.parse("slug")?, fields.get("name")?))
    });
    Ok(Completions { products, categories: categories.collect::<Result<_, StoreError>>()? })
}

// Of a beginning that very many have, only so many are looked at.
const COMPLETE: &str = "
SELECT p.slug, p.name, p.image_url
  FROM (SELECT rowid AS id FROM search_typed WHERE search_typed MATCH ?1 LIMIT 2000) AS t
  JOIN search_documents AS d ON d.id = t.id
  JOIN products AS p ON p.id = d.product_id
 WHERE p.status = 'published' AND p.deleted_at IS NULL AND p.listed_variant_price IS NOT NULL
 ORDER BY substr(p.sort_name, 1, length(?2)) <> ?2, p.sort_name, p.slug
 LIMIT ?3
";

const COMPLETE_CATEGORIES: &str = "
SELECT slug, name
  FROM categories
 WHERE deleted_at IS NULL AND instr(' ' || name_folded, ' ' || ?1) > 0
 ORDER BY name_folded, path
 LIMIT ?2
";

/// Words that are written like these.
///
/// # Errors
/// When the database fails.
pub async fn similar(conn: &mut SqliteConnection, words: &[String]) -> Result<Vec<Similar>, StoreError> {
    let mut found = Vec::with_capacity(words.len());
    for word in words {
        let thirds = (0..word.len().saturating_sub(2)).filter_map(|at| word.get(at..at + 3));
        let mut thirds: Vec<String> = thirds.map(|third| format!("\"{third}\"")).collect();
        if thirds.is_empty() {
            thirds.push("\"___\"".to_owned());
        }
        let candidates = sqlx::query_scalar(SIMILAR)
            .bind(word)
            .bind(thirds.join(" OR "))
            .fetch_all(&mut *conn)
            .await
            .map_err(trouble)?;
        found.push(Similar { word: word.clone(), candidates });
    }
    Ok(found)
}

// The word itself; those that share most with it, three letters at a time; those of the same beginning and about its length.
// `{` is the character after `z`.
const SIMILAR: &str = "
SELECT word FROM search_words WHERE word = ?1
 UNION
SELECT word FROM (SELECT word FROM search_spellings WHERE search_spellings MATCH ?2 ORDER BY rank LIMIT 100)
 UNION
SELECT word
  FROM (SELECT word
          FROM search_words
         WHERE word >= substr(?1, 1, 1) AND word < substr(?1, 1, 1) || '{'
           AND length(word) BETWEEN length(?1) - 2 AND length(?1) + 2
         LIMIT 2000)
";
