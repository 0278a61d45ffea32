//! What products share: changed, moved and deleted with what products say of it, whoever else writes.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Mutex;

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::Shop;
use crate::access::Caller;
use crate::audit::{Actor, Search};
use crate::cart::VariantKey;
use crate::catalog::{
    AttributeChange, AttributeKind, Batch, Brand, BrandChange, Category, CategoryChange, Changed, EditError,
    NewBrand, NewCategory, ProductFilter, ProductKey, SharedKey, Target, TaxonomyError,
};
use crate::search::{Ask, AttributeFilter};
use crate::testkit::{Intercept, Intercepted, Item, item, key, product_id};
use crate::{CommitError, Engine, Store};

/// A brand is called otherwise: by the product, the search, the cart and the filters, and by its slug of before.
pub async fn a_renamed_brand_is_said_by_its_products(shop: &Shop) {
    shop.sell([item("tee").brand("Lagos Looms").stock(3), item("mug").brand("Potters").stock(3)]).await;
    let before = generation(shop).await;
    let change =
        BrandChange { name: Some("Ibadan Weavers".to_owned()), slug: Some("weavers".parse().unwrap()) };
    let taxonomy = shop.engine.taxonomy();
    let changed = taxonomy
        .change_brand(&SharedKey::new("lagos-looms"), &change, Some(1), &Actor::System)
        .await
        .unwrap();
    assert_eq!((changed.row.version, changed.products), (2, 1));
    assert_ne!(generation(shop).await, before);
    assert_eq!(version(shop, "tee").await, 2);
    assert_eq!(version(shop, "mug").await, 1);
    for brand in ["lagos-looms", "weavers"] {
        assert_eq!(listed(shop, None, Some(brand)).await, ["tee"], "{brand}");
    }
    assert_eq!(found(shop, "ibadan").await, ["tee"]);
    assert_eq!(found(shop, "looms").await, [""; 0]);
    let look =
        crate::cart::Look { variant: Some(VariantKey::Sku(key("tee"))), ..crate::cart::Look::default() };
    let seen = shop.store.cart(&look).await.unwrap();
    assert_eq!(seen.offers[0].brand.as_deref(), Some("weavers"));
    let search = Search { target: Some(format!("brand:{}", changed.row.id)), ..Search::default() };
    let told = shop.store.audit(&search, 9).await.unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].data["before"]["slug"], "lagos-looms");
    assert_eq!(told[0].data["after"]["name"], "Ibadan Weavers");
    let (key, nothing) = (SharedKey::new("weavers"), BrandChange::default());
    let stale = taxonomy.change_brand(&key, &nothing, Some(1), &Actor::System).await;
    assert!(matches!(stale, Err(TaxonomyError::Version(2))));
    // A new brand may have the slug of before, and then it is that brand's.
    let new = NewBrand { name: "Other Looms".to_owned(), slug: Some("lagos-looms".parse().unwrap()) };
    taxonomy.create_brand(&new, &Actor::System, None).await.unwrap();
    assert_eq!(listed(shop, None, Some("lagos-looms")).await, [""; 0]);
}

