//! Brands, categories and attributes: what products share.

use serde::{Deserialize, Serialize};

use super::Slug;
use crate::{AttributeId, BrandId, CategoryId};

/// Who makes a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// Its id.
    pub id: BrandId,
    /// Its name in addresses, unique in the shop.
    pub slug: Slug,
    /// Its name; two brands never differ in case and spacing alone.
    pub name: String,
}

/// A branch of the category tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// Its id.
    pub id: CategoryId,
    /// The branch that it hangs on.
    pub parent: Option<CategoryId>,
    /// Its name in addresses, unique in the shop.
    pub slug: Slug,
    /// Its name, unique among its siblings.
    pub name: String,
    /// The slugs from the root down to it, joined by `/`: a branch is a prefix of what grows on it.
    pub path: String,
}

/// A shop-wide typed property of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its id.
    pub id: AttributeId,
    /// Its code, unique in the shop.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: AttributeKind,
}

/// What the values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// Free text.
    Text,
    /// A decimal number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of a list; the options of products that are linked to the attribute make the list.
    Select,
    /// A colour by name or code.
    Colour,
}

impl AttributeKind {
    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Select => "select",
            Self::Colour => "colour",
        }
    }
}

/// A category with how many products on sale it holds and what grows on it.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryNode {
    /// The branch.
    pub category: Category,
    /// Products on sale in it and below it.
    pub product_count: u64,
    /// Its branches, by name.
    pub children: Vec<CategoryNode>,
}

/// Grows the tree out of categories with the number of products on sale directly in each.
#[must_use]
pub fn category_tree(counted: Vec<(Category, u64)>) -> Vec<CategoryNode> {
    let mut children: std::collections::BTreeMap<Option<CategoryId>, Vec<(Category, u64)>> =
        Default::default();
    for (category, count) in counted {
        children.entry(category.parent).or_default().push((category, count));
    }
    grow(None, &mut children)
}

fn grow(
    parent: Option<CategoryId>,
    children: &mut std::collections::BTreeMap<Option<CategoryId>, Vec<(Category, u64)>>,
) -> Vec<CategoryNode> {
    let mut nodes: Vec<CategoryNode> = children
        .remove(&parent)
        .unwrap_or_default()
        .into_iter()
        .map(|(category, own)| {
            let branches = grow(Some(category.id), children);
            let below: u64 = branches.iter().map(|branch| branch.product_count).sum();
            CategoryNode { category, product_count: own + below, children: branches }
        })
        .collect();
    nodes.sort_by_cached_key(|node| (crate::fold(&node.category.name), node.category.path.clone()));
    nodes
}
