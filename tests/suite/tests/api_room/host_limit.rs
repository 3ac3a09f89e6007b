//! The limit on webhooks with one host, which an operator sets for a tenant.

use axum::body::Body;
use axum::http::{HeaderValue, Method, header};
use futures::future::join_all;
use serde_json::{Value, json};
use shared::id::WebhookId;
use shared::store::StoreError;
use shared::webhook::Webhook;
use support::Break;

use crate::room::{Answer, Caller, Room};

const WEBHOOKS: &str = "/api/v1/webhooks";
const PLATFORM: &str = "/api/webhooks/manage";
const MAILJET: &str = "/v3/REST/eventcallbackurl";
const MAILGUN: &str = "/v3/domains/mail.example.com/webhooks";

async fn limit(room: &Room, tenant: &Caller<'_>, limits: Value) {
    let path = format!("/api/v1/tenants/{}", tenant.tenant_id());
    let answer = room.admin().patch(&path, &json!({ "limits": limits })).await;
    assert_eq!(answer.status, 200, "{answer}");
}

fn hook(url: &str) -> Value {
    json!({ "url": url, "events": ["*"] })
}

async fn create(tenant: &Caller<'_>, url: &str) -> Answer {
    tenant.post(WEBHOOKS, &hook(url)).await
}

/// Creates a webhook and returns its path.
async fn created(tenant: &Caller<'_>, url: &str) -> String {
    let answer = create(tenant, url).await;
    assert_eq!(answer.status, 201, "{url}: {answer}");
    format!("{WEBHOOKS}/{}", answer.text("id"))
}

/// A request as Mailgun's clients make it, with a form.
async fn form(room: &Room, tenant: &Caller<'_>, method: Method, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = tenant.request(method, path).body(Body::from(body)).unwrap();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, form);
    room.send(request).await
}

#[tokio::test]
async fn one_webhook_more_with_the_host_is_refused_until_one_is_deleted() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks_per_host": 2 })).await;
    let first = created(&acme, "https://victim.example/a?1").await;
    created(&acme, "https://user:secret@VICTIM.example.:8443/b").await;
    let refused = create(&acme, "https://victim.example/c").await;
    insta::assert_snapshot!(refused.problem(), @"409 limit-reached: This tenant has the maximum of 2 webhooks with the host victim.example. Use another host, or delete one of these webhooks first.");
    assert_eq!(create(&acme, "https://ｖｉｃｔｉｍ.example/d").await.status, 409, "the same host in other letters");
    created(&acme, "https://other.example/").await;
    created(&acme, "https://sub.victim.example/").await;
    assert_eq!(acme.delete(&first).await.status, 204);
    created(&acme, "https://victim.example/c").await;
    assert_eq!(create(&acme, "https://victim.example/d").await.status, 409);
    // Another tenant has its own limit, or none.
    let other = room.tenant().await;
    for path in 0..3 {
        created(&other, &format!("https://victim.example/{path}")).await;
    }
    limit(&room, &acme, json!({ "webhooks_per_host": null })).await;
    created(&acme, "https://victim.example/d").await;
}

#[tokio::test]
async fn what_is_there_when_the_limit_is_set_stays_and_counts() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let urls: Vec<_> = (0..4).map(|path| format!("https://victim.example/{path}")).collect();
    let paths = join_all(urls.iter().map(|url| created(&acme, url))).await;
    limit(&room, &acme, json!({ "webhooks_per_host": 2 })).await;
    assert_eq!(acme.get(WEBHOOKS).await.data().len(), 4);
    assert_eq!(create(&acme, "https://victim.example/new").await.status, 409);
    // A change that adds no webhook to the host is allowed.
    let moved = acme.patch(&paths[0], &json!({ "url": "https://victim.example:444/moved", "paused": true })).await;
    assert_eq!(moved.status, 200, "{moved}");
    let backed = acme.patch(&paths[0], &json!({ "backup_url": "https://victim.example/backup" })).await;
    assert_eq!(backed.status, 200, "{backed}");
    for path in &paths[1..] {
        assert_eq!(acme.delete(path).await.status, 204);
    }
    created(&acme, "https://victim.example/new").await;
    assert_eq!(create(&acme, "https://victim.example/newer").await.status, 409);
}

