//! `/api/payments/`: how an order is paid, and how money goes back.

use std::fmt::Display;

use commerce_core::PaymentId;
use commerce_core::payment::inbox::Message;
use commerce_core::payment::{PaymentReference, PaymentState, ReturnToSender};
use poem::{Request, RequestBody};
use poem_openapi::param::{Path, Query};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions, Object, OpenApi};
use serde::Serialize;

use super::access::{MayCollectPayments, MayReadPayments, MayRefund, PerhapsWritesOrders};
use super::key::{OptionalKey, RequiredKey};
use super::token::OrderAccess;
use super::{Shop, Tag};
use crate::client_address::ClientAddress;
use crate::settle::settle;
use crate::wire::{
    Answer, Body, Check, Code, CollectBody, CursorLinks, Id, InitializeBody, PageSize, PaymentDto, Problem,
    RefundBody, RefundsDto, Refused, ReturnBody, Text, TransactionDto, TransactionPageDto, VerificationDto,
    statuses,
};

statuses! {
    /// Refusals of another attempt.
    InitializePayment:
        400 "The body cannot be understood, or there is no valid `Idempotency-Key`.",
        401 "Nobody is logged in, and no token was sent.",
        404 "There is no such order, it is not yours, or the token is not its own.",
        409 "The order does not wait for payment (`invalid-transition`), or somebody is starting it (`request-in-progress`).",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.",
        504 "The gateway did not say what became of it: `gateway-timeout`. Repeat with the same key.";
    /// Refusals of a look at a reference.
    VerifyPayment: 404 "No payment has this reference.";
    /// Refusals of a message of the gateway.
    TakeMessage:
        400 "The message cannot be read.",
        401 "The signature does not belong to the message: `invalid-signature`.",
        403 "The message comes from an address that is not the gateway's.",
        404 "The shop has no payment gateway.",
        413 "The message is too large.";
    /// Refusals of a refund.
    RequestRefund:
        400 "The body cannot be understood, or there is no valid `Idempotency-Key`.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such order or payment.",
        409 "Nothing was paid (`invalid-transition`), or more would go back than came (`refund-exceeds-capture`).",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
    /// Refusals of reading payments.
    ReadPayments:
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such payment.",
        422 "A parameter cannot be understood.";
    /// Refusals of what is done by hand.
    ByHand:
        400 "The body cannot be understood.",
        401 "The token is missing or wrong.",
        403 "You may not do this.",
        404 "There is no such payment.",
        409 "The payment or the order has got too far for this: `invalid-transition`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `idempotency-key-reused`.";
}

pub(crate) struct PaymentsApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/payments", tag = "Tag::Payments")]
impl PaymentsApi {
    /// Starts another payment attempt
    ///
    /// For an order that is not paid, by whoever placed it, whoever has its token, or staff: with another method, or because the page of the first attempt has expired. Earlier
    /// attempts stay known: whichever is paid first counts, and what is paid twice goes back.
    #[oai(path = "/initialize/", method = "post", operation_id = "initializePayment")]
    async fn initialize(
        &self,
        staff: PerhapsWritesOrders,
        /// The order's secret.
        #[oai(name = "X-Order-Token")]
        token: OrderAccess,
        /// A key of the client's own making, the same one for every try at this attempt.
        #[oai(name = "Idempotency-Key")]
        key: RequiredKey,
        body: Body<InitializeBody>,
    ) -> Result<Answer<PaymentDto, 201>, Refused<InitializePayment>> {
        let order = body.value.order_id.to_string();
        let (id, actor) = token.opened(&order, staff, &self.shop.order_tokens)?;
        let request = key.about(id, &actor, "POST /api/payments/initialize/", &body.canonical);
        let mut command = body.value.command(actor, &self.shop.returns)?;
        command.request = Some(request);
        let payments = self.shop.engine.payments();
        let opened = settle(async move { payments.initialize(id, &command).await }).await?;
        Ok(Answer::new(&(&opened.payment).into())?.replayed(opened.replayed))
    }

