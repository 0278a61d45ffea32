//! A build without the decoders of pictures takes none.

use bytes::Bytes;
use commerce_core::media::Picture;

use super::PictureTerms;
use crate::wire::{Code, Problem};

/// Makes no copies of pictures.
#[derive(Debug, Clone)]
pub(crate) struct Pictures;

impl Pictures {
    pub(crate) fn new(_: &PictureTerms) -> Self {
        Self
    }

    #[expect(clippy::unused_async, reason = "as with the decoders")]
    pub(crate) async fn make(&self, _: Bytes) -> Result<Picture, Problem> {
        Err(Problem::new(Code::Unavailable, "this build of the server takes no pictures (feature `images`)"))
    }
}
