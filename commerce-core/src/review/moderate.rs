//! The decision of the shop about a review.

use serde_json::json;

use super::{Flaw, Moderation, Review, ReviewError, Status, View, content, write};
use crate::Ids;
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::idempotency::{Outcome, Request};

/// Decides about a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderate {
    /// Whether others shall see it.
    pub publish: bool,
    /// What to note, in at most [`NOTE_MAX`](Self::NOTE_MAX) characters. Its author never sees it.
    pub note: String,
    /// Only if the review is at this version.
    pub version: Option<u64>,
    /// Who decides.
    pub by: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

impl Moderate {
    /// The longest note, in characters.
    pub const NOTE_MAX: usize = 1_000;
}

/// Publishes a review or rejects it, whatever was decided before. Reports of before are answered by that: as many new ones
/// are needed to make it wait again.
///
/// # Errors
/// [`ReviewError::NotFound`] when there is none, or its author took it away; [`ReviewError::Version`];
/// [`ReviewError::Invalid`].
pub fn moderate(view: &View, command: &Moderate, ids: &mut Ids) -> Result<(Review, ChangeSet), ReviewError> {
    let before = view.review.as_ref().map(|shown| &shown.review).filter(|review| review.deleted_at.is_none());
    let before = before.ok_or(ReviewError::NotFound)?;
    if command.version.is_some_and(|version| version != before.version) {
        return Err(ReviewError::Version(before.version));
    }
    let note = content::lines(&command.note);
    if note.chars().count() > Moderate::NOTE_MAX {
        let reason = format!("must have at most {} characters", Moderate::NOTE_MAX);
        return Err(ReviewError::Invalid(vec![Flaw { field: "note".to_owned(), reason }]));
    }
    let status = if command.publish { Status::Published } else { Status::Rejected };
    let noted = before.moderation.as_ref().map_or("", |moderation| &moderation.note);
    let is_so =
        before.status == status && before.reports_open() == 0 && before.findings.is_empty() && noted == note;
    // Under a key it is recorded all the same: what its author writes next is not published by the repetition.
    if is_so && command.request.is_none() {
        return Ok((before.clone(), ChangeSet::default()));
    }
    let audit = Entry {
        id: ids.fresh(),
        at: view.now,
        actor: command.by.clone(),
        action: if command.publish { "review.publish" } else { "review.reject" }.to_owned(),
        target: format!("review:{}", before.id),
        data: json!({
            "before": { "status": before.status, "findings": before.findings, "reports": before.reports_open() },
            "after": { "status": status },
            "note_characters": note.chars().count(),
        }),
    };
    let mut after = before.clone();
    let mut changes = ChangeSet::default();
    if !is_so {
        after.status = status;
        after.findings = Vec::new();
        after.moderation = Some(Moderation { by: command.by.clone(), at: view.now, note });
        after.reports_seen = before.reports;
        changes = write::written(before, &mut after, view.now, ids);
    }
    changes.idempotency =
        command.request.as_ref().map(|request| request.record(Outcome::Audited(audit.id), view.now));
    changes.audit.push(audit);
    Ok((after, changes))
}
