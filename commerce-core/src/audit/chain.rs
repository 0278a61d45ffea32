//! The chain of seals that makes the audit trail tamper-evident.
//!
//! Soon after an audit row is written it is *sealed*: it gets a position, and a hash over itself and the hash of the row
//! at the position before. Whoever changes, removes or slips in a row afterwards breaks every hash from there on. Rows are
//! sealed behind the commit that wrote them, by a job, so that no two commits wait for each other.
//!
//! A chain cannot tell that its end was cut off, rows and seals together: for that, keep the hash of the last seal
//! somewhere else now and then. An export carries the hash of each row.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Entry;
use crate::{AuditId, hex};

/// A SHA-256 hash of the chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHash(pub [u8; 32]);

impl std::fmt::Display for ChainHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::written(&self.0))
    }
}

impl std::fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A link of the chain. Seals are only ever added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// Its place, from 1 on without gaps.
    pub position: u64,
    /// The row that it seals.
    pub entry: AuditId,
    /// The hash over the row and the seal before.
    pub hash: ChainHash,
}

impl Seal {
    /// Seals a row behind the last seal.
    #[must_use]
    pub fn next(last: Option<&Self>, entry: &Entry) -> Self {
        let (position, before) = last.map_or((0, [0; 32]), |last| (last.position, last.hash.0));
        let hash = Sha256::new().chain_update(before).chain_update(text_of(entry)).finalize();
        Self { position: position + 1, entry: entry.id, hash: ChainHash(hash.into()) }
    }

    /// Seals rows behind the last seal, in their order.
    #[must_use]
    pub fn all(last: Option<&Self>, entries: &[Entry]) -> Vec<Self> {
        let sealed = entries.iter().scan(last.copied(), |last, entry| {
            *last = Some(Self::next(last.as_ref(), entry));
            *last
        });
        sealed.collect()
    }

    /// What is wrong with this seal behind the one before, given the row that it seals; `None`: nothing.
    #[must_use]
    pub fn fault(&self, before: Option<&Self>, entry: Option<&Entry>) -> Option<&'static str> {
        let Some(entry) = entry else { return Some("the row is gone") };
        let right = Self::next(before, entry);
        if self.position != right.position {
            Some("a seal before it is gone")
        } else if *self != right {
            Some("the row or a row before it is not what was sealed")
        } else {
            None
        }
    }
}

/// The row as it is hashed: a JSON array of its id, its time in microseconds since 1970, actor, action, target and data,
/// without white space, the members of objects in the order of their names' bytes.
fn text_of(entry: &Entry) -> String {
    let Entry { id, at, actor, action, target, data } = entry;
    let mut text = String::from("[");
    let head: [Value; 5] = [
        id.to_string().into(),
        at.as_micros().into(),
        actor.to_string().into(),
        action.as_str().into(),
        target.as_str().into(),
    ];
    for value in head {
        text.push_str(&value.to_string());
        text.push(',');
    }
    write_sorted(data, &mut text);
    text.push(']');
    text
}

// The order of a `serde_json` map depends on the features that somebody else in the build has asked for.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| name.as_bytes());
            text.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_sorted(item, text);
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::Actor;
    use crate::{Ids, Timestamp};

    fn rows(count: u8) -> Vec<Entry> {
        let now = Timestamp::from_micros(1_700_000_000_000_000).unwrap();
        let mut ids = Ids::new([7; 32], now);
        let row = |number: u8| Entry {
            id: ids.fresh(),
            at: now,
            actor: Actor::Staff("ada".to_owned()),
            action: "order.cancel".to_owned(),
            target: format!("order:{number}"),
            data: json!({"b": [1, {"d": null, "c": "x"}], "a": true}),
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn the_text_that_is_hashed_is_the_same_everywhere() {
        let row = &rows(1)[0];
        let expected = format!(
            r#"["{}",1700000000000000,"staff:ada","order.cancel","order:0",{{"a":true,"b":[1,{{"c":"x","d":null}}]}}]"#,
            row.id
        );
        assert_eq!(text_of(row), expected);
    }

    #[test]
    fn whatever_is_done_to_a_sealed_row_breaks_the_chain() {
        let rows = rows(4);
        let seals = Seal::all(None, &rows);
        assert_eq!(seals.iter().map(|seal| seal.position).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(Seal::all(Some(&seals[1]), &rows[2..]), seals[2..]);
        let faults = |seals: &[Seal], rows: &[Option<Entry>]| {
            let mut before = None;
            let mut found = Vec::new();
            for (seal, row) in seals.iter().zip(rows) {
                found.extend(seal.fault(before.as_ref(), row.as_ref()).map(|_| seal.position));
                before = Some(*seal);
            }
            found
        };
        let sound: Vec<Option<Entry>> = rows.iter().cloned().map(Some).collect();
        assert_eq!(faults(&seals, &sound), [0; 0]);
        let spoiled = |spoil: &dyn Fn(&mut Entry)| {
            let mut rows = sound.clone();
            spoil(rows[1].as_mut().unwrap());
            faults(&seals, &rows)
        };
        let micro = std::time::Duration::from_micros(1);
        assert_eq!(spoiled(&|row| row.actor = Actor::Guest), [2]);
        assert_eq!(spoiled(&|row| row.action.push('!')), [2]);
        assert_eq!(spoiled(&|row| row.target.push('!')), [2]);
        assert_eq!(spoiled(&|row| row.at = row.at.plus(micro)), [2]);
        assert_eq!(spoiled(&|row| row.data["a"] = false.into()), [2]);
        assert_eq!(spoiled(&|row| row.id = rows[0].id), [2]);
        let mut gone = sound.clone();
        gone[2] = None;
        assert_eq!(faults(&seals, &gone), [3]);
        let without = [seals[0], seals[2], seals[3]];
        assert_eq!(faults(&without, &[sound[0].clone(), sound[2].clone(), sound[3].clone()]), [3]);
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let mut two = rows(2);
        (two[0].action, two[0].target) = ("a".to_owned(), "b\",\"c".to_owned());
        (two[1].action, two[1].target) = ("a\",\"b".to_owned(), "c".to_owned());
        two[1].id = two[0].id;
        assert_ne!(Seal::next(None, &two[0]).hash, Seal::next(None, &two[1]).hash);
    }
}
