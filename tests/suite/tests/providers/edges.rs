//! Posts that no documentation mentions and that senders nevertheless make.

use std::path::Path;

use conformance::Index;
use conformance::batches::{batch, batch_of_text, batching};
use conformance::normalised::events;
use http::HeaderMap;
use serde_json::{Value, json};
use shared::event::{EventType, Facts, Raw, UNPARSED_LIMIT};
use shared::provider::{InboundPostError, MAX_OWN_BATCH, MAX_PROVIDER_BATCH, Provider, Received, VerificationError};
use shared::secret::VerificationSecret;
use shared::source::{Trust, Verification};
use support::cost::cost;
use support::signers::{Signed, mailersend, resend};

use super::properties::assert_affordable;
use super::{FORM, JSON, click, content_type, ids, now, own_fixtures, post_of, providers, signed_fixtures, unsigned};

fn take(provider: Provider, event: &str) -> Vec<Facts> {
    let (headers, body) = post_of(provider, event);
    facts(unsigned(provider, &headers, &body).unwrap())
}

fn facts(received: Received) -> Vec<Facts> {
    received.reports.into_iter().map(|report| report.facts).collect()
}

/// JSON pointers to members of the provider's events that may hold long numbers: ids, and members with free values.
fn numbers(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Mailgun => &["/id", "/user-variables/n"],
        Provider::Mailjet => &["/MessageID"],
        Provider::SendGrid => &["/sg_event_id", "/sg_message_id", "/custom"],
        Provider::Resend => &["/data/email_id", "/data/tags/n"],
        Provider::Postmark => &["/MessageID", "/Metadata/n"],
        Provider::Ses => &["/mail/messageId", "/mail/tags/n/0"],
        Provider::SparkPost => {
            &["/msys/track_event/event_id", "/msys/track_event/transmission_id", "/msys/track_event/rcpt_meta/n"]
        }
        Provider::Brevo => &["/message-id"],
        Provider::Mandrill => &["/msg/_id", "/msg/metadata/n"],
        Provider::MailerSend => &["/data/id", "/data/email/message/id"],
        Provider::Generic => &["/id", "/email_id", "/metadata/n"],
        Provider::Own | Provider::Mailhooks => &[],
    }
}

/// Sets the value at a pointer. Objects and arrays that are missing on the way are made.
fn set(value: &mut Value, pointer: &str, to: Value) {
    let mut place = value;
    for part in pointer.split('/').skip(1) {
        place = if part == "0" {
            if !place.is_array() {
                *place = json!([null]);
            }
            &mut place[0]
        } else {
            if !place.is_object() {
                *place = json!({});
            }
            &mut place[part]
        };
    }
    *place = to;
}

#[test]
fn numbers_over_2_to_the_53_stay_exact() {
    for provider in providers() {
        for pointer in numbers(provider) {
            for digits in ["9007199254740993", "18446744073709551615", "123456789012345678901234567890"] {
                let mut event = click(provider);
                set(&mut event, pointer, json!("the number"));
                let event = event.to_string().replace(r#""the number""#, digits);
                let (headers, body) = post_of(provider, &event);
                let reports = unsigned(provider, &headers, &body).unwrap().reports;
                let shown = serde_json::to_string(&events(reports, now())).unwrap();
                assert!(shown.contains(digits), "{} {pointer} {digits}: {shown}", provider.as_str());
            }
        }
    }
    // For Postmark, the provider event id is the id of the bounce.
    let bounce = r#"{"RecordType":"Bounce","Type":"HardBounce","ID":9007199254740993,"Email":"a@example.com"}"#;
    assert!(take(Provider::Postmark, bounce)[0].provider_event_id.contains("9007199254740993"));
}

/// The event with a member that distinguishes it from the other events of its batch.
fn numbered(provider: Provider, event: &Value, number: usize) -> Value {
    let mut event = event.clone();
    let address = json!(format!("recipient-{number}@example.com"));
    match provider {
        Provider::SendGrid => event["sg_event_id"] = json!(format!("id-{number}")),
        Provider::SparkPost => event["msys"]["track_event"]["event_id"] = json!(format!("{number}")),
        Provider::Mandrill => event["msg"]["email"] = address,
        Provider::Mailjet | Provider::Brevo => event["email"] = address,
        Provider::Mailgun
        | Provider::Resend
        | Provider::Postmark
        | Provider::Ses
        | Provider::MailerSend
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => panic!("{} posts no batches", provider.as_str()),
    }
    event
}

#[test]
fn a_batch_of_a_thousand_events_gives_a_thousand() {
    for provider in batching() {
        let event = click(provider);
        let events: Vec<_> = (0..1_000).map(|number| numbered(provider, &event, number)).collect();
        let (headers, body) = batch(provider, &events);
        let (received, took) = cost(|| unsigned(provider, &headers, &body).unwrap());
        assert_affordable(&format!("{} of a thousand", provider.as_str()), body.len(), &took);
        assert!(received.reports.iter().all(|report| report.facts.event_type == EventType::Clicked));
        let mut ids = ids(received);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 1_000, "{}", provider.as_str());
    }
}

