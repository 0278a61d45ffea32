//! Finding products: the page, the count and the facets, a statement for each.

use commerce_core::StoreError;
use commerce_core::catalog::{Page, ProductSummary, ROWS_MAX, SortBy};
use commerce_core::search::{
    AttributeFilter, Document, Found, Group, OwnFilter, Phrase, Query, Request, StoredSettings,
};
use sqlx::sqlite::SqliteConnection;
use sqlx::types::Json;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use crate::listing::{SUMMARIES, Way, push_conditions, summary};
use crate::row::signed;
use crate::search::settings;
use crate::search_count;
use crate::trouble::trouble;

/// Finds products, inside the caller's transaction.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn find(conn: &mut SqliteConnection, request: &Request) -> Result<Found, StoreError> {
    let StoredSettings { version: settings_version, .. } = settings(conn).await?;
    let unknown_attributes = unknown(conn, &request.attributes).await?;
    let search = Search::of(conn, request).await?;
    let mut counts = search_count::counts(conn, &search).await?;
    let count =
        counts.counts.first().copied().and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
    let ids: Vec<Uuid> = match count > ROWS_MAX && !search.is_ranked() {
        true => page(&search).build_query_scalar().fetch_all(&mut *conn).await.map_err(trouble)?,
        false => std::mem::take(&mut counts.page),
    };
    let mut rows = summaries(conn, &ids).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id.0));
    let page = Page { rows, count: count.min(ROWS_MAX), count_is_exact: count <= ROWS_MAX };
    let facets =
        if request.facets { Some(search_count::counted(conn, counts).await?.facets()) } else { None };
    Ok(Found { page, facets, unknown_attributes, settings_version })
}

/// A search, with what is known before a product is looked at.
pub(crate) struct Search<'r> {
    pub(crate) request: &'r Request,
    text: Text,
}

/// What is looked for in the terms.
enum Text {
    /// Everything.
    Any,
    /// Nothing: there was a query, of no words.
    Nothing,
    /// This, in the language of FTS5.
    Matching { text: String, is_crowded: bool },
}

impl<'r> Search<'r> {
    pub(crate) async fn of(conn: &mut SqliteConnection, request: &'r Request) -> Result<Self, StoreError> {
        let text = match request.query.as_ref().map(matching) {
            None => Text::Any,
            Some(None) => Text::Nothing,
            Some(Some(text)) => {
                let crowded = sqlx::query_scalar(CROWDED).bind(&text).bind(signed(ROWS_MAX));
                let is_crowded = crowded.fetch_one(conn).await.map_err(trouble)?;
                Text::Matching { text, is_crowded }
            }
        };
        Ok(Self { request, text })
    }

    /// Whether what meets the query best comes first.
    fn is_ranked(&self) -> bool {
        self.request.by_relevance && matches!(self.text, Text::Matching { .. })
    }

    /// Whether more documents match than products are counted.
    pub(crate) fn is_crowded(&self) -> bool {
        matches!(self.text, Text::Matching { is_crowded: true, .. })
    }
}

const CROWDED: &str = "
SELECT count(*) > ?2 FROM (SELECT 1 FROM search_terms WHERE search_terms MATCH ?1 LIMIT ?2 + 1)
";

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
    query
        .push("products AS p WHERE p.id IN (SELECT unhex(value, '-') FROM json_each(")
        .push_bind(Json(ids.to_vec()))
        .push(")))");
    let rows = query.build().fetch_all(conn).await.map_err(trouble)?;
    rows.iter().map(summary).collect()
}

/// The page when more is found than is counted: in the order of an index, or of all that is found.
fn page(search: &Search<'_>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT p.id");
    push_found(&mut query, search, &[], Way::to(&search.request.filter, ROWS_MAX + 1));
    push_cut(&mut query, search);
    query
}

/// Puts the products `p` in order, and cuts the page out of them.
pub(crate) fn push_cut(query: &mut QueryBuilder<Sqlite>, search: &Search<'_>) {
    let filter = &search.request.filter;
    query.push(" ORDER BY ").push(match filter.sort_by {
        _ if search.is_ranked() => "p.rank, p.created_at DESC, p.id DESC",
        SortBy::Newest => "p.created_at DESC, p.id DESC",
        SortBy::PriceAsc => "p.listed_variant_price, p.id DESC",
        SortBy::PriceDesc => "p.listed_variant_price DESC, p.id DESC",
        SortBy::Name => "p.sort_name, p.id DESC",
        SortBy::BestSelling => "p.sold DESC, p.id DESC",
        SortBy::Rating => "p.rating_average DESC, p.rating_count DESC, p.id DESC",
    });
    let reachable = ROWS_MAX.saturating_sub(filter.offset());
    query.push(" LIMIT ").push_bind(signed(reachable.min(u64::from(filter.page_size))));
    query.push(" OFFSET ").push_bind(signed(filter.offset().min(ROWS_MAX)));
}

// Words in names weigh most. What is better is less.
macro_rules! rank {
    () => {
        "bm25(search_terms, 10, 4, 2, 1, 0) AS rank"
    };
}
const RANK: &str = rank!();
const RANKED: &str = concat!(", p.created_at, ", rank!());

