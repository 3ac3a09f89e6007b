//! A signed SendGrid batch.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use tests::support::Receiver;

use crate::stack::{Stack, eventually};

/// What stands before the bare point in the DER form of every P-256 public key (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

#[tokio::test]
async fn a_signed_batch_gives_one_delivery_for_each_event() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    tenant.create("/api/v1/webhooks", json!({"url": receiver.url("/hook"), "events": ["*"]})).await;
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let spki = [&SPKI_PREFIX[..], pair.public_key().as_ref()].concat();
    let source = json!({"provider": "sendgrid", "verification": {"public_key": BASE64_STANDARD.encode(spki)}});
    let source = tenant.create("/api/v1/sources", source).await;

    let now = shared::clock::Clock::default().now().as_second();
    let event = |name: &str, id: &str| {
        json!({"email": "batch-e2e@example.com", "timestamp": now, "event": name, "sg_event_id": id,
               "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "url": "https://example.com/"})
    };
    Stack::sensitive("batch-e2e@example.com");
    let batch = json!([event("delivered", "e1"), event("open", "e2"), event("click", "e3"), event("bounce", "e4")]);
    let body = batch.to_string().into_bytes();
    let signed = [now.to_string().as_bytes(), &body[..]].concat();
    let signature = BASE64_STANDARD.encode(pair.sign(&random, &signed).unwrap());
    let headers = [
        ("x-twilio-email-event-webhook-signature", signature),
        ("x-twilio-email-event-webhook-timestamp", now.to_string()),
    ];
    let answer = stack.post(source["ingest_path"].as_str().unwrap(), &headers, body.clone()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually(30, "four deliveries", || async { (receiver.received("/hook").len() == 4).then_some(()) }).await;
    let mut types: Vec<String> = receiver
        .received("/hook")
        .iter()
        .map(|request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            body["type"].as_str().unwrap().to_owned()
        })
        .collect();
    types.sort();
    assert_eq!(types, ["email.bounced", "email.clicked", "email.delivered", "email.opened"]);

    let spoiled = [&body[..], b" "].concat();
    let refused = stack.post(source["ingest_path"].as_str().unwrap(), &headers, spoiled).await;
    assert_eq!(refused.status, 401);
}
