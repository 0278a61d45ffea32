//! How often limited promotions were used: asked only when one applies.

use super::price::pricing_input;
use super::{Cart, View};
use crate::commit::StoreError;
use crate::customer::Address;
use crate::engine::Parts;
use crate::pricing::{PricingError, RulesInForce, Usage, quote};
use crate::promotion::CustomerKey;

/// Why the uses are not known.
pub(crate) enum UsageError {
    Pricing(PricingError),
    Store(StoreError),
}

/// Adds to the view how often the limited promotions that apply to the cart were used.
///
/// Most carts meet no limited promotion, and cost no further look. One that turns out to be used up may let another one
/// apply, so it is asked until every one that applies is known.
pub(crate) async fn learn_usage(
    parts: &Parts,
    view: &mut View,
    cart: &Cart,
    rules: &RulesInForce,
) -> Result<(), UsageError> {
    if !rules.compiled.has_limited_promotions() {
        return Ok(());
    }
    loop {
        let destination = cart.shipping_address.as_ref().map(Address::destination);
        let input = pricing_input(view, cart, destination, rules);
        let quote = quote(&rules.compiled, &input).map_err(UsageError::Pricing)?;
        let known = |code: &str| view.usage.iter().any(|usage| usage.promotion == code);
        let limited = quote.promotions.iter().filter(|applied| applied.limited && !known(&applied.code));
        let asked: Vec<String> = limited.map(|applied| applied.code.to_string()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let customer = cart.email.as_ref().map(CustomerKey::of_email);
        let mut found = parts.store.promotion_usage(&asked, customer).await.map_err(UsageError::Store)?;
        for promotion in asked {
            let used = found.iter().position(|usage| usage.promotion == promotion);
            view.usage.push(match used {
                Some(place) => found.swap_remove(place),
                None => Usage { promotion, uses: 0, customer_uses: 0, spent: 0 },
            });
        }
    }
}
