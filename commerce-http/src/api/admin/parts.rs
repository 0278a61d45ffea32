//! What can be done with the lists of the rulebook: the same for each.

use commerce_core::Timestamp;
use commerce_core::audit::Actor;
use commerce_core::cart::Look;
use commerce_core::idempotency::Request;
use commerce_core::pricing::{RuleChange, Rulebook, RulebookError, RulesChanged, RulesError};
use poem_openapi::param::Header;
use serde_json::Value;

use super::rows::Rows;
use crate::api::Shop;
use crate::settle::settle;
use crate::wire::{
    Answer, Code, Document, DocumentPage, FieldError, PageNumber, PageSize, Part, Problem, Text,
};

pub(in crate::api) type IfMatch = Header<Option<Text>>;

/// The version for which a request is meant: of the header, or of the body.
pub(in crate::api) fn expected(if_match: &IfMatch, body: Option<u64>) -> Result<Option<u64>, Problem> {
    let Some(Text(sent)) = &if_match.0 else { return Ok(body) };
    if sent.trim() == "*" {
        return Ok(body);
    }
    let version = sent.trim().trim_start_matches("W/").trim_matches('"').parse::<u64>().ok();
    match (version, body) {
        (Some(version), None) => Ok(Some(version)),
        (Some(version), Some(body)) if version == body => Ok(Some(version)),
        _ => Err(Problem::new(Code::VersionConflict, "If-Match names no version, or another than the body")),
    }
}

/// A page of them, in the order of the rulebook.
pub(super) async fn list<P: Part>(
    shop: &Shop,
    path: &str,
    page: Option<PageNumber>,
    page_size: Option<PageSize>,
) -> Result<Answer<DocumentPage<P>>, Problem> {
    let rules = shop.engine.rules().show().await?;
    let all = Rows::all(P::all(&rules.rulebook).iter().collect());
    let (shown, pagination) = all.cut(path, page, page_size)?;
    let results = shown.into_iter().cloned().map(|part| Document { version: None, part }).collect();
    let body = DocumentPage { results, pagination, version: rules.version };
    Ok(Answer::new(&body)?.header("etag", Some(&etag(rules.version))))
}

/// One of them.
pub(super) async fn show<P: Part>(shop: &Shop, code: &str) -> Result<Answer<Document<P>>, Problem> {
    let rules = shop.engine.rules().show().await?;
    let part = P::all(&rules.rulebook).iter().find(|part| P::code(part) == code);
    answer(rules.version, part.ok_or_else(Problem::not_found)?.clone())
}

/// A new one, behind the others.
pub(super) async fn create<P: Part>(
    shop: &Shop,
    actor: Actor,
    request: Option<Request>,
    version: Option<u64>,
    part: P::Document,
) -> Result<Answer<Document<P>, 201>, Problem> {
    let kept = part.clone();
    let changed = change::<P>(shop, actor, request, version, move |rulebook| {
        let all = P::all_mut(rulebook);
        if all.iter().any(|known| P::code(known) == P::code(&part)) {
            return Err(RulesError::Exists);
        }
        all.push(part.clone());
        Ok((all.len() - 1, told::<P>("create", None, Some(&part))))
    });
    let RulesChanged { version, replayed, .. } = changed.await?;
    Ok(answer(version, kept)?.replayed(replayed))
}

/// Another one in its place.
pub(super) async fn replace<P: Part>(
    shop: &Shop,
    actor: Actor,
    code: String,
    version: Option<u64>,
    part: P::Document,
) -> Result<Answer<Document<P>>, Problem> {
    if P::code(&part) != code {
        return Err(Problem::field("/code", "invalid", format_args!("must be `{code}`, as in the address")));
    }
    let kept = part.clone();
    let changed = change::<P>(shop, actor, None, version, move |rulebook| {
        let (at, known) = found::<P>(rulebook, &code)?;
        let before = std::mem::replace(known, part.clone());
        Ok((at, told::<P>("replace", Some(&before), Some(&part))))
    });
    answer(changed.await?.version, kept)
}

