//! The decision that places an order.

use serde_json::json;

use super::ConfirmError;
use crate::audit::Actor;
use crate::cart::{Cart, Offer, PricedCart, Shopper, ShortLine, View, Write, open_cart, price, wanted};
use crate::commit::{ChangeSet, Expect};
use crate::customer::Email;
use crate::event::Event;
use crate::idempotency::{Outcome, Request};
use crate::inventory::{Allocation, Hold, Reservation, allocate, demand};
use crate::mail::{self, Kind, Mail};
use crate::order::{
    FulfillmentState, Machine, Order, OrderLine, OrderNumber, OrderState, ShippingChoice, Transition,
};
use crate::payment::{Opening, Payment, PaymentMethod, PaymentState, PaymentTerms};
use crate::pricing::{QuoteLine, RulesInForce};
use crate::promotion::{CouponCode, CustomerKey, Reason, Redemption};
use crate::shipping::ShippingOption;
use crate::{Ids, LineId, Money, OrderId, Quantity, Timestamp, VariantId};

/// Confirms a cart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Confirm {
    /// The total that the shopper agreed to; another is refused.
    pub expected_total: Option<Money>,
    /// The version of the cart that the shopper saw; another is refused.
    pub cart_version: Option<u64>,
    /// Where the browser goes after a page of the payment gateway; absent: where the gateway sends it by itself.
    pub return_url: Option<String>,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// A decision that places an order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// Its payment attempt.
    pub payment: Payment,
    /// What to commit.
    pub changes: ChangeSet,
}

/// Places the order of the cart.
///
/// # Errors
/// [`ConfirmError::NotFound`], [`ConfirmError::CartChanged`], [`ConfirmError::Incomplete`],
/// [`ConfirmError::CouponExhausted`], [`ConfirmError::OutOfStock`], [`ConfirmError::PriceChanged`], in this order.
pub fn place_order(
    view: &View,
    shopper: &Shopper,
    command: &Confirm,
    rules: &RulesInForce,
    terms: &PaymentTerms,
    ids: &mut Ids,
) -> Result<Placed, ConfirmError> {
    let ready = check(view, shopper, command, rules, terms)?;
    let total = ready.priced.quote.summary.total;
    let start = start(ready.method, total, terms, view.now);
    let order = freeze(&ready, &start, rules, view.now, ids)?;
    let Ready { priced, method, sources, .. } = ready;
    let id = order.id;
    let payment = Payment::open(
        &Opening {
            order: id,
            method,
            amount: total,
            mobile_money: priced.cart.mobile_money.clone(),
            return_url: command.return_url.clone(),
            state: start.payment,
            now: view.now,
        },
        terms,
        ids,
    );
    let changes = ChangeSet {
        cart: close(&priced.cart, id, view.now),
        order: crate::order::Changes {
            place: Some(order.clone()),
            advance: None,
            notes: Vec::new(),
            history: history(&order, view.now).into_iter().map(|transition| (id, transition)).collect(),
        },
        payment: crate::payment::Changes { open: vec![payment.clone()], ..Default::default() },
        inventory: crate::inventory::Changes {
            reserve: sources.into_iter().map(|source| reservation(id, source, start.hold, ids)).collect(),
            ..Default::default()
        },
        mail: mail::Changes {
            send: vec![Mail::about(&order, Kind::OrderPlaced { order: id }, view.now, ids)],
            ..Default::default()
        },
        promotion: crate::promotion::Changes {
            redeem: redemptions(view, &priced, &order, rules),
            ..Default::default()
        },
        idempotency: command
            .request
            .as_ref()
            .map(|request| request.record(Outcome::OrderPlaced(id), view.now)),
        events: vec![announce(&order, ids)],
        expects: expects(&priced, rules),
        ..ChangeSet::default()
    };
    Ok(Placed { order, payment, changes })
}

/// A cart that may become an order.
struct Ready {
    priced: PricedCart,
    email: Email,
    method: PaymentMethod,
    sources: Vec<Allocation>,
}

/// Looks whether the cart may become an order, as it stands and as the shopper saw it.
fn check(
    view: &View,
    shopper: &Shopper,
    command: &Confirm,
    rules: &RulesInForce,
    terms: &PaymentTerms,
) -> Result<Ready, ConfirmError> {
    let cart =
        open_cart(view, shopper).map_err(ConfirmError::opening)?.unwrap_or_else(|| Cart::unsaved(view.now));
    let seen = cart.version;
    let priced = price(view, cart, rules, &terms.accepted)?;
    if command.cart_version.is_some_and(|version| version != seen) {
        return Err(ConfirmError::CartChanged(Box::new(priced)));
    }
    let unsold = unsold(view, &priced);
    if !unsold.is_empty() {
        return Err(ConfirmError::OutOfStock(unsold));
    }
    let (Some(email), Some(method)) = (priced.cart.email.clone(), priced.cart.payment_method) else {
        return Err(ConfirmError::Incomplete(Box::new(priced)));
    };
    if !priced.missing.is_empty() {
        return Err(ConfirmError::Incomplete(Box::new(priced)));
    }
    if let Some((code, reason)) = spent_coupon(&priced) {
        return Err(ConfirmError::CouponExhausted { code, reason, cart: Box::new(priced) });
    }
    let sources = sources(view, &priced)?;
    if command.expected_total.is_some_and(|total| total != priced.quote.summary.total) {
        return Err(ConfirmError::PriceChanged(Box::new(priced)));
    }
    Ok(Ready { priced, email, method, sources })
}

