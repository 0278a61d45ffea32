//! Passwords: what one may be, and what a store keeps of it.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

/// The text cannot be a password: it is longer than any, or has a control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {} characters and no control characters", Password::LENGTH_MAX)]
pub struct PasswordError;

/// A password as it was typed, in the composed form of Unicode (NFC, as RFC 8265 asks), so that it is the same whatever
/// keyboard it is typed on. Whether it is good enough is for the [`PasswordPolicy`] to say.
///
/// It does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The most characters of any password: what is longer is refused before work is spent on it.
    pub const LENGTH_MAX: usize = 128;

    /// The text, for whoever hashes it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Password {
    type Err = PasswordError;

    fn from_str(text: &str) -> Result<Self, PasswordError> {
        // A bound on the bytes first: normalising a megabyte is work too.
        if text.len() > 16 * Self::LENGTH_MAX || text.chars().any(char::is_control) {
            return Err(PasswordError);
        }
        let composed: String = text.nfc().collect();
        if composed.chars().count() > Self::LENGTH_MAX { Err(PasswordError) } else { Ok(Self(composed)) }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// The hash of a password in the words of whoever made it: `$argon2id$v=19$m=..`, or `$2b$..` of an older shop.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash that this text is. It is for the hasher to say whether it can read it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for a store or a hasher.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// What passwords a shop takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest characters: 8 unless set.
    pub length_min: usize,
    /// The least [strength](crate::PasswordHasher::strength), 0 to 4: 2 unless set.
    pub strength_min: u8,
    /// Whether it needs an upper-case letter, a lower-case letter, a digit and a symbol. Off unless set: it makes passwords
    /// harder to remember rather than to guess.
    pub composition: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { length_min: 8, strength_min: 2, composition: false }
    }
}

/// Why a password is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is shorter than the shop asks for.
    #[error("a password has at least {0} characters")]
    TooShort(usize),
    /// It is among those that are tried first.
    #[error("this password is used by too many people")]
    Common,
    /// It is soon guessed.
    #[error("this password is easy to guess; make it longer, or less predictable")]
    Guessable,
    /// It lacks a kind of character.
    #[error("a password needs an upper-case letter, a lower-case letter, a digit and a symbol")]
    Composition,
}

impl WeakPassword {
    /// The reason in one word, for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort(_) => "too-short",
            Self::Common => "too-common",
            Self::Guessable => "too-guessable",
            Self::Composition => "composition",
        }
    }
}

impl PasswordPolicy {
    /// Whether the password is good enough; its strength is what the hasher measured.
    ///
    /// # Errors
    /// [`WeakPassword`] with the first reason why not.
    pub fn check(&self, password: &Password, strength: u8) -> Result<(), WeakPassword> {
        let text = password.reveal();
        if text.chars().count() < self.length_min {
            return Err(WeakPassword::TooShort(self.length_min));
        }
        let folded = text.to_lowercase();
        if COMMON.lines().any(|common| common == folded) {
            return Err(WeakPassword::Common);
        }
        if self.composition {
            let kinds: [fn(char) -> bool; 4] =
                [char::is_uppercase, char::is_lowercase, char::is_numeric, |c| !c.is_alphanumeric()];
            if !kinds.iter().all(|kind| text.chars().any(kind)) {
                return Err(WeakPassword::Composition);
            }
        }
        if strength < self.strength_min { Err(WeakPassword::Guessable) } else { Ok(()) }
    }
}

/// Passwords of eight characters and more that lists of stolen ones have most often, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &PasswordPolicy, text: &str) -> Result<(), WeakPassword> {
        policy.check(&text.parse().unwrap(), 4)
    }

    #[test]
    fn length_is_counted_in_characters_of_any_script() {
        let policy = PasswordPolicy::default();
        assert_eq!(check(&policy, "ọlá ẹ̀kọ́"), Ok(()));
        assert_eq!(check(&policy, "密码密码密码密码"), Ok(()));
        assert_eq!(check(&policy, "密码密码密码密"), Err(WeakPassword::TooShort(8)));
        assert_eq!(check(&policy, "1234567"), Err(WeakPassword::TooShort(8)));
        assert!("x".repeat(128).parse::<Password>().is_ok());
        assert!("🧵".repeat(128).parse::<Password>().is_ok());
        assert!("x".repeat(129).parse::<Password>().is_err());
        assert!("x".repeat(1 << 20).parse::<Password>().is_err());
        assert!("pass\0word".parse::<Password>().is_err());
    }

    #[test]
    fn the_composed_form_is_what_counts() {
        let composed: Password = "ca\u{301}".parse().unwrap();
        assert_eq!(composed, "cá".parse().unwrap());
        assert_eq!(format!("{composed:?}"), "Password(..)");
    }

    #[test]
    fn common_ones_are_refused_in_any_case() {
        let policy = PasswordPolicy::default();
        for common in ["password", "PASSWORD1", "qwertyuiop", "12345678"] {
            assert_eq!(check(&policy, common), Err(WeakPassword::Common), "{common}");
        }
    }

    #[test]
    fn the_list_is_in_its_form() {
        for line in COMMON.lines() {
            assert!(
                line.chars().count() >= 8 && line == line.to_lowercase() && line.trim() == line,
                "{line}"
            );
        }
    }

    #[test]
    fn composition_is_an_option() {
        let free = PasswordPolicy::default();
        let strict = PasswordPolicy { composition: true, ..free };
        assert_eq!(check(&strict, "Tr0mbone & oar"), Ok(()));
        for lacking in ["tr0mbone & oar", "TR0MBONE & OAR", "Trombone & oar", "Tr0mbone0and0oar"] {
            assert_eq!(check(&strict, lacking), Err(WeakPassword::Composition), "{lacking}");
            assert_eq!(check(&PasswordPolicy::default(), lacking), Ok(()));
        }
    }

    #[test]
    fn what_is_soon_guessed_is_refused() {
        let policy = PasswordPolicy::default();
        let password: Password = "adaadaada".parse().unwrap();
        assert_eq!(policy.check(&password, 1), Err(WeakPassword::Guessable));
        assert_eq!(policy.check(&password, 2), Ok(()));
    }
}
