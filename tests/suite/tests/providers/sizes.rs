//! An event with one very large member keeps its type, its recipient and its id, and its row can be stored and read
//! back.

use std::sync::OnceLock;

use conformance::Fixture;
use conformance::batches::{batch, batching};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use shared::event::{EventType, Facts, Raw, Recipient};
use shared::provider::{Provider, Received};
use shared::source::Trust;
use support::cost::cost;

use super::made_up::places;
use super::properties::assert_affordable;
use super::stored;
use super::{FORM, click, content_type, fixture, fixtures_with_events, is_of, post_of, providers, unsigned};

/// The kind of value that makes a member large.
#[derive(Debug, Clone, Copy)]
enum Filling {
    Text(&'static str),
    Digits,
    Elements,
    Members,
}

const FILLINGS: [Filling; 8] = [
    Filling::Text("x"),
    Filling::Text("\u{1}"),
    Filling::Text("\""),
    Filling::Text("\u{20ac}"),
    Filling::Text("a@example.org, "),
    Filling::Digits,
    Filling::Elements,
    Filling::Members,
];

impl Filling {
    /// A value that has about this many bytes as JSON.
    fn value(self, size: usize) -> Value {
        match self {
            Self::Text(unit) => unit.repeat((size / unit.len()).max(1)).into(),
            // The number is a text here, because `serde_json::Value` holds no longer numbers.
            Self::Digits => "7".repeat(size.max(1)).into(),
            Self::Elements => vec![json!("element"); (size / 10).max(1)].into(),
            Self::Members => (0..(size / 16).max(1)).map(|number| (format!("m{number}"), json!("v"))).collect(),
        }
    }
}

fn any_filling() -> impl Strategy<Value = Filling> {
    prop::sample::select(FILLINGS.to_vec())
}

fn fixtures() -> &'static [Fixture] {
    static FIXTURES: OnceLock<Vec<Fixture>> = OnceLock::new();
    FIXTURES.get_or_init(|| fixtures_with_events().collect())
}

/// The content of a fixture's post as JSON: the JSON or the fields of a form, the message of SNS, or the body itself.
fn said(fixture: &Fixture) -> Value {
    let fields = || url::form_urlencoded::parse(&fixture.body).into_owned();
    match fixture.provider {
        Provider::Mandrill => serde_json::from_str(&fields().next().unwrap().1).unwrap(),
        Provider::Ses => {
            let message: Value = serde_json::from_slice(&fixture.body).unwrap();
            serde_json::from_str(message["Message"].as_str().unwrap()).unwrap()
        }
        // Mailgun's legacy posts are forms too.
        Provider::Mailgun if is_of(&fixture.headers, FORM) => {
            fields().map(|(name, value)| (name, Value::from(value))).collect()
        }
        Provider::Mailgun
        | Provider::Mailjet
        | Provider::SendGrid
        | Provider::Resend
        | Provider::Postmark
        | Provider::SparkPost
        | Provider::Brevo
        | Provider::MailerSend
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => serde_json::from_slice(&fixture.body).unwrap(),
    }
}

/// The body of the same post with other content.
fn body(fixture: &Fixture, said: &Value) -> Vec<u8> {
    let form =
        |fields: &[(&str, String)]| url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    match fixture.provider {
        Provider::Mandrill => form(&[("mandrill_events", said.to_string())]).into_bytes(),
        Provider::Ses => {
            let mut message: Value = serde_json::from_slice(&fixture.body).unwrap();
            message["Message"] = said.to_string().into();
            message.to_string().into_bytes()
        }
        Provider::Mailgun if is_of(&fixture.headers, FORM) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let fields: Vec<_> =
                said.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), text(value))).collect();
            form(&fields).into_bytes()
        }
        Provider::Mailgun
        | Provider::Mailjet
        | Provider::SendGrid
        | Provider::Resend
        | Provider::Postmark
        | Provider::SparkPost
        | Provider::Brevo
        | Provider::MailerSend
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => said.to_string().into_bytes(),
    }
}

fn take(fixture: &Fixture, said: &Value) -> Vec<Facts> {
    let body = body(fixture, said);
    let received = fixture.receive_as(&Trust::unsigned(), &fixture.headers, &body, fixture.now);
    // One of the invariants is that the event fits into a row and can be read back.
    stored::check(fixture.provider, body.len(), received.clone());
    received.unwrap().reports.into_iter().map(|report| report.facts).collect()
}

