//! MailerSend: one event in each post, in one of two versions, signed with the webhook's secret.
//! <https://developers.mailersend.com/api/v1/webhooks.html>

use jiff::Timestamp;

use super::batch::{Mapped, read_object};
use super::json::Object;
use super::reading::{Class, Reading};
use super::signed::hmac_sha256;
use super::text::{codes_of_reply, date_time, domain};
use super::{Post, Profile, Proof, Provider, Received, Refusal, Unauthentic};
use crate::event::{BounceType, Client, EventType, RejectReason};
use crate::source::Verification;

pub(super) const PROFILE: Profile = Profile::new(Proof::SigningKey, receive);

const SIGNATURE: &str = "signature";
/// What MailerSend posts when a webhook is made or changed; without a 2xx the webhook is not saved.
const TEST: &str = "webhook.test";
/// With what it signs that: everybody knows it.
const TEST_SECRET: &[u8] = b"test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G";
/// Events that are about no email that was sent.
const OTHER_FAMILIES: [&str; 9] = [
    TEST,
    "activity.survey_",
    "sender_identity.",
    "maintenance.",
    "inbound",
    "email_single.",
    "email_list.",
    "bulk_email.",
    "recipient.",
];

/// Verifies a post and reads its event.
fn receive(verification: &Verification, post: &Post<'_>, now: Timestamp) -> Result<Received, Refusal> {
    verify(verification, post)?;
    Ok(read_object(Provider::MailerSend, post, now, |entry| map(entry, now)))
}

/// The signature has no time in it: what is posted again meets the event that is stored already.
fn verify(verification: &Verification, post: &Post<'_>) -> Result<(), Unauthentic> {
    let secret = match verification {
        Verification::Unsigned => return Ok(()),
        Verification::SigningKey(secret) => secret.expose().as_bytes(),
        Verification::PublicKey(_) | Verification::KeyAndUrl { .. } | Verification::Topics(_) => {
            return Err(Unauthentic::WrongVerification);
        }
    };
    let signature = post.header(SIGNATURE).ok_or(Unauthentic::NoSignature)?;
    let mac = hex::decode(signature).map_err(|_| Unauthentic::WrongSignature)?;
    hmac_sha256(secret, &[post.body], &mac).or_else(|wrong| {
        let body = post.text();
        let is_test = Object::parse(&body).is_some_and(|object| object.text("type").as_deref() == Some(TEST));
        if is_test { hmac_sha256(TEST_SECRET, &[post.body], &mac) } else { Err(wrong) }
    })
}

fn map(entry: &str, now: Timestamp) -> Mapped {
    let object = Object::parse(entry)?;
    let event = object.text("type")?;
    if OTHER_FAMILIES.iter().any(|family| event.starts_with(family)) {
        return Some(Vec::new());
    }
    let data = object.object("data");
    let class = classify(&event);
    // In the first version an object, in the second the address.
    let email = data.object("email");
    let (morph, meta) = (data.object("morph"), data.object("meta"));
    let more = |name: &str| morph.text(name).or(meta.text(name));
    let timestamp = data.text("created_at").or(object.text("created_at"));
    // Of an unsubscription the reason is a code, of a bounce the text.
    let is_unsubscription = class.event_type == EventType::Unsubscribed;
    let reasons = if is_unsubscription { ["readable_reason", "reason"] } else { ["reason", "readable_reason"] };
    let reading = Reading {
        id: data.text("id"),
        at: timestamp.as_deref().and_then(date_time),
        timestamp,
        recipient: data.text("email").or(email.object("recipient").text("email")),
        message_id: data.text("message_id").or(email.object("message").text("id")),
        // The `url` beside `type` is that of the webhook itself.
        url: more("url"),
        diagnostic: reasons.iter().find_map(|name| more(name)),
        ..Reading::new(Provider::MailerSend, event, class)
    };
    let (smtp_code, enhanced_code) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    Some(vec![reading.report(now, |facts| {
        facts.sending_domain = email.text("from").as_deref().and_then(domain);
        facts.from = email.text("from");
        facts.subject = data.text("subject").or(email.text("subject"));
        facts.tags = data.texts("tags");
        if facts.tags.is_empty() {
            facts.tags = email.texts("tags");
        }
        facts.smtp_code = smtp_code;
        facts.enhanced_code = enhanced_code;
        facts.client = Client { ip: more("ip"), user_agent: more("user_agent"), ..Client::default() };
    })])
}

