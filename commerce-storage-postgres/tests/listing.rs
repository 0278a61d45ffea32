//! Pages of products, and the category tree.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::Store;
use commerce_core::catalog::{Batch, CategoryNode, Product, ProductFilter, ProductStatus, SortBy};
use commerce_storage_postgres::PostgresStore;
use shop::data::*;
use shop::in_shop;

/// Five products on sale, and some that are not.
async fn catalogue(store: &PostgresStore) -> Batch {
    let mut ids = ids(1);
    let mut batch = Batch::default();
    let home = category(&mut ids, None, "home");
    let kitchen = category(&mut ids, Some(&home), "kitchen");
    // Its path begins with the text of another, but it does not grow there.
    let homeware = category(&mut ids, None, "homeware");
    batch.categories = vec![home.clone(), kitchen.clone(), homeware.clone()];
    let mut rich = rich_product(&mut ids, "dress", &mut batch);
    rich.category = Some(home.id);
    let mut mug = product(&mut ids, "mug", 500);
    mug.category = Some(kitchen.id);
    mug.variants.push(variant(&mut ids, "MUG-2", 900));
    let mut cup = product(&mut ids, "cup", 500);
    cup.category = Some(homeware.id);
    cup.name = "a Cup".to_owned();
    cup.created_at = later(10);
    let mut pot = product(&mut ids, "pot", 700);
    pot.variants[0].tracked = false;
    pot.created_at = later(20);
    let mut vase = product(&mut ids, "vase", 600);
    vase.name = "Étagère".to_owned();
    vase.category = Some(kitchen.id);
    let mut draft = product(&mut ids, "draft", 1);
    draft.status = ProductStatus::Draft;
    draft.category = Some(kitchen.id);
    let mut archived = product(&mut ids, "archived", 1);
    archived.status = ProductStatus::Archived;
    let mut deleted = product(&mut ids, "deleted", 1);
    deleted.deleted_at = Some(now());
    let mut empty = product(&mut ids, "empty", 1);
    empty.variants.clear();
    batch.products = [rich, mug, cup, pot, vase, draft, archived, deleted, empty].iter().map(new).collect();
    let location = location(&mut ids, "MAIN", 1);
    batch.inventory.locations.push(location.clone());
    let mug = batch.products[1].product.variants[1].id;
    batch.inventory.levels.push(level(mug, location.id));
    batch.inventory.adjust.push(movement(&mut ids, mug, location.id, 1));
    store.import(&batch).await.unwrap();
    batch
}

async fn listed(store: &PostgresStore, filter: ProductFilter) -> Vec<String> {
    let page = store.products(&filter).await.unwrap();
    assert!(page.count_is_exact);
    assert_eq!(page.count, page.rows.len() as u64);
    page.rows.into_iter().map(|row| row.slug.as_str().to_owned()).collect()
}

fn all() -> ProductFilter {
    ProductFilter { sort_by: SortBy::Name, ..ProductFilter::default() }
}

#[tokio::test]
async fn only_what_is_on_sale_is_listed_in_the_order_that_is_asked_for() {
    in_shop(|store| async move {
        let _ = catalogue(&store).await;
        let by = |sort_by| ProductFilter { sort_by, ..ProductFilter::default() };
        // By id, the newest first, where the rest is equal.
        assert_eq!(listed(&store, by(SortBy::Newest)).await[..2], ["pot", "cup"]);
        assert_eq!(listed(&store, by(SortBy::Name)).await, ["cup", "vase", "dress", "mug", "pot"]);
        let upwards = listed(&store, by(SortBy::PriceAsc)).await;
        let downwards = listed(&store, by(SortBy::PriceDesc)).await;
        assert_eq!(upwards[2..], ["vase", "pot", "dress"]);
        assert_eq!(downwards[..3], ["dress", "pot", "vase"]);
        assert_eq!(upwards[..2], downwards[3..], "a tie has one order, whichever way the prices go");
    })
    .await;
}

