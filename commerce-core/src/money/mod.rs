//! Money: integers of minor units with their currency, checked arithmetic, named rounding, exact splitting.

mod allocate;
mod amount;
mod currency;
mod exact;
mod percent;
mod rounding;
mod unit_price;

pub(crate) use allocate::settle;
pub use allocate::{Allocation, allocate, largest_remainder};
pub use amount::{Money, MoneyError};
pub use currency::Currency;
pub use exact::{Exact, Fraction};
pub use percent::Percent;
pub use rounding::{Rounding, divide};
pub use unit_price::UnitPrice;
