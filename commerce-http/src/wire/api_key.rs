//! Keys of programs.

use commerce_core::Timestamp;
use commerce_core::access::{Listed, NewKey, Permission};
use poem_openapi::Object;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::word::KeyFault;
use super::{Check, Instant, OrNull, Problem};

/// A key to make.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(rename = "NewApiKey", deny_unknown_fields, skip_serializing_if_is_none)]
pub(crate) struct NewKeyBody {
    /// What it is for: 1 to 100 characters.
    name: String,
    /// What it lets a program do: `orders.read`, ... (`commerce routes --permissions` lists them).
    permissions: Vec<String>,
    /// When it ends by itself; RFC 3339.
    expires_at: Option<String>,
}

impl NewKeyBody {
    pub(crate) fn command(self) -> Result<NewKey, Problem> {
        let mut check = Check::default();
        let mut permissions = Vec::new();
        for (at, name) in self.permissions.iter().enumerate() {
            permissions.extend(check.parse::<Permission>(&format!("/permissions/{at}"), name));
        }
        let expires_at = check.parse_optional::<Timestamp>("/expires_at", self.expires_at.as_deref());
        check.finish(Some(NewKey { name: self.name, permissions, expires_at }))
    }
}

/// The key of a program.
#[derive(Debug, Serialize, Object)]
#[oai(rename = "ApiKey")]
pub(crate) struct ApiKeyDto {
    /// Its id.
    id: Uuid,
    /// What it is for.
    name: String,
    /// How it begins.
    beginning: String,
    /// What it lets a program do.
    permissions: Vec<String>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: Instant,
    /// When it ends by itself.
    expires_at: OrNull<Instant>,
    /// When it was last shown, to the minute.
    last_used_at: OrNull<Instant>,
    /// When it was revoked.
    revoked_at: OrNull<Instant>,
    /// Whether a program that shows it is let in and may do something.
    usable: bool,
    /// Why not; null when it is usable.
    unusable_because: OrNull<KeyFault>,
}

impl From<&Listed> for ApiKeyDto {
    fn from(Listed { key, unusable }: &Listed) -> Self {
        Self {
            id: key.id.0,
            name: key.name.clone(),
            beginning: key.beginning.clone(),
            permissions: key.permissions.iter().map(ToString::to_string).collect(),
            created_by: key.created_by.to_string(),
            created_at: key.created_at.into(),
            expires_at: OrNull::of(key.expires_at),
            last_used_at: OrNull::of(key.last_used_at),
            revoked_at: OrNull::of(key.revoked_at),
            usable: unusable.is_none(),
            unusable_because: OrNull::of(*unusable),
        }
    }
}

/// A key that was made just now.
#[derive(Serialize, Object)]
#[oai(rename = "ApiKeyMade")]
pub(crate) struct ApiKeyMadeDto {
    /// The key: shown this once; null when a request is repeated that made it before.
    pub(crate) key: OrNull<String>,
    /// What is kept of it.
    pub(crate) api_key: ApiKeyDto,
}

/// Keys of programs, the newest first.
#[derive(Serialize, Object)]
#[oai(rename = "ApiKeyPage")]
pub(crate) struct ApiKeyPageDto {
    /// The keys.
    pub(crate) results: Vec<ApiKeyDto>,
    /// Where the older ones are, as a relative link; null when this is all.
    pub(crate) next: OrNull<String>,
}
