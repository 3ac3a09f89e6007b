use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::dialect::Dialect;
use crate::id::{TenantId, WebhookId};
use crate::stream::sqs::AccessKey;
use crate::stream::{Stream, StreamCredentials, StreamName};
use crate::webhook::{Subscription, WantedTypes};

fn webhook(url: Destination) -> Webhook {
    let at = Timestamp::UNIX_EPOCH;
    let subscription = Subscription { types: WantedTypes::All, sources: BTreeSet::new(), domains: BTreeSet::new() };
    let secret = SigningSecret::generate([0x5a; 32]);
    Webhook::new(
        WebhookId::mint(at, [1; 10]),
        TenantId::mint(at, [2; 10]),
        url,
        subscription,
        Dialect::Standard,
        secret,
        at,
    )
}

fn at(url: &str) -> Webhook {
    webhook(WebhookUrl::from_stored(url).unwrap().into())
}

fn with_header(name: &str, value: &str, sensitive: bool) -> Webhook {
    let mut webhook = at("https://example.com/");
    let (name, value) = (CustomName::parse(name).unwrap(), CustomValue::parse(value, sensitive).unwrap());
    webhook.headers.insert(name, value);
    webhook
}

fn clean(webhook: &Webhook, answer: &str) -> String {
    Redaction::of(webhook).clean(answer.as_bytes(), true)
}

#[test]
fn what_is_no_secret_stays() {
    let webhook = with_header("x-shown", "shown", false);
    for answer in ["", "ok", "shown", "{\"error\":\"a \\\"b\\\" &amp; 100% of c+d\"}", "user@example.com", "whsec_"] {
        assert_eq!(clean(&webhook, answer), answer);
    }
}

#[test]
fn parts_of_header_values_are_hidden_too() {
    let bearer = with_header("authorization", "Bearer abcdefgh", true);
    assert_eq!(clean(&bearer, "Bearer abcdefgh, token=abcdefgh, Bearer other"), "***, token=***, Bearer other");
    // `user:hunter2` as base64.
    let basic = with_header("authorization", "Basic dXNlcjpodW50ZXIy", true);
    assert_eq!(clean(&basic, "dXNlcjpodW50ZXIy hunter2 user"), "*** *** user");
    let cookies = with_header("cookie", "session=0123456789; theme=dark-mode", true);
    assert_eq!(clean(&cookies, "session: 0123456789, theme: dark-mode"), "session: ***, theme: ***");
}

#[test]
fn passwords_of_urls_are_hidden_in_their_forms() {
    let webhook = at("https://us%40er:p%40ss%2Fw%C3%B6rd@example.com/");
    let base64 = BASE64_STANDARD.encode("us@er:p@ss/wörd");
    for form in ["p%40ss%2Fw%C3%B6rd", "p@ss/wörd", "p%40ss%2fw%c3%b6rd", "p@ss\\/w\\u00f6rd", "p&#64;ss/w&#xf6;rd"] {
        assert_eq!(clean(&webhook, &format!("the password {form} is wrong")), "the password *** is wrong", "{form}");
    }
    assert_eq!(clean(&webhook, &format!("authorization: Basic {base64}")), "authorization: Basic ***");
    let backup =
        Webhook { backup_url: Some(WebhookUrl::from_stored("https://u:swordfish@example.com/").unwrap()), ..webhook };
    assert_eq!(clean(&backup, "swordfish"), "***");
}

#[test]
fn signing_secrets_are_hidden_in_their_forms_the_previous_one_too() {
    let mut webhook = at("https://example.com/");
    let previous = SigningSecret::generate_key_pair([0x33; 32]);
    webhook.secrets.previous = Some((previous.clone(), Timestamp::UNIX_EPOCH));
    for (secret, key) in [(&webhook.secrets.current, [0x5a; 32]), (&previous, [0x33; 32])] {
        let (text, rest) = (secret.expose(), secret.expose().split_once('_').unwrap().1);
        for form in [text, rest, &BASE64_URL_SAFE_NO_PAD.encode(key), &hex::encode(key), &hex::encode_upper(key)] {
            assert_eq!(clean(&webhook, &format!("<{form}>")), "<***>", "{form}");
        }
        let cleaned = Redaction::of(&webhook).clean(&[&b"<"[..], &key, b">"].concat(), true);
        assert_eq!(cleaned, "<***>");
    }
}

#[test]
fn credentials_of_streams_are_hidden() {
    let Some(Ok(queue)) = StreamName::parse("arn:aws:sqs:eu-central-1:123456789012:events") else { panic!("a queue") };
    let key = AccessKey::new("AKIAIOSFODNN7EXAMPLE", "hunter2", Some("swordfish")).unwrap();
    let stream = Stream::new(queue, StreamCredentials::Sqs(key)).unwrap();
    let webhook = webhook(Destination::Stream(Box::new(stream)));
    assert_eq!(clean(&webhook, "no: hunter2, swordfish, AKIA"), "no: ***, ***, AKIA");
    let mut key = Redaction::default();
    key.add_text("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n");
    for form in ["MIIEvQIBADANBgkq\\nhkiG9w0BAQEFAASC", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"] {
        assert!(!key.clean(form.as_bytes(), true).contains("BADAN"), "{form}");
    }
    let token = Redaction::default().with_authorization("Bearer a.b.signature");
    assert_eq!(token.clean(b"you sent a.b.signature", true), "you sent ***");
}

