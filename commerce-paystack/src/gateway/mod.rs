//! Paystack as the engine's payment gateway: a translation, and nothing decided.

mod money;
mod offer;
mod translate;

use std::time::Duration;

use async_trait::async_trait;
use commerce_core::payment::{
    Charge, ChargePage, ChargeWindow, GatewayError, GatewayMode, GatewayRefund, GatewayTrouble, Intent,
    NextAction, Notice, NoticeError, PaymentMethod, PaymentReference, RefundRequest,
};
use commerce_core::{Money, PaymentGateway};
use secrecy::SecretString;
use serde_json::{Value, json};

use self::translate::{moment, next_action, notice, reference, refund, trouble};
use crate::charge::{ChargeRequest, Instrument, MobileMoneyProvider, UssdBank};
use crate::client::Client;
use crate::refund::{CreateRefund, RefundFilter, TransactionKey};
use crate::refusal::Reason;
use crate::transaction::{Channel, Initialize, Paging, TransactionFilter};
use crate::value::{Amount, Mode, Reference};
use crate::webhook::{Event, Verifier};

/// Paystack as the payment gateway of the commerce engine.
///
/// - Cards are paid on Paystack's page, and so is mobile money without an account to ask, and Telecel's in Ghana, which asks
///   for a voucher on the way.
/// - A bank transfer goes to an account that Paystack makes for it. It takes money for as long as the order waits for it, but
///   for a quarter of an hour at least and eight hours at most: Paystack makes no other. So when less is left of the order's
///   time, money may still come after it; the engine takes it up as late money.
/// - A USSD code is for customers of Guaranty Trust Bank (737), the only bank that Paystack still documents.
///
/// ```no_run
/// # fn gateway() -> Result<commerce_paystack::Paystack, commerce_paystack::ConfigError> {
/// use commerce_paystack::{Client, Paystack};
/// let client = Client::new("sk_test_...")?;
/// Ok(Paystack::new(client))
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Paystack {
    client: Client,
    verifier: Verifier,
}

/// More refunds of one charge than this are not read; nobody makes them.
const REFUNDS_MAX: u32 = 500;
const CHARGES_PER_PAGE: u32 = 50;
/// How long an account for a transfer lives, as documented.
const ACCOUNT_MIN: Duration = Duration::from_mins(15);
const ACCOUNT_MAX: Duration = Duration::from_hours(8);

impl Paystack {
    /// The gateway of the account that `client` talks to.
    #[must_use]
    pub fn new(client: Client) -> Self {
        let verifier = client.verifier([]);
        Self { client, verifier }
    }

    /// Takes messages that were signed with one of these keys too, while the secret key is being replaced.
    #[must_use]
    pub fn previous_keys(mut self, keys: impl IntoIterator<Item = SecretString>) -> Self {
        self.verifier = self.client.verifier(keys);
        self
    }

    async fn page(
        &self,
        intent: &Intent,
        amount: Amount,
        reference: Reference,
        channel: Channel,
    ) -> Result<NextAction, GatewayError> {
        let mut initialize = Initialize::new(intent.email.as_str(), amount, reference)
            .channels([channel])
            .metadata(shown(intent));
        if let Some(url) = &intent.return_url {
            initialize = initialize.callback_url(url);
        }
        let checkout = self.client.initialize(&initialize).await.map_err(|error| trouble(&error))?;
        Ok(NextAction::Redirect {
            authorization_url: checkout.authorization_url,
            access_code: Some(checkout.access_code),
        })
    }

    async fn direct(
        &self,
        intent: &Intent,
        amount: Amount,
        reference: Reference,
        instrument: Instrument,
    ) -> Result<NextAction, GatewayError> {
        let request =
            ChargeRequest::new(intent.email.as_str(), amount, reference, instrument).metadata(shown(intent));
        let charge = self.client.charge(&request).await.map_err(|error| trouble(&error))?;
        next_action(charge)
    }
}

/// Until when the account of a transfer takes money; Paystack's own eight hours where the order waits for ever.
fn account_until(intent: &Intent) -> Option<String> {
    let (least, most) = (intent.now.plus(ACCOUNT_MIN), intent.now.plus(ACCOUNT_MAX));
    intent.pay_until.map(|until| moment(until.clamp(least, most)))
}

/// What Paystack's dashboard shows to the shop's staff. It is never read back.
fn shown(intent: &Intent) -> Value {
    let order = intent.order.to_string();
    json!({ "custom_fields": [{ "display_name": "Order", "variable_name": "order", "value": order }] })
}

fn refused(detail: impl ToString) -> GatewayError {
    GatewayError::new(GatewayTrouble::Refused, detail.to_string())
}

