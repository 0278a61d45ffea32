//! Reads what a client sends, whichever way it sends it.
//!
//! Clients exist that send JSON without saying so, forms with nested brackets, numbers as text, and a body with a GET.

use serde_json::{Map, Value};

/// The fields of a request: its query and its body as one object. A field of the query goes before one of the body.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(pub(crate) Map<String, Value>);

/// The body is neither an object nor a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Fields {
    pub(crate) fn read(query: Option<&str>, body: &[u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(body).map_err(|_| Unreadable)?.trim();
        let mut fields = if text.is_empty() {
            Map::new()
        } else if text.starts_with(['{', '[', '"']) {
            match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => fields,
                _ => return Err(Unreadable),
            }
        } else {
            form(text)
        };
        fields.extend(form(query.unwrap_or_default()));
        Ok(Self(fields))
    }

    /// The field, unless it is missing or null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The field as text; numbers and booleans are written out.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    /// The field as text, unless it is blank.
    pub(crate) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    /// A count, such as a page number.
    pub(crate) fn count(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.trim().parse().ok())
    }

    /// The object in this field; clients also send it as JSON in a string.
    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        match self.get(name)? {
            Value::Object(fields) => Some(Self(fields.clone())),
            Value::String(text) => match serde_json::from_str(text) {
                Ok(Value::Object(fields)) => Some(Self(fields)),
                _ => None,
            },
            _ => None,
        }
    }
}

pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// What a field for an amount holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Missing,
    Whole(u64),
    Fraction,
    /// Zero, negative, or no number at all.
    Wrong,
}

/// Reads an amount from a number or a numeric text. `100.0` is whole, as it is in JavaScript.
pub(crate) fn amount(fields: &Fields, name: &str) -> Amount {
    let Some(value) = fields.get(name) else { return Amount::Missing };
    let Some(text) = text(value) else { return Amount::Wrong };
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return Amount::Wrong;
    }
    match whole.parse::<u64>() {
        Ok(_) if fraction.bytes().any(|digit| digit != b'0') => Amount::Fraction,
        Ok(0) | Err(_) => Amount::Wrong,
        Ok(whole) => Amount::Whole(whole),
    }
}

/// A form with nested brackets: `metadata[custom_fields][0][value]=x&channels[]=card`.
pub(crate) fn form(text: &str) -> Map<String, Value> {
    let mut root = Value::Object(Map::new());
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = unescape(name);
        let path = path(&name);
        insert(&mut root, &path, unescape(value));
    }
    match arrays(root) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// `a[b][]` as `a`, `b` and an empty name.
fn path(name: &str) -> Vec<&str> {
    let Some((head, rest)) = name.split_once('[') else { return vec![name] };
    let mut steps = vec![head];
    steps.extend(rest.split('[').map(|step| step.strip_suffix(']').unwrap_or(step)));
    steps
}

fn insert(into: &mut Value, path: &[&str], value: String) {
    let Some((step, rest)) = path.split_first() else {
        *into = Value::String(value);
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    let Value::Object(fields) = into else { return };
    let step = if step.is_empty() { fields.len().to_string() } else { (*step).to_owned() };
    insert(fields.entry(step).or_insert(Value::Null), rest, value);
}

/// Objects whose keys count from 0 are lists.
fn arrays(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let mut fields: Map<String, Value> =
        fields.into_iter().map(|(key, value)| (key, arrays(value))).collect();
    let counted =
        !fields.is_empty() && (0..fields.len()).all(|index| fields.contains_key(&index.to_string()));
    if counted {
        Value::Array((0..fields.len()).filter_map(|index| fields.remove(&index.to_string())).collect())
    } else {
        Value::Object(fields)
    }
}

pub(crate) fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], escaped) {
            (b'%', Some(byte)) => {
                plain.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => plain.push(b' '),
            (byte, _) => plain.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// For a place in a query.
pub(crate) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Amount, Fields, Unreadable, amount, escape, unescape};

    fn read(query: Option<&str>, body: &str) -> Value {
        Value::Object(Fields::read(query, body.as_bytes()).unwrap().0)
    }

    #[test]
    fn json_forms_and_queries_give_the_same_fields() {
        let expected = json!({"email": "a b@x.test", "metadata": {"custom_fields": [{"value": "1"}], "cancel_action": "http://x.test/?a=b"}, "channels": ["card", "ussd"]});
        let body = "email=a+b%40x.test&metadata[cancel_action]=http%3A%2F%2Fx.test%2F%3Fa%3Db&metadata%5Bcustom_fields%5D%5B0%5D%5Bvalue%5D=1&channels[]=card&channels[]=ussd";
        assert_eq!(read(None, body), expected);
        assert_eq!(read(Some(body), ""), expected);
        assert_eq!(read(None, &expected.to_string()), expected);
    }

    #[test]
    fn the_query_goes_before_the_body() {
        assert_eq!(read(Some("page=2"), r#"{"page": 1, "perPage": 5}"#), json!({"page": "2", "perPage": 5}));
    }

    #[test]
    fn what_is_no_object_is_unreadable() {
        for body in ["{", "[]", "\"text\"", "{} x"] {
            assert_eq!(Fields::read(None, body.as_bytes()), Err(Unreadable), "{body}");
        }
        assert_eq!(Fields::read(None, &[0xff, 0xfe]), Err(Unreadable));
    }

    #[test]
    fn amounts_are_whole_numbers_in_any_dress() {
        for (value, expected) in [
            (json!(500), Amount::Whole(500)),
            (json!("500"), Amount::Whole(500)),
            (json!(500.0), Amount::Whole(500)),
            (json!("500.00"), Amount::Whole(500)),
            (json!(500.5), Amount::Fraction),
            (json!("0.5"), Amount::Fraction),
            (json!(0), Amount::Wrong),
            (json!(-5), Amount::Wrong),
            (json!("5e3"), Amount::Wrong),
            (json!("five"), Amount::Wrong),
            (json!([5]), Amount::Wrong),
            (json!(null), Amount::Missing),
        ] {
            let fields = Fields::read(None, json!({"amount": value}).to_string().as_bytes()).unwrap();
            assert_eq!(amount(&fields, "amount"), expected, "{value}");
        }
    }

    #[test]
    fn escaping_is_undone() {
        for text in ["a b&c=d", "é/?%", "50%", "%zz"] {
            assert_eq!(unescape(&escape(text)), text);
        }
        assert_eq!(unescape("50%"), "50%");
    }
}
