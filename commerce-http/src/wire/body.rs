//! The one reader of request bodies.

use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::json::{self, Flaw};
use super::problem::{Code, FieldError, Problem};
use super::reader::{self, Fault, FaultKind};

/// A JSON body, read strictly: UTF-8 without NUL, no unknown field, no key twice, each field of its own type.
///
/// An empty body stands for `{}`, which an operation takes that does not require one.
pub(crate) struct Body<T, const REQUIRED: bool = true> {
    pub(crate) value: T,
    /// The body with sorted keys and without white space: what two equal requests have in common.
    pub(crate) canonical: Vec<u8>,
}

impl<T: DeserializeOwned, const REQUIRED: bool> Body<T, REQUIRED> {
    pub(crate) fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, Problem> {
        let value = json_of(content_type, bytes)?;
        let canonical = value.to_string().into_bytes();
        let value = reader::read(value).map_err(faulty)?;
        Ok(Self { value, canonical })
    }
}

/// The JSON of a body, before it is read as a type.
pub(crate) fn json_of(content_type: Option<&str>, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    check_content_type(content_type)?;
    json::parse(bytes).map_err(malformed)
}

fn check_content_type(content_type: Option<&str>) -> Result<(), Problem> {
    let refused = |detail: &str| Err(Problem::new(Code::UnsupportedMediaType, detail));
    let Some(content_type) = content_type else { return refused("send Content-Type: application/json") };
    let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !kind.trim().eq_ignore_ascii_case("application/json") {
        return refused("send Content-Type: application/json");
    }
    let mut parameters = parameters.split(';').map(|parameter| parameter.trim().to_ascii_lowercase());
    match parameters
        .find_map(|parameter| Some(parameter.strip_prefix("charset=")?.trim_matches('"').to_owned()))
    {
        Some(charset) if charset != "utf-8" => refused("JSON is read as UTF-8 only"),
        _ => Ok(()),
    }
}

fn malformed(flaw: Flaw) -> Problem {
    match flaw {
        Flaw::Encoding => {
            Problem::new(Code::InvalidEncoding, "the body must be UTF-8 without NUL characters")
        }
        Flaw::Syntax { line, column } => Problem::new(
            Code::MalformedJson,
            format_args!("the JSON breaks off at line {line}, column {column}"),
        ),
        Flaw::TwiceThere(pointer) => Problem::fields(
            Code::MalformedJson,
            vec![FieldError::new(&pointer, "duplicate-key", "occurs twice")],
        ),
    }
}

pub(crate) fn faulty(fault: Fault) -> Problem {
    let (code, name) = match &fault.kind {
        FaultKind::WrongType(_) => (Code::WrongType, "wrong-type"),
        FaultKind::UnknownField(_) => (Code::UnknownField, "unknown-field"),
        FaultKind::Missing => (Code::ValidationFailed, "required"),
        FaultKind::OutOfRange => (Code::ValidationFailed, "out-of-range"),
        FaultKind::NoneOf(_) | FaultKind::Invalid(_) => (Code::ValidationFailed, "invalid"),
    };
    Problem::fields(code, vec![FieldError::new(&fault.pointer, name, fault.words())])
}

impl<'a, T: DeserializeOwned + Type, const REQUIRED: bool> ApiExtractor<'a> for Body<T, REQUIRED> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: REQUIRED })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = body.take()?.into_bytes().await.map_err(Problem::internal)?;
        Ok(Self::parse(request.content_type(), &bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_read() {
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(check_content_type(Some(good)).is_ok(), "{good}");
        }
        for bad in [None, Some("text/plain"), Some("application/json; charset=utf-16"), Some("")] {
            assert!(check_content_type(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn equal_requests_have_one_canonical_form() {
        let canonical = |text: &str| {
            Body::<std::collections::BTreeMap<String, Value>>::parse(
                Some("application/json"),
                text.as_bytes(),
            )
            .unwrap()
            .canonical
        };
        assert_eq!(canonical(r#"{"b": 1, "a": [2]}"#), canonical(r#"{"a":[2],"b":1}"#));
        assert_ne!(canonical(r#"{"a": 1}"#), canonical(r#"{"a": 2}"#));
        assert_eq!(canonical(""), canonical("{}"));
    }
}
