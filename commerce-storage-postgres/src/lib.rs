#![doc = include_str!("../README.md")]

// The tests' shop is shared with those in `tests/`, which know this crate by its name.
#[cfg(test)]
extern crate self as commerce_storage_postgres;

pub mod access;
pub mod account;
pub mod audit;
pub mod bulk;
pub mod cart;
pub mod catalog;
pub mod catalog_list;
mod clock;
mod commit;
mod connect;
pub mod doctor;
mod error;
pub mod event;
mod fused;
pub mod generation;
pub mod idempotency;
pub mod import;
mod instant;
pub mod interest;
pub mod inventory;
pub mod inventory_look;
pub mod job;
mod journal;
mod lent;
pub mod listing;
pub mod mail;
mod message;
pub mod order;
mod order_line;
pub mod order_list;
pub mod order_note;
pub mod payment;
pub mod personal;
pub mod pricing;
mod product;
pub mod promotion;
mod refund;
pub mod related;
pub mod reprice;
pub mod review;
mod row;
pub mod search;
pub mod search_find;
pub mod sold;
#[cfg(test)]
mod statements;
mod steps;
mod store;
pub mod taxonomy;
mod unmatched;

pub use cart::view as cart_view;
pub use clock::SystemClock;
pub use commit::apply;
pub use connect::PostgresOptions;
pub use order::{view as order_view, views as order_views};
pub use store::PostgresStore;
