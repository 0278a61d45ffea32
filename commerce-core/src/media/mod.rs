//! Media: files that never change, such as pictures of products in their sizes.
//!
//! A file is known by its content, so it is put as often as anybody likes, it may be kept by whoever got it for as long as
//! they like, and two products with one picture share it. Files are put before the row that names them is committed: a
//! crash in between leaves a file that nobody asks for, never a row without its file.

mod key;
mod picture;
mod trouble;

pub use key::{MediaFormat, MediaKey, MediaKeyError};
pub use picture::{Picture, PictureCopy};
pub use trouble::{MediaError, MediaTrouble};
