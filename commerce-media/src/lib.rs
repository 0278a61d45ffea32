#![doc = include_str!("../README.md")]

mod cut;
mod jpeg;
mod object;
mod open;
#[cfg(feature = "s3")]
mod s3;
mod workshop;

pub use object::{MediaSetupError, ObjectMedia};
pub use open::PictureLimits;
#[cfg(feature = "s3")]
pub use s3::Bucket;
pub use workshop::{PictureError, Workshop};

/// Opens a picture and cuts its copies, in this thread: for fuzzing, and for programs that have threads of their own.
///
/// # Errors
/// When it is no picture that is taken, or goes beyond the limits.
pub fn make(file: &[u8], limits: &PictureLimits) -> Result<commerce_core::media::Picture, PictureError> {
    cut::copies(open::open(file, limits)?)
}
