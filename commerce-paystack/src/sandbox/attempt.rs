//! One attempt to pay, step by step: the same rules for the charge calls and for the checkout page.

use std::time::Duration;

use super::books::{Books, Job};
use super::cards::{Flow, NOT_A_TEST_CARD, OTP, TestCard, find};
use super::clock::stamp;
use super::country::Country;
use super::means::{Means, digits, same_phone, ussd_bank, wallet};
use super::transaction::{Account, Instrument, Offline, Provider, Status, Step};

/// How long a payer has to approve on the phone.
const APPROVAL_MAX: Duration = Duration::from_secs(180);
const TRANSFER_MIN: Duration = Duration::from_secs(15 * 60);
const TRANSFER_MAX: Duration = Duration::from_secs(8 * 3600);
const PESALINK: Duration = Duration::from_secs(25 * 60);

const CARD_OTP: &str = "Please enter OTP (none will be sent to your phone)";
const VOUCHER: &str = "Please dial *110# to generate a voucher code. Then input the voucher";
const ON_THE_PHONE: &str = "Please complete authorization process on your mobile phone";
const TIMED_OUT: &str = "Transaction was not approved in time";

/// What the payer types in on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Pin(String),
    Phone(String),
    Otp(String),
    Birthday(String),
}

impl Books {
    /// Begins to pay. Afterwards it is paid, declined, or waits at a step.
    pub(crate) fn begin(&mut self, index: usize, means: Means) {
        let transaction = &mut self.transactions[index];
        transaction.step = Step::Choose;
        transaction.channel = means.channel();
        transaction.attempt += 1;
        match means {
            Means::Card { number, cvv, month, year, pin } => {
                self.try_with(index, "card");
                self.begin_card(index, &number, &cvv, month, &year);
                if let (Step::Pin, Some(pin)) = (&self.transactions[index].step, pin) {
                    self.enter(index, Entry::Pin(pin));
                }
            }
            Means::MobileMoney { provider, phone } => {
                self.try_with(index, "mobile money");
                match wallet(&provider, self.transactions[index].currency) {
                    Some(provider) => self.begin_wallet(index, provider, phone),
                    None => self.decline(index, "Mobile money provider is not supported"),
                }
            }
            Means::BankTransfer { until } => {
                self.try_with(index, "bank transfer");
                self.begin_transfer(index, until);
            }
            Means::Ussd { kind } => {
                self.try_with(index, "ussd");
                match ussd_bank(&kind) {
                    Some(bank) => self.begin_ussd(index, &kind, bank),
                    None => self.decline(index, "USSD type is not supported"),
                }
            }
            Means::Bank { code, account, birthday, token } => {
                self.try_with(index, "bank");
                self.begin_bank(index, &code, &account, birthday, token);
            }
            Means::Qr => {
                self.try_with(index, "qr");
                let qr_code = Some(self.codes.digits(40));
                let text = "Scan the code with your banking app".to_owned();
                self.wait(index, Instrument::Qr, Offline { text, ussd_code: None, qr_code, paybill: None });
            }
            Means::Eft => {
                self.try_with(index, "eft");
                self.transactions[index].instrument = Some(Instrument::Eft);
                self.ask(index, Step::BankPage);
            }
            Means::CapitecPay => {
                self.try_with(index, "capitec pay");
                let text = "Approve the payment in your banking app".to_owned();
                let offline = Offline { text, ussd_code: None, qr_code: None, paybill: None };
                self.wait(index, Instrument::CapitecPay, offline);
            }
        }
    }

    /// Takes what the payer typed in. One wrong entry ends the attempt; what was not asked for changes nothing.
    pub(crate) fn enter(&mut self, index: usize, entry: Entry) {
        let transaction = &self.transactions[index];
        let instrument = transaction.instrument.clone();
        let card = match &instrument {
            Some(Instrument::Card { card, .. }) => Some(*card),
            _ => None,
        };
        match (&transaction.step, entry, card) {
            (Step::Pin, Entry::Pin(pin), Some(card)) => self.enter_pin(index, card, &pin),
            (Step::Phone, Entry::Phone(phone), _) if digits(&phone) >= 10 => {
                self.ask(index, Step::Otp { text: CARD_OTP });
            }
            (Step::Phone, Entry::Phone(_), _) => {
                self.decline(index, "Mobile number must have at least 10 digits");
            }
            (Step::Otp { .. }, Entry::Otp(otp), _) => {
                let right = match instrument {
                    Some(Instrument::MobileMoney { provider, .. }) => provider.otp.unwrap_or(OTP),
                    _ => OTP,
                };
                if otp.trim() == right {
                    self.settle(index);
                } else {
                    self.decline(index, "Incorrect OTP");
                }
            }
            (Step::Birthday, Entry::Birthday(birthday), _) if birthday.trim() == BIRTHDAY => {
                self.ask(index, Step::Otp { text: "Please send OTP" });
            }
            (Step::Birthday, Entry::Birthday(_), _) => self.decline(index, "Incorrect birthday"),
            _ => {}
        }
    }

