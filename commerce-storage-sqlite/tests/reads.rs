//! What is read is what was written, in the order that the types name, in any state of the shop.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use commerce_core::cart::{Look, Offer, VariantKey};
use commerce_core::catalog::{
    Availability, Batch, Category, CategoryNode, Product, ProductFilter, ProductKey, ProductStatus,
    ProductWrite, SortBy,
};
use commerce_core::idempotency::Outcome;
use commerce_core::inventory::Hold;
use commerce_core::mail::{Kind, Mail};
use commerce_core::testkit::PretendMailer;
use commerce_core::{ChangeSet, Engine, OrderId, Store, inventory};
use common::*;

#[tokio::test]
async fn a_cart_is_seen_with_all_that_its_decision_needs() {
    let shop = Shop::stocked().await;
    let made = ChangeSet { idempotency: Some(record("key", Outcome::CartChanged(id(1)))), ..new_cart(1) };
    shop.store.commit(&made).await.unwrap();
    shop.store.commit(&rulebook(1)).await.unwrap();
    shop.clock.set(at(60));
    let look = Look {
        token: Some(token(1)),
        variant: Some(VariantKey::Sku("MUG-B".parse().unwrap())),
        coupon: None,
        customer: None,
        repeated: Some(scope("key")),
    };
    let view = shop.store.cart(&look).await.unwrap();
    assert_eq!((view.now, view.rulebook_version, view.token_known), (at(60), 1, true));
    assert_eq!(view.cart, Some(cart(1)));
    assert_eq!(view.record, made.idempotency);
    let product = mug();
    let offer = |index: usize| {
        let variant = product.variants[index].clone();
        Offer {
            variant: variant.id,
            sku: variant.sku,
            product: product.id,
            seller: product.seller,
            product_version: 1,
            slug: product.slug.clone(),
            name: product.name.clone(),
            options: vec![("Colour".into(), variant.option_values[0].clone())],
            image: variant.image.or(Some("https://img.example/mug.jpg".into())),
            categories: vec!["kitchen".into(), "mugs".into()],
            brand: Some("acme".into()),
            tags: vec!["tea".into(), "camping".into()],
            attributes: vec![
                ("colour".into(), "white".into()),
                ("colour".into(), variant.option_values[0].clone()),
            ],
            price: variant.price,
            compare_at: variant.compare_at_price,
            weight: variant.weight,
            dimensions: None,
            tax_class: variant.tax_class,
            digital: false,
            tracked: true,
            backorder: false,
            on_sale: true,
        }
    };
    assert_eq!(view.offers, vec![offer(0), offer(1)]);
    let levels: Vec<_> =
        view.levels.iter().map(|level| (level.variant, level.location, level.priority)).collect();
    assert_eq!(levels, vec![(id(WHITE), id(LAGOS), 1), (id(WHITE), id(ABUJA), 2), (id(BLUE), id(LAGOS), 1)]);
}

#[tokio::test]
async fn an_empty_shop_is_seen_as_such() {
    let shop = Shop::empty().await;
    let look = Look {
        token: Some(token(9)),
        variant: Some(VariantKey::Id(id(31))),
        coupon: Some("WELCOME".parse().unwrap()),
        customer: None,
        repeated: Some(scope("key")),
    };
    for look in [Look::default(), look] {
        let view = shop.store.cart(&look).await.unwrap();
        assert_eq!((view.cart, view.token_known, view.record), (None, false, None));
        assert_eq!((view.offers, view.levels, view.rulebook_version), (vec![], vec![], 0));
    }
    assert_eq!(shop.store.order(id::<OrderId>(1).into(), Some(scope("key"))).await.unwrap(), None);
    assert_eq!(shop.store.product(&ProductKey::Slug("mug".parse().unwrap())).await.unwrap(), None);
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), vec![]);
    assert_eq!(shop.store.categories().await.unwrap(), vec![]);
    assert_eq!(shop.store.export(None, 10).await.unwrap(), Default::default());
    assert_eq!(shop.store.locations().await.unwrap(), vec![]);
    assert_eq!(shop.store.stock(&[id(31)]).await.unwrap(), (at(0), vec![]));
    shop.store.ping().await.unwrap();
    shop.is_sound().await;
}

