//! Resend: one event in each post, signed as Standard Webhooks specify (Svix).
//! <https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests>, <https://www.standardwebhooks.com>

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::batch::{Mapped, read_object};
use super::json::Object;
use super::reading::{Class, Reading};
use super::report::is_fresh;
use super::signed::hmac_sha256;
use super::text::{codes_of_reply, date_time, domain, unix_seconds};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received, VerificationError};
use crate::event::{BounceType, Client, EventType, RejectReason};
use crate::source::Verification;

pub(super) const PROFILE: Profile = Profile::new(Proof::SigningKey, receive);

/// Maximum difference between a signature's time and ours. Every attempt has a new signature.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Maximum number of signatures of one header that are tried. During a rotation there are two.
const MAX_SIGNATURES: usize = 10;

/// Verifies a post and reads its event.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verify(verification, post, now)?;
    Ok(read_object(Provider::Resend, post, now, |entry| map(entry, header(post, "id"), now)))
}

/// A header, in either spelling.
fn header<'a>(post: &InboundPost<'a>, name: &str) -> Option<&'a str> {
    ["svix", "webhook"].iter().find_map(|prefix| post.header(&format!("{prefix}-{name}")))
}

/// The key of a secret as Resend shows it: base64 after `whsec_`.
pub fn key(secret: &str) -> Option<Vec<u8>> {
    let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
    BASE64_STANDARD.decode(encoded).ok().filter(|key| !key.is_empty())
}

