//! Settings of a webhook: backup URL, headers, pause, metadata.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::queue::job::Job;
use support::world::DELIVERIES;

use crate::room::Room;
use crate::webhooks::{hook_with, made, without_health};

#[tokio::test]
async fn are_stored_and_shown_without_what_is_secret() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let settings = json!({
        "backup_url": "https://user:hunter2@backup.example.com/hook",
        "headers": {
            "X-Api-Key": { "value": "hunter3", "sensitive": true },
            "x-team": { "value": "payments", "sensitive": false },
            "Authorization": { "value": "Bearer hunter4", "sensitive": true },
            "x-plain": "text"
        },
        "paused": true,
        "metadata": { "owner": "Zoë", "a/b": "" }
    });
    let path = made(&tenant, &settings).await;
    let shown = tenant.get(&path).await;
    let settings = ["backup_url", "headers", "paused", "metadata"].map(|name| (name, &shown.body[name]));
    insta::assert_json_snapshot!(BTreeMap::from(settings), @r#"
    {
      "backup_url": "https://user:***@backup.example.com/hook",
      "headers": {
        "authorization": {
          "sensitive": true
        },
        "x-api-key": {
          "sensitive": true
        },
        "x-plain": "text",
        "x-team": "payments"
      },
      "metadata": {
        "a/b": "",
        "owner": "Zoë"
      },
      "paused": true
    }
    "#);
    assert!(!shown.body.to_string().contains("hunter"));
    assert_eq!(tenant.get("/api/v1/webhooks").await.data()[0], without_health(&shown));

    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let stored = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    let values: Vec<_> = stored.headers.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
    let expected =
        [("authorization", "Bearer hunter4"), ("x-api-key", "hunter3"), ("x-plain", "text"), ("x-team", "payments")];
    assert_eq!(values, expected);
    assert_eq!(stored.backup_url.unwrap().expose(), "https://user:hunter2@backup.example.com/hook");
}

#[tokio::test]
async fn can_be_changed_one_by_one_and_taken_away() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    for change in [
        json!({ "backup_url": "https://backup.example.com/" }),
        json!({ "backup_url": null }),
        json!({ "headers": { "x-a": "1" } }),
        json!({ "headers": {} }),
        json!({ "paused": true }),
        json!({ "paused": false }),
        json!({ "metadata": { "a": "1", "b": "2" } }),
        json!({ "metadata": { "b": "3" } }),
        json!({ "metadata": {} }),
        json!({ "rate_limit": 1 }),
        json!({ "rate_limit": 1_000 }),
        json!({ "rate_limit": null }),
        json!({ "dialect": "mailjet_v2" }),
        json!({ "batch": 10 }),
        json!({ "batch": 1 }),
        json!({ "dialect": "standard" }),
    ] {
        let before = without_health(&tenant.get(&path).await);
        let after = tenant.patch(&path, &change).await;
        assert_eq!(after.status, 200, "{change}: {after}");
        let (name, value) = change.as_object().unwrap().iter().next().unwrap();
        let mut expected = before;
        let fields = expected.as_object_mut().unwrap();
        fields.remove(name);
        if !value.is_null() {
            fields.insert(name.clone(), value.clone());
        }
        fields.insert("updated_at".to_owned(), after.body["updated_at"].clone());
        assert_eq!(after.body, expected, "{change}");
        assert_eq!(without_health(&tenant.get(&path).await), expected, "{change}");
    }
}

