//! What becomes of the files that people, telephones and attackers send.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod common;

use std::time::Duration;

use bytes::Bytes;
use commerce_core::media::{MediaFormat, Picture, PictureCopy};
use commerce_core::testkit::conformance::block_on;
use commerce_media::{PictureError, PictureLimits, Workshop, make};
use image::{DynamicImage, GenericImageView, ImageFormat, ImageReader, RgbImage};
use proptest::prelude::*;
use std::io::Cursor;

use common::{chunk, disc, file, halves, png_of, with_exif};

fn made(file: &[u8]) -> Result<Picture, PictureError> {
    make(file, &PictureLimits::default())
}

fn shown(copy: &PictureCopy) -> DynamicImage {
    let shown = ImageReader::new(Cursor::new(&copy.content)).with_guessed_format().unwrap().decode().unwrap();
    assert_eq!((shown.width(), shown.height()), (copy.width, copy.height));
    shown
}

fn sizes(picture: &Picture) -> Vec<(u32, u32)> {
    picture.copies.iter().map(|copy| (copy.width, copy.height)).collect()
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// Whether the pixel is more red than blue.
fn is_red(picture: &DynamicImage, x: u32, y: u32) -> bool {
    let [red, _, blue, _] = picture.get_pixel(x, y).0;
    assert!(red.abs_diff(blue) > 120, "neither red nor blue at {x}, {y}: {red} {blue}");
    red > blue
}

#[test]
fn copies_are_smaller_never_larger() {
    for (width, height, expected) in [
        (2400, 1200, vec![(160, 80), (480, 240), (960, 480), (1920, 960)]),
        (1920, 300, vec![(160, 25), (480, 75), (960, 150), (1920, 300)]),
        (1000, 1500, vec![(160, 240), (480, 720), (960, 1440), (1000, 1500)]),
        (160, 90, vec![(160, 90)]),
        (1, 1, vec![(1, 1)]),
        (5000, 3, vec![(160, 1), (480, 1), (960, 1), (1920, 1)]),
        (3, 5000, vec![(3, 5000)]),
    ] {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let picture = made(&file(halves(width, height), format)).unwrap();
            assert_eq!(sizes(&picture), expected, "{format:?}");
            for copy in &picture.copies {
                let shown = shown(copy);
                assert_eq!(copy.format, MediaFormat::Jpeg);
                if copy.width > 9 {
                    assert!(is_red(&shown, 1, 0) && !is_red(&shown, copy.width - 2, 0), "{format:?}");
                }
            }
        }
    }
}

#[test]
fn a_picture_is_turned_upright_and_tells_nothing_else() {
    let secret = b"6.5244 N 3.3792 E, at home";
    // Where red is then: left, right, top or bottom.
    for (orientation, upright, red) in [
        (1, (400, 200), (10, 100)),
        (2, (400, 200), (390, 100)),
        (3, (400, 200), (390, 100)),
        (4, (400, 200), (10, 100)),
        (5, (200, 400), (100, 10)),
        (6, (200, 400), (100, 10)),
        (7, (200, 400), (100, 390)),
        (8, (200, 400), (100, 390)),
        // Nothing that there is.
        (9, (400, 200), (10, 100)),
    ] {
        let sent = with_exif(&halves(400, 200), orientation, secret);
        assert!(contains(&sent, secret) && contains(&sent, b"Exif"));
        let picture = made(&sent).unwrap();
        let largest = picture.copies.last().unwrap();
        assert_eq!((largest.width, largest.height), upright, "orientation {orientation}");
        assert!(is_red(&shown(largest), red.0, red.1), "orientation {orientation}");
        for copy in &picture.copies {
            assert!(!contains(&copy.content, secret) && !contains(&copy.content, b"Exif"));
        }
    }
    // One that is made small before it is turned.
    let picture = made(&with_exif(&halves(4000, 3000), 6, secret)).unwrap();
    assert_eq!(sizes(&picture), [(160, 213), (480, 640), (960, 1280), (1920, 2560)]);
    assert!(is_red(&shown(&picture.copies[3]), 1000, 10));
}

