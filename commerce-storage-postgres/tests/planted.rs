//! Bugs are planted, one after the other, and the tests that guard against them go red.

#![cfg(feature = "planted")]

mod fixture;

commerce_core::planted_bugs!(fixture::FreshSchema);
