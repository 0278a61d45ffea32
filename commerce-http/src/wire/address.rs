//! Postal addresses.

use commerce_core::customer::Address;
use poem_openapi::Object;
use poem_openapi::types::Example;
use serde::{Deserialize, Serialize};

use super::{Check, OrNull};

/// A postal address.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "AddressInput", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct AddressBody {
    /// Who receives the parcel.
    #[serde(default)]
    #[oai(validator(max_length = 200))]
    contact_name: String,
    /// How the courier reaches them, in international form: `+2348031234567`.
    phone: Option<String>,
    /// Street and number.
    #[serde(default)]
    #[oai(validator(max_length = 200))]
    street_line1: String,
    /// Flat, floor, landmark.
    street_line2: Option<String>,
    /// Town or city.
    #[serde(default)]
    #[oai(validator(max_length = 200))]
    city: String,
    /// State, province or region: its code of ISO 3166-2, with or without the country's prefix (`LA`, `NG-LA`), where the country
    /// has such codes.
    state_province: Option<String>,
    /// Postal code, where the country has them.
    postal_code: Option<String>,
    /// Two upper-case letters of ISO 3166-1: `NG`.
    #[serde(default)]
    #[oai(validator(pattern = "^[A-Z]{2}$"))]
    country_code: String,
    /// The VAT identification number of whoever the bill goes to, its country first: `FR40303265045`. A business of another
    /// country of the shop's tax union then owes the tax itself.
    vat_id: Option<String>,
}

impl Example for AddressBody {
    fn example() -> Self {
        Self {
            contact_name: "Ada Obi".to_owned(),
            phone: Some("+2348031234567".to_owned()),
            street_line1: "12 Marina Road".to_owned(),
            street_line2: None,
            city: "Lagos".to_owned(),
            state_province: Some("LA".to_owned()),
            postal_code: None,
            country_code: "NG".to_owned(),
            vat_id: None,
        }
    }
}

impl AddressBody {
    /// The fields in their order: name, phone, two lines of the street, city, state, postal code, country, VAT number.
    pub(crate) fn of_parts(parts: [Option<String>; 9]) -> Self {
        let [name, phone, line1, street_line2, city, state_province, postal_code, country, vat_id] = parts;
        Self {
            contact_name: name.unwrap_or_default(),
            phone,
            street_line1: line1.unwrap_or_default(),
            street_line2,
            city: city.unwrap_or_default(),
            state_province,
            postal_code,
            country_code: country.unwrap_or_default(),
            vat_id,
        }
    }

    /// The address, or what is wrong with each field of it.
    pub(crate) fn check(self, pointer: &str, check: &mut Check) -> Option<Address> {
        let at = |field: &str| format!("{pointer}/{field}");
        let phone = self.phone.filter(|phone| !phone.trim().is_empty());
        let phone = phone.map(|phone| check.parse(&at("phone"), &phone));
        let country = check.parse(&at("country_code"), &self.country_code);
        let vat_id = self.vat_id.filter(|id| !id.trim().is_empty());
        let vat_id = vat_id.map(|id| check.parse(&at("vat_id"), &id));
        // The other fields are checked beside a country that stands in for a wrong one, so that all errors are found.
        let address = Address {
            contact_name: self.contact_name,
            phone: phone.clone().flatten(),
            street_line1: self.street_line1,
            street_line2: self.street_line2,
            city: self.city,
            // Of which country it would have to be is not known otherwise.
            state_province: self.state_province.filter(|_| country.is_some()),
            postal_code: self.postal_code,
            country_code: country.unwrap_or(commerce_core::customer::Country::NG),
            vat_id: vat_id.clone().flatten(),
        };
        let address = match address.check() {
            Ok(address) => Some(address),
            Err(errors) => {
                for error in errors {
                    check.wrong(&at(error.field), "invalid", error.reason);
                }
                None
            }
        };
        let read = country.is_some()
            && phone.is_none_or(|phone| phone.is_some())
            && vat_id.is_none_or(|id| id.is_some());
        address.filter(|_| read)
    }
}

/// A postal address.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Address")]
pub(crate) struct AddressDto {
    /// Who receives the parcel.
    contact_name: String,
    /// How the courier reaches them.
    phone: OrNull<String>,
    /// Street and number.
    street_line1: String,
    /// Flat, floor, landmark.
    street_line2: OrNull<String>,
    /// Town or city.
    city: String,
    /// State, province or region: `LA`.
    state_province: OrNull<String>,
    /// Postal code.
    postal_code: OrNull<String>,
    /// Two letters of ISO 3166-1.
    country_code: String,
    /// The VAT identification number of whoever the bill goes to.
    vat_id: OrNull<String>,
}

impl From<&Address> for AddressDto {
    fn from(address: &Address) -> Self {
        Self {
            contact_name: address.contact_name.clone(),
            phone: OrNull(address.phone.as_ref().map(ToString::to_string)),
            street_line1: address.street_line1.clone(),
            street_line2: OrNull(address.street_line2.clone()),
            city: address.city.clone(),
            state_province: OrNull(address.state_province.clone()),
            postal_code: OrNull(address.postal_code.clone()),
            country_code: address.country_code.code(),
            vat_id: OrNull(address.vat_id.as_ref().map(ToString::to_string)),
        }
    }
}
