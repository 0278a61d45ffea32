//! Accounts, their sessions, links and addresses.

use commerce_core::account::{
    Account, By, Changes, EmailKey, Link, Look, PasswordHash, SavedAddress, Search, Session, View, Which,
};
use commerce_core::{CommitError, Guard, StoreError, TokenHash};
use serde::Deserialize;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::error::store_error;
use crate::fused::{Fused, column};
use crate::instant::Instant;
use crate::row::Row;

macro_rules! columns {
    () => {
        "id, email, email_key, email_verified_at, password_hash, first_name, last_name, phone, locale, role, seller_id,
         customer_group, is_active, email_change, last_login_at, created_at, updated_at, search, version"
    };
}

macro_rules! rows {
    () => {
        "unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::uuid[], $12::text[], $13::bool[], $14::jsonb[], $15::timestamptz[],
                $16::timestamptz[], $17::timestamptz[], $18::text[], $19::bigint[]"
    };
}

pub(crate) const INSERT: &str = concat!(
    "insert into accounts (",
    columns!(),
    ") select * from ",
    rows!(),
    ") where (select held from guards)"
);

pub(crate) const UPDATE: &str = concat!(
    "update accounts a
        set email = w.email, email_key = w.email_key, email_verified_at = w.email_verified_at,
            password_hash = w.password_hash, first_name = w.first_name, last_name = w.last_name, phone = w.phone,
            locale = w.locale, role = w.role, seller_id = w.seller_id, customer_group = w.customer_group,
            is_active = w.is_active, email_change = w.email_change, last_login_at = w.last_login_at,
            created_at = w.created_at, updated_at = w.updated_at, search = w.search, version = w.version
       from ", rows!(), ", $20::bigint[]) as w (", columns!(), ", expected)
      where a.id = w.id and a.version = w.expected
     returning a.id"
);

pub(crate) const SPEND: &str = "
delete from links where hash = any($1::bytea[]) returning null::uuid as id";

// What is spent is left to the statement that counts it.
pub(crate) const WITHDRAW: &str = "
delete from links l
 using unnest($1::uuid[], $2::text[]) as w (account_id, purpose)
 where l.account_id = w.account_id and l.purpose = w.purpose and l.hash <> all($3::bytea[])
   and (select held from guards)";

pub(crate) const RENEW: &str = "
update sessions s
   set refresh_hash = r.refresh, last_used_at = r.at, idle_until = r.idle_until
  from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::timestamptz[], $5::timestamptz[])
       as r (id, expected, refresh, at, idle_until)
 where s.id = r.id and s.refresh_hash = r.expected and s.ended_at is null
returning s.id";

// Whoever ends a session may have looked before whoever exchanged its token last.
pub(crate) const END: &str = "
update sessions s
   set ended_at = greatest(e.at, s.last_used_at), end_reason = e.reason
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[]) as e (account_id, one, but, at, reason)
 where s.account_id = e.account_id and (e.one is null or s.id = e.one) and (e.but is null or s.id <> e.but)
   and s.ended_at is null and (select held from guards)";

pub(crate) const END_ALL: &str = "
update sessions
   set ended_at = greatest($1, last_used_at), end_reason = $2
 where ended_at is null and (select held from guards)";

pub(crate) const OPEN: &str = "
insert into sessions (id, account_id, family_hash, refresh_hash, device, created_at, last_used_at, idle_until, ends_at,
                      ended_at, end_reason)
select * from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                     $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[])
 where (select held from guards)";

pub(crate) const ISSUE: &str = "
insert into links (hash, account_id, purpose, carries, created_at, expires_at)
select * from unnest($1::bytea[], $2::uuid[], $3::text[], $4::jsonb[], $5::timestamptz[], $6::timestamptz[])
 where (select held from guards)";

// The new ones are not seen here, so one fewer of the others is kept.
pub(crate) const CROWD_LINKS: &str = "
delete from links
 where hash in (select r.hash
                  from (select l.hash, row_number() over (partition by l.account_id, l.purpose
                                                              order by l.created_at desc, l.hash desc) as place
                          from links l
                          join (select distinct * from unnest($1::uuid[], $2::text[])) as w (account_id, purpose)
                            on w.account_id = l.account_id and w.purpose = l.purpose) as r
                 where r.place > $3)
   and (select held from guards)";

