//! A search that looks at every product, one after the other: what every store must agree with.
//!
//! It shares with the stores the terms of a text, the parts of a query and the ranges of prices, which are rules of the
//! engine; it finds and counts in a way of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::Item;
use crate::catalog::{Attribute, Category, Names, Product, ProductFilter, ROWS_MAX};
use crate::fold;
use crate::search::{
    Analyzer, AttributeFacet, AttributeFilter, BrandCount, CategoryCount, Document, Facets, Group, Phrase,
    Query, Settings, ValueCount, price_ranges,
};

/// A search over products in memory.
#[derive(Debug)]
pub struct SearchModel {
    products: BTreeMap<String, Entry>,
    settings: Settings,
}

#[derive(Debug)]
struct Entry {
    product: Product,
    brand: Option<(String, String)>,
    branch: Vec<Category>,
    attributes: Vec<Attribute>,
    document: Document,
    in_stock: bool,
}

/// What the model finds: slugs, and facets.
#[derive(Debug, PartialEq, Eq)]
pub struct Modelled {
    /// The slugs, in no order.
    pub slugs: BTreeSet<String>,
    /// The facets.
    pub facets: Facets,
}

/// A search in the words of the model.
#[derive(Debug, Clone)]
pub struct Look {
    /// What was typed.
    pub text: Option<String>,
    /// The filters.
    pub filter: ProductFilter,
    /// Values of attributes.
    pub attributes: Vec<AttributeFilter>,
}

impl SearchModel {
    /// Without products.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { products: BTreeMap::new(), settings }
    }

    /// Adds a product, or puts it in place of the one of its slug.
    pub fn put(&mut self, item: &Item, in_stock: bool) {
        let (brand, branch, attributes) = (item.brand_row(), item.category_rows(), item.attribute_rows());
        let names = Names::new(&brand, &branch, &attributes);
        let document = Document::of(&item.product(), &names, &Analyzer::new(&self.settings));
        let brand = brand.map(|brand| (brand.slug.to_string(), brand.name));
        let entry = Entry { product: item.product(), brand, branch, attributes, document, in_stock };
        self.products.insert(item.slug().to_string(), entry);
    }

    /// Whether the product of this slug could be bought, before it was put in its place.
    #[must_use]
    pub fn in_stock(&self, item: &Item) -> bool {
        self.products.get(item.slug().as_str()).is_some_and(|entry| entry.in_stock)
    }

    /// Finds products on sale.
    ///
    /// # Panics
    /// When it finds more than is counted.
    #[must_use]
    pub fn find(&self, look: &Look) -> Modelled {
        let query = look.text.as_deref().map(|text| Query::parse(text, &Analyzer::new(&self.settings)));
        let found = |without: &str| -> Vec<&Entry> {
            self.products.values().filter(|entry| entry.meets(query.as_ref(), look, without)).collect()
        };
        let all = found("");
        assert!(all.len() as u64 <= ROWS_MAX);
        let slugs = all.iter().map(|entry| entry.product.slug.to_string()).collect();
        let prices = |entry: &&Entry| (entry.prices(), 1);
        let facets = Facets {
            price_ranges: price_ranges(&found("price").iter().map(prices).collect::<Vec<_>>()),
            categories: categories(&found("category")),
            brands: brands(&found("brand")),
            attributes: attributes(&self.products, &found),
            exact: true,
        };
        Modelled { slugs, facets }
    }
}

