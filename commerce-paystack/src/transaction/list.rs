//! Listing transactions, page by page.

use serde_json::Value;

use super::{Transaction, TransactionStatus};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::transport::Call;
use crate::value::{Fields, Unreadable};

/// Which transactions to list; all without any of these.
#[derive(Debug, Clone, Default)]
pub struct TransactionFilter {
    /// Those of the customer with this number. Their code does not do.
    pub customer: Option<u64>,
    /// Those in this state.
    pub status: Option<TransactionStatus>,
    /// Those since this moment, ISO 8601 (`2026-03-01T00:00:00.000Z` or `2026-03-01`).
    pub from: Option<String>,
    /// Those until this moment, likewise.
    pub to: Option<String>,
    /// Those of this many subunits.
    pub subunits: Option<u64>,
}

/// Which page.
///
/// Pages by number shift while new transactions come in, so one may be seen twice or missed. Pages by cursor do not: use
/// them to go through everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// By number, from 1.
    Number {
        /// The page.
        page: u32,
        /// How many on a page, 1 to 1000.
        per_page: u32,
    },
    /// By cursor: first without, then with the [`next`](Page::next) of the page before.
    Cursor {
        /// Where the page before ended.
        after: Option<String>,
        /// How many on a page, 1 to 1000.
        per_page: u32,
    },
}

impl Paging {
    pub(crate) fn query(&self) -> Result<Vec<(&'static str, String)>, ErrorKind> {
        let (mut query, per_page) = match self {
            Self::Number { page: 0, .. } => return Err(ErrorKind::Invalid("pages count from 1")),
            Self::Number { page, per_page } => (vec![("page", page.to_string())], per_page),
            Self::Cursor { after, per_page } => {
                let mut query = vec![("use_cursor", "true".to_owned())];
                query.extend(after.clone().map(|after| ("next", after)));
                (query, per_page)
            }
        };
        if !(1..=1000).contains(per_page) {
            return Err(ErrorKind::Invalid("a page has 1 to 1000 entries"));
        }
        query.push(("perPage", per_page.to_string()));
        Ok(query)
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// How many entries could not be read; they are not among the items.
    pub unreadable: usize,
    /// Where the next page begins, when listing by cursor; none on the last page.
    pub next: Option<String>,
    /// How many there are in all, when listing by number.
    pub total: Option<u64>,
    /// How many pages there are, when listing by number.
    pub page_count: Option<u64>,
}

impl<T> Page<T> {
    pub(crate) fn read(body: &Value, read: fn(&Value) -> Result<T, Unreadable>) -> Result<Self, Unreadable> {
        let rows = body.get("data").and_then(Value::as_array);
        let rows = rows.ok_or(Unreadable { field: "data", problem: "is no list" })?;
        let items: Vec<T> = rows.iter().filter_map(|row| read(row).ok()).collect();
        let nothing = Value::Null;
        let meta = Fields::of(body.get("meta").unwrap_or(&nothing));
        Ok(Self {
            unreadable: rows.len() - items.len(),
            items,
            next: meta.text("next"),
            total: meta.number("total"),
            page_count: meta.number("pageCount"),
        })
    }
}

impl Client {
    /// Lists transactions, the newest first.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn transactions(
        &self,
        filter: &TransactionFilter,
        paging: &Paging,
    ) -> Result<Page<Transaction>, Error> {
        let mut call = Call::read("list transactions", "transaction");
        call.query = paging.query().map_err(|kind| call.error(kind))?;
        let TransactionFilter { customer, status, from, to, subunits } = filter;
        let filters = [
            ("customer", customer.map(|id| id.to_string())),
            ("status", status.as_ref().map(ToString::to_string)),
            ("from", from.clone()),
            ("to", to.clone()),
            ("amount", subunits.map(|subunits| subunits.to_string())),
        ];
        call.query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let body = self.transport.body(&call).await?;
        Page::read(&body, Transaction::read)
            .map_err(|unreadable| call.error(ErrorKind::Unreadable(unreadable)))
    }
}
