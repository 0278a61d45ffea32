//! Finding products: the page, the count and the facets in one statement.

use commerce_core::catalog::{Page, ROWS_MAX, SortBy};
use commerce_core::search::{
    Alternative, AttributeFilter, Counted, Document, Found, Group, OwnFilter, Phrase, Query, Request,
};
use commerce_core::{CategoryId, StoreError};
use serde::Deserialize;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error::store_error;
use crate::listing::{JOINED, PAGE, SummaryRow, push_conditions};
use crate::product::{AttributeRow, CategoryRow};
use crate::row::Row;
use crate::search::IN_NAME;

type FoundRow = (i64, i64, Vec<String>, Json<Vec<SummaryRow>>, Option<Json<CountedRow>>);

/// What was counted, as the statement puts it together.
#[derive(Deserialize)]
struct CountedRow {
    /// Whether the one set from which the others were taken was cut off, so that nothing was counted right.
    beyond: bool,
    counts: Vec<i64>,
    categories: Vec<(Uuid, u64)>,
    tree: Vec<CategoryRow>,
    brands: Vec<(String, String, u64)>,
    prices: Vec<(i64, u64)>,
    spans: Vec<Vec<i64>>,
    facet_values: Vec<(String, u64)>,
    attributes: Vec<AttributeRow>,
}

impl CountedRow {
    fn read(self) -> Result<Counted, StoreError> {
        let Self { beyond: _, counts, categories, tree, brands, prices, spans, facet_values, attributes } =
            self;
        let one_price = prices.into_iter().map(|(price, count)| (vec![price], count));
        let several = spans.into_iter().map(|prices| (prices, 1));
        let value = |(value, count): (String, u64)| {
            let (code, value) = value.split_once('\u{1f}')?;
            Some((code.to_owned(), value.to_owned(), count))
        };
        Ok(Counted {
            prices: one_price.chain(several).collect(),
            categories: categories.into_iter().map(|(id, count)| (CategoryId(id), count)).collect(),
            tree: tree.into_iter().map(CategoryRow::read).collect::<Result<_, _>>()?,
            brands: brands
                .into_iter()
                .map(|(slug, name, count)| Ok((Row::new("brands", &slug).text("slug", &slug)?, name, count)))
                .collect::<Result<_, StoreError>>()?,
            values: facet_values.into_iter().filter_map(value).collect(),
            attributes: attributes.into_iter().map(AttributeRow::read).collect::<Result<_, _>>()?,
            exact: counts.into_iter().all(|count| count <= ROWS_MAX as i64),
        })
    }
}

/// Finds products.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn find(conn: &mut PgConnection, request: &Request) -> Result<Found, StoreError> {
    let (found, beyond) = find_in(conn, request, Sets::OfOne).await?;
    if beyond { Ok(find_in(conn, request, Sets::Each).await?.0) } else { Ok(found) }
}

/// What is found, and whether the one set was too large to count in it.
pub(crate) async fn find_in(
    conn: &mut PgConnection,
    request: &Request,
    sets: Sets,
) -> Result<(Found, bool), StoreError> {
    let (count, settings_version, unknown_attributes, Json(rows), counted): FoundRow =
        statement(request, sets).build_query_as().fetch_one(conn).await.map_err(store_error)?;
    let count = u64::try_from(count).unwrap_or_default();
    let beyond = counted.as_ref().is_some_and(|Json(counted)| counted.beyond);
    let found = Found {
        page: Page {
            rows: rows.into_iter().map(SummaryRow::read).collect::<Result<_, _>>()?,
            count: count.min(ROWS_MAX),
            count_is_exact: count <= ROWS_MAX,
        },
        facets: counted.map(|Json(counted)| counted.read()).transpose()?.map(Counted::facets),
        unknown_attributes,
        settings_version: u64::try_from(settings_version).unwrap_or_default(),
    };
    Ok((found, beyond))
}

/// How the sets are found in which facets are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sets {
    /// All of them in one that no facet's own filter narrows: right unless that one is too large to be counted whole.
    OfOne,
    /// Each by itself.
    Each,
}

/// How well products meet the query, when what meets it best comes first.
struct Ranks {
    /// The query, as a `tsquery`.
    text: String,
    /// The same of names alone, where anything is wanted: who meets it is looked at first, for no more is ranked than is counted.
    of_names: Option<String>,
}

impl Ranks {
    fn of(request: &Request) -> Option<Self> {
        let query = request.query.as_ref().filter(|_| request.by_relevance)?;
        Some(Self { text: matching(query)?, of_names: matching_names(query) })
    }
}

