//! Shops that are made up, to try how a catalogue of a million products behaves.
//!
//! Products come from a seed and a number: the same two make the same product, so that a shop can be made again, be
//! made further where it was cut off, and grow. They are planned and written as an import's are, a batch a transaction,
//! and nothing is held but the batch.
//!
//! Names, brands, categories, attributes, variants, prices, weights and stock are as uneven as in a real shop: a few brands
//! have most products, half of a kind cost less than its usual price and some four times as much, some are sold out,
//! drafts or archived. Their dates of publication are 40 seconds apart, from 1 January 2023.

mod dice;
mod product;
mod run;
mod words;

pub use run::{PRODUCTS_MAX, SeedError, SeedOptions, Seeded, VARIANTS_MAX, seed};
