//! What the services promise about accounts over this store, also when many ask at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::Shop;
use crate::access::{Caller, Permission, Role};
use crate::account::{
    Account, AccountError, AddressType, Admitted, By, Confirmed, EmailKey, LinkToken, Login, Look,
    NewAddress, Password, PasswordHash, Register, SignedIn, Standing,
};
use crate::audit::Search;
use crate::customer::{Address, Country};
use crate::mail::Mail;
use crate::testkit::{Crossing, Intercept, Intercepted, Meeting, PretendHasher, PretendMailer, address};
use crate::{ChangeSet, CommitError, Engine, HasherTrouble, PasswordHasher, Store, Verified};

const EMAIL: &str = "ada@example.com";
const SECRET: &str = "tr0mbone & oar 99";
const OTHER: &str = "saxoph0ne & sail 99";

/// Somebody registers, confirms the address, logs in, goes on, and logs out.
pub async fn somebody_registers_and_logs_in(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    engine.accounts().register(&registering(EMAIL, SECRET)).await.unwrap();
    assert!(matches!(log_in(&engine, SECRET).await, Err(AccountError::EmailNotVerified)));
    assert!(matches!(log_in(&engine, OTHER).await, Err(AccountError::Credentials)));
    let token = told.link();
    let first = engine.accounts().verify(&token, Some("Firefox")).await.unwrap();
    assert!(matches!(engine.accounts().verify(&token, None).await, Err(AccountError::Link)));
    let Admitted { caller, account, at } = engine.accounts().admit(first.session.id).await.unwrap();
    assert_eq!((caller.account(), account), (Some(first.account.id), first.account.clone()));
    assert!(at >= first.session.created_at, "both are the store's time");
    let second = log_in(&engine, SECRET).await.unwrap();
    assert_eq!(told.last().unwrap().kind.name(), "new_device");
    assert_eq!(engine.accounts().sessions(first.account.id).await.unwrap().len(), 2);
    let renewed = engine.accounts().refresh(&second.refresh).await.unwrap();
    engine.accounts().log_out(&renewed.refresh).await.unwrap();
    engine.accounts().log_out(&renewed.refresh).await.unwrap();
    assert!(matches!(engine.accounts().refresh(&renewed.refresh).await, Err(AccountError::Session)));
    assert!(matches!(engine.accounts().admit(second.session.id).await, Err(AccountError::Session)));
    engine.accounts().log_out_everywhere(first.account.id).await.unwrap();
    assert!(matches!(engine.accounts().admit(first.session.id).await, Err(AccountError::Session)));
}

/// A known address is answered as an unknown one is, and each is mailed what it should be.
pub async fn an_address_is_not_told_from_another(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let unknown: crate::customer::Email = "nobody@example.com".parse().unwrap();
    signed_in(&engine, &told).await;
    let told_before = told.count();
    let accounts = engine.accounts();
    accounts.register(&registering("АDА@example.com", OTHER)).await.unwrap();
    assert_eq!(told.last().unwrap().kind.name(), "already_registered");
    assert_eq!(told.last().unwrap().to.as_str(), EMAIL, "to the address that is stored");
    accounts.resend(&unknown).await.unwrap();
    accounts.resend(&EMAIL.parse().unwrap()).await.unwrap();
    accounts.ask_reset(&unknown).await.unwrap();
    assert_eq!(told.count(), told_before + 1);
    accounts.ask_reset(&"ADA@EXAMPLE.com".parse().unwrap()).await.unwrap();
    assert_eq!(told.last().unwrap().to.as_str(), EMAIL);
    let login = Login { email: unknown, password: password(SECRET), device: None };
    assert!(matches!(accounts.log_in(&login).await, Err(AccountError::Credentials)));
}

