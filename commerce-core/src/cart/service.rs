//! Carts: look, decide, commit.

use std::sync::Arc;

use super::decide::{self, Decided, open_cart};
use super::error::CartError;
use super::merge::{self, Merged};
use super::outside::{OutsideError, learn};
use super::price::{price, pricing_input};
use super::{
    AddItem, Cart, CartToken, Delivery, Look, Member, PaymentChoice, PricedCart, Shopper, TokenHash, View,
};
use crate::attempts::Attempts;
use crate::commit::{ChangeSet, StoreError};
use crate::customer::Destination;
use crate::engine::Parts;
use crate::idempotency::Request;
use crate::pricing::{Explanation, Quote, quote};
use crate::promotion::{CouponCode, CustomerKey};
use crate::shipping::ShippingOption;
use crate::{CartId, Ids, LineId, Quantity};

/// The carts of the shop; reached by [`Engine::carts`](crate::Engine::carts).
#[derive(Clone)]
pub struct Carts {
    pub(crate) parts: Arc<Parts>,
}

/// A cart after a change.
#[derive(Debug, Clone)]
pub struct CartAnswer {
    /// The cart and what it costs.
    pub cart: PricedCart,
    /// The token of a cart that was made just now: show it once, it is stored nowhere.
    pub token: Option<CartToken>,
    /// Whether this repeats a request that had its effect before.
    pub replayed: bool,
}

/// A cart with the story of what it costs.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The cart and what it costs.
    pub cart: PricedCart,
    /// How that came about.
    pub story: Explanation,
}

impl Carts {
    /// The cart of the shopper. When they have none, and after it became an order, an empty one that is not stored: its
    /// version is 0.
    ///
    /// # Errors
    /// [`CartError::NotFound`] when no cart has the token.
    pub async fn get(&self, shopper: impl Into<Shopper> + Send) -> Result<PricedCart, CartError> {
        self.of(&shopper.into()).await
    }

    /// The cart with the story of what it costs: every rule, rounding and allocation.
    ///
    /// # Errors
    /// [`CartError::NotFound`] when no cart has the token.
    pub async fn explain(&self, shopper: impl Into<Shopper> + Send) -> Result<Explained, CartError> {
        let shopper = shopper.into();
        let mut view = self.look(&shopper, Look::default()).await?;
        let cart = open_cart(&view, &shopper)?.unwrap_or_else(|| Cart::unsaved(view.now));
        let rules = self.parts.rulebook(view.rulebook_version).await?;
        learn(&self.parts, &mut view, &cart, None, &rules).await?;
        let input = pricing_input(&view, &cart, cart.destination(), &rules);
        let story = Quote::explain(&rules.compiled, &input)?;
        let cart = price(&view, cart, &rules, &self.parts.terms.accepted)?;
        Ok(Explained { cart, story })
    }

    /// Puts units of a variant into the cart. For a newcomer a cart is made, whose token is in the answer.
    ///
    /// # Errors
    /// As [`add_item`](decide::add_item).
    pub async fn add(
        &self,
        shopper: impl Into<Shopper> + Send,
        command: &AddItem,
        request: Option<&Request>,
    ) -> Result<CartAnswer, CartError> {
        let shopper = &shopper.into();
        let look = Look { variant: Some(command.variant.clone()), ..Look::default() };
        let decide = |view: &View, ids: &mut Ids| decide::add_item(view, shopper, command, request, ids);
        self.change(shopper, look, request, decide).await
    }

    /// Sets how many units a line item holds; `None` removes it.
    ///
    /// # Errors
    /// As [`set_quantity`](decide::set_quantity).
    pub async fn set_quantity(
        &self,
        shopper: impl Into<Shopper> + Send,
        line: LineId,
        quantity: Option<Quantity>,
        request: Option<&Request>,
    ) -> Result<CartAnswer, CartError> {
        let shopper = &shopper.into();
        let decide = |view: &View, _: &mut Ids| decide::set_quantity(view, shopper, line, quantity, request);
        self.change(shopper, Look::default(), request, decide).await
    }

    /// Says where the goods go, how, and who is told.
    ///
    /// # Errors
    /// As [`set_delivery`](decide::set_delivery) and [`check_delivery`](decide::check_delivery).
    pub async fn set_delivery(
        &self,
        shopper: impl Into<Shopper> + Send,
        command: &Delivery,
        request: Option<&Request>,
    ) -> Result<CartAnswer, CartError> {
        let shopper = &shopper.into();
        // The new e-mail address may have used what the one before had not.
        let customer = Some(CustomerKey::of_email(&command.email));
        let look = Look { customer, ..Look::default() };
        let decide = |view: &View, _: &mut Ids| decide::set_delivery(view, shopper, command, request);
        self.change_if(shopper, look, request, decide, decide::check_delivery).await
    }

