//! Parts of the rulebook on the wire: the documents of the engine as they are, with the version of the rules beside them.
//!
//! They are read by the types that compile them, so that nothing is said twice; the OpenAPI document lists their fields
//! from the same schema that `commerce schema` prints.

use std::borrow::Cow;
use std::sync::LazyLock;

use commerce_core::catalog::TaxClass;
use commerce_core::customer::{Country, Zone};
use commerce_core::pricing::{CustomerGroup, PriceChoice, PriceList, RoundingProfile, Rulebook};
use commerce_core::promotion::Promotion;
use commerce_core::shipping::{ShippingMethod, Weekday};
use commerce_core::tax::{ReverseCharge, TaxRate};
use commerce_core::{Timestamp, schema};
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::problem::{Code, FieldError};
use super::{PaginationDto, Problem, faulty, json_of, reader};

/// A document that goes over the wire with the version of the rules.
pub(crate) trait Described: Send + Sync + 'static {
    /// The type that reads it.
    type Document: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Its name in the OpenAPI document.
    const NAME: &'static str;

    /// Its JSON Schema.
    fn schema() -> &'static Value;
}

/// A kind of documents of which the rulebook has a list.
pub(crate) trait Part: Described {
    /// What it is called in the audit.
    const NOUN: &'static str;
    /// Where in the rulebook these documents are.
    const PLACE: &'static str;

    /// All of them.
    fn all(rulebook: &Rulebook) -> &Vec<Self::Document>;
    /// All of them, to be changed.
    fn all_mut(rulebook: &mut Rulebook) -> &mut Vec<Self::Document>;
    /// The code of one.
    fn code(document: &Self::Document) -> &str;
    /// Ends one that has not ended already.
    fn end(document: &mut Self::Document, now: Timestamp);
}

macro_rules! parts {
    ($(
        $(#[$doc:meta])*
        $part:ident of $document:ty, $name:literal, $noun:literal, $place:literal, $($field:ident).+, $schema:path, $end:expr;
    )+) => {$(
        $(#[$doc])*
        pub(crate) struct $part;

        impl Described for $part {
            type Document = $document;
            const NAME: &'static str = $name;

            fn schema() -> &'static Value {
                static SCHEMA: LazyLock<Value> = LazyLock::new($schema);
                &SCHEMA
            }
        }

        impl Part for $part {
            const NOUN: &'static str = $noun;
            const PLACE: &'static str = $place;

            fn all(rulebook: &Rulebook) -> &Vec<$document> {
                &rulebook.$($field).+
            }

            fn all_mut(rulebook: &mut Rulebook) -> &mut Vec<$document> {
                &mut rulebook.$($field).+
            }

            fn code(document: &$document) -> &str {
                &document.code
            }

            fn end(document: &mut $document, now: Timestamp) {
                let end: fn(&mut $document, Timestamp) = $end;
                end(document, now);
            }
        }
    )+};
}

parts! {
    /// Promotions.
    Promotions of Promotion, "Promotion", "promotion", "/promotions", promotions, schema::promotion,
        |promotion, now| close(&mut promotion.until, now);
    /// Price lists.
    PriceLists of PriceList, "PriceList", "price-list", "/price_lists", price_lists, schema::price_list,
        |list, now| close(&mut list.until, now);
    /// Groups of customers; they do not end.
    CustomerGroups of CustomerGroup, "CustomerGroup", "customer-group", "/customer_groups", customer_groups,
        schema::customer_group, |_, _| {};
    /// Zones of tax; they do not end.
    TaxZones of Zone, "TaxZone", "tax-zone", "/tax/zones", tax.zones, schema::zone, |_, _| {};
    /// Rates of tax.
    TaxRates of TaxRate, "TaxRate", "tax-rate", "/tax/rates", tax.rates, schema::tax_rate,
        |rate, now| close(&mut rate.until, now);
    /// Zones of shipping; they do not end.
    ShippingZones of Zone, "ShippingZone", "shipping-zone", "/shipping/zones", shipping.zones, schema::zone, |_, _| {};
    /// Shipping methods.
    ShippingMethods of ShippingMethod, "ShippingMethod", "shipping-method", "/shipping/methods", shipping.methods,
        schema::shipping_method, |method, _| method.enabled = false;
}

fn close(until: &mut Option<Timestamp>, now: Timestamp) {
    if until.is_none_or(|until| until > now) {
        *until = Some(now);
    }
}

/// The rules of which there is one each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) home_country: Option<Country>,
    pub(crate) rounding: RoundingProfile,
    pub(crate) price_choice: PriceChoice,
    pub(crate) tax: TaxSettings,
    pub(crate) shipping: ShippingSettings,
}

/// Those of tax.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaxSettings {
    pub(crate) prices_include_tax: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shipping_class: Option<TaxClass>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reverse_charge: Option<ReverseCharge>,
}

/// Those of shipping.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<String>,
    pub(crate) weekend: Vec<Weekday>,
    #[serde(default)]
    pub(crate) holidays: Vec<String>,
}

/// The rules of which there is one each.
pub(crate) struct Settings;

impl Described for Settings {
    type Document = SettingsDocument;
    const NAME: &'static str = "Settings";

    fn schema() -> &'static Value {
        static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
            let rulebook = schema::rulebook();
            let field = |name: &str| rulebook["properties"][name].clone();
            let object = |words: &str| json!({"type": "object", "description": words});
            json!({
                "description": "The rules of which there is one each. All are replaced together.",
                "properties": {
                    "home_country": field("home_country"),
                    "rounding": field("rounding"),
                    "price_choice": field("price_choice"),
                    "tax": object("`prices_include_tax`, `shipping_class` and `reverse_charge`."),
                    "shipping": object("`time_zone`, `weekend` and `holidays`."),
                },
                "required": ["rounding", "price_choice", "tax", "shipping"],
            })
        });
        &SCHEMA
    }
}