    /// The payer approves on the page of the bank or on the phone.
    pub(crate) fn approve(&mut self, index: usize) {
        if matches!(self.transactions[index].step, Step::BankPage | Step::Offline(_)) {
            self.settle(index);
        }
    }

    /// Money arrives at the account of a transfer. Another amount than asked for goes back, and the shop is told; what comes
    /// after the account has ended goes back without a word.
    pub(crate) fn transfer(&mut self, index: usize, sent: u64) {
        let transaction = &self.transactions[index];
        let Step::Transfer(account) = &transaction.step else { return };
        // The job that ends the account may be late.
        if account.expires <= self.clock.now() {
            return self.expire(index, transaction.attempt);
        }
        if sent == transaction.amount {
            self.settle(index);
            return;
        }
        let data = serde_json::json!({
            "bank_transfer": {
                "amount": sent.to_string(),
                "message": "incorrect amount sent",
                "message_type": "INCORRECT_AMOUNT",
                "transaction_id": transaction.id.to_string(),
            },
            "customer": self.customers[transaction.customer].full(self.settings.integration),
        });
        let reference = transaction.reference.clone();
        self.announce("bank.transfer.rejected", &reference, data);
    }

    /// The payer goes back to the choice of how to pay.
    pub(crate) fn choose_again(&mut self, index: usize) {
        let transaction = &mut self.transactions[index];
        if !transaction.over() {
            transaction.step = Step::Choose;
            transaction.instrument = None;
            transaction.attempt += 1;
            transaction.status = Status::Abandoned;
        }
    }

    /// The payer did not answer in time.
    pub(crate) fn expire(&mut self, index: usize, attempt: u32) {
        let transaction = &self.transactions[index];
        let waits = matches!(transaction.step, Step::Offline(_) | Step::Transfer(_));
        if waits && transaction.attempt == attempt {
            self.decline(index, TIMED_OUT);
        }
    }

    fn try_with(&mut self, index: usize, what: &str) {
        let said = format!("Attempted to pay with {what}");
        self.transactions[index].log.note("action", said, stamp());
    }

    fn ask(&mut self, index: usize, step: Step) {
        let transaction = &mut self.transactions[index];
        let said = match &step {
            Step::Pin => "pin",
            Step::Phone => "phone",
            Step::Otp { .. } => "otp",
            Step::Birthday => "birthday",
            _ => "bank",
        };
        transaction.log.note("auth", format!("Authentication Required: {said}"), stamp());
        transaction.step = step;
    }

    /// Waits for what the payer does elsewhere.
    fn wait(&mut self, index: usize, instrument: Instrument, offline: Offline) {
        let transaction = &mut self.transactions[index];
        transaction.channel = instrument.channel();
        transaction.instrument = Some(instrument);
        transaction.step = Step::Offline(offline);
        transaction.status = Status::Ongoing;
    }

    fn begin_card(&mut self, index: usize, number: &str, cvv: &str, month: String, year: &str) {
        let Some(card) = find(number).filter(|card| card.cvv == cvv.trim()) else {
            return self.decline(index, NOT_A_TEST_CARD);
        };
        let year = if year.trim().len() == 2 { format!("20{}", year.trim()) } else { year.trim().to_owned() };
        let month = format!("{:0>2}", month.trim());
        if !in_the_future(&year, &month) {
            return self.decline(index, "Expired card");
        }
        self.transactions[index].instrument = Some(Instrument::Card { card, month, year });
        match card.flow {
            Flow::Pays => self.settle(index),
            Flow::Pin | Flow::PinOtp | Flow::PinPhoneOtp | Flow::PinDeclines(_) => self.ask(index, Step::Pin),
            Flow::BankPage => self.ask(index, Step::BankPage),
            Flow::Declines(reason) => self.decline(index, reason),
        }
    }

    fn enter_pin(&mut self, index: usize, card: &TestCard, pin: &str) {
        if pin.trim() != card.pin {
            return self.decline(index, "Incorrect PIN");
        }
        match card.flow {
            Flow::PinOtp => self.ask(index, Step::Otp { text: CARD_OTP }),
            Flow::PinPhoneOtp => self.ask(index, Step::Phone),
            Flow::PinDeclines(reason) => self.decline(index, reason),
            _ => self.settle(index),
        }
    }