#[tokio::test]
async fn a_change_to_a_full_host_is_refused_and_changes_nothing() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks_per_host": 1 })).await;
    let full = created(&acme, "https://victim.example/").await;
    let path = created(&acme, "https://other.example/").await;
    let before = acme.get(&path).await;
    let mut refusals = Vec::new();
    for change in [
        json!({ "url": "https://victim.example/2" }),
        json!({ "backup_url": "https://victim.example/2", "paused": true }),
        json!({ "url": "https://new.example/", "backup_url": "https://Victim.example./2" }),
    ] {
        refusals.push(acme.patch(&path, &change).await.problem());
        assert_eq!(acme.get(&path).await.body, before.body);
    }
    insta::assert_snapshot!(refusals.join("\n"), @r"
    409 limit-reached: This tenant has the maximum of 1 webhooks with the host victim.example. Use another host, or delete one of these webhooks first.
    409 limit-reached: This tenant has the maximum of 1 webhooks with the host victim.example. Use another host, or delete one of these webhooks first.
    409 limit-reached: This tenant has the maximum of 1 webhooks with the host victim.example. Use another host, or delete one of these webhooks first.
    ");
    // A backup URL counts as a URL does, and a webhook with both at one host counts once.
    let backed = json!({ "url": "https://main.example/", "events": ["*"], "backup_url": "https://other.example/b" });
    assert_eq!(acme.post(WEBHOOKS, &backed).await.status, 409);
    let both = json!({ "url": "https://main.example/", "events": ["*"], "backup_url": "https://main.example/b" });
    assert_eq!(acme.post(WEBHOOKS, &both).await.status, 201);
    assert_eq!(acme.patch(&path, &json!({ "url": "https://free.example/" })).await.status, 200);
    // The host that a webhook has left has room again.
    assert_eq!(acme.patch(&full, &json!({ "url": "https://other.example/" })).await.status, 200);
    assert_eq!(acme.patch(&path, &json!({ "backup_url": "https://victim.example/b" })).await.status, 200);
}

#[tokio::test]
async fn streams_have_no_host() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks_per_host": 1 })).await;
    let credentials = json!({ "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "s".repeat(40) });
    for name in ["one", "two"] {
        let url = format!("arn:aws:sqs:eu-central-1:123456789012:{name}");
        let hook = json!({ "url": url, "events": ["*"], "credentials": credentials });
        let answer = acme.post(WEBHOOKS, &hook).await;
        assert_eq!(answer.status, 201, "{answer}");
    }
}

#[tokio::test]
async fn the_limit_of_all_webhooks_holds_with_it_and_says_its_own_number() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks": 1, "webhooks_per_host": 1 })).await;
    created(&acme, "https://victim.example/").await;
    let refused = [create(&acme, "https://victim.example/").await, create(&acme, "https://other.example/").await];
    for refused in refused {
        let text = "409 limit-reached: This tenant has the maximum of 1 webhooks. Delete one first.";
        assert_eq!(refused.problem(), text);
    }
}

