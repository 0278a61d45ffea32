//! Parameters of paths and queries: taken as text, described by what they should be, and checked by the server itself, so
//! that every refusal reads alike.

use std::str::FromStr;

use commerce_core::catalog::{PAGE_SIZE_MAX, SortBy};
use commerce_core::search::Order;
use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{ParseFromParameter, ParseResult};
use serde::Serialize;
use serde_json::json;

use super::{Check, wire_type};

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident, $schema:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) String);

        wire_type!($name, stringify!($name), $schema);

        impl ParseFromParameter for $name {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                Ok(Self(text.to_owned()))
            }

            fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(texts: I) -> ParseResult<Self> {
                // What is required and missing is said by the operation, like all else that is wrong.
                Ok(Self(texts.into_iter().next().map(|text| text.as_ref().to_owned()).unwrap_or_default()))
            }
        }
    )+};
}

params! {
    /// Text.
    Text, MetaSchema::new("string");
    /// An id. What is no UUID names nothing.
    Id, MetaSchema::new_with_format("string", "uuid");
    /// A country.
    Country, MetaSchema { pattern: Some("^[A-Z]{2}$".to_owned()), ..MetaSchema::new("string") };
    /// A decimal number, read exactly.
    Decimal, MetaSchema {
        pattern: Some(r"^\d+(\.\d+)?$".to_owned()),
        ..MetaSchema::new_with_format("string", "decimal")
    };
    /// Yes or no.
    Flag, MetaSchema::new("boolean");
    /// The number of a page.
    PageNumber, MetaSchema { minimum: Some(1.0), default: Some(json!(1)), ..MetaSchema::new("integer") };
    /// Days back from now.
    Days, MetaSchema {
        minimum: Some(1.0),
        maximum: Some(365.0),
        default: Some(json!(7)),
        ..MetaSchema::new("integer")
    };
    /// Rows on a page.
    PageSize, MetaSchema {
        minimum: Some(1.0),
        maximum: Some(f64::from(PAGE_SIZE_MAX)),
        default: Some(json!(20)),
        ..MetaSchema::new("integer")
    };
    /// A rating: 1 to 5.
    ReviewStars, MetaSchema { minimum: Some(1.0), maximum: Some(5.0), ..MetaSchema::new("integer") };
    /// The least average of ratings: 1 to 5, with at most two decimals.
    Stars, MetaSchema {
        pattern: Some(r"^[1-5](\.\d{1,2})?$".to_owned()),
        ..MetaSchema::new_with_format("string", "decimal")
    };
    /// The order of reviews.
    ReviewSort, MetaSchema {
        enum_items: commerce_core::review::Sort::ALL.map(|sort| json!(sort.as_str())).into(),
        default: Some(json!("newest")),
        ..MetaSchema::new("string")
    };
    /// The order of a search.
    SearchSort, MetaSchema {
        enum_items: ["relevance"].into_iter().chain(SORTS.iter().map(|(name, _)| *name)).map(|name| json!(name)).collect(),
        default: Some(json!("relevance")),
        ..MetaSchema::new("string")
    };
    /// The order of a listing.
    Sort, MetaSchema {
        enum_items: SORTS.iter().map(|(name, _)| json!(name)).collect(),
        default: Some(json!("newest")),
        ..MetaSchema::new("string")
    };
}

const SORTS: [(&str, SortBy); 6] = [
    ("newest", SortBy::Newest),
    ("price_asc", SortBy::PriceAsc),
    ("price_desc", SortBy::PriceDesc),
    ("name", SortBy::Name),
    ("best_selling", SortBy::BestSelling),
    ("rating", SortBy::Rating),
];

impl Sort {
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<SortBy> {
        let found = SORTS.iter().find(|(name, _)| *name == self.0).map(|(_, sort)| *sort);
        if found.is_none() {
            check.wrong(
                pointer,
                "unsupported",
                "must be one of newest, price_asc, price_desc, name, rating, best_selling",
            );
        }
        found
    }

    /// The name by which a listing in this order is asked for.
    pub(crate) fn name(sort: SortBy) -> &'static str {
        SORTS.iter().find(|(_, known)| *known == sort).map_or("newest", |(name, _)| name)
    }
}

impl SearchSort {
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<Order> {
        if self.0 == "relevance" {
            return Some(Order::Relevance);
        }
        let found = SORTS.iter().find(|(name, _)| *name == self.0).map(|(_, sort)| Order::By(*sort));
        if found.is_none() {
            let words = "must be one of relevance, newest, price_asc, price_desc, name, rating, best_selling";
            check.wrong(pointer, "unsupported", words);
        }
        found
    }

    /// The name by which a search in this order is asked for.
    pub(crate) fn name(sort: SortBy) -> &'static str {
        Sort::name(sort)
    }
}

impl Stars {
    /// The average in hundredths.
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<u32> {
        let (whole, part) = self.0.split_once('.').unwrap_or((&self.0, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = whole.len() == 1 && part.len() <= 2 && digits(whole) && digits(part);
        let hundredths = plain.then(|| format!("{whole}{part:0<2}").parse::<u32>().ok()).flatten();
        let found = hundredths.filter(|hundredths| (100..=500).contains(hundredths));
        if found.is_none() {
            check.wrong(pointer, "out-of-range", "must be a number from 1 to 5 with at most two decimals");
        }
        found
    }
}

impl Flag {
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<bool> {
        match self.0.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                check.wrong(pointer, "invalid", "must be true or false");
                None
            }
        }
    }
}

impl PageNumber {
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<u32> {
        whole(&self.0, 1, u32::MAX, pointer, check)
    }
}

impl Days {
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<u32> {
        whole(&self.0, 1, 365, pointer, check)
    }
}

impl PageSize {
    pub(crate) fn check(&self, pointer: &str, check: &mut Check) -> Option<u32> {
        whole(&self.0, 1, PAGE_SIZE_MAX, pointer, check)
    }
}

fn whole(text: &str, least: u32, most: u32, pointer: &str, check: &mut Check) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number =
        plain.then(|| u32::from_str(text).ok()).flatten().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        match most {
            u32::MAX => {
                check.wrong(pointer, "out-of-range", format_args!("must be a whole number from {least}"))
            }
            _ => check.wrong(
                pointer,
                "out-of-range",
                format_args!("must be a whole number from {least} to {most}"),
            ),
        }
    }
    number
}
