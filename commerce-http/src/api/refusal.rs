//! From what the engine refuses to what the client reads: one place for each of its errors.

use commerce_core::access::KeyError;
use commerce_core::account::AccountError;
use commerce_core::cart::{CartError, PricedCart, ShortLine};
use commerce_core::catalog::{ImageError, TaxonomyError};
use commerce_core::checkout::ConfirmError;
use commerce_core::interest::WishlistError;
use commerce_core::inventory::InventoryError;
use commerce_core::media::{MediaError, MediaTrouble};
use commerce_core::order::{CancelError, MoveOnError, NoteError};
use commerce_core::payment::{
    GatewayError, GatewayTrouble, NoticeError, PaymentError, PaymentReference, ReceiveError,
};
use commerce_core::pricing::PricingError;
use commerce_core::promotion::CouponError;
use commerce_core::review::{Flaw, ReviewError};
use commerce_core::search::SearchError;
use commerce_core::tax::TaxProviderError;
use commerce_core::{StoreError, StoreTrouble};

use poem::http::{HeaderValue, header};

use super::catalog::of_product;
use super::search::attribute_pointer;
use crate::audit_export::ExportError;
use crate::store::chain;
use crate::wire::{CartDto, Check, Code, FieldError, OrNull, Problem, ShortLineDto};

