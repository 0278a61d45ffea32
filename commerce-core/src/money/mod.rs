//! Money: integers of minor units with their currency, checked arithmetic, named rounding, exact splitting.

mod allocate;
mod amount;
mod currency;
mod percent;
mod rounding;
mod unit_price;

pub use allocate::largest_remainder;
pub use amount::{Money, MoneyError};
pub use currency::Currency;
pub use percent::Percent;
pub use rounding::{Rounding, RoundingProfile, divide};
pub use unit_price::UnitPrice;