/// The set that is found, or `base` of it, no larger than is counted: with what puts it in order, and with whether each product
/// meets its own filters `own`.
pub(crate) fn push_found_set(query: &mut QueryBuilder<Sqlite>, search: &Search<'_>, own: &[OwnFilter<'_>]) {
    query.push(" AS MATERIALIZED (SELECT p.id, p.listed_variant_price").push(
        match search.request.filter.sort_by {
            _ if search.is_ranked() && search.is_crowded() => ", p.created_at, matched.rank",
            _ if search.is_ranked() => RANKED,
            SortBy::Newest => ", p.created_at",
            SortBy::PriceAsc | SortBy::PriceDesc => "",
            SortBy::Name => ", p.sort_name",
            SortBy::BestSelling => ", p.sold",
            SortBy::Rating => ", p.rating_average, p.rating_count",
        },
    );
    if search.request.facets {
        query.push(FACETED);
    }
    for (number, facet) in own.iter().enumerate() {
        query.push(", (");
        push_own(query, search.request, *facet);
        query.push(format!(") AS meets_{number}"));
    }
    push_found(query, search, own, Way::Any);
    push_end(query);
}

/// The set that is found without these filters, no larger than is counted.
pub(crate) fn push_wider_set(
    query: &mut QueryBuilder<Sqlite>,
    search: &Search<'_>,
    without: &[OwnFilter<'_>],
) {
    query.push(" AS MATERIALIZED (SELECT p.id, p.listed_variant_price").push(FACETED);
    push_found(query, search, without, Way::Any);
    push_end(query);
}

fn push_end(query: &mut QueryBuilder<Sqlite>) {
    query.push(" LIMIT ").push_bind(signed(ROWS_MAX + 1)).push(")");
}

const FACETED: &str = ", p.category_id, p.brand_id, p.price_max, d.facet_values";

/// From what, and under which conditions.
fn push_found(query: &mut QueryBuilder<Sqlite>, search: &Search<'_>, without: &[OwnFilter<'_>], way: Way) {
    query.push(" FROM ");
    let mut matches = None;
    match &search.text {
        Text::Matching { text, is_crowded: true } if search.is_ranked() => push_best(query, text),
        Text::Matching { text, .. } => {
            matches = Some(text);
            query.push("products AS p JOIN search_documents AS d ON d.product_id = p.id JOIN search_terms ON search_terms.rowid = d.id");
        }
        Text::Any | Text::Nothing => {
            query.push(way.products()).push(" JOIN search_documents AS d ON d.product_id = p.id");
        }
    }
    query.push(" WHERE ");
    let (filter, attributes) = search.request.filters_without(without);
    push_conditions(query, &filter, way);
    if let Some(text) = matches {
        query.push(" AND search_terms MATCH ").push_bind(text.clone());
    }
    if matches!(search.text, Text::Nothing) {
        query.push(" AND false");
    }
    for filter in attributes {
        query.push(" AND ");
        push_attribute(query, filter);
    }
}

/// Where more match than are counted, those whose names match come first, and then the latest: only so many are ranked.
///
/// A limit that is none keeps the order, which a part of another statement would lose without it.
fn push_best(query: &mut QueryBuilder<Sqlite>, text: &str) {
    query.push("(");
    for (place, how) in ["AND", "NOT"].into_iter().enumerate() {
        query.push(if place == 0 { "" } else { " UNION ALL " });
        query.push(format!(
            "SELECT * FROM (SELECT rowid AS document, {RANK} FROM search_terms WHERE search_terms MATCH "
        ));
        query.push_bind(format!("({text}) {how} {{name}} : ({text})")).push(" ORDER BY rowid DESC LIMIT -1)");
    }
    query.push(") AS matched CROSS JOIN search_documents AS d ON d.id = matched.document");
    query.push(" CROSS JOIN products AS p ON p.id = d.product_id");
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
        listed => push_conditions(query, &listed.alone(&request.filter), Way::Any),
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

#[cfg(test)]
mod tests {
    use commerce_core::Store;
    use commerce_core::catalog::{ImportKeys, ProductFilter};
    use commerce_core::search::{Analyzer, Settings};
    use commerce_core::testkit::{batch, ids, item};

    use super::*;
    use crate::SqliteStore;

    /// Where very many match, names are looked at first; what is found and counted stays the same.
    #[tokio::test]
    async fn a_crowd_is_found_as_a_few_are() {
        let store = SqliteStore::in_memory().await.unwrap();
        let items: Vec<_> = (0..24)
            .map(|number: usize| {
                let item = item(&format!("p{number}")).brand(["Acme", "Lantern makers"][number % 2]);
                item.name(["Brass lantern", "Lamp", "Lantern of brass, small"][number % 3])
                    .description("<p>A lantern, or a lamp.</p>")
                    .price(&(number + 1).to_string())
            })
            .collect();
        let seen = store.import_view(&ImportKeys::default()).await.unwrap();
        store.import(&batch(&items, &seen, &mut ids(seen.now))).await.unwrap();
        let mut conn = store.reader().await.unwrap();
        let analyzer = Analyzer::new(&Settings::default());
        for words in
            ["lantern", "brass lantern", "\"brass lantern\"", "lamp or brass", "lantern -small", "-small"]
        {
            for brand in [None, Some("acme".parse().unwrap())] {
                let request = Request {
                    query: Some(Query::parse(words, &analyzer)),
                    filter: ProductFilter { brand, page_size: 24, ..ProductFilter::default() },
                    by_relevance: true,
                    facets: true,
                    ..Request::default()
                };
                let mut search = Search::of(&mut conn, &request).await.unwrap();
                let mut few = search_count::counts(&mut conn, &search).await.unwrap();
                let Text::Matching { is_crowded, .. } = &mut search.text else { panic!("{words} are words") };
                assert!(!std::mem::replace(is_crowded, true), "24 are few");
                let mut crowd = search_count::counts(&mut conn, &search).await.unwrap();
                assert_eq!(few.page.len() as i64, few.counts[0], "{words}");
                for counts in [&mut few, &mut crowd] {
                    counts.page.sort();
                    counts.in_one_order();
                }
                assert_eq!(few, crowd, "{words}");
            }
        }
    }
}
