//! Variants: which of those that are there each row means, and what it becomes.

use std::collections::{HashMap, HashSet};

use super::draft::{About, Refused};
use super::stock::{Said, UNITS_MAX};
use super::{Refusal, Warning, sku, text};
use crate::catalog::{
    Cell, Dimensions, Product, ProductStatus, Sku, Slug, TaxClass, Variant, VariantInput, Weight, WeightUnit,
};
use crate::{Currency, Ids, ProductId, UnitPrice, VariantId};

/// That a product would have no variant: also what follows when its only one is refused.
pub(in crate::catalog) const NO_VARIANT: &str = "no-variant";

/// What is known of the product before its variants are looked at.
pub(super) struct Setting<'a> {
    pub(super) about: About<'a>,
    pub(super) product: ProductId,
    pub(super) status: ProductStatus,
    pub(super) option_count: usize,
    pub(super) currency: Currency,
    /// Which product has which SKU, in the shop and in the plan so far.
    pub(super) owners: &'a HashMap<Sku, ProductId>,
    /// Whether those that are named are all that it is to have.
    pub(super) only_named: bool,
    /// Those that it loses.
    pub(super) without: &'a [Sku],
}

/// The variants as they will be.
pub(super) struct Rows {
    pub(super) variants: Vec<Variant>,
    pub(super) stock: Vec<(VariantId, Said)>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) warnings: Vec<Warning>,
}

/// What was said about a variant.
struct Row {
    input: VariantInput,
    /// The place of the one it means among those that are there.
    known: Option<usize>,
}

/// A variant as a row wants it.
struct Target {
    line: u64,
    known: Option<usize>,
    variant: Variant,
    /// Whether its SKU is to be made.
    unnamed: bool,
    stock: Option<i64>,
    warnings: Vec<Warning>,
}

/// Merges the rows into the variants that are there. A row that cannot be taken leaves its variant as it is.
pub(super) fn merge(
    mut variants: Vec<Variant>,
    inputs: Vec<VariantInput>,
    setting: &Setting<'_>,
    ids: &mut Ids,
) -> Result<Rows, Refused> {
    let mut refusals = unknown(&variants, setting);
    let mut targets = Vec::new();
    let rows = matched(&variants, inputs, setting, &mut refusals);
    let kept: Vec<bool> = {
        let named: HashSet<usize> = rows.iter().filter_map(|row| row.known).collect();
        let stays = |(place, variant): (usize, &Variant)| {
            !setting.without.contains(&variant.sku) && (!setting.only_named || named.contains(&place))
        };
        variants.iter().enumerate().map(stays).collect()
    };
    for row in rows {
        match target(&variants, &kept, row, setting, ids) {
            Ok(target) => targets.push(target),
            Err(refusal) => refusals.push(refusal),
        }
    }
    part_twins(&variants, &kept, &mut targets, setting, &mut refusals);

    let (mut stock, mut warnings, mut order) = (Vec::new(), Vec::new(), HashMap::new());
    let mut named: HashSet<Sku> = variants.iter().map(|variant| variant.sku.clone()).collect();
    named.extend(targets.iter().filter(|target| !target.unnamed).map(|target| target.variant.sku.clone()));
    for mut target in targets {
        if target.unnamed {
            target.variant.sku = free_sku(&target.variant.option_values, setting, &named);
            named.insert(target.variant.sku.clone());
        }
        stock.extend(target.stock.map(|units| (target.variant.id, Said { line: target.line, units })));
        warnings.extend(target.warnings);
        match target.known {
            Some(place) => variants[place] = target.variant.clone(),
            None => variants.push(target.variant.clone()),
        }
        order.insert(target.variant.id, order.len());
    }
    let mut kept = kept.into_iter();
    variants.retain(|_| kept.next().unwrap_or(true));
    if setting.only_named {
        variants.sort_by_key(|variant| order.get(&variant.id).copied());
    }
    match whole(&variants, setting) {
        Ok(()) => Ok(Rows { variants, stock, refusals, warnings }),
        Err(refusal) => {
            refusals.push(refusal);
            Err(Refused(refusals))
        }
    }
}

