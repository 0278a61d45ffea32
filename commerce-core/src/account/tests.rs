//! Rules about accounts as data: given a view, when somebody does this, then these changes.

use std::time::Duration;

use super::*;
use crate::access::{Caller, Permission, Role};
use crate::commit::ChangeSet;
use crate::customer::{Address, Country, Email};
use crate::limit::{Budget, Budgets};
use crate::mail::{Kind, Mail};
use crate::ports::Verified;
use crate::{CustomerId, Ids, SellerId, SessionId, Timestamp};

const HOUR: Duration = Duration::from_secs(3_600);

fn now() -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000).unwrap()
}

fn ids() -> Ids {
    Ids::new([5; 32], now())
}

fn terms() -> AccountTerms {
    AccountTerms::default()
}

fn email(text: &str) -> Email {
    text.parse().unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(text)
}

fn nothing() -> View {
    View {
        now: now(),
        account: None,
        session: None,
        link: None,
        email_of: None,
        sessions: Vec::new(),
        addresses: Vec::new(),
    }
}

fn wanted(password: &str) -> Registration {
    Registration {
        password: hash(password),
        first_name: "Ada".to_owned(),
        last_name: "Obi".to_owned(),
        phone: None,
        locale: Some("en".parse().unwrap()),
    }
}

/// An account that is confirmed and has this password.
fn ada() -> Account {
    let mut account = registered("secret");
    account.email_verified_at = Some(now());
    account
}

fn registered(password: &str) -> Account {
    let decided =
        register(&nothing(), &email("ada@example.com"), &wanted(password), &terms(), &mut ids()).unwrap();
    decided.changes.account.create[0].clone()
}

fn of(account: Account) -> View {
    View { account: Some(account), ..nothing() }
}

fn right(password: &str) -> Checked {
    Checked { hash: Some(hash(password)), verified: Verified::Yes, rehashed: None }
}

/// What the link of this change set opens.
fn opening(account: &Account, changes: &ChangeSet) -> View {
    View { link: Some(changes.account.issue[0].clone()), ..of(account.clone()) }
}

fn told<T>(decided: &Decided<T>) -> &[Mail] {
    &decided.changes.mail.send
}

fn told_kinds<T>(decided: &Decided<T>) -> Vec<&str> {
    told(decided).iter().map(|mail| mail.kind.name()).collect()
}

fn admin() -> Caller {
    Caller::Operator { name: "admin".to_owned() }
}

#[test]
fn whoever_registers_confirms_the_address_and_is_logged_in() {
    let decided =
        register(&nothing(), &email("Ada@Example.com"), &wanted("secret"), &terms(), &mut ids()).unwrap();
    let account = decided.changes.account.create[0].clone();
    assert_eq!((account.email.as_str(), account.email_key.as_str()), ("Ada@example.com", "ada@example.com"));
    assert_eq!((account.role, account.version, account.email_verified_at), (Role::Customer, 1, None));
    let link = told(&decided)[0].kind.link().unwrap();
    let token: LinkToken = link.token.as_ref().unwrap().0.parse().unwrap();
    assert_eq!(token.hash(), decided.changes.account.issue[0].hash);
    assert_eq!(link.expires_at, now().plus(HOUR * 48));
    let view = opening(&account, &decided.changes);
    let verified = verify(&view, Some("Firefox"), &terms(), &mut ids()).unwrap();
    let SignedIn { account, session, refresh } = verified.answer;
    assert_eq!((account.email_verified_at, account.version), (Some(now()), 2));
    assert_eq!((session.refresh, session.family), (refresh.hash(), refresh.family()));
    assert_eq!(verified.changes.account.spend, [token.hash()]);
    assert_eq!(verified.changes.account.withdraw, [(account.id, Purpose::Verify)]);
    assert_eq!(verified.changes.account.write, [(account, 1)]);
}

#[test]
fn a_known_address_is_answered_alike_and_its_owner_is_told() {
    let view = of(ada());
    let decided = register(&view, &email("АDA@example.com"), &wanted("other"), &terms(), &mut ids()).unwrap();
    assert_eq!(decided.answer, ());
    assert_eq!(told_kinds(&decided), ["already_registered"]);
    assert_eq!(told(&decided)[0].to, ada().email, "to the address that is stored");
    let Changes { create, write, issue, .. } = decided.changes.account;
    assert_eq!((create.len(), write.len(), issue.len()), (0, 0, 1));
    assert_eq!(issue[0].account, None, "it leads nowhere");
    let decided = ask_reset(&nothing(), &ada().email, &terms(), &mut ids());
    assert_eq!((told(&decided).len(), decided.changes.account.issue[0].account), (0, None));
    let decided = resend(&view, &ada().email, &terms(), &mut ids());
    assert_eq!((told(&decided).len(), decided.changes.account.issue[0].account), (0, None));
}

