//! Accounts as a store keeps them: what is written is what is read, and each guard is seen to refuse.

use std::time::Duration;

use super::Shop;
use crate::access::{self, ApiKey, ApiSecret, Caller, Permission, Role, Unusable};
use crate::account::{
    Account, AddressType, By, Carries, EmailChange, EmailKey, End, EndReason, Link, Look, Purpose,
    RefreshToken, Registration, Renewal, SavedAddress, Search, Session, Standing, View, Which,
};
use crate::audit::{Actor, Entry};
use crate::customer::Country;
use crate::testkit::{PretendHasher, address, named};
use crate::{ChangeSet, CustomerId, Guard, Timestamp, TokenHash};

const HOUR: Duration = Duration::from_secs(3_600);

/// An account with all that it can have and one with nothing: as they come, and as each becomes the other.
pub async fn an_account_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let full = Account {
        email_verified_at: Some(now),
        password: Some(PretendHasher::hashed("secret")),
        first_name: "Ọlá \"日本\" \\ 🧵".to_owned(),
        phone: Some("+2348031234567".parse().unwrap()),
        locale: Some("pt-BR".parse().unwrap()),
        role: Role::Merchant,
        seller: Some(named("seller", "adire")),
        customer_group: Some("wholesale".to_owned()),
        is_active: false,
        email_change: Some(EmailChange {
            email: "ola@new.example".parse().unwrap(),
            asked_at: now,
            expires_at: now.plus(HOUR),
            old_confirmed: true,
            new_confirmed: false,
        }),
        last_login_at: Some(now),
        version: 7,
        ..account("Ola@example.com", now)
    };
    let plain = account("plain@example.com", now);
    commit(shop, |changes| changes.account.create = vec![full.clone(), plain.clone()]).await;
    for account in [&full, &plain] {
        for by in [By::Id(account.id), By::Email(account.email_key.clone())] {
            let view = shop.store.account(&Look::by(by)).await.unwrap();
            assert_eq!(view.account.as_ref(), Some(account));
            assert!(view.now >= now);
        }
    }
    let nobody = shop.store.account(&Look::by(By::Id(named("account", "nobody")))).await.unwrap();
    assert_eq!((nobody.account, nobody.session, nobody.link), (None, None, None));
    // Each becomes the other, but for what no two may have.
    let swap = |from: &Account, to: &Account| Account { version: to.version + 1, ..like(from, to) };
    let (one, other) = (swap(&plain, &full), swap(&full, &plain));
    commit(shop, |changes| changes.account.write = vec![(one.clone(), 7), (other.clone(), 1)]).await;
    assert_eq!(found(shop, full.id).await, one);
    assert_eq!(found(shop, plain.id).await, other);
    // What they are to the shop has no audit rows here: the same account is a customer again.
    let back = Account { role: Role::Customer, is_active: true, version: 3, ..other };
    commit(shop, |changes| changes.account.write = vec![(back.clone(), 2)]).await;
}

/// A session with all that it can have and one with nothing; found by id and by family; the live ones of an account.
pub async fn a_session_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let (live, token) = session(shop, "live", &ada, now);
    let plain = Session { device: None, ..session(shop, "plain", &ada, now).0 };
    let ended = Session {
        ended: Some((now, EndReason::Reuse)),
        last_used_at: now.minus(HOUR),
        ..session(shop, "ended", &ada, now).0
    };
    let idle = Session { idle_until: now.minus(HOUR), ..session(shop, "idle", &ada, now).0 };
    let over = Session { ends_at: now.minus(HOUR), ..session(shop, "over", &ada, now).0 };
    let all = [&live, &plain, &ended, &idle, &over];
    commit(shop, |changes| {
        changes.account.create = vec![ada.clone(), account("eve@example.com", now)];
        changes.account.open = all.into_iter().cloned().collect();
    })
    .await;
    for session in all {
        for by in [By::Session(session.id), By::Family(session.family)] {
            let view = shop.store.account(&Look::by(by)).await.unwrap();
            assert_eq!((view.session.as_ref(), view.account.as_ref()), (Some(session), Some(&ada)));
        }
    }
    assert_eq!(token.family(), live.family);
    let unknown = By::Family(TokenHash([7; 32]));
    assert_eq!(shop.store.account(&Look::by(unknown)).await.unwrap().account, None);
    let mut expected = vec![live, plain];
    expected.sort_by_key(|session| session.id);
    assert_eq!(sessions(shop, ada.id).await, expected);
}

