//! If an event of a provider is delivered in the provider's own dialect, our own parser reads the same event.

use conformance::normalised::{events, owner};
use conformance::{Fixture, own_fixtures};
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::dialect::{Dialect, Rendered};
use shared::event::{BounceType, Event, EventType, RejectReason};
use shared::provider::{InboundPost, Proof, Provider, Report, receive};
use shared::secret::VerificationSecret;
use shared::source::{Trust, Verification};

use super::{SECRET, attempted_at, example_of, happened_at, rendered};

/// The dialects that write an event of `fixture` as its provider sent it.
fn own_dialects(fixture: &Fixture) -> &'static [Dialect] {
    let form = fixture.headers[header::CONTENT_TYPE] == "application/x-www-form-urlencoded";
    match fixture.provider {
        Provider::Mailgun if form => &[Dialect::MailgunLegacy],
        Provider::Mailgun => &[Dialect::Mailgun],
        Provider::Mailjet => &[Dialect::Mailjet, Dialect::MailjetV2],
        // No dialect writes events as these providers do.
        Provider::SendGrid
        | Provider::Resend
        | Provider::Postmark
        | Provider::Ses
        | Provider::SparkPost
        | Provider::Brevo
        | Provider::Mandrill
        | Provider::MailerSend
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => &[],
    }
}

/// The events that a source of ours reads from a delivery, as the command `normalise` shows them.
fn taken_in(provider: Provider, post: &Rendered, now: Timestamp) -> Vec<Value> {
    let reports = reports(provider, post, now);
    events(reports, now).iter().map(|shown| serde_json::to_value(shown).unwrap()).collect()
}

/// The first event that a source of ours reads from a delivery.
fn read_again(provider: Provider, post: &Rendered, now: Timestamp) -> Event {
    let (tenant, source) = owner();
    reports(provider, post, now).remove(0).accept(tenant, Some(source), now)
}

fn reports(provider: Provider, post: &Rendered, now: Timestamp) -> Vec<Report> {
    let verification = match provider.proof() {
        Some(Proof::SigningKey) => Verification::SigningKey(VerificationSecret::parse(SECRET).unwrap()),
        Some(Proof::IngestKey) => Verification::Unsigned,
        Some(Proof::PublicKey | Proof::KeyAndUrl | Proof::Topics) | None => panic!("no dialect is signed so"),
    };
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(post.content_type))]);
    receive(provider, &Trust::verified_by(verification), &InboundPost::new(&headers, &post.body), now).unwrap().reports
}

/// Whether a member may differ after the round trip. Only the ids of a form may: a form has no id except its token, and
/// each of our deliveries has a token of its own.
fn may_differ(dialect: Dialect, member: &str) -> bool {
    dialect == Dialect::MailgunLegacy && ["event_id", "id"].contains(&member)
}

