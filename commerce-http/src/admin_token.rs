//! The token that opens the back office, until staff have accounts.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Knows the token, or that there is none.
#[derive(Clone)]
pub(crate) struct AdminAccess(Option<Hmac<Sha256>>);

impl AdminAccess {
    pub(crate) fn new(token: Option<&SecretString>) -> Self {
        Self(token.map(|token| marked(token.expose_secret().as_bytes())))
    }

    /// Whether there is a token at all.
    pub(crate) fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Whether `sent` is the token; how long that takes tells nothing about it, as MACs under both are compared.
    pub(crate) fn opens(&self, sent: &[u8]) -> bool {
        let sent = marked(sent).finalize().into_bytes();
        self.0.as_ref().is_some_and(|own| own.clone().verify_slice(&sent).is_ok())
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn marked(token: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(token)
        .expect("HMAC takes a key of any length")
        .chain_update(b"commerce admin token v1\0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_opens() {
        let access = AdminAccess::new(Some(&"a token of the shop".into()));
        assert!(access.opens(b"a token of the shop"));
        for wrong in ["", "a token of the sho", "a token of the shop ", "A token of the shop"] {
            assert!(!access.opens(wrong.as_bytes()), "{wrong:?}");
        }
        let closed = AdminAccess::new(None);
        assert!(!closed.is_configured() && !closed.opens(b"") && !closed.opens(b"a token of the shop"));
    }
}
