//! How shoppers find things: which products, how many of each kind, and what is made of whatever they type.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::Shop;
use crate::UnitPrice;
use crate::catalog::{AttributeKind, ProductFilter, ProductStatus, SortBy};
use crate::search::{
    Answer, Ask, AttributeFilter, Completions, Facets, Language, Order, SearchError, Settings, StoredSettings,
};
use crate::testkit::search_model::{Look, SearchModel};
use crate::testkit::{Item, item, seed, soaking};

/// An empty shop finds nothing, and says so in full.
pub async fn an_empty_shop_finds_nothing(shop: &Shop) {
    let answer = find(shop, Ask { facets: true, ..ask("mug") }).await;
    assert_eq!((answer.page.count, answer.page.count_is_exact), (0, true));
    assert_eq!(answer.facets, Some(Facets { exact: true, ..Facets::default() }));
    assert_eq!(answer.did_you_mean, None);
    assert_eq!(shop.engine.search().complete("mu", 10).await.unwrap(), Completions::default());
}

/// A product is found by its name, brand, category and what that grows on, tags, SKU, values and description.
pub async fn a_product_is_found_by_all_that_it_says(shop: &Shop) {
    shop.sell([
        item("tee")
            .name("Running shirts")
            .brand("Lagos Looms")
            .category(&["Clothing", "Tops"])
            .tags(&["summer sale"])
            .description("<p class=\"hidden\">Breathes <b>well</b></p>")
            .attribute("fabric", AttributeKind::Select, "Organic cotton")
            .options(&["Colour"])
            .linked_to("colour")
            .sku("TEE-001")
            .values(&["Indigo"]),
        item("other").name("Something else"),
    ])
    .await;
    for text in [
        "run",
        "shirt",
        "RUNNING",
        "lagos",
        "clothing",
        "tops",
        "summer",
        "tee-001",
        "breathes",
        "cotton",
        "índigo",
        "\"organic cotton\"",
        "shirt looms clothing sale well",
    ] {
        assert_eq!(found(shop, text).await, ["tee"], "{text:?}");
    }
    for text in ["hidden", "class", "p", "\"shirts lagos\"", "shirt -indigo", "shirt trousers"] {
        assert_eq!(found(shop, text).await, [""; 0], "{text:?}");
    }
}

/// Words are all wanted, quotation marks hold them together, a minus leaves out, `or` lets choose.
pub async fn quotes_minus_and_or(shop: &Shop) {
    shop.sell([
        item("a").name("blue enamel mug"),
        item("b").name("enamel mug, blue rim"),
        item("c").name("red mug"),
        item("d").name("blue cup"),
    ])
    .await;
    assert_eq!(found(shop, "blue mug").await, ["a", "b"]);
    assert_eq!(found(shop, "\"blue enamel\"").await, ["a"]);
    assert_eq!(found(shop, "mug -blue").await, ["c"]);
    assert_eq!(found(shop, "mug -\"blue enamel\"").await, ["b", "c"]);
    assert_eq!(found(shop, "red or cup").await, ["c", "d"]);
    assert_eq!(found(shop, "-mug").await, ["d"]);
    assert_eq!(found(shop, "cup or -blue").await, ["c", "d"]);
    assert_eq!(found(shop, "   ").await, ["a", "b", "c", "d"], "nothing typed is no query");
    assert_eq!(found(shop, "the").await, [""; 0], "nothing that is searched for finds nothing");
}

/// Whatever is typed is an answer.
pub async fn any_text_is_safe(shop: &Shop) {
    shop.sell([item("mug").name("Mug")]).await;
    for text in [
        "mug & | ! <-> :* ( ) *",
        "'; DROP TABLE products; --",
        "mug\0",
        "\0",
        "\u{feff}mug\u{200b}",
        "%_\\",
        "name:mug",
        "mug NEAR/3 cup",
        "{name} : mug",
        "^mug",
        "mug^2",
        "\"",
        "-\"",
        "((((",
        "NOT",
        "AND OR",
        "\u{1F3A7}",
    ] {
        let answer = find(shop, Ask { facets: true, ..ask(text) }).await;
        assert!(answer.page.count <= 1, "{text:?}");
        shop.engine.search().complete(text, 10).await.unwrap();
    }
    assert_eq!(found(shop, "mug & | ! <-> :* ( ) *").await, ["mug"]);
    assert_eq!(found(shop, "mug\0").await, ["mug"]);
    for long in ["mug ".repeat(2_500), "-".repeat(10_000), "\"mug ".repeat(2_000), "a-".repeat(5_000)] {
        find(shop, Ask { facets: true, ..ask(&long) }).await;
        shop.engine.search().complete(&long, 10).await.unwrap();
    }
    assert_eq!(found(shop, &"mug ".repeat(2_500)).await, ["mug"]);
}

