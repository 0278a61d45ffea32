//! Brands, categories, attributes and tags as the back office manages them.

use commerce_core::catalog::{
    Attribute, AttributeChange, AttributeKind, AttributeRules, Brand, BrandChange, Category, CategoryChange,
    NewAttribute, NewBrand, NewCategory, SharedKey, Slug, TagCount,
};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Instant;
use super::{Check, OrNull, PaginationDto, Problem};

/// A brand.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedBrand")]
pub(crate) struct BrandDto {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// How many products have it that are not deleted.
    product_count: u64,
    /// When it was deleted.
    deleted_at: OrNull<Instant>,
    /// 1 at first, one more with each change.
    version: u64,
}

impl From<(Brand, u64)> for BrandDto {
    fn from((brand, product_count): (Brand, u64)) -> Self {
        let Brand { id, slug, name, deleted_at, version } = brand;
        Self { id: id.0, name, slug: slug.into(), product_count, deleted_at: OrNull::of(deleted_at), version }
    }
}

/// A page of brands.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedBrandPage")]
pub(crate) struct BrandPageDto {
    /// The brands, by slug.
    pub(crate) results: Vec<BrandDto>,
    /// Where the page lies.
    pub(crate) pagination: PaginationDto,
}

/// A brand as it is to be.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "BrandBody", deny_unknown_fields)]
pub(crate) struct BrandBody {
    /// Its name; two brands never differ in case and spacing alone.
    name: String,
    /// Its name in addresses; absent: made of its name.
    slug: Option<String>,
    /// Only if it is at this version.
    pub(crate) version: Option<u64>,
}

impl BrandBody {
    pub(crate) fn command(self) -> Result<NewBrand, Problem> {
        let mut check = Check::default();
        let slug: Option<Slug> = check.parse_optional("/slug", self.slug.as_deref());
        check.finish(Some(NewBrand { name: self.name, slug }))
    }

    /// As a change of everything. What is left out is made as for a new one.
    pub(crate) fn replacement(self) -> Result<BrandChange, Problem> {
        let NewBrand { name, slug } = self.command()?;
        let slug = slug.or_else(|| Slug::from_name(&name));
        Ok(BrandChange { name: Some(name), slug })
    }
}

/// What is to be changed of a brand; what is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "BrandChange", deny_unknown_fields)]
pub(crate) struct BrandChangeBody {
    /// Its name.
    name: Option<String>,
    /// Its name in addresses. That of before goes on finding it.
    slug: Option<String>,
    /// Only if it is at this version.
    pub(crate) version: Option<u64>,
}

impl BrandChangeBody {
    pub(crate) fn command(self) -> Result<BrandChange, Problem> {
        let mut check = Check::default();
        let slug = check.parse_optional("/slug", self.slug.as_deref());
        check.finish(Some(BrandChange { name: self.name, slug }))
    }
}

/// A category.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedCategory")]
pub(crate) struct ManagedCategoryDto {
    /// Its id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Its name in addresses.
    slug: String,
    /// The slugs from the root down to it, joined by `/`.
    path: String,
    /// The id of what it hangs on; null: it is a root.
    parent: OrNull<Uuid>,
    /// Its place among its siblings, from 1. Those of one place come by name: 0 of all of them is the order by name.
    position: u32,
    /// What it is about; may be empty.
    description: String,
    /// How many products are in it itself that are not deleted.
    product_count: u64,
    /// When it was deleted.
    deleted_at: OrNull<Instant>,
    /// 1 at first, one more with each change of its own.
    version: u64,
}

impl From<(Category, u64)> for ManagedCategoryDto {
    fn from((category, product_count): (Category, u64)) -> Self {
        let Category { id, parent, slug, name, path, description, position, deleted_at, version } = category;
        Self {
            id: id.0,
            name,
            slug: slug.into(),
            path,
            parent: OrNull(parent.map(|parent| parent.0)),
            position,
            description,
            product_count,
            deleted_at: OrNull::of(deleted_at),
            version,
        }
    }
}

/// A page of categories.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedCategoryPage")]
pub(crate) struct ManagedCategoryPageDto {
    /// The categories, by path: what something hangs on comes before it.
    pub(crate) results: Vec<ManagedCategoryDto>,
    /// Where the page lies.
    pub(crate) pagination: PaginationDto,
}

/// A category as it is to be.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "CategoryBody", deny_unknown_fields)]
pub(crate) struct CategoryBody {
    /// Its name, unique among its siblings.
    name: String,
    /// Its name in addresses, unique in the shop; absent: made of its name.
    slug: Option<String>,
    /// The id or the slug of what it hangs on; absent or null: it is a root.
    parent: Option<String>,
    /// What it is about.
    #[serde(default)]
    #[oai(default)]
    description: String,
    /// Its place among its siblings, from 1; absent: behind them, or, in a replacement, as it is.
    position: Option<u32>,
    /// Only if it is at this version.
    pub(crate) version: Option<u64>,
}

