//! The suite that every store runs, and random walks beside a model.

mod fixture;

commerce_core::store_conformance!(fixture::FreshSchema);
commerce_core::store_model!(fixture::FreshSchema);