#[tokio::test]
async fn every_api_keeps_the_limit() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let (victim, other) = ("https://victim.example/", "https://other.example/");
    limit(&room, &acme, json!({ "webhooks_per_host": 1 })).await;
    // Each webhook wants other events, because the rules of these APIs are about webhooks for the same events.
    let full = acme.post(WEBHOOKS, &json!({ "url": victim, "events": ["email.sent"] })).await;
    let full = format!("{WEBHOOKS}/{}", full.text("id"));
    let mut refusals = Vec::new();

    let hook = |url: &str| json!({ "url": url, "events": "unsubscribe" });
    refusals.push(acme.post(PLATFORM, &hook(victim)).await);
    let made = acme.post(PLATFORM, &hook("https://platform.example/")).await;
    let path = format!("{PLATFORM}/{}", made.body["id"]);
    refusals.push(acme.put(&path, &hook(victim)).await);
    refusals.push(acme.patch(&path, &json!({ "url": victim })).await);

    let entry =
        |event: &str, url: &str, is_backup: bool| json!({ "EventType": event, "Url": url, "IsBackup": is_backup });
    refusals.push(acme.post(MAILJET, &entry("open", victim, false)).await);
    let made = acme.post(MAILJET, &entry("open", "https://mailjet.example/", false)).await;
    assert_eq!(made.status, 201, "{made}");
    refusals.push(acme.post(MAILJET, &entry("open", victim, true)).await);
    let path = format!("{MAILJET}/{}", made.body["Data"][0]["ID"]);
    refusals.push(acme.put(&path, &json!({ "Url": victim })).await);

    let clicked = format!("{MAILGUN}/clicked");
    refusals.push(form(&room, &acme, Method::POST, MAILGUN, &[("id", "clicked"), ("url", victim)]).await);
    // Two new webhooks of one request count both.
    let two = [("id", "clicked"), ("url", "https://mailgun.example/1"), ("url", "https://mailgun.example/2")];
    refusals.push(form(&room, &acme, Method::POST, MAILGUN, &two).await);
    assert_eq!(form(&room, &acme, Method::POST, MAILGUN, &[("id", "clicked"), ("url", other)]).await.status, 200);
    refusals.push(form(&room, &acme, Method::PUT, &clicked, &[("url", victim)]).await);

    for refused in &refusals {
        assert_eq!(refused.status, 409, "{refused}");
        let host = if refused.to_string().contains("mailgun.example") { "mailgun.example" } else { "victim.example" };
        let text = format!("This tenant has the maximum of 1 webhooks with the host {host}. Use another host, or");
        assert!(refused.to_string().contains(&text), "{refused}");
    }
    assert_eq!(refusals.len(), 9);
    assert_eq!(acme.get(WEBHOOKS).await.data().len(), 4);
    assert_eq!(acme.delete(&full).await.status, 204);
    assert_eq!(form(&room, &acme, Method::PUT, &clicked, &[("url", victim)]).await.status, 200);
    assert_eq!(acme.post(MAILJET, &entry("open", victim, true)).await.status, 409);
}

#[tokio::test]
async fn of_two_requests_for_the_last_place_one_gets_it() {
    for _ in 0..8 {
        let room = Room::start().await;
        let acme = room.tenant().await;
        limit(&room, &acme, json!({ "webhooks_per_host": 2 })).await;
        created(&acme, "https://victim.example/").await;
        let (first, second) =
            tokio::join!(create(&acme, "https://victim.example/1"), create(&acme, "https://victim.example/2"));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{first} {second}");
        assert!(first.to_string().contains("limit-reached") || second.to_string().contains("limit-reached"));
    }
}

#[tokio::test]
async fn the_limit_holds_under_races_of_all_apis() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks_per_host": 5 })).await;
    let free: Vec<_> = (0..4).map(|name| format!("https://h{name}.example/")).collect();
    let paths = join_all(free.iter().map(|url| created(&acme, url))).await;
    let urls: Vec<_> = (0..8).map(|path| format!("https://victim.example/{path}")).collect();
    let change = json!({ "backup_url": "https://victim.example/backup" });
    let entry = |event: &str| json!({ "EventType": event, "Url": format!("https://victim.example/{event}") });
    let entries = ["open", "click", "spam", "bounce"].map(entry);
    let (creations, changes, mailjet) = tokio::join!(
        join_all(urls.iter().map(|url| create(&acme, url))),
        join_all(paths.iter().map(|path| acme.patch(path, &change))),
        join_all(entries.iter().map(|entry| acme.post(MAILJET, entry))),
    );
    let statuses: Vec<_> = creations.iter().chain(&changes).chain(&mailjet).map(|answer| answer.status).collect();
    assert!(statuses.iter().all(|status| [200, 201, 409].contains(status)), "{statuses:?}");
    let hooks = acme.get(&format!("{WEBHOOKS}?limit=100")).await;
    let at_the_host = hooks.data().iter().filter(|hook| hook.to_string().contains("victim.example")).count();
    assert_eq!(at_the_host, 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status != 409).count(), 5, "{statuses:?}");
}

