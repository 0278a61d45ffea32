//! Variants: how they are known, what is refused of them.

use super::*;
use crate::catalog::{ProductStatus, TaxClass, Weight, WeightUnit};

fn skus(product: &Product) -> Vec<&str> {
    product.variants.iter().map(|variant| variant.sku.as_str()).collect()
}

fn values(product: &Product) -> Vec<String> {
    product.variants.iter().map(|variant| variant.option_values.join("/")).collect()
}

#[test]
fn a_variant_is_known_by_its_sku_then_by_its_option_values() {
    let mut shop = empty_shop();
    let sizes = |rows: &[(&str, &str)]| {
        let rows = rows.iter().map(|(sku, size)| {
            let sku = sku.parse().map_or(Cell::Empty, Cell::Is);
            VariantInput { sku, ..without_sku("10").values(&[*size]) }
        });
        ProductInput { variants: rows.collect(), ..input("tee").options(&["Size"]) }
    };
    shop.takes([sizes(&[("T-S", "S"), ("T-M", "M"), ("", "L")])]);
    let before: Vec<_> = shop.product("tee").variants.iter().map(|variant| variant.id).collect();

    // By SKU though the values moved; by values though the SKU is new, or none is said.
    let plan = shop.takes([sizes(&[("T-M", "S"), ("T-S", "M"), ("T-L", "L"), ("", "XL")])]);
    assert!(plan.refusals.is_empty(), "{:?}", plan.refusals);
    let product = shop.product("tee");
    let after: Vec<_> = product.variants.iter().map(|variant| variant.id).collect();
    assert_eq!(after[..3], before[..]);
    assert_eq!(values(product), ["M", "S", "L", "XL"]);
    assert_eq!(skus(product)[..3], ["T-S", "T-M", "T-L"]);
    assert!(skus(product)[3].starts_with("TEE-XL-"));
    assert_eq!(product.options[0].values, ["S", "M", "L", "XL"], "known values keep their order");

    shop.takes([later("tee").variant(variant("T-S", "10").values(&["XXL"]))]);
    assert_eq!(
        shop.product("tee").options[0].values,
        ["S", "L", "XL", "XXL"],
        "a value that no variant has goes"
    );
}

#[test]
fn a_sku_has_one_variant_in_the_shop() {
    let mut shop = empty_shop();
    shop.takes([mug()]);
    let two = input("cup").options(&["Size"]);
    let plan = shop.takes([two
        .variant(variant("MUG", "1").values(&["S"]))
        .variant(variant("CUP", "1").values(&["M"]))
        .variant(variant("CUP", "1").values(&["L"]))]);
    assert_eq!(codes(&plan), ["sku-twice", "sku-taken"]);
    assert_eq!(skus(shop.product("cup")), ["CUP"]);

    let plan =
        shop.takes([input("pot").variant(variant("POT", "1")), input("pan").variant(variant("POT", "1"))]);
    assert_eq!(codes(&plan), ["sku-taken", "no-variant"]);
}

#[test]
fn a_made_sku_gives_way_to_one_that_is_there() {
    let mut shop = empty_shop();
    shop.takes([shirt()]);
    let made = skus(shop.product("shirt"))[0].to_owned();
    let mut other = empty_shop();
    other.takes([input("other").variant(variant(&made, "1"))]);
    let plan = other.takes([shirt()]);
    assert!(plan.refusals.is_empty());
    assert_ne!(skus(other.product("shirt"))[0], made);
    assert_eq!(outcomes(&other.takes([shirt()])), [Outcome::Unchanged]);
}

#[test]
fn prices_of_zero_are_for_drafts() {
    let mut shop = empty_shop();
    let two = |free: VariantInput| {
        input("tea")
            .options(&["Size"])
            .variant(variant("T-1", "5").values(&["1"]))
            .variant(free.values(&["2"]))
    };
    let plan = shop.takes([two(variant("T-2", "0"))]);
    assert_eq!(codes(&plan), ["price-zero"]);
    assert_eq!(skus(shop.product("tea")), ["T-1"]);
    let missing = VariantInput { price: Cell::Absent, ..variant("T-2", "0") };
    assert_eq!(codes(&shop.takes([two(missing.clone())])), ["price-missing"]);
    assert_eq!(
        codes(&shop.takes([input("free").variant(variant("FREE", "0"))])),
        ["price-zero", "no-variant"]
    );

    let draft = two(missing).status(ProductStatus::Draft);
    assert_eq!(codes(&shop.takes([draft])), [""; 0]);
    assert_eq!(shop.product("tea").variants.len(), 2);
    let plan = shop.takes([later("tea").status(ProductStatus::Published)]);
    assert_eq!(codes(&plan), ["price-zero"], "a draft with a price of 0 stays one");
    assert_eq!(shop.product("tea").status, ProductStatus::Draft);
}

