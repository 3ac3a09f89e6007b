use jiff::Timestamp;
use proptest::prelude::*;
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use url::Url;

use super::pubsub::{InvalidServiceAccount, ServiceAccount};
use super::servicebus::SharedKey;
use super::sqs::AccessKey;
use super::*;
use crate::dialect::{Dialect, Envelope};
use crate::event::{Event, EventType, example};
use crate::id::{TenantId, WebhookId};
use crate::secret::SigningSecret;

/// A throw-away key that has signed nothing but tests.
const KEY: &str = include_str!("../../../../tests/fixtures/keys/pubsub_test_only_rsa.pem");
const EMAIL: &str = "mail@example-project.iam.gserviceaccount.com";

fn parsed(text: &str) -> Option<Result<String, InvalidStream>> {
    StreamName::parse(text).map(|result| result.map(|name| name.to_string()))
}

#[test]
fn names_of_all_forms_have_one_canonical_form() {
    for (given, canonical) in [
        ("arn:aws:sqs:eu-central-1:123456789012:events", "arn:aws:sqs:eu-central-1:123456789012:events"),
        (
            "https://sqs.eu-central-1.amazonaws.com/123456789012/a_b-C.fifo",
            "arn:aws:sqs:eu-central-1:123456789012:a_b-C.fifo",
        ),
        ("HTTPS://SQS.ap-southeast-2.AMAZONAWS.com/123456789012/x", "arn:aws:sqs:ap-southeast-2:123456789012:x"),
        ("pubsub://projects/my-project-1/topics/events", "pubsub://projects/my-project-1/topics/events"),
        (
            "https://pubsub.googleapis.com/v1/projects/my-project-1/topics/a.b~c+d%e",
            "pubsub://projects/my-project-1/topics/a.b~c+d%e",
        ),
        (
            "https://pubsub.googleapis.com/v1/projects/my-project-1/topics/events:publish",
            "pubsub://projects/my-project-1/topics/events",
        ),
        (
            "servicebus://Contoso.servicebus.windows.net/mail/events",
            "servicebus://contoso.servicebus.windows.net/mail/events",
        ),
        ("sb://contoso.servicebus.windows.net/Events", "servicebus://contoso.servicebus.windows.net/Events"),
        (
            "https://contoso.servicebus.windows.net/events/messages",
            "servicebus://contoso.servicebus.windows.net/events",
        ),
        ("https://contoso.servicebus.windows.net/events", "servicebus://contoso.servicebus.windows.net/events"),
    ] {
        assert_eq!(parsed(given), Some(Ok(canonical.to_owned())), "{given}");
        assert_eq!(parsed(canonical), Some(Ok(canonical.to_owned())), "{canonical}");
    }
}

