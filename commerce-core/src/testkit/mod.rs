//! What tests are made of: the suite that every store runs, a model of the shop, builders for test data, a clock that
//! stands still, bugs to plant. Behind the feature `testkit`; never in production.
//!
//! # Testing a store
//!
//! An adapter, ours or yours, says in a [`Fixture`](conformance::Fixture) how it opens a fresh store, and hands it to two
//! macros in a file of its `tests` folder:
//!
//! ```ignore
//! commerce_core::store_conformance!(MyFixture); // one #[test] for every case, see `conformance`
//! commerce_core::store_model!(MyFixture);       // random walks beside a model, see `model`
//! ```
//!
//! The [conformance] suite goes through every read and every guard of the port, through what the services promise, and
//! through races; after each case it asks the store for violated invariants. The [model] walks at random through carts,
//! orders, cancellations, expiry and lost answers, and keeps a few numbers beside the store that must agree with it.
//!
//! A test that has never been red proves little. So a third macro plants bugs, one after the other, between the engine
//! and the store, and sees that the cases which guard against each of them go red (feature `planted`):
//!
//! ```ignore
//! commerce_core::planted_bugs!(MyFixture);      // one #[test] for every bug, see `planted`
//! ```
//!
//! Every run prints its seed as `COMMERCE_SEED=n`; the same number in the environment brings the run back.
//! `COMMERCE_SOAK=1` asks for the long forms, with a fresh seed; what could go on for ever ends after
//! `COMMERCE_SOAK_MINUTES`.
//!
//! # Testing a rate limiter
//!
//! The suite of [limiter] does the same for the port `RateLimiter`: `commerce_core::limiter_conformance!(MyFixture)`.
//!
//! # Testing a cache
//!
//! The suite of [cache] does it for the port `Cache`: `commerce_core::cache_conformance!(MyFixture)`.
//!
//! # Testing a place for files
//!
//! The suite of [media] does it for the port `MediaStore`: `commerce_core::media_conformance!(MyFixture)`.
//!
//! # Testing a rule
//!
//! A decision is a pure function, so its test is data: [given](given()) a [view](view()), when a command, then these
//! changes, or this refusal. No store, no runtime.
//!
//! # Testing a host
//!
//! [`MockClock`] and [`SeededRandom`] stand in for time and chance, [`Losing`] loses answers as a network does,
//! [`Crossing`] lets something happen between a look and its commit, and [`item`](item()) makes products in a line each.

#![expect(clippy::unwrap_used, reason = "a test that goes wrong shall stop, and say where")]

pub mod cache;
mod clock;
pub mod conformance;
mod gateway;
mod hasher;
mod intercept;
mod item;
pub mod limiter;
pub mod mailer;
pub mod media;
pub mod model;
#[cfg(feature = "planted")]
pub mod planted;
mod scene;
pub mod search_model;
pub mod shopify_csv;

pub use clock::{MockClock, SeededRandom, property_cases, seed, soak_minutes, soaking};
pub use gateway::{PretendGateway, Trouble, always};
pub use hasher::PretendHasher;
pub use intercept::{Crossing, Fault, Intercept, Intercepted, Losing, Meeting};
pub use item::{Item, MAIN, batch, item, location_id, named, product_id, start, variant_id};
pub use mailer::PretendMailer;
pub use scene::{
    Decide, Decision, Given, Made, Scene, SetQuantity, add, address, given, ids, key, line_id, offers,
    order_searches, order_view, units, view,
};