#[test]
fn large_batches_have_a_limit() {
    for provider in batching() {
        let of = |count: usize| {
            let (headers, body) = batch(provider, &vec![json!({}); count]);
            unsigned(provider, &headers, &body)
        };
        assert!(of(MAX_PROVIDER_BATCH).is_ok(), "{}", provider.as_str());
        let refused = Err(InboundPostError::TooMany { limit: MAX_PROVIDER_BATCH });
        assert_eq!(of(MAX_PROVIDER_BATCH + 1), refused, "{}", provider.as_str());
    }
    let (headers, body) = batch(Provider::Generic, &vec![click(Provider::Generic); MAX_OWN_BATCH + 1]);
    let refused = Err(InboundPostError::TooMany { limit: MAX_OWN_BATCH });
    assert_eq!(unsigned(Provider::Generic, &headers, &body), refused);
}

/// A member that is not UTF-8 changes no other member.
#[test]
fn invalid_utf_8_costs_only_the_broken_characters() {
    for provider in providers() {
        let mut event = click(provider);
        event["broken"] = json!("caf@@@");
        let broken = |body: &[u8]| -> Vec<u8> {
            // In a form the mark is percent-encoded, or as it is.
            let text = String::from_utf8(body.to_vec()).unwrap();
            let (before, after) = text.split_once("@@@").or_else(|| text.split_once("%40%40%40")).unwrap();
            [before.as_bytes(), b"\xe9\xff\xc3", after.as_bytes()].concat()
        };
        let (headers, body) = post_of(provider, &event.to_string());
        let whole = facts(unsigned(provider, &headers, &body).unwrap());
        let got = facts(unsigned(provider, &headers, &broken(&body)).unwrap());
        assert_eq!(got.len(), 1, "{}", provider.as_str());
        assert_eq!(got[0].event_type, whole[0].event_type, "{}", provider.as_str());
        assert_eq!(got[0].recipient, whole[0].recipient, "{}", provider.as_str());
    }
    let facts = take(Provider::SendGrid, r#"{"event":"open","category":"caf\ud800"}"#);
    assert_eq!(facts.len(), 1);
    let body = b"[{\"event\":\"open\",\"category\":\"caf\xe9\"},{\"event\":\"click\"}]";
    let facts = self::facts(unsigned(Provider::SendGrid, &content_type(JSON), body).unwrap());
    assert_eq!(facts[0].tags, ["caf\u{fffd}"]);
    assert_eq!(facts.len(), 2);
}

/// A JSON object may have a key twice. The last one counts, as in every other JSON reader that a sender may test with.
#[test]
fn of_duplicate_json_keys_the_last_counts() {
    for provider in providers() {
        let event = click(provider);
        let (first, rest) = (r#"{"broken":1,"#, event.to_string());
        // Every member comes twice: first with nonsense, then as it is.
        let members = event.as_object().unwrap().keys();
        let nonsense = members.map(|key| format!("{}:[7],", json!(key))).collect::<Vec<_>>().concat();
        let doubled = format!("{first}{nonsense}{}", &rest[1..]);
        let (once, twice) = (take(provider, &event.to_string()), take(provider, &doubled));
        assert_eq!(twice.len(), once.len(), "{}", provider.as_str());
        assert_eq!(twice[0].event_type, once[0].event_type, "{}", provider.as_str());
        assert_eq!(twice[0].recipient, once[0].recipient, "{}", provider.as_str());
        assert_eq!(twice[0].provider_event_id, once[0].provider_event_id, "{}", provider.as_str());
    }
}

#[test]
fn deep_nesting_costs_nothing() {
    for provider in providers() {
        for depth in [100, 1_000, 100_000] {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let mut event = click(provider);
            event["deep"] = json!("the deep");
            let event = event.to_string().replace(r#""the deep""#, &deep);
            let (headers, body) = post_of(provider, &event);
            let (received, took) = cost(|| unsigned(provider, &headers, &body));
            assert_affordable(&format!("{} {depth} deep", provider.as_str()), body.len(), &took);
            // The event is small enough to be mapped but too deep for serde_json, or it is large. It is never lost.
            let told = provider == Provider::Generic && matches!(received, Err(InboundPostError::Invalid(_)));
            assert!(told || received.unwrap().reports.len() == 1, "{} {depth}", provider.as_str());

            for body in [deep.clone(), "[".repeat(depth), r#"{"a":"#.repeat(depth), format!("mandrill_events={deep}")] {
                for kind in [JSON, FORM] {
                    let (received, took) = cost(|| unsigned(provider, &content_type(kind), body.as_bytes()));
                    assert_affordable(&format!("{} {depth} deep", provider.as_str()), body.len(), &took);
                    let kept = received.map(|received| received.reports.len());
                    let refused = provider == Provider::Generic && kept.is_err();
                    assert!(refused || kept == Ok(1), "{} {depth}: {kept:?}", provider.as_str());
                }
            }
        }
    }
}

#[test]
fn line_ends_within_signed_bytes_count() {
    let key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let body = |provider| serde_json::to_string_pretty(&click(provider)).unwrap().replace('\n', "\r\n") + "\r\n";
    let signed: [(Provider, Signed); 2] = [
        (Provider::Resend, resend::sign(key, "msg_1", body(Provider::Resend), now())),
        (Provider::MailerSend, mailersend::sign(key, body(Provider::MailerSend))),
    ];
    let trust = Trust::verified_by(Verification::SigningKey(VerificationSecret::parse(key).unwrap()));
    for (provider, signed) in signed {
        let headers: HeaderMap =
            signed.headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let take = |body: &[u8]| {
            shared::provider::receive(provider, &trust, &shared::provider::InboundPost::new(&headers, body), now())
        };
        assert_eq!(take(&signed.body).unwrap().reports.len(), 1, "{}", provider.as_str());
        let text = String::from_utf8(signed.body.clone()).unwrap();
        for other in [text.replace("\r\n", "\n"), text.trim_end().to_owned(), text.replace('\r', "")] {
            let refused = Err(InboundPostError::VerificationError(VerificationError::WrongSignature));
            assert_eq!(take(other.as_bytes()), refused, "{}", provider.as_str());
        }
    }
    let fixture = super::fixture("sendgrid/signed_single");
    assert!(fixture.body.ends_with(b"\r\n"));
    let text = String::from_utf8(fixture.body.clone()).unwrap();
    assert_eq!(
        fixture.receive_body(text.trim_end().as_bytes()),
        Err(InboundPostError::VerificationError(VerificationError::WrongSignature))
    );
}

/// SNS signs the text of its message. Line ends in that text are escaped, so they are data.
#[test]
fn line_ends_within_an_sns_message_are_signed_decoded() {
    let fixture = super::fixture("ses/notification_bounce");
    let text = String::from_utf8(fixture.body.clone()).unwrap();
    assert!(text.contains(r"\n"));
    assert!(fixture.receive_body(text.replace(r"\n", r"\u000a").as_bytes()).is_ok());
    assert!(fixture.receive_body(text.replace(r"\n", r"\r\n").as_bytes()).is_err());
}

#[test]
fn header_names_are_good_in_any_case() {
    let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    for spell in [str::to_uppercase, |name: &str| {
        let mut upper = true;
        let spelled = name.chars().map(|letter| {
            let spelled = if upper { letter.to_ascii_uppercase() } else { letter };
            upper = letter == '-';
            spelled
        });
        spelled.collect()
    }] as [fn(&str) -> String; 2]
    {
        let entries: Vec<Value> = signed_fixtures()
            .map(|fixture| {
                let mut entry = fixture.entry;
                entry["file"] = json!(index.join(entry["file"].as_str().unwrap()));
                if let Some(file) = entry["auth"]["cert_file"].as_str() {
                    entry["auth"]["cert_file"] = json!(index.join(file));
                }
                let headers = entry["headers"].as_object().unwrap().clone();
                entry["headers"] = headers.into_iter().map(|(name, value)| (spell(&name), value)).collect();
                entry
            })
            .collect();
        let written = Path::new(env!("CARGO_TARGET_TMPDIR")).join("headers.json");
        std::fs::write(&written, json!({"fixtures": entries}).to_string()).unwrap();
        for fixture in Index::read(&written).unwrap().fixtures(now()) {
            let fixture = fixture.unwrap();
            assert!(fixture.receive().is_ok(), "{}: {:?}", fixture.id, fixture.entry["headers"]);
        }
    }
}

#[test]
fn one_odd_entry_costs_no_other() {
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let odd =
        ["7", "null", "{}", r#"{"event":7e999}"#, r#"{"event":null}"#, r#"{"event":""}"#, r#""text""#, "[]", &deep];
    for provider in batching() {
        for odd in odd {
            let good = click(provider).to_string();
            let array = format!("[{good},{odd},{good}]");
            let (headers, body) = batch_of_text(provider, &array);
            let facts = facts(unsigned(provider, &headers, &body).unwrap());
            let types: Vec<_> = facts.iter().map(|facts| facts.event_type).collect();
            let (first, rest) = types.split_first().unwrap();
            let (last, between) = rest.split_last().unwrap();
            let name = provider.as_str();
            assert_eq!((*first, *last), (EventType::Clicked, EventType::Clicked), "{name} {odd}");
            // Some providers ping with empty objects, which give no event. Every other entry is kept.
            let ping = odd == "{}" || odd.starts_with(r#"{"event""#);
            assert!(between == [EventType::Unknown] || (between.is_empty() && ping), "{name} {odd}: {between:?}");
            if let [kept] = &facts[1..facts.len() - 1] {
                let raw = match kept.raw.as_ref().unwrap() {
                    Raw::Whole(text) => text.clone().into_bytes(),
                    Raw::Body { kept, .. } => kept.clone(),
                    Raw::Dropped { .. } => panic!("{name} {odd} is dropped"),
                };
                assert_eq!(raw, odd.as_bytes(), "{name}");
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_kept() {
    let unreadable = [b"<html>".to_vec(), b"\xff\xfe\x00".to_vec(), br#"{"event":"#.to_vec(), vec![b'x'; 300_000]];
    for provider in providers() {
        for body in &unreadable {
            let received = unsigned(provider, &content_type(JSON), body);
            if provider == Provider::Generic {
                assert_eq!(received, Err(InboundPostError::Malformed));
                continue;
            }
            let facts = facts(received.unwrap());
            assert_eq!(facts.len(), 1, "{}", provider.as_str());
            assert_eq!(facts[0].event_type, EventType::Unparsed, "{}", provider.as_str());
            let kept = body[..body.len().min(UNPARSED_LIMIT)].to_vec();
            assert_eq!(facts[0].raw, Some(Raw::Body { kept, bytes: body.len() }), "{}", provider.as_str());
        }
    }
}

/// Proxies and test tools send posts with a missing or wrong content type. No event of such a post is lost.
#[test]
fn a_wrong_content_type_loses_nothing() {
    for fixture in own_fixtures().iter().filter(|fixture| fixture.receive().is_ok()) {
        let expected = fixture.receive().unwrap().reports.len();
        for kind in
            [None, Some("text/plain"), Some("application/octet-stream"), Some("multipart/form-data"), Some("\u{7f}")]
        {
            let mut headers = fixture.headers.clone();
            headers.remove(http::header::CONTENT_TYPE);
            if let Some(kind) = kind.and_then(|kind| kind.parse().ok()) {
                headers.insert(http::header::CONTENT_TYPE, kind);
            }
            let received = fixture.receive_as(&Trust::unsigned(), &headers, &fixture.body, fixture.now);
            assert!(received.unwrap().reports.len() >= expected, "{} as {kind:?}", fixture.id);
        }
    }
}
