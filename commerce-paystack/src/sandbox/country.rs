//! Where a shop may be, what it may be paid in, and how.

use serde::{Deserialize, Serialize};

/// A country in which a business can have an account. It decides currencies, channels and fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Country {
    /// Nigeria: NGN and USD.
    Nigeria,
    /// Ghana: GHS.
    Ghana,
    /// Kenya: KES and USD.
    Kenya,
    /// South Africa: ZAR.
    SouthAfrica,
    /// Côte d'Ivoire: XOF.
    CoteDIvoire,
    /// Egypt: EGP.
    Egypt,
    /// Rwanda: RWF.
    Rwanda,
}

/// A currency in which transactions are made. Amounts are hundredths of it, also where it has no subunit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "ISO 4217 codes say what they are")]
#[non_exhaustive]
pub enum Currency {
    Ngn,
    Ghs,
    Kes,
    Zar,
    Xof,
    Egp,
    Rwf,
    Usd,
}

/// A way of paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of Paystack's channels")]
#[non_exhaustive]
pub enum Channel {
    Card,
    Bank,
    Ussd,
    Qr,
    MobileMoney,
    BankTransfer,
    Eft,
    CapitecPay,
}

impl Country {
    /// The currency of a transaction that names none.
    #[must_use]
    pub fn currency(self) -> Currency {
        match self {
            Self::Nigeria => Currency::Ngn,
            Self::Ghana => Currency::Ghs,
            Self::Kenya => Currency::Kes,
            Self::SouthAfrica => Currency::Zar,
            Self::CoteDIvoire => Currency::Xof,
            Self::Egypt => Currency::Egp,
            Self::Rwanda => Currency::Rwf,
        }
    }

    /// The currencies that a business there is paid in.
    #[must_use]
    pub fn currencies(self) -> Vec<Currency> {
        match self {
            Self::Nigeria | Self::Kenya => vec![self.currency(), Currency::Usd],
            _ => vec![self.currency()],
        }
    }

    /// The channels that the checkout offers when a transaction names none.
    #[must_use]
    pub fn channels(self) -> &'static [Channel] {
        use Channel::{Bank, BankTransfer, CapitecPay, Card, Eft, MobileMoney, Qr, Ussd};
        match self {
            Self::Nigeria => &[Card, BankTransfer, Ussd, Bank],
            Self::Ghana | Self::CoteDIvoire => &[Card, MobileMoney],
            Self::Kenya => &[Card, MobileMoney, BankTransfer],
            Self::SouthAfrica => &[Card, Eft, Qr, CapitecPay],
            Self::Egypt | Self::Rwanda => &[Card],
        }
    }

    /// Its ISO 3166 code of two letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Nigeria => "NG",
            Self::Ghana => "GH",
            Self::Kenya => "KE",
            Self::SouthAfrica => "ZA",
            Self::CoteDIvoire => "CI",
            Self::Egypt => "EG",
            Self::Rwanda => "RW",
        }
    }

    /// Its name in bank lists.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nigeria => "Nigeria",
            Self::Ghana => "Ghana",
            Self::Kenya => "Kenya",
            Self::SouthAfrica => "South Africa",
            Self::CoteDIvoire => "Cote D'Ivoire",
            Self::Egypt => "Egypt",
            Self::Rwanda => "Rwanda",
        }
    }
}

impl Currency {
    /// The country whose own currency it is; that of US dollars is taken to be Nigeria.
    #[must_use]
    pub fn country(self) -> Country {
        match self {
            Self::Ngn | Self::Usd => Country::Nigeria,
            Self::Ghs => Country::Ghana,
            Self::Kes => Country::Kenya,
            Self::Zar => Country::SouthAfrica,
            Self::Xof => Country::CoteDIvoire,
            Self::Egp => Country::Egypt,
            Self::Rwf => Country::Rwanda,
        }
    }

    /// Its ISO 4217 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ngn => "NGN",
            Self::Ghs => "GHS",
            Self::Kes => "KES",
            Self::Zar => "ZAR",
            Self::Xof => "XOF",
            Self::Egp => "EGP",
            Self::Rwf => "RWF",
            Self::Usd => "USD",
        }
    }

    /// The currency with this ISO 4217 code, in any case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Ngn, Self::Ghs, Self::Kes, Self::Zar, Self::Xof, Self::Egp, Self::Rwf, Self::Usd]
            .into_iter()
            .find(|currency| currency.code().eq_ignore_ascii_case(code))
    }

    /// An amount as people read it, such as `NGN 1,250.00`.
    pub(crate) fn show(self, amount: u64) -> String {
        let whole = (amount / 100).to_string();
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{} {grouped}.{:02}", self.code(), amount % 100)
    }
}

impl Channel {
    /// Its name in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::Ussd => "ussd",
            Self::Qr => "qr",
            Self::MobileMoney => "mobile_money",
            Self::BankTransfer => "bank_transfer",
            Self::Eft => "eft",
            Self::CapitecPay => "capitec_pay",
        }
    }

    /// The channel of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Card,
            Self::Bank,
            Self::Ussd,
            Self::Qr,
            Self::MobileMoney,
            Self::BankTransfer,
            Self::Eft,
            Self::CapitecPay,
        ]
        .into_iter()
        .find(|channel| channel.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::Currency;

    #[test]
    fn amounts_are_shown_in_groups_of_three() {
        for (amount, text) in [
            (5, "NGN 0.05"),
            (99_999, "NGN 999.99"),
            (100_000, "NGN 1,000.00"),
            (123_456_789, "NGN 1,234,567.89"),
        ] {
            assert_eq!(Currency::Ngn.show(amount), text);
        }
    }
}