#[tokio::test]
async fn a_sensitive_header_that_is_sent_back_as_it_was_shown_keeps_its_value() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path =
        made(&tenant, &json!({ "headers": { "x-key": { "value": "hunter2", "sensitive": true }, "x-b": "1" } })).await;
    let mut headers = tenant.get(&path).await.body["headers"].clone();
    headers["x-b"] = json!("2");
    assert_eq!(tenant.patch(&path, &json!({ "headers": headers })).await.body["headers"], headers);
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let stored = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    let values: Vec<_> = stored.headers.values().map(|value| (value.expose(), value.sensitive)).collect();
    assert_eq!(values, [("2", false), ("hunter2", true)]);

    let refusals = [
        // No answer shows the value.
        tenant.patch(&path, &json!({ "headers": { "x-key": { "sensitive": false } } })).await.problem(),
        tenant.patch(&path, &json!({ "headers": { "x-other": { "sensitive": true } } })).await.problem(),
        tenant.post("/api/v1/webhooks", &hook_with(&json!({ "headers": headers }))).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /headers/x-key/value: is required
    422 invalid-request: /headers/x-other/value: is required: the webhook has no header of this name to keep
    422 invalid-request: /headers/x-key/value: is required: the webhook has no header of this name to keep
    "#);
}

#[tokio::test]
async fn bad_backup_urls_pauses_and_metadata_are_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let many: Value = (0..51).map(|number| (format!("k{number}"), json!(""))).collect::<serde_json::Map<_, _>>().into();
    let large: Value =
        (0..20).map(|number| (format!("k{number}"), json!("x".repeat(500)))).collect::<serde_json::Map<_, _>>().into();
    let mut refusals = Vec::new();
    for change in [
        json!({ "backup_url": "http://example.com/" }),
        json!({ "backup_url": "example.com" }),
        json!({ "backup_url": "https://10.0.0.8/" }),
        json!({ "backup_url": "https://localhost/" }),
        json!({ "backup_url": "https://example.com/#part" }),
        json!({ "backup_url": "https://user:***@example.com/" }),
        json!({ "backup_url": "" }),
        json!({ "backup_url": 5 }),
        json!({ "paused": "yes" }),
        json!({ "paused": null }),
        json!({ "metadata": null }),
        json!({ "metadata": ["a"] }),
        json!({ "metadata": { "a": 1 } }),
        json!({ "metadata": { "": "x" } }),
        json!({ "metadata": { "x".repeat(41): "x" } }),
        json!({ "metadata": { "a": "x".repeat(501) } }),
        json!({ "metadata": { "a": "x\ny" } }),
        json!({ "metadata": many }),
        json!({ "metadata": large }),
    ] {
        refusals.push(tenant.post("/api/v1/webhooks", &hook_with(&change)).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /backup_url: only https:// URLs are delivered to
    422 invalid-request: /backup_url: not an absolute URL like https://example.com/hook
    422 invalid-request: /backup_url: the address 10.0.0.8 is not public; deliveries go to public addresses only
    422 invalid-request: /backup_url: the host name is local; deliveries go to public hosts only
    422 invalid-request: /backup_url: remove the part after `#`: it is never sent
    422 invalid-request: /backup_url: the password in it is masked; give the real password, or leave the field out
    422 invalid-request: /backup_url: 1 to 2048 characters
    422 invalid-request: /backup_url: expected text, got a number
    422 invalid-request: /paused: expected true or false, got text
    422 invalid-request: /paused: expected true or false, got null; leave the field out instead
    422 invalid-request: /metadata: expected an object, got null; leave the field out instead
    422 invalid-request: /metadata: expected an object, got a list
    422 invalid-request: /metadata/a: expected text, got a number
    422 invalid-request: /metadata/: a key has 1 to 40 characters
    422 invalid-request: /metadata/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: a key has 1 to 40 characters
    422 invalid-request: /metadata/a: at most 500 characters
    422 invalid-request: /metadata/a: no control characters
    422 invalid-request: /metadata: at most 50 fields, got 51
    422 invalid-request: /metadata: all keys and values together may have at most 8192 bytes (8 KiB), got 10050
    "#);
}

#[tokio::test]
async fn bad_headers_are_refused_by_name() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let many: Value =
        (0..11).map(|number| (format!("x-{number}"), json!("1"))).collect::<serde_json::Map<_, _>>().into();
    let mut refusals = Vec::new();
    for headers in [
        json!(["x-a"]),
        json!(null),
        many,
        json!({ "": "1", "x a": "1", "größe": "1", "x:": "1" }),
        json!({ "x".repeat(101): "1" }),
        json!({ "X-A": "1", "x-a": "2" }),
        json!({ "x-a": "", "x-b": " 1", "x-c": "a\r\nb: c", "x-d": "ü", "x-e": "x".repeat(1025) }),
        json!({ "x-a": 1, "x-b": null, "x-c": {} }),
        json!({ "x-a": { "value": "1", "secret": true } }),
        json!({ "x-a": { "value": "ü", "sensitive": "yes" } }),
    ] {
        refusals.push(tenant.patch(&path, &json!({ "headers": headers })).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /headers: expected an object, got a list
    422 invalid-request: /headers: expected an object, got null; leave the field out instead
    422 invalid-request: /headers: at most 10 fields, got 11
    422 invalid-request: /headers/: expected the name of a header, as in `x-api-key`, of at most 100 characters; /headers/größe: expected the name of a header, as in `x-api-key`, of at most 100 characters; /headers/x a: expected the name of a header, as in `x-api-key`, of at most 100 characters; /headers/x:: expected the name of a header, as in `x-api-key`, of at most 100 characters
    422 invalid-request: /headers/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: expected the name of a header, as in `x-api-key`, of at most 100 characters
    422 invalid-request: /headers: `x-a` is given twice; header names are case-insensitive
    422 invalid-request: /headers/x-a: 1 to 1024 printable ASCII characters, without a space at either end; /headers/x-b: 1 to 1024 printable ASCII characters, without a space at either end; /headers/x-c: 1 to 1024 printable ASCII characters, without a space at either end; /headers/x-d: 1 to 1024 printable ASCII characters, without a space at either end; /headers/x-e: 1 to 1024 printable ASCII characters, without a space at either end
    422 invalid-request: /headers/x-a: expected text, got a number; /headers/x-b: expected text, got null; leave the field out instead; /headers/x-c/value: is required
    422 invalid-request: /headers/x-a/secret: unknown field; this object knows: sensitive, value
    422 invalid-request: /headers/x-a/sensitive: expected true or false, got text; /headers/x-a/value: 1 to 1024 printable ASCII characters, without a space at either end
    "#);

    for name in [
        "Content-Type",
        "content-length",
        "Host",
        "CONNECTION",
        "transfer-encoding",
        "TE",
        "upgrade",
        "User-Agent",
        "webhook-id",
        "Webhook-Timestamp",
        "WEBHOOK-SIGNATURE",
        "webhook-other",
        "X-Webhook-Signature",
        "X-MailGreet-Signature",
        "x-mailtura-signature",
        "keep-alive",
        "trailer",
        "expect",
        "proxy-authorization",
    ] {
        let refused = tenant.patch(&path, &json!({ "headers": { name: "1" } })).await.problem();
        let expected = "this header is reserved: mailhooks or the connection sets it";
        assert_eq!(refused, format!("422 invalid-request: /headers/{name}: {expected}"));
    }
    assert_eq!(tenant.get(&path).await.body["headers"], json!({}));
}

#[tokio::test]
async fn an_end_of_the_pause_lets_held_deliveries_go() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "paused": true })).await;
    let jobs = || room.world.aws.sqs.messages(DELIVERIES);
    // The webhook is disabled and paused. Ending only one of the two releases nothing.
    assert_eq!(tenant.patch(&path, &json!({ "enabled": false })).await.status, 200);
    assert_eq!(tenant.patch(&path, &json!({ "enabled": true })).await.status, 200);
    assert_eq!(tenant.patch(&path, &json!({ "enabled": false, "paused": false })).await.status, 200);
    assert_eq!(tenant.patch(&path, &json!({ "paused": true })).await.status, 200);
    assert!(jobs().is_empty());
    assert_eq!(tenant.patch(&path, &json!({ "enabled": true })).await.status, 200);
    assert!(jobs().is_empty());
    let resumed = tenant.patch(&path, &json!({ "paused": false })).await;
    assert_eq!((&resumed.body["paused"], &resumed.body["enabled"]), (&json!(false), &json!(true)));
    assert!(matches!(Job::from_json(&jobs()[0].body).unwrap(), Job::ReleaseHeld(recover) if recover.after.is_none()));
    // The same request again, as from a client whose first request failed after the write.
    // It sends no job ahead of its write, as the first one did.
    assert_eq!(tenant.patch(&path, &json!({ "paused": false })).await.status, 200);
    assert_eq!(jobs().len(), 3);
}

