//! Every fixture is read as its entry in the index says.

use std::io::Write as _;

use conformance::normalised::{line, owner};
use conformance::{Fixture, own_fixtures};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::dialect::{Dialect, Envelope};
use shared::event::{Event, Recipient};
use shared::id::WebhookId;
use support::catalogue::validates;

/// The members that must equal those of the index.
const STRICT: [&str; 7] = ["type", "provider_event", "recipient", "message_id", "timestamp", "bounce_type", "url"];
/// The members for which the index is only advice.
const ADVISORY: [&str; 12] = [
    "reject_reason",
    "tags",
    "metadata",
    "campaign",
    "ip",
    "user_agent",
    "geo",
    "diagnostic",
    "smtp_code",
    "enhanced_code",
    "machine",
    "recipients",
];

/// Where we differ from the advice of the index, and why: fixture, position of the event, member, reason.
const DIFFERENCES: [(&str, usize, &str, &str); 2] = [
    (
        "mailgun/unsubscribed_star_tag",
        0,
        "tags",
        "they say what was unsubscribed from, which may be a tag of the email; they are kept as Mailgun has them",
    ),
    (
        "resend/sent",
        0,
        "recipients",
        "an event has one recipient; Resend names all of the email's in every event, and the object that is kept has them",
    ),
];

fn shown(fixture: &Fixture) -> Value {
    serde_json::to_value(line(fixture)).unwrap()
}

fn expected(fixture: &Fixture) -> &[Value] {
    fixture.entry["expected"].as_array().unwrap()
}

/// Prints to a place that libtest does not capture. Reason: every run should show what differs by decision.
fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").unwrap();
}

fn millis(timestamp: &Value) -> Option<i64> {
    Some(timestamp.as_str()?.parse::<Timestamp>().unwrap().as_millisecond())
}

#[test]
fn outcomes_are_those_of_the_index() {
    for fixture in own_fixtures() {
        let shown = shown(&fixture);
        assert_eq!(shown["outcome"], fixture.entry["outcome"], "{}", fixture.id);
        let status = if shown["outcome"] == "auth_rejected" { 401 } else { 200 };
        assert_eq!(shown["status"], status, "{}", fixture.id);
        assert_eq!(shown["events"].as_array().unwrap().len(), expected(&fixture).len(), "{}", fixture.id);
    }
}

#[test]
fn strict_members_are_equal() {
    let mut faults = Vec::new();
    for fixture in own_fixtures() {
        let shown = shown(&fixture);
        for (position, expected) in expected(&fixture).iter().enumerate() {
            let got = &shown["events"][position];
            let native = ["native", "signature-token"].iter().any(|kind| expected["event_id_kind"] == *kind);
            for member in STRICT.into_iter().chain(native.then_some("event_id")) {
                let Some(wanted) = expected.get(member) else { continue };
                let equal = match member {
                    "timestamp" => millis(&got[member]) == millis(wanted),
                    _ => got[member] == *wanted,
                };
                if !equal {
                    faults.push(format!("{} {position} {member}: {} instead of {wanted}", fixture.id, got[member]));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn advisory_members_differ_only_with_a_reason() {
    let mut unexplained = Vec::new();
    let mut explained = Vec::new();
    for fixture in own_fixtures() {
        for (position, expected) in expected(&fixture).iter().enumerate() {
            let got = advisory(&fixture, position);
            for member in ADVISORY {
                let Some(wanted) = expected.get(member) else { continue };
                if agrees(&got[member], wanted) {
                    continue;
                }
                let of_this = |difference: &&(&str, usize, &str, &str)| {
                    (difference.0, difference.1, difference.2) == (fixture.id.as_str(), position, member)
                };
                let told = format!("{} {position} {member}: {} instead of {wanted}", fixture.id, got[member]);
                match DIFFERENCES.iter().find(of_this) {
                    Some(difference) => {
                        explained.push(*difference);
                        say(&format!("differs: {told}, because {}", difference.3));
                    }
                    None => unexplained.push(told),
                }
            }
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    // An entry whose difference no longer exists would mislead its readers.
    let stale: Vec<_> = DIFFERENCES.iter().filter(|difference| !explained.contains(difference)).collect();
    assert!(stale.is_empty(), "{stale:?}");
    say(&format!("{} advisory members differ, each with its reason", explained.len()));
}

/// The advisory members of one event. The conformance command does not show two of them.
fn advisory(fixture: &Fixture, position: usize) -> Value {
    let mut got = shown(fixture)["events"][position].clone();
    let facts = &fixture.receive().unwrap().reports[position].facts;
    got["machine"] = json!(facts.client.machine);
    got["recipients"] = json!(facts.recipient.iter().map(Recipient::expose).collect::<Vec<_>>());
    got
}

/// Of an object, only the members that the index names are compared.
fn agrees(got: &Value, wanted: &Value) -> bool {
    match wanted.as_object().filter(|members| !members.is_empty()) {
        Some(members) => members.iter().all(|(name, value)| got[name] == *value),
        None => got == wanted || (got.is_null() && wanted.as_object().is_some()),
    }
}

/// If the index lists several readings as acceptable, we use the first one.
#[test]
fn alternatives_are_documented_decisions() {
    for fixture in own_fixtures() {
        for (position, expected) in expected(&fixture).iter().enumerate() {
            for alternative in expected["alternatives"].as_array().into_iter().flatten() {
                let shown = shown(&fixture);
                let got = &shown["events"][position];
                let is = |reading: &Value| reading.as_object().unwrap().iter().all(|(name, value)| got[name] == *value);
                let first = json!({"type": expected["type"], "bounce_type": expected["bounce_type"]});
                assert!(is(&first) || is(alternative), "{}", fixture.id);
                let chosen = if is(&first) { &first } else { alternative };
                let other = if is(&first) { alternative } else { &first };
                say(&format!("decided: {} {position} is {chosen}, not {other}", fixture.id));
            }
        }
    }
}

fn body(event: &Event) -> Vec<u8> {
    let webhook = WebhookId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
    let envelope = Envelope { id: &event.id.to_string(), webhook, at: Timestamp::UNIX_EPOCH, secrets: &[] };
    Dialect::Standard.render(event, &envelope).body
}

/// What a receiver gets for each event has the members that the catalogue promises.
#[test]
fn every_event_is_valid_under_its_schema() {
    for fixture in super::fixtures_with_events() {
        let (tenant, source) = owner();
        for report in fixture.receive().unwrap().reports {
            let event = report.accept(tenant, Some(source), fixture.now);
            let body: Value = serde_json::from_slice(&body(&event)).unwrap();
            let valid = validates(event.facts.event_type.as_str(), &body);
            assert_eq!(valid, Ok(()), "{}: {body}", fixture.id);
        }
    }
}

#[test]
fn bodies_are_those_of_the_index_byte_for_byte() {
    use sha2::{Digest as _, Sha256};
    for fixture in own_fixtures() {
        assert_eq!(
            hex::encode(Sha256::digest(&fixture.body)),
            fixture.entry["sha256"].as_str().unwrap(),
            "{}",
            fixture.id
        );
    }
}

#[test]
fn every_event_keeps_what_was_received() {
    for fixture in super::fixtures_with_events() {
        for report in fixture.receive().unwrap().reports {
            assert!(report.facts.raw.is_some(), "{}", fixture.id);
        }
    }
}
