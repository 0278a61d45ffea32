//! The rest of what is read of the catalogue: one product, the tree, exports, and what an import looks at.

use super::Shop;
use crate::LocationId;
use crate::catalog::{
    AttributeKind, Availability, CategoryNode, ImportKeys, ProductKey, ProductStatus, Slug, WeightUnit,
};
use crate::inventory::Location;
use crate::testkit::{Item, item, key, location_id, product_id, variant_id};
use crate::{ChangeSet, VariantId};

/// An empty shop answers every read with nothing.
pub async fn an_empty_shop_knows_nothing(shop: &Shop) {
    let store = &shop.store;
    store.ping().await.unwrap();
    assert_eq!(store.product(&ProductKey::Slug(slug("mug"))).await.unwrap(), None);
    assert_eq!(store.product(&ProductKey::Id(product_id("mug"))).await.unwrap(), None);
    assert_eq!(store.categories().await.unwrap(), []);
    assert_eq!(store.export(None, 10).await.unwrap(), crate::catalog::ExportPage::default());
    assert_eq!(store.locations().await.unwrap(), []);
    assert_eq!(store.stock(&[variant_id("mug")]).await.unwrap().1, []);
    assert_eq!(store.rulebook().await.unwrap(), None);
    assert_eq!(store.overdue_orders(10).await.unwrap(), []);
    let seen = store
        .import_view(&ImportKeys {
            slugs: vec![slug("mug")],
            skus: vec![key("mug")],
            ..ImportKeys::default()
        })
        .await
        .unwrap();
    assert_eq!((seen.products, seen.sku_owners, seen.brands), (Vec::new(), Vec::new(), Vec::new()));
    assert_eq!((seen.categories, seen.attributes), (Vec::new(), Vec::new()));
    assert_eq!((seen.locations, seen.levels), (Vec::new(), Vec::new()));
}

/// One product, by id and by slug, with brand, breadcrumb, attributes and what is left.
pub async fn a_product_with_all_its_page_shows(shop: &Shop) {
    let tee = tee();
    shop.sell([tee.clone(), item("other").category(&["Home"]).brand("Other").stock(9)]).await;
    shop.order(&[("tee-s", 2)]).await;
    let found = shop.store.product(&ProductKey::Slug(slug("tee"))).await.unwrap().unwrap();
    assert_eq!(found.product, tee.product());
    assert_eq!(found.brand, tee.brand_row());
    assert_eq!(found.breadcrumb, tee.category_rows());
    let mut attributes = found.attributes.clone();
    attributes.sort_by(|a, b| a.code.cmp(&b.code));
    let mut expected = tee.attribute_rows();
    expected.sort_by(|a, b| a.code.cmp(&b.code));
    assert_eq!(attributes, expected);
    let left = |sku: &str, available| Availability { variant: variant_id(sku), available };
    assert_eq!(found.availability, [left("tee-s", 5), left("tee-m", 0), left("tee-xl", 0)]);
    let by_id = shop.store.product(&ProductKey::Id(product_id("tee"))).await.unwrap().unwrap();
    assert_eq!(by_id.product, found.product);
}

/// A product can be read whatever its status, for previews and edits, also when it is deleted.
pub async fn a_product_in_any_status(shop: &Shop) {
    let items =
        [item("a"), item("b").draft(), item("c").status(ProductStatus::Archived), item("d").deleted()];
    shop.sell(items.clone()).await;
    for item in &items {
        let found = shop.store.product(&ProductKey::Slug(item.slug())).await.unwrap().unwrap();
        assert_eq!(found.product, item.product());
    }
    assert!(shop.store.product(&ProductKey::Id(product_id("d"))).await.unwrap().is_some());
}

/// A variant short at one location counts as 0 there: it takes nothing from another.
pub async fn what_is_left_is_summed_over_locations(shop: &Shop) {
    shop.sell([item("mug")
        .stock(2)
        .safety_stock(5)
        .stock_at("second", 4)
        .stock_at("third", 3)
        .safety_stock(1)])
        .await;
    let found = shop.store.product(&ProductKey::Slug(slug("mug"))).await.unwrap().unwrap();
    assert_eq!(found.availability, [Availability { variant: variant_id("mug"), available: 6 }]);
}