/// Our own parser reads each type that the dialect has a word for. It reads another type if the dialect has one word
/// for both types, or no word for their difference.
#[test]
fn other_providers_events_can_be_read_too() {
    let mut others = Vec::new();
    for (provider, dialect) in [
        (Provider::Mailgun, Dialect::Mailgun),
        (Provider::Mailgun, Dialect::MailgunLegacy),
        (Provider::Mailjet, Dialect::Mailjet),
        (Provider::Mailjet, Dialect::MailjetV2),
    ] {
        for event_type in EventType::ALL.iter().filter(|event_type| dialect.name(**event_type).is_some()) {
            let event = example_of(*event_type);
            let now = if dialect == Dialect::MailgunLegacy { happened_at() } else { attempted_at() };
            let read = &taken_in(provider, &rendered(dialect, &event), now)[0];
            assert_eq!(read["recipient"], "reader@example.com");
            assert_eq!(read["message_id"].as_str(), event.facts.email_message_id.as_deref());
            assert_eq!(read["url"].as_str(), event.facts.url.as_deref());
            let bounce_type = event.facts.bounce_type.filter(|_| *event_type == EventType::Bounced);
            if let Some(kind) = bounce_type {
                assert_eq!(read["bounce_type"], kind.as_str());
            }
            let canonical = event_type.as_str();
            let name = read["type"].as_str().unwrap();
            if name != canonical.strip_prefix("email.").unwrap_or(canonical) {
                others.push(format!("{}: {canonical} is read as {name}", dialect.as_str()));
            }
        }
    }
    insta::assert_snapshot!(others.join("\n"), @r#"
    mailgun: email.failed is read as bounced
    mailgun: subscriber.unsubscribed is read as unsubscribed
    mailgun_legacy: email.failed is read as rejected
    mailgun_legacy: subscriber.unsubscribed is read as unsubscribed
    mailjet: email.failed is read as rejected
    mailjet: subscriber.unsubscribed is read as unsubscribed
    mailjet_v2: email.failed is read as rejected
    mailjet_v2: subscriber.unsubscribed is read as unsubscribed
    "#);
}

/// A soft bounce stays a soft bounce with every code.
#[test]
fn both_kinds_of_bounces_stay_what_they_are() {
    for (kind, smtp_code, enhanced_code) in [
        (BounceType::Hard, Some(550), Some("5.1.1")),
        (BounceType::Hard, None, None),
        (BounceType::Soft, Some(421), Some("4.2.2")),
        (BounceType::Soft, Some(550), Some("5.7.1")),
        (BounceType::Soft, None, None),
    ] {
        for (provider, dialect) in [
            (Provider::Mailgun, Dialect::Mailgun),
            (Provider::Mailgun, Dialect::MailgunLegacy),
            (Provider::Mailjet, Dialect::Mailjet),
        ] {
            let mut event = example_of(EventType::Bounced);
            event.facts.bounce_type = Some(kind);
            event.facts.smtp_code = smtp_code;
            event.facts.enhanced_code = enhanced_code.map(str::to_owned);
            let now = if dialect == Dialect::MailgunLegacy { happened_at() } else { attempted_at() };
            let read = &taken_in(provider, &rendered(dialect, &event), now)[0];
            let what = format!("{} {kind:?} {smtp_code:?}", dialect.as_str());
            assert_eq!(
                (read["type"].as_str(), read["bounce_type"].as_str()),
                (Some("bounced"), Some(kind.as_str())),
                "{what}"
            );
        }
    }
}

/// Mailjet's closed list of errors has a word for most of our reasons, and our parser reads the same reason from it.
#[test]
fn reasons_survive_mailjets_list() {
    let mut lines = Vec::new();
    for reason in RejectReason::ALL {
        let mut event = example_of(EventType::Rejected);
        event.facts.reject_reason = Some(*reason);
        let post = rendered(Dialect::Mailjet, &event);
        let sent: Value = serde_json::from_slice(&post.body).unwrap();
        let read = &taken_in(Provider::Mailjet, &post, attempted_at())[0];
        lines.push(format!(
            "{}: {} {} is read as {}",
            reason.as_str(),
            sent["error_related_to"],
            sent["error"],
            read["reject_reason"]
        ));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    bounced: "mailjet" "preblocked" is read as "suppressed"
    complained: "recipient" "spam reporter" is read as "complained"
    unsubscribed: "mailjet" "preblocked" is read as "suppressed"
    suppressed: "mailjet" "preblocked" is read as "suppressed"
    invalid: "recipient" "user unknown" is read as "invalid"
    blocked: "spam" "sender blocked" is read as "policy"
    content: "spam" "content blocked" is read as "content"
    policy: "spam" "policy issue" is read as "policy"
    timed_out: "system" "connection issue" is read as "other"
    quota: "system" "system issue" is read as "other"
    rendering: "content" "error in template language" is read as "other"
    other: null null is read as "other"
    "#);
}

/// A bounce that Mailjet will try again is `email.deferred` here, and becomes the same bounce in Mailjet's dialect. No
/// word of that dialect subscribes to it.
#[test]
fn what_mailjet_defers_is_its_bounce_again() {
    let entry =
        r#"{"event":"bounce","time":1767323045,"email":"a@example.com","hard_bounce":false,"error":"greylisted"}"#;
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    let received =
        receive(Provider::Mailjet, &Trust::unsigned(), &InboundPost::new(&headers, entry.as_bytes()), attempted_at())
            .unwrap();
    let (tenant, source) = owner();
    let event = received.reports.into_iter().next().unwrap().accept(tenant, Some(source), attempted_at());
    let read = &taken_in(Provider::Mailjet, &rendered(Dialect::Mailjet, &event), attempted_at())[0];
    assert_eq!((&read["type"], &read["provider_event"]), (&json!("deferred"), &json!("bounce")));
    assert_eq!(Dialect::Mailjet.name(EventType::Deferred), None);
}

/// Mailgun calls a suppressed email a permanent failure. In Mailgun's dialect it stays one if it came from Mailgun.
#[test]
fn mailguns_suppressions_come_back_as_they_were() {
    for (reason, code, word) in [
        ("suppress-bounce", 605, "bounced"),
        ("suppress-complaint", 607, "complained"),
        ("suppress-unsubscribe", 606, "unsubscribed"),
    ] {
        let data = json!({
            "event": "failed", "severity": "permanent", "reason": reason, "id": "x", "timestamp": 1_767_323_045.5,
            "recipient": "a@example.com", "delivery-status": {"code": code, "message": "Not delivering"},
        });
        let body = json!({"signature": {}, "event-data": data}).to_string();
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let post = InboundPost::new(&headers, body.as_bytes());
        let received = receive(Provider::Mailgun, &Trust::unsigned(), &post, attempted_at()).unwrap();
        let (tenant, source) = owner();
        let event = received.reports.into_iter().next().unwrap().accept(tenant, Some(source), attempted_at());
        let read = &taken_in(Provider::Mailgun, &rendered(Dialect::Mailgun, &event), attempted_at())[0];
        let members =
            ["type", "provider_event", "reject_reason"].map(|member| read[member].as_str().unwrap().to_owned());
        assert_eq!(members, ["rejected", "failed", word]);
    }
}

#[test]
fn every_fixture_of_mailgun_and_mailjet_comes_back_as_it_was() {
    let mut compared = 0;
    for fixture in own_fixtures() {
        for dialect in own_dialects(&fixture) {
            let reports = fixture.receive().unwrap().reports;
            let (tenant, source) = owner();
            let before: Vec<_> =
                events(reports.clone(), fixture.now).iter().map(|shown| serde_json::to_value(shown).unwrap()).collect();
            for (report, before) in reports.into_iter().zip(before) {
                let event: Event = report.accept(tenant, Some(source), fixture.now);
                // A legacy form is signed with the event's own time.
                let now = match dialect {
                    Dialect::MailgunLegacy => event.facts.occurred_at + SignedDuration::from_secs(5),
                    Dialect::Standard
                    | Dialect::Platform
                    | Dialect::Mailgreet
                    | Dialect::Mailjet
                    | Dialect::MailjetV2
                    | Dialect::Mailgun
                    | Dialect::Mailtura => attempted_at(),
                };
                let after = taken_in(fixture.provider, &rendered(*dialect, &event), now);
                assert_eq!(after.len(), 1, "{}", fixture.id);
                for (member, value) in before.as_object().unwrap() {
                    if !may_differ(*dialect, member) {
                        let (after, before) = (shown(member, &after[0][member]), shown(member, value));
                        assert_eq!(after, before, "{member} of {} in {}", fixture.id, dialect.as_str());
                    }
                }
                compared += 1;
            }
        }
    }
    // Eleven fixtures of Mailgun in one dialect each, eight fixtures of Mailjet in both of Mailjet's dialects.
    assert_eq!(compared, 11 + 2 * 8);
}

/// The form in which values are compared: times are compared by their microseconds. Reason: Mailgun sends up to seven
/// digits, and documents six.
fn shown(member: &str, value: &Value) -> Value {
    let time = value.as_str().filter(|_| member == "timestamp").and_then(|text| text.parse::<Timestamp>().ok());
    time.map_or_else(|| value.clone(), |time| time.as_microsecond().into())
}

/// Some members of Mailgun's and Mailjet's bodies have a place in no other dialect.
#[test]
fn what_only_mailgun_and_mailjet_say_comes_back_too() {
    for (provider, dialect) in [
        (Provider::Mailgun, Dialect::Mailgun),
        (Provider::Mailgun, Dialect::MailgunLegacy),
        (Provider::Mailjet, Dialect::Mailjet),
    ] {
        let mut event = example_of(EventType::Unsubscribed);
        event.facts.list_id = Some("42".to_owned());
        event.facts.attempt = Some(3);
        let now = if dialect == Dialect::MailgunLegacy { happened_at() } else { attempted_at() };
        let facts = read_again(provider, &rendered(dialect, &event), now).facts;
        let (client, sent) = (&facts.client, &event.facts.client);
        if provider == Provider::Mailjet {
            assert_eq!(facts.list_id.as_deref(), Some("42"));
            continue;
        }
        assert_eq!((&client.name, &client.os, &client.device), (&sent.name, &sent.os, &sent.device));
        // The legacy form cannot hold these.
        if dialect == Dialect::Mailgun {
            assert_eq!((facts.from, facts.attempt), (event.facts.from, Some(3)));
        }
    }
}
