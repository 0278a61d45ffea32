//! Payments through Paystack.

#[cfg(feature = "sandbox")]
pub mod sandbox;
