//! Secrets that are shown once, and what a store keeps of them.
//!
//! A cart, a session, a link in a mail, a program's key: each is reached by random bytes that only whoever was given them
//! knows. A store keeps the [`TokenHash`], so whoever reads the database can open nothing with it. The bytes come from a
//! cryptographic source and are too many to be tried, so the hash needs neither salt nor work.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::hex;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The SHA-256 of a secret: what a store keeps and looks up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// Declares a secret of so many random bytes, written in base64url without padding (RFC 4648, section 5). It has one
/// written form, does not show itself in a `Debug` form, and answers the hash that a store keeps.
macro_rules! secret_token {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $error:ident, $said:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name([u8; $bytes]);

        #[doc = concat!("The text is ", $said, ".")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($said)]
        pub struct $error;

        impl $name {
            /// The token of these bytes, which must come from a random source.
            #[must_use]
            pub fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// What a store keeps of it.
            #[must_use]
            pub fn hash(&self) -> $crate::token::TokenHash {
                $crate::token::TokenHash::of(&self.0)
            }

            /// The text that its holder sends back.
            #[must_use]
            pub fn reveal(&self) -> String {
                $crate::token::written(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                let mut bytes = [0; $bytes];
                if $crate::token::read(text, &mut bytes) { Ok(Self(bytes)) } else { Err($error) }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)")) // it is a secret
            }
        }
    };
}

pub(crate) use secret_token;

/// The bytes in base64url without padding.
pub(crate) fn written(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for sextet in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(word >> (18 - 6 * sextet) & 63) as usize]));
        }
    }
    text
}

/// Fills the bytes from their one written form; `false`: the text is not the form of so many bytes.
pub(crate) fn read(text: &str, bytes: &mut [u8]) -> bool {
    if text.len() != (bytes.len() * 4).div_ceil(3) {
        return false;
    }
    let (mut word, mut bits, mut filled) = (0_u32, 0, 0);
    for letter in text.bytes() {
        let Some(sextet) = ALPHABET.iter().position(|known| *known == letter) else { return false };
        word = word << 6 | sextet as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes[filled] = (word >> bits) as u8;
            filled += 1;
            word &= (1 << bits) - 1;
        }
    }
    // The bits beyond the last byte are zero in the one canonical form.
    word == 0
}

impl TokenHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// As 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex::written(&self.0)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex()[..8])
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        hex::read(&text).map(Self).ok_or_else(|| serde::de::Error::custom("not 64 hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::account::RefreshToken;
    use crate::cart::CartToken;

    #[test]
    fn is_written_as_base64url() {
        assert_eq!(CartToken::from_bytes([0xff; 32]).reveal(), format!("{}8", "_".repeat(42)));
        assert_eq!(CartToken::from_bytes([0; 32]).reveal(), "A".repeat(43));
        assert_eq!(RefreshToken::from_bytes([0xff; 64]).reveal(), format!("{}w", "_".repeat(85)));
        for wrong in ["", "A", &"A".repeat(42), &"A".repeat(44), &"A".repeat(86), &"=".repeat(43)] {
            assert!(wrong.parse::<CartToken>().is_err(), "{wrong}");
        }
        assert_eq!(format!("{:?}", CartToken::from_bytes([7; 32])), "CartToken(..)");
    }

    proptest! {
        #[test]
        fn a_revealed_token_reads_back(bytes in any::<[u8; 32]>()) {
            let token = CartToken::from_bytes(bytes);
            prop_assert_eq!(token.reveal().parse::<CartToken>(), Ok(token));
            let mut long = [0; 64];
            long[..32].copy_from_slice(&bytes);
            long[32..].copy_from_slice(&bytes);
            let long = RefreshToken::from_bytes(long);
            prop_assert_eq!(long.reveal().parse::<RefreshToken>(), Ok(long));
        }

        #[test]
        fn each_token_has_one_form(text in "[A-Za-z0-9_-]{43}") {
            if let Ok(token) = text.parse::<CartToken>() {
                prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