/// A stranger registers an address before its owner does, or after: the owner's link brings the owner's password.
#[test]
fn the_link_that_is_opened_says_whose_registration_counts() {
    let mut ids = ids();
    let first =
        register(&nothing(), &email("ada@example.com"), &wanted("stranger"), &terms(), &mut ids).unwrap();
    let account = first.changes.account.create[0].clone();
    let second =
        register(&of(account), &email("ada@example.com"), &wanted("owner"), &terms(), &mut ids).unwrap();
    let (account, read) = second.changes.account.write[0].clone();
    assert_eq!((account.password.clone(), read), (None, 1), "neither password opens it meanwhile");
    let verified = verify(&opening(&account, &second.changes), None, &terms(), &mut ids).unwrap();
    assert_eq!(verified.answer.account.password, Some(hash("owner")));
    // A link that was asked for again brings no password with it.
    let resent = resend(&of(account.clone()), &account.email, &terms(), &mut ids);
    let verified = verify(&opening(&account, &resent.changes), None, &terms(), &mut ids).unwrap();
    assert_eq!(verified.answer.account.password, None);
}

/// Somebody registers a look-alike of an address before its owner does: both are mailed their own links, at their own
/// addresses.
#[test]
fn a_look_alike_is_not_sent_what_the_owner_asks_for() {
    let mut ids = ids();
    let (alike, owner) = (email("\u{430}da@example.com"), email("ada@example.com")); // Cyrillic a
    let first = register(&nothing(), &alike, &wanted("stranger"), &terms(), &mut ids).unwrap();
    let account = first.changes.account.create[0].clone();
    assert_eq!(account.email, alike);
    let second = register(&of(account), &owner, &wanted("owner"), &terms(), &mut ids).unwrap();
    assert_eq!(told(&second)[0].to, owner, "where whoever asks receives mail");
    let account = second.changes.account.write[0].0.clone();
    let verified = verify(&opening(&account, &second.changes), None, &terms(), &mut ids).unwrap();
    assert_eq!(
        (verified.answer.account.email, verified.answer.account.password),
        (owner, Some(hash("owner")))
    );
    // Whose link is opened first has the account: the other one's says nothing any more.
    let taken = verified.changes.account.write[0].0.clone();
    let late = View { link: Some(first.changes.account.issue[0].clone()), ..of(taken) };
    assert!(matches!(verify(&late, None, &terms(), &mut ids), Err(AccountError::Link)));
}

/// Whoever writes an address otherwise than it was registered has what is mailed about it, and nothing of what was said then.
#[test]
fn a_look_alike_takes_over_nothing_of_whoever_registered() {
    let alike = email("\u{430}da@example.com");
    let unverified = registered("secret");
    let resent = resend(&of(unverified.clone()), &alike, &terms(), &mut ids());
    assert_eq!(told(&resent)[0].to, alike);
    assert!(matches!(told(&resent)[0].kind, Kind::Verification { first_name: None, .. }));
    let taken =
        verify(&opening(&unverified, &resent.changes), None, &terms(), &mut ids()).unwrap().answer.account;
    assert_eq!((taken.email, taken.password, taken.first_name.as_str()), (alike.clone(), None, ""));
    let reset = ask_reset(&of(unverified.clone()), &alike, &terms(), &mut ids());
    assert_eq!(told(&reset)[0].to, alike);
    let view = opening(&unverified, &reset.changes);
    let done = reset_password(&view, &hash("new"), &mut ids()).unwrap();
    let taken = &done.changes.account.write[0].0;
    assert_eq!(
        (&taken.email, taken.last_name.as_str(), told(&done)[0].to.clone()),
        (&alike, "", alike.clone())
    );
    // The owner was quicker: the link of the look-alike does not open what is theirs now.
    let verified = View { account: Some(ada()), ..view };
    assert!(matches!(reset_password(&verified, &hash("new"), &mut ids()), Err(AccountError::Link)));
    // What an administrator made of it stays with the address that they saw.
    let staff = Account { role: Role::Staff, ..unverified };
    let asked = ask_reset(&of(staff.clone()), &alike, &terms(), &mut ids());
    assert_eq!(told(&asked)[0].to, staff.email);
    let view = View { account: Some(staff), ..opening(&ada(), &reset.changes) };
    assert!(matches!(reset_password(&view, &hash("new"), &mut ids()), Err(AccountError::Link)));
}

