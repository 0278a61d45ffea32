//! Product exports in Shopify's CSV format, made up from a seed, with the warts of real ones.
//!
//! HTML bodies with quotes and line breaks, rows that only carry a picture, variants without SKU, prices of 0 in drafts,
//! fractional grams in mixed units, products without options and with up to three, letters outside ASCII, compare-at
//! prices that are not above the price, active products that are not published, columns that nobody reads. Nothing in
//! them is refused by an import.

use std::io::{self, Write};

const COLUMNS: [&str; 40] = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Product Category",
    "Type",
    "Tags",
    "Published",
    "Option1 Name",
    "Option1 Value",
    "Option1 Linked To",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Tracker",
    "Variant Inventory Qty",
    "Variant Inventory Policy",
    "Variant Fulfillment Service",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Requires Shipping",
    "Variant Taxable",
    "Variant Barcode",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Gift Card",
    "SEO Title",
    "Google Shopping / Condition",
    "Care (product.metafields.shop.care)",
    "Colour (product.metafields.shop.colour)",
    "Variant Image",
    "Variant Weight Unit",
    "Variant Tax Code",
    "Cost per item",
    "Included / Worldwide",
    "Status",
];

const MAKERS: [&str; 12] = [
    "Adùnní & Daughters",
    "Kọ́lá Works",
    "Clay \"No. 5\"",
    "Savane, Frères",
    "Ilé Wood",
    "Port House",
    "Harmattan",
    "Nok Ceramics",
    "Sahel Supply",
    "Delta Loom",
    "Café Élan",
    "北風",
];
const CATEGORIES: [&str; 10] = [
    "Home & Garden > Decor > Clocks",
    "Home & Garden > Kitchen & Dining > Tableware",
    "Home & Garden > Lighting > Lamps",
    "Apparel & Accessories > Clothing > Dresses",
    "Apparel & Accessories > Clothing > Shirts & Tops",
    "Apparel & Accessories > Jewelry",
    "Electronics > Communications > Telephony",
    "Electronics > Computers",
    "Toys & Games > Puzzles",
    "",
];
const TYPES: [&str; 5] = ["", "", "Seasonal", "Classic", "Electronics > Computers"];
const ADJECTIVES: [&str; 12] = [
    "Enamel",
    "Indigo",
    "Hand-tied",
    "Carved",
    "Woven",
    "13.3\"",
    "Brass",
    "Crème",
    "Folding",
    "Tall",
    "Ìbílẹ̀",
    "Plain",
];
const NOUNS: [&str; 12] = [
    "Mug",
    "Wrap Dress",
    "Lamp",
    "Stool",
    "Basket",
    "Necklace",
    "Case",
    "Clock",
    "Shirt",
    "Puzzle",
    "Bowl",
    "Speaker",
];
const TAGS: [&str; 8] = ["new", "gift", "handmade", "summer", "sale 2024", "Èkó", "bestseller", "cotton"];
const OPTIONS: [(&str, [&str; 5]); 4] = [
    ("Size", ["S", "M", "L", "XL", "UK 10 / EU 38"]),
    ("Colour", ["Indigo", "Oxblood", "Crème", "Don't Know Yet", "Black / Gold"]),
    ("Condition", ["Excellent", "Good", "Fair", "Like New", "For Parts"]),
    ("Finish", ["Matt", "Gloss", "Raw", "Oiled", "Painted, 2 coats"]),
];
const WEIGHTS: [(&str, &str); 7] = [
    ("0.0", "lb"),
    ("8.5048569375", "oz"),
    ("187.95733831875", "oz"),
    ("420", "g"),
    ("453.59237", "lb"),
    ("1250", "kg"),
    ("", "g"),
];