#[test]
fn a_compare_at_price_is_above_the_price() {
    let mut shop = empty_shop();
    let at = |price, compare| ProductInput {
        variants: vec![VariantInput { compare_at_price: Cell::Is(naira(compare)), ..variant("MUG", price) }],
        ..input("mug")
    };
    shop.takes([at("10", "12")]);
    assert_eq!(shop.product("mug").variants[0].compare_at_price, Some(naira("12")));
    for input in [at("12", "12"), later("mug").variant(variant("MUG", "13"))] {
        let mut shop = Shop { view: shop.view.clone(), options: shop.options.clone(), imports: 9 };
        let plan = shop.takes([input]);
        assert_eq!(
            plan.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
            ["compare-at-dropped"]
        );
        assert_eq!(shop.product("mug").variants[0].compare_at_price, None);
    }
}

#[test]
fn no_two_variants_have_the_same_option_values() {
    let mut shop = empty_shop();
    shop.takes([shirt()]);
    let twice =
        later("shirt").variant(variant("X", "1").values(&["XL"])).variant(variant("Y", "1").values(&["XL"]));
    assert_eq!(codes(&shop.takes([twice])), ["options-twice"]);
    // The row of M wants to be L, which is taken; so the row that wants to be M gives way too.
    let sku = |place: usize| shop.product("shirt").variants[place].sku.clone();
    let chain = later("shirt")
        .variant(VariantInput::new(sku(1), naira("1")).values(&["L"]))
        .variant(VariantInput::new(sku(0), naira("1")).values(&["M"]));
    assert_eq!(codes(&shop.takes([chain])), ["options-twice", "options-twice"]);
    assert_eq!(values(shop.product("shirt")), ["S", "M", "L", "XL"]);
}

#[test]
fn rows_say_one_value_for_each_option() {
    let mut shop = empty_shop();
    let shirts = shirt()
        .variant(without_sku("1").values(&["XL", "Red"]))
        .variant(without_sku("1"))
        .variant(without_sku("1").values(&[" "]));
    assert_eq!(codes(&shop.takes([shirts])), ["options-count", "options-count", "option-empty"]);
    let sku = shop.product("shirt").variants[2].sku.clone();
    let plan = shop.takes([later("shirt").variant(VariantInput::new(sku, naira("9")))]);
    assert_eq!(outcomes(&plan), [Outcome::Updated], "known by its SKU, a variant keeps its values");
    assert_eq!(values(shop.product("shirt")), ["S", "M", "L"]);
}

#[test]
fn options_may_be_renamed_reordered_and_added_to_what_is_named() {
    let mut shop = empty_shop();
    let rows = |order: &[&str], rows: &[&[&str]]| ProductInput {
        variants: rows.iter().map(|values| without_sku("5").values(values)).collect(),
        ..input("tee").options(order)
    };
    shop.takes([rows(&["Size", "Colour"], &[&["S", "Red"], &["M", "Red"]])]);
    let before: Vec<_> = shop.product("tee").variants.iter().map(|variant| variant.id).collect();
    shop.takes([rows(&["Color", "Size"], &[&["Red", "S"]])]);
    assert_eq!(
        values(shop.product("tee")),
        ["S/Red", "M/Red", "Red/S"],
        "another name is the option in its place"
    );

    let mut shop = empty_shop();
    shop.takes([rows(&["Size", "Colour"], &[&["S", "Red"], &["M", "Red"]])]);
    shop.takes([rows(&["Colour", "Size"], &[&["Red", "S"], &["Red", "M"]])]);
    let product = shop.product("tee");
    assert_eq!(values(product), ["Red/S", "Red/M"]);
    assert_eq!(product.variants.len(), before.len());
    let plan = shop.takes([rows(&["Colour"], &[&["Red"]])]);
    assert_eq!(codes(&plan), ["options-mismatch"]);
}

