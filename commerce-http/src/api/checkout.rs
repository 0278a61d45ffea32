//! `/api/cart/checkout/`: from a cart to an order.

use commerce_core::cart::PaymentChoice;
use commerce_core::checkout::Confirm;
use commerce_core::payment::PaymentMethod;
use poem_openapi::OpenApi;

use super::access::Visitor;
use super::cart::{actor, changed};
use super::key::{OptionalKey, RequiredKey};
use super::token::{CartAccess, ORDER_TOKEN};
use super::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, CartDto, Check, ConfirmBody, ConfirmedDto, DeliveryBody, PaymentBody, Problem, Refused,
    statuses,
};

statuses! {
    /// Refusals of a step of the checkout.
    CheckoutStep:
        400 "The body cannot be understood.",
        401 "Nobody is logged in, and no token was sent.",
        404 "No cart has this token.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
    /// Refusals of a confirmation.
    Confirmation:
        400 "The body cannot be understood, or there is no valid `Idempotency-Key`.",
        401 "Nobody is logged in, and no token was sent.",
        404 "No cart has this token.",
        409 "The state says no: `out-of-stock`, `price-changed`, `cart-changed`, `coupon-exhausted`, \
             `checkout-incomplete`, `request-in-progress`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.",
        504 "The order is placed, and the gateway did not say what became of its payment: `gateway-timeout`. Repeat \
             with the same key.";
}

pub(crate) struct CheckoutApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/cart/checkout", tag = "Tag::Checkout")]
impl CheckoutApi {
    /// Says where the goods go, how, and who is told
    ///
    /// Whoever is logged in may name one of their addresses, and is told at the address of their account.
    #[oai(path = "/shipping/", method = "post", operation_id = "setDelivery")]
    async fn shipping(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<DeliveryBody>,
    ) -> Result<Answer<CartDto>, Refused<CheckoutStep>> {
        let shopper = token.holder(&visitor)?;
        let request = actor(&shopper)
            .and_then(|actor| key.request(actor, "POST /api/cart/checkout/shipping/", &body.canonical));
        let book = match (&visitor.account, &body.value.address_id) {
            (Some(account), Some(_)) => self.shop.engine.accounts().addresses(account.id).await?,
            _ => Vec::new(),
        };
        let command = body.value.command(visitor.account.as_ref(), &book)?;
        let carts = self.shop.engine.carts();
        changed(&settle(async move { carts.set_delivery(shopper, &command, request.as_ref()).await }).await?)
    }

    /// Says how the shopper pays
    #[oai(path = "/payment/", method = "post", operation_id = "setPayment")]
    async fn payment(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<PaymentBody>,
    ) -> Result<Answer<CartDto>, Refused<CheckoutStep>> {
        let shopper = token.holder(&visitor)?;
        let request = actor(&shopper)
            .and_then(|actor| key.request(actor, "POST /api/cart/checkout/payment/", &body.canonical));
        let mut check = Check::default();
        let method = check.parse::<PaymentMethod>("/method", &body.value.method.0);
        let account = body.value.mobile_money.and_then(|account| account.check("/mobile_money", &mut check));
        let method = check.finish(method)?;
        let choice = PaymentChoice { method, mobile_money: account };
        let carts = self.shop.engine.carts();
        changed(&settle(async move { carts.set_payment(shopper, choice, request.as_ref()).await }).await?)
    }

    /// Confirms the cart: places the order
    ///
    /// Reserves the stock, freezes prices and addresses, and closes the cart; its token then opens the next, empty one. Where
    /// a payment gateway collects, `payment.next_action` says how the shopper goes on. When the gateway does not answer, the
    /// order is placed all the same and the answer is 503 or 504: repeat the request with the same key.
    /// The same key with the same request answers with the same order, however often and however fast it comes.
    #[oai(path = "/confirm/", method = "post", operation_id = "confirmCart")]
    async fn confirm(
        &self,
        visitor: Visitor,
        /// The cart's secret.
        #[oai(name = "X-Cart-Token")]
        token: CartAccess,
        /// A key of the client's own making, the same one for every attempt at this order.
        #[oai(name = "Idempotency-Key")]
        key: RequiredKey,
        body: Body<ConfirmBody, false>,
    ) -> Result<Answer<ConfirmedDto, 201>, Refused<Confirmation>> {
        let shopper = token.holder(&visitor)?;
        let request = actor(&shopper)
            .map(|actor| key.request(actor, "POST /api/cart/checkout/confirm/", &body.canonical));
        let mut check = Check::default();
        let expected_total =
            body.value.expected_total.map(|money| money.check("/expected_total", &mut check));
        let return_url = self.shop.returns.choose("/callback_url", body.value.callback_url, &mut check);
        let command = Confirm {
            expected_total: expected_total.flatten(),
            cart_version: body.value.cart_version,
            return_url,
            request,
        };
        let command = check.finish(Some(command))?;
        let checkout = self.shop.engine.checkout();
        let mut confirmed = settle(async move { checkout.confirm(shopper, &command).await }).await?;
        if let Some(trouble) = confirmed.trouble.take() {
            return Err(Problem::from(trouble).into());
        }
        let order_token = self.shop.order_tokens.token(confirmed.order.order.id);
        let body = ConfirmedDto::new(&confirmed, &order_token);
        Ok(Answer::new(&body)?.header(ORDER_TOKEN, Some(&order_token)).replayed(confirmed.replayed))
    }
}