/// A new password is set by a link: it is the only one that opens the account, and every session is over.
pub async fn a_password_is_set_anew(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await;
    engine.accounts().ask_reset(&EMAIL.parse().unwrap()).await.unwrap();
    let token = told.link();
    let weak = engine.accounts().reset_password(&token, &password("abcdefghijk")).await;
    assert!(matches!(weak, Err(AccountError::Weak(_))), "the link is still good");
    engine.accounts().reset_password(&token, &password(OTHER)).await.unwrap();
    assert_eq!(told.last().unwrap().kind.name(), "password_changed");
    assert!(matches!(
        engine.accounts().reset_password(&token, &password(SECRET)).await,
        Err(AccountError::Link)
    ));
    assert!(matches!(engine.accounts().refresh(&ada.refresh).await, Err(AccountError::Session)));
    assert!(matches!(log_in(&engine, SECRET).await, Err(AccountError::Credentials)));
    let again = log_in(&engine, OTHER).await.unwrap();
    let (id, session) = (again.account.id, again.session.id);
    let other = log_in(&engine, OTHER).await.unwrap();
    let change = |present, new| async move {
        let (present, new) = (password(present), password(new));
        shop_change(shop, id, session, present, new).await
    };
    assert!(matches!(change(SECRET, SECRET).await, Err(AccountError::Credentials)));
    change(OTHER, SECRET).await.unwrap();
    assert!(engine.accounts().admit(session).await.is_ok(), "their own goes on");
    assert!(matches!(engine.accounts().admit(other.session.id).await, Err(AccountError::Session)));
}

/// Whoever sets a new password waits for one check of the present one, and for none of them twice.
pub async fn a_present_password_is_checked_once(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await;
    let counting = Arc::new(Counting::default());
    let engine = Engine::builder_shared(Arc::clone(&shop.store)).password_hasher(counting.clone()).build();
    let change = async |present, new| {
        let (id, session) = (ada.account.id, ada.session.id);
        engine.accounts().change_password(id, session, &password(present), &password(new)).await
    };
    change(SECRET, OTHER).await.unwrap();
    assert_eq!(counting.taken(), (1, 1));
    assert!(matches!(change(SECRET, OTHER).await, Err(AccountError::Credentials)));
    assert_eq!(counting.taken(), (1, 0), "a new one is hashed for its owner only");
}

/// Counts how often passwords are verified and hashed.
#[derive(Default)]
struct Counting {
    verified: AtomicUsize,
    hashed: AtomicUsize,
}

impl Counting {
    /// How often since it was asked last.
    fn taken(&self) -> (usize, usize) {
        (self.verified.swap(0, Ordering::Relaxed), self.hashed.swap(0, Ordering::Relaxed))
    }
}

#[async_trait]
impl PasswordHasher for Counting {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherTrouble> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        PretendHasher.hash(password).await
    }

    async fn verify<'p>(
        &self,
        password: &'p Password,
        hash: Option<&'p PasswordHash>,
    ) -> Result<Verified, HasherTrouble> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        PretendHasher.verify(password, hash).await
    }

    fn strength<'p>(&self, password: &'p Password, words: &[&'p str]) -> u8 {
        PretendHasher.strength(password, words)
    }
}

async fn shop_change(
    shop: &Shop,
    id: crate::CustomerId,
    session: crate::SessionId,
    present: Password,
    new: Password,
) -> Result<(), AccountError> {
    shop.engine.accounts().change_password(id, session, &present, &new).await
}

/// A hash of before opens the account and is replaced.
pub async fn a_hash_of_before_is_replaced(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await.account;
    let now = found(shop).await;
    let old = Account { password: Some(PretendHasher::outdated(OTHER)), ..now };
    let mut changes = ChangeSet::default();
    changes.account.write = vec![(Account { version: old.version + 1, ..old.clone() }, old.version)];
    shop.store.commit(&changes).await.unwrap();
    log_in(&engine, OTHER).await.unwrap();
    let after = found(shop).await;
    assert_eq!((after.id, after.password), (ada.id, Some(PretendHasher::hashed(OTHER))));
    log_in(&engine, OTHER).await.unwrap();
}

