//! What holds for the posts of every provider, tested with one table of senders.

use http::Method;
use jiff::SignedDuration;
use shared::event::EventType;
use shared::provider::Provider;
use shared::source::Trust;
use support::Break;
use support::senders::Sender;
use support::signers::Signed;

use crate::room::{Room, path};

/// The types of all stored events, sorted by name.
fn types(room: &Room) -> Vec<&'static str> {
    sorted(room.stored().values().map(|event| event.facts.event_type))
}

fn sorted(types: impl IntoIterator<Item = EventType>) -> Vec<&'static str> {
    let mut words: Vec<_> = types.into_iter().map(EventType::as_str).collect();
    words.sort_unstable();
    words
}

#[tokio::test]
async fn a_good_post_is_stored_once_and_a_retry_stores_nothing() {
    for sender in Sender::all().unwrap() {
        let word = sender.provider.as_str();
        let room = Room::start().await;
        let (source, key) = room.source_of(&sender).await;
        let post = room.good(&sender, &key, 1);
        for _ in 0..3 {
            let answer = room.take(&key, &post).await;
            assert_eq!((answer.status, &answer.body), (200, &serde_json::json!({"received": true})), "{word}");
        }
        let stored = room.stored();
        assert_eq!(types(&room), sorted(sender.types().iter().copied()), "{word}");
        for event in stored.values() {
            assert_eq!((event.tenant, event.source), (room.tenant, Some(source.id)), "{word}");
            assert_eq!(event.facts.provider, sender.provider);
            let recipient = event.facts.recipient.as_ref().unwrap().expose();
            assert!(recipient.eq_ignore_ascii_case(sender.recipient()), "{word}");
        }
        assert_eq!(room.take(&key, &room.good(&sender, &key, 2)).await.status, 200, "{word}");
        assert_eq!(room.stored().len(), 2 * sender.types().len(), "{word}: another post is another event");
    }
}

#[tokio::test]
async fn a_retry_that_is_signed_anew_stores_nothing() {
    for provider in [Provider::Resend, Provider::SendGrid, Provider::Ses] {
        let room = Room::start().await;
        let sender = Sender::of(provider).unwrap();
        let (_, key) = room.source_of(&sender).await;
        assert_eq!(room.take(&key, &room.good(&sender, &key, 1)).await.status, 200);
        room.world.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(room.take(&key, &room.good(&sender, &key, 1)).await.status, 200);
        assert_eq!(room.stored().len(), 1, "{}", provider.as_str());
    }
}

#[tokio::test]
async fn spoiled_unsigned_and_expired_posts_are_refused_and_store_nothing() {
    for sender in Sender::all().unwrap() {
        let word = sender.provider.as_str();
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        let post = room.good(&sender, &key, 1);
        let mut refused = vec![
            ("spoiled", sender.spoiled(post.clone())),
            ("unsigned", sender.unsigned(post.clone())),
            ("of another sender", room.good(&Sender::of(sender.provider).unwrap(), &key, 1)),
            ("empty", Signed { headers: Vec::new(), body: Vec::new() }),
        ];
        if let Some(good_for) = sender.good_for() {
            let at = room.world.clock.now() - good_for - SignedDuration::from_secs(2);
            refused.push(("expired", sender.post(key.expose(), 1, at).unwrap()));
            let at = room.world.clock.now() + SignedDuration::from_mins(6);
            refused.push(("of the future", sender.post(key.expose(), 1, at).unwrap()));
        }
        // For every sender, SNS signs with the certificate that the message names. So only the topic distinguishes
        // senders.
        refused.retain(|(what, _)| sender.provider != Provider::Ses || *what != "of another sender");
        for (what, refused) in refused {
            assert_ne!(refused, post, "{word}: {what}");
            let answer = room.take(&key, &refused).await;
            assert_eq!(answer.problem(), (401, "not-authentic"), "{word}: {what}");
            assert!(answer.headers.contains_key("www-authenticate"), "{word}: {what}");
            assert!(room.stored().is_empty(), "{word}: {what}");
        }
        assert_eq!(room.take(&key, &post).await.status, 200, "{word}");
    }
}

#[tokio::test]
async fn old_events_of_a_provider_without_expiry_are_stored_once_too() {
    for sender in Sender::all().unwrap().into_iter().filter(|sender| sender.good_for().is_none()) {
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        let post = room.good(&sender, &key, 1);
        assert_eq!(room.take(&key, &post).await.status, 200);
        room.world.clock.advance(SignedDuration::from_hours(7 * 24));
        assert_eq!(room.take(&key, &post).await.status, 200);
        assert_eq!(room.stored().len(), sender.types().len(), "{}", sender.provider.as_str());
    }
}

