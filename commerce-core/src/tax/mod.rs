//! Tax: which rates hold where, for what and when, and how much of an amount they are.
//!
//! The rules are a document, [`rules::TaxRules`], which is read once: zones, classes of goods, dated rates, rates on
//! rates, buyers who owe the tax themselves. Reading it also finds what contradicts itself, so that a destination, a class
//! and an instant have one answer, a rate set, or one reason why there is none. Assessing multiplies: what is left of each
//! line item after discounts goes in with its rate set, and taxes come out, rounded where the rounding profile says.
//! Neither knows of carts or promotions. [`presets`] has rules of some countries to begin with; [`external`] is for shops
//! that ask a service instead.

mod assess;
mod combine;
mod compiled;
pub mod external;
pub mod presets;
mod rates;
mod rounded;
mod rules;
mod shipping;

pub(crate) use assess::{RateTotal, Taxable, assess};
pub(crate) use compiled::{CompiledTax, TaxQuestion};
pub use external::{ExternalTax, TaxProviderError, TaxRequest};
pub(crate) use rates::{RateSet, Untaxed, rebase};
pub use rules::{LineRate, ReverseCharge, TaxRate, TaxRules};
pub(crate) use shipping::shipping_taxables;

#[cfg(test)]
mod tests;
