//! `/api/auth/`: registering, logging in, going on and logging out.

use commerce_core::TokenHash;
use commerce_core::account::{EmailKey, LinkToken, Login, Password, RefreshToken, SignedIn as Entered};
use commerce_core::cart::{CartToken, Member};
use commerce_core::customer::Email;
use commerce_core::limit::Budget;
use poem::http::header;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::access::SignedIn;
use super::{Shop, Tag};
use crate::access_token::LIFETIME;
use crate::layer::Counter;
use crate::settle::settle;
use crate::wire::{
    AcceptedDto, Answer, Body, ChangePasswordBody, Check, Code, Done, EmailBody, Flag, LinkBody, LoginBody,
    LogoutBody, Problem, RefreshBody, Refused, RegisterBody, ResetBody, TokenPairDto, statuses,
};

statuses! {
    /// Refusals of what anybody may ask for.
    Asked:
        400 "The body cannot be understood.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `weak-password`, `link-invalid`.";
    /// Refusals of a login.
    LoggingIn:
        400 "The body cannot be understood.",
        401 "The address or the password is wrong: `invalid-credentials`.",
        403 "The password is right, but: `email-not-verified`, `account-inactive`.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`.";
    /// Refusals of going on.
    GoingOn:
        400 "The body cannot be understood.",
        401 "The session is over, or the token is none of it: log in again.",
        413 "The body is too large.",
        415 "The body is not JSON.";
    /// Refusals of a change of password.
    ChangingPassword:
        400 "The body cannot be understood.",
        401 "No valid access token, or the present password is wrong: `invalid-credentials`.",
        403 "Programs have no password.",
        413 "The body is too large.",
        415 "The body is not JSON.",
        422 "A rule is broken: `validation-failed`, `weak-password`.";
}

/// The answer to whoever registers, whether the address is known or not.
fn check_your_mail() -> AcceptedDto {
    AcceptedDto { detail: "check your mail".to_owned() }
}

pub(crate) struct AuthApi {
    pub(super) shop: Shop,
}

