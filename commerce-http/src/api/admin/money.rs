//! Money that needs staff: what counts towards no order, refunds by hand, messages of the gateway, and the journal.

use commerce_core::payment::UnmatchedState;
use commerce_core::{MessageId, OrderId, RefundId, Timestamp, UnmatchedId};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::{Read, Write};
use crate::api::access::{MayReadPayments, MayRefund, MayResolvePayments};
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, BalancesDto, Body, Check, CursorLinks, Id, MessagePageDto, NoteBody, OrderJournalDto, PageSize,
    Problem, RefundDto, Refused, Text, UnmatchedDto, UnmatchedPageDto,
};

pub(crate) struct MoneyApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin", tag = "Tag::BackOffice")]
impl MoneyApi {
    /// Lists money that counts towards no order
    ///
    /// The newest first: charges with another amount or currency than was asked for, second payments of one order, charges
    /// that the shop never asked for.
    #[oai(path = "/unmatched-payments/", method = "get", operation_id = "listUnmatchedPayments")]
    async fn unmatched(
        &self,
        _admin: MayReadPayments,
        /// Those in this state only: `open`, `refunding`, `refunded`, `resolved`.
        status: Query<Option<Text>>,
        /// Where to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<UnmatchedPageDto>, Refused<Read>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let before = cursor.0.and_then(|cursor| check.parse::<UnmatchedId>("/cursor", &cursor.0));
        let state = status
            .0
            .and_then(|status| check.word("/status", &status.0, UnmatchedState::ALL, UnmatchedState::as_str));
        let page_size = check.finish(size)?;
        let filters = vec![("status", state.map(|state| state.as_str().to_owned()))];
        let links = CursorLinks { path: "/api/admin/unmatched-payments/", filters, page_size };
        let mut found = self.shop.engine.store().unmatched_list(state, before, links.rows()).await?;
        let next = links.cut(&mut found, |row| row.id);
        Ok(Answer::new(&UnmatchedPageDto { results: found.iter().map(Into::into).collect(), next })?)
    }

    /// Gives money back that counts towards no order
    #[oai(path = "/unmatched-payments/:id/refund/", method = "post", operation_id = "refundUnmatchedPayment")]
    async fn refund_unmatched(
        &self,
        admin: MayRefund,
        /// Its id.
        id: Path<Id>,
        body: Body<NoteBody>,
    ) -> Result<Answer<UnmatchedDto>, Refused<Write>> {
        let id: UnmatchedId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let payments = self.shop.engine.payments();
        let note = body.value.note;
        let view = settle(async move { payments.refund_unmatched(id, &note, &admin.actor()).await }).await?;
        Ok(Answer::new(&(&view.unmatched).into())?)
    }

    /// Closes money that counts towards no order
    ///
    /// It was dealt with in another way, which the note says.
    #[oai(
        path = "/unmatched-payments/:id/resolve/",
        method = "post",
        operation_id = "resolveUnmatchedPayment"
    )]
    async fn resolve_unmatched(
        &self,
        admin: MayResolvePayments,
        /// Its id.
        id: Path<Id>,
        body: Body<NoteBody>,
    ) -> Result<Answer<UnmatchedDto>, Refused<Write>> {
        let id: UnmatchedId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let payments = self.shop.engine.payments();
        let note = body.value.note;
        let view = settle(async move { payments.resolve_unmatched(id, &note, &admin.actor()).await }).await?;
        Ok(Answer::new(&(&view.unmatched).into())?)
    }

    /// Records that staff has paid a refund back by hand
    ///
    /// Of a refund whose status is `needs_attention`.
    #[oai(path = "/refunds/:id/paid-by-hand/", method = "post", operation_id = "refundPaidByHand")]
    async fn paid_by_hand(
        &self,
        admin: MayRefund,
        /// Its id.
        id: Path<Id>,
    ) -> Result<Answer<RefundDto>, Refused<Write>> {
        let id: RefundId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let payments = self.shop.engine.payments();
        let refund = settle(async move { payments.refund_paid_by_hand(id, &admin.actor()).await }).await?;
        Ok(Answer::new(&(&refund).into())?)
    }

    /// Lists messages of the gateway that nobody could make anything of
    ///
    /// The newest first.
    #[oai(path = "/payment-messages/", method = "get", operation_id = "listPaymentMessages")]
    async fn messages(
        &self,
        _admin: MayReadPayments,
        /// Where to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<MessagePageDto>, Refused<Read>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let before = cursor.0.and_then(|cursor| check.parse::<MessageId>("/cursor", &cursor.0));
        let page_size = check.finish(size)?;
        let links = CursorLinks { path: "/api/admin/payment-messages/", filters: Vec::new(), page_size };
        let mut found = self.shop.engine.store().parked_messages(before, links.rows()).await?;
        let next = links.cut(&mut found, |message| message.id);
        Ok(Answer::new(&MessagePageDto { results: found.iter().map(Into::into).collect(), next })?)
    }

    /// Sends a message of the gateway round again
    #[oai(path = "/payment-messages/:id/replay/", method = "post", operation_id = "replayPaymentMessage")]
    async fn replay(
        &self,
        _admin: MayResolvePayments,
        /// Its id.
        id: Path<Id>,
    ) -> Result<Answer<ReplayedDto>, Refused<Write>> {
        let id: MessageId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let payments = self.shop.engine.payments();
        settle(async move { payments.replay(id).await }).await?;
        Ok(Answer::new(&ReplayedDto { waiting: true })?)
    }

    /// Shows what the accounts of the money journal gained
    ///
    /// In the whole span, and on each of its days.
    #[oai(path = "/balances/", method = "get", operation_id = "getBalances")]
    async fn balances(
        &self,
        _admin: MayReadPayments,
        /// From this instant on.
        from: Query<Text>,
        /// Up to, not including, this one.
        to: Query<Text>,
    ) -> Result<Answer<BalancesDto>, Refused<Read>> {
        let mut check = Check::default();
        let (from, to) =
            (check.parse::<Timestamp>("/from", &from.0.0), check.parse::<Timestamp>("/to", &to.0.0));
        let (from, to) = check.finish(from.zip(to))?;
        let daily = self.shop.engine.store().balances(from, to).await?;
        Ok(Answer::new(&BalancesDto::new(from, to, &daily).map_err(Problem::internal)?)?)
    }

    /// Shows the money journal of an order
    ///
    /// Every movement of money for it, and what each account gained by them.
    #[oai(path = "/orders/:id/journal/", method = "get", operation_id = "getOrderJournal")]
    async fn journal(
        &self,
        _admin: MayReadPayments,
        /// The order.
        id: Path<Id>,
    ) -> Result<Answer<OrderJournalDto>, Refused<Read>> {
        let id: OrderId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let entries = self.shop.engine.store().journal(id).await?;
        if entries.is_empty() {
            self.shop.engine.orders().get(id).await?.ok_or_else(Problem::not_found)?;
        }
        Ok(Answer::new(&OrderJournalDto::new(&entries).map_err(Problem::internal)?)?)
    }
}

/// The message waits to be taken up.
#[derive(Debug, serde::Serialize, poem_openapi::Object)]
#[oai(rename = "MessageReplayed")]
pub(crate) struct ReplayedDto {
    /// That it waits.
    waiting: bool,
}
