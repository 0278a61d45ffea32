//! A product as a line of JSON, so that it reads back as the same: the shape of a request that says all of it, with brand,
//! category and attributes by name.

use commerce_core::UnitPrice;
use commerce_core::catalog::{Product, Variant};
use serde_json::{Value, json};

use super::Page;

/// The line of a product, without its end.
pub(super) fn line(product: &Product, page: &Page<'_>) -> Value {
    let brand = product.brand.and_then(|id| page.brands.get(&id));
    let category = page.category(product);
    let attributes = product.attributes.iter().filter_map(|value| {
        let known = page.attributes.get(&value.attribute)?;
        let name = if known.name.is_empty() { &known.code } else { &known.name };
        Some(json!({"code": known.code, "name": name, "kind": known.kind, "value": value.value}))
    });
    let images = product.images.iter().map(|image| json!({"url": image.url, "alt": filled(&image.alt)}));
    let options: Vec<&str> = product.options.iter().map(|option| option.name.as_str()).collect();
    let variants =
        product.variants.iter().map(|variant| of_variant(variant, page.on_hand.get(&variant.id).copied()));
    json!({
        "slug": product.slug,
        "name": product.name,
        "description_html": filled(&product.description_html),
        "brand": brand.map(|brand| &brand.name),
        "category": (!category.is_empty()).then_some(category),
        "tags": product.tags,
        "status": product.status.as_str(),
        "featured": product.featured,
        "seller": product.seller,
        "publish_at": product.publish_at,
        "unpublish_at": product.unpublish_at,
        "options": (!options.is_empty()).then_some(options),
        "images": images.collect::<Vec<_>>(),
        "attributes": attributes.collect::<Vec<_>>(),
        "variants": variants.collect::<Vec<_>>(),
    })
}

fn of_variant(variant: &Variant, on_hand: Option<i64>) -> Value {
    let money = |price: UnitPrice| json!({"amount": price.amount(), "currency": price.currency});
    let weight = |weight: commerce_core::catalog::Weight| json!({"grams": weight.grams.normalize().to_string(), "unit": weight.unit.to_string()});
    let sides = |sides: commerce_core::catalog::Dimensions| {
        json!({
            "length": sides.length.normalize().to_string(),
            "width": sides.width.normalize().to_string(),
            "height": sides.height.normalize().to_string(),
            "unit": sides.unit.to_string(),
        })
    };
    json!({
        "sku": variant.sku,
        "option_values": variant.option_values,
        "price": money(variant.price),
        "compare_at_price": variant.compare_at_price.map(money),
        "cost": variant.cost.map(money),
        "weight": variant.weight.map(weight),
        "dimensions": variant.dimensions.map(sides),
        "barcode": variant.barcode,
        "image": variant.image,
        "tax_class": variant.tax_class,
        "digital": variant.digital,
        "tracked": variant.tracked,
        "backorder": variant.backorder,
        "stock": on_hand,
    })
}

fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
