//! What a webhook's dialect decides when the webhook is registered, and what a change of the dialect keeps.

use serde_json::{Value, json};
use shared::dialect::Dialect;

use crate::room::{Caller, Room};
use crate::webhooks::{hook_with, made};

fn settings(webhook: &Value) -> String {
    format!("{} {} {} ms", webhook["dialect"].as_str().unwrap(), webhook["retry_policy"], webhook["timeout_ms"])
}

#[tokio::test]
async fn a_new_webhook_has_the_retries_and_the_time_limit_that_its_dialect_promises() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut shown = Vec::new();
    for dialect in Dialect::ALL.iter().map(|dialect| dialect.as_str()) {
        let path = made(&tenant, &json!({ "dialect": dialect, "events": ["*"] })).await;
        // This is the stored webhook and not the answer.
        shown.push(settings(&tenant.get(&path).await.body));
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
    standard "standard" 10000 ms
    platform "standard" 10000 ms
    mailgreet "mailgreet" 5000 ms
    mailjet "mailjet" 10000 ms
    mailjet_v2 "mailjet" 10000 ms
    mailgun "mailgun" 10000 ms
    mailgun_legacy "mailgun" 10000 ms
    mailtura "standard" 5000 ms
    "#);
    let given = json!({ "dialect": "mailgreet", "retry_policy": "mailgun", "timeout_ms": 7000 });
    let path = made(&tenant, &given).await;
    assert_eq!(settings(&tenant.get(&path).await.body), r#"mailgreet "mailgun" 7000 ms"#);
}

/// A patch keeps every field that it does not give, also defaults of the former dialect.
#[tokio::test]
async fn a_change_of_the_dialect_changes_nothing_else() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "dialect": "mailgreet" })).await;
    let changed = tenant.patch(&path, &json!({ "dialect": "mailgun" })).await;
    assert_eq!(settings(&changed.body), r#"mailgun "mailgreet" 5000 ms"#);
    let with_both = json!({ "dialect": "mailgun", "retry_policy": "mailgun", "timeout_ms": 10_000 });
    assert_eq!(settings(&tenant.patch(&path, &with_both).await.body), r#"mailgun "mailgun" 10000 ms"#);
}

async fn subscribed(tenant: &Caller<'_>, dialect: &str, events: &[&str]) -> String {
    let answer = tenant.post("/api/v1/webhooks", &hook_with(&json!({ "dialect": dialect, "events": events }))).await;
    match answer.status {
        201 => answer.body["events"].to_string(),
        _ => answer.problem(),
    }
}

#[tokio::test]
async fn events_are_named_in_the_dialects_words_or_canonically() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for (dialect, events, expected) in [
        (
            "mailgreet",
            ["subscriber.unsubscribed", "email.bounced"],
            r#"["email.bounced","email.unsubscribed","subscriber.unsubscribed"]"#,
        ),
        ("mailjet", ["blocked", "sent"], r#"["email.delivered","email.rejected","email.failed"]"#),
        ("mailjet_v2", ["email.rejected", "spam"], r#"["email.rejected","email.complained"]"#),
        ("mailgun", ["failed", "clicked"], r#"["email.deferred","email.bounced","email.failed","email.clicked"]"#),
        ("mailgun", ["temporary_fail", "accepted"], r#"["email.sent","email.deferred"]"#),
        ("mailgun", ["permanent_fail", "email.opened"], r#"["email.bounced","email.failed","email.opened"]"#),
        ("mailgun_legacy", ["bounced", "email.sent"], r#"["email.sent","email.bounced"]"#),
        ("mailtura", ["bounced", "email.opened"], r#"["email.bounced","email.opened"]"#),
    ] {
        assert_eq!(subscribed(&tenant, dialect, &events).await, expected, "{dialect} {events:?}");
    }
}

#[tokio::test]
async fn a_name_without_a_word_is_refused_with_those_that_there_are() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for (dialect, name) in [
        ("mailgreet", "email.sent"),
        ("mailjet", "email.deferred"),
        ("mailgun", "subscriber.created"),
        ("mailgun_legacy", "email.unknown"),
        ("mailtura", "email.unsubscribed"),
    ] {
        refusals.push(subscribed(&tenant, dialect, &[name]).await);
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /events/0: the dialect `mailgreet` has no such event type; it has: email.delivered, email.bounced, email.opened, email.clicked, email.complained, subscriber.unsubscribed, subscriber.created, or `*`
    422 invalid-request: /events/0: the dialect `mailjet` has no such event type; it has: sent, bounce, blocked, open, click, spam, unsub, or `*`
    422 invalid-request: /events/0: the dialect `mailgun` has no such event type; it has: accepted, delivered, failed, temporary_fail, permanent_fail, rejected, opened, clicked, complained, unsubscribed, or `*`
    422 invalid-request: /events/0: the dialect `mailgun_legacy` has no such event type; it has: accepted, delivered, failed, temporary_fail, bounced, dropped, permanent_fail, rejected, opened, clicked, complained, unsubscribed, or `*`
    422 invalid-request: /events/0: the dialect `mailtura` has no such event type; it has: email.sent, sent, email.delivered, delivered, email.bounced, bounced, email.failed, failed, email.opened, opened, email.clicked, clicked, email.complained, complained, or `*`
    "#);
}

/// The calls in `docs/coming-from`, as a reader would copy them.
#[tokio::test]
async fn the_documented_ways_over_can_be_gone() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coming-from");
    let mut ways = Vec::new();
    for page in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(page.path()).unwrap();
        let (_, rest) = text.split_once("/webhooks -H \"$key\" --json '").unwrap();
        let body: Value = serde_json::from_str(rest.split_once('\'').unwrap().0).unwrap();
        let answer = tenant.post("/api/v1/webhooks", &body).await;
        assert_eq!(answer.status, 201, "{}: {answer}", page.path().display());
        ways.push(answer.text("dialect"));
    }
    ways.sort();
    assert_eq!(ways, ["mailgreet", "mailgun", "mailjet", "mailtura", "platform"]);
}

/// An ed25519 key cannot make an HMAC. Mailjet's receivers have only the signature of Standard Webhooks.
#[tokio::test]
async fn who_has_a_signature_of_its_own_signs_with_a_shared_secret() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for dialect in Dialect::ALL.iter().map(|dialect| dialect.as_str()) {
        let given = hook_with(&json!({ "dialect": dialect, "events": ["*"], "signature": "v1a" }));
        let answer = tenant.post("/api/v1/webhooks", &given).await;
        let takes = ["standard", "mailjet", "mailjet_v2"].contains(&dialect);
        assert_eq!(answer.status, if takes { 201 } else { 422 }, "{dialect}: {answer}");
    }
}

#[tokio::test]
async fn a_test_event_can_be_sent_of_every_type_that_a_dialect_has() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for dialect in Dialect::ALL {
        let path = made(&tenant, &json!({ "dialect": dialect.as_str(), "events": ["*"] })).await;
        for name in dialect.known_names() {
            let sent = tenant.post(&format!("{path}/test"), &json!({ "eventType": name })).await;
            assert_eq!(sent.status, 202, "{name} of {}: {sent}", dialect.as_str());
        }
    }
}
