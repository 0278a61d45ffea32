//! The pages that shoppers turn: which products, in which order, how many.

use std::time::Duration;

use super::Shop;
use crate::catalog::{Page, ProductFilter, ProductStatus, ProductSummary, Slug, SortBy};
use crate::search::{Ask, Order};
use crate::testkit::{Item, item, product_id, start};
use crate::{Currency, UnitPrice};

/// An empty shop has empty pages.
pub async fn an_empty_shop_lists_nothing(shop: &Shop) {
    let page = products(shop, ProductFilter::default()).await;
    assert_eq!(page, Page { rows: Vec::new(), count: 0, count_is_exact: true });
}

/// A row of a listing names all that a shopper sees there: the cheapest variant's prices, the dearest one's, brand and
/// category by name and slug, the first picture.
pub async fn a_row_shows_the_cheapest_variant(shop: &Shop) {
    shop.sell([item("tee")
        .name("Adire tee")
        .brand("Lagos Looms")
        .category(&["Clothing", "Shirts"])
        .image("https://img.example/front.jpg", "front")
        .image("https://img.example/back.jpg", "back")
        .options(&["Size"])
        .sku("tee-l")
        .values(&["L"])
        .price("30.00")
        .compare_at("45.00")
        .variant("tee-m", &["M"])
        .price("20.5025")
        .compare_at("40.00")
        .stock(1)
        .variant("tee-s", &["S"])
        .price("20.5025")])
        .await;
    let page = products(shop, ProductFilter::default()).await;
    let price = |amount| UnitPrice::parse(amount, Currency::NGN).unwrap();
    let slug = |text: &str| -> Slug { text.parse().unwrap() };
    assert_eq!(
        page.rows,
        [ProductSummary {
            ratings: crate::review::Ratings::default(),
            id: product_id("tee"),
            name: "Adire tee".to_owned(),
            slug: slug("tee"),
            brand: Some(("Lagos Looms".to_owned(), slug("lagos-looms"))),
            category: Some(("Shirts".to_owned(), slug("shirts"))),
            price: price("20.5025"),
            compare_at_price: Some(price("40")),
            price_max: price("30"),
            image: Some("https://img.example/front.jpg".to_owned()),
            in_stock: true,
        }]
    );
}

/// A row of a product that has little says so.
pub async fn a_plain_row_has_nothing_to_show(shop: &Shop) {
    shop.sell([item("mug")]).await;
    let row = products(shop, ProductFilter::default()).await.rows.remove(0);
    assert_eq!((row.brand, row.category, row.compare_at_price, row.image), (None, None, None, None));
    assert_eq!(row.price_max, row.price);
    assert!(!row.in_stock, "stock is counted, and there is none");
}

/// Shoppers see what is published and not deleted, and nothing else.
pub async fn drafts_archived_and_deleted_products_are_hidden(shop: &Shop) {
    shop.sell([
        item("shown"),
        item("draft").draft(),
        item("archived").status(ProductStatus::Archived),
        item("deleted").deleted(),
    ])
    .await;
    assert_eq!(slugs(shop, ProductFilter::default()).await, ["shown"]);
    assert_eq!(products(shop, ProductFilter::default()).await.count, 1);
    shop.sell([item("shown").draft(), item("draft")]).await;
    assert_eq!(slugs(shop, ProductFilter::default()).await, ["draft"]);
}

/// A category holds what is in it and below it, and nothing of a sibling whose name starts alike.
pub async fn a_category_holds_its_descendants(shop: &Shop) {
    shop.sell([
        item("in-home").category(&["Home"]),
        item("in-kitchen").category(&["Home", "Kitchen"]),
        item("in-mugs").category(&["Home", "Kitchen", "Mugs"]),
        item("in-home-office").category(&["Home Office"]),
        item("in-homeware").category(&["Homeware"]),
        item("in-garden").category(&["Garden"]),
        item("in-none"),
    ])
    .await;
    let within = async |category: &str| {
        let filter = ProductFilter { category: Some(category.parse().unwrap()), ..by_name() };
        slugs(shop, filter).await
    };
    assert_eq!(within("home").await, ["in-home", "in-kitchen", "in-mugs"]);
    assert_eq!(within("kitchen").await, ["in-kitchen", "in-mugs"]);
    assert_eq!(within("mugs").await, ["in-mugs"]);
    assert_eq!(within("home-office").await, ["in-home-office"]);
    assert_eq!(within("unknown").await, [""; 0]);
}

