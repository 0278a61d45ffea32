//! Currencies of ISO 4217.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A currency of ISO 4217 whose minor unit has 0, 2 or 3 decimals.
///
/// ```
/// use commerce_core::Currency;
/// assert_eq!(Currency::from_code("NGN"), Some(Currency::NGN));
/// assert_eq!((Currency::NGN.decimals(), Currency::XOF.decimals()), (2, 0));
/// assert_eq!(Currency::from_code("ngn"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[A-Z]{3}$")))]
pub struct Currency(#[cfg_attr(feature = "schema", schemars(with = "String"))] iso_currency::Currency);

impl Currency {
    /// Nigerian naira.
    pub const NGN: Self = Self(iso_currency::Currency::NGN);
    /// Ghanaian cedi.
    pub const GHS: Self = Self(iso_currency::Currency::GHS);
    /// Kenyan shilling.
    pub const KES: Self = Self(iso_currency::Currency::KES);
    /// South African rand.
    pub const ZAR: Self = Self(iso_currency::Currency::ZAR);
    /// West African CFA franc, which has no minor unit.
    pub const XOF: Self = Self(iso_currency::Currency::XOF);
    /// United States dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);
    /// Euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// Pound sterling.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    /// Kuwaiti dinar, with three decimals.
    pub const KWD: Self = Self(iso_currency::Currency::KWD);

    /// The currency with this upper-case code; `None` for unknown codes and for units of account without 0, 2 or 3
    /// decimals.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code)
            .filter(|found| matches!(found.exponent(), Some(0 | 2 | 3)))
            .map(Self)
    }

    /// The three letters of ISO 4217.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of the minor unit: 0, 2 or 3.
    #[must_use]
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| {
            serde::de::Error::custom(format_args!("{code:?} is not a currency code such as \"NGN\""))
        })
    }
}
