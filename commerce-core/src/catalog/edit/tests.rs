//! Given a shop, when somebody edits a product, then this is written, or refused.

use proptest::prelude::*;

use super::*;
use crate::catalog::{
    Attribute, AttributeValue, Brand, ImageCopy, ImageInput, ListPrice, ProductStatus, Redirect,
    RedirectKind, Removal, SharedVersion,
};
use crate::testkit::{Item, item, start, variant_id};
use crate::{SellerId, SessionId, UnitPrice, access};

fn operator() -> Caller {
    Caller::Operator { name: "ada".to_owned() }
}

fn merchant(seller: u128) -> Caller {
    let id = |number| uuid::Uuid::from_u128(number);
    Caller::Account {
        id: id(seller).into(),
        role: access::Role::Merchant,
        seller: Some(SellerId(id(seller))),
        session: SessionId(id(1)),
    }
}

fn shop(items: &[Item]) -> CatalogView {
    let mut view = CatalogView {
        now: start().plus(std::time::Duration::from_secs(60)),
        products: items.iter().map(Item::product).collect(),
        sku_owners: Vec::new(),
        brands: items.iter().filter_map(Item::brand_row).collect(),
        categories: items.iter().flat_map(Item::category_rows).collect(),
        attributes: items.iter().flat_map(Item::attribute_rows).collect(),
        locations: Vec::new(),
        levels: Vec::new(),
        record: None,
        shared: SharedVersion::default(),
    };
    for product in &view.products {
        let owned = product.variants.iter().map(|variant| (variant.sku.clone(), variant.id, product.id));
        view.sku_owners.extend(owned);
    }
    view.brands.dedup();
    view.categories.dedup();
    view.attributes.dedup();
    view
}

fn ids(view: &CatalogView) -> Ids {
    Ids::new([7; 32], view.now)
}

fn target(slug: &str, version: Option<u64>) -> Target {
    Target { slug: slug.parse().unwrap(), version }
}

fn naira(amount: &str) -> UnitPrice {
    UnitPrice::parse(amount, Currency::NGN).unwrap()
}

fn edit(view: &CatalogView, slug: &str, said: impl FnOnce(&mut ProductChange)) -> Result<Edited, EditError> {
    edit_by(&operator(), view, slug, said)
}

fn edit_by(
    caller: &Caller,
    view: &CatalogView,
    slug: &str,
    said: impl FnOnce(&mut ProductChange),
) -> Result<Edited, EditError> {
    let mut wanted = ProductChange::nothing(slug.parse().unwrap());
    said(&mut wanted);
    let editor = Editor { caller, currency: Currency::NGN };
    change(view, &target(slug, None), wanted, &editor, &mut ids(view))
}

