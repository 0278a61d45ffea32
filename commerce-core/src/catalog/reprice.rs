//! Prices of many variants at once: what is there, what was said, what to write.
//!
//! A product that is written whole costs its texts, pictures and search terms too. Ten thousand prices are none of that,
//! so they go through the change set as what they are: prices of variants, and what listings show of their products.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};

use super::{Cell, Changes, ListPrice, Listed, PriceChange, ProductStatus, Repricing, Sku, VariantPrice};
use crate::access::Caller;
use crate::audit::Entry;
use crate::commit::ChangeSet;
use crate::idempotency::{Outcome, Record, Request, Scope};
use crate::inventory::Mode;
use crate::{AuditId, Currency, Ids, ProductId, SellerId, Timestamp, UnitPrice, VariantId};

/// The most prices that are set at once.
pub const PRICES_MAX: usize = 10_000;

/// Which prices to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceLook {
    /// Variants by their code; all variants of their products are seen.
    pub skus: Vec<Sku>,
    /// The record of a request that may be a repetition.
    pub repeated: Option<Scope>,
}

/// What a decision about prices looks at, in one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceView {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The products of the variants, without deleted ones, by id.
    pub products: Vec<PricedProduct>,
    /// The record of the request.
    pub record: Option<Record>,
}

/// A product as its prices see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedProduct {
    /// Its id.
    pub id: ProductId,
    /// Who sells it; absent: the shop itself.
    pub seller: Option<SellerId>,
    /// Whether shoppers see it.
    pub status: ProductStatus,
    /// Its version.
    pub version: u64,
    /// All its variants, in order.
    pub variants: Vec<PricedVariant>,
}

/// A variant as its prices see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedVariant {
    /// Its code.
    pub sku: Sku,
    /// Its prices.
    pub price: VariantPrice,
}

/// What somebody says about the prices of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceInput {
    /// The variant's code.
    pub sku: String,
    /// The list price of one unit: a decimal number in the shop's currency.
    pub price: String,
    /// The higher price that it is compared at.
    pub compare_at_price: Cell<String>,
    /// What one unit costs the shop.
    pub cost: Cell<String>,
}

/// A row that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRefused {
    /// Its place in the list.
    pub index: usize,
    /// Which field of it.
    pub field: &'static str,
    /// Why: `unknown`, `duplicate`, `invalid`, `out-of-range`.
    pub code: &'static str,
    /// Why, in words.
    pub reason: String,
}

/// What a list of prices changes, and what of it cannot be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Repriced {
    /// What to write; empty when nothing is.
    pub changes: ChangeSet,
    /// The audit row that tells of it.
    pub audit: Option<AuditId>,
    /// How many variants change.
    pub written: u64,
    /// How many have these prices already.
    pub unchanged: u64,
    /// What cannot be taken, in the order of the list.
    pub refusals: Vec<PriceRefused>,
}

/// A price that changes: what a history of prices is made of.
struct Change<'a> {
    product: ProductId,
    sku: &'a Sku,
    before: VariantPrice,
    after: VariantPrice,
}

impl Change<'_> {
    /// The row of the history, when more than the cost changes.
    fn told(&self, at: Timestamp, caller: &Caller, ids: &mut Ids) -> Option<PriceChange> {
        let (before, after) = (self.before.list, self.after.list);
        (before != after).then(|| PriceChange {
            id: ids.fresh(),
            product: self.product,
            variant: self.after.variant,
            sku: self.sku.clone(),
            before,
            after,
            actor: caller.actor(),
            at,
        })
    }
}

