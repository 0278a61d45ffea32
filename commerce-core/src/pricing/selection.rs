//! Selections of goods: by product, SKU, category, brand, tag and attribute.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::input::PricingLine;
use super::wrong::Wrong;

/// Some of the goods: those that have one of the values in *every* field that is given. An empty one selects everything;
/// a list of selections selects what one of them does.
///
/// ```
/// use commerce_core::pricing::Selection;
/// let red_shoes: Selection =
///     serde_json::from_str(r#"{"categories": ["shoes"], "attributes": {"color": ["red", "crimson"]}}"#)?;
/// # let _ = red_shoes;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// Slugs of products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<String>,
    /// SKUs of variants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<String>,
    /// Slugs of categories; what is in a category below counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Slugs of brands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<String>,
    /// Tags, compared without regard to case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Values of attributes by the attribute's code; options that are linked to an attribute count.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Vec<String>>,
    /// What is not selected after all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Selection>,
}

/// A value that some selection of the rulebook names, as a small number.
pub(crate) type Symbol = u32;

/// The values that the selections of a rulebook name. A line item is turned into the symbols that it has once, and
/// selections compare numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Symbols {
    products: FxHashMap<String, Symbol>,
    skus: FxHashMap<String, Symbol>,
    categories: FxHashMap<String, Symbol>,
    brands: FxHashMap<String, Symbol>,
    tags: FxHashMap<String, Symbol>,
    attributes: FxHashMap<String, FxHashMap<String, Symbol>>,
    count: Symbol,
}

/// A selection, read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selected {
    /// Of each group, a line item must have one; sorted.
    groups: Vec<Vec<Symbol>>,
    except: Vec<Selected>,
}

/// Several selections, read: what one of them selects, or everything when there is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnyOf(Vec<Selected>);

impl Symbols {
    fn intern(table: &mut FxHashMap<String, Symbol>, count: &mut Symbol, value: &str) -> Symbol {
        if let Some(known) = table.get(value) {
            return *known;
        }
        *count += 1;
        table.insert(value.to_owned(), *count);
        *count
    }

    /// How many there are; their numbers are 1 to this.
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    /// The symbols that the line item has, sorted, into `found`.
    pub(crate) fn of(&self, line: &PricingLine<'_>, found: &mut Vec<Symbol>) {
        found.clear();
        let mut look = |table: &FxHashMap<String, Symbol>, value: &str| {
            if let Some(symbol) = table.get(value) {
                found.push(*symbol);
            }
        };
        if !self.products.is_empty() {
            look(&self.products, line.product);
        }
        if !self.skus.is_empty() {
            look(&self.skus, line.sku);
        }
        if !self.categories.is_empty() {
            line.categories.iter().for_each(|category| look(&self.categories, category));
        }
        if let Some(brand) = line.brand.filter(|_| !self.brands.is_empty()) {
            look(&self.brands, brand);
        }
        if !self.tags.is_empty() {
            line.tags.iter().for_each(|tag| look(&self.tags, &crate::fold(tag)));
        }
        if !self.attributes.is_empty() {
            for (code, value) in line.attributes {
                if let Some(values) = self.attributes.get(code) {
                    look(values, &crate::fold(value));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
    }
}

impl Selection {
    /// The most values that one selection may name.
    pub const VALUES_MAX: usize = 10_000;

    pub(crate) fn compile(&self, symbols: &mut Symbols, wrong: &mut Wrong<'_>) -> Selected {
        let Symbols { products, skus, categories, brands, tags, attributes, count } = symbols;
        let mut groups = Vec::new();
        let mut named = 0;
        let mut group = |values: &[String],
                         field: &str,
                         wrong: &mut Wrong<'_>,
                         symbol: &mut dyn FnMut(&str) -> Symbol| {
            if values.is_empty() {
                return;
            }
            named += values.len();
            for (index, value) in values.iter().enumerate() {
                if value.trim().is_empty() || value.chars().count() > 255 {
                    wrong.below(field).at(index, "must have 1 to 255 characters");
                }
            }
            let mut group: Vec<Symbol> = values.iter().map(|value| symbol(value)).collect();
            group.sort_unstable();
            group.dedup();
            groups.push(group);
        };
        group(&self.products, "products", wrong, &mut |value| Symbols::intern(products, count, value));
        group(&self.skus, "skus", wrong, &mut |value| Symbols::intern(skus, count, value));
        group(&self.categories, "categories", wrong, &mut |value| Symbols::intern(categories, count, value));
        group(&self.brands, "brands", wrong, &mut |value| Symbols::intern(brands, count, value));
        group(&self.tags, "tags", wrong, &mut |value| Symbols::intern(tags, count, &crate::fold(value)));
        for (code, values) in &self.attributes {
            if values.is_empty() {
                wrong.below("attributes").at(code, "must name a value");
            }
            let table = attributes.entry(code.clone()).or_default();
            group(values, "attributes", wrong, &mut |value| {
                Symbols::intern(table, count, &crate::fold(value))
            });
        }
        if named > Self::VALUES_MAX {
            wrong.here(format!("names {named} values, more than {}", Self::VALUES_MAX));
        }
        let except = self.except.iter().enumerate().map(|(index, except)| {
            let mut wrong = wrong.below("except");
            let mut wrong = wrong.below(index);
            if !except.except.is_empty() {
                wrong.at("except", "must not have exceptions of its own");
            }
            if *except == Self::default() {
                wrong.here("must name something: an empty exception would leave nothing");
            }
            except.compile(symbols, &mut wrong)
        });
        let except = except.collect();
        Selected { groups, except }
    }

    /// Several selections; `field` is where they stand.
    pub(crate) fn compile_all(
        all: &[Self],
        field: &str,
        symbols: &mut Symbols,
        wrong: &mut Wrong<'_>,
    ) -> AnyOf {
        let mut wrong = wrong.below(field);
        if all.len() > 100 {
            wrong.here("must have at most 100 selections");
        }
        let one = |(index, selection): (usize, &Self)| selection.compile(symbols, &mut wrong.below(index));
        AnyOf(all.iter().enumerate().map(one).collect())
    }
}

impl Selected {
    /// Whether something with these symbols, sorted, is selected.
    pub(crate) fn holds(&self, symbols: &[Symbol]) -> bool {
        let has_one = |group: &Vec<Symbol>| {
            if group.len() < symbols.len() {
                group.iter().any(|symbol| symbols.binary_search(symbol).is_ok())
            } else {
                symbols.iter().any(|symbol| group.binary_search(symbol).is_ok())
            }
        };
        self.groups.iter().all(has_one) && !self.except.iter().any(|except| except.holds(symbols))
    }
}

impl AnyOf {
    /// Whether something with these symbols, sorted, is selected.
    pub(crate) fn holds(&self, symbols: &[Symbol]) -> bool {
        self.0.is_empty() || self.0.iter().any(|selected| selected.holds(symbols))
    }

    /// Symbols of which a line item must have one to be selected: `None` when everything may be.
    pub(crate) fn needed(&self) -> Option<Vec<Symbol>> {
        if self.0.is_empty() {
            return None;
        }
        let mut needed = Vec::new();
        for selected in &self.0 {
            needed.extend(selected.groups.iter().min_by_key(|group| group.len())?);
        }
        needed.sort_unstable();
        needed.dedup();
        Some(needed)
    }
}
