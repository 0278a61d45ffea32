//! Asking for what a price depends on beyond the look.

use super::OutsideError;
use crate::cart::{Cart, View, pricing_input};
use crate::customer::Destination;
use crate::engine::Parts;
use crate::inventory::{Allocation, allocate, demand};
use crate::pricing::{PricingInput, RulesInForce, Usage, quote};
use crate::promotion::CustomerKey;
use crate::shipping::ask_all;
use crate::{LineId, LocationId};

/// Adds to the view what the price of the cart depends on beyond it.
///
/// `destination` is where the goods are to go, when that is not where the cart says. A carrier that does not answer in
/// time is left out, and its methods fall back; a tax service that does not is an error, for a guess would be wrong.
pub(crate) async fn learn(
    parts: &Parts,
    view: &mut View,
    cart: &Cart,
    destination: Option<Destination>,
    rules: &RulesInForce,
) -> Result<(), OutsideError> {
    let destination = destination.or_else(|| cart.destination());
    if rules.compiled.counts_parcels() {
        view.outside.sources = sources(view, cart);
    }
    if let Some(port) = parts.shipping_rates.as_ref().filter(|_| rules.compiled.asks_carriers()) {
        let requests = rules.compiled.carrier_requests(&input(view, cart, &destination, rules))?;
        let (answers, troubles) = ask_all(&**port, &*parts.clock, &requests, parts.carrier_deadline).await;
        for trouble in troubles {
            (parts.trouble)(&trouble);
        }
        view.outside.carriers = answers;
    }
    learn_usage(parts, view, cart, &destination, rules).await?;
    if let (Some(port), Some(destination)) = (&parts.tax_provider, &destination) {
        let goes_to = Some(destination.clone());
        let request = rules.compiled.tax_request(&input(view, cart, &goes_to, rules), destination)?;
        if !request.lines.is_empty() {
            let tax = port.assess(&request).await?;
            tax.check(&request)?;
            view.outside.tax = Some(tax);
        }
    }
    Ok(())
}

/// The locations that would ship the cart if it were confirmed now; none while there is too little of something.
fn sources(view: &View, cart: &Cart) -> Vec<(LineId, Vec<(u32, u32)>)> {
    let sold = cart.lines.iter().filter_map(|line| {
        let offer = view.offer(line.variant).filter(|offer| offer.on_sale && !offer.digital)?;
        Some((line.id, offer, line.quantity))
    });
    let Ok(allocations) = allocate(&demand(sold), &view.levels) else { return Vec::new() };
    let mut locations: Vec<LocationId> = allocations.iter().map(|allocation| allocation.location).collect();
    locations.sort_unstable();
    locations.dedup();
    let mut sources: Vec<(LineId, Vec<(u32, u32)>)> = Vec::new();
    for Allocation { line, location, quantity, .. } in allocations {
        let number = locations.binary_search(&location).unwrap_or(0);
        let source = (u32::try_from(number).unwrap_or(u32::MAX), quantity.get());
        match sources.iter_mut().find(|(known, _)| *known == line) {
            Some((_, of_line)) => of_line.push(source),
            None => sources.push((line, vec![source])),
        }
    }
    sources
}

/// Most carts meet no limited promotion, and cost no further look. One that turns out to be used up may let another one
/// apply, so it is asked until every one that applies is known.
async fn learn_usage(
    parts: &Parts,
    view: &mut View,
    cart: &Cart,
    destination: &Option<Destination>,
    rules: &RulesInForce,
) -> Result<(), OutsideError> {
    if !rules.compiled.has_limited_promotions() {
        return Ok(());
    }
    loop {
        let quote = quote(&rules.compiled, &input(view, cart, destination, rules))?;
        let known = |code: &str| view.outside.usage.iter().any(|usage| usage.promotion == code);
        let limited = quote.promotions.iter().filter(|applied| applied.limited && !known(&applied.code));
        let asked: Vec<String> = limited.map(|applied| applied.code.to_string()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let customer = cart.email.as_ref().map(CustomerKey::of_email);
        let mut found = parts.store.promotion_usage(&asked, customer).await?;
        for promotion in asked {
            let used = found.iter().position(|usage| usage.promotion == promotion);
            view.outside.usage.push(match used {
                Some(place) => found.swap_remove(place),
                None => Usage { promotion, uses: 0, customer_uses: 0, spent: 0 },
            });
        }
    }
}

fn input<'a>(
    view: &'a View,
    cart: &'a Cart,
    destination: &Option<Destination>,
    rules: &RulesInForce,
) -> PricingInput<'a> {
    pricing_input(view, cart, destination.clone(), rules)
}
