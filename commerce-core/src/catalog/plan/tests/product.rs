//! Fields of products, and what products share.

use super::*;
use crate::catalog::{AttributeKind, Batch, ImageInput, ProductStatus};

#[test]
fn a_new_product_is_created_and_the_same_again_changes_nothing() {
    let mut shop = empty_shop();
    let first = shop.takes([mug(), shirt()]);
    assert_eq!(outcomes(&first), [Outcome::Created, Outcome::Created]);
    assert!(first.refusals.is_empty() && first.warnings.is_empty());
    assert_eq!(first.batch.audit[0].action, "catalog.import");
    let again = shop.takes([mug(), shirt()]);
    assert_eq!(outcomes(&again), [Outcome::Unchanged, Outcome::Unchanged]);
    assert_eq!(again.batch, Batch::default());
}

#[test]
fn what_is_absent_stays_and_what_is_empty_goes() {
    let mut shop = empty_shop();
    let mut full = mug();
    full.description_html = Cell::Is("<p>A mug.</p>".to_owned());
    full.brand = Cell::Is("Ìlú".to_owned());
    full.tags = Cell::Is(vec!["new".to_owned(), " new".to_owned(), String::new()]);
    full.category = Cell::Is(vec!["Home".to_owned(), "Kitchen".to_owned()]);
    shop.takes([full]);
    let before = shop.product("mug").clone();
    assert_eq!(before.tags, ["new"]);

    let kept = shop.takes([later("mug")]);
    assert_eq!(outcomes(&kept), [Outcome::Unchanged]);

    let cleared = ProductInput {
        description_html: Cell::Empty,
        brand: Cell::Empty,
        tags: Cell::Empty,
        category: Cell::Empty,
        ..later("mug")
    };
    assert_eq!(outcomes(&shop.takes([cleared])), [Outcome::Updated]);
    let after = shop.product("mug");
    assert_eq!((after.version, &after.name), (2, &before.name));
    assert!(after.updated_at > before.updated_at && after.created_at == before.created_at);
    assert!(after.description_html.is_empty() && after.tags.is_empty());
    assert_eq!((after.brand, after.category), (None, None));
}

#[test]
fn brands_and_categories_are_found_by_their_folded_names() {
    let mut shop = empty_shop();
    let placed = |slug: &str, brand: &str, path: &[&str]| {
        let brand = Cell::Is(brand.to_owned());
        ProductInput { brand, ..input(slug).category(path).variant(variant(slug, "1")) }
    };
    let plan = shop.takes([
        placed("a", "Clay & Co", &["Home", "Lamps"]),
        placed("b", "clay  & CO", &["home", "lamps "]),
        placed("c", "Clay Co", &["Garden", "Lamps"]),
        placed("d", "!?", &["Lamps", "Lamps"]),
        placed("e", "Search", &["Garden", "Lamps!"]),
    ]);
    let brands: Vec<&str> = plan.batch.brands.iter().map(|brand| brand.slug.as_str()).collect();
    assert_eq!(brands, ["clay-co", "clay-co-2", "brand", "search-brand"]);
    let paths: Vec<&str> = plan.batch.categories.iter().map(|category| category.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "home",
            "home/lamps",
            "garden",
            "garden/garden-lamps",
            "lamps-2",
            "lamps-2/lamps-2-lamps",
            "garden/garden-lamps-2"
        ]
    );
    assert_eq!(shop.product("a").brand, shop.product("b").brand);
    assert_eq!(shop.product("a").category, shop.product("b").category);

    let again = shop.takes([placed("f", "CLAY & CO", &["HOME"])]);
    assert!(again.batch.brands.is_empty() && again.batch.categories.is_empty());
}

#[test]
fn options_are_linked_to_a_select_attribute_of_their_folded_name() {
    let mut shop = empty_shop();
    let text =
        ("material".to_owned(), "Material".to_owned(), AttributeKind::Text, Cell::Is("tin".to_owned()));
    let plan = shop.takes([
        input("a").options(&["Colour "]).variant(variant("A", "1").values(&["Red"])),
        input("b").options(&["COLOUR"]).variant(variant("B", "1").values(&["Blue"])),
        ProductInput { attributes: vec![text], ..mug() },
        input("c").options(&["Material"]).variant(variant("C", "1").values(&["Tin"])),
    ]);
    let made: Vec<_> = plan.batch.attributes.iter().map(|made| (made.code.as_str(), made.kind)).collect();
    assert_eq!(made, [("colour", AttributeKind::Select), ("material", AttributeKind::Text)]);
    assert_eq!(shop.product("a").options[0].attribute, shop.product("b").options[0].attribute);
    assert_eq!(shop.product("c").options[0].attribute, None);
    assert_eq!(plan.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["option-not-linked"]);
}

#[test]
fn attributes_are_set_left_and_cleared() {
    let mut shop = empty_shop();
    let says = |code: &str, cell| (code.to_owned(), code.to_uppercase(), AttributeKind::Text, cell);
    let is = |text: &str| Cell::Is(text.to_owned());
    let first = ProductInput { attributes: vec![says("my.b", is("1")), says("my.a", is("2"))], ..mug() };
    shop.takes([first]);
    let next = ProductInput {
        attributes: vec![says("my.b", Cell::Empty), says("my.none", Cell::Empty)],
        ..later("mug")
    };
    let plan = shop.takes([next]);
    assert!(plan.batch.attributes.is_empty(), "nothing is made to say that nobody has it");
    let values: Vec<&str> = shop.product("mug").attributes.iter().map(|value| value.value.as_str()).collect();
    assert_eq!(values, ["2"]);
}

