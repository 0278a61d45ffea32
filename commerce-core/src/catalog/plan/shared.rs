//! Brands, categories and attributes: found by what they are called, or made.

use std::collections::{HashMap, HashSet};

use super::CatalogView;
use crate::catalog::{Attribute, AttributeKind, Brand, Category, Revision, Slug};
use crate::{AttributeId, BrandId, CategoryId, Ids, fold};

/// What the shop's products share, with what the plan adds to it.
pub(super) struct Shared {
    brands: HashMap<String, BrandId>,
    brand_slugs: HashSet<Slug>,
    new_brands: Vec<Brand>,
    categories: HashMap<(Option<CategoryId>, String), CategoryId>,
    branches: HashMap<CategoryId, Category>,
    category_slugs: HashSet<Slug>,
    /// The last place on each branch.
    places: HashMap<Option<CategoryId>, u32>,
    new_categories: Vec<Category>,
    attributes: HashMap<String, Attribute>,
    new_attributes: Vec<Attribute>,
    /// Brands and categories that were deleted: naming one brings it back.
    deleted_brands: HashMap<BrandId, Brand>,
    revise: Revision,
}

impl Shared {
    pub(super) fn of(view: &CatalogView) -> Self {
        let branch = |category: &Category| (category.id, category.clone());
        let mut places = HashMap::new();
        for category in &view.categories {
            let last = places.entry(category.parent).or_insert(0);
            *last = category.position.max(*last);
        }
        let deleted = view.brands.iter().filter(|brand| brand.deleted_at.is_some());
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
            places,
            category_slugs: view.categories.iter().map(|category| category.slug.clone()).collect(),
            new_categories: Vec::new(),
            attributes: view
                .attributes
                .iter()
                .map(|attribute| (attribute.code.clone(), attribute.clone()))
                .collect(),
            new_attributes: Vec::new(),
            deleted_brands: deleted.map(|brand| (brand.id, brand.clone())).collect(),
            revise: Revision::default(),
        }
    }

    /// What the plan adds, parents before children; and what it brings back.
    pub(super) fn into_new(self) -> (Vec<Brand>, Vec<Category>, Vec<Attribute>, Revision) {
        (self.new_brands, self.new_categories, self.new_attributes, self.revise)
    }

    /// Whether there is a brand of this name.
    pub(super) fn has_brand(&self, name: &str) -> bool {
        self.brands.get(&fold(name)).is_some_and(|known| !self.deleted_brands.contains_key(known))
    }

    /// Whether there is a category at the end of these names, from the top down; there is at the end of none.
    pub(super) fn has_category(&self, names: &[String]) -> bool {
        let mut parent = None;
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let known = self.categories.get(&(parent, fold(name))).and_then(|id| self.branches.get(id));
            let Some(known) = known.filter(|known| known.deleted_at.is_none()) else { return false };
            parent = Some(known.id);
        }
        true
    }

    /// The brand of this name.
    pub(super) fn brand(&mut self, name: &str, ids: &mut Ids) -> BrandId {
        if let Some(known) = self.brands.get(&fold(name)).copied() {
            if let Some(brand) = self.deleted_brands.remove(&known) {
                self.revise.brands.push(Brand { deleted_at: None, version: brand.version + 1, ..brand });
            }
            return known;
        }
        let slug = free_slug(name, "brand", None, &mut self.brand_slugs);
        let brand = Brand::new(ids.fresh(), slug, name);
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
        if let Some(known) = self.categories.get(&key).copied() {
            if let Some(category) = self.branches.get_mut(&known).filter(|known| known.deleted_at.is_some()) {
                category.deleted_at = None;
                category.version += 1;
                self.revise.categories.push(category.clone());
            }
            return known;
        }
        let above = parent.and_then(|parent| self.branches.get(&parent));
        let slug = free_slug(name, "category", above.map(|above| &above.slug), &mut self.category_slugs);
        let mut category = Category::new(ids.fresh(), above, slug, name);
        let last = self.places.entry(parent).or_insert(0);
        if *last > 0 {
            *last += 1;
            category.position = *last;
        }
        let id = category.id;
        self.categories.insert(key, id);
        self.branches.insert(id, category.clone());
        self.new_categories.push(category);
        id
    }

    /// What is known of the attribute of this code.
    pub(super) fn known_attribute(&self, code: &str) -> Option<&Attribute> {
        self.attributes.get(code)
    }

    /// Those without which no product is published, by code.
    pub(super) fn required_attributes(&self) -> Vec<&Attribute> {
        let mut required: Vec<_> = self.attributes.values().filter(|attribute| attribute.required).collect();
        required.sort_by(|a, b| a.code.cmp(&b.code));
        required
    }

    /// What is known of the attribute that an option of this name is linked to.
    pub(super) fn option_rules(&self, name: &str, linked: Option<AttributeId>) -> Option<&Attribute> {
        match linked {
            Some(linked) => self.attributes.values().find(|attribute| attribute.id == linked),
            None => self.attributes.get(&fold(name)).filter(|attribute| attribute.defines_variants()),
        }
    }

    /// The attribute of this code.
    pub(super) fn attribute(
        &mut self,
        code: &str,
        name: &str,
        kind: AttributeKind,
        ids: &mut Ids,
    ) -> AttributeId {
        if let Some(known) = self.attributes.get(code) {
            return known.id;
        }
        let attribute = Attribute::new(ids.fresh(), code, name, kind);
        let id = attribute.id;
        self.attributes.insert(code.to_owned(), attribute.clone());
        self.new_attributes.push(attribute);
        id
    }

    /// The attribute that an option of this name is linked to; `None` when the code belongs to one that defines no variants.
    pub(super) fn option_attribute(&mut self, name: &str, ids: &mut Ids) -> Option<AttributeId> {
        let code = fold(name);
        match self.attributes.get(&code) {
            None => Some(self.attribute(&code, name, AttributeKind::Select, ids)),
            Some(known) => known.defines_variants().then_some(known.id),
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
