//! The payment gateway of the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use commerce_core::Builder;
use commerce_core::payment::PaymentMethod;
use commerce_paystack::{Client, Paystack};
use secrecy::{ExposeSecret, SecretString};

/// How the shop is paid.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Payments {
    /// The ways to pay that the shop takes, in the order in which they are offered; empty: cash on delivery.
    pub methods: Vec<PaymentMethod>,
    /// For how long goods are held for an order that is paid in this way, where it is not as usual.
    pub windows: Vec<(PaymentMethod, Duration)>,
    /// The account with Paystack.
    pub paystack: Option<PaystackAccount>,
}

/// An account with Paystack.
#[derive(Debug, Clone)]
pub struct PaystackAccount {
    /// Its secret key.
    pub secret_key: SecretString,
    /// The key before, while messages that it signed may still come.
    pub previous_secret_key: Option<SecretString>,
    /// Where it is reached, when elsewhere than at Paystack: the sandbox.
    pub url: Option<String>,
}

/// Why the gateway cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayConfigError {
    /// A method needs a gateway, and there is none.
    #[error(
        "payment_methods names {0}, which needs a payment gateway: set COMMERCE_PAYSTACK_SECRET_KEY, or leave {0} out"
    )]
    NoKey(PaymentMethod),
    /// The key is for tests.
    #[error(
        "the Paystack key is a test key, by which nobody pays: set the live key (sk_live_...), or start with --allow-sandbox to try things out"
    )]
    TestKey,
    /// Another address than Paystack's.
    #[error(
        "paystack_url sends payments elsewhere than to Paystack; that is allowed with --allow-sandbox only"
    )]
    Elsewhere,
    /// A method is none.
    #[error(
        "payment_methods: {0:?} is no way to pay; use card, bank_transfer, mobile_money, ussd, cash_on_delivery, manual"
    )]
    Method(String),
    /// A payment window is none.
    #[error(
        "payment_windows: {0:?} is no window; write a way to pay that goods are held for, and 1 to 43200 minutes: card=30,manual=4320"
    )]
    Window(String),
    /// The key or address cannot be used.
    #[error("the Paystack account cannot be used: {0}")]
    Paystack(#[from] commerce_paystack::ConfigError),
}

impl Payments {
    /// What the settings say, checked: test keys and other addresses only with `allow_sandbox`.
    ///
    /// # Errors
    /// As [`GatewayConfigError`] says.
    pub fn checked(
        methods: Option<&[String]>,
        paystack: Option<PaystackAccount>,
        allow_sandbox: bool,
    ) -> Result<Self, GatewayConfigError> {
        if let Some(account) = &paystack
            && !allow_sandbox
        {
            if !account.secret_key.expose_secret().starts_with("sk_live_") {
                return Err(GatewayConfigError::TestKey);
            }
            if account.url.is_some() {
                return Err(GatewayConfigError::Elsewhere);
            }
        }
        let named = methods.map(|names| {
            let read =
                |name: &String| name.trim().parse().map_err(|_| GatewayConfigError::Method(name.clone()));
            names.iter().map(read).collect::<Result<Vec<PaymentMethod>, _>>()
        });
        let methods = match named.transpose()? {
            Some(methods) => methods,
            None if paystack.is_some() => {
                PaymentMethod::ALL.into_iter().filter(|method| *method != PaymentMethod::Manual).collect()
            }
            None => vec![PaymentMethod::CashOnDelivery],
        };
        match (&paystack, methods.iter().find(|method| method.needs_gateway())) {
            (Some(account), _) => account.gateway().map(drop)?,
            (None, Some(method)) => return Err(GatewayConfigError::NoKey(*method)),
            (None, None) => {}
        }
        Ok(Self { methods, windows: Vec::new(), paystack })
    }

    /// The same, with these payment windows: the name of a way to pay, and minutes.
    ///
    /// # Errors
    /// [`GatewayConfigError::Window`] when that is no way to pay, or one that is paid at the door, or the time is not from
    /// a minute to 30 days.
    pub fn with_windows(mut self, minutes: &BTreeMap<String, u32>) -> Result<Self, GatewayConfigError> {
        for (name, minutes) in minutes {
            let method = name.trim().parse().ok().filter(|method: &PaymentMethod| method.window().is_some());
            let method = method.filter(|_| (1..=Self::WINDOW_MINUTES_MAX).contains(minutes));
            let wrong = || GatewayConfigError::Window(format!("{name}={minutes}"));
            self.windows.push((method.ok_or_else(wrong)?, Duration::from_secs(u64::from(*minutes) * 60)));
        }
        Ok(self)
    }

    /// The longest payment window of the configuration: 30 days.
    pub const WINDOW_MINUTES_MAX: u32 = 30 * 24 * 60;

    /// Puts it into the engine.
    ///
    /// # Errors
    /// When the key or address cannot be used.
    pub fn apply(&self, mut builder: Builder) -> Result<Builder, GatewayConfigError> {
        if !self.methods.is_empty() {
            builder = builder.payment_methods(self.methods.iter().copied());
        }
        for (method, window) in &self.windows {
            builder = builder.payment_window(*method, *window);
        }
        match &self.paystack {
            Some(account) => Ok(builder.gateway(Arc::new(account.gateway()?))),
            None => Ok(builder),
        }
    }
}

impl PaystackAccount {
    /// The gateway of the account. Nothing is sent.
    fn gateway(&self) -> Result<Paystack, GatewayConfigError> {
        let mut client = Client::builder(self.secret_key.clone());
        if let Some(url) = &self.url {
            client = client.base_url(url.clone());
        }
        Ok(Paystack::new(client.build()?).previous_keys(self.previous_secret_key.clone()))
    }
}
