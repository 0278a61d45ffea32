//! Accounts, their sessions, links and addresses.

use commerce_core::account::{
    Account, By, Changes, EmailKey, End, EndReason, Link, Look, PasswordHash, Renewal, SavedAddress, Search,
    Session, View, Which,
};
use commerce_core::{CommitError, CustomerId, Guard, StoreError, Timestamp, TokenHash};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::types::Json;

use crate::row::{Fields, before, signed};
use crate::script::{Script, Statement};
use crate::trouble::{is_reference, trouble};

/// Applies account changes inside the caller's transaction.
///
/// # Errors
/// [`Guard::Account`], [`Guard::Email`], [`Guard::Session`] or [`Guard::Link`] when what was read is no longer so.
pub async fn apply(conn: &mut SqliteConnection, changes: &Changes) -> Result<(), CommitError> {
    let mut script = Script::default();
    add(&mut script, changes);
    script.run(conn).await
}

pub(crate) fn add(script: &mut Script, changes: &Changes) {
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
    for account in create {
        bind(script.add(INSERT), account).unique(email_taken);
    }
    for (account, read) in write {
        let statement = bind(script.add(UPDATE), account).bind(signed(*read)).unique(email_taken);
        statement.one(Guard::Account(account.id));
    }
    for hash in spend {
        script.add(SPEND).bind(hash.0.to_vec()).one(Guard::Link);
    }
    for (account, purpose) in withdraw {
        script.add(WITHDRAW).bind(account.0).bind(purpose.as_str());
    }
    for Renewal { session, expected, refresh, at, idle_until } in renew {
        script
            .add(RENEW)
            .bind(session.0)
            .bind(expected.0.to_vec())
            .bind(refresh.0.to_vec())
            .bind(at.as_micros())
            .bind(idle_until.as_micros())
            .one(Guard::Session(*session));
    }
    for End { account, which, at, reason } in end {
        let (one, but) = match which {
            Which::All => (None, None),
            Which::Others(kept) => (None, Some(kept.0)),
            Which::One(session) => (Some(session.0), None),
        };
        script.add(END).bind(account.0).bind(one).bind(but).bind(at.as_micros()).bind(reason.as_str());
    }
    if let Some((at, reason)) = end_all {
        script.add(END_ALL).bind(at.as_micros()).bind(reason.as_str());
    }
    for session in open {
        insert_session(script, session);
    }
    for link in issue {
        insert_link(script, link);
    }
    for id in addresses_removed {
        script.add(REMOVE_ADDRESS).bind(id.0);
    }
    for address in addresses {
        let SavedAddress { id, account, kind, is_default, address, created_at, updated_at } = address;
        script
            .add(WRITE_ADDRESS)
            .bind(id.0)
            .bind(account.0)
            .bind(kind.as_str())
            .bind(*is_default)
            .bind(Json(address))
            .bind(created_at.as_micros())
            .bind(updated_at.as_micros());
    }
    if let Some(before) = forget_before {
        script.add(FORGET_LINKS).bind(before.as_micros());
        script.add(FORGET_SESSIONS).bind(before.as_micros());
    }
}

fn email_taken(key: &str) -> Option<Guard> {
    (key == "accounts.email_key").then_some(Guard::Email)
}

fn bind<'s>(statement: Statement<'s>, account: &Account) -> Statement<'s> {
    let search = account.searched_as();
    let Account {
        id,
        email,
        email_key,
        email_verified_at,
        password,
        first_name,
        last_name,
        phone,
        locale,
        role,
        seller,
        customer_group,
        is_active,
        email_change,
        last_login_at,
        created_at,
        updated_at,
        version,
    } = account;
    statement
        .bind(id.0)
        .bind(email.as_str())
        .bind(email_key.as_str())
        .bind(email_verified_at.map(Timestamp::as_micros))
        .bind(password.as_ref().map(PasswordHash::reveal))
        .bind(first_name.as_str())
        .bind(last_name.as_str())
        .bind(phone.as_ref().map(|phone| phone.as_str()))
        .bind(locale.as_ref().map(|locale| locale.as_str()))
        .bind(role.as_str())
        .bind(seller.map(|seller| seller.0))
        .bind(customer_group.as_deref())
        .bind(*is_active)
        .bind(email_change.as_ref().map(Json))
        .bind(last_login_at.map(Timestamp::as_micros))
        .bind(created_at.as_micros())
        .bind(updated_at.as_micros())
        .bind(search)
        .bind(signed(*version))
}