#[tokio::test]
async fn a_token_is_known_until_its_carts_expire() {
    let shop = Shop::stocked().await;
    shop.store.commit(&new_cart(1)).await.unwrap();
    shop.store.commit(&place(1)).await.unwrap();
    let look = Look { token: Some(token(1)), ..Look::default() };
    let view = shop.store.cart(&look).await.unwrap();
    assert_eq!((view.cart, view.token_known), (None, true));
    shop.clock.set(at(3600));
    assert!(!shop.store.cart(&look).await.unwrap().token_known);
}

#[tokio::test]
async fn an_offer_that_is_not_on_sale_is_still_seen() {
    let shop = Shop::stocked().await;
    let draft = Product { status: ProductStatus::Draft, version: 2, ..mug() };
    shop.store.import(&replacing(draft, 1)).await.unwrap();
    let look = Look { variant: Some(VariantKey::Id(id(WHITE))), ..Look::default() };
    let offers = shop.store.cart(&look).await.unwrap().offers;
    assert_eq!(
        offers.iter().map(|offer| (offer.product_version, offer.on_sale)).collect::<Vec<_>>(),
        vec![(2, false)]
    );
    let deleted = Product { deleted_at: Some(at(1)), version: 3, ..mug() };
    shop.store.import(&replacing(deleted, 2)).await.unwrap();
    assert!(!shop.store.cart(&look).await.unwrap().offers[0].on_sale);
    let kept = shop.store.product(&ProductKey::Id(id(30))).await.unwrap().unwrap();
    assert_eq!(kept.product.deleted_at, Some(at(1)), "for those who restore it");
}

fn replacing(product: Product, expected: u64) -> Batch {
    Batch { products: vec![ProductWrite { product, expected_version: Some(expected) }], ..Batch::default() }
}

#[tokio::test]
async fn an_order_is_read_as_it_was_placed_and_as_it_went_on() {
    let shop = Shop::stocked().await;
    shop.store.commit(&new_cart(1)).await.unwrap();
    shop.store.commit(&place(1)).await.unwrap();
    shop.clock.set(at(5));
    let order: OrderId = id(101);
    let view = shop.store.order(order.into(), Some(scope("key-1"))).await.unwrap().unwrap();
    assert_eq!(view.now, at(5));
    assert_eq!(view.order, order_of(1));
    assert_eq!(view.history, place(1).order.history.into_iter().map(|(_, step)| step).collect::<Vec<_>>());
    assert_eq!((view.payments, view.reservations), (vec![payment_of(1)], vec![reservation_of(1)]));
    assert_eq!(view.record, place(1).idempotency);

    shop.store.commit(&cancel(1)).await.unwrap();
    let view = shop.store.order(order.into(), Some(scope("other"))).await.unwrap().unwrap();
    assert_eq!((view.order.version, view.payments[0].version), (2, 2));
    assert_eq!((view.order.status.as_str(), view.order.payment_status.as_str()), ("cancelled", "failed"));
    let wanted = place(1).order.history.into_iter().chain(cancel(1).order.history).map(|(_, step)| step);
    assert_eq!(view.history, wanted.collect::<Vec<_>>());
    assert_eq!((view.reservations, view.record), (vec![], None));
}

#[tokio::test]
async fn overdue_orders_come_by_their_expiry() {
    let shop = Shop::stocked().await;
    for number in 1..=3 {
        shop.store.commit(&new_cart(number)).await.unwrap();
        let mut placed = place(number);
        let hold = [Hold::Held(at(700)), Hold::Held(at(600)), Hold::Committed][number as usize - 1];
        placed.inventory.reserve[0].hold = hold;
        placed.order.place.as_mut().unwrap().pay_until = hold.until();
        shop.store.commit(&placed).await.unwrap();
    }
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), vec![]);
    shop.clock.set(at(600));
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), vec![id(102)]);
    shop.clock.set(at(700));
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), vec![id(102), id(101)]);
    assert_eq!(shop.store.overdue_orders(1).await.unwrap(), vec![id(102)]);
    shop.store.commit(&cancel(2)).await.unwrap();
    assert_eq!(shop.store.overdue_orders(10).await.unwrap(), vec![id(101)]);
}

