//! JSON Schemas of the documents that shopkeepers write, made from the types that read them: for editors that complete
//! and check as one types, and for other programs.
//!
//! What a schema accepts is read, but for what no schema can say - that `1.0` is not written for a whole number, that two
//! codes differ, that a code is known: [`Rulebook::compile`](crate::pricing::Rulebook::compile) says that.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::pricing::{CartDocument, CustomerGroup, PriceList, Rulebook};
use crate::promotion::Promotion;
use crate::shipping::ShippingMethod;
use crate::tax::TaxRate;

/// How an amount is written.
pub(crate) const AMOUNT: &str = r"^[0-9]+(\.[0-9]+)?$";
/// How an instant is written.
pub(crate) const INSTANT: &str =
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$";

/// An amount in each of some currencies, as [`Amounts`](crate::pricing::Amounts) has them.
pub(crate) struct AmountsByCurrency;

impl JsonSchema for AmountsByCurrency {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AmountsByCurrency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "patternProperties": {"^[A-Z]{3}$": {"type": "string", "pattern": AMOUNT}},
            "additionalProperties": false,
            "minProperties": 1,
        })
    }
}

/// The schema of a [`Rulebook`].
///
/// ```
/// let schema = commerce_core::schema::rulebook();
/// assert_eq!(schema["properties"]["home_country"]["description"], "The country where the shop is at home: assumed until \
///     the shopper gives an address, and the one whose tax prices hold.");
/// assert_eq!(schema["additionalProperties"], false);
/// ```
#[must_use]
pub fn rulebook() -> Value {
    of::<Rulebook>()
}

/// The schema of a [`CartDocument`].
#[must_use]
pub fn cart() -> Value {
    of::<CartDocument>()
}

/// The schema of a [`Promotion`].
#[must_use]
pub fn promotion() -> Value {
    of::<Promotion>()
}

/// The schema of a [`PriceList`].
#[must_use]
pub fn price_list() -> Value {
    of::<PriceList>()
}

/// The schema of a [`CustomerGroup`].
#[must_use]
pub fn customer_group() -> Value {
    of::<CustomerGroup>()
}

/// The schema of a [`Zone`](crate::customer::Zone).
#[must_use]
pub fn zone() -> Value {
    of::<crate::customer::Zone>()
}

/// The schema of a [`TaxRate`].
#[must_use]
pub fn tax_rate() -> Value {
    of::<TaxRate>()
}

/// The schema of a [`ShippingMethod`].
#[must_use]
pub fn shipping_method() -> Value {
    of::<ShippingMethod>()
}

fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(Plain);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Makes of rustdoc what people read who do not write Rust, and of Rust's integers what JSON Schema knows.
#[derive(Debug, Clone)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = words(text);
        }
        let most = match schema.get("format").and_then(Value::as_str) {
            Some("uint16") => Some(json!(u16::MAX)),
            Some("uint32") => Some(json!(u32::MAX)),
            Some("uint64") => Some(json!(u64::MAX)),
            Some("int32") => Some(json!(i32::MAX)),
            _ => None,
        };
        if let Some(most) = most {
            let least = schema.remove("format").filter(|format| format == "int32").map(|_| json!(i32::MIN));
            if let Some(least) = least {
                schema.insert("minimum".to_owned(), least);
            }
            if schema.get("maximum").is_none() {
                schema.insert("maximum".to_owned(), most);
            }
        }
        transform_subschemas(self, schema);
    }
}

/// Rustdoc as plain text: without examples, links and breaks within a sentence.
fn words(rustdoc: &str) -> String {
    let prose = rustdoc.split("```").next().unwrap_or_default();
    let paragraphs =
        prose.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    let text = paragraphs.filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n");
    unlinked(&text)
}

/// The text with ``[`Name`](path)`` and ``[`Name`]`` written as `` `Name` ``.
fn unlinked(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let closed = after.split_once(']').filter(|(name, _)| name.starts_with('`') && name.ends_with('`'));
        let Some((name, behind)) = closed else {
            plain.push('[');
            rest = after;
            continue;
        };
        plain.push_str(name);
        rest =
            behind.strip_prefix('(').and_then(|link| link.split_once(')')).map_or(behind, |(_, rest)| rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustdoc_becomes_prose() {
        let doc = "At most [`Quantity::MAX`] of\nthem, see [`here`](super::here).\n\nMore.\n\n```\nlet x = [1];\n```";
        assert_eq!(words(doc), "At most `Quantity::MAX` of them, see `here`.\n\nMore.");
        assert_eq!(words("`[\"friday\"]` is a list"), "`[\"friday\"]` is a list");
    }

    #[test]
    fn every_object_knows_its_fields() {
        fn look(value: &Value, place: &str) {
            if let Value::Object(fields) = value {
                let open = fields.get("additionalProperties").is_none();
                assert!(!(fields.contains_key("properties") && open), "{place} takes any field");
                fields.iter().for_each(|(name, value)| look(value, &format!("{place}/{name}")));
            } else if let Value::Array(items) = value {
                items.iter().enumerate().for_each(|(index, item)| look(item, &format!("{place}/{index}")));
            }
        }
        look(&rulebook(), "rulebook");
        look(&cart(), "cart");
    }
}
