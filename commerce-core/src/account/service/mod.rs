//! Accounts: look, decide, commit, and tell by mail.

mod shown;

use std::sync::Arc;

pub(crate) use shown::Shown;

use crate::access::{Caller, Role};
use crate::account::sign_in::{self, Admitted, Checked, Refreshed, SignedIn};
use crate::account::{
    self, Account, AccountError, By, Confirmed, Decided, EmailKey, LinkToken, Look, NewAccount, NewAddress,
    Password, Profile, RefreshToken, Registration, SavedAddress, Search, Session, Standing, View,
    address_book, email_change, profile, register, reset, standing,
};
use crate::attempts::Attempts;
use crate::commit::{ChangeSet, CommitError};
use crate::customer::{Email, Phone};
use crate::engine::Parts;
use crate::mail::Language;
use crate::ports::PasswordHasher;
use crate::{AddressId, CustomerId, Ids, SessionId, Timestamp};

/// The accounts of the shop; reached by [`Engine::accounts`](crate::Engine::accounts).
#[derive(Clone)]
pub struct Accounts {
    pub(crate) parts: Arc<Parts>,
}

/// What whoever registers says.
#[derive(Debug, Clone)]
pub struct Register {
    /// The e-mail address.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Phone number.
    pub phone: Option<Phone>,
    /// The language of mails.
    pub locale: Option<Language>,
}

/// What whoever logs in shows.
#[derive(Debug, Clone)]
pub struct Login {
    /// The e-mail address.
    pub email: Email,
    /// The password.
    pub password: Password,
    /// What the client says it is.
    pub device: Option<String>,
}

impl Accounts {
    /// Registers somebody, who is mailed a link to confirm the address. For an address that has an account the answer is the
    /// same, and its owner is told.
    ///
    /// # Errors
    /// [`AccountError::Weak`]; and as [`register`](crate::account::register()).
    pub async fn register(&self, wanted: &Register) -> Result<(), AccountError> {
        let Register { email, password, first_name, last_name, phone, locale } = wanted.clone();
        self.check_strength(&password, &[email.as_str(), &first_name, &last_name])?;
        // Hashed for every address: it is what takes time.
        let password = self.hasher()?.hash(&password).await?;
        let registration = Registration { password, first_name, last_name, phone, locale };
        self.decide(Look::by(By::Email(EmailKey::of(&email))), |view, ids| {
            register(view, &email, &registration, &self.parts.account_terms, ids)
        })
        .await
    }