/// Products 200, 210, ... with one variant each: name, price, category, units on hand.
async fn shelves() -> Shop {
    let shop = Shop::stocked().await;
    let mut batch = Batch::default();
    let plain = [
        ("Pot", "10.00", 21, 0),
        ("apron", "30.00", 20, 4),
        ("Bowl", "20.00", 20, 0),
        ("Cup", "30.00", 20, 1),
    ];
    for (index, (name, amount, category, on_hand)) in plain.into_iter().enumerate() {
        let number = 200 + 10 * index as u128;
        let product = Product {
            id: id(number),
            slug: name.to_lowercase().parse().unwrap(),
            name: name.to_owned(),
            featured: false,
            brand: None,
            category: Some(id(category)),
            images: vec![],
            variants: vec![variant(number + 1, &name.to_uppercase(), amount, "White")],
            created_at: at(10),
            ..mug()
        };
        batch.products.push(ProductWrite { product, expected_version: None });
        batch.inventory.levels.push(level(number + 1, LAGOS));
        if on_hand > 0 {
            batch.inventory.adjust.push(movement(number + 2, number + 1, LAGOS, on_hand));
        }
    }
    shop.store.import(&batch).await.unwrap();
    shop
}

async fn listed(shop: &Shop, filter: ProductFilter) -> Vec<String> {
    let page = shop.store.products(&filter).await.unwrap();
    page.rows.into_iter().map(|row| row.slug.as_str().to_owned()).collect()
}

#[tokio::test]
async fn products_are_listed_in_order() {
    let shop = shelves().await;
    let by = |sort_by| listed(&shop, ProductFilter { sort_by, ..ProductFilter::default() });
    assert_eq!(by(SortBy::Newest).await, ["cup", "bowl", "apron", "pot", "enamel-mug"]);
    assert_eq!(by(SortBy::PriceAsc).await, ["pot", "bowl", "cup", "apron", "enamel-mug"]);
    assert_eq!(by(SortBy::PriceDesc).await, ["enamel-mug", "cup", "apron", "bowl", "pot"]);
    assert_eq!(by(SortBy::Name).await, ["apron", "bowl", "cup", "enamel-mug", "pot"]);
}

#[tokio::test]
async fn products_are_listed_by_filter_and_page() {
    let shop = shelves().await;
    let all = ProductFilter::default;
    let slug = |text: &str| Some(text.parse().unwrap());
    let kitchen = ProductFilter { category: slug("kitchen"), ..all() };
    assert_eq!(listed(&shop, kitchen).await, ["cup", "bowl", "apron", "pot", "enamel-mug"]);
    assert_eq!(
        listed(&shop, ProductFilter { category: slug("mugs"), ..all() }).await,
        ["cup", "bowl", "apron", "enamel-mug"]
    );
    assert_eq!(listed(&shop, ProductFilter { category: slug("mug"), ..all() }).await, [""; 0]);
    assert_eq!(listed(&shop, ProductFilter { brand: slug("acme"), ..all() }).await, ["enamel-mug"]);
    assert_eq!(listed(&shop, ProductFilter { brand: slug("none"), ..all() }).await, [""; 0]);
    assert_eq!(listed(&shop, ProductFilter { featured: Some(true), ..all() }).await, ["enamel-mug"]);
    assert_eq!(
        listed(&shop, ProductFilter { in_stock: Some(true), ..all() }).await,
        ["cup", "apron", "enamel-mug"]
    );
    assert_eq!(listed(&shop, ProductFilter { in_stock: Some(false), ..all() }).await, ["bowl", "pot"]);
    let between = |least: &str, most: &str| ProductFilter {
        min_price: Some(price(least).ten_thousandths),
        max_price: Some(price(most).ten_thousandths),
        ..all()
    };
    assert_eq!(listed(&shop, between("20.00", "30.00")).await, ["cup", "bowl", "apron"]);
    // One variant must lie within both bounds; the mug's cost 2500.00 and 2750.50.
    assert_eq!(listed(&shop, between("2600.00", "2700.00")).await, [""; 0]);
    assert_eq!(listed(&shop, between("2750.50", "2750.50")).await, ["enamel-mug"]);

    let page = shop.store.products(&ProductFilter { page: 2, page_size: 2, ..all() }).await.unwrap();
    assert_eq!((page.count, page.count_is_exact), (5, true));
    assert_eq!(page.rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["apron", "pot"]);
    assert_eq!(listed(&shop, ProductFilter { page: 4, page_size: 2, ..all() }).await, [""; 0]);
    assert_eq!(listed(&shop, ProductFilter { page: u32::MAX, page_size: 100, ..all() }).await, [""; 0]);
}

