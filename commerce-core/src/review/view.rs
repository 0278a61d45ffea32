//! What a decision about a review looks at.

use super::{KnownProduct, Purchase, Report, Review, Shown};
use crate::catalog::Slug;
use crate::idempotency::{Record, Scope};
use crate::{CustomerId, ReviewId, Timestamp};

/// What to read, in one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// About what.
    pub about: About,
    /// Who asks.
    pub customer: Option<CustomerId>,
    /// A request that may be a repetition.
    pub repeated: Option<Scope>,
}

/// What a look is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A product, and what the customer has to do with it.
    Product(Slug),
    /// A review.
    Review(ReviewId),
}

impl Look {
    /// At this review, for this customer.
    #[must_use]
    pub fn at(review: ReviewId, customer: Option<CustomerId>) -> Self {
        Self { about: About::Review(review), customer, repeated: None }
    }
}

/// What a decision sees: all read in one snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The store's time of the look.
    pub now: Timestamp,
    /// The product, unless it is deleted.
    pub product: Option<KnownProduct>,
    /// The review; of a look at a product that which the customer has written and not deleted.
    pub review: Option<Shown>,
    /// Orders of the customer's with the product, the latest first, at most [`Purchase::LOOKED_AT_MAX`]; none of a look at a
    /// review.
    pub purchases: Vec<Purchase>,
    /// What the customer has voted on the review: whether it is helpful.
    pub vote: Option<bool>,
    /// The reports of the review, the oldest first, at most [`Report::SHOWN_MAX`]; none of a look at a product.
    pub reports: Vec<Report>,
    /// Whether one of the reports of the review, shown or not, is the customer's.
    pub has_reported: bool,
    /// The record of the request, if it was made before.
    pub record: Option<Record>,
}

impl View {
    /// The review, when it is theirs; to them it is there whatever became of it.
    pub(super) fn own(&self, author: CustomerId) -> Option<&Review> {
        self.review.as_ref().map(|shown| &shown.review).filter(|review| review.is_of(author))
    }
}