/// Links with all that they can carry; the newest of an account and purpose are kept.
pub async fn links_in_full_and_the_newest_are_kept(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let registration = Registration {
        password: PretendHasher::hashed("secret"),
        first_name: "naïve \"日本\" \\ 🧵".to_owned(),
        last_name: String::new(),
        phone: Some("+2348031234567".parse().unwrap()),
        locale: Some("en".parse().unwrap()),
    };
    let email = Some("Ada@example.com".parse().unwrap());
    let carries = Carries { registration: Some(registration), email, change: Some(now) };
    let full = Link { carries, purpose: Purpose::EmailNew, ..link("full", Some(ada.id), now) };
    let nowhere = link("nowhere", None, now);
    let max = u32::try_from(Account::LINKS_MAX).unwrap();
    let old: Vec<Link> = (0..max)
        .map(|at| link(&format!("old {at}"), Some(ada.id), now.minus(HOUR / 600 * (max - at))))
        .collect();
    commit(shop, |changes| changes.account.create = vec![ada.clone()]).await;
    commit(shop, |changes| changes.account.issue = vec![full.clone(), nowhere.clone()]).await;
    for links in old.chunks(50) {
        commit(shop, |changes| changes.account.issue = links.to_vec()).await;
    }
    for (link, account) in [(&full, Some(&ada)), (&nowhere, None), (&old[0], Some(&ada))] {
        let view = opened(shop, link).await;
        assert_eq!((view.link.as_ref(), view.account.as_ref()), (Some(link), account));
    }
    let further = link("further", Some(ada.id), now);
    commit(shop, |changes| changes.account.issue = vec![further.clone()]).await;
    assert_eq!(opened(shop, &old[0]).await.link, None, "the oldest made room");
    for link in [&old[1], &old[old.len() - 1], &further, &full] {
        assert_eq!(opened(shop, link).await.link.as_ref(), Some(link));
    }
    // All of a purpose are withdrawn, those of another stay; and what is issued with it stays too.
    let last = link("last", Some(ada.id), now);
    commit(shop, |changes| {
        changes.account.withdraw = vec![(ada.id, Purpose::Verify)];
        changes.account.spend = vec![further.hash];
        changes.account.issue = vec![last.clone()];
    })
    .await;
    for link in [&old[1], &old[old.len() - 1], &further] {
        assert_eq!(opened(shop, link).await.link, None);
    }
    for link in [&full, &last, &nowhere] {
        assert_eq!(opened(shop, link).await.link.as_ref(), Some(link));
    }
}

/// Addresses of an account, by id: written, changed, removed.
pub async fn addresses_come_by_id(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let saved = |name: &str, kind, is_default| SavedAddress {
        id: named("address", name),
        account: ada.id,
        kind,
        is_default,
        address: address(Country::NG),
        created_at: now,
        updated_at: now,
    };
    let mut book = vec![
        saved("home", AddressType::Home, true),
        saved("work", AddressType::Work, true),
        saved("billing", AddressType::Billing, false),
        saved("shipping", AddressType::Shipping, false),
    ];
    commit(shop, |changes| {
        changes.account.create = vec![ada.clone()];
        changes.account.addresses = book.clone();
    })
    .await;
    book.sort_by_key(|saved| saved.id);
    let look = Look { addresses: true, ..Look::by(By::Id(ada.id)) };
    assert_eq!(shop.store.account(&look).await.unwrap().addresses, book);
    assert_eq!(shop.store.account(&Look::by(By::Id(ada.id))).await.unwrap().addresses, []);
    let gone = book.remove(1);
    book[0].kind = AddressType::Shipping;
    book[0].address.city = "Ìbàdàn \"日本\"".to_owned();
    book[0].updated_at = now.plus(HOUR);
    commit(shop, |changes| {
        changes.account.addresses = vec![book[0].clone()];
        changes.account.addresses_removed = vec![gone.id];
    })
    .await;
    assert_eq!(shop.store.account(&look).await.unwrap().addresses, book);
}