/// Decides what prices become. With [`Mode::All`] and a refusal none does. To whom `caller` is limited, what others sell
/// is unknown.
///
/// A price that is compared at and not above the new one any more is taken away, unless it was said with it.
#[must_use]
pub fn reprice(
    view: &PriceView,
    inputs: &[PriceInput],
    mode: Mode,
    currency: Currency,
    caller: &Caller,
    request: Option<&Request>,
    ids: &mut Ids,
) -> Repriced {
    let seller = caller.seller();
    let mut places: HashMap<&str, (usize, usize)> = HashMap::new();
    for (at, product) in view.products.iter().enumerate() {
        if seller.is_none() || product.seller == seller {
            let variants = product.variants.iter().enumerate();
            places.extend(variants.map(|(place, variant)| (variant.sku.as_str(), (at, place))));
        }
    }
    let mut named = HashSet::new();
    let mut refusals = Vec::new();
    let mut changed: BTreeMap<usize, HashMap<VariantId, VariantPrice>> = BTreeMap::new();
    let mut history = Vec::new();
    let mut unchanged = 0;
    for (index, input) in inputs.iter().enumerate() {
        let refuse = |(field, code, reason): Wrong| PriceRefused { index, field, code, reason };
        let Some((at, place)) = places.get(input.sku.trim()).copied() else {
            refusals.push(refuse(("sku", "unknown", "no variant has this SKU".to_owned())));
            continue;
        };
        let product = &view.products[at];
        let known = &product.variants[place];
        if !named.insert(known.price.variant) {
            refusals.push(refuse(("sku", "duplicate", format!("{} is named twice", known.sku))));
            continue;
        }
        match priced(known.price, product.status, input, currency) {
            Err(wrong) => refusals.push(refuse(wrong)),
            Ok(after) if after == known.price => unchanged += 1,
            Ok(after) => {
                changed.entry(at).or_default().insert(after.variant, after);
                history.push(Change { product: product.id, sku: &known.sku, before: known.price, after });
            }
        }
    }
    let is_refused = mode == Mode::All && !refusals.is_empty();
    // A request under a key is recorded even when it changes nothing, so that its repetition changes nothing either.
    if is_refused || (history.is_empty() && request.is_none()) {
        return Repriced { changes: ChangeSet::default(), audit: None, written: 0, unchanged, refusals };
    }
    let catalog = Changes {
        reprice: changed.iter().filter_map(|(at, new)| write(view, *at, new)).collect(),
        prices: history.iter().filter_map(|change| change.told(view.now, caller, ids)).collect(),
    };
    let mut changes = ChangeSet { catalog, ..ChangeSet::default() };
    let audit: AuditId = ids.fresh();
    let (written, products) = (history.len() as u64, changed.len());
    changes.audit.push(Entry {
        id: audit,
        at: view.now,
        actor: caller.actor(),
        action: "prices.set".to_owned(),
        target: "prices".to_owned(),
        data: told(&history, products, unchanged, &refusals),
    });
    changes.idempotency = request.map(|request| request.record(Outcome::Audited(audit), view.now));
    Repriced { changes, audit: Some(audit), written, unchanged, refusals }
}

/// Field, code and words of what is wrong.
type Wrong = (&'static str, &'static str, String);

fn priced(
    before: VariantPrice,
    status: ProductStatus,
    input: &PriceInput,
    currency: Currency,
) -> Result<VariantPrice, Wrong> {
    let read = |field, text: &str| match UnitPrice::parse(text, currency) {
        Ok(price) if price.ten_thousandths < 0 => Err((field, "out-of-range", "is below 0".to_owned())),
        Ok(price) => Ok(price),
        Err(error) => Err((field, "invalid", error.to_string())),
    };
    let price = read("price", &input.price)?;
    if price.ten_thousandths == 0 && status == ProductStatus::Published {
        return Err(("price", "out-of-range", "a product on sale cannot cost 0".to_owned()));
    }
    let compare_at_price = match &input.compare_at_price {
        Cell::Empty => None,
        Cell::Absent => {
            before.list.compare_at_price.filter(|high| high.ten_thousandths > price.ten_thousandths)
        }
        Cell::Is(text) => match read("compare_at_price", text)? {
            high if high.ten_thousandths <= price.ten_thousandths => {
                let reason = format!("must be above the price of {}", price.amount());
                return Err(("compare_at_price", "out-of-range", reason));
            }
            high => Some(high),
        },
    };
    let cost = match &input.cost {
        Cell::Absent => before.cost,
        Cell::Empty => None,
        Cell::Is(text) => Some(read("cost", text)?),
    };
    Ok(VariantPrice { variant: before.variant, list: ListPrice { price, compare_at_price }, cost })
}

fn write(view: &PriceView, at: usize, new: &HashMap<VariantId, VariantPrice>) -> Option<Repricing> {
    let product = &view.products[at];
    let now = |variant: &PricedVariant| *new.get(&variant.price.variant).unwrap_or(&variant.price);
    let listed = Listed::of(product.variants.iter().map(now).map(|price| price.list))?;
    let touched = product.variants.iter().filter_map(|variant| new.get(&variant.price.variant).copied());
    Some(Repricing {
        product: product.id,
        expected_version: product.version,
        updated_at: view.now,
        listed,
        variants: touched.collect(),
    })
}

