//! One made-up product.

use commerce_core::catalog::{
    AttributeKind, Cell, ImageInput, ProductInput, ProductStatus, Sku, Slug, VariantInput,
};
use commerce_core::{Currency, Timestamp, UnitPrice};
use rust_decimal::Decimal;

use super::dice::Dice;
use super::words::{
    ADJECTIVES, Axis, BRAND_FIRST, BRAND_SECOND, CARES, COLOURS, DETAIL, KINDS, Kind, ORIGIN, PRAISE, TAGS,
};

/// 1 January 2023 in microseconds: when the first product came in.
const FIRST_DAY: i64 = 1_672_531_200_000_000;
/// One more comes in every 40 seconds: a million in fifteen months.
const APART_SECONDS: u64 = 40;

/// A shop that is made up: the same value makes the same products.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    pub(super) seed: u64,
    pub(super) variants_max: usize,
    pub(super) currency: Currency,
}

impl Made {
    /// The slug of the product of this number, whatever else it is.
    pub(super) fn slug(&self, number: u64) -> Option<Slug> {
        let dice = &mut Dice::of(self.seed, number);
        slug(&Title::draw(dice), self.seed, number)
    }

    /// The product of this number.
    pub(super) fn product(&self, number: u64) -> Option<ProductInput> {
        let dice = &mut Dice::of(self.seed, number);
        let title = Title::draw(dice);
        let kind = title.kind;
        let mut product = ProductInput::new(slug(&title, self.seed, number)?, &title.name());
        product.brand = Cell::Is(brand(dice));
        product.category = Cell::Is(kind.path.iter().map(|&name| name.to_owned()).collect());
        product.tags = Cell::Is(tags(dice));
        product.featured = Cell::Is(dice.percent(1));
        product.status = Cell::Is(match dice.below(100) {
            0..3 => ProductStatus::Draft,
            3..5 => ProductStatus::Archived,
            _ => ProductStatus::Published,
        });
        product.description_html = Cell::Is(description(&title, dice));
        product.images = Cell::Is(images(&title, self.seed, number, dice));
        product.attributes = attributes(&title, dice);
        let axes = axes(kind, self.variants_max, dice);
        product.options = Cell::Is(axes.iter().map(|(axis, _)| axis.name().to_owned()).collect());
        let price = nice(dice.around(kind.price));
        for (place, values) in combined(&axes).into_iter().enumerate() {
            let variant = self.variant(kind, (number, place), price, &values, dice)?;
            product.variants.push(variant);
        }
        Some(product)
    }

    /// When the product of this number came in.
    pub(super) fn created_at(&self, number: u64) -> Option<Timestamp> {
        let dice = &mut Dice::of(!self.seed, number);
        let after = number.checked_mul(APART_SECONDS)? + dice.below(40) as u64;
        Some(Timestamp::from_micros(FIRST_DAY).ok()?.plus(std::time::Duration::from_secs(after)))
    }

    fn variant(
        &self,
        kind: &Kind,
        (number, place): (u64, usize),
        price: u64,
        values: &[&str],
        dice: &mut Dice,
    ) -> Option<VariantInput> {
        // A bigger one costs more now and then.
        let price = if dice.percent(25) { nice(price + price * (place as u64 % 8) / 20) } else { price };
        let sku: Sku = format!("S{}-{number:06}-{place:02}", self.seed).parse().ok()?;
        let mut variant = VariantInput::new(sku, self.price(price)?).values(values);
        if dice.percent(20) {
            variant.compare_at_price =
                Cell::Is(self.price(nice(price + price * (10 + dice.below(40) as u64) / 100))?);
        }
        if dice.percent(60) {
            variant.cost = Cell::Is(self.price(price * (40 + dice.below(35) as u64) / 100)?);
        }
        variant.grams = Cell::Is(Decimal::from(dice.around(kind.grams)));
        if dice.percent(30) {
            variant.barcode = Cell::Is(format!("600{number:07}{place:03}"));
        }
        variant.tracked = Cell::Is(!dice.percent(3));
        variant.backorder = Cell::Is(dice.percent(4));
        variant.stock = Cell::Is(if dice.percent(8) { 0 } else { 1 + dice.mostly_small(250) as i64 });
        Some(variant)
    }

    /// So many whole units of the currency.
    fn price(&self, whole: u64) -> Option<UnitPrice> {
        UnitPrice::parse(&whole.to_string(), self.currency).ok()
    }
}

/// What a product is, in words.
struct Title {
    kind: &'static Kind,
    adjective: &'static str,
    material: &'static str,
    noun: &'static str,
    series: usize,
}

impl Title {
    fn draw(dice: &mut Dice) -> Self {
        let kind = &KINDS[dice.below(KINDS.len())];
        Self {
            kind,
            adjective: dice.one(ADJECTIVES),
            material: dice.one(kind.materials),
            noun: dice.one(kind.nouns),
            series: dice.mostly_small(900),
        }
    }

    fn name(&self) -> String {
        let Self { adjective, material, noun, series, .. } = self;
        match series {
            0 => format!("{adjective} {material} {noun}"),
            series => format!("{adjective} {material} {noun} {series}"),
        }
    }
}

