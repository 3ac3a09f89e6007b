//! What a post must prove. A post that is tampered with, unsigned, expired, or signed by another is refused; every
//! other post is accepted.

use conformance::Fixture;
use conformance::invariants::signs_every_byte;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Value, json};
use shared::provider::{InboundPost, InboundPostError, Proof, Provider, Received, VerificationError, receive};
use shared::secret::VerificationSecret;
use shared::source::{ConfiguredUrl, TopicArn, Trust, Verification};
use support::signers::{Signed, mailersend, mandrill, resend, sendgrid, sns};

use super::{JSON, content_type, fixture, now, own_fixtures, providers, signed_fixtures};

pub(crate) fn secret(text: &str) -> VerificationSecret {
    VerificationSecret::parse(text).unwrap()
}

fn with_key(text: &str) -> Trust {
    Trust::verified_by(Verification::SigningKey(secret(text)))
}

pub(crate) fn header_map(signed: &Signed) -> HeaderMap {
    let headers = signed.headers.iter();
    headers.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

pub(crate) fn take(
    provider: Provider,
    trust: &Trust,
    signed: &Signed,
    now: Timestamp,
) -> Result<Received, InboundPostError> {
    receive(provider, trust, &InboundPost::new(&header_map(signed), &signed.body), now)
}

pub(crate) fn refused(received: &Result<Received, InboundPostError>) -> bool {
    matches!(received, Err(InboundPostError::VerificationError(_)))
}

/// A trust setting of the same kind, with another secret.
fn another_secret(trust: &Trust) -> Trust {
    let verification = match &trust.verification {
        Verification::Unsigned => panic!("an unsigned fixture"),
        Verification::SigningKey(_) => {
            // This text also has the format of a Resend secret.
            Verification::SigningKey(secret("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
        }
        Verification::PublicKey(_) => Verification::PublicKey(sendgrid::SigningKey::generate().unwrap().public_key()),
        Verification::KeyAndUrl { url, .. } => Verification::KeyAndUrl { key: secret("another key"), url: url.clone() },
        Verification::Topics(_) => {
            Verification::Topics(vec![TopicArn::parse("arn:aws:sns:us-east-1:210987654321:SES_Events").unwrap()])
        }
    };
    Trust::verified_by(verification)
}

/// Whether the post is a provider's test post. It is signed with a secret that is public; that does no harm, because
/// the post reports nothing.
fn is_test_post(fixture: &Fixture) -> bool {
    ["mandrill/empty_test", "mailersend/webhook_test"].contains(&fixture.id.as_str())
}

#[test]
fn each_way_to_sign_has_a_fixture() {
    for provider in providers().filter(|provider| provider.proof() != Some(Proof::IngestKey)) {
        assert!(signed_fixtures().any(|fixture| fixture.provider == provider), "{}", provider.as_str());
    }
}

#[test]
fn good_signatures_are_taken() {
    for fixture in signed_fixtures() {
        assert!(fixture.receive().is_ok(), "{}: {:?}", fixture.id, fixture.receive());
    }
}

#[test]
fn another_secret_is_refused() {
    for fixture in signed_fixtures().filter(|fixture| !is_test_post(fixture)) {
        let trust = another_secret(&fixture.trust);
        assert!(refused(&fixture.receive_as(&trust, &fixture.headers, &fixture.body, fixture.now)), "{}", fixture.id);
    }
}

/// A source that is configured for one kind of signature never accepts another kind, and never an unsigned post.
#[test]
fn a_secret_of_the_wrong_kind_is_refused() {
    let kinds = [
        Verification::SigningKey(secret("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        Verification::PublicKey(sendgrid::SigningKey::generate().unwrap().public_key()),
        Verification::KeyAndUrl {
            key: secret("TEST_WEBHOOK_KEY"),
            url: ConfiguredUrl::parse("https://hooks.example.com/").unwrap(),
        },
        Verification::Topics(vec![TopicArn::parse(sns::TOPIC).unwrap()]),
    ];
    for fixture in own_fixtures() {
        for kind in &kinds {
            if std::mem::discriminant(kind) != std::mem::discriminant(&fixture.trust.verification) {
                let trust = Trust::verified_by(kind.clone());
                let received = fixture.receive_as(&trust, &fixture.headers, &fixture.body, fixture.now);
                assert!(refused(&received), "{} with {kind:?}", fixture.id);
            }
        }
    }
}

/// Every byte of the body counts if the signature covers every byte; of the other bodies, what the signature covers.
#[test]
fn spoiled_bodies_are_refused() {
    for fixture in signed_fixtures() {
        if signs_every_byte(fixture.provider) {
            for at in 0..fixture.body.len() {
                let mut body = fixture.body.clone();
                body[at] ^= 1;
                assert!(refused(&fixture.receive_body(&body)), "{} at {at}", fixture.id);
            }
        }
        for cut in [0, 1, fixture.body.len() / 2] {
            assert!(refused(&fixture.receive_body(&fixture.body[..cut])), "{} cut to {cut}", fixture.id);
        }
    }
    for (id, from, to) in [
        ("ses/notification_bounce", "jane@example.com", "june@example.com"),
        ("ses/notification_bounce", "19ba9823-d7f2", "29ba9823-d7f2"),
        ("ses/subscription_confirmation", "Action=ConfirmSubscription", "Action=DeleteTopic"),
        ("mandrill/send", "recipient", "somebody"),
        ("mailgun/delivered", "c98fc15c4889b1", "c98fc15c4889b2"),
    ] {
        let fixture = fixture(id);
        let text = std::str::from_utf8(&fixture.body).unwrap();
        assert!(text.contains(from), "{id} has no {from}");
        assert!(refused(&fixture.receive_body(text.replace(from, to).as_bytes())), "{id}: {to}");
    }
}

#[test]
fn missing_headers_are_refused() {
    for fixture in signed_fixtures() {
        let names: &[&str] = match fixture.provider {
            Provider::SendGrid => &[sendgrid::SIGNATURE, sendgrid::TIMESTAMP],
            Provider::Resend => &["svix-id", "svix-timestamp", "svix-signature"],
            Provider::Mandrill => &["x-mandrill-signature"],
            Provider::MailerSend => &["signature"],
            // Their signatures are in the body.
            Provider::Mailgun | Provider::Ses => &[],
            Provider::Mailjet
            | Provider::Postmark
            | Provider::SparkPost
            | Provider::Brevo
            | Provider::Generic
            | Provider::Own
            | Provider::Mailhooks => panic!("{} does not sign", fixture.id),
        };
        for name in names {
            let mut headers = fixture.headers.clone();
            let value = headers.remove(*name).unwrap_or_else(|| panic!("{} has no {name}", fixture.id));
            let without = fixture.receive_as(&fixture.trust, &headers, &fixture.body, fixture.now);
            assert!(refused(&without), "{} without {name}", fixture.id);
            let spoiled = value.to_str().unwrap().replacen(|letter: char| letter.is_ascii_alphanumeric(), "", 2);
            for spoiled in ["", "=", "v1,", "not base64 at all \u{7f}", &spoiled] {
                let Ok(value) = HeaderValue::from_bytes(spoiled.as_bytes()) else { continue };
                headers.insert(*name, value);
                let received = fixture.receive_as(&fixture.trust, &headers, &fixture.body, fixture.now);
                assert!(refused(&received), "{} with {name}: {spoiled}", fixture.id);
            }
        }
    }
}

#[test]
fn missing_signatures_in_bodies_are_refused() {
    for (id, member) in [
        ("mailgun/delivered", "signature"),
        ("ses/notification_bounce", "Signature"),
        ("ses/notification_bounce", "SignatureVersion"),
        ("ses/notification_bounce", "SigningCertURL"),
        ("ses/notification_bounce", "TopicArn"),
        ("ses/notification_bounce", "Type"),
        ("ses/notification_bounce", "MessageId"),
    ] {
        let fixture = fixture(id);
        let mut body: Value = serde_json::from_slice(&fixture.body).unwrap();
        assert!(body.as_object_mut().unwrap().remove(member).is_some(), "{member}");
        assert!(refused(&fixture.receive_body(body.to_string().as_bytes())), "{id} without {member}");
    }
    for field in ["timestamp", "token", "signature"] {
        let fixture = fixture("mailgun/legacy_delivered");
        let fields = url::form_urlencoded::parse(&fixture.body).filter(|(name, _)| name != field);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        assert!(refused(&fixture.receive_body(body.as_bytes())), "without {field}");
    }
}

#[test]
fn a_body_without_a_signature_is_refused_however_it_looks() {
    for fixture in signed_fixtures() {
        for body in [
            "",
            "{}",
            "[]",
            "<html>",
            "\u{0}",
            r#"{"signature":{}}"#,
            r#"{"signature":"x","event-data":{"event":"opened"}}"#,
            r#"{"signature":{"timestamp":1,"token":2,"signature":3}}"#,
            r#"{"Type":"Notification"}"#,
            r#"{"eventType":"Open","mail":{}}"#,
            "mandrill_events=%5B%5D",
            "timestamp=1&token=2&signature=3",
        ] {
            let headers = content_type(fixture.headers[header::CONTENT_TYPE].to_str().unwrap());
            let received = fixture.receive_as(&fixture.trust, &headers, body.as_bytes(), fixture.now);
            assert!(refused(&received), "{} {body}", fixture.provider.as_str());
        }
    }
}

#[test]
fn resend_is_fresh_for_300_s_both_ways() {
    let trust = with_key("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    let signed = resend::sign("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_1", r#"{"type":"email.sent"}"#, now());
    let at = |seconds: i64| take(Provider::Resend, &trust, &signed, now() + seconds.seconds());
    for good in [-300, -1, 0, 1, 300] {
        assert!(at(good).is_ok(), "{good}");
    }
    for stale in [-301, 301, 86_400] {
        assert_eq!(at(stale).map(|_| ()), Err(VerificationError::Stale.into()), "{stale}");
    }
}

#[test]
fn resend_takes_one_good_signature_of_several_and_both_spellings() {
    let key = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let signed = resend::sign(key, "msg_1", r#"{"type":"email.sent"}"#, now());
    let good = signed.header("svix-signature").unwrap().to_owned();
    let other = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let take = |signature: &str, prefix: &'static str| {
        let mut headers = content_type(JSON);
        for part in ["id", "timestamp", "signature"] {
            let value = if part == "signature" { signature } else { signed.header(&format!("svix-{part}")).unwrap() };
            headers.insert(format!("{prefix}-{part}").parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        receive(Provider::Resend, &with_key(key), &InboundPost::new(&headers, &signed.body), now())
    };
    for prefix in ["svix", "webhook"] {
        for signature in [good.clone(), format!("{other} {good}"), format!("v1a,abc {good} {other}")] {
            assert!(take(&signature, prefix).is_ok(), "{prefix} {signature}");
        }
        for signature in [other.to_owned(), good.replace("v1,", "v1a,"), good.replace("v1,", "")] {
            assert!(refused(&take(&signature, prefix)), "{prefix} {signature}");
        }
    }
}

#[test]
fn mandrills_public_key_is_good_for_an_empty_batch_only() {
    let url = "https://hooks.example.com/in?x=1";
    let trust = Trust::verified_by(Verification::KeyAndUrl {
        key: secret("the webhook's own key"),
        url: ConfiguredUrl::parse(url).unwrap(),
    });
    let take = |signed: &Signed| take(Provider::Mandrill, &trust, signed, now());
    assert_eq!(take(&mandrill::sign(mandrill::TEST_KEY, url, "[]")).unwrap().reports, []);
    for events in [r#"[{"event":"open","msg":{"_id":"1"}}]"#, "[{}]", "[null]", "{}", "[]x", "", "null"] {
        assert!(refused(&take(&mandrill::sign(mandrill::TEST_KEY, url, events))), "{events}");
    }
    // It does not matter which of the two fields is read: the empty one reports nothing, and the other one is refused.
    for form in [
        "mandrill_events=%5B%5D&mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D",
        "mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D&mandrill_events=%5B%5D",
    ] {
        let received = take(&mandrill::sign_form(mandrill::TEST_KEY, url, form));
        assert!(received.map_or(true, |received| received.reports.is_empty()), "{form}");
    }
    assert!(take(&mandrill::sign("the webhook's own key", url, r#"[{"event":"open"}]"#)).is_ok());
    // The post is signed for another URL. A trailing slash makes another URL.
    let other = mandrill::sign("the webhook's own key", "https://hooks.example.com/in/?x=1", r#"[{"event":"open"}]"#);
    assert!(refused(&take(&other)));
}

#[test]
fn mandrills_url_holds_the_posts_own_ingest_key() {
    let trust = Trust::verified_by(Verification::KeyAndUrl {
        key: secret("the webhook's own key"),
        url: ConfiguredUrl::parse("https://u:p@hooks.example.com/api/webhooks/{ingest_key}").unwrap(),
    });
    let url = "https://u:p@hooks.example.com/api/webhooks/mhi_mandrill_1";
    let signed = mandrill::sign("the webhook's own key", url, r#"[{"event":"open"}]"#);
    let headers = header_map(&signed);
    let with = |ingest_key| {
        let post = InboundPost { ingest_key, ..InboundPost::new(&headers, &signed.body) };
        receive(Provider::Mandrill, &trust, &post, now())
    };
    assert!(with("mhi_mandrill_1").is_ok());
    assert!(refused(&with("mhi_mandrill_2")));
}

#[test]
fn mailersends_public_secret_is_good_for_its_test_only() {
    let trust = with_key("the webhook's own secret");
    let take = |secret: &str, body: &str| take(Provider::MailerSend, &trust, &mailersend::sign(secret, body), now());
    let test = r#"{"type":"webhook.test","message":"x","created_at":"2026-01-01T00:00:00Z"}"#;
    assert_eq!(take(mailersend::TEST_SECRET, test).unwrap().reports, []);
    for body in [
        r#"{"type":"activity.sent","data":{"id":"1"}}"#,
        r#"[{"type":"webhook.test"}]"#,
        r#"{"type":"webhook.test","type":"activity.sent","data":{"id":"1"}}"#,
        r#"{"type":"webhook.tests"}"#,
        r#"{"message":"webhook.test"}"#,
        "",
        "webhook.test",
    ] {
        assert!(refused(&take(mailersend::TEST_SECRET, body)), "{body}");
    }
    // A post that is signed with the public secret may be accepted only if it reports nothing.
    let smuggled = r#"{"type":"activity.sent","data":{"id":"1"},"type":"webhook.test"}"#;
    assert!(take(mailersend::TEST_SECRET, smuggled).map_or(true, |received| received.reports.is_empty()));
    assert!(take("the webhook's own secret", r#"{"type":"activity.sent","data":{"id":"1"}}"#).is_ok());
}

/// `signature` is the subaccount's signature. The primary account's key verifies `parent-signature`; without a good
/// one, the post proves nothing.
#[test]
fn a_parent_signature_that_is_none_is_refused() {
    let fixture = fixture("mailgun/subaccount_parent_signature");
    let with = |member: &str, to: Value| {
        let mut body: Value = serde_json::from_slice(&fixture.body).unwrap();
        body["signature"][member] = to;
        fixture.receive_body(body.to_string().as_bytes())
    };
    let good = {
        let body: Value = serde_json::from_slice(&fixture.body).unwrap();
        body["signature"]["parent-signature"].as_str().unwrap().to_owned()
    };
    for taken in [Value::Null, json!(""), json!(7), json!([good]), json!("not hex")] {
        assert!(with("signature", taken.clone()).is_ok(), "signature {taken}");
    }
    assert!(with("parent-signature", json!(good.to_uppercase())).is_ok());
    let forged = [
        Value::Null,
        json!(""),
        json!(7),
        json!(true),
        json!([good]),
        json!({"parent-signature": good}),
        json!("not hex"),
        json!(good[..62]),
        json!(format!("{good}00")),
        json!(format!(" {good}")),
        json!(good.replacen('0', "1", 1)),
    ];
    for forged in forged {
        assert!(refused(&with("parent-signature", forged.clone())), "{forged}");
    }
    for (member, other) in [("timestamp", json!("1770920773")), ("token", json!("another")), ("token", Value::Null)] {
        assert!(refused(&with(member, other)), "{member}");
    }
    // A member next to the object `signature` proves nothing; it must be inside.
    let mut body: Value = serde_json::from_slice(&fixture.body).unwrap();
    body["parent-signature"] = body["signature"].as_object_mut().unwrap().remove("parent-signature").unwrap();
    assert!(refused(&fixture.receive_body(body.to_string().as_bytes())));
}

#[test]
fn mailgun_is_good_for_a_day_and_vouches_by_its_token() {
    let fixture = fixture("mailgun/delivered");
    let at = |seconds: i64| {
        let now = fixture.now + SignedDuration::from_secs(seconds);
        fixture.receive_as(&fixture.trust, &fixture.headers, &fixture.body, now)
    };
    let token = at(0).unwrap().token.unwrap();
    assert_eq!(token.value, "651869375b9df3c98fc15c4889b102119add1235c38fc92824");
    assert!(token.good_until > fixture.now);
    // Mailgun's retries go on for 8 hours.
    assert!(at(9 * 3600).is_ok());
    assert!(refused(&at(2 * 86_400)) && refused(&at(-2 * 86_400)));
}
