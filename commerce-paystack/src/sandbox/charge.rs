//! The calls that start a transaction and take it on: initialize, charge, submit, charge_authorization.

use serde_json::{Value, json};

use super::attempt::Entry;
use super::bodies::{self, View};
use super::books::Books;
use super::clock::iso;
use super::country::Currency;
use super::envelope::{Answer, Refusal};
use super::means::Means;
use super::request::{Amount, Fields, amount};
use super::transaction::{Instrument, Origin, Step};

const ATTEMPTED: &str = "Charge attempted";
const NO_SUCH_CODE: &str = "Authorization code is invalid";
const NOT_YOURS: &str = "Email does not match Authorization code. Authorization may be inactive or belong to a different email. Please confirm.";

impl Books {
    pub(crate) fn initialize(&mut self, fields: &Fields, ip: &str) -> Result<Answer, Refusal> {
        let index = self.open(fields, Origin::Initialize, ip)?;
        let transaction = &self.transactions[index];
        Ok(Answer::ok(
            "Authorization URL created",
            json!({
                "authorization_url": self.checkout_url(index),
                "access_code": transaction.access_code,
                "reference": transaction.reference,
            }),
        ))
    }

    /// Where the payer pays.
    pub(crate) fn checkout_url(&self, index: usize) -> String {
        format!("{}/checkout/{}", self.settings.public_url, self.transactions[index].access_code)
    }

    pub(crate) fn charge(&mut self, fields: &Fields, ip: &str) -> Result<Answer, Refusal> {
        if fields.filled("authorization_code").is_some() {
            return self.charge_authorization(fields, ip);
        }
        let means = Means::read(fields)?;
        if let (Means::BankTransfer { .. }, Amount::Whole(..10_000)) = (&means, amount(fields, "amount"))
            && fields.text("currency").map_or(self.settings.currency == Currency::Ngn, |code| code == "NGN")
        {
            let text = "Pay with transfer is not currently supported for transactions less than NGN 100.00";
            return Err(Refusal::new(400, text));
        }
        let index = self.open(fields, Origin::Charge, ip)?;
        self.begin(index, means);
        Ok(self.attempted_charge(index, ATTEMPTED))
    }

    pub(crate) fn charge_authorization(&mut self, fields: &Fields, ip: &str) -> Result<Answer, Refusal> {
        let code = fields
            .filled("authorization_code")
            .ok_or_else(|| Refusal::missing("Authorization code is required"))?;
        let saved = self
            .authorizations
            .iter()
            .position(|authorization| authorization.code == code)
            .ok_or_else(|| Refusal::new(400, NO_SUCH_CODE))?;
        let authorization = &self.authorizations[saved];
        let owner = &self.customers[authorization.customer].email;
        let own = fields.text("email").is_none_or(|email| email.eq_ignore_ascii_case(owner));
        if !own || !authorization.active || !authorization.reusable {
            return Err(Refusal::new(400, NOT_YOURS));
        }
        let index = self.open(fields, Origin::ChargeAuthorization, ip)?;
        self.transactions[index].instrument = Some(Instrument::Saved(saved));
        self.settle(index);
        Ok(self.attempted_charge(index, ATTEMPTED))
    }

    /// `what` is the last step of the path, such as `submit_pin`.
    pub(crate) fn submit(&mut self, what: &str, fields: &Fields) -> Result<Answer, Refusal> {
        let reference =
            fields.filled("reference").ok_or_else(|| Refusal::missing("Reference is required"))?;
        let index = self
            .by_reference(&reference)
            .ok_or_else(|| Refusal::new(400, "Transaction reference is invalid"))?;
        let text = |name: &str| fields.text(name).unwrap_or_default();
        let entry = match what {
            "submit_pin" => Some(Entry::Pin(text("pin"))),
            "submit_otp" => Some(Entry::Otp(text("otp"))),
            "submit_phone" => Some(Entry::Phone(text("phone"))),
            "submit_birthday" => Some(Entry::Birthday(text("birthday"))),
            // No test card asks for an address.
            "submit_address" => None,
            _ => return Err(Refusal::no_such_route()),
        };
        if let Some(entry) = entry {
            self.enter(index, entry);
        }
        let mut answer = self.attempted_charge(index, ATTEMPTED);
        if answer.body["data"]["status"] == json!("failed") {
            answer.status = 400;
            answer.body["status"] = json!(false);
        }
        Ok(answer)
    }