/// Accounts are listed with the newest first, by role, state and a piece of text of which no character means anything.
pub async fn accounts_are_listed_newest_first(shop: &Shop) {
    let now = shop.now().await;
    let mut made: Vec<Account> = (0..5).map(|at| account(&format!("a{at}%@example.com"), now)).collect();
    made[1].first_name = "Ọlá Mide".to_owned();
    made[2].last_name = "100%_sure".to_owned();
    commit(shop, |changes| changes.account.create = made.clone()).await;
    made.sort_by_key(|account| std::cmp::Reverse(account.id));
    let list = |search: Search| async move { shop.store.accounts(&search, 100).await.unwrap() };
    assert_eq!(list(Search::default()).await, made);
    assert_eq!(shop.store.accounts(&Search::default(), 2).await.unwrap(), made[..2]);
    assert_eq!(list(Search { after: Some(made[2].id), ..Search::default() }).await, made[3..]);
    assert_eq!(list(Search { role: Some(Role::Customer), ..Search::default() }).await.len(), 5);
    assert_eq!(list(Search { role: Some(Role::Admin), ..Search::default() }).await, []);
    assert_eq!(list(Search { is_active: Some(false), ..Search::default() }).await, []);
    for (text, count) in [
        ("ọlá  MIDE", 1),
        ("ọLÁ", 1),
        ("0%_S", 1),
        ("%@EXAMPLE", 5),
        ("_@", 0),
        ("'", 0),
        (" ", 5),
        ("a3", 1),
    ] {
        let found = list(Search { text: Some(text.to_owned()), ..Search::default() }).await;
        assert_eq!(found.len(), count, "{text}");
    }
}

/// Keys of programs with all that they can have and with nothing; listed with the newest first.
pub async fn a_key_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let secret = ApiSecret::from_bytes([9; 32]);
    let plain = ApiKey {
        id: named("key", "plain"),
        hash: secret.hash(),
        beginning: secret.beginning(),
        name: "naïve \"日本\" \\ 🧵".to_owned(),
        permissions: vec![Permission::CatalogRead, Permission::OrdersRefund],
        created_by: Actor::Staff("admin".to_owned()),
        account: None,
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    let full = ApiKey {
        account: Some(named("account", "nobody")),
        id: named("key", "full"),
        hash: TokenHash([3; 32]),
        expires_at: Some(now.minus(HOUR)),
        last_used_at: Some(now),
        revoked_at: Some(now),
        permissions: Permission::ALL.to_vec(),
        ..plain.clone()
    };
    commit(shop, |changes| {
        changes.access.create = vec![plain.clone(), full.clone()];
        changes.audit = vec![
            told(shop, &format!("api_key:{}", plain.id), "api_key.create", now),
            told(shop, &format!("api_key:{}", full.id), "api_key.create", now),
            told(shop, &format!("api_key:{}", full.id), "api_key.revoke", now),
        ];
    })
    .await;
    for key in [&plain, &full] {
        for look in [access::Look::Id(key.id), access::Look::Shown(key.hash)] {
            let view = shop.store.api_key(look).await.unwrap();
            assert_eq!((view.key.as_ref(), view.owner, view.live), (Some(key), None, 0));
        }
    }
    let count = shop.store.api_key(access::Look::Count).await.unwrap();
    assert_eq!((count.key, count.live), (None, 1));
    let mut both = vec![plain.clone(), full];
    both.sort_by_key(|key| std::cmp::Reverse(key.id));
    let listed = async |before, limit| {
        let rows = shop.store.api_keys(before, limit).await.unwrap();
        assert!(rows.iter().all(|row| row.owner.is_none() && row.now >= now), "{rows:?}");
        rows.into_iter().filter_map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 10).await, both);
    assert_eq!(listed(None, 1).await, both[..1]);
    assert_eq!(listed(Some(both[0].id), 10).await, both[1..]);
    // A use is noted, and an earlier one does not undo it.
    commit(shop, |changes| changes.access.used = vec![(plain.id, now.plus(HOUR))]).await;
    commit(shop, |changes| changes.access.used = vec![(plain.id, now)]).await;
    let used = shop.store.api_key(access::Look::Id(plain.id)).await.unwrap().key.unwrap();
    assert_eq!(used.last_used_at, Some(now.plus(HOUR)));
}

