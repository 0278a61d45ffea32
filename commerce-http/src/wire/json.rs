//! Reading JSON strictly: what serde_json lets pass and a shop should not.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// What is wrong with a text that should be JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Flaw {
    /// It is not UTF-8, or has a NUL character in a string.
    Encoding,
    /// A key occurs twice in one object: which, as a JSON pointer.
    TwiceThere(String),
    /// It is not JSON: where.
    Syntax { line: usize, column: usize },
}

/// Reads one JSON value: UTF-8, no NUL, no key twice, nothing after it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Flaw> {
    let text = std::str::from_utf8(bytes).map_err(|_| Flaw::Encoding)?;
    if text.contains('\0') {
        return Err(Flaw::Encoding);
    }
    let mut flaw = None;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { path: String::new(), flaw: &mut flaw }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| flaw.unwrap_or(Flaw::Syntax { line: error.line(), column: error.column() }))
}

/// `path` with one more step, escaped as RFC 6901 asks.
pub(crate) fn step(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Builds the value and notes the first flaw.
struct Strict<'a> {
    path: String,
    flaw: &'a mut Option<Flaw>,
}

impl Strict<'_> {
    fn text<E: Error>(&mut self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            *self.flaw = Some(Flaw::Encoding);
            return Err(E::custom("NUL"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(mut self, value: &str) -> Result<Value, E> {
        self.text(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = step(&self.path, &list.len().to_string());
            match items.next_element_seed(Strict { path, flaw: self.flaw })? {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.text(&key)?;
            let path = step(&self.path, &key);
            if object.contains_key(&key) {
                *self.flaw = Some(Flaw::TwiceThere(path));
                return Err(A::Error::custom("twice there"));
            }
            let value = entries.next_value_seed(Strict { path, flaw: self.flaw })?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_json_and_says_what_is_not() {
        assert_eq!(
            parse(br#"{"a":[1,null,{"b":"c"}]}"#),
            Ok(serde_json::json!({"a": [1, null, {"b": "c"}]}))
        );
        assert_eq!(parse(b"{\"a\":\xff}"), Err(Flaw::Encoding));
        assert_eq!(parse(br#"{"a":"x\u0000y"}"#), Err(Flaw::Encoding));
        assert_eq!(parse(br#"{"a\u0000":1}"#), Err(Flaw::Encoding));
        assert_eq!(parse(b"{\"a\":\"\0\"}"), Err(Flaw::Encoding));
        assert_eq!(parse(br#"{"x":[{"a/b":1,"a/b":2}]}"#), Err(Flaw::TwiceThere("/x/0/a~1b".to_owned())));
        for text in ["", "{", "{} {}", "{'a':1}", "[1,]", "1e999", "\"\\ud800\""] {
            assert!(matches!(parse(text.as_bytes()), Err(Flaw::Syntax { .. })), "{text}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