#[tokio::test]
async fn ties_are_broken_by_the_newest_id() {
    in_shop(|store| async move {
        let mut ids = ids(1);
        let products: Vec<Product> =
            (0..9).map(|number| product(&mut ids, &format!("p{number}"), 500)).collect();
        store
            .import(&Batch { products: products.iter().map(new).collect(), ..Batch::default() })
            .await
            .unwrap();
        let mut expected: Vec<_> = products.iter().map(|product| product.id).collect();
        expected.sort_by(|a, b| b.cmp(a));
        for sort_by in [SortBy::Newest, SortBy::PriceAsc, SortBy::PriceDesc] {
            let page = store.products(&ProductFilter { sort_by, ..ProductFilter::default() }).await.unwrap();
            assert_eq!(page.rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected, "{sort_by:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_row_shows_what_the_shopper_compares() {
    in_shop(|store| async move {
        let batch = catalogue(&store).await;
        let page = store.products(&ProductFilter { featured: Some(true), ..all() }).await.unwrap();
        let row = &page.rows[0];
        let dress = &batch.products[0].product;
        assert_eq!((row.id, &row.name, &row.slug), (dress.id, &dress.name, &dress.slug));
        assert_eq!(row.price, price(200_000), "the cheapest variant's");
        assert_eq!(row.compare_at_price, Some(price(300_000)));
        assert_eq!(row.price_max, price(250_000));
        assert_eq!(row.image.as_deref(), Some("https://example.com/1.jpg"));
        let brand = &batch.brands[0];
        assert_eq!(row.brand, Some((brand.name.clone(), brand.slug.clone())));
        assert_eq!(row.category, Some(("home".to_owned(), "home".parse().unwrap())));
        assert!(row.in_stock, "a variant may be sold beyond the stock");
    })
    .await;
}

#[tokio::test]
async fn filters_narrow_the_listing() {
    in_shop(|store| async move {
        let batch = catalogue(&store).await;
        let slug = |text: &str| Some(text.parse().unwrap());
        assert_eq!(
            listed(&store, ProductFilter { category: slug("home"), ..all() }).await,
            ["vase", "dress", "mug"]
        );
        assert_eq!(
            listed(&store, ProductFilter { category: slug("kitchen"), ..all() }).await,
            ["vase", "mug"]
        );
        assert_eq!(listed(&store, ProductFilter { category: slug("homeware"), ..all() }).await, ["cup"]);
        assert_eq!(listed(&store, ProductFilter { category: slug("none"), ..all() }).await, [""; 0]);
        let brand = Some(batch.brands[0].slug.clone());
        assert_eq!(listed(&store, ProductFilter { brand, ..all() }).await, ["dress"]);
        assert_eq!(listed(&store, ProductFilter { brand: slug("none"), ..all() }).await, [""; 0]);
        let bounds = |least: Option<i64>, most: Option<i64>| ProductFilter {
            min_price: least.map(|minor| minor * 10_000),
            max_price: most.map(|minor| minor * 10_000),
            ..all()
        };
        assert_eq!(listed(&store, bounds(Some(700), None)).await, ["dress", "mug", "pot"]);
        assert_eq!(listed(&store, bounds(None, Some(500))).await, ["cup", "mug"]);
        assert_eq!(
            listed(&store, bounds(Some(600), Some(800))).await,
            ["vase", "pot"],
            "no mug lies within both"
        );
        assert_eq!(listed(&store, bounds(Some(900), Some(900))).await, ["mug"]);
        assert_eq!(
            listed(&store, ProductFilter { in_stock: Some(true), ..all() }).await,
            ["dress", "mug", "pot"]
        );
        assert_eq!(listed(&store, ProductFilter { in_stock: Some(false), ..all() }).await, ["cup", "vase"]);
        assert_eq!(listed(&store, ProductFilter { featured: Some(true), ..all() }).await, ["dress"]);
        let all_of_it = ProductFilter { in_stock: Some(false), category: slug("kitchen"), ..all() };
        assert_eq!(listed(&store, all_of_it).await, ["vase"]);
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other() {
    in_shop(|store| async move {
        let _ = catalogue(&store).await;
        let mut seen = Vec::new();
        for page in 1..=3 {
            let page = store.products(&ProductFilter { page, page_size: 2, ..all() }).await.unwrap();
            assert_eq!(page.count, 5);
            seen.extend(page.rows.into_iter().map(|row| row.slug.as_str().to_owned()));
        }
        assert_eq!(seen, ["cup", "vase", "dress", "mug", "pot"]);
        let beyond = store.products(&ProductFilter { page: 9, ..all() }).await.unwrap();
        assert_eq!((beyond.rows.len(), beyond.count), (0, 5));
    })
    .await;
}

#[tokio::test]
async fn counting_ends_where_pages_end() {
    in_shop(|store| async move {
        shop::sabotage(
            &store,
            "insert into products (id, slug, name, sort_name, description_html, status, featured, listed_variant_price,
                                   listed_currency, price_max, facts, created_at, updated_at, version)
             select gen_random_uuid(), 'p' || n, 'p', 'p', '', 'published', false, 1, 'NGN', 1, '{}', now(), now(), 1
               from generate_series(1, 10000) n",
        )
        .await;
        let page = store.products(&ProductFilter::default()).await.unwrap();
        assert_eq!((page.count, page.count_is_exact, page.rows.len()), (10_000, true, 20));
        store.import(&Batch { products: vec![new(&product(&mut ids(1), "more", 1))], ..Batch::default() }).await.unwrap();
        let page = store.products(&ProductFilter::default()).await.unwrap();
        assert_eq!((page.count, page.count_is_exact), (10_000, false));
    })
    .await;
}

/// A branch of so few that they are gathered, and then of so many that the order is walked along, shows the same products.
#[tokio::test]
async fn a_branch_is_listed_alike_whether_it_has_few_or_many() {
    in_shop(|store| async move {
        let _ = catalogue(&store).await;
        let insert = |name: &'static str, from: u32, to: u32| {
            format!(
                "insert into products (id, slug, name, sort_name, description_html, status, featured, listed_variant_price,
                                       listed_currency, price_max, facts, created_at, updated_at, version, category_id)
                 select gen_random_uuid(), '{name}' || n, 'p', '~' || n, '', 'published', false, 10000000000 + n, 'NGN', 1, '{{}}',
                        timestamptz '2020-01-01', now(), 1, (select id from categories where slug = 'home')
                   from generate_series({from}, {to}) n"
            )
        };
        let first = async |sort_by: SortBy| {
            let category = Some("home".parse().unwrap());
            let filter = ProductFilter { category, sort_by, page_size: 3, ..ProductFilter::default() };
            let page = store.products(&filter).await.unwrap();
            (page.rows.into_iter().map(|row| row.slug.to_string()).collect::<Vec<_>>(), page.count)
        };
        let sorts = [SortBy::Newest, SortBy::PriceAsc, SortBy::Name];
        shop::sabotage(&store, &insert("few", 1, 1_000)).await;
        let mut few = Vec::new();
        for sort_by in sorts {
            few.push(first(sort_by).await);
        }
        shop::sabotage(&store, &insert("many", 1_001, 3_000)).await;
        for (sort_by, few) in sorts.into_iter().zip(few) {
            let many = first(sort_by).await;
            assert_eq!((few.1, many.1), (1_003, 3_003));
            assert_eq!(many.0, few.0, "{sort_by:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_category_tree_counts_what_is_on_sale() {
    in_shop(|store| async move {
        let _ = catalogue(&store).await;
        let tree = store.categories().await.unwrap();
        let shown = |node: &CategoryNode| (node.category.slug.as_str().to_owned(), node.product_count);
        let roots: Vec<_> = tree.iter().map(shown).collect();
        assert_eq!(roots, [("home".to_owned(), 3), ("homeware".to_owned(), 1), ("root-dress".to_owned(), 0)]);
        assert_eq!(tree[0].children.iter().map(shown).collect::<Vec<_>>(), [("kitchen".to_owned(), 2)]);
    })
    .await;
}
