//! The documents that are searched: written with their products, made anew when they are not of them as they are now.
//!
//! A document is written with its product. Prices and stock are read where they are, so a sale writes nothing here.

use commerce_core::catalog::{Names, Product};
use commerce_core::search::{Analyzer, Completions, Document, Similar, StoredSettings, Typed};
use commerce_core::{CommitError, ProductId, StoreError};
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;
use uuid::Uuid;

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
