//! Sessions: families of refresh tokens, of which one is good at a time.

use crate::token::{TokenHash, secret_token};
use crate::{CustomerId, Ids, SessionId, Timestamp};

secret_token! {
    /// What a client shows to go on with its session: it gets another one for it, and this one is spent.
    ///
    /// It has two halves of 256 random bits. The first is the session's: every token of the session begins with it. The
    /// second is new each time. So a store that keeps two hashes knows the good token from one that was good before,
    /// however long ago: whoever knows the first half was given it once. Such a token was shown twice, by its owner and
    /// by a thief, and nobody can say by whom first, so it ends the session.
    RefreshToken, 64, RefreshTokenError, "not a refresh token"
}

impl RefreshToken {
    /// The first token of a new session.
    #[must_use]
    pub fn fresh(ids: &mut Ids) -> Self {
        Self::of(ids.bytes(), ids)
    }

    /// The one that follows it in its session.
    #[must_use]
    pub fn next(&self, ids: &mut Ids) -> Self {
        Self::of(self.family_half(), ids)
    }

    /// The hash by which the session is found.
    #[must_use]
    pub fn family(&self) -> TokenHash {
        TokenHash::of(&self.family_half())
    }

    fn of(family: [u8; 32], ids: &mut Ids) -> Self {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&family);
        bytes[32..].copy_from_slice(&ids.bytes());
        Self(bytes)
    }

    fn family_half(&self) -> [u8; 32] {
        let mut half = [0; 32];
        half.copy_from_slice(&self.0[..32]);
        half
    }
}

/// A session: a login, and all that followed from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id. Access tokens carry it.
    pub id: SessionId,
    /// Whose it is.
    pub account: CustomerId,
    /// The hash of what all its refresh tokens have in common: by it the session is found.
    pub family: TokenHash,
    /// The hash of the one refresh token that is good.
    pub refresh: TokenHash,
    /// What logged in, in a few words of its own, to tell it from others. No network address is kept.
    pub device: Option<String>,
    /// When somebody logged in.
    pub created_at: Timestamp,
    /// When its refresh token was last exchanged.
    pub last_used_at: Timestamp,
    /// When it ends unless its token is exchanged before.
    pub idle_until: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    /// When it was ended, and why.
    pub ended: Option<(Timestamp, EndReason)>,
}

impl Session {
    /// The longest word of a client about itself that is kept, in characters.
    pub const DEVICE_LENGTH_MAX: usize = 120;

    /// Whether it is still good at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.idle_until > now && self.ends_at > now
    }
}

/// What a client says about itself as it is kept: visible characters, at most [`Session::DEVICE_LENGTH_MAX`].
#[must_use]
pub fn device_label(said: &str) -> Option<String> {
    let label: String =
        said.chars().filter(|letter| !letter.is_control()).take(Session::DEVICE_LENGTH_MAX).collect();
    let label = label.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

/// Why a session was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its owner logged out, or ended it from elsewhere.
    Logout,
    /// A refresh token came back that was spent before: somebody has a copy.
    Reuse,
    /// The password changed.
    Password,
    /// The account was deactivated.
    Deactivated,
    /// There were too many.
    Crowded,
    /// Somebody of the shop ended it.
    Staff,
}

impl EndReason {
    /// Its name: `reuse`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Reuse => "reuse",
            Self::Password => "password",
            Self::Deactivated => "deactivated",
            Self::Crowded => "crowded",
            Self::Staff => "staff",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_a_session_have_one_half_in_common() {
        let mut ids = Ids::new([3; 32], Timestamp::from_micros(1).unwrap());
        let first = RefreshToken::fresh(&mut ids);
        let next = first.next(&mut ids);
        assert_eq!(first.family(), next.family());
        assert_ne!(first.hash(), next.hash());
        assert_ne!(RefreshToken::fresh(&mut ids).family(), first.family());
        assert_eq!(first.reveal().len(), 86);
        assert_eq!(first.reveal().parse(), Ok(first));
    }

    #[test]
    fn a_client_says_a_few_visible_words() {
        assert_eq!(device_label(" Firefox\0\r\n 140 "), Some("Firefox 140".to_owned()));
        assert_eq!(device_label("\t\n"), None);
        assert_eq!(device_label(&"x".repeat(500)).unwrap().len(), 120);
    }
}
