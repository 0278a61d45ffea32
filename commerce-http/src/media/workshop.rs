//! Who makes the copies of pictures.

use bytes::Bytes;
use commerce_core::media::Picture;
use commerce_media::{PictureError, PictureLimits, Workshop};
use poem::http::{HeaderValue, header};

use super::PictureTerms;
use crate::wire::{Code, Problem};

/// Makes copies of pictures.
#[derive(Debug, Clone)]
pub(crate) struct Pictures(Workshop);

impl Pictures {
    pub(crate) fn new(terms: &PictureTerms) -> Self {
        let mut limits = PictureLimits::default();
        limits.pixels_max = terms.pixels_max;
        Self(Workshop::new(terms.at_once, limits))
    }

    /// The copies of the picture in this file.
    pub(crate) async fn make(&self, file: Bytes) -> Result<Picture, Problem> {
        self.0.make(file).await.map_err(Into::into)
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        let words = error.to_string();
        // The body has no fields: the name stands for all of it.
        let refused = |code| Self::field("/image", code, &words);
        match error {
            PictureError::NotOne => refused("unsupported"),
            PictureError::Damaged(cause) => refused("damaged").because(cause),
            PictureError::TooLarge { .. } => refused("out-of-range"),
            PictureError::Busy => Self::new(Code::Unavailable, &words)
                .header(header::RETRY_AFTER, HeaderValue::from_static("5")),
            other => Self::internal(other),
        }
    }
}