/// A captured post could be sent again when the rows of its events are gone, and its events would be new.
#[tokio::test]
async fn a_signature_that_says_no_time_vouches_for_no_event_older_than_the_retention() {
    for sender in Sender::all().unwrap().into_iter().filter(|sender| sender.provider.signs_for_ever()) {
        let word = sender.provider.as_str();
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        let post = room.good(&sender, &key, 1);
        assert_eq!(room.take(&key, &post).await.status, 200, "{word}");
        room.world.clock.advance(SignedDuration::from_hours(31 * 24));
        assert_eq!(room.take(&key, &post).await.problem(), (401, "not-authentic"), "{word}");
        assert_eq!(room.stored().len(), sender.types().len(), "{word}");
        assert_eq!(room.take(&key, &room.good(&sender, &key, 2)).await.status, 200, "{word}");
    }
}

#[tokio::test]
async fn our_own_trouble_is_answered_so_that_the_provider_comes_again() {
    for sender in Sender::all().unwrap() {
        let word = sender.provider.as_str();
        // The number of calls of a first post: reading key and source, then the writes.
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        room.world.aws.take_calls();
        assert_eq!(room.take(&key, &room.good(&sender, &key, 1)).await.status, 200);
        let calls = room.world.aws.take_calls();
        assert!(calls.len() >= 3, "{word}: {calls:?}");

        for (index, call) in calls.iter().enumerate() {
            for how in [Break::Before, Break::After] {
                let what = format!("{word}: call {index}, {} on {}, {how:?}", call.operation, call.resource);
                let room = Room::start().await;
                let (_, key) = room.source_of(&sender).await;
                let post = room.good(&sender, &key, 1);
                room.world.aws.break_call(index, how);
                let answer = room.take(&key, &post).await;
                // A certificate that could not be stored is fetched again; the post is accepted.
                if answer.status != 200 || sender.provider != Provider::Ses {
                    let status = if sender.provider == Provider::Brevo { 429 } else { 503 };
                    assert_eq!(answer.status, status, "{what}: {answer:?}");
                    assert_eq!(sender.provider.status_in_trouble(), status);
                    assert!(answer.headers.contains_key("retry-after"), "{what}");
                    assert!(!answer.body.to_string().contains("Dynamo"), "{what}: {answer:?}");
                }
                room.world.aws.call_off_break();
                assert_eq!(room.take(&key, &post).await.status, 200, "{what}");
                assert_eq!(types(&room), sorted(sender.types().iter().copied()), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn probes_of_a_source_are_answered() {
    for sender in Sender::all().unwrap() {
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        for method in [Method::GET, Method::HEAD] {
            let probe = http::Request::builder().method(method).uri(path(&key));
            assert_eq!(room.send(probe, lambda_http::Body::Empty).await.status, 200);
        }
    }
}

#[tokio::test]
async fn api_gateways_base64_and_any_case_of_header_are_read() {
    let cases: [fn(&str) -> String; 3] = [str::to_ascii_lowercase, str::to_ascii_uppercase, title_case];
    for sender in Sender::all().unwrap() {
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        for (number, case) in (1..).zip(cases) {
            let post = room.good(&sender, &key, number);
            let answer = room.take_through_gateway(&key, &post, "192.0.2.1", case).await;
            assert_eq!(answer.status, 200, "{}", sender.provider.as_str());
        }
        assert_eq!(room.stored().len(), 3 * sender.types().len(), "{}", sender.provider.as_str());
    }
}

fn title_case(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let (first, rest) = part.split_at(1);
        first.to_ascii_uppercase() + rest
    });
    parts.collect::<Vec<_>>().join("-")
}

#[tokio::test]
async fn a_sender_that_signs_nothing_is_taken_where_the_source_allows_it() {
    for sender in Sender::all().unwrap() {
        let room = Room::start().await;
        let (_, key) = room.source_trusting(sender.provider, Trust::unsigned()).await;
        let post = sender.unsigned(room.good(&sender, &key, 1));
        assert_eq!(room.take(&key, &post).await.status, 200, "{}", sender.provider.as_str());
        assert_eq!(types(&room), sorted(sender.types().iter().copied()), "{}", sender.provider.as_str());
    }
}
