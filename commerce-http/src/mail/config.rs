//! How the shop sends mails: the settings, checked before anything is sent.

use std::path::PathBuf;
use std::sync::Arc;

use commerce_core::Mailer;
use commerce_core::mail::Language;
use lettre::message::Mailbox;
use secrecy::SecretString;

use super::letters::Letters;
use super::links::{LinkError, Links, Patterns};
use super::smtp::{Smtp, SmtpUrl, SmtpUrlError};
use super::templates::{TemplateError, Templates};
use super::{Kept, Postman};
use crate::order_token::OrderTokens;

/// What the configuration says about mail.
#[derive(Debug, Clone, Default)]
pub struct MailSettings {
    /// The mail server; absent: no mail is sent.
    pub smtp_url: Option<SecretString>,
    /// Who sends: `Adire <orders@shop.example>`.
    pub from: Option<String>,
    /// Who gets answers, when somebody else.
    pub reply_to: Option<String>,
    /// What the shop is called.
    pub shop_name: Option<String>,
    /// Where the shop is: links begin with it.
    pub public_url: Option<String>,
    /// The language of those who did not choose one; English.
    pub language: Option<String>,
    /// The folder of the shop's own templates.
    pub templates: Option<PathBuf>,
    /// Links that differ from the usual ones.
    pub links: Patterns,
}

/// How the shop sends mails, checked.
pub struct MailConfig {
    letters: Letters,
    smtp: SmtpUrl,
}

/// Why mails cannot be sent, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailConfigError {
    /// The address of the mail server cannot be used.
    #[error("smtp_url (COMMERCE_SMTP_URL) cannot be used: {0}")]
    Smtp(#[from] SmtpUrlError),
    /// A setting is missing.
    #[error("smtp_url is set, so {0} has to be: {1}")]
    Missing(&'static str, &'static str),
    /// An address is none.
    #[error("{0} = {1:?} is no address; write it like orders@shop.example or Adire <orders@shop.example>")]
    Address(&'static str, String),
    /// The language is none.
    #[error("mail_language = {0:?} is no language; write it like en or fr-CI")]
    Language(String),
    /// A link cannot be used.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A template cannot be used.
    #[error("mail templates: {0}")]
    Template(#[from] TemplateError),
    /// No mail server is named.
    #[error("no mail is sent: set smtp_url (COMMERCE_SMTP_URL), mail_from and public_url")]
    Off,
}

impl MailSettings {
    /// What they say, checked; `None` when no mail is sent. Links of orders carry tokens that are signed with `secret`.
    ///
    /// # Errors
    /// As [`MailConfigError`] says.
    pub fn checked(
        &self,
        secret: &SecretString,
        previous_secret: Option<&SecretString>,
    ) -> Result<Option<MailConfig>, MailConfigError> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let smtp = SmtpUrl::new(url)?;
        let public_url = self.public_url.as_deref().ok_or(MailConfigError::Missing(
            "public_url (COMMERCE_PUBLIC_URL)",
            "the address of the shop, which links in mails begin with",
        ))?;
        let from = self.from.as_deref().ok_or(MailConfigError::Missing(
            "mail_from (COMMERCE_MAIL_FROM)",
            "the address that mails come from",
        ))?;
        let from = mailbox("mail_from", from)?;
        let letters = self.letters(public_url, from, OrderTokens::new(secret, previous_secret))?;
        Ok(Some(MailConfig { letters, smtp }))
    }

    fn letters(
        &self,
        public_url: &str,
        from: Mailbox,
        tokens: OrderTokens,
    ) -> Result<Letters, MailConfigError> {
        let templates = match &self.templates {
            Some(folder) => Templates::with_own(folder)?,
            None => Templates::built_in()?,
        };
        let language = self.language.as_deref().unwrap_or("en");
        let language: Language =
            language.parse().map_err(|_| MailConfigError::Language(language.to_owned()))?;
        let links = Links::new(public_url, &self.links)?;
        let named = self.shop_name.clone().or_else(|| from.name.clone());
        let shop_name = named.unwrap_or_else(|| from.email.domain().to_owned());
        let from = Mailbox::new(from.name.or_else(|| Some(shop_name.clone())), from.email);
        let reply_to = self.reply_to.as_deref().map(|text| mailbox("mail_reply_to", text)).transpose()?;
        Ok(Letters::new(templates, links, tokens, shop_name, from, reply_to, language))
    }
}

impl MailConfig {
    /// The mailer that sends like this. It has to be made where a runtime runs.
    ///
    /// # Errors
    /// When the address of the mail server cannot be used after all.
    pub fn mailer(self) -> Result<Arc<dyn Mailer>, MailConfigError> {
        Ok(Arc::new(self.postman()?))
    }

    pub(crate) fn postman(self) -> Result<Postman, MailConfigError> {
        let smtp = Smtp::new(&self.smtp, self.letters.domain())?;
        Ok(Postman::smtp(self.letters, smtp))
    }
}

/// The mailer of a shop that only shows its mails: the demo, at this address.
pub(crate) fn kept(
    shop_name: &str,
    public_url: &str,
    secret: &SecretString,
) -> Result<(Arc<dyn Mailer>, Arc<Kept>), MailConfigError> {
    let settings = MailSettings { shop_name: Some(shop_name.to_owned()), ..MailSettings::default() };
    let from = mailbox("mail_from", "orders@shop.example")?;
    let letters = settings.letters(public_url, from, OrderTokens::new(secret, None))?;
    let kept = Arc::new(Kept::default());
    Ok((Arc::new(Postman::kept(letters, Arc::clone(&kept))), kept))
}

fn mailbox(setting: &'static str, text: &str) -> Result<Mailbox, MailConfigError> {
    let wrong = || MailConfigError::Address(setting, text.to_owned());
    let mailbox: Mailbox = text.parse().map_err(|_| wrong())?;
    let plain = |text: &str| !text.chars().any(char::is_control);
    if plain(text) && mailbox.name.as_deref().is_none_or(plain) { Ok(mailbox) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            smtp_url: Some("smtp://127.0.0.1:1025?tls=none".into()),
            from: Some("Adire <orders@shop.example>".to_owned()),
            public_url: Some("https://shop.example".to_owned()),
            ..MailSettings::default()
        }
    }

    fn said(settings: MailSettings) -> String {
        match settings.checked(&"secret".into(), None) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(said(settings()), "");
        assert!(MailSettings::default().checked(&"secret".into(), None).unwrap().is_none());
        assert!(said(MailSettings { from: None, ..settings() }).contains("mail_from"));
        assert!(said(MailSettings { public_url: None, ..settings() }).contains("public_url"));
        let bad = |text: &str| Some(text.to_owned());
        assert!(said(MailSettings { public_url: bad("shop.example"), ..settings() }).contains("https://"));
        assert!(said(MailSettings { from: bad("orders"), ..settings() }).contains("mail_from"));
        assert!(
            said(MailSettings { from: bad("A\r\nBcc: x@y.zz <a@b.cc>"), ..settings() }).contains("mail_from")
        );
        assert!(said(MailSettings { reply_to: bad("?"), ..settings() }).contains("mail_reply_to"));
        assert!(said(MailSettings { language: bad("english"), ..settings() }).contains("mail_language"));
        assert!(
            said(MailSettings { templates: Some("/nowhere/at/all".into()), ..settings() })
                .contains("/nowhere")
        );
        let open =
            MailSettings { smtp_url: Some("smtp://u:s3cr3t@mail.example?tls=none".into()), ..settings() };
        let open = said(open);
        assert!(open.contains("smtp_url") && !open.contains("s3cr3t"), "{open}");
    }
}