    /// Shows what became of a reference
    ///
    /// While that is not decided, the gateway is asked. Whoever holds the reference sees no more than this.
    #[oai(path = "/verify/:reference/", method = "get", operation_id = "verifyPayment")]
    async fn verify(
        &self,
        /// The reference.
        reference: Path<Text>,
    ) -> Result<Answer<VerificationDto>, Refused<VerifyPayment>> {
        let reference = PaymentReference(reference.0.0);
        let payments = self.shop.engine.payments();
        let (order, payment) = settle(async move { payments.verify(&reference).await }).await?;
        Ok(Answer::new(&VerificationDto::new(&order, &payment))?)
    }

    /// Takes a message of the payment gateway
    ///
    /// Its signature is an HMAC-SHA512 over the raw body. The message is stored before anything is made of it, and nothing
    /// of it is believed: the gateway is asked what it is about.
    #[oai(path = "/webhook/", method = "post", operation_id = "takePaymentMessage")]
    async fn webhook(&self, message: GatewayMessage) -> Result<Answer<TakenDto>, Refused<TakeMessage>> {
        let payments = self.shop.engine.payments();
        let taken = payments.clone();
        let id = settle(async move {
            payments.receive(message.signature.as_deref(), &message.body).await.inspect_err(refused_message)
        });
        let id = id.await?;
        metrics::counter!("payment_messages_total").increment(1);
        // The gateway waits for no more than that the message is stored.
        tokio::spawn(async move {
            if let Err(error) = taken.handle(id).await {
                tracing::warn!(error = %crate::store::chain(&error), "a message of the gateway waits to be taken up");
            }
        });
        Ok(Answer::new(&TakenDto { received: true })?)
    }

    /// Refunds an order
    ///
    /// All of it, an amount, or so many units at what they were worth when the order was placed. It goes back to where it
    /// came from; what was collected by hand has been handed back by whoever calls this.
    #[oai(path = "/refund/", method = "post", operation_id = "refundPayment")]
    async fn refund(
        &self,
        admin: MayRefund,
        /// A key of the client's own making, the same one for every try at this refund.
        #[oai(name = "Idempotency-Key")]
        key: RequiredKey,
        body: Body<RefundBody>,
    ) -> Result<Answer<RefundsDto, 201>, Refused<RequestRefund>> {
        let request = key.request(admin.actor().to_string(), "POST /api/payments/refund/", &body.canonical);
        let restock = self.shop.location("/restock", body.value.restock.as_deref()).await?;
        let (order, mut command) = body.value.command(admin.actor(), restock)?;
        command.request = Some(request);
        let payments = self.shop.engine.payments();
        let refunded = settle(async move { payments.refund(&order, &command).await }).await?;
        Ok(Answer::new(&RefundsDto::new(&refunded))?.replayed(refunded.replayed))
    }

    /// Lists payment attempts
    ///
    /// The newest first.
    #[oai(path = "/transactions/", method = "get", operation_id = "listTransactions")]
    async fn transactions(
        &self,
        _admin: MayReadPayments,
        /// Those in this state only.
        status: Query<Option<Text>>,
        /// Where to begin: `next` of the page before leads there.
        cursor: Query<Option<Text>>,
        /// Rows on a page.
        page_size: Query<Option<PageSize>>,
    ) -> Result<Answer<TransactionPageDto>, Refused<ReadPayments>> {
        let mut check = Check::default();
        let size = page_size.0.map_or(Some(20), |size| size.check("/page_size", &mut check));
        let before = cursor.0.and_then(|cursor| check.parse::<PaymentId>("/cursor", &cursor.0));
        let state = status
            .0
            .and_then(|status| check.word("/status", &status.0, PaymentState::ALL, PaymentState::as_str));
        let page_size = check.finish(size)?;
        let filters = vec![("status", state.map(|state| state.as_str().to_owned()))];
        let links = CursorLinks { path: "/api/payments/transactions/", filters, page_size };
        let mut found = self.shop.engine.store().payments(state, before, links.rows()).await?;
        let next = links.cut(&mut found, |payment| payment.id);
        Ok(Answer::new(&TransactionPageDto { results: found.iter().map(Into::into).collect(), next })?)
    }

    /// Shows a payment attempt
    #[oai(path = "/transactions/:id/", method = "get", operation_id = "getTransaction")]
    async fn transaction(
        &self,
        _admin: MayReadPayments,
        /// Its id.
        id: Path<Id>,
    ) -> Result<Answer<TransactionDto>, Refused<ReadPayments>> {
        let id: PaymentId = id.0.0.parse().map_err(|_| Problem::not_found())?;
        let payment = self.shop.engine.store().payment(id).await?.ok_or_else(Problem::not_found)?;
        Ok(Answer::new(&(&payment).into())?)
    }

