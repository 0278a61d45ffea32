//! Decisions about attributes.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{
    By, Decided, SharedKey, TaxonomyError, TaxonomyView, VALUES_MAX, at_version, fresh_row, name_of,
};
use crate::catalog::plan::{NAME_CHARS_MAX, line_of};
use crate::catalog::{Attribute, AttributeKind, AttributeRules, SharedId};
use crate::{AttributeId, Ids, fold};

/// The most values that a list allows.
const ALLOWED_MAX: usize = 1_000;
/// The most characters of a unit.
const UNIT_CHARS_MAX: usize = 32;

/// An attribute to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttribute {
    /// Its code, in lower case.
    pub code: String,
    /// Its name; absent: its code.
    pub name: Option<String>,
    /// What its values are.
    pub kind: AttributeKind,
    /// Whether facets count it.
    pub filterable: bool,
    /// Whether a product that is published has to have a value.
    pub required: bool,
    /// Whether an option of its code is linked to it.
    pub variant_defining: bool,
    /// What else its values have to be.
    pub rules: AttributeRules,
}

/// What is to be changed of an attribute: nothing of what is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttributeChange {
    /// The code that it has, for that stays: another one is refused.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What its values are.
    pub kind: Option<AttributeKind>,
    /// Whether facets count it.
    pub filterable: Option<bool>,
    /// Whether a product that is published has to have a value. One that has none stays on sale until it is changed.
    pub required: Option<bool>,
    /// Whether an option of its code is linked to it.
    pub variant_defining: Option<bool>,
    /// Of a select or a colour: which values there are.
    pub allowed: Option<Vec<String>>,
    /// Of a number: the least; `Some(None)`: there is none.
    pub least: Option<Option<Decimal>>,
    /// Of a number: the most.
    pub most: Option<Option<Decimal>>,
    /// Of a number: what it counts.
    pub unit: Option<Option<String>>,
}

impl AttributeChange {
    /// Whether values that products have may be none any more.
    pub(super) fn restricts(&self) -> bool {
        self.kind.is_some() || self.allowed.is_some() || self.least.is_some() || self.most.is_some()
    }

    /// The rules as they will be. Those that mean nothing for another kind go with the kind.
    fn rules(&self, before: &Attribute) -> AttributeRules {
        let same = self.kind.is_none_or(|kind| kind == before.kind);
        let rules = if same { before.rules.clone() } else { AttributeRules::default() };
        AttributeRules {
            allowed: self.allowed.clone().unwrap_or(rules.allowed),
            least: self.least.unwrap_or(rules.least),
            most: self.most.unwrap_or(rules.most),
            unit: self.unit.clone().unwrap_or(rules.unit),
        }
    }
}

impl TaxonomyView {
    /// The attribute.
    pub(crate) fn attribute(&self, key: &SharedKey) -> Result<&(Attribute, u64), TaxonomyError> {
        let found =
            key.find(&self.attributes, |attribute| attribute.id.0, |attribute| attribute.code.as_str());
        found.ok_or(TaxonomyError::NotFound)
    }
}

/// The attribute with its rules as they are kept.
fn checked(mut attribute: Attribute) -> Result<Attribute, TaxonomyError> {
    let wrong = |code, reason: &str| Err(TaxonomyError::invalid("rules", code, reason));
    let AttributeRules { allowed, least, most, unit } = &mut attribute.rules;
    if !allowed.is_empty() && !attribute.kind.is_list() {
        return wrong("unsupported", "only a select or a colour has a list of values");
    }
    let is_number = attribute.kind == AttributeKind::Number;
    if (least.is_some() || most.is_some() || unit.is_some()) && !is_number {
        return wrong("unsupported", "only a number has bounds and a unit");
    }
    if allowed.len() > ALLOWED_MAX {
        return wrong("out-of-range", "1,000 values are the most");
    }
    let mut seen = HashSet::new();
    for value in allowed.iter_mut() {
        *value = name_of("rules", value)?;
        if !seen.insert(fold(value)) {
            return wrong("invalid", &format!("the value {value:?} is there twice"));
        }
    }
    if least.zip(*most).is_some_and(|(least, most)| least > most) {
        return wrong("out-of-range", "the least is above the most");
    }
    if let Some(said) = unit {
        let kept = line_of(said, UNIT_CHARS_MAX);
        *unit = kept.map_err(|(code, reason)| TaxonomyError::Invalid { field: "rules", code, reason })?;
    }
    Ok(attribute)
}

