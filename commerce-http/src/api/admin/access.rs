//! Who may use the back office: until staff have accounts, whoever has the admin token.

use commerce_core::audit::Actor;
use poem::http::header;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use crate::admin_token::AdminAccess;
use crate::wire::Problem;

/// Somebody with the admin token. It is looked for before anything else of the request is.
pub(in crate::api) struct Admin;

impl Admin {
    /// By which name changes are kept.
    pub(in crate::api) fn actor() -> Actor {
        Actor::Staff("admin".to_owned())
    }

    fn of(request: &Request) -> Result<Self, Problem> {
        const CLOSED: &str = "the back office is closed, as the server has no admin token: set COMMERCE_ADMIN_TOKEN, or \
            admin_token in commerce.toml, and start it again";
        let access = request.data::<AdminAccess>().filter(|access| access.is_configured());
        let Some(access) = access else { return Err(Problem::not_admin(CLOSED, "Bearer")) };
        let mut sent = request.headers().get_all(header::AUTHORIZATION).iter();
        let token = sent.next().and_then(|value| bearer(value.as_bytes()));
        match (token, sent.next()) {
            (Some(token), None) if access.opens(token) => Ok(Self),
            (None, None) => {
                Err(Problem::not_admin("send the admin token: Authorization: Bearer TOKEN", "Bearer"))
            }
            _ => Err(Problem::not_admin("this is not the admin token", "Bearer error=\"invalid_token\"")),
        }
    }
}

/// Somebody who may have the admin token: of what is for the shop's staff and for others too.
pub(in crate::api) enum PerhapsAdmin {
    /// It was sent.
    Admin,
    /// Something else was.
    Refused(Problem),
    /// No login was.
    Nobody,
}

impl<'a> ApiExtractor<'a> for PerhapsAdmin {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        Admin::register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        Admin::security_schemes()
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(Self::Nobody);
        }
        Ok(Admin::of(request).map_or_else(Self::Refused, |Admin| Self::Admin))
    }
}

/// What stands behind the word `Bearer`, whose case does not count.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (word, token) = value.split_at_checked(7)?;
    word.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

impl<'a> ApiExtractor<'a> for Admin {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            ty: "http",
            description: Some("The admin token of the server's configuration."),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        };
        registry.create_security_scheme("AdminToken", scheme);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["AdminToken"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::of(request)?)
    }
}