pub(crate) const WRITE_ADDRESSES: &str = "
insert into addresses (id, account_id, kind, is_default, address, created_at, updated_at)
select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bool[], $5::jsonb[], $6::timestamptz[], $7::timestamptz[])
 where (select held from guards)
on conflict (id) do update
   set kind = excluded.kind, is_default = excluded.is_default, address = excluded.address,
       created_at = excluded.created_at, updated_at = excluded.updated_at";

pub(crate) const REMOVE_ADDRESSES: &str = "
delete from addresses where id = any($1::uuid[]) and (select held from guards)";

pub(crate) const FORGET_LINKS: &str = "
delete from links where expires_at < $1 and (select held from guards)";

pub(crate) const FORGET_SESSIONS: &str = "
delete from sessions where coalesce(ended_at, least(idle_until, ends_at)) < $1 and (select held from guards)";

/// Applies the changes in the caller's transaction, which is to be rolled back on an error.
///
/// # Errors
/// [`CommitError::Stale`] with [`Guard::Account`], [`Guard::Email`], [`Guard::Session`] or [`Guard::Link`] when what was
/// read is no longer so.
pub async fn apply(conn: &mut PgConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut fused = Fused::new();
    write(changes, &mut fused);
    fused.run(conn).await
}

pub(crate) fn write(changes: &Changes, fused: &mut Fused) {
    let Changes {
        create,
        write,
        open,
        renew,
        end,
        end_all,
        spend,
        withdraw,
        issue,
        addresses,
        addresses_removed,
        forget_before,
    } = changes;
    if !write.is_empty() {
        let accounts: Vec<&Account> = write.iter().map(|(account, _)| account).collect();
        bind(fused.guarded(UPDATE), &accounts).bind(column(write, |(_, read)| *read as i64));
        for account in accounts {
            fused.needs(Some(account.id.0), Guard::Account(account.id));
        }
    }
    if !spend.is_empty() {
        fused.guarded(SPEND).bind(column(spend, |hash| hash.0.to_vec()));
        for _ in spend {
            fused.needs(None, Guard::Link);
        }
    }
    if !renew.is_empty() {
        fused
            .guarded(RENEW)
            .bind(column(renew, |renewal| renewal.session.0))
            .bind(column(renew, |renewal| renewal.expected.0.to_vec()))
            .bind(column(renew, |renewal| renewal.refresh.0.to_vec()))
            .bind(column(renew, |renewal| Instant(renewal.at)))
            .bind(column(renew, |renewal| Instant(renewal.idle_until)));
        for renewal in renew {
            fused.needs(Some(renewal.session.0), Guard::Session(renewal.session));
        }
    }
    if !create.is_empty() {
        bind(fused.write(INSERT), &create.iter().collect::<Vec<_>>());
    }
    if !(create.is_empty() && write.is_empty()) {
        fused.constraint("accounts_email_key", Guard::Email);
    }
    if !withdraw.is_empty() {
        fused
            .write(WITHDRAW)
            .bind(column(withdraw, |(account, _)| account.0))
            .bind(column(withdraw, |(_, purpose)| purpose.as_str()))
            .bind(column(spend, |hash| hash.0.to_vec()));
    }
    if !end.is_empty() {
        let one = |which: Which| if let Which::One(session) = which { Some(session.0) } else { None };
        let but = |which: Which| if let Which::Others(session) = which { Some(session.0) } else { None };
        fused
            .write(END)
            .bind(column(end, |end| end.account.0))
            .bind(column(end, |end| one(end.which)))
            .bind(column(end, |end| but(end.which)))
            .bind(column(end, |end| Instant(end.at)))
            .bind(column(end, |end| end.reason.as_str()));
    }
    if let Some((at, reason)) = end_all {
        fused.write(END_ALL).bind(Instant(*at)).bind(reason.as_str());
    }
    write_sessions(open, fused);
    write_links(issue, fused);
    write_addresses(addresses, fused);
    if !addresses_removed.is_empty() {
        fused.write(REMOVE_ADDRESSES).bind(column(addresses_removed, |id| id.0));
    }
    if let Some(before) = forget_before {
        fused.write(FORGET_LINKS).bind(Instant(*before));
        fused.write(FORGET_SESSIONS).bind(Instant(*before));
    }
}

