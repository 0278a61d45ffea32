//! The decisions about carts: pure functions from a view and a command to a changed cart.

use std::time::Duration;

use super::PaymentChoice;
use super::error::{CartError, ShortLine};
use super::price::wanted;
use super::{AddItem, Cart, CartLine, CartToken, Customizations, Delivery, PricedCart, Shopper, View, Write};
use crate::commit::ChangeSet;
use crate::customer::Address;
use crate::idempotency::{Outcome, Request};
use crate::payment::PaymentMethod;
use crate::promotion::CouponCode;
use crate::text::{fold, has_control};
use crate::{Ids, LineId, Quantity, Timestamp, VariantId};

/// A decision about a cart.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The cart as it will be.
    pub cart: Cart,
    /// The token of a cart that was made just now: to be shown once.
    pub token: Option<CartToken>,
    /// What to commit.
    pub changes: ChangeSet,
}

/// Puts units of a variant into the cart of the shopper; into a new one when they have none, or theirs became an order.
///
/// # Errors
/// [`CartError::NotFound`], [`CartError::UnknownVariant`], [`CartError::OutOfStock`], [`CartError::QuantityTooLarge`],
/// [`CartError::TooManyLines`], [`CartError::Customizations`].
pub fn add_item(
    view: &View,
    shopper: &Shopper,
    command: &AddItem,
    request: Option<&Request>,
    ids: &mut Ids,
) -> Result<Decided, CartError> {
    let before = open_cart(view, shopper)?;
    let offer = view.offer_on_sale(&command.variant).ok_or(CartError::UnknownVariant)?;
    check_customizations(&command.customizations)?;
    let (mut after, fresh) = match before {
        Some(before) => (before, None),
        None => {
            check_channel(command.channel.as_deref())?;
            let (currency, channel) = (command.currency, command.channel.clone());
            let (cart, fresh) = shopper.new_cart(view.now, ids);
            (Cart { currency, channel, ..cart }, fresh)
        }
    };
    let same = after
        .lines
        .iter_mut()
        .find(|line| line.variant == offer.variant && line.customizations == command.customizations);
    if let Some(line) = same {
        let sum = line.quantity.get().saturating_add(command.quantity.get());
        line.quantity = Quantity::new(sum).ok_or(CartError::QuantityTooLarge)?;
    } else {
        if after.lines.len() >= Cart::LINES_MAX {
            return Err(CartError::TooManyLines);
        }
        after.lines.push(CartLine {
            id: ids.fresh(),
            variant: offer.variant,
            quantity: command.quantity,
            customizations: command.customizations.clone(),
        });
    }
    check_stock(view, &after, offer.variant)?;
    Ok(decided(view, after, fresh, request))
}

/// Sets how many units a line item holds; `None` removes it.
///
/// # Errors
/// [`CartError::NotFound`], [`CartError::LineNotFound`], [`CartError::OutOfStock`], and [`CartError::UnknownVariant`]
/// when the variant is no longer on sale: then the line item can only be removed.
pub fn set_quantity(
    view: &View,
    shopper: &Shopper,
    line: LineId,
    quantity: Option<Quantity>,
    request: Option<&Request>,
) -> Result<Decided, CartError> {
    let mut after = open_cart(view, shopper)?.ok_or(CartError::LineNotFound)?;
    let index = after.lines.iter().position(|known| known.id == line).ok_or(CartError::LineNotFound)?;
    match quantity {
        None => {
            after.lines.remove(index);
        }
        Some(quantity) => {
            after.lines[index].quantity = quantity;
            let variant = after.lines[index].variant;
            if !view.offer(variant).is_some_and(|offer| offer.on_sale) {
                return Err(CartError::UnknownVariant);
            }
            check_stock(view, &after, variant)?;
        }
    }
    Ok(decided(view, after, None, request))
}

