//! Reading what Paystack answers. Its samples contradict each other in types, so every reader here takes all the forms
//! that were seen and never fails on what it does not know.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// Three capital letters that name a currency, such as `NGN`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a currency is three letters, such as NGN")]
pub struct CurrencyError;

impl Currency {
    /// Nigerian naira.
    pub const NGN: Self = Self(*b"NGN");
    /// Ghanaian cedi.
    pub const GHS: Self = Self(*b"GHS");
    /// South African rand.
    pub const ZAR: Self = Self(*b"ZAR");
    /// Kenyan shilling.
    pub const KES: Self = Self(*b"KES");
    /// US dollar.
    pub const USD: Self = Self(*b"USD");
    /// West African CFA franc.
    pub const XOF: Self = Self(*b"XOF");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    /// Lower-case letters are taken as capitals.
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let bytes: [u8; 3] = text.trim().as_bytes().try_into().map_err(|_| CurrencyError)?;
        if bytes.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(bytes.map(|byte| byte.to_ascii_uppercase())))
        } else {
            Err(CurrencyError)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Money as Paystack counts it: hundredths of the currency's main unit, for every currency, also for those that have no
/// smaller unit. 100 XOF are 10 000 subunits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    /// Hundredths of the main unit.
    pub subunits: u64,
    /// The currency.
    pub currency: Currency,
}

impl Amount {
    /// `subunits` hundredths of `currency`.
    #[must_use]
    pub const fn new(subunits: u64, currency: Currency) -> Self {
        Self { subunits, currency }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}.{:02}", self.currency, self.subunits / 100, self.subunits % 100)
    }
}

/// Which of Paystack's two worlds something belongs to; they share nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// No money moves.
    Test,
    /// Money moves.
    Live,
}

/// A reference: what a transaction is known by, chosen by the caller or by Paystack. One reference is one transaction
/// for ever. Letters, digits, `-`, `.`, `=` and `_`; 1 to 100 of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(String);

/// The text is no reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reference is 1 to {max} letters, digits, hyphens, dots, underscores or equals signs", max = Reference::LENGTH_MAX)]
pub struct ReferenceError;

impl Reference {
    /// How long a reference may be. Paystack documents no limit; far longer ones than it makes itself are a mistake.
    pub const LENGTH_MAX: usize = 100;

    /// Checks the text.
    ///
    /// # Errors
    /// [`ReferenceError`] when it is empty, too long, has a character that Paystack refuses, or is only dots: those would
    /// walk up the address in which the reference is sent.
    pub fn new(text: impl Into<String>) -> Result<Self, ReferenceError> {
        let text = text.into();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'=' | b'_');
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len());
        if fits && text.bytes().all(known) && text.bytes().any(|byte| byte != b'.') {
            Ok(Self(text))
        } else {
            Err(ReferenceError)
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::new(text)
    }
}

/// What cannot be read in an answer: the name of the field and what is wrong, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct Unreadable {
    /// The field.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl Unreadable {
    pub(crate) const fn missing(field: &'static str) -> Self {
        Self { field, problem: "is missing" }
    }
}

/// The fields of a JSON value that should be an object; of anything else, none.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Value);

impl<'a> Fields<'a> {
    pub(crate) const fn of(value: &'a Value) -> Self {
        Self(value)
    }

    /// The value, unless it is absent or null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether there is nothing in it: no object, `{}`, or only nulls, which is how "none" is often written.
    pub(crate) fn is_empty(self) -> bool {
        self.0.as_object().is_none_or(|object| object.values().all(Value::is_null))
    }