/// The facts that must not change.
fn core<'a>(facts: &'a [Facts]) -> Vec<(EventType, Option<&'a str>, &'a str)> {
    let recipient = |facts: &'a Facts| facts.recipient.as_ref().map(Recipient::expose);
    facts.iter().map(|facts| (facts.event_type, recipient(facts), facts.provider_event_id.as_str())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(120) })]

    /// If a small value in the place of a member changes none of these facts, a large value changes none either. If the
    /// small value changes them, the event with the large value has the same facts as the event with the small one.
    #[test]
    fn a_member_of_any_size_costs_no_event(
        index in any::<Index>(),
        blown in prop::collection::vec((any::<Index>(), any_filling()), 1..4),
        size in prop_oneof![1_usize..20_000, 20_000..400_000_usize],
    ) {
        let fixture = index.get(fixtures());
        let said = said(fixture);
        let with = |size: usize| {
            let mut said = said.clone();
            let mut found = Vec::new();
            places(&said, "", &mut found);
            // The first place is the post itself.
            let inner = &found[1..];
            for (at, filling) in &blown {
                let Some(place) = said.pointer_mut(&inner[at.index(inner.len())]) else { continue };
                match place {
                    Value::Object(members) => drop(members.insert("blown".to_owned(), filling.value(size))),
                    // An array of another length may hold another number of events.
                    Value::Array(_) => {}
                    place => *place = filling.value(size),
                }
            }
            said
        };
        let (small, large) = (take(fixture, &with(1)), take(fixture, &with(size)));
        let whole = take(fixture, &said);
        let (small, large, whole) = (core(&small), core(&large), core(&whole));
        prop_assert_eq!(small.len(), large.len());
        for ((small, large), whole) in small.iter().zip(&large).zip(&whole) {
            prop_assert_eq!(small.0, large.0, "{}: its type", fixture.id);
            if small.1 == whole.1 {
                prop_assert_eq!(small.1, large.1, "{}: its recipient", fixture.id);
            }
            if small.2 == whole.2 {
                prop_assert_eq!(small.2, large.2, "{}: its id", fixture.id);
            }
        }
    }
}

/// The largest possible post consists mostly of one member, such as an email that bounced, or a history.
#[test]
fn an_event_may_be_as_large_as_its_post() {
    for provider in providers().filter(|provider| *provider != Provider::Generic) {
        let small = click(provider);
        let (headers, body) = post_of(provider, &small.to_string());
        let expected = facts(unsigned(provider, &headers, &body).unwrap());
        for size in [16 * 1024, 128 * 1024 - 100, 128 * 1024 + 1, 1024 * 1024, 3 * 1024 * 1024 + 900 * 1024] {
            let mut event = small.clone();
            // This name is sorted first, and no mapping reads it.
            event["A content"] = "x".repeat(size).into();
            let (headers, body) = post_of(provider, &event.to_string());
            let got = facts(unsigned(provider, &headers, &body).unwrap());
            let name = provider.as_str();
            assert_eq!(core(&got), core(&expected), "{name} {size}");
            assert_eq!(got[0].url, expected[0].url, "{name} {size}");
            assert_eq!(got[0].raw, Some(Raw::Dropped { bytes: event.to_string().len() }), "{name} {size}");
        }
    }
}

#[test]
fn a_large_entry_costs_no_other_of_its_batch() {
    for provider in batching() {
        let (small, mut large) = (click(provider), click(provider));
        large["A content"] = "x".repeat(300_000).into();
        let (headers, body) = batch(provider, &[small.clone(), large, small]);
        let types: Vec<_> =
            facts(unsigned(provider, &headers, &body).unwrap()).iter().map(|facts| facts.event_type).collect();
        assert!(types.len() >= 3 && types.iter().all(|known| *known != EventType::Unknown), "{}", provider.as_str());
    }
}

