//! Payments from end to end: the real program, over HTTP, on both stores, paid through a sandbox that knows the truth.
#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod attempts;
mod browser;
mod by_hand;
#[path = "../server/chromium.rs"]
mod chromium;
mod flow;
mod gateway_faults;
mod refunds;
#[path = "../server/mod.rs"]
mod server;
mod staff;
mod start_up;
mod webhooks;
