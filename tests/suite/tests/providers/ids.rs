//! Ids are unique, and stay the same when the provider orders or groups its batches in another way.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::event::Raw;
use shared::id::EventId;
use shared::provider::Provider;

use conformance::batches::{Grouping, batch, batching, events_of, grouping};

use super::{fixtures_with_events, ids, providers, unsigned};

#[test]
fn the_same_body_gives_the_same_ids() {
    for fixture in fixtures_with_events() {
        let received = || ids(fixture.receive().unwrap());
        assert_eq!(received(), received(), "{}", fixture.id);
    }
}

/// The ids of all fixtures are compared, as if one source had received them.
#[test]
fn different_events_have_different_ids() {
    // One event has fixtures in two formats, and two of Mailgun's fixtures have the same token.
    let same = ["mailjet/sent_grouped_payload", "mailgun/clicked"];
    let mut seen: BTreeMap<EventId, String> = BTreeMap::new();
    for fixture in fixtures_with_events().filter(|fixture| !same.contains(&fixture.id.as_str())) {
        for (position, id) in ids(fixture.receive().unwrap()).into_iter().enumerate() {
            let name = format!("{} {position}", fixture.id);
            let before = seen.insert(id, name.clone());
            assert_eq!(before, None, "{name}");
        }
    }
}

/// When providers try again, they sign the batch anew, and may order and group its events in another way.
#[test]
fn regrouping_a_batch_changes_no_id() {
    for provider in batching() {
        let events = all_events_of(provider);
        assert!(events.len() > 2, "{}", provider.as_str());
        let of = |group: &[Value]| -> BTreeSet<EventId> {
            let (headers, body) = batch(provider, group);
            ids(unsigned(provider, &headers, &body).unwrap()).into_iter().collect()
        };
        let all = of(&events);
        assert_eq!(all.len(), events.len(), "{}: two events have the same id", provider.as_str());

        let reversed: Vec<_> = events.iter().rev().cloned().collect();
        assert_eq!(of(&reversed), all, "{}: reversed", provider.as_str());
        for at in 1..events.len() {
            let (left, right) = events.split_at(at);
            let split: BTreeSet<_> = of(left).union(&of(right)).copied().collect();
            assert_eq!(split, all, "{}: split at {at}", provider.as_str());
        }
        let alone: BTreeSet<_> = events.iter().flat_map(|event| of(std::slice::from_ref(event))).collect();
        assert_eq!(alone, all, "{}: each alone", provider.as_str());
        let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
        assert_eq!(of(&twice), all, "{}: each twice", provider.as_str());
    }
}

fn all_events_of(provider: Provider) -> Vec<Value> {
    let fixtures = fixtures_with_events().filter(|fixture| fixture.provider == provider);
    // This fixture has the event of `sent_single`, with another campaign.
    let fixtures = fixtures.filter(|fixture| fixture.id != "mailjet/sent_grouped_payload");
    fixtures.flat_map(|fixture| events_of(&fixture)).collect()
}

/// A bare object, and an array with one object, report the same event.
#[test]
fn an_event_alone_or_in_a_batch_of_one_is_the_same() {
    for provider in providers().filter(|provider| grouping(*provider) == Grouping::Array) {
        for event in all_events_of(provider) {
            let (headers, body) = batch(provider, std::slice::from_ref(&event));
            let grouped = ids(unsigned(provider, &headers, &body).unwrap());
            let alone = ids(unsigned(provider, &headers, event.to_string().as_bytes()).unwrap());
            assert_eq!(alone, grouped, "{}", provider.as_str());
        }
    }
}

/// A body that cannot be read has an id too, so that a retry of it is stored once.
#[test]
fn an_unparsed_body_has_a_stable_id_of_its_own() {
    for provider in providers().filter(|provider| *provider != Provider::Generic) {
        let of = |body: &[u8]| {
            let received = unsigned(provider, &super::content_type(super::JSON), body).unwrap();
            assert!(matches!(received.reports[0].facts.raw, Some(Raw::Body { .. })), "{}", provider.as_str());
            ids(received)
        };
        assert_eq!(of(b"<html>"), of(b"<html>"), "{}", provider.as_str());
        assert_ne!(of(b"<html>"), of(b"<html> "), "{}", provider.as_str());
    }
}
