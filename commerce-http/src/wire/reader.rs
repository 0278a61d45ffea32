//! From a JSON value to a request type, with errors that say where and in which way a field is wrong.
//!
//! serde derives the reading of a type; what goes wrong reaches the error type as facts (`unknown_field`,
//! `missing_field`, `invalid_value`), so nothing here looks at the wording of a message.

use std::fmt::Display;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use super::json::step;

/// The field that is wrong, as a JSON pointer, and in which way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) pointer: String,
    pub(crate) kind: FaultKind,
}

/// In which way a field is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaultKind {
    /// It is of another type: what is read here.
    WrongType(&'static str),
    /// There is no such field.
    UnknownField,
    /// It is not there.
    Missing,
    /// It is of the right type, but out of range.
    OutOfRange,
    /// It is none of these.
    NoneOf(&'static [&'static str]),
    /// It is wrong otherwise.
    Invalid(String),
}

/// Reads `value` as a `T`.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Fault> {
    T::deserialize(Reader(value))
}

impl Fault {
    fn here(kind: FaultKind) -> Self {
        Self { pointer: String::new(), kind }
    }

    fn under(mut self, name: &str) -> Self {
        self.pointer.insert_str(0, &step("", name));
        self
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {:?}", self.kind, self.pointer)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::here(FaultKind::Invalid(message.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::here(FaultKind::WrongType("another type"))
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::here(FaultKind::OutOfRange)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::here(FaultKind::NoneOf(expected))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::here(FaultKind::UnknownField).under(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::here(FaultKind::Missing).under(field)
    }
}

/// Hands out one JSON value.
struct Reader(Value);

/// Refuses a value of the wrong type in plain words, before a visitor could word it with the names of Rust.
macro_rules! only {
    ($($method:ident $pattern:pat, $expected:literal;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.0 {
                $pattern => self.deserialize_any(visitor),
                _ => Err(Fault::here(FaultKind::WrongType($expected))),
            }
        }
    )+};
}

macro_rules! whole_numbers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match &self.0 {
                Value::Number(number) if number.is_u64() || number.is_i64() => self.deserialize_any(visitor),
                _ => Err(Fault::here(FaultKind::WrongType("a whole number"))),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (None, Some(value), _) => visitor.visit_i64(value),
                (None, None, value) => visitor.visit_f64(value.unwrap_or(f64::NAN)),
            },
            Value::String(value) => visitor.visit_string(value),
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), next: 0 }),
            Value::Object(entries) => {
                visitor.visit_map(Entries { entries: entries.into_iter(), value: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0 {
            Value::String(name) => {
                let name: StringDeserializer<Fault> = name.into_deserializer();
                visitor.visit_enum(name)
            }
            _ => Err(Fault::here(FaultKind::WrongType("a string"))),
        }
    }

    only! {
        deserialize_bool Value::Bool(_), "true or false";
        deserialize_str Value::String(_), "a string";
        deserialize_string Value::String(_), "a string";
        deserialize_map Value::Object(_), "an object";
        deserialize_seq Value::Array(_), "a list";
    }

    whole_numbers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Entries {
    entries: <Map<String, Value> as IntoIterator>::IntoIter,
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some((key.clone(), value));
        let key: StringDeserializer<Fault> = key.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let (key, value) = self.value.take().ok_or_else(|| Fault::custom("a value without a key"))?;
        seed.deserialize(Reader(value)).map_err(|fault| fault.under(&key))
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some(value) = self.items.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Reader(value)).map(Some).map_err(|fault| fault.under(&index.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Order {
        quantity: u32,
        #[serde(default)]
        notes: BTreeMap<String, String>,
        method: Option<Method>,
        parts: Option<Vec<Part>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        city: String,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Method {
        Card,
    }

    #[test]
    fn a_fault_says_where_and_in_which_way() {
        let fault = |value: Value| {
            let fault = read::<Order>(value).unwrap_err();
            (fault.pointer, fault.kind)
        };
        let at = |pointer: &str, kind| (pointer.to_owned(), kind);
        let whole = || FaultKind::WrongType("a whole number");
        assert_eq!(fault(json!({"quantity": 1.5})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": 1e20})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": "2"})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": null})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": -1})), at("/quantity", FaultKind::OutOfRange));
        assert_eq!(fault(json!({"quantity": 99_999_999_999_u64})), at("/quantity", FaultKind::OutOfRange));
        assert_eq!(fault(json!({})), at("/quantity", FaultKind::Missing));
        assert_eq!(fault(json!([])), at("", FaultKind::WrongType("an object")));
        assert_eq!(fault(json!({"quantity": 1, "price": 1})), at("/price", FaultKind::UnknownField));
        assert_eq!(
            fault(json!({"quantity": 1, "notes": {"a/b": 1}})),
            at("/notes/a~1b", FaultKind::WrongType("a string"))
        );
        assert_eq!(
            fault(json!({"quantity": 1, "method": "gold"})),
            at("/method", FaultKind::NoneOf(&["card"]))
        );
        assert_eq!(
            fault(json!({"quantity": 1, "parts": [{"city": "Lagos"}, {}]})),
            at("/parts/1/city", FaultKind::Missing)
        );
        assert_eq!(
            fault(json!({"quantity": 1, "parts": [{"city": "", "x": 1}]})),
            at("/parts/0/x", FaultKind::UnknownField)
        );
    }

    #[test]
    fn what_is_right_is_read() {
        let order: Order =
            read(json!({"quantity": 3, "method": "card", "parts": [], "notes": {"gift": "yes"}})).unwrap();
        assert_eq!((order.quantity, order.method), (3, Some(Method::Card)));
    }
}