/// Several values of one attribute are one or the other, different attributes hold together; counts leave their own filter
/// out, and values are alike whatever their case.
pub async fn attributes_filter_and_are_counted(shop: &Shop) {
    let tee = |slug: &str, colour: &str, size: &str| {
        item(slug)
            .attribute("colour", AttributeKind::Colour, colour)
            .attribute("size", AttributeKind::Select, size)
            .attribute("care", AttributeKind::Text, "by hand")
    };
    shop.sell([tee("a", "Red", "S"), tee("b", "red", "M"), tee("c", "Blue", "M"), tee("d", "Black", "L")])
        .await;
    let by = |filters: &[(&str, &[&str])]| Ask {
        attributes: filters
            .iter()
            .map(|(code, values)| AttributeFilter {
                code: (*code).to_owned(),
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            })
            .collect(),
        facets: true,
        ..all()
    };
    assert_eq!(slugs(&find(shop, by(&[("colour", &["RED", "blue"])])).await), ["a", "b", "c"]);
    assert_eq!(slugs(&find(shop, by(&[("colour", &["red"]), ("size", &["m", "l"])])).await), ["b"]);
    assert_eq!(slugs(&find(shop, by(&[("colour", &["red"]), ("colour", &["blue"])])).await), ["a", "b", "c"]);
    assert_eq!(slugs(&find(shop, by(&[("care", &["by hand"])])).await), [""; 0], "free text is no filter");
    assert_eq!(slugs(&find(shop, by(&[("colour", &["'; --", "\0", "a\u{1f}b"])])).await), [""; 0]);
    let strange = shop.engine.search().find(&by(&[("col\0ur", &["red"])])).await;
    assert!(matches!(strange, Err(SearchError::UnknownAttributes(_))));

    let facets = find(shop, by(&[("colour", &["red"])])).await.facets.unwrap();
    let counts = |code: &str| -> Vec<(String, u64)> {
        let facet = facets.attributes.iter().find(|facet| facet.code == code).unwrap();
        facet.values.iter().map(|value| (value.value.clone(), value.count)).collect()
    };
    let expected = |counts: &[(&str, u64)]| -> Vec<(String, u64)> {
        counts.iter().map(|(value, count)| ((*value).to_owned(), *count)).collect()
    };
    assert_eq!(
        counts("colour"),
        expected(&[("Red", 2), ("Black", 1), ("Blue", 1)]),
        "as if no colour was chosen"
    );
    assert_eq!(counts("size"), expected(&[("M", 1), ("S", 1)]), "of what is red");
    assert_eq!(facets.attributes.len(), 2, "free text is not counted");

    let refused = shop.engine.search().find(&by(&[("colour", &["red"]), ("shape", &["round"])])).await;
    assert!(matches!(refused, Err(SearchError::UnknownAttributes(codes)) if codes == ["shape"]));
}

