//! The sandbox from outside, over HTTP.
#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod apart;
mod api;
mod checkout;
mod client;
mod controls;
mod fault;
mod refund;
mod shape;
mod shop;
mod specification;
mod webhook;