/// The order as it is kept, whatever becomes of the catalogue and the rules.
fn freeze(
    ready: &Ready,
    start: &Start,
    rules: &RulesInForce,
    now: Timestamp,
    ids: &mut Ids,
) -> Result<Order, ConfirmError> {
    let Ready { priced, email, method, .. } = ready;
    let PricedCart { cart, quote, .. } = priced;
    let shipped_by = |option: &ShippingOption| ShippingChoice {
        code: option.code.to_string(),
        label: option.label.to_string(),
    };
    Ok(Order {
        id: ids.fresh(),
        number: number(ids),
        cart: cart.id,
        status: start.order,
        payment_status: start.payment,
        fulfillment_status: FulfillmentState::Unfulfilled,
        customer: cart.customer,
        email: email.clone(),
        lines: lines(priced)?,
        adjustments: quote.adjustments().collect(),
        taxes: quote.taxes.clone(),
        totals: quote.summary,
        shipping_address: cart.shipping_address.clone().filter(|_| quote.needs_shipping),
        billing_address: cart.billing_address.clone(),
        shipping_method: quote.shipping_method.as_ref().map(shipped_by),
        payment_method: *method,
        rounding: rules.compiled.rounding(),
        rulebook_version: rules.version,
        placed_at: now,
        pay_until: start.pay_until,
        version: 1,
    })
}

/// What is told of a new order.
fn announce(order: &Order, ids: &mut Ids) -> Event {
    let total = order.totals.total;
    let lines = order.lines.iter().map(|line| json!({"sku": line.sku, "quantity": line.quantity}));
    Event {
        id: ids.fresh(),
        name: "order.placed",
        subject: format!("order:{}", order.id),
        sequence: order.version,
        data: json!({
            "order_id": order.id,
            "number": order.number,
            "total": {"amount": total.amount(), "currency": total.currency},
            "payment_method": order.payment_method,
            "lines": lines.collect::<Vec<_>>(),
        }),
        at: order.placed_at,
    }
}

/// A coupon on the cart that is used up or over.
fn spent_coupon(priced: &PricedCart) -> Option<(CouponCode, Reason)> {
    priced.quote.coupons.iter().find_map(|outcome| {
        let reason = outcome.refused.filter(|reason| reason.is_final())?;
        Some((outcome.code.parse().ok()?, reason))
    })
}

/// The uses of promotions to count: of those with limits, and of every coupon.
fn redemptions(view: &View, priced: &PricedCart, order: &Order, rules: &RulesInForce) -> Vec<Redemption> {
    let customer = CustomerKey::of_email(&order.email);
    let counted =
        priced.quote.promotions.iter().filter(|applied| applied.limited || applied.coupon.is_some());
    let mut redemptions: Vec<Redemption> = counted
        .map(|applied| {
            let limits = rules.compiled.limits(&applied.code);
            let coupon = applied.coupon.as_deref().and_then(|code| {
                view.coupons
                    .iter()
                    .find(|state| state.coupon.code.as_str() == code)
                    .map(|state| &state.coupon)
            });
            Redemption {
                order: order.id,
                promotion: applied.code.to_string(),
                coupon: coupon.map(|coupon| coupon.code.clone()),
                customer,
                amount: applied.amount,
                at: view.now,
                uses_max: limits.total,
                customer_uses_max: limits.per_customer,
                budget: limits.budget,
                coupon_uses_max: coupon.and_then(|coupon| coupon.uses_max),
                coupon_customer_uses_max: coupon.and_then(|coupon| coupon.customer_uses_max),
            }
        })
        .collect();
    redemptions.sort_by(|a, b| a.promotion.cmp(&b.promotion));
    redemptions
}

/// Line items whose variant is not sold any more: nothing is left of them.
fn unsold(view: &View, priced: &PricedCart) -> Vec<ShortLine> {
    priced
        .lines
        .iter()
        .filter(|line| !line.offer.as_ref().is_some_and(|offer| offer.on_sale))
        .filter_map(|line| {
            let sku =
                line.offer.as_ref().or_else(|| view.offer(line.line.variant)).map(|offer| offer.sku.clone());
            let sku = sku.or_else(|| line.line.variant.to_string().parse().ok())?;
            let wanted = wanted(&priced.cart, line.line.variant);
            Some(ShortLine { line: Some(line.line.id), sku, wanted, available: 0 })
        })
        .collect()
}

