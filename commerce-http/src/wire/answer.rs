//! Answers: written once by serde, described in the OpenAPI document by their type.

use std::marker::PhantomData;

use bytes::Bytes;
use commerce_core::cache::Kept;
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};
use poem_openapi::types::Type;
use serde::Serialize;

use super::{Problem, ProblemDto};

/// A JSON answer with this status that belongs to one caller: no cache keeps it.
pub(crate) struct Answer<T, const STATUS: u16 = 200> {
    response: Response,
    kind: PhantomData<fn() -> T>,
}

impl<T: Serialize, const STATUS: u16> Answer<T, STATUS> {
    pub(crate) fn new(body: &T) -> Result<Self, Problem> {
        let mut response = json(body)?.into_response();
        response.set_status(StatusCode::from_u16(STATUS).map_err(Problem::internal)?);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        Ok(Self { response, kind: PhantomData })
    }

    /// Adds a header whose value is a token or a mark of ours.
    pub(crate) fn header(mut self, name: &'static str, value: Option<&str>) -> Self {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            self.response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Marks the answer to a repeated request.
    pub(crate) fn replayed(self, replayed: bool) -> Self {
        self.header("idempotent-replayed", replayed.then_some("true"))
    }
}

impl<T, const STATUS: u16> IntoResponse for Answer<T, STATUS> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type, const STATUS: u16> ApiResponse for Answer<T, STATUS> {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![described::<T>(STATUS, "Done.", Vec::new())] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// It is done, and there is nothing to say: 204.
pub(crate) struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        response
    }
}

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        let done = MetaResponse {
            description: "Done.",
            status: Some(204),
            status_range: None,
            content: Vec::new(),
            headers: Vec::new(),
        };
        MetaResponses { responses: vec![done] }
    }

    fn register(_: &mut Registry) {}
}

/// A public JSON answer of the catalogue: caches may keep it, and whoever has it already is told so.
pub(crate) struct Catalogue<T> {
    response: Response,
    kind: PhantomData<fn() -> T>,
}

impl<T> Catalogue<T> {
    /// Catalogue answers may be this many seconds old. Carts and orders never use them.
    const CACHE_CONTROL: &'static str = "public, max-age=10";

    /// The answer, or 304 when `if_none_match` names it.
    pub(crate) fn new(kept: &Kept, if_none_match: Option<&str>) -> Result<Self, Problem> {
        Self::tagged(kept.body(), kept.validator(), if_none_match)
    }

    /// As [`Catalogue::new`], for an answer that is not kept.
    pub(crate) fn fresh(body: &T, if_none_match: Option<&str>) -> Result<Self, Problem>
    where
        T: Serialize,
    {
        Self::new(&Kept::new(&json_bytes(body)?), if_none_match)
    }

    /// As [`Catalogue::fresh`], for an answer of this [`version`], which says something beside what it is about.
    pub(crate) fn of_version(body: &T, version: &str, if_none_match: Option<&str>) -> Result<Self, Problem>
    where
        T: Serialize,
    {
        Self::tagged(json_bytes(body)?.into(), version, if_none_match)
    }

    fn tagged(body: Bytes, etag: &str, if_none_match: Option<&str>) -> Result<Self, Problem> {
        let known = if_none_match.is_some_and(|known| names(known, etag));
        let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { written(body) };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(Self::CACHE_CONTROL));
        headers.insert(header::ETAG, HeaderValue::from_str(etag).map_err(Problem::internal)?);
        Ok(Self { response, kind: PhantomData })
    }
}

impl<T> IntoResponse for Catalogue<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for Catalogue<T> {
    fn meta() -> MetaResponses {
        let etag = |description: &str| MetaHeader {
            name: "ETag".to_owned(),
            description: Some(description.to_owned()),
            required: true,
            deprecated: false,
            schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
        };
        let not_modified = MetaResponse {
            description: "What `If-None-Match` names is still so.",
            status: Some(304),
            status_range: None,
            content: Vec::new(),
            headers: vec![etag("The version of the answer.")],
        };
        let found =
            described::<T>(200, "Found.", vec![etag("The version of the answer, for `If-None-Match`.")]);
        MetaResponses { responses: vec![found, not_modified] }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Where what was asked for is now, for good: 308.
fn moved_to<T>(location: &str) -> Result<Response, Problem> {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(location).map_err(Problem::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(Catalogue::<T>::CACHE_CONTROL));
    Ok(response)
}

/// What [`moved_to`] answers, for the document.
fn moved_meta() -> MetaResponse {
    MetaResponse {
        description: "It is found under another name now: `Location`.",
        status: Some(308),
        status_range: None,
        content: Vec::new(),
        headers: Vec::new(),
    }
}

/// A public answer of the catalogue, or where what was asked for is now.
pub(crate) struct Moving<T> {
    response: Response,
    kind: PhantomData<fn() -> T>,
}

impl<T> Moving<T> {
    /// It has this path now, where the query means the same.
    pub(crate) fn moved(path: &str, query: Option<&str>) -> Result<Self, Problem> {
        let location = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        Ok(Self { response: moved_to::<T>(&location)?, kind: PhantomData })
    }
}

impl<T> From<Catalogue<T>> for Moving<T> {
    fn from(answer: Catalogue<T>) -> Self {
        Self { response: answer.response, kind: PhantomData }
    }
}

impl<T> IntoResponse for Moving<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for Moving<T> {
    fn meta() -> MetaResponses {
        let mut meta = Catalogue::<T>::meta();
        meta.responses.push(moved_meta());
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// What everybody may see, of which some see more: a public answer, one that belongs to one caller, or where it is now.
pub(crate) struct Shown<T> {
    response: Response,
    kind: PhantomData<fn() -> T>,
}

impl<T> Shown<T> {
    /// It has another address now, of ours.
    pub(crate) fn moved(path: &str) -> Result<Self, Problem> {
        Ok(Self::of(moved_to::<T>(path)?))
    }

    /// Caches may not take the one for the other.
    fn of(mut response: Response) -> Self {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("authorization"));
        Self { response, kind: PhantomData }
    }
}

impl<T> From<Catalogue<T>> for Shown<T> {
    fn from(answer: Catalogue<T>) -> Self {
        Self::of(answer.response)
    }
}

impl<T> From<Answer<T>> for Shown<T> {
    fn from(answer: Answer<T>) -> Self {
        Self::of(answer.response)
    }
}

impl<T> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for Shown<T> {
    fn meta() -> MetaResponses {
        let mut meta = Catalogue::<T>::meta();
        meta.responses.push(moved_meta());
        meta
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// The statuses with which an operation may refuse or fail.
pub(crate) trait Statuses: Send + Sync + 'static {
    const STATUSES: &'static [(u16, &'static str)];
}

/// Declares sets of statuses.
macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident: $($status:literal $words:literal),*;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl $crate::wire::Statuses for $name {
            const STATUSES: &'static [(u16, &'static str)] = &[$(($status, $words)),*];
        }
    )+};
}

