//! The rules of which there is one each.

use commerce_core::pricing::RuleChange;
use poem_openapi::OpenApi;
use serde_json::{Value, to_value};

use super::parts::{IfMatch, etag, expected, refusal};
use super::{Read, Write};
use crate::api::access::{MayReadSettings, MayWriteSettings};
use crate::api::{Shop, Tag};
use crate::settle::settle;
use crate::wire::{Answer, Document, Problem, Refused, Settings, SettingsDocument};

pub(crate) struct SettingsApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/admin/settings", tag = "Tag::BackOffice")]
impl SettingsApi {
    /// Shows the settings
    ///
    /// The home country, rounding, the choice among prices, and what tax and shipping have beside their lists.
    #[oai(path = "/", method = "get", operation_id = "getSettings")]
    async fn show(&self, _admin: MayReadSettings) -> Result<Answer<Document<Settings>>, Refused<Read>> {
        let rules = self.shop.engine.rules().show().await?;
        Ok(answer(rules.version, SettingsDocument::of(&rules.rulebook))?)
    }

    /// Replaces the settings
    ///
    /// All of them; they are in force at once, on every server.
    #[oai(path = "/", method = "put", operation_id = "replaceSettings")]
    async fn replace(
        &self,
        admin: MayWriteSettings,
        /// The version of the rules for which they are meant.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        body: Document<Settings>,
    ) -> Result<Answer<Document<Settings>>, Refused<Write>> {
        let version = expected(&if_match, body.version)?;
        let rules = self.shop.engine.rules();
        let settings = body.part;
        let kept = settings.clone();
        let changed = settle(async move {
            let change = |rulebook: &mut commerce_core::pricing::Rulebook| {
                let before = SettingsDocument::of(rulebook);
                settings.clone().into(rulebook);
                let value = |settings: &SettingsDocument| to_value(settings).unwrap_or(Value::Null);
                Ok(RuleChange {
                    action: "settings.replace".to_owned(),
                    target: "settings".to_owned(),
                    before: value(&before),
                    after: value(&settings),
                })
            };
            // The settings stand where they stand in the rulebook, so its pointers lead into the body.
            rules.change(version, &admin.actor(), None, change).await.map_err(|error| refusal(error, None))
        });
        Ok(answer(changed.await?.version, kept)?)
    }
}

fn answer(version: u64, part: SettingsDocument) -> Result<Answer<Document<Settings>>, Problem> {
    Ok(Answer::new(&Document { version: Some(version), part })?.header("etag", Some(&etag(version))))
}
