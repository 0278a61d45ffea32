//! Who asks: a shopper or somebody of the shop who is logged in, a program with its key, or whoever holds the token of the
//! configuration. All of them show it in the header `Authorization`, and each is looked up with every request.

use std::collections::HashMap;
use std::time::Duration;

use commerce_core::access::{ApiSecret, Caller, KeyError, Permission};
use commerce_core::account::{Account, AccountError, Admitted};
use commerce_core::audit::Actor;
use commerce_core::{CustomerId, Engine, SellerId, SessionId};
use poem::http::header;
use poem::{Request, RequestBody, Result};
use poem_openapi::registry::{MetaOperation, MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use tokio::time::timeout;

use super::token::ORDER_TOKEN;
use crate::access_token::AccessTokens;
use crate::admin_token::AdminAccess;
use crate::wire::{Code, Problem};

/// What it takes to find out who asks.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) engine: Engine,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) admin: AdminAccess,
}

/// Who was found to ask, and their account when they have one.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) caller: Caller,
    pub(crate) account: Option<Account>,
}

impl Known {
    /// The account that is logged in, when it is one.
    fn signed_in(self) -> Option<SignedIn> {
        match self {
            Self { caller: Caller::Account { session, .. }, account: Some(account) } => {
                Some(SignedIn { account, session })
            }
            _ => None,
        }
    }
}

/// What came of looking for who asks, kept with the request: nobody is looked for twice, found or not.
#[derive(Clone)]
struct Looked(Result<Option<Known>, Problem>);

impl Door {
    /// Who asks; `None`: they show nothing. They are looked for once for each request that is [looked at](Self::look).
    pub(crate) async fn who(&self, request: &Request) -> Result<Option<Known>, Problem> {
        match request.data::<Looked>() {
            Some(Looked(found)) => found.clone(),
            None => self.look_up(request).await,
        }
    }

    /// Looks for who asks, for no longer than `patience`, and keeps what came of it with the request. `None` is also whoever
    /// shows something that is no good, or cannot be found now: what is wrong [`who`](Self::who) says.
    pub(crate) async fn look(&self, request: &mut Request, patience: Duration) -> Option<Known> {
        let found = timeout(patience, self.look_up(request)).await;
        let found = found.unwrap_or_else(|late| Err(Problem::unavailable(late)));
        let known = found.as_ref().ok().cloned().flatten();
        request.set_data(Looked(found));
        known
    }

    /// Whether they show what looks like the key of a program. Anybody can make one up, and whether it is one the store says.
    pub(crate) fn is_shown_a_key(request: &Request) -> bool {
        let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        shown.is_some_and(|shown| key(shown).is_some())
    }

    /// Whether whoever was [looked for](Self::look) may do this.
    pub(crate) fn lets(request: &Request, permission: Permission) -> bool {
        let looked = request.data::<Looked>().and_then(|looked| looked.0.as_ref().ok()?.as_ref());
        looked.is_some_and(|known| known.caller.may(permission))
    }

    async fn look_up(&self, request: &Request) -> Result<Option<Known>, Problem> {
        let mut sent = request.headers().get_all(header::AUTHORIZATION).iter();
        let Some(first) = sent.next() else { return Ok(None) };
        let shown =
            bearer(first.as_bytes()).filter(|_| sent.next().is_none()).ok_or_else(|| self.refused())?;
        if self.admin.opens(shown) {
            let caller = Caller::Operator { name: "admin".to_owned() };
            return Ok(Some(Known { caller, account: None }));
        }
        if let Some(secret) = key(shown) {
            return match self.engine.access().admit(&secret).await {
                Ok(caller) => Ok(Some(Known { caller, account: None })),
                Err(KeyError::NotFound) => Err(self.refused()),
                Err(error) => Err(error.into()),
            };
        }
        let shown = std::str::from_utf8(shown).map_err(|_| self.refused())?;
        let claims = self.access_tokens.read(shown).ok_or_else(|| self.refused())?;
        match self.engine.accounts().admit(claims.session()).await {
            Ok(Admitted { caller, account, at }) if account.id == claims.account() && claims.are_good(at) => {
                Ok(Some(Known { caller, account: Some(account) }))
            }
            Ok(_) | Err(AccountError::Session) => Err(self.refused()),
            Err(error) => Err(error.into()),
        }
    }

