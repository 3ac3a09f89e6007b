//! Mailgun's legacy format of old accounts: a form, urlencoded, or `multipart/form-data` when files are attached.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::form::Form;
use super::signature::Signature;
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::mailgun_fields::is_own_field;
use crate::provider::json::{Object, elements};
use crate::provider::reading::{Class, Reading};
use crate::provider::text::{enhanced_code, smtp_code, unix_seconds};
use crate::provider::{Provider, Report};

/// The headers of the email that are read.
const HEADERS: [&str; 2] = [SUBJECT, VARIABLES];
const SUBJECT: &str = "Subject";
const VARIABLES: &str = "X-Mailgun-Variables";

/// The event in `form`; `None` when it does not say what happened.
pub(super) fn report(form: &Form, signature: &Signature, now: Timestamp) -> Option<Report> {
    let event = form.text("event")?;
    let timestamp = form.last("timestamp");
    let headers = message_headers(form);
    let class = classify(&event, form);
    let reading = Reading {
        // The token belongs to this post alone, and retries repeat it.
        id: signature.token().map(str::to_owned),
        at: timestamp.and_then(unix_seconds).or(signature.signed_at()),
        timestamp: timestamp.map(str::to_owned),
        recipient: form.text("recipient"),
        message_id: form.text("Message-Id").or(form.text("message-id")),
        url: form.text("url"),
        diagnostic: ["error", "notification", "description", "reason"].iter().find_map(|name| form.text(name)),
        ..Reading::new(Provider::Mailgun, event, class)
    };
    Some(reading.report(now, |facts| {
        facts.sending_domain = form.text("domain");
        facts.subject = header(&headers, SUBJECT);
        facts.campaign_id = form.text("campaign-id").or(form.text("campaign-name"));
        facts.tags = tags(form);
        facts.metadata = metadata(form, &headers);
        facts.smtp_code = form.text("code").as_deref().and_then(smtp_code);
        facts.enhanced_code = form.text("code").as_deref().and_then(enhanced_code);
        facts.client = client(form);
    }))
}

fn classify(event: &str, form: &Form) -> Class {
    match event {
        // Mailgun itself never sent these two in this form. mailhooks sends them to webhooks of the dialect
        // `mailgun_legacy`.
        "accepted" => Class::of(EventType::Sent),
        "failed" if form.text("severity").as_deref() == Some("temporary") => Class::of(EventType::Deferred),
        "delivered" => Class::of(EventType::Delivered),
        "bounced" => Class::bounced(BounceType::Hard),
        "dropped" => match (form.text("reason").as_deref(), form.text("code").as_deref()) {
            (_, Some("605")) => Class::rejected(RejectReason::Bounced),
            (_, Some("606")) => Class::rejected(RejectReason::Unsubscribed),
            (_, Some("607")) => Class::rejected(RejectReason::Complained),
            // The email was tried until the time was up.
            (Some("old"), _) => Class::bounced(BounceType::Soft),
            (_, _) => Class::rejected(RejectReason::Other),
        },
        "opened" => Class::of(EventType::Opened),
        "clicked" => Class::of(EventType::Clicked),
        "complained" => Class::of(EventType::Complained),
        "unsubscribed" => Class::of(EventType::Unsubscribed),
        _ => Class::UNKNOWN,
    }
}

/// The headers of the email that are in [`HEADERS`]. The field contains pairs of name and value as JSON.
fn message_headers(form: &Form) -> Vec<(String, String)> {
    let pairs = form.all("message-headers").next().and_then(elements).unwrap_or_default();
    let texts = pairs.into_iter().filter_map(|pair| serde_json::from_str::<(String, String)>(pair).ok());
    texts.filter(|(name, _)| HEADERS.iter().any(|read| name.eq_ignore_ascii_case(read))).collect()
}

fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    let (_, value) = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name))?;
    Some(value).filter(|text| !text.trim().is_empty()).cloned()
}