/// A link to set a new password is asked for while the address changes, so that it is not withdrawn with the others.
#[test]
fn a_link_to_an_address_of_before_is_good_no_more() {
    let asked = ask_reset(&of(ada()), &ada().email, &terms(), &mut ids());
    for now in ["ada@new.example.com", "Ada@example.com"] {
        let email = email(now);
        let moved = Account { email_key: EmailKey::of(&email), email, ..ada() };
        let view = opening(&moved, &asked.changes);
        assert!(matches!(reset_password(&view, &hash("new"), &mut ids()), Err(AccountError::Link)), "{now}");
    }
}

#[test]
fn a_link_is_good_for_its_purpose_and_its_time() {
    let decided = ask_reset(&of(ada()), &ada().email, &terms(), &mut ids());
    let view = opening(&ada(), &decided.changes);
    assert!(matches!(verify(&view, None, &terms(), &mut ids()), Err(AccountError::Link)));
    assert!(matches!(confirm_email_change(&view, &mut ids()), Err(AccountError::Link)));
    let late = View { now: now().plus(HOUR), ..view.clone() };
    assert!(matches!(reset_password(&late, &hash("new"), &mut ids()), Err(AccountError::Link)));
    let inactive = View { account: Some(Account { is_active: false, ..ada() }), ..view.clone() };
    assert!(matches!(reset_password(&inactive, &hash("new"), &mut ids()), Err(AccountError::Link)));
    assert!(matches!(reset_password(&of(ada()), &hash("new"), &mut ids()), Err(AccountError::Link)));
    let done = reset_password(&view, &hash("new"), &mut ids()).unwrap();
    assert_eq!(done.changes.account.write[0].0.password, Some(hash("new")));
    assert_eq!(done.changes.account.end[0].which, Which::All);
    assert_eq!(told_kinds(&done), ["password_changed"]);
}

#[test]
fn what_a_login_says_without_the_right_password() {
    let log_in = |view: &View, checked: &Checked| log_in(view, checked, None, &terms(), &mut ids());
    let wrong = Checked { verified: Verified::No, ..right("secret") };
    let unverified = registered("secret");
    let inactive = Account { is_active: false, ..ada() };
    let nobody = Checked { hash: None, verified: Verified::No, rehashed: None };
    for view in [of(ada()), of(unverified.clone()), of(inactive.clone())] {
        assert!(matches!(log_in(&view, &wrong), Err(AccountError::Credentials)));
    }
    assert!(matches!(log_in(&nothing(), &nobody), Err(AccountError::Credentials)));
    // The hash that was compared is the account's no more.
    assert!(matches!(log_in(&of(ada()), &right("before")), Err(AccountError::Credentials)));
    let without = of(Account { password: None, ..ada() });
    assert!(matches!(
        log_in(&without, &Checked { verified: Verified::Yes, ..nobody }),
        Err(AccountError::Credentials)
    ));
    assert!(matches!(log_in(&of(unverified), &right("secret")), Err(AccountError::EmailNotVerified)));
    assert!(matches!(log_in(&of(inactive), &right("secret")), Err(AccountError::Inactive)));
}

#[test]
fn a_login_opens_a_session_and_keeps_a_better_hash() {
    let checked = Checked { verified: Verified::Outdated, rehashed: Some(hash("better")), ..right("secret") };
    let decided = log_in(&of(ada()), &checked, Some("curl"), &terms(), &mut ids()).unwrap();
    let (account, read) = &decided.changes.account.write[0];
    assert_eq!(
        (account.password.clone(), account.last_login_at, *read),
        (Some(hash("better")), Some(now()), 1)
    );
    let session = &decided.changes.account.open[0];
    assert_eq!((session.device.as_deref(), session.idle_until), (Some("curl"), now().plus(HOUR * 24 * 30)));
    assert_eq!(told(&decided), [], "the first login is no news");
    let known = View { sessions: vec![session.clone()], ..of(account.clone()) };
    let again = |device| told(&log_in(&known, &right("better"), device, &terms(), &mut ids()).unwrap()).len();
    assert_eq!((again(Some("curl")), again(Some("wget")), again(None)), (0, 1, 1));
}

