//! Access tokens: JWTs that say which session somebody asks in, for a quarter of an hour.
//!
//! A token says who asks, and nothing about what they may do: that is looked up with every request. What could be wrong
//! with a JWT is closed one by one: the algorithm is the one of the configuration and never read from the header; the key
//! is found by its id among our own, and nothing in the header can name another; issuer, audience and expiry must be
//! there, of the right type; the token must say that it is an access token.

use std::time::Duration;

use commerce_core::{CustomerId, SessionId, Timestamp, hex};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    sign: EncodingKey,
    check: DecodingKey,
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
    pub(crate) fn new(secret: &SecretString, previous: Option<&SecretString>) -> Self {
        Self { keys: std::iter::once(secret).chain(previous).map(Key::new).collect() }
    }

    /// A token for somebody who asks in this session. `now` is the store's time: servers have clocks of their own.
    pub(crate) fn sign(&self, account: CustomerId, session: SessionId, now: Timestamp) -> Option<String> {
        let key = self.keys.first()?;
        let iat = seconds(now);
        let exp = iat + LIFETIME.as_secs();
        let claims =
            Claims { iss: ISSUER.to_owned(), aud: AUDIENCE.to_owned(), sub: account, sid: session, iat, exp };
        let mut header = Header::new(Algorithm::HS256);
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
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::HS256 {
            return None;
        }
        let key = self.keys.iter().find(|key| Some(key.id.as_str()) == header.kid.as_deref())?;
        let mut validation = Validation::new(Algorithm::HS256);
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
    fn new(secret: &SecretString) -> Self {
        let key = derived(secret, b"commerce access token v1\0");
        let id = Sha256::digest(derived(secret, b"commerce access token key id v1\0"));
        let id = hex::written(&id[..4]);
        Self { id, sign: EncodingKey::from_secret(&key), check: DecodingKey::from_secret(&key) }
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
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use commerce_core::account::RefreshToken;
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn secret(text: &str) -> SecretString {
        text.repeat(8).into()
    }

    fn tokens() -> AccessTokens {
        AccessTokens::new(&secret("of today"), Some(&secret("before..")))
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
        let before = AccessTokens::new(&secret("before.."), None).sign(ids().0, ids().1, now()).unwrap();
        assert_eq!(session(&tokens(), &before, now()), Some(ids()));
        assert_eq!(session(&AccessTokens::new(&secret("of today"), None), &before, now()), None);
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
        let other = AccessTokens::new(&secret("a thief "), None).sign(ids().0, ids().1, now()).unwrap();
        assert_eq!(session(&tokens(), &other, now()), None);
    }
}