#[test]
fn what_only_looks_like_a_stream_is_refused() {
    for queue in [
        "arn:",
        "arn:aws:sns:eu-central-1:123456789012:events",
        "arn:aws:sqs:eu-central-1:12345678901:events",
        "arn:aws:sqs:eu-central-1:123456789012:",
        "arn:aws:sqs:eu-central-1:123456789012:.fifo",
        "arn:aws:sqs:eu-central-1:123456789012:a.b",
        "arn:aws:sqs:eu-central-1:123456789012:a:b",
        "arn:aws:sqs:evil.example.com/:123456789012:a",
        "arn:aws:sqs:eu-central:123456789012:a",
        "arn:aws-cn:sqs:cn-north-1:123456789012:a",
        "arn:aws:sqs:cn-north-1:123456789012:a",
        "arn:aws:sqs:us-gov-west-1:123456789012:a",
        "https://sqs.eu-central-1.amazonaws.com/123456789012",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/a?x=1",
        "https://sqs.eu-central-1.amazonaws.com/123456789012/a/b",
        &format!("arn:aws:sqs:eu-central-1:123456789012:{}", "x".repeat(81)),
        &format!("arn:aws:sqs:eu-central-1:123456789012:{}.fifo", "x".repeat(76)),
    ] {
        assert_eq!(parsed(queue), Some(Err(InvalidStream::Sqs)), "{queue}");
    }
    for topic in [
        "pubsub://",
        "pubsub://projects/short/topics/events",
        "pubsub://projects/My-Project/topics/events",
        "pubsub://projects/1project/topics/events",
        "pubsub://projects/project-/topics/events",
        "pubsub://projects/project-1/topics/ab",
        "pubsub://projects/project-1/topics/1ab",
        "pubsub://projects/project-1/topics/google-owns-this",
        "pubsub://projects/project-1/topics/a/b/c",
        "pubsub://projects/project-1/topics/abc?x=1",
        "pubsub://projects/project-1/subscriptions/events",
        "https://pubsub.googleapis.com/",
        "https://pubsub.googleapis.com/v1/projects/project-1/topics/events:pull",
        &format!("pubsub://projects/project-1/topics/{}", "x".repeat(256)),
    ] {
        assert_eq!(parsed(topic), Some(Err(InvalidStream::Pubsub)), "{topic}");
    }
    for entity in [
        "servicebus://evil.example.com/events",
        "servicebus://contoso.servicebus.windows.net.evil.example.com/events",
        "servicebus://user@contoso.servicebus.windows.net/events",
        "servicebus://short.servicebus.windows.net/events",
        "servicebus://1contoso.servicebus.windows.net/events",
        "servicebus://a.contoso.servicebus.windows.net/events",
        "servicebus://contoso.servicebus.windows.net/",
        "servicebus://contoso.servicebus.windows.net/a/../b",
        "servicebus://contoso.servicebus.windows.net/a//b",
        "servicebus://contoso.servicebus.windows.net/a?x=1",
        "servicebus://contoso.servicebus.windows.net/-a",
        "sb://contoso.servicebus.windows.net:8080/a",
    ] {
        assert_eq!(parsed(entity), Some(Err(InvalidStream::Servicebus)), "{entity}");
    }
    for no_stream in [
        "",
        "https://example.com/hook",
        "http://sqs.eu-central-1.amazonaws.com/123456789012/a",
        "https://sqs.evil.eu-central-1.amazonaws.com/123456789012/a",
        "https://example.com/pubsub.googleapis.com",
        "https://servicebus.windows.net.example.com/a",
    ] {
        assert_eq!(parsed(no_stream), None, "{no_stream}");
    }
}

/// The URL of a request to a name.
fn request_url(name: &StreamName) -> Url {
    let url = match name {
        StreamName::Sqs(queue) => queue.url(),
        StreamName::Pubsub(topic) => topic.publish_url(),
        StreamName::Servicebus(entity) => entity.messages_url(),
    };
    Url::parse(&url).unwrap()
}

/// Texts that are names, or nearly names.
fn near_names() -> impl Strategy<Value = String> {
    let odd = "[a-zA-Z0-9:/.@?#%~_+\\[\\]\\\\ -]{0,60}";
    prop_oneof![
        odd.prop_map(|rest| format!("arn:aws:sqs:{rest}")),
        (odd, odd).prop_map(|(host, path)| format!("https://sqs.{host}.amazonaws.com/{path}")),
        "[a-z]{2}-[a-z]{1,9}-[0-9]".prop_map(|region| format!("arn:aws:sqs:{region}:123456789012:events")),
        (odd, odd).prop_map(|(project, topic)| format!("pubsub://projects/{project}/topics/{topic}")),
        "[a-z][a-zA-Z0-9._~+%-]{2,20}".prop_map(|topic| format!("pubsub://projects/project-1/topics/{topic}")),
        odd.prop_map(|rest| format!("https://pubsub.googleapis.com/v1/{rest}")),
        (odd, odd).prop_map(|(host, path)| format!("sb://{host}.servicebus.windows.net/{path}")),
        "[a-zA-Z0-9][a-zA-Z0-9./_-]{0,20}".prop_map(|path| format!("sb://contoso.servicebus.windows.net/{path}")),
        ".*",
    ]
}

proptest! {
    // Making and checking a signature takes milliseconds.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_token_of_pubsub_is_of_its_own_parts_for_an_hour_for_every_name_of_the_account(
        name in "[!#-;=?A-\\[\\]-~&&[^@]]{1,64}", key_id in "[0-9a-zA-Z]{1,128}", seconds in 0_i64..4_000_000_000
    ) {
        let email = format!("{name}@example-project.iam.gserviceaccount.com");
        let account = ServiceAccount::new(&email, &key_id, KEY).unwrap();
        let token = account.token(Timestamp::from_second(seconds).unwrap()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let json = |part: &str| serde_json::from_slice::<serde_json::Value>(&decoded(part)).unwrap();
        prop_assert_eq!(json(parts[0]), serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": key_id }));
        let audience = "https://pubsub.googleapis.com/";
        prop_assert_eq!(json(parts[1]), serde_json::json!({
            "iss": email, "sub": email, "aud": audience, "iat": seconds, "exp": seconds + 3600
        }));
        prop_assert_eq!(parts.len(), 3);
        let signed = parts[..2].join(".");
        prop_assert!(verifies(&signed, &decoded(parts[2])));
    }
}

fn decoded(part: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, part).unwrap()
}

