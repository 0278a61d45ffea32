//! A product as a line of a file: what a request says of one, with brand, category and attributes by the names by which a
//! shop that lacks them makes them, and with stock.

use commerce_core::catalog::{AttributeKind, Cell, ProductInput, Slug};
use poem_openapi::types::MaybeUndefined;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::product_body::{ProductBody, Said};
use super::reader;
use super::{Check, Problem};

/// What is said by names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    #[serde(default)]
    brand: MaybeUndefined<String>,
    #[serde(default)]
    category: MaybeUndefined<Vec<String>>,
    #[serde(default)]
    attributes: MaybeUndefined<Vec<AttributeLine>>,
}

/// A value of an attribute, with what makes the attribute where there is none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeLine {
    code: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    value: String,
}

/// What a variant has besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stocked {
    #[serde(default)]
    stock: MaybeUndefined<i64>,
}

/// What is said of a product: what is left out stays, and null takes away. Or what is wrong, by field.
pub(crate) fn product_line(value: Value) -> Result<ProductInput, Vec<(String, String)>> {
    let Value::Object(mut fields) = value else { return Err(vec![(String::new(), "no object".to_owned())]) };
    let named: Named = read(part(&mut fields, &["brand", "category", "attributes"]), "")?;
    let mut stock = Vec::new();
    if let Some(Value::Array(variants)) = fields.get_mut("variants") {
        for (place, variant) in variants.iter_mut().enumerate() {
            let Value::Object(variant) = variant else { continue };
            unversioned(variant, &format!("/variants/{place}"))?;
            let Stocked { stock: units } = read(part(variant, &["stock"]), &format!("/variants/{place}"))?;
            stock.push(cell(units));
        }
    }
    unversioned(&fields, "")?;
    let slug = match fields.remove("slug") {
        Some(Value::String(text)) => text.parse::<Slug>().map_err(|error| error.to_string()),
        Some(_) => Err("must be a text".to_owned()),
        None => Err("is required: it tells the product".to_owned()),
    };
    let slug = slug.map_err(|words| vec![("/slug".to_owned(), words)])?;
    let body: ProductBody = read(fields, "")?;
    let mut input = body.command(slug, Said::Some).map_err(|problem| told(&problem))?.input;
    for (variant, stock) in input.variants.iter_mut().zip(stock) {
        variant.stock = stock;
    }
    input.brand = cell(named.brand);
    input.category = cell(named.category);
    input.edit.these_attributes = !named.attributes.is_undefined();
    let mut check = Check::default();
    for (place, value) in named.attributes.take().unwrap_or_default().into_iter().enumerate() {
        let AttributeLine { code, name, kind, value } = value;
        let kind = match kind {
            None => Some(AttributeKind::Text),
            Some(kind) => {
                let pointer = format!("/attributes/{place}/kind");
                check.word(&pointer, &kind, AttributeKind::ALL, AttributeKind::as_str)
            }
        };
        let name = name.unwrap_or_else(|| code.clone());
        input.attributes.push((code, name, kind.unwrap_or(AttributeKind::Text), Cell::Is(value)));
    }
    check.finish(Some(input)).map_err(|problem| told(&problem))
}

/// Takes these fields out.
fn part(fields: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| fields.remove_entry(*name)).collect()
}

/// A line says what a product is, whatever its version.
fn unversioned(fields: &Map<String, Value>, at: &str) -> Result<(), Vec<(String, String)>> {
    if fields.contains_key("version") {
        return Err(vec![(format!("{at}/version"), "is not known here".to_owned())]);
    }
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(
    fields: Map<String, Value>,
    at: &str,
) -> Result<T, Vec<(String, String)>> {
    reader::read(Value::Object(fields))
        .map_err(|fault| vec![(format!("{at}{}", fault.pointer), fault.words())])
}

fn cell<T>(said: MaybeUndefined<T>) -> Cell<T> {
    match said {
        MaybeUndefined::Undefined => Cell::Absent,
        MaybeUndefined::Null => Cell::Empty,
        MaybeUndefined::Value(value) => Cell::Is(value),
    }
}

fn told(problem: &Problem) -> Vec<(String, String)> {
    problem.told().map(|(pointer, words)| (pointer.to_owned(), words.to_owned())).collect()
}
