//! The name of a file: what is in it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaFormat {
    /// A photograph.
    Jpeg,
    /// A picture through which one sees in places.
    Png,
}

impl MediaFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// The ending of its name.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    /// Its media type, for the header `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// The name of a picture's copy: a hash of its content, its width in pixels, and how it is written. Its text is
/// `<64 digits>-480.jpg`, and nothing that reads like a path is one.
///
/// ```
/// use commerce_core::media::{MediaFormat, MediaKey};
///
/// let key = MediaKey::of(b"content", 480, MediaFormat::Jpeg);
/// assert!(key.to_string().ends_with("-480.jpg"));
/// assert_eq!(key.to_string().parse(), Ok(key));
/// assert!("../secret-480.jpg".parse::<MediaKey>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaKey {
    hash: [u8; 32],
    width: u32,
    format: MediaFormat,
}

/// The text names no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a file: 64 digits of a hash, a width and an ending, as in `<hash>-480.jpg`")]
pub struct MediaKeyError;

impl MediaKey {
    /// The name of this content.
    #[must_use]
    pub fn of(content: &[u8], width: u32, format: MediaFormat) -> Self {
        Self { hash: Sha256::digest(content).into(), width, format }
    }

    /// Whether this is the content that it names.
    #[must_use]
    pub fn names(&self, content: &[u8]) -> bool {
        Self::of(content, self.width, self.format) == *self
    }

    /// How the file is written.
    #[must_use]
    pub fn format(&self) -> MediaFormat {
        self.format
    }
}

impl fmt::Display for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}.{}", hex::written(&self.hash), self.width, self.format.ending())
    }
}

impl FromStr for MediaKey {
    type Err = MediaKeyError;

    fn from_str(text: &str) -> Result<Self, MediaKeyError> {
        let (hash, rest) = text.split_once('-').ok_or(MediaKeyError)?;
        let (width, ending) = rest.split_once('.').ok_or(MediaKeyError)?;
        let format = MediaFormat::ALL.into_iter().find(|format| format.ending() == ending);
        let key = Self {
            hash: hex::read(hash).ok_or(MediaKeyError)?,
            width: width.parse().map_err(|_| MediaKeyError)?,
            format: format.ok_or(MediaKeyError)?,
        };
        // One file has one name: no digits in upper case, no zero or sign before the width.
        if key.to_string() == text { Ok(key) } else { Err(MediaKeyError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_one_name() {
        let key = MediaKey::of(b"a", 160, MediaFormat::Png);
        let name = key.to_string();
        assert_eq!(name.parse(), Ok(key));
        assert!(key.names(b"a") && !key.names(b"b"));
        assert_ne!(key, MediaKey::of(b"a", 161, MediaFormat::Png));
        assert_ne!(key, MediaKey::of(b"a", 160, MediaFormat::Jpeg));
        let hash = &name[..64];
        for other in [
            name.to_uppercase(),
            name.replace("-160", "-0160"),
            name.replace("-160", "-+160"),
            name.replace(".png", ".svg"),
            name.replace(".png", ".png.html"),
            name.replace('-', "/"),
            name[1..].to_owned(),
            format!("../{name}"),
            format!("{name}/.."),
            format!("{name}\0"),
            format!(" {name}"),
            format!("{hash}-99999999999.png"),
            hash.to_owned(),
            String::new(),
        ] {
            assert_eq!(other.parse::<MediaKey>(), Err(MediaKeyError), "{other}");
        }
    }
}
