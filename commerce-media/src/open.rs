//! From a file that somebody sent to its pixels.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use moxcms::{ColorProfile, Layout, TransformOptions};

use crate::{PictureError, jpeg};

/// How large a picture may be. It is told by the head of the file, before anything is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PictureLimits {
    /// The most pixels on a side.
    pub side_max: u32,
    /// The most pixels in all. A picture takes four bytes for each while it is worked on, and a progressive JPEG nine.
    pub pixels_max: u64,
}

impl Default for PictureLimits {
    /// 12,000 on a side, 40 million in all: more than cameras of the trade make.
    fn default() -> Self {
        Self { side_max: 12_000, pixels_max: 40_000_000 }
    }
}

/// A picture as it came, and what is to be done with it.
pub(crate) struct Opened {
    pub(crate) pixels: DynamicImage,
    /// How it is to be turned.
    pub(crate) orientation: Orientation,
    /// What its colours mean, when not what they mean on the web.
    pub(crate) profile: Option<ColorProfile>,
}

/// What unpacking may take beside the pixels.
const BESIDE_BYTES: u64 = 16 << 20;

pub(crate) fn open(file: &[u8], limits: &PictureLimits) -> Result<Opened, PictureError> {
    let format = match image::guess_format(file) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => format,
        _ => return Err(PictureError::NotOne),
    };
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut within = Limits::default();
    within.max_image_width = Some(limits.side_max);
    within.max_image_height = Some(limits.side_max);
    within.max_alloc = Some(limits.pixels_max.saturating_mul(4).saturating_add(BESIDE_BYTES));
    reader.limits(within);
    let too_large = || PictureError::TooLarge { side_max: limits.side_max, pixels_max: limits.pixels_max };
    let refused = |error| match error {
        ImageError::Limits(_) => too_large(),
        error => PictureError::Damaged(Box::new(error)),
    };
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged("it has no pixels".into()));
    }
    // Sixteen bits a channel take twice the memory, so half as many pixels of them are too many.
    if u64::from(width) * u64::from(height) > limits.pixels_max
        || decoder.total_bytes() > limits.pixels_max.saturating_mul(4)
    {
        return Err(too_large());
    }
    if format == ImageFormat::Jpeg && !jpeg::is_whole(file) {
        return Err(PictureError::Damaged("it does not go on to the mark of its end".into()));
    }
    // What these say is taken when it can be understood, and is no reason to refuse a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile =
        decoder.icc_profile().ok().flatten().and_then(|icc| ColorProfile::new_from_slice(&icc).ok());
    let pixels = DynamicImage::from_decoder(decoder).map_err(refused)?;
    Ok(Opened { pixels, orientation, profile })
}

/// The pixels in the colours of the web; as they are, where the profile is of something else than red, green and blue.
pub(crate) fn to_srgb(pixels: &mut DynamicImage, profile: &ColorProfile) {
    let (layout, bytes) = match pixels {
        DynamicImage::ImageRgb8(pixels) => (Layout::Rgb, &mut **pixels),
        DynamicImage::ImageRgba8(pixels) => (Layout::Rgba, &mut **pixels),
        _ => return,
    };
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
    else {
        return;
    };
    let mut changed = vec![0; bytes.len()];
    if transform.transform(bytes, &mut changed).is_ok() {
        bytes.copy_from_slice(&changed);
    }
}
