//! The calls that read: verify, fetch, lists with their pages, totals, timelines, customers and banks.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::bodies::{self, View};
use super::books::{Books, valid_email};
use super::clock::{parse, stamp};
use super::envelope::{Answer, Refusal};
use super::refund::RefundStatus;
use super::request::Fields;

const PER_PAGE: u64 = 50;
const PER_PAGE_MAX: u64 = 1000;

/// A page of something: which entries, and what is said about them.
struct Page {
    entries: Vec<usize>,
    meta: Value,
}

/// Cuts a page out of entries in their order; `id` gives an entry's number for the cursor.
fn page(fields: &Fields, entries: Vec<usize>, id: impl Fn(usize) -> u64) -> Page {
    let asked = fields.count("perPage").or_else(|| fields.count("per_page")).unwrap_or(PER_PAGE);
    let size = usize::try_from(asked.clamp(1, PER_PAGE_MAX)).unwrap_or(1);
    let cursor = |name: &str| -> Option<u64> { u64::from_str_radix(&fields.filled(name)?, 36).ok() };
    let total = entries.len();
    if fields.text("use_cursor").is_some_and(|text| text == "true")
        || fields.filled("next").is_some()
        || fields.filled("previous").is_some()
    {
        let at = |known: u64| entries.iter().position(|entry| id(*entry) == known);
        let start = match (cursor("next"), cursor("previous")) {
            (Some(last), _) => at(last).map_or(total, |last| last + 1),
            (_, Some(first)) => at(first).unwrap_or(0).saturating_sub(size),
            _ => 0,
        };
        let end = (start + size).min(total);
        let code = |entry: usize| base36(id(entries[entry]));
        let next = (end < total && end > start).then(|| code(end - 1));
        let previous = (start > 0 && end > start).then(|| code(start));
        let meta = json!({"next": next, "previous": previous, "perPage": size});
        return Page { entries: entries[start..end].to_vec(), meta };
    }
    let number = usize::try_from(fields.count("page").unwrap_or(1).max(1)).unwrap_or(1);
    let skipped = size.saturating_mul(number - 1);
    let meta = json!({
        "total": total,
        "skipped": skipped,
        "perPage": size,
        "page": number,
        "pageCount": total.div_ceil(size),
    });
    Page { entries: entries.into_iter().skip(skipped).take(size).collect(), meta }
}

/// A number in the digits and letters that [`u64::from_str_radix`] reads back.
fn base36(mut number: u64) -> String {
    let mut letters = Vec::new();
    loop {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        letters.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
        if number == 0 {
            return letters.into_iter().rev().collect();
        }
    }
}

/// Whether something of this time is between `from` and `to`.
fn in_time(fields: &Fields, at: i64) -> bool {
    let bound = |name: &str| fields.filled(name).and_then(|text| parse(&text));
    bound("from").is_none_or(|from| at >= from) && bound("to").is_none_or(|to| at <= to)
}

impl Books {
    pub(crate) fn verify(&self, reference: &str) -> Result<Answer, Refusal> {
        let index = self.by_reference(reference).ok_or_else(Refusal::unknown_reference)?;
        Ok(Answer::ok("Verification successful", bodies::transaction(self, index, View::Verify)))
    }

    pub(crate) fn fetch(&self, id: &str) -> Result<Answer, Refusal> {
        let id = id.parse().map_err(|_| Refusal::new(400, "Transaction ID should be numeric."))?;
        let index = self.by_id(id).ok_or_else(|| Refusal::new(404, "Transaction not found"))?;
        Ok(Answer::ok("Transaction retrieved", bodies::transaction(self, index, View::Fetch)))
    }

    pub(crate) fn list(&self, fields: &Fields) -> Answer {
        let entries: Vec<usize> = (0..self.transactions.len())
            .rev()
            .filter(|index| {
                let transaction = &self.transactions[*index];
                let customer = self.customers[transaction.customer].id.to_string();
                let is = |name: &str, value: &str| fields.filled(name).is_none_or(|wanted| wanted == value);
                is("status", transaction.status.name())
                    && is("customer", &customer)
                    && is("amount", &transaction.amount.to_string())
                    && in_time(fields, transaction.created_at)
            })
            .collect();
        let volume: u64 = entries
            .iter()
            .map(|index| &self.transactions[*index])
            .filter(|transaction| transaction.paid())
            .map(|transaction| transaction.amount)
            .sum();
        let mut page = page(fields, entries, |index| self.transactions[index].id);
        if page.meta.get("total").is_some() {
            page.meta["total_volume"] = json!(volume);
        }
        let data = page.entries.iter().map(|index| bodies::transaction(self, *index, View::List)).collect();
        Answer::list("Transactions retrieved", data, page.meta)
    }