#[test]
fn the_fifty_first_session_ends_the_one_that_was_unused_for_longest() {
    let session = log_in(&of(ada()), &right("secret"), None, &terms(), &mut ids()).unwrap().answer.session;
    let sessions: Vec<Session> = (0..50)
        .map(|at| Session {
            id: SessionId(uuid::Uuid::from_u128(at)),
            last_used_at: now().minus(HOUR * ((at as u32 + 7) % 50)),
            ..session.clone()
        })
        .collect();
    let view = View { sessions, ..of(ada()) };
    let decided = log_in(&view, &right("secret"), None, &terms(), &mut ids()).unwrap();
    let ended: Vec<Which> = decided.changes.account.end.iter().map(|end| end.which).collect();
    assert_eq!(ended, [Which::One(SessionId(uuid::Uuid::from_u128(42)))]);
}

#[test]
fn a_refresh_token_is_good_once() {
    let mut ids = ids();
    let SignedIn { account, session, refresh: first } =
        log_in(&of(ada()), &right("secret"), None, &terms(), &mut ids).unwrap().answer;
    let seen = |session: &Session, now| View { session: Some(session.clone()), now, ..of(account.clone()) };
    let at = now().plus(HOUR);
    let renewed = refresh(&seen(&session, at), &first, &terms(), &mut ids).unwrap();
    let Refreshed::Renewed(next) = renewed.answer else { panic!("it was good") };
    assert_eq!(next.session.idle_until, at.plus(HOUR * 24 * 30));
    assert_eq!(renewed.changes.account.renew[0].expected, first.hash());
    // The one before comes back: the session is over, and the good one with it.
    let stolen = refresh(&seen(&next.session, at), &first, &terms(), &mut ids).unwrap();
    assert_eq!(stolen.answer, Refreshed::Stolen);
    let end = &stolen.changes.account.end[0];
    assert_eq!((end.which, end.reason), (Which::One(session.id), EndReason::Reuse));
    assert_eq!(stolen.changes.audit[0].action, "session.reuse");
    assert_eq!(told_kinds(&stolen), ["session_stolen"]);
    let ended = Session { ended: Some((at, EndReason::Reuse)), ..next.session.clone() };
    let inactive =
        View { account: Some(Account { is_active: false, ..account.clone() }), ..seen(&next.session, at) };
    for over in [
        seen(&ended, at),
        seen(&next.session, next.session.idle_until),
        seen(&Session { ends_at: at, ..next.session.clone() }, at),
        inactive,
        of(account.clone()),
    ] {
        assert!(matches!(refresh(&over, &next.refresh, &terms(), &mut ids), Err(AccountError::Session)));
        assert!(matches!(admit(&over), Err(AccountError::Session)));
    }
    let admitted = admit(&seen(&next.session, at)).unwrap();
    assert_eq!((admitted.caller.account(), admitted.at), (Some(account.id), at));
}

#[test]
fn sessions_of_those_who_may_do_more_are_shorter() {
    let mut ids = ids();
    for role in Role::ALL {
        let of_role = of(Account { role, ..ada() });
        let session = log_in(&of_role, &right("secret"), None, &terms(), &mut ids).unwrap().answer.session;
        let hours = if role == Role::Customer { (24 * 30, 24 * 180) } else { (12, 24 * 7) };
        assert_eq!(
            (session.idle_until, session.ends_at),
            (now().plus(HOUR * hours.0), now().plus(HOUR * hours.1))
        );
    }
    // A customer who begins to work for the shop: the session that they have goes on as one of the staff.
    let SignedIn { account, session, refresh: token } =
        log_in(&of(ada()), &right("secret"), None, &terms(), &mut ids).unwrap().answer;
    let mut exchange = |after: u32| {
        let account = Account { role: Role::Staff, ..account.clone() };
        let view = View { session: Some(session.clone()), now: now().plus(HOUR * after), ..of(account) };
        refresh(&view, &token, &terms(), &mut ids).map(|decided| decided.changes.account.renew[0].idle_until)
    };
    assert_eq!(exchange(24).unwrap(), now().plus(HOUR * 36));
    assert_eq!(exchange(24 * 7 - 1).unwrap(), now().plus(HOUR * 24 * 7));
    assert!(matches!(exchange(24 * 7), Err(AccountError::Session)));
}