fn slug(title: &Title, seed: u64, number: u64) -> Option<Slug> {
    Slug::from_name(&format!("{} {} {seed} {number}", title.material, title.noun))
}

fn brand(dice: &mut Dice) -> String {
    let place = dice.mostly_small(BRAND_FIRST.len() * BRAND_SECOND.len());
    let (first, second) = (place % BRAND_FIRST.len(), place / BRAND_FIRST.len());
    format!("{}{}", BRAND_FIRST[first], BRAND_SECOND[second])
}

fn tags(dice: &mut Dice) -> Vec<String> {
    (0..dice.below(4)).map(|_| dice.one(TAGS).to_owned()).collect()
}

fn description(title: &Title, dice: &mut Dice) -> String {
    let thing = format!("{} {}", title.material, title.noun).to_lowercase();
    let praise = dice.one(PRAISE).replace("{}", &thing);
    let details: Vec<&str> = (0..=dice.below(3)).map(|_| dice.one(DETAIL)).collect();
    format!("<p>{praise}</p>\n<p>{} {}</p>", details.join(" "), dice.one(ORIGIN))
}

fn images(title: &Title, seed: u64, number: u64, dice: &mut Dice) -> Vec<ImageInput> {
    (1..=1 + dice.below(3))
        .map(|place| ImageInput {
            url: format!("https://images.example/{seed}/{number}/{place}.jpg"),
            alt: if dice.percent(50) { Cell::Is(title.name()) } else { Cell::Empty },
        })
        .collect()
}

fn attributes(title: &Title, dice: &mut Dice) -> Vec<(String, String, AttributeKind, Cell<String>)> {
    let mut values = vec![("material", "Material", AttributeKind::Select, title.material.to_owned())];
    if !title.kind.axes.contains(&Axis::Colour) {
        values.push(("colour", "Colour", AttributeKind::Colour, dice.one(COLOURS).to_owned()));
    }
    if title.kind.path[0] == "Electronics" {
        let years = (1 + dice.below(5)).to_string();
        values.push(("warranty_years", "Warranty in years", AttributeKind::Number, years));
    }
    if dice.percent(30) {
        let handmade = dice.percent(50).to_string();
        values.push(("handmade", "Handmade", AttributeKind::Boolean, handmade));
    }
    if dice.percent(40) {
        values.push(("care", "Care", AttributeKind::Text, dice.one(CARES).to_owned()));
    }
    let cell = |(code, name, kind, value): (&str, &str, _, _)| {
        (code.to_owned(), name.to_owned(), kind, Cell::Is(value))
    };
    values.into_iter().map(cell).collect()
}

/// The options of a product, each with the values that it comes in: never more combinations than it may have variants.
fn axes(kind: &Kind, variants_max: usize, dice: &mut Dice) -> Vec<(Axis, Vec<&'static str>)> {
    let mut left = 1 + dice.below(variants_max);
    let mut axes = Vec::new();
    for &axis in kind.axes {
        let all = axis.values();
        let count = (1 + dice.below(left)).min(all.len());
        left /= count;
        // Sizes are neighbours; so are colours, and nobody minds.
        let from = dice.below(all.len() - count + 1);
        axes.push((axis, all[from..from + count].to_vec()));
    }
    axes
}

/// Every combination of the values.
fn combined(axes: &[(Axis, Vec<&'static str>)]) -> Vec<Vec<&'static str>> {
    axes.iter().fold(vec![Vec::new()], |rows, (_, values)| {
        let with = |row: Vec<&'static str>| {
            values.iter().map(move |&value| row.iter().copied().chain([value]).collect())
        };
        rows.into_iter().flat_map(with).collect()
    })
}

/// An amount as shops like them: two digits that say something, then a 9 or zeros.
fn nice(amount: u64) -> u64 {
    let step = match amount {
        0..1_000 => 10,
        1_000..10_000 => 100,
        10_000..100_000 => 500,
        _ => 5_000,
    };
    (amount / step).max(1) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Made = Made { seed: 7, variants_max: 6, currency: Currency::NGN };

    #[test]
    fn a_product_is_the_same_every_time_and_others_are_others() {
        for number in 0..200 {
            let product = MADE.product(number).unwrap();
            assert_eq!(MADE.product(number).unwrap(), product);
            assert_eq!(MADE.slug(number).unwrap(), product.slug);
            assert!((1..=6).contains(&product.variants.len()), "{} variants", product.variants.len());
        }
        let other = Made { seed: 8, ..MADE };
        assert_ne!(other.product(1).unwrap().slug, MADE.product(1).unwrap().slug);
        assert!(MADE.created_at(5).unwrap() > MADE.created_at(4).unwrap());
    }

    #[test]
    fn as_many_variants_as_asked_for_come_up() {
        let made = Made { variants_max: 30, ..MADE };
        let most = (0..2_000).map(|number| made.product(number).unwrap().variants.len()).max().unwrap();
        assert!((20..=30).contains(&most), "{most}");
        let one = Made { variants_max: 1, ..MADE };
        assert!((0..200).all(|number| one.product(number).unwrap().variants.len() == 1));
    }
}