#[tokio::test]
async fn a_listed_product_shows_its_cheapest_variant() {
    let shop = shelves().await;
    let filter = ProductFilter { brand: Some("acme".parse().unwrap()), ..ProductFilter::default() };
    let row = shop.store.products(&filter).await.unwrap().rows.remove(0);
    assert_eq!((row.id, row.name.as_str(), row.in_stock), (id(30), "Enamel mug", true));
    assert_eq!((row.price, row.compare_at_price), (price("2500.00"), Some(price("3000.00"))));
    assert_eq!(row.price_max, price("2750.50"));
    assert_eq!(row.image.as_deref(), Some("https://img.example/mug.jpg"));
    assert_eq!(row.brand, Some(("Acme".into(), "acme".parse().unwrap())));
    assert_eq!(row.category, Some(("Mugs".into(), "mugs".parse().unwrap())));
}

#[tokio::test]
async fn what_is_promised_or_kept_is_not_in_stock() {
    let shop = shelves().await;
    shop.store.commit(&new_cart(1)).await.unwrap();
    let mut placing = place(1);
    let reservation = &mut placing.inventory.reserve[0];
    (reservation.variant, reservation.quantity) = (id(231), quantity(1));
    shop.store.commit(&placing).await.unwrap();
    let keep = inventory::Level { safety_stock: Some(4), ..level(211, LAGOS) };
    let set = inventory::Changes { levels: vec![keep], ..Default::default() };
    shop.store.commit(&stock_change(set)).await.unwrap();
    let in_stock = |yes| ProductFilter { in_stock: Some(yes), ..ProductFilter::default() };
    assert_eq!(listed(&shop, in_stock(true)).await, ["enamel-mug"]);
    assert_eq!(listed(&shop, in_stock(false)).await, ["cup", "bowl", "apron", "pot"]);
    let rows = shop.store.products(&ProductFilter::default()).await.unwrap().rows;
    assert_eq!(rows.iter().map(|row| row.in_stock).collect::<Vec<_>>(), [false, false, false, false, true]);
}

#[tokio::test]
async fn what_is_not_counted_or_may_go_short_is_in_stock() {
    let shop = Shop::stocked().await;
    for (version, tracked, backorder, in_stock) in
        [(2, true, false, false), (3, false, false, true), (4, true, true, true)]
    {
        let mut variant = variant(33, "MUG-R", "1.00", "White");
        (variant.tracked, variant.backorder) = (tracked, backorder);
        let taken = inventory::Changes {
            adjust: match version {
                2 => vec![
                    movement(801, WHITE, LAGOS, -10),
                    movement(802, WHITE, ABUJA, -5),
                    movement(803, BLUE, LAGOS, -10),
                ],
                _ => vec![],
            },
            ..Default::default()
        };
        let mut product = Product { version, ..mug() };
        product.variants.push(variant);
        shop.store.import(&Batch { inventory: taken, ..replacing(product, version - 1) }).await.unwrap();
        assert_eq!(shop.store.products(&ProductFilter::default()).await.unwrap().rows[0].in_stock, in_stock);
        let filter = ProductFilter { in_stock: Some(in_stock), ..ProductFilter::default() };
        assert_eq!(listed(&shop, filter).await, ["enamel-mug"]);
    }
}

#[tokio::test]
async fn a_branch_does_not_hold_what_only_begins_alike() {
    let shop = shelves().await;
    let alike = [("kitchen-2", 23), ("kitchen0", 24)]
        .map(|(slug, number)| Category::new(id(number), None, slug.parse().unwrap(), slug));
    let mut batch = replacing(Product { version: 2, category: Some(id(23)), ..mug() }, 1);
    batch.categories = alike.to_vec();
    shop.store.import(&batch).await.unwrap();
    let of = |slug: &str| ProductFilter { category: slug.parse().ok(), ..ProductFilter::default() };
    assert_eq!(listed(&shop, of("kitchen")).await, ["cup", "bowl", "apron", "pot"]);
    assert_eq!(listed(&shop, of("kitchen-2")).await, ["enamel-mug"]);
    shop.store.import(&replacing(Product { version: 3, category: Some(id(24)), ..mug() }, 2)).await.unwrap();
    assert_eq!(listed(&shop, of("kitchen")).await, ["cup", "bowl", "apron", "pot"]);
}

