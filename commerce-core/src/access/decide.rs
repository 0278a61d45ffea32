//! The decisions about keys of programs: pure functions.

use std::time::Duration;

use serde_json::json;

use super::{ApiKey, ApiSecret, Caller, KeyError, Owner, Permission, Role, Unusable, View};
use crate::audit::Entry;
use crate::commit::ChangeSet;
use crate::idempotency::{Outcome, Request};
use crate::text::has_control;
use crate::{AuditId, Ids, Timestamp};

/// A key to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for: 1 to [`ApiKey::NAME_LENGTH_MAX`] characters.
    pub name: String,
    /// What it lets a program do: at least one thing, and none that its maker may not do.
    pub permissions: Vec<Permission>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key that was decided to be made.
#[derive(Debug, Clone)]
pub struct KeyMade {
    /// The key.
    pub key: ApiKey,
    /// What the program shows: to be shown once.
    pub secret: ApiSecret,
    /// What to commit.
    pub changes: ChangeSet,
}

/// Makes a key.
///
/// # Errors
/// [`KeyError::Invalid`], [`KeyError::NotYours`] when its maker may not do what it would let a program do,
/// [`KeyError::TooMany`].
pub fn create_key(
    view: &View,
    by: &Caller,
    new: &NewKey,
    request: Option<&Request>,
    ids: &mut Ids,
) -> Result<KeyMade, KeyError> {
    let NewKey { name, permissions, expires_at } = new;
    let name = name.trim();
    if !(1..=ApiKey::NAME_LENGTH_MAX).contains(&name.chars().count()) || has_control(name) {
        return Err(KeyError::Invalid { field: "name", reason: "must have 1 to 100 visible characters" });
    }
    if permissions.is_empty() {
        return Err(KeyError::Invalid { field: "permissions", reason: "must name at least one" });
    }
    if expires_at.is_some_and(|end| end <= view.now) {
        return Err(KeyError::Invalid { field: "expires_at", reason: "must be in the future" });
    }
    if let Some(beyond) = permissions.iter().find(|permission| !by.may(**permission)) {
        return Err(KeyError::NotYours(*beyond));
    }
    if view.live >= ApiKey::LIVE_MAX as u64 {
        return Err(KeyError::TooMany);
    }
    let mut permissions = permissions.clone();
    permissions.sort_unstable();
    permissions.dedup();
    let secret = ApiSecret::from_bytes(ids.bytes());
    let key = ApiKey {
        id: ids.fresh(),
        hash: secret.hash(),
        beginning: secret.beginning(),
        name: name.to_owned(),
        permissions,
        created_by: by.actor(),
        account: by.answered_for_by(),
        created_at: view.now,
        expires_at: *expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let mut changes = ChangeSet::default();
    changes.access.create.push(key.clone());
    let about = json!({
        "before": null,
        "after": { "name": key.name, "permissions": key.permissions, "expires_at": key.expires_at },
    });
    // The row has the id of the key, by which a repeated request finds it.
    let id = AuditId(key.id.0);
    changes.audit.push(Entry { id, ..row(&key, by, "api_key.create", about, view.now, ids) });
    changes.idempotency = request.map(|request| request.record(Outcome::Audited(id), view.now));
    Ok(KeyMade { key, secret, changes })
}

/// Revokes a key. One that was revoked before stays as it is, and `None` is answered.
///
/// # Errors
/// [`KeyError::NotFound`].
pub fn revoke_key(view: &View, by: &Caller, ids: &mut Ids) -> Result<Option<ChangeSet>, KeyError> {
    let key = view.key.as_ref().ok_or(KeyError::NotFound)?;
    if key.revoked_at.is_some() {
        return Ok(None);
    }
    let mut changes = ChangeSet::default();
    changes.access.revoke.push((key.id, view.now));
    let about = json!({ "before": { "revoked": false }, "after": { "revoked": true } });
    changes.audit.push(row(key, by, "api_key.revoke", about, view.now, ids));
    Ok(Some(changes))
}

/// Who shows the key, and the note of its use when one is due. A key never does more than the account that answers for it may
/// now: nothing once that was deactivated or is gone.
///
/// # Errors
/// [`KeyError::NotFound`] when there is no such key, it has ended, or nobody answers for it any more.
pub fn admit(view: &View) -> Result<(Caller, Option<ChangeSet>), KeyError> {
    let key = view.key.as_ref().ok_or(KeyError::NotFound)?;
    let permissions = permitted(key, view.owner, view.now).map_err(|_| KeyError::NotFound)?;
    let noted = Duration::from_secs(ApiKey::USE_NOTED_SECONDS);
    let due = key.last_used_at.is_none_or(|last| last.plus(noted) <= view.now);
    let note = due.then(|| {
        let mut changes = ChangeSet::default();
        changes.access.used.push((key.id, view.now));
        changes
    });
    Ok((Caller::Program { id: key.id, permissions, account: key.account }, note))
}

/// Why the key lets nobody in, or nobody who may do anything; `None`: it is good.
#[must_use]
pub fn unusable(key: &ApiKey, owner: Option<Owner>, now: Timestamp) -> Option<Unusable> {
    match permitted(key, owner, now) {
        Ok(permissions) if permissions.is_empty() => Some(Unusable::OwnerMayNothing),
        Ok(_) => None,
        Err(reason) => Some(reason),
    }
}

/// What a program that shows the key may do now.
fn permitted(key: &ApiKey, owner: Option<Owner>, now: Timestamp) -> Result<Vec<Permission>, Unusable> {
    if !key.is_live(now) {
        return Err(if key.revoked_at.is_some() { Unusable::Revoked } else { Unusable::Expired });
    }
    let mut permissions = key.permissions.clone();
    if key.account.is_some() {
        let owner = owner.ok_or(Unusable::OwnerGone)?;
        if !owner.is_active {
            return Err(Unusable::OwnerInactive);
        }
        permissions.retain(|permission| gives(owner.role).contains(permission));
    }
    Ok(permissions)
}

/// What an account in this role may give a key. A merchant may do things with what is their own, and a key is nobody's.
fn gives(role: Role) -> &'static [Permission] {
    match role {
        Role::Customer | Role::Merchant => &[],
        Role::Staff | Role::Admin => role.permissions(),
    }
}

