//! What a review is.

use serde::{Deserialize, Serialize};

use super::{Content, Rating};
use crate::audit::Actor;
use crate::catalog::Slug;
use crate::{CustomerId, OrderId, ProductId, ReviewId, Timestamp};

/// A review of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Its id.
    pub id: ReviewId,
    /// What it is about.
    pub product: ProductId,
    /// Who wrote it; absent once they left.
    pub customer: Option<CustomerId>,
    /// The order that brought them the product; absent: none is known.
    pub order: Option<OrderId>,
    /// What it says.
    pub content: Content,
    /// Whether others see it.
    pub status: Status,
    /// Why it waits, or waited; for the shop alone.
    pub findings: Vec<Finding>,
    /// What the shop last decided about it; for the shop alone.
    pub moderation: Option<Moderation>,
    /// How many have reported it.
    pub reports: u64,
    /// How many of those the shop knew when it last decided.
    pub reports_seen: u64,
    /// How many found it helpful. Written by [`VoteChange`](super::VoteChange) alone.
    pub helpful: u64,
    /// How many found it unhelpful.
    pub unhelpful: u64,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When others first saw it.
    pub published_at: Option<Timestamp>,
    /// When its author took it away.
    pub deleted_at: Option<Timestamp>,
    /// 1 at first, one more with each change; votes and reports alone do not count as one.
    pub version: u64,
}

impl Review {
    /// The rating that counts for the product: that of a review which others see.
    #[must_use]
    pub fn counted(&self) -> Option<Rating> {
        self.is_public().then_some(self.content.rating)
    }

    /// Whether others see it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.status == Status::Published && self.deleted_at.is_none()
    }

    /// Whether it is this customer's, and there.
    #[must_use]
    pub fn is_of(&self, customer: CustomerId) -> bool {
        self.customer == Some(customer) && self.deleted_at.is_none()
    }

    /// How many have reported it since the shop last decided.
    #[must_use]
    pub fn reports_open(&self) -> u64 {
        self.reports.saturating_sub(self.reports_seen)
    }
}

/// Whether others see a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Somebody of the shop has to look at it first.
    Pending,
    /// They do.
    Published,
    /// The shop decided that they shall not.
    Rejected,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Published, Self::Rejected];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Published => "published",
            Self::Rejected => "rejected",
        }
    }
}

/// Why a review waits for the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The shop looks at every review, or at every one of those who are not known to have bought.
    Policy,
    /// It has a word of the shop's list.
    Word,
    /// It has more links than it may.
    Links,
    /// Its text is shorter than it should be.
    Length,
    /// It shouts.
    Capitals,
    /// It says nothing beside the rating.
    RatingOnly,
    /// It shows pictures, which no rule looks at.
    Images,
    /// Enough have reported it.
    Reports,
    /// The shop rejected what it said before.
    Rejected,
}

impl Finding {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Policy,
        Self::Word,
        Self::Links,
        Self::Length,
        Self::Capitals,
        Self::RatingOnly,
        Self::Images,
        Self::Reports,
        Self::Rejected,
    ];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Word => "word",
            Self::Links => "links",
            Self::Length => "length",
            Self::Capitals => "capitals",
            Self::RatingOnly => "rating_only",
            Self::Images => "images",
            Self::Reports => "reports",
            Self::Rejected => "rejected",
        }
    }
}

/// What the shop decided about a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderation {
    /// Who decided.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What they noted; empty: nothing.
    pub note: String,
}

/// What is to be known of the product of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProduct {
    /// Its id.
    pub id: ProductId,
    /// Its name in addresses.
    pub slug: Slug,
    /// Its title.
    pub name: String,
    /// Whether shoppers see it.
    pub on_sale: bool,
}

/// A review with what is shown beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The review.
    pub review: Review,
    /// First and last name of its author, as they are now; absent once they left.
    pub author: Option<(String, String)>,
    /// What it is about.
    pub product: KnownProduct,
}

impl Shown {
    /// What others call the author: the first name and the first letter of the last; `None` when neither is known.
    #[must_use]
    pub fn display_name(&self) -> Option<String> {
        let (first, last) = self.author.as_ref()?;
        let (first, last) = (super::content::line(first), super::content::line(last));
        let initial = last.chars().next().map(|initial| format!("{initial}."));
        let name = [Some(first).filter(|first| !first.is_empty()), initial];
        let name: Vec<String> = name.into_iter().flatten().collect();
        (!name.is_empty()).then(|| name.join(" "))
    }

    /// Whether this account sees it; `None`: somebody without one. The shop sees all.
    #[must_use]
    pub fn is_open_to(&self, account: Option<CustomerId>) -> bool {
        account.is_some_and(|account| self.review.is_of(account))
            || (self.review.is_public() && self.product.on_sale)
    }
}
