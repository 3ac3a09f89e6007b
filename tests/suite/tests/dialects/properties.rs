//! Every dialect renders every possible event completely.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use shared::dialect::Dialect;
use shared::event::{BounceType, Client, Event, EventType, Facts, Geo, Recipient, RejectReason};
use shared::provider::Provider;

use super::{accepted, every_type, is_json, rendered, text};

/// Numbers that JavaScript reads exactly: integers of up to 53 bits, and doubles.
fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-9_007_199_254_740_992_i64..=9_007_199_254_740_992).prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has finite numbers only", |number| {
            number.is_finite().then(|| Value::from(number))
        }),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![any::<u32>().prop_map(|number| number.to_string()), "[0-9]{1,3}", any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number(),
        any::<String>().prop_map(Value::from)
    ];
    plain.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(key(), inner, 0..4).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn texts() -> impl Strategy<Value = Option<String>> {
    of(prop_oneof!["[0-9]{1,16}", any::<String>()])
}

fn client() -> impl Strategy<Value = Client> {
    let program = (texts(), texts(), texts(), texts());
    let geo = (texts(), texts(), texts()).prop_map(|(country, region, city)| Geo { country, region, city });
    (texts(), program, geo, of(any::<bool>())).prop_map(|(ip, (user_agent, name, os, device), geo, machine)| Client {
        ip,
        user_agent,
        name,
        os,
        device,
        geo,
        machine,
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let what = (
        select(every_type().collect::<Vec<_>>()),
        select(Provider::ALL),
        of(select(BounceType::ALL)),
        of(select(RejectReason::ALL)),
        select(vec!["failed", "dropped", "bounce"]),
    );
    let whom = (any::<String>(), texts(), texts(), texts(), texts(), texts());
    let how = (of(200_u16..1000), of("[245]\\.[0-9]\\.[0-9]"), texts(), texts(), client());
    let own = (vec(any::<String>(), 0..3), btree_map(key(), value(), 0..5), 0_i64..4_000_000_000_000_000);
    (what, whom, how, own).prop_map(|(what, whom, how, own)| {
        let (event_type, provider, bounce_type, reject_reason, provider_event) = what;
        let (recipient, email_message_id, sending_domain, subject, campaign_id, subscriber_id) = whom;
        let (smtp_code, enhanced_code, diagnostic, url, client) = how;
        let (tags, metadata, microseconds): (_, BTreeMap<_, _>, _) = own;
        let at = Timestamp::from_microsecond(microseconds).unwrap();
        Facts {
            recipient: Recipient::new(&recipient),
            email_message_id,
            sending_domain,
            subject,
            campaign_id,
            subscriber_id,
            tags,
            metadata: metadata.into_iter().collect(),
            bounce_type,
            reject_reason,
            smtp_code,
            enhanced_code,
            diagnostic,
            url,
            client,
            ..Facts::new(event_type, provider, provider_event, "key", at)
        }
    })
}

/// Made-up events. They are the same in every run.
pub(crate) fn events(count: usize) -> Vec<Event> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| accepted(facts().new_tree(&mut runner).unwrap().current())).collect()
}

/// Whether the value has a null anywhere except in the sender's own fields, which may contain anything.
fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().any(has_null),
        Value::Object(members) => {
            let own = |name: &str| ["metadata", "user-variables"].contains(&name);
            members.iter().any(|(name, value)| !own(name) && has_null(value))
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

proptest! {
    #[test]
    fn every_event_renders_in_every_dialect(facts in facts()) {
        let event = accepted(facts);
        for dialect in Dialect::ALL {
            let post = rendered(*dialect, &event);
            let text = text(&post);
            if is_json(&post) {
                let body: Value = serde_json::from_str(text).unwrap();
                prop_assert!(!has_null(&body), "{text}");
                prop_assert_eq!(body.is_array(), dialect.takes_arrays());
            } else {
                let fields: Vec<_> = url::form_urlencoded::parse(text.as_bytes()).collect();
                let count = |name: &str| fields.iter().filter(|(field, _)| field == name).count();
                for own in ["event", "timestamp", "token", "signature"] {
                    prop_assert_eq!(count(own), 1, "{} in {}", own, text);
                }
                prop_assert!(count("recipient") <= 1 && count("url") <= 1);
            }
        }
    }

    /// Every dialect has the headers with the event's id and with the signature.
    #[test]
    fn every_post_carries_the_standard_headers(facts in facts()) {
        let event = accepted(facts);
        for dialect in Dialect::ALL {
            let post = rendered(*dialect, &event);
            let value = |name| post.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str());
            let id = event.id.to_string();
            prop_assert_eq!(value("webhook-id"), Some(id.as_str()));
            prop_assert!(value("webhook-signature").is_some_and(|value| value.starts_with("v1,")));
        }
    }
}

/// A dialect understands its own name for a type, and the name stands for that type, perhaps among others.
#[test]
fn words_read_back() {
    for dialect in Dialect::ALL {
        for event_type in EventType::ALL {
            match dialect.name(*event_type) {
                Some(word) => {
                    assert!(dialect.types_named(word).contains(event_type), "{word} of {}", dialect.as_str());
                    assert!(dialect.types_named(event_type.as_str()).contains(event_type));
                    assert!(dialect.known_names().contains(&word));
                }
                None => assert!(!dialect.types_named(event_type.as_str()).contains(event_type)),
            }
        }
    }
}