/// The statement of a search: only what is asked for is in it.
fn statement(request: &Request, sets: Sets) -> QueryBuilder<Postgres> {
    let own = if request.facets { request.own_filters() } else { Vec::new() };
    let ranks = Ranks::of(request);
    let mut statement = QueryBuilder::new("with recursive ");
    if request.facets {
        let own_sets = if own.is_empty() { Sets::Each } else { sets };
        match own_sets {
            Sets::OfOne => push_sets_of_one(&mut statement, request, ranks.as_ref(), &own),
            Sets::Each => {
                push_set(&mut statement, request, ranks.as_ref(), "found", &[]);
                for (number, without) in own.iter().enumerate() {
                    statement.push(", ");
                    push_set(&mut statement, request, None, &format!("without_{number}"), &[*without]);
                }
            }
        }
        push_values(&mut statement, &own);
        statement.push(", tree as (select c.* from categories c where c.id in (select category_id from ");
        statement.push(set_of(&own, OwnFilter::Category)).push(") union ");
        statement.push("select c.* from tree t join categories c on c.id = t.parent_id) ");
    } else {
        push_set(&mut statement, request, ranks.as_ref(), "found", &[]);
    }
    statement.push(" select (select count(*) from found) as count");
    statement.push(", coalesce((select s.version from search_settings s), 0) as settings_version");
    let codes: Vec<String> = request.attributes.iter().map(|filter| filter.code.clone()).collect();
    statement.push(", array(select w.code from unnest(").push_bind(codes);
    statement.push("::text[]) with ordinality as w (code, place) ");
    statement.push("where w.code not in (select a.code from attributes a) order by w.place) as unknown, ");
    push_page(&mut statement, request, ranks.is_some());
    statement.push(", ");
    if request.facets {
        push_counted(&mut statement, &own, sets == Sets::OfOne && !own.is_empty());
    } else {
        statement.push("null::json");
    }
    statement.push(" as counted");
    statement
}

/// The page: cut out of what is counted when that is all or ranked, for no more is ranked than is counted. Else in the order
/// of an index, or of all that is found.
fn push_page(statement: &mut QueryBuilder<Postgres>, request: &Request, is_ranked: bool) {
    // The order is that of the page's rows too, once they have met what decorates them.
    let sorted = match request.filter.sort_by {
        _ if is_ranked => "p.rank desc, p.created_at desc, p.id desc",
        SortBy::Newest => "p.created_at desc, p.id desc",
        SortBy::PriceAsc => "p.listed_variant_price, p.id desc",
        SortBy::PriceDesc => "p.listed_variant_price desc, p.id desc",
        SortBy::Name => "p.sort_name, p.id desc",
        SortBy::BestSelling => "p.sold desc, p.id desc",
        SortBy::Rating => "p.rating_average desc, p.rating_count desc, p.id desc",
    };
    statement.push(PAGE).push(sorted).push(") from (");
    if is_ranked {
        statement.push("select x.*, p.rank from (select p.id, p.rank from found p");
        push_cut(statement, request, sorted);
        statement.push(") p join products x on x.id = p.id");
    } else {
        let all = format!("(select count(*) <= {ROWS_MAX} from found)");
        statement.push(format!("select x.* from (select p.id from found p where {all}"));
        push_cut(statement, request, sorted);
        statement.push(") p join products x on x.id = p.id union all (select p.*");
        push_found(statement, request, &[]);
        statement.push(format!(" and not {all}"));
        push_cut(statement, request, sorted);
        statement.push(")");
    }
    statement.push(JOINED);
}

/// The rows of the page.
fn push_cut(statement: &mut QueryBuilder<Postgres>, request: &Request, sorted: &str) {
    let filter = &request.filter;
    let reachable = ROWS_MAX.saturating_sub(filter.offset());
    statement.push(" order by ").push(sorted);
    statement.push(" limit ").push_bind(reachable.min(u64::from(filter.page_size)) as i64);
    statement.push(" offset ").push_bind(filter.offset().min(ROWS_MAX) as i64);
}

