//! Lists of orders, and notes on them, on the wire.

use commerce_core::order::{FulfillmentState, Note, OrderNumber, OrderState, Search, Summary};
use commerce_core::payment::{PaymentMethod, PaymentState};
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::order::CustomerDto;
use super::word::{FulfillmentStatus, Method, OrderStatus, PaymentStatus};
use super::{Check, CursorLinks, Instant, MoneyDto, OrNull, PageSize, Problem, Text};

/// What a list of orders is asked for by, as it was sent.
#[derive(Debug, Default)]
pub(crate) struct OrderQuery {
    pub(crate) status: Option<Text>,
    pub(crate) payment_status: Option<Text>,
    pub(crate) fulfillment_status: Option<Text>,
    pub(crate) payment_method: Option<Text>,
    pub(crate) email: Option<Text>,
    pub(crate) number: Option<Text>,
    pub(crate) placed_from: Option<Text>,
    pub(crate) placed_until: Option<Text>,
    pub(crate) cursor: Option<Text>,
    pub(crate) page_size: Option<PageSize>,
}

impl OrderQuery {
    /// What to search, among those that `search` names, and where the pages of `path` lie.
    pub(crate) fn read(self, path: &str, search: Search) -> Result<(Search, CursorLinks<'_>), Problem> {
        fn sent(text: &Option<Text>) -> Option<&str> {
            text.as_ref().map(|text| text.0.as_str())
        }
        let mut check = Check::default();
        let size = self.page_size.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let search = Search {
            email: check.parse_optional("/email", sent(&self.email)),
            number: sent(&self.number).map(|number| OrderNumber(number.trim().to_ascii_uppercase())),
            placed_from: check.parse_optional("/placed_from", sent(&self.placed_from)),
            placed_until: check.parse_optional("/placed_until", sent(&self.placed_until)),
            before: check.parse_optional("/cursor", sent(&self.cursor)),
            status: sent(&self.status)
                .and_then(|text| check.word("/status", text, OrderState::ALL, OrderState::as_str)),
            payment_status: sent(&self.payment_status).and_then(|text| {
                check.word("/payment_status", text, PaymentState::ALL, PaymentState::as_str)
            }),
            fulfillment_status: sent(&self.fulfillment_status).and_then(|text| {
                check.word("/fulfillment_status", text, FulfillmentState::ALL, FulfillmentState::as_str)
            }),
            payment_method: sent(&self.payment_method).and_then(|text| {
                check.word("/payment_method", text, PaymentMethod::ALL, PaymentMethod::as_str)
            }),
            ..search
        };
        let page_size = check.finish(size)?;
        let filters = [
            ("status", self.status),
            ("payment_status", self.payment_status),
            ("fulfillment_status", self.fulfillment_status),
            ("payment_method", self.payment_method),
            ("email", self.email),
            ("number", self.number),
            ("placed_from", self.placed_from),
            ("placed_until", self.placed_until),
        ];
        let filters = filters.map(|(name, text)| (name, text.map(|text| text.0))).into();
        Ok((search, CursorLinks { path, filters, page_size }))
    }
}

/// Orders, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderPage")]
pub(crate) struct OrderPageDto {
    /// The orders.
    pub(crate) results: Vec<OrderSummaryDto>,
    /// Where the older ones are, as a relative link with the same filters; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// An order in a list.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderSummary")]
pub(crate) struct OrderSummaryDto {
    /// Its id.
    id: Uuid,
    /// The number that people call it by.
    number: String,
    /// How far it has got.
    status: OrderStatus,
    /// How far its payment has got.
    payment_status: PaymentStatus,
    /// How far its goods have got.
    fulfillment_status: FulfillmentStatus,
    /// Who bought.
    customer: CustomerDto,
    /// What was to be paid.
    total: MoneyDto,
    /// How the shopper chose to pay.
    payment_method: Method,
    /// Units of all its line items.
    item_count: u64,
    /// When it was placed.
    placed_at: Instant,
}

impl From<Summary> for OrderSummaryDto {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id.0,
            number: row.number.0,
            status: row.status.into(),
            payment_status: row.payment_status.into(),
            fulfillment_status: row.fulfillment_status.into(),
            customer: CustomerDto { id: OrNull(row.customer.map(|id| id.0)), email: row.email.to_string() },
            total: row.total.into(),
            payment_method: row.payment_method.into(),
            item_count: row.units,
            placed_at: row.placed_at.into(),
        }
    }
}

/// Writes a note on an order.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "OrderNoteInput", deny_unknown_fields, example)]
pub(crate) struct OrderNoteBody {
    /// What it says, in 1 to 2,000 characters.
    #[oai(validator(min_length = 1, max_length = 2000))]
    pub(crate) text: String,
}

impl Example for OrderNoteBody {
    fn example() -> Self {
        Self { text: "asked to be called before the van comes".to_owned() }
    }
}

/// Notes, the newest first.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderNotePage")]
pub(crate) struct OrderNotePageDto {
    /// The notes.
    pub(crate) results: Vec<OrderNoteDto>,
    /// Where the older ones are, as a relative link; null when this is all.
    pub(crate) next: OrNull<String>,
}

/// A note that staff keeps on an order.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OrderNote")]
pub(crate) struct OrderNoteDto {
    /// Its id.
    id: Uuid,
    /// When it was written.
    at: Instant,
    /// Who wrote it: `staff:<name>`.
    actor: String,
    /// What it says.
    text: String,
}

impl From<Note> for OrderNoteDto {
    fn from(note: Note) -> Self {
        let Note { id, order: _, actor, text, at } = note;
        Self { id: id.0, at: at.into(), actor: actor.to_string(), text }
    }
}