    /// Mails the link to confirm an address once more. The answer is the same for every address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resend(&self, email: &Email) -> Result<(), AccountError> {
        let terms = &self.parts.account_terms;
        let decide = |view: &View, ids: &mut Ids| Ok(register::resend(view, email, terms, ids));
        self.decide(Look::by(By::Email(EmailKey::of(email))), decide).await
    }

    /// Confirms an address by the link that was mailed, and logs its owner in.
    ///
    /// # Errors
    /// As [`verify`](crate::account::verify).
    pub async fn verify(&self, token: &LinkToken, device: Option<&str>) -> Result<SignedIn, AccountError> {
        let look = Look { sessions: true, ..Look::by(By::Link(token.hash())) };
        self.decide(look, |view, ids| register::verify(view, device, &self.parts.account_terms, ids)).await
    }

    /// Logs somebody in.
    ///
    /// # Errors
    /// As [`log_in`](crate::account::log_in).
    pub async fn log_in(&self, login: &Login) -> Result<SignedIn, AccountError> {
        let look = Look { sessions: true, ..Look::by(By::Email(EmailKey::of(&login.email))) };
        let device = login.device.as_deref();
        self.decide_checked(look, Shown::new(&login.password), |view, checked, ids| {
            sign_in::log_in(view, checked, device, &self.parts.account_terms, ids)
        })
        .await
    }

    /// Exchanges a refresh token for the next one of its session. One that was exchanged before ends the session.
    ///
    /// # Errors
    /// [`AccountError::Session`].
    pub async fn refresh(&self, token: &RefreshToken) -> Result<SignedIn, AccountError> {
        let look = Look::by(By::Family(token.family()));
        let decide =
            |view: &View, ids: &mut Ids| sign_in::refresh(view, token, &self.parts.account_terms, ids);
        match self.decide(look, decide).await? {
            Refreshed::Renewed(signed_in) => Ok(*signed_in),
            Refreshed::Stolen => Err(AccountError::Session),
        }
    }

    /// Who asks in this session: looked up anew, so that whatever was taken away counts at once.
    ///
    /// # Errors
    /// [`AccountError::Session`] when the session has ended, or the account is active no more.
    pub async fn admit(&self, session: SessionId) -> Result<Admitted, AccountError> {
        sign_in::admit(&self.parts.store.account(&Look::by(By::Session(session))).await?)
    }

    /// Ends the session that a refresh token is of. One that is of none ends nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_out(&self, token: &RefreshToken) -> Result<(), AccountError> {
        let view = self.parts.store.account(&Look::by(By::Family(token.family()))).await?;
        match view.session {
            Some(session) => self.end_session(session.account, session.id).await,
            None => Ok(()),
        }
    }

    /// Ends one session of the account.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] when it has none of this id.
    pub async fn end_session(&self, account: CustomerId, session: SessionId) -> Result<(), AccountError> {
        self.decide(Look::by(By::Session(session)), |view, _| {
            let changes = sign_in::end_session(view, account, session)?;
            Ok(Decided { answer: (), changes })
        })
        .await
    }

    /// Ends every session of the account.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn log_out_everywhere(&self, account: CustomerId) -> Result<(), AccountError> {
        self.decide(Look::by(By::Id(account)), |view, _| {
            let changes = sign_in::log_out_everywhere(account, view.now);
            Ok(Decided { answer: (), changes })
        })
        .await
    }

    /// The sessions of the account that go on, by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sessions(&self, account: CustomerId) -> Result<Vec<Session>, AccountError> {
        let look = Look { sessions: true, ..Look::by(By::Id(account)) };
        Ok(self.parts.store.account(&look).await?.sessions)
    }

    /// Mails a link to set a new password. The answer is the same for every address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ask_reset(&self, email: &Email) -> Result<(), AccountError> {
        let terms = &self.parts.account_terms;
        let decide = |view: &View, ids: &mut Ids| Ok(reset::ask_reset(view, email, terms, ids));
        self.decide(Look::by(By::Email(EmailKey::of(email))), decide).await
    }

    /// Sets a new password by the link that was mailed, and ends every session.
    ///
    /// # Errors
    /// [`AccountError::Link`], [`AccountError::Weak`].
    pub async fn reset_password(&self, token: &LinkToken, new: &Password) -> Result<(), AccountError> {
        let look = Look::by(By::Link(token.hash()));
        // Before any work is spent on the password.
        let view = self.parts.store.account(&look).await?;
        let (account, _) = register::received(&view, account::Purpose::Reset)?;
        self.check_strength(new, &words(&account))?;
        let hash = self.hasher()?.hash(new).await?;
        self.decide(look, |view, ids| reset::reset_password(view, &hash, ids)).await
    }

    /// Sets a new password for somebody who shows the present one, and ends every session but theirs.
    ///
    /// # Errors
    /// [`AccountError::Credentials`], [`AccountError::Weak`].
    pub async fn change_password(
        &self,
        account: CustomerId,
        session: SessionId,
        present: &Password,
        new: &Password,
    ) -> Result<(), AccountError> {
        let look = Look::by(By::Id(account));
        let view = self.parts.store.account(&look).await?;
        self.check_strength(new, &words(view.account.as_ref().ok_or(AccountError::NotFound)?))?;
        // The present one first: a new one is hashed for its owner only.
        let mut present = Shown::new(present);
        sign_in::owner(&view, present.checked(&self.parts, view.account.as_ref()).await?)?;
        let hash = self.hasher()?.hash(new).await?;
        self.decide_checked(look, present, |view, checked, ids| {
            reset::change_password(view, session, checked, &hash, ids)
        })
        .await
    }

    /// Asks for another e-mail address: both are mailed a link to confirm it.
    ///
    /// # Errors
    /// As [`ask_email_change`](crate::account::ask_email_change).
    pub async fn ask_email_change(
        &self,
        account: CustomerId,
        password: &Password,
        new: &Email,
    ) -> Result<(), AccountError> {
        let look = Look { email: Some(EmailKey::of(new)), ..Look::by(By::Id(account)) };
        self.decide_checked(look, Shown::new(password), |view, checked, ids| {
            email_change::ask_email_change(view, checked, new, &self.parts.account_terms, ids)
        })
        .await
    }

    /// Confirms a change of address by one of the links that were mailed.
    ///
    /// # Errors
    /// As [`confirm_email_change`](crate::account::confirm_email_change).
    pub async fn confirm_email_change(&self, token: &LinkToken) -> Result<Confirmed, AccountError> {
        let by = Look::by(By::Link(token.hash()));
        let waiting = self.parts.store.account(&by).await?.account.and_then(|account| account.email_change);
        let look = Look { email: waiting.map(|change| EmailKey::of(&change.email)), ..by };
        self.decide(look, email_change::confirm_email_change).await
    }

    /// An account.
    ///
    /// # Errors
    /// [`AccountError::NotFound`].
    pub async fn account(&self, id: CustomerId) -> Result<Account, AccountError> {
        let view = self.parts.store.account(&Look::by(By::Id(id))).await?;
        view.account.ok_or(AccountError::NotFound)
    }

    /// Up to `limit` accounts, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn accounts(&self, search: &Search, limit: u32) -> Result<Vec<Account>, AccountError> {
        Ok(self.parts.store.accounts(search, limit).await?)
    }

    /// Changes names, phone and language of an account, if it is at the version `expected`.
    ///
    /// # Errors
    /// As [`change_profile`](crate::account::change_profile).
    pub async fn change_profile(
        &self,
        account: CustomerId,
        new: &Profile,
        expected: Option<u64>,
    ) -> Result<Account, AccountError> {
        self.decide(Look::by(By::Id(account)), |view, _| profile::change_profile(view, new, expected)).await
    }

    /// The addresses of an account, by id.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn addresses(&self, account: CustomerId) -> Result<Vec<SavedAddress>, AccountError> {
        let look = Look { addresses: true, ..Look::by(By::Id(account)) };
        Ok(self.parts.store.account(&look).await?.addresses)
    }

    /// Writes an address of the account down: a new one, or in place of the one of this id.
    ///
    /// # Errors
    /// As [`save_address`](crate::account::save_address).
    pub async fn save_address(
        &self,
        account: CustomerId,
        id: Option<AddressId>,
        new: &NewAddress,
    ) -> Result<SavedAddress, AccountError> {
        let look = Look { addresses: true, ..Look::by(By::Id(account)) };
        self.decide(look, |view, ids| address_book::save_address(view, id, new, ids)).await
    }

    /// Deletes an address of the account.
    ///
    /// # Errors
    /// As [`remove_address`](crate::account::remove_address).
    pub async fn remove_address(&self, account: CustomerId, id: AddressId) -> Result<(), AccountError> {
        let look = Look { addresses: true, ..Look::by(By::Id(account)) };
        self.decide(look, |view, _| address_book::remove_address(view, id)).await
    }

    /// Changes what an account is to the shop, if it is at the version `expected`.
    ///
    /// # Errors
    /// As [`change_standing`](crate::account::change_standing).
    pub async fn change_standing(
        &self,
        by: &Caller,
        account: CustomerId,
        new: &Standing,
        expected: Option<u64>,
    ) -> Result<Account, AccountError> {
        let look = Look::by(By::Id(account));
        self.decide(look, |view, ids| standing::change_standing(view, by, new, expected, ids)).await
    }

    /// Ends every session of an account, whose owner may log in again.
    ///
    /// # Errors
    /// As [`end_sessions`](crate::account::end_sessions).
    pub async fn end_sessions(&self, by: &Caller, account: CustomerId) -> Result<(), AccountError> {
        self.decide(Look::by(By::Id(account)), |view, ids| standing::end_sessions(view, by, ids)).await
    }

    /// Ends every session of every account. Whoever logs in at this moment may stay.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn end_every_session(&self, by: &Caller) -> Result<(), AccountError> {
        let now = self.parts.clock.now();
        let changes = standing::end_every_session(now, by, &mut self.parts.ids(now));
        self.apply(&changes).await
    }

    /// Makes an account for somebody else: the first administrator, somebody who begins to work for the shop. Without a
    /// password its owner asks for one by mail.
    ///
    /// # Errors
    /// [`AccountError::Weak`]; and as [`create_account`](crate::account::create_account).
    pub async fn create(
        &self,
        by: &Caller,
        email: &Email,
        password: Option<&Password>,
        names: (&str, &str),
        role: Role,
    ) -> Result<Account, AccountError> {
        let (first_name, last_name) = (names.0.to_owned(), names.1.to_owned());
        let password = match password {
            None => None,
            Some(password) => {
                self.check_strength(password, &[email.as_str(), names.0, names.1])?;
                Some(self.hasher()?.hash(password).await?)
            }
        };
        let new = NewAccount { email: email.clone(), password, first_name, last_name, role };
        let look = Look::by(By::Email(EmailKey::of(email)));
        self.decide(look, |view, ids| standing::create_account(view, by, &new, ids)).await
    }

    /// Forgets links that have expired and sessions that have long been over: a job for now and then.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget(&self, before: Timestamp) -> Result<(), AccountError> {
        let mut changes = ChangeSet::default();
        changes.account.forget_before = Some(before);
        self.apply(&changes).await
    }

    /// Commits what depends on nothing that was read.
    async fn apply(&self, changes: &ChangeSet) -> Result<(), AccountError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            match self.parts.store.commit(changes).await {
                Ok(()) => return Ok(()),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn decide<T>(
        &self,
        look: Look,
        decide: impl Fn(&View, &mut Ids) -> Result<Decided<T>, AccountError>,
    ) -> Result<T, AccountError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.account(&look).await?;
            let decided = decide(&view, &mut self.parts.ids(view.now))?;
            match self.commit(decided).await {
                Ok(answer) => return Ok(answer),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    /// The same, with a password that the owner of the account shows.
    async fn decide_checked<T>(
        &self,
        look: Look,
        mut password: Shown<'_>,
        decide: impl Fn(&View, &Checked, &mut Ids) -> Result<Decided<T>, AccountError>,
    ) -> Result<T, AccountError> {
        let mut attempts = Attempts::new(&self.parts);
        loop {
            let view = self.parts.store.account(&look).await?;
            let checked = password.checked(&self.parts, view.account.as_ref()).await?;
            let decided = decide(&view, checked, &mut self.parts.ids(view.now))?;
            match self.commit(decided).await {
                Ok(answer) => return Ok(answer),
                Err(error) => attempts.again(error).await?,
            }
        }
    }

    async fn commit<T>(&self, decided: Decided<T>) -> Result<T, CommitError> {
        let Decided { answer, mut changes } = decided;
        if changes != ChangeSet::default() {
            self.parts.commit(&mut changes).await?;
        }
        Ok(answer)
    }

    fn check_strength(&self, password: &Password, words: &[&str]) -> Result<(), AccountError> {
        let terms = &self.parts.account_terms;
        let words: Vec<&str> =
            words.iter().copied().chain(terms.guessable.iter().map(String::as_str)).collect();
        let strength = self.hasher()?.strength(password, &words);
        Ok(terms.passwords.check(password, strength)?)
    }

    fn hasher(&self) -> Result<&Arc<dyn PasswordHasher>, AccountError> {
        self.parts.hasher()
    }
}

/// What a guesser of this account's password tries first.
fn words(account: &Account) -> [&str; 3] {
    [account.email.as_str(), &account.first_name, &account.last_name]
}
