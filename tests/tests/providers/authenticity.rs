//! What a post must prove: everything spoiled, missing, old or foreign is refused, and nothing else is.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Value, json};
use shared::provider::{
    Certificate, Post, Proof, Provider, Received, Refusal, Unauthentic, certificate_wanted, receive,
};
use shared::secret::VerificationSecret;
use shared::source::{BasicPair, ConfiguredUrl, Credentials, TopicArn, Trust, Verification};
use tests::conformance::Fixture;
use tests::support::signers::{Signed, mailersend, mandrill, resend, sendgrid, sns};

use super::{JSON, content_type, fixture, now, own_fixtures, providers, signed_fixtures};

fn secret(text: &str) -> VerificationSecret {
    VerificationSecret::parse(text).unwrap()
}

fn with_key(text: &str) -> Trust {
    Trust::verified_by(Verification::SigningKey(secret(text)))
}

fn header_map(signed: &Signed) -> HeaderMap {
    let headers = signed.headers.iter();
    headers.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

fn take(provider: Provider, trust: &Trust, signed: &Signed, now: Timestamp) -> Result<Received, Refusal> {
    receive(provider, trust, &Post::new(&header_map(signed), &signed.body), now)
}

fn refused(received: &Result<Received, Refusal>) -> bool {
    matches!(received, Err(Refusal::Unauthentic(_)))
}

/// A trust of the same kind that knows another secret.
fn another_secret(trust: &Trust) -> Trust {
    let verification = match &trust.verification {
        Verification::Unsigned => panic!("an unsigned fixture"),
        Verification::SigningKey(_) => {
            // Also what a Resend secret looks like.
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

/// Whether the post is signed with a secret that everybody knows, because it holds nothing.
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

/// A source that was told to verify one thing never takes another, nor nothing.
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

/// Every byte of the body counts, wherever a signature covers the body. Mailgun's covers timestamp and token; SNS's
/// fields are covered, white space between them is not; Mandrill's form is covered decoded.
#[test]
fn spoiled_bodies_are_refused() {
    let covers_all = [Provider::SendGrid, Provider::Resend, Provider::MailerSend];
    for fixture in signed_fixtures() {
        if covers_all.contains(&fixture.provider) {
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
            _ => &[],
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
        assert_eq!(at(stale).map(|_| ()), Err(Unauthentic::Stale.into()), "{stale}");
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
        receive(Provider::Resend, &with_key(key), &Post::new(&headers, &signed.body), now())
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
    // Whichever of two fields is read: the empty one gives nothing, the other is refused.
    for form in [
        "mandrill_events=%5B%5D&mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D",
        "mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D&mandrill_events=%5B%5D",
    ] {
        let received = take(&mandrill::sign_form(mandrill::TEST_KEY, url, form));
        assert!(received.map_or(true, |received| received.reports.is_empty()), "{form}");
    }
    assert!(take(&mandrill::sign("the webhook's own key", url, r#"[{"event":"open"}]"#)).is_ok());
    // Signed for another URL: a trailing slash is another one.
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
        let post = Post { ingest_key, ..Post::new(&headers, &signed.body) };
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
    // A test that gave something else away would be worse than one that gives nothing.
    let smuggled = r#"{"type":"activity.sent","data":{"id":"1"},"type":"webhook.test"}"#;
    assert!(take(mailersend::TEST_SECRET, smuggled).map_or(true, |received| received.reports.is_empty()));
    assert!(take("the webhook's own secret", r#"{"type":"activity.sent","data":{"id":"1"}}"#).is_ok());
}

struct Sns {
    certificate: Certificate,
    trust: Trust,
}

impl Sns {
    fn new() -> Self {
        Self {
            certificate: Certificate::parse(sns::certificate().unwrap().as_bytes()).unwrap(),
            trust: Trust::verified_by(Verification::Topics(vec![TopicArn::parse(sns::TOPIC).unwrap()])),
        }
    }

    fn wants(&self, signed: &Signed) -> Result<Option<String>, Unauthentic> {
        let headers = header_map(signed);
        let wanted = certificate_wanted(Provider::Ses, &self.trust, &Post::new(&headers, &signed.body))?;
        Ok(wanted.map(|url| url.as_str().to_owned()))
    }

    fn take(&self, signed: &Signed) -> Result<Received, Refusal> {
        let headers = header_map(signed);
        let post = Post { certificate: Some(&self.certificate), ..Post::new(&headers, &signed.body) };
        receive(Provider::Ses, &self.trust, &post, now())
    }
}

const SES_OPEN: &str = r#"{"eventType":"Open","mail":{"messageId":"1","destination":["a@example.com"]},"open":{}}"#;

#[test]
fn sns_signs_with_sha_1_and_sha_256() {
    let sns = Sns::new();
    for version in [sns::Version::Sha1, sns::Version::Sha256] {
        let signed = sns::Topic::new().unwrap().signing_with(version).notification("id", SES_OPEN, now());
        assert_eq!(sns.wants(&signed), Ok(Some(sns::CERTIFICATE_URL.to_owned())));
        assert_eq!(sns.take(&signed).unwrap().reports.len(), 1, "{version:?}");
        // What one version signed is nothing under the other, nor under one that does not exist.
        for claimed in ["1", "2", "3", "", "01"] {
            let (own, other) = (if version == sns::Version::Sha1 { "1" } else { "2" }, claimed);
            let from = format!(r#""SignatureVersion":"{own}""#);
            let signed = signed.clone().spoiled(&from, &format!(r#""SignatureVersion":"{other}""#));
            assert_eq!(sns.take(&signed).is_ok(), own == other, "{version:?} as {claimed}");
        }
    }
}

#[test]
fn sns_topics_that_are_not_listed_ask_for_nothing() {
    let sns = Sns::new();
    let foreign = sns::Topic::new().unwrap().named("arn:aws:sns:us-east-1:210987654321:SES_Events");
    let url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1";
    for signed in [foreign.notification("id", SES_OPEN, now()), foreign.confirmation("id", url, now())] {
        assert_eq!(sns.wants(&signed), Err(Unauthentic::ForeignTopic));
        assert!(refused(&sns.take(&signed)));
    }
}

#[test]
fn sns_certificates_come_from_amazon_only() {
    let sns = Sns::new();
    for url in [
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://user:pass@sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "ftp://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.txt",
        "https://sns.us-east-1.amazonaws.com/?x=.pem",
        "https://sns.us-east-1.amazonaws.com/x#.pem",
        "https://sns.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns..amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.evil.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://s3.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://xsns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com.cn.evil.example/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/SimpleNotificationService-1.pem",
        "//sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://127.0.0.1/SimpleNotificationService-1.pem",
        "",
    ] {
        let signed = sns::Topic::new().unwrap().with_certificate_at(url).notification("id", SES_OPEN, now());
        assert!(sns.wants(&signed).is_err(), "{url}");
    }
}

#[test]
fn sns_confirms_at_amazon_only() {
    let sns = Sns::new();
    let topic = sns::Topic::new().unwrap();
    let good = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=1";
    let received = sns.take(&topic.confirmation("id", good, now())).unwrap();
    assert!(received.confirm.is_some() && received.reports.is_empty());
    for url in [
        "https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
        "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://user@sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com:8443/?Action=ConfirmSubscription",
        "https://169.254.169.254/latest/meta-data/",
    ] {
        let received = sns.take(&topic.confirmation("id", url, now()));
        assert!(received.map_or(true, |received| received.confirm.is_none()), "{url}");
    }
}

#[test]
fn sns_without_its_certificate_or_with_another_is_refused() {
    let sns = Sns::new();
    let signed = sns::Topic::new().unwrap().notification("id", SES_OPEN, now());
    let headers = header_map(&signed);
    let bare = receive(Provider::Ses, &sns.trust, &Post::new(&headers, &signed.body), now());
    assert!(refused(&bare));
    let other = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/ses/sns_test_cert.pem")).unwrap();
    let other = Certificate::parse(&other).unwrap();
    let post = Post { certificate: Some(&other), ..Post::new(&headers, &signed.body) };
    assert!(refused(&receive(Provider::Ses, &sns.trust, &post, now())));
    for broken in [&b""[..], b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(Certificate::parse(broken).is_none());
    }
}

/// With raw delivery nothing is signed.
#[test]
fn raw_sns_delivery_is_refused() {
    let sns = Sns::new();
    let raw = Signed::plain("text/plain; charset=UTF-8", SES_OPEN).with("x-amz-sns-rawdelivery", "true");
    assert!(sns.wants(&raw).is_err() || sns.wants(&raw) == Ok(None));
    assert!(refused(&sns.take(&raw)));
    let signed = sns::Topic::new().unwrap().notification("id", SES_OPEN, now());
    let relabelled = signed.with("x-amz-sns-rawdelivery", "true");
    // The header alone, which is not signed, must not open anything; the signed body may be taken or refused.
    if let Ok(received) = sns.take(&relabelled) {
        assert_eq!(received.reports.len(), 1);
    }
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
    // Retries go on for 8 hours.
    assert!(at(9 * 3600).is_ok());
    assert!(refused(&at(2 * 86_400)) && refused(&at(-2 * 86_400)));
}

/// What is asked for, in which header it stands, its two good values, and bad ones that are near.
struct Case {
    credentials: Credentials,
    header: HeaderName,
    good: [String; 2],
    bad: Vec<String>,
}

fn cases() -> [Case; 3] {
    let pair = |username: &str, password: &str| BasicPair { username: username.into(), password: secret(password) };
    let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let both = || vec![secret("first"), secret("second")];
    let api_key = HeaderName::from_static("x-api-key");
    let near = |scheme: &str| {
        ["firs", "firstx", "First", "third", "first,second"].map(|bad| format!("{scheme}{bad}")).to_vec()
    };
    [
        Case {
            credentials: Credentials::Basic(vec![pair("u", "first"), pair("v", "second")]),
            header: header::AUTHORIZATION,
            good: [basic("u:first"), basic("v:second")],
            bad: ["u:firs", "u:firstx", "u:second", "U:first", "u", ":first", "first"].map(basic).to_vec(),
        },
        Case {
            credentials: Credentials::Bearer(both()),
            header: header::AUTHORIZATION,
            good: ["Bearer first".to_owned(), "Bearer second".to_owned()],
            bad: near("Bearer "),
        },
        Case {
            credentials: Credentials::Header { name: api_key.clone(), values: both() },
            header: api_key,
            good: ["first".to_owned(), "second".to_owned()],
            bad: near(""),
        },
    ]
}

#[test]
fn credentials_are_asked_for_by_every_provider_beside_its_signature() {
    for fixture in own_fixtures().iter().filter(|fixture| fixture.receive().is_ok()) {
        for Case { credentials, header, good, bad } in cases() {
            let trust = Trust { credentials: Some(credentials), ..fixture.trust.clone() };
            let take = |value: Option<&str>| {
                let mut headers = fixture.headers.clone();
                if let Some(value) = value {
                    headers.insert(&header, HeaderValue::from_str(value).unwrap());
                }
                fixture.receive_as(&trust, &headers, &fixture.body, fixture.now)
            };
            for good in &good {
                assert!(take(Some(good)).is_ok(), "{} {good}", fixture.id);
            }
            let never = ["", "Basic", "Basic ", "Bearer", "Bearer ", "Basic !", "Digest first"].map(str::to_owned);
            for bad in bad.iter().chain(&never) {
                assert!(refused(&take(Some(bad))), "{} {bad}", fixture.id);
            }
            assert!(refused(&take(None)), "{}", fixture.id);
        }
    }
}

/// A good credential of one kind is nothing under another.
#[test]
fn a_credential_in_the_wrong_place_is_refused() {
    let cases = cases();
    for (asked, wanted) in cases.iter().enumerate() {
        for (sent, Case { header, good, .. }) in cases.iter().enumerate() {
            let headers = HeaderMap::from_iter([(header.clone(), HeaderValue::from_str(&good[0]).unwrap())]);
            assert_eq!(wanted.credentials.accepts(&headers).is_ok(), asked == sent, "{asked} {sent}");
        }
    }
}

#[test]
fn networks_are_asked_for_by_every_provider() {
    for provider in providers() {
        let networks = ["185.107.232.0/24", "2600:1f24:64:8000::/52"].map(|network| network.parse().unwrap()).to_vec();
        let trust = Trust { networks, ..Trust::unsigned() };
        let from = |sender: Option<&str>| {
            let headers = content_type(JSON);
            let sender = sender.map(|sender| sender.parse().unwrap());
            let body = json!({"type": "email.opened", "id": "1", "timestamp": "2026-01-01T00:00:00Z"}).to_string();
            let post = Post { sender, ..Post::new(&headers, body.as_bytes()) };
            receive(provider, &trust, &post, now())
        };
        for inside in ["185.107.232.0", "185.107.232.255", "::ffff:185.107.232.7", "2600:1f24:64:8000::1"] {
            assert!(!refused(&from(Some(inside))), "{} {inside}", provider.as_str());
        }
        for outside in [None, Some("185.107.233.0"), Some("10.0.0.1"), Some("2600:1f24:64:9000::1"), Some("::")] {
            assert_eq!(from(outside), Err(Unauthentic::ForeignNetwork.into()), "{} {outside:?}", provider.as_str());
        }
    }
}