impl CategoryBody {
    pub(crate) fn command(self) -> Result<NewCategory, Problem> {
        let mut check = Check::default();
        let slug: Option<Slug> = check.parse_optional("/slug", self.slug.as_deref());
        let Self { name, parent, description, position, .. } = self;
        let parent = parent.map(SharedKey::new);
        check.finish(Some(NewCategory { name, slug, parent, description, position }))
    }

    /// As a change of everything. What is left out is made as for a new one.
    pub(crate) fn replacement(self) -> Result<CategoryChange, Problem> {
        let NewCategory { name, slug, parent, description, position } = self.command()?;
        let slug = slug.or_else(|| Slug::from_name(&name));
        Ok(CategoryChange {
            name: Some(name),
            slug,
            parent: Some(parent),
            description: Some(description),
            position,
        })
    }
}

/// What is to be changed of a category; what is left out stays.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "CategoryChange", deny_unknown_fields)]
pub(crate) struct CategoryChangeBody {
    /// Its name.
    name: Option<String>,
    /// Its name in addresses. That of before leads to it.
    slug: Option<String>,
    /// The id or the slug of what it is to hang on, with all that grows on it; null: it becomes a root.
    #[serde(default)]
    parent: MaybeUndefined<String>,
    /// What it is about.
    description: Option<String>,
    /// Its place among its siblings, from 1. They make room.
    position: Option<u32>,
    /// Only if it is at this version.
    pub(crate) version: Option<u64>,
}

impl CategoryChangeBody {
    pub(crate) fn command(self) -> Result<CategoryChange, Problem> {
        let mut check = Check::default();
        let slug = check.parse_optional("/slug", self.slug.as_deref());
        let Self { name, parent, description, position, .. } = self;
        let parent = change(parent).map(|parent| parent.map(SharedKey::new));
        check.finish(Some(CategoryChange { name, slug, parent, description, position }))
    }
}

/// An attribute.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedAttribute")]
pub(crate) struct AttributeDto {
    /// Its id.
    id: Uuid,
    /// Its code, for good.
    code: String,
    /// Its name.
    name: String,
    /// What its values are: text, number, boolean, select or colour.
    kind: String,
    /// Whether facets count it; free text never is.
    filterable: bool,
    /// Whether a product that is published has to have a value.
    required: bool,
    /// Whether an option of its code is linked to it; only a select or a colour can be.
    variant_defining: bool,
    /// Of a select or a colour: which values there are, whatever their case; empty: any.
    allowed_values: Vec<String>,
    /// Of a number: the least, as a decimal.
    minimum: OrNull<String>,
    /// Of a number: the most.
    maximum: OrNull<String>,
    /// Of a number: what it counts.
    unit: OrNull<String>,
    /// How many products have a value or an option of it, deleted ones too.
    product_count: u64,
    /// 1 at first, one more with each change.
    version: u64,
}

impl From<(Attribute, u64)> for AttributeDto {
    fn from((attribute, product_count): (Attribute, u64)) -> Self {
        let (filterable, variant_defining) = (attribute.is_facet(), attribute.defines_variants());
        let Attribute { id, code, name, kind, required, rules, version, .. } = attribute;
        let AttributeRules { allowed, least, most, unit } = rules;
        Self {
            id: id.0,
            code,
            name,
            kind: kind.as_str().to_owned(),
            filterable,
            required,
            variant_defining,
            allowed_values: allowed,
            minimum: OrNull(least.map(|least| least.to_string())),
            maximum: OrNull(most.map(|most| most.to_string())),
            unit: OrNull(unit),
            product_count,
            version,
        }
    }
}

/// A page of attributes.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ManagedAttributePage")]
pub(crate) struct AttributePageDto {
    /// The attributes, by code.
    pub(crate) results: Vec<AttributeDto>,
    /// Where the page lies.
    pub(crate) pagination: PaginationDto,
}

/// An attribute as it is to be.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AttributeBody", deny_unknown_fields)]
pub(crate) struct AttributeBody {
    /// Its code, in lower case: filters, files and rules name it. It stays.
    code: String,
    /// Its name; absent: its code.
    name: Option<String>,
    /// What its values are: text, number, boolean, select or colour.
    kind: String,
    /// Whether facets count it.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    filterable: bool,
    /// Whether a product that is published has to have a value.
    #[serde(default)]
    #[oai(default)]
    required: bool,
    /// Whether an option of its code is linked to it.
    #[serde(default = "yes")]
    #[oai(default = "yes")]
    variant_defining: bool,
    /// Of a select or a colour: which values there are; empty: any.
    #[serde(default)]
    #[oai(default)]
    allowed_values: Vec<String>,
    /// Of a number: the least, as a decimal.
    minimum: Option<String>,
    /// Of a number: the most.
    maximum: Option<String>,
    /// Of a number: what it counts.
    unit: Option<String>,
    /// Only if it is at this version.
    pub(crate) version: Option<u64>,
}

