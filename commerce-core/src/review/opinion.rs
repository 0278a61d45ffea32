//! What others say of a review: votes and reports.

use serde::{Deserialize, Serialize};

use super::{
    Changes, Finding, Flaw, Review, ReviewError, ReviewTerms, Shown, Status, View, VoteChange, Write,
    content, write,
};
use crate::commit::ChangeSet;
use crate::{CustomerId, Ids, ReviewId, Timestamp};

/// Says whether a review helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub by: CustomerId,
    /// Whether it helped; `None`: they take their vote back.
    pub helpful: Option<bool>,
}

/// Why somebody thinks that a review should not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It advertises something.
    Spam,
    /// It offends.
    Offensive,
    /// It is about something else.
    OffTopic,
    /// It says private things of somebody.
    Private,
    /// Whoever wrote it does not know the product.
    Fake,
    /// Something else.
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Spam, Self::Offensive, Self::OffTopic, Self::Private, Self::Fake, Self::Other];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Offensive => "offensive",
            Self::OffTopic => "off_topic",
            Self::Private => "private",
            Self::Fake => "fake",
            Self::Other => "other",
        }
    }
}

/// That somebody thinks that a review should not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Which review.
    pub review: ReviewId,
    /// Who; absent once they left.
    pub customer: Option<CustomerId>,
    /// Why.
    pub reason: Reason,
    /// What they add; may be empty.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

impl Report {
    /// The longest text, in characters.
    pub const TEXT_MAX: usize = 500;
    /// The most that are shown of a review.
    pub const SHOWN_MAX: u32 = 100;
}

/// Reports a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportCommand {
    /// Who.
    pub by: CustomerId,
    /// Why.
    pub reason: Reason,
    /// What they add, in at most [`Report::TEXT_MAX`] characters.
    pub text: String,
}

/// Votes on a review, or votes otherwise than before. The same again changes nothing.
///
/// # Errors
/// [`ReviewError::NotFound`] when they do not see it; [`ReviewError::Own`].
pub fn vote(view: &View, command: Vote) -> Result<(Review, ChangeSet), ReviewError> {
    let mut review = others(view, command.by)?.clone();
    let change =
        VoteChange { review: review.id, customer: command.by, before: view.vote, after: command.helpful };
    if change.before == change.after {
        return Ok((review, ChangeSet::default()));
    }
    let (helpful, unhelpful) = change.deltas();
    review.helpful = review.helpful.saturating_add_signed(helpful);
    review.unhelpful = review.unhelpful.saturating_add_signed(unhelpful);
    let changes = Changes { vote: Some(change), ..Changes::default() };
    Ok((review, ChangeSet { review: changes, ..ChangeSet::default() }))
}

/// Reports a review, once: a second report of the same customer changes nothing. Enough of them since the shop last looked, and
/// the review waits for it again.
///
/// # Errors
/// [`ReviewError::NotFound`] when they do not see it; [`ReviewError::Own`]; [`ReviewError::Invalid`].
pub fn report(
    view: &View,
    command: &ReportCommand,
    terms: &ReviewTerms,
    ids: &mut Ids,
) -> Result<ChangeSet, ReviewError> {
    let before = others(view, command.by)?;
    let text = content::lines(&command.text);
    if text.chars().count() > Report::TEXT_MAX {
        let reason = format!("must have at most {} characters", Report::TEXT_MAX);
        return Err(ReviewError::Invalid(vec![Flaw { field: "text".to_owned(), reason }]));
    }
    if view.has_reported {
        return Ok(ChangeSet::default());
    }
    let mut after = Review { reports: before.reports + 1, ..before.clone() };
    let mut changes = if after.reports_open() >= u64::from(terms.reports_max) {
        after.status = Status::Pending;
        after.findings.push(Finding::Reports);
        write::written(before, &mut after, view.now, ids)
    } else {
        let write = Write { review: after, version_read: before.version, reports_read: before.reports };
        ChangeSet { review: Changes { write: vec![write], ..Changes::default() }, ..ChangeSet::default() }
    };
    changes.review.report = Some(Report {
        review: before.id,
        customer: Some(command.by),
        reason: command.reason,
        text,
        at: view.now,
    });
    Ok(changes)
}

/// The review, which is there for all and not theirs.
fn others(view: &View, by: CustomerId) -> Result<&Review, ReviewError> {
    let shown =
        view.review.as_ref().filter(|shown| shown.is_open_to(Some(by))).ok_or(ReviewError::NotFound)?;
    let Shown { review, .. } = shown;
    if review.customer == Some(by) { Err(ReviewError::Own) } else { Ok(review) }
}
