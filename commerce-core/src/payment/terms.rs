//! What a shop takes, and for how long it waits.

use std::time::Duration;

use super::{GatewayMode, PaymentMethod};
use crate::backoff::doubling;

/// The ways to pay that a shop takes, and for how long it holds goods for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentTerms {
    /// The ways to pay, in the order in which they are offered.
    pub accepted: Vec<PaymentMethod>,
    /// Windows that differ from [`PaymentMethod::window`].
    pub windows: Vec<(PaymentMethod, Duration)>,
    /// The mode of the gateway; `None`: there is none, and nobody is asked to collect.
    pub mode: Option<GatewayMode>,
}

impl PaymentTerms {
    /// The most attempts that an order may have.
    pub const ATTEMPTS_MAX: usize = 10;
    /// For how long whoever opened an attempt has the gateway to itself.
    pub const ASKING: Duration = Duration::from_secs(15);
    /// For how long after it was made an attempt is still asked about.
    pub const WATCHED: Duration = Duration::from_secs(72 * 60 * 60);

    /// How long goods are held for an order that is paid in this way; `None`: as long as it takes.
    #[must_use]
    pub fn window(&self, method: PaymentMethod) -> Option<Duration> {
        let own = self.windows.iter().find(|(of, _)| *of == method).map(|(_, window)| *window);
        method.window().map(|usual| own.unwrap_or(usual))
    }

    /// How long to wait before the gateway is asked again about an attempt that was asked about `checks` times: a minute,
    /// then twice as long each time, up to an hour.
    #[must_use]
    pub fn check_after(checks: u32) -> Duration {
        doubling(Duration::from_secs(60), checks, Duration::from_secs(60 * 60))
    }
}

impl Default for PaymentTerms {
    /// Cash on delivery, and no gateway.
    fn default() -> Self {
        Self { accepted: vec![PaymentMethod::CashOnDelivery], windows: Vec::new(), mode: None }
    }
}
