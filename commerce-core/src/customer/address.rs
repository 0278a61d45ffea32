//! Where a parcel goes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Phone, VatId, subdivision};
use crate::text::has_control;

/// A country of ISO 3166-1, written as its two upper-case letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[A-Z]{2}$")))]
pub struct Country(#[cfg_attr(feature = "schema", schemars(with = "String"))] iso_currency::Country);

/// The text is no country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a two-letter country code such as NG")]
pub struct CountryError;

impl Country {
    /// Nigeria.
    pub const NG: Self = Self(iso_currency::Country::NG);
    /// Ghana.
    pub const GH: Self = Self(iso_currency::Country::GH);
    /// The United States.
    pub(crate) const US: Self = Self(iso_currency::Country::US);

    /// The two letters of ISO 3166-1 alpha-2.
    #[must_use]
    pub fn code(self) -> String {
        format!("{:?}", self.0)
    }
}

impl FromStr for Country {
    type Err = CountryError;

    fn from_str(text: &str) -> Result<Self, CountryError> {
        let upper = text.bytes().all(|byte| byte.is_ascii_uppercase()) && text.len() == 2;
        if !upper {
            return Err(CountryError);
        }
        text.parse().map(Self).map_err(|_| CountryError)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What tax and shipping depend on: where the goods go.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// The country.
    pub country: Country,
    /// State, province or region, as a code where the country has codes (`LA` for Lagos).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_province: Option<String>,
    /// Postal code, where the country has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
}

impl Destination {
    /// Somewhere in `country`.
    #[must_use]
    pub fn in_country(country: Country) -> Self {
        Self { country, state_province: None, postal_code: None }
    }
}

/// A postal address, checked by [`Address::check`] before it enters a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who receives the parcel.
    pub contact_name: String,
    /// How the courier reaches them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Street and number.
    pub street_line1: String,
    /// Flat, floor, landmark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_line2: Option<String>,
    /// Town or city.
    pub city: String,
    /// State, province or region, as a code where the country has codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_province: Option<String>,
    /// Postal code, where the country has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country.
    pub country_code: Country,
    /// The number under which whoever the bill goes to is registered for value added tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<VatId>,
}

impl Address {
    /// What is left of it when whoever lived there left: what taxes were reckoned by, which is the country, its part, and the
    /// VAT number by which the tax was left to the buyer.
    #[must_use]
    pub fn erased(&self) -> Self {
        let erased = || "erased".to_owned();
        Self {
            contact_name: erased(),
            phone: None,
            street_line1: erased(),
            street_line2: None,
            city: erased(),
            state_province: self.state_province.clone(),
            postal_code: None,
            country_code: self.country_code,
            vat_id: self.vat_id.clone(),
        }
    }
}

/// Which field of an address is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct AddressError {
    /// The name of the field.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: Cow<'static, str>,
}

impl Address {
    /// The longest that a field may be, in characters.
    pub const FIELD_MAX: usize = 200;

    /// The address with surrounding white space dropped, empty optional fields absent, and the subdivision as its code.
    ///
    /// # Errors
    /// Names every field that is empty although required, longer than [`Address::FIELD_MAX`] characters, or has a
    /// control character, and a subdivision that the country does not have.
    pub fn check(mut self) -> Result<Self, Vec<AddressError>> {
        let mut errors = Vec::new();
        for (field, text) in [
            ("contact_name", &mut self.contact_name),
            ("street_line1", &mut self.street_line1),
            ("city", &mut self.city),
        ] {
            *text = text.trim().to_owned();
            if text.is_empty() {
                errors.push(AddressError { field, reason: "must not be empty".into() });
            }
            check_text(field, text, &mut errors);
        }
        for (field, text) in [
            ("street_line2", &mut self.street_line2),
            ("state_province", &mut self.state_province),
            ("postal_code", &mut self.postal_code),
        ] {
            *text = text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
            check_text(field, text.as_deref().unwrap_or_default(), &mut errors);
        }
        if let Some(state) = &mut self.state_province {
            match subdivision(self.country_code, state) {
                Ok(code) => *state = code,
                Err(error) => {
                    errors.push(AddressError { field: "state_province", reason: error.to_string().into() });
                }
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// What tax and shipping need of the address.
    #[must_use]
    pub fn destination(&self) -> Destination {
        Destination {
            country: self.country_code,
            state_province: self.state_province.clone(),
            postal_code: self.postal_code.clone(),
        }
    }
}

fn check_text(field: &'static str, text: &str, errors: &mut Vec<AddressError>) {
    if text.chars().count() > Address::FIELD_MAX {
        errors.push(AddressError { field, reason: "must have at most 200 characters".into() });
    }
    if has_control(text) {
        errors.push(AddressError { field, reason: "must not contain control characters".into() });
    }
}