/// A brand holds its products; an unknown one holds none.
pub async fn a_brand_holds_its_products(shop: &Shop) {
    shop.sell([item("a").brand("Adire & Co"), item("b").brand("Borno Baskets"), item("c")]).await;
    let of = async |brand: &str| {
        let filter = ProductFilter { brand: Some(brand.parse().unwrap()), ..by_name() };
        slugs(shop, filter).await
    };
    assert_eq!(of("adire-co").await, ["a"]);
    assert_eq!(of("unknown").await, [""; 0]);
}

/// Both price bounds are inclusive, and one variant lies within both: a product with a cheap and a dear one does not
/// cost something between.
pub async fn price_bounds_are_met_by_one_variant(shop: &Shop) {
    shop.sell([
        item("ten").price("10"),
        item("twenty").price("20"),
        item("wide")
            .options(&["Size"])
            .sku("wide-s")
            .values(&["S"])
            .price("10")
            .variant("wide-l", &["L"])
            .price("30"),
    ])
    .await;
    let between = async |min: Option<i64>, max: Option<i64>| {
        let major = |amount: i64| amount * 100 * UnitPrice::PER_MINOR;
        let filter = ProductFilter { min_price: min.map(major), max_price: max.map(major), ..by_name() };
        slugs(shop, filter).await
    };
    assert_eq!(between(Some(20), None).await, ["twenty", "wide"]);
    assert_eq!(between(None, Some(10)).await, ["ten", "wide"]);
    assert_eq!(between(Some(15), Some(25)).await, ["twenty"]);
    assert_eq!(between(Some(10), Some(30)).await, ["ten", "twenty", "wide"]);
    assert_eq!(between(Some(31), None).await, [""; 0]);
    assert_eq!(between(Some(20), Some(10)).await, [""; 0]);
    let just_above = ProductFilter { min_price: Some(20 * 100 * UnitPrice::PER_MINOR + 1), ..by_name() };
    assert_eq!(slugs(shop, just_above).await, ["wide"]);
}

/// In stock is what can be bought now: any variant with free units somewhere, or of which none are counted, or that may
/// go short. What is short at one location takes nothing from another.
pub async fn in_stock_is_what_can_be_bought_now(shop: &Shop) {
    shop.sell([
        item("some").stock(1),
        item("none").stock(0),
        item("no-row"),
        item("untracked").untracked(),
        item("backorder").backorder(),
        item("elsewhere").stock(0).stock_at("second", 2),
        item("all-safe").stock(3).safety_stock(3),
        item("spare").stock(4).safety_stock(3),
        item("reserved").stock(2),
        item("one-of-two")
            .options(&["Size"])
            .sku("o-s")
            .values(&["S"])
            .stock(0)
            .variant("o-m", &["M"])
            .stock(1),
        item("short-here").stock_at("third", 0).safety_stock(5).stock_at("second", 1),
    ])
    .await;
    shop.order(&[("reserved", 2)]).await;
    let with = async |in_stock| slugs(shop, ProductFilter { in_stock, ..by_name() }).await;
    let some = ["backorder", "elsewhere", "one-of-two", "short-here", "some", "spare", "untracked"];
    let none = ["all-safe", "no-row", "none", "reserved"];
    assert_eq!(with(Some(true)).await, some);
    assert_eq!(with(Some(false)).await, none);
    assert_eq!(with(None).await.len(), some.len() + none.len());
    let rows = products(shop, by_name()).await.rows;
    let said: Vec<String> =
        rows.into_iter().filter(|row| row.in_stock).map(|row| row.slug.to_string()).collect();
    assert_eq!(said, some, "a row says the same as the filter");
}

/// The window, and what is not in it.
pub async fn featured_products_can_be_asked_for(shop: &Shop) {
    shop.sell([item("a").featured(), item("b")]).await;
    let with = async |featured| slugs(shop, ProductFilter { featured, ..by_name() }).await;
    assert_eq!(with(Some(true)).await, ["a"]);
    assert_eq!(with(Some(false)).await, ["b"]);
}

