//! Look, decide, commit of a product's pictures.

use super::images::{self, Change};
use super::{Catalog, CatalogError, CatalogView, ImageChanged, ImageError, ImageWords, ImportKeys, Slug};
use crate::ImageId;
use crate::access::Caller;
use crate::attempts::Attempts;
use crate::media::Picture;

impl Catalog {
    /// Whether a product can take one more picture, so that nobody works on one in vain.
    ///
    /// # Errors
    /// As [`add_image`](Self::add_image).
    pub async fn image_room(
        &self,
        caller: &Caller,
        slug: &Slug,
        version: Option<u64>,
    ) -> Result<(), ImageError> {
        self.parts.media.as_ref().ok_or(ImageError::NoPlace)?;
        let view = self.image_view(slug).await?;
        images::has_room(images::theirs(&view, caller, slug, version)?)
    }

    /// Keeps a picture, and adds it to a product of this version, or of any. A product that has the picture already keeps it
    /// as it is, so the same may be sent again.
    ///
    /// # Errors
    /// [`ImageError::NotFound`] for a product that is not the caller's too, and whatever else its variants say.
    pub async fn add_image(
        &self,
        caller: &Caller,
        slug: &Slug,
        picture: &Picture,
        words: ImageWords,
        version: Option<u64>,
    ) -> Result<ImageChanged, ImageError> {
        let media = self.parts.media.as_ref().ok_or(ImageError::NoPlace)?;
        // The files are there before the row is. Had they come after it, a crash would leave a row that shows nothing.
        let copies = images::keep(media.as_ref(), picture).await?;
        self.change_images(caller, slug, version, &Change::Add(copies, words)).await
    }

    /// Says something else of a picture, or puts it elsewhere among the product's.
    ///
    /// # Errors
    /// As [`add_image`](Self::add_image).
    pub async fn change_image(
        &self,
        caller: &Caller,
        slug: &Slug,
        id: ImageId,
        words: ImageWords,
        version: Option<u64>,
    ) -> Result<ImageChanged, ImageError> {
        self.change_images(caller, slug, version, &Change::Say(id, words)).await
    }

    /// Takes a picture away from a product. Its files stay: orders show them, and other products may.
    ///
    /// # Errors
    /// As [`add_image`](Self::add_image).
    pub async fn remove_image(
        &self,
        caller: &Caller,
        slug: &Slug,
        id: ImageId,
        version: Option<u64>,
    ) -> Result<ImageChanged, ImageError> {
        self.change_images(caller, slug, version, &Change::Remove(id)).await
    }

    async fn change_images(
        &self,
        caller: &Caller,
        slug: &Slug,
        version: Option<u64>,
        change: &Change,
    ) -> Result<ImageChanged, ImageError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.image_view(slug).await?;
            let product = images::theirs(&view, caller, slug, version)?;
            let mut ids = self.parts.ids(view.now);
            let (changed, batch) = images::decide(&view, product, caller, change, &mut ids)?;
            let Some(batch) = batch else { return Ok(changed) };
            match self.parts.store.import(&batch).await {
                Ok(()) => return Ok(changed),
                Err(error) => attempts.again(error).await.map_err(CatalogError::from)?,
            }
        }
    }

    async fn image_view(&self, slug: &Slug) -> Result<CatalogView, CatalogError> {
        let keys = ImportKeys { slugs: vec![slug.clone()], ..ImportKeys::default() };
        Ok(self.parts.store.import_view(&keys).await?)
    }
}
