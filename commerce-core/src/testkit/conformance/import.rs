//! The bulk door, and the imports that go through it.

use super::Shop;
use crate::audit::Actor;
use crate::catalog::{
    CatalogError, Cell, Outcome, PlanOptions, Product, ProductFilter, ProductInput, ProductKey,
    ProductStatus, StockRule, VariantInput,
};
use crate::testkit::{Item, item, key};
use crate::{Currency, Money, UnitPrice};

/// Two hundred products with three variants each, in one batch; then the same again, changed.
pub async fn a_large_batch(shop: &Shop) {
    let large = |price: &str| -> Vec<Item> {
        let one = |n: usize| {
            let (slug, shelf) = (format!("p{n:03}"), format!("Shelf {}", n % 7));
            let item = item(&slug)
                .brand(&format!("Brand {}", n % 5))
                .category(&["Hall", &shelf])
                .tags(&["a", "b"])
                .image(&format!("https://img.example/{n}.jpg"), "")
                .options(&["Size"])
                .values(&["S"])
                .price(price)
                .stock(1);
            ["M", "L"].iter().fold(item, |item, size| {
                item.variant(&format!("{slug}-{size}"), &[size]).price(price).stock_at("second", 2)
            })
        };
        (0..200).map(one).collect()
    };
    shop.sell(large("10")).await;
    let page =
        shop.store.products(&ProductFilter { page_size: 100, ..ProductFilter::default() }).await.unwrap();
    assert_eq!((page.rows.len(), page.count), (100, 200));
    for item in &large("10")[190..] {
        assert_eq!(product(shop, item.slug().as_str()).await, item.product());
    }
    assert_eq!(shop.stock("p199-L").await, (2, 0));
    let changed = large("11");
    shop.sell(changed.clone()).await;
    for item in &changed[190..] {
        assert_eq!(product(shop, item.slug().as_str()).await, Product { version: 2, ..item.product() });
    }
    assert_eq!(shop.stock("p199-L").await, (4, 0), "units that came in twice");
}

/// A product is put into the shop, and changed by what is said later; what is not said stays.
pub async fn a_product_is_put_and_changed(shop: &Shop) {
    let plan = shop.engine.catalog().put(mug("2500.00").category(&["Home", "Kitchen"])).await.unwrap();
    assert_eq!(plan.outcomes, [("mug".parse().unwrap(), Outcome::Created)]);
    let first = product(shop, "mug").await;
    assert_eq!(
        (first.name.as_str(), first.status, first.version),
        ("Enamel mug", ProductStatus::Published, 1)
    );
    assert_eq!(first.variants[0].price, price("2500"));
    let (_, levels) = shop.store.stock(&[first.variants[0].id]).await.unwrap();
    assert_eq!((levels.len(), levels[0].on_hand), (1, 12));
    let plan = shop.engine.catalog().put(mug("2600.00")).await.unwrap();
    assert_eq!(plan.outcomes, [("mug".parse().unwrap(), Outcome::Updated)]);
    let second = product(shop, "mug").await;
    assert_eq!((second.variants[0].price, second.version), (price("2600"), 2));
    assert_eq!((second.category, second.created_at), (first.category, first.created_at));
    let (_, levels) = shop.store.stock(&[first.variants[0].id]).await.unwrap();
    assert_eq!(levels[0].on_hand, 12, "stock is set only for what is new");
}

/// Importing twice changes nothing the second time, also when sales lie between.
pub async fn an_import_twice_changes_nothing(shop: &Shop) {
    let file = || {
        vec![
            mug("2500").category(&["Home"]),
            ProductInput::new("tee".parse().unwrap(), "Tee")
                .options(&["Size"])
                .variant(VariantInput::new(key("TEE-S"), price("10")).values(&["S"]).stock(3))
                .variant(
                    VariantInput { option_values: vec!["M".to_owned()], ..VariantInput::default() }.stock(2),
                )
                .status(ProductStatus::Draft),
        ]
    };
    let plan = shop.engine.catalog().import(file(), &options(StockRule::Created)).await.unwrap();
    assert_eq!(plan.refusals, []);
    assert_eq!(plan.outcomes.iter().map(|(_, outcome)| *outcome).collect::<Vec<_>>(), [Outcome::Created; 2]);
    shop.order(&[("MUG", 2)]).await;
    let before = shop.snapshot().await;
    let plan = shop.engine.catalog().import(file(), &options(StockRule::Created)).await.unwrap();
    assert_eq!(
        plan.outcomes.iter().map(|(_, outcome)| *outcome).collect::<Vec<_>>(),
        [Outcome::Unchanged; 2]
    );
    assert!(plan.batch.is_empty());
    before.assert_same(&shop.snapshot().await);
}

/// Stock that is to be set is set, by a movement, also for what is known.
pub async fn an_import_that_sets_stock(shop: &Shop) {
    let file = |units| {
        vec![
            ProductInput::new("mug".parse().unwrap(), "Mug")
                .variant(VariantInput::new(key("MUG"), price("10")).stock(units)),
        ]
    };
    shop.engine.catalog().import(file(5), &options(StockRule::Set)).await.unwrap();
    shop.engine.catalog().import(file(9), &options(StockRule::Set)).await.unwrap();
    let variant = product(shop, "mug").await.variants[0].id;
    let on_hand = async || shop.store.stock(&[variant]).await.unwrap().1[0].on_hand;
    assert_eq!(on_hand().await, 9);
    shop.engine.catalog().import(file(2), &options(StockRule::Created)).await.unwrap();
    assert_eq!(on_hand().await, 9);
}