#[test]
fn the_only_variant_becomes_the_first_of_several() {
    let mut shop = empty_shop();
    shop.takes([input("shirt").variant(without_sku("4000"))]);
    let only = shop.product("shirt").variants[0].clone();
    let plan = shop.takes([shirt()]);
    assert!(plan.refusals.is_empty());
    let product = shop.product("shirt");
    assert_eq!((product.variants[0].id, &product.variants[0].sku), (only.id, &only.sku));
    assert_eq!(values(product), ["S", "M", "L"]);
}

#[test]
fn fields_of_a_variant_stay_go_and_come() {
    let mut shop = empty_shop();
    let ounces = Weight::parse_grams("28.349523125", WeightUnit::Ounce).unwrap();
    let mut full = variant("MUG", "10").weight(ounces);
    full.cost = Cell::Is(naira("4"));
    full.barcode = Cell::Is("6001234567890".to_owned());
    full.tax_class = Cell::Is("reduced".parse().unwrap());
    full.digital = Cell::Is(true);
    full.tracked = Cell::Is(false);
    shop.takes([input("mug").variant(full)]);
    let before = shop.product("mug").variants[0].clone();
    assert_eq!(before.weight, Some(ounces));

    let mut heavier = VariantInput { taxable: Cell::Is(true), ..variant("MUG", "10") };
    heavier.grams = Cell::Is("30".parse().unwrap());
    shop.takes([later("mug").variant(heavier)]);
    let after = shop.product("mug").variants[0].clone();
    assert_eq!(after.weight, Weight::parse_grams("30", WeightUnit::Ounce), "the unit was not mentioned");
    assert_eq!(crate::catalog::Variant { weight: before.weight, ..after }, before);

    let (grams, cost, barcode) = (Cell::Empty, Cell::Empty, Cell::Empty);
    let (tracked, digital, taxable) = (Cell::Empty, Cell::Empty, Cell::Is(false));
    let bare = VariantInput { grams, cost, barcode, tracked, digital, taxable, ..variant("MUG", "10") };
    shop.takes([later("mug").variant(bare)]);
    let after = &shop.product("mug").variants[0];
    assert_eq!((after.weight, after.cost, &after.barcode), (None, None, &None));
    assert_eq!((after.tracked, after.digital, &after.tax_class), (true, false, &TaxClass::exempt()));
}

#[test]
fn wrong_values_refuse_the_variant() {
    let cedi = UnitPrice::parse("1", Currency::GHS).unwrap();
    let good = || variant("M-1", "10").values(&["1"]);
    let bad = || variant("M-2", "10").values(&["2"]);
    for (row, code) in [
        (VariantInput { price: Cell::Is(naira("-1")), ..bad() }, "price-invalid"),
        (VariantInput { price: Cell::Is(cedi), ..bad() }, "currency-mismatch"),
        (VariantInput { compare_at_price: Cell::Is(cedi), ..bad() }, "currency-mismatch"),
        (VariantInput { cost: Cell::Is(cedi), ..bad() }, "currency-mismatch"),
        (VariantInput { cost: Cell::Is(naira("-1")), ..bad() }, "price-invalid"),
        (VariantInput { grams: Cell::Is("-1".parse().unwrap()), ..bad() }, "weight-invalid"),
        (VariantInput { grams: Cell::Is("100000001".parse().unwrap()), ..bad() }, "weight-invalid"),
        (VariantInput { barcode: Cell::Is("1\t2".to_owned()), ..bad() }, "text-invalid"),
        (VariantInput { stock: Cell::Is(1_000_000_001), ..bad() }, "stock-invalid"),
        (VariantInput { line: 7, ..bad().values(&["x".repeat(256).as_str()]) }, "text-too-long"),
    ] {
        let mut shop = empty_shop();
        let line = if row.line == 0 { 2 } else { row.line };
        let plan = shop.takes([input("m").options(&["Size"]).variant(row).variant(good())]);
        assert_eq!(codes(&plan), [code]);
        assert_eq!(plan.refusals[0].line, line);
        assert_eq!(skus(shop.product("m")), ["M-1"]);
    }
    let mut shop = empty_shop();
    shop.takes([mug()]);
    shop.options.currency = Currency::GHS;
    assert_eq!(codes(&shop.takes([later("mug")])), ["currency-mismatch"]);
    let many =
        (0..=Product::VARIANTS_MAX).map(|number| without_sku("1").values(&[number.to_string().as_str()]));
    let many = ProductInput { variants: many.collect(), ..input("m").options(&["Size"]) };
    shop.options.currency = Currency::NGN;
    assert_eq!(codes(&shop.takes([many])), ["too-many-variants"]);
}
