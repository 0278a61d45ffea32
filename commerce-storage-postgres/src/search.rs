//! The documents that are searched: written with their products, made anew when they are not of them as they are now.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use commerce_core::catalog::{Batch, Names, Product};
use commerce_core::search::{Analyzer, Completions, Document, Similar, StoredSettings, Typed};
use commerce_core::{CommitError, StoreError};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

use crate::catalog::shared;
use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::product::{ProductRow, whole_product};
use crate::row::Row;

/// The settings as one column, for a statement that needs them beside something else.
macro_rules! settings_column {
    () => {
        "(select json_build_object('version', s.version, 'indexed_as', s.indexed_as, 'settings', s.document)
          from search_settings s)"
    };
}
pub(crate) use settings_column;

pub(crate) const SETTINGS: &str = concat!("select ", settings_column!());

/// How the shop searches.
///
/// # Errors
/// When the database fails, or the row is no valid value of the domain.
pub async fn settings(conn: &mut PgConnection) -> Result<StoredSettings, StoreError> {
    let found: Option<Json<StoredSettings>> =
        sqlx::query_scalar(SETTINGS).fetch_one(conn).await.map_err(store_error)?;
    Ok(found.map(|Json(settings)| settings).unwrap_or_default())
}

pub(crate) const SET_SETTINGS: &str = "
insert into search_settings (id, version, indexed_as, document)
select 1, $1::bigint, $2::bigint, $3::jsonb
 where $1::bigint = 1 or exists (select 1 from search_settings)
on conflict (id) do update
   set version = excluded.version, indexed_as = excluded.indexed_as, document = excluded.document
 where search_settings.version = excluded.version - 1";

/// Puts settings in place of those of the version before; `false` when others are there.
///
/// # Errors
/// When the database fails.
pub async fn set_settings(conn: &mut PgConnection, settings: &StoredSettings) -> Result<bool, StoreError> {
    let StoredSettings { version, indexed_as, settings } = settings;
    let done = sqlx::query(SET_SETTINGS)
        .bind(*version as i64)
        .bind(*indexed_as as i64)
        .bind(Json(settings))
        .execute(conn)
        .await
        .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}

// One that is of a later version of the product stays.
pub(crate) const PUT_DOCUMENTS: &str = "
insert into search_documents (product_id, version, indexed_as, terms, typed, keys, facet_values)
select w.product_id, w.version, w.indexed_as, w.terms::tsvector, w.typed::tsvector,
       array(select json_array_elements_text(w.keys)), array(select json_array_elements_text(w.facet_values))
  from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::json[], $7::json[])
       as w (product_id, version, indexed_as, terms, typed, keys, facet_values)
 where (select held from guards)
on conflict (product_id) do update
   set version = excluded.version, indexed_as = excluded.indexed_as, terms = excluded.terms, typed = excluded.typed,
       keys = excluded.keys, facet_values = excluded.facet_values
 where search_documents.version <= excluded.version";

// In one order, so that two imports that bring the same words wait for one another and nothing worse.
pub(crate) const INSERT_WORDS: &str = "
insert into search_words (word)
select word from unnest($1::text[]) as w (word) where (select held from guards) order by word
on conflict do nothing";

/// Writes the documents of these products.
pub(crate) fn write(products: &[&Product], names: &Names<'_>, settings: &StoredSettings, fused: &mut Fused) {
    if products.is_empty() {
        return;
    }
    let analyzer = Analyzer::new(&settings.settings);
    let documents = column(products, |product| Document::of(product, names, &analyzer));
    let facet_values = |document: &Document| -> Vec<String> {
        document.values.iter().map(|(code, value)| format!("{code}\u{1f}{value}")).collect()
    };
    fused
        .write(PUT_DOCUMENTS)
        .bind(column(products, |product| product.id.0))
        .bind(column(products, |product| product.version as i64))
        .bind(column(products, |_| settings.indexed_as as i64))
        .bind(column(&documents, terms))
        .bind(column(&documents, typed))
        .bind(column(&documents, |document| Json(document.keys().collect::<Vec<_>>())))
        .bind(column(&documents, |document| Json(facet_values(document))));
    let words: BTreeSet<String> = documents.into_iter().flat_map(|document| document.vocabulary).collect();
    if !words.is_empty() {
        fused.write(INSERT_WORDS).bind(column(words, |word| word));
    }
}

