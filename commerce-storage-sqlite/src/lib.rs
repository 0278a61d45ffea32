#![doc = include_str!("../README.md")]

pub mod access;
pub mod account;
pub mod audit;
pub mod bulk;
pub mod cart;
pub mod catalog;
pub mod catalog_list;
mod clock;
mod connect;
pub mod doctor;
pub mod event;
pub mod generation;
pub mod idempotency;
pub mod interest;
pub mod inventory;
pub mod inventory_look;
pub mod job;
mod journal;
pub mod listing;
pub mod mail;
mod message;
pub mod order;
pub mod order_list;
pub mod order_note;
mod patience;
pub mod payment;
pub mod personal;
pub mod pricing;
pub mod product;
pub mod promotion;
mod refund;
pub mod related;
pub mod reprice;
pub mod review;
mod row;
mod script;
pub mod search;
mod search_count;
pub mod search_find;
mod sold;
mod store;
pub mod taxonomy;
mod trouble;
mod unmatched;
mod writer;

pub use cart::cart_view;
pub use clock::SystemClock;
pub use connect::{Options, SqliteStore, migrate};
pub use order::{order_view, order_views};

use commerce_core::{ChangeSet, CommitError};
use sqlx::sqlite::SqliteConnection;

use crate::script::Script;

/// Applies a change set inside the caller's transaction: what a host calls to write the engine's rows and its own in one.
///
/// Begin the transaction with `BEGIN IMMEDIATE`, so that it waits for the lock at its start rather than fail at its first
/// write. It is the caller who commits. **On an error the caller must roll back**: some of the change set may be written.
///
/// What has one owner is written first, what many want at once last.
///
/// # Errors
/// [`CommitError::Stale`] when a guard does not hold, [`CommitError::Store`] when the database fails.
pub async fn apply(conn: &mut SqliteConnection, changes: &ChangeSet) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

fn add(script: &mut Script, changes: &ChangeSet) {
    let ChangeSet {
        account,
        access,
        review,
        personal,
        cart,
        interest,
        order,
        payment,
        catalog,
        inventory,
        pricing,
        promotion,
        job,
        mail,
        bulk,
        idempotency,
        audit,
        seals,
        events,
        expects,
    } = changes;
    pricing::add_comparison(script, expects);
    account::add(script, account);
    access::add(script, access);
    review::add(script, review);
    personal::add(script, personal);
    cart::add(script, cart);
    interest::add(script, interest);
    order::add(script, order);
    payment::add(script, payment);
    pricing::add(script, pricing);
    job::add(script, job);
    mail::add(script, mail);
    bulk::add(script, bulk);
    idempotency::add(script, idempotency.as_ref());
    audit::add(script, audit);
    audit::add_seals(script, seals);
    event::add(script, events);
    review::add_ratings(script, &review.ratings);
    reprice::add(script, catalog);
    promotion::add(script, promotion);
    inventory::add(script, inventory);
    if let Some(shard) = changes.moves_catalog() {
        generation::advance(script, shard);
    }
}