#[test]
fn a_session_ends_in_the_end_however_often_it_is_used() {
    let mut ids = ids();
    let SignedIn { account, mut session, refresh: mut token } =
        log_in(&of(ada()), &right("secret"), None, &terms(), &mut ids).unwrap().answer;
    let day = HOUR * 24;
    for days in 1..180 {
        let view = View { now: now().plus(day * days), session: Some(session), ..of(account.clone()) };
        let renewed = refresh(&view, &token, &terms(), &mut ids).unwrap();
        let Refreshed::Renewed(next) = renewed.answer else { panic!("it was good") };
        (session, token) = (next.session, next.refresh);
    }
    let view = View { now: now().plus(day * 180), session: Some(session), ..of(account) };
    assert!(matches!(refresh(&view, &token, &terms(), &mut ids), Err(AccountError::Session)));
}

#[test]
fn a_session_is_ended_by_its_owner_alone() {
    let signed_in = log_in(&of(ada()), &right("secret"), None, &terms(), &mut ids()).unwrap().answer;
    let view = View { session: Some(signed_in.session.clone()), ..of(ada()) };
    let stranger = CustomerId(uuid::Uuid::from_u128(9));
    assert!(matches!(end_session(&view, stranger, signed_in.session.id), Err(AccountError::NotFound)));
    assert!(matches!(end_session(&of(ada()), ada().id, signed_in.session.id), Err(AccountError::NotFound)));
    let ended = end_session(&view, ada().id, signed_in.session.id).unwrap();
    assert_eq!(ended.account.end[0].which, Which::One(signed_in.session.id));
}

#[test]
fn a_changed_password_ends_the_other_sessions() {
    let session = SessionId(uuid::Uuid::from_u128(7));
    let wrong = Checked { verified: Verified::No, ..right("secret") };
    assert!(matches!(
        change_password(&of(ada()), session, &wrong, &hash("new"), &mut ids()),
        Err(AccountError::Credentials)
    ));
    let done = change_password(&of(ada()), session, &right("secret"), &hash("new"), &mut ids()).unwrap();
    assert_eq!(done.changes.account.write[0].0.password, Some(hash("new")));
    assert_eq!(done.changes.account.end[0].which, Which::Others(session));
    assert_eq!(done.changes.account.withdraw, [(ada().id, Purpose::Reset)]);
}

#[test]
fn an_address_is_changed_when_both_have_confirmed_it_in_either_order() {
    for order in [[0, 1], [1, 0]] {
        let new = email("ada@new.example.com");
        let asked = ask_email_change(&of(ada()), &right("secret"), &new, &terms(), &mut ids()).unwrap();
        let to: Vec<&str> = told(&asked).iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["ada@example.com", "ada@new.example.com"]);
        let mut account = asked.changes.account.write[0].0.clone();
        for (step, link) in order.into_iter().enumerate() {
            let link = asked.changes.account.issue[link].clone();
            let view = View { link: Some(link.clone()), ..of(account.clone()) };
            let confirmed = confirm_email_change(&view, &mut ids()).unwrap();
            assert_eq!(confirmed.changes.account.spend, [link.hash]);
            account = confirmed.changes.account.write[0].0.clone();
            assert_eq!(confirmed.answer, [Confirmed::One, Confirmed::Both][step]);
            assert_eq!(account.email.as_str(), ["ada@example.com", "ada@new.example.com"][step]);
        }
        assert_eq!(account.email_key, EmailKey::of(&new));
        assert_eq!(account.email_change, None);
    }
}

#[test]
fn an_address_of_somebody_else_is_not_told_from_a_free_one() {
    let other = Some(CustomerId(uuid::Uuid::from_u128(9)));
    let new = email("eve@example.com");
    let taken = View { email_of: other, ..of(ada()) };
    let asked = ask_email_change(&taken, &right("secret"), &new, &terms(), &mut ids()).unwrap();
    let free = ask_email_change(&of(ada()), &right("secret"), &new, &terms(), &mut ids()).unwrap();
    assert_eq!(asked.changes.account, free.changes.account);
    assert_eq!((told(&asked), told(&free).len()), (&told(&free)[..1], 2), "nothing is sent to it");
    // It is taken between the two confirmations.
    let mut account = free.changes.account.write[0].0.clone();
    account.email_change.as_mut().unwrap().old_confirmed = true;
    let link = Some(free.changes.account.issue[1].clone());
    let view = View { link, email_of: other, ..of(account) };
    assert!(matches!(confirm_email_change(&view, &mut ids()), Err(AccountError::EmailTaken)));
}

