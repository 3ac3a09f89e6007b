//! Mandrill, also called Mailchimp Transactional: a form with one field that contains an array of events. The signature
//! also covers the URL that Mandrill was given.
//! <https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/>

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;

use super::batch::{Mapped, read_entries, unparsed};
use super::json::{Object, elements};
use super::reading::{Class, Reading};
use super::signed::hmac_sha1;
use super::text::{codes_of_reply, domain, form_fields, unix_seconds};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received, VerificationError};
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::source::{ConfiguredUrl, Verification};

pub(super) const PROFILE: Profile = Profile { signature_ends: false, ..Profile::new(Proof::KeyAndUrl, receive) };

const SIGNATURE: &str = "x-mandrill-signature";
/// The field that contains the events.
const EVENTS: &str = "mandrill_events";
/// The key that signs the empty posts of a test and of a new webhook. It is public.
const TEST_KEY: &[u8] = b"test-webhook";

/// Verifies a post and reads its events.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    let fields = form_fields(post.body);
    let entries = fields.iter().find(|(name, _)| name == EVENTS).and_then(|(_, value)| elements(value));
    match verification {
        Verification::Unsigned => {}
        Verification::KeyAndUrl { key, url } => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort();
            let is_empty = entries.as_ref().is_some_and(Vec::is_empty);
            verify(key.expose().as_bytes(), url, &fields, is_empty, post)?;
        }
        Verification::SigningKey(_) | Verification::PublicKey(_) | Verification::Topics(_) => {
            return Err(VerificationError::WrongVerification.into());
        }
    }
    match entries {
        Some(entries) => read_entries(Provider::Mandrill, &entries, now, |entry| map(entry, now)),
        None if post.body.trim_ascii().is_empty() => Ok(Received::default()),
        None => Ok(unparsed(Provider::Mandrill, post, now)),
    }
}

/// Verifies the signature: it covers the URL, then name and value of every field, ordered by name.
fn verify(
    key: &[u8],
    url: &ConfiguredUrl,
    sorted: &[&(String, String)],
    is_empty: bool,
    post: &InboundPost<'_>,
) -> Result<(), VerificationError> {
    let signature = post.header(SIGNATURE).ok_or(VerificationError::NoSignature)?;
    let mac = BASE64_STANDARD.decode(signature).map_err(|_| VerificationError::WrongSignature)?;
    let url = url.with_key(post.ingest_key);
    let mut parts = vec![url.as_bytes()];
    parts.extend(sorted.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]));
    hmac_sha1(key, &parts, &mac).or_else(|wrong| if is_empty { hmac_sha1(TEST_KEY, &parts, &mac) } else { Err(wrong) })
}

fn map(entry: &str, now: Timestamp) -> Mapped {
    let object = Object::parse(entry)?;
    let Some(event) = object.text("event") else {
        // A change of an allow or deny list has a type instead of an event.
        return object.text("type").map(|_| Vec::new());
    };
    let msg = object.object("msg");
    let Some(class) = classify(&event, &msg) else { return Some(Vec::new()) };
    let timestamp = object.text("ts");
    let reading = Reading {
        // `_id` is the id of the email, not of the event.
        at: timestamp.as_deref().and_then(unix_seconds),
        timestamp,
        recipient: msg.text("email"),
        message_id: msg.text("_id").or(object.text("_id")),
        url: object.text("url"),
        diagnostic: diagnostic(&msg),
        ..Reading::new(Provider::Mandrill, event, class)
    };
    let (smtp_code, enhanced_code) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    Some(vec![reading.report(now, |facts| {
        let place = object.object("location");
        facts.sending_domain = msg.text("sender").as_deref().and_then(domain);
        facts.from = msg.text("sender");
        facts.subject = msg.text("subject");
        facts.tags = msg.texts("tags");
        // Without metadata, the field is an empty list.
        facts.metadata = msg.object("metadata").values(|_| true);
        facts.smtp_code = smtp_code;
        facts.enhanced_code = enhanced_code;
        facts.client = Client {
            ip: object.text("ip"),
            user_agent: object.text("user_agent"),
            geo: Geo { country: place.text("country_short"), region: place.text("region"), city: place.text("city") },
            ..Client::default()
        };
    })])
}

fn diagnostic(msg: &Object<'_>) -> Option<String> {
    let last_reply = || msg.objects("smtp_events").rev().find_map(|event| event.text("diag"));
    let reject = || msg.object("reject").text("reason");
    msg.text("diag").or_else(last_reply).or(msg.text("bounce_description")).or_else(reject)
}