/// What a term of a name begins with where it stands a second time, for an index of words does not know their weights.
pub(crate) const IN_NAME: char = '_';

/// The terms with their places and weights, as a `tsvector` is written. Terms are plain letters and digits.
fn terms(document: &Document) -> String {
    let Document { name, labels, attributes, description, typed: _, vocabulary: _, values: _ } = document;
    let mut text = String::new();
    let mut place = 0;
    for (weight, field) in [('A', name), ('B', labels), ('C', attributes), ('D', description)] {
        // A gap, so that no phrase reaches from one field into the next.
        place += 1;
        for term in field {
            place += 1;
            let _ = write!(text, "'{term}':{place}{weight} ");
            if weight == 'A' {
                let _ = write!(text, "'{IN_NAME}{term}':{place} ");
            }
        }
    }
    text
}

fn typed(document: &Document) -> String {
    document.typed.iter().map(|word| format!("'{word}' ")).collect()
}

pub(crate) const UNINDEXED: &str = "
select p.id
  from products p
  left join search_documents d on d.product_id = p.id
 where d.product_id is null or d.version <> p.version
       or d.indexed_as <> coalesce((select s.indexed_as from search_settings s), 0)
 limit $1";

/// Which products, up to so many, are not indexed as they are now.
///
/// # Errors
/// When the database fails.
pub async fn unindexed(conn: &mut PgConnection, limit: u32) -> Result<Vec<Uuid>, StoreError> {
    sqlx::query_scalar(UNINDEXED).bind(i64::from(limit)).fetch_all(conn).await.map_err(store_error)
}

pub(crate) const WHOLE: &str = concat!(
    "select coalesce(json_agg(",
    whole_product!(),
    "), '[]') from products p where p.id = any($1::uuid[])"
);

/// Makes the documents of these products anew, in the transaction of the caller.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn index(conn: &mut PgConnection, products: &[Uuid]) -> Result<(), CommitError> {
    let Json(rows): Json<Vec<ProductRow>> =
        sqlx::query_scalar(WHOLE).bind(products).fetch_one(&mut *conn).await.map_err(store_error)?;
    let mut products =
        rows.into_iter().map(ProductRow::read).collect::<Result<Vec<Product>, StoreError>>()?;
    // As a batch writes them.
    products.sort_unstable_by_key(|product| product.id);
    let products: Vec<&Product> = products.iter().collect();
    let shared = shared(conn, &Batch::default(), &products).await?;
    let mut fused = Fused::new();
    write(&products, &shared.names(&Batch::default()), &shared.settings, &mut fused);
    fused.run(conn).await
}

// Of a beginning that very many have, only so many are looked at, each by its key: a plan that reads every product for each
// of them is what a database without statistics may choose.
pub(crate) const COMPLETE: &str = "
select (select coalesce(json_agg(json_build_array(f.slug, f.name, f.image_url)), '[]')
          from (select p.slug, p.name, p.image_url
                  from (select product_id from search_documents where typed @@ $1::text::tsquery limit 2000) d,
               lateral (select * from products where id = d.product_id offset 0) p
                 where p.status = 'published' and p.deleted_at is null and p.listed_variant_price is not null
                 order by left(p.sort_name, length($2)) <> $2, p.sort_name, p.slug
                 limit $3) f) as products,
       (select coalesce(json_agg(json_build_array(f.slug, f.name)), '[]')
          from (select c.slug, c.name
                  from categories c
                 where c.deleted_at is null and strpos(' ' || c.name_folded, ' ' || $4) > 0
                 order by c.name_folded, c.path
                 limit $3) f) as categories";

type CompleteRow = (Json<Vec<(String, String, Option<String>)>>, Json<Vec<(String, String)>>);

