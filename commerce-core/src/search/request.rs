//! What is asked of a search engine, and what it answers.

use super::{Facets, Query};
use crate::catalog::{Page, ProductFilter, ProductSummary, Slug};

/// A search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// What to look for; absent: everything.
    pub query: Option<Query>,
    /// What the shopper typed, for an engine that takes texts apart in its own way.
    pub text: String,
    /// The filters that a listing has too, the page, and the order unless it is by relevance.
    pub filter: ProductFilter,
    /// Values of attributes: of the same one any, of different ones all. No code twice.
    pub attributes: Vec<AttributeFilter>,
    /// By how well the query is met, then as [`SortBy::Newest`](crate::catalog::SortBy::Newest). Without a query this
    /// changes nothing.
    pub by_relevance: bool,
    /// Whether facets are asked for.
    pub facets: bool,
}

/// Values of an attribute of which a product has at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeFilter {
    /// The code of the attribute.
    pub code: String,
    /// The values, whatever their case.
    pub values: Vec<String>,
}

/// The order of what is found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// What meets the query best first; without a query the newest.
    #[default]
    Relevance,
    /// Otherwise.
    By(crate::catalog::SortBy),
}

/// What a search engine found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The page.
    pub page: Page<ProductSummary>,
    /// What else there is, when that was asked for.
    pub facets: Option<Facets>,
    /// Which of the attributes that the filters name do not exist.
    pub unknown_attributes: Vec<String>,
    /// The version of the [settings](super::StoredSettings) in force.
    pub settings_version: u64,
}

/// What a search answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The page.
    pub page: Page<ProductSummary>,
    /// What else there is, when that was asked for.
    pub facets: Option<Facets>,
    /// What was perhaps meant, when nothing was found: it finds something.
    pub did_you_mean: Option<String>,
}

/// What somebody has typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// The words that are complete.
    pub words: Vec<String>,
    /// The beginning of the last one.
    pub prefix: String,
    /// What was typed, folded: category names that have it at the beginning of a word are found.
    pub folded: String,
    /// At most so many products, and so many categories.
    pub limit: u32,
}

/// What somebody who types may mean.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// Slug, name and first picture of products on sale whose words begin like that: those first whose name begins with
    /// what was typed, then by name.
    pub products: Vec<(Slug, String, Option<String>)>,
    /// Slug and name of categories, by name.
    pub categories: Vec<(Slug, String)>,
}

/// Words of the shop's vocabulary that are written like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Similar {
    /// The word that was asked about.
    pub word: String,
    /// Words that may have been meant, in any order. The word itself is among them when it is known.
    pub candidates: Vec<String>,
}