/// Ends it.
pub(super) async fn end<P: Part>(
    shop: &Shop,
    actor: Actor,
    request: Option<Request>,
    code: String,
    version: Option<u64>,
) -> Result<Answer<Document<P>>, Problem> {
    let now = now(shop).await?;
    let changed = change::<P>(shop, actor, request, version, move |rulebook| {
        let (at, known) = found::<P>(rulebook, &code)?;
        let before = known.clone();
        P::end(known, now);
        Ok((at, told::<P>("end", Some(&before), Some(known))))
    });
    let RulesChanged { version, change, replayed } = changed.await?;
    let part = serde_json::from_value(change.after).map_err(Problem::internal)?;
    Ok(answer(version, part)?.replayed(replayed))
}

/// Takes it out, unless something refers to it. What was taken out.
pub(super) async fn remove<P: Part>(
    shop: &Shop,
    actor: Actor,
    code: String,
    version: Option<u64>,
) -> Result<Answer<Document<P>>, Problem> {
    let rules = shop.engine.rules();
    let removed = settle(async move {
        let mut removed = None;
        let stored = rules
            .change(version, &actor, None, |rulebook| {
                let (at, _) = found::<P>(rulebook, &code)?;
                let (_, before) = removed.insert((at, P::all_mut(rulebook).remove(at)));
                Ok(told::<P>("delete", Some(before), None))
            })
            .await;
        match (stored, removed) {
            (Ok(stored), Some((_, part))) => Ok((stored.version, part)),
            (Ok(_), None) => Err(Problem::not_found()),
            // What was right before it was taken out is wrong because it is gone.
            (Err(RulesError::Invalid(errors)), Some((at, _))) => Err(in_use::<P>(&errors, at)),
            (Err(error), _) => Err(refusal(error, None)),
        }
    });
    let (version, part) = removed.await?;
    answer(version, part)
}

fn in_use<P: Part>(errors: &[RulebookError], removed: usize) -> Problem {
    let errors = errors.iter().map(|RulebookError { pointer, reason }| {
        FieldError::new(&as_before(pointer, P::PLACE, removed), "in-use", reason)
    });
    Problem::fields(Code::InUse, errors.collect())
}

/// The pointer in the rulebook that still had the element.
fn as_before(pointer: &str, place: &str, removed: usize) -> String {
    let behind = |rest: &str| {
        let (number, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let number = number.parse::<usize>().ok().filter(|number| *number >= removed)?;
        Some(format!("{place}/{}/{rest}", number + 1))
    };
    let rest = pointer.strip_prefix(place).and_then(|rest| rest.strip_prefix('/'));
    rest.and_then(behind).unwrap_or_else(|| pointer.to_owned())
}

/// Changes the rulebook; `change` says where the part is that was sent.
async fn change<P: Part>(
    shop: &Shop,
    actor: Actor,
    request: Option<Request>,
    version: Option<u64>,
    change: impl Fn(&mut Rulebook) -> Result<(usize, RuleChange), RulesError> + Send + Sync + 'static,
) -> Result<RulesChanged, Problem> {
    let rules = shop.engine.rules();
    let changed = settle(async move {
        let mut place = 0;
        let changed = rules
            .change(version, &actor, request.as_ref(), |rulebook| {
                let (at, told) = change(rulebook)?;
                place = at;
                Ok(told)
            })
            .await;
        changed.map_err(|error| refusal(error, Some(&format!("{}/{place}", P::PLACE))))
    });
    changed.await
}

fn found<'a, P: Part>(
    rulebook: &'a mut Rulebook,
    code: &str,
) -> Result<(usize, &'a mut P::Document), RulesError> {
    let mut all = P::all_mut(rulebook).iter_mut().enumerate();
    all.find(|(_, part)| P::code(part) == code).ok_or(RulesError::NotFound)
}

