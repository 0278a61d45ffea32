//! The catalogue: imported whole or not at all, and read back as it was.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::catalog::{Availability, Batch, ImportKeys, Product, ProductKey, ProductStatus};
use commerce_core::inventory::Level;
use commerce_core::{Guard, Store, Timestamp};
use shop::data::*;
use shop::{in_shop, rows};

async fn detail(store: &impl Store, product: &Product) -> commerce_core::catalog::ProductDetail {
    store.product(&ProductKey::Slug(product.slug.clone())).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_product_reads_back_as_it_was_imported() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut batch = Batch::default();
        let rich = rich_product(&mut ids, "dress", &mut batch);
        let plain = product(&mut ids, "mug", 100);
        batch.products = vec![new(&rich), new(&plain)];
        store.import(&batch).await.unwrap();

        let read = detail(&store, &rich).await;
        assert_eq!(read.product, rich);
        assert_eq!(read.brand, Some(batch.brands[0].clone()));
        assert_eq!(read.breadcrumb, batch.categories, "from the root down");
        assert_eq!(read.attributes, batch.attributes);
        let none_left = |index: usize| Availability { variant: rich.variants[index].id, available: 0 };
        assert_eq!(read.availability, [none_left(0), none_left(1)]);
        assert!(read.now > now());
        let by_id = store.product(&ProductKey::Id(plain.id)).await.unwrap().unwrap();
        assert_eq!((by_id.product, by_id.brand, by_id.breadcrumb), (plain, None, Vec::new()));
        assert_eq!(store.product(&ProductKey::Slug("none".parse().unwrap())).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_newer_version_takes_the_place_of_the_whole_product() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut batch = Batch::default();
        let mut rich = rich_product(&mut ids, "dress", &mut batch);
        batch.products = vec![new(&rich)];
        store.import(&batch).await.unwrap();

        rich.version = 2;
        rich.slug = "gown".parse().unwrap();
        rich.tags = vec!["sale".to_owned()];
        rich.images.swap(0, 1);
        rich.options[0].values.push("L".to_owned());
        rich.variants.swap(0, 1);
        rich.variants[0].price = price(1);
        rich.variants[1].option_values[0] = "L".to_owned();
        rich.variants.push(variant(&mut ids, "THIRD", 7));
        rich.variants[2].option_values = vec!["L".to_owned(), "red".to_owned()];
        rich.attributes.clear();
        rich.updated_at = later(5);
        store.import(&Batch { products: vec![known(&rich, 1)], ..Batch::default() }).await.unwrap();
        assert_eq!(detail(&store, &rich).await.product, rich);

        rich.version = 3;
        rich.deleted_at = Some(later(9));
        store.import(&Batch { products: vec![known(&rich, 2)], ..Batch::default() }).await.unwrap();
        assert_eq!(detail(&store, &rich).await.product, rich, "deleted, for those who restore it");
    })
    .await;
}

#[tokio::test]
async fn a_variant_that_an_import_leaves_out_stays() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut batch = Batch::default();
        let mut rich = rich_product(&mut ids, "dress", &mut batch);
        batch.products = vec![new(&rich)];
        store.import(&batch).await.unwrap();
        let kept = rich.variants.pop().unwrap();
        rich.version = 2;
        store.import(&Batch { products: vec![known(&rich, 1)], ..Batch::default() }).await.unwrap();
        let read = detail(&store, &rich).await.product;
        assert!(read.variants.contains(&kept));
    })
    .await;
}

