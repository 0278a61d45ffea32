//! What a decision changes about reviews.

use super::{Report, Review};
use crate::{CustomerId, ProductId, ReviewId};

/// Changes of one change set to reviews.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// A new review. One of the same customer and product that is not deleted is [`Guard::Reviewed`](crate::Guard::Reviewed);
    /// an account that is not there [`Guard::Account`](crate::Guard::Account).
    pub create: Option<Review>,
    /// Reviews that changed, each once, and none of them in `vote`.
    pub write: Vec<Write>,
    /// A vote.
    pub vote: Option<VoteChange>,
    /// A new report; a second one of a customer is [`Guard::Review`](crate::Guard::Review). The review is written too.
    pub report: Option<Report>,
    /// Whose votes and reports become nobody's, without their words.
    pub forget: Option<CustomerId>,
    /// What products are rated from now on, each once. They are written among the last, in this order: others want them too.
    pub ratings: Vec<RatingChange>,
}

/// A review that changed: all of it but the votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// As it is now.
    pub review: Review,
    /// The version that was read.
    pub version_read: u64,
    /// The number of reports that was read. A review that is not at both is [`Guard::Review`](crate::Guard::Review).
    pub reports_read: u64,
}

/// What somebody votes on a review, and voted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoteChange {
    /// On which review. One that is not published is [`Guard::Review`](crate::Guard::Review).
    pub review: ReviewId,
    /// Who.
    pub customer: CustomerId,
    /// What was read: whether it was helpful, if they had voted. Anything else is [`Guard::Review`](crate::Guard::Review).
    pub before: Option<bool>,
    /// Whether it is helpful; `None`: they take their vote back.
    pub after: Option<bool>,
}

impl VoteChange {
    /// By how much the votes for helpful and for unhelpful rise.
    #[must_use]
    pub fn deltas(&self) -> (i64, i64) {
        let count = |vote: Option<bool>, wanted| i64::from(vote == Some(wanted));
        let delta = |wanted| count(self.after, wanted) - count(self.before, wanted);
        (delta(true), delta(false))
    }
}

/// A guarded delta of what a product is rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingChange {
    /// Which product. A counter that would fall below 0 is [`Guard::Product`](crate::Guard::Product).
    pub product: ProductId,
    /// By how much the count of each rating rises, that of 1 first.
    pub deltas: [i64; 5],
}

impl RatingChange {
    /// What changes for the product when a review was like this and is like that; `None`: nothing.
    #[must_use]
    pub fn between(before: Option<&Review>, after: &Review) -> Option<Self> {
        let mut deltas = [0; 5];
        if let Some(rating) = before.and_then(Review::counted) {
            deltas[rating.place()] -= 1;
        }
        if let Some(rating) = after.counted() {
            deltas[rating.place()] += 1;
        }
        (deltas != [0; 5]).then_some(Self { product: after.product, deltas })
    }
}

impl Changes {
    /// What products are rated from now on, with what was to change before: each product once, by id.
    pub(crate) fn rate(&mut self, more: Vec<RatingChange>) {
        for RatingChange { product, deltas } in more {
            match self.ratings.iter_mut().find(|known| known.product == product) {
                Some(known) => known.deltas.iter_mut().zip(deltas).for_each(|(sum, delta)| *sum += delta),
                None => self.ratings.push(RatingChange { product, deltas }),
            }
        }
        self.ratings.sort_by_key(|change| change.product);
    }

    /// A review that was like this and is like that, with what it changes for its product.
    pub(super) fn between(before: &Review, after: Review) -> Self {
        let ratings = RatingChange::between(Some(before), &after).into_iter().collect();
        let write = Write { review: after, version_read: before.version, reports_read: before.reports };
        Self { write: vec![write], ratings, ..Self::default() }
    }
}
