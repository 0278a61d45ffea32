//! What becomes of an import, as data.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Format, Import, ImportError, Kind, State, TRIES_MAX, Terms, View, WAITING_MAX, accept, cancel, open,
    take_up,
};
use crate::access::{Caller, Role};
use crate::catalog::StockRule;
use crate::{CustomerId, Ids, SellerId, SessionId, Timestamp};

const LEASE: Duration = Duration::from_secs(30);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000).unwrap()
}

fn ids() -> Ids {
    Ids::new([3; 32], at(0))
}

fn terms() -> Terms {
    let (kind, format) = (Kind::Products, Format::Csv);
    Terms { kind, format, currency: None, location: None, stock: StockRule::Created }
}

fn operator() -> Caller {
    Caller::Operator { name: "admin".to_owned() }
}

fn merchant(number: u128) -> Caller {
    let id = uuid::Uuid::from_u128(number);
    let (seller, session) = (Some(SellerId(id)), SessionId(id));
    Caller::Account { id: CustomerId(id), role: Role::Merchant, seller, session }
}

fn view(import: Option<Import>, open: u64) -> View {
    View { now: at(100), import, open, record: None }
}

fn opened(caller: &Caller) -> Import {
    open(&view(None, 0), caller, terms(), &mut ids()).unwrap()
}

fn queued(caller: &Caller) -> Import {
    accept(&opened(caller), 9, at(101), &mut ids()).unwrap().0
}

#[test]
fn so_many_may_wait_and_no_more() {
    assert!(open(&view(None, WAITING_MAX - 1), &operator(), terms(), &mut ids()).is_ok());
    let refused = open(&view(None, WAITING_MAX), &operator(), terms(), &mut ids());
    assert!(matches!(refused, Err(ImportError::TooMany(WAITING_MAX))));
}

#[test]
fn an_empty_file_is_none() {
    assert!(matches!(accept(&opened(&operator()), 0, at(1), &mut ids()), Err(ImportError::Empty)));
    let (accepted, row) = accept(&opened(&operator()), 9, at(1), &mut ids()).unwrap();
    assert_eq!((accepted.state, accepted.bytes), (State::Queued, 9));
    assert_eq!((row.action.as_str(), row.target), ("import.create", format!("import:{}", accepted.id)));
}

#[test]
fn an_import_that_gets_no_further_is_given_up_and_one_that_does_is_not() {
    let mut import = queued(&operator());
    for turn in 1..=TRIES_MAX {
        import = take_up(&import, at(200), LEASE);
        assert_eq!((import.state, import.tries, import.leased_until), (State::Running, turn, Some(at(230))));
    }
    let further = import.gone_on(json!({"rows": 1}), at(240));
    assert_eq!(take_up(&further, at(300), LEASE).state, State::Running);
    let given_up = take_up(&import, at(200), LEASE);
    assert_eq!(
        (given_up.state, given_up.ended_at, given_up.leased_until),
        (State::Failed, Some(at(200)), None)
    );
    assert!(given_up.failure.unwrap().contains("given up"));
}

#[test]
fn an_import_that_is_put_back_has_lost_no_try() {
    let import = queued(&operator());
    let put_back = take_up(&import, at(200), LEASE).put_back();
    assert_eq!(put_back, import);
    assert_eq!(put_back.progress, Value::Null);
}

#[test]
fn who_sent_it_may_end_it_once() {
    let import = queued(&merchant(7));
    let by = |caller: &Caller, import: &Import| cancel(&view(Some(import.clone()), 0), caller, &mut ids());
    assert!(matches!(by(&merchant(8), &import), Err(ImportError::NotFound)));
    assert!(matches!(by(&merchant(7), &opened(&merchant(7))), Err(ImportError::NotFound)), "not there yet");
    for caller in [merchant(7), operator()] {
        let (ended, row) = by(&caller, &import).unwrap();
        assert_eq!(
            (ended.state, ended.ended_at, row.actor),
            (State::Cancelled, Some(at(100)), caller.actor())
        );
        assert_eq!(row.data, json!({"before": "queued", "after": "cancelled"}));
        assert!(matches!(by(&caller, &ended), Err(ImportError::Ended(State::Cancelled))));
    }
}
