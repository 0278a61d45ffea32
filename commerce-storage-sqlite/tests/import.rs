//! The bulk door.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use commerce_core::catalog::{Attribute, Batch, Brand, Category, ImportKeys, ProductKey, ProductWrite};
use commerce_core::{Guard, Store};
use common::*;

async fn refuses(shop: &Shop, batch: Batch, guard: Guard) {
    let before = shop.everything().await;
    refused(shop.store.import(&batch).await, guard);
    assert_eq!(before, shop.everything().await, "a stale import leaves nothing behind");
}

/// The mug at the next version, with one variant named and everything else changed.
fn new_mug() -> ProductWrite {
    let mut product = mug();
    product.version = 2;
    product.name = "Mug".into();
    product.tags = vec!["sale".into()];
    product.options[0].values.push("Red".into());
    product.images.clear();
    product.attributes.clear();
    product.variants[0].price = price("2600.00");
    product.variants[0].weight = None;
    product.variants[1] = variant(33, "MUG-R", "2000.00", "Red");
    ProductWrite { product, expected_version: Some(1) }
}

fn only(write: ProductWrite) -> Batch {
    Batch { products: vec![write], ..Batch::default() }
}

/// Another product, 80, with the one variant 81.
fn plate() -> ProductWrite {
    let mut product = mug();
    (product.id, product.slug, product.version) = (id(80), "plate".parse().unwrap(), 1);
    product.variants = vec![variant(81, "PLATE", "900.00", "White")];
    product.images[0].id = id(82);
    ProductWrite { product, expected_version: None }
}

#[tokio::test]
async fn what_is_imported_is_read_back() {
    let shop = Shop::stocked().await;
    let keys = ImportKeys {
        slugs: vec!["enamel-mug".parse().unwrap()],
        skus: vec!["MUG-B".parse().unwrap()],
        ..ImportKeys::default()
    };
    let view = shop.store.import_view(&keys).await.unwrap();
    let batch = catalogue();
    assert_eq!(view.now, at(0));
    assert_eq!(view.products, vec![mug()]);
    assert_eq!(view.sku_owners, vec![("MUG-B".parse().unwrap(), id(BLUE), id(30))]);
    assert_eq!((view.brands, view.categories), (batch.brands, batch.categories));
    assert_eq!((view.attributes, view.locations), (batch.attributes, batch.inventory.locations));
    let levels: Vec<_> =
        view.levels.iter().map(|level| (level.variant, level.location, level.on_hand)).collect();
    assert_eq!(
        levels,
        vec![(id(WHITE), id(LAGOS), 10), (id(WHITE), id(ABUJA), 5), (id(BLUE), id(LAGOS), 10)]
    );
    shop.is_sound().await;
}

#[tokio::test]
async fn a_product_is_replaced_but_a_variant_that_is_not_named_stays() {
    let shop = Shop::stocked().await;
    shop.store.import(&only(new_mug())).await.unwrap();
    let detail = shop.store.product(&ProductKey::Id(id(30))).await.unwrap().unwrap();
    let mut wanted = new_mug().product;
    wanted.variants.insert(1, mug().variants.remove(1));
    assert_eq!(detail.product, wanted);
    shop.is_sound().await;
}

#[tokio::test]
async fn a_product_that_changed_or_whose_slug_is_taken_is_stale() {
    let shop = Shop::stocked().await;
    shop.store.import(&only(plate())).await.unwrap();
    let with_plate = |write: ProductWrite| Batch { products: vec![plate_again(), write], ..Batch::default() };
    refuses(
        &shop,
        with_plate(ProductWrite { expected_version: Some(2), ..new_mug() }),
        Guard::Product(id(30)),
    )
    .await;
    let mut taken = new_mug();
    taken.product.slug = "plate".parse().unwrap();
    refuses(&shop, only(taken), Guard::Product(id(30))).await;
    let mut taken = plate();
    (taken.product.id, taken.product.variants[0].id) = (id(90), id(91));
    refuses(&shop, only(taken), Guard::Product(id(90))).await;
    shop.store.import(&with_plate(new_mug())).await.unwrap();
}

#[tokio::test]
async fn a_product_that_is_named_twice_is_stale() {
    let shop = Shop::stocked().await;
    let twice = |write: ProductWrite| Batch { products: vec![write.clone(), write], ..Batch::default() };
    refuses(&shop, twice(new_mug()), Guard::Product(id(30))).await;
    refuses(&shop, twice(plate()), Guard::Product(id(80))).await;
}

/// The plate once more, as it is.
fn plate_again() -> ProductWrite {
    let mut write = plate();
    (write.product.version, write.expected_version) = (2, Some(1));
    write
}

#[tokio::test]
async fn a_sku_belongs_to_one_variant() {
    let shop = Shop::stocked().await;
    let mut write = plate();
    write.product.variants[0].sku = "MUG-W".parse().unwrap();
    refuses(&shop, only(write), Guard::Sku).await;
}

#[tokio::test]
async fn what_products_share_is_made_once() {
    let shop = Shop::stocked().await;
    let brand = |name: &str, slug: &str| Brand::new(id(110), slug.parse().unwrap(), name);
    for brand in [brand("ACME ", "acme-2"), brand("Other", "acme")] {
        refuses(&shop, Batch { brands: vec![brand], ..Batch::default() }, Guard::Brand).await;
    }
    let kitchen = catalogue().categories.remove(0);
    let category = |name: &str, slug: &str, parent: Option<u128>| {
        Category::new(id(120), parent.map(|_| &kitchen), slug.parse().unwrap(), name)
    };
    let taken = [
        category("kitchen", "other", None),
        category("MUGS", "other", Some(21)),
        category("x", "mugs", None),
    ];
    for category in taken {
        refuses(&shop, Batch { categories: vec![category], ..Batch::default() }, Guard::Category).await;
    }
    let attribute = Attribute { id: id(115), ..catalogue().attributes.remove(0) };
    refuses(&shop, Batch { attributes: vec![attribute], ..Batch::default() }, Guard::Attribute).await;
    // The same name on another branch is another category.
    let below = Batch { categories: vec![category("Kitchen", "kitchen-2", Some(21))], ..Batch::default() };
    shop.store.import(&below).await.unwrap();
}

#[tokio::test]
async fn stock_and_locations_are_guarded_in_an_import_too() {
    let shop = Shop::stocked().await;
    let mut batch = only(plate());
    batch.inventory.adjust = vec![movement(801, WHITE, LAGOS, -11)];
    refuses(&shop, batch, stock_guard(WHITE, LAGOS)).await;
    let mut batch = only(plate());
    batch.inventory.locations = vec![location(53, "LAGOS", 1)];
    refuses(&shop, batch, Guard::Location).await;
}
