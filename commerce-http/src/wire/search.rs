//! Searches on the wire.

use std::collections::BTreeMap;
use std::fmt;

use commerce_core::search::{Answer, Completions, Facets};
use commerce_core::{Currency, UnitPrice};
use poem_openapi::Object;
use poem_openapi::registry::MetaSchema;
use poem_openapi::types::Example;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::product::{NamedDto, ProductPageDto, ProductSummaryDto};
use super::{MoneyDto, OrNull, PageLinks, PaginationDto, wire_type};

/// What to search for.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "Search", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct SearchBody {
    /// What to look for; everything when left out.
    pub(crate) q: Option<String>,
    /// The slug of a category; what grows on it is included.
    pub(crate) category: Option<String>,
    /// The slug of a brand.
    pub(crate) brand: Option<String>,
    /// With a variant that costs at least this, in the shop's currency.
    pub(crate) min_price: Option<PriceBound>,
    /// With a variant that costs at most this, in the shop's currency.
    pub(crate) max_price: Option<PriceBound>,
    /// With (or without) a variant that can be bought now.
    pub(crate) in_stock: Option<bool>,
    /// In the window, or not.
    pub(crate) featured: Option<bool>,
    /// Rated at least this by buyers, on average: 1 to 5, with at most two decimals.
    pub(crate) min_rating: Option<PriceBound>,
    /// Values of attributes by code: of one attribute any, of different ones all.
    pub(crate) attributes: Option<BTreeMap<String, Vec<String>>>,
    /// The order: `relevance`, `newest`, `price_asc`, `price_desc`, `name`, `rating` or `best_selling`.
    pub(crate) sort_by: Option<String>,
    /// Whether to count what else there is; true when left out.
    pub(crate) include_facets: Option<bool>,
    /// Which page, from 1.
    #[oai(validator(minimum(value = "1")))]
    pub(crate) page: Option<u32>,
    /// Rows on a page; 20 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    pub(crate) page_size: Option<u32>,
}

impl Example for SearchBody {
    fn example() -> Self {
        let colours = ["black", "white"].map(str::to_owned).to_vec();
        Self {
            q: Some("wireless headphones".to_owned()),
            category: Some("electronics".to_owned()),
            brand: None,
            min_price: Some(PriceBound("50".to_owned())),
            max_price: Some(PriceBound("500".to_owned())),
            in_stock: None,
            featured: None,
            min_rating: None,
            attributes: Some(BTreeMap::from([("color".to_owned(), colours)])),
            sort_by: Some("price_asc".to_owned()),
            include_facets: None,
            page: Some(1),
            page_size: Some(20),
        }
    }
}

/// A plain decimal, as a string or as a JSON number of at most 15 significant digits.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct PriceBound(String);

wire_type!(PriceBound, "price_bound", MetaSchema { format: Some("decimal"), ..MetaSchema::ANY });

