//! Brands and categories: what products share by name.

use serde::{Deserialize, Serialize};

use super::Slug;
use crate::{BrandId, CategoryId, Timestamp};

/// Who makes a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brand {
    /// Its id.
    pub id: BrandId,
    /// Its name in addresses, unique in the shop.
    pub slug: Slug,
    /// Its name; two brands never differ in case and spacing alone.
    pub name: String,
    /// When the shop deleted it: no product has it then.
    pub deleted_at: Option<Timestamp>,
    /// 1 at first, one more with each change.
    pub version: u64,
}

impl Brand {
    /// A new one.
    pub fn new(id: BrandId, slug: Slug, name: impl Into<String>) -> Self {
        Self { id, slug, name: name.into(), deleted_at: None, version: 1 }
    }
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
    /// What it is about, in plain words; may be empty.
    pub description: String,
    /// Its place among its siblings, from 1. Those of one place come by name, so 0 of all of them is the order by name.
    pub position: u32,
    /// When the shop deleted it: no product is in it then, and nothing grows on it.
    pub deleted_at: Option<Timestamp>,
    /// 1 at first, one more with each change of its own; a move of what is above or beside it is none.
    pub version: u64,
}

impl Category {
    /// The most levels of the tree.
    pub const LEVELS_MAX: usize = 10;
    /// The most bytes of a path: it fits into an index of every store.
    pub const PATH_BYTES_MAX: usize = 2_400;

    /// A new one, at the end of this branch.
    pub fn new(id: CategoryId, parent: Option<&Self>, slug: Slug, name: impl Into<String>) -> Self {
        let path = parent.map_or_else(|| slug.to_string(), |parent| format!("{}/{slug}", parent.path));
        Self {
            id,
            parent: parent.map(|parent| parent.id),
            slug,
            name: name.into(),
            path,
            description: String::new(),
            position: 0,
            deleted_at: None,
            version: 1,
        }
    }

    /// The slugs from the root down to it.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.path.split('/')
    }

    /// What siblings are put in order by.
    pub(crate) fn rank(&self) -> (u32, String, String) {
        (self.position, crate::fold(&self.name), self.path.clone())
    }
}

/// A category with how many products on sale it holds and what grows on it.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryNode {
    /// The branch.
    pub category: Category,
    /// Products on sale in it and below it.
    pub product_count: u64,
    /// Its branches, by place, then name.
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
    nodes.sort_by_cached_key(|node| node.category.rank());
    nodes
}
