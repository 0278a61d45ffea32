//! The same inputs a second time change nothing, whatever they are.

use proptest::prelude::*;

use super::*;
use crate::catalog::{AttributeKind, Batch, ImageInput, ProductStatus};

fn cell<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Cell<T>> {
    prop_oneof![Just(Cell::Absent), Just(Cell::Empty), value.prop_map(Cell::Is)].boxed()
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn a_price() -> impl Strategy<Value = UnitPrice> {
    prop::sample::select(&["0", "1", "10.50", "-1", "20"][..]).prop_map(naira)
}

prop_compose! {
    fn a_variant(options: usize)(
        sku in cell(word(&["A", "B", "C", "D"]).prop_map(|sku| sku.parse().unwrap())),
        option_values in prop::collection::vec(word(&["S", "M", " L", ""]), options),
        price in prop_oneof![4 => a_price().prop_map(Cell::Is), 1 => cell(a_price())],
        compare_at_price in cell(a_price()),
        tracked in cell(any::<bool>()),
        taxable in cell(any::<bool>()),
        stock in cell(-1..5_i64),
    ) -> VariantInput {
        VariantInput { sku, option_values, price, compare_at_price, tracked, taxable, stock, ..VariantInput::default() }
    }
}

fn a_product() -> impl Strategy<Value = ProductInput> {
    let variants = (0..3_usize)
        .prop_flat_map(|options| (Just(options), prop::collection::vec(a_variant(options), 0..4)));
    let said = (
        cell(word(&["Clay", "clay ", "Tin"])),
        cell(prop::collection::vec(word(&["Home", "home", "Lamps", ""]), 0..3)),
        cell(prop::sample::select(
            &[ProductStatus::Draft, ProductStatus::Published, ProductStatus::Archived][..],
        )),
        cell(prop::collection::vec(
            word(&["/a", "/b"]).prop_map(|url| ImageInput { url, alt: Cell::Absent }),
            0..3,
        )),
        cell(word(&["red", "blue"])),
    );
    (word(&["a", "b", "c", "d", "e"]), variants, said).prop_map(|(slug, (options, variants), said)| {
        let (brand, category, status, images, colour) = said;
        let attributes = vec![("my.colour".to_owned(), "Colour".to_owned(), AttributeKind::Text, colour)];
        let options = if options == 0 {
            Cell::Empty
        } else {
            Cell::Is(["Size", "Fit"][..options].iter().map(|name| (*name).to_owned()).collect())
        };
        ProductInput { brand, category, status, images, attributes, options, variants, ..input(&slug) }
    })
}

fn products() -> impl Strategy<Value = Vec<ProductInput>> {
    prop::collection::vec(a_product(), 1..6)
}

/// Each product once: what is said of one twice may be undone by what was said first.
fn each_once(mut inputs: Vec<ProductInput>) -> Vec<ProductInput> {
    let mut seen = std::collections::HashSet::new();
    inputs.retain(|input| seen.insert(input.slug.clone()));
    inputs
}

proptest! {
    #[test]
    fn the_same_again_changes_nothing(inputs in products(), set in any::<bool>()) {
        let mut shop = empty_shop().stock(if set { StockRule::Set } else { StockRule::Created });
        let inputs = each_once(inputs);
        shop.takes(inputs.clone());
        let again = shop.takes(inputs);
        prop_assert!(outcomes(&again).iter().all(|outcome| *outcome == Outcome::Unchanged));
        prop_assert_eq!(again.batch, Batch::default());
    }

    #[test]
    fn whatever_is_said_the_shop_stays_well(imports in prop::collection::vec(products(), 1..4)) {
        let mut shop = empty_shop();
        for inputs in imports {
            shop.takes(inputs); // writes with the guards of a store
            for product in &shop.view.products {
                prop_assert!(!product.variants.is_empty());
                let mut values = std::collections::HashSet::new();
                for variant in &product.variants {
                    prop_assert_eq!(variant.option_values.len(), product.options.len());
                    prop_assert!(values.insert(variant.option_values.clone()));
                    prop_assert!(variant.price.ten_thousandths >= 0);
                    prop_assert!(variant.price.ten_thousandths > 0 || product.status != ProductStatus::Published);
                    prop_assert!(variant.compare_at_price.is_none_or(|high| high.ten_thousandths > variant.price.ten_thousandths));
                }
                for (place, option) in product.options.iter().enumerate() {
                    prop_assert!(product.variants.iter().all(|variant| option.values.contains(&variant.option_values[place])));
                }
            }
        }
    }
}
