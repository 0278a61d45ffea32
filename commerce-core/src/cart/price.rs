//! What a cart costs now, and what is missing before it can be confirmed.

use super::{Cart, PricedCart, PricedLine, View};
use crate::customer::Destination;
use crate::payment::PaymentMethod;
use crate::pricing::{Buyer, Coupon, PricingError, PricingInput, PricingLine, Quote, RulesInForce, quote};
use crate::promotion::Reason;
use crate::{Quantity, VariantId};

/// Prices the cart by the rulebook. Line items that are no longer sold cost nothing and are named in the messages.
pub(crate) fn price(
    view: &View,
    cart: Cart,
    rules: &RulesInForce,
    accepted: &[PaymentMethod],
) -> Result<PricedCart, PricingError> {
    let quote = quote(&rules.compiled, &pricing_input(view, &cart, cart.destination(), rules))?;
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
    let messages = messages(&cart, &lines, &quote);
    Ok(PricedCart { cart, lines, quote, missing, messages })
}

/// What the pipeline prices: the line items that are on sale.
pub(crate) fn pricing_input<'a>(
    view: &'a View,
    cart: &'a Cart,
    destination: Option<Destination>,
    rules: &RulesInForce,
) -> PricingInput<'a> {
    let lines = cart.lines.iter().filter_map(|line| {
        let offer = view.offer(line.variant).filter(|offer| offer.on_sale)?;
        Some(PricingLine {
            id: line.id,
            product: offer.slug.as_str(),
            sku: offer.sku.as_str(),
            categories: &offer.categories,
            brand: offer.brand.as_deref(),
            tags: &offer.tags,
            attributes: &offer.attributes,
            unit_price: offer.price,
            compare_at: offer.compare_at,
            quantity: line.quantity,
            milligrams: offer.weight.map_or(0, |weight| weight.milligrams()),
            millimetres: offer.dimensions.map(|dimensions| dimensions.millimetres()),
            tax_class: &offer.tax_class,
            tax_rates: None,
            includes_tax: None,
            digital: offer.digital,
            sources: view.outside.sources_of(line.id),
        })
    });
    let coupons = cart.coupons.iter().map(|code| {
        let known = view.coupons.iter().find(|state| state.coupon.code == *code);
        Coupon {
            code: code.as_str(),
            promotion: known.map_or("", |state| &state.coupon.promotion),
            refused: known.map_or(Some(Reason::Unknown), |state| state.refusal(view.now)),
        }
    });
    PricingInput {
        now: view.now,
        currency: cart.currency.unwrap_or_else(|| rules.compiled.currency()),
        channel: cart.channel.as_deref(),
        customer: Buyer {
            groups: &view.outside.groups,
            ordered_before: view.ordered_before,
            // Who is exempt is said by their customer group.
            exempt: false,
            vat_id: cart.bill_to().and_then(|address| address.vat_id.as_ref()),
        },
        lines: lines.collect(),
        destination,
        shipping_method: cart.shipping_method.as_deref(),
        coupons: coupons.collect(),
        usage: &view.outside.usage,
        carriers: Some(&view.outside.carriers),
        external_tax: view.outside.tax.as_ref(),
        cash: cart.payment_method == Some(PaymentMethod::CashOnDelivery),
    }
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

fn messages(cart: &Cart, lines: &[PricedLine], quote: &Quote) -> Vec<String> {
    let stock = lines.iter().filter_map(|line| match (&line.offer, line.available) {
        (Some(offer), _) if !offer.on_sale => Some(format!("{} is no longer sold", offer.name)),
        (None, _) => Some("an item is no longer sold".to_owned()),
        (Some(offer), Some(0)) => Some(format!("{} ({}) is sold out", offer.name, offer.sku)),
        (Some(offer), Some(left)) if wanted(cart, offer.variant) > left => {
            Some(format!("only {left} of {} ({}) left", offer.name, offer.sku))
        }
        (Some(_), _) => None,
    });
    let coupons = quote
        .coupons
        .iter()
        .filter_map(|coupon| coupon.refused.map(|reason| format!("coupon {}: {reason}", coupon.code)));
    stock.chain(coupons).collect()
}

/// The units of a variant that all line items want together.
pub(crate) fn wanted(cart: &Cart, variant: VariantId) -> u64 {
    let quantities = cart.lines.iter().filter(|line| line.variant == variant).map(|line| line.quantity);
    quantities.map(Quantity::get).map(u64::from).sum()
}
