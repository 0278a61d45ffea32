//! `/api/products/{slug}/reviews/` and `/api/reviews/`: what buyers say of products.

use commerce_core::ReviewId;
use commerce_core::access::Permission;
use commerce_core::catalog::{ROWS_MAX, Slug};
use commerce_core::review::{Of, Rating, Search, Sort, Vote};
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};

use super::access::{MayModerateReviews, SignedIn, Visitor};
use super::admin::{IfMatch, etag, expected};
use super::key::OptionalKey;
use super::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Catalogue, Check, Done, Id, ModerateBody, ModeratedReviewDto, PageLinks, PageNumber,
    PageSize, Problem, Refused, ReportBody, ReviewBody, ReviewForYouDto, ReviewPageDto, ReviewQueueDto,
    ReviewSort, ReviewStars, Text, VoteBody, statuses,
};

statuses! {
    /// Refusals of a product's reviews.
    ListReviews: 404 "There is no such product on sale.", 422 "A parameter cannot be understood.";
    /// Refusals of a new review.
    WriteReview:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "No valid access token.",
        403 "You have not bought it (`purchase-required`), or too long ago (`review-window-over`); or programs write none.",
        404 "There is no such product on sale.",
        409 "You have reviewed it already: `already-exists`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
    /// Refusals of one review.
    ReadReview:
        401 "The access token is not valid.",
        404 "There is no such review, or you do not see it.";
    /// Refusals of changing one's own review.
    ChangeReview:
        400 "The body cannot be understood.",
        401 "No valid access token.",
        403 "Programs have no reviews.",
        404 "There is no such review, or it is not yours.",
        412 "It has changed since the version that was named: `version-conflict`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`.";
    /// Refusals of a vote or a report.
    Opine:
        400 "The body cannot be understood.",
        401 "No valid access token.",
        403 "It is your own review, or programs have no say.",
        404 "There is no such review, or you do not see it.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`.";
    /// Refusals of the queue.
    Queue:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        422 "A parameter cannot be understood.";
    /// Refusals of a decision.
    Decide:
        400 "The body cannot be understood, or the `Idempotency-Key` is none.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such review.",
        412 "It has changed since the version that was named: `version-conflict`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
}

pub(crate) struct ReviewsApi {
    pub(super) shop: Shop,
}

#[OpenApi(tag = "Tag::Reviews")]
impl ReviewsApi {
    /// Lists the reviews of a product
    ///
    /// Those that are published, with what buyers rated it. Text is plain: nothing in it is markup.
    #[oai(path = "/api/products/:slug/reviews/", method = "get", operation_id = "listReviews")]
    async fn list(
        &self,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// With this rating only.
        rating: Query<Option<ReviewStars>>,
        /// The order.
        sort_by: Query<Option<ReviewSort>>,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
        /// The `ETag` of an answer that the client has already.
        #[oai(name = "If-None-Match")]
        if_none_match: Header<Option<Text>>,
    ) -> Result<Catalogue<ReviewPageDto>, Refused<ListReviews>> {
        let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
        let mut check = Check::default();
        let rating = check.parse_optional::<Rating>("/rating", rating.0.as_ref().map(|text| text.0.as_str()));
        let sort = sort_by.0.and_then(|sort| check.word("/sort_by", &sort.0, Sort::ALL, Sort::as_str));
        let sort = sort.unwrap_or_default();
        let (page, page_size) = pages(page, page_size, check)?;
        let mut filters = Vec::new();
        filters.extend(rating.map(|rating| ("rating".into(), rating.to_string())));
        filters.extend((sort != Sort::default()).then(|| ("sort_by".into(), sort.as_str().to_owned())));
        let links = PageLinks { path: format!("/api/products/{slug}/reviews/"), filters, page, page_size };
        let search = Search { of: Of::Product { slug, rating, sort }, page, page_size };
        let found = self.shop.engine.reviews().search(&search).await?;
        let body = ReviewPageDto::new(&found, &links).ok_or_else(Problem::not_found)?;
        let known = if_none_match.0.as_ref().map(|text| text.0.as_str());
        Ok(Catalogue::fresh(&body, known)?)
    }