    /// An object inside; absent when there is nothing in it.
    pub(crate) fn object(self, name: &str) -> Option<Fields<'a>> {
        self.get(name).map(Fields).filter(|fields| !fields.is_empty())
    }

    /// Text that is not blank. A number counts as its digits.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The first of two spellings: many objects have `paid_at` and `paidAt`, or only one of them.
    pub(crate) fn either(self, name: &str, twin: &str) -> Option<String> {
        self.text(name).or_else(|| self.text(twin))
    }

    /// A whole number that is not negative, as number or digits.
    pub(crate) fn number(self, name: &str) -> Option<u64> {
        whole_number(self.get(name)?)
    }

    /// True, false, 1, 0 or their text.
    pub(crate) fn truth(self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(truth) => Some(*truth),
            Value::Number(number) => number.as_u64().map(|number| number != 0),
            Value::String(text) => match text.as_str() {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// Money. Absent, null and blank are nothing; what is there but is no whole number of subunits is an error, because
    /// a wrong amount must not look like a missing one.
    pub(crate) fn subunits(self, name: &'static str) -> Result<Option<u64>, Unreadable> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(value) => match whole_number(value) {
                Some(subunits) => Ok(Some(subunits)),
                None => Err(Unreadable { field: name, problem: "is not a whole number of subunits" }),
            },
        }
    }

    /// The amount with its currency.
    pub(crate) fn amount(self, name: &'static str) -> Result<Option<Amount>, Unreadable> {
        let Some(subunits) = self.subunits(name)? else { return Ok(None) };
        Ok(Some(Amount { subunits, currency: self.currency()?.ok_or(Unreadable::missing("currency"))? }))
    }

    /// The field `currency`.
    pub(crate) fn currency(self) -> Result<Option<Currency>, Unreadable> {
        let Some(text) = self.text("currency") else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Unreadable { field: "currency", problem: "is no currency code" })
    }

    /// The field `reference`.
    pub(crate) fn reference(self, name: &'static str) -> Result<Option<Reference>, Unreadable> {
        let Some(text) = self.text(name) else { return Ok(None) };
        Reference::new(text).map(Some).map_err(|_| Unreadable { field: name, problem: "is no reference" })
    }

    /// The field `domain`.
    pub(crate) fn mode(self) -> Option<Mode> {
        match self.text("domain")?.as_str() {
            "test" => Some(Mode::Test),
            "live" => Some(Mode::Live),
            _ => None,
        }
    }

    /// What the merchant attached: an object, or JSON text of one. The other forms in use (`""`, `null`, `0`) say that
    /// there is none.
    pub(crate) fn metadata(self, name: &str) -> Option<Value> {
        match self.get(name)? {
            Value::String(text) => serde_json::from_str(text)
                .ok()
                .filter(|value: &Value| value.is_object() || value.is_array())
                .or_else(|| (!text.trim().is_empty()).then(|| Value::String(text.clone()))),
            Value::Number(_) | Value::Bool(_) => None,
            value if Fields(value).is_empty() && !value.is_array() => None,
            value => Some(value.clone()),
        }
    }
}

/// The most that is believed of a JSON number with a decimal point: a thousand times what one payment may be. The parser of
/// JSON makes a float of it, and does not round one of sixteen digits rightly; so far below that, it cannot become another
/// whole number.
const WITH_POINT_MAX: u64 = 1_000_000_000_000;

/// Reads 25000, "25000", 25000.0 and "25000.00", and calculates with none of them.
fn whole_number(value: &Value) -> Option<u64> {
    let (text, most) = match value {
        Value::Number(number) => match number.as_u64() {
            Some(whole) => return Some(whole),
            None => (number.to_string(), WITH_POINT_MAX),
        },
        Value::String(text) => (text.trim().to_owned(), u64::MAX),
        _ => return None,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !fraction.bytes().all(|byte| byte == b'0') {
        return None;
    }
    whole.parse().ok().filter(|whole| *whole <= most)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_come_as_numbers_and_as_text() {
        let read = |value: Value| {
            let object = json!({ "amount": value });
            Fields::of(&object).subunits("amount")
        };
        for known in [json!(25_000), json!("25000"), json!(" 25000 "), json!(25_000.0), json!("25000.00")] {
            assert_eq!(read(known.clone()), Ok(Some(25_000)), "{known}");
        }
        for none in [json!(null), json!(""), json!(" ")] {
            assert_eq!(read(none.clone()), Ok(None), "{none}");
        }
        for wrong in [
            json!(12.5),
            json!("12.5"),
            json!(-3),
            json!("-3"),
            json!("1e4"),
            json!("NaN"),
            json!({}),
            json!([1]),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(read(json!("18446744073709551616")).is_err(), "one more than fits");
        assert_eq!(read(json!(u64::MAX)), Ok(Some(u64::MAX)));
    }

    #[test]
    fn metadata_comes_in_every_shape() {
        let read = |value: Value| {
            let object = json!({ "metadata": value });
            Fields::of(&object).metadata("metadata")
        };
        for none in [json!(null), json!(""), json!(0), json!({})] {
            assert_eq!(read(none.clone()), None, "{none}");
        }
        assert_eq!(read(json!({"cart": "7"})), Some(json!({"cart": "7"})));
        assert_eq!(read(json!("{\"cart\":7}")), Some(json!({"cart": 7})));
        assert_eq!(read(json!("plain words")), Some(json!("plain words")));
    }

    #[test]
    fn an_object_of_nothing_is_none() {
        let answer =
            json!({ "a": {}, "b": { "code": null }, "c": null, "d": "x", "e": [], "f": { "code": "1" } });
        let fields = Fields::of(&answer);
        for none in ["a", "b", "c", "d", "e", "g"] {
            assert!(fields.object(none).is_none(), "{none}");
        }
        assert!(fields.object("f").is_some());
    }

    #[test]
    fn references_are_checked_at_the_door() {
        for good in ["a", "ord-1.2=3_4", &"x".repeat(100)] {
            assert!(Reference::new(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "a b", "é", "a?b", "a%2fb", "a\n", &"x".repeat(101)] {
            assert!(Reference::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_amount_prints_its_main_unit() {
        assert_eq!(Amount::new(123_405, Currency::NGN).to_string(), "NGN 1234.05");
    }
}
