//! What a merchant may say: of products of their own alone, by brands, categories and attributes that the shop has.

use super::draft::{About, Refused};
use super::shared::Shared;
use crate::SellerId;
use crate::catalog::{Cell, Product, ProductInput};

/// Makes the product theirs, or says what of the input is not for them to say.
pub(super) fn claim(
    input: &mut ProductInput,
    present: Option<&Product>,
    seller: SellerId,
    shared: &Shared,
) -> Result<(), Refused> {
    let slug = input.slug.clone();
    let about = About { line: input.line, slug: &slug };
    // Whether it is there is told no more than that the handle is taken.
    if present.is_some_and(|present| present.seller != Some(seller)) {
        let reason = "another product has this handle: give this one another";
        return Err(about.refuse("slug", "slug-taken", reason).into());
    }
    let mut refusals = Vec::new();
    let mut wrong = |field, code, reason: String| {
        refusals.push(About { slug: &slug, ..about }.refuse(field, code, reason))
    };
    if matches!(input.edit.seller, Cell::Is(other) if other != seller) {
        wrong("seller", "not-yours", "a merchant sells as nobody else".to_owned());
    }
    let featured = present.is_some_and(|present| present.featured);
    if matches!(input.featured, Cell::Is(wanted) if wanted != featured) {
        wrong("featured", "not-yours", "what is in the window is for the shop to say".to_owned());
    }
    if let Cell::Is(name) = &input.brand
        && !name.trim().is_empty()
        && !shared.has_brand(name.trim())
    {
        wrong("brand", "brand-unknown", format!("the shop has no brand {:?}: ask for it", shown(name)));
    }
    if let Cell::Is(names) = &input.category
        && !shared.has_category(names)
    {
        let path = names.join(" > ");
        wrong("category", "category-unknown", format!("the shop has no category {:?}", shown(&path)));
    }
    for (code, .., value) in &input.attributes {
        if matches!(value, Cell::Is(_)) && shared.known_attribute(code).is_none() {
            wrong("attributes", "attribute-unknown", format!("there is no attribute {}", shown(code)));
        }
    }
    input.edit.seller = Cell::Is(seller);
    input.featured = Cell::Absent;
    if refusals.is_empty() { Ok(()) } else { Err(Refused(refusals)) }
}

fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}
