//! Orders: what was bought, frozen, and how far it got.
//!
//! A placed order is a copy: its lines, prices, tax and addresses never change with the catalogue, the rulebook or the
//! shopper's account. What moves are three machines - order, payment, fulfillment - whose legal moves are data that can
//! be listed, drawn and checked. Every move is a row of history with its actor and cause.

mod cancel;
mod changes;
mod error;
mod move_on;
mod moves;
mod note;
mod search;
mod service;
mod sold;
mod state;
mod types;

pub use cancel::{Cancel, cancel, expire};
pub use changes::{Advance, Changes};
pub use error::{CancelError, MoveOnError, NoteError};
pub use move_on::{MoveOn, move_on};
pub(crate) use moves::Moves;
pub use note::{AddNote, Note, add_note};
pub use search::{Search, Summary};
pub use service::{NoteAnswer, OrderAnswer, Orders};
pub use sold::{Sold, SoldTotals, sold};
pub use state::{
    FULFILLMENT_MOVES, FulfillmentState, InvalidTransition, Machine, Move, ORDER_MOVES, OrderState, check,
};
pub use types::{Order, OrderKey, OrderLine, OrderNumber, OrderView, ShippingChoice, Transition};

#[cfg(all(test, feature = "testkit"))]
mod tests;
