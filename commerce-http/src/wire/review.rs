//! Reviews on the wire.

use commerce_core::audit::Actor;
use commerce_core::idempotency::Request;
use commerce_core::review::{
    Draft, Found, Moderate, Moderation, Rating, Ratings, Reason, Report, ReportCommand, Review, Shown,
    Status, View,
};
use commerce_core::{CustomerId, ReviewId};
use poem_openapi::Object;
use poem_openapi::registry::MetaSchema;
use poem_openapi::types::{Example, MaybeUndefined};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::product::NamedDto;
use super::word::{FindingName, ReportReason};
use super::{Check, Instant, OrNull, PageLinks, PaginationDto, Problem, wire_type};

/// What somebody writes of a product.
#[derive(Debug, Clone, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ReviewInput", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct ReviewBody {
    /// From 1, bad, to 5, good.
    #[oai(validator(minimum(value = "1"), maximum(value = "5")))]
    rating: u32,
    /// One line, of at most 120 characters.
    title: Option<String>,
    /// Plain text of at most 5,000 characters. Characters that nobody sees are taken out; nothing in it is ever markup.
    text: Option<String>,
    /// What is good: at most 10 lines of 200 characters.
    pros: Option<Vec<String>>,
    /// What is bad: at most 10 lines of 200 characters.
    cons: Option<Vec<String>>,
    /// Addresses of at most 8 pictures, which begin with `https://`.
    images: Option<Vec<String>>,
    /// Only if the review is at this version; of no use in a new one.
    pub(crate) version: Option<u64>,
}

impl Example for ReviewBody {
    fn example() -> Self {
        Self {
            rating: 4,
            title: Some("Warm colours".to_owned()),
            text: Some("It has been washed ten times and looks as it did.".to_owned()),
            pros: Some(vec!["does not fade".to_owned()]),
            cons: Some(vec!["creases".to_owned()]),
            images: None,
            version: None,
        }
    }
}

impl ReviewBody {
    pub(crate) fn draft(&self) -> Draft {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let list = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
        Draft {
            rating: self.rating,
            title: text(&self.title),
            text: text(&self.text),
            pros: list(&self.pros),
            cons: list(&self.cons),
            images: list(&self.images),
        }
    }
}

/// Whether a review helped.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ReviewVote", deny_unknown_fields, example)]
pub(crate) struct VoteBody {
    /// Whether it did; null takes the vote back.
    #[serde(default)]
    helpful: MaybeUndefined<bool>,
}

impl Example for VoteBody {
    fn example() -> Self {
        Self { helpful: MaybeUndefined::Value(true) }
    }
}

impl VoteBody {
    pub(crate) fn helpful(&self) -> Result<Option<bool>, Problem> {
        match self.helpful {
            MaybeUndefined::Undefined => Err(Problem::field("/helpful", "required", "is missing")),
            MaybeUndefined::Null => Ok(None),
            MaybeUndefined::Value(helpful) => Ok(Some(helpful)),
        }
    }
}

/// Reports a review.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ReviewReportInput", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct ReportBody {
    /// Why it should not be seen: `spam`, `offensive`, `off_topic`, `private`, `fake` or `other`.
    reason: String,
    /// What to add, in at most 500 characters.
    text: Option<String>,
}

impl Example for ReportBody {
    fn example() -> Self {
        Self { reason: "spam".to_owned(), text: Some("it sells something else".to_owned()) }
    }
}

impl ReportBody {
    pub(crate) fn command(self, by: CustomerId) -> Result<ReportCommand, Problem> {
        let mut check = Check::default();
        let reason = check.word("/reason", &self.reason, Reason::ALL, Reason::as_str);
        let text = self.text.unwrap_or_default();
        Ok(ReportCommand { by, reason: check.finish(reason)?, text })
    }
}

/// Decides about a review.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "ReviewDecision", deny_unknown_fields, example, skip_serializing_if_is_none)]
pub(crate) struct ModerateBody {
    /// `approve`: others see it; `reject`: they do not.
    decision: String,
    /// A note for the shop, in at most 1,000 characters. Its author never reads it.
    note: Option<String>,
    /// Only if the review is at this version.
    pub(crate) version: Option<u64>,
}

impl Example for ModerateBody {
    fn example() -> Self {
        Self { decision: "reject".to_owned(), note: Some("names a neighbour".to_owned()), version: None }
    }
}

