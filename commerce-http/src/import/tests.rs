//! What rows say about products.

use commerce_core::Currency;
use commerce_core::catalog::{Cell, ImageInput, ProductInput, ProductStatus};

use super::record::Broken;
use super::shopify::{Products, Said};
use super::source::Reader;

/// Reads a file of which the header and the rows are given.
fn read(lines: &[&str]) -> Vec<Said> {
    let text = lines.join("\n");
    let mut products = Products::open(text.as_bytes(), Currency::NGN, false).unwrap();
    std::iter::from_fn(|| products.next().unwrap()).collect()
}

fn products(lines: &[&str]) -> Vec<ProductInput> {
    let said = read(lines).into_iter();
    said.map(|said| {
        assert!(said.refused.is_empty(), "{:?}", said.refused);
        said.product.unwrap()
    })
    .collect()
}

fn codes(lines: &[&str]) -> Vec<(u64, &'static str)> {
    read(lines)
        .into_iter()
        .flat_map(|said| said.refused)
        .map(|refused| (refused.line, refused.code))
        .collect()
}

fn is(text: &str) -> Cell<String> {
    Cell::Is(text.to_owned())
}

#[test]
fn rows_of_one_handle_are_one_product() {
    let products = products(&[
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,Image Position,Image Alt Text",
        "Shirt,Shirt,Size,S,SH-S,40,/2,2,",
        "shirt,,,M,SH-M,41,/1,1,Front",
        "shirt,,,,,,/3,3,",
        "mug,Mug,Title,Default Title,,9.50,,,",
    ]);
    let [shirt, mug] = &products[..] else { panic!() };
    assert_eq!((shirt.slug.as_str(), shirt.line, &shirt.name), ("shirt", 2, &is("Shirt")));
    assert_eq!(shirt.options, Cell::Is(vec!["Size".to_owned()]));
    let variants: Vec<_> =
        shirt.variants.iter().map(|variant| (variant.line, &variant.option_values[..])).collect();
    assert_eq!(variants, [(2, &["S".to_owned()][..]), (3, &["M".to_owned()][..])]);
    let Cell::Is(images) = &shirt.images else { panic!() };
    let shown: Vec<&str> = images.iter().map(|image| image.url.as_str()).collect();
    assert_eq!(shown, ["/1", "/2", "/3"]);
    assert_eq!(images[0].alt, is("Front"));
    assert_eq!((&mug.options, &mug.images), (&Cell::Empty, &Cell::Empty));
    assert!(mug.variants[0].option_values.is_empty());
    assert_eq!(mug.variants[0].sku, Cell::Empty);
}

#[test]
fn absent_columns_say_nothing_and_blank_cells_that_there_is_nothing() {
    let all = products(&["Handle,Title,Vendor,Tags,Variant Price,Variant Grams", "mug,Mug,, ,9,"]);
    assert_eq!(
        (&all[0].brand, &all[0].tags, &all[0].variants[0].grams),
        (&Cell::Empty, &Cell::Empty, &Cell::Empty)
    );
    let few = products(&["Handle,Title,Variant Price", "mug,Mug,9"]);
    let product = &few[0];
    assert_eq!(
        (&product.brand, &product.tags, &product.options),
        (&Cell::Absent, &Cell::Absent, &Cell::Absent)
    );
    assert_eq!(
        (&product.category, &product.status, &product.images),
        (&Cell::Absent, &Cell::Absent, &Cell::Absent)
    );
    let variant = &product.variants[0];
    assert_eq!(
        (&variant.sku, &variant.tracked, &variant.stock),
        (&Cell::Absent, &Cell::Absent, &Cell::Absent)
    );
    let none = products(&["Handle,Title,Body (HTML)", "mug,Mug,<p>"]);
    assert!(none[0].variants.is_empty(), "a row without anything about a variant names none");
}

#[test]
fn rows_that_come_later_add_and_clear_nothing() {
    let products = products(&[
        "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant Price,Image Src",
        "shirt,Shirt,Ade,Size,S,40,/1",
        "mug,Mug,,Title,Default Title,9,",
        "shirt,,,,L,42,/2",
        "shirt,,,,,,/1",
    ]);
    let later = &products[2];
    assert_eq!((&later.name, &later.brand, &later.options), (&Cell::Absent, &Cell::Absent, &Cell::Absent));
    assert_eq!((&later.images, later.more_images.len()), (&Cell::Absent, 2));
    assert_eq!(later.variants[0].option_values, ["L"]);
}

