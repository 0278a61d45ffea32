//! A payment gateway in memory, that a test pays through, and that misbehaves when told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::payment::{
    Charge, ChargePage, ChargeStatus, ChargeWindow, GatewayError, GatewayMode, GatewayRefund, GatewayTrouble,
    Intent, NextAction, Notice, NoticeError, PaymentMethod, PaymentReference, RefundRequest, RefundState,
};
use crate::{Money, PaymentGateway, Timestamp};

/// A payment gateway in memory. It keeps the truth: what was charged and what went back, whatever it told anybody.
#[derive(Debug, Default)]
pub struct PretendGateway(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    charges: BTreeMap<PaymentReference, Charge>,
    refunds: Vec<(PaymentReference, GatewayRefund)>,
    trouble: VecDeque<Trouble>,
    intents: Vec<Intent>,
    asked: u64,
}

/// How the next call that changes something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It never arrives: nothing is done, and that is known.
    Before,
    /// It is done, and the answer is lost.
    After,
    /// Nothing is done, and the answer is lost all the same.
    Lost,
    /// It is refused.
    Refused,
}

impl PretendGateway {
    /// What the gateway signs its messages with.
    pub const SIGNATURE: &str = "signed by the pretend gateway";

    /// The next call that changes something goes wrong like this.
    pub fn trouble(&self, trouble: Trouble) {
        self.books().trouble.push_back(trouble);
    }

    /// The payer pays what was asked for.
    pub fn pay(&self, reference: &PaymentReference) {
        self.decide(reference, ChargeStatus::Succeeded);
    }

    /// The payer cannot pay.
    pub fn fail(&self, reference: &PaymentReference) {
        self.decide(reference, ChargeStatus::Failed);
    }

    /// A charge that the gateway has, however it came there: it succeeded.
    pub fn put(&self, reference: &PaymentReference, amount: Money, mode: GatewayMode) {
        let mut books = self.books();
        let charge = charge(&mut books, reference, amount, mode, ChargeStatus::Succeeded);
        books.charges.insert(reference.clone(), charge);
    }

    /// Every refund that it works on reaches its end.
    pub fn settle_refunds(&self, state: RefundState) {
        for (_, refund) in &mut self.books().refunds {
            if !refund.state.is_final() {
                refund.state = state;
            }
        }
    }

    /// What payers paid by this reference, and what of it went back or is about to: the truth.
    #[must_use]
    pub fn truth(&self, reference: &PaymentReference) -> (i64, i64) {
        let books = self.books();
        let paid = |charge: &&Charge| charge.status == ChargeStatus::Succeeded;
        let charged = books.charges.get(reference).filter(paid).map_or(0, |charge| charge.amount.minor);
        let back = books.refunds.iter().filter(|(of, refund)| of == reference && refund.state.counts());
        (charged, back.map(|(_, refund)| refund.amount.minor).sum())
    }

    /// How often it was asked to charge or to pay back.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.books().asked
    }

    /// What it was asked to collect under this reference, if it was.
    #[must_use]
    pub fn intent(&self, reference: &PaymentReference) -> Option<Intent> {
        self.books().intents.iter().find(|intent| intent.reference == *reference).cloned()
    }

    /// The message that tells of this reference.
    #[must_use]
    pub fn message(&self, event: &str, reference: &PaymentReference) -> Vec<u8> {
        json!({"event": event, "reference": reference}).to_string().into_bytes()
    }

    fn decide(&self, reference: &PaymentReference, status: ChargeStatus) {
        let mut books = self.books();
        let charge = books.charges.get_mut(reference).expect("the gateway was asked for this charge");
        charge.status = status;
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap()
    }
}

fn charge(
    books: &mut Books,
    reference: &PaymentReference,
    amount: Money,
    mode: GatewayMode,
    status: ChargeStatus,
) -> Charge {
    Charge {
        reference: reference.clone(),
        id: format!("{}", 1_000 + books.charges.len()),
        status,
        amount,
        requested: None,
        mode,
        channel: Some("card".to_owned()),
        fee: Some(Money::from_minor(amount.minor / 50, amount.currency)),
        paid_at: None,
        reason: None,
    }
}