impl PriceBound {
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for PriceBound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = PriceBound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number, as a string or as a number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<PriceBound, E> {
                Ok(PriceBound(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<PriceBound, E> {
                Ok(PriceBound(number.to_string()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<PriceBound, E> {
                Ok(PriceBound(number.to_string()))
            }

            // What a number of 15 digits becomes in binary is written with those very digits again.
            fn visit_f64<E: Error>(self, number: f64) -> Result<PriceBound, E> {
                Ok(PriceBound(number.to_string()))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// A page of what was found.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "SearchPage", skip_serializing_if_is_none)]
pub(crate) struct SearchPageDto {
    /// The products of the page.
    results: Vec<ProductSummaryDto>,
    /// Where the page lies among the others.
    pagination: PaginationDto,
    /// What else there is, when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<FacetsDto>,
    /// About the search itself.
    pub(crate) metadata: SearchMetadataDto,
}

/// About a search.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "SearchMetadata")]
pub(crate) struct SearchMetadataDto {
    /// How long it took.
    pub(crate) query_time_ms: u64,
    /// How many products were found, counted up to 10,000.
    total_results: u64,
    /// What was perhaps meant, when nothing was found: searching for it finds something.
    did_you_mean: OrNull<String>,
}

impl SearchPageDto {
    /// What was found, as far as the clock does not matter.
    pub(crate) fn new(found: Answer, links: &PageLinks, currency: Currency) -> Self {
        let Answer { page, facets, did_you_mean } = found;
        let total_results = page.count;
        let (results, pagination) = ProductPageDto::new(page, links).into_parts();
        Self {
            results,
            pagination,
            facets: facets.map(|facets| FacetsDto::new(facets, currency)),
            metadata: SearchMetadataDto {
                query_time_ms: 0,
                total_results,
                did_you_mean: OrNull(did_you_mean),
            },
        }
    }
}

/// What else there is. The counts of a facet leave its own filter out.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Facets")]
pub(crate) struct FacetsDto {
    /// Ranges of prices that fit what was found; a filter by one of them finds as many.
    price_ranges: Vec<PriceRangeDto>,
    /// Categories with what grows on them: at most 100, the fullest first.
    categories: Vec<NamedCountDto>,
    /// Brands: at most 100, the one with the most products first.
    brands: Vec<NamedCountDto>,
    /// By the code of each attribute that is no free text, its values: at most 100, the most frequent first.
    attributes: BTreeMap<String, Vec<ValueCountDto>>,
    /// Whether everything was counted; otherwise 10,000 products were, of more.
    counts_are_exact: bool,
}

/// A range of prices.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "PriceRange")]
pub(crate) struct PriceRangeDto {
    /// The lowest price, for `min_price`.
    min: MoneyDto,
    /// The highest price, for `max_price`.
    max: MoneyDto,
    /// How many products have a variant that costs so much.
    count: u64,
}

/// A category or a brand that was found.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "NamedCount")]
pub(crate) struct NamedCountDto {
    /// Its name in addresses.
    slug: String,
    /// Its name.
    name: String,
    /// How many products.
    count: u64,
}

/// A value that was found.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ValueCount")]
pub(crate) struct ValueCountDto {
    /// The value.
    value: String,
    /// How many products.
    count: u64,
}

impl FacetsDto {
    fn new(facets: Facets, currency: Currency) -> Self {
        let Facets { price_ranges, categories, brands, attributes, exact } = facets;
        let price = |ten_thousandths| MoneyDto::from(UnitPrice { ten_thousandths, currency });
        let named = |(slug, name, count): (String, String, u64)| NamedCountDto { slug, name, count };
        let values = |values: Vec<commerce_core::search::ValueCount>| {
            values.into_iter().map(|value| ValueCountDto { value: value.value, count: value.count }).collect()
        };
        Self {
            price_ranges: price_ranges
                .into_iter()
                .map(|range| PriceRangeDto {
                    min: price(range.min),
                    max: price(range.max),
                    count: range.count,
                })
                .collect(),
            categories: categories.into_iter().map(|c| named((c.slug.into(), c.name, c.count))).collect(),
            brands: brands.into_iter().map(|b| named((b.slug.into(), b.name, b.count))).collect(),
            attributes: attributes.into_iter().map(|facet| (facet.code, values(facet.values))).collect(),
            counts_are_exact: exact,
        }
    }
}

/// The facets of a search alone.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "FacetsAlone")]
pub(crate) struct FacetsAloneDto {
    /// The facets.
    facets: FacetsDto,
    /// How many products were found, counted up to 10,000.
    total_results: u64,
}

impl FacetsAloneDto {
    pub(crate) fn of(found: SearchPageDto) -> Option<Self> {
        Some(Self { facets: found.facets?, total_results: found.metadata.total_results })
    }
}

/// What somebody who types may mean.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Completions")]
pub(crate) struct CompletionsDto {
    /// Products: those first whose name begins with what was typed.
    products: Vec<CompletedProductDto>,
    /// Categories, by name.
    categories: Vec<NamedDto>,
}

/// A product that may be meant.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "CompletedProduct")]
pub(crate) struct CompletedProductDto {
    /// Its title.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// The address of its first picture.
    image: OrNull<String>,
}

impl From<Completions> for CompletionsDto {
    fn from(found: Completions) -> Self {
        let product = |(slug, name, image): (commerce_core::catalog::Slug, String, Option<String>)| {
            CompletedProductDto { name, slug: slug.into(), image: OrNull(image) }
        };
        Self {
            products: found.products.into_iter().map(product).collect(),
            categories: found.categories.into_iter().map(|(slug, name)| (name, slug).into()).collect(),
        }
    }
}