fn row(
    key: &ApiKey,
    by: &Caller,
    action: &str,
    data: serde_json::Value,
    at: Timestamp,
    ids: &mut Ids,
) -> Entry {
    Entry {
        id: ids.fresh(),
        at,
        actor: by.actor(),
        action: action.to_owned(),
        target: format!("api_key:{}", key.id),
        data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Owner;
    use crate::audit::Actor;

    fn now() -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000).unwrap()
    }

    fn ids() -> Ids {
        Ids::new([1; 32], now())
    }

    fn view(key: Option<ApiKey>) -> View {
        View { now: now(), key, owner: None, live: 0 }
    }

    fn admin() -> Caller {
        Caller::Operator { name: "admin".to_owned() }
    }

    fn new() -> NewKey {
        let permissions = vec![Permission::OrdersRead, Permission::CatalogRead, Permission::OrdersRead];
        NewKey { name: " sync ".to_owned(), permissions, expires_at: None }
    }

    #[test]
    fn a_key_is_made_with_its_audit_row() {
        let made = create_key(&view(None), &admin(), &new(), None, &mut ids()).unwrap();
        assert_eq!(made.key.name, "sync");
        assert_eq!(made.key.permissions, [Permission::CatalogRead, Permission::OrdersRead]);
        assert_eq!(made.key.hash, made.secret.hash());
        assert_eq!(made.changes.access.create, std::slice::from_ref(&made.key));
        let row = &made.changes.audit[0];
        assert_eq!(
            (row.action.as_str(), row.target.clone()),
            ("api_key.create", format!("api_key:{}", made.key.id))
        );
        assert!(!row.data.to_string().contains(&made.secret.reveal()));
    }

    #[test]
    fn a_key_does_no_more_than_whoever_answers_for_it_may_now() {
        let (id, session) = (ids().fresh(), ids().fresh());
        let boss = Caller::Account { id, role: Role::Admin, seller: None, session };
        let permissions = vec![Permission::OrdersRead, Permission::KeysWrite];
        let new = NewKey { permissions: permissions.clone(), ..new() };
        let made = create_key(&view(None), &boss, &new, None, &mut ids()).unwrap().key;
        let with = |owner| admit(&View { owner, ..view(Some(made.clone())) }).map(|(caller, _)| caller);
        let boss = with(Some(Owner { role: Role::Admin, is_active: true })).unwrap();
        assert_eq!(boss, Caller::with_key(&made));
        for (role, may) in [(Role::Staff, &permissions[..1]), (Role::Merchant, &[]), (Role::Customer, &[])] {
            let caller = with(Some(Owner { role, is_active: true })).unwrap();
            let allowed: Vec<_> = permissions.iter().copied().filter(|one| caller.may(*one)).collect();
            assert_eq!(allowed, may, "{role}");
            let why = unusable(&made, Some(Owner { role, is_active: true }), now());
            assert_eq!(why, may.is_empty().then_some(Unusable::OwnerMayNothing), "{role}");
        }
        let inactive = Some(Owner { role: Role::Admin, is_active: false });
        for (gone, why) in [(inactive, Unusable::OwnerInactive), (None, Unusable::OwnerGone)] {
            assert!(matches!(with(gone), Err(KeyError::NotFound)));
            assert_eq!(unusable(&made, gone, now()), Some(why));
        }
        // Nor does a key that was made with this one.
        let second = create_key(&view(None), &boss, &new, None, &mut ids()).unwrap().key;
        assert_eq!((second.created_by.clone(), second.account), (Actor::Key(made.id), Some(id)));
        assert!(matches!(admit(&view(Some(second))), Err(KeyError::NotFound)));
    }

    #[test]
    fn nobody_makes_a_key_that_may_more_than_they_may() {
        let permissions = vec![Permission::CatalogRead];
        let maker = Caller::Program { id: ids().fresh(), permissions, account: None };
        let made = create_key(&view(None), &maker, &new(), None, &mut ids());
        assert!(matches!(made, Err(KeyError::NotYours(Permission::OrdersRead))));
    }

    #[test]
    fn what_cannot_be_made() {
        for (wrong, field) in [
            (NewKey { name: String::new(), ..new() }, "name"),
            (NewKey { name: "x".repeat(101), ..new() }, "name"),
            (NewKey { permissions: Vec::new(), ..new() }, "permissions"),
            (NewKey { expires_at: Some(now()), ..new() }, "expires_at"),
        ] {
            let refused = create_key(&view(None), &admin(), &wrong, None, &mut ids());
            assert!(
                matches!(refused, Err(KeyError::Invalid { field: named, .. }) if named == field),
                "{wrong:?}"
            );
        }
        let full = View { live: 1_000, ..view(None) };
        assert!(matches!(create_key(&full, &admin(), &new(), None, &mut ids()), Err(KeyError::TooMany)));
    }

    #[test]
    fn a_key_lets_in_until_it_ends() {
        let second = Duration::from_secs(1);
        let new = NewKey { expires_at: Some(now().plus(second)), ..new() };
        let key = create_key(&view(None), &admin(), &new, None, &mut ids()).unwrap().key;
        let (caller, note) = admit(&view(Some(key.clone()))).unwrap();
        assert!(caller.may(Permission::OrdersRead) && !caller.may(Permission::OrdersRefund));
        assert_eq!(note.unwrap().access.used, [(key.id, now())]);
        let used = ApiKey { last_used_at: Some(now()), ..key.clone() };
        assert_eq!(admit(&view(Some(used))).unwrap().1, None);
        let later = View { now: now().plus(second), ..view(Some(key.clone())) };
        assert!(matches!(admit(&later), Err(KeyError::NotFound)));
        assert_eq!(unusable(&key, None, later.now), Some(Unusable::Expired));
        assert_eq!(unusable(&key, None, now()), None);
        let revoked = ApiKey { revoked_at: Some(now()), ..key };
        assert!(matches!(admit(&view(Some(revoked.clone()))), Err(KeyError::NotFound)));
        assert_eq!(unusable(&revoked, None, later.now), Some(Unusable::Revoked));
        assert_eq!(revoke_key(&view(Some(revoked)), &admin(), &mut ids()).unwrap(), None);
        assert!(matches!(admit(&view(None)), Err(KeyError::NotFound)));
    }
}