/// Refuses SKUs that it is to lose and does not have.
fn unknown(variants: &[Variant], setting: &Setting<'_>) -> Vec<Refusal> {
    let missing = setting.without.iter().filter(|sku| variants.iter().all(|variant| variant.sku != **sku));
    missing.map(|sku| not_its(&setting.about, sku)).collect()
}

fn not_its(about: &About<'_>, sku: &Sku) -> Refusal {
    about.refuse("sku", "variant-unknown", format!("the product has no variant with the SKU {sku}"))
}

/// Finds for each row the variant that it means: by SKU, else by option values. All SKUs come first, so that option
/// values may move from one variant to another.
fn matched(
    variants: &[Variant],
    inputs: Vec<VariantInput>,
    setting: &Setting<'_>,
    refusals: &mut Vec<Refusal>,
) -> Vec<Row> {
    let by_sku: HashMap<&Sku, usize> =
        variants.iter().enumerate().map(|(place, known)| (&known.sku, place)).collect();
    let by_values: HashMap<&[String], usize> =
        variants.iter().enumerate().map(|(place, known)| (&known.option_values[..], place)).collect();
    let mut claimed = vec![false; variants.len()];
    let (mut skus_named, mut values_named) = (HashSet::new(), HashSet::new());
    let mut rows: Vec<Row> = Vec::with_capacity(inputs.len());
    for mut input in inputs {
        input.option_values = text::trimmed(&input.option_values);
        let known = match &input.sku {
            Cell::Is(sku) if !skus_named.insert(sku.clone()) => {
                let reason = format!("the SKU {sku} is named twice: every variant has its own");
                refusals.push(about(setting, &input).refuse("sku", "sku-twice", reason));
                continue;
            }
            Cell::Is(sku) => by_sku.get(input.was.as_ref().unwrap_or(sku)).copied(),
            Cell::Absent | Cell::Empty => input.was.as_ref().and_then(|sku| by_sku.get(sku)).copied(),
        };
        if let (None, Some(was)) = (known, &input.was) {
            refusals.push(not_its(&about(setting, &input), was));
            continue;
        }
        // Twice even if the first of them is refused for something else: a second time it may be taken, and would then
        // stand in the place of this one.
        let unsaid = input.option_values.is_empty() && (known.is_some() || setting.option_count > 0);
        if !unsaid && !values_named.insert(input.option_values.clone()) {
            refusals.push(options_twice(&about(setting, &input), &input.option_values));
            continue;
        }
        if let Some(place) = known {
            claimed[place] = true;
        }
        rows.push(Row { input, known });
    }
    for row in rows.iter_mut().filter(|row| row.known.is_none()) {
        let place = by_values.get(&row.input.option_values[..]).copied();
        row.known = place.filter(|place| !std::mem::replace(&mut claimed[*place], true));
    }
    // Options were added to a product without any, or the other way round: its one variant becomes the first row's.
    if let ([only], [false]) = (variants, &claimed[..])
        && only.option_values.len() != setting.option_count
        && let Some(first) = rows.iter_mut().find(|row| row.known.is_none())
    {
        first.known = Some(0);
    }
    rows
}

