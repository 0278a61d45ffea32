//! Everything the sandbox knows: one value behind one lock. Rules stand in the modules of their subject.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use super::bodies;
use super::cards::RefundFate;
use super::clock::{Clock, Moment, stamp};
use super::country::{Channel, Country, Currency};
use super::customer::{Authorization, Customer};
use super::envelope::Refusal;
use super::faults::Faults;
use super::fees::fee;
use super::limit::Limiter;
use super::random::Codes;
use super::refund::Refund;
use super::request::{Amount, Fields, amount};
use super::transaction::{Instrument, Log, Origin, Status, Step, Transaction};
use super::truth::Request;
use super::webhook::{Delivery, Schedule};

/// What the host chose.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) secret_key: String,
    pub(crate) shop: String,
    pub(crate) country: Country,
    pub(crate) currency: Currency,
    pub(crate) currencies: Vec<Currency>,
    pub(crate) callback_url: Option<String>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) public_url: String,
    pub(crate) integration: u64,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) schedule: Schedule,
    pub(crate) refund_pace: Duration,
    pub(crate) payer_bears_fee: bool,
    pub(crate) control: bool,
    pub(crate) session_timeout: u64,
}

/// What is to be done at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Send a webhook; the index of the delivery.
    Send(usize),
    /// Take a refund one step on; the index of the refund.
    Refund(usize),
    /// Give up on a payer who does not answer; the index of the transaction and its attempt.
    Expire(usize, u32),
}

#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) codes: Codes,
    pub(crate) faults: Faults,
    pub(crate) limiter: Limiter,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) customers: Vec<Customer>,
    pub(crate) authorizations: Vec<Authorization>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) deliveries: Vec<Delivery>,
    /// The numbers of the deliveries that go once another one was tried.
    pub(crate) behind: Vec<usize>,
    pub(crate) requests: Vec<Request>,
    schedule: BTreeMap<(Moment, u64), Job>,
    references: HashMap<String, usize>,
    access_codes: HashMap<String, usize>,
    emails: HashMap<String, usize>,
    next_id: u64,
    next_job: u64,
}

