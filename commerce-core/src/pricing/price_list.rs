//! Price lists: other prices for some customers, channels, currencies, quantities or times.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::input::{PricingInput, PricingLine};
use super::wrong::Wrong;
use crate::{Currency, MoneyError, Timestamp, UnitPrice};

/// Prices that hold instead of the list prices, for whom and when it says.
///
/// ```
/// use commerce_core::pricing::PriceList;
/// let trade: PriceList = serde_json::from_str(r#"{
///     "code": "trade", "label": "Trade", "groups": ["wholesale"],
///     "prices": [{"sku": "SCREW-4", "price": "0.05"}, {"sku": "SCREW-4", "from_quantity": 1000, "price": "0.0035"}]
/// }"#)?;
/// # let _ = trade;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// Its code, unique among price lists.
    pub code: String,
    /// What to call it.
    pub label: String,
    /// The currency of its prices; absent: the shop's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// For customers in one of these groups; empty: for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// In one of these channels; empty: in all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// When it begins; absent: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it is over; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether its prices hold tax; absent: as the rulebook's tax rules say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes_tax: Option<bool>,
    /// Its prices.
    pub prices: Vec<ListedPrice>,
}

/// A price in a price list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListedPrice {
    /// Of which variant.
    pub sku: String,
    /// From how many units on: all line items of the SKU count together. 1 when not given.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[cfg_attr(feature = "schema", schemars(extend("minimum" = 1)))]
    pub from_quantity: u32,
    /// The price of a unit in major units, with up to four decimals more than the currency has.
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub price: String,
    /// The price that it is shown to have been reduced from; it must be above the price. A line item priced so counts as
    /// reduced already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("pattern" = crate::schema::AMOUNT)))]
    pub compare_at: Option<String>,
}

/// Which of several prices holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceChoice {
    /// The lowest, the list price among them.
    #[default]
    Cheapest,
    /// That of the list which says most precisely for whom it is - a customer group counts more than a channel, that more
    /// than a time window - then of the highest quantity, then of the list that stands first. The list price holds only
    /// where no price list has one.
    MostSpecific,
}

/// The price lists of a rulebook, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct PriceLists {
    lists: Vec<List>,
    prices: FxHashMap<String, Vec<Price>>,
    choice: PriceChoice,
}

#[derive(Debug, Clone)]
struct List {
    source: Arc<str>,
    currency: Currency,
    groups: Vec<String>,
    channels: Vec<String>,
    window: (i64, i64),
    includes_tax: Option<bool>,
    precision: u8,
}

#[derive(Debug, Clone, Copy)]
struct Price {
    list: usize,
    from_quantity: u32,
    price: i64,
    compare_at: Option<i64>,
}

/// The price that holds for a line item.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) price: UnitPrice,
    pub(crate) compare_at: Option<UnitPrice>,
    /// Whether it holds tax, where the price list says so.
    pub(crate) includes_tax: Option<bool>,
    /// The price list; absent: the list price.
    pub(crate) source: Option<Arc<str>>,
}

impl PriceList {
    /// The most prices that all price lists of a rulebook may have together.
    pub const PRICES_MAX: usize = 200_000;

    pub(crate) fn compile_all(
        all: &[Self],
        choice: PriceChoice,
        shop: Currency,
        groups: &HashSet<&str>,
        wrong: &mut Wrong<'_>,
    ) -> PriceLists {
        let mut compiled = PriceLists { choice, ..PriceLists::default() };
        let count: usize = all.iter().map(|list| list.prices.len()).sum();
        if count > Self::PRICES_MAX {
            wrong.here(format!("have {count} prices together, more than {}", Self::PRICES_MAX));
            return compiled;
        }
        let mut codes = HashSet::new();
        for (index, list) in all.iter().enumerate() {
            let mut wrong = wrong.below(index);
            wrong.code(&list.code, &mut codes);
            wrong.label(&list.label);
            wrong.window(list.from, list.until);
            for (index, group) in list.groups.iter().enumerate() {
                if !groups.contains(group.as_str()) {
                    wrong.below("groups").at(index, format!("there is no customer group `{group}`"));
                }
            }
            list.read_prices(index, shop, &mut compiled, &mut wrong.below("prices"));
            let timed = list.from.is_some() || list.until.is_some();
            compiled.lists.push(List {
                source: format!("price_list:{}", list.code).into(),
                currency: list.currency.unwrap_or(shop),
                groups: list.groups.clone(),
                channels: list.channels.clone(),
                window: (
                    list.from.map_or(i64::MIN, |from| from.as_micros()),
                    list.until.map_or(i64::MAX, |until| until.as_micros()),
                ),
                includes_tax: list.includes_tax,
                precision: u8::from(!list.groups.is_empty()) * 4
                    + u8::from(!list.channels.is_empty()) * 2
                    + u8::from(timed),
            });
        }
        compiled
    }

