//! What the audit tells of an edit: what was and what is, of that which changed.

use serde_json::{Map, Value, json};

use crate::catalog::{Product, Variant};

/// Fields that change with every edit, and those that are told in their own way.
const LEFT_OUT: [&str; 4] = ["id", "version", "updated_at", "variants"];

/// What was and what is. Of a variant that changed all is told, of the others nothing.
pub(super) fn told(before: Option<&Product>, after: &Product) -> Value {
    let Some(before) = before else {
        return json!({"version": after.version, "after": fields(after, &after.variants.iter().collect::<Vec<_>>())});
    };
    let changed = |of: &'_ [Variant], other: &[Variant]| -> Vec<usize> {
        let known: std::collections::HashMap<_, _> =
            other.iter().map(|variant| (variant.id, variant)).collect();
        let differs = |variant: &Variant| known.get(&variant.id) != Some(&variant);
        (0..of.len()).filter(|place| differs(&of[*place])).collect()
    };
    let some = |of: &Product, places: Vec<usize>| -> Map<String, Value> {
        fields(of, &places.into_iter().map(|place| &of.variants[place]).collect::<Vec<_>>())
    };
    let mut was = some(before, changed(&before.variants, &after.variants));
    let mut is = some(after, changed(&after.variants, &before.variants));
    let same: Vec<String> = was.keys().filter(|key| is.get(*key) == was.get(*key)).cloned().collect();
    for key in same {
        was.remove(&key);
        is.remove(&key);
    }
    json!({"version": after.version, "before": was, "after": is})
}

fn fields(product: &Product, variants: &[&Variant]) -> Map<String, Value> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(product) else { return Map::new() };
    for name in LEFT_OUT {
        all.remove(name);
    }
    all.insert("slug".to_owned(), json!(product.slug));
    let variants = variants.iter().map(|variant| (variant.sku.to_string(), json!(variant)));
    all.insert("variants".to_owned(), Value::Object(variants.collect()));
    all
}
