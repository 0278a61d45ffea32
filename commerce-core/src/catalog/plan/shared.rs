//! Brands, categories and attributes: found by what they are called, or made.

use std::collections::{HashMap, HashSet};

use super::CatalogView;
use crate::catalog::{Attribute, AttributeKind, Brand, Category, Slug};
use crate::{AttributeId, BrandId, CategoryId, Ids, fold};

/// What the shop's products share, with what the plan adds to it.
pub(super) struct Shared {
    brands: HashMap<String, BrandId>,
    brand_slugs: HashSet<Slug>,
    new_brands: Vec<Brand>,
    categories: HashMap<(Option<CategoryId>, String), CategoryId>,
    branches: HashMap<CategoryId, (Slug, String)>,
    category_slugs: HashSet<Slug>,
    new_categories: Vec<Category>,
    attributes: HashMap<String, (AttributeId, AttributeKind)>,
    new_attributes: Vec<Attribute>,
}

impl Shared {
    pub(super) fn of(view: &CatalogView) -> Self {
        let branch = |category: &Category| (category.id, (category.slug.clone(), category.path.clone()));
        Self {
            brands: view.brands.iter().map(|brand| (fold(&brand.name), brand.id)).collect(),
            brand_slugs: view.brands.iter().map(|brand| brand.slug.clone()).collect(),
            new_brands: Vec::new(),
            categories: view
                .categories
                .iter()
                .map(|category| ((category.parent, fold(&category.name)), category.id))
                .collect(),
            branches: view.categories.iter().map(branch).collect(),
            category_slugs: view.categories.iter().map(|category| category.slug.clone()).collect(),
            new_categories: Vec::new(),
            attributes: view
                .attributes
                .iter()
                .map(|attribute| (attribute.code.clone(), (attribute.id, attribute.kind)))
                .collect(),
            new_attributes: Vec::new(),
        }
    }

    /// What the plan adds; parents before children.
    pub(super) fn into_new(self) -> (Vec<Brand>, Vec<Category>, Vec<Attribute>) {
        (self.new_brands, self.new_categories, self.new_attributes)
    }

    /// The brand of this name.
    pub(super) fn brand(&mut self, name: &str, ids: &mut Ids) -> BrandId {
        if let Some(known) = self.brands.get(&fold(name)) {
            return *known;
        }
        let slug = free_slug(name, "brand", None, &mut self.brand_slugs);
        let brand = Brand { id: ids.fresh(), slug, name: name.to_owned() };
        let id = brand.id;
        self.brands.insert(fold(name), id);
        self.new_brands.push(brand);
        id
    }

    /// The category at the end of these names, from the top down; `None` when there are none.
    pub(super) fn category(&mut self, names: &[String], ids: &mut Ids) -> Option<CategoryId> {
        names.iter().fold(None, |parent, name| Some(self.branch(parent, name, ids)))
    }

    fn branch(&mut self, parent: Option<CategoryId>, name: &str, ids: &mut Ids) -> CategoryId {
        let key = (parent, fold(name));
        if let Some(known) = self.categories.get(&key) {
            return *known;
        }
        let above = parent.and_then(|parent| self.branches.get(&parent)).cloned();
        let slug =
            free_slug(name, "category", above.as_ref().map(|(slug, _)| slug), &mut self.category_slugs);
        let path = above.map_or_else(|| slug.to_string(), |(_, path)| format!("{path}/{slug}"));
        let category = Category { id: ids.fresh(), parent, slug, name: name.to_owned(), path };
        let id = category.id;
        self.categories.insert(key, id);
        self.branches.insert(id, (category.slug.clone(), category.path.clone()));
        self.new_categories.push(category);
        id
    }

    /// What is known of the attribute of this code.
    pub(super) fn known_attribute(&self, code: &str) -> Option<(AttributeId, AttributeKind)> {
        self.attributes.get(code).copied()
    }

    /// The attribute of this code.
    pub(super) fn attribute(
        &mut self,
        code: &str,
        name: &str,
        kind: AttributeKind,
        ids: &mut Ids,
    ) -> AttributeId {
        if let Some((known, _)) = self.attributes.get(code) {
            return *known;
        }
        let attribute = Attribute { id: ids.fresh(), code: code.to_owned(), name: name.to_owned(), kind };
        let id = attribute.id;
        self.attributes.insert(code.to_owned(), (id, kind));
        self.new_attributes.push(attribute);
        id
    }

    /// The attribute that an option of this name is linked to; `None` when the code belongs to one that is no list.
    pub(super) fn option_attribute(&mut self, name: &str, ids: &mut Ids) -> Option<AttributeId> {
        let code = fold(name);
        match self.attributes.get(&code) {
            None => Some(self.attribute(&code, name, AttributeKind::Select, ids)),
            Some((known, AttributeKind::Select | AttributeKind::Colour)) => Some(*known),
            Some((_, AttributeKind::Text | AttributeKind::Number | AttributeKind::Boolean)) => None,
        }
    }
}

/// A slug that nobody has: made of the name, else with the slug of the branch above before it, else numbered.
fn free_slug(name: &str, noun: &str, above: Option<&Slug>, taken: &mut HashSet<Slug>) -> Slug {
    // A name that leaves nothing, or a reserved word, gets the noun: `search-brand`.
    let base = Slug::from_name(name)
        .or_else(|| Slug::from_name(&format!("{name} {noun}")))
        .map_or_else(|| noun.to_owned(), |slug| slug.to_string());
    let long = above.map_or_else(|| base.clone(), |above| format!("{above}-{base}"));
    let stem: String = long.chars().take(240).collect();
    let numbered = (2_u64..).map(|number| format!("{stem}-{number}"));
    let free = [base, stem.clone()]
        .into_iter()
        .chain(numbered)
        .filter_map(|text| text.parse::<Slug>().ok())
        .find(|slug| !taken.contains(slug));
    #[expect(clippy::expect_used, reason = "more numbers than slugs")]
    let slug = free.expect("some number is free");
    taken.insert(slug.clone());
    slug
}
