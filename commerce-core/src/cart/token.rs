//! The secret that a guest's cart is reached by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The secret of a cart: 256 random bits, written in base64url without padding (RFC 4648, section 5).
///
/// It is shown once, to whoever creates the cart; a store keeps only its [`TokenHash`].
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken([u8; 32]);

/// The SHA-256 of a [`CartToken`]: what a store keeps and looks up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// The text is no cart token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cart token")]
pub struct CartTokenError;

impl CartToken {
    /// The token of these bytes, which must come from a random source.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What a store keeps of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }

    /// The text that the shopper's client sends back: 43 characters.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut text = String::with_capacity(43);
        for chunk in self.0.chunks(3) {
            let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for sextet in 0..=chunk.len() {
                text.push(char::from(ALPHABET[(word >> (18 - 6 * sextet) & 63) as usize]));
            }
        }
        text
    }
}

impl FromStr for CartToken {
    type Err = CartTokenError;

    fn from_str(text: &str) -> Result<Self, CartTokenError> {
        if text.len() != 43 {
            return Err(CartTokenError);
        }
        let mut bytes = [0; 32];
        let (mut word, mut bits, mut filled) = (0_u32, 0, 0);
        for letter in text.bytes() {
            let sextet = ALPHABET.iter().position(|known| *known == letter).ok_or(CartTokenError)?;
            word = word << 6 | sextet as u32;
            bits += 6;
            if bits >= 8 {
                bits -= 8;
                bytes[filled] = (word >> bits) as u8;
                filled += 1;
                word &= (1 << bits) - 1;
            }
        }
        // The two bits beyond the 32 bytes are zero in the one canonical form.
        if word == 0 { Ok(Self(bytes)) } else { Err(CartTokenError) }
    }
}

impl fmt::Debug for CartToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CartToken(..)") // it is a secret
    }
}

impl TokenHash {
    /// As 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
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
        let digit = |at: usize| text.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let (Some(high), Some(low)) = (digit(2 * index), digit(2 * index + 1)) else {
                return Err(serde::de::Error::custom("not 64 hexadecimal digits"));
            };
            *byte = (high * 16 + low) as u8;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_written_as_base64url() {
        assert_eq!(CartToken::from_bytes([0xff; 32]).reveal(), format!("{}8", "_".repeat(42)));
        assert_eq!(CartToken::from_bytes([0; 32]).reveal(), "A".repeat(43));
    }

    proptest! {
        #[test]
        fn a_revealed_token_reads_back(bytes in any::<[u8; 32]>()) {
            let token = CartToken::from_bytes(bytes);
            prop_assert_eq!(token.reveal().parse::<CartToken>(), Ok(token));
        }

        #[test]
        fn each_token_has_one_form(text in "[A-Za-z0-9_-]{43}") {
            if let Ok(token) = text.parse::<CartToken>() {
                prop_assert_eq!(token.reveal(), text);
            }
        }
    }
}
