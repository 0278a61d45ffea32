//! What gateways told us: stored once, word by word, and taken up in its turn.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::Shop;
use crate::payment::inbox::{Handling, Message, MessageState};
use crate::testkit::named;
use crate::{ChangeSet, Guard, MessageId, Timestamp};

/// A message with all that it can have and one with nothing: as they come, and as each becomes the other.
pub async fn a_message_in_full_and_one_with_nothing(shop: &Shop) {
    let now = shop.now().await;
    let every_byte: Vec<u8> = (0..Message::BODY_MAX).map(|at| (at % 256) as u8).collect();
    let mut full = message("full", &every_byte, now);
    full.handling = Handling {
        state: MessageState::Parked,
        tries: u32::MAX,
        next_at: now.plus(Duration::from_secs(9)),
        note: Some("naïve \"日本\" \\ 🧵".to_owned()),
    };
    full.version = 4;
    let plain = message("plain", b"", now);
    receive(shop, &[full.clone(), plain.clone()]).await;
    for message in [&full, &plain] {
        let (seen_at, found) = shop.store.message(message.id).await.unwrap().unwrap();
        assert_eq!(&found, message);
        assert!(seen_at >= now);
    }
    assert_eq!(shop.store.message(named::<MessageId>("message", "x")).await.unwrap(), None);
    let mut changes = ChangeSet::default();
    let done = Handling { state: MessageState::Done, ..plain.handling.clone() };
    changes.payment.message_advance = vec![full.advance(done.clone()), plain.advance(full.handling.clone())];
    shop.store.commit(&changes).await.unwrap();
    let now_is = |id| async move { shop.store.message(id).await.unwrap().unwrap().1 };
    assert_eq!(now_is(full.id).await, Message { handling: done, version: 5, ..full.clone() });
    assert_eq!(now_is(plain.id).await, Message { handling: full.handling, version: 2, ..plain });
}

/// Fifty who bring the same message at once, and others beside it: it is stored once, and all are told that it is.
pub async fn the_same_message_fifty_times_at_once(shop: &Shop) {
    let now = shop.now().await;
    let mut bringing = JoinSet::new();
    for number in 0..50 {
        let store = Arc::clone(&shop.store);
        let same = message(&format!("same {number}"), b"the same", now);
        let own = message(&format!("own {number}"), format!("of {number}").as_bytes(), now);
        bringing.spawn(async move {
            let mut changes = ChangeSet::default();
            changes.payment.receive = if number % 2 == 0 { vec![same, own] } else { vec![own, same] };
            store.commit(&changes).await.unwrap();
        });
    }
    bringing.join_all().await;
    let (_, waiting) = shop.store.waiting_messages(1_000).await.unwrap();
    assert_eq!(waiting.len(), 51);
    assert_eq!(waiting.iter().filter(|message| message.body == b"the same").count(), 1);
}

/// One that is there already changes nothing of it, and nothing else is refused because of it.
pub async fn a_message_that_is_known_is_left_as_it_is(shop: &Shop) {
    let now = shop.now().await;
    let first = message("first", b"body", now);
    receive(shop, std::slice::from_ref(&first)).await;
    let mut changes = ChangeSet::default();
    let done = Handling { state: MessageState::Done, ..first.handling.clone() };
    changes.payment.message_advance = vec![first.advance(done.clone())];
    shop.store.commit(&changes).await.unwrap();
    let mut again = message("again", b"body", now.plus(Duration::from_secs(1)));
    again.gateway = "another".to_owned();
    let new = message("new", b"another body", now);
    receive(shop, &[again.clone(), new.clone(), again.clone()]).await;
    assert_eq!(shop.store.message(again.id).await.unwrap(), None);
    assert_eq!(shop.store.message(new.id).await.unwrap().unwrap().1, new);
    let kept = shop.store.message(first.id).await.unwrap().unwrap().1;
    assert_eq!(kept, Message { handling: done, version: 2, ..first });
}

/// Messages that wait are taken up when their time has come, the one that has waited longest first, at most so many.
pub async fn waiting_messages_come_by_their_time(shop: &Shop) {
    let (now, none) = shop.store.waiting_messages(10).await.unwrap();
    assert_eq!(none, []);
    let ago = |seconds: i64| Timestamp::from_micros(now.as_micros() - seconds * 1_000_000).unwrap();
    let made = [
        ("late", 5, MessageState::Waiting),
        ("first", 60, MessageState::Waiting),
        ("done", 70, MessageState::Done),
        ("to come", -3_600, MessageState::Waiting),
        ("parked", 80, MessageState::Parked),
        ("second", 30, MessageState::Waiting),
    ]
    .map(|(name, seconds, state)| {
        let mut message = message(name, name.as_bytes(), now);
        message.handling = Handling { state, next_at: ago(seconds), ..message.handling };
        message
    });
    receive(shop, &made).await;
    let (seen_at, waiting) = shop.store.waiting_messages(10).await.unwrap();
    assert!(seen_at >= now);
    assert_eq!(waiting, [made[1].clone(), made[5].clone(), made[0].clone()]);
    assert_eq!(shop.store.waiting_messages(2).await.unwrap().1, waiting[..2]);
}

/// Parked messages are listed with the newest first, page by page.
pub async fn parked_messages_are_listed(shop: &Shop) {
    let now = shop.now().await;
    let mut parked: Vec<Message> = (0..5)
        .map(|number| {
            let mut message = message(&format!("parked {number}"), &[number], now);
            message.handling.state = MessageState::Parked;
            message
        })
        .collect();
    receive(shop, &parked).await;
    receive(shop, &[message("waits", b"waits", now)]).await;
    parked.sort_by_key(|message| std::cmp::Reverse(message.id));
    assert_eq!(shop.store.parked_messages(None, 100).await.unwrap(), parked);
    assert_eq!(shop.store.parked_messages(None, 2).await.unwrap(), parked[..2]);
    assert_eq!(shop.store.parked_messages(Some(parked[1].id), 2).await.unwrap(), parked[2..4]);
    assert_eq!(shop.store.parked_messages(Some(parked[4].id), 2).await.unwrap(), []);
}

/// A message that somebody else took up meanwhile, or that is not there.
pub async fn a_message_that_changed(shop: &Shop) {
    let now = shop.now().await;
    let message = message("one", b"one", now);
    receive(shop, std::slice::from_ref(&message)).await;
    let mut changes = ChangeSet::default();
    let tried = Handling { tries: 1, ..message.handling.clone() };
    changes.payment.message_advance = vec![message.advance(tried)];
    shop.store.commit(&changes).await.unwrap();
    assert_eq!(shop.stale(&changes).await, Guard::Message(message.id));
    let unknown: MessageId = named("message", "nowhere");
    changes.payment.message_advance[0].id = unknown;
    assert_eq!(shop.stale(&changes).await, Guard::Message(unknown));
}

async fn receive(shop: &Shop, messages: &[Message]) {
    let mut changes = ChangeSet::default();
    changes.payment.receive = messages.to_vec();
    shop.store.commit(&changes).await.unwrap();
}

fn message(name: &str, body: &[u8], now: Timestamp) -> Message {
    Message::new(named("message", name), "pretend", body, now)
}