    /// Says how the shopper pays.
    ///
    /// # Errors
    /// As [`set_payment`](decide::set_payment); [`CartError::PaymentMethod`] also when the payment gateway cannot collect the
    /// cart's total in this way.
    pub async fn set_payment(
        &self,
        shopper: impl Into<Shopper> + Send,
        choice: impl Into<PaymentChoice> + Send,
        request: Option<&Request>,
    ) -> Result<CartAnswer, CartError> {
        let accepted = &self.parts.terms.accepted;
        let (shopper, choice) = (&shopper.into(), choice.into());
        let decide =
            |view: &View, _: &mut Ids| decide::set_payment(view, shopper, &choice, accepted, request);
        self.change_if(shopper, Look::default(), request, decide, |cart| match &self.parts.gateway {
            Some(gateway)
                if choice.method.needs_gateway()
                    && !gateway.supports(choice.method, cart.quote.summary.total) =>
            {
                Err(CartError::PaymentMethod(choice.method))
            }
            _ => Ok(()),
        })
        .await
    }

    /// Puts a coupon on the cart, when it applies to it as it is now. One that is on it already stays.
    ///
    /// # Errors
    /// [`CartError::Coupon`] with the reason why it does not apply; and as [`apply_coupon`](decide::apply_coupon).
    pub async fn apply_coupon(
        &self,
        shopper: impl Into<Shopper> + Send,
        code: &CouponCode,
        request: Option<&Request>,
    ) -> Result<CartAnswer, CartError> {
        let shopper = &shopper.into();
        let look = Look { coupon: Some(code.clone()), ..Look::default() };
        let decide = |view: &View, _: &mut Ids| decide::apply_coupon(view, shopper, code, request);
        self.change_if(shopper, look, request, decide, |cart| {
            let outcome = cart.quote.coupons.iter().find(|outcome| outcome.code == code.as_str());
            match outcome.and_then(|outcome| outcome.refused) {
                Some(reason) => Err(CartError::Coupon { code: code.clone(), reason }),
                None => Ok(()),
            }
        })
        .await
    }

    /// Takes a coupon off the cart.
    ///
    /// # Errors
    /// As [`remove_coupon`](decide::remove_coupon).
    pub async fn remove_coupon(
        &self,
        shopper: impl Into<Shopper> + Send,
        code: &CouponCode,
        request: Option<&Request>,
    ) -> Result<CartAnswer, CartError> {
        let shopper = &shopper.into();
        let decide = |view: &View, _: &mut Ids| decide::remove_coupon(view, shopper, code, request);
        self.change(shopper, Look::default(), request, decide).await
    }

    /// The shipping methods that would serve the destination with what is in the cart, priced.
    ///
    /// # Errors
    /// [`CartError::NotFound`] when no cart has the token.
    pub async fn shipping_options(
        &self,
        shopper: impl Into<Shopper> + Send,
        destination: Destination,
    ) -> Result<Vec<ShippingOption>, CartError> {
        let shopper = shopper.into();
        let mut view = self.look(&shopper, Look::default()).await?;
        let cart = open_cart(&view, &shopper)?.unwrap_or_else(|| Cart::unsaved(view.now));
        let rules = self.parts.rulebook(view.rulebook_version).await?;
        learn(&self.parts, &mut view, &cart, Some(destination.clone()), &rules).await?;
        let quote = quote(&rules.compiled, &pricing_input(&view, &cart, Some(destination), &rules))?;
        Ok(quote.shipping_options)
    }

