//! Mailjet: one bare object in each post, or an array when events are grouped. Mailjet signs nothing.
//! <https://dev.mailjet.com/email/guides/webhooks/>

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::batch::{Mapped, read_json};
use super::json::Object;
use super::reading::{Class, Reading};
use super::text::{codes_of_reply, domain, unix_seconds};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received};
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::source::Verification;

pub(super) const PROFILE: Profile = Profile::new(Proof::IngestKey, receive);

/// Reads a post's events.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verification.expect_unsigned()?;
    read_json(Provider::Mailjet, post, now, |entry| map(entry, now))
}

fn map(entry: &str, now: Timestamp) -> Mapped {
    let object = Object::parse(entry)?;
    let Some(event) = object.text("event") else {
        // The test button posts objects without content, in a form that is not documented.
        let about_an_email = ["email", "MessageID", "Message_GUID"].iter().any(|name| object.raw(name).is_some());
        return (!about_an_email).then(Vec::new);
    };
    let class = classify(&event, &object);
    let timestamp = object.text("time");
    let reading = Reading {
        at: timestamp.as_deref().and_then(unix_seconds),
        timestamp,
        recipient: object.text("email"),
        // The ids are above 2^53, so they are read as text and never as a double.
        message_id: object.text("MessageID").or(object.text("mj_message_id")).or(object.text("Message_GUID")),
        url: object.text("url"),
        diagnostic: ["smtp_reply", "comment", "error", "source"].iter().find_map(|name| object.text(name)),
        ..Reading::new(Provider::Mailjet, event, class)
    };
    let reply = reading.diagnostic.as_deref().unwrap_or_default();
    let (smtp_code, enhanced_code) = codes_of_reply(reply.strip_prefix("sent (").unwrap_or(reply));
    Some(vec![reading.report(now, |facts| {
        facts.sending_domain = object.text("sender").as_deref().and_then(domain);
        facts.subject = object.text("subject");
        facts.campaign_id = campaign(&object);
        facts.metadata = metadata(&object);
        // 0 means that the recipient left no particular list.
        facts.list_id = object.text("mj_list_id").filter(|id| id != "0");
        facts.smtp_code = smtp_code;
        facts.enhanced_code = enhanced_code;
        facts.client = Client {
            ip: object.text("ip"),
            user_agent: object.text("agent"),
            geo: Geo { country: object.text("geo"), ..Geo::default() },
            ..Client::default()
        };
    })])
}

fn classify(event: &str, object: &Object<'_>) -> Class {
    match event {
        // Despite its name, `sent` means that the destination accepted the email.
        "sent" => Class::of(EventType::Delivered),
        "open" => Class::of(EventType::Opened),
        "click" => Class::of(EventType::Clicked),
        "spam" => Class::of(EventType::Complained),
        "unsub" => Class::of(EventType::Unsubscribed),
        "bounce" => match (object.flag("hard_bounce"), object.text("error").as_deref()) {
            (Some(true), _) => Class::bounced(BounceType::Hard),
            (_, Some("greylisted")) => Class::of(EventType::Deferred),
            (_, _) => Class::bounced(BounceType::Soft),
        },
        "blocked" => Class::rejected(reject_reason(object)),
        _ => Class::UNKNOWN,
    }
}

fn reject_reason(object: &Object<'_>) -> RejectReason {
    let words = [object.text("error"), object.text("error_related_to")];
    let known = words.iter().flatten().find_map(|word| match word.as_str() {
        "preblocked" | "blacklisted" => Some(RejectReason::Suppressed),
        "spam reporter" => Some(RejectReason::Complained),
        "typofix" | "invalid domain" | "user unknown" | "mailbox inactive" => Some(RejectReason::Invalid),
        "sender blocked" | "policy issue" => Some(RejectReason::Policy),
        "content blocked" => Some(RejectReason::Content),
        _ => None,
    });
    known.unwrap_or(RejectReason::Other)
}

fn campaign(object: &Object<'_>) -> Option<String> {
    object.text("customcampaign").or(object.text("mj_campaign_id").filter(|id| id != "0"))
}

/// The metadata. `Payload` is free text and often contains JSON.
fn metadata(object: &Object<'_>) -> Map<String, Value> {
    let mut metadata = match object.text("Payload") {
        Some(payload) => match Object::parse(&payload) {
            Some(fields) => fields.values(|_| true),
            None => Map::from_iter([("payload".to_owned(), Value::String(payload))]),
        },
        None => object.object("Payload").values(|_| true),
    };
    if let Some(id) = object.text("CustomID") {
        metadata.insert("custom_id".to_owned(), Value::String(id));
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(entry: &str) -> String {
        let object = Object::parse(entry).unwrap();
        classify(&object.text("event").unwrap(), &object).words()
    }

    #[test]
    fn bounces_and_blocks_by_their_error() {
        for (fields, expected) in [
            (r#""event":"bounce","hard_bounce":true,"error":"greylisted""#, "email.bounced hard"),
            (r#""event":"bounce","hard_bounce":false,"error":"greylisted""#, "email.deferred"),
            (r#""event":"bounce","hard_bounce":false,"blocked":true,"error":"quota exceeded""#, "email.bounced soft"),
            (r#""event":"bounce""#, "email.bounced soft"),
            (r#""event":"blocked","error":"preblocked""#, "email.rejected suppressed"),
            (r#""event":"blocked","error":"blacklisted""#, "email.rejected suppressed"),
            (r#""event":"blocked","error":"spam reporter""#, "email.rejected complained"),
            (r#""event":"blocked","error":"typofix""#, "email.rejected invalid"),
            (r#""event":"blocked","error":"invalid domain""#, "email.rejected invalid"),
            (r#""event":"blocked","error":"user unknown""#, "email.rejected invalid"),
            (r#""event":"blocked","error":"mailbox inactive""#, "email.rejected invalid"),
            (r#""event":"blocked","error":"sender blocked""#, "email.rejected policy"),
            (r#""event":"blocked","error_related_to":"policy issue""#, "email.rejected policy"),
            (r#""event":"blocked","error":"content blocked""#, "email.rejected content"),
            (r#""event":"blocked","error":"duplicate in campaign""#, "email.rejected other"),
            (r#""event":"unsub""#, "email.unsubscribed"),
            (r#""event":"spam""#, "email.complained"),
            (r#""event":"snoozed""#, "email.unknown"),
        ] {
            assert_eq!(class(&format!("{{{fields}}}")), expected, "{fields}");
        }
    }

    #[test]
    fn test_posts_are_nothing_and_odd_ones_are_kept() {
        let now = Timestamp::UNIX_EPOCH;
        for ping in ["{}", r#"{"test":true}"#] {
            assert_eq!(map(ping, now), Some(Vec::new()), "{ping}");
        }
        for odd in [r#"{"email":"a@example.org"}"#, "7", "[]"] {
            assert_eq!(map(odd, now), None, "{odd}");
        }
    }

    #[test]
    fn every_payload_is_metadata() {
        let read = |payload: &str| Value::from(metadata(&Object::parse(payload).unwrap())).to_string();
        assert_eq!(
            read(r#"{"Payload":"{\"order\": 19421777836302490}","CustomID":"c"}"#),
            r#"{"custom_id":"c","order":19421777836302490}"#
        );
        assert_eq!(read(r#"{"Payload":"free text"}"#), r#"{"payload":"free text"}"#);
        assert_eq!(read(r#"{"Payload":{"a":1}}"#), r#"{"a":1}"#);
        assert_eq!(read(r#"{"Payload":"","CustomID":""}"#), "{}");
    }
}