/// Writes an export of so many products. The same seed gives the same bytes.
///
/// # Errors
/// When `out` cannot be written.
///
/// # Example
/// ```
/// let mut file = Vec::new();
/// commerce_core::testkit::shopify_csv::write(7, 3, &mut file)?;
/// assert!(file.starts_with(b"Handle,Title,Body (HTML),"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write(seed: u64, products: usize, out: &mut impl Write) -> io::Result<()> {
    write_row(out, &COLUMNS.map(str::to_owned))?;
    for number in 0..products {
        // Each product has its own stream, so that a longer file begins with the shorter one.
        let mut dice = Dice(seed ^ (number as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for row in product(number, &mut dice) {
            write_row(out, &row)?;
        }
    }
    Ok(())
}

/// SplitMix64: small, and good enough to make things up.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or(0)
    }

    fn one<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

type Row = Vec<String>;

fn set(row: &mut [String], column: &str, text: impl Into<String>) {
    let place = COLUMNS.iter().position(|name| *name == column);
    row[place.unwrap_or_else(|| panic!("{column} is a column"))] = text.into();
}

fn product(number: usize, dice: &mut Dice) -> Vec<Row> {
    let (adjective, noun) = (dice.one(&ADJECTIVES), dice.one(&NOUNS));
    let handle = format!("{}-{number}", noun.to_lowercase().replace(' ', "-"));
    let draft = dice.once_in(4);
    let variants = variants(dice);
    let images = dice.below(4);
    let mut rows = vec![vec![String::new(); COLUMNS.len()]; variants.len().max(images)];
    for row in &mut rows {
        set(row, "Handle", &handle);
    }
    for (place, values) in variants.iter().enumerate() {
        about_variant(&mut rows[place], number, place, values, draft, dice);
    }
    for (place, row) in rows.iter_mut().enumerate().take(images) {
        let url = format!("https://cdn.example/files/{number}/{place}.jpg?v={}", dice.below(1_000_000));
        set(row, "Image Src", url);
        set(row, "Image Position", (place + 1).to_string());
        if dice.once_in(3) {
            set(row, "Image Alt Text", format!("{adjective} {noun}, seen from side {place}"));
        }
    }
    let first = &mut rows[0];
    for ((name, _), column) in variants[0].iter().zip(["Option1 Name", "Option2 Name", "Option3 Name"]) {
        set(first, column, *name);
    }
    about_product(first, &format!("{adjective} {noun} {number}"), draft, dice);
    rows
}

fn about_product(row: &mut [String], title: &str, draft: bool, dice: &mut Dice) {
    set(row, "Title", title);
    let body = match dice.below(4) {
        0 => String::new(),
        1 => format!("<p>{title}, made by hand.</p>"),
        2 => format!(
            "<meta charset=\"UTF-8\">\n<ul class=\"a-list\">\n<li>{title}</li>\n<li>13.3\" wide, ₦5,000 & up</li>\n</ul>"
        ),
        _ => format!(
            "<p data-mce-fragment=\"1\"><b>{title}</b> {}</p>\n",
            "keeps its colour and its shape, wash after wash. ".repeat(12)
        ),
    };
    set(row, "Body (HTML)", body);
    set(row, "Vendor", dice.one(&MAKERS));
    set(row, "Product Category", dice.one(&CATEGORIES));
    set(row, "Type", dice.one(&TYPES));
    let tags: Vec<&str> = (0..dice.below(4)).map(|_| dice.one(&TAGS)).collect();
    set(row, "Tags", tags.join(", "));
    let (published, status) = match (draft, dice.below(10)) {
        (false, _) => ("true", "active"),
        (true, 0) => ("false", "active"),
        (true, 1) => ("false", "archived"),
        (true, _) => ("false", "draft"),
    };
    set(row, "Published", published);
    set(row, "Status", status);
    set(row, "Gift Card", "false");
    set(row, "Included / Worldwide", "true");
    set(row, "SEO Title", format!("{title} - Buy now"));
    if dice.once_in(2) {
        set(row, "Care (product.metafields.shop.care)", "Wash cold.\nDry flat, \"away\" from the sun.");
    }
    if dice.once_in(3) {
        set(row, "Colour (product.metafields.shop.colour)", dice.one(&["Red", "Bleu ciel", "Àwọ̀ pupa"]));
    }
}