/// Brands, categories with what grows on them, and prices are counted, each without its own filter.
pub async fn facets_leave_their_own_filter_out(shop: &Shop) {
    shop.sell([
        item("a").brand("Acme").category(&["Home", "Kitchen"]).price("10"),
        item("b").brand("Acme").category(&["Home"]).price("20"),
        item("c").brand("Zeta").category(&["Home", "Kitchen"]).price("300"),
        item("d").category(&["Garden"]).price("20"),
        item("hidden").brand("Acme").category(&["Garden"]).draft(),
    ])
    .await;
    let filter = ProductFilter {
        brand: Some("acme".parse().unwrap()),
        category: Some("kitchen".parse().unwrap()),
        ..ProductFilter::default()
    };
    let answer = find(shop, Ask { filter, facets: true, ..all() }).await;
    assert_eq!(slugs(&answer), ["a"]);
    let facets = answer.facets.unwrap();
    let categories: Vec<(&str, u64)> = facets.categories.iter().map(|c| (c.slug.as_str(), c.count)).collect();
    assert_eq!(categories, [("home", 2), ("kitchen", 1)], "of what is Acme's");
    let brands: Vec<(&str, u64)> = facets.brands.iter().map(|b| (b.name.as_str(), b.count)).collect();
    assert_eq!(brands, [("Acme", 1), ("Zeta", 1)], "of what is in the kitchen");
    assert_eq!(facets.price_ranges.iter().map(|range| range.count).sum::<u64>(), 1);

    let naira = |amount: i64| Some(amount * 100 * UnitPrice::PER_MINOR);
    let filter = ProductFilter { max_price: naira(20), ..ProductFilter::default() };
    let facets = find(shop, Ask { filter, facets: true, ..all() }).await.facets.unwrap();
    assert_eq!(
        facets.price_ranges.iter().map(|range| range.count).sum::<u64>(),
        4,
        "as if no price was chosen"
    );
    for range in facets.price_ranges {
        let (min_price, max_price) = (Some(range.min), Some(range.max));
        let filter = ProductFilter { min_price, max_price, ..ProductFilter::default() };
        let within = find(shop, Ask { filter, ..all() }).await.page.count;
        assert_eq!(within, range.count, "choosing a range finds what it says");
    }
}

/// What better meets the query comes first: a name before a label, a label before a description. Other orders are those of
/// a listing.
pub async fn the_best_comes_first(shop: &Shop) {
    shop.sell([
        item("said").name("Cup").description("Not a lantern, but a cup."),
        item("tagged").name("Torch").tags(&["lantern"]),
        item("named").name("Lantern").price("90"),
        item("none").name("Lamp"),
    ])
    .await;
    let by = async |order| slugs(&find(shop, Ask { order, ..ask("lantern") }).await);
    assert_eq!(ordered(&find(shop, ask("lantern")).await), ["named", "tagged", "said"]);
    assert_eq!(by(Order::By(SortBy::Name)).await.len(), 3);
    let dearest = find(shop, Ask { order: Order::By(SortBy::PriceDesc), ..ask("lantern") }).await;
    assert_eq!(ordered(&dearest)[0], "named");
    let pages: Vec<String> = {
        let mut pages = Vec::new();
        for page in 1..=4 {
            let filter = ProductFilter { page, page_size: 1, ..ProductFilter::default() };
            pages.extend(ordered(&find(shop, Ask { filter, ..ask("lantern") }).await));
        }
        pages
    };
    assert_eq!(pages, ["named", "tagged", "said"], "pages are cut out of one order");
}

/// A change of a product, of its price and of its stock is what the next search finds.
pub async fn a_change_is_found_at_once(shop: &Shop) {
    shop.sell([item("mug").name("Blue mug").attribute("colour", AttributeKind::Colour, "Blue").stock(1)])
        .await;
    shop.sell([item("mug").name("Green cup").attribute("colour", AttributeKind::Colour, "Green").price("7")])
        .await;
    assert_eq!(found(shop, "blue").await, [""; 0]);
    let answer = find(shop, Ask { facets: true, ..ask("green cup") }).await;
    assert_eq!(answer.page.rows[0].price.amount(), "7.00");
    assert_eq!(answer.facets.unwrap().attributes[0].values[0].value, "Green");
    assert_eq!(shop.engine.search().complete("blu", 10).await.unwrap().products, []);
    let in_stock = async || {
        let filter = ProductFilter { in_stock: Some(true), ..ProductFilter::default() };
        slugs(&find(shop, Ask { filter, ..ask("cup") }).await)
    };
    assert_eq!(in_stock().await, ["mug"]);
    shop.order(&[("mug", 1)]).await;
    assert_eq!(in_stock().await, [""; 0]);
    shop.sell([item("mug").name("Green cup").deleted()]).await;
    assert_eq!(found(shop, "cup").await, [""; 0]);
}

