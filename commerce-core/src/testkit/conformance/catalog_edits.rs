//! Products and variants as somebody edits them: what goes, what leads elsewhere, what cost what before, and when.

use std::time::Duration;

use super::{Shop, cancel, request};
use crate::access::{Caller, Role};
use crate::catalog::{
    Cell, EditError, ImportKeys, ProductChange, ProductKey, ProductSearch, ProductStatus, Sku, Slug, Target,
    VariantInput,
};
use crate::testkit::{Item, item, product_id, variant_id};
use crate::{Currency, CustomerId, SellerId, SessionId, UnitPrice};

fn ada() -> Caller {
    Caller::Operator { name: "ada".to_owned() }
}

fn target(slug: &str, version: Option<u64>) -> Target {
    Target { slug: slug.parse().unwrap(), version }
}

fn naira(amount: &str) -> UnitPrice {
    UnitPrice::parse(amount, Currency::NGN).unwrap()
}

fn tee() -> Item {
    item("tee").options(&["Size"]).linked_to("size").values(&["S"]).stock(5).variant("tee-m", &["M"]).stock(5)
}

fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn renamed(slug: &str, name: &str) -> ProductChange {
    let mut change = ProductChange::nothing(slug.parse().unwrap());
    change.input.name = Cell::Is(name.to_owned());
    change
}

/// A variant that was ordered goes: shoppers see it nowhere, its order goes on and gives back what it held, and another
/// variant takes its code.
pub async fn a_variant_that_goes(shop: &Shop) {
    shop.sell([tee()]).await;
    let order = shop.order(&[("tee-m", 2)]).await;
    let cart = shop.ready_cart(&[("tee-m", 1), ("tee", 1)]).await;
    let catalog = shop.engine.catalog();
    let removed = catalog.remove_variant(&ada(), &target("tee", Some(1)), &sku("tee-m")).await.unwrap();
    assert_eq!(removed.product.product.variants.len(), 1);
    assert_eq!(removed.product.availability.len(), 1);
    assert_eq!(shop.stock("tee-m").await, (5, 2), "its stock stays on the books");
    let view = shop.view(&cart).await;
    let offer = view.offer(variant_id("tee-m")).unwrap();
    assert_eq!((offer.sku.as_str(), offer.on_sale), ("tee-m", false));
    assert!(shop.confirm(&cart).await.is_err());

    let variant = VariantInput::new(sku("tee-m"), naira("31")).values(&["M"]);
    let added = catalog.add_variant(&ada(), &target("tee", None), &variant, None).await.unwrap();
    let new = &added.product.product.variants[1];
    assert_ne!(new.id, variant_id("tee-m"));
    let seen =
        shop.store.import_view(&ImportKeys { skus: vec![sku("tee-m")], ..ImportKeys::default() }).await;
    assert_eq!(seen.unwrap().sku_owners, [(sku("tee-m"), new.id, product_id("tee"))]);

    shop.engine.orders().cancel(order.order.id, &cancel()).await.unwrap();
    assert_eq!(shop.stock("tee-m").await, (5, 0));
}

/// A product is found by the slug of before, in whatever chain of slugs, until another product has it.
pub async fn a_slug_of_before(shop: &Shop) {
    shop.sell([item("mug"), item("pen")]).await;
    let catalog = shop.engine.catalog();
    for (from, to) in [("mug", "cup"), ("cup", "bowl"), ("bowl", "cup")] {
        let mut change = ProductChange::nothing(from.parse().unwrap());
        change.input.edit.rename = Some(to.parse().unwrap());
        catalog.change(&ada(), &target(from, None), &change).await.unwrap();
    }
    assert_eq!(catalog.moved(&slug("mug")).await.unwrap(), Some(slug("cup")));
    assert_eq!(catalog.moved(&slug("bowl")).await.unwrap(), Some(slug("cup")));
    assert_eq!(catalog.moved(&slug("pen")).await.unwrap(), None);
    let mut taken = ProductChange::nothing(slug("pen"));
    taken.input.edit.rename = Some(slug("mug"));
    catalog.change(&ada(), &target("pen", None), &taken).await.unwrap();
    let found = shop.store.product(&ProductKey::Slug(slug("mug"))).await.unwrap().unwrap();
    assert_eq!(found.product.id, product_id("pen"));
    taken.input.slug = slug("mug");
    taken.input.edit.rename = Some(slug("ink"));
    catalog.change(&ada(), &target("mug", None), &taken).await.unwrap();
    assert_eq!(catalog.moved(&slug("mug")).await.unwrap(), Some(slug("ink")), "whoever had it last");
}