/// An address is changed once both have confirmed; the account is then found by the new one alone.
pub async fn an_address_is_changed(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await;
    let new = "ada@new.example".parse().unwrap();
    let wrong = engine.accounts().ask_email_change(ada.account.id, &password(OTHER), &new).await;
    assert!(matches!(wrong, Err(AccountError::Credentials)));
    engine.accounts().ask_email_change(ada.account.id, &password(SECRET), &new).await.unwrap();
    let links: Vec<LinkToken> = told.all().iter().rev().take(2).rev().map(link).collect();
    assert_eq!(engine.accounts().confirm_email_change(&links[1]).await.unwrap(), Confirmed::One);
    assert!(matches!(engine.accounts().confirm_email_change(&links[1]).await, Err(AccountError::Link)));
    assert!(log_in(&engine, SECRET).await.is_ok());
    assert_eq!(engine.accounts().confirm_email_change(&links[0]).await.unwrap(), Confirmed::Both);
    assert!(matches!(log_in(&engine, SECRET).await, Err(AccountError::Credentials)));
    let login = Login { email: new, password: password(SECRET), device: None };
    assert_eq!(engine.accounts().log_in(&login).await.unwrap().account.id, ada.account.id);
}

/// A look-alike of an address is registered before its owner registers: each is mailed their own link, and the account is at
/// the address whose link was opened.
pub async fn a_look_alike_is_registered_first(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let accounts = engine.accounts();
    let alike = "\u{430}da@example.com"; // Cyrillic a
    accounts.register(&registering(alike, OTHER)).await.unwrap();
    let foreign = told.link();
    accounts.register(&registering(EMAIL, SECRET)).await.unwrap();
    assert_eq!(told.last().unwrap().to.as_str(), EMAIL);
    let own = told.link();
    for asked in [EMAIL, alike] {
        accounts.resend(&asked.parse().unwrap()).await.unwrap();
        assert_eq!(told.last().unwrap().to.as_str(), asked);
        accounts.ask_reset(&asked.parse().unwrap()).await.unwrap();
        assert_eq!(told.last().unwrap().to.as_str(), asked);
    }
    let reset = told.link();
    let entered = accounts.verify(&own, None).await.unwrap();
    assert_eq!(entered.account.email.as_str(), EMAIL);
    assert!(log_in(&engine, SECRET).await.is_ok());
    assert!(matches!(accounts.verify(&foreign, None).await, Err(AccountError::Link)));
    let late = accounts.reset_password(&reset, &password(OTHER)).await;
    assert!(matches!(late, Err(AccountError::Link)), "the look-alike's");
    accounts.ask_reset(&alike.parse().unwrap()).await.unwrap();
    assert_eq!(told.last().unwrap().to.as_str(), EMAIL, "from now on to the address that is stored");
}

/// A new password is asked for while the address changes: the link went to the address of before, and is good for nothing.
pub async fn an_address_changes_while_a_new_password_is_asked_for(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await.account;
    let new = "ada@new.example".parse().unwrap();
    engine.accounts().ask_email_change(ada.id, &password(SECRET), &new).await.unwrap();
    let links: Vec<LinkToken> = told.all().iter().rev().take(2).map(link).collect();
    let confirming = engine.clone();
    let crossing = Crossing::default().then(async move {
        for link in &links {
            confirming.accounts().confirm_email_change(link).await.unwrap();
        }
    });
    let (crossed, told) =
        telling(shop, &(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)) as Arc<dyn Store>));
    crossed.accounts().ask_reset(&ada.email).await.unwrap();
    assert_eq!(told.last().unwrap().to, ada.email);
    let refused = engine.accounts().reset_password(&told.link(), &password(OTHER)).await;
    assert!(matches!(refused, Err(AccountError::Link)));
}

/// What an account is to the shop counts with the next request, and has its audit row.
pub async fn a_role_counts_at_once(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await;
    let (id, session) = (ada.account.id, ada.session.id);
    let may = |permission| async move {
        shop.engine.accounts().admit(session).await.unwrap().caller.may(permission)
    };
    assert!(!may(Permission::OrdersRead).await);
    let by = operator();
    for role in [Role::Staff, Role::Admin, Role::Staff, Role::Merchant, Role::Customer, Role::Staff] {
        let standing = Standing { role: Some(role), ..Standing::default() };
        engine.accounts().change_standing(&by, id, &standing, None).await.unwrap();
        assert_eq!(may(Permission::OrdersRead).await, role != Role::Customer);
        assert_eq!(may(Permission::RolesWrite).await, role == Role::Admin);
        assert!(shop.store.violations().await.unwrap().is_empty());
    }
    for is_active in [false, true] {
        let standing = Standing { is_active: Some(is_active), ..Standing::default() };
        engine.accounts().change_standing(&by, id, &standing, None).await.unwrap();
    }
    assert!(matches!(engine.accounts().admit(session).await, Err(AccountError::Session)));
    let rows = Search { target: Some(format!("account:{id}")), ..Search::default() };
    assert_eq!(shop.store.audit(&rows, 100).await.unwrap().len(), 8);
    let email = "boss@example.com".parse().unwrap();
    let boss = engine
        .accounts()
        .create(&by, &email, Some(&password(SECRET)), ("B", "O"), Role::Admin)
        .await
        .unwrap();
    assert_eq!(boss.role, Role::Admin);
    let again = engine.accounts().create(&by, &email, None, ("B", "O"), Role::Admin).await;
    assert!(matches!(again, Err(AccountError::EmailTaken)));
}

