//! `/api/orders/`: what was bought, and what staff does with it.

use commerce_core::order::{AddNote, Cancel, Search};
use commerce_core::{AuditId, OrderId};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::{MayReadOrders, MayWriteOrders, Perhaps, PerhapsCancelsOrders, PerhapsReadsOrders};
use super::key::OptionalKey;
use super::token::OrderAccess;
use super::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, CancelBody, Check, CursorLinks, Id, OrderDto, OrderNoteBody, OrderNoteDto,
    OrderNotePageDto, OrderPageDto, OrderQuery, PageSize, Problem, Refused, StatusBody, Text, statuses,
};

statuses! {
    /// Refusals of listing orders.
    ListOrders:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        422 "A parameter cannot be understood.";
    /// Refusals of reading an order.
    ReadOrder:
        401 "Nobody is logged in, and no token was sent.",
        403 "You may not do this.",
        404 "There is no such order, it is not yours, or the token is not its own.";
    /// Refusals of cancelling an order.
    CancelOrder:
        400 "The body cannot be understood.",
        401 "Nobody is logged in, and no token was sent.",
        403 "You may not do this.",
        404 "There is no such order, it is not yours, or the token is not its own.",
        409 "The order has got too far: `invalid-transition`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
    /// Refusals of moving an order on.
    MoveOrder:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such order.",
        409 "The order cannot get there from where it is, or not yet: `invalid-transition`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
    /// Refusals of reading notes.
    ReadNotes:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such order.",
        422 "A parameter cannot be understood.";
    /// Refusals of a note.
    WriteNote:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such order.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
}

