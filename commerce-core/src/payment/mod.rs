//! Payment attempts: how an order is paid, and how far that got.

mod changes;
mod state;
mod types;

pub use changes::{Advance, Changes};
pub use state::{PAYMENT_MOVES, PaymentState};
pub use types::{Payment, PaymentMethod, PaymentMethodError, PaymentReference};
