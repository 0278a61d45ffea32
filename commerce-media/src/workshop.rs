//! Where pictures are made, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use commerce_core::media::Picture;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::{PictureLimits, make};

/// Makes copies of pictures in threads of their own, so many at once as there is room for.
#[derive(Debug, Clone)]
pub struct Workshop {
    places: Arc<Semaphore>,
    limits: PictureLimits,
    patience: Duration,
}

/// Why no copies were made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// By what is in it, it is none of these.
    #[error("this is no picture in a form that is taken: send JPEG, PNG or WebP")]
    NotOne,
    /// It begins like one and does not go on like one.
    #[error("the picture is damaged, or not all of it is there")]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It has more pixels than are taken.
    #[error(
        "the picture is too large: it may have {side_max} pixels on a side and {pixels_max} in all, or half as many \
         with sixteen bits a channel"
    )]
    TooLarge {
        /// The most on a side.
        side_max: u32,
        /// The most in all.
        pixels_max: u64,
    },
    /// As many as there is room for are being worked on: try again in a moment.
    #[error("too many pictures are being worked on at once")]
    Busy,
}

impl Workshop {
    /// How long a picture waits for its turn.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// A workshop for so many pictures at once, each within these limits.
    #[must_use]
    pub fn new(at_once: usize, limits: PictureLimits) -> Self {
        Self { places: Arc::new(Semaphore::new(at_once.max(1))), limits, patience: Self::PATIENCE }
    }

    /// Has pictures wait for so long until it is their turn.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The copies of the picture in this file. What was begun is finished, also when nobody waits for it any more.
    ///
    /// # Errors
    /// When it is no picture that is taken, or there is no room for it now.
    pub async fn make(&self, file: Bytes) -> Result<Picture, PictureError> {
        let place = timeout(self.patience, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(PictureError::Busy) };
        let limits = self.limits;
        let made = tokio::task::spawn_blocking(move || {
            let made = make(&file, &limits);
            drop(place);
            made
        });
        // A file that brings a decoder down is damaged on purpose.
        made.await.unwrap_or_else(|panic| Err(PictureError::Damaged(Box::new(panic))))
    }
}
