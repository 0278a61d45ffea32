//! Parts of countries: the codes of ISO 3166-2.
//!
//! Tax and shipping depend on them, so an address has a code or none where a country has codes: a name would be taxed as if
//! it lay anywhere. Where a country has none, the text is whatever people there write. What was stored before a code was
//! given or withdrawn is not looked at again.

use super::Country;

/// A line for each country that has codes.
const CODES: &str = include_str!("subdivisions.txt");

/// How many codes are told to whoever got one wrong.
const TOLD_MAX: usize = 60;

/// The text names no part of the country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubdivisionError {
    country: Country,
    codes: &'static str,
}

impl std::error::Error for SubdivisionError {}

impl std::fmt::Display for SubdivisionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { country, codes } = self;
        let mut known = codes.split(' ');
        let first = known.next().unwrap_or_default();
        let many = codes.split(' ').count() > TOLD_MAX;
        write!(f, "must be a code of ISO 3166-2 for {country}, with or without `{country}-`: ")?;
        if many {
            return write!(f, "`{first}`, for example");
        }
        f.write_str(first)?;
        known.try_for_each(|code| write!(f, ", {code}"))
    }
}

/// The code of a part of the country as it is kept: in upper case and without the country's prefix, as `LA` is for `ng-la`.
/// Of a country without codes any text, without the space around it.
///
/// # Errors
/// When the country has codes and this is none of them; it says which they are.
///
/// ```
/// use commerce_core::customer::{Country, subdivision};
/// assert_eq!(subdivision(Country::NG, " ng-la ").unwrap(), "LA");
/// assert!(subdivision(Country::NG, "Lagos").unwrap_err().to_string().contains("KW, LA, NA"));
/// assert_eq!(subdivision("AW".parse().unwrap(), "Noord").unwrap(), "Noord");
/// ```
pub fn subdivision(country: Country, text: &str) -> Result<String, SubdivisionError> {
    let Some(codes) = codes(country) else { return Ok(text.trim().to_owned()) };
    let code = bare(text, country).to_ascii_uppercase();
    if codes.split(' ').any(|known| known == code) {
        Ok(code)
    } else {
        Err(SubdivisionError { country, codes })
    }
}

/// The codes of a country, a space between them; `None`: it has none.
fn codes(country: Country) -> Option<&'static str> {
    let code = country.code();
    CODES.lines().find_map(|line| line.strip_prefix(code.as_str())?.strip_prefix(' '))
}

/// The subdivision without space around it and without the country's own prefix, in its own case.
pub(super) fn bare(text: &str, country: Country) -> &str {
    let text = text.trim();
    match text.split_once('-') {
        Some((prefix, bare)) if prefix.to_ascii_uppercase().parse() == Ok(country) => bare,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_with_and_without_prefix_and_in_any_case() {
        for (country, text, code) in [
            ("NG", "LA", "LA"),
            ("NG", "NG-FC", "FC"),
            ("US", "us-ca", "CA"),
            ("US", "AE", "AE"),
            ("GB", "LND", "LND"),
            ("FR", "75C", "75C"),
            ("KE", "30", "30"),
        ] {
            assert_eq!(subdivision(country.parse().unwrap(), text).as_deref(), Ok(code), "{country} {text}");
        }
        for (country, text) in [
            ("NG", "Lagos"),
            ("NG", "GH-AA"),
            ("NG", "US-CA"),
            ("NG", ""),
            ("NG", "L"),
            ("NG", "LA FC"),
            ("US", "ZZ"),
        ] {
            assert!(subdivision(country.parse().unwrap(), text).is_err(), "{country} {text}");
        }
    }

    #[test]
    fn whoever_got_it_wrong_is_told_what_is_right() {
        let told = |country: &str| subdivision(country.parse().unwrap(), "?").unwrap_err().to_string();
        assert_eq!(told("US").matches(", ").count(), 1 + 59, "{}", told("US"));
        assert!(told("GB").ends_with("`ABC`, for example"), "{}", told("GB"));
    }

    #[test]
    fn the_table_is_sorted_and_of_countries() {
        let lines: Vec<_> = CODES.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 200);
        assert!(lines.is_sorted());
        for line in lines {
            let (country, codes) = line.split_once(' ').unwrap();
            country.parse::<Country>().unwrap_or_else(|error| panic!("{country}: {error}"));
            let codes: Vec<_> = codes.split(' ').collect();
            assert!(codes.is_sorted() && codes.iter().all(|code| (1..=3).contains(&code.len())), "{line}");
            let plain =
                |code: &&str| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            assert!(codes.iter().all(plain), "{line}");
        }
    }
}
