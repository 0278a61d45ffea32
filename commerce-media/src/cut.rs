//! From pixels to the copies that are kept.

use bytes::Bytes;
use commerce_core::media::{MediaFormat, Picture, PictureCopy};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::FilterType as Filter;
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder, RgbaImage};

use crate::PictureError;
use crate::open::{Opened, to_srgb};

/// The widths of copies, in pixels; a picture has those that are below its own, and one of its own up to the largest.
const WIDTHS: [u32; 4] = [160, 480, 960, 1920];
/// The quality of a JPEG, of 100: no difference that shoppers see.
const QUALITY: u8 = 85;

/// Every copy of a picture.
pub(crate) fn copies(opened: Opened) -> Result<Picture, PictureError> {
    let largest = upright(opened);
    let own = largest.width();
    let mut copies = Vec::with_capacity(WIDTHS.len());
    let mut last = largest;
    copies.push(written(&last)?);
    // Each is made of the one above it, which has four to nine times its pixels.
    for width in WIDTHS.into_iter().rev().filter(|width| *width < own) {
        last = smaller(&last, width, scaled(last.height(), width, last.width()));
        copies.push(written(&last)?);
    }
    copies.reverse();
    Ok(Picture { copies })
}

/// The largest copy: upright, in the colours of the web, eight bits a channel. It is made small before it is turned, so
/// that all the pixels are in memory only once.
fn upright(opened: Opened) -> DynamicImage {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};

    let Opened { pixels, orientation, profile } = opened;
    let lies = matches!(orientation, Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH);
    let (width, height) = (pixels.width(), pixels.height());
    let most = WIDTHS[WIDTHS.len() - 1];
    let across = if lies { height } else { width };
    let pixels = if across > most {
        let (width, height) = match lies {
            true => (scaled(width, most, height), most),
            false => (most, scaled(height, most, width)),
        };
        // Coarsely to twice the size, then with care: a fine filter over forty million pixels takes seconds.
        let coarse = (width.saturating_mul(2), height.saturating_mul(2));
        let pixels = match pixels.width() > coarse.0 && pixels.height() > coarse.1 {
            true => pixels.thumbnail_exact(coarse.0, coarse.1),
            false => pixels,
        };
        smaller(&eight_bits(pixels), width, height)
    } else {
        eight_bits(pixels)
    };
    let mut pixels = pixels;
    pixels.apply_orientation(orientation);
    if let Some(profile) = profile {
        to_srgb(&mut pixels, &profile);
    }
    pixels
}

/// As RGB, or as RGBA where one can see through somewhere.
fn eight_bits(pixels: DynamicImage) -> DynamicImage {
    if pixels.color().has_alpha() {
        let pixels = pixels.into_rgba8();
        if pixels.pixels().any(|pixel| pixel[3] < u8::MAX) {
            return pixels.into();
        }
        return DynamicImage::from(pixels).into_rgb8().into();
    }
    pixels.into_rgb8().into()
}

/// The picture in a smaller size.
fn smaller(pixels: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    match pixels {
        // What one sees through has a colour too, mostly black, which must not run into what is beside it.
        DynamicImage::ImageRgba8(pixels) => {
            let weighted = DynamicImage::from(weighted(pixels.clone()));
            unweighted(weighted.resize_exact(width, height, Filter::CatmullRom).into_rgba8()).into()
        }
        pixels => pixels.resize_exact(width, height, Filter::CatmullRom),
    }
}

/// Colours weighted by how much of them one sees.
fn weighted(mut pixels: RgbaImage) -> RgbaImage {
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let weigh = |channel: u8| divided(u32::from(channel) * u32::from(alpha), 255);
        pixel.0 = [weigh(red), weigh(green), weigh(blue), alpha];
    }
    pixels
}

/// The colours that were weighted.
fn unweighted(mut pixels: RgbaImage) -> RgbaImage {
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let weigh = |channel: u8| match alpha {
            0 => 0,
            alpha => divided(u32::from(channel) * 255, u32::from(alpha)),
        };
        pixel.0 = [weigh(red), weigh(green), weigh(blue), alpha];
    }
    pixels
}

/// Rounded to the nearest.
fn divided(value: u32, by: u32) -> u8 {
    u8::try_from((value + by / 2) / by).unwrap_or(u8::MAX)
}

/// `side * to / from`, rounded to the nearest, and at least a pixel.
fn scaled(side: u32, to: u32, from: u32) -> u32 {
    let (side, to, from) = (u64::from(side), u64::from(to), u64::from(from).max(1));
    u32::try_from((side * to + from / 2) / from).unwrap_or(u32::MAX).max(1)
}

/// The picture as a file. Encoders write pixels and nothing else.
fn written(pixels: &DynamicImage) -> Result<PictureCopy, PictureError> {
    let (width, height, color) = (pixels.width(), pixels.height(), pixels.color().into());
    let mut content = Vec::new();
    let (format, wrote) = if pixels.color().has_alpha() {
        let encoder =
            PngEncoder::new_with_quality(&mut content, CompressionType::Default, FilterType::Adaptive);
        (MediaFormat::Png, encoder.write_image(pixels.as_bytes(), width, height, color))
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut content, QUALITY);
        (MediaFormat::Jpeg, encoder.write_image(pixels.as_bytes(), width, height, color))
    };
    wrote.map_err(|error| PictureError::Damaged(Box::new(error)))?;
    Ok(PictureCopy { format, width, height, content: Bytes::from(content) })
}