/// A key is refused as long as the account that answers for it is deactivated, and does no more than that may.
pub async fn a_key_of_somebody_who_left(shop: &Shop) {
    let access = shop.engine.access();
    let accounts = shop.engine.accounts();
    let operator = Caller::Operator { name: "admin".to_owned() };
    let email = "boss@example.com".parse().unwrap();
    let boss = accounts.create(&operator, &email, None, ("", ""), Role::Admin).await.unwrap();
    let by = Caller::of(&boss, &session(shop, "boss", &boss, shop.now().await).0);
    let new = access::NewKey {
        name: "sync".to_owned(),
        permissions: vec![Permission::OrdersRead, Permission::KeysWrite],
        expires_at: None,
    };
    let made = access.create(&by, &new).await.unwrap();
    let program = access.admit(&made.secret).await.unwrap();
    assert_eq!(program, Caller::with_key(&made.key));
    let second = access.create(&program, &new).await.unwrap();
    let may = |secret: ApiSecret| async move {
        let caller = shop.engine.access().admit(&secret).await.ok()?;
        Some((caller.may(Permission::OrdersRead), caller.may(Permission::KeysWrite)))
    };
    for (role, is_active, expected) in [
        (Role::Admin, true, Some((true, true))),
        (Role::Staff, true, Some((true, false))),
        (Role::Customer, true, Some((false, false))),
        (Role::Admin, false, None),
        (Role::Admin, true, Some((true, true))),
    ] {
        let standing = Standing { role: Some(role), is_active: Some(is_active), ..Standing::default() };
        accounts.change_standing(&operator, boss.id, &standing, None).await.unwrap();
        let why = match expected {
            None => Some(Unusable::OwnerInactive),
            Some((false, false)) => Some(Unusable::OwnerMayNothing),
            Some(_) => None,
        };
        for listed in access.keys(None, 10).await.unwrap() {
            assert_eq!(listed.unusable, why, "{role} {is_active}");
        }
        for key in [&made, &second] {
            assert_eq!(may(key.secret.clone()).await, expected, "{role} {is_active}");
        }
    }
}

/// A key is revoked once.
pub async fn a_key_that_was_revoked(shop: &Shop) {
    let by = Caller::Operator { name: "admin".to_owned() };
    let new = access::NewKey {
        name: "sync".to_owned(),
        permissions: vec![Permission::OrdersRead],
        expires_at: None,
    };
    let made = shop.engine.access().create(&by, &new).await.unwrap();
    assert_eq!(shop.engine.access().admit(&made.secret).await.unwrap(), Caller::with_key(&made.key));
    shop.engine.access().revoke(&by, made.key.id).await.unwrap();
    shop.engine.access().revoke(&by, made.key.id).await.unwrap();
    assert!(shop.engine.access().admit(&made.secret).await.is_err());
    let mut changes = ChangeSet::default();
    changes.access.revoke = vec![(made.key.id, shop.now().await)];
    assert_eq!(shop.stale(&changes).await, Guard::ApiKey(made.key.id));
    changes.access.revoke[0].0 = named("key", "nowhere");
    assert_eq!(shop.stale(&changes).await, Guard::ApiKey(named("key", "nowhere")));
}

