//! `/api/orders/`: what was bought.

use commerce_core::audit::Actor;
use commerce_core::order::Cancel;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use super::key::OptionalKey;
use super::token::OrderAccess;
use super::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{Answer, Body, CancelBody, Id, OrderDto, Problem, Refused, statuses};

statuses! {
    /// Refusals of reading an order.
    ReadOrder: 401 "No token was sent.", 404 "There is no such order, or the token is not its own.";
    /// Refusals of cancelling an order.
    CancelOrder:
        400 "The body cannot be understood.",
        401 "No token was sent.",
        404 "There is no such order, or the token is not its own.",
        409 "The order has got too far: `invalid-transition`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
}

pub(crate) struct OrdersApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/orders", tag = "Tag::Orders")]
impl OrdersApi {
    /// Shows an order
    #[oai(path = "/:id/", method = "get", operation_id = "getOrder")]
    async fn show(
        &self,
        /// The order.
        id: Path<Id>,
        /// The order's secret.
        #[oai(name = "X-Order-Token")]
        token: OrderAccess,
    ) -> Result<Answer<OrderDto>, Refused<ReadOrder>> {
        let id = token.opens(&id.0.0, &self.shop.order_tokens)?;
        let order = self.shop.engine.orders().get(id).await?.ok_or_else(Problem::not_found)?;
        Ok(Answer::new(&OrderDto::new(&order))?)
    }

    /// Calls an order off
    ///
    /// While nothing of it has left and no money has come for it. Its stock goes back, once.
    #[oai(path = "/:id/cancel/", method = "post", operation_id = "cancelOrder")]
    async fn cancel(
        &self,
        /// The order.
        id: Path<Id>,
        /// The order's secret.
        #[oai(name = "X-Order-Token")]
        token: OrderAccess,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<CancelBody, false>,
    ) -> Result<Answer<OrderDto>, Refused<CancelOrder>> {
        let id = token.opens(&id.0.0, &self.shop.order_tokens)?;
        let command = Cancel {
            actor: Actor::Guest,
            reason: body.value.reason.unwrap_or_default(),
            request: key.request(format!("order:{id}"), "POST /api/orders/{id}/cancel/", &body.canonical),
        };
        let orders = self.shop.engine.orders();
        let cancelled = settle(async move { orders.cancel(id, &command).await }).await?;
        Ok(Answer::new(&OrderDto::new(&cancelled.order))?.replayed(cancelled.replayed))
    }
}