fn codes(result: Result<Edited, EditError>) -> Vec<(&'static str, &'static str)> {
    match result {
        Err(EditError::Refused(refusals)) => {
            refusals.iter().map(|refusal| (refusal.field, refusal.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// All that there is to say of the product.
fn all(view: &CatalogView, product: &Product) -> ProductChange {
    let mut change = ProductChange::nothing(product.slug.clone());
    let slug =
        |id| view.brands.iter().find(|known: &&Brand| Some(known.id) == id).map(|known| known.slug.clone());
    change.brand = Cell::from_option(slug(product.brand));
    let category = view.categories.iter().find(|known| Some(known.id) == product.category);
    change.category = Cell::from_option(category.map(|known| known.slug.clone()));
    let code = |value: &AttributeValue| {
        let known = view.attributes.iter().find(|known: &&Attribute| known.id == value.attribute).unwrap();
        (known.code.clone(), value.value.clone())
    };
    change.attributes = Cell::Is(product.attributes.iter().map(code).collect());
    let input = &mut change.input;
    input.name = Cell::Is(product.name.clone());
    input.description_html = Cell::Is(product.description_html.clone());
    input.tags = Cell::Is(product.tags.clone());
    input.status = Cell::Is(product.status);
    input.featured = Cell::Is(product.featured);
    input.options = Cell::Is(product.options.iter().map(|option| option.name.clone()).collect());
    let image = |image: &crate::catalog::Image| ImageInput {
        url: image.url.clone(),
        alt: Cell::Is(image.alt.clone()),
    };
    input.images = Cell::Is(product.images.iter().map(image).collect());
    input.edit.seller = Cell::from_option(product.seller);
    input.edit.publish_at = Cell::from_option(product.publish_at);
    input.edit.unpublish_at = Cell::from_option(product.unpublish_at);
    input.edit.these_variants = true;
    input.variants = product
        .variants
        .iter()
        .map(|variant| VariantInput {
            line: 0,
            sku: Cell::Is(variant.sku.clone()),
            was: None,
            option_values: variant.option_values.clone(),
            price: Cell::Is(variant.price),
            compare_at_price: Cell::from_option(variant.compare_at_price),
            cost: Cell::from_option(variant.cost),
            grams: Cell::from_option(variant.weight.map(|weight| weight.grams)),
            weight_unit: Cell::from_option(variant.weight.map(|weight| weight.unit)),
            dimensions: Cell::from_option(variant.dimensions),
            barcode: Cell::from_option(variant.barcode.clone()),
            image: Cell::from_option(variant.image.clone()),
            tax_class: Cell::Is(variant.tax_class.clone()),
            taxable: Cell::Absent,
            digital: Cell::Is(variant.digital),
            tracked: Cell::Is(variant.tracked),
            backorder: Cell::Is(variant.backorder),
            stock: Cell::Absent,
        })
        .collect();
    change
}

fn tee() -> Item {
    item("tee").options(&["Size"]).linked_to("size").values(&["S"]).variant("tee-m", &["M"]).price("27.50")
}

prop_compose! {
    fn a_product()(
        options in 0..2_usize,
        variants in 1..4_usize,
        (branded, sorted, described, linked) in any::<(bool, bool, bool, bool)>(),
        (featured, digital, compared, scheduled) in any::<(bool, bool, bool, bool)>(),
        status in prop::sample::select(&ProductStatus::ALL[..]),
    ) -> Item {
        let sizes = ["S", "M", "L"];
        let values = |place: usize| vec![sizes[place]; options];
        let mut made = item("tee").options(&["Size"][..options]);
        if options > 0 { made = made.linked_to("size"); }
        made = made.values(&values(0)).cost("12.5").weight("350.5", crate::catalog::WeightUnit::Kilogram);
        if compared { made = made.compare_at("40"); }
        for place in 1..if options == 0 { 1 } else { variants } {
            made = made.variant(&format!("tee-{place}"), &values(place)).price("27.50");
        }
        if branded { made = made.brand("Looms"); }
        if sorted { made = made.category(&["Clothing", "Tees"]).tags(&["new", "cotton"]); }
        if described {
            made = made.description("<p>soft</p>").image("/a.jpg", "front").image("/b.jpg", "");
        }
        if linked { made = made.attribute("fabric", AttributeKind::Text, " cotton "); }
        made.with_product(|product| {
            product.featured = featured;
            product.status = status;
            product.variants[0].digital = digital;
            product.publish_at = scheduled.then(|| start().plus(std::time::Duration::from_secs(90)));
        })
    }
}

proptest! {
    #[test]
    fn what_is_there_already_is_not_written(of in a_product(), whole in any::<bool>()) {
        let view = shop(&[of, item("mug")]);
        let product = &view.products[0];
        let said = if whole { all(&view, product) } else { ProductChange::nothing(product.slug.clone()) };
        let edited = edit(&view, "tee", |change| *change = said).unwrap();
        prop_assert_eq!(edited.batch, Batch::default());
    }
}

#[test]
fn an_edit_writes_the_product_its_prices_and_who_did_it() {
    let view = shop(&[tee()]);
    let edited = edit(&view, "tee", |change| {
        change.input.name = Cell::Is("Soft tee".to_owned());
        change.input.variants.push(VariantInput::new("tee-m".parse().unwrap(), naira("30")));
    });
    let batch = edited.unwrap().batch;
    let write = &batch.products[0];
    assert_eq!((write.expected_version, write.product.version), (Some(1), 2));
    assert_eq!((write.product.name.as_str(), write.product.updated_at), ("Soft tee", view.now));
    let [price] = &batch.prices[..] else { panic!("{:?}", batch.prices) };
    assert_eq!((price.variant, price.sku.as_str()), (variant_id("tee-m"), "tee-m"));
    let at = |amount| ListPrice { price: naira(amount), compare_at_price: None };
    assert_eq!((price.before, price.after), (at("27.50"), at("30")));
    let [row] = &batch.audit[..] else { panic!("{:?}", batch.audit) };
    assert_eq!((row.action.as_str(), row.actor.to_string()), ("product.update", "staff:ada".to_owned()));
    assert_eq!(
        (&row.data["before"]["name"], &row.data["after"]["name"]),
        (&"tee".into(), &"Soft tee".into())
    );
    assert!(row.data["before"]["variants"]["tee"].is_null(), "the other variant is as it was");
    assert!(row.data["before"]["status"].is_null());
}

#[test]
fn whoever_saw_another_version_is_told_the_present_one() {
    let view = shop(&[tee()]);
    let editor = Editor { caller: &operator(), currency: Currency::NGN };
    let nothing = || ProductChange::nothing("tee".parse().unwrap());
    let late = change(&view, &target("tee", Some(2)), nothing(), &editor, &mut ids(&view));
    assert!(matches!(late, Err(EditError::Version(1))));
    assert!(change(&view, &target("tee", Some(1)), nothing(), &editor, &mut ids(&view)).is_ok());
    assert!(matches!(
        delete(&view, &target("tee", Some(2)), &editor, &mut ids(&view)),
        Err(EditError::Version(1))
    ));
}

#[test]
fn variants_come_change_and_go() {
    let view = shop(&[tee(), item("mug")]);
    let editor = Editor { caller: &operator(), currency: Currency::NGN };
    let of = target("tee", None);
    let new = |sku: &str, size: &str| VariantInput::new(sku.parse().unwrap(), naira("9")).values(&[size]);
    let add = |variant| add_variant(&view, &of, variant, &editor, &mut ids(&view));
    assert_eq!(codes(add(new("tee-m", "L"))), [("sku", "sku-taken")]);
    assert_eq!(codes(add(new("mug", "L"))), [("sku", "sku-taken")]);
    assert_eq!(codes(add(new("tee-l", " M "))), [("option_values", "options-twice")]);
    let added = add(new("tee-l", "L")).unwrap().batch;
    assert_eq!(added.products[0].product.variants.len(), 3);
    assert_eq!(added.prices, [], "a new variant had no price");

    let sku = |sku: &str| -> Sku { sku.parse().unwrap() };
    let renamed = VariantInput { sku: Cell::Is(sku("tee-x")), ..VariantInput::default() };
    let changed = change_variant(&view, &of, &sku("tee-m"), renamed, &editor, &mut ids(&view)).unwrap();
    let variant = &changed.batch.products[0].product.variants[1];
    assert_eq!((variant.id, variant.sku.as_str()), (variant_id("tee-m"), "tee-x"));
    assert_eq!(changed.batch.removed, []);
    let swapped = VariantInput { sku: Cell::Is(sku("tee")), ..VariantInput::default() };
    let swapped = change_variant(&view, &of, &sku("tee-m"), swapped, &editor, &mut ids(&view));
    assert_eq!(codes(swapped), [("sku", "sku-taken")]);

    let removed = remove_variant(&view, &of, &sku("tee-m"), &editor, &mut ids(&view)).unwrap().batch;
    assert_eq!(removed.removed, [Removal { variant: variant_id("tee-m"), at: view.now }]);
    assert_eq!(removed.products[0].product.options[0].values, ["S"]);
    let last = remove_variant(&view, &target("mug", None), &sku("mug"), &editor, &mut ids(&view));
    assert_eq!(codes(last), [("variants", "no-variant")]);
    let none = remove_variant(&view, &of, &sku("mug"), &editor, &mut ids(&view));
    assert!(matches!(none, Err(EditError::NotFound)));
}

#[test]
fn a_product_in_place_of_another_loses_what_is_not_named() {
    let view = shop(&[tee().attribute("fabric", AttributeKind::Text, "cotton").tags(&["new"])]);
    let edited = edit(&view, "tee", |change| {
        *change = all(&view, &view.products[0]);
        change.attributes = Cell::Empty;
        change.input.tags = Cell::Empty;
        change.input.variants.reverse();
        change.input.variants.pop();
    });
    let batch = edited.unwrap().batch;
    let after = &batch.products[0].product;
    assert_eq!((after.variants.len(), after.variants[0].sku.as_str()), (1, "tee-m"));
    assert_eq!((&after.attributes[..], &after.tags[..]), (&[][..], &[][..]));
    assert_eq!(batch.removed, [Removal { variant: variant_id("tee"), at: view.now }]);
}

#[test]
fn another_slug_leaves_a_redirect_and_is_nobody_elses() {
    let view = shop(&[tee(), item("mug"), item("gone").deleted()]);
    let rename = |to: &str| edit(&view, "tee", |change| change.input.edit.rename = Some(to.parse().unwrap()));
    for taken in ["mug", "gone"] {
        assert_eq!(codes(rename(taken)), [("slug", "slug-taken")]);
    }
    let batch = rename("shirt").unwrap().batch;
    let id = view.products[0].id;
    let slug = "tee".parse().unwrap();
    assert_eq!(batch.redirects, [Redirect { kind: RedirectKind::Product, slug, id: id.0 }]);
    assert_eq!((batch.products[0].product.slug.as_str(), batch.products[0].product.id), ("shirt", id));
}

#[test]
fn merchants_keep_to_what_is_their_own() {
    let own = tee().with_product(|product| product.seller = Some(SellerId(uuid::Uuid::from_u128(5))));
    let view = shop(&[own, item("mug")]);
    let name = |change: &mut ProductChange| change.input.name = Cell::Is("Mine".to_owned());
    for (caller, slug) in [(merchant(6), "tee"), (merchant(5), "mug")] {
        assert!(matches!(edit_by(&caller, &view, slug, name), Err(EditError::NotFound)));
    }
    let edited = edit_by(&merchant(5), &view, "tee", name).unwrap();
    assert_eq!(edited.batch.products[0].product.seller, view.products[0].seller);
    let given = edit_by(&merchant(5), &view, "tee", |change| {
        change.input.edit.seller = Cell::Is(SellerId(uuid::Uuid::from_u128(6)));
        change.input.featured = Cell::Is(true);
    });
    assert_eq!(codes(given), [("seller", "not-yours"), ("featured", "not-yours")]);
    let mut new = ProductChange::nothing("cap".parse().unwrap());
    new.input.name = Cell::Is("Cap".to_owned());
    new.input.variants.push(VariantInput::new("cap".parse().unwrap(), naira("5")));
    let editor = Editor { caller: &merchant(5), currency: Currency::NGN };
    let made = create(&view, new, &editor, &mut ids(&view)).unwrap();
    assert_eq!(made.batch.products[0].product.seller, view.products[0].seller);
}

#[test]
fn what_is_named_is_there_already() {
    let view = shop(&[tee()]);
    let edited = edit(&view, "tee", |change| {
        change.brand = Cell::Is("nobody".parse().unwrap());
        change.category = Cell::Is("nowhere".parse().unwrap());
        change.attributes = Cell::Is(vec![("fabric".to_owned(), "cotton".to_owned())]);
    });
    let expected =
        [("brand", "brand-unknown"), ("category", "category-unknown"), ("attributes", "attribute-unknown")];
    assert_eq!(codes(edited), expected);
    let too_low = edit(&view, "tee", |change| {
        let mut variant = VariantInput::new("tee".parse().unwrap(), naira("30"));
        variant.compare_at_price = Cell::Is(naira("30"));
        change.input.variants.push(variant);
    });
    assert_eq!(codes(too_low), [("compare_at_price", "compare-at-too-low")]);
}

#[test]
fn deleted_is_out_of_sight_until_it_is_restored() {
    let mut view = shop(&[tee()]);
    let editor = Editor { caller: &operator(), currency: Currency::NGN };
    let of = target("tee", Some(1));
    let deleted = delete(&view, &of, &editor, &mut ids(&view)).unwrap().batch;
    let after = deleted.products[0].product.clone();
    assert_eq!((after.deleted_at, after.version), (Some(view.now), 2));
    view.products[0] = after;
    let again = delete(&view, &target("tee", None), &editor, &mut ids(&view)).unwrap();
    assert_eq!(again.batch, Batch::default());
    assert_eq!(codes(edit(&view, "tee", |_| {})), [("slug", "product-deleted")]);
    let restored = restore(&view, &target("tee", Some(2)), &editor, &mut ids(&view)).unwrap().batch;
    assert_eq!((restored.products[0].product.deleted_at, restored.products[0].product.version), (None, 3));
    assert_eq!(restored.audit[0].action, "product.restore");
}

#[test]
fn what_was_deleted_is_not_had_again_by_naming_it() {
    let mut view = shop(&[tee().brand("Looms").category(&["Clothing", "Tees"]).deleted(), item("cap")]);
    let editor = Editor { caller: &operator(), currency: Currency::NGN };
    let back = |view: &CatalogView| restore(view, &target("tee", None), &editor, &mut ids(view));
    let restored = back(&view).unwrap().batch;
    assert_eq!(restored.shared, Some(view.shared), "decided on the brands and categories that were seen");
    view.brands[0].deleted_at = Some(view.now);
    assert_eq!(codes(back(&view)), [("brand", "brand-deleted")]);
    let named = edit(&view, "cap", |change| change.brand = Cell::Is("looms".parse().unwrap()));
    assert_eq!(codes(named), [("brand", "brand-unknown")]);
    view.brands[0].deleted_at = None;
    view.categories[1].deleted_at = Some(view.now);
    assert_eq!(codes(back(&view)), [("category", "category-deleted")]);
    let named = edit(&view, "cap", |change| change.category = Cell::Is("tees".parse().unwrap()));
    assert_eq!(codes(named), [("category", "category-unknown")]);
    assert!(edit(&view, "cap", |change| change.category = Cell::Is("clothing".parse().unwrap())).is_ok());
}

#[test]
fn pictures_come_move_and_go() {
    let view = shop(&[tee().image("/a.jpg", "front").image("/b.jpg", "")]);
    let product = &view.products[0];
    let editor = Editor { caller: &operator(), currency: Currency::NGN };
    let of = target("tee", None);
    let copy = |url: &str| vec![ImageCopy { width: 160, height: 80, url: url.to_owned() }];
    let at = |position| ImageWords { alt: None, position: Some(position) };
    let add = |url: &str, words| add_image(&view, &of, &copy(url), &words, &editor, &mut ids(&view));
    let move_a = |words| change_image(&view, &of, product.images[0].id, &words, &editor, &mut ids(&view));
    let urls = |edited: Edited| -> String {
        let images = edited.batch.products[0].product.images.iter();
        images.map(|image| &image.url[1..2]).collect()
    };
    for (position, order) in [(1, "cab"), (2, "acb"), (3, "abc"), (u32::MAX, "abc")] {
        assert_eq!(urls(add("/c.jpg", at(position)).unwrap()), order, "{position}");
    }
    assert_eq!(urls(add("/c.jpg", ImageWords::default()).unwrap()), "abc");
    for (position, order) in [(2, "ba"), (9, "ba")] {
        assert_eq!(urls(move_a(at(position)).unwrap()), order, "{position}");
    }
    assert_eq!(move_a(at(1)).unwrap().batch, Batch::default(), "it is there already");
    let told = move_a(ImageWords { alt: Some("  its back ".to_owned()), position: None }).unwrap().batch;
    assert_eq!(told.products[0].product.images[0].alt, "its back");
    assert_eq!((told.products[0].expected_version, told.products[0].product.version), (Some(1), 2));
    assert_eq!((told.audit[0].action.as_str(), told.prices.len()), ("image.update", 0));
    let removed = remove_image(&view, &of, product.images[0].id, &editor, &mut ids(&view)).unwrap();
    assert_eq!(urls(removed), "b");
    for wrong in [at(0), ImageWords { alt: Some("a\nb".to_owned()), position: None }] {
        assert_eq!(codes(move_a(wrong.clone())).len(), 1, "{wrong:?}");
        assert_eq!(codes(add("/c.jpg", wrong.clone())).len(), 1, "{wrong:?}");
    }
    let long = ImageWords { alt: Some("a".repeat(2_049)), position: None };
    assert_eq!(codes(move_a(long)), [("alt", "text-too-long")]);
}

#[test]
fn pictures_of_a_product_that_takes_none() {
    let image = |n: usize| crate::catalog::Image {
        id: crate::testkit::named("image", &n.to_string()),
        url: format!("/{n}"),
        alt: String::new(),
        copies: Vec::new(),
    };
    let full =
        item("full").with_product(move |product| product.images = (0..IMAGES_MAX).map(image).collect());
    let own = tee().with_product(|product| product.seller = Some(SellerId(uuid::Uuid::from_u128(5))));
    let view = shop(&[own, full, item("gone").deleted()]);
    let add_as = |caller: &Caller, slug: &str, url: &str| {
        let copies = [ImageCopy { width: 160, height: 80, url: url.to_owned() }];
        let room = image_room(&view, &target(slug, None), caller);
        let editor = Editor { caller, currency: Currency::NGN };
        let words = ImageWords::default();
        let added = add_image(&view, &target(slug, None), &copies, &words, &editor, &mut ids(&view));
        assert!(room.is_ok() == added.is_ok() || url == "/0", "{slug} {url}: {room:?}");
        added
    };
    assert_eq!(codes(add_as(&operator(), "full", "/new")), [("images", "too-many-images")]);
    assert!(add_as(&operator(), "full", "/0").is_ok(), "it has that one already");
    assert_eq!(codes(add_as(&operator(), "gone", "/new")), [("slug", "product-deleted")]);
    assert!(add_as(&merchant(5), "tee", "/new").is_ok());
    for slug in ["full", "gone", "nothing"] {
        assert!(matches!(add_as(&merchant(5), slug, "/new"), Err(EditError::NotFound)));
    }
    assert!(matches!(add_as(&merchant(6), "tee", "/new"), Err(EditError::NotFound)));
}
