//! The decisions of whoever writes a review: pure functions.

use serde_json::json;

use super::{Changes, Content, Finding, Review, ReviewError, ReviewTerms, Status, View, purchase};
use crate::commit::ChangeSet;
use crate::event::Event;
use crate::idempotency::{Outcome, Request};
use crate::{CustomerId, Ids, Timestamp};

/// Writes a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Who writes.
    pub author: CustomerId,
    /// What.
    pub content: Content,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// Says something else in a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Who writes.
    pub author: CustomerId,
    /// What.
    pub content: Content,
    /// Only if the review is at this version.
    pub version: Option<u64>,
}

/// Takes a review away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdraw {
    /// Whose it is.
    pub author: CustomerId,
    /// Only if the review is at this version.
    pub version: Option<u64>,
}

/// Writes a review of the product that was looked at.
///
/// # Errors
/// [`ReviewError::NotFound`] when no such product is on sale; [`ReviewError::Exists`] when they have reviewed it;
/// [`ReviewError::NotBought`] and [`ReviewError::WindowOver`] when it takes a purchase and they have none, or waited too long.
pub fn submit(
    view: &View,
    command: &Submit,
    terms: &ReviewTerms,
    ids: &mut Ids,
) -> Result<(Review, ChangeSet), ReviewError> {
    let product = view.product.as_ref().filter(|product| product.on_sale).ok_or(ReviewError::NotFound)?;
    if view.own(command.author).is_some() {
        return Err(ReviewError::Exists);
    }
    let order = match purchase::verified(&view.purchases, terms, view.now) {
        Ok(order) => Some(order),
        Err(_) if !terms.buyers_only => None,
        Err(refused) => return Err(refused),
    };
    let findings = terms.findings(&command.content, order.is_some());
    let status = first_decision(&findings);
    let review = Review {
        id: ids.fresh(),
        product: product.id,
        customer: Some(command.author),
        order,
        content: command.content.clone(),
        status,
        findings,
        moderation: None,
        reports: 0,
        reports_seen: 0,
        helpful: 0,
        unhelpful: 0,
        created_at: view.now,
        updated_at: view.now,
        published_at: (status == Status::Published).then_some(view.now),
        deleted_at: None,
        version: 1,
    };
    let changes = ChangeSet {
        review: Changes {
            ratings: super::RatingChange::between(None, &review).into_iter().collect(),
            create: Some(review.clone()),
            ..Changes::default()
        },
        idempotency: (command.request.as_ref())
            .map(|request| request.record(Outcome::ReviewWritten(review.id), view.now)),
        events: vec![told(&review, view.now, ids)],
        ..ChangeSet::default()
    };
    Ok((review, changes))
}

/// Says something else in a review of one's own. It goes through the rules again. What the shop has rejected, or reports have
/// taken out of sight, is for the shop to look at whatever it says now.
///
/// # Errors
/// [`ReviewError::NotFound`] when it is not theirs; [`ReviewError::Version`].
pub fn edit(
    view: &View,
    command: &Edit,
    terms: &ReviewTerms,
    ids: &mut Ids,
) -> Result<(Review, ChangeSet), ReviewError> {
    let before = expected(view, command.author, command.version)?;
    if before.content == command.content {
        return Ok((before.clone(), ChangeSet::default()));
    }
    let mut after = Review { content: command.content.clone(), ..before.clone() };
    after.findings = terms.findings(&after.content, after.order.is_some());
    let is_kept = |finding: &Finding| matches!(finding, Finding::Reports | Finding::Rejected);
    after.findings.extend(before.findings.iter().copied().filter(is_kept));
    if before.status == Status::Rejected && !after.findings.contains(&Finding::Rejected) {
        after.findings.push(Finding::Rejected);
    }
    after.status = first_decision(&after.findings);
    let changes = written(before, &mut after, view.now, ids);
    Ok((after, changes))
}

/// Takes a review of one's own away. Nobody sees it from then on, and it counts no more; another one may be written.
///
/// # Errors
/// [`ReviewError::NotFound`] when it is not theirs; [`ReviewError::Version`].
pub fn withdraw(view: &View, command: &Withdraw, ids: &mut Ids) -> Result<ChangeSet, ReviewError> {
    let before = expected(view, command.author, command.version)?;
    let mut after = Review { deleted_at: Some(view.now), ..before.clone() };
    Ok(written(before, &mut after, view.now, ids))
}

/// The review as nobody's: its author leaves. Nothing of what it said is kept, nor who said it.
pub(crate) fn erased(before: &Review, now: Timestamp, ids: &mut Ids) -> ChangeSet {
    let mut after = Review {
        customer: None,
        order: None,
        content: Content::bare(before.content.rating),
        moderation: None,
        deleted_at: before.deleted_at.or(Some(now)),
        ..before.clone()
    };
    written(before, &mut after, now, ids)
}

fn expected(view: &View, author: CustomerId, version: Option<u64>) -> Result<&Review, ReviewError> {
    let review = view.own(author).ok_or(ReviewError::NotFound)?;
    match version {
        Some(version) if version != review.version => Err(ReviewError::Version(review.version)),
        _ => Ok(review),
    }
}

fn first_decision(findings: &[Finding]) -> Status {
    if findings.is_empty() { Status::Published } else { Status::Pending }
}

/// What writes a review that changed, and tells of it.
pub(super) fn written(before: &Review, after: &mut Review, now: Timestamp, ids: &mut Ids) -> ChangeSet {
    after.version = before.version + 1;
    after.updated_at = now;
    if after.status == Status::Published {
        after.published_at = before.published_at.or(Some(now));
    }
    let events = vec![told(after, now, ids)];
    ChangeSet { review: Changes::between(before, after.clone()), events, ..ChangeSet::default() }
}

/// What happened to the review, by what became of it.
fn told(review: &Review, now: Timestamp, ids: &mut Ids) -> Event {
    let name = match (review.deleted_at, review.status) {
        (Some(_), _) => "review.deleted",
        (None, Status::Published) => "review.published",
        (None, Status::Pending) => "review.pending",
        (None, Status::Rejected) => "review.rejected",
    };
    Event {
        id: ids.fresh(),
        name,
        subject: format!("review:{}", review.id),
        sequence: review.version,
        data: json!({"product": review.product, "rating": review.content.rating}),
        at: now,
    }
}