#[tokio::test]
async fn drafts_and_deleted_products_are_not_listed() {
    let shop = Shop::stocked().await;
    for (version, product) in [
        (2, Product { status: ProductStatus::Draft, ..mug() }),
        (3, Product { status: ProductStatus::Archived, ..mug() }),
        (4, Product { deleted_at: Some(at(1)), ..mug() }),
    ] {
        shop.store.import(&replacing(Product { version, ..product }, version - 1)).await.unwrap();
        assert_eq!(listed(&shop, ProductFilter::default()).await, [""; 0]);
        assert_eq!(shop.store.categories().await.unwrap()[0].product_count, 0);
    }
    assert_eq!(shop.store.export(None, 10).await.unwrap().products, vec![]);
}

#[tokio::test]
async fn the_tree_counts_what_is_on_sale() {
    let shop = shelves().await;
    let tree = shop.store.categories().await.unwrap();
    let mut categories = catalogue().categories;
    let mugs = CategoryNode { category: categories.remove(1), product_count: 4, children: vec![] };
    assert_eq!(
        tree,
        vec![CategoryNode { category: categories.remove(0), product_count: 5, children: vec![mugs] }]
    );
}

#[tokio::test]
async fn a_product_page_has_all_it_shows() {
    let shop = Shop::stocked().await;
    shop.store.commit(&new_cart(1)).await.unwrap();
    shop.store.commit(&place(1)).await.unwrap();
    let slug = ProductKey::Slug("enamel-mug".parse().unwrap());
    let detail = shop.store.product(&slug).await.unwrap().unwrap();
    let Batch { brands, mut categories, attributes, .. } = catalogue();
    assert_eq!((detail.now, detail.product), (at(0), mug()));
    assert_eq!((detail.brand, detail.attributes), (brands.into_iter().next(), attributes));
    categories.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(detail.breadcrumb, categories);
    let left = |number: u128, available| Availability { variant: id(number), available };
    assert_eq!(detail.availability, vec![left(WHITE, 12), left(BLUE, 10)]);
}

#[tokio::test]
async fn an_export_goes_through_the_catalogue_by_slug() {
    let shop = shelves().await;
    let mut after = None;
    let mut slugs = Vec::new();
    loop {
        let page = shop.store.export(after.clone(), 2).await.unwrap();
        let Some(last) = page.products.last() else { break };
        after = Some(last.slug.clone());
        slugs.extend(page.products.iter().map(|product| product.slug.as_str().to_owned()));
        if page.products.iter().any(|product| product.brand.is_some()) {
            assert_eq!((&page.brands, &page.categories), (&catalogue().brands, &catalogue().categories));
            assert_eq!(page.attributes, catalogue().attributes);
            assert_eq!(page.levels.len(), 4);
        }
    }
    assert_eq!(slugs, ["apron", "bowl", "cup", "enamel-mug", "pot"]);
}

#[tokio::test]
async fn a_row_that_is_no_valid_value_is_named() {
    let shop = Shop::stocked().await;
    shop.store.commit(&new_cart(1)).await.unwrap();
    let mut conn = shop.raw().await;
    sqlx::query("UPDATE carts SET email = 'nobody'").execute(&mut conn).await.unwrap();
    let look = Look { token: Some(token(1)), ..Look::default() };
    let error = shop.store.cart(&look).await.unwrap_err().to_string();
    assert!(error.contains("carts.email") && error.contains(&id::<OrderId>(1).to_string()), "{error}");
}

#[tokio::test]
async fn mails_that_cannot_be_read_hide_no_other_however_many_they_are() {
    let shop = Shop::empty().await;
    let mail = |number: u128| {
        let to = format!("{number}@example.com").parse().unwrap();
        Mail::new(id(number), to, Kind::AlreadyRegistered { first_name: None }, at(0))
    };
    let mut changes = ChangeSet::default();
    changes.mail.send = (1..=3).map(mail).collect();
    shop.store.commit(&changes).await.unwrap();
    let mut conn = shop.raw().await;
    sqlx::query("UPDATE mails SET content = '[]' WHERE recipient <> '3@example.com'")
        .execute(&mut conn)
        .await
        .unwrap();
    let post = Arc::new(PretendMailer::default());
    let engine = Engine::builder(shop.store.clone()).mailer(post.clone()).build();
    let round = engine.mails().send_waiting(1).await.unwrap();
    assert_eq!((round.sent, round.unreadable.len()), (1, 2), "{round:?}");
    assert!(round.unreadable[0].contains("mails.content"), "{round:?}");
    assert_eq!(post.sent()[0].to.as_str(), "3@example.com");
}
