//! Mail: words made of facts by templates, handed to a mail server, or kept to be looked at in the demo.
//!
//! [`Letters`] makes the words, in the recipient's language, with links of the configured address. [`Postman`] is the
//! [`Mailer`] port: it composes a mail and hands it to an [`Smtp`] server or to the [`Kept`] mails of `/dev/mail`.

mod amount;
mod config;
mod context;
pub(crate) mod dev;
mod kept;
mod letters;
mod links;
mod message;
mod sample;
mod smtp;
mod templates;

use std::sync::Arc;

use async_trait::async_trait;
use commerce_core::customer::Email;
use commerce_core::mail::{Envelope, MailerError};
use commerce_core::{MailId, Mailer, Timestamp};

pub(crate) use config::kept;
pub use config::{MailConfig, MailConfigError, MailSettings};
pub use kept::Kept;
pub use letters::{Letter, Letters};
pub use links::{LinkError, Links, Patterns};
pub use smtp::{Smtp, SmtpUrl, SmtpUrlError};
pub use templates::{TemplateError, Templates};

/// Composes mails, and hands them on.
pub struct Postman {
    letters: Letters,
    way: Way,
}

/// Where composed mails go.
enum Way {
    /// To a mail server.
    Smtp(Smtp),
    /// Nowhere: they are kept to be looked at.
    Kept(Arc<Kept>),
}

impl Postman {
    /// Sends through this mail server.
    #[must_use]
    pub fn smtp(letters: Letters, smtp: Smtp) -> Self {
        Self { letters, way: Way::Smtp(smtp) }
    }

    /// Sends a mail that says that mail works.
    ///
    /// # Errors
    /// As [`Mailer::send`].
    pub async fn send_trial(&self, id: MailId, to: &Email, now: Timestamp) -> Result<(), MailerError> {
        self.hand_on(self.letters.trial(id, to, now)).await
    }

    async fn hand_on(&self, letter: Letter) -> Result<(), MailerError> {
        match &self.way {
            Way::Smtp(smtp) => smtp.send(letter.message()?).await,
            Way::Kept(kept) => {
                kept.keep(letter);
                Ok(())
            }
        }
    }

    /// Sends nothing: mails are kept in memory.
    #[must_use]
    pub fn kept(letters: Letters, kept: Arc<Kept>) -> Self {
        Self { letters, way: Way::Kept(kept) }
    }
}

#[async_trait]
impl Mailer for Postman {
    async fn send(&self, envelope: &Envelope) -> Result<(), MailerError> {
        self.hand_on(self.letters.compose(envelope)?).await
    }
}
