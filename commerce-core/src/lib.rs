#![doc = include_str!("../README.md")]

pub mod access;
pub mod account;
mod attempts;
pub mod audit;
mod backoff;
pub mod bulk;
pub mod cache;
pub mod cart;
pub mod catalog;
pub mod checkout;
mod commit;
#[cfg(not(feature = "crash-points"))]
mod crash;
#[cfg(feature = "crash-points")]
pub mod crash;
pub mod customer;
mod engine;
pub mod event;
pub mod hex;
mod id;
pub mod idempotency;
pub mod interest;
mod invariant;
pub mod inventory;
pub mod job;
pub mod limit;
pub mod mail;
pub mod media;
pub mod money;
pub mod order;
pub mod payment;
pub mod personal;
mod ports;
pub mod pricing;
pub mod promotion;
mod quantity;
pub mod review;
#[cfg(feature = "schema")]
pub mod schema;
pub mod search;
pub mod shipping;
pub mod tax;
#[cfg(feature = "testkit")]
pub mod testkit;
mod text;
mod time;
mod token;

pub use commit::{ChangeSet, CommitError, Expect, Guard, StoreError, StoreTrouble};
pub use engine::{Builder, Engine};
pub use id::{
    AddressId, AttributeId, AuditId, BrandId, CartId, CategoryId, CustomerId, EventId, Ids, ImageId,
    ImportId, JournalId, KeyId, LineId, LocationId, MailId, MessageId, MovementId, OrderId, PaymentId,
    PriceChangeId, ProductId, RefundId, ReservationId, ReviewId, SellerId, SessionId, UnmatchedId, VariantId,
    WishlistItemId,
};
pub use invariant::{Invariant, Violation};
pub use inventory::StockLevel;
pub use money::{Currency, Money, MoneyError, UnitPrice};
pub use ports::{
    Cache, Clock, HasherTrouble, Mailer, MediaStore, PasswordHasher, PaymentGateway, Random, RateLimiter,
    Search, ShippingRates, Store, SystemRandom, TaxProvider, Verified,
};
#[cfg(feature = "mock")]
pub use ports::{
    MockCache, MockClock, MockMailer, MockMediaStore, MockPasswordHasher, MockPaymentGateway, MockRandom,
    MockRateLimiter, MockSearch, MockShippingRates, MockStore, MockTaxProvider,
};
pub use quantity::{Quantity, QuantityError};
pub use text::fold;
pub use time::{Timestamp, TimestampError};
pub use token::TokenHash;
