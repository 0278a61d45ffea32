//! Numbers under which businesses are registered for value added tax.

use super::Country;
use crate::text::text_type;

/// Why a text is not a VAT identification number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VatIdError {
    /// It does not begin with a country.
    #[error("must begin with the two letters of a country, such as DE136695976")]
    Country,
    /// What follows the country is not what numbers of that country look like.
    #[error("is not how VAT numbers of that country are written")]
    Form,
}

text_type! {
    /// A VAT identification number: two letters of a country, then 2 to 14 letters and digits, in upper case. Spaces, dots and
    /// hyphens are dropped.
    ///
    /// Numbers of the member states of the European Union and of the United Kingdom have the form that is theirs, Greece
    /// writing `EL` and Northern Ireland `XI`. Whether a number was ever given to anybody, only its authority can tell.
    ///
    /// ```
    /// use commerce_core::customer::VatId;
    /// let id: VatId = "fr 40 303 265 045".parse()?;
    /// assert_eq!((id.as_str(), id.country().code()), ("FR40303265045", "FR".to_owned()));
    /// assert!("FR4030326504".parse::<VatId>().is_err());
    /// # Ok::<(), commerce_core::customer::VatIdError>(())
    /// ```
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("minLength" = 4)))]
    VatId, VatIdError, |text| {
        let kept = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-'));
        let mut kept: String = kept.map(|c| c.to_ascii_uppercase()).collect();
        if kept.starts_with("GR") {
            kept.replace_range(..2, "EL");
        }
        let Some((prefix, number)) = kept.split_at_checked(2) else { return Err(VatIdError::Country) };
        country(prefix).ok_or(VatIdError::Country)?;
        let fits = match FORMS.iter().find(|(known, _)| *known == prefix) {
            Some((_, forms)) => forms.iter().any(|form| has_form(number, form)),
            None => (2..=14).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        };
        if fits { Ok(kept) } else { Err(VatIdError::Form) }
    }
}

impl VatId {
    /// The country whose authority gave it.
    #[must_use]
    pub fn country(&self) -> Country {
        self.0.get(..2).and_then(country).expect("a VAT number begins with its country")
    }
}

/// The country of a prefix. Greece and Northern Ireland have one that is no code of ISO 3166-1.
fn country(prefix: &str) -> Option<Country> {
    let code = match prefix {
        "EL" => "GR",
        "XI" => "GB",
        code => code,
    };
    code.parse().ok()
}

/// How numbers of a country look after its letters, as the European Commission lists it for VIES and the United Kingdom for its
/// own: `9` is a digit, `A` a letter, `X` either, `?` either or one of `+` and `*`; anything else is itself.
const FORMS: [(&str, &[&str]); 29] = [
    ("AT", &["U99999999"]),
    ("BE", &["0999999999", "1999999999"]),
    ("BG", &["999999999", "9999999999"]),
    ("CY", &["99999999A"]),
    ("CZ", &["99999999", "999999999", "9999999999"]),
    ("DE", &["999999999"]),
    ("DK", &["99999999"]),
    ("EE", &["999999999"]),
    ("EL", &["999999999"]),
    ("ES", &["A9999999X", "99999999A"]),
    ("FI", &["99999999"]),
    ("FR", &["XX999999999"]),
    ("GB", UNITED_KINGDOM),
    ("HR", &["99999999999"]),
    ("HU", &["99999999"]),
    ("IE", &["9?99999A", "9999999AA"]),
    ("IT", &["99999999999"]),
    ("LT", &["999999999", "999999999999"]),
    ("LU", &["99999999"]),
    ("LV", &["99999999999"]),
    ("MT", &["99999999"]),
    ("NL", &["?????????B??"]),
    ("PL", &["9999999999"]),
    ("PT", &["999999999"]),
    ("RO", &["99", "999", "9999", "99999", "999999", "9999999", "99999999", "999999999", "9999999999"]),
    ("SE", &["999999999999"]),
    ("SI", &["99999999"]),
    ("SK", &["9999999999"]),
    ("XI", UNITED_KINGDOM),
];

const UNITED_KINGDOM: &[&str] = &["999999999", "999999999999", "GD999", "HA999"];

fn has_form(number: &str, form: &str) -> bool {
    number.len() == form.len()
        && number.bytes().zip(form.bytes()).all(|(byte, place)| match place {
            b'9' => byte.is_ascii_digit(),
            // The letters that stand for themselves never stand where any letter may.
            b'A' => byte.is_ascii_uppercase(),
            b'X' => byte.is_ascii_alphanumeric(),
            b'?' => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'*'),
            itself => byte == itself,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_form_of_their_country() {
        for (typed, read, country) in [
            ("DE136695976", "DE136695976", "DE"),
            (" atu 1358.5627 ", "ATU13585627", "AT"),
            ("gr-094259216", "EL094259216", "GR"),
            ("ESX9999999X", "ESX9999999X", "ES"),
            ("ES99999999R", "ES99999999R", "ES"),
            ("IE8Z49289F", "IE8Z49289F", "IE"),
            ("IE1+23456A", "IE1+23456A", "IE"),
            ("IE3628739UA", "IE3628739UA", "IE"),
            ("NL123456789B01", "NL123456789B01", "NL"),
            ("RO18", "RO18", "RO"),
            ("XIGD001", "XIGD001", "GB"),
            ("CHE-123.456.788 MWST", "CHE123456788MWST", "CH"),
            ("NG12345678-0001", "NG123456780001", "NG"),
        ] {
            let id: VatId = typed.parse().unwrap_or_else(|error| panic!("{typed}: {error}"));
            assert_eq!((id.as_str(), id.country().code().as_str()), (read, country));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for none in ["", "D", "136695976", "EU123456789", "é1", "UK123456789"] {
            assert_eq!(none.parse::<VatId>(), Err(VatIdError::Country), "{none}");
        }
        for wrong in [
            "DE",
            "DE13669597",
            "DE1366959766",
            "DE13669597A",
            "ATX13585627",
            "FRé0303265045",
            "BE2999999999",
            "ES999999999",
            "NL123456789A01",
            "NG1",
            "NG123456789012345",
            "NG12+",
            "RO1",
            "DE13669\u{0}976",
        ] {
            assert_eq!(wrong.parse::<VatId>(), Err(VatIdError::Form), "{wrong}");
        }
    }
}