/// All filters hold at once.
pub async fn filters_hold_together(shop: &Shop) {
    let right = |slug: &str| item(slug).brand("Acme").category(&["Home"]).price("10").stock(1).featured();
    shop.sell([
        right("right"),
        right("other-brand").brand("Other"),
        right("other-category").category(&["Garden"]),
        right("dear").price("99"),
        item("no-stock").brand("Acme").category(&["Home"]).price("10").featured(),
        item("plain").brand("Acme").category(&["Home"]).price("10").stock(1),
    ])
    .await;
    let filter = ProductFilter {
        category: Some("home".parse().unwrap()),
        brand: Some("acme".parse().unwrap()),
        min_price: Some(1),
        max_price: Some(10 * 100 * UnitPrice::PER_MINOR),
        in_stock: Some(true),
        featured: Some(true),
        ..ProductFilter::default()
    };
    let page = products(shop, filter).await;
    assert_eq!(page.rows.iter().map(|row| row.slug.as_str()).collect::<Vec<_>>(), ["right"]);
    assert_eq!((page.count, page.count_is_exact), (1, true));
}

/// What came in last comes first, to the microsecond; ties by id, the newest first.
pub async fn the_newest_come_first(shop: &Shop) {
    let at = |micros| start().plus(Duration::from_micros(micros));
    shop.sell([
        item("second").created_at(at(1)),
        item("first").created_at(at(2)),
        item("third").created_at(at(0)),
    ])
    .await;
    assert_eq!(slugs(shop, ProductFilter::default()).await, ["first", "second", "third"]);
    shop.sell([item("tied").created_at(at(1)), item("also-tied").created_at(at(1))]).await;
    let mut tied = ["second", "tied", "also-tied"];
    tied.sort_by_key(|slug| std::cmp::Reverse(product_id(slug)));
    let expected = [&["first"], tied.as_slice(), &["third"]].concat();
    assert_eq!(slugs(shop, ProductFilter::default()).await, expected);
}

/// By the price of the cheapest variant, upwards and downwards; ties by id, the newest first, both ways.
pub async fn sorted_by_price(shop: &Shop) {
    let wide = item("wide")
        .options(&["Size"])
        .sku("w-s")
        .values(&["S"])
        .price("5")
        .variant("w-l", &["L"])
        .price("99");
    shop.sell([item("ten").price("10"), wide, item("finer").price("10.0001")]).await;
    shop.sell(["t1", "t2", "t3"].map(|slug| item(slug).price("20"))).await;
    let mut tied = ["t1", "t2", "t3"];
    tied.sort_by_key(|slug| std::cmp::Reverse(product_id(slug)));
    let sorted = async |sort_by| slugs(shop, ProductFilter { sort_by, ..ProductFilter::default() }).await;
    assert_eq!(sorted(SortBy::PriceAsc).await, [&["wide", "ten", "finer"], tied.as_slice()].concat());
    assert_eq!(sorted(SortBy::PriceDesc).await, [tied.as_slice(), &["finer", "ten", "wide"]].concat());
}

/// By the folded name, compared bytewise: case, accents and spacing do not matter, digits come before letters.
pub async fn sorted_by_name(shop: &Shop) {
    let named = [
        ("e", "éclair"),
        ("z", "Zebra"),
        ("a2", "apple 2"),
        ("a10", "Apple 10"),
        ("a", "  APPLE "),
        ("n", "9 lives"),
        ("o", "Ọjà"),
        ("u", "under_score"),
        ("u2", "under score"),
        ("cjk", "日本"),
    ];
    shop.sell(named.map(|(slug, name)| item(slug).name(name))).await;
    shop.sell([item("same-1").name("Éclair"), item("same-2").name("ECLAIR")]).await;
    let mut expected: Vec<Item> = named.iter().map(|(slug, name)| item(slug).name(name)).collect();
    expected.extend([item("same-1").name("Éclair"), item("same-2").name("ECLAIR")]);
    expected
        .sort_by_key(|item| (item.product().sort_name().into_bytes(), std::cmp::Reverse(item.product().id)));
    let expected: Vec<String> = expected.iter().map(|item| item.slug().to_string()).collect();
    assert_eq!(slugs(shop, by_name()).await, expected);
}

