//! Access tokens: JWTs that say which session somebody asks in, for a quarter of an hour.
//!
//! A token says who asks, and nothing about what they may do: that is looked up with every request. What could be wrong
//! with a JWT is closed one by one: the algorithm is the one of the configuration and never taken from the header; the key
//! is found by its id among our own, and nothing in the header can name another; issuer, audience and expiry must be
//! there, of the right type; the token must say that it is an access token.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use commerce_core::{CustomerId, SessionId, Timestamp, hex};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::config::TokenAlgorithm;

/// How long an access token is good.
pub(crate) const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How far the clock of the store may go back, in seconds: another machine may take its place.
const LEEWAY: u64 = 60;
const ISSUER: &str = "commerce";
const AUDIENCE: &str = "commerce-api";
/// What the header says that the token is (RFC 9068), so that no other kind of token passes for one.
const TYPE: &str = "at+jwt";
/// No token of ours is longer.
const LENGTH_MAX: usize = 2_048;

/// Makes and checks access tokens. A new secret signs; the one before is still believed while it is configured.
#[derive(Clone)]
pub(crate) struct AccessTokens {
    algorithm: Algorithm,
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    sign: EncodingKey,
    check: DecodingKey,
    /// What others may know of it, to check by themselves; nothing of a key that signs and checks alike.
    public: Option<[u8; 32]>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The account.
    sub: CustomerId,
    /// The session.
    sid: SessionId,
    iat: u64,
    exp: u64,
}

impl AccessTokens {
    /// Signs with `secret`; believes also what `previous` signed.
    pub(crate) fn new(
        secret: &SecretString,
        previous: Option<&SecretString>,
        algorithm: TokenAlgorithm,
    ) -> Self {
        let (algorithm, key): (_, fn(&SecretString) -> Key) = match algorithm {
            TokenAlgorithm::Hs256 => (Algorithm::HS256, Key::shared),
            TokenAlgorithm::EdDsa => (Algorithm::EdDSA, Key::pair),
        };
        Self { algorithm, keys: std::iter::once(secret).chain(previous).map(key).collect() }
    }

    /// The keys by which anybody can check tokens, as a JWK set (RFC 7517, RFC 8037); `None`: nobody but us can.
    pub(crate) fn published(&self) -> Option<Value> {
        let key = |key: &Key| {
            let x = URL_SAFE_NO_PAD.encode(key.public?);
            Some(json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id, "x": x}))
        };
        let keys: Option<Vec<Value>> = self.keys.iter().map(key).collect();
        keys.map(|keys| json!({ "keys": keys }))
    }

    /// A token for somebody who asks in this session. `now` is the store's time: servers have clocks of their own.
    pub(crate) fn sign(&self, account: CustomerId, session: SessionId, now: Timestamp) -> Option<String> {
        let key = self.keys.first()?;
        let iat = seconds(now);
        let exp = iat + LIFETIME.as_secs();
        let claims =
            Claims { iss: ISSUER.to_owned(), aud: AUDIENCE.to_owned(), sub: account, sid: session, iat, exp };
        let mut header = Header::new(self.algorithm);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.id.clone());
        encode(&header, &claims, &key.sign).ok()
    }

    /// What a token of ours says, be it still [good](Claims::are_good) or not; `None`: it is none of ours.
    pub(crate) fn read(&self, token: &str) -> Option<Claims> {
        if token.len() > LENGTH_MAX {
            return None;
        }
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some(TYPE) || header.alg != self.algorithm {
            return None;
        }
        let key = self.keys.iter().find(|key| Some(key.id.as_str()) == header.kid.as_deref())?;
        let mut validation = Validation::new(self.algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_exp = false; // by the store's clock, when the session has been looked up
        decode(token, &key.check, &validation).ok().map(|token| token.claims)
    }
}

impl Claims {
    /// The account.
    pub(crate) fn account(&self) -> CustomerId {
        self.sub
    }

    /// The session.
    pub(crate) fn session(&self) -> SessionId {
        self.sid
    }

    /// Whether they are believed at this time of the store, by which they were signed.
    pub(crate) fn are_good(&self, now: Timestamp) -> bool {
        let now = seconds(now);
        self.exp.saturating_add(LEEWAY) > now
            && self.iat <= now.saturating_add(LEEWAY)
            && self.exp == self.iat.saturating_add(LIFETIME.as_secs())
    }
}

