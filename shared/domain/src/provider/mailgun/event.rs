//! Mailgun's current format: the object `event-data`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::signature::Signature;
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::provider::json::Object;
use crate::provider::reading::{Class, Reading};
use crate::provider::text::{self, codes_of_reply, enhanced_code, smtp_code, unix_seconds};
use crate::provider::{Provider, Report};

/// The event in `data`; `None` when it does not say what happened.
pub(super) fn report(data: &str, signature: &Signature, now: Timestamp) -> Option<Report> {
    let object = Object::parse(data)?;
    let event = object.text("event")?;
    let timestamp = object.text("timestamp");
    let headers = object.object("message").object("headers");
    let status = object.object("delivery-status");
    let class = classify(&event, &object, &status);
    let reading = Reading {
        // The token belongs to this post alone, and retries repeat it.
        id: object.text("id").or(signature.token().map(str::to_owned)),
        at: timestamp.as_deref().and_then(unix_seconds).or(signature.signed_at()),
        timestamp,
        recipient: object.text("recipient").or(headers.text("to")),
        message_id: headers.text("message-id"),
        url: object.text("url"),
        diagnostic: diagnostic(&object, &status),
        ..Reading::new(Provider::Mailgun, event, class)
    };
    let (_, enhanced_of_reply) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    Some(reading.report(now, |facts| {
        facts.sending_domain = sending_domain(&object);
        facts.from = headers.text("from");
        facts.subject = headers.text("subject");
        facts.campaign_id = campaign(&object);
        facts.tags = object.texts("tags");
        facts.metadata = user_variables(&object);
        facts.smtp_code = status.text("code").as_deref().and_then(smtp_code);
        facts.enhanced_code = enhanced(&status).or(enhanced_of_reply);
        facts.attempt = status.text("attempt-no").and_then(|number| number.parse().ok());
        facts.client = client(&object);
    }))
}

fn classify(event: &str, object: &Object<'_>, status: &Object<'_>) -> Class {
    match event {
        "accepted" => Class::of(EventType::Sent),
        "delivered" => Class::of(EventType::Delivered),
        "failed" => match object.text("severity").as_deref() {
            Some("temporary") => Class::of(EventType::Deferred),
            Some(_) | None => given_up(object, status),
        },
        // The reason is free text and becomes the diagnostic.
        "rejected" => Class::rejected(RejectReason::Other),
        "opened" => Class::of(EventType::Opened),
        "clicked" => Class::of(EventType::Clicked),
        "complained" => Class::of(EventType::Complained),
        "unsubscribed" => Class::of(EventType::Unsubscribed),
        _ => Class::UNKNOWN,
    }
}

/// The class of a permanent failure: not attempted because of an earlier event, given up, or refused.
fn given_up(object: &Object<'_>, status: &Object<'_>) -> Class {
    let reason = object.text("reason");
    let code = status.text("code");
    let rejected = Class::rejected;
    let bounced = Class::bounced;
    match (reason.as_deref(), code.as_deref()) {
        (Some("suppress-bounce"), _) | (_, Some("605")) => rejected(RejectReason::Bounced),
        (Some("suppress-complaint"), _) | (_, Some("607")) => rejected(RejectReason::Complained),
        (Some("suppress-unsubscribe"), _) | (_, Some("606")) => rejected(RejectReason::Unsubscribed),
        // Tried until the time was up, or refused because of the sender's reputation.
        (Some("old" | "espblock" | "greylisted" | "blacklisted"), _) | (_, Some("498" | "499" | "625")) => {
            bounced(BounceType::Soft)
        }
        (_, code) => {
            let enhanced = enhanced(status);
            let permanent = |code: &str| code.trim_start().starts_with('5');
            let codes = [code, enhanced.as_deref()];
            let known = codes.iter().any(Option::is_some);
            let hard = !known || codes.into_iter().flatten().any(permanent);
            bounced(if hard { BounceType::Hard } else { BounceType::Soft })
        }
    }
}

/// The enhanced code. Old events have it in the field of the SMTP code.
fn enhanced(status: &Object<'_>) -> Option<String> {
    let codes = [status.text("enhanced-code"), status.text("code")];
    codes.into_iter().flatten().find_map(|code| enhanced_code(&code))
}

fn diagnostic(object: &Object<'_>, status: &Object<'_>) -> Option<String> {
    let reject = object.object("reject");
    let texts = [status.text("message"), status.text("description"), reject.text("reason"), reject.text("description")];
    texts.into_iter().flatten().next().or(object.text("reason"))
}

fn sending_domain(object: &Object<'_>) -> Option<String> {
    let of_sender = || object.object("envelope").text("sender").and_then(|sender| text::domain(&sender));
    object.object("domain").text("name").or_else(of_sender)
}

fn campaign(object: &Object<'_>) -> Option<String> {
    object.objects("campaigns").next().and_then(|first| first.text("id").or(first.text("name")))
}

/// The sender's variables. Usually an object; a text with an explanation when Mailgun could not read them.
fn user_variables(object: &Object<'_>) -> Map<String, Value> {
    match object.text("user-variables") {
        Some(text) => match Object::parse(&text) {
            Some(variables) => variables.values(|_| true),
            None => Map::from_iter([("user-variables".to_owned(), Value::String(text))]),
        },
        None => object.object("user-variables").values(|_| true),
    }
}

