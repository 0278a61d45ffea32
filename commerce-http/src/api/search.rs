//! `/api/products/search/`, `facets/` and `autocomplete/`: how shoppers find things.

use std::time::Instant;

use commerce_core::search::{Answer as Found, Ask, AttributeFilter, Order};
use poem::Request;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Query};

use super::products::{Filters, asked};
use super::{Shop, Tag};
use crate::wire::{
    Answer, Body, Catalogue, Check, CompletionsDto, Decimal, FacetsAloneDto, Flag, PageLinks, PageNumber,
    PageSize, Problem, Refused, SearchBody, SearchPageDto, SearchSort, Stars, Text, statuses,
};

statuses! {
    /// Refusals of a search.
    Searches: 422 "A filter cannot be understood, an attribute does not exist, or the page lies beyond row 10,000.";
    /// Refusals of a completion.
    Completes: 422 "`query` is missing, or `limit` is out of range.";
}

/// The most attributes that a search filters by, and the most values of each.
const ATTRIBUTES_MAX: usize = 20;
const VALUES_MAX: usize = 50;
/// The most products, and the most categories, that a completion names; and how many unless it says so.
const COMPLETIONS_MAX: u32 = 20;
const COMPLETIONS: u32 = 10;

pub(crate) struct SearchApi {
    pub(super) shop: Shop,
}

/// A search as it was sent.
struct Sent {
    q: Option<String>,
    filters: Filters,
    sort_by: Option<SearchSort>,
    attributes: Vec<AttributeFilter>,
    facets: bool,
}

type IfNoneMatch = Header<Option<Text>>;