#[async_trait]
impl PaymentGateway for PretendGateway {
    fn name(&self) -> &'static str {
        "pretend"
    }

    fn mode(&self) -> GatewayMode {
        GatewayMode::Test
    }

    fn supports(&self, method: PaymentMethod, _: Money) -> bool {
        method.needs_gateway()
    }

    async fn start(&self, intent: &Intent) -> Result<NextAction, GatewayError> {
        let mut books = self.books();
        let trouble = books.trouble.pop_front();
        refuse(trouble)?;
        if books.charges.contains_key(&intent.reference) {
            return Err(GatewayError::new(GatewayTrouble::Duplicate, "the reference is taken"));
        }
        books.asked += 1;
        books.intents.push(intent.clone());
        let open =
            charge(&mut books, &intent.reference, intent.amount, GatewayMode::Test, ChargeStatus::Open);
        books.charges.insert(intent.reference.clone(), open);
        lose(trouble)?;
        let authorization_url = format!("https://pay.example/{}", intent.reference);
        Ok(NextAction::Redirect { authorization_url, access_code: None })
    }

    async fn verify(&self, reference: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        Ok(self.books().charges.get(reference).cloned())
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, GatewayError> {
        let mut books = self.books();
        let trouble = books.trouble.pop_front();
        refuse(trouble)?;
        let back: i64 = books
            .refunds
            .iter()
            .filter(|(of, refund)| *of == request.reference && refund.state.counts())
            .map(|(_, refund)| refund.amount.minor)
            .sum();
        let charged = books.charges.get(&request.reference).map_or(0, |charge| charge.amount.minor);
        if back + request.amount.minor > charged {
            return Err(GatewayError::new(GatewayTrouble::Refused, "more than was paid"));
        }
        books.asked += 1;
        let refund = GatewayRefund {
            id: format!("{}", 9_000 + books.refunds.len()),
            refund: Some(request.refund),
            amount: request.amount,
            state: RefundState::Pending,
            reason: None,
        };
        books.refunds.push((request.reference.clone(), refund.clone()));
        lose(trouble)?;
        Ok(refund)
    }

    async fn refunds(&self, charge: &str) -> Result<Vec<GatewayRefund>, GatewayError> {
        let books = self.books();
        let of = books.charges.values().find(|known| known.id == charge).map(|known| &known.reference);
        let ours = books.refunds.iter().filter(|(reference, _)| Some(reference) == of);
        Ok(ours.map(|(_, refund)| refund.clone()).collect())
    }

    async fn charges(&self, window: &ChargeWindow) -> Result<ChargePage, GatewayError> {
        // Two on a page, so that pages are turned.
        let books = self.books();
        let after = window.after.as_deref().unwrap_or("").to_owned();
        let mut rest = books.charges.values().filter(|charge| charge.reference.0 > after);
        let charges: Vec<Charge> = rest.by_ref().take(2).cloned().collect();
        let next = rest.next().and_then(|_| charges.last()).map(|last| last.reference.0.clone());
        Ok(ChargePage { charges, next })
    }

    fn notice(&self, signature: &str, body: &[u8]) -> Result<Notice, NoticeError> {
        if signature == Self::SIGNATURE { self.read_notice(body) } else { Err(NoticeError::Signature) }
    }

    fn read_notice(&self, body: &[u8]) -> Result<Notice, NoticeError> {
        let value: Value = serde_json::from_slice(body).map_err(|_| NoticeError::Unreadable)?;
        let event = value["event"].as_str().ok_or(NoticeError::Unreadable)?;
        let reference = value["reference"].as_str().map(|text| PaymentReference(text.to_owned()));
        match (event, reference) {
            ("charge", Some(reference)) => Ok(Notice::Charge(reference)),
            ("refund", Some(reference)) => Ok(Notice::Refund(reference)),
            ("dispute", reference) => Ok(Notice::Attention { event: event.to_owned(), reference }),
            _ => Ok(Notice::Other(event.to_owned())),
        }
    }
}

fn refuse(trouble: Option<Trouble>) -> Result<(), GatewayError> {
    match trouble {
        Some(Trouble::Before) => Err(GatewayError::new(GatewayTrouble::Unavailable, "not reached")),
        Some(Trouble::Lost) => Err(GatewayError::new(GatewayTrouble::Unknown, "no answer")),
        Some(Trouble::Refused) => Err(GatewayError {
            reason: Some("Insufficient funds".to_owned()),
            ..GatewayError::new(GatewayTrouble::Refused, "refused")
        }),
        Some(Trouble::After) | None => Ok(()),
    }
}

fn lose(trouble: Option<Trouble>) -> Result<(), GatewayError> {
    match trouble {
        Some(Trouble::After) => Err(GatewayError::new(GatewayTrouble::Unknown, "no answer")),
        _ => Ok(()),
    }
}

/// A window that holds every charge.
#[must_use]
pub fn always(now: Timestamp) -> (Timestamp, Timestamp) {
    let year = std::time::Duration::from_secs(365 * 24 * 60 * 60);
    (now.minus(year), now.plus(year))
}
