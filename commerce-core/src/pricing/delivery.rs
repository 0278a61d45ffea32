//! Shipping in a quote: what the methods cost for what is left of the goods, and which one is chosen.

use super::input::PricingInput;
use crate::Money;
use crate::money::MoneyError;
use crate::promotion::State;
use crate::shipping::{
    CarrierAnswers, CompiledShipping, Considered, Goods, ShippingOption, is_needed, options,
};

/// What shipping the goods takes.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// Whether anything is shipped.
    pub(super) needed: bool,
    considered: Vec<Considered>,
    chosen: Option<usize>,
}

/// Prices every method for what promotions left of the goods.
pub(super) fn deliver(
    rules: &CompiledShipping,
    input: &PricingInput<'_>,
    state: &State<'_>,
) -> Result<Delivery, MoneyError> {
    let goods = goods(input, state);
    let needed = is_needed(&goods);
    let considered = match &input.destination {
        Some(destination) => options(
            rules,
            destination,
            input.now,
            input.currency,
            &goods,
            input.carriers.unwrap_or(&CarrierAnswers::default()),
        )?,
        None => Vec::new(),
    };
    let is_chosen = |considered: &Considered| {
        considered.outcome.is_ok() && input.shipping_method == Some(&*considered.code)
    };
    let chosen = considered.iter().position(is_chosen);
    Ok(Delivery { needed, considered, chosen })
}

/// The goods, as far as shipping depends on them.
pub(super) fn goods<'s>(input: &'s PricingInput<'_>, state: &'s State<'_>) -> Vec<Goods<'s>> {
    let lines = input.lines.iter().zip(&state.items).zip(state.symbols.iter());
    let goods = lines.map(|((line, item), symbols)| Goods {
        units: item.units,
        milligrams: line.milligrams,
        millimetres: line.millimetres,
        digital: line.digital,
        value_before: &item.total,
        value_after: &item.cost,
        symbols,
        sources: line.sources,
    });
    goods.collect()
}

impl Delivery {
    /// The chosen method, when it serves the order.
    pub(super) fn chosen(&self) -> Option<&ShippingOption> {
        self.considered[self.chosen?].outcome.as_ref().ok()
    }

    /// The methods that serve the order.
    pub(super) fn options(&self) -> impl Iterator<Item = &ShippingOption> {
        self.considered.iter().filter_map(|considered| considered.outcome.as_ref().ok())
    }

    /// Every method: its code, whether it is chosen, its price, and what is to be said of it.
    pub(super) fn told(&self) -> impl Iterator<Item = (&str, bool, Option<Money>, String)> {
        self.considered.iter().enumerate().map(|(index, considered)| match &considered.outcome {
            Ok(option) => {
                let chosen = self.chosen == Some(index);
                let mut detail = option.price.to_string();
                if option.free {
                    detail.push_str(", free for goods of this value");
                }
                if option.handling.minor > 0 {
                    detail.push_str(&format!(", handling of {} in it", option.handling));
                }
                if option.parcels > 1 {
                    detail.push_str(&format!(", {} parcels", option.parcels));
                }
                if option.from_fallback {
                    detail.push_str(", the carrier did not answer");
                }
                if !chosen {
                    detail.push_str(", not chosen");
                }
                (&*considered.code, chosen, Some(option.price), detail)
            }
            Err(reason) => (&*considered.code, false, None, reason.to_string()),
        })
    }
}
