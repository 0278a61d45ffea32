//! From an envelope to a letter: the words of a mail, and what stands in its head.

use commerce_core::customer::Email;
use commerce_core::mail::{Envelope, Language, MailerError, MailerTrouble};
use commerce_core::{MailId, Timestamp};
use lettre::message::Mailbox;

use super::context::{Context, ShopContext};
use super::dev::escaped;
use super::links::Links;
use super::templates::{Templates, Words, one_line};
use crate::order_token::OrderTokens;

/// Makes letters of envelopes.
pub struct Letters {
    templates: Templates,
    links: Links,
    tokens: OrderTokens,
    shop_name: String,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    language: Language,
}

/// The words of a mail, and what stands in its head.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The mail's id.
    pub id: MailId,
    /// Its message id, without the angle brackets: the same for every delivery.
    pub message_id: String,
    /// Who sends it.
    pub from: Mailbox,
    /// Who gets answers, when that is somebody else.
    pub reply_to: Option<Mailbox>,
    /// Where it goes.
    pub to: String,
    /// The language that it is written in.
    pub language: String,
    /// Its subject, on one line.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same with a design.
    pub html: String,
    /// When it was called for.
    pub date: Timestamp,
    /// What it is about.
    pub kind: &'static str,
}

impl Letters {
    pub(super) fn new(
        templates: Templates,
        links: Links,
        tokens: OrderTokens,
        shop_name: String,
        from: Mailbox,
        reply_to: Option<Mailbox>,
        language: Language,
    ) -> Self {
        Self { templates, links, tokens, shop_name, from, reply_to, language }
    }

    /// The domain that mails come from.
    pub(super) fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// A letter that says that mail works.
    #[must_use]
    pub fn trial(&self, id: MailId, to: &Email, now: Timestamp) -> Letter {
        let subject = format!("Mail of {} works", self.shop_name);
        let text = format!(
            "This mail was asked for with `commerce mail test`.\nLinks in mails begin with {}.\n",
            self.links.shop()
        );
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>It works</title><p>{}</p></html>",
            escaped(&text)
        );
        self.letter(id, to, "en", now, "trial", Words { subject: one_line(&subject), text, html })
    }

    fn letter(
        &self,
        id: MailId,
        to: &Email,
        language: &str,
        date: Timestamp,
        kind: &'static str,
        words: Words,
    ) -> Letter {
        let Words { subject, text, html } = words;
        Letter {
            id,
            message_id: format!("{id}@{}", self.domain()),
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            to: to.to_string(),
            language: language.to_owned(),
            subject,
            text,
            html,
            date,
            kind,
        }
    }

    /// The letter of an envelope.
    ///
    /// # Errors
    /// [`MailerTrouble::Refused`] when it cannot be made: a link without its token, a template that fails and the built-in
    /// one too.
    pub fn compose(&self, envelope: &Envelope) -> Result<Letter, MailerError> {
        let refused = |detail: String| MailerError::new(MailerTrouble::Refused, detail);
        let kind = envelope.kind.name();
        let wanted = envelope.language.as_ref().unwrap_or(&self.language);
        let language = self.templates.language(wanted, &self.language, kind);
        let mut context = Context::of(envelope, language);
        context.shop = ShopContext { name: self.shop_name.clone(), url: self.links.shop().to_owned() };
        context.link = match (envelope.kind.link(), envelope.kind.order()) {
            (Some(link), _) => {
                let token = link.token.as_ref().ok_or_else(|| refused("its link has no token".to_owned()))?;
                self.links.account(&envelope.kind, token)
            }
            (None, Some(order)) => Some(self.links.order(order, &self.tokens.token(order))),
            (None, None) => None,
        };
        if envelope.kind.order().is_some() && context.order.is_none() {
            return Err(refused("its order is not there".to_owned()));
        }
        let words = self
            .templates
            .render(language, kind, &mut context)
            .map_err(|error| refused(error.to_string()))?;
        Ok(self.letter(envelope.id, &envelope.to, language, envelope.created_at, kind, words))
    }
}