#[OpenApi(prefix_path = "/api/auth", tag = "Tag::Accounts")]
impl AuthApi {
    /// Registers
    ///
    /// The answer is the same whether the address has an account or not; what follows is mailed.
    #[oai(path = "/register/", method = "post", operation_id = "register")]
    async fn register(
        &self,
        request: &poem::Request,
        body: Body<RegisterBody>,
    ) -> Result<Answer<AcceptedDto, 202>, Refused<Asked>> {
        let command = body.value.command()?;
        tries(request)?.take(Budget::VerifyAccount, &subject(&command.email)).await?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.register(&command).await }).await?;
        Ok(Answer::new(&check_your_mail())?)
    }

    /// Confirms an e-mail address by the token that was mailed, and logs in
    #[oai(path = "/email/verify/", method = "post", operation_id = "verifyEmail")]
    async fn verify(
        &self,
        request: &poem::Request,
        body: Body<LinkBody>,
    ) -> Result<Answer<TokenPairDto>, Refused<Asked>> {
        let (token, device) = (link(&body.value.token)?, device(request));
        let accounts = self.shop.engine.accounts();
        let entered = settle(async move { accounts.verify(&token, device.as_deref()).await }).await?;
        Ok(Answer::new(&self.pair(&entered)?)?)
    }

    /// Mails the token to confirm an e-mail address once more
    #[oai(path = "/email/resend/", method = "post", operation_id = "resendVerification")]
    async fn resend(
        &self,
        request: &poem::Request,
        body: Body<EmailBody>,
    ) -> Result<Answer<AcceptedDto, 202>, Refused<Asked>> {
        let email = email("/email", &body.value.email)?;
        tries(request)?.take(Budget::VerifyAccount, &subject(&email)).await?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.resend(&email).await }).await?;
        Ok(Answer::new(&check_your_mail())?)
    }

    /// Logs in
    ///
    /// With `cart_token` the cart of that token is merged into the one of the account, as the shop has decided. What cannot
    /// be merged stays with the token, and is told.
    #[oai(path = "/login/", method = "post", operation_id = "login")]
    async fn login(
        &self,
        request: &poem::Request,
        body: Body<LoginBody>,
    ) -> Result<Answer<TokenPairDto>, Refused<LoggingIn>> {
        let mut check = Check::default();
        let email = check.parse::<Email>("/email", &body.value.email);
        let password = check.parse::<Password>("/password", &body.value.password);
        let (email, password) = check.finish(email.zip(password))?;
        let account = subject(&email);
        // The log names an account by a part of its hash: who has the log has no list of addresses.
        tracing::Span::current()
            .record("caller", tracing::field::display(format_args!("login:{}", &account[..12])));
        let login = Login { email, password, device: device(request) };
        let accounts = self.shop.engine.accounts();
        let entered = tried(request, &account, async move { accounts.log_in(&login).await }).await?;
        tracing::info!(account = %entered.account.id, session = %entered.session.id, "logged in");
        let mut pair = self.pair(&entered)?;
        // One that opens no cart has nothing to merge.
        if let Some(Ok(token)) = body.value.cart_token.as_deref().map(str::parse::<CartToken>) {
            let (carts, member) = (self.shop.engine.carts(), Member::from(&entered.account));
            // Whoever is logged in stays so: the token goes on opening its cart, and the next login merges it.
            match settle(async move { carts.merge(&member, &token).await }).await {
                Ok(merged) => pair.cart_merge = Some(merged.into()),
                Err(problem) => tracing::warn!(%problem, cause = problem.cause(), "a cart was not merged"),
            }
        }
        Ok(Answer::new(&pair)?)
    }

    /// Exchanges a refresh token for the next pair
    ///
    /// Each is good once. One that comes back after it was spent ends the session: somebody may have a copy.
    #[oai(path = "/refresh/", method = "post", operation_id = "refresh")]
    async fn refresh(&self, body: Body<RefreshBody>) -> Result<Answer<TokenPairDto>, Refused<GoingOn>> {
        let token: RefreshToken = body.value.refresh_token.parse().map_err(|_| over())?;
        let accounts = self.shop.engine.accounts();
        let entered = settle(async move { accounts.refresh(&token).await }).await?;
        Ok(Answer::new(&self.pair(&entered)?)?)
    }

    /// Logs out: ends this session, and that of the refresh token, or with `all=true` every session of the account
    ///
    /// A refresh token that is good no more ends nothing beside this session.
    #[oai(path = "/logout/", method = "post", operation_id = "logout")]
    async fn logout(
        &self,
        who: SignedIn,
        /// Whether every session of the account is ended.
        all: Query<Option<Flag>>,
        body: Body<LogoutBody, false>,
    ) -> Result<Done, Refused<ChangingPassword>> {
        let mut check = Check::default();
        let all = all.0.and_then(|flag| flag.check("/all", &mut check)).unwrap_or(false);
        check.finish(Some(()))?;
        let accounts = self.shop.engine.accounts();
        let token = body.value.refresh_token.map(|text| text.parse::<RefreshToken>());
        settle(async move {
            match token {
                _ if all => accounts.log_out_everywhere(who.id()).await,
                Some(Ok(token)) => {
                    // First, for who repeats the request asks in a session that goes on.
                    accounts.log_out(&token).await?;
                    accounts.end_session(who.id(), who.session).await
                }
                Some(Err(_)) | None => accounts.end_session(who.id(), who.session).await,
            }
        })
        .await?;
        Ok(Done)
    }

    /// Mails a token to set a new password
    ///
    /// The answer is the same whether the address has an account or not.
    #[oai(path = "/password/reset/", method = "post", operation_id = "requestPasswordReset")]
    async fn ask_reset(
        &self,
        request: &poem::Request,
        body: Body<EmailBody>,
    ) -> Result<Answer<AcceptedDto, 202>, Refused<Asked>> {
        let email = email("/email", &body.value.email)?;
        tries(request)?.take(Budget::ResetAccount, &subject(&email)).await?;
        let accounts = self.shop.engine.accounts();
        settle(async move { accounts.ask_reset(&email).await }).await?;
        Ok(Answer::new(&check_your_mail())?)
    }

    /// Sets a new password by the token that was mailed, and ends every session
    #[oai(path = "/password/reset/confirm/", method = "post", operation_id = "resetPassword")]
    async fn reset(&self, body: Body<ResetBody>) -> Result<Done, Refused<Asked>> {
        let token = link(&body.value.token)?;
        let new = password("/new_password", &body.value.new_password)?;
        let accounts = self.shop.engine.accounts();
        settle(async move {
            accounts
                .reset_password(&token, &new)
                .await
                .map_err(|error| Problem::from(error).at("/new_password"))
        })
        .await?;
        tracing::info!("a password was set by a link");
        Ok(Done)
    }

    /// Sets a new password, and ends every session but this one
    #[oai(path = "/password/change/", method = "post", operation_id = "changePassword")]
    async fn change(
        &self,
        request: &poem::Request,
        who: SignedIn,
        body: Body<ChangePasswordBody>,
    ) -> Result<Done, Refused<ChangingPassword>> {
        let present = password("/current_password", &body.value.current_password)?;
        let new = password("/new_password", &body.value.new_password)?;
        // Whoever has a session of somebody else's does not try their password at leisure.
        let account = subject(&who.account.email);
        let accounts = self.shop.engine.accounts();
        tried(request, &account, async move {
            accounts
                .change_password(who.id(), who.session, &present, &new)
                .await
                .map_err(|error| Problem::from(error).at("/new_password"))
        })
        .await?;
        tracing::info!("a password was changed");
        Ok(Done)
    }

    fn pair(&self, entered: &Entered) -> Result<TokenPairDto, Problem> {
        let Entered { account, session, refresh } = entered;
        // What opened the session, or went on with it, did so just now by the store's clock.
        let access_token = self.shop.access_tokens.sign(account.id, session.id, session.last_used_at);
        Ok(TokenPairDto {
            access_token: access_token.ok_or_else(|| Problem::internal("no access token could be signed"))?,
            refresh_token: refresh.reveal(),
            token_type: "Bearer".to_owned(),
            expires_in: LIFETIME.as_secs(),
            user: account.into(),
            cart_merge: None,
        })
    }
}

