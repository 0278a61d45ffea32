//! What an offer says of a product by name.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Attribute, Brand, Category, Product};
use crate::{AttributeId, BrandId, CategoryId};

/// What an [`Offer`](crate::cart::Offer) says of a product by the names of what it shares with others.
///
/// A store derives it when it writes the product, and keeps it beside the product as a document: a look at a cart, which
/// every order waits for, then climbs no tree and joins no names. Whoever renames a brand, a category or an attribute
/// writes the facts of its products again, and gives each a new version.
///
/// ```
/// use commerce_core::catalog::{Facts, Names};
/// use commerce_core::testkit::item;
/// let tee = item("tee").brand("Looms").category(&["Clothing", "Tees"]).options(&["Size"]).values(&["S"]);
/// let (brand, categories) = (tee.brand_row(), tee.category_rows());
/// let facts = Facts::of(&tee.product(), &Names::new(&brand, &categories, &[]));
/// assert_eq!(facts.categories, ["clothing", "tees"]);
/// assert_eq!(facts.variant(vec!["S".to_owned()]).1, [("Size".to_owned(), "S".to_owned())]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The slug of the brand.
    pub brand: Option<String>,
    /// The slugs of the category and its ancestors, the root first.
    pub categories: Vec<String>,
    /// The tags, in their order.
    pub tags: Vec<String>,
    /// Codes and values of attributes, in their order.
    pub attributes: Vec<(String, String)>,
    /// The name of each option, with the code of the attribute that it is linked to.
    pub options: Vec<(String, Option<String>)>,
}

/// What products share, by id: all that those at hand name, ancestors of categories included.
#[derive(Debug, Default)]
pub struct Names<'a> {
    brands: HashMap<BrandId, &'a Brand>,
    categories: HashMap<CategoryId, &'a Category>,
    attributes: HashMap<AttributeId, &'a Attribute>,
}

impl<'a> Names<'a> {
    /// These.
    pub fn new(
        brands: impl IntoIterator<Item = &'a Brand>,
        categories: impl IntoIterator<Item = &'a Category>,
        attributes: impl IntoIterator<Item = &'a Attribute>,
    ) -> Self {
        Self {
            brands: brands.into_iter().map(|brand| (brand.id, brand)).collect(),
            categories: categories.into_iter().map(|category| (category.id, category)).collect(),
            attributes: attributes.into_iter().map(|attribute| (attribute.id, attribute)).collect(),
        }
    }

    /// The name of the brand.
    pub(crate) fn brand_name(&self, brand: Option<BrandId>) -> Option<&'a str> {
        self.brands.get(&brand?).map(|brand| brand.name.as_str())
    }

    /// The names of the category and its ancestors, the root first.
    pub(crate) fn branch_names(&self, category: Option<CategoryId>) -> Vec<&'a str> {
        self.branch(category).into_iter().map(|category| category.name.as_str()).collect()
    }

    /// The attribute.
    pub(crate) fn attribute(&self, attribute: AttributeId) -> Option<&'a Attribute> {
        self.attributes.get(&attribute).copied()
    }

    fn code(&self, attribute: AttributeId) -> Option<String> {
        self.attribute(attribute).map(|attribute| attribute.code.clone())
    }

    /// The category and its ancestors, the root first.
    fn branch(&self, category: Option<CategoryId>) -> Vec<&'a Category> {
        let mut branch = Vec::new();
        let mut next = category.and_then(|id| self.categories.get(&id));
        while let Some(category) = next.filter(|_| branch.len() < self.categories.len()) {
            branch.push(*category);
            next = category.parent.and_then(|id| self.categories.get(&id));
        }
        branch.reverse();
        branch
    }
}

impl Facts {
    /// The facts of the product. What is not among the names is left out.
    #[must_use]
    pub fn of(product: &Product, names: &Names<'_>) -> Self {
        let branch = names.branch(product.category);
        let brand = product.brand.and_then(|id| names.brands.get(&id));
        let attributes = product.attributes.iter();
        let options = product.options.iter();
        Self {
            brand: brand.map(|brand| brand.slug.to_string()),
            categories: branch.iter().map(|category| category.slug.to_string()).collect(),
            tags: product.tags.clone(),
            attributes: attributes
                .filter_map(|value| Some((names.code(value.attribute)?, value.value.clone())))
                .collect(),
            options: options
                .map(|option| (option.name.clone(), option.attribute.and_then(|id| names.code(id))))
                .collect(),
        }
    }

    /// The facts of the variant that has these option values, with those of its options that are attributes too; and name
    /// and value of each option.
    #[must_use]
    pub fn variant(mut self, values: Vec<String>) -> (Self, Vec<(String, String)>) {
        let mut chosen = Vec::with_capacity(values.len());
        for ((name, attribute), value) in std::mem::take(&mut self.options).into_iter().zip(values) {
            if let Some(code) = attribute {
                self.attributes.push((code, value.clone()));
            }
            chosen.push((name, value));
        }
        (self, chosen)
    }
}