fn bind<'f>(fused: &'f mut Fused, accounts: &[&Account]) -> &'f mut Fused {
    fused
        .bind(column(accounts, |account| account.id.0))
        .bind(column(accounts, |account| account.email.as_str()))
        .bind(column(accounts, |account| account.email_key.as_str()))
        .bind(column(accounts, |account| account.email_verified_at.map(Instant)))
        .bind(column(accounts, |account| account.password.as_ref().map(PasswordHash::reveal)))
        .bind(column(accounts, |account| account.first_name.as_str()))
        .bind(column(accounts, |account| account.last_name.as_str()))
        .bind(column(accounts, |account| account.phone.as_ref().map(|phone| phone.as_str())))
        .bind(column(accounts, |account| account.locale.as_ref().map(|locale| locale.as_str())))
        .bind(column(accounts, |account| account.role.as_str()))
        .bind(column(accounts, |account| account.seller.map(|seller| seller.0)))
        .bind(column(accounts, |account| account.customer_group.as_deref()))
        .bind(column(accounts, |account| account.is_active))
        .bind(column(accounts, |account| account.email_change.as_ref().map(Json)))
        .bind(column(accounts, |account| account.last_login_at.map(Instant)))
        .bind(column(accounts, |account| Instant(account.created_at)))
        .bind(column(accounts, |account| Instant(account.updated_at)))
        .bind(column(accounts, |account| account.searched_as()))
        .bind(column(accounts, |account| account.version as i64))
}

fn write_sessions(open: &[Session], fused: &mut Fused) {
    if open.is_empty() {
        return;
    }
    fused
        .write(OPEN)
        .bind(column(open, |session| session.id.0))
        .bind(column(open, |session| session.account.0))
        .bind(column(open, |session| session.family.0.to_vec()))
        .bind(column(open, |session| session.refresh.0.to_vec()))
        .bind(column(open, |session| session.device.as_deref()))
        .bind(column(open, |session| Instant(session.created_at)))
        .bind(column(open, |session| Instant(session.last_used_at)))
        .bind(column(open, |session| Instant(session.idle_until)))
        .bind(column(open, |session| Instant(session.ends_at)))
        .bind(column(open, |session| session.ended.map(|(at, _)| Instant(at))))
        .bind(column(open, |session| session.ended.map(|(_, reason)| reason.as_str())));
}

fn write_links(issue: &[Link], fused: &mut Fused) {
    if issue.is_empty() {
        return;
    }
    let owned: Vec<&Link> = issue.iter().filter(|link| link.account.is_some()).collect();
    if let Some(account) = owned.first().and_then(|link| link.account) {
        fused.constraint("links_account_fkey", Guard::Account(account));
    }
    if !owned.is_empty() {
        fused
            .write(CROWD_LINKS)
            .bind(column(&owned, |link| link.account.map(|account| account.0)))
            .bind(column(&owned, |link| link.purpose.as_str()))
            .bind(Account::LINKS_MAX as i64 - 1);
    }
    fused
        .write(ISSUE)
        .bind(column(issue, |link| link.hash.0.to_vec()))
        .bind(column(issue, |link| link.account.map(|account| account.0)))
        .bind(column(issue, |link| link.purpose.as_str()))
        .bind(column(issue, |link| Json(&link.carries)))
        .bind(column(issue, |link| Instant(link.created_at)))
        .bind(column(issue, |link| Instant(link.expires_at)));
}

fn write_addresses(addresses: &[SavedAddress], fused: &mut Fused) {
    if addresses.is_empty() {
        return;
    }
    fused
        .write(WRITE_ADDRESSES)
        .bind(column(addresses, |saved| saved.id.0))
        .bind(column(addresses, |saved| saved.account.0))
        .bind(column(addresses, |saved| saved.kind.as_str()))
        .bind(column(addresses, |saved| saved.is_default))
        .bind(column(addresses, |saved| Json(&saved.address)))
        .bind(column(addresses, |saved| Instant(saved.created_at)))
        .bind(column(addresses, |saved| Instant(saved.updated_at)));
}