    /// Records money that was collected by hand
    ///
    /// Cash at the door, or a transfer found on the bank statement. When less came than is due, the rest stays due by another
    /// attempt; what is more is kept apart until staff decides.
    #[oai(path = "/:reference/collect/", method = "post", operation_id = "collectPayment")]
    async fn collect(
        &self,
        admin: MayCollectPayments,
        /// The reference of the attempt.
        reference: Path<Text>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<CollectBody>,
    ) -> Result<Answer<TransactionDto>, Refused<ByHand>> {
        let reference = PaymentReference(reference.0.0);
        let route = "POST /api/payments/{reference}/collect/";
        let request = key.about(&reference, &admin.actor(), route, &body.canonical);
        let mut command = body.value.command(reference, admin.actor())?;
        command.request = request;
        let payments = self.shop.engine.payments();
        let collected = settle(async move { payments.collect(&command).await }).await?;
        Ok(Answer::new(&(&collected.payment).into())?.replayed(collected.replayed))
    }

    /// Records that goods came back unpaid
    ///
    /// Of an order that was to be paid at the door. Its units go back into stock where the body says so.
    #[oai(path = "/:reference/returned-to-sender/", method = "post", operation_id = "returnPaymentToSender")]
    async fn returned(
        &self,
        admin: MayRefund,
        /// The reference of the attempt.
        reference: Path<Text>,
        /// A key under which the request may be repeated.
        #[oai(name = "Idempotency-Key")]
        key: OptionalKey,
        body: Body<ReturnBody, false>,
    ) -> Result<Answer<TransactionDto>, Refused<ByHand>> {
        let reference = PaymentReference(reference.0.0);
        let route = "POST /api/payments/{reference}/returned-to-sender/";
        let actor = admin.actor();
        let command = ReturnToSender {
            restock: self.shop.location("/restock", body.value.restock.as_deref()).await?,
            note: body.value.note,
            request: key.about(&reference, &actor, route, &body.canonical),
            actor,
            reference,
        };
        let payments = self.shop.engine.payments();
        let returned = settle(async move { payments.return_to_sender(&command).await }).await?;
        Ok(Answer::new(&(&returned.payment).into())?.replayed(returned.replayed))
    }
}

/// A message was taken.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "MessageTaken")]
pub(crate) struct TakenDto {
    /// That it is stored.
    received: bool,
}

/// A message of the gateway: its bytes as they came, and its signature.
struct GatewayMessage {
    signature: Option<String>,
    body: Vec<u8>,
}

impl<'a> ApiExtractor<'a> for GatewayMessage {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new("object")));
        let content = vec![MetaMediaType { content_type: "application/json", schema }];
        Some(MetaRequest { description: Some("As the gateway sends it."), content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let sources = request.data::<MessageSources>().filter(|sources| !sources.0.is_empty());
        if let Some(sources) = sources
            && !request
                .data::<ClientAddress>()
                .and_then(|address| address.0)
                .is_some_and(|address| sources.0.iter().any(|source| source.to_canonical() == address))
        {
            let words = "messages are taken from the gateway's addresses only";
            refused_message(&words);
            return Err(Problem::new(Code::Forbidden, words).into());
        }
        let signature = request.header("x-paystack-signature").map(str::to_owned);
        let bytes = body.take()?.into_bytes_limit(Message::BODY_MAX).await;
        let words = format!("a message has at most {} bytes", Message::BODY_MAX);
        let bytes = bytes.inspect_err(refused_message);
        let body = bytes.map_err(|_| Problem::new(Code::TooLarge, words))?.to_vec();
        Ok(Self { signature, body })
    }
}

/// Counts a message that is not taken, and says why.
fn refused_message(error: &impl Display) {
    metrics::counter!("payment_messages_refused_total").increment(1);
    tracing::warn!(%error, "refused a message of the payment gateway");
}

/// The addresses that messages of the gateway are taken from; none: from anywhere, as the signature tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct MessageSources(pub(crate) Vec<std::net::IpAddr>);
