//! Words of fixed lists: states, methods, kinds.

use commerce_core::access::Unusable;
use commerce_core::bulk::{Format, Kind, State};
use commerce_core::catalog::{AttributeKind, ProductStatus};
use commerce_core::order::{FulfillmentState, Machine, OrderState};
use commerce_core::payment::inbox::MessageState;
use commerce_core::payment::journal::{Account, EntryKind};
use commerce_core::payment::{PaymentMethod, PaymentState, RefundState, UnmatchedReason, UnmatchedState};
use commerce_core::pricing::AdjustmentKind;
use commerce_core::review::{Finding, Reason};
use poem_openapi::registry::MetaSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire_type;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $from:ty: $all:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(&'static str);

        wire_type!(
            $name,
            stringify!($name),
            MetaSchema {
                enum_items: $all.into_iter().map(|known: $from| Value::from(known.as_str())).collect(),
                ..MetaSchema::new("string")
            }
        );

        impl From<$from> for $name {
            fn from(known: $from) -> Self {
                Self(known.as_str())
            }
        }
    )+};
}

words! {
    /// What a file is about.
    ImportKind of Kind: Kind::ALL;
    /// How a file is written.
    FileFormat of Format: Format::ALL;
    /// How far an import is.
    ImportState of State: State::ALL;
    /// Why a review waits.
    FindingName of Finding: Finding::ALL;
    /// Why a review was reported.
    ReportReason of Reason: Reason::ALL;
    /// How far an order has got.
    OrderStatus of OrderState: OrderState::ALL;
    /// How far payment has got.
    PaymentStatus of PaymentState: PaymentState::ALL;
    /// How far the goods have got.
    FulfillmentStatus of FulfillmentState: FulfillmentState::ALL;
    /// How far a refund has got.
    RefundStatus of RefundState: RefundState::ALL;
    /// What becomes of money that counts towards no order.
    UnmatchedStatus of UnmatchedState: UnmatchedState::ALL;
    /// Why money counts towards no order.
    UnmatchedReasonName of UnmatchedReason: UnmatchedReason::ALL;
    /// Where a message of a gateway stands.
    MessageStatus of MessageState: MessageState::ALL;
    /// An account of the money journal.
    AccountName of Account: Account::ALL;
    /// What happened to money.
    EntryKindName of EntryKind: EntryKind::ALL;
    /// Why the key of a program is of no use.
    KeyFault of Unusable: Unusable::ALL;
    /// A way to pay.
    Method of PaymentMethod: PaymentMethod::ALL;
    /// Which machine of an order moved.
    MachineName of Machine: [Machine::Order, Machine::Payment, Machine::Fulfillment];
    /// What an adjustment is.
    AdjustmentName of AdjustmentKind: [
        AdjustmentKind::Promotion,
        AdjustmentKind::Shipping,
        AdjustmentKind::TaxAdded,
        AdjustmentKind::TaxIncluded,
        AdjustmentKind::CashRounding,
    ];
    /// Whether shoppers see a product.
    ProductStatusName of ProductStatus: ProductStatus::ALL;
    /// What the values of an attribute are.
    AttributeType of AttributeKind: [
        AttributeKind::Text,
        AttributeKind::Number,
        AttributeKind::Boolean,
        AttributeKind::Select,
        AttributeKind::Colour,
    ];
}

/// A way to pay, as a request names it: checked by the operation, so that every refusal reads alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct MethodName(pub(crate) String);

wire_type!(
    MethodName,
    "MethodName",
    MetaSchema {
        enum_items: PaymentMethod::ALL.map(|method| Value::from(method.as_str())).to_vec(),
        ..MetaSchema::new("string")
    }
);

/// How far an order is to get, as a request names it: checked by the operation, so that every refusal reads alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct OrderStatusName(pub(crate) String);

wire_type!(
    OrderStatusName,
    "OrderStatusName",
    MetaSchema {
        enum_items: OrderState::ALL.map(|state| Value::from(state.as_str())).to_vec(),
        ..MetaSchema::new("string")
    }
);

/// What the shopper does next to pay.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NextActionName {
    /// Opens a page.
    Redirect,
    /// Follows instructions.
    Display,
    /// Approves on the phone.
    Await,
    /// Nothing now.
    #[default]
    None,
}

wire_type!(
    NextActionName,
    "NextActionName",
    MetaSchema {
        enum_items: ["redirect", "display", "await", "none"].map(Value::from).to_vec(),
        ..MetaSchema::new("string")
    }
);