/// The variants of a product, each by its options and their values.
fn variants(dice: &mut Dice) -> Vec<Vec<(&'static str, &'static str)>> {
    let (first, second, third) = (dice.below(4), 1 + dice.below(3), 1 + dice.below(2));
    let option = |place: usize, step: usize, value: usize| {
        let (name, values) = OPTIONS[(place + step) % OPTIONS.len()];
        (name, values[value])
    };
    let sizes = 1 + dice.below(4);
    match dice.below(20) {
        0..8 => vec![vec![("Title", "Default Title")]],
        8..16 => (0..sizes).map(|value| vec![option(first, 0, value)]).collect(),
        16..19 => (0..sizes)
            .flat_map(|one| (0..second).map(move |two| vec![option(first, 0, one), option(first, 1, two)]))
            .collect(),
        _ => (0..sizes)
            .flat_map(|one| {
                (0..third).map(move |three| {
                    vec![option(first, 0, one), option(first, 1, 0), option(first, 2, three)]
                })
            })
            .collect(),
    }
}

fn about_variant(
    row: &mut [String],
    number: usize,
    place: usize,
    values: &[(&str, &str)],
    draft: bool,
    dice: &mut Dice,
) {
    for ((_, value), column) in values.iter().zip(["Option1 Value", "Option2 Value", "Option3 Value"]) {
        set(row, column, *value);
    }
    if !dice.once_in(2) {
        set(row, "Variant SKU", format!("P{number}-{place}"));
    }
    let (grams, unit) = dice.one(&WEIGHTS);
    set(row, "Variant Grams", grams);
    set(row, "Variant Weight Unit", unit);
    let tracked = !dice.once_in(10);
    set(row, "Variant Inventory Tracker", if tracked { "shopify" } else { "" });
    set(row, "Variant Inventory Qty", (dice.below(20)).to_string());
    set(row, "Variant Inventory Policy", if dice.once_in(12) { "continue" } else { "deny" });
    set(row, "Variant Fulfillment Service", "manual");
    let kobo = if draft && !dice.once_in(3) { 0 } else { 50 + dice.below(5_000_000) };
    set(row, "Variant Price", naira(kobo));
    match dice.below(6) {
        0 => set(row, "Variant Compare At Price", naira(kobo + 50_000)),
        1 => set(row, "Variant Compare At Price", naira(kobo)),
        _ => (),
    }
    if dice.once_in(3) {
        set(row, "Cost per item", naira(kobo / 2));
    }
    set(row, "Variant Requires Shipping", if dice.once_in(30) { "false" } else { "true" });
    set(row, "Variant Taxable", if dice.once_in(30) { "false" } else { "true" });
    if dice.once_in(4) {
        set(row, "Variant Barcode", format!("60012345{:05}", dice.below(100_000)));
    }
    if dice.once_in(6) {
        set(row, "Variant Image", format!("https://cdn.example/files/{number}/variant-{place}.png"));
    }
}

fn naira(kobo: usize) -> String {
    format!("{}.{:02}", kobo / 100, kobo % 100)
}

fn write_row(out: &mut impl Write, row: &[String]) -> io::Result<()> {
    for (place, field) in row.iter().enumerate() {
        if place > 0 {
            out.write_all(b",")?;
        }
        if field.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_file_and_a_longer_one_begins_with_it() {
        let file = |seed, products| {
            let mut file = Vec::new();
            write(seed, products, &mut file).unwrap();
            String::from_utf8(file).unwrap()
        };
        let (short, long) = (file(7, 20), file(7, 40));
        assert!(long.starts_with(&short) && long.len() > short.len());
        assert_ne!(short, file(8, 20));
    }
}