impl ModerateBody {
    pub(crate) fn command(
        self,
        by: Actor,
        version: Option<u64>,
        request: Option<Request>,
    ) -> Result<Moderate, Problem> {
        let mut check = Check::default();
        let name = |publish: bool| if publish { "approve" } else { "reject" };
        let publish = check.word("/decision", &self.decision, [true, false], name);
        let note = self.note.unwrap_or_default();
        Ok(Moderate { publish: check.finish(publish)?, note, version, by, request })
    }
}

/// Where a review stands.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(crate) struct ReviewStatus(&'static str);

wire_type!(
    ReviewStatus,
    "review_status",
    MetaSchema {
        enum_items: ["pending", "published", "rejected", "deleted"].map(|name| json!(name)).into(),
        ..MetaSchema::new("string")
    }
);

impl From<&Review> for ReviewStatus {
    fn from(review: &Review) -> Self {
        Self(if review.deleted_at.is_some() { "deleted" } else { Status::as_str(review.status) })
    }
}

/// A review. All text is plain: escape it for where it is shown.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "Review")]
pub(crate) struct ReviewDto {
    /// Its id.
    id: Uuid,
    /// What it is about.
    product: NamedDto,
    /// From 1, bad, to 5, good.
    rating: u8,
    /// One line; may be empty.
    title: String,
    /// What it says; may be empty.
    text: String,
    /// What is good.
    pros: Vec<String>,
    /// What is bad.
    cons: Vec<String>,
    /// Addresses of pictures.
    images: Vec<String>,
    /// Who wrote it: a first name and a letter; null when neither is known.
    author: OrNull<String>,
    /// Whether an order is known that brought them the product.
    verified_purchase: bool,
    /// How many found it helpful.
    helpful_count: u64,
    /// How many found it unhelpful.
    unhelpful_count: u64,
    /// Whether others see it. Only its author and the shop see one that is not `published`.
    status: ReviewStatus,
    /// When it was written.
    created_at: Instant,
    /// When it last changed.
    updated_at: Instant,
    /// 1 at first, one more with each change; votes do not count as one.
    pub(crate) version: u64,
}

impl ReviewDto {
    pub(crate) fn new(shown: &Shown) -> Self {
        let Shown { review, product, author: _ } = shown;
        let content = review.content.clone();
        Self {
            id: review.id.0,
            product: (product.name.clone(), product.slug.clone()).into(),
            rating: content.rating.get(),
            title: content.title,
            text: content.text,
            pros: content.pros,
            cons: content.cons,
            images: content.images,
            author: OrNull(shown.display_name()),
            verified_purchase: review.order.is_some(),
            helpful_count: review.helpful,
            unhelpful_count: review.unhelpful,
            status: review.into(),
            created_at: review.created_at.into(),
            updated_at: review.updated_at.into(),
            version: review.version,
        }
    }
}

/// A review, and what whoever asks has to do with it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ReviewForYou")]
pub(crate) struct ReviewForYouDto {
    /// The review.
    pub(crate) review: ReviewDto,
    /// Whether it is theirs.
    is_own: bool,
    /// Whether they found it helpful; null when they did not say.
    helpful: OrNull<bool>,
}

impl ReviewForYouDto {
    pub(crate) fn new(shown: &Shown, vote: Option<bool>, who: Option<CustomerId>) -> Self {
        let is_own = who.is_some_and(|who| shown.review.is_of(who));
        Self { review: ReviewDto::new(shown), is_own, helpful: OrNull(vote) }
    }
}

/// How often a rating was given.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RatingCount")]
pub(crate) struct RatingCountDto {
    /// The rating.
    rating: u8,
    /// How many gave it.
    count: u64,
}

/// What buyers rated a product.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "RatingSummary")]
pub(crate) struct RatingSummaryDto {
    /// The average, with two decimals; null when there is none.
    average: OrNull<String>,
    /// How many rated it.
    count: u64,
    /// How often each rating was given, the best first.
    distribution: Vec<RatingCountDto>,
}

impl From<Ratings> for RatingSummaryDto {
    fn from(ratings: Ratings) -> Self {
        let given = |rating: &Rating| RatingCountDto { rating: rating.get(), count: ratings.of(*rating) };
        Self {
            average: OrNull(ratings.average()),
            count: ratings.count(),
            distribution: Rating::ALL.iter().rev().map(given).collect(),
        }
    }
}

