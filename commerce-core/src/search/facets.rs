//! What else there is among what was found: counts by category, brand, price and attribute.

use std::collections::{BTreeMap, HashMap};

use super::{PriceRange, price_ranges};
use crate::catalog::{Attribute, Category, Slug};
use crate::{CategoryId, fold};

/// How many categories, brands and values of an attribute a facet names: those with the most products.
pub const FACET_VALUES_MAX: usize = 100;

/// What else there is among what was found. The counts of a facet leave its own filter out: they say what choosing another
/// value would find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// Ranges of prices.
    pub price_ranges: Vec<PriceRange>,
    /// Categories, each with all that grows on it: the fullest first, then by path.
    pub categories: Vec<CategoryCount>,
    /// Brands: the one with the most products first, then by name and slug.
    pub brands: Vec<BrandCount>,
    /// Attributes, by code.
    pub attributes: Vec<AttributeFacet>,
    /// Whether everything was counted. Otherwise there is more than [`ROWS_MAX`](crate::catalog::ROWS_MAX), and so many
    /// were counted.
    pub exact: bool,
}

/// A category that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryCount {
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// Products in it and below it.
    pub count: u64,
}

/// A brand that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrandCount {
    /// Its name in addresses.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// Its products.
    pub count: u64,
}

/// An attribute of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeFacet {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its values: the one with the most products first, then by value.
    pub values: Vec<ValueCount>,
}

/// A value that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCount {
    /// The value; of several ways of writing it, the first one bytewise.
    pub value: String,
    /// Products that have it.
    pub count: u64,
}

/// What a store counted, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// The prices that the variants of a product have, and how many products have these.
    pub prices: Vec<(Vec<i64>, u64)>,
    /// How many products are in a category itself.
    pub categories: Vec<(CategoryId, u64)>,
    /// Those categories, and all that they grow on.
    pub tree: Vec<Category>,
    /// How many products a brand has: slug, name, count.
    pub brands: Vec<(Slug, String, u64)>,
    /// How many products have a value, as one way of writing it: code, value, count.
    pub values: Vec<(String, String, u64)>,
    /// The attributes of those values.
    pub attributes: Vec<Attribute>,
    /// Whether everything was counted.
    pub exact: bool,
}

impl Counted {
    /// The facets.
    #[must_use]
    pub fn facets(self) -> Facets {
        let Self { prices, categories, tree, brands, values, attributes, exact } = self;
        let mut brands: Vec<BrandCount> =
            brands.into_iter().map(|(slug, name, count)| BrandCount { slug, name, count }).collect();
        brands
            .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.name, &a.slug).cmp(&(&b.name, &b.slug))));
        brands.truncate(FACET_VALUES_MAX);
        Facets {
            price_ranges: price_ranges(&prices),
            categories: branches(&categories, &tree),
            brands,
            attributes: values_by_attribute(values, attributes),
            exact,
        }
    }
}

/// Adds what is in a category to all that it grows on.
fn branches(counted: &[(CategoryId, u64)], tree: &[Category]) -> Vec<CategoryCount> {
    let known: HashMap<CategoryId, &Category> = tree.iter().map(|category| (category.id, category)).collect();
    let mut counts: HashMap<CategoryId, u64> = HashMap::new();
    for (id, count) in counted {
        let mut next = Some(*id);
        // A tree is no deeper than it has branches.
        for _ in 0..=tree.len() {
            let Some(category) = next.and_then(|id| known.get(&id)) else { break };
            *counts.entry(category.id).or_default() += count;
            next = category.parent;
        }
    }
    let mut found: Vec<(u64, &Category)> =
        counts.into_iter().filter_map(|(id, count)| Some((count, *known.get(&id)?))).collect();
    found.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.path.cmp(&right.path)));
    found.truncate(FACET_VALUES_MAX);
    let named = |(count, category): (u64, &Category)| CategoryCount {
        slug: category.slug.clone(),
        name: category.name.clone(),
        count,
    };
    found.into_iter().map(named).collect()
}

/// Joins the ways of writing a value. A product has only one of them, so their counts add up.
fn values_by_attribute(
    values: Vec<(String, String, u64)>,
    attributes: Vec<Attribute>,
) -> Vec<AttributeFacet> {
    let mut names: HashMap<String, String> =
        attributes.into_iter().map(|attribute| (attribute.code, attribute.name)).collect();
    let mut by_code: BTreeMap<String, BTreeMap<String, ValueCount>> = BTreeMap::new();
    for (code, value, count) in values {
        let ways = by_code.entry(code).or_default();
        let known = ways.entry(fold(&value)).or_insert_with(|| ValueCount { value: value.clone(), count: 0 });
        known.count += count;
        if value < known.value {
            known.value = value;
        }
    }
    let facet = |(code, ways): (String, BTreeMap<String, ValueCount>)| {
        let mut values: Vec<ValueCount> = ways.into_values().collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(FACET_VALUES_MAX);
        Some(AttributeFacet { name: names.remove(&code)?, code, values })
    };
    by_code.into_iter().filter_map(facet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::AttributeKind;
    use crate::testkit::item;

    #[test]
    fn a_branch_counts_what_grows_on_it() {
        let tree = item("mug").category(&["Home", "Kitchen", "Mugs"]).category_rows();
        let found = branches(&[(tree[1].id, 3), (tree[2].id, 4), (tree[0].id, 1)], &tree);
        let counts: Vec<(&str, u64)> = found.iter().map(|c| (c.name.as_str(), c.count)).collect();
        assert_eq!(counts, [("Home", 8), ("Kitchen", 7), ("Mugs", 4)]);
    }

    #[test]
    fn ways_of_writing_a_value_are_one_value() {
        let colour = item("x").attribute("colour", AttributeKind::Colour, "").attribute_rows();
        let said = [("red", 2), ("Red", 1), ("blue", 5), ("Aqua", 5)];
        let values = said.map(|(value, count)| ("colour".to_owned(), value.to_owned(), count)).to_vec();
        let facets = values_by_attribute(values, colour);
        let counts: Vec<(&str, u64)> = facets[0].values.iter().map(|v| (v.value.as_str(), v.count)).collect();
        assert_eq!(counts, [("Aqua", 5), ("blue", 5), ("Red", 3)]);
    }
}
