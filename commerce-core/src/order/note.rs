//! Notes that staff keeps on an order. Its shopper never sees them.

use serde_json::json;

use super::NoteError;
use crate::audit::{Actor, Entry};
use crate::commit::ChangeSet;
use crate::idempotency::{Outcome, Request};
use crate::{AuditId, Ids, OrderId, Timestamp};

/// A note on an order. Notes are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id: that of the audit row that tells of it.
    pub id: AuditId,
    /// The order that it is on.
    pub order: OrderId,
    /// Who wrote it.
    pub actor: Actor,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

impl Note {
    /// The longest note, in characters.
    pub const TEXT_MAX: usize = 2_000;
}

/// Writes a note on an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddNote {
    /// What it says: 1 to [`Note::TEXT_MAX`] characters, not all of them white space.
    pub text: String,
    /// Who writes it.
    pub actor: Actor,
    /// The request, so that its repetition has no further effect.
    pub request: Option<Request>,
}

/// The note, and the changes that write it.
///
/// # Errors
/// [`NoteError::Text`].
pub fn add_note(
    order: OrderId,
    command: &AddNote,
    now: Timestamp,
    ids: &mut Ids,
) -> Result<(Note, ChangeSet), NoteError> {
    let length = command.text.chars().count();
    if command.text.trim().is_empty() || length > Note::TEXT_MAX {
        return Err(NoteError::Text);
    }
    let note =
        Note { id: ids.fresh(), order, actor: command.actor.clone(), text: command.text.clone(), at: now };
    let audit = Entry {
        id: note.id,
        at: now,
        actor: command.actor.clone(),
        action: "order.note".to_owned(),
        target: format!("order:{order}"),
        data: json!({"characters": length}),
    };
    let changes = ChangeSet {
        order: super::Changes { notes: vec![note.clone()], ..Default::default() },
        idempotency: command.request.as_ref().map(|request| request.record(Outcome::Audited(note.id), now)),
        audit: vec![audit],
        ..ChangeSet::default()
    };
    Ok((note, changes))
}