pub(crate) struct OrdersApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/orders", tag = "Tag::Orders")]
impl OrdersApi {
    /// Lists orders
    ///
    /// The newest first: one's own, and all of them for staff. There may be any number, so a page begins behind an order and
    /// not at a number.
    #[oai(path = "/", method = "get", operation_id = "listOrders")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        who: PerhapsReadsOrders,
        /// Those that have got this far: `processing`.
        status: Query<Option<Text>>,
        /// Those whose payment has got this far: `due`.
        payment_status: Query<Option<Text>>,
        /// Those whose goods have got this far: `unfulfilled`.
        fulfillment_status: Query<Option<Text>>,
        /// Those that the shopper chose to pay like this: `cash_on_delivery`.
        payment_method: Query<Option<Text>>,
        /// Those of this e-mail address, without regard to case.
        email: Query<Option<Text>>,
        /// The one with this number.
        number: Query<Option<Text>>,
        /// Those placed from this instant on.
        placed_from: Query<Option<Text>>,
        /// Those placed before this instant.
        placed_until: Query<Option<Text>>,
        /// The order behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Orders on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<OrderPageDto>, Refused<ListOrders>> {
        let customer = match who {
            Perhaps::Permitted(_) => None,
            Perhaps::Own(who) => Some(who.id()),
            Perhaps::Refused(refused) | Perhaps::Nobody(refused) => return Err(refused.into()),
        };
        let asked = OrderQuery {
            status: status.0,
            payment_status: payment_status.0,
            fulfillment_status: fulfillment_status.0,
            payment_method: payment_method.0,
            email: email.0,
            number: number.0,
            placed_from: placed_from.0,
            placed_until: placed_until.0,
            cursor: cursor.0,
            page_size: page_size.0,
        };
        let (search, links) = asked.read("/api/orders/", Search { customer, ..Search::default() })?;
        let mut found = self.shop.engine.orders().search(&search, links.rows()).await?;
        let next = links.cut(&mut found, |row| row.id);
        Ok(Answer::new(&OrderPageDto { results: found.into_iter().map(Into::into).collect(), next })?)
    }

    /// Shows an order
    ///
    /// To whoever placed it and is logged in, to whoever has its token, and to staff.
    #[oai(path = "/:id/", method = "get", operation_id = "getOrder")]
    async fn show(
        &self,
        staff: PerhapsReadsOrders,
        /// The order.
        id: Path<Id>,
        /// The order's secret.
        #[oai(name = "X-Order-Token")]
        token: OrderAccess,
    ) -> Result<Answer<OrderDto>, Refused<ReadOrder>> {
        let (id, actor) = token.opened(&id.0.0, staff, &self.shop.order_tokens)?;
        let order = self.shop.engine.orders().get(id).await?.filter(|order| order.is_open_to(&actor));
        let order = order.ok_or_else(Problem::not_found)?;
        Ok(Answer::new(&OrderDto::new(&order))?)
    }

    /// Calls an order off
    ///
    /// While nothing of it has left. Its stock goes back, once, and so does money that came for it. Staff calls off any order.
    #[oai(path = "/:id/cancel/", method = "post", operation_id = "cancelOrder")]
    async fn cancel(
        &self,
        staff: PerhapsCancelsOrders,
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
        let (id, actor) = token.opened(&id.0.0, staff, &self.shop.order_tokens)?;
        let request = key.about(id, &actor, "POST /api/orders/{id}/cancel/", &body.canonical);
        let command = Cancel { actor, reason: body.value.reason.unwrap_or_default(), request };
        let orders = self.shop.engine.orders();
        let cancelled = settle(async move { orders.cancel(id, &command).await }).await?;
        Ok(Answer::new(&OrderDto::new(&cancelled.order))?.replayed(cancelled.replayed))
    }

    /// Moves an order on
    ///
    /// For staff: an order that is paid at the door is accepted (`processing`), then any is `shipped`, `delivered` and
    /// `completed`, or comes back (`returned`). Of an order that is there already nothing changes. To call one off here
    /// (`cancelled`) takes `orders.cancel` too, and to take one back `orders.refund`.
    #[oai(path = "/:id/status/", method = "put", operation_id = "setOrderStatus")]
    async fn move_on(
        &self,
        staff: MayWriteOrders,
        /// The order.
        id: Path<Id>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<StatusBody>,
    ) -> Result<Answer<OrderDto>, Refused<MoveOrder>> {
        let id: OrderId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let mut command = body.value.command(staff.actor())?;
        staff.also(command.permission())?;
        command.restock = self.shop.location("/restock", body.value.restock.as_deref()).await?;
        command.request = key.about(id, &command.actor, "PUT /api/orders/{id}/status/", &body.canonical);
        let orders = self.shop.engine.orders();
        let moved = settle(async move { orders.move_on(id, &command).await }).await?;
        Ok(Answer::new(&OrderDto::new(&moved.order))?.replayed(moved.replayed))
    }

    /// Lists the notes on an order
    ///
    /// The newest first. Staff writes and reads them; the shopper never does.
    #[oai(path = "/:id/notes/", method = "get", operation_id = "listOrderNotes")]
    async fn notes(
        &self,
        _staff: MayReadOrders,
        /// The order.
        id: Path<Id>,
        /// The note behind which to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Notes on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<OrderNotePageDto>, Refused<ReadNotes>> {
        let id: OrderId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let before = cursor.0.and_then(|cursor| check.parse::<AuditId>("/cursor", &cursor.0));
        let page_size = check.finish(size)?;
        let path = format!("/api/orders/{id}/notes/");
        let links = CursorLinks { path: &path, filters: Vec::new(), page_size };
        let found = self.shop.engine.orders().notes(id, before, links.rows()).await?;
        let mut found = found.ok_or_else(Problem::not_found)?;
        let next = links.cut(&mut found, |note| note.id);
        Ok(Answer::new(&OrderNotePageDto { results: found.into_iter().map(Into::into).collect(), next })?)
    }

    /// Writes a note on an order
    ///
    /// For staff alone. It is never changed, nor taken away.
    #[oai(path = "/:id/notes/", method = "post", operation_id = "addOrderNote")]
    async fn add_note(
        &self,
        staff: MayWriteOrders,
        /// The order.
        id: Path<Id>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<OrderNoteBody>,
    ) -> Result<Answer<OrderNoteDto, 201>, Refused<WriteNote>> {
        let id: OrderId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let actor = staff.actor();
        let request = key.about(id, &actor, "POST /api/orders/{id}/notes/", &body.canonical);
        let command = AddNote { text: body.value.text, actor, request };
        let orders = self.shop.engine.orders();
        let added = settle(async move { orders.add_note(id, &command).await }).await?;
        Ok(Answer::new(&added.note.into())?.replayed(added.replayed))
    }
}