/// A branch moves with all that grows on it, and is found where it was.
pub async fn a_branch_moves_with_its_products(shop: &Shop) {
    shop.sell([
        item("tee").category(&["Clothing", "Tops", "Tees"]).stock(1),
        item("cap").category(&["Clothing", "Hats"]).stock(1),
    ])
    .await;
    let taxonomy = shop.engine.taxonomy();
    let change = CategoryChange {
        slug: Some("upper".parse().unwrap()),
        parent: Some(None),
        description: Some("Above the belt".to_owned()),
        ..CategoryChange::default()
    };
    let moved =
        taxonomy.change_category(&SharedKey::new("tops"), &change, None, &Actor::System).await.unwrap();
    assert_eq!((moved.row.path.as_str(), moved.products), ("upper", 1));
    let seen = taxonomy.show().await.unwrap();
    let paths: Vec<&str> = seen.categories.iter().map(|(category, _)| category.path.as_str()).collect();
    assert_eq!(paths, ["clothing", "clothing/hats", "upper", "upper/tees"]);
    assert_eq!(version(shop, "tee").await, 2);
    assert_eq!(version(shop, "cap").await, 1);
    assert_eq!(listed(shop, Some("upper"), None).await, ["tee"]);
    assert_eq!(listed(shop, Some("tops"), None).await, ["tee"], "by the slug of before");
    assert_eq!(listed(shop, Some("clothing"), None).await, ["cap"]);
    assert_eq!(taxonomy.moved_category(&"tops".parse().unwrap()).await.unwrap(), "upper".parse().ok());
    assert_eq!(taxonomy.moved_category(&"tees".parse().unwrap()).await.unwrap(), None);
    let key = SharedKey::new("upper");
    let below = CategoryChange { parent: Some(Some(SharedKey::new("tees"))), ..CategoryChange::default() };
    let refused = taxonomy.change_category(&key, &below, None, &Actor::System).await;
    assert!(matches!(refused, Err(TaxonomyError::Cycle)), "{refused:?}");
    let refused = taxonomy.delete_category(&SharedKey::new("tees"), None, &Actor::System).await;
    assert!(matches!(refused, Err(TaxonomyError::InUse(1))), "{refused:?}");
    let back = CategoryChange { slug: Some("tops".parse().unwrap()), ..CategoryChange::default() };
    taxonomy.change_category(&key, &back, None, &Actor::System).await.unwrap();
    assert_eq!(taxonomy.moved_category(&"tops".parse().unwrap()).await.unwrap(), None, "it is there");
    assert_eq!(taxonomy.moved_category(&"upper".parse().unwrap()).await.unwrap(), "tops".parse().ok());
    // What is put in order comes in it.
    let first = CategoryChange { position: Some(1), ..CategoryChange::default() };
    taxonomy.change_category(&SharedKey::new("tops"), &first, None, &Actor::System).await.unwrap();
    let tree = shop.engine.catalog().categories().await.unwrap();
    let roots: Vec<&str> = tree.iter().map(|node| node.category.slug.as_str()).collect();
    assert_eq!(roots, ["tops", "clothing"]);
    assert_eq!(tree[0].category.description, "Above the belt");
}

/// Deleted while nobody has it, restored; and brought back by a product that names it.
pub async fn what_nobody_has_is_deleted_and_restored(shop: &Shop) {
    let taxonomy = shop.engine.taxonomy();
    let new = NewBrand { name: "Looms".to_owned(), slug: None };
    let made = taxonomy.create_brand(&new, &Actor::System, None).await.unwrap().row;
    let key = SharedKey::from(made.id.0);
    let again = taxonomy.create_brand(&new, &Actor::System, None).await;
    assert!(matches!(again, Err(TaxonomyError::Exists { field: "slug", deleted: false, .. })), "{again:?}");
    assert!(taxonomy.delete_brand(&key, None, &Actor::System).await.unwrap().row.deleted_at.is_some());
    let again = taxonomy.create_brand(&new, &Actor::System, None).await;
    assert!(matches!(again, Err(TaxonomyError::Exists { deleted: true, .. })), "{again:?}");
    let restored = taxonomy.restore_brand(&key, Some(2), &Actor::System, None).await.unwrap().row;
    assert_eq!((restored.deleted_at, restored.version), (None, 3));
    let category = NewCategory {
        name: "Tees".to_owned(),
        slug: None,
        parent: None,
        description: String::new(),
        position: None,
    };
    taxonomy.create_category(&category, &Actor::System, None).await.unwrap();
    let key = SharedKey::new("tees");
    taxonomy.delete_category(&key, None, &Actor::System).await.unwrap();
    assert_eq!(shop.engine.catalog().categories().await.unwrap(), []);
    taxonomy.restore_category(&key, None, &Actor::System, None).await.unwrap();
    assert_eq!(shop.engine.catalog().categories().await.unwrap().len(), 1);
}