    pub(crate) fn check_charge(&self, reference: &str) -> Result<Answer, Refusal> {
        let index = self
            .by_reference(reference)
            .ok_or_else(|| Refusal::new(400, "Transaction reference is invalid"))?;
        if matches!(self.transactions[index].step, Step::Offline(_)) {
            let data = json!({"reference": reference, "status": "pending"});
            return Ok(Answer::ok("Reference check successful", data));
        }
        Ok(self.attempted_charge(index, "Reference check successful"))
    }

    /// Where a charge stands: the whole transaction once it is paid, what to do next before.
    fn attempted_charge(&self, index: usize, message: &str) -> Answer {
        let transaction = &self.transactions[index];
        if transaction.paid() {
            return Answer::ok(message, bodies::transaction(self, index, View::Charge));
        }
        if transaction.instrument == Some(Instrument::CapitecPay) {
            return self.capitec(index);
        }
        let mut data = match &transaction.step {
            // The checkout page of this reference was never opened.
            Step::Choose => json!({"status": "pending"}),
            Step::Pin => json!({"status": "send_pin"}),
            Step::Phone => {
                json!({"status": "send_phone", "display_text": "Kindly enter a mobile no (at least 10 digits)"})
            }
            Step::Otp { text } => json!({"status": "send_otp", "display_text": text}),
            Step::Birthday => {
                json!({"status": "send_birthday", "display_text": "Please send your birthday"})
            }
            Step::BankPage => json!({"status": "open_url", "url": self.checkout_url(index)}),
            Step::Transfer(account) => {
                let (slug, name, id) = account.bank;
                let mut data = json!({
                    "status": "pending_bank_transfer",
                    "display_text": "Please make a transfer to the account specified",
                    "account_name": account.name,
                    "account_number": account.number,
                    "bank": {"slug": slug, "name": name, "id": id},
                    "account_expires_at": iso(account.expires_at),
                });
                if let Some(reference) = &account.transfer_reference {
                    data["amount"] = json!(transaction.amount);
                    data["transaction_reference"] = json!(reference);
                }
                data
            }
            Step::Offline(offline) => {
                let mut data = json!({"status": "pay_offline"});
                if let Some(qr_code) = &offline.qr_code {
                    data["qr_code"] = json!(qr_code);
                    data["url"] = json!(self.checkout_url(index));
                } else {
                    data["display_text"] = json!(offline.text);
                }
                if let Some(code) = &offline.ussd_code {
                    data["ussd_code"] = json!(code);
                }
                if let Some((number, reference)) = &offline.paybill {
                    data["account_number"] = json!(number);
                    data["account_reference"] = json!(reference);
                }
                data
            }
            Step::Nothing => json!({"status": "failed", "message": transaction.message}),
        };
        data["reference"] = json!(transaction.reference);
        Answer::ok(message, data)
    }

    /// This channel has an envelope of its own.
    fn capitec(&self, index: usize) -> Answer {
        let transaction = &self.transactions[index];
        let body: Value = json!({
            "type": "success",
            "code": "ok",
            "message": "Charge pending",
            "data": {
                "status": "success",
                "timeToLive": 120,
                "expiryDate": iso(transaction.created_at + 120_000),
                "transaction": {
                    "id": transaction.id,
                    "reference": transaction.reference,
                    "domain": "test",
                    "amount": transaction.amount,
                    "currency": transaction.currency.code(),
                    "metadata": transaction.metadata,
                    "createdAt": iso(transaction.created_at),
                    "customer": self.customers[transaction.customer].short(),
                },
            },
        });
        Answer { status: 200, body }
    }
}