/// A merchant repeats a request about a product that is another's by now: it is not there for them any more.
pub async fn what_was_given_away_is_not_told_again(shop: &Shop) {
    let [mira, max] = [5, 6].map(|number| SellerId(uuid::Uuid::from_u128(number)));
    let own = item("mug").deleted().with_product(|product| product.seller = Some(mira));
    shop.sell([own]).await;
    let merchant = Caller::Account {
        id: CustomerId(uuid::Uuid::from_u128(7)),
        role: Role::Merchant,
        seller: Some(mira),
        session: SessionId(uuid::Uuid::from_u128(8)),
    };
    let (catalog, asked) = (shop.engine.catalog(), request("restore", "mug"));
    let restore = async || catalog.restore(&merchant, &target("mug", None), Some(&asked)).await;
    assert!(!restore().await.unwrap().replayed);
    assert!(restore().await.unwrap().replayed);
    let mut given = ProductChange::nothing(slug("mug"));
    given.input.edit.seller = Cell::Is(max);
    catalog.change(&ada(), &target("mug", None), &given).await.unwrap();
    let again = restore().await;
    assert!(matches!(again, Err(EditError::NotFound)), "{again:?}");
}

/// Each change of a price is a row, whoever makes it, and nothing else is.
pub async fn prices_of_before(shop: &Shop) {
    let catalog = shop.engine.catalog();
    shop.sell([tee(), item("mug")]).await;
    let price = |amount: &str| VariantInput { price: Cell::Is(naira(amount)), ..VariantInput::default() };
    for amount in ["30", "30", "32.5"] {
        catalog.change_variant(&ada(), &target("tee", None), &sku("tee-m"), &price(amount)).await.unwrap();
    }
    let higher = VariantInput { compare_at_price: Cell::Is(naira("40")), ..VariantInput::default() };
    catalog.change_variant(&ada(), &target("tee", None), &sku("tee"), &higher).await.unwrap();
    catalog.change(&ada(), &target("tee", None), &renamed("tee", "Soft tee")).await.unwrap();
    let imported = crate::catalog::ProductInput::new(slug("mug"), "mug")
        .variant(VariantInput::new(sku("mug"), naira("26")));
    catalog.put(imported).await.unwrap();

    let found = catalog.price_history(&ada(), &slug("tee"), None, 10).await.unwrap();
    assert!(found.is_sorted_by(|a, b| a.id > b.id));
    let mut told: Vec<_> = found
        .iter()
        .map(|change| {
            let high = change.after.compare_at_price.map(|price| price.amount());
            (change.sku.as_str(), change.before.price.amount(), change.after.price.amount(), high)
        })
        .collect();
    // Two of one millisecond come in any order.
    told.sort();
    let row = |sku, before: &str, after: &str, high: Option<&str>| {
        (sku, before.to_owned(), after.to_owned(), high.map(str::to_owned))
    };
    assert_eq!(
        told,
        [
            row("tee", "25.00", "25.00", Some("40.00")),
            row("tee-m", "25.00", "30.00", None),
            row("tee-m", "30.00", "32.50", None),
        ]
    );
    assert!(found.iter().all(|change| change.actor.to_string() == "staff:ada"));
    let next = shop.store.price_changes(product_id("tee"), Some(found[0].id), 1).await.unwrap();
    assert_eq!(next, found[1..2]);
    let of_mug = catalog.price_history(&ada(), &slug("mug"), None, 10).await.unwrap();
    assert_eq!((of_mug.len(), of_mug[0].actor.to_string()), (1, "system".to_owned()));
}

/// A product comes on sale and goes when its time has come by the store's clock, once.
pub async fn products_come_on_sale_in_time(shop: &Shop) {
    let now = shop.now().await;
    let past = now.minus(Duration::from_secs(60));
    let future = now.plus(Duration::from_secs(3_600));
    let timed = |slug: &str, publish, unpublish| {
        item(slug).draft().with_product(move |product| {
            (product.publish_at, product.unpublish_at) = (publish, unpublish);
        })
    };
    let over = timed("over", None, Some(past)).status(ProductStatus::Published);
    let gone = timed("gone", Some(past), None).deleted();
    let later = timed("later", Some(future), None);
    shop.sell([timed("now", Some(past), Some(future)), later.clone(), over, gone]).await;
    let mut due = shop.store.due_products(10).await.unwrap();
    due.sort();
    assert_eq!(due, [slug("now"), slug("over")]);
    assert_eq!(shop.store.due_products(1).await.unwrap().len(), 1);
    let before = shop.store.catalog_generation().await.unwrap();
    assert_eq!(shop.engine.catalog().publish_due(10).await.unwrap(), 2);
    assert_ne!(shop.store.catalog_generation().await.unwrap(), before);
    assert_eq!(shop.engine.catalog().publish_due(10).await.unwrap(), 0, "once");
    let product =
        async |of: &str| shop.store.product(&ProductKey::Slug(slug(of))).await.unwrap().unwrap().product;
    let on = product("now").await;
    assert_eq!((on.status, on.publish_at, on.version), (ProductStatus::Published, None, 2));
    assert!(on.unpublish_at.is_some());
    let off = product("over").await;
    assert_eq!((off.status, off.unpublish_at), (ProductStatus::Archived, None));
    assert_eq!(product("later").await, later.product());
}