#[test]
fn a_change_of_address_that_was_asked_for_anew_leaves_the_links_of_before_dead() {
    let first =
        ask_email_change(&of(ada()), &right("secret"), &email("a@x.example"), &terms(), &mut ids()).unwrap();
    let later = View { now: now().plus(HOUR), ..of(first.changes.account.write[0].0.clone()) };
    let second =
        ask_email_change(&later, &right("secret"), &email("b@x.example"), &terms(), &mut ids()).unwrap();
    let account = second.changes.account.write[0].0.clone();
    let link = Some(first.changes.account.issue[1].clone());
    assert!(matches!(
        confirm_email_change(&View { link, ..of(account) }, &mut ids()),
        Err(AccountError::Link)
    ));
}

#[test]
fn nobody_changes_their_own_role_and_every_change_is_written_down() {
    let id = ada().id;
    let session = SessionId(uuid::Uuid::from_u128(1));
    let oneself = Caller::Account { id, role: Role::Admin, seller: None, session };
    let staff = Standing { role: Some(Role::Staff), ..Standing::default() };
    let refused = change_standing(&of(ada()), &oneself, &staff, None, &mut ids());
    assert!(matches!(refused, Err(AccountError::Oneself)));
    let changed = change_standing(&of(ada()), &admin(), &staff, Some(1), &mut ids()).unwrap();
    let row = &changed.changes.audit[0];
    assert_eq!((row.action.as_str(), row.target.clone()), ("account.role", format!("account:{id}")));
    assert_eq!(row.data, serde_json::json!({ "before": "customer", "after": "staff" }));
    assert!(matches!(
        change_standing(&of(ada()), &admin(), &staff, Some(2), &mut ids()),
        Err(AccountError::Version(1))
    ));
    let off = Standing { is_active: Some(false), ..Standing::default() };
    let ended = change_standing(&of(ada()), &admin(), &off, None, &mut ids()).unwrap();
    assert_eq!(ended.changes.account.end[0].which, Which::All);
    assert_eq!(ended.changes.audit[0].action, "account.active");
    let same = Standing { is_active: Some(true), role: Some(Role::Customer), customer_group: Some(None) };
    let nothing = change_standing(&of(ada()), &admin(), &same, None, &mut ids()).unwrap();
    assert_eq!(nothing.changes, ChangeSet::default());
}

#[test]
fn sessions_are_ended_by_whoever_may_deactivate_their_account() {
    let permissions = vec![Permission::CustomersWrite];
    let program = Caller::Program { id: ids().fresh(), permissions, account: None };
    let end = |role, by: &Caller| end_sessions(&of(Account { role, ..ada() }), by, &mut ids());
    let changes = end(Role::Customer, &program).unwrap().changes;
    let ended = &changes.account.end[0];
    assert_eq!((ended.account, ended.which, ended.reason), (ada().id, Which::All, EndReason::Staff));
    assert_eq!((changes.audit[0].action.as_str(), changes.account.write.len()), ("account.sessions", 0));
    for role in [Role::Merchant, Role::Staff, Role::Admin] {
        assert!(matches!(end(role, &program), Err(AccountError::Forbidden)), "{role}");
        assert!(end(role, &admin()).is_ok());
    }
    let nobody = View { account: None, ..of(ada()) };
    assert!(matches!(end_sessions(&nobody, &admin(), &mut ids()), Err(AccountError::NotFound)));
}

/// Whoever may deactivate customers takes nobody out who works for the shop, and makes nobody work for it.
#[test]
fn a_standing_above_a_customers_is_for_whoever_may_say_who_has_it() {
    let permissions = vec![Permission::CustomersWrite];
    let program = Caller::Program { id: ids().fresh(), permissions, account: None };
    let change = |role, standing: &Standing| {
        change_standing(&of(Account { role, ..ada() }), &program, standing, None, &mut ids())
    };
    let off = Standing { is_active: Some(false), ..Standing::default() };
    let group = Standing { customer_group: Some(Some("trade".to_owned())), ..Standing::default() };
    let named = Standing { role: Some(Role::Customer), ..Standing::default() };
    for role in [Role::Merchant, Role::Staff, Role::Admin] {
        for standing in [&off, &group, &named] {
            assert!(matches!(change(role, standing), Err(AccountError::Forbidden)), "{role} {standing:?}");
        }
    }
    assert!(matches!(change(Role::Customer, &named), Err(AccountError::Forbidden)));
    assert!(!change(Role::Customer, &off).unwrap().answer.is_active);
    assert!(change(Role::Customer, &group).is_ok());
}