/// An account that changed meanwhile, or is not there; and nothing that goes with it is written.
pub async fn an_account_that_changed(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let (opened, _) = session(shop, "opened", &ada, now);
    commit(shop, |changes| changes.account.create = vec![ada.clone()]).await;
    let (next, read) = (Account { version: 2, first_name: "A".to_owned(), ..ada.clone() }, 1);
    commit(shop, |changes| changes.account.write = vec![(next.clone(), read)]).await;
    let mut changes = ChangeSet::default();
    changes.account.write = vec![(next.clone(), read)];
    changes.account.open = vec![opened.clone()];
    changes.account.issue = vec![link("one", Some(ada.id), now)];
    assert_eq!(shop.stale(&changes).await, Guard::Account(ada.id));
    assert_eq!(found(shop, ada.id).await, next);
    assert_eq!(sessions(shop, ada.id).await, []);
    let unknown = account("nobody@example.com", now);
    changes.account.write = vec![(unknown.clone(), 1)];
    changes.account.open.clear();
    changes.account.issue.clear();
    assert_eq!(shop.stale(&changes).await, Guard::Account(unknown.id));
}

/// An address, or one that looks like it, has one account.
pub async fn an_email_address_that_is_taken(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let eve = account("eve@example.com", now);
    commit(shop, |changes| changes.account.create = vec![ada.clone(), eve.clone()]).await;
    for alike in ["ada@example.com", "ADA@example.com", "аdа@example.com"] {
        let mut changes = ChangeSet::default();
        changes.account.create = vec![Account { id: named("account", "another"), ..account(alike, now) }];
        assert_eq!(shop.stale(&changes).await, Guard::Email, "{alike}");
        let taking = Account { version: 2, id: eve.id, ..account(alike, now) };
        let mut changes = ChangeSet::default();
        changes.account.write = vec![(taking, 1)];
        assert_eq!(shop.stale(&changes).await, Guard::Email, "{alike}");
        let look = Look { email: Some(EmailKey::of(&alike.parse().unwrap())), ..Look::by(By::Id(eve.id)) };
        assert_eq!(shop.store.account(&look).await.unwrap().email_of, Some(ada.id));
    }
    let free =
        Look { email: Some(EmailKey::of(&"free@example.com".parse().unwrap())), ..Look::by(By::Id(eve.id)) };
    assert_eq!(shop.store.account(&free).await.unwrap().email_of, None);
}

/// A refresh token that was exchanged, or whose session has ended.
pub async fn a_session_that_changed(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let (opened, token) = session(shop, "opened", &ada, now);
    commit(shop, |changes| {
        changes.account.create = vec![ada.clone()];
        changes.account.open = vec![opened.clone()];
    })
    .await;
    let next = token.next(&mut shop.ids(now)).hash();
    let renewal = Renewal {
        session: opened.id,
        expected: token.hash(),
        refresh: next,
        at: now.plus(HOUR),
        idle_until: now.plus(HOUR * 3),
    };
    commit(shop, |changes| changes.account.renew = vec![renewal.clone()]).await;
    let renewed =
        Session { refresh: next, last_used_at: now.plus(HOUR), idle_until: now.plus(HOUR * 3), ..opened };
    assert_eq!(sessions(shop, ada.id).await, std::slice::from_ref(&renewed));
    let mut changes = ChangeSet::default();
    changes.account.renew = vec![renewal.clone()];
    assert_eq!(shop.stale(&changes).await, Guard::Session(renewed.id));
    // Whoever ends it looked before it was exchanged.
    end(shop, ada.id, Which::One(renewed.id), now).await;
    let ended = shop.store.account(&Look::by(By::Session(renewed.id))).await.unwrap().session.unwrap();
    assert_eq!(ended.ended, Some((now.plus(HOUR), EndReason::Logout)));
    end(shop, ada.id, Which::All, now.plus(HOUR * 2)).await;
    let still = shop.store.account(&Look::by(By::Session(renewed.id))).await.unwrap().session.unwrap();
    assert_eq!(still, ended, "it has ended already");
    changes.account.renew = vec![Renewal { expected: next, ..renewal }];
    assert_eq!(shop.stale(&changes).await, Guard::Session(renewed.id));
}