/// Posts in Mailgun's old format may have the email attached, and the email may have long headers.
#[test]
fn forms_of_any_size_are_read() {
    let sent = |fields: &[(&str, &str)]| {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        facts(unsigned(Provider::Mailgun, &content_type(FORM), form.as_bytes()).unwrap()).remove(0)
    };
    let headers = format!(
        r#"[["Received","{}"],["Subject","Hello"],["X-Mailgun-Variables","{{\"v\":1}}"]]"#,
        "x".repeat(900_000)
    );
    let got =
        sent(&[("event", "bounced"), ("recipient", "a@example.org"), ("message-headers", &headers), ("token", "t")]);
    assert_eq!((got.event_type, got.provider_event_id.as_str()), (EventType::Bounced, "t"));
    assert_eq!((got.subject.as_deref(), Value::from(got.metadata)), (Some("Hello"), json!({"v": 1})));
    assert_eq!(got.recipient.unwrap().expose(), "a@example.org");

    let part =
        |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let variables = (0..12_000).map(|number| part(&format!("v{number}"), "1")).collect::<String>();
    let body =
        [part("event", "bounced"), part("recipient", "a@example.org"), variables, part("token", "t"), "--x--".into()];
    let received =
        unsigned(Provider::Mailgun, &content_type("multipart/form-data; boundary=x"), body.concat().as_bytes());
    let got = facts(received.unwrap()).remove(0);
    assert_eq!((got.event_type, got.provider_event_id.as_str()), (EventType::Bounced, "t"));
}

/// An object with very many members, and lists of very many objects, stay within the limits of time and memory.
#[test]
fn a_large_event_is_affordable() {
    for provider in providers() {
        let event = click(provider).to_string();
        // These come last, so that they count.
        let in_event = |member: &str| format!("{},{member}}}", &event[..event.len() - 1]);
        let members: Vec<_> = (0..90_000).map(|number| format!(r#""{number:x}":1"#)).collect();
        // At these places lists of objects are read: campaigns, replies, tags.
        let objects = vec![r#"{"a":1}"#; 120_000].join(",");
        for (what, member) in [
            ("members", members.join(",")),
            ("one member", format!(r#""x":"{}""#, "x".repeat(1_000_000))),
            ("campaigns", format!(r#""campaigns":[{objects}]"#)),
            ("replies", format!(r#""msg":{{"smtp_events":[{objects}]}},"event":"send""#)),
            ("tags", format!(r#""data":{{"tags":[{objects}]}}"#)),
        ] {
            let (headers, body) = post_of(provider, &in_event(&member));
            let (received, took) = cost(|| unsigned(provider, &headers, &body));
            assert_affordable(&format!("{} of {what}", provider.as_str()), body.len(), &took);
            stored::check(provider, body.len(), received);
        }
    }
}

/// Mandrill posts such an entry for an email of a mailing list, and Postmark for a bounced newsletter.
#[test]
fn the_reported_bodies_lose_their_object_and_nothing_else() {
    for id in ["postmark/bounce_with_content", "mandrill/open_long_history"] {
        let facts = facts(fixture(id).receive().unwrap()).remove(0);
        assert!(matches!(facts.raw, Some(Raw::Dropped { bytes }) if bytes > 128 * 1024), "{id}");
        assert!(facts.recipient.is_some() && !facts.metadata.is_empty() && !facts.tags.is_empty(), "{id}");
    }
}

fn facts(received: Received) -> Vec<Facts> {
    received.reports.into_iter().map(|report| report.facts).collect()
}

/// Formerly each level was read on its own, and kept a copy of all levels below it.
#[test]
fn a_nested_value_with_a_long_number_is_read_once_for_any_number_of_levels() {
    let levels = 100;
    let inner = format!(r#"{{"long":-10000000000000000000000,"text":"{}"}}"#, "x".repeat(700 * 1024));
    let nested = format!("{}{inner}{}", "[".repeat(levels), "]".repeat(levels));
    for (provider, own) in
        [(Provider::Postmark, "Metadata"), (Provider::SendGrid, ""), (Provider::Mailgun, "user-variables")]
    {
        let fields = if own.is_empty() { format!(r#""x":{nested}"#) } else { format!(r#""{own}":{{"x":{nested}}}"#) };
        let event = click(provider).to_string().replacen('{', &format!("{{{fields},"), 1);
        let (headers, body) = post_of(provider, &event);
        let (received, cost) = cost(|| unsigned(provider, &headers, &body));
        assert_affordable(provider.as_str(), body.len(), &cost);
        assert!(received.is_ok(), "{provider:?}");
    }
}
