//! Pictures: where they are kept, who makes their copies, and how they are served.

mod files;
mod place;
#[cfg_attr(not(feature = "images"), path = "no_workshop.rs")]
mod workshop;

pub(crate) use files::Files;
pub use place::{BucketSettings, MediaPlace};
pub(crate) use workshop::Pictures;

/// What pictures may be, and how many are worked on at once.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PictureTerms {
    /// The largest file that is sent, in bytes.
    pub bytes_max: usize,
    /// The most pixels.
    pub pixels_max: u64,
    /// How many are worked on at once: each takes up to nine bytes of memory for a pixel.
    pub at_once: usize,
}

impl Default for PictureTerms {
    /// 10 MiB, 40 million pixels, two at once.
    fn default() -> Self {
        Self { bytes_max: 10 << 20, pixels_max: 40_000_000, at_once: 2 }
    }
}
