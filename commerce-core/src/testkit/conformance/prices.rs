//! Prices of many variants at once.

use std::sync::Arc;

use super::{Shop, request};
use crate::access::Caller;
use crate::catalog::{Cell, PriceInput, ProductFilter, ProductKey, SortBy};
use crate::checkout::Confirm;
use crate::inventory::Mode;
use crate::search::Request;
use crate::testkit::{Crossing, Intercepted, item};
use crate::{Currency, UnitPrice};

/// Prices that are set are seen at once, by listings, searches and carts; and the product is one version further.
pub async fn prices_are_set_and_seen(shop: &Shop) {
    let tee = item("tee").price("30").options(&["Size"]).values(&["S"]).variant("tee-l", &["L"]);
    shop.sell([item("mug").price("10").stock(5), tee]).await;
    let before = shop.store.catalog_generation().await.unwrap();
    let rows = [
        PriceInput { compare_at_price: Cell::Is("25".to_owned()), ..said("mug", "20") },
        PriceInput { cost: Cell::Is("1.2345".to_owned()), ..said("tee-l", "15") },
    ];
    let asked = request("prices", "two");
    let catalog = shop.engine.catalog();
    let done = catalog.set_prices(&rows, Mode::All, &operator(), Some(&asked)).await.unwrap();
    assert_eq!((done.written, done.unchanged, done.refusals.len()), (2, 0, 0));
    assert_ne!(shop.store.catalog_generation().await.unwrap(), before);
    let filter = ProductFilter { sort_by: SortBy::PriceAsc, ..ProductFilter::default() };
    let page = shop.store.products(&filter).await.unwrap();
    let shown: Vec<_> =
        page.rows.iter().map(|row| (row.price, row.compare_at_price, row.price_max)).collect();
    assert_eq!(
        shown,
        [(naira("15"), None, naira("30")), (naira("20"), Some(naira("25")), naira("20"))],
        "{page:?}"
    );
    let key = ProductKey::Slug(item("tee").slug());
    let detail = shop.store.product(&key).await.unwrap().unwrap();
    assert_eq!((detail.product.version, detail.product.variants[1].cost), (2, Some(naira("1.2345"))));
    assert_eq!(shop.store.index(10).await.unwrap(), 0, "no document is to be made anew");
    let found = shop.store.search().find(&Request { filter, ..Request::default() }).await.unwrap();
    assert_eq!(found.page.rows.len(), 2);

    let history = catalog.price_history(&operator(), &item("mug").slug(), None, 10).await.unwrap();
    let [told] = history.as_slice() else { panic!("{history:?}") };
    assert_eq!((told.before.price, told.after.price), (naira("10"), naira("20")));
    assert_eq!(
        (told.after.compare_at_price, told.actor.to_string()),
        (Some(naira("25")), "staff:grace".to_owned())
    );

    let again = catalog.set_prices(&rows, Mode::All, &operator(), Some(&asked)).await.unwrap();
    assert_eq!((again.audit, again.written, again.replayed), (done.audit, 2, true));
    let same = catalog.set_prices(&rows, Mode::All, &operator(), None).await.unwrap();
    assert_eq!((same.audit, same.written, same.unchanged), (None, 0, 2), "nothing is recorded");
    let row = &shop.audited("prices").await[0];
    assert_eq!(
        (&row.data["prices"][0]["before"]["price"], &row.data["written"]),
        (&"10.00".into(), &2.into())
    );

    // What changed nothing changes nothing when it is repeated, whatever it would change by then.
    let asked = request("same-prices", "two");
    let none = catalog.set_prices(&rows, Mode::All, &operator(), Some(&asked)).await.unwrap();
    assert_eq!((none.audit, none.written, none.unchanged, none.replayed), (None, 0, 2, false));
    catalog.set_prices(&[said("mug", "21")], Mode::All, &operator(), None).await.unwrap();
    let again = catalog.set_prices(&rows, Mode::All, &operator(), Some(&asked)).await.unwrap();
    assert_eq!((again.audit, again.written, again.unchanged, again.replayed), (None, 0, 2, true));
    let mug = shop.store.product(&ProductKey::Slug(item("mug").slug())).await.unwrap().unwrap().product;
    assert_eq!(mug.variants[0].price, naira("21"));
}

/// A price changes between look and commit of a confirmation: the order has the new one. And two who set prices at once
/// both do.
pub async fn prices_are_set_while_others_decide(shop: &Shop) {
    shop.sell([item("mug").price("10").stock(5)]).await;
    let token = shop.ready_cart(&[("mug", 1)]).await;
    let set = |price: &'static str| {
        let engine = shop.engine.clone();
        async move {
            let rows = [said("mug", price)];
            engine.catalog().set_prices(&rows, Mode::All, &operator(), None).await.unwrap();
        }
    };
    let through = |interlude| {
        let crossing = Crossing::default().then(interlude);
        shop.through(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)))
    };
    let order = through(set("12")).checkout().confirm(&token, &Confirm::default()).await.unwrap().order.order;
    assert_eq!(order.lines[0].unit_price, naira("12"));
    let rows = [said("mug", "14")];
    through(set("13")).catalog().set_prices(&rows, Mode::All, &operator(), None).await.unwrap();
    let key = ProductKey::Slug(item("mug").slug());
    let product = shop.store.product(&key).await.unwrap().unwrap().product;
    assert_eq!((product.variants[0].price, product.version), (naira("14"), 4));
}

fn said(sku: &str, price: &str) -> PriceInput {
    PriceInput {
        sku: sku.to_owned(),
        price: price.to_owned(),
        compare_at_price: Cell::Absent,
        cost: Cell::Absent,
    }
}

fn naira(text: &str) -> UnitPrice {
    UnitPrice::parse(text, Currency::NGN).unwrap()
}

fn operator() -> Caller {
    Caller::Operator { name: "grace".to_owned() }
}