/// The tree counts what is on sale in a branch and below it, and orders branches by name.
pub async fn the_tree_counts_what_is_on_sale(shop: &Shop) {
    shop.sell([
        item("a").category(&["Home", "Kitchen", "Mugs"]),
        item("b").category(&["Home", "Kitchen", "Mugs"]),
        item("c").category(&["Home", "Kitchen"]),
        item("d").category(&["Home", "bath"]),
        item("e").category(&["Garden"]).draft(),
        item("f").category(&["Home"]).deleted(),
        item("g"),
        item("h").category(&["Électro"]),
    ])
    .await;
    let tree = shop.store.categories().await.unwrap();
    assert_eq!(
        tree.iter().flat_map(shape).collect::<Vec<_>>(),
        [
            ("garden".to_owned(), 0),
            ("home".to_owned(), 4),
            ("home/bath".to_owned(), 1),
            ("home/kitchen".to_owned(), 3),
            ("home/kitchen/mugs".to_owned(), 2),
            ("electro".to_owned(), 1),
        ],
        "siblings by folded name: accents come after z"
    );
}

/// An export goes through the products by slug, bytewise, a slice at a time, with all that they name and no more.
pub async fn an_export_goes_by_slug(shop: &Shop) {
    let slugs = ["a", "a-b", "a.b", "a_b", "ab", "b", "é", "日本"];
    shop.sell(slugs.iter().rev().map(|slug| item(slug))).await;
    shop.sell([item("gone").deleted(), item("draft").draft()]).await;
    let mut expected: Vec<&str> = [&slugs[..], &["draft"]].concat();
    expected.sort_unstable();
    for limit in [1, 3, 100] {
        let mut found: Vec<String> = Vec::new();
        let mut after: Option<Slug> = None;
        loop {
            let page = shop.store.export(after, limit).await.unwrap();
            assert!(page.products.len() <= limit as usize);
            let Some(last) = page.products.last() else { break };
            after = Some(last.slug.clone());
            found.extend(page.products.iter().map(|product| product.slug.to_string()));
        }
        assert_eq!(found, expected, "in slices of {limit}");
    }
    let rest = shop.store.export(Some(slug("aa")), 100).await.unwrap();
    assert_eq!(rest.products[0].slug, slug("ab"), "what it goes on after need not be there");
}

/// A slice of an export brings the brands, categories with all their ancestors, attributes and levels of its products.
pub async fn an_export_names_what_its_products_name(shop: &Shop) {
    let tee = tee();
    let mug = item("mug").brand("Kiln").category(&["Home", "Kitchen"]).stock(3);
    shop.sell([tee.clone(), mug.clone()]).await;
    let page = shop.store.export(None, 1).await.unwrap();
    assert_eq!(page.products, [mug.product()]);
    assert_eq!(page.brands, Vec::from_iter(mug.brand_row()));
    assert_eq!(sorted(page.categories, |row| row.path.clone()), mug.category_rows());
    assert_eq!(page.attributes, []);
    assert_eq!(page.levels, shop.levels("mug").await);
    let page = shop.store.export(Some(slug("mug")), 5).await.unwrap();
    assert_eq!(page.products, [tee.product()]);
    assert_eq!(page.brands, Vec::from_iter(tee.brand_row()));
    assert_eq!(sorted(page.categories, |row| row.path.clone()), tee.category_rows());
    let by_code = |row: &crate::catalog::Attribute| row.code.clone();
    assert_eq!(sorted(page.attributes, by_code), sorted(tee.attribute_rows(), by_code));
    let variants: Vec<VariantId> = tee.product().variants.iter().map(|variant| variant.id).collect();
    assert_eq!(
        sorted(page.levels, |level| (level.variant, level.location)),
        shop.store.stock(&variants).await.unwrap().1
    );
}

