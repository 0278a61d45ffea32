//! `/api/orders/sold/`: what merchants see of orders.

use commerce_core::order::{FulfillmentState, OrderNumber, OrderState, Search};
use commerce_core::{OrderId, Timestamp};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::SeesSold;
use super::{Shop, Tag};
use crate::wire::{
    Answer, Check, CursorLinks, Id, PageSize, Problem, Refused, SoldDto, SoldPageDto, Text, statuses,
};

statuses! {
    /// Refusals of a list of sold orders.
    ListSold:
        401 "Nobody is logged in.",
        403 "This is for merchants.",
        422 "A parameter cannot be understood.";
    /// Refusals of a sold order.
    ReadSold:
        401 "Nobody is logged in.",
        403 "This is for merchants.",
        404 "There is no such order, or nothing in it is yours.";
}

pub(crate) struct SoldApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/orders/sold", tag = "Tag::Orders")]
impl SoldApi {
    /// Lists sold orders
    ///
    /// For merchants: the orders that hold line items of theirs, the newest first, each with what these come to. What a
    /// merchant bought as a shopper is where everybody finds their own orders.
    #[oai(path = "/", method = "get", operation_id = "listSoldOrders")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        merchant: SeesSold,
        /// Those that have got this far: `processing`.
        status: Query<Option<Text>>,
        /// Those whose goods have got this far: `unfulfilled`.
        fulfillment_status: Query<Option<Text>>,
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
    ) -> Result<Answer<SoldPageDto>, Refused<ListSold>> {
        let sent = |text: &Query<Option<Text>>| text.0.as_ref().map(|text| text.0.clone());
        let filters: Vec<_> = [
            ("status", &status),
            ("fulfillment_status", &fulfillment_status),
            ("number", &number),
            ("placed_from", &placed_from),
            ("placed_until", &placed_until),
        ]
        .map(|(name, text)| (name, sent(text)))
        .into();
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let mut search = Search {
            seller: Some(merchant.seller),
            number: sent(&number).map(|number| OrderNumber(number.trim().to_ascii_uppercase())),
            placed_from: check.parse_optional::<Timestamp>("/placed_from", sent(&placed_from).as_deref()),
            placed_until: check.parse_optional::<Timestamp>("/placed_until", sent(&placed_until).as_deref()),
            before: check.parse_optional::<OrderId>("/cursor", sent(&cursor).as_deref()),
            ..Search::default()
        };
        if let Some(Text(text)) = &status.0 {
            search.status = check.word("/status", text, OrderState::ALL, OrderState::as_str);
        }
        if let Some(Text(text)) = &fulfillment_status.0 {
            search.fulfillment_status =
                check.word("/fulfillment_status", text, FulfillmentState::ALL, FulfillmentState::as_str);
        }
        let page_size = check.finish(size)?;
        let links = CursorLinks { path: "/api/orders/sold/", filters, page_size };
        let mut found = self.shop.engine.orders().search(&search, links.rows()).await?;
        let next = links.cut(&mut found, |row| row.id);
        Ok(Answer::new(&SoldPageDto { results: found.into_iter().map(Into::into).collect(), next })?)
    }

    /// Shows a sold order
    ///
    /// For merchants: their line items of an order, with what these come to, and where to send them while that is to be done.
    /// An order of which nothing is theirs is answered like one that does not exist.
    #[oai(path = "/:id/", method = "get", operation_id = "getSoldOrder")]
    async fn show(
        &self,
        merchant: SeesSold,
        /// The order.
        id: Path<Id>,
    ) -> Result<Answer<SoldDto>, Refused<ReadSold>> {
        let id: OrderId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let sold = self.shop.engine.orders().sold(id, merchant.seller).await?;
        Ok(Answer::new(&SoldDto::from(&sold.ok_or_else(Problem::not_found)?))?)
    }
}
