//! Which promotions may apply to a cart, found without looking at those that cannot.
//!
//! A shop has a thousand promotions, and a cart meets three of them. So each promotion is filed under the one thing that
//! it cannot do without, the most telling first: a product, category, brand or tag of which something must be in the
//! cart; a customer group; a country; a channel; a subtotal. Only those filed under what the cart has are looked at.

use rustc_hash::FxHashMap;

use super::compile::{Compiled, When};
use crate::Currency;
use crate::customer::Country;
use crate::pricing::{PricingInput, Symbol, Symbols};

/// The promotions of a rulebook by what they cannot do without. Numbers are places in the list of promotions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    by_symbol: Vec<Vec<u32>>,
    by_group: FxHashMap<String, Vec<u32>>,
    by_country: FxHashMap<Country, Vec<u32>>,
    by_channel: FxHashMap<String, Vec<u32>>,
    /// By the least subtotal, ascending.
    by_subtotal: FxHashMap<Currency, Vec<(i64, u32)>>,
    by_coupon: FxHashMap<String, u32>,
    /// By their end, ascending; those without one come last.
    others: Vec<(i64, u32)>,
}

/// What a promotion cannot do without.
enum Need<'a> {
    Symbols(Vec<Symbol>),
    Groups(&'a [String]),
    Countries(&'a [Country]),
    Channels(&'a [String]),
    Subtotal(Vec<(Currency, i64)>),
    Nothing,
}

impl Index {
    pub(crate) fn new(promotions: &[Compiled], symbols: &Symbols) -> Self {
        let mut index = Self { by_symbol: vec![Vec::new(); symbols.count() + 1], ..Self::default() };
        for (number, promotion) in (0_u32..).zip(promotions) {
            if promotion.coupon {
                index.by_coupon.insert(promotion.code.to_string(), number);
                continue;
            }
            match need(promotion) {
                Need::Symbols(symbols) => {
                    symbols.iter().for_each(|symbol| index.by_symbol[*symbol as usize].push(number));
                }
                Need::Groups(groups) => {
                    groups
                        .iter()
                        .for_each(|group| index.by_group.entry(group.clone()).or_default().push(number));
                }
                Need::Countries(countries) => countries
                    .iter()
                    .for_each(|country| index.by_country.entry(*country).or_default().push(number)),
                Need::Channels(channels) => channels.iter().for_each(|channel| {
                    index.by_channel.entry(channel.clone()).or_default().push(number);
                }),
                Need::Subtotal(amounts) => amounts.iter().for_each(|(currency, least)| {
                    index.by_subtotal.entry(*currency).or_default().push((*least, number));
                }),
                Need::Nothing => index.others.push((promotion.window.1, number)),
            }
        }
        index.by_subtotal.values_mut().for_each(|list| list.sort_unstable());
        index.others.sort_unstable();
        index
    }

    /// The promotion of this code that needs a coupon.
    pub(crate) fn for_coupon(&self, code: &str) -> Option<u32> {
        self.by_coupon.get(code).copied()
    }

    /// The promotions that may apply, in the order in which they do. `symbols` are those of all line items.
    pub(crate) fn candidates(&self, input: &PricingInput<'_>, symbols: &[Symbol], subtotal: i64) -> Vec<u32> {
        let mut found = Vec::new();
        let over = self.others.partition_point(|(until, _)| *until <= input.now.as_micros());
        found.extend(self.others[over..].iter().map(|(_, number)| number));
        if let Some(list) = self.by_subtotal.get(&input.currency) {
            let reached = list.partition_point(|(least, _)| *least <= subtotal);
            found.extend(list[..reached].iter().map(|(_, number)| number));
        }
        for symbol in symbols {
            found.extend_from_slice(&self.by_symbol[*symbol as usize]);
        }
        for group in input.customer.groups {
            found.extend(self.by_group.get(group).into_iter().flatten());
        }
        if let Some(destination) = &input.destination {
            found.extend(self.by_country.get(&destination.country).into_iter().flatten());
        }
        if let Some(channel) = input.channel {
            found.extend(self.by_channel.get(channel).into_iter().flatten());
        }
        found.extend(input.coupons.iter().filter_map(|coupon| self.for_coupon(coupon.promotion)));
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn need(promotion: &Compiled) -> Need<'_> {
    let mut needs = Vec::new();
    if !promotion.scope.reaches_shipping()
        && let Some(symbols) = promotion.targets.needed()
    {
        needs.push(Need::Symbols(symbols));
    }
    promotion.when.iter().for_each(|when| gather(when, &mut needs));
    needs.sort_by_key(|need| match need {
        Need::Symbols(symbols) => (0, symbols.len()),
        Need::Groups(groups) => (1, groups.len()),
        Need::Countries(countries) => (2, countries.len()),
        Need::Channels(channels) => (3, channels.len()),
        Need::Subtotal(_) => (4, 0),
        Need::Nothing => (5, 0),
    });
    needs.into_iter().next().unwrap_or(Need::Nothing)
}

/// What the condition cannot do without; of alternatives nothing is needed for sure.
fn gather<'a>(when: &'a When, needs: &mut Vec<Need<'a>>) {
    match when {
        When::All(all) => all.iter().for_each(|one| gather(one, needs)),
        When::Quantity { from: 1.., of, .. } | When::DistinctItems { from: 1.., of, .. } => {
            needs.extend(of.needed().map(Need::Symbols));
        }
        When::Subtotal { from: Some(from), of, .. } => match of.needed() {
            Some(symbols) if from.all_positive() => needs.push(Need::Symbols(symbols)),
            Some(_) => {}
            // Amounts only fall while a cart is priced, so what the subtotal does not reach at first it never does.
            None => needs.push(Need::Subtotal(from.iter().collect())),
        },
        When::CustomerGroup(groups) => needs.push(Need::Groups(groups)),
        When::Country(countries) => needs.push(Need::Countries(countries)),
        When::Channel(channels) => needs.push(Need::Channels(channels)),
        _ => {}
    }
}