/// Pages are cut out of one order; beyond the last one there is an empty one that still knows the count.
pub async fn pages_cover_the_listing(shop: &Shop) {
    let all: Vec<String> = (0..25).map(|n| format!("p{n:02}")).collect();
    shop.sell(all.iter().map(|slug| item(slug))).await;
    let page = async |page, page_size| {
        let found = products(shop, ProductFilter { page, page_size, ..by_name() }).await;
        assert_eq!((found.count, found.count_is_exact), (25, true));
        found.rows.iter().map(|row| row.slug.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(page(1, 10).await, all[..10]);
    assert_eq!(page(3, 10).await, all[20..]);
    assert_eq!(page(4, 10).await, [""; 0]);
    assert_eq!(page(25, 1).await, all[24..]);
    assert_eq!(page(1, 100).await, all);
    assert_eq!(page(u32::MAX, 100).await, [""; 0]);
}

/// What goes out of stock by a sale leaves the listing of what is in stock at once, and comes back when it is cancelled.
pub async fn a_sale_moves_the_listing(shop: &Shop) {
    shop.sell([item("mug").stock(1)]).await;
    let in_stock = async || slugs(shop, ProductFilter { in_stock: Some(true), ..by_name() }).await;
    assert_eq!(in_stock().await, ["mug"]);
    let order = shop.order(&[("mug", 1)]).await;
    assert_eq!(in_stock().await, [""; 0]);
    shop.engine.orders().cancel(order.order.id, &super::cancel()).await.unwrap();
    assert_eq!(in_stock().await, ["mug"]);
}

/// By units sold, as they were counted last: in listings and in searches. What was called off does not count, and counting
/// again when nothing was sold changes nothing.
pub async fn what_sold_best_comes_first(shop: &Shop) {
    shop.sell(["mug", "cup", "pot"].map(|slug| item(slug).stock(9))).await;
    let listed = async || {
        let filter = ProductFilter { sort_by: SortBy::BestSelling, ..ProductFilter::default() };
        let listed = slugs(shop, filter).await;
        let ask = Ask { order: Order::By(SortBy::BestSelling), ..Ask::default() };
        let found = shop.engine.search().find(&ask).await.unwrap().page.rows;
        assert_eq!(found.into_iter().map(|row| row.slug.to_string()).collect::<Vec<_>>(), listed);
        listed
    };
    let mut unsold = ["mug", "cup", "pot"];
    unsold.sort_by_key(|slug| std::cmp::Reverse(product_id(slug)));
    assert_eq!(listed().await, unsold);

    shop.order(&[("cup", 3), ("pot", 1)]).await;
    let mugs = shop.order(&[("mug", 5)]).await;
    assert_eq!(listed().await, unsold, "nobody counted");
    let before = shop.store.catalog_generation().await.unwrap();
    assert_eq!(shop.store.count_sold().await.unwrap(), 3);
    assert_eq!(listed().await, ["mug", "cup", "pot"]);
    let counted = shop.store.catalog_generation().await.unwrap();
    assert_ne!(before, counted);
    assert_eq!(shop.store.count_sold().await.unwrap(), 0);
    assert_eq!(shop.store.catalog_generation().await.unwrap(), counted);

    shop.engine.orders().cancel(mugs.order.id, &super::cancel()).await.unwrap();
    assert_eq!(shop.store.count_sold().await.unwrap(), 1);
    assert_eq!(listed().await, ["cup", "pot", "mug"]);
    shop.order(&[("pot", 4)]).await;
    let period = Duration::from_secs(600);
    assert_eq!(shop.engine.catalog().count_sold_when_due(period).await.unwrap(), Some(1));
    assert_eq!(shop.engine.catalog().count_sold_when_due(period).await.unwrap(), None);
    assert_eq!(listed().await, ["pot", "cup", "mug"]);
}

fn by_name() -> ProductFilter {
    ProductFilter { sort_by: SortBy::Name, page_size: 100, ..ProductFilter::default() }
}

async fn products(shop: &Shop, filter: ProductFilter) -> Page<ProductSummary> {
    shop.store.products(&filter).await.unwrap()
}

async fn slugs(shop: &Shop, filter: ProductFilter) -> Vec<String> {
    let page = products(shop, filter).await;
    page.rows.into_iter().map(|row| row.slug.to_string()).collect()
}
