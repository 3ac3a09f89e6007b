//! An authentic body that cannot be read is kept, byte for byte, and does not affect any other event.

use conformance::batches::{batch_of_text, batching};
use serde_json::Value;
use shared::event::{Event, EventType, Raw};
use shared::provider::Provider;
use shared::source::Trust;
use support::senders::{Sender, content_type};
use support::signers::Signed;

use crate::room::Room;

/// Bytes of an unreadable body that are kept (256 KiB).
const KEPT: usize = 256 * 1024;

/// Every provider except `generic`. Reason: senders of generic posts get their errors in the answer.
fn providers() -> impl Iterator<Item = Provider> {
    Provider::of_sources().filter(|provider| *provider != Provider::Generic)
}

fn only(room: &Room) -> Event {
    let mut stored: Vec<_> = room.stored().into_values().collect();
    assert_eq!(stored.len(), 1, "{stored:?}");
    stored.remove(0)
}

#[tokio::test]
async fn a_body_is_kept_byte_for_byte_and_once() {
    let bodies: [&[u8]; 5] = [b"<html>", b"{\"event\":", b"\xff\xfe\0\x80 not UTF-8", b"\"text\"", b"[[[[[[[["];
    for provider in providers() {
        for body in bodies {
            let room = Room::start().await;
            let (source, key) = room.source_trusting(provider, Trust::unsigned()).await;
            let post = Signed::plain(content_type(provider), body);
            for _ in 0..2 {
                assert_eq!(room.take(&key, &post).await.status, 200, "{}", provider.as_str());
            }
            let event = only(&room);
            assert_eq!((event.tenant, event.source), (room.tenant, Some(source.id)));
            let what = format!("{}: {}", provider.as_str(), String::from_utf8_lossy(body));
            assert_eq!(event.facts.event_type, EventType::Unparsed, "{what}");
            assert_eq!(event.facts.raw, Some(Raw::Body { kept: body.to_vec(), bytes: body.len() }), "{what}");
        }
    }
}

#[tokio::test]
async fn api_gateways_base64_brings_the_same_bytes() {
    let body = b"\r\n\xff\xfe\0 {\"event\":\r\n";
    for provider in providers() {
        let room = Room::start().await;
        let (_, key) = room.source_trusting(provider, Trust::unsigned()).await;
        let post = Signed::plain(content_type(provider), body);
        // The same bytes are also posted directly. Both posts give one event.
        let through_gateway = room.take_through_gateway(&key, &post, "192.0.2.1", str::to_ascii_uppercase).await;
        assert_eq!((through_gateway.status, room.take(&key, &post).await.status), (200, 200), "{}", provider.as_str());
        assert_eq!(only(&room).facts.raw, Some(Raw::Body { kept: body.to_vec(), bytes: body.len() }));
    }
}

#[tokio::test]
async fn of_a_larger_body_the_beginning_is_kept_and_its_size() {
    let body: Vec<u8> = (0..300 * 1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80).collect();
    for provider in providers() {
        let room = Room::start().await;
        let (_, key) = room.source_trusting(provider, Trust::unsigned()).await;
        let post = Signed::plain(content_type(provider), body.clone());
        assert_eq!(room.take(&key, &post).await.status, 200, "{}", provider.as_str());
        let event = only(&room);
        assert_eq!(event.facts.event_type, EventType::Unparsed, "{}", provider.as_str());
        let expected = Raw::Body { kept: body[..KEPT].to_vec(), bytes: body.len() };
        assert!(event.facts.raw == Some(expected), "{}", provider.as_str());
    }
}

#[tokio::test]
async fn two_unreadable_bodies_are_two_events() {
    let room = Room::start().await;
    let (_, key) = room.source_trusting(Provider::Mailjet, Trust::unsigned()).await;
    for body in ["<html>1", "<html>2"] {
        assert_eq!(room.take(&key, &Signed::plain("text/html", body)).await.status, 200);
    }
    assert_eq!(room.stored().len(), 2);
}

#[tokio::test]
async fn one_odd_entry_does_not_cost_the_others() {
    let odd = r#"7,null,"text",[],{"odd":{"er":[1]}}"#;
    for provider in batching() {
        let room = Room::start().await;
        let (_, key) = room.source_trusting(provider, Trust::unsigned()).await;
        let sender = Sender::of(provider).unwrap();
        let entries: Vec<String> = (1..=2).flat_map(|number| entries(&room.good(&sender, &key, number))).collect();
        let batch = format!("[{},{odd},{}]", entries[0], entries[1..].join(","));
        let (_, body) = batch_of_text(provider, &batch);
        let post = Signed::plain(content_type(provider), body);
        for _ in 0..2 {
            assert_eq!(room.take(&key, &post).await.status, 200, "{}", provider.as_str());
        }
        let stored = room.stored();
        let of_type = |wanted| stored.values().filter(|event| event.facts.event_type == wanted).count();
        for wanted in sender.types() {
            assert_eq!(of_type(*wanted), 2, "{}", provider.as_str());
        }
        let kept: Vec<_> = stored.values().filter(|event| event.facts.event_type == EventType::Unknown).collect();
        assert!(kept.len() >= 3, "{}: the odd entries are kept: {kept:?}", provider.as_str());
        assert_eq!(of_type(EventType::Unparsed), 0, "{}", provider.as_str());
    }
}

/// The entries of a good post, as text.
fn entries(post: &Signed) -> Vec<String> {
    let fields = url::form_urlencoded::parse(&post.body).into_owned().find(|(name, _)| name == "mandrill_events");
    let text = fields.map_or_else(|| String::from_utf8_lossy(&post.body).into_owned(), |(_, events)| events);
    match serde_json::from_str(&text).unwrap() {
        Value::Array(entries) => entries.iter().map(Value::to_string).collect(),
        single => vec![single.to_string()],
    }
}

#[tokio::test]
async fn unread_or_not_what_is_not_genuine_is_not_kept() {
    for sender in Sender::all().unwrap() {
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        for body in ["<html>", "", "{}", "[]"] {
            let post = Signed::plain(content_type(sender.provider), body);
            let answer = room.take(&key, &post).await;
            assert_eq!(answer.problem(), (401, "not-authentic"), "{}: {body:?}", sender.provider.as_str());
        }
        assert!(room.stored().is_empty(), "{}", sender.provider.as_str());
    }
}