/// What the audit row says: of a few prices what they were before and after, of many how many.
fn told(history: &[Change<'_>], products: usize, unchanged: u64, refusals: &[PriceRefused]) -> Value {
    const TOLD_MAX: usize = 500;
    let mut told = json!({ "written": history.len(), "unchanged": unchanged, "products": products });
    if history.len() <= TOLD_MAX {
        let price = |price: &VariantPrice| {
            json!({
                "price": price.list.price.amount(),
                "compare_at_price": price.list.compare_at_price.map(UnitPrice::amount),
                "cost": price.cost.map(UnitPrice::amount),
            })
        };
        let one = |change: &Change<'_>| json!({ "sku": change.sku, "before": price(&change.before), "after": price(&change.after) });
        told["prices"] = history.iter().map(one).collect();
    }
    if !refusals.is_empty() {
        let one =
            |refused: &PriceRefused| json!([refused.index, refused.field, refused.code, refused.reason]);
        told["refused"] = refusals.iter().map(one).collect();
    }
    told
}

impl PriceRefused {
    const FIELDS: [&'static str; 4] = ["sku", "price", "compare_at_price", "cost"];
    const CODES: [&'static str; 4] = ["unknown", "duplicate", "invalid", "out-of-range"];

    /// A refusal as an audit row tells of it.
    pub(super) fn read(told: &Value) -> Option<Self> {
        let one_of = |at: usize, all: [&'static str; 4]| all.into_iter().find(|known| told[at] == **known);
        Some(Self {
            index: usize::try_from(told[0].as_u64()?).ok()?,
            field: one_of(1, Self::FIELDS)?,
            code: one_of(2, Self::CODES)?,
            reason: told[3].as_str()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MovementId;

    fn naira(text: &str) -> UnitPrice {
        UnitPrice::parse(text, Currency::NGN).unwrap()
    }

    fn view(prices: &[(&str, &str, Option<&str>)]) -> PriceView {
        let mut ids = Ids::new([7; 32], Timestamp::from_micros(0).unwrap());
        let variants = prices.iter().map(|(sku, price, high)| PricedVariant {
            sku: sku.parse().unwrap(),
            price: VariantPrice {
                variant: VariantId(ids.fresh::<MovementId>().0),
                list: ListPrice { price: naira(price), compare_at_price: high.map(naira) },
                cost: None,
            },
        });
        let variants = variants.collect();
        let product = PricedProduct {
            id: ids.fresh(),
            seller: None,
            status: ProductStatus::Published,
            version: 4,
            variants,
        };
        PriceView { now: Timestamp::from_micros(0).unwrap(), products: vec![product], record: None }
    }

    fn said(sku: &str, price: &str) -> PriceInput {
        PriceInput {
            sku: sku.to_owned(),
            price: price.to_owned(),
            compare_at_price: Cell::Absent,
            cost: Cell::Absent,
        }
    }

    fn decide(view: &PriceView, inputs: &[PriceInput], mode: Mode) -> Repriced {
        let caller = Caller::Operator { name: "admin".to_owned() };
        reprice(view, inputs, mode, Currency::NGN, &caller, None, &mut Ids::new([1; 32], view.now))
    }

    #[test]
    fn a_listing_shows_the_cheapest_of_all_variants_and_not_of_those_that_changed() {
        let view = view(&[("a", "10", None), ("b", "20", Some("30"))]);
        let done = decide(&view, &[said("b", "5")], Mode::All);
        let [write] = done.changes.catalog.reprice.as_slice() else { panic!("{done:?}") };
        assert_eq!((write.expected_version, write.variants.len()), (4, 1));
        let [told] = done.changes.catalog.prices.as_slice() else { panic!("{done:?}") };
        assert_eq!((told.before.price, told.after.price), (naira("20"), naira("5")));
        assert_eq!(write.listed.price, naira("5"));
        assert_eq!(write.listed.compare_at_price, Some(naira("30")));
        assert_eq!(write.listed.price_max, naira("10"));
    }

    #[test]
    fn one_row_that_is_wrong_keeps_all_from_being_written_unless_the_others_are_wanted() {
        let view = view(&[("a", "10", None), ("b", "20", None)]);
        let rows = [said("a", "11"), said("c", "1"), said("b", "0"), said("a", "12"), said("b", "-1")];
        let none = decide(&view, &rows, Mode::All);
        assert_eq!((none.changes, none.written), (ChangeSet::default(), 0));
        let some = decide(&view, &rows, Mode::Valid);
        let told: Vec<_> =
            some.refusals.iter().map(|refused| (refused.index, refused.field, refused.code)).collect();
        assert_eq!(
            told,
            [
                (1, "sku", "unknown"),
                (2, "price", "out-of-range"),
                (3, "sku", "duplicate"),
                (4, "sku", "duplicate")
            ]
        );
        assert_eq!((some.written, some.refusals.len()), (1, 4));
        let told = &some.changes.audit[0].data["refused"];
        let again: Vec<_> = told.as_array().unwrap().iter().filter_map(PriceRefused::read).collect();
        assert_eq!(again, some.refusals);
    }

    #[test]
    fn what_a_price_is_compared_at_is_above_it_or_goes() {
        let view = view(&[("a", "10", Some("12"))]);
        let after = |input: PriceInput| {
            decide(&view, &[input], Mode::All).changes.catalog.reprice[0].variants[0].list.compare_at_price
        };
        assert_eq!(after(said("a", "11")), Some(naira("12")));
        assert_eq!(after(said("a", "12")), None);
        let gone = PriceInput { compare_at_price: Cell::Empty, ..said("a", "10") };
        assert_eq!(after(gone), None);
        let low = PriceInput { compare_at_price: Cell::Is("10".to_owned()), ..said("a", "10") };
        assert_eq!(decide(&view, &[low], Mode::All).refusals[0].field, "compare_at_price");
        assert_eq!(decide(&view, &[said("a", "10")], Mode::All).unchanged, 1);
    }
}
