//! The table of what the specification demands, and the judgement by it.
//!
//! After a line with an operation come its rules, each `part field kinds`:
//!
//! - the part is `path`, `query`, `body`, or the status of an answer; `refusal` is any answer that is not named;
//! - the field is a path with `[]` for the entries of a list, and a `?` when it may be missing;
//! - the kinds are those that a value may have, with its words where they are listed; `object!` has no other fields.

use std::collections::BTreeMap;

use serde_json::Value;

use super::run::Exchange;
use super::{Differences, Place};

pub(super) const KEPT: &str = include_str!("../../fixtures/specification.txt");

struct Rule<'t> {
    part: &'t str,
    field: &'t str,
    may_be_missing: bool,
    kinds: &'t str,
}

/// The rules of each operation.
pub(super) struct Table<'t>(BTreeMap<&'t str, Vec<Rule<'t>>>);

impl Table<'static> {
    /// The one that is kept.
    pub(super) fn kept() -> Self {
        let (mut rules, mut operation) = (BTreeMap::<_, Vec<_>>::new(), "");
        for line in KEPT.lines().filter(|line| !line.is_empty()) {
            let Some(rule) = line.strip_prefix("  ") else {
                operation = line;
                continue;
            };
            let [part, field, kinds] = rule.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let plain = field.trim_end_matches('?');
            let rule = Rule { part, field: plain, may_be_missing: plain != field, kinds };
            rules.entry(operation).or_default().push(rule);
        }
        Self(rules)
    }
}

impl Table<'_> {
    pub(super) fn judge(&self, operation: &str, exchange: &Exchange, differences: &mut Differences) {
        let rules = &self.0[operation];
        let mut add = |part: &str, field: &str, what: String| {
            let place: Place = (operation.to_owned(), part.to_owned(), field.to_owned());
            differences.insert((place, what));
        };
        for (part, name, value) in exchange.parameters(operation) {
            match rules.iter().find(|rule| rule.part == part && rule.field == name) {
                None => add(part, &name, "is not specified".to_owned()),
                Some(rule) => {
                    let value = typed(&value, rule.kinds);
                    if !is_one_of(&value, rule.kinds) {
                        add(part, &name, format!("{value} is not {}", rule.kinds));
                    }
                }
            }
        }
        let status = exchange.status.to_string();
        let part = if rules.iter().any(|rule| rule.part == status) { status.as_str() } else { "refusal" };
        let mut hold = |part: &str, whole: &Value| {
            let own: Vec<&Rule> = rules.iter().filter(|rule| rule.part == part).collect();
            assert!(!own.is_empty(), "{operation} has no {part}");
            for rule in &own {
                for found in values(whole, rule.field) {
                    match found {
                        None if rule.may_be_missing => {}
                        None => add(part, rule.field, "is missing".to_owned()),
                        Some(value) if !is_one_of(value, rule.kinds) => {
                            add(part, rule.field, format!("{value} is not {}", rule.kinds));
                        }
                        Some(Value::Object(fields))
                            if rule.kinds.split('|').any(|kind| kind == "object!") =>
                        {
                            for name in fields.keys() {
                                let field = format!("{}.{name}", rule.field);
                                if own.iter().all(|rule| rule.field != field) {
                                    add(part, &field, "is not specified".to_owned());
                                }
                            }
                        }
                        Some(_) => {}
                    }
                }
            }
        };
        if !exchange.body.is_null() {
            hold("body", &exchange.body);
        }
        hold(part, &exchange.answer);
    }
}

/// What is at this field; `None` where the object that should have it has not.
fn values<'v>(whole: &'v Value, field: &str) -> Vec<Option<&'v Value>> {
    let mut found = vec![Some(whole)];
    for step in field.split('.') {
        let name = step.trim_end_matches("[]");
        found =
            found.into_iter().flatten().filter_map(Value::as_object).map(|fields| fields.get(name)).collect();
        for _ in 0..step.matches("[]").count() {
            found = found.into_iter().flatten().filter_map(Value::as_array).flatten().map(Some).collect();
        }
    }
    found
}

fn is_one_of(value: &Value, kinds: &str) -> bool {
    kinds.split('|').any(|kind| {
        let (kind, words) = kind.split_once('(').unwrap_or((kind, ""));
        match value {
            _ if kind == "any" => true,
            Value::Null => kind == "null",
            Value::Bool(_) => kind == "boolean",
            Value::Number(number) => kind == "number" || kind == "integer" && !number.is_f64(),
            Value::String(text) => {
                let listed = words.trim_end_matches(')');
                kind == "text" && (listed.is_empty() || listed.split(',').any(|word| word == text))
            }
            Value::Array(_) => kind == "list",
            Value::Object(_) => kind.trim_end_matches('!') == "object",
        }
    })
}

/// A parameter is text on the wire; this is what it stands for where it is of these kinds.
pub(super) fn typed(text: &str, kinds: &str) -> Value {
    let wanted = |kind: &str| kinds.split('|').any(|it| it == kind);
    if wanted("integer") || wanted("number") || wanted("boolean") {
        serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
    } else {
        Value::from(text)
    }
}
