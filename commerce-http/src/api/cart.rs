//! `/api/cart/`: what a shopper means to buy.

use commerce_core::cart::{CartAnswer, CartError, CartToken, Shopper};
use commerce_core::customer::{Destination, subdivision};
use commerce_core::promotion::CouponCode;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::Visitor;
use super::key::OptionalKey;
use super::token::{CART_TOKEN, CartAccess};
use super::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    AddItemBody, Answer, Body, CartDto, Check, Country, CouponBody, Flag, Id, Problem, QuantityBody, Refused,
    ShippingOptionsDto, Text, statuses,
};

statuses! {
    /// Refusals of reading a cart.
    ReadCart: 401 "The access token is not valid.", 404 "No cart has this token.", 422 "A parameter cannot be understood.";
    /// Refusals of adding to a cart.
    Add:
        400 "The body cannot be understood.",
        401 "The access token is not valid.",
        404 "No cart has this token.",
        409 "Too little is left: `out-of-stock`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `unknown-variant`, `idempotency-key-reused`.";
    /// Refusals of changing a line item.
    Change:
        400 "The body cannot be understood.",
        401 "Nobody is logged in, and no token was sent.",
        404 "No cart has this token, or the cart has no such line item.",
        409 "Too little is left: `out-of-stock`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `unknown-variant`.";
    /// Refusals of a coupon.
    Coupon:
        400 "The body cannot be understood.",
        401 "Nobody is logged in, and no token was sent.",
        404 "No cart has this token.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `coupon-not-applicable` with the reason, `validation-failed`, `idempotency-key-reused`.";
    /// Refusals of taking a coupon off.
    TakeOff:
        401 "Nobody is logged in, and no token was sent.",
        404 "No cart has this token, or the cart has no such coupon.",
        422 "The cart cannot be priced.";
    /// Refusals of removing a line item.
    Remove:
        401 "Nobody is logged in, and no token was sent.",
        404 "No cart has this token, or the cart has no such line item.",
        422 "The cart cannot be priced.";
}

pub(crate) struct CartApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/cart", tag = "Tag::Cart")]
impl CartApi {
    /// Shows the cart
    ///
    /// That of the account of whoever is logged in, else that of the token. Without either: an empty one that is stored
    /// nowhere.
    #[oai(path = "/", method = "get", operation_id = "getCart")]
    async fn show(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// Whether to tell how the amounts came about, and why a promotion did not apply.
        explain: Query<Option<Flag>>,
    ) -> Result<Answer<CartDto>, Refused<ReadCart>> {
        let mut check = Check::default();
        let explain = explain.0.and_then(|flag| flag.check("/explain", &mut check)).unwrap_or(false);
        check.finish(Some(()))?;
        let shopper = token.shopper(&visitor)?;
        let carts = self.shop.engine.carts();
        let body = if explain {
            let explained = carts.explain(shopper).await?;
            CartDto::new(&explained.cart).trace(explained.story)
        } else {
            CartDto::new(&carts.get(shopper).await?)
        };
        Ok(Answer::new(&body)?)
    }

    /// Puts units of a variant into the cart
    ///
    /// Whoever is logged in has one cart, that of their account, and needs no token; one that is sent does not count. Without
    /// either a cart is made, whose token is in the answer and in its header `X-Cart-Token`, this once. The same
    /// variant with the same customizations adds up. A key counts for the cart of the token; without a token it has no
    /// effect, as nobody can be told from anybody else.
    #[oai(path = "/items/", method = "post", operation_id = "addCartItem")]
    async fn add(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<AddItemBody>,
    ) -> Result<Answer<CartDto, 201>, Refused<Add>> {
        let shopper = token.shopper(&visitor)?;
        let request =
            actor(&shopper).and_then(|actor| key.request(actor, "POST /api/cart/items/", &body.canonical));
        let pointer = body.value.variant_pointer();
        let command = body.value.command()?;
        let carts = self.shop.engine.carts();
        let added = settle(async move {
            carts.add(shopper, &command, request.as_ref()).await.map_err(|error| match error {
                CartError::UnknownVariant => Problem::from(error).at(pointer),
                other => other.into(),
            })
        });
        changed(&added.await?)
    }

    /// Sets how many units a line item holds
    ///
    /// 0 removes it.
    #[oai(path = "/items/:id/", method = "put", operation_id = "setCartItem")]
    async fn set_quantity(
        &self,
        visitor: Visitor,
        /// The line item.
        id: Path<Id>,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        body: Body<QuantityBody>,
    ) -> Result<Answer<CartDto>, Refused<Change>> {
        let shopper = token.holder(&visitor)?;
        let quantity = body.value.check()?;
        let line = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let carts = self.shop.engine.carts();
        changed(&settle(async move { carts.set_quantity(shopper, line, quantity, None).await }).await?)
    }

