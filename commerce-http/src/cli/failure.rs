//! Why a command failed, and with which exit code.

use commerce_core::account::AccountError;
use commerce_core::catalog::CatalogError;
use commerce_core::inventory::InventoryError;
use commerce_core::pricing::RulesError;
use commerce_core::promotion::CouponError;
use commerce_core::search::SearchError;
use commerce_core::{StoreError, StoreTrouble};

use crate::config::ConfigError;
use crate::import::{EXIT_TROUBLE, EXIT_USAGE};
use crate::server::ServerError;
use crate::store::{OpenError, chain};

/// The doctor found violations.
pub(super) const EXIT_VIOLATIONS: u8 = 5;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the log filter cannot be understood: {0}")]
    Log(tracing_subscriber::filter::ParseError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("{}", store(.0))]
    Store(#[from] StoreError),
    #[error("{}", rules(.0))]
    Rules(#[from] RulesError),
    #[error("{}", coupons(.0))]
    Coupon(#[from] CouponError),
    #[error("the table `search` of commerce.toml: {}", chain(.0))]
    Search(#[from] SearchError),
    #[error("the sample cannot be loaded: {}", chain(.0))]
    Catalog(#[from] CatalogError),
    #[error("the sample cannot be loaded: {}", chain(.0))]
    Inventory(#[from] InventoryError),
    #[error("{}", accounts(.0))]
    Account(#[from] AccountError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Other(String),
}

impl Failure {
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Config(_) | Self::Log(_) => EXIT_USAGE,
            Self::Rules(RulesError::Invalid(_) | RulesError::HasCoupons(_) | RulesError::HasMembers(_)) => {
                EXIT_USAGE
            }
            Self::Coupon(error) if !matches!(error, CouponError::Busy | CouponError::Store(_)) => EXIT_USAGE,
            Self::Search(SearchError::Settings(_)) => EXIT_USAGE,
            Self::Account(
                AccountError::EmailTaken | AccountError::Weak(_) | AccountError::Invalid { .. },
            ) => EXIT_USAGE,
            Self::Open(OpenError::NotBuilt(_) | OpenError::Absent(_) | OpenError::NoFolder(_)) => EXIT_USAGE,
            _ => EXIT_TROUBLE,
        }
    }
}

fn store(error: &StoreError) -> String {
    match error.kind {
        StoreTrouble::Broken => {
            format!("{}\nIf the tables are not up to date, `commerce migrate` helps.", chain(error))
        }
        _ => chain(error),
    }
}

fn accounts(error: &AccountError) -> String {
    match error {
        AccountError::Store(error) => store(error),
        other => chain(other),
    }
}

fn coupons(error: &CouponError) -> String {
    match error {
        CouponError::Invalid { field, reason } => format!("--{} {reason}", field.replace('_', "-")),
        CouponError::Store(error) => store(error),
        other => chain(other),
    }
}

fn rules(error: &RulesError) -> String {
    match error {
        RulesError::Invalid(errors) => {
            let lines: Vec<String> = errors.iter().map(|error| format!("  {error}")).collect();
            format!("the rulebook was not applied, as it has errors:\n{}", lines.join("\n"))
        }
        other => chain(other),
    }
}
