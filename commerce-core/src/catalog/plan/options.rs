//! Options: what the variants of a product differ in.

use std::collections::HashSet;

use super::draft::About;
use super::shared::Shared;
use super::{Refusal, Warning, text};
use crate::catalog::{Attribute, Cell, Product, ProductOption, Variant, VariantInput};
use crate::{AttributeId, Ids, fold};

/// The options as they will be, before their values are known.
pub(super) struct Options {
    names: Vec<String>,
    /// The option each of them was, if any.
    before: Vec<Option<ProductOption>>,
    /// For each of them the place of its value in the variants that are there; `None`: those have another number.
    places: Option<Vec<usize>>,
}

/// Merges what was said about options into those that are there.
pub(super) fn merge(
    about: &About<'_>,
    before: &[ProductOption],
    said: Cell<Vec<String>>,
) -> Result<Options, Refusal> {
    let names = match said {
        Cell::Absent => before.iter().map(|option| option.name.clone()).collect(),
        Cell::Empty => Vec::new(),
        Cell::Is(said) => checked(about, &said)?,
    };
    if names.len() > Product::OPTIONS_MAX {
        let reason = format!("{} options are more than {}", names.len(), Product::OPTIONS_MAX);
        return Err(about.refuse("options", "too-many-options", reason));
    }
    let place = |name: &String| before.iter().position(|option| fold(&option.name) == fold(name));
    let found: Vec<Option<usize>> = names.iter().map(place).collect();
    let places = (names.len() == before.len()).then(|| {
        // The same options in another order keep their values; anything else is a new name for the option in its place.
        let all: Option<Vec<usize>> = found.iter().copied().collect();
        all.unwrap_or_else(|| (0..names.len()).collect())
    });
    let kept = match &places {
        Some(places) => places.iter().map(|place| Some(before[*place].clone())).collect(),
        None => found.iter().map(|place| place.map(|place| before[place].clone())).collect(),
    };
    Ok(Options { names, before: kept, places })
}

fn checked(about: &About<'_>, said: &[String]) -> Result<Vec<String>, Refusal> {
    let mut names = Vec::with_capacity(said.len());
    let mut folded = HashSet::new();
    for name in said {
        let Some(name) = text::name(about, "options", name)? else {
            return Err(about.refuse("options", "option-invalid", "an option has no name"));
        };
        if !folded.insert(fold(&name)) {
            return Err(about.refuse("options", "option-invalid", format!("two options are named {name}")));
        }
        names.push(name);
    }
    Ok(names)
}

impl Options {
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// The attribute that each option is linked to, or will be, with its place.
    fn linked(&self) -> impl Iterator<Item = (usize, &String, Option<AttributeId>)> {
        self.names.iter().zip(&self.before).enumerate().map(|(place, (name, before))| {
            let same = before.as_ref().filter(|before| fold(&before.name) == fold(name));
            (place, name, same.and_then(|before| before.attribute))
        })
    }

    /// Whether an option is linked to the attribute, or will be.
    pub(super) fn has(&self, attribute: &Attribute) -> bool {
        self.linked().any(|(_, name, linked)| {
            linked == Some(attribute.id)
                || (linked.is_none() && attribute.defines_variants() && fold(name) == attribute.code)
        })
    }

    /// What is said of variants, with the values of options as their attributes have them. One with a value that its
    /// attribute has not is refused.
    pub(super) fn accepted(
        &self,
        about: &About<'_>,
        variants: Vec<VariantInput>,
        shared: &Shared,
    ) -> (Vec<VariantInput>, Vec<Refusal>) {
        let linked = self
            .linked()
            .filter_map(|(place, name, linked)| Some((place, shared.option_rules(name, linked)?)));
        let rules: Vec<_> = linked.filter(|(_, attribute)| !attribute.rules.allowed.is_empty()).collect();
        let (mut kept, mut refusals) = (Vec::with_capacity(variants.len()), Vec::new());
        'variants: for mut variant in variants {
            for (place, attribute) in &rules {
                let Some(value) = variant.option_values.get_mut(*place) else { continue };
                match attribute.accept(value) {
                    Ok(spelt) => *value = spelt,
                    Err(reason) => {
                        let about = About { line: variant.line, ..*about };
                        refusals.push(about.refuse("option_values", "option-invalid", reason));
                        continue 'variants;
                    }
                }
            }
            kept.push(variant);
        }
        (kept, refusals)
    }

    /// The variants with their values in the order of these options.
    pub(super) fn reordered(&self, variants: &[Variant]) -> Vec<Variant> {
        let mut variants = variants.to_vec();
        for (variant, places) in variants.iter_mut().zip(std::iter::repeat(&self.places)) {
            let Some(places) = places else { continue };
            variant.option_values =
                places.iter().map(|place| variant.option_values[*place].clone()).collect();
        }
        variants
    }

    /// The options with the values that the variants have: those known before in their order, then the new ones.
    pub(super) fn of(
        self,
        about: &About<'_>,
        variants: &[Variant],
        shared: &mut Shared,
        ids: &mut Ids,
        warnings: &mut Vec<Warning>,
    ) -> Vec<ProductOption> {
        let mut options = Vec::with_capacity(self.names.len());
        for (place, (name, before)) in self.names.into_iter().zip(self.before).enumerate() {
            let used: HashSet<&String> =
                variants.iter().map(|variant| &variant.option_values[place]).collect();
            let known = before.iter().flat_map(|before| &before.values).filter(|value| used.contains(value));
            let mut listed = HashSet::new();
            let all = known.chain(variants.iter().map(|variant| &variant.option_values[place]));
            let values = all.filter(|value| listed.insert(*value)).cloned().collect();
            let linked =
                before.filter(|before| fold(&before.name) == fold(&name)).and_then(|before| before.attribute);
            let attribute = linked.or_else(|| shared.option_attribute(&name, ids));
            if attribute.is_none() {
                let reason = format!(
                    "the attribute of the code {:?} defines no variants, so the option is not linked to it",
                    fold(&name)
                );
                warnings.push(about.warn("options", "option-not-linked", reason));
            }
            options.push(ProductOption { name, values, attribute });
        }
        options
    }
}
