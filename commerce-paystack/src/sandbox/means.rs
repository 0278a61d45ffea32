//! What a payer can pay with, as a request or the checkout page says it, and which of it works in test mode.

use super::clock::{Stamp, parse};
use super::country::{Channel, Currency};
use super::envelope::Refusal;
use super::request::Fields;
use super::transaction::Provider;

/// What is to be paid with. It may still be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Means {
    Card { number: String, cvv: String, month: String, year: String, pin: Option<String> },
    MobileMoney { provider: String, phone: String },
    BankTransfer { until: Option<Stamp> },
    Ussd { kind: String },
    Bank { code: String, account: String, birthday: Option<String>, token: Option<String> },
    Qr,
    Eft,
    CapitecPay,
}

const NONE: &str = "One of Authorization code, card object, bank object, ussd object, mobile money object, qr object, or EFT object should be passed.";

impl Means {
    /// The channel that this is paid through.
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Card { .. } => Channel::Card,
            Self::MobileMoney { .. } => Channel::MobileMoney,
            Self::BankTransfer { .. } => Channel::BankTransfer,
            Self::Ussd { .. } => Channel::Ussd,
            Self::Bank { .. } => Channel::Bank,
            Self::Qr => Channel::Qr,
            Self::Eft => Channel::Eft,
            Self::CapitecPay => Channel::CapitecPay,
        }
    }

    /// Reads the one instrument of a charge.
    pub(crate) fn read(fields: &Fields) -> Result<Self, Refusal> {
        if let Some(card) = fields.object("card") {
            let text = |name| card.text(name).unwrap_or_default();
            return Ok(Self::Card {
                number: text("number"),
                cvv: text("cvv"),
                month: text("expiry_month"),
                year: text("expiry_year"),
                pin: fields.filled("pin").or_else(|| card.filled("pin")),
            });
        }
        if let Some(wallet) = fields.object("mobile_money") {
            let phone = wallet.filled("phone").or_else(|| wallet.filled("account")).unwrap_or_default();
            return Ok(Self::MobileMoney { provider: wallet.text("provider").unwrap_or_default(), phone });
        }
        if let Some(bank) = fields.object("bank") {
            return Ok(Self::Bank {
                code: bank.text("code").unwrap_or_default(),
                account: bank.filled("account_number").or_else(|| bank.filled("phone")).unwrap_or_default(),
                birthday: fields.filled("birthday").or_else(|| bank.filled("birthday")),
                token: bank.filled("token"),
            });
        }
        if let Some(transfer) = fields.object("bank_transfer") {
            let until = transfer.filled("account_expires_at").and_then(|text| parse(&text));
            return Ok(Self::BankTransfer { until });
        }
        if let Some(ussd) = fields.object("ussd") {
            return Ok(Self::Ussd { kind: ussd.text("type").unwrap_or_default() });
        }
        let others = [("qr", Self::Qr), ("eft", Self::Eft), ("capitec_pay", Self::CapitecPay)];
        let other = others.into_iter().find(|(name, _)| fields.object(name).is_some());
        other.map(|(_, means)| means).ok_or_else(|| Refusal::new(400, NONE))
    }
}

const fn provider(
    code: &'static str,
    name: &'static str,
    currency: Currency,
    number: &'static str,
    otp: Option<&'static str>,
) -> Provider {
    Provider { code, name, currency, number, otp }
}

/// The voucher of Telecel and the like has the one-time password of the cards.
pub(crate) static PROVIDERS: [Provider; 11] = [
    provider("mtn", "MTN", Currency::Ghs, "0551234987", None),
    provider("vod", "Telecel", Currency::Ghs, "0551234987", Some(super::cards::OTP)),
    provider("atl", "AirtelTigo", Currency::Ghs, "0551234987", None),
    provider("mpesa", "M-PESA", Currency::Kes, "+254710000000", None),
    provider("atl", "Airtel", Currency::Kes, "+254710000000", None),
    provider("mpesa_offline", "M-PESA Paybill", Currency::Kes, "", None),
    provider("mptill", "M-PESA Till", Currency::Kes, "", None),
    provider("orange", "Orange", Currency::Xof, "0700000000", Some("1234")),
    provider("wave", "Wave", Currency::Xof, "0700000000", None),
    provider("mtn", "MTN", Currency::Xof, "0700000000", None),
    provider("mtn", "MTN", Currency::Rwf, "0780000000", None),
];

/// The wallet of this code for this currency; upper case is taken as well.
pub(crate) fn wallet(code: &str, currency: Currency) -> Option<Provider> {
    PROVIDERS
        .iter()
        .find(|known| known.currency == currency && known.code.eq_ignore_ascii_case(code))
        .copied()
}

/// Whether two ways of writing a phone number mean the same: their last nine digits agree.
pub(crate) fn same_phone(one: &str, other: &str) -> bool {
    let tail = |text: &str| -> Option<String> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        digits.get(digits.len().checked_sub(9)?..).map(str::to_owned)
    };
    tail(one).is_some_and(|digits| Some(digits) == tail(other))
}

/// How many digits are in it.
pub(crate) fn digits(text: &str) -> usize {
    text.chars().filter(char::is_ascii_digit).count()
}

/// The bank whose code is dialled.
pub(crate) fn ussd_bank(kind: &str) -> Option<&'static str> {
    match kind.trim_matches(['*', '#']) {
        "737" => Some("Guaranty Trust Bank"),
        "919" => Some("United Bank For Africa"),
        "822" => Some("Sterling Bank"),
        "966" => Some("Zenith Bank"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{same_phone, wallet};
    use crate::sandbox::country::Currency;

    #[test]
    fn wallets_are_those_of_the_currency() {
        assert_eq!(wallet("MTN", Currency::Ghs).unwrap().name, "MTN");
        assert_eq!(wallet("atl", Currency::Kes).unwrap().name, "Airtel");
        assert_eq!(wallet("mtn", Currency::Ngn), None);
    }

    #[test]
    fn phones_are_the_same_with_and_without_country() {
        assert!(same_phone("+254710000000", "0710000000"));
        assert!(!same_phone("+254710000001", "0710000000"));
        assert!(!same_phone("000", "000"));
    }
}