/// An address is registered by many at once: there is one account.
pub async fn one_address_registered_eight_times(shop: &Shop) {
    let meeting: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(8)));
    let (engine, told) = telling(shop, &meeting);
    let mut all = JoinSet::new();
    for number in 0..8 {
        let engine = engine.clone();
        let email = if number % 2 == 0 { EMAIL } else { "аdа@example.com" };
        all.spawn(async move { engine.accounts().register(&registering(email, SECRET)).await });
    }
    for done in all.join_all().await {
        done.unwrap();
    }
    assert_eq!(shop.store.accounts(&crate::account::Search::default(), 10).await.unwrap().len(), 1);
    assert_eq!(told.count(), 8);
}

/// A refresh token is shown by thirty at once: one gets the next one, and all are out.
pub async fn one_refresh_token_shown_thirty_times(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await;
    let bystander = log_in(&engine, SECRET).await.unwrap();
    let meeting: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(30)));
    let (met, _) = telling(shop, &meeting);
    let mut all = JoinSet::new();
    for _ in 0..30 {
        let (engine, token) = (met.clone(), ada.refresh.clone());
        all.spawn(async move { engine.accounts().refresh(&token).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = all.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 29));
    assert!(lost.into_iter().all(|refused| matches!(refused, Err(AccountError::Session))));
    let winner = won.into_iter().next().unwrap().unwrap();
    assert!(matches!(engine.accounts().refresh(&winner.refresh).await, Err(AccountError::Session)));
    assert!(matches!(engine.accounts().admit(winner.session.id).await, Err(AccountError::Session)));
    assert!(engine.accounts().refresh(&bystander.refresh).await.is_ok(), "another session goes on");
}

/// A link is opened by fifty at once: it has one effect.
pub async fn one_link_opened_fifty_times(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    engine.accounts().register(&registering(EMAIL, SECRET)).await.unwrap();
    let token = told.link();
    let meeting: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(50)));
    let (met, _) = telling(shop, &meeting);
    let mut all = JoinSet::new();
    for _ in 0..50 {
        let (engine, token) = (met.clone(), token.clone());
        all.spawn(async move { engine.accounts().verify(&token, None).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = all.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 49));
    assert!(lost.into_iter().all(|refused| matches!(refused, Err(AccountError::Link))));
    assert_eq!(engine.accounts().sessions(found(shop).await.id).await.unwrap().len(), 1);
}

/// The password changes while somebody logs in with the one before: no session of it is left.
pub async fn a_password_changes_while_somebody_logs_in(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    signed_in(&engine, &told).await;
    engine.accounts().ask_reset(&EMAIL.parse().unwrap()).await.unwrap();
    let token = told.link();
    let resetting = engine.clone();
    let crossing = Crossing::default().then(async move {
        resetting.accounts().reset_password(&token, &password(OTHER)).await.unwrap();
    });
    let (crossed, _) =
        telling(shop, &(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)) as Arc<dyn Store>));
    assert!(matches!(log_in(&crossed, SECRET).await, Err(AccountError::Credentials)));
    assert_eq!(engine.accounts().sessions(found(shop).await.id).await.unwrap(), []);
}