#[tokio::test]
async fn every_guard_of_an_import_refuses_and_leaves_nothing_behind() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut batch = Batch::default();
        let rich = rich_product(&mut ids, "dress", &mut batch);
        let mug = product(&mut ids, "mug", 100);
        batch.products = vec![new(&rich), new(&mug)];
        store.import(&batch).await.unwrap();
        let (brand, root, attribute) = (&batch.brands[0], &batch.categories[0], &batch.attributes[0]);
        let before = rows(&store).await;
        let refused = async |mut wrong: Batch, other: Product| {
            wrong.products.push(new(&other));
            let guard = stale(store.import(&wrong).await);
            assert_eq!(rows(&store).await, before, "{guard:?} left something behind");
            guard
        };
        let mut fresh = || product(&mut ids, "cup", 100);

        let mut same_brand = brand.clone();
        same_brand.id = nobody();
        same_brand.slug = "another-slug".parse().unwrap();
        same_brand.name = brand.name.to_uppercase();
        assert_eq!(
            refused(Batch { brands: vec![same_brand], ..Batch::default() }, fresh()).await,
            Guard::Brand
        );
        let mut same_category = root.clone();
        same_category.id = nobody();
        same_category.slug = "another-slug".parse().unwrap();
        same_category.path = "another-slug".to_owned();
        let sibling = Batch { categories: vec![same_category], ..Batch::default() };
        assert_eq!(refused(sibling, fresh()).await, Guard::Category, "two siblings of one name");
        let mut same_attribute = attribute.clone();
        same_attribute.id = nobody();
        let attributes = Batch { attributes: vec![same_attribute], ..Batch::default() };
        assert_eq!(refused(attributes, fresh()).await, Guard::Attribute);

        let mut same_slug = fresh();
        same_slug.slug = mug.slug.clone();
        assert_eq!(refused(Batch::default(), same_slug.clone()).await, Guard::Product(same_slug.id));
        let mut same_sku = fresh();
        same_sku.variants[0].sku = mug.variants[0].sku.clone();
        assert_eq!(refused(Batch::default(), same_sku).await, Guard::Sku);
        let old = Batch { products: vec![known(&mug, 9)], ..Batch::default() };
        assert_eq!(refused(old, fresh()).await, Guard::Product(mug.id));
        let mut renamed = mug.clone();
        renamed.slug = rich.slug.clone();
        let renamed = Batch { products: vec![known(&renamed, 1)], ..Batch::default() };
        assert_eq!(refused(renamed, fresh()).await, Guard::Product(mug.id));

        let mut short = Batch::default();
        let location = location(&mut ids2(), "MAIN", 1);
        short.inventory.locations.push(location.clone());
        short.inventory.levels.push(level(mug.variants[0].id, location.id));
        short.inventory.adjust.push(movement(&mut ids2(), mug.variants[0].id, location.id, -1));
        let guard = Guard::Stock { variant: mug.variants[0].id, location: location.id };
        assert_eq!(refused(short, fresh()).await, guard);
    })
    .await;
}

fn ids2() -> commerce_core::Ids {
    ids(2)
}

#[tokio::test]
async fn an_import_sees_what_it_touches() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut batch = Batch::default();
        let mut rich = rich_product(&mut ids, "dress", &mut batch);
        rich.deleted_at = Some(later(1));
        let stocked_product = product(&mut ids, "cup", 100);
        let other = product(&mut ids, "mug", 100);
        batch.products = vec![new(&rich), new(&other)];
        store.import(&batch).await.unwrap();
        let stocked = stocked_with(&store, 4, vec![stocked_product.clone()]).await;

        let keys = ImportKeys {
            slugs: vec![rich.slug.clone(), "none".parse().unwrap(), stocked_product.slug.clone()],
            skus: vec!["MUG".parse().unwrap(), "DRESS".parse().unwrap(), "NONE".parse().unwrap()],
            repeated: None,
        };
        let view = store.import_view(&keys).await.unwrap();
        assert_eq!(view.products, [stocked_product.clone(), rich.clone()], "by slug, deleted ones included");
        assert_eq!(
            view.sku_owners,
            [
                ("DRESS".parse().unwrap(), rich.variants[0].id, rich.id),
                ("MUG".parse().unwrap(), other.variants[0].id, other.id),
            ]
        );
        assert_eq!(view.brands, batch.brands);
        let mut categories = batch.categories.clone();
        categories.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(view.categories, categories);
        assert_eq!(view.attributes, batch.attributes);
        assert_eq!(view.locations, std::slice::from_ref(&stocked.location));
        assert_eq!(view.levels.len(), 1);
        assert_eq!((view.levels[0].variant, view.levels[0].on_hand), (stocked.variant(0), 4));

        let nothing = store.import_view(&ImportKeys::default()).await.unwrap();
        assert_eq!((nothing.products.len(), nothing.sku_owners.len(), nothing.brands.len()), (0, 0, 1));
    })
    .await;
}