/// One session is ended, all but one, or all; and none of anybody else, unless everybody's are.
pub async fn sessions_are_ended_by_their_account(shop: &Shop) {
    let now = shop.now().await;
    let (ada, eve) = (account("ada@example.com", now), account("eve@example.com", now));
    let opened = |name: &str, of: &Account| session(shop, name, of, now).0;
    let (one, two, three) = (opened("one", &ada), opened("two", &ada), opened("three", &ada));
    let foreign = opened("foreign", &eve);
    commit(shop, |changes| {
        changes.account.create = vec![ada.clone(), eve.clone()];
        changes.account.open = vec![one.clone(), two.clone(), three.clone(), foreign.clone()];
    })
    .await;
    let left = || async { sessions(shop, ada.id).await.len() };
    end(shop, ada.id, Which::One(foreign.id), now).await;
    assert_eq!(left().await, 3);
    end(shop, ada.id, Which::One(one.id), now).await;
    assert_eq!(left().await, 2);
    end(shop, ada.id, Which::Others(two.id), now).await;
    assert_eq!(sessions(shop, ada.id).await, [two]);
    // What is opened with it goes on.
    let fresh = opened("fresh", &ada);
    commit(shop, |changes| {
        changes.account.end =
            vec![End { account: ada.id, which: Which::All, at: now, reason: EndReason::Password }];
        changes.account.open = vec![fresh.clone()];
    })
    .await;
    assert_eq!(sessions(shop, ada.id).await, [fresh]);
    assert_eq!(sessions(shop, eve.id).await, [foreign]);
    let newest = opened("newest", &eve);
    commit(shop, |changes| {
        changes.account.end_all = Some((now, EndReason::Staff));
        changes.account.open = vec![newest.clone()];
    })
    .await;
    assert_eq!(sessions(shop, ada.id).await, []);
    assert_eq!(sessions(shop, eve.id).await, [newest]);
}

/// A link that was used, or never was.
pub async fn a_link_that_was_used(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let once = link("once", Some(ada.id), now);
    commit(shop, |changes| {
        changes.account.create = vec![ada.clone()];
        changes.account.issue = vec![once.clone()];
    })
    .await;
    let mut changes = ChangeSet::default();
    changes.account.spend = vec![once.hash];
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(shop.stale(&changes).await, Guard::Link);
    changes.account.spend = vec![TokenHash([1; 32])];
    assert_eq!(shop.stale(&changes).await, Guard::Link);
}

