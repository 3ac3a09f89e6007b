//! SparkPost, which belongs to Bird: an array of events, each inside an object of its class. SparkPost signs nothing.
//! <https://developers.sparkpost.com/api/webhooks/>

use jiff::Timestamp;

use super::batch::{Mapped, read_json};
use super::json::Object;
use super::reading::{Class, Reading};
use super::text::{codes_of_reply, date_time, domain, smtp_code, unix_seconds};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received};
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::source::Verification;

pub(super) const PROFILE: Profile = Profile::new(Proof::IngestKey, receive);

/// The classes of events about sent emails.
const CLASSES: [&str; 4] = ["message_event", "track_event", "gen_event", "unsubscribe_event"];

/// Reads a post's events.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verification.expect_unsigned()?;
    read_json(Provider::SparkPost, post, now, |entry| map(entry, now))
}

fn map(entry: &str, now: Timestamp) -> Mapped {
    let outer = Object::parse(entry)?;
    outer.raw("msys")?;
    let classes = outer.object("msys");
    // A validation post has no class. Relayed emails, tests and uploads are not events of ours.
    let Some(object) = CLASSES.iter().find(|class| classes.raw(class).is_some()).map(|class| classes.object(class))
    else {
        return Some(Vec::new());
    };
    let event = object.text("type")?;
    let Some(class) = classify(&event, &object) else { return Some(Vec::new()) };
    let id = object.text("event_id");
    // Two events of one email have been seen with the same id.
    let key = id.as_ref().map(|id| format!("{event}#{id}"));
    let timestamp = object.text("timestamp");
    let reading = Reading {
        id,
        at: timestamp.as_deref().and_then(|text| unix_seconds(text).or_else(|| date_time(text))),
        timestamp,
        // The address as the email was sent to it; `rcpt_to` is in lower case.
        recipient: object.text("raw_rcpt_to").or(object.text("rcpt_to")),
        // The id that the sending call returned. `message_id` differs for each recipient.
        message_id: object.text("transmission_id").or(object.text("message_id")),
        url: object.text("target_link_url"),
        diagnostic: ["raw_reason", "reason", "fbtype"].iter().find_map(|name| object.text(name)),
        ..Reading::new(Provider::SparkPost, event, class)
    };
    let (code_of_reply, enhanced_code) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    let report = reading.report(now, |facts| {
        let geo = object.object("geo_ip");
        let sender = || ["friendly_from", "msg_from"].iter().find_map(|name| object.text(name));
        facts.sending_domain = object.text("sending_domain").or_else(|| domain(&sender()?));
        facts.from = sender();
        facts.subject = object.text("subject");
        facts.campaign_id = object.text("campaign_id");
        facts.tags = object.texts("rcpt_tags");
        facts.metadata = object.object("rcpt_meta").values(|_| true);
        facts.smtp_code = object.text("error_code").as_deref().and_then(smtp_code).or(code_of_reply);
        facts.enhanced_code = enhanced_code;
        facts.client = Client {
            ip: object.text("ip_address"),
            user_agent: object.text("user_agent"),
            geo: Geo { country: geo.text("country"), region: geo.text("region"), city: geo.text("city") },
            ..Client::default()
        };
    });
    Some(vec![match key {
        Some(key) => report.keyed(key),
        None => report,
    }])
}

