//! `commerce seed`: shops that are made up.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

mod server;

use server::{KINDS, TestDatabase};

/// What shoppers would see of the shop: its whole catalogue, and when the first product came in.
fn catalogue(database: &TestDatabase) -> String {
    database.succeed(&["export"])
}

#[test]
fn a_seed_makes_the_same_shop_on_every_store_and_the_doctor_has_nothing_to_say() {
    let shops: Vec<String> = KINDS
        .into_iter()
        .map(|kind| {
            let database = TestDatabase::new(kind);
            let told = database.succeed(&["seed", "--products", "700", "--seed", "5"]);
            assert!(told.starts_with("700 products with "), "{kind:?}: {told}");
            let doctor = database.succeed(&["doctor"]);
            assert!(!doctor.contains("violation of"), "{kind:?}: {doctor}");
            catalogue(&database)
        })
        .collect();
    assert!(shops[0].lines().count() > 1_000, "{}", shops[0].lines().count());
    assert_eq!(shops[0], shops[1]);
}

#[test]
fn a_shop_grows_where_it_stopped_and_only_its_own_seed_is_let_in() {
    for kind in KINDS {
        let database = TestDatabase::new(kind);
        database.succeed(&["seed", "--products", "130"]);
        let told = database.succeed(&["seed", "--products", "260"]);
        assert!(told.starts_with("130 products") && told.contains("; 130 were there"), "{kind:?}: {told}");
        let told = database.succeed(&["seed", "--products", "260"]);
        assert!(told.starts_with("0 products"), "{kind:?}: {told}");
        let at_once = TestDatabase::new(kind);
        at_once.succeed(&["seed", "--products", "260"]);
        assert_eq!(catalogue(&database), catalogue(&at_once), "{kind:?}");

        let refused = database.run(&["seed", "--products", "10", "--seed", "2"]);
        assert_eq!(refused.status.code(), Some(2), "{kind:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--beside-others"), "{kind:?}");
        let beside = database.succeed(&["seed", "--products", "10", "--seed", "2", "--beside-others"]);
        assert!(beside.starts_with("10 products"), "{kind:?}: {beside}");
        let refused = database.run(&["seed", "--products", "0"]);
        assert_eq!(refused.status.code(), Some(2), "{kind:?}");
    }
}