#[test]
fn a_merchant_sells_as_somebody_and_stays_the_same() {
    let merchant = Standing { role: Some(Role::Merchant), ..Standing::default() };
    let made = change_standing(&of(ada()), &admin(), &merchant, None, &mut ids()).unwrap().answer;
    assert!(made.seller.is_some());
    let known = SellerId(uuid::Uuid::from_u128(4));
    let before = Account { seller: Some(known), ..ada() };
    let again = change_standing(&of(before), &admin(), &merchant, None, &mut ids()).unwrap().answer;
    assert_eq!(again.seller, Some(known));
}

fn home(is_default: bool) -> NewAddress {
    let address = Address {
        contact_name: " Ada Obi ".to_owned(),
        phone: None,
        street_line1: "1 Broad Street".to_owned(),
        street_line2: None,
        city: "Lagos".to_owned(),
        state_province: Some("LA".to_owned()),
        postal_code: None,
        country_code: Country::NG,
        vat_id: None,
    };
    NewAddress { kind: AddressType::Home, is_default, address }
}

/// The book after these changes.
fn book(view: &View, changes: &Changes) -> Vec<SavedAddress> {
    let gone = |known: &&SavedAddress| {
        !changes.addresses_removed.contains(&known.id)
            && !changes.addresses.iter().any(|new| new.id == known.id)
    };
    let mut book: Vec<SavedAddress> = view.addresses.iter().filter(gone).cloned().collect();
    book.extend(changes.addresses.iter().cloned());
    book.sort_by_key(|known| known.id);
    book
}

#[test]
fn each_type_of_address_has_one_default() {
    let mut ids = ids();
    let mut view = of(ada());
    let defaults =
        |view: &View| -> Vec<bool> { view.addresses.iter().map(|known| known.is_default).collect() };
    for (is_default, then) in
        [(false, vec![true]), (false, vec![true, false]), (true, vec![false, false, true])]
    {
        let saved = save_address(&view, None, &home(is_default), &mut ids).unwrap();
        assert_eq!(saved.answer.address.contact_name, "Ada Obi");
        view.addresses = book(&view, &saved.changes.account);
        assert_eq!(defaults(&view), then);
        assert_eq!(saved.changes.account.write[0].1, 1, "the account is written with them");
    }
    let work = NewAddress { kind: AddressType::Work, ..home(false) };
    let moved = save_address(&view, Some(view.addresses[2].id), &work, &mut ids).unwrap();
    view.addresses = book(&view, &moved.changes.account);
    assert_eq!(defaults(&view), [true, false, true], "another one takes its place");
    let removed = remove_address(&view, view.addresses[0].id).unwrap();
    view.addresses = book(&view, &removed.changes.account);
    assert_eq!(defaults(&view), [true, true]);
}

#[test]
fn an_address_of_somebody_else_is_not_found() {
    let mut ids = ids();
    let foreign = Some(ids.fresh());
    assert!(matches!(save_address(&of(ada()), foreign, &home(true), &mut ids), Err(AccountError::NotFound)));
    assert!(matches!(remove_address(&of(ada()), ids.fresh()), Err(AccountError::NotFound)));
    let saved = save_address(&of(ada()), None, &home(true), &mut ids).unwrap().answer;
    let full = View { addresses: vec![saved; 50], ..of(ada()) };
    assert!(matches!(save_address(&full, None, &home(true), &mut ids), Err(AccountError::TooManyAddresses)));
}

#[test]
fn nobody_asks_for_so_many_links_that_a_good_one_is_put_out_of_force() {
    let (terms, budgets) = (AccountTerms::default(), Budgets::default());
    for (budget, good_for) in
        [(Budget::VerifyAccount, terms.verify_within), (Budget::ResetAccount, terms.reset_within)]
    {
        let quota = budgets.quota(budget).unwrap();
        let asked = u128::from(quota.limit()) + good_for.as_nanos() / quota.interval().as_nanos();
        assert!(asked < Account::LINKS_MAX as u128, "{asked} by {budget}");
    }
}