    /// Reviews a product
    ///
    /// For whoever has bought and received it, once. What the rules of the shop find makes it wait (`pending`) for somebody of
    /// the shop; else it is `published` at once.
    #[oai(path = "/api/products/:slug/reviews/", method = "post", operation_id = "writeReview")]
    async fn write(
        &self,
        who: SignedIn,
        /// The product's name in addresses.
        slug: Path<Text>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<ReviewBody>,
    ) -> Result<Answer<ReviewForYouDto, 201>, Refused<WriteReview>> {
        let slug: Slug = slug.0.0.parse().map_err(|_| Problem::not_found())?;
        let (author, reviews, draft) = (who.id(), self.shop.engine.reviews(), body.value.draft());
        let route = "POST /api/products/{slug}/reviews/";
        let request = key.request(format!("customer:{author} {slug}"), route, &body.canonical);
        let made = settle(async move { reviews.submit(&slug, author, &draft, request).await }).await?;
        let tag = etag(made.shown.review.version);
        let answer = Answer::new(&ReviewForYouDto::new(&made.shown, made.vote, Some(author)))?;
        Ok(answer.header("etag", Some(&tag)).replayed(made.replayed))
    }

    /// Lists the reviews that wait for the shop
    ///
    /// The one that has waited longest first, with what the rules found in each.
    #[oai(path = "/api/reviews/pending-moderation/", method = "get", operation_id = "listPendingReviews")]
    async fn queue(
        &self,
        _staff: MayModerateReviews,
        /// Which page, from 1.
        page: Query<Option<PageNumber>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<ReviewQueueDto>, Refused<Queue>> {
        let (page, page_size) = pages(page, page_size, Check::default())?;
        let path = "/api/reviews/pending-moderation/".to_owned();
        let links = PageLinks { path, filters: Vec::new(), page, page_size };
        let found = self.shop.engine.reviews().search(&Search { of: Of::Queue, page, page_size }).await?;
        Ok(Answer::new(&ReviewQueueDto::new(&found, &links))?)
    }

    /// Shows a review
    ///
    /// To all when it is published, else to its author and to those who moderate.
    #[oai(path = "/api/reviews/:id/", method = "get", operation_id = "getReview")]
    async fn show(
        &self,
        visitor: Visitor,
        /// The review.
        id: Path<Id>,
    ) -> Result<Answer<ReviewForYouDto>, Refused<ReadReview>> {
        let id = review(&id)?;
        let who = visitor.account.as_ref().map(|account| account.id);
        let moderates = visitor.caller.may(Permission::ReviewsModerate);
        let view = self.shop.engine.reviews().look(id, who).await?;
        let shown = view
            .review
            .filter(|shown| shown.is_open_to(who) || (moderates && shown.review.deleted_at.is_none()));
        let shown = shown.ok_or_else(Problem::not_found)?;
        let answer = Answer::new(&ReviewForYouDto::new(&shown, view.vote, who))?;
        Ok(answer.header("etag", Some(&etag(shown.review.version))))
    }

    /// Changes one's own review
    ///
    /// It goes through the rules of the shop again.
    #[oai(path = "/api/reviews/:id/", method = "put", operation_id = "changeReview")]
    async fn change(
        &self,
        who: SignedIn,
        /// The review.
        id: Path<Id>,
        /// The version of the review for which the change is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Body<ReviewBody>,
    ) -> Result<Answer<ReviewForYouDto>, Refused<ChangeReview>> {
        let id = review(&id)?;
        let version = expected(&if_match, body.value.version)?;
        let (author, reviews, draft) = (who.id(), self.shop.engine.reviews(), body.value.draft());
        let changed = settle(async move { reviews.edit(id, author, &draft, version).await }).await?;
        let answer = Answer::new(&ReviewForYouDto::new(&changed.shown, changed.vote, Some(author)))?;
        Ok(answer.header("etag", Some(&etag(changed.shown.review.version))))
    }

    /// Takes one's own review away
    ///
    /// Nobody sees it from then on, and it counts no more. Another one may be written.
    #[oai(path = "/api/reviews/:id/", method = "delete", operation_id = "deleteReview")]
    async fn delete(
        &self,
        who: SignedIn,
        /// The review.
        id: Path<Id>,
        /// The version of the review that is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
    ) -> Result<Done, Refused<ChangeReview>> {
        let id = review(&id)?;
        let version = expected(&if_match, None)?;
        let (author, reviews) = (who.id(), self.shop.engine.reviews());
        settle(async move { reviews.withdraw(id, author, version).await }).await?;
        Ok(Done)
    }

    /// Says whether a review helped
    ///
    /// One vote for each customer, which can be changed and taken back; the same again changes nothing.
    #[oai(path = "/api/reviews/:id/vote/", method = "post", operation_id = "voteOnReview")]
    async fn vote(
        &self,
        who: SignedIn,
        /// The review.
        id: Path<Id>,
        body: Body<VoteBody>,
    ) -> Result<Answer<ReviewForYouDto>, Refused<Opine>> {
        let id = review(&id)?;
        let (by, reviews) = (who.id(), self.shop.engine.reviews());
        let command = Vote { by, helpful: body.value.helpful()? };
        let voted = settle(async move { reviews.vote(id, command).await }).await?;
        Ok(Answer::new(&ReviewForYouDto::new(&voted.shown, voted.vote, Some(by)))?)
    }

    /// Reports a review
    ///
    /// Once for each customer; again changes nothing. Enough reports take it out of sight until the shop has looked.
    #[oai(path = "/api/reviews/:id/report/", method = "post", operation_id = "reportReview")]
    async fn report(
        &self,
        who: SignedIn,
        /// The review.
        id: Path<Id>,
        body: Body<ReportBody>,
    ) -> Result<Done, Refused<Opine>> {
        let id = review(&id)?;
        let (command, reviews) = (body.value.command(who.id())?, self.shop.engine.reviews());
        settle(async move { reviews.report(id, &command).await }).await?;
        Ok(Done)
    }

    /// Decides whether others see a review
    ///
    /// Whatever was decided before. Reports of before are answered by that.
    #[oai(path = "/api/reviews/:id/moderate/", method = "post", operation_id = "moderateReview")]
    async fn moderate(
        &self,
        staff: MayModerateReviews,
        /// The review.
        id: Path<Id>,
        /// The version of the review for which the decision is meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<ModerateBody>,
    ) -> Result<Answer<ModeratedReviewDto>, Refused<Decide>> {
        let id = review(&id)?;
        let version = expected(&if_match, body.value.version)?;
        let actor = staff.actor();
        let request = key.about(id, &actor, "POST /api/reviews/{id}/moderate/", &body.canonical);
        let command = body.value.command(actor, version, request)?;
        let reviews = self.shop.engine.reviews();
        let view = settle(async move { reviews.moderate(id, &command).await }).await?;
        let replayed = view.record.is_some();
        let body = ModeratedReviewDto::whole(&view).ok_or_else(Problem::not_found)?;
        Ok(Answer::new(&body)?.replayed(replayed))
    }
}

fn review(id: &Path<Id>) -> Result<ReviewId, Problem> {
    id.0.0.parse().map_err(|_| Problem::not_found())
}

fn pages(
    page: Query<Option<PageNumber>>,
    page_size: Query<Option<PageSize>>,
    mut check: Check,
) -> Result<(u32, u32), Problem> {
    let page = page.0.map_or(Some(1), |page| page.check("/page", &mut check));
    let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
    let pages = page.zip(size);
    if let Some((page, size)) = pages
        && (u64::from(page) - 1) * u64::from(size) >= ROWS_MAX
    {
        check.wrong("/page", "out-of-range", format_args!("lies beyond row {ROWS_MAX}"));
    }
    check.finish(pages)
}