    pub(crate) fn totals(&self, fields: &Fields) -> Answer {
        let mut volumes: BTreeMap<&str, u64> = BTreeMap::new();
        let mut count = 0;
        for transaction in &self.transactions {
            if transaction.paid() && in_time(fields, transaction.created_at) {
                *volumes.entry(transaction.currency.code()).or_default() += transaction.amount;
                count += 1;
            }
        }
        let total: u64 = volumes.values().sum();
        let by_currency: Vec<Value> = volumes
            .into_iter()
            .map(|(currency, amount)| json!({"currency": currency, "amount": amount}))
            .collect();
        Answer::ok(
            "Transaction totals",
            json!({
                "total_transactions": count,
                "total_volume": total,
                "total_volume_by_currency": by_currency,
                "pending_transfers": total,
                "pending_transfers_by_currency": by_currency,
            }),
        )
    }

    pub(crate) fn timeline(&self, key: &str) -> Result<Answer, Refusal> {
        let index = self
            .by_reference(key)
            .or_else(|| key.parse().ok().and_then(|id| self.by_id(id)))
            .ok_or_else(|| Refusal::new(400, "Transaction ID or reference is invalid"))?;
        let transaction = &self.transactions[index];
        let body = match transaction.log.body() {
            Value::Null => json!({
                "start_time": transaction.created_at / 1000, "time_spent": 0, "attempts": 0, "errors": 0,
                "success": false, "mobile": false, "input": [], "history": [],
            }),
            body => body,
        };
        Ok(Answer::ok("Timeline retrieved", body))
    }

    pub(crate) fn list_refunds(&self, fields: &Fields) -> Answer {
        // A reference finds nothing here: only the number of the transaction does.
        let wanted = fields.filled("transaction");
        let entries: Vec<usize> = (0..self.refunds.len())
            .rev()
            .filter(|number| {
                let id = self.transactions[self.refunds[*number].transaction].id.to_string();
                wanted.as_ref().is_none_or(|wanted| *wanted == id)
                    && in_time(fields, self.refund_created_at(*number))
            })
            .collect();
        let failed = |number: &&usize| self.refunds[**number].status == RefundStatus::Failed;
        let failed = entries.iter().filter(failed).count();
        let mut page = page(fields, entries, |number| self.refunds[number].id);
        if page.meta.get("total").is_some() {
            page.meta["failedRefundCount"] = json!(failed);
        }
        let data = page.entries.iter().map(|number| self.listed_refund(*number)).collect();
        Answer::list("Refunds retrieved", data, page.meta)
    }

    pub(crate) fn create_customer(&mut self, fields: &Fields) -> Result<Answer, Refusal> {
        let email = fields.filled("email").ok_or_else(|| Refusal::missing("Email Address is required"))?;
        if !valid_email(&email) {
            return Err(Refusal::email());
        }
        check_metadata(fields)?;
        let index = self.customer(&email);
        self.change_customer(index, fields);
        let mut data = self.customers[index].full(self.settings.integration);
        for name in ["transactions", "subscriptions", "authorizations"] {
            data[name] = json!([]);
        }
        Ok(Answer::ok("Customer created", data))
    }

    pub(crate) fn update_customer(&mut self, code: &str, fields: &Fields) -> Result<Answer, Refusal> {
        let index = self.find_customer(code)?;
        check_metadata(fields)?;
        self.change_customer(index, fields);
        Ok(Answer::ok("Customer updated", self.customers[index].full(self.settings.integration)))
    }

    fn change_customer(&mut self, index: usize, fields: &Fields) {
        let customer = &mut self.customers[index];
        customer.first_name = fields.text("first_name").or_else(|| customer.first_name.take());
        customer.last_name = fields.text("last_name").or_else(|| customer.last_name.take());
        customer.phone = fields.text("phone").or_else(|| customer.phone.take());
        if let Some(metadata) = fields.get("metadata") {
            customer.metadata = metadata.clone();
        }
        customer.updated_at = stamp();
    }

    fn find_customer(&self, key: &str) -> Result<usize, Refusal> {
        let known = |customer: &super::customer::Customer| {
            customer.code == key || customer.email.eq_ignore_ascii_case(key) || customer.id.to_string() == key
        };
        self.customers.iter().position(known).ok_or_else(|| Refusal::new(404, "Customer not found"))
    }