pub(crate) const LOOK: &str = "
with s as (
    select * from sessions where id = $3 or family_hash = $4
), l as (
    select * from links where hash = $5
), a as (
    select * from accounts
     where id = coalesce($1, (select account_id from s), (select account_id from l)) or email_key = $2
)
select statement_timestamp(),
       (select row_to_json(a) from a),
       (select row_to_json(s) from s),
       (select row_to_json(l) from l),
       (select id from accounts where email_key = $6),
       case when $7 then (select json_agg(o order by o.id) from sessions o
                           where o.account_id = (select id from a) and o.ended_at is null
                             and o.idle_until > statement_timestamp() and o.ends_at > statement_timestamp()) end,
       case when $8 then (select json_agg(d order by d.id) from addresses d where d.account_id = (select id from a)) end";

type Looked = (
    Instant,
    Option<Json<AccountRow>>,
    Option<Json<SessionRow>>,
    Option<Json<LinkRow>>,
    Option<Uuid>,
    Option<Json<Vec<SessionRow>>>,
    Option<Json<Vec<AddressRow>>>,
);

/// What a decision about an account sees: one round trip.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn view(conn: &mut PgConnection, look: &Look) -> Result<View, StoreError> {
    let Look { by, email, sessions, addresses } = look;
    let (mut id, mut key, mut session, mut family, mut link) = (None, None, None, None, None);
    match by {
        By::Id(account) => id = Some(account.0),
        By::Email(email) => key = Some(email.as_str()),
        By::Session(id) => session = Some(id.0),
        By::Family(hash) => family = Some(hash.0.to_vec()),
        By::Link(hash) => link = Some(hash.0.to_vec()),
    }
    let (now, account, session, link, email_of, sessions, addresses): Looked = sqlx::query_as(LOOK)
        .bind(id)
        .bind(key)
        .bind(session)
        .bind(family)
        .bind(link)
        .bind(email.as_ref().map(EmailKey::as_str))
        .bind(*sessions)
        .bind(*addresses)
        .fetch_one(conn)
        .await
        .map_err(store_error)?;
    Ok(View {
        now: now.0,
        account: account.map(|Json(account)| account.read()).transpose()?,
        session: session.map(|Json(session)| session.read()).transpose()?,
        link: link.map(|Json(link)| link.read()).transpose()?,
        email_of: email_of.map(Into::into),
        sessions: sessions
            .map_or_else(Vec::new, |Json(rows)| rows)
            .into_iter()
            .map(SessionRow::read)
            .collect::<Result<_, _>>()?,
        addresses: addresses
            .map_or_else(Vec::new, |Json(rows)| rows)
            .into_iter()
            .map(AddressRow::read)
            .collect::<Result<_, _>>()?,
    })
}

pub(crate) const LIST: &str = "
select row_to_json(a)
  from accounts a
 where ($1::text is null or a.role = $1) and ($2::bool is null or a.is_active = $2)
   and ($3::text is null or strpos(a.search, $3) > 0) and a.id < $4
 order by a.id desc
 limit $5";