#[OpenApi(prefix_path = "/api/products", tag = "Tag::Catalogue")]
impl SearchApi {
    /// Searches products
    ///
    /// `q` takes any text: all its words are looked for, words in quotation marks stand one behind the other, what follows
    /// a minus is left out, and `or` stands between two searches. Values of attributes are filtered by
    /// `attributes[color]=black,white`: of one attribute any, of different ones all.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    #[oai(path = "/search/", method = "get", operation_id = "searchProducts")]
    async fn search(
        &self,
        request: &Request,
        /// What to look for; everything when left out.
        q: Query<Option<Text>>,
        /// The slug of a category; what grows on it is included.
        category: Query<Option<Text>>,
        /// The slug of a brand.
        brand: Query<Option<Text>>,
        /// With a variant that costs at least this, in the shop's currency.
        min_price: Query<Option<Decimal>>,
        /// With a variant that costs at most this, in the shop's currency.
        max_price: Query<Option<Decimal>>,
        /// With (or without) a variant that can be bought now.
        in_stock: Query<Option<Flag>>,
        /// In the window, or not.
        featured: Query<Option<Flag>>,
        /// Rated at least this by buyers, on average: 1 to 5.
        min_rating: Query<Option<Stars>>,
        /// The order.
        sort_by: Query<Option<SearchSort>>,
        /// Whether to count what else there is.
        include_facets: Query<Option<Flag>>,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Catalogue<SearchPageDto>, Refused<Searches>> {
        let begun = Instant::now();
        let mut check = Check::default();
        let facets =
            include_facets.0.and_then(|flag| flag.check("/include_facets", &mut check)).unwrap_or(false);
        let filters = Filters {
            category: category.0,
            brand: brand.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            featured: featured.0,
            min_rating: min_rating.0,
            sort_by: None,
            page: page.0,
            page_size: page_size.0,
        };
        let sent = Sent {
            q: q.0.map(|text| text.0),
            filters,
            sort_by: sort_by.0,
            attributes: attributes_of(request),
            facets,
        };
        let mut body = self.found(sent, check).await?;
        // How long it took is no part of what was found.
        let version = crate::wire::version(&body)?;
        body.metadata.query_time_ms = millis(begun);
        Ok(Catalogue::of_version(&body, &version, known(&if_none_match))?)
    }

    /// Searches products, asked in a body
    ///
    /// As the search by address; facets are counted unless `include_facets` is false. It counts as a read.
    #[oai(path = "/search/", method = "post", operation_id = "searchProductsByBody")]
    async fn search_by_body(
        &self,
        body: Body<SearchBody, false>,
    ) -> Result<Answer<SearchPageDto>, Refused<Searches>> {
        let begun = Instant::now();
        let SearchBody {
            q,
            category,
            brand,
            min_price,
            max_price,
            in_stock,
            featured,
            min_rating,
            attributes,
            sort_by,
            include_facets,
            page,
            page_size,
        } = body.value;
        let flag = |flag: Option<bool>| flag.map(|flag| Flag(flag.to_string()));
        let filters = Filters {
            category: category.map(Text),
            brand: brand.map(Text),
            min_price: min_price.map(|price| Decimal(price.into_text())),
            max_price: max_price.map(|price| Decimal(price.into_text())),
            in_stock: flag(in_stock),
            featured: flag(featured),
            min_rating: min_rating.map(|rating| Stars(rating.into_text())),
            sort_by: None,
            page: page.map(|page| PageNumber(page.to_string())),
            page_size: page_size.map(|size| PageSize(size.to_string())),
        };
        let attributes = attributes.unwrap_or_default().into_iter();
        let sent = Sent {
            q,
            filters,
            sort_by: sort_by.map(SearchSort),
            attributes: attributes.map(|(code, values)| AttributeFilter { code, values }).collect(),
            facets: include_facets.unwrap_or(true),
        };
        let mut body = self.found(sent, Check::default()).await?;
        body.metadata.query_time_ms = millis(begun);
        Ok(Answer::new(&body)?)
    }

    /// Counts what there is, without showing it
    ///
    /// The facets of a search. The counts of a facet leave its own filter out.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the contract")]
    #[oai(path = "/facets/", method = "get", operation_id = "listFacets")]
    async fn facets(
        &self,
        request: &Request,
        /// What to look for; everything when left out.
        q: Query<Option<Text>>,
        /// The slug of a category; what grows on it is included.
        category: Query<Option<Text>>,
        /// The slug of a brand.
        brand: Query<Option<Text>>,
        /// With a variant that costs at least this, in the shop's currency.
        min_price: Query<Option<Decimal>>,
        /// With a variant that costs at most this, in the shop's currency.
        max_price: Query<Option<Decimal>>,
        /// With (or without) a variant that can be bought now.
        in_stock: Query<Option<Flag>>,
        /// In the window, or not.
        featured: Query<Option<Flag>>,
        /// Rated at least this by buyers, on average: 1 to 5.
        min_rating: Query<Option<Stars>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Catalogue<FacetsAloneDto>, Refused<Searches>> {
        let filters = Filters {
            category: category.0,
            brand: brand.0,
            min_price: min_price.0,
            max_price: max_price.0,
            in_stock: in_stock.0,
            featured: featured.0,
            min_rating: min_rating.0,
            sort_by: None,
            page: None,
            page_size: Some(PageSize("1".to_owned())),
        };
        let sent = Sent {
            q: q.0.map(|text| text.0),
            filters,
            sort_by: None,
            attributes: attributes_of(request),
            facets: true,
        };
        let found = self.found(sent, Check::default()).await?;
        let body = FacetsAloneDto::of(found).ok_or_else(|| Problem::internal("the facets were left out"))?;
        Ok(Catalogue::fresh(&body, known(&if_none_match))?)
    }

    /// Completes what somebody types
    ///
    /// Products and categories with words that begin like what was typed so far; typing errors are forgiven.
    #[oai(path = "/autocomplete/", method = "get", operation_id = "autocomplete")]
    async fn autocomplete(
        &self,
        /// What was typed so far.
        query: Query<Option<Text>>,
        /// At most so many products and so many categories: 1 to 20, 10 when left out.
        limit: Query<Option<Text>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: IfNoneMatch,
    ) -> Result<Catalogue<CompletionsDto>, Refused<Completes>> {
        let mut check = Check::default();
        let limit = limit.0.map_or(Some(COMPLETIONS), |text| {
            let limit = text.0.parse().ok().filter(|limit| (1..=COMPLETIONS_MAX).contains(limit));
            if limit.is_none() {
                let words = format_args!("must be a whole number from 1 to {COMPLETIONS_MAX}");
                check.wrong("/limit", "out-of-range", words);
            }
            limit
        });
        if query.0.is_none() {
            check.wrong("/query", "required", "is missing");
        }
        let (text, limit) = check.finish(query.0.zip(limit))?;
        let found = self.shop.engine.search().complete(&text.0, limit).await?;
        Ok(Catalogue::fresh(&CompletionsDto::from(found), known(&if_none_match))?)
    }
}

impl SearchApi {
    async fn found(&self, sent: Sent, mut check: Check) -> Result<SearchPageDto, Problem> {
        let Sent { q, filters, sort_by, attributes, facets } = sent;
        let order = sort_by.and_then(|sort| sort.check("/sort_by", &mut check)).unwrap_or_default();
        if attributes.len() > ATTRIBUTES_MAX {
            check.wrong(
                "/attributes",
                "out-of-range",
                format_args!("has at most {ATTRIBUTES_MAX} attributes"),
            );
        }
        for AttributeFilter { code, values } in &attributes {
            if values.is_empty() || values.len() > VALUES_MAX {
                let words = format_args!("has 1 to {VALUES_MAX} values");
                check.wrong(&attribute_pointer(code), "out-of-range", words);
            }
        }
        let filter = filters.read(&self.shop, &mut check).await?;
        let filter = check.finish(Some(filter))?;
        let mut links = vec![];
        links.extend(q.iter().filter(|q| !q.trim().is_empty()).map(|q| ("q".into(), q.clone())));
        links.extend(asked(&filter, &filters));
        for AttributeFilter { code, values } in &attributes {
            links.extend(values.iter().map(|value| (format!("attributes[{code}]").into(), quoted(value))));
        }
        if let Order::By(sort) = order {
            links.push(("sort_by".into(), SearchSort::name(sort).to_owned()));
        }
        if facets {
            links.push(("include_facets".into(), "true".to_owned()));
        }
        let links = PageLinks {
            path: "/api/products/search/".to_owned(),
            filters: links,
            page: filter.page,
            page_size: filter.page_size,
        };
        let ask = Ask { text: q, filter, attributes, order, facets };
        let found: Found = self.shop.engine.search().find(&ask).await?;
        let currency = self.shop.engine.rules().show().await?.rulebook.currency;
        Ok(SearchPageDto::new(found, &links, currency))
    }
}

/// Where an attribute's filter is in a request, as a JSON pointer.
pub(super) fn attribute_pointer(code: &str) -> String {
    format!("/attributes/{}", code.replace('~', "~0").replace('/', "~1"))
}

/// The filters `attributes[code]=value,value` of an address. A value that has a comma itself is written with a backslash
/// before it.
fn attributes_of(request: &Request) -> Vec<AttributeFilter> {
    let sent: Vec<(String, String)> = request.params().unwrap_or_default();
    let mut filters: Vec<AttributeFilter> = Vec::new();
    for (name, text) in sent {
        let Some(code) = name.strip_prefix("attributes[").and_then(|rest| rest.strip_suffix(']')) else {
            continue;
        };
        match filters.iter_mut().find(|filter| filter.code == code) {
            Some(known) => known.values.extend(values(&text)),
            None => filters.push(AttributeFilter { code: code.to_owned(), values: values(&text) }),
        }
    }
    filters
}

fn values(text: &str) -> Vec<String> {
    let mut values = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            ',' if !escaped => values.push(String::new()),
            _ => {
                escaped = false;
                if let Some(value) = values.last_mut() {
                    value.push(c);
                }
            }
        }
    }
    values.retain(|value| !value.trim().is_empty());
    values
}

/// A value as [`values`] reads it.
fn quoted(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,")
}

fn known(if_none_match: &IfNoneMatch) -> Option<&str> {
    if_none_match.0.as_ref().map(|text| text.0.as_str())
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_parted_by_commas() {
        assert_eq!(values("black, white"), ["black", " white"]);
        assert_eq!(values(",,"), [""; 0]);
        assert_eq!(values(&quoted("1,5 m \\ 2")), ["1,5 m \\ 2"]);
    }
}