/// A mistyped word is taken for the nearest one that finds something; nothing is suggested when something was found.
pub async fn did_you_mean(shop: &Shop) {
    shop.sell([
        item("phones").name("Wireless headphones").category(&["Audio"]),
        item("mug").name("Mug"),
        item("gone").name("Wheelbarrow").draft(),
    ])
    .await;
    let meant = async |text: &str| find(shop, ask(text)).await.did_you_mean;
    assert_eq!(meant("wirelss headphnes").await.as_deref(), Some("wireless headphones"));
    assert_eq!(meant("haedphones").await.as_deref(), Some("headphones"));
    assert_eq!(meant("mugg").await.as_deref(), Some("mug"));
    assert_eq!(meant("wireless").await, None);
    assert_eq!(meant("wheelbarow").await, None, "nothing on sale is called that");
    assert_eq!(meant("xyzzyq").await, None);
    let filter = ProductFilter { brand: Some("acme".parse().unwrap()), ..ProductFilter::default() };
    assert_eq!(find(shop, Ask { filter, ..ask("mugg") }).await.did_you_mean, None, "not of this brand");
}

/// What is typed so far is the beginning of words: of products on sale and of categories; mistakes are forgiven.
pub async fn words_are_completed(shop: &Shop) {
    shop.sell([
        item("wired").name("Wired headset").category(&["Audio", "Headsets"]),
        item("wireless").name("Wireless headphones").category(&["Audio"]),
        item("new").name("New wireless mouse").brand("Wirral"),
        item("draft").name("Wire").draft(),
    ])
    .await;
    let of = async |text: &str, limit: u32| {
        let found = shop.engine.search().complete(text, limit).await.unwrap();
        let products: Vec<String> = found.products.iter().map(|(slug, ..)| slug.to_string()).collect();
        let categories: Vec<String> = found.categories.iter().map(|(slug, _)| slug.to_string()).collect();
        (products, categories)
    };
    let nothing = Vec::<String>::new;
    assert_eq!(of("wire", 10).await.0, ["wired", "wireless", "new"], "a name that begins like that first");
    assert_eq!(of("wire", 1).await.0, ["wired"]);
    assert_eq!(of("WIRELESS h", 10).await.0, ["wireless"]);
    assert_eq!(
        of("he", 10).await,
        (vec!["wired".to_owned(), "wireless".to_owned()], vec!["headsets".to_owned()])
    );
    assert_eq!(of("wirral", 10).await.0, ["new"], "by brand");
    assert_eq!(of("audi", 10).await, (nothing(), vec!["audio".to_owned()]));
    assert_eq!(of("wierless", 10).await.0, ["wireless", "new"], "a typing error");
    assert_eq!(of("", 10).await, (nothing(), nothing()));
    assert_eq!(of("zzz", 10).await, (nothing(), nothing()));
}

/// Synonyms are looked for from the next search on; another language indexes everything anew.
pub async fn settings_are_the_shops_own(shop: &Shop) {
    shop.sell([item("couch").name("Corner couch"), item("shoe").name("Chaussures rouges")]).await;
    assert_eq!(found(shop, "sofas").await, [""; 0]);
    let synonyms = vec![vec!["sofa".to_owned(), "couch".to_owned()]];
    let settings = Settings { synonyms, ..Settings::default() };
    let stored = shop.engine.search().configure(settings.clone()).await.unwrap();
    assert_eq!((stored.version, stored.indexed_as), (1, 0));
    assert_eq!(found(shop, "sofas").await, ["couch"]);
    assert_eq!(shop.engine.search().configure(settings.clone()).await.unwrap(), stored, "nothing changes");

    let another = shop.through(std::sync::Arc::clone(&shop.store));
    let french = Settings { language: Language::French, ..settings };
    let stored = another.search().configure(french.clone()).await.unwrap();
    assert_eq!((stored.version, stored.indexed_as), (2, 2));
    assert_eq!(found(shop, "chaussure rouge").await, ["shoe"], "a server that did not change them notices");
    assert_eq!(shop.engine.search().settings().await.unwrap(), stored);
    assert_eq!(shop.engine.search().index().await.unwrap(), 0, "nothing is left to index");
    shop.sell([item("boot").name("Bottes")]).await;
    assert_eq!(found(shop, "botte").await, ["boot"]);
    let late = StoredSettings { settings: Settings::default(), ..stored };
    assert!(!shop.store.set_search_settings(&late).await.unwrap(), "others are there");

    let own = Settings { stop_words: Some(vec!["corner".to_owned()]), ..french };
    shop.engine.search().configure(own).await.unwrap();
    assert_eq!(found(shop, "corner sofa").await, ["couch"]);
    assert_eq!(found(shop, "corner").await, [""; 0]);
    let wrong = Settings { synonyms: vec![vec!["sofa".to_owned()]], ..Settings::default() };
    let refused = shop.engine.search().configure(wrong).await;
    assert!(matches!(refused, Err(SearchError::Settings(_))));
}