/// The name of the set in which a facet is counted.
fn set_of(own: &[OwnFilter<'_>], facet: OwnFilter<'_>) -> String {
    let place = own.iter().position(|without| *without == facet);
    place.map_or_else(|| "found".to_owned(), |place| format!("without_{place}"))
}

/// A set of products, no larger than is counted.
fn push_set(
    statement: &mut QueryBuilder<Postgres>,
    request: &Request,
    ranks: Option<&Ranks>,
    name: &str,
    without: &[OwnFilter<'_>],
) {
    statement.push(name);
    push_columns(statement, request, ranks);
    push_from(statement, request, ranks, without);
    statement.push(" limit ").push_bind(ROWS_MAX as i64 + 1).push(")");
}

/// What the page is put in order by, and what facets count.
fn push_columns(statement: &mut QueryBuilder<Postgres>, request: &Request, ranks: Option<&Ranks>) {
    statement.push(" as materialized (select p.id, p.listed_variant_price").push(
        match request.filter.sort_by {
            _ if ranks.is_some() => ", p.created_at",
            SortBy::Newest => ", p.created_at",
            SortBy::PriceAsc | SortBy::PriceDesc => "",
            SortBy::Name => ", p.sort_name",
            SortBy::BestSelling => ", p.sold",
            SortBy::Rating => ", p.rating_average, p.rating_count",
        },
    );
    if let Some(Ranks { text, .. }) = ranks {
        // Words in names weigh most; a long text counts less than a short one that says the same.
        statement.push(", ts_rank('{0.1, 0.2, 0.4, 1.0}', d.terms, ");
        statement.push_bind(text.clone()).push("::text::tsquery, 1) as rank");
    }
    if request.facets {
        statement.push(", p.category_id, p.brand_id, p.price_max, d.facet_values");
    }
}

/// One set without the filter of any facet, in which each product says which of them it meets; and the others from it, empty
/// when it was cut off.
fn push_sets_of_one(
    statement: &mut QueryBuilder<Postgres>,
    request: &Request,
    ranks: Option<&Ranks>,
    own: &[OwnFilter<'_>],
) {
    statement.push("base");
    push_columns(statement, request, ranks);
    for (number, facet) in own.iter().enumerate() {
        statement.push(", (");
        push_own(statement, request, *facet);
        statement.push(format!(") as meets_{number}"));
    }
    push_from(statement, request, ranks, own);
    statement.push(" limit ").push_bind(ROWS_MAX as i64 + 1).push(")");
    let sets = [("found".to_owned(), None)].into_iter();
    for (name, without) in
        sets.chain((0..own.len()).map(|number| (format!("without_{number}"), Some(number))))
    {
        let met = (0..own.len()).filter(|number| Some(*number) != without);
        let met: String = met.map(|number| format!(" and meets_{number}")).collect();
        statement.push(format!(
            ", {name} as (select * from base where (select count(*) <= {ROWS_MAX} from base){met})"
        ));
    }
}

/// The condition that is a facet's own filter.
fn push_own(statement: &mut QueryBuilder<Postgres>, request: &Request, facet: OwnFilter<'_>) {
    match facet {
        OwnFilter::Attribute(filter) => push_attribute(statement, filter),
        listed => push_conditions(statement, &listed.alone(&request.filter)),
    }
}

fn push_attribute(statement: &mut QueryBuilder<Postgres>, filter: &AttributeFilter) {
    let keys: Vec<String> = filter.values.iter().map(|value| Document::key(&filter.code, value)).collect();
    statement.push("d.keys && ").push_bind(keys).push("::text[]");
}

/// The values that facets count: of each attribute in its own set.
fn push_values(statement: &mut QueryBuilder<Postgres>, own: &[OwnFilter<'_>]) {
    let codes = own.iter().filter_map(|own| own.code());
    // Taken apart as a column, which takes half as long as a table of each row's values.
    statement.push(
        ", counted_values as materialized (select * from (select v, count(*) as products \
         from (select unnest(facet_values) as v from found) f group by v) c where split_part(v, chr(31), 1) <> all(",
    );
    statement.push_bind(codes.map(str::to_owned).collect::<Vec<_>>()).push(")");
    for (number, without) in own.iter().enumerate() {
        let Some(code) = without.code() else { continue };
        statement.push(format!(
            " union all select * from (select v, count(*) as products \
             from (select unnest(facet_values) as v from without_{number}) f group by v) c where split_part(v, chr(31), 1) = "
        ));
        statement.push_bind(code.to_owned());
    }
    statement.push(")");
}

fn push_counted(statement: &mut QueryBuilder<Postgres>, own: &[OwnFilter<'_>], of_one: bool) {
    let sets = (0..own.len()).map(|number| format!("without_{number}"));
    let counts = ["found".to_owned()].into_iter().chain(sets);
    let counts: Vec<String> = counts.map(|set| format!("(select count(*) from {set})")).collect();
    let (counts, categories) = (counts.join(", "), set_of(own, OwnFilter::Category));
    let (brands, prices) = (set_of(own, OwnFilter::Brand), set_of(own, OwnFilter::Price));
    let beyond =
        if of_one { format!("(select count(*) > {ROWS_MAX} from base)") } else { "false".to_owned() };
    statement.push(format!(
        "json_build_object(
            'beyond', {beyond},
            'counts', json_build_array({counts}),
            'categories', (select coalesce(json_agg(json_build_array(category_id, products)), '[]')
                             from (select category_id, count(*) as products
                                     from {categories} where category_id is not null group by category_id) c),
            'tree', (select coalesce(json_agg(t), '[]') from tree t),
            'brands', (select coalesce(json_agg(json_build_array(b.slug, b.name, c.products)), '[]')
                         from (select brand_id, count(*) as products
                                 from {brands} where brand_id is not null group by brand_id) c
                         join brands b on b.id = c.brand_id),
            'prices', (select coalesce(json_agg(json_build_array(price, products)), '[]')
                         from (select listed_variant_price as price, count(*) as products
                                 from {prices}
                                where listed_variant_price = price_max
                                group by listed_variant_price) c),
            'spans', (select coalesce(json_agg(spans), '[]')
                        from (select (select array_agg(distinct v.price) from variants v where v.product_id = f.id and v.removed_at is null) as spans
                                from {prices} f
                               where f.listed_variant_price <> f.price_max) c),
            'facet_values', (select coalesce(json_agg(json_build_array(v, products)), '[]') from counted_values),
            'attributes', (select coalesce(json_agg(a), '[]')
                             from attributes a
                            where a.code in (select split_part(v, chr(31), 1) from counted_values)))"
    ));
}

/// As [`push_found`]; when it is ranked, with those first whose names meet the query.
fn push_from(
    statement: &mut QueryBuilder<Postgres>,
    request: &Request,
    ranks: Option<&Ranks>,
    without: &[OwnFilter<'_>],
) {
    let Some(Ranks { text, of_names: Some(of_names) }) = ranks else {
        return push_found(statement, request, without);
    };
    statement.push(" from (select * from search_documents where terms @@ ").push_bind(of_names.clone());
    statement.push("::text::tsquery union all select * from search_documents where terms @@ (");
    statement.push_bind(text.clone()).push("::text::tsquery && !!").push_bind(of_names.clone());
    statement.push("::text::tsquery)) d join products p on p.id = d.product_id where ");
    push_filters(statement, request, without);
}

/// From what, and under which conditions.
fn push_found(statement: &mut QueryBuilder<Postgres>, request: &Request, without: &[OwnFilter<'_>]) {
    statement.push(" from products p join search_documents d on d.product_id = p.id where ");
    push_filters(statement, request, without);
    match request.query.as_ref().map(matching) {
        Some(Some(text)) => {
            statement.push(" and d.terms @@ ").push_bind(text).push("::text::tsquery");
        }
        Some(None) => {
            statement.push(" and false");
        }
        None => {}
    }
}

fn push_filters(statement: &mut QueryBuilder<Postgres>, request: &Request, without: &[OwnFilter<'_>]) {
    let (filter, attributes) = request.filters_without(without);
    push_conditions(statement, &filter);
    for filter in attributes {
        statement.push(" and ");
        push_attribute(statement, filter);
    }
}

/// The query as a `tsquery` is written; `None` when it looks for nothing. Terms are plain letters and digits, so nothing that
/// a shopper types is an operator.
fn matching(query: &Query) -> Option<String> {
    let groups: Vec<String> = query.any_of.iter().map(|of| group(of, None)).collect();
    (!groups.is_empty()).then(|| groups.join(" | "))
}

/// The same where all that is wanted is in the name. What is only said not to be there is in none.
fn matching_names(query: &Query) -> Option<String> {
    let wants = query.any_of.iter().filter(|group| !group.wanted.is_empty());
    let groups: Vec<String> = wants.map(|of| group(of, Some(IN_NAME))).collect();
    (!groups.is_empty()).then(|| groups.join(" | "))
}

fn group(group: &Group, mark: Option<char>) -> String {
    let Group { wanted, unwanted } = group;
    let wanted = wanted.iter().map(|wanted| {
        let all_of =
            |all: &Alternative| all.iter().map(|of| phrase(of, mark)).collect::<Vec<_>>().join(" & ");
        format!("({})", wanted.any_of.iter().map(all_of).collect::<Vec<_>>().join(" | "))
    });
    let unwanted = unwanted.iter().map(|unwanted| format!("!{}", phrase(unwanted, None)));
    format!("({})", wanted.chain(unwanted).collect::<Vec<_>>().join(" & "))
}

fn phrase(phrase: &Phrase, mark: Option<char>) -> String {
    let mark = mark.map(String::from).unwrap_or_default();
    let terms: Vec<String> = phrase.iter().map(|term| format!("'{mark}{term}'")).collect();
    format!("({})", terms.join(" <-> "))
}