/// An import sees the products of its slugs, deleted ones too, who has its SKUs, and all that products share.
pub async fn an_import_sees_what_it_touches(shop: &Shop) {
    let tee = tee();
    let gone = item("gone").deleted();
    let mug = item("mug").brand("Kiln").category(&["Home", "Kitchen"]).stock(3);
    shop.sell([tee.clone(), gone.clone(), mug.clone()]).await;
    let keys = ImportKeys {
        slugs: ["tee", "unknown", "gone"].map(slug).to_vec(),
        skus: ["tee-m", "mug", "gone", "unknown", "TEE-M"].map(key).to_vec(),
        repeated: None,
    };
    let seen = shop.store.import_view(&keys).await.unwrap();
    assert_eq!(seen.products, [gone.product(), tee.product()]);
    let owner = |sku: &str, of: &str| (key(sku), variant_id(sku), product_id(of));
    assert_eq!(seen.sku_owners, [owner("gone", "gone"), owner("mug", "mug"), owner("tee-m", "tee")]);
    assert_eq!(
        seen.brands.iter().map(|brand| brand.slug.as_str()).collect::<Vec<_>>(),
        ["kiln", "lagos-looms"]
    );
    assert_eq!(
        seen.categories.iter().map(|category| category.path.as_str()).collect::<Vec<_>>(),
        ["clothing", "clothing/shirts", "home", "home/kitchen"]
    );
    assert_eq!(
        seen.attributes.iter().map(|row| row.code.as_str()).collect::<Vec<_>>(),
        ["fabric", "organic", "size"]
    );
    assert_eq!(seen.locations, shop.store.locations().await.unwrap());
    let variants: Vec<VariantId> = tee.product().variants.iter().map(|variant| variant.id).collect();
    assert_eq!(seen.levels, shop.store.stock(&variants).await.unwrap().1);
}

/// Locations come by priority, then by code, bytewise.
pub async fn locations_come_by_priority(shop: &Shop) {
    let location =
        |code: &str, priority| Location::new(location_id(code), code, &format!("{code} – Ọjà"), priority);
    let mut changes = ChangeSet::default();
    changes.inventory.locations =
        vec![location("b", 2), location("a", 2), location("B", 2), location("z", i32::MIN), location("é", 1)];
    shop.store.commit(&changes).await.unwrap();
    let found = shop.store.locations().await.unwrap();
    assert_eq!(
        found.iter().map(|location| location.code.as_str()).collect::<Vec<_>>(),
        ["z", "é", "B", "a", "b"]
    );
    assert_eq!(found[0], location("z", i32::MIN));
}

/// Stock comes by variant, then location; variants without a row, and unknown ones, have none.
pub async fn stock_comes_by_variant_and_location(shop: &Shop) {
    shop.sell(["a", "b", "c"].map(|slug| item(slug).stock(1).stock_at("x", 2).stock_at("y", 3))).await;
    shop.sell([item("no-row")]).await;
    let variants = ["b", "no-row", "unknown", "a"].map(variant_id);
    let (_, levels) = shop.store.stock(&variants).await.unwrap();
    let mut expected: Vec<(VariantId, LocationId)> = Vec::new();
    for sku in ["a", "b"] {
        expected.extend(["main", "x", "y"].map(|code| (variant_id(sku), location_id(code))));
    }
    expected.sort_unstable();
    assert_eq!(levels.iter().map(|level| (level.variant, level.location)).collect::<Vec<_>>(), expected);
    let locations = shop.store.locations().await.unwrap();
    for level in &levels {
        let location = locations.iter().find(|location| location.id == level.location).unwrap();
        assert_eq!(level.priority, location.priority);
    }
    assert_eq!(shop.store.stock(&[]).await.unwrap().1, []);
}

/// A product in which everything is set.
fn tee() -> Item {
    item("tee")
        .name("Adire tee")
        .brand("Lagos Looms")
        .category(&["Clothing", "Shirts"])
        .tags(&["new", "cotton"])
        .image("https://img.example/tee.jpg", "a tee")
        .options(&["Size"])
        .linked_to("size")
        .attribute("fabric", AttributeKind::Text, "cotton")
        .attribute("organic", AttributeKind::Boolean, "true")
        .sku("tee-s")
        .values(&["S"])
        .weight("187.5", WeightUnit::Ounce)
        .stock(4)
        .stock_at("second", 3)
        .variant("tee-m", &["M"])
        .variant("tee-l", &["L"])
        .untracked()
        .variant("tee-xl", &["XL"])
        .stock(0)
}

fn shape(node: &CategoryNode) -> Vec<(String, u64)> {
    let own = (node.category.path.clone(), node.product_count);
    std::iter::once(own).chain(node.children.iter().flat_map(shape)).collect()
}

fn sorted<T, K: Ord>(mut rows: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    rows.sort_by_key(key);
    rows
}

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}
