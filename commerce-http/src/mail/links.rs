//! The addresses in mails: made of what the shop configured, never of anything that a request said.

use commerce_core::OrderId;
use commerce_core::mail::{Kind, Token};

use crate::percent::escaped;

/// Where the links of mails lead.
#[derive(Debug, Clone)]
pub struct Links {
    /// The address of the shop: `https://shop.example`, without a slash at its end.
    shop: String,
    order: String,
    verify: String,
    reset: String,
    email_change: String,
}

/// Patterns of links that differ from the usual ones.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    /// The page of an order, with `{order}` and `{token}` in it.
    pub order: Option<String>,
    /// The page that proves an address, with `{token}` in it.
    pub verify: Option<String>,
    /// The page that sets a new password, with `{token}` in it.
    pub reset: Option<String>,
    /// The page on which both addresses agree to a new one, with `{token}` in it.
    pub email_change: Option<String>,
}

/// Why an address or a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The shop's address is none.
    #[error("public_url = {0:?} is not the address of a shop; write it like https://shop.example")]
    Shop(String),
    /// A pattern is none.
    #[error(
        "{setting} = {text:?} is no link: it is a path that begins with / or a whole address, and has {needs} in it"
    )]
    Pattern {
        /// Which setting.
        setting: &'static str,
        /// What it says.
        text: String,
        /// What has to be in it.
        needs: &'static str,
    },
}

impl Links {
    /// Links of the shop at this address. The secret stands behind a `#` unless a pattern says otherwise: browsers do not
    /// send what follows it, so that it is in no log of a proxy.
    ///
    /// # Errors
    /// As [`LinkError`] says.
    pub fn new(public_url: &str, patterns: &Patterns) -> Result<Self, LinkError> {
        let shop = public_url.trim_end_matches('/').to_owned();
        if !is_address(&shop) || shop.contains(['?', '#']) {
            return Err(LinkError::Shop(public_url.to_owned()));
        }
        let pattern = |setting, own: &Option<String>, usual: &str, needs: &'static str| {
            let text = own.as_deref().unwrap_or(usual);
            let complete = needs.split(" and ").all(|part| text.contains(part));
            let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
            match text {
                path if path.starts_with('/') && complete && plain => Ok(format!("{shop}{path}")),
                whole if is_address(whole) && complete => Ok(whole.to_owned()),
                _ => Err(LinkError::Pattern { setting, text: text.to_owned(), needs }),
            }
        };
        Ok(Self {
            order: pattern("link_order", &patterns.order, "/orders/{order}#{token}", "{order} and {token}")?,
            verify: pattern("link_verify", &patterns.verify, "/account/verify#{token}", "{token}")?,
            reset: pattern("link_reset", &patterns.reset, "/account/reset#{token}", "{token}")?,
            email_change: pattern(
                "link_email_change",
                &patterns.email_change,
                "/account/email#{token}",
                "{token}",
            )?,
            shop,
        })
    }

    /// The address of the shop.
    #[must_use]
    pub fn shop(&self) -> &str {
        &self.shop
    }

    /// The page of an order, for whoever has its token.
    pub(super) fn order(&self, order: OrderId, token: &str) -> String {
        self.order.replace("{order}", &order.to_string()).replace("{token}", &escaped(token))
    }

    /// The page on which the link of this mail leads.
    pub(super) fn account(&self, kind: &Kind, token: &Token) -> Option<String> {
        let pattern = match kind {
            Kind::Verification { .. } => &self.verify,
            Kind::PasswordReset { .. } => &self.reset,
            Kind::EmailChange { .. } | Kind::EmailChangeRequested { .. } => &self.email_change,
            _ => return None,
        };
        Some(pattern.replace("{token}", &escaped(&token.0)))
    }
}

fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':', '@']))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_of_the_configured_address() {
        let links = Links::new("https://shop.example/ng/", &Patterns::default()).unwrap();
        let order = OrderId(uuid::Uuid::nil());
        assert_eq!(
            links.order(order, "k.a_b-c"),
            "https://shop.example/ng/orders/00000000-0000-0000-0000-000000000000#k.a_b-c"
        );
        let own = Patterns {
            order: Some("https://my.shop.example/track?o={order}&t={token}".to_owned()),
            ..Patterns::default()
        };
        let links = Links::new("http://127.0.0.1:8080", &own).unwrap();
        assert!(links.order(order, "a&b=\"c").ends_with("&t=a%26b%3D%22c"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "shop.example", "https://", "javascript:alert(1)", "https://a b", "https://a?b", "http:///x"]
        {
            assert!(Links::new(bad, &Patterns::default()).is_err(), "{bad}");
        }
        for bad in ["/verify", "verify#{token}", "javascript:{token}", "/a b{token}"] {
            let own = Patterns { verify: Some(bad.to_owned()), ..Patterns::default() };
            let said = Links::new("https://shop.example", &own).unwrap_err().to_string();
            assert!(said.contains("link_verify"), "{said}");
        }
    }
}