impl SettingsDocument {
    pub(crate) fn of(rulebook: &Rulebook) -> Self {
        let Rulebook { home_country, rounding, price_choice, tax, shipping, .. } = rulebook.clone();
        Self {
            home_country,
            rounding,
            price_choice,
            tax: TaxSettings {
                prices_include_tax: tax.prices_include_tax,
                shipping_class: tax.shipping_class,
                reverse_charge: tax.reverse_charge,
            },
            shipping: ShippingSettings {
                time_zone: shipping.time_zone,
                weekend: shipping.weekend,
                holidays: shipping.holidays,
            },
        }
    }

    pub(crate) fn into(self, rulebook: &mut Rulebook) {
        let Self { home_country, rounding, price_choice, tax, shipping } = self;
        let TaxSettings { prices_include_tax, shipping_class, reverse_charge } = tax;
        let ShippingSettings { time_zone, weekend, holidays } = shipping;
        (rulebook.home_country, rulebook.rounding, rulebook.price_choice) =
            (home_country, rounding, price_choice);
        let rules = &mut rulebook.tax;
        (rules.prices_include_tax, rules.shipping_class, rules.reverse_charge) =
            (prices_include_tax, shipping_class, reverse_charge);
        let rules = &mut rulebook.shipping;
        (rules.time_zone, rules.weekend, rules.holidays) = (time_zone, weekend, holidays);
    }
}

/// A document in a request or an answer.
#[derive(Serialize)]
#[serde(bound = "")]
pub(crate) struct Document<D: Described> {
    /// In an answer, the version of the rules that it is from; in a request, the one that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    #[serde(flatten)]
    pub(crate) part: D::Document,
}

/// A page of documents.
#[derive(Serialize)]
#[serde(bound = "")]
pub(crate) struct DocumentPage<D: Described> {
    pub(crate) results: Vec<Document<D>>,
    pub(crate) pagination: PaginationDto,
    /// The version of the rules.
    pub(crate) version: u64,
}

impl<D: Described> Document<D> {
    fn parse(content_type: Option<&str>, bytes: &[u8]) -> Result<Self, Problem> {
        let mut value = json_of(content_type, bytes)?;
        let version = value.as_object_mut().and_then(|fields| fields.remove("version"));
        let wrong = || {
            let error = FieldError::new("/version", "wrong-type", "must be a whole number");
            Problem::fields(Code::WrongType, vec![error])
        };
        let version = version.map(|version| version.as_u64().ok_or_else(wrong)).transpose()?;
        Ok(Self { version, part: reader::read(value).map_err(faulty)? })
    }
}

impl<'a, D: Described> ApiExtractor<'a> for Document<D> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Self as Type>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: Self::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let bytes = body.take()?.into_bytes().await.map_err(Problem::internal)?;
        Ok(Self::parse(request.content_type(), &bytes)?)
    }
}

macro_rules! described {
    ($name:ident, $schema_name:expr, |$registry:ident| $schema:expr) => {
        impl<D: Described> Type for $name<D> {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $schema_name.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Reference($schema_name.to_string())
            }

            fn register(registry: &mut Registry) {
                registry.create_schema::<Self, _>($schema_name.to_string(), |$registry| $schema);
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}

described! { Document, D::NAME, |_registry| document(D::schema()) }

described! { DocumentPage, format!("{}Page", D::NAME), |registry| {
    <Document<D> as Type>::register(registry);
    PaginationDto::register(registry);
    let results = MetaSchema {
        items: Some(Box::new(Document::<D>::schema_ref())),
        ..MetaSchema::new("array")
    };
    MetaSchema {
        required: vec!["results", "pagination", "version"],
        properties: vec![
            ("results", MetaSchemaRef::Inline(Box::new(results))),
            ("pagination", PaginationDto::schema_ref()),
            ("version", version("The version of the rules.")),
        ],
        ..MetaSchema::new("object")
    }
} }

fn version(description: &'static str) -> MetaSchemaRef {
    let schema =
        MetaSchema { description: Some(description), ..MetaSchema::new_with_format("integer", "uint64") };
    MetaSchemaRef::Inline(Box::new(schema))
}

/// The fields of a document; what is in them is told by the JSON Schema of the rulebook.
fn document(schema: &'static Value) -> MetaSchema {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let field = |(name, field): (&'static String, &'static Value)| {
        let kind = |value: &'static Value| value.as_str().filter(|kind| *kind != "null");
        let kind = match &field["type"] {
            Value::Array(kinds) => kinds.iter().find_map(kind),
            one => kind(one),
        };
        let described =
            MetaSchema { description: field["description"].as_str(), ..MetaSchema::new(kind.unwrap_or("")) };
        let described = match kind {
            Some("array") => MetaSchema {
                items: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
                ..described
            },
            Some("object") => MetaSchema {
                additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY)))),
                ..described
            },
            _ => described,
        };
        (name.as_str(), MetaSchemaRef::Inline(Box::new(described)))
    };
    let own = (
        "version",
        version(
            "In an answer, the version of the rules that it is from. In a request, the version that it is for: if another one is in force, nothing is changed.",
        ),
    );
    MetaSchema {
        description: schema["description"].as_str(),
        required: schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
        properties: std::iter::once(own).chain(fields.map(field)).collect(),
        ..MetaSchema::new("object")
    }
}