/// What a list of all products finds, in which order, and to whom it shows what.
pub async fn products_in_whatever_status(shop: &Shop) {
    let seller = SellerId(uuid::Uuid::from_u128(5));
    let mug = item("mug").name("Émaille Mug").brand("Kiln").category(&["Home", "Kitchen"]);
    let of_merchant = item("pen").draft().with_product(|product| product.seller = Some(seller));
    shop.sell([mug, tee().category(&["Clothing"]), of_merchant, item("gone").deleted()]).await;
    let catalog = shop.engine.catalog();
    let list = async |search: ProductSearch| {
        let mut found = catalog.list(&ada(), &search, 10).await.unwrap();
        assert!(found.is_sorted_by(|a, b| a.id > b.id));
        found.sort_by(|a, b| a.slug.cmp(&b.slug));
        found.into_iter().map(|product| product.slug.to_string()).collect::<Vec<_>>()
    };
    let any = ProductSearch::default;
    assert_eq!(list(any()).await, ["gone", "mug", "pen", "tee"]);
    assert_eq!(list(ProductSearch { deleted: Some(false), ..any() }).await, ["mug", "pen", "tee"]);
    assert_eq!(list(ProductSearch { deleted: Some(true), ..any() }).await, ["gone"]);
    assert_eq!(list(ProductSearch { status: Some(ProductStatus::Draft), ..any() }).await, ["pen"]);
    assert_eq!(list(ProductSearch { seller: Some(seller), ..any() }).await, ["pen"]);
    assert_eq!(list(ProductSearch { brand: Some(slug("kiln")), ..any() }).await, ["mug"]);
    assert_eq!(list(ProductSearch { brand: Some(slug("none")), ..any() }).await, [""; 0]);
    assert_eq!(list(ProductSearch { category: Some(slug("home")), ..any() }).await, ["mug"]);
    for (text, found) in [("EMAILLE", "mug"), ("tee-m", "tee"), ("pe", "pen"), ("gon", "gone")] {
        assert_eq!(list(ProductSearch { text: Some(text.to_owned()), ..any() }).await, [found], "{text}");
    }
    assert_eq!(list(ProductSearch { text: Some("%".to_owned()), ..any() }).await, [""; 0]);
    let all = catalog.list(&ada(), &any(), 10).await.unwrap();
    let behind = ProductSearch { before: Some(all[1].id), ..any() };
    assert_eq!(catalog.list(&ada(), &behind, 1).await.unwrap(), all[2..3]);
    let tee = all.iter().find(|product| product.slug.as_str() == "tee").unwrap();
    assert_eq!((tee.variants, tee.price, tee.version), (2, Some(naira("25")), 1));
}

/// Eight requests with one key make one product; another request with that key makes none.
pub async fn one_key_makes_one_product(shop: &Shop) {
    let mut new = renamed("cap", "Cap");
    new.input.variants.push(VariantInput::new(sku("cap"), naira("5")));
    let asked = request("cap-1", "cap");
    let mut makers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (catalog, new, asked) = (shop.engine.catalog(), new.clone(), asked.clone());
        makers.spawn(async move { catalog.create(&ada(), &new, Some(&asked)).await.unwrap() });
    }
    let made = makers.join_all().await;
    assert_eq!(made.iter().filter(|made| !made.replayed).count(), 1);
    assert!(made.iter().all(|one| one.product.product == made[0].product.product));
    let other = request("cap-1", "hat");
    let refused = shop.engine.catalog().create(&ada(), &new, Some(&other)).await;
    assert!(matches!(refused, Err(EditError::KeyReused(_))));
    let again = shop.engine.catalog().create(&ada(), &new, None).await;
    assert!(matches!(again, Err(EditError::Refused(_))));
}

/// Of eight who change what they saw at the same version, one wins and the others are told the present one.
pub async fn whoever_saw_it_last_changes_it(shop: &Shop) {
    shop.sell([tee()]).await;
    let mut editors = tokio::task::JoinSet::new();
    for number in 0..8 {
        let catalog = shop.engine.catalog();
        editors.spawn(async move {
            let change = renamed("tee", &format!("Tee {number}"));
            catalog.change(&ada(), &target("tee", Some(1)), &change).await
        });
    }
    let (won, lost): (Vec<_>, Vec<_>) = editors.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    assert!(lost.iter().all(|lost| matches!(lost, Err(EditError::Version(2)))));
}