#[test]
fn what_hangs_on_a_picture_falls_off() {
    let script = b"<script>alert(document.domain)</script>";
    let mut behind = file(halves(300, 200), ImageFormat::Jpeg);
    behind.extend(script);
    let plain = file(halves(300, 200), ImageFormat::Png);
    let mut within = plain[..33].to_vec();
    within.extend(chunk(b"tEXt", &[b"Comment\0".as_slice(), script].concat()));
    within.extend(&plain[33..]);
    for sent in [behind, within] {
        assert!(contains(&sent, script));
        for copy in made(&sent).unwrap().copies {
            assert!(!contains(&copy.content, b"script"));
        }
    }
}

#[test]
fn what_one_sees_through_stays_so() {
    let picture = made(&file(disc(600), ImageFormat::Png)).unwrap();
    assert_eq!(sizes(&picture), [(160, 160), (480, 480), (600, 600)]);
    for copy in &picture.copies {
        assert_eq!(copy.format, MediaFormat::Png);
        let shown = shown(copy).into_rgba8();
        let middle = shown.get_pixel(copy.width / 2, copy.height / 2).0;
        assert_eq!((shown.get_pixel(0, 0)[3], middle[3]), (0, 255));
        // The white that nobody sees is not in the rim of the disc.
        let rim = shown.pixels().filter(|pixel| (1..255).contains(&pixel[3]));
        assert!(
            rim.clone().all(|pixel| pixel[3] < 8 || pixel[0] < 60),
            "{:?}",
            rim.max_by_key(|pixel| pixel[0])
        );
    }
    // A channel that lets nothing through is no reason for a large file.
    let opaque = DynamicImage::from(halves(300, 300)).into_rgba8();
    assert_eq!(made(&file(opaque, ImageFormat::Png)).unwrap().copies[0].format, MediaFormat::Jpeg);
}

#[test]
fn sixteen_bits_and_grey_are_pictures_too() {
    for picture in [
        DynamicImage::from(halves(300, 100)).into_rgb16().into(),
        DynamicImage::from(disc(300)).into_rgba16().into(),
        DynamicImage::from(halves(300, 100)).into_luma8().into(),
        DynamicImage::from(halves(300, 100)).into_luma_alpha16().into(),
    ] {
        let picture: DynamicImage = picture;
        assert_eq!(sizes(&made(&file(picture, ImageFormat::Png)).unwrap()).len(), 2);
    }
}

#[test]
fn half_a_picture_is_none() {
    let noise =
        RgbImage::from_fn(200, 200, |x, y| image::Rgb([(x * y) as u8, (x ^ y) as u8, (x * 7 + y) as u8]));
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = file(noise.clone(), format);
        assert!(made(&whole).is_ok());
        // What is behind the pixels of a PNG may be missing: nothing of the picture is.
        let last = whole.len() - if format == ImageFormat::Png { 20 } else { 1 };
        for length in (0..last).step_by(whole.len() / 40) {
            let refused = made(&whole[..length]).unwrap_err();
            assert!(
                matches!(refused, PictureError::Damaged(_) | PictureError::NotOne),
                "{format:?}, {length} of {}: {refused:?}",
                whole.len()
            );
        }
    }
}

#[test]
fn a_bomb_is_refused_by_its_head() {
    let too_large = |file: &[u8], limits: &PictureLimits| {
        let refused = make(file, limits).unwrap_err();
        assert!(matches!(refused, PictureError::TooLarge { .. }), "{refused:?}");
    };
    let usual = PictureLimits::default();
    too_large(&png_of(50_000, 50_000, 8), &usual);
    too_large(&png_of(12_001, 1, 8), &usual);
    too_large(&png_of(u32::MAX >> 1, u32::MAX >> 1, 16), &usual);
    too_large(&png_of(12_000, 4_000, 8), &usual);
    // Half as many of sixteen bits.
    too_large(&png_of(6_000, 4_000, 16), &usual);
    assert!(
        matches!(made(&png_of(6_000, 4_000, 8)), Err(PictureError::Damaged(_))),
        "this many are not too many"
    );
    // The size of a JPEG and of a WebP stands in their head.
    let mut jpeg = file(halves(64, 64), ImageFormat::Jpeg);
    let size = jpeg.windows(2).position(|mark| mark[0] == 0xff && mark[1] == 0xc0).unwrap() + 5;
    jpeg[size..size + 4].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    too_large(&jpeg, &usual);
    let mut webp = file(halves(64, 64), ImageFormat::WebP);
    let size = webp.windows(4).position(|name| name == b"VP8L").unwrap() + 9;
    webp[size..size + 3].copy_from_slice(&[0xfe, 0xff, 0xff]);
    too_large(&webp, &usual);
}