    fn refused(&self) -> Problem {
        let problem = |detail| Problem::not_admin(detail, "Bearer error=\"invalid_token\"");
        match self.admin.is_configured() {
            true => problem("the token is not valid, or not any more: log in again"),
            false => problem(
                "the token is not valid, or not any more: log in again. An admin token opens nothing here, as the \
                 server has none: set COMMERCE_ADMIN_TOKEN, or admin_token in commerce.toml",
            ),
        }
    }

    /// The account that asks; `None` also when what they show is no good, for operations that are for anybody.
    pub(in crate::api) async fn account(request: &Request) -> Option<CustomerId> {
        let known = Self::of(request).ok()?.who(request).await.ok()??;
        known.account.map(|account| account.id)
    }

    fn of(request: &Request) -> Result<&Self, Problem> {
        request.data().ok_or_else(|| Problem::internal("nobody knows who asks"))
    }
}

fn missing(door: &Door) -> Problem {
    const CLOSED: &str = "log in and send the access token, or a program's key: Authorization: Bearer TOKEN. As long as \
        nobody can log in, set COMMERCE_ADMIN_TOKEN, or admin_token in commerce.toml, or run `commerce admin create`";
    const SEND: &str =
        "send an access token, a program's key or the admin token: Authorization: Bearer TOKEN";
    Problem::not_admin(if door.admin.is_configured() { SEND } else { CLOSED }, "Bearer")
}

/// What stands behind the word `Bearer`, whose case does not count.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (word, token) = value.split_at_checked(7)?;
    word.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// The key of a program, if it looks like one.
fn key(shown: &[u8]) -> Option<ApiSecret> {
    std::str::from_utf8(shown).ok()?.parse().ok()
}

/// Somebody who may do what has this place among [`Permission::ALL`]. It is looked for before anything else of the request
/// is.
pub(in crate::api) struct Permitted<const PERMISSION: usize> {
    pub(in crate::api) caller: Caller,
}

impl<const PERMISSION: usize> Permitted<PERMISSION> {
    /// By which name changes are kept.
    pub(in crate::api) fn actor(&self) -> Actor {
        self.caller.actor()
    }

    /// Whether they may do this too.
    pub(in crate::api) fn also(&self, wanted: Permission) -> Result<(), Problem> {
        also(&self.caller, wanted)
    }

    fn of(caller: Caller) -> Result<Self, Problem> {
        // A merchant may do some of this with what is their own; until an operation knows whose it is, it is not theirs.
        let may = Permission::ALL.get(PERMISSION).is_some_and(|wanted| caller.may(*wanted));
        if may && caller.seller().is_none() {
            Ok(Self { caller })
        } else {
            Err(Problem::new(Code::Forbidden, "you may not do this"))
        }
    }
}

fn also(caller: &Caller, wanted: Permission) -> Result<(), Problem> {
    if caller.may(wanted) {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, format!("you may not do this: it takes {}", wanted.as_str())))
}

/// Somebody who may do what has this place among [`Permission::ALL`], perhaps with what is their own alone: the operation
/// hands the caller on to the engine, which says whose [`Caller::seller`] leaves.
pub(in crate::api) struct Within<const PERMISSION: usize> {
    pub(in crate::api) caller: Caller,
}

impl<const PERMISSION: usize> Within<PERMISSION> {
    /// Whether they may do this too.
    pub(in crate::api) fn also(&self, wanted: Permission) -> Result<(), Problem> {
        also(&self.caller, wanted)
    }

    /// By which name changes are kept.
    pub(in crate::api) fn actor(&self) -> Actor {
        self.caller.actor()
    }
}

/// A merchant who may do what has this place among [`Permission::ALL`] with what they sell, and with nothing else.
pub(in crate::api) struct Sells<const PERMISSION: usize> {
    /// As whom they sell.
    pub(in crate::api) seller: SellerId,
}

/// Somebody who perhaps may do what has this place among [`Permission::ALL`]: of what is for them and for others too.
pub(in crate::api) enum Perhaps<const PERMISSION: usize> {
    /// They may.
    Permitted(Permitted<PERMISSION>),
    /// They may not, and have an account: what is their own they may.
    Own(Box<SignedIn>),
    /// What they show does not let them, with what that is answered; but they show the token of an order too.
    Refused(Problem),
    /// They show nothing, with what that is answered where something has to be shown.
    Nobody(Problem),
}

/// Somebody who may do what stands behind the name, one for each permission that an operation asks for.
macro_rules! may {
    ($($who:ident $name:ident $permission:ident;)+) => {$(
        pub(in crate::api) type $name = $who<{ Permission::$permission as usize }>;
    )+};
}