    fn read_prices(&self, list: usize, shop: Currency, compiled: &mut PriceLists, wrong: &mut Wrong<'_>) {
        let currency = self.currency.unwrap_or(shop);
        let mut seen = HashSet::new();
        for (index, listed) in self.prices.iter().enumerate() {
            let mut read = |text: &str, field: &str| {
                let price = UnitPrice::parse(text, currency).map(|price| price.ten_thousandths);
                price.ok().filter(|price| *price >= 0).unwrap_or_else(|| {
                    let reason = format!("must be a price in {currency} from 0, such as \"12.50\"");
                    wrong.below(index).at(field, reason);
                    0
                })
            };
            let price = read(&listed.price, "price");
            let compare_at = listed.compare_at.as_deref().map(|text| read(text, "compare_at"));
            if compare_at.is_some_and(|compare_at| compare_at <= price) {
                wrong.below(index).at("compare_at", "must be above the price");
            }
            if listed.from_quantity == 0 {
                wrong.below(index).at("from_quantity", "must be at least 1");
            }
            if listed.sku.trim().is_empty() {
                wrong.below(index).at("sku", "must not be empty");
            }
            if !seen.insert((listed.sku.as_str(), listed.from_quantity)) {
                wrong.below(index).here(format!(
                    "`{}` has a price from {} units already",
                    listed.sku, listed.from_quantity
                ));
            }
            let price = Price { list, from_quantity: listed.from_quantity, price, compare_at };
            compiled.prices.entry(listed.sku.clone()).or_default().push(price);
        }
    }
}

impl PriceLists {
    /// The price of a line item of whose SKU the cart has `units` in all; `None` when there is none in the currency of the
    /// cart.
    pub(crate) fn choose(
        &self,
        input: &PricingInput<'_>,
        line: &PricingLine<'_>,
        units: u64,
    ) -> Option<Chosen> {
        let listed = (line.unit_price.currency == input.currency).then_some(Chosen {
            price: line.unit_price,
            compare_at: line.compare_at,
            includes_tax: None,
            source: None,
        });
        if self.prices.is_empty() {
            return listed;
        }
        let prices = self.prices.get(line.sku).into_iter().flatten();
        let open = prices
            .filter(|price| u64::from(price.from_quantity) <= units && self.lists[price.list].is_for(input));
        let best = match self.choice {
            PriceChoice::Cheapest => open.min_by_key(|price| (price.price, price.list)),
            PriceChoice::MostSpecific => open.min_by_key(|price| {
                let list = &self.lists[price.list];
                (std::cmp::Reverse((list.precision, price.from_quantity)), price.list)
            }),
        };
        let Some(best) = best else { return listed };
        if self.choice == PriceChoice::Cheapest
            && listed.as_ref().is_some_and(|listed| listed.price.ten_thousandths <= best.price)
        {
            return listed;
        }
        let list = &self.lists[best.list];
        let of = |ten_thousandths| UnitPrice { ten_thousandths, currency: input.currency };
        Some(Chosen {
            price: of(best.price),
            compare_at: best.compare_at.map(of),
            includes_tax: list.includes_tax,
            source: Some(Arc::clone(&list.source)),
        })
    }

    /// Whether any price depends on how many units there are.
    pub(crate) fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }
}

impl List {
    fn is_for(&self, input: &PricingInput<'_>) -> bool {
        let now = input.now.as_micros();
        self.currency == input.currency
            && self.window.0 <= now
            && now < self.window.1
            && (self.groups.is_empty()
                || input.customer.groups.iter().any(|group| self.groups.contains(group)))
            && (self.channels.is_empty()
                || input.channel.is_some_and(|here| self.channels.iter().any(|channel| channel == here)))
    }
}

/// So many units of each SKU that the cart has; line items of one SKU count together.
pub(crate) fn units_by_sku<'a>(lines: &[PricingLine<'a>]) -> FxHashMap<&'a str, u64> {
    let mut units = FxHashMap::default();
    for line in lines {
        *units.entry(line.sku).or_insert(0) += u64::from(line.quantity.get());
    }
    units
}

/// The refusal of a line item that has no price in the currency of the cart.
pub(crate) fn no_price(input: &PricingInput<'_>, line: &PricingLine<'_>) -> MoneyError {
    MoneyError::CurrencyMismatch { left: line.unit_price.currency, right: input.currency }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(count: &u32) -> bool {
    *count == 1
}