/// A product gets the brand while it is deleted: that is seen, whoever is first.
pub async fn a_product_comes_while_its_brand_is_deleted(shop: &Shop) {
    shop.sell([item("tee").brand("Looms")]).await;
    shop.sell([item("tee")]).await;
    let store = std::sync::Arc::clone(&shop.store);
    let batch = shop.batch([item("cap").brand("Looms")]).await;
    let comes = async move { store.import(&batch).await.unwrap() };
    let deleted =
        crossed(shop, comes).taxonomy().delete_brand(&SharedKey::new("looms"), None, &Actor::System).await;
    assert!(matches!(deleted, Err(TaxonomyError::InUse(1))), "{deleted:?}");
}

/// A product is not restored while its brand is deleted, whoever is first.
pub async fn a_brand_is_restored_before_its_products(shop: &Shop) {
    shop.sell([item("tee").brand("Looms")]).await;
    let ada = Caller::Operator { name: "ada".to_owned() };
    let tee = Target { slug: item("tee").slug(), version: None };
    let key = SharedKey::new("looms");
    shop.engine.catalog().delete(&ada, &tee).await.unwrap();
    let (engine, looms) = (shop.engine.clone(), key.clone());
    let goes = async move {
        engine.taxonomy().delete_brand(&looms, None, &Actor::System).await.unwrap();
    };
    let refused = crossed(shop, goes).catalog().restore(&ada, &tee, None).await;
    let Err(EditError::Refused(refusals)) = refused else { panic!("{refused:?}") };
    assert_eq!(refusals[0].code, "brand-deleted");
    shop.engine.taxonomy().restore_brand(&key, None, &Actor::System, None).await.unwrap();
    let engine = shop.engine.clone();
    let comes = async move {
        engine.catalog().restore(&ada, &tee, None).await.unwrap();
    };
    let deleted = crossed(shop, comes).taxonomy().delete_brand(&key, None, &Actor::System).await;
    assert!(matches!(deleted, Err(TaxonomyError::InUse(1))), "{deleted:?}");
}

/// Two categories are moved under each other at the same time: one of the moves is refused.
pub async fn two_moves_at_once_make_no_circle(shop: &Shop) {
    shop.sell([item("tee").category(&["Clothing"]), item("mug").category(&["Kitchen"])]).await;
    let onto = |parent: &str| CategoryChange {
        parent: Some(Some(SharedKey::new(parent))),
        ..CategoryChange::default()
    };
    let (engine, other) = (shop.engine.clone(), onto("clothing"));
    let meanwhile = async move {
        move_category(&engine, "kitchen", &other).await.unwrap();
    };
    let moved = move_category(&crossed(shop, meanwhile), "clothing", &onto("kitchen")).await;
    assert!(matches!(moved, Err(TaxonomyError::Cycle)), "{moved:?}");
}

