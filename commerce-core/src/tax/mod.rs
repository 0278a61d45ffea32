//! Tax: which rates hold where, for what and when, and how much of an amount they are.
//!
//! The rules are a document, [`rules::TaxRules`], which is read once: zones, classes of goods, dated rates, rates on
//! rates, buyers who owe the tax themselves. Reading it also finds what contradicts itself, so that a destination, a class
//! and an instant have one answer, a rate set, or one reason why there is none. Assessing multiplies: what is left of each
//! line item after discounts goes in with its rate set, and taxes come out, rounded where the rounding profile says.
//! Neither knows of carts or promotions. [`presets`] has rules of some countries to begin with; [`external`] is for shops
//! that ask a service instead.

pub(crate) mod assess;
mod combine;
pub(crate) mod compiled;
pub mod external;
pub mod presets;
pub(crate) mod rates;
mod rounded;
pub mod rules;
pub(crate) mod shipping;
mod simple;

pub(crate) use simple::{ShippingTax, assess};
pub use simple::{TaxRate, TaxRules};

#[cfg(test)]
mod tests;
