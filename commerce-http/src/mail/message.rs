//! From a letter to the bytes that a mail server takes.

use std::time::{Duration, SystemTime};

use commerce_core::mail::{MailerError, MailerTrouble};
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::letters::Letter;

impl Letter {
    /// The message: text, with the design beside it as an alternative.
    ///
    /// # Errors
    /// [`MailerTrouble::Refused`] when the recipient's address cannot be written into one.
    pub fn message(&self) -> Result<Message, MailerError> {
        let refused = |error: &dyn std::fmt::Display| {
            MailerError::new(MailerTrouble::Refused, format!("the message cannot be written: {error}"))
        };
        let to = self.to.parse().map_err(|error: lettre::address::AddressError| refused(&error))?;
        let micros = u64::try_from(self.date.as_micros()).unwrap_or(0);
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&self.subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(micros))
            .message_id(Some(format!("<{}>", self.message_id)));
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let part = |kind: ContentType, body: &str| SinglePart::builder().header(kind).body(body.to_owned());
        let parts = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        let mut message = message.multipart(parts).map_err(|error| refused(&error))?;
        // Answering machines stay quiet (RFC 3834).
        for (name, value) in
            [("Auto-Submitted", "auto-generated"), ("Content-Language", self.language.as_str())]
        {
            if let Ok(name) = HeaderName::new_from_ascii(name.to_owned()) {
                message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
            }
        }
        Ok(message)
    }
}
