//! Shipping: the methods by which goods go, and what each costs.

mod simple;

pub use simple::{ShippingMethod, ShippingOption, ShippingRate, WeightBand};
pub(crate) use simple::price;
