//! `/api/orders/sold/`: what merchants see of orders.

use commerce_core::OrderId;
use commerce_core::order::Search;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};

use super::access::SeesSold;
use super::{Shop, Tag};
use crate::wire::{Answer, Id, OrderQuery, PageSize, Problem, Refused, SoldDto, SoldPageDto, Text, statuses};

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
        let asked = OrderQuery {
            status: status.0,
            fulfillment_status: fulfillment_status.0,
            number: number.0,
            placed_from: placed_from.0,
            placed_until: placed_until.0,
            cursor: cursor.0,
            page_size: page_size.0,
            ..OrderQuery::default()
        };
        let theirs = Search { seller: Some(merchant.seller), ..Search::default() };
        let (search, links) = asked.read("/api/orders/sold/", theirs)?;
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