/// Random catalogues and random searches: the same products, the same counts as looking at each product finds, before and
/// after products changed.
#[expect(clippy::print_stdout, reason = "whoever reads the run learns how far it went")]
pub async fn searches_agree_with_the_model(shop: &Shop) {
    let seed = seed();
    let mut rng = [0; 32];
    rng[..8].copy_from_slice(&seed.to_be_bytes());
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &rng));
    let (items, looks) = if soaking() { (400, 2_000) } else { (60, 60) };
    let settings = Settings {
        synonyms: vec![vec!["mug".to_owned(), "cup".to_owned(), "enamel pot".to_owned()]],
        ..Settings::default()
    };
    shop.engine.search().configure(settings.clone()).await.unwrap();
    let mut model = SearchModel::new(settings);
    let mut found_something = 0;
    for round in 0..3 {
        let mut changed = Vec::new();
        for number in 0..items {
            // Later rounds change some of what is there.
            if round > 0 && number % 3 != round % 3 {
                continue;
            }
            let drawn = random_item(number, round == 0).new_tree(&mut runner).unwrap().current();
            let before = model.in_stock(&drawn.0);
            model.put(&drawn.0, drawn.1 || before);
            changed.push(drawn.0);
        }
        shop.sell(changed).await;
        for _ in 0..looks {
            let look = random_look().new_tree(&mut runner).unwrap().current();
            let expected = model.find(&look);
            let Look { text, filter, attributes } = look.clone();
            let asked = Ask { text, filter, attributes, facets: true, order: Order::Relevance };
            let answer = find(shop, asked.clone()).await;
            let context = format!("{look:?} with COMMERCE_SEED={seed}, round {round}");
            assert_eq!(slugs(&answer).into_iter().collect::<BTreeSet<_>>(), expected.slugs, "{context}");
            assert_eq!(answer.page.count, expected.slugs.len() as u64, "{context}");
            assert_eq!(answer.facets.unwrap(), expected.facets, "{context}");
            let sorted = find(shop, Ask { order: Order::By(SortBy::Name), facets: false, ..asked }).await;
            assert_eq!(slugs(&sorted).into_iter().collect::<BTreeSet<_>>(), expected.slugs, "{context}");
            found_something += usize::from(!expected.slugs.is_empty());
        }
    }
    println!("{found_something} of {} searches found something", looks * 3);
    assert!(found_something > looks, "the searches are worth something");
}

const WORDS: [&str; 14] = [
    "mug",
    "cups",
    "blue",
    "Red",
    "enamel",
    "pot",
    "runner",
    "running",
    "shoe",
    "the",
    "café",
    "tee-shirt",
    "x1",
    "Größe",
];

fn texts(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(select(&WORDS[..]), 0..=most).prop_map(|words| words.join(" "))
}

fn random_item(number: usize, stocked: bool) -> impl Strategy<Value = (Item, bool)> {
    let colours = ["Red", "red", "Blue", "BLUE ", "Green"];
    let branches: [&[&str]; 4] = [&["Home"], &["Home", "Kitchen"], &["Home", "Kitchen", "Mugs"], &["Garden"]];
    (
        (texts(4), texts(8), texts(2), prop::option::of(select(vec!["Acme", "Zeta & Co", "mug makers"]))),
        prop::option::of(select(branches.to_vec())),
        subsequence(colours.to_vec(), 0..=2),
        prop::option::of(select(vec!["S", "M", "L"])),
        // As many each time: a write that leaves a variant out leaves it in the store.
        prop::collection::vec(prop_oneof![1_u32..2_000, Just(500)], 3),
        (any::<bool>(), 0..10, prop::bool::weighted(0.5)),
    )
        .prop_map(
            move |((name, text, tag, brand), branch, colours, size, prices, (featured, fate, stock))| {
                let slug = format!("item-{number}");
                let mut item =
                    item(&slug).name(&format!("{name} {number}")).description(&format!("<p>{text}</p>"));
                item = item.tags(&[&tag]).options(&["Place"]).values(&["0"]);
                item = item.price(&prices[0].to_string());
                if let Some(brand) = brand {
                    item = item.brand(brand);
                }
                if let Some(branch) = branch {
                    item = item.category(branch);
                }
                for colour in colours {
                    item = item.attribute("colour", AttributeKind::Colour, colour);
                }
                if let Some(size) = size {
                    item = item.attribute("size", AttributeKind::Select, size);
                }
                if featured {
                    item = item.featured();
                }
                let in_stock = stocked && stock;
                if in_stock {
                    item = item.stock(3);
                }
                for (place, price) in prices.iter().enumerate().skip(1) {
                    item = item
                        .variant(&format!("{slug}-{place}"), &[&place.to_string()])
                        .price(&price.to_string());
                }
                item = match fate {
                    0 => item.draft(),
                    1 => item.status(ProductStatus::Archived),
                    _ => item,
                };
                (item, in_stock)
            },
        )
}

