//! The key under which a client may repeat a request.

use std::fmt::Display;

use commerce_core::audit::Actor;
use commerce_core::idempotency::{Key, Request as Repeatable, Scope};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaParamIn, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::wire::{Code, Problem};

/// An `Idempotency-Key` that may be left out.
pub(super) struct OptionalKey(Option<Key>);

/// An `Idempotency-Key` without which the request is refused.
pub(super) struct RequiredKey(Key);

impl OptionalKey {
    /// The request of `actor` for `route`, if it may be repeated.
    pub(super) fn request(&self, actor: String, route: &str, body: &[u8]) -> Option<Repeatable> {
        self.0.clone().map(|key| repeatable(key, actor, route, body))
    }

    /// The request of the actor about what the path of `route` names, if it may be repeated.
    pub(super) fn about(
        &self,
        target: impl Display,
        actor: &Actor,
        route: &str,
        body: &[u8],
    ) -> Option<Repeatable> {
        self.0.clone().map(|key| RequiredKey(key).about(target, actor, route, body))
    }
}

impl RequiredKey {
    /// The request of `actor` for `route`.
    pub(super) fn request(&self, actor: String, route: &str, body: &[u8]) -> Repeatable {
        repeatable(self.0.clone(), actor, route, body)
    }

    /// The request of the actor about what the path of `route` names, or its body. Guests are nobody in particular: they
    /// are told apart by what they have the token of.
    pub(super) fn about(&self, target: impl Display, actor: &Actor, route: &str, body: &[u8]) -> Repeatable {
        self.request(format!("{actor} {target}"), route, body)
    }
}

fn repeatable(key: Key, actor: String, route: &str, body: &[u8]) -> Repeatable {
    Repeatable::new(Scope { actor, route: route.to_owned(), key }, body)
}

fn sent(request: &Request) -> Result<Option<Key>, Problem> {
    let mut sent = request.headers().get_all("idempotency-key").iter();
    let invalid = |words: String| Problem::new(Code::IdempotencyKeyInvalid, words);
    let Some(value) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err(invalid("send one Idempotency-Key".to_owned()));
    }
    let text = std::str::from_utf8(value.as_bytes()).unwrap_or("");
    text.parse().map(Some).map_err(|error: commerce_core::idempotency::KeyError| invalid(error.to_string()))
}

fn schema() -> MetaSchemaRef {
    let pattern = Some("^[!-~]{1,255}$".to_owned());
    MetaSchemaRef::Inline(Box::new(MetaSchema { pattern, ..MetaSchema::new("string") }))
}

impl<'a> ApiExtractor<'a> for OptionalKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(schema())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self(sent(request)?))
    }
}

impl<'a> ApiExtractor<'a> for RequiredKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    const PARAM_IS_REQUIRED: bool = true;
    type ParamType = ();
    type ParamRawType = ();

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        Some(schema())
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let required = || {
            let words = "send an Idempotency-Key of your own making, and the same one when you try again";
            Problem::new(Code::IdempotencyKeyRequired, words)
        };
        Ok(Self(sent(request)?.ok_or_else(required)?))
    }
}