fn classify(event: &str) -> Class {
    match event {
        "activity.sent" => Class::of(EventType::Sent),
        "activity.delivered" => Class::of(EventType::Delivered),
        "activity.deferred" => Class::of(EventType::Deferred),
        "activity.hard_bounced" => Class::bounced(BounceType::Hard),
        "activity.soft_bounced" => Class::bounced(BounceType::Soft),
        "activity.opened" | "activity.opened_unique" => Class::of(EventType::Opened),
        "activity.clicked" | "activity.clicked_unique" => Class::of(EventType::Clicked),
        "activity.unsubscribed" => Class::of(EventType::Unsubscribed),
        "activity.spam_complaint" => Class::of(EventType::Complained),
        "activity.suppressed" => Class::rejected(RejectReason::Suppressed),
        _ => Class::UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use ring::hmac;

    use super::*;
    use crate::secret::VerificationSecret;

    fn received(key: &[u8], body: &str) -> Result<usize, Refusal> {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), body.as_bytes());
        let headers =
            HeaderMap::from_iter([(http::HeaderName::from_static(SIGNATURE), hex::encode(mac).parse().unwrap())]);
        let verification = Verification::SigningKey(VerificationSecret::parse("secret").unwrap());
        let post = Post::new(&headers, body.as_bytes());
        receive(&verification, &post, Timestamp::UNIX_EPOCH).map(|received| received.reports.len())
    }

    #[test]
    fn the_public_secret_is_good_for_nothing_but_the_test() {
        let (test, event) = (r#"{"type":"webhook.test"}"#, r#"{"type":"activity.opened","data":{}}"#);
        assert_eq!(received(b"secret", event), Ok(1));
        assert_eq!(received(b"secret", test), Ok(0));
        assert_eq!(received(TEST_SECRET, test), Ok(0));
        let wrong = Err(Refusal::Unauthentic(Unauthentic::WrongSignature));
        let both = r#"{"type":"webhook.test","type":"activity.opened","data":{}}"#;
        for body in [event, "[]", r#"[{"type":"webhook.test"}]"#, both] {
            assert_eq!(received(TEST_SECRET, body), wrong, "{body}");
        }
        assert_eq!(received(b"other", test), wrong);
    }

    #[test]
    fn the_second_version_may_say_more_in_meta() {
        let entry = r#"{"type":"activity.clicked","created_at":"2025-08-05T21:23:54.000000Z","url":"https://hooks.example.com",
            "data":{"id":"1","email":"a@example.org","message_id":"m","tags":null,
                    "meta":{"url":"https://example.org","ip":"10.0.0.1","reason":"r","user_agent":"u"}}}"#;
        let facts = map(entry, Timestamp::UNIX_EPOCH).unwrap().remove(0).facts;
        assert_eq!(facts.url.as_deref(), Some("https://example.org"));
        assert_eq!((facts.client.ip.as_deref(), facts.client.user_agent.as_deref()), (Some("10.0.0.1"), Some("u")));
        assert_eq!(facts.diagnostic.as_deref(), Some("r"));
    }

    #[test]
    fn an_unsubscription_is_explained_in_words() {
        let of = |kind: &str| {
            let entry = format!(
                r#"{{"type":"activity.{kind}","data":{{"id":"1","morph":{{"reason":"NO_LONGER","readable_reason":"No longer"}}}}}}"#
            );
            map(&entry, Timestamp::UNIX_EPOCH).unwrap().remove(0).facts.diagnostic
        };
        assert_eq!(of("unsubscribed").as_deref(), Some("No longer"));
        assert_eq!(of("soft_bounced").as_deref(), Some("NO_LONGER"));
    }

    #[test]
    fn types_by_their_words() {
        assert_eq!(classify("activity.suppressed").words(), "email.rejected suppressed");
        assert_eq!(classify("activity.opened_unique").words(), "email.opened");
        assert_eq!(classify("activity.something_new").words(), "email.unknown");
        for silent in ["activity.survey_opened", "sender_identity.verified", "inbound.received", "recipient.added"] {
            assert_eq!(map(&format!(r#"{{"type":"{silent}"}}"#), Timestamp::UNIX_EPOCH), Some(Vec::new()), "{silent}");
        }
    }
}
