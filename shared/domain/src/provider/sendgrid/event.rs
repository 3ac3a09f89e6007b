//! One element of SendGrid's array. The sender's custom arguments are in the same object as SendGrid's own fields.

use jiff::Timestamp;

use crate::event::{BounceType, Client, EventType, RejectReason};
use crate::provider::json::Object;
use crate::provider::reading::{Class, Reading};
use crate::provider::text::{codes_of_reply, enhanced_code, unix_seconds};
use crate::provider::{Provider, Report};

/// SendGrid's own fields. All others are custom arguments.
const RESERVED: [&str; 29] = [
    "event",
    "type",
    "email",
    "timestamp",
    "sg_event_id",
    "sg_message_id",
    "smtp-id",
    "category",
    "newsletter",
    "url",
    "url_offset",
    "useragent",
    "ip",
    "reason",
    "status",
    "response",
    "attempt",
    "tls",
    "asm_group_id",
    "sg_machine_open",
    "sg_content_type",
    "sg_template_id",
    "sg_template_name",
    "bounce_classification",
    "pool",
    "send_at",
    "cert_err",
    "post_type",
    "sg_user_id",
];
/// Prefixes of SendGrid's fields about campaigns.
const RESERVED_PREFIXES: [&str; 2] = ["marketing_campaign_", "singlesend_"];

/// The event in `entry`; `None` when it does not say what happened.
pub(super) fn report(entry: &str, now: Timestamp) -> Option<Report> {
    let object = Object::parse(entry)?;
    let event = object.text("event")?;
    let timestamp = object.text("timestamp");
    let class = classify(&event, &object);
    let reading = Reading {
        // SendGrid documents this id for deduplication. There are reports that it changes on a retry; then the event is
        // stored twice. A key made of the other fields would lose one of two real events instead.
        id: object.text("sg_event_id"),
        at: timestamp.as_deref().and_then(unix_seconds),
        timestamp,
        recipient: object.text("email"),
        message_id: object.text("sg_message_id").map(|id| message_part(&id).to_owned()),
        url: object.text("url"),
        diagnostic: object.text("reason").or(object.text("response")),
        ..Reading::new(Provider::SendGrid, event, class)
    };
    let (smtp_code, enhanced_of_reply) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    Some(reading.report(now, |facts| {
        facts.campaign_id = campaign(&object);
        facts.tags = object.texts("category");
        facts.metadata = object.values(is_custom);
        facts.smtp_code = smtp_code;
        facts.enhanced_code = object.text("status").as_deref().and_then(enhanced_code).or(enhanced_of_reply);
        facts.client = Client {
            ip: object.text("ip"),
            user_agent: object.text("useragent"),
            machine: object.flag("sg_machine_open"),
            ..Client::default()
        };
    }))
}

fn classify(event: &str, object: &Object<'_>) -> Class {
    match event {
        "processed" => Class::of(EventType::Sent),
        "delivered" => Class::of(EventType::Delivered),
        "deferred" => Class::of(EventType::Deferred),
        "bounce" => Class::bounced(bounce_type(object.text("type").as_deref())),
        "dropped" => Class::rejected(reject_reason(object.text("reason").as_deref())),
        "open" => Class::of(EventType::Opened),
        "click" => Class::of(EventType::Clicked),
        "spamreport" => Class::of(EventType::Complained),
        "unsubscribe" | "group_unsubscribe" => Class::of(EventType::Unsubscribed),
        "group_resubscribe" => Class::of(EventType::Subscribed),
        _ => Class::UNKNOWN,
    }
}

/// The kind of a bounce. SendGrid does not suppress an address after `blocked`, so `blocked` is not hard.
fn bounce_type(kind: Option<&str>) -> BounceType {
    match kind {
        Some("bounce") | None => BounceType::Hard,
        Some("blocked") => BounceType::Soft,
        Some(_) => BounceType::Undetermined,
    }
}

fn reject_reason(reason: Option<&str>) -> RejectReason {
    let reason = reason.unwrap_or_default().to_ascii_lowercase();
    // `invalid smtpapi header` must be tested before `invalid`.
    let known = [
        ("bounced address", RejectReason::Bounced),
        ("unsubscribed address", RejectReason::Unsubscribed),
        ("spam reporting address", RejectReason::Complained),
        ("invalid smtpapi header", RejectReason::Other),
        ("invalid", RejectReason::Invalid),
        ("spam content", RejectReason::Content),
        ("recipient list over package quota", RejectReason::Quota),
    ];
    known.into_iter().find(|(start, _)| reason.starts_with(start)).map_or(RejectReason::Other, |(_, known)| known)
}