/// An account is deactivated while its token is exchanged: no session of it is left.
pub async fn an_account_is_deactivated_while_it_goes_on(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let ada = signed_in(&engine, &told).await;
    let (ending, id) = (engine.clone(), ada.account.id);
    let crossing = Crossing::default().then(async move {
        let off = Standing { is_active: Some(false), ..Standing::default() };
        ending.accounts().change_standing(&operator(), id, &off, None).await.unwrap();
    });
    let (crossed, _) =
        telling(shop, &(Arc::new(Intercepted::new(Arc::clone(&shop.store), crossing)) as Arc<dyn Store>));
    assert!(matches!(crossed.accounts().refresh(&ada.refresh).await, Err(AccountError::Session)));
    assert!(matches!(log_in(&engine, SECRET).await, Err(AccountError::Inactive)));
}

/// Addresses are written down by many at once: each type has one default, and there are no more than there may be.
pub async fn addresses_written_down_at_once(shop: &Shop) {
    let (engine, told) = telling(shop, &shop.store);
    let id = signed_in(&engine, &told).await.account.id;
    let numbered = |number: u32| {
        let address = Address { street_line2: Some(format!("Flat {number}")), ..address(Country::NG) };
        NewAddress { kind: AddressType::Home, is_default: true, address }
    };
    for number in 0..46 {
        engine.accounts().save_address(id, None, &numbered(number)).await.unwrap();
    }
    // What is in the book already is not written down twice.
    engine.accounts().save_address(id, None, &numbered(45)).await.unwrap();
    assert_eq!(engine.accounts().addresses(id).await.unwrap().len(), 46);
    // All have counted before the first writes.
    let meeting: Arc<dyn Store> = Arc::new(Intercepted::new(Arc::clone(&shop.store), Meeting::of(8)));
    let (met, _) = telling(shop, &meeting);
    let mut all = JoinSet::new();
    for number in 46..54 {
        let (engine, new) = (met.clone(), numbered(number));
        all.spawn(async move { engine.accounts().save_address(id, None, &new).await });
    }
    let refused = all.join_all().await.into_iter().filter(Result::is_err).count();
    assert_eq!(refused, 4);
    let book = engine.accounts().addresses(id).await.unwrap();
    assert_eq!((book.len(), book.iter().filter(|saved| saved.is_default).count()), (50, 1));
}

/// What is mailed.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Mail>>>);

impl Told {
    fn all(&self) -> Vec<Mail> {
        self.0.lock().unwrap().clone()
    }

    fn last(&self) -> Option<Mail> {
        self.all().pop()
    }

    fn link(&self) -> LinkToken {
        link(&self.last().unwrap())
    }

    fn count(&self) -> usize {
        self.all().len()
    }
}

#[async_trait]
impl Intercept for Told {
    async fn commit(&self, store: &dyn Store, changes: &ChangeSet) -> Result<(), CommitError> {
        store.commit(changes).await?;
        self.0.lock().unwrap().extend(changes.mail.send.iter().cloned());
        Ok(())
    }
}

fn telling(shop: &Shop, store: &Arc<dyn Store>) -> (Engine, Told) {
    let told = Told::default();
    let told_of = Arc::new(Intercepted::new(Arc::clone(store), told.clone()));
    (shop.mailing(told_of, Arc::new(PretendMailer::default())), told)
}

fn link(mail: &Mail) -> LinkToken {
    mail.kind.link().and_then(|link| link.token.clone()).unwrap().0.parse().unwrap()
}

fn password(text: &str) -> Password {
    text.parse().unwrap()
}

fn registering(email: &str, secret: &str) -> Register {
    Register {
        email: email.parse().unwrap(),
        password: password(secret),
        first_name: "Ada".to_owned(),
        last_name: "Obi".to_owned(),
        phone: None,
        locale: None,
    }
}

fn operator() -> Caller {
    Caller::Operator { name: "admin".to_owned() }
}

async fn signed_in(engine: &Engine, told: &Told) -> SignedIn {
    engine.accounts().register(&registering(EMAIL, SECRET)).await.unwrap();
    engine.accounts().verify(&told.link(), None).await.unwrap()
}

async fn log_in(engine: &Engine, secret: &str) -> Result<SignedIn, AccountError> {
    let login =
        Login { email: EMAIL.parse().unwrap(), password: password(secret), device: Some("curl".to_owned()) };
    engine.accounts().log_in(&login).await
}

async fn found(shop: &Shop) -> Account {
    let by = By::Email(EmailKey::of(&EMAIL.parse().unwrap()));
    shop.store.account(&Look::by(by)).await.unwrap().account.unwrap()
}