fn client(object: &Object<'_>) -> Client {
    let (info, geo) = (object.object("client-info"), object.object("geolocation"));
    Client {
        ip: object.text("ip"),
        user_agent: info.text("user-agent"),
        name: info.text("client-name"),
        os: info.text("client-os"),
        device: info.text("device-type"),
        geo: Geo { country: geo.text("country"), region: geo.text("region"), city: geo.text("city") },
        // The field names the bot, or is empty.
        machine: info.text("bot").map(|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Facts;

    fn facts(data: &str) -> Facts {
        report(data, &Signature::default(), Timestamp::UNIX_EPOCH).unwrap().facts
    }

    fn failed(reason: &str, status: &str) -> String {
        let data =
            format!(r#"{{"event":"failed","severity":"permanent","reason":"{reason}","delivery-status":{status}}}"#);
        let facts = facts(&data);
        let words = [
            Some(facts.event_type.as_str()),
            facts.bounce_type.map(BounceType::as_str),
            facts.reject_reason.map(RejectReason::as_str),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn permanent_failures_by_reason_and_code() {
        for (reason, status, expected) in [
            ("suppress-bounce", "{}", "email.rejected bounced"),
            ("suppress-complaint", "{}", "email.rejected complained"),
            ("suppress-unsubscribe", "{}", "email.rejected unsubscribed"),
            ("hardfail", r#"{"code":605}"#, "email.rejected bounced"),
            ("hardfail", r#"{"code":606}"#, "email.rejected unsubscribed"),
            ("hardfail", r#"{"code":607}"#, "email.rejected complained"),
            ("old", r#"{"code":550}"#, "email.bounced soft"),
            ("generic", r#"{"code":498}"#, "email.bounced soft"),
            ("generic", r#"{"code":499}"#, "email.bounced soft"),
            ("espblock", r#"{"code":550}"#, "email.bounced soft"),
            ("greylisted", r#"{"code":550}"#, "email.bounced soft"),
            ("blacklisted", r#"{"code":550}"#, "email.bounced soft"),
            ("generic", r#"{"code":625}"#, "email.bounced soft"),
            ("bounce", r#"{"code":550}"#, "email.bounced hard"),
            ("generic", r#"{"code":"5.1.1"}"#, "email.bounced hard"),
            ("hardfail", r#"{"code":0,"enhanced-code":"5.4.4"}"#, "email.bounced hard"),
            ("generic", r#"{"code":421,"enhanced-code":"4.2.2"}"#, "email.bounced soft"),
            ("bounce", "{}", "email.bounced hard"),
            ("bounce", "null", "email.bounced hard"),
        ] {
            assert_eq!(failed(reason, status), expected, "{reason} {status}");
        }
    }

    #[test]
    fn other_events_are_kept_as_unknown() {
        for event in ["stored", "list_member_uploaded", "something_new"] {
            assert_eq!(facts(&format!(r#"{{"event":"{event}"}}"#)).event_type, EventType::Unknown);
        }
    }

    #[test]
    fn variables_may_be_a_text_and_codes_too() {
        let odd = facts(
            r#"{"event":"failed","severity":"temporary","user-variables":"{\"order\": 9007199254740993}",
                "delivery-status":{"code":"4.2.2","message":"full"},"domain":{"name":"mail.example.org"},
                "campaigns":[{"id":"c-1","name":"first"}],"client-info":{"bot":"apple"}}"#,
        );
        assert_eq!(odd.metadata["order"], 9_007_199_254_740_993_u64);
        assert_eq!(odd.enhanced_code.as_deref(), Some("4.2.2"));
        assert_eq!(odd.sending_domain.as_deref(), Some("mail.example.org"));
        assert_eq!(odd.campaign_id.as_deref(), Some("c-1"));
        assert_eq!(odd.client.machine, Some(true));
        let error = facts(r#"{"event":"opened","user-variables":"JSON error"}"#);
        assert_eq!(error.metadata["user-variables"], "JSON error");
    }

    #[test]
    fn the_sender_the_attempt_and_the_client_are_kept() {
        let facts = facts(
            r#"{"event":"opened","message":{"headers":{"from":"Ann <ann@example.org>"}},"delivery-status":{"attempt-no":2},
                "client-info":{"client-name":"Chrome","client-os":"OS X","device-type":"desktop"}}"#,
        );
        assert_eq!((facts.from.as_deref(), facts.attempt), (Some("Ann <ann@example.org>"), Some(2)));
        let client = [facts.client.name, facts.client.os, facts.client.device];
        assert_eq!(client.map(Option::unwrap), ["Chrome", "OS X", "desktop"]);
    }

    #[test]
    fn without_id_and_token_the_id_is_synthetic() {
        let id =
            |url: &str| facts(&format!(r#"{{"event":"clicked","timestamp":1.5,"url":"{url}"}}"#)).provider_event_id;
        assert!(id("https://a.example/").starts_with("synthetic-"));
        assert_ne!(id("https://a.example/"), id("https://b.example/"));
    }
}