#[test]
fn a_picture_keeps_its_id_by_its_address() {
    let mut shop = empty_shop();
    let picture = |url: &str, alt| ImageInput { url: url.to_owned(), alt };
    let is = |text: &str| Cell::Is(text.to_owned());
    shop.takes([ProductInput {
        images: Cell::Is(vec![picture("/a", is("A")), picture("/b", Cell::Absent)]),
        ..mug()
    }]);
    let before = shop.product("mug").images.clone();
    let listed = vec![picture("/b", is("B")), picture("/a", Cell::Absent)];
    let more = vec![picture("/c", Cell::Absent), picture("/a", Cell::Absent)];
    shop.takes([ProductInput { images: Cell::Is(listed), more_images: more, ..later("mug") }]);
    let after = &shop.product("mug").images;
    let shown: Vec<(&str, &str)> =
        after.iter().map(|image| (image.url.as_str(), image.alt.as_str())).collect();
    assert_eq!(shown, [("/b", "B"), ("/a", "A"), ("/c", "")]);
    assert_eq!((after[0].id, after[1].id), (before[1].id, before[0].id));
}

#[test]
fn a_product_named_twice_is_taken_twice_and_written_once() {
    let mut shop = empty_shop();
    let more = later("shirt").variant(without_sku("4500").values(&["XL"]));
    let plan = shop.takes([shirt(), more]);
    assert_eq!(outcomes(&plan), [Outcome::Created]);
    assert_eq!(plan.batch.products.len(), 1);
    assert_eq!(shop.product("shirt").variants.len(), 4);
    assert_eq!(shop.product("shirt").options[0].values, ["S", "M", "L", "XL"]);
}

#[test]
fn the_same_words_in_two_parts_change_nothing_the_second_time() {
    let picture = |url: &str| ImageInput { url: url.to_owned(), alt: Cell::Absent };
    let words = || {
        let first = ProductInput { images: Cell::Is(vec![picture("/a")]), ..shirt() };
        let more = later("shirt").variant(without_sku("4500").values(&["XL"]));
        [first, ProductInput { more_images: vec![picture("/b"), picture("/a")], ..more }]
    };
    let mut shop = empty_shop();
    shop.takes(words());
    assert_eq!(shop.product("shirt").images.len(), 2);
    assert_eq!(shop.takes(words()).batch, Batch::default());
}

#[test]
fn a_deleted_product_is_refused() {
    let mut shop = empty_shop();
    shop.takes([mug()]);
    shop.view.products[0].deleted_at = Some(shop.view.now);
    let plan = shop.takes([mug()]);
    assert_eq!(codes(&plan), ["product-deleted"]);
    assert_eq!(plan.batch, Batch::default());
}

#[test]
fn what_is_wrong_with_a_product_refuses_it_and_nothing_else() {
    let text = |text: &str| Cell::Is(text.to_owned());
    let attribute = |code: &str, text: &str| {
        vec![(code.to_owned(), String::new(), AttributeKind::Number, Cell::Is(text.to_owned()))]
    };
    let names = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>();
    for (input, code) in [
        (ProductInput { name: Cell::Absent, ..mug() }, "name-missing"),
        (ProductInput { name: text("  "), ..mug() }, "name-missing"),
        (ProductInput { name: text("two\nlines"), ..mug() }, "text-invalid"),
        (ProductInput { name: text(&"x".repeat(256)), ..mug() }, "text-too-long"),
        (ProductInput { description_html: text("\0"), ..mug() }, "text-invalid"),
        (ProductInput { brand: text(&"x".repeat(256)), ..mug() }, "text-too-long"),
        (ProductInput { category: Cell::Is(names(11)), ..mug() }, "category-too-deep"),
        (ProductInput { tags: Cell::Is(names(1_001)), ..mug() }, "too-many-tags"),
        (ProductInput { options: Cell::Is(names(11)), ..mug() }, "too-many-options"),
        (mug().options(&["Size", "size"]), "option-invalid"),
        (mug().options(&["Size", " "]), "option-invalid"),
        (ProductInput { attributes: attribute("size.height", "tall"), ..mug() }, "attribute-invalid"),
        (ProductInput { attributes: attribute(" ", "1"), ..mug() }, "attribute-invalid"),
        (input("mug"), "no-variant"),
    ] {
        let mut shop = empty_shop();
        let plan = shop.takes([input, shirt()]);
        assert_eq!(codes(&plan), [code]);
        assert_eq!((plan.refusals[0].slug.as_str(), plan.refusals[0].line), ("mug", 2));
        assert_eq!(outcomes(&plan), [Outcome::Created], "{code}");
        let made: Vec<&str> = plan.batch.attributes.iter().map(|made| made.code.as_str()).collect();
        assert_eq!(made, ["size"], "a refused product makes nothing");
        assert!(plan.batch.brands.is_empty() && plan.batch.categories.is_empty());
    }
}

#[test]
fn status_is_published_unless_said_and_stays_unless_said() {
    let mut shop = empty_shop();
    shop.takes([mug()]);
    assert_eq!(shop.product("mug").status, ProductStatus::Published);
    shop.takes([later("mug").status(ProductStatus::Archived)]);
    shop.takes([ProductInput { status: Cell::Empty, ..later("mug") }]);
    assert_eq!(shop.product("mug").status, ProductStatus::Archived);
}