fn told<P: Part>(verb: &str, before: Option<&P::Document>, after: Option<&P::Document>) -> RuleChange {
    let value = |part: Option<&P::Document>| {
        part.map_or(Value::Null, |part| serde_json::to_value(part).unwrap_or(Value::Null))
    };
    let code = after.or(before).map_or("", |part| P::code(part));
    RuleChange {
        action: format!("{}.{verb}", P::NOUN),
        target: format!("{}:{code}", P::NOUN),
        before: value(before),
        after: value(after),
    }
}

/// The refusal, with pointers into the body for what was sent (at `own` in the rulebook), and into the rulebook for the
/// rest.
pub(super) fn refusal(error: RulesError, own: Option<&str>) -> Problem {
    let words = error.to_string();
    match error {
        RulesError::Invalid(errors) => {
            Problem::validation(errors.iter().map(|error| field(error, own)).collect())
        }
        RulesError::Currency { .. } => Problem::field("/currency", "unsupported", words),
        RulesError::HasCoupons(_) | RulesError::HasMembers(_) => Problem::new(Code::InUse, words),
        RulesError::NotFound => Problem::not_found(),
        RulesError::Exists => Problem::new(Code::AlreadyExists, words).at("/code"),
        RulesError::Version { now } => Problem::new(Code::VersionConflict, words).with("version", now),
        RulesError::KeyReused(_) => Problem::new(Code::IdempotencyKeyReused, words),
        RulesError::Busy => Problem::unavailable(words),
        RulesError::Store(error) => error.into(),
        other => Problem::internal(other),
    }
}

pub(super) fn field(error: &RulebookError, own: Option<&str>) -> FieldError {
    let rest = own.and_then(|own| error.pointer.strip_prefix(own));
    let pointer = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(&error.pointer);
    FieldError::new(pointer, "invalid", &error.reason)
}

/// The time by the clock of the store.
async fn now(shop: &Shop) -> Result<Timestamp, Problem> {
    Ok(shop.engine.store().cart(&Look::default()).await?.now)
}

pub(in crate::api) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

fn answer<P: Part, const STATUS: u16>(
    version: u64,
    part: P::Document,
) -> Result<Answer<Document<P>, STATUS>, Problem> {
    let body = Document { version: Some(version), part };
    Ok(Answer::new(&body)?.header("etag", Some(&etag(version))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_into_what_was_sent() {
        let at = |pointer: &str| {
            let error = RulebookError { pointer: pointer.to_owned(), reason: String::new() };
            serde_json::to_value(field(&error, Some("/promotions/3"))).unwrap()["pointer"].clone()
        };
        assert_eq!(at("/promotions/3/action/percent"), "/action/percent");
        assert_eq!(at("/promotions/3"), "");
        assert_eq!(at("/promotions/31/action"), "/promotions/31/action");
        assert_eq!(at("/tax/rates/0"), "/tax/rates/0");
    }

    #[test]
    fn what_refers_to_a_removed_element_is_named_as_it_was() {
        assert_eq!(as_before("/promotions/3/when", "/promotions", 2), "/promotions/4/when");
        assert_eq!(as_before("/promotions/1/when", "/promotions", 2), "/promotions/1/when");
        assert_eq!(as_before("/price_lists/3/groups/0", "/promotions", 2), "/price_lists/3/groups/0");
    }

    #[test]
    fn a_version_is_named_once() {
        let sent = |text: &str| Header(Some(Text(text.to_owned())));
        assert_eq!(expected(&sent("\"7\""), None).unwrap(), Some(7));
        assert_eq!(expected(&sent("W/\"7\""), Some(7)).unwrap(), Some(7));
        assert_eq!(expected(&sent("*"), None).unwrap(), None);
        assert!(expected(&sent("\"7\""), Some(8)).is_err());
        assert!(expected(&sent("\"abc\""), None).is_err());
    }
}