    pub(crate) fn fetch_customer(&self, key: &str) -> Result<Answer, Refusal> {
        let index = self.find_customer(key)?;
        let own = || self.transactions.iter().enumerate().filter(|(_, known)| known.customer == index);
        let paid = || own().map(|(_, known)| known).filter(|known| known.paid());
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for transaction in paid() {
            *sums.entry(transaction.currency.code()).or_default() += transaction.amount;
        }
        let sums: Vec<Value> = sums
            .into_iter()
            .map(|(currency, amount)| json!({"currency": currency, "amount": amount}))
            .collect();
        let authorizations: Vec<&Value> = self
            .authorizations
            .iter()
            .filter(|known| known.customer == index && known.active && known.reusable)
            .map(|known| &known.body)
            .collect();
        let transactions: Vec<Value> =
            own().map(|(known, _)| bodies::transaction(self, known, View::List)).collect();
        let mut data = self.customers[index].full(self.settings.integration);
        data["transactions"] = json!(transactions);
        data["subscriptions"] = json!([]);
        data["authorizations"] = json!(authorizations);
        data["total_transactions"] = json!(paid().count());
        data["total_transaction_value"] = json!(sums);
        data["dedicated_account"] = Value::Null;
        data["dedicated_accounts"] = json!([]);
        data["created_at"] = data["createdAt"].clone();
        data["updated_at"] = data["updatedAt"].clone();
        Ok(Answer::ok("Customer retrieved", data))
    }

    pub(crate) fn list_customers(&self, fields: &Fields) -> Answer {
        let entries: Vec<usize> = (0..self.customers.len())
            .rev()
            .filter(|index| in_time(fields, self.customers[*index].created_at))
            .collect();
        let page = page(fields, entries, |index| self.customers[index].id);
        let integration = self.settings.integration;
        let data = page.entries.iter().map(|index| self.customers[*index].full(integration)).collect();
        Answer::list("Customers retrieved", data, page.meta)
    }

    pub(crate) fn deactivate(&mut self, fields: &Fields) -> Result<Answer, Refusal> {
        let code = fields.filled("authorization_code").unwrap_or_default();
        let known = self
            .authorizations
            .iter_mut()
            .find(|known| known.code == code)
            .ok_or_else(|| Refusal::new(404, "Authorization code not found"))?;
        // `reusable` stays as it was: it is what was true when the authorization was made.
        known.active = false;
        Ok(Answer {
            status: 200,
            body: json!({"status": true, "message": "Authorization has been deactivated"}),
        })
    }

    pub(crate) fn session_timeout(&mut self, writes: bool, fields: &Fields) -> Result<Answer, Refusal> {
        if writes {
            let seconds =
                fields.count("timeout").ok_or_else(|| Refusal::params(400, "Timeout is invalid"))?;
            self.settings.session_timeout = seconds;
        }
        let message =
            if writes { "Payment session timeout updated" } else { "Payment session timeout retrieved" };
        Ok(Answer::ok(message, json!({"payment_session_timeout": self.settings.session_timeout})))
    }
}

fn check_metadata(fields: &Fields) -> Result<(), Refusal> {
    match fields.get("metadata") {
        None | Some(Value::Object(_)) => Ok(()),
        Some(_) => Err(Refusal::params(400, "\"metadata\" must be of type object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{base36, page};
    use crate::sandbox::request::Fields;

    #[test]
    fn a_cursor_goes_forth_and_back() {
        let entries: Vec<usize> = (0..5).rev().collect();
        let read = |query: &str| {
            let fields = Fields::read(Some(query), b"").unwrap();
            page(&fields, entries.clone(), |entry| entry as u64 + 100)
        };
        let first = read("use_cursor=true&perPage=2");
        assert_eq!(first.entries, [4, 3]);
        assert_eq!(first.meta, json!({"next": base36(103), "previous": null, "perPage": 2}));
        let second = read(&format!("next={}&perPage=2", base36(103)));
        assert_eq!(second.entries, [2, 1]);
        assert_eq!(second.meta["previous"], json!(base36(102)));
        let third = read(&format!("next={}&perPage=2", base36(101)));
        assert_eq!((third.entries, third.meta["next"].is_null()), (vec![0], true));
        assert_eq!(read(&format!("previous={}&perPage=2", base36(102))).entries, [4, 3]);
    }

    #[test]
    fn pages_are_counted_from_one() {
        let fields = Fields::read(Some("page=3&perPage=2"), b"").unwrap();
        let page = page(&fields, (0..5).collect(), |entry| entry as u64);
        assert_eq!(page.entries, [4]);
        assert_eq!(page.meta, json!({"total": 5, "skipped": 4, "perPage": 2, "page": 3, "pageCount": 3}));
    }

    #[test]
    fn base_36_is_read_back() {
        for number in [0, 35, 36, 1_799_999_999_999, u64::MAX] {
            assert_eq!(u64::from_str_radix(&base36(number), 36), Ok(number));
        }
    }
}