/// Up to `limit` accounts, the newest first.
///
/// # Errors
/// When the database fails, or a row is no valid value of the domain.
pub async fn list(conn: &mut PgConnection, search: &Search, limit: u32) -> Result<Vec<Account>, StoreError> {
    let needle = search.needle();
    let Search { role, is_active, text: _, after } = search;
    let rows: Vec<(Json<AccountRow>,)> = sqlx::query_as(LIST)
        .bind(role.map(|role| role.as_str()))
        .bind(*is_active)
        .bind(needle)
        .bind(after.map_or(Uuid::max(), |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    rows.into_iter().map(|(Json(account),)| account.read()).collect()
}

#[derive(Deserialize)]
struct AccountRow {
    id: Uuid,
    email: String,
    email_key: String,
    email_verified_at: Option<String>,
    password_hash: Option<String>,
    first_name: String,
    last_name: String,
    phone: Option<String>,
    locale: Option<String>,
    role: String,
    seller_id: Option<Uuid>,
    customer_group: Option<String>,
    is_active: bool,
    email_change: Option<Value>,
    last_login_at: Option<String>,
    created_at: String,
    updated_at: String,
    version: i64,
}

impl AccountRow {
    fn read(self) -> Result<Account, StoreError> {
        let row = Row::new("accounts", &self.id);
        Ok(Account {
            id: self.id.into(),
            email: row.text("email", &self.email)?,
            email_key: EmailKey::from_stored(self.email_key),
            email_verified_at: row.optional_text("email_verified_at", self.email_verified_at.as_deref())?,
            password: self.password_hash.map(PasswordHash::new),
            phone: row.optional_text("phone", self.phone.as_deref())?,
            locale: row.optional_text("locale", self.locale.as_deref())?,
            role: row.text("role", &self.role)?,
            seller: self.seller_id.map(Into::into),
            customer_group: self.customer_group,
            is_active: self.is_active,
            email_change: row.optional_json("email_change", self.email_change)?,
            last_login_at: row.optional_text("last_login_at", self.last_login_at.as_deref())?,
            created_at: row.text("created_at", &self.created_at)?,
            updated_at: row.text("updated_at", &self.updated_at)?,
            version: row.count("version", self.version)?,
            first_name: self.first_name,
            last_name: self.last_name,
        })
    }
}

#[derive(Deserialize)]
struct SessionRow {
    id: Uuid,
    account_id: Uuid,
    family_hash: String,
    refresh_hash: String,
    device: Option<String>,
    created_at: String,
    last_used_at: String,
    idle_until: String,
    ends_at: String,
    ended_at: Option<String>,
    end_reason: Option<String>,
}

impl SessionRow {
    fn read(self) -> Result<Session, StoreError> {
        let row = Row::new("sessions", &self.id);
        let ended = row.optional_text("ended_at", self.ended_at.as_deref())?;
        Ok(Session {
            id: self.id.into(),
            account: self.account_id.into(),
            family: TokenHash(row.bytes("family_hash", &self.family_hash)?),
            refresh: TokenHash(row.bytes("refresh_hash", &self.refresh_hash)?),
            created_at: row.text("created_at", &self.created_at)?,
            last_used_at: row.text("last_used_at", &self.last_used_at)?,
            idle_until: row.text("idle_until", &self.idle_until)?,
            ends_at: row.text("ends_at", &self.ends_at)?,
            ended: ended.zip(row.optional_text("end_reason", self.end_reason.as_deref())?),
            device: self.device,
        })
    }
}

#[derive(Deserialize)]
struct LinkRow {
    hash: String,
    account_id: Option<Uuid>,
    purpose: String,
    carries: Value,
    created_at: String,
    expires_at: String,
}

impl LinkRow {
    fn read(self) -> Result<Link, StoreError> {
        let row = Row::new("links", &self.purpose);
        Ok(Link {
            hash: TokenHash(row.bytes("hash", &self.hash)?),
            account: self.account_id.map(Into::into),
            purpose: row.text("purpose", &self.purpose)?,
            carries: row.json("carries", self.carries)?,
            created_at: row.text("created_at", &self.created_at)?,
            expires_at: row.text("expires_at", &self.expires_at)?,
        })
    }
}

#[derive(Deserialize)]
struct AddressRow {
    id: Uuid,
    account_id: Uuid,
    kind: String,
    is_default: bool,
    address: Value,
    created_at: String,
    updated_at: String,
}

impl AddressRow {
    fn read(self) -> Result<SavedAddress, StoreError> {
        let row = Row::new("addresses", &self.id);
        Ok(SavedAddress {
            id: self.id.into(),
            account: self.account_id.into(),
            kind: row.text("kind", &self.kind)?,
            is_default: self.is_default,
            address: row.json("address", self.address)?,
            created_at: row.text("created_at", &self.created_at)?,
            updated_at: row.text("updated_at", &self.updated_at)?,
        })
    }
}
