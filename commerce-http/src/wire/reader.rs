//! From a JSON value to a request type, with errors that say where and in which way a field is wrong.
//!
//! serde derives the reading of a type; what goes wrong reaches the error type as facts (`unknown_field`,
//! `missing_field`, `invalid_value`), so nothing here looks at the wording of a message.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
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
    WrongType(Cow<'static, str>),
    /// There is no such field: those that there are.
    UnknownField(&'static [&'static str]),
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

/// Reads `value` as a `T`, and looks for further faults behind the first: for people, who mend all of them in one go.
///
/// What is wrong is taken out and the rest read again, until nothing more is found or nothing can be taken out without
/// harm.
pub(crate) fn read_all<T: DeserializeOwned>(mut value: Value) -> Result<T, Vec<Fault>> {
    const FAULTS_MAX: usize = 50;
    let mut faults: Vec<Fault> = Vec::new();
    let mut removed = Removed::default();
    loop {
        let fault = match T::deserialize(Reader(value.clone())) {
            Ok(read) if faults.is_empty() => return Ok(read),
            Ok(_) => return Err(faults),
            Err(fault) => fault,
        };
        let place = removed.original(&fault.pointer);
        let told = faults.iter().any(|known| known.pointer == place);
        let taken_out = removed.take(&mut value, &fault.pointer);
        if !told {
            faults.push(Fault { pointer: place, kind: fault.kind });
        }
        if !taken_out || faults.len() >= FAULTS_MAX {
            return Err(faults);
        }
    }
}

/// What was taken out of a document: the elements of each list, by its pointer, so that those behind keep their numbers.
#[derive(Debug, Default)]
struct Removed(BTreeMap<String, Vec<usize>>);

impl Removed {
    /// The pointer into the document as it was.
    fn original(&self, pointer: &str) -> String {
        let mut place = String::new();
        for name in pointer.split('/').skip(1) {
            let number = self.0.get(&place).zip(name.parse().ok()).map(|(gone, number)| behind(gone, number));
            place.push('/');
            match number {
                Some(number) => place.push_str(&number.to_string()),
                None => place.push_str(name),
            }
        }
        place
    }

