//! What a cart costs now, and what is missing before it can be confirmed.

use super::{Cart, PricedCart, PricedLine, View};
use crate::customer::{Address, Destination};
use crate::payment::PaymentMethod;
use crate::pricing::{PricingError, PricingInput, PricingLine, Quote, Rulebook, quote};
use crate::{Quantity, VariantId};

/// Prices the cart by the rulebook. Line items that are no longer sold cost nothing and are named in the messages.
pub(crate) fn price(
    view: &View,
    cart: Cart,
    rulebook: &Rulebook,
    accepted: &[PaymentMethod],
) -> Result<PricedCart, PricingError> {
    let destination = cart.shipping_address.as_ref().map(Address::destination);
    let quote = quote(rulebook, &pricing_input(view, &cart, destination))?;
    let missing = missing(&cart, &quote, accepted);
    let lines: Vec<PricedLine> = cart
        .lines
        .iter()
        .map(|line| {
            let offer = view.offer(line.variant);
            let available = offer.map_or(Some(0), |offer| view.available(offer));
            PricedLine { line: line.clone(), offer: offer.cloned(), available }
        })
        .collect();
    let messages = messages(&cart, &lines);
    Ok(PricedCart { cart, lines, quote, missing, messages })
}

/// What the pipeline prices: the line items that are on sale.
pub(crate) fn pricing_input(view: &View, cart: &Cart, destination: Option<Destination>) -> PricingInput {
    let lines = cart.lines.iter().filter_map(|line| {
        let offer = view.offer(line.variant).filter(|offer| offer.on_sale)?;
        Some(PricingLine {
            id: line.id,
            product: offer.product,
            categories: offer.categories.clone(),
            unit_price: offer.price,
            quantity: line.quantity,
            milligrams: offer.weight.map_or(0, |weight| weight.milligrams()),
            tax_class: offer.tax_class.clone(),
            digital: offer.digital,
        })
    });
    PricingInput { lines: lines.collect(), destination, shipping_method: cart.shipping_method.clone() }
}

fn missing(cart: &Cart, quote: &Quote, accepted: &[PaymentMethod]) -> Vec<&'static str> {
    let payable = cart.payment_method.is_some_and(|method| accepted.contains(&method));
    [
        ("items", quote.lines.is_empty()),
        ("email", cart.email.is_none()),
        ("shipping_address", quote.needs_shipping && cart.shipping_address.is_none()),
        ("shipping_method", quote.needs_shipping && quote.shipping_method.is_none()),
        ("payment_method", !payable),
    ]
    .into_iter()
    .filter_map(|(name, absent)| absent.then_some(name))
    .collect()
}

fn messages(cart: &Cart, lines: &[PricedLine]) -> Vec<String> {
    lines
        .iter()
        .filter_map(|line| match (&line.offer, line.available) {
            (Some(offer), _) if !offer.on_sale => Some(format!("{} is no longer sold", offer.name)),
            (None, _) => Some("an item is no longer sold".to_owned()),
            (Some(offer), Some(0)) => Some(format!("{} ({}) is sold out", offer.name, offer.sku)),
            (Some(offer), Some(left)) if wanted(cart, offer.variant) > left => {
                Some(format!("only {left} of {} ({}) left", offer.name, offer.sku))
            }
            (Some(_), _) => None,
        })
        .collect()
}

/// The units of a variant that all line items want together.
pub(crate) fn wanted(cart: &Cart, variant: VariantId) -> u64 {
    let quantities = cart.lines.iter().filter(|line| line.variant == variant).map(|line| line.quantity);
    quantities.map(Quantity::get).map(u64::from).sum()
}