#[tokio::test]
async fn an_export_goes_through_the_catalogue_by_slug() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut batch = Batch::default();
        let rich = rich_product(&mut ids, "dress", &mut batch);
        let _unnamed = rich_product(&mut ids, "zoo", &mut batch);
        let mut deleted = product(&mut ids, "gone", 100);
        deleted.deleted_at = Some(now());
        let mut draft = product(&mut ids, "mug", 100);
        draft.status = ProductStatus::Draft;
        batch.products = vec![new(&rich), new(&draft), new(&deleted)];
        store.import(&batch).await.unwrap();

        let first = store.export(None, 1).await.unwrap();
        assert_eq!(first.products, std::slice::from_ref(&rich));
        assert_eq!(first.brands, batch.brands[..1]);
        let mut named = batch.categories[..2].to_vec();
        named.sort_by(|a, b| a.path.cmp(&b.path));
        assert_eq!(first.categories, named, "with the ancestors");
        assert_eq!(first.attributes, batch.attributes[..1]);
        let second = store.export(Some(rich.slug), 9).await.unwrap();
        assert_eq!(second.products, [draft.clone()]);
        assert_eq!((second.brands.len(), second.levels.len()), (0, 0));
        assert_eq!(store.export(Some(draft.slug), 9).await.unwrap(), Default::default());
    })
    .await;
}

#[tokio::test]
async fn what_is_left_of_a_variant_is_summed_over_locations() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let mut untracked = product(&mut ids, "song", 100);
        untracked.variants[0].tracked = false;
        let stocked = stocked_with(&store, 5, vec![product(&mut ids, "mug", 100), untracked]).await;
        let second = location(&mut ids, "SECOND", 2);
        let variant = stocked.variant(0);
        let mut changes = commerce_core::ChangeSet::default();
        changes.inventory.locations.push(second.clone());
        changes.inventory.levels = vec![
            Level { variant, location: second.id, safety_stock: Some(9), reorder_level: None },
            Level { variant, location: stocked.location.id, safety_stock: Some(1), reorder_level: None },
        ];
        changes.inventory.adjust.push(movement(&mut ids, variant, second.id, 3));
        store.commit(&changes).await.unwrap();
        let read = detail(&store, &stocked.products[0]).await;
        // Nine less than nothing at the second location takes nothing from the first.
        assert_eq!(read.availability, [Availability { variant, available: 4 }]);
        assert_eq!(detail(&store, &stocked.products[1]).await.availability, []);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_many_products_is_one_of_few_statements() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let products: Vec<Product> =
            (0..300).map(|number| product(&mut ids, &format!("p-{number}"), 100)).collect();
        let stocked = stocked_with(&store, 7, products).await;
        assert_eq!(shop::number(&store, "select count(*) from products").await, 300);
        assert_eq!(shop::number(&store, "select sum(on_hand)::bigint from stock").await, 2100);
        assert_eq!(store.violations().await.unwrap(), []);
        // All of them again, changed.
        let changed: Vec<_> = stocked
            .products
            .iter()
            .map(|product| {
                let mut product = product.clone();
                product.version = 2;
                product.updated_at = Timestamp::from_micros(1).unwrap();
                known(&product, 1)
            })
            .collect();
        store.import(&Batch { products: changed.clone(), ..Batch::default() }).await.unwrap();
        assert_eq!(shop::number(&store, "select sum(version)::bigint from products").await, 600);
        assert!(matches!(
            stale(store.import(&Batch { products: changed, ..Batch::default() }).await),
            Guard::Product(_)
        ));
    })
    .await;
}
