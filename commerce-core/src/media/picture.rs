//! A picture that was taken in: checked, cleaned, and written anew in every size.

use bytes::Bytes;

use super::{MediaFormat, MediaKey};

/// A picture in its sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its copies by width, the largest last; at least one.
    pub copies: Vec<PictureCopy>,
}

/// A picture in one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureCopy {
    /// How it is written.
    pub format: MediaFormat,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// The file.
    pub content: Bytes,
}

impl PictureCopy {
    /// The name of the file.
    #[must_use]
    pub fn key(&self) -> MediaKey {
        MediaKey::of(&self.content, self.width, self.format)
    }
}