impl Entry {
    fn meets(&self, query: Option<&Query>, look: &Look, without: &str) -> bool {
        let ProductFilter { category, brand, min_price, max_price, in_stock, featured, .. } = &look.filter;
        let within = |price: &i64| {
            min_price.is_none_or(|least| *price >= least) && max_price.is_none_or(|most| *price <= most)
        };
        let has_slug = |slug: &crate::catalog::Slug| self.branch.iter().any(|branch| branch.slug == *slug);
        self.product.on_sale()
            && query.is_none_or(|query| query.any_of.iter().any(|group| self.holds(group)))
            && (without == "category" || category.as_ref().is_none_or(has_slug))
            && (without == "brand"
                || brand
                    .as_ref()
                    .is_none_or(|slug| self.brand.as_ref().is_some_and(|(own, _)| own == slug.as_str())))
            && (without == "price" || self.prices().iter().any(within))
            && in_stock.is_none_or(|wanted| wanted == self.in_stock)
            && featured.is_none_or(|wanted| wanted == self.product.featured)
            && look.attributes.iter().all(|AttributeFilter { code, values }| {
                let own = |(known, value): &(String, String)| {
                    known == code && values.iter().any(|wanted| fold(wanted) == fold(value))
                };
                without == format!("={code}") || self.document.values.iter().any(own)
            })
    }

    fn holds(&self, group: &Group) -> bool {
        group
            .wanted
            .iter()
            .all(|wanted| wanted.any_of.iter().any(|all| all.iter().all(|phrase| self.says(phrase))))
            && !group.unwanted.iter().any(|phrase| self.says(phrase))
    }

    fn says(&self, phrase: &Phrase) -> bool {
        let Document { name, labels, attributes, description, .. } = &self.document;
        [name, labels, attributes, description]
            .into_iter()
            .any(|field| field.windows(phrase.len()).any(|terms| terms == phrase.as_slice()))
    }

    fn prices(&self) -> Vec<i64> {
        let prices = self.product.variants.iter().map(|variant| variant.price.ten_thousandths);
        prices.collect::<BTreeSet<i64>>().into_iter().collect()
    }
}

fn categories(found: &[&Entry]) -> Vec<CategoryCount> {
    let mut counts: BTreeMap<String, CategoryCount> = BTreeMap::new();
    for category in found.iter().flat_map(|entry| &entry.branch) {
        let count = counts.entry(category.path.clone()).or_insert_with(|| CategoryCount {
            slug: category.slug.clone(),
            name: category.name.clone(),
            count: 0,
        });
        count.count += 1;
    }
    let mut counts: Vec<CategoryCount> = counts.into_values().collect();
    counts.sort_by_key(|category| std::cmp::Reverse(category.count));
    counts
}

fn brands(found: &[&Entry]) -> Vec<BrandCount> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (slug, name) in found.iter().filter_map(|entry| entry.brand.as_ref()) {
        *counts.entry((name.clone(), slug.clone())).or_default() += 1;
    }
    let brand = |((name, slug), count): ((String, String), u64)| BrandCount {
        slug: slug.parse().unwrap(),
        name,
        count,
    };
    let mut counts: Vec<BrandCount> = counts.into_iter().map(brand).collect();
    counts.sort_by_key(|brand| std::cmp::Reverse(brand.count));
    counts
}

fn attributes<'e>(
    products: &BTreeMap<String, Entry>,
    found: &dyn Fn(&str) -> Vec<&'e Entry>,
) -> Vec<AttributeFacet> {
    let known = products.values().flat_map(|entry| &entry.attributes);
    let names: BTreeMap<&str, &str> =
        known.map(|attribute| (attribute.code.as_str(), attribute.name.as_str())).collect();
    let facet = |(code, name): (&str, &str)| {
        let found = found(&format!("={code}"));
        let own = found.iter().flat_map(|entry| &entry.document.values).filter(|(known, _)| known == code);
        let ways: BTreeSet<&str> = own.map(|(_, value)| value.as_str()).collect();
        let mut values: BTreeMap<String, ValueCount> = BTreeMap::new();
        for way in ways {
            let has = |entry: &&&Entry| {
                entry.document.values.iter().any(|(known, value)| known == code && fold(value) == fold(way))
            };
            let count = found.iter().filter(has).count() as u64;
            values.entry(fold(way)).or_insert_with(|| ValueCount { value: way.to_owned(), count });
        }
        let mut values: Vec<ValueCount> = values.into_values().collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        (!values.is_empty()).then(|| AttributeFacet { code: code.to_owned(), name: name.to_owned(), values })
    };
    names.into_iter().filter_map(facet).collect()
}
