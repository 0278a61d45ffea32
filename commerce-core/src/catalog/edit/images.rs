//! Pictures of a product, one at a time: taken in, described and put elsewhere, taken away.

mod service;

use super::{EditError, Edited, Editor, Target, found, put, refused};
use crate::access::Caller;
use crate::catalog::plan::{self, CatalogView};
use crate::catalog::{Image, ImageCopy, Product, Slug};
use crate::media::MediaError;
use crate::{Ids, ImageId};

/// The most pictures that a product may have got one by one.
pub const IMAGES_MAX: usize = 50;

/// What is said of a picture. What is left out stays as it is; of a new one, it shows nothing in particular and stands last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageWords {
    /// What it shows, for those who do not see it.
    pub alt: Option<String>,
    /// Its place among the product's pictures, from 1. One behind the last is the last.
    pub position: Option<u32>,
}

/// A picture after a change of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageChanged {
    /// The picture.
    pub image: Image,
    /// Its place, from 1.
    pub position: usize,
    /// The version of the product that it is in.
    pub version: u64,
}

/// Why a picture was not taken, changed or taken away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The shop has nowhere to keep pictures.
    #[error("this shop has no place for pictures")]
    NoPlace,
    /// The files could not be kept.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The product could not be changed.
    #[error(transparent)]
    Edit(#[from] EditError),
}

/// Whether the product can take one more picture.
///
/// # Errors
/// As [`add_image`].
pub fn image_room(view: &CatalogView, target: &Target, caller: &Caller) -> Result<(), EditError> {
    room(there(view, target, caller)?)
}

/// Adds a picture, of which these are the copies. A product that has it already, by its address, keeps what it says of it.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`] when the product has as many as it may, or what is
/// said of the picture cannot be taken.
pub fn add_image(
    view: &CatalogView,
    target: &Target,
    copies: &[ImageCopy],
    words: &ImageWords,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = there(view, target, editor.caller)?;
    let url = &copies.last().ok_or(EditError::NotFound)?.url;
    let mut after = before.clone();
    if let Some(known) = after.images.iter_mut().find(|image| image.url == *url) {
        known.copies = copies.to_vec();
    } else {
        room(before)?;
        let mut image =
            Image { id: ids.fresh(), url: url.clone(), alt: String::new(), copies: copies.to_vec() };
        let place = say(&target.slug, &mut image, words, before.images.len())?;
        after.images.insert(place.unwrap_or(before.images.len()), image);
    }
    Ok(put(view, before, after, "image.create", editor.caller.actor(), ids))
}

/// Says something else of a picture, or puts it elsewhere among the product's.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
pub fn change_image(
    view: &CatalogView,
    target: &Target,
    id: ImageId,
    words: &ImageWords,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = there(view, target, editor.caller)?;
    let at = place_of(before, id)?;
    let mut after = before.clone();
    let mut image = after.images.remove(at);
    let place = say(&target.slug, &mut image, words, after.images.len())?;
    after.images.insert(place.unwrap_or(at), image);
    Ok(put(view, before, after, "image.update", editor.caller.actor(), ids))
}

/// Takes a picture away from a product.
///
/// # Errors
/// [`EditError::NotFound`], [`EditError::Version`], [`EditError::Refused`].
pub fn remove_image(
    view: &CatalogView,
    target: &Target,
    id: ImageId,
    editor: &Editor<'_>,
    ids: &mut Ids,
) -> Result<Edited, EditError> {
    let before = there(view, target, editor.caller)?;
    let mut after = before.clone();
    after.images.remove(place_of(before, id)?);
    Ok(put(view, before, after, "image.delete", editor.caller.actor(), ids))
}

/// The product that is meant, unless it was deleted: then it is restored first.
fn there<'v>(view: &'v CatalogView, target: &Target, caller: &Caller) -> Result<&'v Product, EditError> {
    let product = found(view, target, caller)?;
    match product.deleted_at {
        None => Ok(product),
        Some(_) => {
            let reason = "the product was deleted: restore it first";
            Err(refused(0, &target.slug, "slug", "product-deleted", reason))
        }
    }
}

fn place_of(product: &Product, id: ImageId) -> Result<usize, EditError> {
    product.images.iter().position(|image| image.id == id).ok_or(EditError::NotFound)
}

fn room(product: &Product) -> Result<(), EditError> {
    if product.images.len() < IMAGES_MAX {
        return Ok(());
    }
    let reason = format!("a product has at most {IMAGES_MAX} pictures");
    Err(refused(0, &product.slug, "images", "too-many-images", &reason))
}

/// Says it of the picture; its index among so many others, if that is said too.
fn say(
    slug: &Slug,
    image: &mut Image,
    words: &ImageWords,
    others: usize,
) -> Result<Option<usize>, EditError> {
    if let Some(alt) = &words.alt {
        let alt = plan::image_alt(slug, alt).map_err(|refusal| EditError::Refused(vec![refusal]))?;
        image.alt = alt.unwrap_or_default();
    }
    let index = |position: u32| {
        let first = || refused(0, slug, "position", "out-of-range", "the first place is 1");
        let index = position.checked_sub(1).ok_or_else(first)?;
        Ok(usize::try_from(index).unwrap_or(usize::MAX).min(others))
    };
    words.position.map(index).transpose()
}