    /// Merges the cart of a guest who logged in into that of their account, by the policy of the shop: both carts change
    /// or neither. What cannot be merged stays where it is, and is told. A token that opens no cart, or an empty one, has
    /// nothing to merge: so doing it again changes nothing.
    ///
    /// # Errors
    /// [`CartError::Busy`], and when the store fails.
    pub async fn merge(&self, member: &Member, token: &CartToken) -> Result<Merged, CartError> {
        let shopper = Shopper::from(member.clone());
        let policy = self.parts.account_terms.cart_merge;
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let guest = self.look(&token.into(), Look::default()).await?;
            if !merge::has_lines(&guest) {
                return Ok(Merged::default());
            }
            let own = self.look(&shopper, Look::default()).await?;
            let rules = self.parts.rulebook(own.rulebook_version).await?;
            let fits = |cart: &Cart| {
                let view = own.beside(&guest);
                quote(&rules.compiled, &pricing_input(&view, cart, None, &rules)).is_ok()
            };
            let mut ids = self.parts.ids(own.now);
            let currency = rules.compiled.currency();
            let (merged, changes) = merge::merge(&own, &guest, member, policy, currency, &fits, &mut ids);
            if changes == ChangeSet::default() {
                return Ok(merged);
            }
            match self.parts.store.commit(&changes).await {
                Ok(()) => return Ok(merged),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// A look at the cart of the shopper.
    async fn look(&self, shopper: &Shopper, look: Look) -> Result<View, CartError> {
        Ok(look_of(&self.parts, shopper, look).await?)
    }

    async fn change(
        &self,
        shopper: &Shopper,
        look: Look,
        request: Option<&Request>,
        decide: impl Fn(&View, &mut Ids) -> Result<Decided, CartError>,
    ) -> Result<CartAnswer, CartError> {
        self.change_if(shopper, look, request, decide, |_| Ok(())).await
    }

    /// Changes the cart, when what it then costs is accepted.
    async fn change_if(
        &self,
        shopper: &Shopper,
        look: Look,
        request: Option<&Request>,
        decide: impl Fn(&View, &mut Ids) -> Result<Decided, CartError>,
        accept: impl Fn(&PricedCart) -> Result<(), CartError>,
    ) -> Result<CartAnswer, CartError> {
        let look = Look { repeated: request.map(|request| request.scope.clone()), ..look };
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let mut view = self.look(shopper, look.clone()).await?;
            if let (Some(request), Some(record)) = (request, &view.record) {
                request.answered_by(record)?;
                // The cart as it is by now: perhaps with another e-mail address than this look was for.
                let cart = self.of(shopper).await?;
                return Ok(CartAnswer { cart, token: None, replayed: true });
            }
            let rules = self.parts.rulebook(view.rulebook_version).await?;
            let decided = decide(&view, &mut self.parts.ids(view.now))?;
            // Priced before it is written: a cart whose total does not fit is refused rather than stored.
            learn(&self.parts, &mut view, &decided.cart, None, &rules).await?;
            let cart = price(&view, decided.cart, &rules, &self.parts.terms.accepted)?;
            accept(&cart)?;
            match self.parts.store.commit(&decided.changes).await {
                Ok(()) => return Ok(CartAnswer { cart, token: decided.token, replayed: false }),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn of(&self, shopper: &Shopper) -> Result<PricedCart, CartError> {
        let mut view = self.look(shopper, Look::default()).await?;
        let cart = open_cart(&view, shopper)?.unwrap_or_else(|| Cart::unsaved(view.now));
        let rules = self.parts.rulebook(view.rulebook_version).await?;
        learn(&self.parts, &mut view, &cart, None, &rules).await?;
        Ok(price(&view, cart, &rules, &self.parts.terms.accepted)?)
    }
}

/// A look at the cart of the shopper, with what is known of them. Of a member the address of their account counts, whatever
/// the cart says.
pub(crate) async fn look_of(parts: &Parts, shopper: &Shopper, look: Look) -> Result<View, StoreError> {
    let customer = shopper.customer().or(look.customer);
    let look = Look { token: shopper.key(), customer, ..look };
    let mut view = parts.store.cart(&look).await?;
    view.outside.groups = shopper.groups();
    Ok(view)
}

impl From<OutsideError> for CartError {
    fn from(error: OutsideError) -> Self {
        match error {
            OutsideError::Pricing(error) => Self::Pricing(error),
            OutsideError::Store(error) => Self::Store(error),
            OutsideError::Tax(error) => Self::Tax(error),
        }
    }
}

impl Cart {
    /// A new cart, not yet stored.
    pub(crate) fn new(id: CartId, token: TokenHash, now: crate::Timestamp) -> Self {
        Self {
            id,
            token,
            customer: None,
            currency: None,
            channel: None,
            lines: Vec::new(),
            coupons: Vec::new(),
            email: None,
            shipping_address: None,
            billing_address: None,
            shipping_method: None,
            payment_method: None,
            mobile_money: None,
            order: None,
            created_at: now,
            updated_at: now,
            expires_at: now,
            version: 0,
        }
    }

    /// The empty cart of somebody who has none.
    pub(crate) fn unsaved(now: crate::Timestamp) -> Self {
        Self::new(CartId(uuid::Uuid::nil()), TokenHash([0; 32]), now)
    }
}
