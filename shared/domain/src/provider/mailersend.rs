//! MailerSend: one event in each post, in one of two versions, signed with the webhook's secret.
//! <https://developers.mailersend.com/api/v1/webhooks.html>
//!
//! Version 1 ends on 1 December 2026; new webhooks have version 2. The reference of version 2 names the address
//! `data.email` and the reason `meta.reason`, but the posts have `data.recipient` and `meta.bounce_reason`. Both forms
//! are read.

use jiff::Timestamp;

use super::batch::{Mapped, read_object};
use super::json::Object;
use super::reading::{Class, Reading};
use super::signed::hmac_sha256;
use super::text::{codes_of_reply, date_time, domain, enhanced_code, smtp_code};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received, VerificationError};
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::source::Verification;

/// Sources disagree whether MailerSend sends a post again after a 4xx, so a post that has to wait gets a 503.
pub(super) const PROFILE: Profile =
    Profile { signature_ends: false, status_to_wait: 503, ..Profile::new(Proof::SigningKey, receive) };

const SIGNATURE: &str = "signature";
/// The type of the post that MailerSend sends when a webhook is created or changed. Without a 2xx, MailerSend does not
/// save the webhook.
const TEST: &str = "webhook.test";
/// The secret that signs this post. It is public.
const TEST_SECRET: &[u8] = b"test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G";
/// Prefixes of events that are not about a sent email.
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
/// Fields of `morph` or `meta` that explain an event. Version 1 and the reference have the first two; posts of version
/// 2 have the others.
const REASONS: [&str; 5] = ["reason", "readable_reason", "bounce_reason", "unsubscribe_reason", "suppression_reason"];

/// Verifies a post and reads its event.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verify(verification, post)?;
    Ok(read_object(Provider::MailerSend, post, now, |entry| map(entry, now)))
}

