//! What is charged.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::error::Invalid;
use crate::transaction::AuthorizationCode;

/// What is charged: exactly one of these. Card numbers are not among them: they belong on Paystack's page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Instrument {
    /// An account is made for this payment, and the payer transfers to it.
    BankTransfer {
        /// Until when, ISO 8601, 15 minutes to 8 hours from now; 8 hours without it.
        expires_at: Option<String>,
    },
    /// The payer approves on the phone.
    MobileMoney {
        /// The payer's number; local in Ghana, with `+254` in Kenya.
        phone: String,
        /// Whose network.
        provider: MobileMoneyProvider,
    },
    /// The payer dials a code of their bank.
    Ussd {
        /// The bank.
        bank: UssdBank,
    },
    /// The payer's bank account; a code or the birthday is asked for then.
    Bank {
        /// The bank's code.
        code: String,
        /// The account.
        account_number: String,
    },
    /// A code to scan, in South Africa.
    Qr,
    /// Electronic funds transfer, in South Africa.
    Eft,
    /// A saved card.
    Authorization {
        /// Its code.
        code: AuthorizationCode,
        /// The card's PIN, where the bank wants it.
        pin: Option<SecretString>,
    },
}

/// A mobile money network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MobileMoneyProvider {
    /// MTN, in Ghana and Côte d'Ivoire.
    Mtn,
    /// AirtelTigo in Ghana, Airtel in Kenya.
    Atl,
    /// Telecel in Ghana. A voucher code is asked for then.
    Vod,
    /// M-PESA in Kenya.
    Mpesa,
    /// M-PESA in Kenya, paid to a paybill number.
    MpesaOffline,
    /// Orange, in Côte d'Ivoire.
    Orange,
    /// Wave, in Côte d'Ivoire.
    Wave,
}

impl MobileMoneyProvider {
    /// Every network.
    pub const ALL: [Self; 7] =
        [Self::Mtn, Self::Atl, Self::Vod, Self::Mpesa, Self::MpesaOffline, Self::Orange, Self::Wave];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mtn => "mtn",
            Self::Atl => "atl",
            Self::Vod => "vod",
            Self::Mpesa => "mpesa",
            Self::MpesaOffline => "mpesa_offline",
            Self::Orange => "orange",
            Self::Wave => "wave",
        }
    }

    /// The network with this word; the bank list writes it in capitals.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str().eq_ignore_ascii_case(code))
    }
}

/// A bank whose customers pay by dialling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UssdBank {
    /// 737, Guaranty Trust Bank: the only one that is still documented in words.
    GuarantyTrust,
    /// 919, United Bank for Africa.
    UnitedBankForAfrica,
    /// 822, Sterling Bank.
    Sterling,
    /// 966, Zenith Bank.
    Zenith,
}

impl UssdBank {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GuarantyTrust => "737",
            Self::UnitedBankForAfrica => "919",
            Self::Sterling => "822",
            Self::Zenith => "966",
        }
    }
}

impl Instrument {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let phone = |text: &str| {
            let digits = text.strip_prefix('+').unwrap_or(text);
            (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        match self {
            Self::MobileMoney { phone: number, .. } if !phone(number) => {
                Err(Invalid("a phone number has 7 to 15 digits, with or without a plus sign"))
            }
            Self::Bank { code, account_number } if code.is_empty() || account_number.is_empty() => {
                Err(Invalid("a bank account needs the bank's code and a number"))
            }
            Self::Authorization { code, .. } if code.expose().is_empty() => {
                Err(Invalid("the code of the saved card is empty"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn write(&self, body: &mut Value) {
        match self {
            Self::BankTransfer { expires_at } => {
                body["bank_transfer"] = json!({ "account_expires_at": expires_at });
            }
            Self::MobileMoney { phone, provider } => {
                body["mobile_money"] = json!({ "phone": phone, "provider": provider.as_str() });
            }
            Self::Ussd { bank } => body["ussd"] = json!({ "type": bank.as_str() }),
            Self::Bank { code, account_number } => {
                body["bank"] = json!({ "code": code, "account_number": account_number });
            }
            Self::Qr => body["qr"] = json!({ "provider": "scan-to-pay" }),
            Self::Eft => body["eft"] = json!({ "provider": "ozow" }),
            Self::Authorization { code, pin } => {
                body["authorization_code"] = json!(code.expose());
                if let Some(pin) = pin {
                    body["pin"] = json!(pin.expose_secret());
                }
            }
        }
    }
}