#[test]
fn what_is_shorter_than_the_limit_is_hidden_with_its_user_only() {
    let three = at("https://user:abc@example.com/");
    assert_eq!(clean(&three, "abc, user:abc, dXNlcjphYmM="), "abc, ***, ***");
    let four = at("https://user:abcd@example.com/");
    assert_eq!(clean(&four, "abcd, xabcdx"), "***, x***x");
}

#[test]
fn overlapping_secrets_leave_nothing_of_either() {
    let mut webhook = with_header("x-a", "abcdefgh", true);
    webhook.headers.insert(CustomName::parse("x-b").unwrap(), CustomValue::parse("efghijkl", true).unwrap());
    assert_eq!(clean(&webhook, "<abcdefghijkl>"), "<***>");
    assert_eq!(clean(&webhook, "<abcdefghefghijkl>"), "<***>");
}

#[test]
fn an_answer_that_is_not_whole_shows_no_beginning_of_a_secret() {
    let webhook = with_header("x-api-key", "abcd\"efgh", true);
    let cut = |answer: &str| Redaction::of(&webhook).clean(answer.as_bytes(), false);
    for (answer, expected) in [
        ("key abcd\"efg", "key ***"),
        ("key abcd", "key ***"),
        ("key abc", "key abc"),
        ("key abcd\\", "key ***"),
        ("key abcd&quo", "key ***"),
        ("key abcd%2", "key ***"),
        ("key abcd\\u002", "key ***"),
        ("50 %", "50 %"),
    ] {
        assert_eq!(cut(answer), expected, "{answer}");
    }
    assert_eq!(clean(&webhook, "key abcd"), "key abcd");
}

#[test]
fn what_is_kept_is_within_its_limit_and_ends_with_a_character() {
    let webhook = at("https://example.com/");
    for answer in ["x".repeat(5_000), "ö".repeat(5_000), format!("x{}", "ö".repeat(5_000))] {
        let kept = clean(&webhook, &answer);
        assert!(
            (MAX_STORED_RESPONSE_BYTES - 1..=MAX_STORED_RESPONSE_BYTES).contains(&kept.len())
                && answer.starts_with(&kept)
        );
    }
    // Bytes that are not text become longer.
    assert!(Redaction::of(&webhook).clean(&[0xff; 1_024], true).len() <= MAX_STORED_RESPONSE_BYTES);
}

#[test]
fn never_prints() {
    let printed = format!("{:?}", Redaction::of(&at("https://user:hunter2@example.com/")));
    assert_eq!(printed, "Redaction(redacted)");
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap().trim_matches('"').to_owned()
}

fn html(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) }).collect()
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

proptest! {
    /// At every place of a secret, in every notation, and for every place where the response is cut: no five bytes of
    /// the secret are kept. The surrounding text has none of the secret's letters.
    #[test]
    fn no_secret_is_kept_wherever_it_stands(
        secret in "[A-Z]{5}[!-~&&[^*0-9 ]]{0,40}[A-Z]",
        notation in 0_usize..8,
        before in 0_usize..1_400,
        times in 1_usize..40,
        gap in "[0-9 .]{0,30}",
        cut in 0_usize..2_000,
    ) {
        let webhook = with_header("x-api-key", &secret, true);
        let notations: [fn(&str) -> String; 8] = [
            str::to_owned, json, html, percent, base64,
            |text| html(&json(text)), |text| json(&html(text)), |text| percent(&json(text)),
        ];
        let written = notations[notation](&secret);
        let answer = format!("{}{}", "0".repeat(before), format!("{written}{gap}").repeat(times));
        let whole = clean(&webhook, &answer);
        let cut = &answer.as_bytes()[..cut.min(answer.len())];
        let part = Redaction::of(&webhook).clean(cut, false);
        let beginning = &written[..written.len().min(5)];
        for kept in [whole, part] {
            prop_assert!(!kept.contains(&written) && !kept.contains(&secret) && !kept.contains(beginning), "{written}: {kept}");
            prop_assert!(kept.len() <= MAX_STORED_RESPONSE_BYTES);
        }
    }

    #[test]
    fn any_answer_can_be_cleaned(answer in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\\'), Just(b'&'), Just(b'%'), Just(b'u'), Just(b';')], 0..300), is_whole: bool) {
        let webhook = at("https://us%40er:p%40ss%2Fword@example.com/");
        let kept = Redaction::of(&webhook).clean(&answer, is_whole);
        prop_assert!(!kept.contains("p@ss/word"));
    }
}
