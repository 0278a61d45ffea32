#![doc = include_str!("../README.md")]

mod breaker;
mod client;
mod door;
mod envelope;
mod error;
mod refusal;
mod transaction;
mod transport;
mod value;

pub use breaker::BreakerOptions;
pub use client::{Client, ClientBuilder};
pub use error::{ConfigError, Error, ErrorKind, Fault};
pub use refusal::{Reason, Refusal};
pub use transaction::{
    Authorization, AuthorizationCharge, AuthorizationCode, Channel, ChargeAuthorization, Checkout, Customer,
    Initialize, Mismatch, Page, Paging, Transaction, TransactionFilter, TransactionStatus,
};
pub use value::{Amount, Currency, CurrencyError, Mode, Reference, ReferenceError, Unreadable};
