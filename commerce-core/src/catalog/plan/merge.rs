//! One product: what is there, and what was said over it.

use std::collections::{HashMap, HashSet};

use super::draft::{About, Refused};
use super::options::Options;
use super::shared::Shared;
use super::stock::Said;
use super::variants::{self, Rows, Setting};
use super::{Refusal, Warning, options, text};
use crate::catalog::{
    Attribute, AttributeKind, AttributeValue, Category, Cell, Image, ImageInput, Product, ProductEdit,
    ProductInput, ProductStatus, Sku, Slug,
};
use crate::{Currency, Ids, ProductId, Timestamp, VariantId};

/// The most pictures of a product.
const IMAGES_MAX: usize = 1_000;
/// The most tags of a product.
const TAGS_MAX: usize = 1_000;

/// What a product is made with.
pub(super) struct Desk<'a> {
    pub(super) now: Timestamp,
    /// The pictures that the product has in the shop, whatever the plan did to them so far.
    pub(super) images: &'a [Image],
    pub(super) currency: Currency,
    pub(super) owners: &'a HashMap<Sku, ProductId>,
    /// Whose the names in addresses are, of those that matter.
    pub(super) slugs: &'a HashMap<&'a Slug, &'a Product>,
    pub(super) shared: &'a mut Shared,
    pub(super) ids: &'a mut Ids,
}

/// A product as it will be, and what of the input is not in it.
pub(super) struct Merged {
    pub(super) product: Product,
    pub(super) stock: Vec<(VariantId, Said)>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) warnings: Vec<Warning>,
}

/// Merges an input into the product that is there.
pub(super) fn merge(
    before: Option<&Product>,
    input: ProductInput,
    desk: Desk<'_>,
) -> Result<Merged, Refused> {
    let ProductInput {
        line,
        slug,
        name,
        description_html,
        brand,
        category,
        tags,
        status,
        featured,
        options,
        images,
        more_images,
        attributes,
        variants,
        edit,
    } = input;
    let ProductEdit { rename, seller, publish_at, unpublish_at, these_attributes, these_variants, without } =
        edit;
    let about = &About { line, slug: &slug };
    if before.is_some_and(|before| before.deleted_at.is_some()) {
        let reason = "the product was deleted: restore it first, or give this one another handle";
        return Err(about.refuse("slug", "product-deleted", reason).into());
    }
    // Everything that can be wrong with the input comes first; what is shared is made only for a product that is taken.
    let name = match name {
        Cell::Absent => None,
        Cell::Empty => Some(String::new()),
        Cell::Is(name) => Some(text::name(about, "name", &name)?.unwrap_or_default()),
    };
    let Some(name) = name.or(before.map(|before| before.name.clone())).filter(|name| !name.is_empty()) else {
        return Err(about.refuse("name", "name-missing", "a product needs a title").into());
    };
    let description_html = match description_html {
        Cell::Is(text) => Some(text::body(about, "description", text)?.unwrap_or_default()),
        Cell::Empty => Some(String::new()),
        Cell::Absent => None,
    };
    let brand = checked(brand, |brand| text::name(about, "brand", &brand))?;
    let category = checked(category, |names| category_names(about, &names))?;
    let tags = checked(tags, |tags| tag_list(about, tags).map(Some))?;
    let attributes = attribute_cells(about, attributes, desk.shared)?;
    let listed = match images {
        Cell::Absent => None,
        Cell::Empty => Some(Vec::new()),
        Cell::Is(images) => Some(image_list(about, images)?),
    };
    let more_images = image_list(about, more_images)?;
    let status = match status {
        Cell::Is(status) => status,
        Cell::Absent | Cell::Empty => before.map_or(ProductStatus::Published, |before| before.status),
    };

    let mut product = match before {
        Some(before) => before.clone(),
        None => blank(&slug, desk.now, desk.ids),
    };
    if let Some(slug) = rename {
        if desk.slugs.get(&slug).is_some_and(|owner| owner.id != product.id) {
            let reason = format!("another product has the slug {slug}");
            return Err(about.refuse("slug", "slug-taken", reason).into());
        }
        product.slug = slug;
    }
    product.seller = seller.over(product.seller);
    product.publish_at = publish_at.over(product.publish_at);
    product.unpublish_at = unpublish_at.over(product.unpublish_at);
    if product.publish_at.zip(product.unpublish_at).is_some_and(|(from, until)| until <= from) {
        let reason = "it would go from sale before it comes on sale";
        return Err(about.refuse("unpublish_at", "schedule-invalid", reason).into());
    }
    let options = options::merge(about, &product.options, options)?;
    if status == ProductStatus::Published {
        required_there(about, &product, &attributes, &options, desk.shared)?;
    }
    let (variants, barred) = options.accepted(about, variants, desk.shared);
    let setting = Setting {
        about: *about,
        product: product.id,
        // What is to come on sale by itself is held to what must be so on sale.
        status: if product.publish_at.is_some() { ProductStatus::Published } else { status },
        only_named: these_variants,
        without: &without,
        option_count: options.count(),
        currency: desk.currency,
        owners: desk.owners,
    };
    let there = options.reordered(&product.variants);
    let Rows { variants, stock, mut refusals, mut warnings } =
        match variants::merge(there, variants, &setting, desk.ids) {
            Ok(rows) => rows,
            Err(Refused(more)) => return Err(Refused(barred.into_iter().chain(more).collect())),
        };
    refusals.splice(0..0, barred);

    product.options = options.of(about, &variants, desk.shared, desk.ids, &mut warnings);
    product.variants = variants;
    product.status = status;
    product.name = name;
    product.description_html = description_html.unwrap_or(product.description_html);
    product.brand = match brand {
        Cell::Absent => product.brand,
        Cell::Empty => None,
        Cell::Is(name) => Some(desk.shared.brand(&name, desk.ids)),
    };
    product.category = match category {
        Cell::Absent => product.category,
        Cell::Empty => None,
        Cell::Is(names) => desk.shared.category(&names, desk.ids),
    };
    product.tags = tags.over(Some(product.tags)).unwrap_or_default();
    product.featured = featured.over(Some(product.featured)).unwrap_or(false);
    product.images = pictures(product.images, desk.images, listed, more_images, desk.ids);
    if product.images.len() > IMAGES_MAX {
        let reason = format!("{} pictures are more than {IMAGES_MAX}", product.images.len());
        return Err(about.refuse("images", "too-many-images", reason).into());
    }
    if these_attributes {
        product.attributes.clear();
    }
    for cell in attributes {
        cell.set(&mut product.attributes, desk.shared, desk.ids);
    }
    Ok(Merged { product, stock, refusals, warnings })
}

