//! Shipping: the methods by which goods go, and what each costs.
//!
//! The [rules](rules::ShippingRules) are a document of the shop. They are read once; for each order every method then says
//! what it costs, or why it does not serve the order:
//!
//! 1. **where and when**: zones, excluded zones, time windows, goods that the method does not take, the longest side;
//! 2. **parcels**: by the location that goods come from, then by the most that a parcel may weigh;
//! 3. **the rate**, of the order or of each parcel: flat, from a table, by steps of weight, by units, or a carrier's;
//! 4. **handling**, and whether all of it is free from some value of the goods on;
//! 5. **when the goods arrive**, in business days by the shop's clocks.
//!
//! Every price is a whole number of minor units: nothing here divides money. Goods that are not shipped play no part.
//!
//! A carrier's prices come in from outside, through the port [`ShippingRates`](crate::ShippingRates), before an order is
//! priced: pricing itself waits for nobody. A carrier that does not answer in time costs the shopper the deadline, and the
//! method falls back to the price that the shop named, or is not offered.

mod carrier;
mod compile;
mod date;
mod estimate;
mod options;
mod parcel;
mod rate;
mod rules;
mod service;

pub use carrier::{CarrierAnswers, CarrierError, CarrierRate, CarrierRequest, CarrierTrouble, Parcel};
pub(crate) use compile::CompiledShipping;
pub use date::{Date, DateError, Weekday};
pub use estimate::{DeliveryEstimate, Transit};
pub use options::ShippingOption;
pub(crate) use options::{Considered, Goods, carrier_requests, is_needed, options};
pub use rules::{
    Band, Estimate, FreeFrom, GoodsValue, Handling, Per, ShippingMethod, ShippingRate, ShippingRules,
};
pub(crate) use service::ask_all;

#[cfg(all(test, feature = "testkit"))]
mod tests;
