#![doc = include_str!("../README.md")]

mod breaker;
mod charge;
mod client;
mod door;
mod envelope;
mod error;
mod gateway;
#[cfg(test)]
mod readers_tests;
mod refund;
mod refusal;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod transaction;
mod transport;
mod value;
pub mod webhook;

pub use breaker::BreakerOptions;
pub use charge::{
    Charge, ChargeRequest, ChargeStatus, Instrument, MobileMoneyProvider, Step, TransferAccount, UssdBank,
};
pub use client::{Client, ClientBuilder};
pub use error::{ConfigError, Error, ErrorKind, Fault};
pub use gateway::Paystack;
pub use refund::{CreateRefund, Refund, RefundFilter, RefundStatus, TransactionKey};
pub use refusal::{Reason, Refusal};
pub use transaction::{
    Authorization, AuthorizationCharge, AuthorizationCode, Channel, ChargeAuthorization, Checkout, Customer,
    Initialize, Mismatch, Page, Paging, Transaction, TransactionFilter, TransactionStatus,
};
pub use value::{Amount, Currency, CurrencyError, Mode, Reference, ReferenceError, Unreadable};
