//! Lists of reviews.

use super::{KnownProduct, Rating, Ratings, Shown};
use crate::catalog::{Page, Slug};

/// Which reviews to list, in which order, and which page of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Whose.
    pub of: Of,
    /// Which page, from 1.
    pub page: u32,
    /// Rows on a page: 1 to [`PAGE_SIZE_MAX`](crate::catalog::PAGE_SIZE_MAX).
    pub page_size: u32,
}

/// Whose reviews are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// Of a product: those that others see.
    Product {
        /// Which.
        slug: Slug,
        /// With this rating only.
        rating: Option<Rating>,
        /// The order.
        sort: Sort,
    },
    /// Those that wait for the shop, the one that has waited longest first.
    Queue,
}

impl Search {
    /// How many rows come before the page.
    #[must_use]
    pub fn offset(&self) -> u64 {
        u64::from(self.page.saturating_sub(1)) * u64::from(self.page_size)
    }
}

/// The order of a product's reviews.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// What was published last, first; ties by id, the newest first.
    #[default]
    Newest,
    /// What helped most, first; ties as [`Newest`](Self::Newest).
    Helpful,
    /// The best rating first; ties as [`Newest`](Self::Newest).
    Rating,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Newest, Self::Helpful, Self::Rating];

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Helpful => "helpful",
            Self::Rating => "rating",
        }
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The product that was asked about, unless it is deleted, and what it is rated.
    pub product: Option<(KnownProduct, Ratings)>,
    /// The page. Rows beyond [`ROWS_MAX`](crate::catalog::ROWS_MAX) are neither counted nor reached.
    pub page: Page<Shown>,
}
