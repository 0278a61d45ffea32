//! What products share has rules, and obeying them is the same for files and people.

use super::*;
use crate::catalog::{Attribute, AttributeKind, ProductStatus};
use crate::testkit::named;

fn attribute(code: &str, kind: AttributeKind) -> Attribute {
    Attribute::new(named("attribute", code), code, code, kind)
}

fn price() -> UnitPrice {
    UnitPrice::parse("10.00", Currency::NGN).unwrap()
}

fn tee(sku: &str) -> ProductInput {
    ProductInput::new("tee".parse().unwrap(), "Tee").variant(VariantInput::new(sku.parse().unwrap(), price()))
}

fn with_value(code: &str, kind: AttributeKind, value: &str) -> ProductInput {
    let mut input = tee("TEE");
    input.attributes.push((code.to_owned(), code.to_owned(), kind, Cell::Is(value.to_owned())));
    input
}

#[test]
fn values_obey_the_rules_of_their_attribute() {
    let mut shop = empty_shop();
    let mut weight = attribute("weight", AttributeKind::Number);
    (weight.rules.least, weight.rules.most) = (Some(1.into()), Some(10.into()));
    let mut fabric = attribute("fabric", AttributeKind::Select);
    fabric.rules.allowed = vec!["Cotton".to_owned(), "Silk".to_owned()];
    shop.view.attributes.extend([weight, fabric]);
    for (code, value) in [("weight", "0.9"), ("weight", "10.01"), ("weight", "much"), ("fabric", "wool")] {
        let refused = shop.takes([with_value(code, AttributeKind::Text, value)]);
        let codes: Vec<_> = refused.refusals.iter().map(|refusal| refusal.code).collect();
        assert_eq!(codes, ["attribute-invalid"], "{code} {value}");
    }
    assert_eq!(shop.takes([with_value("fabric", AttributeKind::Text, "COTTON ")]).refusals, []);
    assert_eq!(shop.product("tee").attributes[0].value, "Cotton", "in the spelling of the list");
    let again = shop.takes([with_value("fabric", AttributeKind::Text, "cotton")]);
    assert!(again.batch.is_empty(), "{again:?}");
    assert_eq!(again.outcomes[0].1, Outcome::Unchanged);
}

#[test]
fn a_published_product_has_what_is_required() {
    let mut shop = empty_shop();
    let mut fabric = attribute("fabric", AttributeKind::Select);
    fabric.required = true;
    shop.view.attributes.push(fabric);
    assert_eq!(shop.takes([tee("TEE")]).refusals[0].code, "attribute-required");
    let mut draft = tee("TEE");
    draft.status = Cell::Is(ProductStatus::Draft);
    assert_eq!(shop.takes([draft]).refusals, []);
    let mut published = with_value("fabric", AttributeKind::Select, "Silk");
    published.status = Cell::Is(ProductStatus::Published);
    assert_eq!(shop.takes([published]).refusals, []);
    let mut without = tee("TEE");
    let name = "fabric".to_owned();
    without.attributes.push((name.clone(), name, AttributeKind::Select, Cell::Empty));
    assert_eq!(shop.takes([without]).refusals[0].code, "attribute-required");
}

#[test]
fn options_obey_the_attribute_that_they_are_linked_to() {
    let mut shop = empty_shop();
    let mut size = attribute("size", AttributeKind::Select);
    size.rules.allowed = vec!["S".to_owned(), "M".to_owned()];
    size.required = true;
    let mut cut = attribute("cut", AttributeKind::Select);
    cut.variant_defining = false;
    shop.view.attributes.extend([size, cut]);
    let mut input = tee("TEE-S");
    input.options = Cell::Is(vec!["Size".to_owned(), "Cut".to_owned()]);
    input.variants[0].option_values = vec!["s".to_owned(), "slim".to_owned()];
    let mut large = input.variants[0].clone();
    (large.sku, large.option_values) =
        (Cell::Is("TEE-L".parse().unwrap()), vec!["L".to_owned(), "slim".to_owned()]);
    input.variants.push(large);
    let plan = shop.takes([input]);
    let codes: Vec<_> = plan.refusals.iter().map(|refusal| refusal.code).collect();
    assert_eq!(codes, ["option-invalid"], "the variant that is none");
    let product = shop.product("tee");
    assert_eq!(product.variants.len(), 1);
    assert_eq!(product.options[0].values, ["S"], "in the spelling of the list");
    let linked: Vec<bool> = product.options.iter().map(|option| option.attribute.is_some()).collect();
    assert_eq!(linked, [true, false], "one that defines no variants is linked to none");
}

#[test]
fn naming_what_was_deleted_brings_it_back() {
    let mut shop = empty_shop();
    let mut input = tee("TEE");
    input.brand = Cell::Is("Looms".to_owned());
    input.category = Cell::Is(vec!["Clothing".to_owned(), "Tees".to_owned()]);
    shop.takes([input.clone()]);
    let mut bare = tee("TEE");
    (bare.brand, bare.category) = (Cell::Empty, Cell::Empty);
    shop.takes([bare]);
    let now = shop.view.now;
    shop.view.brands.iter_mut().for_each(|brand| brand.deleted_at = Some(now));
    shop.view.categories.iter_mut().for_each(|category| category.deleted_at = Some(now));
    let plan = shop.takes([input]);
    assert_eq!((plan.batch.revise.brands.len(), plan.batch.revise.categories.len()), (1, 2));
    assert!(shop.view.brands.iter().all(|brand| brand.deleted_at.is_none() && brand.version == 2));
    assert!(shop.view.categories.iter().all(|category| category.deleted_at.is_none()));
    assert!(!plan.batch.adds());
}