/// Many move, rename and import at once: what comes of it is a tree, and products say what is so.
pub async fn moves_and_imports_at_once_leave_a_tree(shop: &Shop) {
    shop.sell((0..6).map(|n| item(&format!("p{n}")).category(&[&format!("C{n}")]).brand("Looms"))).await;
    let mut workers = JoinSet::new();
    for worker in 0..3_usize {
        let engine = shop.engine.clone();
        workers.spawn(async move {
            for round in 0..4_usize {
                let what = SharedKey::new(format!("c{}", (worker * 2 + round) % 6));
                let parent = Some(Some(SharedKey::new(format!("c{}", (worker + round * 3 + 1) % 6))));
                let change = CategoryChange { parent, ..CategoryChange::default() };
                match engine.taxonomy().change_category(&what, &change, None, &Actor::System).await {
                    Ok(_) | Err(TaxonomyError::Cycle) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    let engine = shop.engine.clone();
    workers.spawn(async move {
        for round in 0..4_usize {
            let name = Some(format!("Looms {round}"));
            let change = BrandChange { name, slug: Some(format!("looms-{round}").parse().unwrap()) };
            let changed = rename(&engine, "looms", &change).await.unwrap();
            let back = BrandChange { name: None, slug: Some("looms".parse().unwrap()) };
            rename(&engine, changed.row.slug.as_str(), &back).await.unwrap();
        }
    });
    let engine = shop.engine.clone();
    workers.spawn(async move {
        for round in 0..4_usize {
            let mut input = crate::catalog::ProductInput::new(format!("new-{round}").parse().unwrap(), "New");
            let price = crate::UnitPrice::parse("5", crate::Currency::NGN).unwrap();
            let sku = format!("NEW-{round}").parse().unwrap();
            input = input.variant(crate::catalog::VariantInput::new(sku, price));
            input.category = crate::catalog::Cell::Is(vec![format!("C{round}"), "Below".to_owned()]);
            engine.catalog().put(input).await.unwrap();
        }
    });
    while let Some(done) = workers.join_next().await {
        done.unwrap();
    }
}

/// An attribute that is no longer to be filtered by is counted by no facet; a value that would be none is told.
pub async fn facets_count_what_is_filterable(shop: &Shop) {
    let tee = |slug: &str, size: &str| -> Item {
        item(slug).attribute("size", AttributeKind::Select, size).attribute(
            "weight",
            AttributeKind::Number,
            "9",
        )
    };
    shop.sell([tee("tee", "Large"), tee("cap", "Small")]).await;
    let taxonomy = shop.engine.taxonomy();
    let counted = async || {
        let found = shop.engine.search().find(&Ask { facets: true, ..Ask::default() }).await.unwrap();
        found.facets.unwrap().attributes.into_iter().map(|facet| facet.code).collect::<Vec<_>>()
    };
    assert_eq!(counted().await, ["size", "weight"]);
    let key = SharedKey::new("size");
    let hidden = AttributeChange { filterable: Some(false), ..AttributeChange::default() };
    taxonomy.change_attribute(&key, &hidden, None, &Actor::System).await.unwrap();
    assert_eq!(counted().await, ["weight"]);
    assert_eq!(version(shop, "tee").await, 2);
    let number = AttributeChange { kind: Some(AttributeKind::Number), ..AttributeChange::default() };
    let refused = taxonomy.change_attribute(&key, &number, None, &Actor::System).await;
    assert!(matches!(refused, Err(TaxonomyError::Values(_))), "{refused:?}");
    let allowed = Some(vec!["Large".to_owned(), "small".to_owned()]);
    let listed = AttributeChange { allowed, filterable: Some(true), ..AttributeChange::default() };
    let listed = taxonomy.change_attribute(&key, &listed, None, &Actor::System).await.unwrap();
    assert_eq!((listed.row.version, listed.products), (3, 2));
    assert_eq!(counted().await, ["size", "weight"]);
    let refused = taxonomy.delete_attribute(&key, None, &Actor::System).await;
    assert!(matches!(refused, Err(TaxonomyError::InUse(2))), "{refused:?}");
    // A value comes while the rules change that it does not obey.
    let store = std::sync::Arc::clone(&shop.store);
    let batch = shop.batch([item("hat").attribute("weight", AttributeKind::Number, "99")]).await;
    let comes = async move { store.import(&batch).await.unwrap() };
    let most = AttributeChange { most: Some(Some(10.into())), ..AttributeChange::default() };
    let through = crossed(shop, comes);
    let refused =
        through.taxonomy().change_attribute(&SharedKey::new("weight"), &most, None, &Actor::System).await;
    assert!(matches!(refused, Err(TaxonomyError::Values(_))), "{refused:?}");
    let filter = AttributeFilter { code: "size".to_owned(), values: vec!["large".to_owned()] };
    let ask = Ask { attributes: vec![filter], ..Ask::default() };
    assert_eq!(shop.engine.search().find(&ask).await.unwrap().page.count, 1);
}

/// A tag becomes another on every product that has it, once on each.
pub async fn a_tag_is_renamed_on_all_products(shop: &Shop) {
    shop.sell([
        item("tee").tags(&["new", "sale"]),
        item("cap").tags(&["sale", "summer"]),
        item("mug").tags(&["summer"]),
    ])
    .await;
    let taxonomy = shop.engine.taxonomy();
    let tags = async || -> Vec<(String, u64)> {
        let all = shop.engine.taxonomy().tags(None, 9).await.unwrap();
        all.into_iter().map(|count| (count.tag, count.products)).collect()
    };
    let said = |tags: &[(&str, u64)]| -> Vec<(String, u64)> {
        tags.iter().map(|(tag, count)| ((*tag).to_owned(), *count)).collect()
    };
    assert_eq!(tags().await, said(&[("new", 1), ("sale", 2), ("summer", 2)]));
    let changed = taxonomy.change_tag("sale", Some("summer"), &Actor::System, None).await.unwrap();
    assert_eq!(changed.products, 2);
    assert_eq!(tags().await, said(&[("new", 1), ("summer", 3)]));
    assert_eq!(version(shop, "cap").await, 2);
    taxonomy.change_tag("new", None, &Actor::System, None).await.unwrap();
    assert_eq!(tags().await, said(&[("summer", 3)]));
    assert_eq!(found(shop, "sale").await, [""; 0]);
    let gone = taxonomy.change_tag("sale", None, &Actor::System, None).await;
    assert!(matches!(gone, Err(TaxonomyError::NotFound)), "{gone:?}");
}

/// More products than are indexed in one transaction are found by the new name when the change is answered.
pub async fn a_brand_of_many_products_is_renamed(shop: &Shop) {
    let count = Batch::INDEXED_AT_ONCE + 20;
    shop.sell((0..count).map(|n| item(&format!("p{n}")).brand("Looms"))).await;
    let change = BrandChange { name: Some("Weavers".to_owned()), slug: None };
    let changed = shop
        .engine
        .taxonomy()
        .change_brand(&SharedKey::new("looms"), &change, None, &Actor::System)
        .await
        .unwrap();
    assert_eq!(changed.products, count as u64);
    let found = shop.engine.search().find(&Ask { text: Some("weavers".to_owned()), ..Ask::default() }).await;
    assert_eq!(found.unwrap().page.count, count as u64);
    assert_eq!(shop.engine.search().index().await.unwrap(), 0, "nothing is left to index");
}

async fn rename(engine: &Engine, key: &str, change: &BrandChange) -> Result<Changed<Brand>, TaxonomyError> {
    engine.taxonomy().change_brand(&SharedKey::new(key), change, None, &Actor::System).await
}

async fn move_category(
    engine: &Engine,
    key: &str,
    change: &CategoryChange,
) -> Result<Changed<Category>, TaxonomyError> {
    engine.taxonomy().change_category(&SharedKey::new(key), change, None, &Actor::System).await
}

async fn generation(shop: &Shop) -> crate::cache::Generation {
    shop.store.catalog_generation().await.unwrap()
}

async fn version(shop: &Shop, slug: &str) -> u64 {
    shop.store.product(&ProductKey::Id(product_id(slug))).await.unwrap().unwrap().product.version
}

async fn listed(shop: &Shop, category: Option<&str>, brand: Option<&str>) -> Vec<String> {
    let filter = ProductFilter {
        category: category.map(|slug| slug.parse().unwrap()),
        brand: brand.map(|slug| slug.parse().unwrap()),
        ..ProductFilter::default()
    };
    let page = shop.engine.catalog().products(&filter).await.unwrap();
    page.rows.into_iter().map(|row| row.slug.to_string()).collect()
}

async fn found(shop: &Shop, text: &str) -> Vec<String> {
    let found = shop.engine.search().find(&Ask { text: Some(text.to_owned()), ..Ask::default() }).await;
    found.unwrap().page.rows.into_iter().map(|row| row.slug.to_string()).collect()
}

type Interlude = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets something happen before the first import.
struct Meanwhile(Mutex<VecDeque<Interlude>>);

#[async_trait]
impl Intercept for Meanwhile {
    async fn import(&self, store: &dyn Store, batch: &Batch) -> Result<(), CommitError> {
        let interlude = self.0.lock().unwrap().pop_front();
        if let Some(interlude) = interlude {
            interlude.await;
        }
        store.import(batch).await
    }
}

fn crossed(shop: &Shop, interlude: impl Future<Output = ()> + Send + 'static) -> Engine {
    let interlude: Interlude = Box::pin(interlude);
    let meanwhile = Meanwhile(Mutex::new([interlude].into()));
    let store = std::sync::Arc::clone(&shop.store);
    shop.through(std::sync::Arc::new(Intercepted::new(store, meanwhile)))
}