/// Brands and categories are found by their folded names, not made again.
pub async fn what_products_share_is_made_once(shop: &Shop) {
    let said = |slug: &str, brand: &str, category: &[&str]| {
        let mut input = ProductInput::new(slug.parse().unwrap(), slug)
            .variant(VariantInput::new(key(slug), price("10")))
            .category(category);
        input.brand = Cell::Is(brand.to_owned());
        input
    };
    let file =
        vec![said("a", "Kiln Works", &["Home", "Kitchen"]), said("b", " kiln  works", &["HOME", "kitchen"])];
    shop.engine.catalog().import(file, &options(StockRule::Created)).await.unwrap();
    shop.engine.catalog().put(said("c", "KILN WORKS", &["home"])).await.unwrap();
    let [a, b, c] = [product(shop, "a").await, product(shop, "b").await, product(shop, "c").await];
    assert!(a.brand.is_some() && a.brand == b.brand && b.brand == c.brand);
    assert_eq!(a.category, b.category);
    let tree = shop.store.categories().await.unwrap();
    assert_eq!((tree.len(), tree[0].product_count, tree[0].children[0].product_count), (1, 3, 2));
    assert_eq!(tree[0].category.id, c.category.unwrap());
}

/// A product that cannot be taken is refused with all that is wrong, and nothing is changed.
pub async fn a_product_that_is_refused(shop: &Shop) {
    shop.engine.catalog().put(mug("2500")).await.unwrap();
    let before = shop.snapshot().await;
    let refused = shop.engine.catalog().put(mug("0")).await;
    assert!(
        matches!(&refused, Err(CatalogError::Refused(all)) if all[0].code == "price-zero"),
        "{refused:?}"
    );
    let other =
        ProductInput::new("cup".parse().unwrap(), "Cup").variant(VariantInput::new(key("MUG"), price("1")));
    let refused = shop.engine.catalog().put(other).await;
    assert!(matches!(&refused, Err(CatalogError::Refused(all)) if all[0].code == "sku-taken"), "{refused:?}");
    before.assert_same(&shop.snapshot().await);
}

/// What is right in a file is taken beside what is refused.
pub async fn an_import_takes_what_it_can(shop: &Shop) {
    let zero =
        ProductInput::new("zero".parse().unwrap(), "Zero").variant(VariantInput::new(key("Z"), price("0")));
    let plan =
        shop.engine.catalog().import(vec![zero, mug("1")], &options(StockRule::Created)).await.unwrap();
    assert_eq!((plan.refusals[0].slug.as_str(), plan.refusals[0].code), ("zero", "price-zero"));
    assert_eq!(plan.outcomes, [("mug".parse().unwrap(), Outcome::Created)]);
    assert!(shop.store.product(&ProductKey::Slug("mug".parse().unwrap())).await.unwrap().is_some());
    assert!(shop.store.product(&ProductKey::Slug("zero".parse().unwrap())).await.unwrap().is_none());
}

/// Many imports at once that all make the same brand and category: each is taken, both are made once.
pub async fn imports_at_once_share_what_they_make(shop: &Shop) {
    let mut imports = tokio::task::JoinSet::new();
    for n in 0..8 {
        let engine = shop.engine.clone();
        imports.spawn(async move {
            let slug = format!("p{n}");
            let mut input = ProductInput::new(slug.parse().unwrap(), &slug)
                .variant(VariantInput::new(key(&slug), price("10")).stock(1))
                .category(&["Home", "Kitchen"]);
            input.brand = Cell::Is("Kiln".to_owned());
            engine.catalog().put(input).await
        });
    }
    while let Some(done) = imports.join_next().await {
        done.unwrap().unwrap();
    }
    let tree = shop.store.categories().await.unwrap();
    assert_eq!((tree.len(), tree[0].product_count), (1, 8));
    let brands = shop.store.import_view(&crate::catalog::ImportKeys::default()).await.unwrap().brands;
    assert_eq!(brands.len(), 1);
    assert_eq!(shop.store.locations().await.unwrap().len(), 1);
}

/// What was put into the shop can be sold.
pub async fn what_was_put_is_sold(shop: &Shop) {
    shop.engine.catalog().put(mug("2500.00")).await.unwrap();
    let order = shop.order(&[("MUG", 2)]).await;
    assert_eq!(order.order.totals.total, Money::from_minor(500_000, Currency::NGN));
}

fn mug(amount: &str) -> ProductInput {
    ProductInput::new("mug".parse().unwrap(), "Enamel mug")
        .variant(VariantInput::new(key("MUG"), price(amount)).stock(12))
}

fn price(amount: &str) -> UnitPrice {
    UnitPrice::parse(amount, Currency::NGN).unwrap()
}

fn options(stock: StockRule) -> PlanOptions {
    PlanOptions {
        currency: Currency::NGN,
        location: "main".to_owned(),
        stock,
        actor: Actor::System,
        seller: None,
    }
}

async fn product(shop: &Shop, slug: &str) -> Product {
    shop.store.product(&ProductKey::Slug(slug.parse().unwrap())).await.unwrap().unwrap().product
}