    fn begin_wallet(&mut self, index: usize, provider: Provider, phone: String) {
        let paybill = match provider.code {
            "mpesa_offline" => {
                let reference = self.codes.digits(7).parse().unwrap_or(0);
                Some(("4084333".to_owned(), reference))
            }
            "mptill" => None,
            _ if digits(&phone) < 9 => return self.decline(index, "Invalid phone number"),
            _ => None,
        };
        let pays = same_phone(&phone, provider.number);
        let instrument = Instrument::MobileMoney { provider, phone };
        if provider.otp.is_some() {
            self.transactions[index].instrument = Some(instrument);
            self.ask(index, Step::Otp { text: VOUCHER });
        } else if pays {
            self.transactions[index].instrument = Some(instrument);
            self.settle(index);
        } else {
            let offline = Offline { text: ON_THE_PHONE.to_owned(), ussd_code: None, qr_code: None, paybill };
            self.wait(index, instrument, offline);
            let attempt = self.transactions[index].attempt;
            self.plan(APPROVAL_MAX, Job::Expire(index, attempt));
        }
    }

    fn begin_ussd(&mut self, index: usize, kind: &str, bank: &str) {
        let kind = kind.trim_matches(['*', '#']);
        let code = format!("*{kind}*33*4*{}#", self.codes.digits(5));
        let text = format!("Please dial {code} on your mobile phone to complete the transaction");
        let offline = Offline { text, ussd_code: Some(code), qr_code: None, paybill: None };
        self.wait(index, Instrument::Ussd { bank: bank.to_owned() }, offline);
    }

    fn begin_transfer(&mut self, index: usize, until: Option<i64>) {
        let kenya = self.settings.country == Country::Kenya;
        let after = match until {
            _ if kenya => PESALINK,
            None => TRANSFER_MAX,
            Some(until) => {
                let milliseconds = u64::try_from(until - stamp()).unwrap_or(0);
                Duration::from_millis(milliseconds).clamp(TRANSFER_MIN, TRANSFER_MAX)
            }
        };
        let expires = self.clock.now() + after;
        let account = Account {
            number: self.codes.digits(10),
            name: if kenya { "PAYSTACK SANDBOX KENYA" } else { "TEST-MANAGED-ACCOUNT" },
            bank: if kenya {
                ("test-bank-kenya", "Test Bank Kenya", 225)
            } else {
                ("test-bank", "Test Bank", 24)
            },
            expires,
            expires_at: self.clock.stamp_of(expires),
            transfer_reference: kenya.then(|| self.codes.digits(7)),
        };
        let transaction = &mut self.transactions[index];
        transaction.channel = super::country::Channel::BankTransfer;
        transaction.instrument = Some(Instrument::BankTransfer);
        transaction.step = Step::Transfer(account);
        transaction.status = Status::Ongoing;
        let attempt = transaction.attempt;
        self.plan(after, Job::Expire(index, attempt));
    }

    fn begin_bank(
        &mut self,
        index: usize,
        code: &str,
        account: &str,
        birthday: Option<String>,
        token: Option<String>,
    ) {
        let name = match code {
            "057" if account == "0000000000" => "Zenith Bank",
            "50211" if same_phone(account, "+2348100000000") => "Kuda Bank",
            _ => return self.decline(index, "Unable to process transaction"),
        };
        let instrument = Instrument::Bank { code: code.to_owned(), name: name.to_owned() };
        self.transactions[index].channel = instrument.channel();
        self.transactions[index].instrument = Some(instrument);
        if name == "Kuda Bank" {
            self.ask(index, Step::Otp { text: "Please send OTP" });
            if let Some(token) = token {
                self.enter(index, Entry::Otp(token));
            }
        } else {
            self.ask(index, Step::Birthday);
            if let Some(birthday) = birthday {
                self.enter(index, Entry::Birthday(birthday));
            }
        }
    }
}

/// The birthday of the account of test mode.
pub(crate) const BIRTHDAY: &str = "2007-04-15";

/// Whether a card is good at the end of this month.
fn in_the_future(year: &str, month: &str) -> bool {
    let (Ok(year), Ok(month)) = (year.parse::<u32>(), month.parse::<u32>()) else { return false };
    let today = super::clock::iso(stamp());
    let now = (today.get(..4), today.get(5..7));
    let (Some(Ok(this_year)), Some(Ok(this_month))) =
        (now.0.map(str::parse::<u32>), now.1.map(str::parse::<u32>))
    else {
        return false;
    };
    (1..=12).contains(&month) && (year, month) >= (this_year, this_month)
}