fn target(
    variants: &[Variant],
    kept: &[bool],
    row: Row,
    setting: &Setting<'_>,
    ids: &mut Ids,
) -> Result<Target, Refusal> {
    let Row { input, known } = row;
    let before = known.map(|place| &variants[place]);
    let about = about(setting, &input);
    let option_values = option_values(&about, before, &input.option_values, setting)?;
    let (sku, unnamed) = match (&input.sku, before) {
        (Cell::Is(sku), _) => {
            if setting.owners.get(sku).is_some_and(|owner| *owner != setting.product) {
                let reason =
                    format!("another product has the SKU {sku}: every variant in the shop has its own");
                return Err(about.refuse("sku", "sku-taken", reason));
            }
            // A code goes from one variant to another in two steps: a store cannot tell a swap from a mistake.
            let its = |(place, variant): (usize, &Variant)| kept[place] && variant.sku == *sku;
            let renamed = before.is_some_and(|before| before.sku != *sku);
            if renamed && variants.iter().enumerate().any(its) {
                let reason = format!("another variant of the product has the SKU {sku}");
                return Err(about.refuse("sku", "sku-taken", reason));
            }
            (sku.clone(), false)
        }
        (Cell::Absent | Cell::Empty, Some(before)) => (before.sku.clone(), false),
        (Cell::Absent | Cell::Empty, None) => (sku::made_of(setting.about.slug, &option_values, 0), true),
    };
    let price = price(&about, before, input.price, setting)?;
    let mut warnings = Vec::new();
    let compare_at_price = input.compare_at_price.over(before.and_then(|before| before.compare_at_price));
    let compare_at_price = match compare_at_price {
        Some(high) if high.currency != setting.currency => {
            return Err(currency_mismatch(&about, "compare_at_price", high, setting));
        }
        Some(high) if high.ten_thousandths <= price.ten_thousandths => {
            let reason =
                format!("{} is not above the price of {} and was dropped", high.amount(), price.amount());
            warnings.push(about.warn("compare_at_price", "compare-at-dropped", reason));
            None
        }
        other => other,
    };
    let stock = match input.stock {
        Cell::Is(units) if units > UNITS_MAX => {
            let reason = format!("a stock of {units} is more than {UNITS_MAX}");
            return Err(about.refuse("stock", "stock-invalid", reason));
        }
        Cell::Is(units) => Some(units),
        Cell::Absent | Cell::Empty => None,
    };
    let variant = Variant {
        id: before.map_or_else(|| ids.fresh(), |before| before.id),
        sku,
        option_values,
        price,
        compare_at_price,
        cost: cost(&about, before, input.cost, setting)?,
        weight: weight(&about, before, input.grams, input.weight_unit)?,
        dimensions: dimensions(&about, before, input.dimensions)?,
        barcode: line(&about, "barcode", input.barcode, before.and_then(|before| before.barcode.clone()))?,
        image: line(&about, "image", input.image, before.and_then(|before| before.image.clone()))?,
        tax_class: tax_class(before, input.tax_class, input.taxable),
        digital: input.digital.over(before.map(|before| before.digital)).unwrap_or(false),
        tracked: input.tracked.over(before.map(|before| before.tracked)).unwrap_or(true),
        backorder: input.backorder.over(before.map(|before| before.backorder)).unwrap_or(false),
    };
    Ok(Target { line: about.line, known, variant, unnamed, stock, warnings })
}

/// No two variants of a product have the same option values: the later row gives way.
fn part_twins(
    variants: &[Variant],
    kept: &[bool],
    targets: &mut Vec<Target>,
    setting: &Setting<'_>,
    refusals: &mut Vec<Refusal>,
) {
    // A row that gives way leaves its variant with the values it had, which may be what another row wanted: look again.
    loop {
        let twins = twins(variants, kept, targets);
        if twins.is_empty() {
            return;
        }
        for place in twins.into_iter().rev() {
            let target = targets.remove(place);
            let about = About { line: target.line, slug: setting.about.slug };
            refusals.push(options_twice(&about, &target.variant.option_values));
        }
    }
}

/// The places of the rows whose option values an untouched variant or an earlier row has.
fn twins(variants: &[Variant], kept: &[bool], targets: &[Target]) -> Vec<usize> {
    let touched: HashSet<usize> = targets.iter().filter_map(|target| target.known).collect();
    let untouched = variants.iter().enumerate().filter(|(place, _)| kept[*place] && !touched.contains(place));
    let mut seen: HashSet<&[String]> = untouched.map(|(_, variant)| &variant.option_values[..]).collect();
    let rows = targets.iter().enumerate();
    rows.filter_map(|(place, target)| (!seen.insert(&target.variant.option_values)).then_some(place))
        .collect()
}