/// What is long over is forgotten, and nothing else.
pub async fn what_is_over_is_forgotten(shop: &Shop) {
    let now = shop.now().await;
    let ada = account("ada@example.com", now);
    let expired = Link { expires_at: now.minus(HOUR), ..link("expired", Some(ada.id), now) };
    let good = link("good", None, now);
    let live = session(shop, "live", &ada, now).0;
    let idle = Session { idle_until: now.minus(HOUR), ..session(shop, "idle", &ada, now).0 };
    let ended = Session {
        ended: Some((now.minus(HOUR), EndReason::Logout)),
        last_used_at: now.minus(HOUR),
        ..session(shop, "ended", &ada, now).0
    };
    commit(shop, |changes| {
        changes.account.create = vec![ada.clone()];
        changes.account.issue = vec![expired.clone(), good.clone()];
        changes.account.open = vec![live.clone(), idle.clone(), ended.clone()];
    })
    .await;
    shop.engine.accounts().forget(now.minus(HOUR)).await.unwrap();
    assert_eq!(opened(shop, &expired).await.link.as_ref(), Some(&expired), "not before this");
    shop.engine.accounts().forget(now).await.unwrap();
    assert_eq!(opened(shop, &expired).await.link, None);
    assert_eq!(opened(shop, &good).await.link, Some(good));
    for (session, is_there) in [(&live, true), (&idle, false), (&ended, false)] {
        let found = shop.store.account(&Look::by(By::Session(session.id))).await.unwrap().session;
        assert_eq!(found.is_some(), is_there);
    }
}

/// An account whose address was confirmed, as it is in the store.
pub(super) async fn registered(shop: &Shop, email: &str) -> Account {
    let now = shop.now().await;
    let account = Account { email_verified_at: Some(now), ..account(email, now) };
    commit(shop, |changes| changes.account.create = vec![account.clone()]).await;
    account
}

fn account(email: &str, now: Timestamp) -> Account {
    let email: crate::customer::Email = email.parse().unwrap();
    Account::new(named("account", email.as_str()), &email, now)
}

/// What `from` has, as the account `to` has it.
fn like(from: &Account, to: &Account) -> Account {
    let Account { id, email, email_key, .. } = to.clone();
    Account { id, email, email_key, ..from.clone() }
}

fn session(shop: &Shop, name: &str, of: &Account, now: Timestamp) -> (Session, RefreshToken) {
    let token = RefreshToken::fresh(&mut shop.ids(now));
    let session = Session {
        id: named("session", name),
        account: of.id,
        family: token.family(),
        refresh: token.hash(),
        device: Some(format!("naïve \"日本\" \\ 🧵 {name}")),
        created_at: now,
        last_used_at: now,
        idle_until: now.plus(HOUR),
        ends_at: now.plus(HOUR * 2),
        ended: None,
    };
    (session, token)
}

fn link(name: &str, account: Option<CustomerId>, now: Timestamp) -> Link {
    Link {
        hash: TokenHash::of(name.as_bytes()),
        account,
        purpose: Purpose::Verify,
        carries: Carries::default(),
        created_at: now,
        expires_at: now.plus(HOUR),
    }
}

fn told(shop: &Shop, target: &str, action: &str, at: Timestamp) -> Entry {
    Entry {
        id: shop.ids(at).fresh(),
        at,
        actor: Actor::System,
        action: action.to_owned(),
        target: target.to_owned(),
        data: serde_json::json!({ "before": null, "after": null }),
    }
}

async fn commit(shop: &Shop, change: impl FnOnce(&mut ChangeSet)) {
    let mut changes = ChangeSet::default();
    change(&mut changes);
    shop.store.commit(&changes).await.unwrap();
}

async fn end(shop: &Shop, account: CustomerId, which: Which, at: Timestamp) {
    commit(shop, |changes| changes.account.end = vec![End { account, which, at, reason: EndReason::Logout }])
        .await;
}

async fn found(shop: &Shop, id: CustomerId) -> Account {
    shop.store.account(&Look::by(By::Id(id))).await.unwrap().account.unwrap()
}

async fn opened(shop: &Shop, link: &Link) -> View {
    shop.store.account(&Look::by(By::Link(link.hash))).await.unwrap()
}

async fn sessions(shop: &Shop, id: CustomerId) -> Vec<Session> {
    let look = Look { sessions: true, ..Look::by(By::Id(id)) };
    shop.store.account(&look).await.unwrap().sessions
}
