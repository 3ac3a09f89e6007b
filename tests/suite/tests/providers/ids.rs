//! Event ids are unique and stable, no matter how a provider groups its events into batches.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::event::Raw;
use shared::id::EventId;
use shared::provider::Provider;

use conformance::batches::{BATCHING, batch, events_of};

use super::{fixtures_with_events, ids, unsigned};

#[test]
fn the_same_body_gives_the_same_ids() {
    for fixture in fixtures_with_events() {
        let received = || ids(fixture.receive().unwrap());
        assert_eq!(received(), received(), "{}", fixture.id);
    }
}

/// Compares ids across all fixtures of a provider, as if one source had received them.
#[test]
fn different_events_have_different_ids() {
    // The first is a sample of an event that another fixture has in another format. The second has the same token as
    // another fixture.
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

/// When a provider retries a batch, it may sign, order and group the events differently.
#[test]
fn regrouping_a_batch_changes_no_id() {
    for provider in BATCHING {
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
    // It is the same event as `sent_single`, with another campaign.
    let fixtures = fixtures.filter(|fixture| fixture.id != "mailjet/sent_grouped_payload");
    fixtures.flat_map(|fixture| events_of(&fixture)).collect()
}

/// A bare object, and an array with one object, report the same event.
#[test]
fn an_event_alone_or_in_a_batch_of_one_is_the_same() {
    for provider in [Provider::Mailjet, Provider::SendGrid, Provider::SparkPost, Provider::Brevo] {
        for event in all_events_of(provider) {
            let (headers, body) = batch(provider, std::slice::from_ref(&event));
            let grouped = ids(unsigned(provider, &headers, &body).unwrap());
            let alone = ids(unsigned(provider, &headers, event.to_string().as_bytes()).unwrap());
            assert_eq!(alone, grouped, "{}", provider.as_str());
        }
    }
}

/// A post that cannot be read also gets a stable id, so a retry of it is stored once.
#[test]
fn an_unparsed_body_has_a_stable_id_of_its_own() {
    for provider in super::providers().filter(|provider| *provider != Provider::Generic) {
        let of = |body: &[u8]| {
            let received = unsigned(provider, &super::content_type(super::JSON), body).unwrap();
            assert!(matches!(received.reports[0].facts.raw, Some(Raw::Body { .. })), "{}", provider.as_str());
            ids(received)
        };
        assert_eq!(of(b"<html>"), of(b"<html>"), "{}", provider.as_str());
        assert_ne!(of(b"<html>"), of(b"<html> "), "{}", provider.as_str());
    }
}