/// What somebody who types may mean.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn complete(conn: &mut PgConnection, typed: &Typed) -> Result<Completions, StoreError> {
    let Typed { words, prefix, folded, limit } = typed;
    let begins: Vec<&str> = words.iter().chain([prefix]).map(String::as_str).collect();
    let all: Vec<String> = begins.iter().map(|word| format!("'{word}':*")).collect();
    let (Json(products), Json(categories)): CompleteRow = sqlx::query_as(COMPLETE)
        .bind(all.join(" & "))
        .bind(begins.join(" "))
        .bind(i64::from(*limit))
        .bind(folded)
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    Ok(Completions {
        products: products
            .into_iter()
            .map(|(slug, name, image)| Ok((Row::new("products", &slug).text("slug", &slug)?, name, image)))
            .collect::<Result<_, StoreError>>()?,
        categories: categories
            .into_iter()
            .map(|(slug, name)| Ok((Row::new("categories", &slug).text("slug", &slug)?, name)))
            .collect::<Result<_, StoreError>>()?,
    })
}

// `{` is the character after `z`.
pub(crate) const SIMILAR: &str = "
select q.word,
       array(select w.word from search_words w where w.word = q.word
             union
             select f.word
               from (select w.word
                       from search_words w
                      where w.word >= left(q.word, 1) and w.word < left(q.word, 1) || '{'
                        and length(w.word) between length(q.word) - 2 and length(q.word) + 2
                      limit 2000) f)
  from unnest($1::text[]) with ordinality as q (word, place)
 order by q.place";

/// Words that are written like these. `trigrams` is the schema of the extension `pg_trgm` where the shop has its index:
/// without it a mistyped first letter is not found, nor the beginning of a longer word.
///
/// # Errors
/// When the database fails.
pub async fn similar(
    conn: &mut PgConnection,
    words: &[String],
    trigrams: Option<&str>,
) -> Result<Vec<Similar>, StoreError> {
    let found: Vec<(String, Vec<String>)> = match trigrams {
        None => sqlx::query_as(SIMILAR).bind(words).fetch_all(conn).await,
        // Safe: the name was quoted by the database.
        Some(schema) => {
            sqlx::query_as(AssertSqlSafe(similar_by_trigrams(schema))).bind(words).fetch_all(conn).await
        }
    }
    .map_err(store_error)?;
    Ok(found.into_iter().map(|(word, candidates)| Similar { word, candidates }).collect())
}

/// The statement that also finds words that share most with another, three letters at a time.
fn similar_by_trigrams(schema: &str) -> String {
    let nearest = format!(
        "union
             select f.word
               from (select w.word
                       from search_words w
                      where w.word operator({schema}.%) q.word or q.word operator({schema}.<%) w.word
                      order by {schema}.similarity(w.word, q.word) desc, w.word
                      limit 100) f
             union"
    );
    SIMILAR.replacen("union", &nearest, 1)
}

const EXTENSION: &str = "create extension if not exists pg_trgm with schema public";

const EXTENSION_SCHEMA: &str = "
select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
 where e.extname = 'pg_trgm'";

const TRIGRAMS: &str = "
select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
 where e.extname = 'pg_trgm'
   and exists (select 1 from pg_indexes
                where schemaname = current_schema() and indexname = 'search_words_trigrams')";

/// Indexes words by three letters each, where the database has `pg_trgm` or lets it be made. Without it the search goes on.
pub(crate) async fn prepare_trigrams(pool: &PgPool) {
    // In `public`, for a database has it once and every shop in it.
    if let Err(error) = pool.execute(EXTENSION).await {
        tracing::debug!(%error, "pg_trgm cannot be made");
    }
    let schema: Result<Option<String>, _> = sqlx::query_scalar(EXTENSION_SCHEMA).fetch_optional(pool).await;
    let Ok(Some(schema)) = schema else {
        tracing::info!("without the extension pg_trgm fewer typing errors are forgiven");
        return;
    };
    // Safe: the name was quoted by the database.
    let index = AssertSqlSafe(format!(
        "create index if not exists search_words_trigrams on search_words using gin (word {schema}.gin_trgm_ops)"
    ));
    if let Err(error) = pool.execute(index).await {
        tracing::debug!(%error, "words are not indexed by their letters");
    }
}

/// The schema of `pg_trgm`, quoted, when the shop's words are indexed by it.
pub(crate) async fn trigrams(conn: &mut PgConnection) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar(TRIGRAMS).fetch_optional(conn).await.map_err(store_error)
}