#[tokio::test]
async fn whichever_call_of_a_change_fails_its_repetition_ends_it_and_the_limit_holds() {
    // One call too many ends this: the break then meets a call after the request, or none.
    for index in 0..8 {
        for how in [Break::Before, Break::After] {
            let room = Room::start().await;
            let acme = room.tenant().await;
            limit(&room, &acme, json!({ "webhooks_per_host": 1 })).await;
            let path = created(&acme, "https://other.example/").await;
            let change = json!({ "url": "https://victim.example/" });
            room.world.aws.break_call(index, how);
            let mut tries = 0;
            while acme.patch(&path, &change).await.status != 200 {
                tries += 1;
                assert!(tries < 3, "call {index} ({how:?})");
            }
            room.world.aws.call_off_break();
            assert_eq!(acme.get(&path).await.text("url"), "https://victim.example/");
            assert_eq!(create(&acme, "https://victim.example/2").await.status, 409);
        }
    }
}

#[tokio::test]
async fn a_limit_that_is_set_during_a_request_holds_for_it() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let stored = room.world.webhook(acme.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
    let writer = &room.world.registry.webhook_writer;
    for (before, after) in [(json!(null), json!(1)), (json!(2), json!(1)), (json!(1), json!(null))] {
        limit(&room, &acme, json!({ "webhooks_per_host": before })).await;
        let version = writer.version(acme.tenant_id()).await.unwrap().unwrap();
        limit(&room, &acme, json!({ "webhooks_per_host": after })).await;
        let new = Webhook { id: WebhookId::mint(room.world.clock.now(), [7; 10]), ..stored.clone() };
        let written = writer.create_all(acme.tenant_id(), &[new], &version).await;
        let is_refused = matches!(written, Err(StoreError::Conflict | StoreError::HostLimitReached { .. }));
        assert!(is_refused, "{before} {after}: {written:?}");
    }
}

#[tokio::test]
async fn without_the_limit_no_call_is_added() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    // The webhooks that the requests below change, and the operations of each request.
    let path = created(&acme, "https://a.example/").await;
    let mut seen = Vec::new();
    for limits in [json!({}), json!({ "webhooks_per_host": 9 })] {
        limit(&room, &acme, limits.clone()).await;
        room.world.aws.take_calls();
        let mut calls = |what: &str| {
            let calls = room.world.aws.take_calls().into_iter().map(|call| call.operation.replace("DynamoDB.", ""));
            seen.push(format!("{what}: {}", calls.collect::<Vec<_>>().join(" ")));
        };
        let made = created(&acme, "https://a.example/2").await;
        calls("create");
        acme.patch(&path, &json!({ "url": format!("https://{}.example/", limits.to_string().len()) })).await;
        calls("another host");
        acme.patch(&path, &json!({ "description": limits.to_string() })).await;
        calls("another field");
        acme.delete(&made).await;
        calls("delete");
        let event = if limits == json!({}) { "open" } else { "click" };
        acme.post(MAILJET, &json!({ "EventType": event, "Url": "https://a.example/3" })).await;
        calls("Mailjet's create");
    }
    // With the limit, a request that adds a webhook to a host lists the webhooks once more. Unless it has read the
    // tenant's row, it is first refused.
    insta::assert_snapshot!(seen.join("\n"), @r"
    create: GetItem GetItem GetItem UpdateItem Query TransactWriteItems
    another host: GetItem GetItem GetItem GetItem Query TransactWriteItems
    another field: GetItem GetItem GetItem GetItem Query TransactWriteItems
    delete: GetItem GetItem GetItem SQS.SendMessageBatch TransactWriteItems
    Mailjet's create: GetItem GetItem GetItem GetItem Query Query TransactWriteItems
    create: GetItem GetItem GetItem UpdateItem Query TransactWriteItems Query TransactWriteItems
    another host: GetItem GetItem GetItem GetItem Query TransactWriteItems Query TransactWriteItems
    another field: GetItem GetItem GetItem GetItem Query TransactWriteItems
    delete: GetItem GetItem GetItem SQS.SendMessageBatch TransactWriteItems
    Mailjet's create: GetItem GetItem GetItem GetItem Query Query Query TransactWriteItems
    ");
}
