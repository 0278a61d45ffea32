//! Attributes: typed properties that products share, and what may be their values.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{AttributeId, fold};

/// A shop-wide typed property of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its id.
    pub id: AttributeId,
    /// Its code, unique in the shop, and its own for good: filters, files and rules name it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: AttributeKind,
    /// Whether facets count it; see [`is_facet`](Self::is_facet).
    pub filterable: bool,
    /// Whether a product that is published has to have a value.
    pub required: bool,
    /// Whether an option of its code is linked to it; see [`defines_variants`](Self::defines_variants).
    pub variant_defining: bool,
    /// What else its values have to be.
    pub rules: AttributeRules,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// What the values of an attribute have to be, beside being of its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttributeRules {
    /// Of a select or a colour: one of these, whatever the case; empty: anything.
    pub allowed: Vec<String>,
    /// Of a number: not below this.
    pub least: Option<Decimal>,
    /// Of a number: not above this.
    pub most: Option<Decimal>,
    /// Of a number: what it counts, to be shown behind it.
    pub unit: Option<String>,
}

/// What the values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// Free text.
    Text,
    /// A decimal number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of a list; the options of products that are linked to the attribute make the list, unless its rules do.
    Select,
    /// A colour by name or code.
    Colour,
}

impl AttributeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Text, Self::Number, Self::Boolean, Self::Select, Self::Colour];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Select => "select",
            Self::Colour => "colour",
        }
    }

    /// Whether its values are some of a list, as those of an option are.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self, Self::Select | Self::Colour)
    }
}

impl AttributeRules {
    /// A bound, as it is written: a decimal number.
    ///
    /// # Errors
    /// When the text is none.
    pub fn bound(text: &str) -> Result<Decimal, rust_decimal::Error> {
        Decimal::from_str_exact(text.trim())
    }
}

impl Attribute {
    /// A new one whose values need only be of the kind, and which does whatever its kind can.
    pub fn new(
        id: AttributeId,
        code: impl Into<String>,
        name: impl Into<String>,
        kind: AttributeKind,
    ) -> Self {
        Self {
            id,
            code: code.into(),
            name: name.into(),
            kind,
            filterable: true,
            required: false,
            variant_defining: true,
            rules: AttributeRules::default(),
            version: 1,
        }
    }

    /// Whether facets count its values. Free text is searched, and never counted.
    #[must_use]
    pub fn is_facet(&self) -> bool {
        self.filterable && self.kind != AttributeKind::Text
    }

    /// Whether an option whose name is its code is linked to it. Only lists can be.
    #[must_use]
    pub fn defines_variants(&self) -> bool {
        self.variant_defining && self.kind.is_list()
    }

    /// The value as it is kept: in the spelling of the list, when there is one.
    ///
    /// # Errors
    /// Why it is none of this attribute, in words.
    ///
    /// ```
    /// use commerce_core::catalog::{Attribute, AttributeKind};
    /// use commerce_core::testkit::named;
    /// let mut fabric = Attribute::new(named("attribute", "fabric"), "fabric", "Fabric", AttributeKind::Select);
    /// fabric.rules.allowed = vec!["Cotton".to_owned(), "Silk".to_owned()];
    /// assert_eq!(fabric.accept(" cotton"), Ok("Cotton".to_owned()));
    /// assert!(fabric.accept("wool").is_err());
    /// ```
    pub fn accept(&self, value: &str) -> Result<String, String> {
        let AttributeRules { allowed, least, most, unit: _ } = &self.rules;
        let wrong = || {
            let kind = self.kind.as_str();
            format!("{value:?} is no {kind} as the attribute {} wants it", self.code)
        };
        match self.kind {
            AttributeKind::Text => {}
            AttributeKind::Number => {
                let number = Decimal::from_str_exact(value.trim()).map_err(|_| wrong())?;
                if let Some(least) = least.filter(|least| number < *least) {
                    return Err(format!(
                        "{number} is below {least}, the least of the attribute {}",
                        self.code
                    ));
                }
                if let Some(most) = most.filter(|most| number > *most) {
                    return Err(format!("{number} is above {most}, the most of the attribute {}", self.code));
                }
            }
            AttributeKind::Boolean => {
                if !matches!(value.trim(), "true" | "false") {
                    return Err(wrong());
                }
            }
            AttributeKind::Select | AttributeKind::Colour if !allowed.is_empty() => {
                let known = allowed.iter().find(|known| fold(known) == fold(value));
                let among = || format!("{value:?} is none of the values of the attribute {}", self.code);
                return known.cloned().ok_or_else(among);
            }
            AttributeKind::Select | AttributeKind::Colour => {}
        }
        Ok(value.to_owned())
    }
}