fn blank(slug: &Slug, now: Timestamp, ids: &mut Ids) -> Product {
    Product {
        id: ids.fresh(),
        slug: slug.clone(),
        name: String::new(),
        description_html: String::new(),
        status: ProductStatus::Published,
        featured: false,
        brand: None,
        category: None,
        seller: None,
        tags: Vec::new(),
        options: Vec::new(),
        variants: Vec::new(),
        images: Vec::new(),
        attributes: Vec::new(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
        publish_at: None,
        unpublish_at: None,
        version: 1,
    }
}

/// The cell with its value checked; a value of which nothing is left is empty.
fn checked<T, U>(
    cell: Cell<T>,
    check: impl FnOnce(T) -> Result<Option<U>, Refusal>,
) -> Result<Cell<U>, Refusal> {
    match cell {
        Cell::Absent => Ok(Cell::Absent),
        Cell::Empty => Ok(Cell::Empty),
        Cell::Is(value) => check(value).map(Cell::from_option),
    }
}

fn category_names(about: &About<'_>, names: &[String]) -> Result<Option<Vec<String>>, Refusal> {
    let mut kept = Vec::with_capacity(names.len());
    for name in names {
        kept.extend(text::name(about, "category", name)?);
    }
    if kept.len() > Category::LEVELS_MAX {
        let reason = format!("{} levels of categories are more than {}", kept.len(), Category::LEVELS_MAX);
        return Err(about.refuse("category", "category-too-deep", reason));
    }
    Ok(if kept.is_empty() { None } else { Some(kept) })
}

fn tag_list(about: &About<'_>, tags: Vec<String>) -> Result<Vec<String>, Refusal> {
    let (mut kept, mut seen) = (Vec::with_capacity(tags.len()), HashSet::new());
    for tag in tags {
        kept.extend(text::name(about, "tags", &tag)?.filter(|tag| seen.insert(tag.clone())));
    }
    if kept.len() > TAGS_MAX {
        return Err(about.refuse(
            "tags",
            "too-many-tags",
            format!("{} tags are more than {TAGS_MAX}", kept.len()),
        ));
    }
    Ok(kept)
}

fn image_list(about: &About<'_>, images: Vec<ImageInput>) -> Result<Vec<ImageInput>, Refusal> {
    let mut kept = Vec::with_capacity(images.len());
    for image in images {
        let Some(url) = text::address(about, "images", &image.url)? else { continue };
        let alt = checked(image.alt, |alt| text::address(about, "images", &alt))?;
        kept.push(ImageInput { url, alt });
    }
    Ok(kept)
}

/// The pictures as they will be. One whose address is known keeps its id, and its words unless others are said: also one
/// that an earlier word about the same product took away, so that the same words again change nothing.
fn pictures(
    mut images: Vec<Image>,
    in_shop: &[Image],
    listed: Option<Vec<ImageInput>>,
    more: Vec<ImageInput>,
    ids: &mut Ids,
) -> Vec<Image> {
    let mut known: Vec<Image> = Vec::new();
    known.extend(in_shop.iter().filter(|image| images.iter().all(|there| there.id != image.id)).cloned());
    let mut found = |known: &mut Vec<Image>, input: ImageInput| {
        let place = known.iter().position(|image| image.url == input.url);
        picture(place.map(|place| known.remove(place)), input, ids)
    };
    if let Some(listed) = listed {
        known.splice(0..0, std::mem::take(&mut images));
        images = listed.into_iter().map(|input| found(&mut known, input)).collect();
    }
    for input in more {
        match images.iter_mut().find(|image| image.url == input.url) {
            Some(image) => {
                image.alt = input.alt.over(Some(std::mem::take(&mut image.alt))).unwrap_or_default()
            }
            None => images.push(found(&mut known, input)),
        }
    }
    images
}

fn picture(before: Option<Image>, input: ImageInput, ids: &mut Ids) -> Image {
    let (id, alt, copies) = match before {
        Some(before) => (before.id, Some(before.alt), before.copies),
        None => (ids.fresh(), None, Vec::new()),
    };
    Image { id, url: input.url, alt: input.alt.over(alt).unwrap_or_default(), copies }
}

/// A checked value of an attribute, or that it has none.
struct AttributeCell {
    code: String,
    name: String,
    kind: AttributeKind,
    value: Option<String>,
}

fn attribute_cells(
    about: &About<'_>,
    said: Vec<(String, String, AttributeKind, Cell<String>)>,
    shared: &Shared,
) -> Result<Vec<AttributeCell>, Refusal> {
    let mut cells = Vec::with_capacity(said.len());
    for (code, name, kind, cell) in said {
        let Some(code) = text::name(about, "attributes", &code)? else {
            return Err(about.refuse("attributes", "attribute-invalid", "an attribute has no code"));
        };
        let name = text::name(about, "attributes", &name)?.unwrap_or_else(|| code.clone());
        let value = match cell {
            Cell::Absent => continue,
            Cell::Empty => None,
            Cell::Is(value) => text::body(about, "attributes", value)?,
        };
        let new;
        let attribute = match shared.known_attribute(&code) {
            Some(known) => known,
            None => {
                new =
                    Attribute::new(crate::AttributeId(uuid::Uuid::nil()), code.as_str(), name.as_str(), kind);
                &new
            }
        };
        let kind = attribute.kind;
        let value = value.map(|value| attribute.accept(&value)).transpose();
        let value = value.map_err(|reason| about.refuse("attributes", "attribute-invalid", reason))?;
        cells.push(AttributeCell { code, name, kind, value });
    }
    Ok(cells)
}

/// Whether the product will have what every published product has to have.
fn required_there(
    about: &About<'_>,
    before: &Product,
    cells: &[AttributeCell],
    options: &Options,
    shared: &Shared,
) -> Result<(), Refusal> {
    for attribute in shared.required_attributes() {
        let said = cells.iter().rev().find(|cell| cell.code == attribute.code);
        let has = || before.attributes.iter().any(|value| value.attribute == attribute.id);
        if !said.map_or_else(has, |cell| cell.value.is_some()) && !options.has(attribute) {
            let reason = format!("a published product needs a value of the attribute {}", attribute.code);
            return Err(about.refuse("attributes", "attribute-required", reason));
        }
    }
    Ok(())
}

impl AttributeCell {
    fn set(self, values: &mut Vec<AttributeValue>, shared: &mut Shared, ids: &mut Ids) {
        let Some(value) = self.value else {
            // An attribute that nobody has need not be made to say so.
            if let Some(known) = shared.known_attribute(&self.code) {
                let known = known.id;
                values.retain(|value| value.attribute != known);
            }
            return;
        };
        let attribute = shared.attribute(&self.code, &self.name, self.kind, ids);
        match values.iter_mut().find(|value| value.attribute == attribute) {
            Some(known) => known.value = value,
            None => values.push(AttributeValue { attribute, value }),
        }
    }
}