/// The class of an event; `None` for events that are not about a sent email.
fn classify(event: &str, object: &Object<'_>) -> Option<Class> {
    Some(match event {
        "injection" => Class::of(EventType::Sent),
        "delivery" => Class::of(EventType::Delivered),
        "delay" => Class::of(EventType::Deferred),
        "bounce" | "out_of_band" => bounce(object.text("bounce_class").as_deref().unwrap_or_default()),
        "policy_rejection" => Class::rejected(RejectReason::Policy),
        "generation_rejection" => Class::rejected(RejectReason::Suppressed),
        "generation_failure" => Class::failed(Some(RejectReason::Rendering)),
        // The initial open is reported in addition to the open itself, under its own name.
        "open" | "initial_open" | "amp_open" | "amp_initial_open" => Class::of(EventType::Opened),
        "click" | "amp_click" => Class::of(EventType::Clicked),
        "spam_complaint" => Class::of(EventType::Complained),
        "list_unsubscribe" | "link_unsubscribe" => Class::of(EventType::Unsubscribed),
        "sms_status" => return None,
        other if ["relay_", "ab_test_", "ingest_"].iter().any(|family| other.starts_with(family)) => return None,
        _ => Class::UNKNOWN,
    })
}

/// The class of one of SparkPost's bounce classes.
/// <https://support.sparkpost.com/docs/deliverability/bounce-classification-codes>
fn bounce(class: &str) -> Class {
    match class {
        "10" | "30" => Class::bounced(BounceType::Hard),
        "20" | "21" | "22" | "23" | "24" | "40" | "70" | "50" | "51" | "52" | "53" | "54" => {
            Class::bounced(BounceType::Soft)
        }
        "25" => Class::rejected(RejectReason::Policy),
        // The recipient's mail program answered, so the email arrived.
        "60" | "100" => Class::UNKNOWN,
        "80" => Class::of(EventType::Subscribed),
        "90" => Class::of(EventType::Unsubscribed),
        _ => Class::bounced(BounceType::Undetermined),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounces_by_their_class() {
        for (class, expected) in [
            ("10", "email.bounced hard"),
            ("30", "email.bounced hard"),
            ("20", "email.bounced soft"),
            ("22", "email.bounced soft"),
            ("40", "email.bounced soft"),
            ("54", "email.bounced soft"),
            ("70", "email.bounced soft"),
            ("1", "email.bounced undetermined"),
            ("", "email.bounced undetermined"),
            ("25", "email.rejected policy"),
            ("60", "email.unknown"),
            ("100", "email.unknown"),
            ("80", "email.subscribed"),
            ("90", "email.unsubscribed"),
        ] {
            assert_eq!(bounce(class).words(), expected, "{class}");
        }
    }

    #[test]
    fn types_by_their_words() {
        let empty = Object::default();
        for (event, expected) in [
            ("policy_rejection", "email.rejected policy"),
            ("generation_rejection", "email.rejected suppressed"),
            ("generation_failure", "email.failed rendering"),
            ("initial_open", "email.opened"),
            ("amp_click", "email.clicked"),
            ("link_unsubscribe", "email.unsubscribed"),
            ("something_new", "email.unknown"),
        ] {
            assert_eq!(classify(event, &empty).unwrap().words(), expected, "{event}");
        }
        for silent in ["relay_delivery", "ab_test_completed", "ingest_success", "sms_status"] {
            assert_eq!(classify(silent, &empty), None, "{silent}");
        }
    }

    #[test]
    fn times_are_seconds_as_text_or_number_or_a_date() {
        for time in [r#""1454442600""#, "1454442600", r#""2016-02-02T19:50:00.000Z""#] {
            let entry = format!(r#"{{"msys":{{"gen_event":{{"type":"generation_failure","timestamp":{time}}}}}}}"#);
            let reports = map(&entry, Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(reports[0].facts.occurred_at.to_string(), "2016-02-02T19:50:00Z", "{time}");
        }
    }

    #[test]
    fn pings_and_other_classes_are_nothing() {
        let now = Timestamp::UNIX_EPOCH;
        for silent in [r#"{"msys":{}}"#, r#"{"msys":{"relay_message":{"content":{}}},"cust":1}"#] {
            assert_eq!(map(silent, now), Some(Vec::new()), "{silent}");
        }
        for odd in ["{}", r#"{"msys":null}"#, r#"{"msys":{"track_event":{}}}"#] {
            assert_eq!(map(odd, now), None, "{odd}");
        }
    }
}