fn random_look() -> impl Strategy<Value = Look> {
    let word = || select(&WORDS[..]).prop_map(str::to_owned);
    let piece = prop_oneof![
        6 => word(),
        1 => word().prop_map(|word| format!("-{word}")),
        2 => (word(), word()).prop_map(|(a, b)| format!("\"{a} {b}\"")),
        1 => (word(), word()).prop_map(|(a, b)| format!("-\"{a} {b}\"")),
        2 => Just("or".to_owned()),
        1 => Just("acme home".to_owned()),
        1 => "[a-z*:&|!()\"' -]{0,6}",
    ];
    let text = prop::option::weighted(0.8, prop::collection::vec(piece, 0..4).prop_map(|all| all.join(" ")));
    let naira = |range: std::ops::Range<i64>| {
        prop::option::weighted(0.25, range.prop_map(|amount| amount * 100 * UnitPrice::PER_MINOR))
    };
    let colours = prop::option::weighted(0.3, subsequence(vec!["red", "BLUE", "green", "none"], 1..=3));
    let sizes = prop::option::weighted(0.3, subsequence(vec!["s", "M", "XL"], 1..=2));
    (
        text,
        prop::option::weighted(0.3, select(vec!["home", "kitchen", "mugs", "garden", "unknown"])),
        prop::option::weighted(0.3, select(vec!["acme", "zeta-co", "unknown"])),
        (naira(0..2_000), naira(0..2_000)),
        (prop::option::weighted(0.2, any::<bool>()), prop::option::weighted(0.2, any::<bool>())),
        (colours, sizes),
    )
        .prop_map(
            |(text, category, brand, (min_price, max_price), (in_stock, featured), (colours, sizes))| {
                let filter = ProductFilter {
                    category: category.map(|slug| slug.parse().unwrap()),
                    brand: brand.map(|slug| slug.parse().unwrap()),
                    min_price,
                    max_price,
                    in_stock,
                    featured,
                    page_size: 1_000,
                    ..ProductFilter::default()
                };
                let chosen = [("colour", colours), ("size", sizes)].into_iter();
                let attributes = chosen.filter_map(|(code, values)| {
                    let values = values?.into_iter().map(str::to_owned).collect();
                    Some(AttributeFilter { code: code.to_owned(), values })
                });
                Look {
                    text: text.filter(|text| !text.trim().is_empty()),
                    filter,
                    attributes: attributes.collect(),
                }
            },
        )
}

fn ask(text: &str) -> Ask {
    Ask { text: Some(text.to_owned()), ..all() }
}

fn all() -> Ask {
    Ask::default()
}

async fn find(shop: &Shop, ask: Ask) -> Answer {
    shop.engine.search().find(&ask).await.unwrap()
}

/// The slugs of the page, by slug.
fn slugs(answer: &Answer) -> Vec<String> {
    let mut slugs = ordered(answer);
    slugs.sort();
    slugs
}

/// The slugs of the page, as they come.
fn ordered(answer: &Answer) -> Vec<String> {
    answer.page.rows.iter().map(|row| row.slug.to_string()).collect()
}

async fn found(shop: &Shop, text: &str) -> Vec<String> {
    slugs(&find(shop, ask(text)).await)
}