pub(crate) use statuses;

/// A problem with one of the statuses that the operation declares.
pub(crate) struct Refused<S>(Problem, PhantomData<fn() -> S>);

impl<S: Statuses, E: Into<Problem>> From<E> for Refused<S> {
    fn from(error: E) -> Self {
        let problem = error.into();
        let status = poem::error::ResponseError::status(&problem).as_u16();
        debug_assert!(
            S::STATUSES.iter().any(|(declared, _)| *declared == status) || ALWAYS.contains(&status),
            "{status} is not declared: {problem}"
        );
        Self(problem, PhantomData)
    }
}

impl<S> From<Refused<S>> for poem::Error {
    fn from(refused: Refused<S>) -> Self {
        refused.0.into()
    }
}

/// What any operation may come to. The document says the first of them for each ([`too_many`]), and the others as the answer
/// to everything else.
const ALWAYS: [u16; 4] = [429, 500, 503, 507];

/// The answer to a caller whose budget is used up.
pub(crate) fn too_many() -> MetaResponse {
    let header = |name: &str, description: &str| MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("integer"))),
    };
    MetaResponse {
        description: "Too much for now: `rate-limited`.",
        status: Some(429),
        status_range: None,
        content: vec![MetaMediaType {
            content_type: Problem::CONTENT_TYPE,
            schema: ProblemDto::schema_ref(),
        }],
        headers: vec![
            header("Retry-After", "In how many seconds the same request may succeed."),
            header("RateLimit-Limit", "How many requests the budget allows at once."),
            header("RateLimit-Remaining", "How many of them are left."),
            header("RateLimit-Reset", "In how many seconds all of them are there again."),
        ],
    }
}

impl<S: Statuses> ApiResponse for Refused<S> {
    fn meta() -> MetaResponses {
        let problem = |status: Option<u16>, description: &'static str| MetaResponse {
            description,
            status,
            status_range: None,
            content: vec![MetaMediaType {
                content_type: Problem::CONTENT_TYPE,
                schema: ProblemDto::schema_ref(),
            }],
            headers: Vec::new(),
        };
        let declared = S::STATUSES.iter().map(|(status, words)| problem(Some(*status), words));
        let other = problem(None, "Any other refusal or failure: `code` says which.");
        MetaResponses { responses: declared.chain([other]).collect() }
    }

    fn register(registry: &mut Registry) {
        ProblemDto::register(registry);
    }
}

fn described<T: Type>(status: u16, description: &'static str, headers: Vec<MetaHeader>) -> MetaResponse {
    let content = vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }];
    MetaResponse { description, status: Some(status), status_range: None, content, headers }
}

const JSON: &str = "application/json";

fn json(body: &impl Serialize) -> Result<Response, Problem> {
    Ok(written(json_bytes(body)?.into()))
}

/// The body of an answer.
pub(crate) fn json_bytes(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(body).map_err(Problem::internal)
}

fn written(body: Bytes) -> Response {
    body.with_content_type(JSON).into_response()
}

/// The validator of an answer.
pub(crate) fn version(body: &impl Serialize) -> Result<String, Problem> {
    Ok(Kept::new(&json_bytes(body)?).validator().to_owned())
}

/// Whether an `If-None-Match` names the validator, compared weakly as RFC 9110 asks.
pub(crate) fn names(if_none_match: &str, etag: &str) -> bool {
    let known = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag;
    if_none_match.split(',').map(str::trim).any(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_is_found_in_a_list() {
        let tag = commerce_core::cache::validator(b"answer");
        assert!(names(&tag, &tag));
        assert!(names(&format!("\"other\", W/{tag}"), &tag));
        assert!(names("*", &tag));
        assert!(!names("\"other\"", &tag));
        assert!(!names("", &tag));
    }
}
