//! The schema: made once whoever makes it, a shop of its own for each, and portable.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod shop;

use commerce_core::{ChangeSet, Search, Store};
use commerce_storage_postgres::PostgresStore;
use shop::data::*;
use shop::{drop_schema, options};

fn files() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap().to_lowercase())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn without_comments(sql: &str) -> String {
    sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// What YugabyteDB, CockroachDB or Citus do not speak, or speak differently.
#[test]
fn the_migrations_are_portable() {
    for (name, sql) in files() {
        let sql = without_comments(&sql);
        // The search is a module of its own: a relative that has no text search of this kind takes another through its port.
        let of_search = name.contains("_search");
        for forbidden in [
            "advisory",
            "listen",
            "notify",
            "exclude",
            "deferrable",
            "trigger",
            "function",
            "procedure",
            "inherits",
            "extension",
            "create type",
            "enum",
            "create sequence",
            "serial",
            "identity",
            "nextval",
            "generated",
            "concurrently",
            "tablespace",
            "unlogged",
            "using gin",
            "using gist",
            "tsvector",
            "language",
        ] {
            let allowed = of_search && ["using gin", "tsvector"].contains(&forbidden);
            assert!(allowed || !sql.contains(forbidden), "{name} has {forbidden:?}");
        }
        let words: Vec<&str> = sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        for vague in [
            "int",
            "integer",
            "int4",
            "smallint",
            "timestamp",
            "time",
            "float",
            "real",
            "double",
            "money",
            "varchar",
        ] {
            assert!(!words.contains(&vague), "{name} has a column of type {vague}");
        }
    }
}

#[test]
fn the_migrations_do_one_kind_of_thing_each_and_may_meet_themselves() {
    for (name, sql) in files() {
        let sql = without_comments(&sql);
        let statements: Vec<&str> =
            sql.split(';').map(str::trim).filter(|statement| !statement.is_empty()).collect();
        let mut kinds: Vec<&str> = Vec::new();
        for statement in statements {
            let kind = if statement.starts_with("create table if not exists") {
                "tables"
            } else if statement.starts_with("create index if not exists")
                || statement.starts_with("create unique index if not exists")
            {
                "indexes"
            } else if statement.starts_with("alter table ") {
                "an altered table"
            } else if statement.starts_with("update ") || is_row(statement) {
                "rows"
            } else {
                assert_eq!(statement, "set local lock_timeout = '2s'", "{name}");
                continue;
            };
            assert!(
                kind != "tables" || statement.contains("primary key"),
                "{name} has a table without a key\n{statement}"
            );
            kinds.push(kind);
        }
        kinds.dedup();
        assert_eq!(kinds.len(), 1, "{name} makes {kinds:?}");
    }
}

/// Whether it writes a row that has to be there, if it is not there yet.
fn is_row(statement: &str) -> bool {
    statement.starts_with("insert into ") && statement.ends_with(" on conflict do nothing")
}

/// Whoever alters a table that is in use gives up soon, alters no other beside it, and finds it as well when that was done
/// already.
#[test]
fn altering_a_table_keeps_nobody_waiting() {
    for (name, sql) in files() {
        let sql = without_comments(&sql);
        let altered: Vec<&str> =
            sql.split(';').map(str::trim).filter_map(|text| text.strip_prefix("alter table ")).collect();
        let Some(table) = altered.first().and_then(|text| text.split_whitespace().next()) else { continue };
        assert!(sql.trim_start().starts_with("set local lock_timeout = '2s';"), "{name}");
        for statement in &altered {
            assert_eq!(statement.split_whitespace().next(), Some(table), "{name} alters two tables");
            let columns = statement.matches("add column").count();
            assert_eq!(statement.matches("add column if not exists").count(), columns, "{name}\n{statement}");
            assert_eq!(statement.matches("drop column").count(), 0, "{name}: remove in a later release");
            let words = statement.replace("drop constraint if exists", "");
            assert!(!words.contains("drop constraint"), "{name}\n{statement}");
            // A check is dropped first, so that two runners may meet, and not held against what is there.
            assert!(!words.contains("add constraint") || words.ends_with("not valid"), "{name}\n{statement}");
        }
    }
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    shop::in_shop(|store| async move {
        stocked(&store, 3, &["mug"]).await;
        let before = shop::rows(&store).await;
        store.migrate().await.unwrap();
        assert_eq!(shop::rows(&store).await, before);
        store.ping().await.unwrap();
    })
    .await;
}

async fn race(lock: bool) {
    let options = options().migration_lock(lock);
    let schema = options.schema.clone().unwrap();
    drop_schema(&schema).await;
    let mut runners = Vec::new();
    for _ in 0..6 {
        let store = PostgresStore::connect_with(options.clone().pool_size(1)).await.unwrap();
        runners.push(tokio::spawn(async move { store.migrate().await }));
    }
    for runner in runners {
        runner.await.unwrap().unwrap();
    }
    let store = PostgresStore::connect_with(options).await.unwrap();
    let applied = shop::number(&store, "select count(*) from _sqlx_migrations where success").await;
    assert_eq!(applied, files().len() as i64);
    stocked(&store, 3, &["mug"]).await;
    store.pool().close().await;
    drop_schema(&schema).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_migrate_once_with_the_lock() {
    race(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_migrate_once_without_the_lock() {
    race(false).await;
}

#[tokio::test]
async fn a_schema_is_a_shop_of_its_own() {
    shop::in_shop(|first| async move {
        shop::in_shop(|second| async move {
            let stocked = stocked(&first, 3, &["mug"]).await;
            let mut changes = ChangeSet::default();
            changes.pricing.rulebook = Some(rulebook(1));
            first.commit(&changes).await.unwrap();
            assert_eq!(second.stock(&[stocked.variant(0)]).await.unwrap().1, []);
            assert_eq!(second.rulebook().await.unwrap(), None);
            assert_eq!(second.locations().await.unwrap(), []);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_schema_that_is_not_migrated_is_found_by_a_ping() {
    let store = PostgresStore::connect_with(options()).await.unwrap();
    assert!(store.ping().await.is_err());
    store.pool().close().await;
}

#[tokio::test]
async fn a_newer_schema_is_left_alone_by_an_older_program() {
    shop::in_shop(|store| async move {
        shop::sabotage(
            &store,
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'from the future', true, '', 0)",
        )
        .await;
        store.migrate().await.unwrap();
    })
    .await;
}

/// A shop that is older than the search, and what an older program wrote beside it, are indexed by the next migration.
#[tokio::test]
async fn what_is_not_indexed_is_indexed() {
    shop::in_shop(|store| async move {
        stocked(&store, 3, &["mug", "cup", "pot"]).await;
        for statement in [
            "delete from search_documents where product_id = (select id from products where slug = 'mug')",
            "update products set name = 'Beaker', version = version + 1 where slug = 'cup'",
        ] {
            sqlx::query(statement).execute(store.pool()).await.unwrap();
        }
        store.migrate().await.unwrap();
        let found = async |sql: &str| shop::number(&store, sql).await;
        let current = "select count(*) from search_documents d join products p on p.id = d.product_id \
                       where d.version = p.version";
        assert_eq!(found(current).await, 3);
        assert_eq!(found("select count(*) from search_documents where terms @@ 'beaker'::tsquery").await, 1);
        assert_eq!(store.index(10).await.unwrap(), 0);
    })
    .await;
}

/// Without the extension by which words are found by their letters, a mistyped word is still taken for the nearest one.
#[tokio::test]
async fn words_are_corrected_without_the_extension() {
    shop::in_shop(|store| async move {
        stocked(&store, 3, &["lantern"]).await;
        sqlx::query("drop index if exists search_words_trigrams").execute(store.pool()).await.unwrap();
        let similar = store.similar(&["lantren".to_owned(), "xantern".to_owned()]).await.unwrap();
        assert_eq!(similar[0].candidates, ["lantern"]);
        assert_eq!(similar[1].candidates, [""; 0], "but for its first letter");
        store.migrate().await.unwrap();
        let again = PostgresStore::from_pool(store.pool().clone());
        let similar = again.similar(&["xantern".to_owned()]).await.unwrap();
        assert_eq!(similar[0].candidates, ["lantern"], "this server has the extension");
    })
    .await;
}
