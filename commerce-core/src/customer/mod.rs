//! Who buys: e-mail addresses, phones, postal addresses.

mod address;
mod area;
mod contact;

pub use address::{Address, AddressError, Country, CountryError, Destination};
pub use area::Area;
pub use contact::{Email, EmailError, Phone, PhoneError};