impl Books {
    pub(crate) fn new(settings: Settings, clock: Clock, seed: Option<u64>) -> Self {
        Self {
            limiter: Limiter::new(settings.rate_limit),
            settings,
            clock,
            codes: seed.map_or_else(Codes::seeded, Codes::new),
            faults: Faults::default(),
            transactions: Vec::new(),
            customers: Vec::new(),
            authorizations: Vec::new(),
            refunds: Vec::new(),
            deliveries: Vec::new(),
            behind: Vec::new(),
            requests: Vec::new(),
            schedule: BTreeMap::new(),
            references: HashMap::new(),
            access_codes: HashMap::new(),
            emails: HashMap::new(),
            // Ids go on where an earlier run stopped: a shop that outlives the sandbox must not see one twice.
            next_id: seed.unwrap_or_else(|| u64::try_from(stamp()).unwrap_or_default()),
            next_job: 0,
        }
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn plan(&mut self, after: Duration, job: Job) {
        self.next_job += 1;
        self.schedule.insert((self.clock.now() + after, self.next_job), job);
    }

    /// The next job whose moment has come.
    pub(crate) fn due(&mut self) -> Option<Job> {
        let now = self.clock.now();
        let first = self.schedule.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// How long to wait for the next job.
    pub(crate) fn idle(&self) -> Option<Duration> {
        self.schedule.first_key_value().map(|((moment, _), _)| self.clock.until(*moment))
    }

    pub(crate) fn by_reference(&self, reference: &str) -> Option<usize> {
        self.references.get(reference).copied()
    }

    pub(crate) fn by_access_code(&self, access_code: &str) -> Option<usize> {
        self.access_codes.get(access_code).copied()
    }

    pub(crate) fn by_id(&self, id: u64) -> Option<usize> {
        // Ids only grow.
        self.transactions.binary_search_by_key(&id, |transaction| transaction.id).ok()
    }

    /// The customer with this address; a new one if there is none.
    pub(crate) fn customer(&mut self, email: &str) -> usize {
        let key = email.to_lowercase();
        if let Some(known) = self.emails.get(&key) {
            return *known;
        }
        let now = stamp();
        let customer = Customer {
            id: self.id(),
            code: format!("CUS_{}", self.codes.lower(15)),
            email: email.to_owned(),
            first_name: None,
            last_name: None,
            phone: None,
            metadata: Value::Null,
            risk_action: "default".to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.customers.push(customer);
        self.emails.insert(key, self.customers.len() - 1);
        self.customers.len() - 1
    }

    /// Checks what initialize and the charges have in common, and opens a transaction.
    pub(crate) fn open(&mut self, fields: &Fields, origin: Origin, ip: &str) -> Result<usize, Refusal> {
        let email = email(fields, origin)?;
        let requested = match amount(fields, "amount") {
            Amount::Whole(amount) if amount > AMOUNT_MAX => {
                return Err(Refusal::new(400, "Transaction amount limit exceeded"));
            }
            Amount::Whole(amount) => amount,
            Amount::Fraction => return Err(Refusal::fraction()),
            Amount::Missing | Amount::Wrong => return Err(Refusal::amount()),
        };
        let currency = match fields.filled("currency") {
            None => self.settings.currency,
            Some(code) => Currency::from_code(&code)
                .filter(|currency| self.settings.currencies.contains(currency))
                .ok_or_else(Refusal::currency)?,
        };
        let reference = match fields.filled("reference") {
            None => self.codes.lower(if origin == Origin::Initialize { 10 } else { 15 }),
            Some(reference) if !reference.bytes().all(allowed) => {
                return Err(Refusal::new(400, "Invalid character in transaction reference"));
            }
            Some(reference) if self.references.contains_key(&reference) => {
                return Err(Refusal::duplicate_reference());
            }
            Some(reference) => reference,
        };
        let customer = self.customer(&email);
        let transaction = Transaction {
            id: self.id(),
            reference: reference.clone(),
            access_code: self.codes.lower(15),
            origin,
            status: Status::Abandoned,
            requested,
            amount: requested,
            currency,
            channels: self.channels(fields),
            channel: Channel::Card,
            customer,
            metadata: bodies::metadata(fields),
            callback_url: fields.filled("callback_url").or_else(|| self.settings.callback_url.clone()),
            ip: ip.to_owned(),
            began: self.clock.now(),
            created_at: stamp(),
            paid_at: None,
            gateway_response: NOT_COMPLETED.to_owned(),
            message: None,
            fees: None,
            authorization: None,
            refund_fate: RefundFate::Processed,
            instrument: None,
            step: Step::Choose,
            attempt: 0,
            log: Log::default(),
        };
        let index = self.transactions.len();
        self.references.insert(reference, index);
        self.access_codes.insert(transaction.access_code.clone(), index);
        self.transactions.push(transaction);
        Ok(index)
    }

    fn channels(&self, fields: &Fields) -> Vec<Channel> {
        let asked: Vec<Channel> = match fields.get("channels") {
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).filter_map(Channel::from_name).collect()
            }
            Some(Value::String(names)) => {
                let names = names.trim_matches(['[', ']']).split(',');
                names.filter_map(|name| Channel::from_name(name.trim_matches([' ', '"']))).collect()
            }
            _ => Vec::new(),
        };
        let offered = self.settings.country.channels();
        let both: Vec<Channel> = asked.into_iter().filter(|channel| offered.contains(channel)).collect();
        if both.is_empty() { offered.to_vec() } else { both }
    }

    /// The payment has come: the money is counted, and the shop is told.
    pub(crate) fn settle(&mut self, index: usize) {
        let now = stamp();
        let country = self.settings.country;
        let authorization = self.authorize(index);
        let bears = self.settings.payer_bears_fee;
        let transaction = &mut self.transactions[index];
        debug_assert!(!transaction.paid(), "a transaction is paid once");
        let instrument = transaction.instrument.clone();
        if let Some(instrument) = &instrument {
            transaction.channel = instrument.channel();
        }
        transaction.refund_fate = self.authorizations[authorization].refund_fate;
        let fees = fee(country, transaction.currency, transaction.channel, transaction.requested);
        if bears {
            transaction.amount = transaction.requested + fees;
        }
        transaction.fees = Some(fees);
        transaction.authorization = Some(authorization);
        transaction.status = Status::Success;
        transaction.paid_at = Some(now);
        transaction.step = Step::Nothing;
        (transaction.gateway_response, transaction.message) = match transaction.channel {
            Channel::Card => ("Successful".to_owned(), None),
            Channel::MobileMoney | Channel::Bank => ("Approved".to_owned(), Some("madePayment".to_owned())),
            _ => ("Approved".to_owned(), None),
        };
        let said = format!("Successfully paid with {}", transaction.channel.name());
        transaction.log.note("success", said, now);
        let data = bodies::transaction(self, index, bodies::View::Webhook);
        let reference = self.transactions[index].reference.clone();
        self.announce("charge.success", &reference, data);
    }

    /// The attempt is over without money. The checkout lets the payer try again; a charge is dead, and shown as failed with
    /// the reason. Only a card that fails before anything was asked of the payer is shown as abandoned.
    pub(crate) fn decline(&mut self, index: usize, reason: &str) {
        let transaction = &mut self.transactions[index];
        let at_first = transaction.step == Step::Choose && transaction.channel == Channel::Card;
        transaction.log.note("error", reason, stamp());
        reason.clone_into(&mut transaction.gateway_response);
        transaction.instrument = None;
        transaction.attempt += 1;
        transaction.status = Status::Abandoned;
        if transaction.origin == Origin::Initialize {
            transaction.step = Step::Choose;
            return;
        }
        transaction.message = Some(reason.to_owned());
        transaction.step = Step::Nothing;
        if !at_first {
            transaction.status = Status::Failed;
        }
    }

    /// Takes down what a transaction is paid with.
    fn authorize(&mut self, index: usize) -> usize {
        if let Some(Instrument::Saved(known)) = self.transactions[index].instrument {
            return known;
        }
        let code = format!("AUTH_{}", self.codes.lower(10));
        let transaction = &self.transactions[index];
        let customer = transaction.customer;
        let body =
            bodies::authorization(self.settings.country, &code, transaction, &self.customers[customer]);
        let reusable = body["reusable"] == json!(true);
        let refund_fate = match &transaction.instrument {
            Some(Instrument::Card { card, .. }) => card.refund,
            _ => RefundFate::Processed,
        };
        self.authorizations.push(Authorization { code, customer, active: true, reusable, refund_fate, body });
        self.authorizations.len() - 1
    }

    /// What an unpaid transaction still asks of its payer.
    pub(crate) fn session_over(&self, index: usize) -> bool {
        let seconds = self.settings.session_timeout;
        let transaction = &self.transactions[index];
        seconds > 0
            && !transaction.over()
            && self.clock.now() > transaction.began + Duration::from_secs(seconds)
    }
}

const AMOUNT_MAX: u64 = 1_000_000_000;
const NOT_COMPLETED: &str = "The transaction was not completed";

fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.=_".contains(&byte)
}

fn email(fields: &Fields, origin: Origin) -> Result<String, Refusal> {
    let email = match fields.text("email") {
        None if origin == Origin::Charge => {
            return Err(Refusal::new(400, "Email address is required for association with card"));
        }
        None => return Err(Refusal::missing("Email Address is required")),
        Some(email) => email.trim().to_owned(),
    };
    if email.is_empty() {
        return Err(Refusal::new(400, "Email is not allowed to be empty"));
    }
    if valid_email(&email) { Ok(email) } else { Err(Refusal::email()) }
}

/// One `@` with something before it and a domain with a dot after it; no blanks.
pub(crate) fn valid_email(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        let dot = domain.split_once('.').is_some_and(|(name, top)| !name.is_empty() && !top.is_empty());
        !local.is_empty() && dot && !domain.contains('@') && !domain.ends_with('.')
    }) && !email.contains(char::is_whitespace)
}