fn yes() -> bool {
    true
}

impl AttributeBody {
    pub(crate) fn command(self) -> Result<NewAttribute, Problem> {
        let mut check = Check::default();
        let kind = check.word("/kind", &self.kind, AttributeKind::ALL, AttributeKind::as_str);
        let mut bound = |pointer, said: &Option<String>| {
            said.as_ref().and_then(|said| check.take(pointer, AttributeRules::bound(said)))
        };
        let (least, most) = (bound("/minimum", &self.minimum), bound("/maximum", &self.maximum));
        let kind = check.finish(kind)?;
        let Self { code, name, filterable, required, variant_defining, allowed_values, unit, .. } = self;
        let rules = AttributeRules { allowed: allowed_values, least, most, unit };
        Ok(NewAttribute { code, name, kind, filterable, required, variant_defining, rules })
    }

    /// As a change of everything; the code is the one that it has.
    pub(crate) fn replacement(self) -> Result<AttributeChange, Problem> {
        let NewAttribute { code, name, kind, filterable, required, variant_defining, rules } =
            self.command()?;
        let AttributeRules { allowed, least, most, unit } = rules;
        Ok(AttributeChange {
            name: Some(name.unwrap_or_else(|| code.clone())),
            code: Some(code),
            kind: Some(kind),
            filterable: Some(filterable),
            required: Some(required),
            variant_defining: Some(variant_defining),
            allowed: Some(allowed),
            least: Some(least),
            most: Some(most),
            unit: Some(unit),
        })
    }
}

/// What is to be changed of an attribute; what is left out stays. With another kind, bounds and values of the kind before go.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AttributeChange", deny_unknown_fields)]
pub(crate) struct AttributeChangeBody {
    /// Its name.
    name: Option<String>,
    /// What its values are. Each value that a product has must be one of the new kind.
    kind: Option<String>,
    /// Whether facets count it.
    filterable: Option<bool>,
    /// Whether a product that is published has to have a value. Those without stay on sale until they are changed.
    required: Option<bool>,
    /// Whether an option of its code is linked to it.
    variant_defining: Option<bool>,
    /// Of a select or a colour: which values there are; empty: any.
    allowed_values: Option<Vec<String>>,
    /// Of a number: the least; null: none.
    #[serde(default)]
    minimum: MaybeUndefined<String>,
    /// Of a number: the most; null: none.
    #[serde(default)]
    maximum: MaybeUndefined<String>,
    /// Of a number: what it counts; null: nothing in particular.
    #[serde(default)]
    unit: MaybeUndefined<String>,
    /// Only if it is at this version.
    pub(crate) version: Option<u64>,
}

impl AttributeChangeBody {
    pub(crate) fn command(self) -> Result<AttributeChange, Problem> {
        let mut check = Check::default();
        let Self { name, kind, filterable, required, variant_defining, allowed_values, unit, .. } = self;
        let kind =
            kind.and_then(|kind| check.word("/kind", &kind, AttributeKind::ALL, AttributeKind::as_str));
        let mut bound = |pointer, said: MaybeUndefined<String>| {
            let said = change(said);
            said.map(|said| said.and_then(|said| check.take(pointer, AttributeRules::bound(&said))))
        };
        let (least, most) = (bound("/minimum", self.minimum), bound("/maximum", self.maximum));
        let allowed = allowed_values;
        let unit = change(unit);
        check.finish(Some(AttributeChange {
            code: None,
            name,
            kind,
            filterable,
            required,
            variant_defining,
            allowed,
            least,
            most,
            unit,
        }))
    }
}

fn change<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// A tag.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Tag")]
pub(crate) struct TagDto {
    /// The tag.
    tag: String,
    /// How many products have it.
    product_count: u64,
}

impl From<TagCount> for TagDto {
    fn from(count: TagCount) -> Self {
        Self { tag: count.tag, product_count: count.products }
    }
}

/// Tags, bytewise.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "TagPage")]
pub(crate) struct TagPageDto {
    /// The tags.
    pub(crate) results: Vec<TagDto>,
    /// Where the rest is, as a relative link; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// Another tag in place of one, or none.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "TagChange", deny_unknown_fields)]
pub(crate) struct TagChangeBody {
    /// The tag.
    pub(crate) from: String,
    /// What it is to be; absent or null: it goes.
    pub(crate) to: Option<String>,
}

/// What became of a tag.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "TagChanged")]
pub(crate) struct TagChangedDto {
    /// How many products were changed.
    pub(crate) product_count: u64,
}