pub(super) fn create(
    view: &TaxonomyView,
    new: &NewAttribute,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Attribute>, TaxonomyError> {
    let NewAttribute { code, name, kind, filterable, required, variant_defining, rules } = new;
    let said = line_of(code, NAME_CHARS_MAX);
    let said = said.map_err(|(code, reason)| TaxonomyError::Invalid { field: "code", code, reason })?;
    let code = said.ok_or_else(|| TaxonomyError::invalid("code", "required", "say a code"))?;
    if fold(&code) != code || code.contains(['[', ']']) {
        return Err(TaxonomyError::invalid("code", "invalid", "lower case, without brackets"));
    }
    let name = name_of("name", name.as_ref().unwrap_or(&code))?;
    if view.attributes.iter().any(|(known, _)| known.code == code) {
        return Err(TaxonomyError::Exists { field: "code", value: code, deleted: false });
    }
    // What is made has the id of the audit row that tells of its making: a repeated request finds it by that.
    let row = fresh_row(ids);
    let attribute = checked(Attribute {
        filterable: *filterable,
        required: *required,
        variant_defining: *variant_defining,
        rules: rules.clone(),
        ..Attribute::new(AttributeId(row.0), code, name, *kind)
    })?;
    let mut batch = view.batch(by, row, ("attribute", "create"), attribute.id, [None, Some(&attribute)]);
    batch.attributes.push(attribute.clone());
    Ok(Decided { row: attribute, products: 0, batch: Some(batch) })
}

pub(super) fn change(
    view: &TaxonomyView,
    key: &SharedKey,
    change: &AttributeChange,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Attribute>, TaxonomyError> {
    let (before, products) = view.attribute(key)?;
    if change.code.as_ref().is_some_and(|code| *code != before.code) {
        return Err(TaxonomyError::invalid("code", "invalid", "the code of an attribute stays as it is"));
    }
    at_version(by, before.version)?;
    let rules = change.rules(before);
    let AttributeChange { name, kind, filterable, required, variant_defining, .. } = change.clone();
    let after = checked(Attribute {
        name: name.map_or_else(|| Ok(before.name.clone()), |name| name_of("name", &name))?,
        kind: kind.unwrap_or(before.kind),
        filterable: filterable.unwrap_or(before.filterable),
        required: required.unwrap_or(before.required),
        variant_defining: variant_defining.unwrap_or(before.variant_defining),
        rules,
        ..before.clone()
    })?;
    if after == *before {
        return Ok(Decided::unchanged(after, *products));
    }
    let after = Attribute { version: before.version + 1, ..after };
    let versions = [Some(before), Some(&after)];
    let mut batch = view.batch(by, fresh_row(ids), ("attribute", "update"), after.id, versions);
    if (after.kind, &after.rules) != (before.kind, &before.rules) {
        if view.values.len() > VALUES_MAX as usize {
            return Err(TaxonomyError::TooManyValues);
        }
        let wrong: Vec<String> =
            view.values.iter().filter_map(|value| after.accept(value).err()).take(3).collect();
        if !wrong.is_empty() {
            return Err(TaxonomyError::Values(wrong.join("; ")));
        }
        batch.revise.values = Some((after.id, view.values.clone()));
    }
    if after.kind != before.kind || after.is_facet() != before.is_facet() {
        batch.revise.rewrite = view.rewrite();
        batch.revise.rewrite.attributes.push(after.id);
    }
    batch.revise.attributes.push(after.clone());
    Ok(Decided { row: after, products: *products, batch: Some(batch) })
}

pub(super) fn delete(
    view: &TaxonomyView,
    key: &SharedKey,
    by: &By<'_>,
    ids: &mut Ids,
) -> Result<Decided<Attribute>, TaxonomyError> {
    let (before, products) = view.attribute(key)?;
    at_version(by, before.version)?;
    if *products > 0 {
        return Err(TaxonomyError::InUse(*products));
    }
    let mut batch = view.batch(by, fresh_row(ids), ("attribute", "delete"), before.id, [Some(before), None]);
    batch.revise.gone.push(before.id);
    batch.revise.unused.push(SharedId::Attribute(before.id));
    Ok(Decided { row: before.clone(), products: 0, batch: Some(batch) })
}