/// Whether the signature was made with [`KEY`].
fn verifies(signed: &str, signature: &[u8]) -> bool {
    let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
    public.verify(signed.as_bytes(), signature).is_ok()
}

proptest! {
    #[test]
    fn every_name_that_is_taken_leads_to_a_host_of_the_service_and_nowhere_else(text in near_names()) {
        if let Some(Ok(name)) = StreamName::parse(&text) {
            let url = request_url(&name);
            let host = url.host_str().unwrap().to_owned();
            let is_the_services = match name.kind() {
                StreamKind::Sqs => host.starts_with("sqs.") && host.ends_with(".amazonaws.com") && host.split('.').count() == 4,
                StreamKind::Pubsub => host == "pubsub.googleapis.com",
                StreamKind::Servicebus => host.ends_with(".servicebus.windows.net") && host.split('.').count() == 4,
            };
            prop_assert!(is_the_services, "{text} leads to {url}");
            prop_assert_eq!((url.scheme(), url.port(), url.query(), url.fragment()), ("https", None, None, None));
            prop_assert_eq!((url.username(), url.password()), ("", None));
            // The URL parser took no part of the path for something else.
            let path = match &name {
                StreamName::Sqs(_) => text.rsplit([':', '/']).next().unwrap_or_default().to_owned(),
                StreamName::Pubsub(_) => ":publish".to_owned(),
                StreamName::Servicebus(_) => "/messages".to_owned(),
            };
            prop_assert!(url.path().ends_with(&path), "{}", url.path());
            let canonical = name.to_string();
            prop_assert_eq!(StreamName::parse(&canonical), Some(Ok(name)));
        }
    }

    #[test]
    fn a_signature_of_service_bus_is_that_of_its_own_parts(
        key in "[!-~]{1,256}", name in "[a-zA-Z0-9._-]{1,20}", seconds in 0_i64..4_000_000_000
    ) {
        let Some(Ok(StreamName::Servicebus(entity))) = StreamName::parse("sb://contoso.servicebus.windows.net/a/B_c") else {
            panic!("an entity")
        };
        let now = Timestamp::from_second(seconds).unwrap();
        let header = SharedKey::new(&name, &key).unwrap().authorization(&entity, now);
        let fields = header.strip_prefix("SharedAccessSignature ").unwrap();
        let parts: Vec<(&str, &str)> = fields.split('&').map(|part| part.split_once('=').unwrap()).collect();
        prop_assert_eq!(parts.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["sr", "sig", "se", "skn"]);
        let mac = crate::signature::hmac_sha256(key.as_bytes(), &[parts[0].1.as_bytes(), b"\n", parts[2].1.as_bytes()]);
        let decoded: Vec<_> = url::form_urlencoded::parse(format!("sig={}", parts[1].1).as_bytes()).into_owned().collect();
        prop_assert_eq!(&decoded[0].1, &base64::Engine::encode(&base64::prelude::BASE64_STANDARD, mac));
        prop_assert_eq!(parts[2].1, (seconds + 300).to_string());
    }

    #[test]
    fn calls_hold_every_message_once_and_stay_within_the_services_limits(
        sizes in proptest::collection::vec(0_usize..400_000, 0..12), kind in 0_usize..3
    ) {
        let kind = StreamKind::ALL[kind];
        let messages: Vec<Message> = sizes.iter().map(|size| message(&"x".repeat(*size))).collect();
        let calls = kind.calls(&messages);
        prop_assert_eq!(calls.iter().cloned().flatten().collect::<Vec<_>>(), (0..messages.len()).collect::<Vec<_>>());
        for call in calls {
            let bytes: usize = messages[call.clone()].iter().map(|message| message.size(kind)).sum();
            prop_assert!(call.len() <= MAX_MESSAGES);
            prop_assert!(call.len() == 1 || bytes <= kind.max_message_bytes());
        }
    }
}

fn message(body: &str) -> Message {
    let webhook = WebhookId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
    Message { id: "evt_1".to_owned(), webhook, attributes: vec![("event_type", "x".to_owned())], body: body.to_owned() }
}