impl From<CartError> for Problem {
    fn from(error: CartError) -> Self {
        let words = error.to_string();
        match error {
            CartError::NotFound | CartError::LineNotFound | CartError::CouponNotFound => Self::not_found(),
            CartError::UnknownVariant => Self::new(Code::UnknownVariant, words),
            CartError::OutOfStock(lines) => out_of_stock(words, &lines),
            CartError::QuantityTooLarge => Self::field("/quantity", "out-of-range", words),
            CartError::TooManyLines => Self::new(Code::ValidationFailed, words),
            CartError::Customizations(_) => Self::field("/customizations", "invalid", words),
            CartError::Address { which, errors } => {
                let mut check = Check::default();
                for error in errors {
                    check.wrong(&format!("/{which}/{}", error.field), "invalid", error.reason);
                }
                check.problem()
            }
            CartError::Email => Self::field("/email", "unsupported", words),
            CartError::AddressMissing => Self::field("/address", "required", words),
            CartError::ShippingMethod => Self::field("/shipping_method", "unsupported", words),
            CartError::PaymentMethod(_) => Self::field("/method", "unsupported", words),
            CartError::TooManyCoupons => Self::new(Code::ValidationFailed, words),
            CartError::Coupon { code: _, reason } => {
                Self::new(Code::CouponNotApplicable, words).with("reason", reason.code())
            }
            CartError::Channel => Self::field("/channel", "invalid", words),
            CartError::Tax(error) => error.into(),
            CartError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            CartError::Pricing(error) => error.into(),
            CartError::Busy => Self::unavailable(words),
            CartError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<WishlistError> for Problem {
    fn from(error: WishlistError) -> Self {
        let words = error.to_string();
        match error {
            WishlistError::NotFound => Self::not_found(),
            WishlistError::UnknownVariant => Self::new(Code::UnknownVariant, words),
            WishlistError::LineNotFound => Self::field("/from_cart_item", "unsupported", words),
            WishlistError::Full => Self::new(Code::ValidationFailed, words),
            WishlistError::Busy => Self::unavailable(words),
            WishlistError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        let words = error.to_string();
        match error {
            ConfirmError::NotFound => Self::not_found(),
            ConfirmError::Incomplete(cart) => {
                let missing = cart.missing.clone();
                with_cart(Code::CheckoutIncomplete, words, &cart).with("missing", missing)
            }
            ConfirmError::OutOfStock(lines) => out_of_stock(words, &lines),
            ConfirmError::PriceChanged(cart) => with_cart(Code::PriceChanged, words, &cart),
            ConfirmError::CouponExhausted { code: _, reason, cart } => {
                with_cart(Code::CouponExhausted, words, &cart).with("reason", reason.code())
            }
            ConfirmError::Tax(error) => error.into(),
            ConfirmError::CartChanged(cart) => with_cart(Code::CartChanged, words, &cart),
            ConfirmError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            ConfirmError::Pricing(error) => error.into(),
            ConfirmError::Busy => Self::unavailable(words),
            ConfirmError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        let words = error.to_string();
        match error {
            CancelError::NotFound => Self::not_found(),
            CancelError::State(_) | CancelError::Fulfilled => Self::new(Code::InvalidTransition, words),
            CancelError::Reason => Self::field("/reason", "invalid", words),
            CancelError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            CancelError::Busy => Self::unavailable(words),
            CancelError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<MoveOnError> for Problem {
    fn from(error: MoveOnError) -> Self {
        let words = error.to_string();
        match error {
            MoveOnError::NotFound => Self::not_found(),
            MoveOnError::State(_)
            | MoveOnError::NotPaid
            | MoveOnError::NothingToShip
            | MoveOnError::NotShipped
            | MoveOnError::StillDue
            | MoveOnError::MoneyWentBack
            | MoveOnError::Fulfilled
            | MoveOnError::Pending
            | MoveOnError::Refunded
            | MoveOnError::NotThere(_) => Self::new(Code::InvalidTransition, words),
            MoveOnError::Restock => Self::field("/restock", "unsupported", words),
            MoveOnError::Note => Self::field("/note", "invalid", words),
            MoveOnError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            MoveOnError::Busy => Self::unavailable(words),
            MoveOnError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<NoteError> for Problem {
    fn from(error: NoteError) -> Self {
        let words = error.to_string();
        match error {
            NoteError::NotFound => Self::not_found(),
            NoteError::Text => Self::field("/text", "invalid", words),
            NoteError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            NoteError::Busy => Self::unavailable(words),
            NoteError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        let words = error.to_string();
        match error {
            PaymentError::NotFound => Self::not_found(),
            PaymentError::Method(_) => Self::field("/method", "unsupported", words),
            PaymentError::NotPayable { .. }
            | PaymentError::State(_)
            | PaymentError::Settled(_)
            | PaymentError::WentBack
            | PaymentError::Attempts
            | PaymentError::NothingPaid => Self::new(Code::InvalidTransition, words),
            PaymentError::Exceeds { .. } => Self::new(Code::RefundExceedsCapture, words),
            PaymentError::Amount => Self::field("/amount/amount", "out-of-range", words),
            PaymentError::Currency { .. } => Self::field("/amount/currency", "unsupported", words),
            PaymentError::Lines { .. } => Self::field("/lines", "out-of-range", words),
            PaymentError::Reason => Self::field("/reason", "invalid", words),
            PaymentError::InProgress(reference) => {
                Self::new(Code::RequestInProgress, words).with("payment_reference", reference)
            }
            PaymentError::Gateway { reference, error } => gateway_trouble(&reference, &error),
            PaymentError::NoGateway => Self::field("/method", "unsupported", words),
            PaymentError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            PaymentError::Busy => Self::unavailable(words),
            PaymentError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

/// What a gateway did not do. The order or refund is stored, and the same request goes on where this one stopped.
fn gateway_trouble(reference: &PaymentReference, error: &GatewayError) -> Problem {
    let problem = match error.kind {
        GatewayTrouble::Unknown => Problem::new(
            Code::GatewayTimeout,
            "it is not known yet what became of the payment; repeating with the same Idempotency-Key is safe",
        )
        .header(header::RETRY_AFTER, HeaderValue::from_static("5")),
        _ => Problem::unavailable(""),
    };
    problem.with("payment_reference", reference).because(error)
}

impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Self {
        let words = error.to_string();
        match error {
            ReceiveError::Notice(NoticeError::Signature) => Self::new(Code::InvalidSignature, words),
            ReceiveError::Notice(_) => Self::new(Code::MalformedJson, words),
            ReceiveError::TooLarge => Self::new(Code::TooLarge, words),
            ReceiveError::NoGateway => Self::not_found(),
            ReceiveError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<PricingError> for Problem {
    fn from(error: PricingError) -> Self {
        match error {
            // The only way to get there is to ask for more than any shop has.
            PricingError::Money(commerce_core::MoneyError::Overflow) => {
                Self::validation(vec![FieldError::new("", "out-of-range", error)])
            }
            PricingError::Money(commerce_core::MoneyError::CurrencyMismatch { right, .. }) => {
                let words = format!("an item of the cart is not sold in {right}");
                Self::field("/currency", "unsupported", words)
            }
            other => Self::internal(other),
        }
    }
}

impl From<CouponError> for Problem {
    fn from(error: CouponError) -> Self {
        let words = error.to_string();
        match error {
            CouponError::UnknownPromotion(_) => Self::field("/promotion", "unsupported", words),
            CouponError::Exists(_) => Self::new(Code::AlreadyExists, words).at("/code"),
            CouponError::NotFound => Self::not_found(),
            CouponError::Ended(_) => Self::new(Code::ValidationFailed, words),
            CouponError::Version(now) => Self::new(Code::VersionConflict, words).with("version", now),
            CouponError::Code(_) => Self::field("/prefix", "invalid", words),
            CouponError::Invalid { field, reason } => {
                Self::field(&format!("/{field}"), "out-of-range", reason)
            }
            CouponError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            CouponError::Busy => Self::unavailable(words),
            CouponError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<TaxonomyError> for Problem {
    fn from(error: TaxonomyError) -> Self {
        let words = error.to_string();
        match error {
            TaxonomyError::NotFound => Self::not_found(),
            TaxonomyError::Exists { field, .. } => {
                Self::new(Code::AlreadyExists, words).at(&format!("/{field}"))
            }
            TaxonomyError::Parent(_) => Self::field("/parent", "unsupported", words),
            TaxonomyError::Cycle | TaxonomyError::TooDeep(_) => Self::field("/parent", "invalid", words),
            TaxonomyError::PathTooLong(_) => Self::field("/slug", "out-of-range", words),
            TaxonomyError::InUse(_) => Self::new(Code::InUse, words),
            TaxonomyError::HasBranches(_) => Self::new(Code::InUse, words),
            TaxonomyError::Values(_) | TaxonomyError::TooManyValues => Self::new(Code::InUse, words),
            TaxonomyError::Deleted => Self::new(Code::InvalidTransition, words),
            TaxonomyError::Version(now) => Self::new(Code::VersionConflict, words).with("version", now),
            TaxonomyError::Invalid { field, code, reason } => Self::field(&format!("/{field}"), code, reason),
            TaxonomyError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            TaxonomyError::Busy => Self::unavailable(words),
            TaxonomyError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        let words = error.to_string();
        match error {
            ReviewError::NotFound => Self::not_found(),
            ReviewError::NotBought => Self::new(Code::PurchaseRequired, words),
            ReviewError::WindowOver(_) => Self::new(Code::ReviewWindowOver, words),
            ReviewError::Exists => Self::new(Code::AlreadyExists, words),
            ReviewError::Invalid(flaws) => {
                let mut check = Check::default();
                for Flaw { field, reason } in flaws {
                    check.wrong(&format!("/{field}"), "invalid", reason);
                }
                check.problem()
            }
            ReviewError::Own => Self::new(Code::Forbidden, words),
            ReviewError::Version(now) => Self::new(Code::VersionConflict, words).with("version", now),
            ReviewError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            ReviewError::Busy => Self::unavailable(words),
            ReviewError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<InventoryError> for Problem {
    fn from(error: InventoryError) -> Self {
        let words = error.to_string();
        match error {
            InventoryError::NotFound => Self::not_found(),
            InventoryError::Exists(_) => Self::new(Code::AlreadyExists, words).at("/code"),
            InventoryError::Version(now) => Self::new(Code::VersionConflict, words).with("version", now),
            InventoryError::InTheWay(_) => Self::new(Code::InUse, words).at("/active"),
            InventoryError::Inactive(_) => Self::field("/warehouse", "inactive", words),
            InventoryError::Invalid { field, reason } => Self::field(&format!("/{field}"), "invalid", reason),
            InventoryError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            InventoryError::Busy => Self::unavailable(words),
            InventoryError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::UnknownAttributes(codes) => {
                let mut check = Check::default();
                for code in codes {
                    check.wrong(&attribute_pointer(&code), "unsupported", "there is no such attribute");
                }
                check.problem()
            }
            SearchError::Busy => Self::unavailable(error),
            SearchError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<TaxProviderError> for Problem {
    fn from(error: TaxProviderError) -> Self {
        match error {
            TaxProviderError::Unavailable(_) => Self::unavailable(error),
            other => Self::internal(other),
        }
    }
}

impl From<ImageError> for Problem {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::NoPlace => {
                let words = "this shop has no place for pictures: set COMMERCE_MEDIA_FOLDER, or media_folder in \
                             commerce.toml";
                Self::new(Code::Unavailable, words)
            }
            ImageError::Media(error) => error.into(),
            ImageError::Edit(error) => of_product(error),
            other => Self::internal(other),
        }
    }
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        let words = error.to_string();
        match error.kind {
            MediaTrouble::Unavailable => Self::unavailable(chain(&error)),
            MediaTrouble::Full => Self::new(Code::StorageFull, words).because(chain(&error)),
            MediaTrouble::Broken => Self::internal(chain(&error)),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Store(error) => error.into(),
            ExportError::Format(error) => Self::internal(error),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let words = error.to_string();
        match error {
            AccountError::Credentials => Self::new(Code::InvalidCredentials, words)
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            AccountError::EmailNotVerified => Self::new(Code::EmailNotVerified, words),
            AccountError::Inactive => Self::new(Code::AccountInactive, words),
            AccountError::Weak(weak) => {
                Self::fields(Code::WeakPassword, vec![FieldError::new("/password", weak.code(), words)])
            }
            AccountError::Link => Self::new(Code::LinkInvalid, words),
            AccountError::Session => Self::new(Code::Unauthenticated, words)
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            AccountError::NotFound => Self::not_found(),
            AccountError::Invalid { field, reason } => Self::field(&format!("/{field}"), "invalid", reason),
            AccountError::Address(errors) => {
                let mut check = Check::default();
                for error in errors {
                    check.wrong(&format!("/{}", error.field), "invalid", error.reason);
                }
                check.problem()
            }
            AccountError::TooManyAddresses => Self::new(Code::ValidationFailed, words),
            AccountError::EmailTaken => Self::new(Code::AlreadyExists, words),
            AccountError::Forbidden | AccountError::Oneself | AccountError::Employed => {
                Self::new(Code::Forbidden, words)
            }
            AccountError::UnderWay(_) => Self::new(Code::InvalidTransition, words),
            AccountError::Version(now) => Self::new(Code::VersionConflict, words).with("version", now),
            AccountError::HasherBusy | AccountError::Busy => Self::unavailable(words),
            AccountError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let words = error.to_string();
        match error {
            KeyError::NotFound => Self::not_found(),
            KeyError::Invalid { field, reason } => Self::field(&format!("/{field}"), "invalid", reason),
            KeyError::NotYours(_) => Self::new(Code::Forbidden, words),
            KeyError::TooMany => Self::new(Code::ValidationFailed, words),
            KeyError::KeyReused(_) => Self::new(Code::IdempotencyKeyReused, words),
            KeyError::Busy => Self::unavailable(words),
            KeyError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error.kind {
            StoreTrouble::Unavailable => Self::unavailable(error),
            StoreTrouble::Full => Self::new(Code::StorageFull, "reading goes on").because(error),
            _ => Self::internal(error),
        }
    }
}

fn out_of_stock(words: String, lines: &[ShortLine]) -> Problem {
    let short = |line: &ShortLine| ShortLineDto {
        line_id: OrNull(line.line.map(|id| id.0)),
        sku: line.sku.to_string(),
        wanted: line.wanted,
        available: line.available,
    };
    Problem::new(Code::OutOfStock, words).with("lines", lines.iter().map(short).collect::<Vec<_>>())
}

fn with_cart(code: Code, words: String, cart: &PricedCart) -> Problem {
    Problem::new(code, words).with("cart", CartDto::new(cart))
}