/// Says where the goods go, how, and who is told. Whether the method serves the address is only known when the cart is
/// priced: see [`check_delivery`].
///
/// # Errors
/// [`CartError::NotFound`], [`CartError::Address`], [`CartError::Email`].
pub fn set_delivery(
    view: &View,
    shopper: &Shopper,
    command: &Delivery,
    request: Option<&Request>,
) -> Result<Decided, CartError> {
    let mut after = open_cart(view, shopper)?.ok_or(CartError::NotFound)?;
    match shopper {
        Shopper::Member(member) if fold(member.email.as_str()) != fold(command.email.as_str()) => {
            return Err(CartError::Email);
        }
        Shopper::Member(_) => {}
        Shopper::Guest(_) | Shopper::Newcomer => after.email = Some(command.email.clone()),
    }
    let check = |which, address: &Option<Address>| {
        address.clone().map(Address::check).transpose().map_err(|errors| CartError::Address { which, errors })
    };
    after.shipping_address = check("address", &command.address)?;
    after.billing_address = check("billing_address", &command.billing_address)?;
    after.shipping_method = command.shipping_method.clone();
    Ok(decided(view, after, None, request))
}

/// Looks whether the goods can go where a cart says, by the method that it names, once carriers have named their prices.
///
/// # Errors
/// [`CartError::AddressMissing`], [`CartError::ShippingMethod`].
pub fn check_delivery(priced: &PricedCart) -> Result<(), CartError> {
    let PricedCart { cart, quote, .. } = priced;
    if quote.needs_shipping && cart.shipping_address.is_none() {
        return Err(CartError::AddressMissing);
    }
    if quote.needs_shipping && cart.shipping_method.is_some() && quote.shipping_method.is_none() {
        return Err(CartError::ShippingMethod);
    }
    Ok(())
}

/// Puts a coupon on the cart. Whether it applies is only known when the cart is priced with it: see
/// [`CartError::Coupon`].
///
/// # Errors
/// [`CartError::NotFound`], [`CartError::TooManyCoupons`].
pub fn apply_coupon(
    view: &View,
    shopper: &Shopper,
    code: &CouponCode,
    request: Option<&Request>,
) -> Result<Decided, CartError> {
    let mut after = open_cart(view, shopper)?.ok_or(CartError::NotFound)?;
    if !after.coupons.contains(code) {
        if after.coupons.len() >= Cart::COUPONS_MAX {
            return Err(CartError::TooManyCoupons);
        }
        after.coupons.push(code.clone());
    }
    Ok(decided(view, after, None, request))
}

/// Takes a coupon off the cart.
///
/// # Errors
/// [`CartError::NotFound`], [`CartError::CouponNotFound`].
pub fn remove_coupon(
    view: &View,
    shopper: &Shopper,
    code: &CouponCode,
    request: Option<&Request>,
) -> Result<Decided, CartError> {
    let mut after = open_cart(view, shopper)?.ok_or(CartError::NotFound)?;
    let place = after.coupons.iter().position(|kept| kept == code).ok_or(CartError::CouponNotFound)?;
    after.coupons.remove(place);
    Ok(decided(view, after, None, request))
}

/// Says how the shopper pays.
///
/// # Errors
/// [`CartError::NotFound`], [`CartError::PaymentMethod`] when the shop does not take the method.
pub fn set_payment(
    view: &View,
    shopper: &Shopper,
    choice: &PaymentChoice,
    accepted: &[PaymentMethod],
    request: Option<&Request>,
) -> Result<Decided, CartError> {
    let mut after = open_cart(view, shopper)?.ok_or(CartError::NotFound)?;
    let PaymentChoice { method, mobile_money } = choice;
    if !accepted.contains(method) {
        return Err(CartError::PaymentMethod(*method));
    }
    after.payment_method = Some(*method);
    after.mobile_money = mobile_money.clone().filter(|_| *method == PaymentMethod::MobileMoney);
    Ok(decided(view, after, None, request))
}