/// What counts tries at an account: from wherever they come, and whether there is one or not.
pub(super) fn tries(request: &poem::Request) -> Result<&Counter, Problem> {
    request.data().ok_or_else(|| Problem::internal("nobody counts"))
}

/// Does what needs the password of this account, as limiters know it, and counts it as a try. One that did not show the
/// password to be wrong is given back: whoever knows it has not guessed it, and nobody is locked out because a store fails.
pub(super) async fn tried<T, E>(
    request: &poem::Request,
    account: &str,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    let counter = tries(request)?;
    counter.take(Budget::LoginAccount, account).await?;
    let done = settle(work).await;
    if !done.as_ref().is_err_and(|problem| problem.code() == Code::InvalidCredentials) {
        counter.give_back(Budget::LoginAccount, account).await;
    }
    done
}

/// The account as limiters know it.
pub(super) fn subject(email: &Email) -> String {
    TokenHash::of(EmailKey::of(email).as_str().as_bytes()).to_hex()
}

/// What the client says it is.
fn device(request: &poem::Request) -> Option<String> {
    let said = request.headers().get(header::USER_AGENT)?;
    Some(String::from_utf8_lossy(said.as_bytes()).into_owned())
}

/// The token of a link; what cannot be one is answered like one that was used.
pub(super) fn link(text: &str) -> Result<LinkToken, Problem> {
    text.parse().map_err(|_| commerce_core::account::AccountError::Link.into())
}

pub(super) fn email(pointer: &str, text: &str) -> Result<Email, Problem> {
    let mut check = Check::default();
    let email = check.parse(pointer, text);
    check.finish(email)
}

pub(super) fn password(pointer: &str, text: &str) -> Result<Password, Problem> {
    let mut check = Check::default();
    let password = check.parse(pointer, text);
    check.finish(password)
}

fn over() -> Problem {
    Problem::new(Code::Unauthenticated, "log in again").header(
        header::WWW_AUTHENTICATE,
        poem::http::HeaderValue::from_static("Bearer error=\"invalid_token\""),
    )
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use commerce_core::access::{Caller, Role};
    use commerce_core::testkit::{Intercept, Intercepted, MockClock, PretendHasher};
    use commerce_core::{Clock, Engine, Store};

    use super::*;
    use crate::access_token::AccessTokens;
    use crate::admin_token::AdminAccess;
    use crate::api::access::Door;
    use crate::config::TokenAlgorithm;
    use crate::order_token::OrderTokens;
    use crate::views::Views;

    /// A server whose clock is an hour ahead of the store.
    struct Ahead;

    impl Intercept for Ahead {
        fn clock(&self, store: &dyn Store) -> Arc<dyn Clock> {
            Arc::new(MockClock::at(store.clock().now().plus(Duration::from_secs(3_600))))
        }
    }

    /// Tokens go by the store's clock, whatever the server's own says.
    #[tokio::test]
    async fn a_server_whose_clock_is_wrong_lets_in_who_is_logged_in() {
        let store = Arc::new(commerce_storage_sqlite::SqliteStore::in_memory().await.unwrap());
        let engine =
            Engine::builder(Intercepted::new(store, Ahead)).password_hasher(Arc::new(PretendHasher)).build();
        let password: Password = "tr0mbone & oar 99".parse().unwrap();
        let by = Caller::Operator { name: "admin".to_owned() };
        let email = "ada@example.com".parse().unwrap();
        engine.accounts().create(&by, &email, Some(&password), ("Ada", "Obi"), Role::Customer).await.unwrap();
        let entered = engine.accounts().log_in(&Login { email, password, device: None }).await.unwrap();
        let secret = "secret".repeat(8).into();
        let access_tokens = AccessTokens::new(&secret, None, TokenAlgorithm::Hs256);
        let order_tokens = OrderTokens::new(&secret, None);
        let shop = Shop {
            engine: engine.clone(),
            cached: None,
            order_tokens,
            access_tokens: access_tokens.clone(),
            views: Views::new().0,
            pictures: crate::media::Pictures::new(&crate::media::PictureTerms::default()),
            returns: crate::wire::ReturnUrls::default(),
            import_bytes_max: 0,
        };
        let pair = AuthApi { shop }.pair(&entered).unwrap();
        let bearer = format!("Bearer {}", pair.access_token);
        let request = poem::Request::builder().header(header::AUTHORIZATION, bearer).finish();
        let door = Door { engine, access_tokens, admin: AdminAccess::new(None) };
        let known = door.who(&request).await.unwrap_or_else(|problem| panic!("{problem}")).unwrap();
        assert_eq!(known.caller.account(), Some(entered.account.id));
    }
}