/// What must hold of all variants together.
fn whole(variants: &[Variant], setting: &Setting<'_>) -> Result<(), Refusal> {
    let about = &setting.about;
    if variants.is_empty() {
        let reason = "a product needs a variant, and none of its own can be taken";
        return Err(about.refuse("variants", NO_VARIANT, reason));
    }
    if variants.len() > Product::VARIANTS_MAX {
        let reason = format!("{} variants are more than {}", variants.len(), Product::VARIANTS_MAX);
        return Err(about.refuse("variants", "too-many-variants", reason));
    }
    if let Some(other) = variants.iter().find(|variant| variant.option_values.len() != setting.option_count) {
        let reason = format!(
            "its variant {} would have {} option values for {} options: name it too, by its SKU",
            other.sku,
            other.option_values.len(),
            setting.option_count
        );
        return Err(about.refuse("options", "options-mismatch", reason));
    }
    if let Some(other) = variants.iter().find(|variant| variant.price.currency != setting.currency) {
        return Err(currency_mismatch(about, "price", other.price, setting));
    }
    let unpriced = variants.iter().find(|variant| variant.price.ten_thousandths == 0);
    if let (ProductStatus::Published, Some(unpriced)) = (setting.status, unpriced) {
        let reason = format!(
            "its variant {} has the price 0: give it a price or leave the product a draft",
            unpriced.sku
        );
        return Err(about.refuse("price", "price-zero", reason));
    }
    Ok(())
}

fn option_values(
    about: &About<'_>,
    before: Option<&Variant>,
    said: &[String],
    setting: &Setting<'_>,
) -> Result<Vec<String>, Refusal> {
    let refuse = |code, reason| Err(about.refuse("option_values", code, reason));
    if said.is_empty()
        && let Some(before) = before.filter(|before| before.option_values.len() == setting.option_count)
    {
        return Ok(before.option_values.clone());
    }
    if said.is_empty() && setting.option_count > 0 {
        let reason = "it names neither a SKU of the product nor a value for each option";
        return refuse("options-count", reason.to_owned());
    }
    if said.len() != setting.option_count {
        return refuse(
            "options-count",
            format!("{} values for {} options", said.len(), setting.option_count),
        );
    }
    said.iter().try_fold(Vec::with_capacity(said.len()), |mut values, value| {
        match text::name(about, "option_values", value)? {
            Some(value) => values.push(value),
            None => return refuse("option-empty", "an option has no value".to_owned()),
        }
        Ok(values)
    })
}

fn price(
    about: &About<'_>,
    before: Option<&Variant>,
    said: Cell<UnitPrice>,
    setting: &Setting<'_>,
) -> Result<UnitPrice, Refusal> {
    let price = said.over(before.map(|before| before.price));
    let published = setting.status == ProductStatus::Published;
    match price {
        Some(price) if price.currency != setting.currency => {
            Err(currency_mismatch(about, "price", price, setting))
        }
        Some(price) if price.ten_thousandths < 0 => {
            Err(about.refuse("price", "price-invalid", format!("the price {} is below 0", price.amount())))
        }
        Some(price) if price.ten_thousandths == 0 && published => {
            let reason = "a product on sale cannot cost 0: give it a price or leave it a draft";
            Err(about.refuse("price", "price-zero", reason))
        }
        Some(price) => Ok(price),
        None if published => {
            let reason = "a product on sale needs a price: give it one or leave it a draft";
            Err(about.refuse("price", "price-missing", reason))
        }
        None => Ok(UnitPrice { ten_thousandths: 0, currency: setting.currency }),
    }
}