/// The open cart of the shopper. `None`: the next one is still to be made.
pub(crate) fn open_cart(view: &View, shopper: &Shopper) -> Result<Option<Cart>, CartError> {
    match (&view.cart, shopper) {
        (cart, Shopper::Member(member)) => Ok(cart.as_ref().map(|cart| member.own(cart, view.now))),
        (Some(cart), _) if cart.expires_at > view.now => Ok(Some(cart.clone())),
        (None, Shopper::Newcomer) => Ok(None),
        (None, Shopper::Guest(_)) if view.token_known => Ok(None),
        _ => Err(CartError::NotFound),
    }
}

fn check_stock(view: &View, cart: &Cart, variant: VariantId) -> Result<(), CartError> {
    let Some(offer) = view.offer(variant) else { return Err(CartError::UnknownVariant) };
    let wanted = wanted(cart, variant);
    match view.available(offer) {
        Some(available) if available < wanted => {
            let line = view.cart.iter().flat_map(|cart| &cart.lines).find(|line| line.variant == variant);
            let line = line.map(|line| line.id);
            Err(CartError::OutOfStock(vec![ShortLine { line, sku: offer.sku.clone(), wanted, available }]))
        }
        _ => Ok(()),
    }
}

fn check_channel(channel: Option<&str>) -> Result<(), CartError> {
    let wrong = |channel: &str| {
        channel.trim() != channel
            || !(1..=Cart::CHANNEL_LENGTH_MAX).contains(&channel.chars().count())
            || has_control(channel)
    };
    if channel.is_some_and(wrong) { Err(CartError::Channel) } else { Ok(()) }
}

fn check_customizations(wishes: &Customizations) -> Result<(), CartError> {
    if wishes.len() > Cart::CUSTOMIZATIONS_MAX {
        return Err(CartError::Customizations("at most 10 customizations"));
    }
    for (name, text) in wishes {
        if name.trim().is_empty() {
            return Err(CartError::Customizations("a customization needs a name"));
        }
        let longest = name.chars().count().max(text.chars().count());
        if longest > Cart::CUSTOMIZATION_LENGTH_MAX {
            return Err(CartError::Customizations("a customization has at most 500 characters"));
        }
        if has_control(name) || text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(CartError::Customizations("a customization must not contain control characters"));
        }
    }
    Ok(())
}

fn decided(view: &View, mut after: Cart, token: Option<CartToken>, request: Option<&Request>) -> Decided {
    after.touched(view.now);
    let mut changes = ChangeSet::default();
    changes.cart.write = Some(Write::between(view.cart.as_ref(), &mut after));
    changes.idempotency = request.map(|request| request.record(Outcome::CartChanged(after.id), view.now));
    Decided { cart: after, token, changes }
}

impl Cart {
    /// It changed now, and is kept for as long as one that did.
    pub(super) fn touched(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.expires_at = now.plus(Duration::from_secs(Self::LIFETIME_SECONDS));
    }
}

impl Write {
    /// What makes `after` of `before`, whose version it grows.
    #[must_use]
    pub fn between(before: Option<&Cart>, after: &mut Cart) -> Self {
        let old: &[CartLine] = before.map_or(&[], |cart| &cart.lines);
        after.version = before.map_or(0, |cart| cart.version) + 1;
        let moved_or_changed = |(position, line): &(usize, &CartLine)| old.get(*position) != Some(*line);
        let lines_written = after
            .lines
            .iter()
            .enumerate()
            .filter(moved_or_changed)
            .map(|(position, line)| (u32::try_from(position).unwrap_or(u32::MAX), line.clone()))
            .collect();
        let gone = |line: &&CartLine| !after.lines.iter().any(|kept| kept.id == line.id);
        let lines_removed = old.iter().filter(gone).map(|line| line.id).collect();
        Self {
            expected_version: before.map(|cart| cart.version),
            lines_written,
            lines_removed,
            cart: after.clone(),
        }
    }
}