const INSERT: &str = "
INSERT INTO accounts (id, email, email_key, email_verified_at, password_hash, first_name, last_name, phone, locale, role,
                      seller_id, customer_group, is_active, email_change, last_login_at, created_at, updated_at, search,
                      version)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
";

const UPDATE: &str = "
UPDATE accounts
   SET email = ?2, email_key = ?3, email_verified_at = ?4, password_hash = ?5, first_name = ?6, last_name = ?7, phone = ?8,
       locale = ?9, role = ?10, seller_id = ?11, customer_group = ?12, is_active = ?13, email_change = ?14,
       last_login_at = ?15, created_at = ?16, updated_at = ?17, search = ?18, version = ?19
 WHERE id = ?1 AND version = ?20
";

fn insert_session(script: &mut Script, session: &Session) {
    let Session {
        id,
        account,
        family,
        refresh,
        device,
        created_at,
        last_used_at,
        idle_until,
        ends_at,
        ended,
    } = session;
    script
        .add(OPEN)
        .bind(id.0)
        .bind(account.0)
        .bind(family.0.to_vec())
        .bind(refresh.0.to_vec())
        .bind(device.as_deref())
        .bind(created_at.as_micros())
        .bind(last_used_at.as_micros())
        .bind(idle_until.as_micros())
        .bind(ends_at.as_micros())
        .bind(ended.map(|(at, _)| at.as_micros()))
        .bind(ended.map(|(_, reason)| reason.as_str()));
}

