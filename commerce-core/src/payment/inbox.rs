//! The inbox: what a gateway told us, word by word, stored before anything is made of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{MessageId, Timestamp};

/// A message of a gateway, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Which gateway: its [name](crate::PaymentGateway::name).
    pub gateway: String,
    /// The SHA-256 of its bytes: the same message is stored once, however often it comes.
    pub digest: [u8; 32],
    /// Its bytes: at most [`Message::BODY_MAX`].
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
    /// What became of it.
    pub handling: Handling,
    /// 1 at first, one more with each change.
    pub version: u64,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handling {
    /// Where it stands.
    pub state: MessageState,
    /// How often somebody took it up.
    pub tries: u32,
    /// When it is taken up next, while it waits.
    pub next_at: Timestamp,
    /// What went wrong last, for staff.
    pub note: Option<String>,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// To be taken up.
    Waiting,
    /// Dealt with.
    Done,
    /// Taken up too often in vain: staff looks at it, and may send it round again.
    Parked,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Done, Self::Parked];

    /// The name in stores and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Parked => "parked",
        }
    }
}

impl Message {
    /// The largest message, in bytes.
    pub const BODY_MAX: usize = 256 * 1024;
    /// How often a message is taken up before it is parked: over about a day.
    pub const TRIES_MAX: u32 = 12;

    /// A message that came just now.
    #[must_use]
    pub fn new(id: MessageId, gateway: &str, body: &[u8], now: Timestamp) -> Self {
        Self {
            id,
            gateway: gateway.to_owned(),
            digest: Sha256::digest(body).into(),
            body: body.to_vec(),
            received_at: now,
            handling: Handling { state: MessageState::Waiting, tries: 0, next_at: now, note: None },
            version: 1,
        }
    }

    /// The change to `handling` of the message as it was read.
    #[must_use]
    pub fn advance(&self, handling: Handling) -> super::MessageAdvance {
        super::MessageAdvance { id: self.id, expected_version: self.version, handling }
    }
}
