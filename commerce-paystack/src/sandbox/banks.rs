//! Banks and wallets by country, the holders of test accounts, and what is known of a card by its first digits.

use serde_json::{Value, json};

use super::books::Books;
use super::cards::TEST_CARDS;
use super::country::Country;
use super::envelope::{Answer, Refusal};
use super::request::Fields;

struct Bank {
    country: Country,
    code: &'static str,
    name: &'static str,
    kind: &'static str,
}

const fn bank(country: Country, code: &'static str, name: &'static str) -> Bank {
    let kind = match country {
        Country::Ghana => "ghipss",
        Country::Kenya => "kepss",
        Country::SouthAfrica => "basa",
        _ => "nuban",
    };
    Bank { country, code, name, kind }
}

const fn wallet(country: Country, code: &'static str, name: &'static str) -> Bank {
    Bank { country, code, name, kind: "mobile_money" }
}

/// A few of each country, with their real codes.
static BANKS: [Bank; 30] = [
    bank(Country::Nigeria, "001", "Test Bank"),
    bank(Country::Nigeria, "044", "Access Bank"),
    bank(Country::Nigeria, "070", "Fidelity Bank"),
    bank(Country::Nigeria, "011", "First Bank of Nigeria"),
    bank(Country::Nigeria, "058", "Guaranty Trust Bank"),
    bank(Country::Nigeria, "50211", "Kuda Bank"),
    bank(Country::Nigeria, "232", "Sterling Bank"),
    bank(Country::Nigeria, "033", "United Bank For Africa"),
    bank(Country::Nigeria, "035", "Wema Bank"),
    bank(Country::Nigeria, "057", "Zenith Bank"),
    bank(Country::Ghana, "280100", "Access Bank"),
    bank(Country::Ghana, "130100", "Ecobank Ghana"),
    bank(Country::Ghana, "040100", "GCB Bank Limited"),
    bank(Country::Ghana, "120100", "Zenith Bank Ghana"),
    wallet(Country::Ghana, "MTN", "MTN"),
    wallet(Country::Ghana, "VOD", "Telecel"),
    wallet(Country::Ghana, "ATL", "AirtelTigo"),
    bank(Country::Kenya, "03", "Absa Bank Kenya Plc"),
    bank(Country::Kenya, "11", "Co-operative Bank of Kenya Limited"),
    bank(Country::Kenya, "68", "Equity Bank Kenya Limited"),
    bank(Country::Kenya, "01", "Kenya Commercial Bank"),
    wallet(Country::Kenya, "MPESA", "M-PESA"),
    wallet(Country::Kenya, "ATL", "Airtel Money"),
    bank(Country::SouthAfrica, "632005", "Absa Bank Limited"),
    bank(Country::SouthAfrica, "470010", "Capitec Bank Limited"),
    bank(Country::SouthAfrica, "250655", "First National Bank"),
    bank(Country::SouthAfrica, "051001", "Standard Bank South Africa"),
    wallet(Country::CoteDIvoire, "MTN", "MTN"),
    wallet(Country::CoteDIvoire, "ORANGE", "Orange"),
    wallet(Country::CoteDIvoire, "WAVE", "Wave"),
];

/// When the list was made, as far as answers are concerned.
const LISTED: &str = "2020-01-01T00:00:00.000Z";

impl Books {
    pub(crate) fn banks(&self, fields: &Fields) -> Answer {
        let country = fields.filled("country");
        let is = |name: &str, value: &str| {
            fields.filled(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
        };
        let wanted = |bank: &Bank| match &country {
            Some(name) => name.eq_ignore_ascii_case(bank.country.name()),
            None => bank.country == self.settings.country,
        };
        let banks = BANKS.iter().enumerate().filter(|(_, bank)| {
            wanted(bank) && is("currency", bank.country.currency().code()) && is("type", bank.kind)
        });
        let data: Vec<Value> = banks
            .map(|(index, bank)| {
                json!({
                    "id": index + 1,
                    "name": bank.name,
                    "slug": slug(bank),
                    "code": bank.code,
                    "longcode": "",
                    "gateway": null,
                    "pay_with_bank": matches!(bank.code, "057" | "50211"),
                    "supports_transfer": true,
                    "available_for_direct_debit": false,
                    "active": true,
                    "is_deleted": false,
                    "country": bank.country.name(),
                    "currency": bank.country.currency().code(),
                    "type": bank.kind,
                    "createdAt": LISTED,
                    "updatedAt": LISTED,
                })
            })
            .collect();
        if fields.text("use_cursor").is_some_and(|text| text == "true") {
            let meta = json!({"next": null, "previous": null, "perPage": 50});
            return Answer::list("Banks retrieved", data, meta);
        }
        Answer::ok("Banks retrieved", json!(data))
    }

    /// Every account of ten digits at a known bank has a holder.
    pub(crate) fn resolve_account(&self, fields: &Fields) -> Result<Answer, Refusal> {
        let number = fields.filled("account_number").unwrap_or_default();
        let code = fields.filled("bank_code").unwrap_or_default();
        let bank = BANKS.iter().position(|bank| bank.code == code);
        match bank {
            Some(index) if number.len() == 10 && number.bytes().all(|digit| digit.is_ascii_digit()) => {
                let data =
                    json!({"account_number": number, "account_name": "TEST ACCOUNT", "bank_id": index + 1});
                Ok(Answer::ok("Account number resolved", data))
            }
            _ => Err(Refusal::params(422, "Could not resolve account name. Check parameters or try again.")),
        }
    }

    pub(crate) fn resolve_card(&self, bin: &str) -> Result<Answer, Refusal> {
        let card = TEST_CARDS
            .iter()
            .find(|card| bin.len() >= 6 && bin.get(..6) == Some(card.bin()))
            .ok_or_else(|| Refusal::new(400, "Could not resolve card bin"))?;
        let country = self.settings.country;
        let data = json!({
            "bin": card.bin(),
            "brand": card.brand(),
            "sub_brand": "",
            "country_code": country.code(),
            "country_name": country.name(),
            "card_type": "DEBIT",
            "bank": "TEST BANK",
            "currency": country.currency().code(),
            "linked_bank_id": 1,
        });
        Ok(Answer::ok("Bin resolved", data))
    }
}

fn slug(bank: &Bank) -> String {
    let words: Vec<String> = bank.name.split_whitespace().map(str::to_lowercase).collect();
    format!("{}-{}", words.join("-"), bank.country.code().to_lowercase())
}