#[async_trait]
impl PaymentGateway for Paystack {
    fn name(&self) -> &'static str {
        "paystack"
    }

    fn mode(&self) -> GatewayMode {
        match self.client.mode() {
            Mode::Test => GatewayMode::Test,
            Mode::Live => GatewayMode::Live,
        }
    }

    fn supports(&self, method: PaymentMethod, amount: Money) -> bool {
        offer::takes(method, amount)
    }

    async fn start(&self, intent: &Intent) -> Result<NextAction, GatewayError> {
        let amount = money::amount(intent.amount).map_err(refused)?;
        let reference = reference(&intent.reference)?;
        match (intent.method, &intent.mobile_money) {
            (PaymentMethod::Card, _) => self.page(intent, amount, reference, Channel::Card).await,
            (PaymentMethod::BankTransfer, _) => {
                let instrument = Instrument::BankTransfer { expires_at: account_until(intent) };
                self.direct(intent, amount, reference, instrument).await
            }
            (PaymentMethod::Ussd, _) => {
                let instrument = Instrument::Ussd { bank: UssdBank::GuarantyTrust };
                self.direct(intent, amount, reference, instrument).await
            }
            (PaymentMethod::MobileMoney, Some(account)) => {
                let provider = MobileMoneyProvider::from_code(&account.provider)
                    .ok_or_else(|| refused("no mobile money network has this code"))?;
                if provider == MobileMoneyProvider::Vod {
                    return self.page(intent, amount, reference, Channel::MobileMoney).await;
                }
                let instrument = Instrument::MobileMoney { phone: offer::phone(&account.phone), provider };
                self.direct(intent, amount, reference, instrument).await
            }
            (PaymentMethod::MobileMoney, None) => {
                self.page(intent, amount, reference, Channel::MobileMoney).await
            }
            (PaymentMethod::CashOnDelivery | PaymentMethod::Manual, _) => {
                Err(refused("this is not paid through a gateway"))
            }
        }
    }

    async fn verify(&self, asked: &PaymentReference) -> Result<Option<Charge>, GatewayError> {
        match self.client.verify(&reference(asked)?).await {
            Ok(transaction) => translate::charge(&transaction, self.client.mode()).map(Some),
            Err(error) if error.refusal().is_some_and(|refusal| refusal.reason == Reason::NotFound) => {
                Ok(None)
            }
            Err(error) => Err(trouble(&error)),
        }
    }

    async fn refund(&self, request: &RefundRequest) -> Result<GatewayRefund, GatewayError> {
        let amount = money::amount(request.amount).map_err(refused)?;
        let transaction = match request.charge.as_deref().map(str::parse) {
            Some(Ok(id)) => TransactionKey::Id(id),
            _ => TransactionKey::Reference(reference(&request.reference)?),
        };
        let note = translate::note(request.refund, &request.reason);
        let create = CreateRefund::new(transaction, amount).merchant_note(note);
        let made = self.client.create_refund(&create).await.map_err(|error| trouble(&error))?;
        // It is made: what cannot be read of it has to be asked for, and is no refusal.
        let made = refund(&made).map_err(|detail| GatewayError::new(GatewayTrouble::Unknown, detail))?;
        Ok(GatewayRefund { refund: Some(request.refund), ..made })
    }

    async fn refunds(&self, charge: &str) -> Result<Vec<GatewayRefund>, GatewayError> {
        let id = charge.parse().map_err(|_| refused("the id of a charge is a number"))?;
        let filter = RefundFilter { transaction: Some(id), ..RefundFilter::default() };
        let page = self.client.refunds(&filter, 1, REFUNDS_MAX).await.map_err(|error| trouble(&error))?;
        // A refund that is overlooked could be made again.
        if page.unreadable > 0 || page.items.len() == REFUNDS_MAX as usize {
            return Err(translate::unreadable("not all refunds of the charge can be read"));
        }
        let of_charge = page.items.iter().filter(|refund| refund.transaction_id.is_none_or(|it| it == id));
        of_charge.map(|it| refund(it).map_err(translate::unreadable)).collect()
    }

    async fn charges(&self, window: &ChargeWindow) -> Result<ChargePage, GatewayError> {
        let filter = TransactionFilter {
            from: Some(moment(window.from)),
            // A millisecond more, because the fraction of one is cut off.
            to: Some(moment(window.to.plus(Duration::from_millis(1)))),
            ..TransactionFilter::default()
        };
        let paging = Paging::Cursor { after: window.after.clone(), per_page: CHARGES_PER_PAGE };
        let page = self.client.transactions(&filter, &paging).await.map_err(|error| trouble(&error))?;
        let rows = page.items.len();
        // Their bounds are whole milliseconds, and whether the last one counts is not documented.
        let inside = page.items.iter().filter(|transaction| {
            let made = transaction.created_at.as_deref().and_then(translate::timestamp);
            made.is_none_or(|made| window.from <= made && made < window.to)
        });
        let charges: Vec<_> =
            inside.map(|transaction| translate::charge(transaction, self.client.mode())).collect();
        let lost = page.unreadable + charges.iter().filter(|charge| charge.is_err()).count();
        if lost > 0 {
            // One row that nobody understands must not hide all those after it.
            tracing::error!(lost, rows, from = %window.from, "transactions of the gateway's list cannot be read");
        }
        let next = page.next.filter(|next| Some(next) != window.after.as_ref());
        Ok(ChargePage { charges: charges.into_iter().flatten().collect(), next })
    }

    fn notice(&self, signature: &str, body: &[u8]) -> Result<Notice, NoticeError> {
        self.verifier.verify(body, Some(signature)).map_err(|_| NoticeError::Signature)?;
        self.read_notice(body)
    }

    fn read_notice(&self, body: &[u8]) -> Result<Notice, NoticeError> {
        Event::read(body).map(notice).map_err(|_| NoticeError::Unreadable)
    }
}