/// The class of an event; `None` for inbound emails.
fn classify(event: &str, msg: &Object<'_>) -> Option<Class> {
    Some(match event {
        "send" => Class::of(EventType::Sent),
        "delivered" => Class::of(EventType::Delivered),
        "deferral" => Class::of(EventType::Deferred),
        "hard_bounce" => Class::bounced(BounceType::Hard),
        "soft_bounce" => Class::bounced(BounceType::Soft),
        "reject" => Class::rejected(match msg.object("reject").text("reason").as_deref() {
            Some("hard-bounce") => RejectReason::Bounced,
            Some("spam") => RejectReason::Complained,
            Some("unsub") => RejectReason::Unsubscribed,
            Some("custom") => RejectReason::Suppressed,
            Some(_) | None => RejectReason::Other,
        }),
        "open" => Class::of(EventType::Opened),
        "click" => Class::of(EventType::Clicked),
        "spam" => Class::of(EventType::Complained),
        "unsub" => Class::of(EventType::Unsubscribed),
        "inbound" => return None,
        _ => Class::UNKNOWN,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use ring::hmac;

    use super::*;
    use crate::secret::VerificationSecret;

    const URL: &str = "https://user:pass@hooks.example.com/api/webhooks/{ingest_key}/?x=1";

    fn received(key: &[u8], url: &str, signed: &str, body: &str) -> Result<usize, InboundPostError> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
        let mac = hmac::sign(&key, format!("{url}{signed}").as_bytes());
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(SIGNATURE),
            BASE64_STANDARD.encode(mac).parse().unwrap(),
        )]);
        let verification = Verification::KeyAndUrl {
            key: VerificationSecret::parse("key").unwrap(),
            url: ConfiguredUrl::parse(URL).unwrap(),
        };
        let post = InboundPost { ingest_key: "mhi_1", ..InboundPost::new(&headers, body.as_bytes()) };
        receive(&verification, &post, Timestamp::UNIX_EPOCH).map(|received| received.reports.len())
    }

    #[test]
    fn url_and_fields_in_the_order_of_their_names_are_signed() {
        let url = URL.replace("{ingest_key}", "mhi_1");
        let event = r#"[{"event":"open"}]"#;
        let body = "z=1&mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D&a=b+c";
        let signed = format!("ab cmandrill_events{event}z1");
        assert_eq!(received(b"key", &url, &signed, body), Ok(1));
        let wrong = Err(InboundPostError::VerificationError(VerificationError::WrongSignature));
        assert_eq!(received(b"other", &url, &signed, body), wrong);
        assert_eq!(received(b"key", &url.replace("x=1", "x=2"), &signed, body), wrong);
        assert_eq!(received(b"key", &url, &format!("z1mandrill_events{event}ab c"), body), wrong);
    }

    #[test]
    fn the_public_key_is_good_for_nothing_but_empty_posts() {
        let url = URL.replace("{ingest_key}", "mhi_1");
        assert_eq!(received(TEST_KEY, &url, "mandrill_events[]", "mandrill_events=%5B%5D"), Ok(0));
        let event = r#"mandrill_events[{"event":"open"}]"#;
        let body = "mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D";
        let wrong = Err(InboundPostError::VerificationError(VerificationError::WrongSignature));
        assert_eq!(received(TEST_KEY, &url, event, body), wrong);
        assert_eq!(received(TEST_KEY, &url, "other[]", "other=%5B%5D"), wrong);
    }

    #[test]
    fn types_by_their_words() {
        let class = |event: &str, msg: &str| classify(event, &Object::parse(msg).unwrap()).map(Class::words);
        let reject = |reason: &str| class("reject", &format!(r#"{{"reject":{{"reason":"{reason}"}}}}"#)).unwrap();
        assert_eq!(reject("hard-bounce"), "email.rejected bounced");
        assert_eq!(reject("spam"), "email.rejected complained");
        assert_eq!(reject("unsub"), "email.rejected unsubscribed");
        assert_eq!(reject("custom"), "email.rejected suppressed");
        assert_eq!(reject("test-mode-limit"), "email.rejected other");
        assert_eq!(class("soft_bounce", "{}").as_deref(), Some("email.bounced soft"));
        assert_eq!(class("deferral", "{}").as_deref(), Some("email.deferred"));
        assert_eq!(class("inbound", "{}"), None);
        assert_eq!(map(r#"{"type":"allowlist","action":"add"}"#, Timestamp::UNIX_EPOCH), Some(Vec::new()));
        assert_eq!(map("{}", Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn empty_lists_stand_for_empty_objects() {
        let entry = r#"{"event":"deferral","ts":1461095246,"ip":"","location":[],
            "msg":{"_id":"m","metadata":[],"smtp_events":[{"diag":"451 first"},{"diag":"421 4.7.0 last"}]}}"#;
        let facts = map(entry, Timestamp::UNIX_EPOCH).unwrap().remove(0).facts;
        assert_eq!(facts.diagnostic.as_deref(), Some("421 4.7.0 last"));
        assert_eq!((facts.smtp_code, facts.enhanced_code.as_deref()), (Some(421), Some("4.7.0")));
        assert!(facts.metadata.is_empty());
        assert_eq!(facts.client, Client::default());
    }
}
