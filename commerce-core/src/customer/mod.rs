//! Who buys: e-mail addresses, phones, postal addresses.

mod address;
mod contact;

pub use address::{Address, AddressError, Country, CountryError, Destination};
pub use contact::{Email, EmailError, Phone, PhoneError};
