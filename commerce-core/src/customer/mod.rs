//! Who buys: e-mail addresses, phones, postal addresses.

mod address;
mod area;
mod contact;
mod postal;
mod subdivision;
mod vat;
mod zone;

pub use address::{Address, AddressError, Country, CountryError, Destination};
pub use area::Area;
pub(crate) use area::Specificity;
pub use contact::{Email, EmailError, Phone, PhoneError};
pub use subdivision::{SubdivisionError, subdivision};
pub use vat::{VatId, VatIdError};
pub(crate) use zone::CompiledZone;
pub use zone::Zone;