/// Reviews of a product.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ReviewPage")]
pub(crate) struct ReviewPageDto {
    /// What buyers rated it, whatever is filtered by.
    summary: RatingSummaryDto,
    /// The reviews of the page.
    results: Vec<ReviewDto>,
    /// Where the page lies among the others.
    pagination: PaginationDto,
}

impl ReviewPageDto {
    /// The page; nothing when there is no such product on sale.
    pub(crate) fn new(found: &Found, links: &PageLinks) -> Option<Self> {
        let (_, ratings) = found.product.as_ref().filter(|(product, _)| product.on_sale)?;
        Some(Self {
            summary: (*ratings).into(),
            results: found.page.rows.iter().map(ReviewDto::new).collect(),
            pagination: links.around(&found.page),
        })
    }
}

/// A report of a review.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ReviewReport")]
pub(crate) struct ReportDto {
    /// Why.
    reason: ReportReason,
    /// What was added.
    text: String,
    /// When.
    at: Instant,
}

impl From<&Report> for ReportDto {
    fn from(report: &Report) -> Self {
        Self { reason: report.reason.into(), text: report.text.clone(), at: report.at.into() }
    }
}

/// A review, as the shop sees it.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ModeratedReview")]
pub(crate) struct ModeratedReviewDto {
    /// The review.
    review: ReviewDto,
    /// Why it waits.
    findings: Vec<FindingName>,
    /// How many have reported it.
    report_count: u64,
    /// How many of them since the shop last decided.
    new_report_count: u64,
    /// Who last decided; null: nobody.
    moderated_by: OrNull<String>,
    /// When.
    moderated_at: OrNull<Instant>,
    /// What they noted.
    note: OrNull<String>,
    /// The reports, the oldest first, at most 100; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    reports: Option<Vec<ReportDto>>,
}

impl ModeratedReviewDto {
    pub(crate) fn new(shown: &Shown) -> Self {
        let review = &shown.review;
        let told = |told: fn(&Moderation) -> String| OrNull(review.moderation.as_ref().map(told));
        Self {
            review: ReviewDto::new(shown),
            findings: review.findings.iter().copied().map(FindingName::from).collect::<Vec<_>>(),
            report_count: review.reports,
            new_report_count: review.reports_open(),
            moderated_by: told(|told| told.by.to_string()),
            moderated_at: OrNull::of(review.moderation.as_ref().map(|told| told.at)),
            note: told(|told| told.note.clone()),
            reports: None,
        }
    }

    /// With its reports; nothing when it is not there any more.
    pub(crate) fn whole(view: &View) -> Option<Self> {
        let shown = view.review.as_ref().filter(|shown| shown.review.deleted_at.is_none())?;
        Some(Self { reports: Some(view.reports.iter().map(Into::into).collect()), ..Self::new(shown) })
    }
}

/// Reviews that wait for the shop.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ReviewQueue")]
pub(crate) struct ReviewQueueDto {
    /// The reviews of the page, the one that has waited longest first.
    results: Vec<ModeratedReviewDto>,
    /// Where the page lies among the others.
    pagination: PaginationDto,
}

impl ReviewQueueDto {
    pub(crate) fn new(found: &Found, links: &PageLinks) -> Self {
        let results = found.page.rows.iter().map(ModeratedReviewDto::new).collect();
        Self { results, pagination: links.around(&found.page) }
    }
}

/// What somebody has voted on a review.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OwnReviewVote")]
pub(crate) struct OwnVoteDto {
    /// Which review.
    review: Uuid,
    /// Whether it helped.
    helpful: bool,
}

impl From<&(ReviewId, bool)> for OwnVoteDto {
    fn from((review, helpful): &(ReviewId, bool)) -> Self {
        Self { review: review.0, helpful: *helpful }
    }
}

/// What somebody has reported of a review.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "OwnReviewReport")]
pub(crate) struct OwnReportDto {
    /// Which review.
    review: Uuid,
    /// Why.
    reason: ReportReason,
    /// What was added.
    text: String,
    /// When.
    at: Instant,
}

impl From<&Report> for OwnReportDto {
    fn from(report: &Report) -> Self {
        let Report { review, customer: _, reason, text, at } = report;
        Self { review: review.0, reason: (*reason).into(), text: text.clone(), at: (*at).into() }
    }
}