const OPEN: &str = "
INSERT INTO sessions (id, account_id, family_hash, refresh_hash, device, created_at, last_used_at, idle_until, ends_at,
                      ended_at, end_reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
";

const RENEW: &str = "
UPDATE sessions
   SET refresh_hash = ?3, last_used_at = ?4, idle_until = ?5
 WHERE id = ?1 AND refresh_hash = ?2 AND ended_at IS NULL
";

// Whoever ends a session may have looked before whoever exchanged its token last.
const END: &str = "
UPDATE sessions
   SET ended_at = max(?4, last_used_at), end_reason = ?5
 WHERE account_id = ?1 AND (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR id <> ?3) AND ended_at IS NULL
";

const END_ALL: &str = "
UPDATE sessions SET ended_at = max(?1, last_used_at), end_reason = ?2 WHERE ended_at IS NULL
";

fn insert_link(script: &mut Script, link: &Link) {
    let Link { hash, account, purpose, carries, created_at, expires_at } = link;
    if let Some(account) = account {
        let others = signed(Account::LINKS_MAX as u64 - 1);
        script.add(CROWD_LINKS).bind(account.0).bind(purpose.as_str()).bind(others);
    }
    let account = *account;
    let left = move |key: &str| account.filter(|_| is_reference(key)).map(Guard::Account);
    script
        .add(ISSUE)
        .bind(hash.0.to_vec())
        .bind(account.map(|account| account.0))
        .bind(purpose.as_str())
        .bind(Json(carries))
        .bind(created_at.as_micros())
        .bind(expires_at.as_micros())
        .unique(left);
}

const ISSUE: &str = "
INSERT INTO links (hash, account_id, purpose, carries, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
";

const CROWD_LINKS: &str = "
DELETE FROM links
 WHERE hash IN (SELECT hash FROM links WHERE account_id = ?1 AND purpose = ?2
                 ORDER BY created_at DESC, hash DESC LIMIT -1 OFFSET ?3)
";

const SPEND: &str = "
DELETE FROM links WHERE hash = ?1
";

const WITHDRAW: &str = "
DELETE FROM links WHERE account_id = ?1 AND purpose = ?2
";

const WRITE_ADDRESS: &str = "
INSERT INTO addresses (id, account_id, kind, is_default, address, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (id) DO UPDATE
   SET kind = ?3, is_default = ?4, address = ?5, created_at = ?6, updated_at = ?7
";

const REMOVE_ADDRESS: &str = "
DELETE FROM addresses WHERE id = ?1
";

const FORGET_LINKS: &str = "
DELETE FROM links WHERE expires_at < ?1
";

const FORGET_SESSIONS: &str = "
DELETE FROM sessions WHERE coalesce(ended_at, min(idle_until, ends_at)) < ?1
";

/// What a decision about an account sees. It reads more than one row: on a snapshot.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn view(conn: &mut SqliteConnection, look: &Look, now: Timestamp) -> Result<View, StoreError> {
    let Look { by, email, sessions, addresses } = look;
    let mut view = View {
        now,
        account: None,
        session: None,
        link: None,
        email_of: None,
        sessions: Vec::new(),
        addresses: Vec::new(),
    };
    let found = match by {
        By::Id(id) => sqlx::query(BY_ID).bind(id.0).fetch_optional(&mut *conn).await,
        By::Email(key) => sqlx::query(BY_EMAIL).bind(key.as_str()).fetch_optional(&mut *conn).await,
        By::Session(id) => {
            view.session = session_by(sqlx::query(SESSION_BY_ID).bind(id.0), &mut *conn).await?;
            let of = view.session.as_ref().map(|session| session.account.0);
            sqlx::query(BY_ID).bind(of).fetch_optional(&mut *conn).await
        }
        By::Family(hash) => {
            view.session =
                session_by(sqlx::query(SESSION_BY_FAMILY).bind(hash.0.to_vec()), &mut *conn).await?;
            let of = view.session.as_ref().map(|session| session.account.0);
            sqlx::query(BY_ID).bind(of).fetch_optional(&mut *conn).await
        }
        By::Link(hash) => {
            let row =
                sqlx::query(LINK).bind(hash.0.to_vec()).fetch_optional(&mut *conn).await.map_err(trouble)?;
            view.link = row.as_ref().map(read_link).transpose()?;
            let of = view.link.as_ref().and_then(|link| link.account).map(|account| account.0);
            sqlx::query(BY_ID).bind(of).fetch_optional(&mut *conn).await
        }
    };
    view.account = found.map_err(trouble)?.as_ref().map(read_account).transpose()?;
    if let Some(key) = email {
        let holder: Option<uuid::Uuid> = sqlx::query_scalar(HOLDER)
            .bind(key.as_str())
            .fetch_optional(&mut *conn)
            .await
            .map_err(trouble)?;
        view.email_of = holder.map(CustomerId);
    }
    if let Some(Account { id, .. }) = view.account {
        if *sessions {
            let rows = sqlx::query(SESSIONS)
                .bind(id.0)
                .bind(now.as_micros())
                .fetch_all(&mut *conn)
                .await
                .map_err(trouble)?;
            view.sessions = rows.iter().map(read_session).collect::<Result<_, _>>()?;
        }
        if *addresses {
            let rows = sqlx::query(ADDRESSES).bind(id.0).fetch_all(&mut *conn).await.map_err(trouble)?;
            view.addresses = rows.iter().map(read_address).collect::<Result<_, _>>()?;
        }
    }
    Ok(view)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

async fn session_by(query: Query<'_>, conn: &mut SqliteConnection) -> Result<Option<Session>, StoreError> {
    query.fetch_optional(conn).await.map_err(trouble)?.as_ref().map(read_session).transpose()
}

const BY_ID: &str = "
SELECT * FROM accounts WHERE id = ?1
";

const BY_EMAIL: &str = "
SELECT * FROM accounts WHERE email_key = ?1
";

const HOLDER: &str = "
SELECT id FROM accounts WHERE email_key = ?1
";

const SESSION_BY_ID: &str = "
SELECT * FROM sessions WHERE id = ?1
";

const SESSION_BY_FAMILY: &str = "
SELECT * FROM sessions WHERE family_hash = ?1
";

const LINK: &str = "
SELECT * FROM links WHERE hash = ?1
";

const SESSIONS: &str = "
SELECT * FROM sessions
 WHERE account_id = ?1 AND ended_at IS NULL AND idle_until > ?2 AND ends_at > ?2
 ORDER BY id
";

const ADDRESSES: &str = "
SELECT * FROM addresses WHERE account_id = ?1 ORDER BY id
";

/// Up to `limit` accounts, the newest first.
///
/// # Errors
/// When the database fails or a row is no valid value.
pub async fn accounts(
    conn: &mut SqliteConnection,
    search: &Search,
    limit: u32,
) -> Result<Vec<Account>, StoreError> {
    let needle = search.needle();
    let Search { role, is_active, text: _, after } = search;
    let rows = sqlx::query(ACCOUNTS)
        .bind(role.map(|role| role.as_str()))
        .bind(*is_active)
        .bind(needle)
        .bind(before(after.map(|id| id.0)))
        .bind(signed(u64::from(limit)))
        .fetch_all(conn)
        .await
        .map_err(trouble)?;
    rows.iter().map(read_account).collect()
}

const ACCOUNTS: &str = "
SELECT * FROM accounts
 WHERE (?1 IS NULL OR role = ?1) AND (?2 IS NULL OR is_active = ?2) AND (?3 IS NULL OR instr(search, ?3) > 0)
   AND id < ?4
 ORDER BY id DESC
 LIMIT ?5
";

fn read_account(row: &SqliteRow) -> Result<Account, StoreError> {
    let fields = Fields::new("accounts", "id", row);
    Ok(Account {
        id: fields.id("id")?,
        email: fields.parse("email")?,
        email_key: EmailKey::from_stored(fields.get("email_key")?),
        email_verified_at: fields.at_if("email_verified_at")?,
        password: fields.get::<Option<String>>("password_hash")?.map(PasswordHash::new),
        first_name: fields.get("first_name")?,
        last_name: fields.get("last_name")?,
        phone: fields.parse_if("phone")?,
        locale: fields.parse_if("locale")?,
        role: fields.parse("role")?,
        seller: fields.id_if("seller_id")?,
        customer_group: fields.get("customer_group")?,
        is_active: fields.get("is_active")?,
        email_change: fields.json_if("email_change")?,
        last_login_at: fields.at_if("last_login_at")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
        version: fields.count("version")?,
    })
}

fn read_session(row: &SqliteRow) -> Result<Session, StoreError> {
    let fields = Fields::new("sessions", "id", row);
    let ended = match fields.at_if("ended_at")? {
        Some(at) => Some((at, fields.named::<EndReason>("end_reason")?)),
        None => None,
    };
    Ok(Session {
        id: fields.id("id")?,
        account: fields.id("account_id")?,
        family: TokenHash(fields.hash("family_hash")?),
        refresh: TokenHash(fields.hash("refresh_hash")?),
        device: fields.get("device")?,
        created_at: fields.at("created_at")?,
        last_used_at: fields.at("last_used_at")?,
        idle_until: fields.at("idle_until")?,
        ends_at: fields.at("ends_at")?,
        ended,
    })
}

fn read_link(row: &SqliteRow) -> Result<Link, StoreError> {
    let fields = Fields::new("links", "purpose", row);
    Ok(Link {
        hash: TokenHash(fields.hash("hash")?),
        account: fields.id_if("account_id")?,
        purpose: fields.named("purpose")?,
        carries: fields.json("carries")?,
        created_at: fields.at("created_at")?,
        expires_at: fields.at("expires_at")?,
    })
}

fn read_address(row: &SqliteRow) -> Result<SavedAddress, StoreError> {
    let fields = Fields::new("addresses", "id", row);
    Ok(SavedAddress {
        id: fields.id("id")?,
        account: fields.id("account_id")?,
        kind: fields.named("kind")?,
        is_default: fields.get("is_default")?,
        address: fields.json("address")?,
        created_at: fields.at("created_at")?,
        updated_at: fields.at("updated_at")?,
    })
}
