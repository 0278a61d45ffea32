//! Customers and what they have paid with.

use serde_json::{Value, json};

use super::cards::RefundFate;
use super::clock::{Stamp, iso};

#[derive(Debug, Clone)]
pub(crate) struct Customer {
    pub(crate) id: u64,
    pub(crate) code: String,
    pub(crate) email: String,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) metadata: Value,
    pub(crate) risk_action: String,
    pub(crate) created_at: Stamp,
    pub(crate) updated_at: Stamp,
}

/// What was paid with, and may be charged again if it is `reusable`.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    pub(crate) code: String,
    pub(crate) customer: usize,
    pub(crate) active: bool,
    pub(crate) reusable: bool,
    /// What becomes of refunds to it.
    pub(crate) refund_fate: RefundFate,
    /// The object in answers.
    pub(crate) body: Value,
}

impl Customer {
    /// As it stands in a transaction.
    pub(crate) fn short(&self) -> Value {
        json!({
            "id": self.id,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "email": self.email,
            "customer_code": self.code,
            "phone": self.phone,
            "metadata": self.metadata,
            "risk_action": self.risk_action,
            "international_format_phone": null,
        })
    }

    /// As it stands alone. `domain` and `integration` come with it, here and in rejected transfers.
    pub(crate) fn full(&self, integration: u64) -> Value {
        let mut body = self.short();
        if let Value::Object(fields) = &mut body {
            for (name, value) in [
                ("domain", json!("test")),
                ("integration", json!(integration)),
                ("identified", json!(false)),
                ("identifications", Value::Null),
                ("createdAt", json!(iso(self.created_at))),
                ("updatedAt", json!(iso(self.updated_at))),
            ] {
                fields.insert(name.to_owned(), value);
            }
        }
        body
    }
}
