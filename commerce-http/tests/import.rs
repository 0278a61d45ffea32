//! Import and export of Shopify product files, on both stores.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop, and say where")]

use std::path::PathBuf;

use commerce_core::audit::Actor;
use commerce_core::cart::{AddItem, VariantKey};
use commerce_core::catalog::{AttributeKind, Cell, ProductInput, ProductKey, ProductStatus, VariantInput};
use commerce_core::inventory::{Count, MovementReason};
use commerce_core::testkit::shopify_csv;
use commerce_core::{Currency, Engine, Money, Quantity, Random, SystemRandom, UnitPrice};
use commerce_http::export;
use commerce_http::import::{self, Format, ImportError, ImportOptions, Silent, StockRule, Summary};
use commerce_storage_postgres::{PostgresOptions, PostgresStore};
use commerce_storage_sqlite::SqliteStore;

#[derive(Debug, Clone, Copy)]
enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    /// A new, empty shop. The server of the tests is thrown away, and the schemas with it.
    async fn shop(self) -> Engine {
        match self {
            Self::Sqlite => Engine::builder(SqliteStore::in_memory().await.unwrap()).build(),
            Self::Postgres => {
                let url = std::env::var("COMMERCE_TEST_POSTGRES_URL").expect(
                    "COMMERCE_TEST_POSTGRES_URL names no database: run `cargo xtask test`, or \
                     `cargo xtask postgres -- cargo test -p commerce-http`",
                );
                let name: String =
                    SystemRandom.seed()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
                let options = PostgresOptions::new(url).schema(format!("import_{name}")).pool_size(2);
                let store = PostgresStore::connect_with(options.migration_lock(false)).await.unwrap();
                store.migrate().await.unwrap();
                Engine::builder(store).build()
            }
        }
    }
}

