//! How fast: run by hand, `cargo test -p commerce-storage-sqlite --release --test throughput -- --ignored --nocapture`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::time::Instant;

use commerce_core::catalog::{Batch, Product, ProductFilter, ProductWrite, SortBy};
use commerce_core::{ChangeSet, Store, inventory};
use common::*;

/// Cart and order number `number`, with a token of its own.
fn numbered(number: u128) -> (ChangeSet, ChangeSet) {
    let (mut making, mut placing) = (new_cart(number), place(number));
    for changes in [&mut making, &mut placing] {
        changes.cart.write.as_mut().unwrap().cart.token.0[..16].copy_from_slice(&number.to_be_bytes());
    }
    (making, placing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand"]
async fn orders_per_second() {
    let shop = Shop::stocked().await;
    let receipt =
        inventory::Changes { adjust: vec![movement(63, WHITE, LAGOS, 1_000_000)], ..Default::default() };
    shop.store.commit(&stock_change(receipt)).await.unwrap();
    let mut next = 10_000;
    for (callers, orders) in [(1_u128, 300_u128), (32, 4_000), (128, 4_000)] {
        let from = next;
        next += 10_000 * callers.max(32);
        let number = move |caller: u128, index: u128| from + caller * 10_000 + index;
        let each = orders / callers;
        let making = (0..callers).flat_map(|caller| (0..each).map(move |index| number(caller, index)));
        let tasks: Vec<_> = making
            .map(|number| {
                let store = shop.store.clone();
                tokio::spawn(async move { store.commit(&numbered(number).0).await.unwrap() })
            })
            .collect();
        let since = Instant::now();
        for task in tasks {
            task.await.unwrap();
        }
        println!("made {} carts in {:?}", callers * each, since.elapsed());
        let since = Instant::now();
        let tasks: Vec<_> = (0..callers)
            .map(|caller| {
                let store = shop.store.clone();
                tokio::spawn(async move {
                    for index in 0..each {
                        store.commit(&numbered(number(caller, index)).1).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let seconds = since.elapsed().as_secs_f64();
        println!(
            "{callers} callers: {} orders in {seconds:.2} s, {:.0} orders/s",
            callers * each,
            (callers * each) as f64 / seconds
        );
    }
    let since = Instant::now();
    shop.is_sound().await;
    println!("violations: {:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run by hand"]
async fn import_of_ten_thousand_products() {
    let shop = Shop::stocked().await;
    let mut spent = 0.0;
    for replaces in [false, true] {
        let since = Instant::now();
        for start in (0..10_000_u128).step_by(200) {
            let mut batch = Batch::default();
            for index in start..start + 200 {
                batch.products.push(numbered_product(index, replaces));
                for variant in &batch.products.last().unwrap().product.variants {
                    if !replaces {
                        let number = variant.id.0.as_u128();
                        batch.inventory.levels.push(level(number, LAGOS));
                        batch.inventory.adjust.push(movement(number + 5_000_000, number, LAGOS, 7));
                    }
                }
            }
            let since = Instant::now();
            shop.store.import(&batch).await.unwrap();
            spent += since.elapsed().as_secs_f64();
        }
        println!(
            "10,000 products (replacing: {replaces}): {:.2} s, of them {spent:.2} s in the store",
            since.elapsed().as_secs_f64()
        );
        spent = 0.0;
    }
    for sort_by in [SortBy::Newest, SortBy::PriceAsc, SortBy::PriceDesc, SortBy::Name] {
        for (name, filter) in [
            ("all", ProductFilter { sort_by, ..ProductFilter::default() }),
            ("page 400", ProductFilter { sort_by, page: 400, ..ProductFilter::default() }),
            (
                "category",
                ProductFilter { sort_by, category: "kitchen".parse().ok(), ..ProductFilter::default() },
            ),
            ("in stock", ProductFilter { sort_by, in_stock: Some(true), ..ProductFilter::default() }),
            ("price", ProductFilter { sort_by, max_price: Some(25_000_000), ..ProductFilter::default() }),
        ] {
            let since = Instant::now();
            let page = shop.store.products(&filter).await.unwrap();
            println!("{sort_by:?} {name}: {} of {} in {:?}", page.rows.len(), page.count, since.elapsed());
        }
    }
    let since = Instant::now();
    shop.store.categories().await.unwrap();
    println!("categories: {:?}", since.elapsed());
    let since = Instant::now();
    shop.is_sound().await;
    println!("violations: {:?}", since.elapsed());
    let since = Instant::now();
    let page = shop.store.export(None, 500).await.unwrap();
    println!("export of {}: {:?}", page.products.len(), since.elapsed());
}

/// A product with two or three variants, now and then, and a description of a kilobyte.
fn numbered_product(index: u128, replaces: bool) -> ProductWrite {
    let number = 1_000_000 + index * 10;
    let mut product = Product {
        id: id(number),
        slug: format!("product-{index}").parse().unwrap(),
        name: format!("Product {index}"),
        description_html: "It holds tea. ".repeat(70),
        created_at: at(index as i64),
        version: if replaces { 2 } else { 1 },
        ..mug()
    };
    product.images[0].id = id(number);
    let values = ["White", "Blue", "Red"];
    product.variants = (0..if index.is_multiple_of(5) { 3 } else { 2 })
        .map(|place| {
            variant(number + 1 + place as u128, &format!("P{index}-{place}"), "2500.00", values[place])
        })
        .collect();
    ProductWrite { product, expected_version: replaces.then_some(1) }
}