may! {
    Permitted MayWriteShared CatalogWrite;
    Permitted MayReadOrders OrdersRead;
    Permitted MayWriteOrders OrdersWrite;
    Permitted MayReadRules RulesRead;
    Permitted MayWriteRules RulesWrite;
    Permitted MayReadCoupons CouponsRead;
    Permitted MayWriteCoupons CouponsWrite;
    Permitted MayReadAudit AuditRead;
    Permitted MayReadSettings SettingsRead;
    Permitted MayWriteSettings SettingsWrite;
    Permitted MayReadPayments PaymentsRead;
    Permitted MayCollectPayments PaymentsCollect;
    Permitted MayResolvePayments PaymentsResolve;
    Permitted MayRefund OrdersRefund;
    Permitted MayReadCustomers CustomersRead;
    Permitted MayWriteCustomers CustomersWrite;
    Permitted MayReadKeys KeysRead;
    Permitted MayWriteKeys KeysWrite;
    Permitted MayWriteWarehouses InventoryWrite;
    Within MayReadStock InventoryRead;
    Within MayWriteStock InventoryWrite;
    Within MayReadProducts CatalogRead;
    Within MayWriteProducts CatalogWrite;
    Permitted MayModerateReviews ReviewsModerate;
}

/// A merchant who sees what was ordered of what they sell.
pub(in crate::api) type SeesSold = Sells<{ Permission::OrdersRead as usize }>;

/// Somebody who perhaps sees every order.
pub(in crate::api) type PerhapsReadsOrders = Perhaps<{ Permission::OrdersRead as usize }>;

/// Somebody who perhaps calls off any order.
pub(in crate::api) type PerhapsCancelsOrders = Perhaps<{ Permission::OrdersCancel as usize }>;

/// Somebody who perhaps changes any order.
pub(in crate::api) type PerhapsWritesOrders = Perhaps<{ Permission::OrdersWrite as usize }>;

/// Whoever asks for what everybody may see, of which those who keep the catalogue see more. What is shown and is no good
/// shows what everybody sees: a shop's pages do not go dark because a login is over.
pub(in crate::api) struct Onlooker {
    /// Who asks, when they see more.
    pub(in crate::api) keeper: Option<Caller>,
}

/// Somebody with an account who is logged in.
pub(in crate::api) struct SignedIn {
    pub(in crate::api) account: Account,
    pub(in crate::api) session: SessionId,
}

impl SignedIn {
    pub(in crate::api) fn id(&self) -> CustomerId {
        self.account.id
    }
}

/// Whoever asks for what guests may do too: somebody who is logged in, or anybody else. What is shown and is no good is
/// refused, lest somebody whose login is over goes on as a guest without knowing it.
pub(in crate::api) struct Visitor {
    pub(in crate::api) caller: Caller,
    pub(in crate::api) account: Option<Account>,
}

fn register(registry: &mut Registry) {
    let scheme = MetaSecurityScheme {
        ty: "http",
        description: Some(
            "An access token from `/api/auth/login/`, the key of a program, or the admin token of the configuration.",
        ),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    registry.create_security_scheme(SCHEME, scheme);
}

const SCHEME: &str = "Bearer";

/// Writes the permission that an operation asks for as the scope of the one scheme that there is.
pub(in crate::api) fn scoped(operation: &mut MetaOperation) {
    if let Some(permission) = permission_of(operation) {
        let wanted = HashMap::from([(SCHEME, vec![permission.as_str()])]);
        // Others may do it too, with what is their own: an alternative without a scheme stays one.
        let others = operation.security.iter().any(HashMap::is_empty).then(HashMap::new);
        operation.security = std::iter::once(wanted).chain(others).collect();
    }
}

/// The permission that an operation asks for.
pub(crate) fn permission_of(operation: &MetaOperation) -> Option<Permission> {
    let mut named =
        operation.security.iter().flatten().flat_map(|(scheme, scopes)| scopes.iter().chain([scheme]));
    named.find_map(|name| name.parse().ok())
}

/// Somebody who is looked for before anything else of the request is, by what the header `Authorization` shows.
trait Asks: Sized {
    /// What the contract says that they show.
    fn schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    /// Whether it is for others too, who show nothing there.
    const OTHERS: bool = false;

    /// Who it is.
    async fn find(door: &Door, request: &Request) -> Result<Self, Problem>;
}

impl<const PERMISSION: usize> Asks for Permitted<PERMISSION> {
    // The permission stands for the scheme, until the contract is written: see `scoped`.
    fn schemes() -> Vec<&'static str> {
        Permission::ALL.get(PERMISSION).map_or_else(Vec::new, |permission| vec![permission.as_str()])
    }

    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let Known { caller, .. } = door.who(request).await?.ok_or_else(|| missing(door))?;
        Self::of(caller)
    }
}