fn cost(
    about: &About<'_>,
    before: Option<&Variant>,
    said: Cell<UnitPrice>,
    setting: &Setting<'_>,
) -> Result<Option<UnitPrice>, Refusal> {
    match said.over(before.and_then(|before| before.cost)) {
        Some(cost) if cost.currency != setting.currency => {
            Err(currency_mismatch(about, "cost", cost, setting))
        }
        Some(cost) if cost.ten_thousandths < 0 => {
            Err(about.refuse("cost", "price-invalid", format!("the cost {} is below 0", cost.amount())))
        }
        cost => Ok(cost),
    }
}

fn weight(
    about: &About<'_>,
    before: Option<&Variant>,
    grams: Cell<rust_decimal::Decimal>,
    unit: Cell<WeightUnit>,
) -> Result<Option<Weight>, Refusal> {
    let before = before.and_then(|before| before.weight);
    let unit = unit.over(before.map(|weight| weight.unit)).unwrap_or(WeightUnit::Gram);
    match grams.over(before.map(|weight| weight.grams)) {
        Some(grams) if grams.is_sign_negative() && !grams.is_zero() || grams > Weight::GRAMS_MAX.into() => {
            let reason = format!("{grams} g is not between 0 and {} g", Weight::GRAMS_MAX);
            Err(about.refuse("weight", "weight-invalid", reason))
        }
        grams => Ok(grams.map(|grams| Weight { grams: grams.normalize(), unit })),
    }
}

fn dimensions(
    about: &About<'_>,
    before: Option<&Variant>,
    said: Cell<Dimensions>,
) -> Result<Option<Dimensions>, Refusal> {
    match said.over(before.and_then(|before| before.dimensions)) {
        Some(dimensions) if !dimensions.fits() => {
            let reason = "a side is above 0, at most 100 metres, and has at most 6 decimals".to_owned();
            Err(about.refuse("dimensions", "dimensions-invalid", reason))
        }
        dimensions => Ok(dimensions),
    }
}

fn tax_class(before: Option<&Variant>, said: Cell<TaxClass>, taxable: Cell<bool>) -> TaxClass {
    let class = said.over(before.map(|before| before.tax_class.clone())).unwrap_or_else(TaxClass::standard);
    match taxable {
        Cell::Is(false) => TaxClass::exempt(),
        Cell::Is(true) | Cell::Empty if class == TaxClass::exempt() => TaxClass::standard(),
        Cell::Is(true) | Cell::Empty | Cell::Absent => class,
    }
}

fn line(
    about: &About<'_>,
    field: &'static str,
    said: Cell<String>,
    before: Option<String>,
) -> Result<Option<String>, Refusal> {
    match said {
        Cell::Absent => Ok(before),
        Cell::Empty => Ok(None),
        Cell::Is(said) => text::address(about, field, &said),
    }
}

fn free_sku(option_values: &[String], setting: &Setting<'_>, named: &HashSet<Sku>) -> Sku {
    let slug: &Slug = setting.about.slug;
    let mut made = (0..).map(|attempt| sku::made_of(slug, option_values, attempt));
    let free = made.find(|sku| !named.contains(sku) && !setting.owners.contains_key(sku));
    free.unwrap_or_else(|| sku::made_of(slug, option_values, u32::MAX))
}

fn currency_mismatch(
    about: &About<'_>,
    field: &'static str,
    amount: UnitPrice,
    setting: &Setting<'_>,
) -> Refusal {
    let reason = format!("{amount} is not in {}, the currency of this import", setting.currency);
    about.refuse(field, "currency-mismatch", reason)
}

fn options_twice(about: &About<'_>, values: &[String]) -> Refusal {
    let reason = match values.join(" / ") {
        values if values.is_empty() => "a product without options has one variant only".to_owned(),
        values => format!("another variant of the product is {values} already"),
    };
    about.refuse("option_values", "options-twice", reason)
}

fn about<'a>(setting: &Setting<'a>, input: &VariantInput) -> About<'a> {
    let line = if input.line == 0 { setting.about.line } else { input.line };
    About { line, slug: setting.about.slug }
}
