//! What a rulebook names of the catalogue: so that a promotion for goods that do not exist is refused when it is written.

use std::collections::HashSet;

use super::rulebook::{Rulebook, RulebookError};
use super::selection::Selection;
use crate::catalog::{CatalogView, ImportKeys};
use crate::promotion::{Action, Condition};

/// The selections of a rulebook, each with its place as a JSON pointer.
#[derive(Debug, Default)]
pub(crate) struct Targets<'a>(Vec<(String, &'a Selection)>);

impl<'a> Targets<'a> {
    /// Those of `rulebook` that `before` has not: what was accepted once may lose its goods later, and that is no reason
    /// to refuse another change.
    pub(crate) fn new_in(rulebook: &'a Rulebook, before: &Rulebook) -> Self {
        let known = Targets::of(before);
        let known: HashSet<&Selection> = known.0.iter().map(|(_, selection)| *selection).collect();
        let mut targets = Self::of(rulebook);
        targets.0.retain(|(_, selection)| !known.contains(selection));
        targets
    }

    fn of(rulebook: &'a Rulebook) -> Self {
        let mut targets = Self::default();
        for (index, promotion) in rulebook.promotions.iter().enumerate() {
            let place = format!("/promotions/{index}");
            targets.add(&format!("{place}/targets"), &promotion.targets);
            if let Action::BuyGet(sets) = &promotion.action {
                targets.add(&format!("{place}/action/buy_get/of"), &sets.of);
            }
            if let Some(when) = &promotion.when {
                targets.add_condition(&format!("{place}/when"), when);
            }
        }
        for (index, method) in rulebook.shipping.methods.iter().enumerate() {
            let place = format!("/shipping/methods/{index}");
            targets.add(&format!("{place}/excludes"), &method.excludes);
            targets.add(&format!("{place}/only"), &method.only);
        }
        targets
    }

    fn add(&mut self, place: &str, selections: &'a [Selection]) {
        for (index, selection) in selections.iter().enumerate() {
            let place = format!("{place}/{index}");
            self.add(&format!("{place}/except"), &selection.except);
            self.0.push((place, selection));
        }
    }

    fn add_condition(&mut self, place: &str, condition: &'a Condition) {
        let several = |targets: &mut Self, field: &str, list: &'a [Condition]| {
            for (index, one) in list.iter().enumerate() {
                targets.add_condition(&format!("{place}/{field}/{index}"), one);
            }
        };
        match condition {
            Condition::All(list) => several(self, "all", list),
            Condition::Any(list) => several(self, "any", list),
            Condition::Not(inner) => self.add_condition(&format!("{place}/not"), inner),
            Condition::Subtotal(of) => self.add(&format!("{place}/subtotal/of"), &of.of),
            Condition::Quantity(of) => self.add(&format!("{place}/quantity/of"), &of.of),
            Condition::DistinctItems(of) => self.add(&format!("{place}/distinct_items/of"), &of.of),
            _ => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What of the catalogue has to be read to look for them. A text that cannot be a slug or a SKU names nothing.
    pub(crate) fn keys(&self) -> ImportKeys {
        let mut keys = ImportKeys::default();
        for (_, selection) in &self.0 {
            keys.slugs.extend(selection.products.iter().filter_map(|slug| slug.parse().ok()));
            keys.skus.extend(selection.skus.iter().filter_map(|sku| sku.parse().ok()));
        }
        keys.slugs.sort();
        keys.slugs.dedup();
        keys.skus.sort();
        keys.skus.dedup();
        keys
    }

    /// Every name that the catalogue does not know.
    pub(crate) fn unknown(&self, catalog: &CatalogView) -> Vec<RulebookError> {
        let products: HashSet<&str> = catalog.products.iter().map(|product| product.slug.as_str()).collect();
        let skus: HashSet<&str> = catalog.sku_owners.iter().map(|(sku, ..)| sku.as_str()).collect();
        let categories: HashSet<&str> =
            catalog.categories.iter().map(|category| category.slug.as_str()).collect();
        let brands: HashSet<&str> = catalog.brands.iter().map(|brand| brand.slug.as_str()).collect();
        let attributes: HashSet<&str> =
            catalog.attributes.iter().map(|attribute| attribute.code.as_str()).collect();
        let mut errors = Vec::new();
        for (place, selection) in &self.0 {
            for (field, noun, names, known) in [
                ("products", "product", &selection.products, &products),
                ("skus", "variant", &selection.skus, &skus),
                ("categories", "category", &selection.categories, &categories),
                ("brands", "brand", &selection.brands, &brands),
            ] {
                for (index, name) in
                    names.iter().enumerate().filter(|(_, name)| !known.contains(name.as_str()))
                {
                    errors.push(RulebookError {
                        pointer: format!("{place}/{field}/{index}"),
                        reason: format!("there is no {noun} `{name}`"),
                    });
                }
            }
            for code in selection.attributes.keys().filter(|code| !attributes.contains(code.as_str())) {
                errors.push(RulebookError {
                    pointer: format!("{place}/attributes/{code}"),
                    reason: format!("there is no attribute `{code}`"),
                });
            }
        }
        errors
    }
}

impl Rulebook {
    /// Visits every selection, those inside others too: the same that [`Targets`] looks at.
    pub(crate) fn each_selection(&mut self, visit: &mut dyn FnMut(&mut Selection)) {
        for promotion in &mut self.promotions {
            each(&mut promotion.targets, visit);
            if let Action::BuyGet(sets) = &mut promotion.action {
                each(&mut sets.of, visit);
            }
            if let Some(when) = &mut promotion.when {
                each_in(when, visit);
            }
        }
        for method in &mut self.shipping.methods {
            each(&mut method.excludes, visit);
            each(&mut method.only, visit);
        }
    }
}

fn each(selections: &mut [Selection], visit: &mut dyn FnMut(&mut Selection)) {
    for selection in selections {
        visit(selection);
        each(&mut selection.except, visit);
    }
}

fn each_in(condition: &mut Condition, visit: &mut dyn FnMut(&mut Selection)) {
    match condition {
        Condition::All(list) | Condition::Any(list) => list.iter_mut().for_each(|one| each_in(one, visit)),
        Condition::Not(inner) => each_in(inner, visit),
        Condition::Subtotal(of) => each(&mut of.of, visit),
        Condition::Quantity(of) | Condition::DistinctItems(of) => each(&mut of.of, visit),
        _ => {}
    }
}