    /// Removes a line item
    #[oai(path = "/items/:id/", method = "delete", operation_id = "removeCartItem")]
    async fn remove(
        &self,
        visitor: Visitor,
        /// The line item.
        id: Path<Id>,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
    ) -> Result<Answer<CartDto>, Refused<Remove>> {
        let shopper = token.holder(&visitor)?;
        let line = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let carts = self.shop.engine.carts();
        changed(&settle(async move { carts.set_quantity(shopper, line, None, None).await }).await?)
    }

    /// Puts a coupon on the cart
    ///
    /// When it does not apply to the cart as it is, it is refused with the reason and the cart stays as it was. One that
    /// ceases to apply later stays on the cart, which says why it takes nothing off.
    #[oai(path = "/coupon/", method = "post", operation_id = "applyCoupon")]
    async fn apply_coupon(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<CouponBody>,
    ) -> Result<Answer<CartDto>, Refused<Coupon>> {
        let shopper = token.holder(&visitor)?;
        let request =
            actor(&shopper).and_then(|actor| key.request(actor, "POST /api/cart/coupon/", &body.canonical));
        let code = body.value.check()?;
        let carts = self.shop.engine.carts();
        changed(&settle(async move { carts.apply_coupon(shopper, &code, request.as_ref()).await }).await?)
    }

    /// Takes a coupon off the cart
    #[oai(path = "/coupon/:code/", method = "delete", operation_id = "removeCoupon")]
    async fn remove_coupon(
        &self,
        visitor: Visitor,
        /// The code of the coupon.
        code: Path<Text>,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
    ) -> Result<Answer<CartDto>, Refused<TakeOff>> {
        let shopper = token.holder(&visitor)?;
        let code = code.0.0.parse::<CouponCode>().map_err(|_| Problem::not_found())?;
        let carts = self.shop.engine.carts();
        changed(&settle(async move { carts.remove_coupon(shopper, &code, None).await }).await?)
    }

    /// Shows what shipping would cost
    ///
    /// The methods that serve the destination with what is in the cart.
    #[oai(path = "/shipping-options/", method = "get", operation_id = "listShippingOptions")]
    async fn shipping_options(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// Two upper-case letters of ISO 3166-1.
        country_code: Query<Country>,
        /// State, province or region: its code of ISO 3166-2, where the country has such codes.
        state_province: Query<Option<Text>>,
        /// Postal code.
        postal_code: Query<Option<Text>>,
    ) -> Result<Answer<ShippingOptionsDto>, Refused<ReadCart>> {
        let mut check = Check::default();
        let country = if country_code.0.0.is_empty() {
            check.wrong("/country_code", "required", "is required");
            None
        } else {
            check.parse("/country_code", &country_code.0.0)
        };
        let text = |sent: Option<Text>| sent.map(|text| text.0).filter(|text| !text.is_empty());
        let (state_province, postal_code) = (text(state_province.0), text(postal_code.0));
        let state_province = country
            .zip(state_province)
            .and_then(|(country, text)| check.take("/state_province", subdivision(country, &text)));
        let destination = country.map(|country| Destination { country, state_province, postal_code });
        let destination = check.finish(destination)?;
        let shopper = token.shopper(&visitor)?;
        let options = self.shop.engine.carts().shipping_options(shopper, destination).await?;
        Ok(Answer::new(&options.into())?)
    }
}

/// Whose request a key belongs to: the account, or the holder of the cart's token. Newcomers cannot be told apart.
pub(super) fn actor(shopper: &Shopper) -> Option<String> {
    match shopper {
        Shopper::Newcomer => None,
        Shopper::Guest(token) => Some(format!("cart:{}", token.to_hex())),
        Shopper::Member(member) => Some(format!("account:{}", member.account)),
    }
}

/// The cart after a change.
pub(super) fn changed<const STATUS: u16, S: crate::wire::Statuses>(
    answer: &CartAnswer,
) -> Result<Answer<CartDto, STATUS>, Refused<S>> {
    let token = answer.token.as_ref().map(CartToken::reveal);
    let body = CartDto::new(&answer.cart).token(token.as_deref());
    Ok(Answer::new(&body)?.header(CART_TOKEN, token.as_deref()).replayed(answer.replayed))
}
