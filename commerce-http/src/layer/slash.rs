//! Paths answer alike with and without a slash at the end, never by redirect: a redirected POST loses its body.

use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::{Endpoint, Middleware, Request, Result};

/// Takes the slash at the end of a path away: routes are kept without it, although the contract writes it.
pub(crate) struct Slash;

pub(crate) struct SlashEndpoint<E>(E);

impl<E: Endpoint> Middleware<E> for Slash {
    type Output = SlashEndpoint<E>;

    fn transform(&self, endpoint: E) -> SlashEndpoint<E> {
        SlashEndpoint(endpoint)
    }
}

impl<E: Endpoint> Endpoint for SlashEndpoint<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<E::Output> {
        if let Some(uri) = settled(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.0.call(request).await
    }
}

/// The address with its path as routes are kept; `None` when it is so already.
fn settled(uri: &Uri) -> Option<Uri> {
    let written = uri.path().strip_suffix('/').filter(|rest| !rest.is_empty())?.to_owned();
    let text = match uri.query() {
        Some(query) => format!("{written}?{query}"),
        None => written,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_at_the_end_makes_no_difference() {
        let written = |text: &str| settled(&text.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(written("/api/products/?page=2").as_deref(), Some("/api/products?page=2"));
        assert_eq!(written("/api/products?page=2"), None);
        assert_eq!(written("/docs/").as_deref(), Some("/docs"));
        assert_eq!(written("/"), None);
        assert_eq!(written("//").as_deref(), Some("/"));
        assert_eq!(written("http://shop.example/api/").as_deref(), Some("http://shop.example/api"));
    }
}
