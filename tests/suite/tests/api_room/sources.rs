//! Sources: how they are made, read and changed, and how their ingest key is replaced.

use serde_json::{Value, json};
use shared::provider::{Proof, Provider};
use shared::source::{IngestKeyHash, Verification};
use support::Break;

use crate::room::{Room, nobodys};

/// A P-256 public key as SendGrid shows it. It is the key in the tests of SendGrid's libraries.
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";

/// The providers that sign their posts.
fn signing() -> impl Iterator<Item = Provider> {
    Provider::of_sources().filter(|provider| provider.proof() != Some(Proof::IngestKey))
}

/// Each form in which the API accepts what the provider's posts are verified with.
fn verifications(provider: Provider) -> Vec<Value> {
    match provider {
        Provider::Mailgun | Provider::MailerSend => vec![json!({ "signing_key": "key-1" })],
        Provider::SendGrid => vec![json!({ "public_key": PUBLIC_KEY })],
        Provider::Resend => vec![
            json!({ "signing_key": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" }),
            json!({ "signing_key": "C2FVsBQIhrscChlQIMV+b5sSYspob7oD" }),
        ],
        Provider::Ses => vec![json!({ "topic_arns": [TOPIC] })],
        Provider::Mandrill => vec![
            json!({ "signing_key": "key-1" }),
            json!({ "signing_key": "key-1", "url": "https://in:pw@hooks.example.com/x/{ingest_key}?a=b" }),
        ],
        Provider::Mailjet
        | Provider::Postmark
        | Provider::SparkPost
        | Provider::Brevo
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => panic!("{} does not sign", provider.as_str()),
    }
}

fn mailgun() -> Value {
    json!({ "provider": "mailgun", "name": "EU", "verification": { "signing_key": "key-0123456789" } })
}

#[tokio::test]
async fn are_made_and_show_their_ingest_key_once() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/sources", &mailgun()).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "created_at": "TIME",
      "id": "src_ID",
      "ingest_key": "mhi_mailgun_HEX",
      "ingest_path": "/api/webhooks/mhi_mailgun_HEX",
      "ingest_url": "https://hooks.example.com/api/webhooks/mhi_mailgun_HEX",
      "name": "EU",
      "networks": [],
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let path = format!("/api/v1/sources/{}", made.text("id"));
    let read = tenant.get(&path).await;
    insta::assert_snapshot!(read, @r#"
    200 {
      "created_at": "TIME",
      "id": "src_ID",
      "name": "EU",
      "networks": [],
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    assert_eq!(tenant.get("/api/v1/sources").await.data(), [read.body]);

    let hash = IngestKeyHash::of(&made.text("ingest_key"));
    let (owner, id) = room.world.registry.source_lookup.find(&hash).await.unwrap().unwrap();
    assert_eq!((owner, id.to_string()), (tenant.tenant_id(), made.text("id")));
    let rows = format!("{:?}", room.world.aws.scan_unbroken("registry").unwrap());
    assert!(!rows.contains(&made.text("ingest_key")), "only the hash is stored");
}

/// The ARN of a topic.
const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:ses-events";

#[tokio::test]
async fn of_every_provider() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut kinds = Vec::new();
    let verifications =
        signing().flat_map(|provider| verifications(provider).into_iter().map(move |one| (provider, one)));
    for (provider, verification) in verifications {
        let provider = provider.as_str();
        let made = tenant.post("/api/v1/sources", &json!({ "provider": provider, "verification": verification })).await;
        kinds.push(format!("{} {} {}", made.status, made.text("provider"), made.body["verification"]));
    }
    for provider in Provider::of_sources().filter(|provider| provider.proof() == Some(Proof::IngestKey)) {
        let provider = provider.as_str();
        let made = tenant.post("/api/v1/sources", &json!({ "provider": provider })).await;
        kinds.push(format!("{} {} {}", made.status, made.text("provider"), made.body["verification"]));
        let key = made.text("ingest_key");
        assert!(key.starts_with(&format!("mhi_{provider}_")), "{key} names its provider");
    }
    insta::assert_snapshot!(kinds.join("\n"), @r#"
    201 mailgun {"kind":"signing_key"}
    201 sendgrid {"kind":"public_key"}
    201 resend {"kind":"signing_key"}
    201 resend {"kind":"signing_key"}
    201 ses {"kind":"topics","topic_arns":["arn:aws:sns:eu-central-1:123456789012:ses-events"]}
    201 mandrill {"kind":"key_and_url"}
    201 mandrill {"kind":"key_and_url"}
    201 mailersend {"kind":"signing_key"}
    201 mailjet {"kind":"unsigned"}
    201 postmark {"kind":"unsigned"}
    201 sparkpost {"kind":"unsigned"}
    201 brevo {"kind":"unsigned"}
    201 generic {"kind":"unsigned"}
    "#);
}

#[tokio::test]
async fn a_provider_that_signs_needs_its_key_or_a_word_that_it_may_do_without() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for provider in signing().map(Provider::as_str) {
        for body in [json!({ "provider": provider }), json!({ "provider": provider, "allow_unsigned": false })] {
            let refused = tenant.post("/api/v1/sources", &body).await.problem();
            refusals.push(refused);
        }
        let made = tenant.post("/api/v1/sources", &json!({ "provider": provider, "allow_unsigned": true })).await;
        assert_eq!((made.status, &made.body["verification"]), (201, &json!({ "kind": "unsigned" })));
    }
    refusals.dedup();
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /verification: mailgun signs its posts: give {"signing_key": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    422 invalid-request: /verification: sendgrid signs its posts: give {"public_key": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    422 invalid-request: /verification: resend signs its posts: give {"signing_key": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    422 invalid-request: /verification: ses signs its posts: give {"topic_arns": […]}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    422 invalid-request: /verification: mandrill signs its posts: give {"signing_key": …, "url": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    422 invalid-request: /verification: mailersend signs its posts: give {"signing_key": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    "#);
}

#[tokio::test]
async fn bad_ones_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for body in [
        json!({}),
        json!({ "provider": "postbox" }),
        json!({ "provider": "own" }),
        json!({ "provider": "mailgun", "verification": { "public_key": PUBLIC_KEY } }),
        json!({ "provider": "sendgrid", "verification": { "signing_key": "x" } }),
        json!({ "provider": "ses", "verification": { "signing_key": "x" } }),
        json!({ "provider": "generic", "verification": { "signing_key": "x" } }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "" } }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "key-1\n" } }),
        json!({ "provider": "mailgun", "verification": {} }),
        json!({ "provider": "mailgun", "verification": null }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "x", "public_key": PUBLIC_KEY } }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "x" }, "allow_unsigned": true }),
        json!({ "provider": "sendgrid", "verification": { "public_key": "not base64" } }),
        json!({ "provider": "sendgrid", "verification": { "public_key": "AAAA" } }),
        json!({ "provider": "resend", "verification": { "signing_key": "re_123456789" } }),
        json!({ "provider": "resend", "verification": { "signing_key": "whsec_" } }),
        json!({ "provider": "ses", "verification": { "topic_arns": [] } }),
        json!({ "provider": "ses", "verification": { "topic_arns": [TOPIC, "arn:aws:sns:*:*:*"] } }),
        json!({ "provider": "ses", "verification": { "topic_arns": vec![TOPIC; 11] } }),
        json!({ "provider": "mandrill", "verification": { "url": "hooks.example.com" } }),
        json!({ "provider": "mandrill", "verification": { "signing_key": "x", "url": "https://e.org/mhi_mandrill_0" } }),
        json!({ "provider": "postbox", "verification": { "signing_key": "" }, "networks": ["here"], "colour": "red" }),
        json!({ "provider": "generic", "name": "x".repeat(201), "region": "eu" }),
    ] {
        refusals.push(tenant.post("/api/v1/sources", &body).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    422 invalid-request: /provider: is required
    422 invalid-request: /provider: unknown provider; there are: mailgun, mailjet, sendgrid, resend, postmark, ses, sparkpost, brevo, mandrill, mailersend, generic
    422 invalid-request: /provider: unknown provider; there are: mailgun, mailjet, sendgrid, resend, postmark, ses, sparkpost, brevo, mandrill, mailersend, generic
    422 invalid-request: /verification/signing_key: is required; /verification/public_key: unknown field; this object knows: signing_key
    422 invalid-request: /verification/public_key: is required; /verification/signing_key: unknown field; this object knows: public_key
    422 invalid-request: /verification/topic_arns: is required; /verification/signing_key: unknown field; this object knows: topic_arns
    422 invalid-request: /verification: generic does not sign its posts; leave this field out, and see `credentials` and `networks`
    422 invalid-request: /verification/signing_key: 1 to 1024 bytes
    422 invalid-request: /verification/signing_key: begins or ends with white space; copy it again
    422 invalid-request: /verification/signing_key: is required
    422 invalid-request: /verification: expected an object, got null; leave the field out instead
    422 invalid-request: /verification/public_key: unknown field; this object knows: signing_key
    422 invalid-request: /allow_unsigned: contradicts `verification`; give only one of the two
    422 invalid-request: /verification/public_key: expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it
    422 invalid-request: /verification/public_key: expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it
    422 invalid-request: /verification/signing_key: expected the signing secret as Resend shows it: `whsec_` and base64
    422 invalid-request: /verification/signing_key: expected the signing secret as Resend shows it: `whsec_` and base64
    422 invalid-request: /verification/topic_arns: name at least one topic; only posts of named topics are accepted
    422 invalid-request: /verification/topic_arns/1: expected the ARN of an SNS topic, as in `arn:aws:sns:eu-central-1:123456789012:ses-events`
    422 invalid-request: /verification/topic_arns: at most 10 entries, got 11
    422 invalid-request: /verification/signing_key: is required; /verification/url: expected an http:// or https:// URL of at most 2048 bytes, exactly as in the provider's settings
    422 invalid-request: /verification/url: the ingest key in it is not this source's; write {ingest_key} in its place
    422 invalid-request: /provider: unknown provider; there are: mailgun, mailjet, sendgrid, resend, postmark, ses, sparkpost, brevo, mandrill, mailersend, generic; /networks/0: expected a network like `185.107.232.0/24`, or a single address; /colour: unknown field; this object knows: provider, name, allow_unsigned, verification, credentials, networks
    422 invalid-request: /name: at most 200 characters; /region: unknown field; this object knows: provider, name, allow_unsigned, verification, credentials, networks
    ");
    assert_eq!(tenant.get("/api/v1/sources").await.data().len(), 0, "nothing was stored");
}

#[tokio::test]
async fn a_patch_changes_name_and_verification() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = format!("/api/v1/sources/{}", tenant.post("/api/v1/sources", &mailgun()).await.text("id"));
    let patched = tenant.patch(&path, &json!({ "name": "US", "verification": { "signing_key": "key-2" } })).await;
    insta::assert_snapshot!(patched, @r#"
    200 {
      "created_at": "TIME",
      "id": "src_ID",
      "name": "US",
      "networks": [],
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let stored = room.world.registry.sources.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    assert!(matches!(stored.trust.verification, Verification::SigningKey(key) if key.expose() == "key-2"));
    assert_eq!(tenant.patch(&path, &json!({ "name": "" })).await.body["verification"]["kind"], "signing_key");
    let unsigned = tenant.patch(&path, &json!({ "allow_unsigned": true })).await;
    assert_eq!(unsigned.body["verification"]["kind"], "unsigned");
    let refusals = [
        tenant.patch(&path, &json!({ "provider": "sendgrid" })).await.problem(),
        tenant.patch(&path, &json!({ "verification": { "public_key": PUBLIC_KEY } })).await.problem(),
        tenant.patch(&path, &json!({ "verification": null })).await.problem(),
        tenant.patch(&path, &json!({ "allow_unsigned": false })).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /provider: unknown field; this object knows: name, allow_unsigned, verification, credentials, networks
    422 invalid-request: /verification/signing_key: is required; /verification/public_key: unknown field; this object knows: signing_key
    422 invalid-request: /verification: expected an object, got null; leave the field out instead
    422 invalid-request: /verification: mailgun signs its posts: give {"signing_key": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key
    "#);
}

#[tokio::test]
async fn a_rotated_key_replaces_the_old_one() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/sources", &mailgun()).await;
    let path = format!("/api/v1/sources/{}", made.text("id"));
    let rotated = tenant.post_nothing(&format!("{path}/rotate-key")).await;
    insta::assert_snapshot!(rotated, @r#"
    200 {
      "created_at": "TIME",
      "id": "src_ID",
      "ingest_key": "mhi_mailgun_HEX",
      "ingest_path": "/api/webhooks/mhi_mailgun_HEX",
      "ingest_url": "https://hooks.example.com/api/webhooks/mhi_mailgun_HEX",
      "name": "EU",
      "networks": [],
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let find = async |key: String| room.world.registry.source_lookup.find(&IngestKeyHash::of(&key)).await.unwrap();
    assert!(find(made.text("ingest_key")).await.is_none());
    assert!(find(rotated.text("ingest_key")).await.is_some());

    assert_eq!(tenant.delete(&path).await.status, 204);
    assert!(find(rotated.text("ingest_key")).await.is_none());
    assert_eq!(tenant.get(&path).await.status, 404);
}

#[tokio::test]
async fn another_tenants_are_not_there() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let path = format!("/api/v1/sources/{}", other.post("/api/v1/sources", &mailgun()).await.text("id"));
    let refusals = [
        acme.get(&path).await.problem(),
        acme.patch(&path, &json!({ "name": "mine" })).await.problem(),
        acme.delete(&path).await.problem(),
        acme.post_nothing(&format!("{path}/rotate-key")).await.problem(),
        acme.get(&format!("/api/v1/sources/{}", nobodys("src_"))).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    "#);
}

/// The deletion has read the source, and another request makes a new ingest key before the deletion is written.
#[tokio::test]
async fn a_deletion_takes_the_ingest_key_with_it_that_was_made_at_the_same_time() {
    const WRITE: &str = "DynamoDB.TransactWriteItems";
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let id = tenant.post("/api/v1/sources", &json!({ "provider": "generic" })).await.text("id");
    let path = format!("/api/v1/sources/{id}");
    room.world.aws.take_calls();
    room.world.aws.break_at(WRITE, 0, Break::Pause);
    let rotating = async {
        room.world.aws.call_begun(WRITE).await;
        let rotated = tenant.post_nothing(&format!("{path}/rotate-key")).await;
        room.world.aws.go_on();
        rotated
    };
    let (deleted, rotated) = futures::future::join(tenant.delete(&path), rotating).await;
    assert_eq!((deleted.status, rotated.status), (204, 200));
    let rows = room.world.aws.scan_unbroken("registry").unwrap();
    assert!(rows.iter().all(|row| row["sk"].as_s().unwrap() != "INGEST_KEY"), "an ingest key has no source");
}