#[tokio::test]
async fn a_paused_one_cannot_be_tested() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "paused": true })).await;
    let refused = tenant.post(&format!("{path}/test"), &json!({ "eventType": "email.delivered" })).await;
    insta::assert_snapshot!(refused.problem(), @"409 webhook-paused: Deliveries to this webhook are held. Set its `paused` to false first, then test it.");
}

#[tokio::test]
async fn bad_rates_and_batches_are_refused_with_what_would_be_right() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let mut refusals = Vec::new();
    for change in [
        json!({ "rate_limit": 0 }),
        json!({ "rate_limit": 1_001 }),
        json!({ "rate_limit": 2.5 }),
        json!({ "rate_limit": "5" }),
        json!({ "rate_limit": { "per_second": 5 } }),
        json!({ "batch": 0, "dialect": "mailjet_v2" }),
        json!({ "batch": 11, "dialect": "mailjet_v2" }),
        json!({ "batch": null }),
        json!({ "batch": [1] }),
        json!({ "batch": 2 }),
        json!({ "batch": 2, "dialect": "platform" }),
        json!({ "batch": 0, "rate_limit": -1 }),
    ] {
        let at_creation = tenant.post("/api/v1/webhooks", &hook_with(&change)).await.problem();
        assert_eq!(tenant.patch(&path, &change).await.problem(), at_creation, "{change}");
        refusals.push(at_creation);
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /rate_limit: expected a whole number from 1 to 1000, got 0
    422 invalid-request: /rate_limit: expected a whole number from 1 to 1000, got 1001
    422 invalid-request: /rate_limit: expected a whole number from 1 to 1000, got 2.5
    422 invalid-request: /rate_limit: expected a whole number from 1 to 1000, got text
    422 invalid-request: /rate_limit: expected a whole number from 1 to 1000, got an object
    422 invalid-request: /batch: expected a whole number from 1 to 10, got 0
    422 invalid-request: /batch: expected a whole number from 1 to 10, got 11
    422 invalid-request: /batch: expected a whole number from 1 to 10, got null; leave the field out instead
    422 invalid-request: /batch: expected a whole number from 1 to 10, got a list
    422 invalid-request: /batch: the dialect `standard` cannot carry several events in one POST; give `"batch": 1`, or a dialect that can: mailjet_v2
    422 invalid-request: /batch: the dialect `platform` cannot carry several events in one POST; give `"batch": 1`, or a dialect that can: mailjet_v2
    422 invalid-request: /rate_limit: expected a whole number from 1 to 1000, got -1; /batch: expected a whole number from 1 to 10, got 0
    "#);
    // To leave a dialect with arrays, a change must also end batches of several events.
    let change = json!({ "dialect": "mailjet_v2", "batch": 5 });
    assert_eq!(tenant.patch(&path, &change).await.status, 200);
    insta::assert_snapshot!(tenant.patch(&path, &json!({ "dialect": "standard" })).await.problem(), @r#"422 invalid-request: /dialect: the dialect `standard` cannot carry several events in one POST; give `"batch": 1`, or a dialect that can: mailjet_v2"#);
    assert_eq!(tenant.patch(&path, &json!({ "dialect": "standard", "batch": 1 })).await.status, 200);
}
