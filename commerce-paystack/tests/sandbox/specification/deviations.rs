//! Where the specification and what Paystack really takes and answers differ, and why we go with the latter.

use How::{Kind, Missing, Null, Unspecified};

use super::Place;

/// A place that is not as specified, on purpose.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Deviation {
    /// `*` is any.
    operation: &'static str,
    part: &'static str,
    /// A field, or with a `*` at its end all that begin so.
    at: &'static str,
    /// Which differences these are.
    how: How,
    why: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// The field may be missing.
    Missing,
    /// There is such a field, or such a parameter.
    Unspecified,
    /// The value may be null where that is not specified.
    Null,
    /// The value is of another kind.
    Kind,
}

impl Deviation {
    pub(super) fn covers(&self, (operation, part, at): &Place, what: &str) -> bool {
        let how = match what {
            "is missing" => Missing,
            "is not specified" => Unspecified,
            _ if what.starts_with("null is not") || what.ends_with("but got null") => Null,
            _ => Kind,
        };
        (self.operation == "*" || self.operation == operation)
            && self.part == part
            && self.at.strip_suffix('*').map_or(self.at == at, |start| at.starts_with(start))
            && self.how == how
    }
}

const fn the(
    operation: &'static str,
    part: &'static str,
    at: &'static str,
    how: How,
    why: &'static str,
) -> Deviation {
    Deviation { operation, part, at, how, why }
}

const CODE: &str = "a slip of the file: it lists the words of `type` under `code`; every recorded error has them under `type`";
const NAMES: &str = "recorded customers without a name, a phone or data have null there";
const CURSOR: &str =
    "the file takes a cursor but describes pages by number alone; recorded pages by cursor have only these";
const UNDER_WAY: &str = "the file describes a finished charge; a recorded one under way has its reference, its status and what to do next";
const CHARGED: &str = "recorded finished charges do not have it, or not all of them";
const EMPTY: &str = "recorded transactions without data have an empty text there";
const METADATA: &str =
    "JSON text is documented in words beside the object, and the only way in which numbers stay numbers";
const REFUNDS: &str = "recorded and documented in words; the file's list has no such filter";
const UNSIGNED: &str = "recorded for what is not a card";

pub(super) const DEVIATIONS: &[Deviation] = &[
    the("*", "401", "code", Kind, CODE),
    the("*", "422", "code", Kind, CODE),
    the("*", "refusal", "code", Kind, CODE),
    the("POST /transaction/initialize", "body", "metadata", Kind, METADATA),
    the("POST /charge", "body", "metadata", Kind, METADATA),
    the(
        "GET /transaction",
        "query",
        "perPage",
        Unspecified,
        "so in the words and libraries of Paystack; the file says per_page",
    ),
    the(
        "GET /transaction",
        "200",
        "data[].paidAt",
        Null,
        "recorded for what is not paid, as `paid_at` may be in the file",
    ),
    the("GET /transaction", "200", "meta.*", Unspecified, CURSOR),
    the("GET /transaction", "200", "meta.*", Missing, CURSOR),
    the("GET /transaction/{id}", "200", "data.customer.*", Null, NAMES),
    the(
        "GET /transaction/{id}",
        "200",
        "data.metadata.custom_fields",
        Missing,
        "the data are the shop's own",
    ),
    the(
        "GET /transaction/timeline/{id}",
        "path",
        "id",
        Kind,
        "a reference is taken too, as documented in words",
    ),
    the("POST /charge", "200", "data.*", Missing, UNDER_WAY),
    the("POST /charge", "200", "data.customer.*", Null, NAMES),
    the("POST /charge", "200", "data.metadata", Kind, EMPTY),
    the("POST /charge/submit_pin", "200", "data.*", Missing, UNDER_WAY),
    the("POST /charge/submit_pin", "200", "data.metadata", Kind, EMPTY),
    the("POST /charge/submit_phone", "200", "data.*", Missing, UNDER_WAY),
    the("POST /charge/submit_otp", "200", "data.redirect_url", Missing, CHARGED),
    the("POST /charge/submit_otp", "200", "data.metadata", Kind, EMPTY),
    the("POST /charge/submit_otp", "200", "data.authorization.signature", Null, UNSIGNED),
    the("GET /charge/{reference}", "200", "data.*", Missing, UNDER_WAY),
    the("GET /charge/{reference}", "200", "data.authorization.signature", Null, UNSIGNED),
    the(
        "POST /refund",
        "body",
        "transaction",
        Kind,
        "the number of a transaction is taken beside its reference, as documented in words",
    ),
    the("GET /refund", "query", "transaction", Unspecified, REFUNDS),
    the("GET /refund", "query", "currency", Unspecified, REFUNDS),
    the("GET /refund", "200", "data[].customer.*", Null, NAMES),
    the(
        "GET /refund",
        "200",
        "data[].fully_deducted",
        Kind,
        "recorded as true, as 1 and as null; the newest has true",
    ),
    the("GET /refund", "200", "meta.perPage", Kind, "recorded as a number, as everywhere else"),
    the("GET /refund/{id}", "200", "data.customer.*", Null, NAMES),
    the(
        "GET /refund/{id}",
        "200",
        "data.fully_deducted",
        Kind,
        "recorded as true, as 1 and as null; the newest has true",
    ),
    the(
        "POST /refund/retry_with_customer_details/{id}",
        "200",
        "data.dispute",
        Null,
        "recorded where there is none",
    ),
    the(
        "POST /refund/retry_with_customer_details/{id}",
        "200",
        "data.settlement",
        Null,
        "recorded where there is none",
    ),
    the("GET /bank/resolve", "query", "account_number", Kind, "account numbers begin with zeros"),
    the("GET /bank/resolve", "query", "bank_code", Kind, "codes of banks begin with zeros"),
    the("POST /customer", "200", "data.*", Null, NAMES),
    the(
        "PUT /customer/{code}",
        "body",
        "metadata",
        Kind,
        "a recorded refusal says that it must be an object",
    ),
    the("GET /customer", "200", "meta.*", Unspecified, CURSOR),
    the("GET /customer", "200", "meta.*", Missing, CURSOR),
    the("GET /customer/{code}", "200", "data.*", Null, NAMES),
];