fn verify(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<(), VerificationError> {
    let secret = match verification {
        Verification::Unsigned => return Ok(()),
        Verification::SigningKey(secret) => key(secret.expose()).ok_or(VerificationError::WrongVerification)?,
        Verification::PublicKey(_) | Verification::KeyAndUrl { .. } | Verification::Topics(_) => {
            return Err(VerificationError::WrongVerification);
        }
    };
    let [Some(id), Some(timestamp), Some(signatures)] = ["id", "timestamp", "signature"].map(|name| header(post, name))
    else {
        return Err(VerificationError::NoSignature);
    };
    let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", post.body];
    let signatures = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
    let mut good = false;
    for signature in signatures.take(MAX_SIGNATURES) {
        let mac = BASE64_STANDARD.decode(signature).unwrap_or_default();
        good |= hmac_sha256(&secret, &parts, &mac).is_ok();
    }
    if !good {
        return Err(VerificationError::WrongSignature);
    }
    match unix_seconds(timestamp) {
        Some(signed_at) if is_fresh(signed_at, now, TOLERANCE, TOLERANCE) => Ok(()),
        Some(_) | None => Err(VerificationError::Stale),
    }
}

fn map(entry: &str, id: Option<&str>, now: Timestamp) -> Mapped {
    let object = Object::parse(entry)?;
    let event = object.text("type")?;
    let data = object.object("data");
    let Some(class) = classify(&event, &data) else { return Some(Vec::new()) };
    let (click, bounce) = (data.object("click"), data.object("bounce"));
    let timestamp = object.text("created_at");
    let reading = Reading {
        // The id is the same on every attempt.
        id: id.map(str::to_owned),
        at: timestamp.as_deref().and_then(date_time),
        timestamp,
        // With several recipients there is one event for each of them, which does not say for which. So the first
        // recipient is used.
        recipient: data.texts("to").into_iter().next(),
        message_id: data.text("email_id").or(data.text("message_id")),
        url: click.text("link"),
        diagnostic: bounce
            .text("message")
            .or(data.object("failed").text("reason"))
            .or(data.object("suppressed").text("message")),
        ..Reading::new(Provider::Resend, event, class)
    };
    let replies = bounce.texts("diagnosticCode");
    let reply = replies.first().map(String::as_str).or(reading.diagnostic.as_deref());
    let (smtp_code, enhanced_code) = reply.map(codes_of_reply).unwrap_or_default();
    Some(vec![reading.report(now, |facts| {
        facts.sending_domain = data.text("from").as_deref().and_then(domain);
        facts.from = data.text("from");
        facts.subject = data.text("subject");
        facts.campaign_id = data.text("broadcast_id");
        facts.metadata = tags(&data);
        facts.smtp_code = smtp_code;
        facts.enhanced_code = enhanced_code;
        facts.client = Client { ip: click.text("ipAddress"), user_agent: click.text("userAgent"), ..Client::default() };
    })])
}

/// The class of an event; `None` for events that are not about a sent email.
fn classify(event: &str, data: &Object<'_>) -> Option<Class> {
    Some(match event {
        "email.sent" => Class::of(EventType::Sent),
        "email.delivered" => Class::of(EventType::Delivered),
        "email.delivery_delayed" => Class::of(EventType::Deferred),
        "email.complained" => Class::of(EventType::Complained),
        "email.opened" => Class::of(EventType::Opened),
        "email.clicked" => Class::of(EventType::Clicked),
        "email.bounced" => bounced(&data.object("bounce")),
        "email.suppressed" => Class::rejected(RejectReason::Suppressed),
        "email.failed" => {
            let reason = data.object("failed").text("reason").unwrap_or_default();
            Class::failed(Some(if reason.contains("quota") { RejectReason::Quota } else { RejectReason::Other }))
        }
        "email.received" => return None,
        other if ["contact.", "domain.", "suppression."].iter().any(|family| other.starts_with(family)) => return None,
        _ => Class::UNKNOWN,
    })
}

fn bounced(bounce: &Object<'_>) -> Class {
    match (bounce.text("subType").as_deref(), bounce.text("type").as_deref()) {
        (Some("Suppressed" | "OnAccountSuppressionList"), _) => Class::rejected(RejectReason::Suppressed),
        (_, Some("Transient" | "Temporary")) => Class::bounced(BounceType::Soft),
        (_, Some("Permanent") | None) => Class::bounced(BounceType::Hard),
        (_, Some(_)) => Class::bounced(BounceType::Undetermined),
    }
}

/// The tags: an object in the documentation of events, a list of names and values in that of the sending call.
fn tags(data: &Object<'_>) -> Map<String, Value> {
    let listed = data.objects("tags").filter_map(|tag| {
        let value = tag.values(|name| name == "value").remove("value")?;
        Some((tag.text("name")?, value))
    });
    let mut tags = data.object("tags").values(|_| true);
    tags.extend(listed);
    tags
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::secret::VerificationSecret;

    /// The test vector of Svix's documentation.
    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
    const SIGNED_AT: i64 = 1_649_367_553;

    fn verified(prefix: &str, signature: &str, body: &[u8], second: i64) -> Result<(), VerificationError> {
        let values = [("id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"), ("timestamp", "1649367553"), ("signature", signature)];
        let headers = values.map(|(name, value)| (format!("{prefix}-{name}").parse().unwrap(), value.parse().unwrap()));
        let headers = HeaderMap::from_iter(headers);
        let secret = Verification::SigningKey(VerificationSecret::parse(SECRET).unwrap());
        verify(&secret, &InboundPost::new(&headers, body), Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn the_documented_vector_in_either_spelling() {
        for prefix in ["svix", "webhook"] {
            assert_eq!(verified(prefix, SIGNATURE, BODY, SIGNED_AT), Ok(()));
        }
        assert_eq!(verified("other", SIGNATURE, BODY, SIGNED_AT), Err(VerificationError::NoSignature));
    }

    #[test]
    fn one_good_signature_of_several_is_enough() {
        let several = format!("v1a,AAAA v1,{} {SIGNATURE}", "A".repeat(44));
        assert_eq!(verified("svix", &several, BODY, SIGNED_AT), Ok(()));
        for wrong in ["", "v1,", "v1,%%%", "v1a,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=", &SIGNATURE[3..]] {
            assert_eq!(verified("svix", wrong, BODY, SIGNED_AT), Err(VerificationError::WrongSignature), "{wrong}");
        }
        assert_eq!(verified("svix", SIGNATURE, b"{}", SIGNED_AT), Err(VerificationError::WrongSignature));
    }

    #[test]
    fn five_minutes_in_both_directions() {
        for good in [SIGNED_AT - 300, SIGNED_AT + 300] {
            assert_eq!(verified("svix", SIGNATURE, BODY, good), Ok(()));
        }
        for stale in [SIGNED_AT - 301, SIGNED_AT + 301] {
            assert_eq!(verified("svix", SIGNATURE, BODY, stale), Err(VerificationError::Stale));
        }
    }

    fn class(body: &str) -> Option<String> {
        let object = Object::parse(body).unwrap();
        classify(&object.text("type").unwrap(), &object.object("data")).map(Class::words)
    }

    #[test]
    fn types_by_their_words() {
        let bounce = |more: &str| class(&format!(r#"{{"type":"email.bounced","data":{{"bounce":{{{more}}}}}}}"#));
        assert_eq!(bounce(r#""type":"Permanent","subType":"General""#).as_deref(), Some("email.bounced hard"));
        assert_eq!(bounce("").as_deref(), Some("email.bounced hard"));
        assert_eq!(bounce(r#""type":"Transient""#).as_deref(), Some("email.bounced soft"));
        assert_eq!(bounce(r#""type":"Temporary""#).as_deref(), Some("email.bounced soft"));
        assert_eq!(bounce(r#""type":"Undetermined""#).as_deref(), Some("email.bounced undetermined"));
        assert_eq!(
            bounce(r#""type":"Permanent","subType":"Suppressed""#).as_deref(),
            Some("email.rejected suppressed")
        );
        assert_eq!(bounce(r#""subType":"OnAccountSuppressionList""#).as_deref(), Some("email.rejected suppressed"));
        let failed =
            |reason: &str| class(&format!(r#"{{"type":"email.failed","data":{{"failed":{{"reason":"{reason}"}}}}}}"#));
        assert_eq!(failed("reached_daily_quota").as_deref(), Some("email.failed quota"));
        assert_eq!(failed("invalid_attachment").as_deref(), Some("email.failed other"));
        assert_eq!(class(r#"{"type":"email.suppressed"}"#).as_deref(), Some("email.rejected suppressed"));
        assert_eq!(class(r#"{"type":"email.scheduled"}"#).as_deref(), Some("email.unknown"));
        for silent in ["email.received", "contact.created", "domain.updated", "suppression.created"] {
            assert_eq!(class(&format!(r#"{{"type":"{silent}"}}"#)), None, "{silent}");
        }
    }

    #[test]
    fn tags_are_metadata_in_either_form() {
        let read = |data: &str| Value::from(tags(&Object::parse(data).unwrap())).to_string();
        assert_eq!(read(r#"{"tags":{"a":"1"}}"#), r#"{"a":"1"}"#);
        assert_eq!(read(r#"{"tags":[{"name":"a","value":"1"},{"name":"b"}]}"#), r#"{"a":"1"}"#);
        assert_eq!(read("{}"), "{}");
    }
}