#[test]
fn a_title_in_every_row_is_one_product() {
    let products = products(&[
        "Handle,Title,Vendor,Option1 Name,Option1 Value,Variant Price,Image Src",
        "shirt,Shirt,Ade,Size,S,40,/1",
        "shirt,Shirt,,Size,M,40,/2",
    ]);
    assert_eq!(products.len(), 1);
    assert_eq!((&products[0].brand, products[0].variants.len()), (&is("Ade"), 2));
    assert_eq!(
        products[0].images,
        Cell::Is(["/1", "/2"].map(|url| ImageInput { url: url.into(), alt: Cell::Absent }).into())
    );
}

#[test]
fn category_type_and_what_they_become() {
    let path = |names: &[&str]| Cell::Is(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    for (category, kind, becomes, attribute) in [
        ("Home > Lamps & Co", "", path(&["Home", "Lamps & Co"]), Cell::Empty),
        ("", "Lamp", path(&["Lamp"]), Cell::Empty),
        ("Home > Lamps", "Lamp", path(&["Home", "Lamps"]), is("Lamp")),
        ("Lamp", "Lamp", path(&["Lamp"]), Cell::Empty),
        ("", "", Cell::Empty, Cell::Empty),
    ] {
        let row = format!("mug,Mug,{category},{kind}");
        let product = &products(&["Handle,Title,Product Category,Type", &row])[0];
        assert_eq!(product.category, becomes);
        assert_eq!(
            (product.attributes[0].0.as_str(), &product.attributes[0].3),
            ("product_type", &attribute)
        );
    }
    let product = &products(&["Handle,Title,Product Category", "mug,Mug,Home"])[0];
    assert_eq!(product.attributes[0].3, Cell::Absent);
}

#[test]
fn status_and_published_together() {
    for (status, published, becomes) in [
        ("active", "true", Cell::Is(ProductStatus::Published)),
        ("active", "FALSE", Cell::Is(ProductStatus::Draft)),
        ("active", "", Cell::Is(ProductStatus::Published)),
        ("draft", "true", Cell::Is(ProductStatus::Draft)),
        ("Archived", "false", Cell::Is(ProductStatus::Archived)),
        ("", "true", Cell::Is(ProductStatus::Published)),
        ("", "false", Cell::Is(ProductStatus::Draft)),
        ("", "", Cell::Absent),
    ] {
        let row = format!("mug,Mug,{status},{published}");
        assert_eq!(
            products(&["Handle,Title,Status,Published", &row])[0].status,
            becomes,
            "{status} {published}"
        );
    }
    assert_eq!(codes(&["Handle,Title,Status", "mug,Mug,sold"]), [(2, "status-invalid")]);
}

#[test]
fn the_cells_of_a_variant() {
    let header = "Handle,Title,Variant Price,Variant Grams,Variant Weight Unit,Variant Inventory Tracker,\
                  Variant Inventory Qty,Variant Inventory Policy,Variant Requires Shipping,Variant Taxable,Cost per item";
    let products = products(&[
        header,
        "a,A,10,8.5048569375,oz,shopify,-2,continue,false,false,4.5",
        "b,B,10,0.0,,,,deny,TRUE,TRUE,",
    ]);
    let (a, b) = (&products[0].variants[0], &products[1].variants[0]);
    let Cell::Is(grams) = a.grams else { panic!() };
    assert_eq!(grams.to_string(), "8.5048569375");
    assert_eq!((&a.tracked, &a.stock, &a.backorder), (&Cell::Is(true), &Cell::Is(-2), &Cell::Is(true)));
    assert_eq!((&a.digital, &a.taxable), (&Cell::Is(true), &Cell::Is(false)));
    assert_eq!((&b.tracked, &b.stock, &b.backorder), (&Cell::Is(false), &Cell::Empty, &Cell::Is(false)));
    assert_eq!((&b.digital, &b.taxable, &b.cost), (&Cell::Is(false), &Cell::Is(true), &Cell::Empty));
    assert_eq!((b.grams.is_something(), &b.weight_unit), (true, &Cell::Empty));
}

trait IsSomething {
    fn is_something(&self) -> bool;
}

impl<T> IsSomething for Cell<T> {
    fn is_something(&self) -> bool {
        matches!(self, Self::Is(_))
    }
}

#[test]
fn cells_that_cannot_be_read_refuse_their_row_and_no_other() {
    for (column, text, code) in [
        ("Variant Price", "1,000.00", "price-invalid"),
        ("Cost per item", "free", "price-invalid"),
        ("Variant Grams", "1e3", "weight-invalid"),
        ("Variant Weight Unit", "stone", "weight-unit-invalid"),
        ("Variant Inventory Qty", "1.5", "stock-invalid"),
        ("Variant Inventory Policy", "maybe", "policy-invalid"),
        ("Variant Taxable", "yes", "boolean-invalid"),
    ] {
        let (header, bad) =
            (format!("Handle,Title,Variant SKU,{column}"), format!("shirt,Shirt,A,\"{text}\""));
        let said = &read(&[&header, &bad, "shirt,,B,"])[0];
        let refused = &said.refused[0];
        assert_eq!((refused.line, refused.column.as_str(), refused.code), (2, column, code));
        assert_eq!(said.product.as_ref().unwrap().variants.len(), 1);
    }
}

#[test]
fn handles_name_products() {
    let said = read(&["Handle,Title,Variant Price", "A B,X,1", "a b,,2", ",Y,1", "Café-1,Z,1"]);
    assert_eq!(said.iter().map(|said| said.refused.len()).collect::<Vec<_>>(), [1, 1, 1, 0]);
    assert_eq!(said[0].refused[0].code, "handle-invalid");
    assert_eq!(said[2].refused[0].code, "handle-missing");
    assert_eq!(said[3].product.as_ref().unwrap().slug.as_str(), "café-1");
    assert!(said[0].product.is_none());
}

#[test]
fn a_value_of_an_option_without_a_name_is_refused() {
    let header = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant Price";
    assert_eq!(codes(&[header, "a,A,Size,S,,Red,1", "a,,,M,,,1"]), [(2, "option-without-name")]);
    let gap = &products(&[header, "a,A,,,Colour,Red,1"])[0];
    assert_eq!(
        (&gap.options, &gap.variants[0].option_values),
        (&Cell::Is(vec!["Colour".to_owned()]), &vec!["Red".to_owned()])
    );
}

#[test]
fn a_product_has_a_bound() {
    let mut lines = vec!["Handle,Title,Variant SKU", "a,A,1"];
    lines.extend(std::iter::repeat_n("a,,2", 4_001));
    lines.push("b,B,3");
    let said = read(&lines);
    assert_eq!(said[0].refused[0].code, "product-too-large");
    assert!(said[0].product.is_none() && said[1].product.is_some());
}

#[test]
fn metafields_are_text_attributes() {
    let header = "Handle,Title,Colour (product.metafields.my.colour),Size (product.metafields.my.size)";
    let attributes = &products(&[header, "a,A,\"Red, \nbright\","])[0].attributes[1..];
    assert_eq!(
        (attributes[0].0.as_str(), attributes[0].1.as_str(), &attributes[0].3),
        ("my.colour", "Colour", &is("Red, \nbright"))
    );
    assert_eq!(attributes[1].3, Cell::Empty);
}

#[test]
fn blank_rows_are_counted_and_passed_over() {
    let text = "Handle,Title,Variant SKU\n,,\na,A,1\n\n , ,\na,,2\n";
    let mut products = Products::open(text.as_bytes(), Currency::NGN, false).unwrap();
    assert_eq!(products.next().unwrap().unwrap().product.unwrap().variants.len(), 2);
    assert!(products.next().unwrap().is_none());
    let mark = Reader::mark(&products);
    assert_eq!((mark.rows, mark.blank), (4, 2));
    let broken = Products::open(&b"Title\nx\n"[..], Currency::NGN, false).map(|_| ()).unwrap_err();
    assert!(matches!(broken, Broken::Malformed { line: 1, .. }));
}

#[test]
fn no_bytes_make_it_panic() {
    const ODD: &[u8] = b"\",\n\r x=\0\xC3\xA9";
    let mut file = Vec::new();
    commerce_core::testkit::shopify_csv::write(3, 12, &mut file).unwrap();
    let mut state = 7_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % bound as u64).unwrap()
    };
    let (mut read, mut broken) = (0, 0);
    for _ in 0..400 {
        let mut file = file.clone();
        for _ in 0..=below(4) {
            if file.is_empty() {
                break;
            }
            let (place, other) = (below(file.len()), below(file.len()));
            match below(4) {
                0 => file[place] = ODD[below(ODD.len())],
                1 => file.swap(place, other),
                2 => file.truncate(place.max(1)),
                _ => drop(file.drain(place.min(other)..place.max(other))),
            }
        }
        let taken = Products::open(&file[..], Currency::NGN, false).and_then(|mut products| {
            while products.next()?.is_some() {}
            Ok(())
        });
        match taken {
            Ok(()) => read += 1,
            Err(_) => broken += 1,
        }
    }
    assert!(read > 20 && broken > 20, "{read} were read, {broken} were broken");
}