/// One test for each store.
macro_rules! on_both_stores {
    ($($test:ident)+) => {
        mod sqlite { $(#[tokio::test] async fn $test() { super::$test(super::Store::Sqlite).await; })+ }
        mod postgres { $(#[tokio::test] async fn $test() { super::$test(super::Store::Postgres).await; })+ }
    };
}

on_both_stores! {
    a_file_goes_in_once_and_comes_out_as_it_is
    sales_between_two_imports_stay
    a_product_is_what_its_rows_say
    absent_columns_leave_and_blank_cells_clear
    rows_that_cannot_be_taken_are_refused_and_written_down
    a_broken_file_leaves_what_was_before_its_bad_batch
    rows_of_one_product_need_not_be_together
    what_the_format_cannot_say_is_refused_by_name
    a_shop_has_one_currency
    any_text_goes_around
    a_new_shop_sells_in_the_currency_of_its_catalogue
}

fn options() -> ImportOptions {
    ImportOptions::new(Currency::NGN)
}

async fn import(
    shop: &Engine,
    file: impl AsRef<[u8]>,
    options: ImportOptions,
) -> Result<Summary, ImportError> {
    let file = std::io::Cursor::new(file.as_ref().to_vec());
    import::import(shop, file, None, options, &Silent).await
}

/// Imports a file of which everything can be taken.
async fn take(shop: &Engine, file: impl AsRef<[u8]>) -> Summary {
    let summary = import(shop, file, options()).await.unwrap();
    assert!(summary.refused.is_empty(), "{summary}");
    summary
}

async fn export(shop: &Engine) -> String {
    let mut file = Vec::new();
    let summary = export::export(shop, Format::Csv, &mut file, &Silent).await.unwrap();
    assert_eq!(summary.refused, []);
    String::from_utf8(file).unwrap()
}

async fn product(shop: &Engine, slug: &str) -> commerce_core::catalog::ProductDetail {
    shop.store().product(&ProductKey::Slug(slug.parse().unwrap())).await.unwrap().unwrap()
}

async fn on_hand(shop: &Engine, slug: &str) -> Vec<i64> {
    let variants: Vec<_> =
        product(shop, slug).await.product.variants.iter().map(|variant| variant.id).collect();
    let levels = shop.inventory().levels(&variants).await.unwrap();
    let of = |id| levels.iter().filter(|level| level.variant == id).map(|level| level.on_hand).sum();
    variants.into_iter().map(of).collect()
}

async fn assert_well(shop: &Engine) {
    assert_eq!(shop.verify_invariants().await.unwrap(), []);
}

fn made_up(products: usize) -> Vec<u8> {
    let mut file = Vec::new();
    shopify_csv::write(11, products, &mut file).unwrap();
    file
}

fn temporary(name: &str) -> PathBuf {
    let unique: String = SystemRandom.seed()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    std::env::temp_dir().join(format!("{name}-{unique}.csv"))
}

async fn a_file_goes_in_once_and_comes_out_as_it_is(store: Store) {
    let (shop, file) = (store.shop().await, made_up(450));
    let first = take(&shop, &file).await;
    assert_eq!((first.created, first.updated, first.unchanged), (450, 0, 0));
    assert!(first.stock_set > 450 && first.warnings.contains_key("compare-at-dropped"));
    assert!(first.columns_not_read.iter().any(|column| column == "Gift Card"), "{first}");
    let again = take(&shop, &file).await;
    assert_eq!((again.created, again.updated, again.unchanged, again.stock_set), (0, 0, 450, 0));

    let exported = export(&shop).await;
    let own = take(&shop, &exported).await;
    assert_eq!((own.updated, own.unchanged), (0, 450), "what was exported is what is there");
    let other = store.shop().await;
    take(&other, &exported).await;
    assert_eq!(export(&other).await, exported);
    assert_well(&shop).await;
    assert_well(&other).await;

    let sqlite = Store::Sqlite.shop().await;
    take(&sqlite, &file).await;
    assert_eq!(export(&sqlite).await, exported, "both stores write the same bytes");
}

async fn sales_between_two_imports_stay(store: Store) {
    let shop = store.shop().await;
    let file = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n\
                mug,Mug,MUG,9,shopify,12\nbowl,Bowl,BOWL,9,,5\n";
    assert_eq!(take(&shop, file).await.stock_set, 2);
    let sold = Count { sku: "MUG".parse().unwrap(), location: "main".into(), on_hand: 7, safety_stock: None };
    shop.inventory().count(&[sold], MovementReason::Count, &Actor::System).await.unwrap();
    let again = take(&shop, file).await;
    assert_eq!((again.unchanged, again.stock_set), (2, 0));
    assert_eq!(on_hand(&shop, "mug").await, [7]);

    let mut set = options();
    set.stock = StockRule::Set;
    assert_eq!(import(&shop, file, set.clone()).await.unwrap().stock_set, 1);
    assert_eq!(on_hand(&shop, "mug").await, [12]);
    assert_eq!(import(&shop, file, set).await.unwrap().stock_set, 0);
    assert_well(&shop).await;
}

async fn a_product_is_what_its_rows_say(store: Store) {
    let shop = store.shop().await;
    let file = "\u{feff}Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,\
        Variant SKU,Variant Grams,Variant Weight Unit,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
        Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Image Src,Image Position,\
        Colour (product.metafields.my.colour),Cost per item,Status\r\n\
        Wrap-Dress,\"Wrap \"\"Indigo\"\"\",\"<p>a\r\nb</p>\",Adùnní,Fashion > Women > Dresses,Dress,\"indigo, new\",true,Size,S,\
        WD-S,187.95733831875,oz,shopify,3,continue,38500.00,40000,true,true,/2.jpg,2,Blue,20000,active\r\n\
        Wrap-Dress,,,,,,,,,M,,,,,,deny,39000,39000,false,false,/1.jpg,1,,,\r\n\
        Wrap-Dress,,,,,,,,,,,,,,,,,,,,/3.jpg,3,,,\r\n";
    let summary = take(&shop, file).await;
    assert_eq!(summary.warnings["compare-at-dropped"].first_line, 4); // the first row has two lines
    let found = product(&shop, "wrap-dress").await;
    let product = &found.product;
    assert_eq!(
        (product.name.as_str(), product.description_html.as_str()),
        ("Wrap \"Indigo\"", "<p>a\r\nb</p>")
    );
    assert_eq!(found.brand.unwrap().name, "Adùnní");
    let path: Vec<_> = found.breadcrumb.iter().map(|category| category.path.as_str()).collect();
    assert_eq!(path, ["fashion", "fashion/women", "fashion/women/dresses"]);
    assert_eq!(
        (&product.tags[..], product.status),
        (&["indigo".to_owned(), "new".to_owned()][..], ProductStatus::Published)
    );
    let images: Vec<_> = product.images.iter().map(|image| image.url.as_str()).collect();
    assert_eq!(images, ["/1.jpg", "/2.jpg", "/3.jpg"]);
    let mut codes: Vec<_> = found.attributes.iter().map(|known| (known.code.as_str(), known.kind)).collect();
    codes.sort_unstable_by_key(|(code, _)| *code);
    assert_eq!(
        codes,
        [
            ("my.colour", AttributeKind::Text),
            ("product_type", AttributeKind::Text),
            ("size", AttributeKind::Select)
        ]
    );
    let [s, m] = &product.variants[..] else { panic!() };
    assert_eq!(s.weight.unwrap().grams.to_string(), "187.95733831875");
    assert_eq!(
        (s.price.amount(), s.compare_at_price.unwrap().amount()),
        ("38500.00".into(), "40000.00".into())
    );
    assert_eq!((s.tracked, s.backorder, s.digital, s.tax_class.as_str()), (true, true, false, "standard"));
    assert!(m.sku.as_str().starts_with("WRAP-DRESS-M-"));
    assert_eq!((m.tracked, m.backorder, m.digital, m.tax_class.as_str()), (false, false, true, "exempt"));
    assert_eq!((m.weight, m.compare_at_price, m.cost), (None, None, None));
    assert_eq!(on_hand(&shop, "wrap-dress").await, [3, 0]);
}

async fn absent_columns_leave_and_blank_cells_clear(store: Store) {
    let shop = store.shop().await;
    take(&shop, "Handle,Title,Vendor,Type,Tags,Variant SKU,Variant Price,Cost per item\nmug,Mug,Clay,Cups,a,MUG,9,4\npot,Pot,Clay,,,POT,5,\n").await;
    let before = export(&shop).await;
    let same = take(&shop, "Handle,Title,Variant Price\nmug,Mug,9\n").await;
    assert_eq!(same.unchanged, 1);
    assert_eq!(export(&shop).await, before, "what the file lacks stays, and so do products that it lacks");

    take(&shop, "Handle,Title,Vendor,Type,Tags,Variant SKU,Cost per item\nmug,Mug,,,,MUG,\n").await;
    let found = product(&shop, "mug").await;
    assert!(found.brand.is_none() && found.breadcrumb.is_empty() && found.product.tags.is_empty());
    assert_eq!(
        (found.product.variants[0].cost, found.product.variants[0].price.amount()),
        (None, "9.00".to_owned())
    );
    assert_eq!(found.product.version, 2);
}

async fn rows_that_cannot_be_taken_are_refused_and_written_down(store: Store) {
    let shop = store.shop().await;
    let mut with_file = options();
    with_file.refused = Some(temporary("refused"));
    let path = with_file.refused.clone().unwrap();
    let header = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Status\n";
    let good = format!("{header}mug,Mug,Size,S,M-S,9,active\n");
    let taken = import(&shop, &good, with_file.clone()).await;
    assert_eq!((import::exit_code(&taken), taken.unwrap().refused_file, path.exists()), (0, None, false));

    let rows = "mug,Mug,Size,S,M-S,9,active\nmug,,,M,M-M,0,\nmug,,,L,M-L,\"1,000\",\n\
                pot,Pot,,,M-S,5,active\n=cmd(),X,,,X,1,active\ntea,Tea,,,TEA,0,draft\ncup,Cup,,,CUP,1,sold\n";
    let summary = import(&shop, format!("{header}{rows}"), with_file.clone()).await.unwrap();
    assert_eq!((summary.created, summary.unchanged, summary.refused_products), (1, 1, 3));
    let counts: Vec<_> =
        summary.refused.iter().map(|(code, tally)| (code.as_str(), tally.count, tally.first_line)).collect();
    assert_eq!(
        counts,
        [
            ("handle-invalid", 1, 6),
            ("no-variant", 1, 5),
            ("price-invalid", 1, 4),
            ("price-zero", 1, 3),
            ("sku-taken", 1, 5),
            ("status-invalid", 1, 8)
        ]
    );
    assert_eq!(summary.refused_file.as_ref(), Some(&path));
    let file = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let starts: Vec<String> =
        file.lines().map(|line| line.split(',').take(4).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(
        starts,
        [
            "line,handle,column,code",
            "3,mug,Variant Price,price-zero",
            "4,mug,Variant Price,price-invalid",
            "5,pot,Variant SKU,sku-taken",
            "5,pot,,no-variant",
            "6,'=cmd(),Handle,handle-invalid",
            "8,cup,Status,status-invalid",
        ]
    );
    assert_eq!(import::exit_code(&Ok(summary)), import::EXIT_REFUSED);
    assert_eq!(product(&shop, "mug").await.product.variants.len(), 1);
}

async fn a_broken_file_leaves_what_was_before_its_bad_batch(store: Store) {
    let whole = String::from_utf8(made_up(450)).unwrap();
    let header = whole.lines().next().unwrap();
    let commas = ",".repeat(header.matches(',').count() - 1);
    let huge = format!("huge,\"{}\"{commas}\n", "x".repeat(10_000_000));
    for (tail, says) in [
        (b"cut,\"in the\nmiddle".to_vec(), "ends inside the quoted field"),
        (format!("few,fields\nmug,Mug{commas}\n").into_bytes(), "2 fields"),
        (huge.into_bytes(), "field of more than"),
        ([b"latin,caf\xE9", commas.as_bytes(), b"\n"].concat(), "not UTF-8"),
        ([b"nul,\0", commas.as_bytes(), b"\n"].concat(), "NUL"),
    ] {
        let shop = store.shop().await;
        let file = [whole.as_bytes(), &tail].concat();
        let result = import(&shop, &file, options()).await;
        assert_eq!(import::exit_code(&result), import::EXIT_MALFORMED);
        let Err(ImportError::Malformed { line, reason, taken }) = &result else { panic!("{result:?}") };
        assert!(reason.contains(says), "{reason} says {says}");
        assert!(*line as usize > whole.lines().count() - 1, "line {line}");
        assert_eq!(taken.created, 400, "two batches of 200 stay, nothing of the third");
        assert!(result.unwrap_err().to_string().contains("400 products before it were taken"));
        let exported = export(&shop).await;
        let mut handles: Vec<&str> =
            exported.lines().filter_map(|line| line.split_once(',')).map(|(handle, _)| handle).collect();
        handles.dedup();
        assert!(!exported.contains("cut,") && handles.len() >= 400);
        assert_well(&shop).await;
        // The whole file again: what is there already is not taken twice.
        let again = take(&shop, &whole).await;
        assert_eq!((again.created, again.unchanged), (50, 400));
    }
    let shop = store.shop().await;
    for file in
        [&b""[..], b"Title,Vendor\nMug,Clay\n", b"Handle;Title\nmug;Mug\n", b"\xFF\xFEH\0a\0", b"PK\x03\x04"]
    {
        let result = import(&shop, file, options()).await;
        assert_eq!(import::exit_code(&result), import::EXIT_MALFORMED);
        assert!(result.unwrap_err().to_string().contains("the catalogue is as it was"));
    }
}

async fn rows_of_one_product_need_not_be_together(store: Store) {
    let shop = store.shop().await;
    let file = "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src\n\
                shirt,Shirt,Ade,Size,S,S-S,40,/1\nmug,Mug,Ade,Title,Default Title,MUG,9,\n\
                shirt,,,,M,S-M,41,/2\nshirt,,,,,,,/3\n";
    let summary = take(&shop, file).await;
    assert_eq!((summary.created, summary.variants), (2, 3));
    let found = product(&shop, "shirt").await;
    assert_eq!((found.product.name.as_str(), found.brand.unwrap().name.as_str()), ("Shirt", "Ade"));
    assert_eq!((found.product.variants.len(), found.product.images.len()), (2, 3));
    assert_eq!(take(&shop, file).await.unchanged, 2);
    let alone = import(&shop, "Handle,Title,Variant SKU,Variant Price\nnew,,N,1\n", options()).await.unwrap();
    assert_eq!(alone.refused.keys().collect::<Vec<_>>(), [&"name-missing"]);
}

async fn what_the_format_cannot_say_is_refused_by_name(store: Store) {
    let shop = store.shop().await;
    let price = UnitPrice::parse("9", Currency::NGN).unwrap();
    let input = |slug: &str| ProductInput::new(slug.parse().unwrap(), slug);
    let variant = |sku: &str| VariantInput::new(sku.parse().unwrap(), price);
    let four = ["A", "B", "C", "D"];
    shop.catalog().put(input("four").options(&four).variant(variant("4").values(&four))).await.unwrap();
    let tagged = ProductInput { tags: Cell::Is(vec!["a,b".to_owned()]), ..input("tagged") };
    shop.catalog().put(tagged.variant(variant("T"))).await.unwrap();
    shop.catalog().put(input("deep").category(&["Home", "A > B"]).variant(variant("D"))).await.unwrap();
    shop.catalog().put(input("flat").category(&["A > B"]).variant(variant("F"))).await.unwrap();
    let mut file = Vec::new();
    let result = export::export(&shop, Format::Csv, &mut file, &Silent).await;
    assert_eq!(export::exit_code(&result), import::EXIT_REFUSED);
    let refused: Vec<_> =
        result.unwrap().refused.into_iter().map(|refused| (refused.slug.to_string(), refused.code)).collect();
    let expected = [("deep", "category-name"), ("four", "too-many-options"), ("tagged", "tag-with-comma")];
    assert_eq!(refused, expected.map(|(slug, code)| (slug.to_owned(), code)));

    let other = store.shop().await;
    take(&other, &file).await;
    assert_eq!(export(&other).await.into_bytes(), file);
    assert_eq!(product(&other, "flat").await.breadcrumb[0].name, "A > B");
}

async fn a_shop_has_one_currency(store: Store) {
    let shop = store.shop().await;
    let file = "Handle,Title,Variant SKU,Variant Price\nmug,Mug,MUG,9\n";
    assert_eq!(import::shop_currency(&shop).await.unwrap(), None);
    let dollars = import(&shop, file, ImportOptions::new(Currency::USD)).await;
    assert_eq!(dollars.unwrap().created, 1);
    assert_eq!(import::shop_currency(&shop).await.unwrap(), Some(Currency::USD));
    let naira = import(&shop, file, options()).await;
    assert_eq!(import::exit_code(&naira), import::EXIT_USAGE);
    assert!(matches!(naira, Err(ImportError::Currency { shop: Currency::USD, file: Currency::NGN })));
    let mut nowhere = ImportOptions::new(Currency::USD);
    nowhere.location = " ".to_owned();
    assert_eq!(import::exit_code(&import(&shop, file, nowhere).await), import::EXIT_USAGE);
}

async fn any_text_goes_around(store: Store) {
    let shop = store.shop().await;
    let texts = ["=1+2", "+x", "-x", "@x", "'x", "a\"b", "a,b", "x\u{202e}y", "日本", "👩‍👩‍👧", "\\N", "%s"];
    for (number, text) in texts.iter().enumerate() {
        let price = UnitPrice::parse("0.0035", Currency::NGN).unwrap();
        let mut variant =
            VariantInput::new(format!("{text}-{number}").parse().unwrap(), price).values(&[text]);
        variant.barcode = Cell::Is((*text).to_owned());
        variant.image = Cell::Is((*text).to_owned());
        let product = ProductInput {
            description_html: Cell::Is(format!(" {text}\r\n\t{text}\n")),
            brand: Cell::Is((*text).to_owned()),
            attributes: vec![(
                format!("my.{text}"),
                format!("{text}, so"),
                AttributeKind::Text,
                Cell::Is(format!("{text}\n")),
            )],
            ..ProductInput::new(format!("p-{number}").parse().unwrap(), text)
        };
        shop.catalog()
            .put(product.options(&[&format!("{text} of")]).category(&[text]).variant(variant))
            .await
            .unwrap();
    }
    let exported = export(&shop).await;
    let other = store.shop().await;
    take(&other, &exported).await;
    assert_eq!(export(&other).await, exported);
}

async fn a_new_shop_sells_in_the_currency_of_its_catalogue(store: Store) {
    let shop = store.shop().await;
    let file = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n\
                mug,Mug,MUG,9.50,shopify,12\n";
    import(&shop, file, ImportOptions::new(Currency::GHS)).await.unwrap();
    let item = AddItem::new(VariantKey::Sku("MUG".parse().unwrap()), Quantity::ONE);
    let cart = shop.carts().add(commerce_core::cart::Shopper::Newcomer, &item, None).await.unwrap().cart;
    assert_eq!(cart.quote.summary.total, Money::parse("9.50", Currency::GHS).unwrap());
    let refused = import(&shop, file, ImportOptions::new(Currency::NGN)).await.unwrap_err();
    assert!(matches!(refused, ImportError::Currency { shop: Currency::GHS, file: Currency::NGN }));
    assert_well(&shop).await;
}