impl Key {
    /// One that signs and checks alike.
    fn shared(secret: &SecretString) -> Self {
        let key = derived(secret, b"commerce access token v1\0");
        let (sign, check) = (EncodingKey::from_secret(&key), DecodingKey::from_secret(&key));
        Self { id: Self::id(secret, b"commerce access token key id v1\0"), sign, check, public: None }
    }

    /// A pair, of which one half may be told to everybody.
    #[expect(clippy::expect_used, reason = "any 32 bytes are the seed of a pair (RFC 8032)")]
    fn pair(secret: &SecretString) -> Self {
        let seed = derived(secret, b"commerce access token ed25519 v1\0");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are a seed");
        let document = pair.to_pkcs8().expect("a pair that was just made can be written");
        let public: [u8; 32] = pair.public_key().as_ref().try_into().expect("a public key has 32 bytes");
        let (sign, check) = (EncodingKey::from_ed_der(document.as_ref()), DecodingKey::from_ed_der(&public));
        let id = Self::id(secret, b"commerce access token ed25519 key id v1\0");
        Self { id, sign, check, public: Some(public) }
    }

    fn id(secret: &SecretString, purpose: &[u8]) -> String {
        hex::written(&Sha256::digest(derived(secret, purpose))[..4])
    }
}

/// A key for this purpose alone: what is signed for one purpose proves nothing for another.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn derived(secret: &SecretString, purpose: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length")
        .chain_update(purpose)
        .finalize()
        .into_bytes()
        .into()
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros() / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use commerce_core::account::RefreshToken;
    use uuid::Uuid;

    use super::*;

    fn secret(text: &str) -> SecretString {
        text.repeat(8).into()
    }

    fn tokens() -> AccessTokens {
        AccessTokens::new(&secret("of today"), Some(&secret("before..")), TokenAlgorithm::Hs256)
    }

    fn ids() -> (CustomerId, SessionId) {
        (CustomerId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)))
    }

    fn now() -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000).unwrap()
    }

    /// Whose session the token opens at this time.
    fn session(tokens: &AccessTokens, token: &str, now: Timestamp) -> Option<(CustomerId, SessionId)> {
        let claims = tokens.read(token).filter(|claims| claims.are_good(now))?;
        Some((claims.account(), claims.session()))
    }

    fn good() -> String {
        tokens().sign(ids().0, ids().1, now()).unwrap()
    }

    /// The good token with header and claims changed, and signed with the key of today.
    fn forged(change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let parts: Vec<Value> = good()
            .split('.')
            .take(2)
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        let (mut header, mut claims) = (parts[0].clone(), parts[1].clone());
        change(&mut header, &mut claims);
        let written = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", written(&header), written(&claims));
        let key = derived(&secret("of today"), b"commerce access token v1\0");
        let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(text.as_bytes()).finalize();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
    }

    #[test]
    fn a_token_is_good_for_a_quarter_of_an_hour() {
        let minute = Duration::from_secs(60);
        assert_eq!(session(&tokens(), &good(), now()), Some(ids()));
        assert_eq!(session(&tokens(), &forged(|_, _| {}), now()), Some(ids()), "forging is done right");
        assert_eq!(session(&tokens(), &good(), now().plus(minute * 15)), Some(ids()), "within the leeway");
        assert_eq!(session(&tokens(), &good(), now().plus(minute * 16)), None);
        assert_eq!(session(&tokens(), &good(), now().minus(minute)), Some(ids()), "the clock went back");
        assert_eq!(session(&tokens(), &good(), now().minus(minute * 2)), None, "it is from tomorrow");
    }

    #[test]
    fn the_secret_of_before_is_believed_while_it_is_configured() {
        let before = AccessTokens::new(&secret("before.."), None, TokenAlgorithm::Hs256)
            .sign(ids().0, ids().1, now())
            .unwrap();
        assert_eq!(session(&tokens(), &before, now()), Some(ids()));
        assert_eq!(
            session(&AccessTokens::new(&secret("of today"), None, TokenAlgorithm::Hs256), &before, now()),
            None
        );
    }

    #[test]
    fn what_is_wrong_with_a_token_does_not_pass() {
        let wrong: Vec<(&str, String)> = vec![
            ("alg none", forged(|header, _| header["alg"] = json!("none"))),
            ("alg HS512", forged(|header, _| header["alg"] = json!("HS512"))),
            ("alg RS256", forged(|header, _| header["alg"] = json!("RS256"))),
            ("no alg", forged(|header, _| drop(header.as_object_mut().unwrap().remove("alg")))),
            ("no kid", forged(|header, _| drop(header.as_object_mut().unwrap().remove("kid")))),
            ("kid of a path", forged(|header, _| header["kid"] = json!("../../dev/null"))),
            ("kid of SQL", forged(|header, _| header["kid"] = json!("' or '1'='1"))),
            ("typ", forged(|header, _| header["typ"] = json!("JWT"))),
            ("issuer", forged(|_, claims| claims["iss"] = json!("somebody"))),
            ("audience", forged(|_, claims| claims["aud"] = json!("another api"))),
            ("no audience", forged(|_, claims| drop(claims.as_object_mut().unwrap().remove("aud")))),
            ("no expiry", forged(|_, claims| drop(claims.as_object_mut().unwrap().remove("exp")))),
            ("expiry as text", forged(|_, claims| claims["exp"] = json!(claims["exp"].to_string()))),
            ("expiry far away", forged(|_, claims| claims["exp"] = json!(u64::MAX))),
            ("expiry null", forged(|_, claims| claims["exp"] = Value::Null)),
            ("subject", forged(|_, claims| claims["sub"] = json!("admin"))),
            ("another claim", forged(|_, claims| claims["role"] = json!("admin"))),
            ("a refresh token", RefreshToken::from_bytes([7; 64]).reveal()),
            ("empty", String::new()),
            ("long", format!("{}{}", good(), "A".repeat(4_096))),
        ];
        for (what, token) in wrong {
            assert_eq!(session(&tokens(), &token, now()), None, "{what}");
        }
        // Keys that the header brings along are not looked at.
        let brought = forged(|header, _| header["jku"] = json!("https://evil.example/keys"));
        assert_eq!(session(&tokens(), &brought, now()), Some(ids()));
    }

    #[test]
    fn a_signature_is_of_all_of_it() {
        let token = good();
        let parts: Vec<&str> = token.split('.').collect();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
        for wrong in [
            format!("{}.{}.", parts[0], parts[1]),
            format!("{none}.{}.", parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[0], parts[2]),
            format!("{token}A"),
        ] {
            assert_eq!(session(&tokens(), &wrong, now()), None, "{wrong}");
        }
        let other = AccessTokens::new(&secret("a thief "), None, TokenAlgorithm::Hs256)
            .sign(ids().0, ids().1, now())
            .unwrap();
        assert_eq!(session(&tokens(), &other, now()), None);
    }

    /// A pair of keys signs instead, and what is published of it checks, and makes, no token that we believe.
    #[test]
    fn a_pair_of_keys_signs_when_the_shop_says_so() {
        let pairs = |secrets: &[&str]| {
            let previous = secrets.get(1).map(|text| secret(text));
            AccessTokens::new(&secret(secrets[0]), previous.as_ref(), TokenAlgorithm::EdDsa)
        };
        let both = pairs(&["of today", "before.."]);
        let token = both.sign(ids().0, ids().1, now()).unwrap();
        assert_eq!(session(&both, &token, now()), Some(ids()));
        let before = pairs(&["before.."]).sign(ids().0, ids().1, now()).unwrap();
        assert_eq!(session(&both, &before, now()), Some(ids()));
        assert_eq!(session(&pairs(&["of today"]), &before, now()), None);
        // The algorithm is the one of the configuration: neither takes what the other signed.
        assert_eq!(session(&tokens(), &token, now()), None);
        assert_eq!(session(&both, &good(), now()), None);

        assert_eq!(tokens().published(), None, "a key that signs is told to nobody");
        let published = both.published().unwrap();
        let keys = published["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        let kid = decode_header(&token).unwrap().kid.unwrap();
        let key = keys.iter().find(|key| key["kid"] == kid.as_str()).unwrap();
        let x = key["x"].as_str().unwrap();
        let mut anybody = Validation::new(Algorithm::EdDSA);
        anybody.set_audience(&[AUDIENCE]);
        anybody.validate_exp = false;
        let check = DecodingKey::from_ed_components(x).unwrap();
        assert!(decode::<Claims>(&token, &check, &anybody).is_ok());

        // The oldest trick: HS256, signed with the public key as if it were a secret.
        let parts: Vec<&str> = token.split('.').collect();
        let header = json!({"alg": "HS256", "typ": TYPE, "kid": kid}).to_string();
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), parts[1]);
        let public = URL_SAFE_NO_PAD.decode(x).unwrap();
        let mac = Hmac::<Sha256>::new_from_slice(&public).unwrap().chain_update(text.as_bytes()).finalize();
        let forged = format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()));
        assert_eq!(session(&both, &forged, now()), None);
    }
}