impl<const PERMISSION: usize> Asks for Within<PERMISSION> {
    fn schemes() -> Vec<&'static str> {
        Permitted::<PERMISSION>::schemes()
    }

    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let Known { caller, .. } = door.who(request).await?.ok_or_else(|| missing(door))?;
        if Permission::ALL.get(PERMISSION).is_some_and(|wanted| caller.may(*wanted)) {
            Ok(Self { caller })
        } else {
            Err(Problem::new(Code::Forbidden, "you may not do this"))
        }
    }
}

impl<const PERMISSION: usize> Asks for Sells<PERMISSION> {
    fn schemes() -> Vec<&'static str> {
        Permitted::<PERMISSION>::schemes()
    }

    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let Known { caller, .. } = door.who(request).await?.ok_or_else(|| missing(door))?;
        let may = Permission::ALL.get(PERMISSION).is_some_and(|wanted| caller.may(*wanted));
        let seller = caller.seller().filter(|_| may).map(|seller| Self { seller });
        seller.ok_or_else(|| Problem::new(Code::Forbidden, "this is for merchants, about what they sell"))
    }
}

impl<const PERMISSION: usize> Asks for Perhaps<PERMISSION> {
    fn schemes() -> Vec<&'static str> {
        Permitted::<PERMISSION>::schemes()
    }

    const OTHERS: bool = true;

    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let refused = match door.who(request).await {
            Ok(None) => return Ok(Self::Nobody(missing(door))),
            Ok(Some(known)) => match Permitted::of(known.caller.clone()) {
                Ok(permitted) => return Ok(Self::Permitted(permitted)),
                Err(refused) => match known.signed_in() {
                    Some(own) => return Ok(Self::Own(Box::new(own))),
                    None => refused,
                },
            },
            Err(refused) => refused,
        };
        if request.headers().contains_key(ORDER_TOKEN) { Ok(Self::Refused(refused)) } else { Err(refused) }
    }
}

impl Asks for Onlooker {
    const OTHERS: bool = true;

    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let known = door.who(request).await.ok().flatten();
        let keeper = known.map(|known| known.caller).filter(|caller| caller.may(Permission::CatalogRead));
        Ok(Self { keeper })
    }
}

impl Asks for Visitor {
    const OTHERS: bool = true;

    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let known = door.who(request).await?.unwrap_or(Known { caller: Caller::Guest, account: None });
        Ok(Self { caller: known.caller, account: known.account })
    }
}

impl Asks for SignedIn {
    async fn find(door: &Door, request: &Request) -> Result<Self, Problem> {
        let shown = door.who(request).await?;
        let missing =
            || Problem::not_admin("log in and send the access token: Authorization: Bearer TOKEN", "Bearer");
        let programs =
            || Problem::new(Code::Forbidden, "this is for accounts; programs and operators have none");
        shown.ok_or_else(missing)?.signed_in().ok_or_else(programs)
    }
}

/// Makes parameters of operations of them.
macro_rules! asked {
    ($([$($generic:tt)*] $who:ty;)+) => {$(
        impl<'a, $($generic)*> ApiExtractor<'a> for $who {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register(registry);
            }

            fn security_schemes() -> Vec<&'static str> {
                Self::schemes()
            }

            fn has_security_fallback() -> bool {
                Self::OTHERS
            }

            async fn from_request(
                request: &'a Request,
                _: &mut RequestBody,
                _: ExtractParamOptions<()>,
            ) -> Result<Self> {
                Ok(Self::find(Door::of(request)?, request).await?)
            }
        }
    )+};
}

asked! {
    [const PERMISSION: usize] Permitted<PERMISSION>;
    [const PERMISSION: usize] Within<PERMISSION>;
    [const PERMISSION: usize] Sells<PERMISSION>;
    [const PERMISSION: usize] Perhaps<PERMISSION>;
    [] Onlooker;
    [] Visitor;
    [] SignedIn;
}
