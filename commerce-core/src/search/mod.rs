//! How shoppers find things: what they type, what it is compared with, and what an answer says.
//!
//! Both stores index the *terms* that [`Analyzer`] makes of a text, and ask for the terms that [`Query`] makes of what a
//! shopper typed. So folding, stop words, stems and synonyms are one rule, no text of a shopper is ever read by a
//! database, and every store finds the same products. What a store adds is the order by relevance, and the words that it
//! suggests for one that was mistyped.
//!
//! Prices and stock are not in the index: a search reads them where they are, so it cannot show an old one.

mod analyzer;
mod document;
mod facets;
mod own_filter;
mod price_ranges;
mod query;
mod request;
mod service;
mod settings;
mod spelling;
mod stop_words;

pub use analyzer::Analyzer;
pub use document::Document;
pub use facets::{AttributeFacet, BrandCount, CategoryCount, Counted, FACET_VALUES_MAX, Facets, ValueCount};
pub use own_filter::OwnFilter;
pub use price_ranges::{PriceRange, price_ranges};
pub use query::{Alternative, Group, Phrase, Query, Wanted};
pub use request::{Answer, AttributeFilter, Completions, Found, Order, Request, Similar, Typed};
pub(crate) use service::InForce;
pub use service::{Ask, SearchError, Searching};
pub use settings::{Language, Settings, SettingsError, StoredSettings};
pub use spelling::{corrected, nearest};
