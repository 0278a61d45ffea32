//! The secret by which a guest reaches an order: computed, never stored, so that a repeated confirm returns it again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use commerce_core::{OrderId, hex};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Makes and checks order tokens: `<key id>.<HMAC-SHA256 of the order id>`.
///
/// A new secret signs; the one before is still believed, so that a secret can be changed without locking guests out.
#[derive(Clone)]
pub(crate) struct OrderTokens {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    mac: Hmac<Sha256>,
}

impl OrderTokens {
    /// Signs with `secret`; believes also what `previous` signed.
    pub(crate) fn new(secret: &SecretString, previous: Option<&SecretString>) -> Self {
        Self { keys: std::iter::once(secret).chain(previous).map(Key::new).collect() }
    }

    /// The token of the order.
    pub(crate) fn token(&self, order: OrderId) -> String {
        self.keys.first().map_or_else(String::new, |key| {
            let mac = key.over(order).finalize().into_bytes();
            format!("{}.{}", key.id, URL_SAFE_NO_PAD.encode(mac))
        })
    }

    /// Whether `token` is the order's; how long that takes tells nothing about it.
    pub(crate) fn verify(&self, order: OrderId, token: &str) -> bool {
        let Some((id, mac)) = token.split_once('.') else { return false };
        let Ok(mac) = URL_SAFE_NO_PAD.decode(mac) else { return false };
        let known = self.keys.iter().find(|key| key.id == id);
        known.is_some_and(|key| key.over(order).verify_slice(&mac).is_ok())
    }
}

impl Key {
    fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let named = Sha256::new().chain_update(b"commerce key id\0").chain_update(secret).finalize();
        let id = hex::written(&named[..4]);
        Self { id, mac: keyed(secret) }
    }

    fn over(&self, order: OrderId) -> Hmac<Sha256> {
        // What is signed names its purpose, so that no other MAC under the same secret can stand in for it.
        self.mac.clone().chain_update(b"commerce order token v1\0").chain_update(order.0.as_bytes())
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

impl std::fmt::Debug for OrderTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(number: u128) -> OrderId {
        OrderId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_token_opens_its_order_only() {
        let tokens = OrderTokens::new(&"first secret".into(), None);
        let token = tokens.token(order(1));
        assert!(tokens.verify(order(1), &token));
        assert!(!tokens.verify(order(2), &token));
        for wrong in ["", ".", "x", &token[..token.len() - 1], &format!("{token}A"), &token.replace('.', "")]
        {
            assert!(!tokens.verify(order(1), wrong), "{wrong}");
        }
    }

    #[test]
    fn a_changed_secret_still_believes_the_one_before() {
        let old = OrderTokens::new(&"first secret".into(), None).token(order(1));
        let both = OrderTokens::new(&"second secret".into(), Some(&"first secret".into()));
        assert!(both.verify(order(1), &old));
        assert_ne!(both.token(order(1)), old);
        assert!(!OrderTokens::new(&"second secret".into(), None).verify(order(1), &old));
    }

    #[test]
    fn secrets_do_not_print() {
        assert!(!format!("{:?}", OrderTokens::new(&"first secret".into(), None)).contains("secret"));
    }
}