#[test]
fn what_is_no_picture_is_said_to_be_none() {
    let jpeg = file(halves(64, 64), ImageFormat::Jpeg);
    let after = |head: &[u8]| [head, &jpeg].concat();
    for (what, sent) in [
        ("nothing", Vec::new()),
        ("SVG", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("SVG behind a declaration", b"<?xml version='1.0'?><svg><script>alert(1)</script></svg>".to_vec()),
        ("HTML", b"<!doctype html><script>alert(1)</script>".to_vec()),
        ("HTML before a picture", after(b"<html><!--")),
        ("a PDF before a picture", after(b"%PDF-1.7\n")),
        ("an archive before a picture", after(b"PK\x03\x04")),
        ("a GIF that is a script", b"GIF89a/*\0\0*/=alert(1)".to_vec()),
        ("a TIFF", b"II*\0\x08\0\0\0\0\0".to_vec()),
        ("a BMP", b"BM\x3a\0\0\0".to_vec()),
        ("text", b"a picture".to_vec()),
    ] {
        assert!(matches!(made(&sent), Err(PictureError::NotOne)), "{what}");
    }
    for (what, sent) in [
        ("a JPEG that is a script", b"\xff\xd8\xff\xe0\0\x10=alert(1)/*JFIF".to_vec()),
        ("a PNG that is HTML", b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>".to_vec()),
        ("a WebP that is HTML", b"RIFF\x20\0\0\0WEBP<html><script>alert(1)</script>".to_vec()),
        ("a film of WebP", b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\0\0\0\0\0\0".to_vec()),
    ] {
        let refused = made(&sent);
        assert!(
            matches!(refused, Err(PictureError::Damaged(_) | PictureError::NotOne)),
            "{what}: {refused:?}"
        );
    }
}

/// A pass costs as much as a picture, and a file of some megabytes has room for thousands.
#[test]
fn a_jpeg_of_endless_passes_is_refused() {
    let jpeg = file(halves(64, 64), ImageFormat::Jpeg);
    let scan = jpeg.windows(2).position(|mark| mark == [0xff, 0xda]).unwrap();
    let (head, pass) = (&jpeg[..scan], &jpeg[scan..jpeg.len() - 2]);
    let passes = |count: usize| [head, &pass.repeat(count), &[0xff, 0xd9]].concat();
    assert!(made(&passes(1)).is_ok());
    assert!(matches!(made(&passes(65)), Err(PictureError::Damaged(_))));
}

#[test]
fn what_the_workshop_has_no_room_for_is_told_so() {
    block_on(async {
        let workshop = Workshop::new(1, PictureLimits::default()).patience(Duration::ZERO);
        let sent = Bytes::from(file(halves(300, 200), ImageFormat::Png));
        let (first, second) = tokio::join!(workshop.make(sent.clone()), workshop.make(sent.clone()));
        assert!(first.is_ok());
        assert!(matches!(second, Err(PictureError::Busy)), "{second:?}");
        assert!(workshop.make(sent).await.is_ok(), "there is room again");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(commerce_core::testkit::property_cases(200)))]

    /// Whatever is changed in a file, it becomes a picture or is refused.
    #[test]
    fn no_file_brings_it_down(
        format in 0_usize..3,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let format = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP][format];
        let mut sent = file(disc(40), ImageFormat::Png);
        if format != ImageFormat::Png {
            sent = file(halves(40, 30), format);
        }
        for (at, byte) in changes {
            let at = at.index(sent.len());
            sent[at] = byte;
        }
        if is_cut {
            sent.truncate(cut.index(sent.len()));
        }
        let small = PictureLimits::default();
        if let Ok(picture) = make(&sent, &small) {
            for copy in picture.copies {
                shown(&copy);
            }
        }
    }
}