/// Verifies the signature. It covers no time, so an old post can be sent again; then its event is stored already.
fn verify(verification: &Verification, post: &InboundPost<'_>) -> Result<(), VerificationError> {
    let secret = match verification {
        Verification::Unsigned => return Ok(()),
        Verification::SigningKey(secret) => secret.expose().as_bytes(),
        Verification::PublicKey(_) | Verification::KeyAndUrl { .. } | Verification::Topics(_) => {
            return Err(VerificationError::WrongVerification);
        }
    };
    let signature = post.header(SIGNATURE).ok_or(VerificationError::NoSignature)?;
    let mac = hex::decode(signature).map_err(|_| VerificationError::WrongSignature)?;
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
    // In version 1 this is an object; in the reference of version 2 it is the address.
    let email = data.object("email");
    // The part that belongs to the type: `morph` in version 1, `meta` in version 2.
    let (morph, meta) = (data.object("morph"), data.object("meta"));
    let more = |name: &str| morph.text(name).or(meta.text(name));
    let timestamp = data.text("created_at").or(object.text("created_at"));
    let reading = Reading {
        id: data.text("id"),
        at: timestamp.as_deref().and_then(date_time),
        timestamp,
        recipient: data.text("recipient").or(data.text("email")).or(email.object("recipient").text("email")),
        message_id: data.text("message_id").or(email.object("message").text("id")),
        // The `url` next to `type` is the URL of the webhook itself.
        url: more("url"),
        // Version 1 explains an unsubscription with a code in `reason` and with words in `readable_reason`.
        diagnostic: Some("readable_reason")
            .filter(|_| class.event_type == EventType::Unsubscribed)
            .into_iter()
            .chain(REASONS)
            .find_map(more),
        ..Reading::new(Provider::MailerSend, event, class)
    };
    let code = more("bounce_code");
    let (code_of_reply, enhanced_of_reply) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    Some(vec![reading.report(now, |facts| {
        facts.sending_domain = email.text("from").as_deref().and_then(domain);
        facts.from = email.text("from");
        facts.subject = data.text("subject").or(email.text("subject"));
        facts.tags = data.texts("tags");
        if facts.tags.is_empty() {
            facts.tags = email.texts("tags");
        }
        facts.smtp_code = code.as_deref().and_then(smtp_code).or(code_of_reply);
        facts.enhanced_code = code.as_deref().and_then(enhanced_code).or(enhanced_of_reply);
        facts.client = Client {
            ip: more("ip"),
            user_agent: more("user_agent"),
            name: more("browser"),
            device: more("device_type"),
            geo: Geo { country: more("country"), ..Geo::default() },
            ..Client::default()
        };
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
    use crate::event::Facts;
    use crate::secret::VerificationSecret;

    fn received(key: &[u8], body: &str) -> Result<usize, InboundPostError> {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), body.as_bytes());
        let headers =
            HeaderMap::from_iter([(http::HeaderName::from_static(SIGNATURE), hex::encode(mac).parse().unwrap())]);
        let verification = Verification::SigningKey(VerificationSecret::parse("secret").unwrap());
        let post = InboundPost::new(&headers, body.as_bytes());
        receive(&verification, &post, Timestamp::UNIX_EPOCH).map(|received| received.reports.len())
    }

    #[test]
    fn the_public_secret_is_good_for_nothing_but_the_test() {
        let (test, event) = (r#"{"type":"webhook.test"}"#, r#"{"type":"activity.opened","data":{}}"#);
        assert_eq!(received(b"secret", event), Ok(1));
        assert_eq!(received(b"secret", test), Ok(0));
        assert_eq!(received(TEST_SECRET, test), Ok(0));
        let wrong = Err(InboundPostError::VerificationError(VerificationError::WrongSignature));
        let both = r#"{"type":"webhook.test","type":"activity.opened","data":{}}"#;
        for body in [event, "[]", r#"[{"type":"webhook.test"}]"#, both] {
            assert_eq!(received(TEST_SECRET, body), wrong, "{body}");
        }
        assert_eq!(received(b"other", test), wrong);
    }

    /// The event of type `activity.{kind}` with this `data`.
    fn facts(kind: &str, data: &str) -> Facts {
        let entry = format!(
            r#"{{"type":"activity.{kind}","created_at":"2026-09-12T18:42:56.000000Z","url":"https://hooks.example.com","data":{data}}}"#
        );
        map(&entry, Timestamp::UNIX_EPOCH).unwrap().remove(0).facts
    }

    #[test]
    fn the_address_stands_in_three_places() {
        let of = |data: &str| facts("sent", data).recipient.map(|recipient| recipient.expose().to_owned());
        for (data, expected) in [
            (r#"{"recipient":"a@example.org"}"#, Some("a@example.org")),
            (r#"{"recipient":"a@example.org","email":"b@example.org"}"#, Some("a@example.org")),
            (r#"{"email":"b@example.org"}"#, Some("b@example.org")),
            (r#"{"recipient":"","email":"b@example.org"}"#, Some("b@example.org")),
            (r#"{"recipient":null,"email":"b@example.org"}"#, Some("b@example.org")),
            (r#"{"email":{"recipient":{"email":"c@example.org"}}}"#, Some("c@example.org")),
            (r#"{"recipient":{},"email":{"recipient":{"email":"c@example.org"}}}"#, Some("c@example.org")),
            (r#"{"recipient":[],"email":[]}"#, None),
            ("{}", None),
        ] {
            assert_eq!(of(data).as_deref(), expected, "{data}");
        }
    }

    #[test]
    fn the_second_version_says_more_in_meta() {
        let clicked = facts(
            "clicked",
            r#"{"id":"1","message_id":"m","tags":null,"meta":{"url":"https://example.org","ip":"10.0.0.1","reason":"r",
                "user_agent":"u","country":"US","device_type":"desktop","browser":"Firefox"}}"#,
        );
        assert_eq!(clicked.url.as_deref(), Some("https://example.org"));
        assert_eq!(clicked.diagnostic.as_deref(), Some("r"));
        let client = Client {
            ip: Some("10.0.0.1".into()),
            user_agent: Some("u".into()),
            name: Some("Firefox".into()),
            device: Some("desktop".into()),
            geo: Geo { country: Some("US".into()), ..Geo::default() },
            ..Client::default()
        };
        assert_eq!(clicked.client, client);
        assert_eq!(facts("opened", r#"{"meta":[]}"#).client, Client::default());
    }

    #[test]
    fn every_version_explains_itself_in_words() {
        for (kind, data, expected) in [
            ("unsubscribed", r#"{"morph":{"reason":"NO_LONGER","readable_reason":"No longer"}}"#, Some("No longer")),
            ("unsubscribed", r#"{"meta":{"reason":"NO_LONGER"}}"#, Some("NO_LONGER")),
            ("unsubscribed", r#"{"meta":{"unsubscribe_reason":"Too many"}}"#, Some("Too many")),
            ("soft_bounced", r#"{"morph":{"reason":"Full","readable_reason":"x"}}"#, Some("Full")),
            ("soft_bounced", r#"{"meta":{"bounce_reason":"Full"}}"#, Some("Full")),
            ("hard_bounced", r#"{"meta":{"reason":"r","bounce_reason":"b"}}"#, Some("r")),
            ("suppressed", r#"{"meta":{"suppression_reason":"Hard bounced"}}"#, Some("Hard bounced")),
            ("suppressed", r#"{"meta":[]}"#, None),
        ] {
            assert_eq!(facts(kind, data).diagnostic.as_deref(), expected, "{kind} {data}");
        }
    }

    #[test]
    fn a_bounce_code_counts_when_it_is_one() {
        let of = |meta: &str| {
            let facts = facts("hard_bounced", &format!(r#"{{"meta":{{{meta}}}}}"#));
            (facts.smtp_code, facts.enhanced_code)
        };
        assert_eq!(of(r#""bounce_code":550,"bounce_reason":"Not found""#), (Some(550), None));
        assert_eq!(of(r#""bounce_code":"550""#), (Some(550), None));
        assert_eq!(of(r#""bounce_code":"5.1.1""#), (None, Some("5.1.1".into())));
        assert_eq!(of(r#""bounce_code":552,"bounce_reason":"550 5.1.1 unknown""#), (Some(552), Some("5.1.1".into())));
        for odd in [r#""bounce_code":0"#, r#""bounce_code":"x""#, r#""bounce_code":null"#, r#""bounce_code":55000"#] {
            assert_eq!(of(&format!(r#"{odd},"bounce_reason":"550 5.1.1 unknown""#)), (Some(550), Some("5.1.1".into())));
            assert_eq!(of(odd), (None, None), "{odd}");
        }
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