fn tags(form: &Form) -> Vec<String> {
    let tags = form.all("tag").chain(form.all("X-Mailgun-Tag"));
    tags.filter(|tag| !tag.trim().is_empty()).map(str::to_owned).collect()
}

/// The sender's variables from the headers of the email, where all of them have their types. Without these headers, all
/// fields that are not Mailgun's own.
fn metadata(form: &Form, headers: &[(String, String)]) -> Map<String, Value> {
    let given = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(VARIABLES));
    let mut variables = Map::new();
    for (_, json) in given {
        variables.extend(Object::parse(json).unwrap_or_default().values(|_| true));
    }
    if variables.is_empty() {
        for (name, value) in form.fields() {
            if !is_own_field(name) && !variables.contains_key(name) {
                variables.insert(name.to_owned(), Value::from(value));
            }
        }
    }
    variables
}

fn client(form: &Form) -> Client {
    Client {
        ip: form.known("ip"),
        user_agent: form.known("user-agent"),
        name: form.known("client-name"),
        os: form.known("client-os"),
        device: form.known("device-type"),
        geo: Geo { country: form.known("country"), region: form.known("region"), city: form.known("city") },
        machine: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Facts;

    fn facts(body: &str) -> Facts {
        report(&Form::parse(body.as_bytes()), &Signature::default(), Timestamp::UNIX_EPOCH).unwrap().facts
    }

    #[test]
    fn of_repeated_fields_the_first_counts_and_of_the_signature_the_last() {
        let body = "event=clicked&recipient=a%40example.org&timestamp=1&token=mine&url=https%3A%2F%2Fexample.org%2F\
                    &country=Unknown&city=unknown&region=CA&tag=one&tag=two&recipient=variable&timestamp=1461261330\
                    &shop=north&shop=south&X-Mailgun-Sid=x";
        let facts = facts(body);
        assert_eq!(facts.recipient.map(|recipient| recipient.expose().to_owned()).as_deref(), Some("a@example.org"));
        assert_eq!(facts.occurred_at.to_string(), "2016-04-21T17:55:30Z");
        assert_eq!(facts.tags, ["one", "two"]);
        assert_eq!(facts.client.geo, Geo { country: None, region: Some("CA".into()), city: None });
        assert_eq!(facts.url.as_deref(), Some("https://example.org/"));
        assert_eq!(Value::from(facts.metadata).to_string(), r#"{"shop":"north"}"#);
        assert_eq!(Form::parse(body.as_bytes()).last("token"), Some("mine"));
    }

    #[test]
    fn variables_in_the_headers_keep_their_types() {
        let headers = r#"[["Subject", "Hello"], ["X-Mailgun-Variables", "{\"order\": 7}"], ["Odd", {}], "odder"]"#;
        let encoded: String = url::form_urlencoded::byte_serialize(headers.as_bytes()).collect();
        let facts = facts(&format!("event=opened&order=7&message-headers={encoded}"));
        assert_eq!(Value::from(facts.metadata).to_string(), r#"{"order":7}"#);
        assert_eq!(facts.subject.as_deref(), Some("Hello"));
    }

    #[test]
    fn drops_by_code_and_reason() {
        let of = |fields: &str| {
            let facts = facts(&format!("event=dropped&{fields}"));
            (facts.event_type, facts.bounce_type, facts.reject_reason)
        };
        assert_eq!(of("code=606&reason=hardfail"), (EventType::Rejected, None, Some(RejectReason::Unsubscribed)));
        assert_eq!(of("code=607"), (EventType::Rejected, None, Some(RejectReason::Complained)));
        assert_eq!(facts("event=accepted").event_type, EventType::Sent);
        assert_eq!(facts("event=failed&severity=temporary").event_type, EventType::Deferred);
        assert_eq!(facts("event=failed").event_type, EventType::Unknown);
        assert_eq!(of("reason=old"), (EventType::Bounced, Some(BounceType::Soft), None));
        assert_eq!(of("reason=hardfail"), (EventType::Rejected, None, Some(RejectReason::Other)));
    }
}