/// Made with Python's `hmac`.
#[test]
fn known_signature_of_service_bus() {
    let Some(Ok(StreamName::Servicebus(entity))) = StreamName::parse("sb://contoso.servicebus.windows.net/mail-events")
    else {
        panic!("an entity")
    };
    let key = SharedKey::new("send-only", "c29tZSBrZXkgb2YgMzIgYnl0ZXMsIGFzIEF6dXJlJ3M=").unwrap();
    let header = key.authorization(&entity, Timestamp::from_second(1_767_323_045).unwrap());
    insta::assert_snapshot!(header, @"SharedAccessSignature sr=https%3A%2F%2Fcontoso.servicebus.windows.net%2Fmail-events&sig=6o5g2%2BX%2BW7m0W5b4Rfe%2B9XeZl%2FncYsjUieddRdgohB0%3D&se=1767323345&skn=send-only");
}

#[test]
fn a_token_of_pubsub_says_who_for_what_and_how_long_and_verifies() {
    let account = ServiceAccount::new(EMAIL, "0123abcd", KEY).unwrap();
    let token = account.token(Timestamp::from_second(1_767_323_045).unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let part = |text: &str| String::from_utf8(decoded(text)).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    insta::assert_snapshot!(part(header), @r#"{"alg":"RS256","typ":"JWT","kid":"0123abcd"}"#);
    insta::assert_snapshot!(part(claims), @r#"{"iss":"mail@example-project.iam.gserviceaccount.com","sub":"mail@example-project.iam.gserviceaccount.com","aud":"https://pubsub.googleapis.com/","iat":1767323045,"exp":1767326645}"#);
    assert!(verifies(signed, &decoded(signature)));
    assert!(!verifies(claims, &decoded(signature)));
}

#[test]
fn credentials_are_checked_and_never_print() {
    for (email, key_id, key, refusal) in [
        ("mail@example.com", "0a", KEY, InvalidServiceAccount::Email),
        ("@x.gserviceaccount.com", "0a", KEY, InvalidServiceAccount::Email),
        ("a@b@x.gserviceaccount.com", "0a", KEY, InvalidServiceAccount::Email),
        (EMAIL, "", KEY, InvalidServiceAccount::KeyId),
        (EMAIL, "0a\"", KEY, InvalidServiceAccount::KeyId),
        (EMAIL, "0a", "no PEM", InvalidServiceAccount::PrivateKey),
        (EMAIL, "0a", &KEY[..KEY.len() / 2], InvalidServiceAccount::PrivateKey),
    ] {
        assert_eq!(ServiceAccount::new(email, key_id, key).map(|_| ()), Err(refusal), "{email} {key_id}");
    }
    assert!(AccessKey::new("AKIAIOSFODNN7EXAMPLE", "has space", None).is_err());
    assert!(AccessKey::new("AKIA:IOSFODNN7EXAMPLE", "secret", None).is_err());
    assert!(AccessKey::new("AKIAIOSFODNN7EXAMPLE", "secret", Some("")).is_err());
    assert!(SharedKey::new("a&b", "secret").is_err() && SharedKey::new("a", "").is_err());

    let account = ServiceAccount::new(EMAIL, "0a", KEY).unwrap();
    let key = AccessKey::new("AKIAIOSFODNN7EXAMPLE", "hunter2", Some("swordfish")).unwrap();
    let shared = SharedKey::new("send", "hunter2").unwrap();
    let printed = format!("{account:?} {key:?} {shared:?}");
    for secret in ["BEGIN", "MII", "hunter2", "swordfish"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn no_dialect_has_more_attributes_than_sqs_takes_and_all_are_allowed() {
    let (at, secret) = (Timestamp::UNIX_EPOCH, SigningSecret::generate([1; 32]));
    let tenant = TenantId::mint(at, [1; 10]);
    for dialect in Dialect::ALL {
        let event = Event::accept(example(EventType::Delivered, "k", at), tenant, None, at);
        let id = event.id.to_string();
        let envelope = Envelope { id: &id, webhook: WebhookId::mint(at, [1; 10]), at, secrets: &[&secret] };
        let rendered = dialect.render(&event, &envelope);
        let names: Vec<&str> = ["tenant_id", "content_type", "event_type", "event_id"]
            .into_iter()
            .chain(rendered.headers.iter().map(|(name, _)| *name))
            .collect();
        assert!(names.len() <= 10, "{names:?}");
        for name in names {
            let fine = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            let reserved = ["aws.", "amazon.", "goog"].iter().any(|reserved| name.starts_with(reserved));
            assert!(fine && !reserved, "{name}");
        }
    }
}