/// The part of `sg_message_id` that the sending call returned. The rest names machines.
fn message_part(id: &str) -> &str {
    let end = [".filter", ".recv"].iter().filter_map(|mark| id.find(mark)).min();
    end.filter(|end| *end > 0).and_then(|end| id.get(..end)).unwrap_or(id)
}

fn campaign(object: &Object<'_>) -> Option<String> {
    let names = ["marketing_campaign_id", "singlesend_id", "marketing_campaign_name", "singlesend_name"];
    names.iter().find_map(|name| object.text(name))
}

fn is_custom(name: &str) -> bool {
    !RESERVED.contains(&name) && !RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::event::Facts;

    fn facts(entry: &str) -> Facts {
        report(entry, Timestamp::UNIX_EPOCH).unwrap().facts
    }

    #[test]
    fn bounces_by_type_and_drops_by_reason() {
        let bounce = |more: &str| facts(&format!(r#"{{"event":"bounce"{more}}}"#)).bounce_type;
        assert_eq!(bounce(""), Some(BounceType::Hard));
        assert_eq!(bounce(r#","type":"bounce","bounce_classification":"Reputation""#), Some(BounceType::Hard));
        assert_eq!(bounce(r#","type":"blocked","reason":"550 5.2.2 full""#), Some(BounceType::Soft));
        for (reason, expected) in [
            ("Bounced Address", "bounced"),
            ("Unsubscribed Address", "unsubscribed"),
            ("Spam Reporting Address", "complained"),
            ("Invalid", "invalid"),
            ("Spam Content (if Spam Checker app enabled)", "content"),
            ("Invalid SMTPAPI header", "other"),
            ("Recipient List over Package Quota", "quota"),
            ("Something new", "other"),
        ] {
            let facts = facts(&format!(r#"{{"event":"dropped","reason":"{reason}"}}"#));
            assert_eq!(facts.reject_reason.map(RejectReason::as_str), Some(expected), "{reason}");
        }
    }

    #[test]
    fn message_ids_lose_the_machines() {
        assert_eq!(message_part("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"), "14c5d75ce93.dfd.64b469");
        assert_eq!(message_part("LRzXl_NHStOGhQ4kofSm_A.recvd-p3mdw1-756b.0"), "LRzXl_NHStOGhQ4kofSm_A");
        assert_eq!(message_part("filter0199p1las1.4745.5717FB6F5.0"), "filter0199p1las1.4745.5717FB6F5.0");
        assert_eq!(facts(r#"{"event":"bounce","sg_message_id":""}"#).email_message_id, None);
    }

    #[test]
    fn custom_arguments_are_metadata_and_nothing_else_is() {
        let facts = facts(
            r#"{"event":"open","timestamp":1461095250,"email":"a@example.org","category":"one","pool":{"id":1},
                "marketing_campaign_id":12345,"marketing_campaign_name":"spring","order":9007199254740993,
                "nested":{"a":[1]},"sg_machine_open":true,"asm_group_id":10}"#,
        );
        assert_eq!(Value::from(facts.metadata).to_string(), r#"{"nested":{"a":[1]},"order":9007199254740993}"#);
        assert_eq!(facts.tags, ["one"]);
        assert_eq!(facts.campaign_id.as_deref(), Some("12345"));
        assert_eq!(facts.client.machine, Some(true));
    }

    #[test]
    fn codes_come_from_status_and_reply() {
        let facts = facts(r#"{"event":"deferred","response":"421 4.7.0 try later","attempt":"5"}"#);
        assert_eq!((facts.smtp_code, facts.enhanced_code.as_deref()), (Some(421), Some("4.7.0")));
    }

    #[test]
    fn the_link_of_a_group_is_no_click() {
        for event in ["group_unsubscribe", "group_resubscribe"] {
            assert_eq!(facts(&format!(r#"{{"event":"{event}","url":"https://example.org/"}}"#)).url, None);
        }
        assert_eq!(facts(r#"{"event":"account_status_change"}"#).event_type, EventType::Unknown);
    }
}
