//! A cart and its quote as documents: for `commerce quote`, for support staff, for other systems.

mod cart;
mod quote;

pub use cart::{
    CartDocument, CartDocumentError, CustomerDocument, LineDocument, SourceDocument, UsageDocument,
};
pub use quote::{
    AdjustmentDocument, CouponDocument, PromotionDocument, QuoteDocument, QuoteLineDocument,
    ShippingDocument, StepDocument, SummaryDocument, TaxDocument,
};