    /// Takes out the field or element at the pointer; where there is none, what it is missing in.
    fn take(&mut self, value: &mut Value, pointer: &str) -> bool {
        let Some((parent, name)) = pointer.rsplit_once('/') else { return false };
        let place = self.original(parent);
        match value.pointer_mut(parent) {
            Some(Value::Object(fields)) => {
                fields.remove(&name.replace("~1", "/").replace("~0", "~")).is_some()
                    || self.take(value, parent)
            }
            Some(Value::Array(items)) => match name.parse::<usize>() {
                Ok(number) if number < items.len() => {
                    items.remove(number);
                    let gone = self.0.entry(place).or_default();
                    let number = behind(gone, number);
                    gone.push(number);
                    gone.sort_unstable();
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// The number that an element had before those in `gone` (sorted) were taken out.
fn behind(gone: &[usize], number: usize) -> usize {
    gone.iter().fold(number, |number, gone| if *gone <= number { number + 1 } else { number })
}

impl Fault {
    fn here(kind: FaultKind) -> Self {
        Self { pointer: String::new(), kind }
    }

    /// In which way the field is wrong, in words.
    pub(crate) fn words(&self) -> String {
        match &self.kind {
            FaultKind::WrongType(expected) => format!("must be {expected}"),
            FaultKind::UnknownField([]) => "is not known here".to_owned(),
            FaultKind::UnknownField(known) => format!("is not known here; known are {}", known.join(", ")),
            FaultKind::Missing => "is required".to_owned(),
            FaultKind::OutOfRange => "is out of range".to_owned(),
            FaultKind::NoneOf(known) => format!("must be one of {}", known.join(", ")),
            FaultKind::Invalid(message) => message.clone(),
        }
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

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // The types of Rust are caught before; what is left are our own visitors, which say what they read.
        Self::here(FaultKind::WrongType(expected.to_string().into()))
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self::here(FaultKind::OutOfRange)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::here(FaultKind::NoneOf(expected))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::here(FaultKind::UnknownField(expected)).under(field)
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
                _ => Err(Fault::here(FaultKind::WrongType($expected.into()))),
            }
        }
    )+};
}

macro_rules! whole_numbers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match &self.0 {
                Value::Number(number) if number.is_u64() || number.is_i64() => self.deserialize_any(visitor),
                _ => Err(Fault::here(FaultKind::WrongType("a whole number".into()))),
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
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let wrong = |expected: String| Err(Fault::here(FaultKind::WrongType(expected.into())));
        match self.0 {
            Value::String(name) => visitor.visit_enum(Variant { name, value: None }),
            Value::Object(mut fields) if fields.len() == 1 => {
                match std::mem::take(&mut fields).into_iter().next() {
                    Some((name, value)) => visitor.visit_enum(Variant { name, value: Some(value) }),
                    None => wrong("an object".to_owned()),
                }
            }
            Value::Object(_) => wrong(format!("an object with exactly one of {}", variants.join(", "))),
            _ => wrong(format!("one of {}", variants.join(", "))),
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

/// One of several forms: its name alone, or an object with the name and what goes with it.
struct Variant {
    name: String,
    value: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name: StringDeserializer<Fault> = self.name.clone().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl Variant {
    fn value(self) -> Result<(String, Reader), Fault> {
        let needs = || {
            let name = &self.name;
            Fault::here(FaultKind::WrongType(format!("an object: {{\"{name}\": ...}}").into()))
        };
        let value = self.value.as_ref().ok_or_else(needs)?.clone();
        Ok((self.name, Reader(value)))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Fault::here(FaultKind::WrongType(format!("the text \"{}\"", self.name).into()))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let (name, value) = self.value()?;
        seed.deserialize(value).map_err(|fault| fault.under(&name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        let (name, value) = self.value()?;
        value.deserialize_seq(visitor).map_err(|fault| fault.under(&name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let (name, value) = self.value()?;
        value.deserialize_map(visitor).map_err(|fault| fault.under(&name))
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
        let whole = || FaultKind::WrongType("a whole number".into());
        assert_eq!(fault(json!({"quantity": 1.5})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": 1e20})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": "2"})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": null})), at("/quantity", whole()));
        assert_eq!(fault(json!({"quantity": -1})), at("/quantity", FaultKind::OutOfRange));
        assert_eq!(fault(json!({"quantity": 99_999_999_999_u64})), at("/quantity", FaultKind::OutOfRange));
        assert_eq!(fault(json!({})), at("/quantity", FaultKind::Missing));
        assert_eq!(fault(json!([])), at("", FaultKind::WrongType("an object".into())));
        assert_eq!(
            fault(json!({"quantity": 1, "price": 1})),
            at("/price", FaultKind::UnknownField(&["quantity", "notes", "method", "parts"]))
        );
        assert_eq!(
            fault(json!({"quantity": 1, "notes": {"a/b": 1}})),
            at("/notes/a~1b", FaultKind::WrongType("a string".into()))
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
            at("/parts/0/x", FaultKind::UnknownField(&["city"]))
        );
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Rate {
        Free,
        Flat(u32),
        Steps { base: u32 },
        Any(Vec<Rate>),
    }

    #[test]
    fn one_of_several_forms_is_read() {
        let good = json!({"any": ["free", {"flat": 3}, {"steps": {"base": 4}}]});
        let all = vec![Rate::Free, Rate::Flat(3), Rate::Steps { base: 4 }];
        assert_eq!(read::<Rate>(good).unwrap(), Rate::Any(all));
        for (wrong, pointer, words) in [
            (json!(1), "", "must be one of free, flat, steps, any"),
            (
                json!({"flat": 1, "free": 1}),
                "",
                "must be an object with exactly one of free, flat, steps, any",
            ),
            (json!({}), "", "must be an object with exactly one of free, flat, steps, any"),
            (json!("flat"), "", "must be an object: {\"flat\": ...}"),
            (json!({"free": null}), "", "must be the text \"free\""),
            (json!("gold"), "", "must be one of free, flat, steps, any"),
            (json!({"flat": "1"}), "/flat", "must be a whole number"),
            (
                json!({"any": ["free", {"steps": {"base": 1, "x": 1}}]}),
                "/any/1/steps/x",
                "is not known here; known are base",
            ),
        ] {
            let fault = read::<Rate>(wrong).unwrap_err();
            assert_eq!((fault.pointer.as_str(), fault.words().as_str()), (pointer, words));
        }
    }

    #[test]
    fn all_faults_are_found_at_once_where_they_were() {
        let value = json!({
            "quantity": "2", "notes": {"a": 1, "b": 2}, "extra": 1,
            "parts": [{"city": 1}, {"city": "Lagos"}, {}, {"city": "Ife", "y": 1}, 7, {"city": "Jos", "z": 1}],
        });
        let mut places: Vec<String> =
            read_all::<Order>(value).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
        places.sort();
        let expected = [
            "/extra",
            "/notes/a",
            "/notes/b",
            "/parts/0/city",
            "/parts/2/city",
            "/parts/3/y",
            "/parts/4",
            "/parts/5/z",
            "/quantity",
        ];
        assert_eq!(places, expected);
        assert_eq!(read_all::<Order>(json!({"quantity": 2})).unwrap().quantity, 2);
    }

    #[test]
    fn what_is_right_is_read() {
        let order: Order =
            read(json!({"quantity": 3, "method": "card", "parts": [], "notes": {"gift": "yes"}})).unwrap();
        assert_eq!((order.quantity, order.method), (3, Some(Method::Card)));
    }
}