/// The locations that ship what is wanted, or what there is too little of.
fn sources(view: &View, priced: &PricedCart) -> Result<Vec<Allocation>, ConfirmError> {
    let sold =
        priced.lines.iter().filter_map(|line| Some((line.line.id, line.offer.as_ref()?, line.line.quantity)));
    allocate(&demand(sold), &view.levels).map_err(|shortages| {
        let short = |variant: VariantId| shortages.iter().find(|shortage| shortage.variant == variant);
        let lines = priced.lines.iter().filter_map(|line| {
            let shortage = short(line.line.variant)?;
            Some(ShortLine {
                line: Some(line.line.id),
                sku: line.offer.as_ref()?.sku.clone(),
                wanted: shortage.wanted,
                available: shortage.available,
            })
        });
        ConfirmError::OutOfStock(lines.collect())
    })
}

/// How the three machines start, and how long goods are promised.
struct Start {
    order: OrderState,
    payment: PaymentState,
    pay_until: Option<Timestamp>,
    hold: Hold,
}

fn start(method: PaymentMethod, total: Money, terms: &PaymentTerms, now: Timestamp) -> Start {
    if total.minor == 0 {
        let (order, payment) = (OrderState::Processing, PaymentState::Paid);
        return Start { order, payment, pay_until: None, hold: Hold::Committed };
    }
    let payment = if method.needs_gateway() { PaymentState::Pending } else { PaymentState::Due };
    let pay_until = terms.window(method).map(|window| now.plus(window));
    let hold = pay_until.map_or(Hold::Committed, Hold::Held);
    Start { order: OrderState::Pending, payment, pay_until, hold }
}

fn history(order: &Order, now: Timestamp) -> Vec<Transition> {
    let step = |machine, from: Option<&str>, to: &str, actor, note: &str| Transition {
        machine,
        from: from.map(str::to_owned),
        to: to.to_owned(),
        actor,
        note: note.to_owned(),
        at: now,
    };
    let pending = OrderState::Pending.as_str();
    let mut steps = vec![
        step(Machine::Order, None, pending, order.customer.map_or(Actor::Guest, Actor::Customer), "placed"),
        step(
            Machine::Payment,
            None,
            order.payment_status.as_str(),
            Actor::System,
            order.payment_method.as_str(),
        ),
        step(Machine::Fulfillment, None, order.fulfillment_status.as_str(), Actor::System, ""),
    ];
    if order.status == OrderState::Processing {
        let to = OrderState::Processing.as_str();
        steps.push(step(Machine::Order, Some(pending), to, Actor::System, "nothing is to be paid"));
    }
    steps
}

/// Nine random letters and digits, 45 bits, in two groups: short enough to read aloud, and no neighbour of another.
fn number(ids: &mut Ids) -> OrderNumber {
    let code = ids.code(9);
    let (left, right) = code.split_at(4);
    OrderNumber(format!("{left}-{right}"))
}

fn lines(priced: &PricedCart) -> Result<Vec<OrderLine>, ConfirmError> {
    let sold = priced.lines.iter().filter_map(|line| Some((line, line.offer.as_ref()?)));
    sold.zip(&priced.quote.lines)
        .map(|((line, offer), quoted)| {
            debug_assert_eq!(line.line.id, quoted.id, "a quote has the lines of its input in their order");
            Ok(order_line(line.line.id, offer, line.line.quantity, &line.line.customizations, quoted)?)
        })
        .collect()
}

fn order_line(
    id: LineId,
    offer: &Offer,
    quantity: Quantity,
    customizations: &crate::cart::Customizations,
    quoted: &QuoteLine,
) -> Result<OrderLine, crate::pricing::PricingError> {
    Ok(OrderLine {
        id,
        variant: offer.variant,
        product: offer.product,
        seller: offer.seller,
        sku: offer.sku.clone(),
        slug: offer.slug.clone(),
        name: offer.name.clone(),
        options: offer.options.clone(),
        image: offer.image.clone(),
        customizations: customizations.clone(),
        unit_price: quoted.unit_price,
        quantity,
        line_total: quoted.total,
        discount: quoted.discount,
        tax_added: quoted.tax_added,
        tax_included: quoted.tax_included,
        paid: quoted.net_of_discount()?.plus(quoted.tax_added)?,
        tax_class: offer.tax_class.clone(),
        digital: offer.digital,
        stock_limited: offer.tracked && !offer.backorder,
    })
}

fn close(cart: &Cart, order: OrderId, now: Timestamp) -> crate::cart::Changes {
    let mut closed = cart.clone();
    closed.order = Some(order);
    closed.updated_at = now;
    crate::cart::Changes { write: Some(Write::between(Some(cart), &mut closed)), merged: None }
}

fn reservation(order: OrderId, source: Allocation, hold: Hold, ids: &mut Ids) -> Reservation {
    let Allocation { line, variant, location, quantity, backorder } = source;
    Reservation { id: ids.fresh(), order, line, variant, location, quantity, hold, backorder }
}

fn expects(priced: &PricedCart, rules: &RulesInForce) -> Vec<Expect> {
    let products = priced.lines.iter().filter_map(|line| line.offer.as_ref());
    let mut expects: Vec<Expect> =
        products.map(|offer| Expect::Product(offer.product, offer.product_version)).collect();
    expects.push(Expect::Rulebook(rules.version));
    expects.sort_unstable();
    expects.dedup();
    expects
}
