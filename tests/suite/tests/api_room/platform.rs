//! The platform's management API, called as its clients call it.

use std::collections::BTreeSet;

use axum::http::{Method, header};
use serde_json::{Value, json};
use shared::dialect::Dialect;
use shared::webhook::DisabledReason;
use support::{Break, Receiver};

use crate::room::{Answer, Caller, Room};
use crate::webhooks::made;

const MANAGE: &str = "/api/webhooks/manage";

fn hook() -> Value {
    json!({ "url": "https://example.com/hook", "events": "email.delivery,email.bounce" })
}

/// `hook()` with the fields of `change`.
fn hook_with(change: &Value) -> Value {
    let mut body = hook();
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

fn one(id: &Value) -> String {
    format!("{MANAGE}/{id}")
}

async fn listed(caller: &Caller<'_>) -> Vec<Value> {
    let answer = caller.get(MANAGE).await;
    answer.body["webhooks"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

#[tokio::test]
async fn are_made_listed_replaced_changed_and_deleted() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    assert_eq!(acme.get(MANAGE).await.body, json!({ "webhooks": [] }));
    let made = acme.post(MANAGE, &hook()).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "active": true,
      "created_at": "TIME",
      "events": "email.delivery,email.bounce",
      "id": 1,
      "secret": "SECRET",
      "url": "https://example.com/hook"
    }
    "#);
    let mut shown = made.body.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(listed(&acme).await, [shown.clone()]);

    let path = one(&shown["id"]);
    let given = json!({ "url": "https://example.com/other", "events": "click, open ,unsubscribe", "active": false });
    let replaced = acme.put(&path, &given).await;
    let expected = json!({
        "id": 1, "url": "https://example.com/other", "events": "email.open,email.click,email.unsubscribe",
        "active": false, "created_at": shown["created_at"],
    });
    assert_eq!((replaced.status, &replaced.body), (200, &expected));
    let patched = acme.patch(&path, &json!({ "events": ["complaint"] })).await;
    let expected = json!({
        "id": 1, "url": "https://example.com/other", "events": "email.complaint",
        "active": false, "created_at": shown["created_at"],
    });
    assert_eq!((patched.status, &patched.body), (200, &expected));
    // A PUT without `active` makes the webhook active.
    assert_eq!(acme.put(&path, &hook()).await.body, shown);
    assert_eq!(listed(&acme).await, [shown]);

    let second = acme.post(MANAGE, &hook_with(&json!({ "events": "*", "active": false }))).await;
    assert_eq!(
        (&second.body["id"], &second.body["events"], &second.body["active"]),
        (&json!(2), &json!("*"), &json!(false))
    );
    let deleted = acme.delete(&path).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    assert_eq!(acme.delete(&path).await.error(), "404 There is no webhook with this id.");
    // A number is not given twice.
    assert_eq!(acme.post(MANAGE, &hook()).await.body["id"], 3);
    let ids: Vec<_> = listed(&acme).await.iter().map(|webhook| webhook["id"].clone()).collect();
    assert_eq!(ids, [2, 3]);
}

#[tokio::test]
async fn a_new_one_speaks_the_platforms_dialect_and_signs_with_a_secret_that_somebody_knows() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let id = acme.tenant_id();
    let signs_with = async || {
        let webhooks = room.world.webhooks_of(id).await.unwrap();
        let newest = webhooks.into_iter().max_by_key(|webhook| webhook.number).unwrap();
        assert_eq!(newest.dialect, Dialect::Platform);
        newest.secrets.current.expose().to_owned()
    };
    let generated = acme.post(MANAGE, &hook()).await.text("secret");
    assert!(generated.starts_with("whsec_"));
    assert_eq!(signs_with().await, generated);
    let given = acme.post(MANAGE, &hook_with(&json!({ "secret": "whsec_your_secret_key_here" }))).await;
    assert_eq!((given.status, &given.body["secret"]), (201, &Value::Null));
    assert_eq!(signs_with().await, "whsec_your_secret_key_here");

    let settings = format!("/api/v1/tenants/{}/settings", acme.tenant.as_deref().unwrap());
    acme.patch(&settings, &json!({ "webhook_secret": "the tenant's secret" })).await;
    assert_eq!(acme.post(MANAGE, &hook()).await.body["secret"], Value::Null);
    assert_eq!(signs_with().await, "the tenant's secret");
    acme.post(MANAGE, &hook_with(&json!({ "secret": "its own secret" }))).await;
    assert_eq!(signs_with().await, "its own secret");
    // A change keeps the fields that it does not give.
    acme.patch(&one(&json!(4)), &json!({ "active": false })).await;
    assert_eq!(signs_with().await, "its own secret");
}

#[tokio::test]
async fn bad_requests_are_refused_in_the_platforms_shape_and_do_nothing() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    acme.post(MANAGE, &hook()).await;
    let before = listed(&acme).await;
    let path = one(&json!(1));
    let post = async |change: Value| acme.post(MANAGE, &hook_with(&change)).await.error();
    let change = async |body: Value| acme.patch(&path, &body).await.error();
    let raw = async |method: Method, path: &str, body: &'static str| {
        room.send(acme.request(method, path).body(body.into()).unwrap()).await.error()
    };
    let refusals = [
        acme.post(MANAGE, &json!({})).await.error(),
        post(json!({ "events": "" })).await,
        post(json!({ "events": [] })).await,
        post(json!({ "events": "bounce,email.sent,nonsense" })).await,
        post(json!({ "events": ["bounce", 7] })).await,
        post(json!({ "events": "x".repeat(101) })).await,
        post(json!({ "events": "open,".repeat(51) })).await,
        post(json!({ "url": "http://example.com/" })).await,
        post(json!({ "url": "https://127.0.0.1/" })).await,
        post(json!({ "active": "yes" })).await,
        post(json!({ "secret": "short" })).await,
        post(json!({ "secret": "whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" })).await,
        post(json!({ "dialect": "mailgun" })).await,
        acme.put(&path, &json!({ "url": "https://example.com/" })).await.error(),
        acme.put(&path, &json!({ "events": "open" })).await.error(),
        change(json!({ "secret": "another secret" })).await,
        change(json!({ "id": 2, "created_at": "2026-01-01T00:00:00Z" })).await,
        change(json!({ "events": "email.sent" })).await,
        change(json!({ "url": null })).await,
        raw(Method::POST, MANAGE, "{").await,
        raw(Method::PATCH, &path, "[]").await,
        raw(Method::PUT, &path, "").await,
        acme.get(&format!("{MANAGE}?page=2")).await.error(),
        acme.delete(&format!("{path}?force=1")).await.error(),
        acme.get(&path).await.error(),
        acme.delete(MANAGE).await.error(),
        acme.delete(&format!("{MANAGE}/2")).await.error(),
        acme.put(&format!("{MANAGE}/2"), &hook()).await.error(),
        acme.patch(&format!("{MANAGE}/-1"), &json!({})).await.error(),
        acme.patch(&format!("{MANAGE}/wh_1"), &json!({})).await.error(),
        acme.patch(&format!("{MANAGE}/99999999999"), &json!({})).await.error(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 /url: is required; /events: is required
    400 /events: name at least one event type, or `*` for all
    400 /events: name at least one event type, or `*` for all
    400 /events: the dialect `platform` has no event type `email.sent`; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe, or `*`; /events: the dialect `platform` has no event type `nonsense`; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe, or `*`
    400 /events/1: expected text, got a number
    400 /events/0: 1 to 100 characters
    400 /events: at most 50 entries, got 51
    400 /url: only https:// URLs are delivered to
    400 /url: the address 127.0.0.1 is not public; deliveries go to public addresses only
    400 /active: expected true or false, got text
    400 /secret: a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters
    400 /secret: the dialect `platform` signs with a shared secret (`v1`) only
    400 /dialect: unknown field; this object knows: url, events, active, secret
    400 /events: is required
    400 /url: is required
    400 /secret: unknown field; this object knows: id, created_at, url, events, active
    400 /id: expected the webhook's own id, which cannot be changed, got 2; /created_at: cannot be changed; leave the field out
    400 /events: the dialect `platform` has no event type `email.sent`; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe, or `*`
    400 /url: expected text, got null; leave the field out instead
    400 The body is not JSON: error at line 1, column 1.
    400 The body must be a JSON object, `{…}`.
    400 The body is empty; it must be a JSON object, `{…}`.
    400 page: unknown parameter; this operation knows: none
    400 force: unknown parameter; this operation knows: none
    405 This path does not support this method. The `allow` header lists the methods that it supports.
    405 This path does not support this method. The `allow` header lists the methods that it supports.
    404 There is no webhook with this id.
    404 There is no webhook with this id.
    404 There is no webhook with this id.
    404 There is no webhook with this id.
    404 There is no webhook with this id.
    "#);
    assert_eq!(listed(&acme).await, before);
}

/// A client can send back what it reads, and nothing changes. This holds for webhooks of every API and every dialect.
#[tokio::test]
async fn all_webhooks_of_the_tenant_are_listed_and_can_be_changed() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let key = json!({ "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI" });
    let mut ids = Vec::new();
    for change in [
        json!({ "events": ["*", "delivery.dead"] }),
        json!({ "events": ["email.sent", "email.bounced", "subscriber.unsubscribed"] }),
        json!({ "dialect": "mailjet", "events": ["blocked", "unsub", "sent"] }),
        json!({ "dialect": "mailtura", "events": ["failed", "opened"] }),
        json!({ "dialect": "mailgun", "events": ["*"], "url": "https://user:secret@example.com/" }),
        json!({ "dialect": "mailgreet", "events": ["subscriber.created", "email.bounced"] }),
        json!({ "url": "arn:aws:sqs:eu-central-1:123456789012:events", "events": ["email.opened"], "credentials": key }),
    ] {
        ids.push(made(&acme, &change).await);
    }
    let fields = "id=temporary_fail&url=https://example.com/mailgun";
    let request = acme.request(Method::POST, "/v3/domains/mail.example.com/webhooks");
    let mut request = request.body(fields.into()).unwrap();
    request.headers_mut().remove(header::CONTENT_TYPE);
    assert_eq!(room.send(request).await.status, 200);

    let webhooks = listed(&acme).await;
    let shown: Vec<_> = webhooks.iter().map(|webhook| format!("{} {}", webhook["id"], webhook["events"])).collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    1 "*,delivery.dead"
    2 "email.sent,email.bounce,subscriber.unsubscribed"
    3 "email.delivery,email.rejected,email.failed,email.unsubscribe"
    4 "email.rejected,email.failed,email.open"
    5 "*"
    6 "email.bounce,subscriber.created"
    7 "email.open"
    8 "email.deferred"
    "#);

    let native = async || {
        let mut webhooks = acme.get("/api/v1/webhooks").await.data().to_vec();
        for webhook in &mut webhooks {
            webhook["updated_at"] = Value::Null;
        }
        webhooks
    };
    let before = native().await;
    for webhook in &webhooks {
        let back = acme.put(&one(&webhook["id"]), webhook).await;
        assert_eq!((back.status, &back.body), (200, webhook));
    }
    assert_eq!(native().await, before);
    // The platform's words are accepted if the webhook's dialect has the event.
    let path = one(&json!(3));
    assert_eq!(acme.patch(&path, &json!({ "events": "bounce,open" })).await.body["events"], "email.bounce,email.open");
    assert_eq!(acme.get(&ids[2]).await.body["dialect"], "mailjet");
    let of_mailjet = acme.patch(&path, &json!({ "events": "blocked,email.deferred" })).await.error();
    insta::assert_snapshot!(of_mailjet, @"400 /events: the dialect `mailjet` has no event type `email.deferred`; it has: sent, bounce, blocked, open, click, spam, unsub, or `*`");
    assert_eq!(acme.delete(&path).await.status, 204);
    assert_eq!(acme.get(&ids[2]).await.status, 404);
}

#[tokio::test]
async fn those_from_before_webhooks_were_counted_get_their_numbers() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let mut paths = Vec::new();
    for _ in 0..3 {
        paths.push(made(&acme, &json!({})).await);
    }
    without_numbers(&room);
    assert_eq!(acme.get(&paths[0]).await.body.get("number"), None);
    let ids = async || listed(&acme).await.iter().map(|webhook| webhook["id"].as_u64().unwrap()).collect::<Vec<_>>();
    let given = ids().await;
    assert_eq!(BTreeSet::from_iter(&given), BTreeSet::from([&1, &2, &3]));
    assert_eq!(ids().await, given);
    let mut shown = Vec::new();
    for path in &paths {
        shown.push(acme.get(path).await.body["number"].as_u64().unwrap());
    }
    assert_eq!(BTreeSet::from_iter(&shown), BTreeSet::from_iter(&given));
    assert_eq!(acme.delete(&one(&json!(2))).await.status, 204);
    assert_eq!(acme.post(MANAGE, &hook()).await.body["id"], 4);
}

/// Changes the rows to those of the version without numbers: no webhook has a number, and the tenant has given none.
fn without_numbers(room: &Room) {
    let rows = room.world.aws.scan_unbroken("registry").unwrap();
    let rows = rows.into_iter().filter(|row| row.contains_key("dialect") || row.contains_key("last_webhook_number"));
    let former = rows.map(|mut row| {
        row.remove("number");
        row.remove("last_webhook_number");
        serde_json::to_value(serde_dynamo::Item::from(row)).unwrap()
    });
    room.world.aws.put_unbroken("registry", former.collect()).unwrap();
}

#[tokio::test]
async fn active_lets_go_what_was_held() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let made = acme.post(MANAGE, &json!({ "url": receiver.url("/hook"), "events": "delivery", "active": false })).await;
    let path = one(&made.body["id"]);
    let accept = async |key: &str| {
        room.world.events.put(&room.world.event(acme.tenant_id(), key)).await.unwrap();
        room.world.run_until_idle().await.unwrap();
    };
    accept("a").await;
    assert_eq!(receiver.count(), 0);
    // A change of another field releases nothing.
    acme.patch(&path, &json!({ "events": "delivery,open" })).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 0);
    assert_eq!(acme.patch(&path, &json!({ "active": true })).await.body["active"], true);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);

    // This field ends both a pause and the disabled state.
    let native = format!("/api/v1/webhooks/{}", acme.get("/api/v1/webhooks").await.data()[0]["id"].as_str().unwrap());
    acme.patch(&native, &json!({ "paused": true })).await;
    let stored = room.world.webhooks_of(acme.tenant_id()).await.unwrap().remove(0);
    room.world.disable(&stored, DisabledReason::Gone).await.unwrap();
    assert_eq!(listed(&acme).await[0]["active"], false);
    room.world.clock.advance(jiff::SignedDuration::from_secs(31));
    accept("b").await;
    assert_eq!(receiver.count(), 1);
    let replaced = acme.put(&path, &json!({ "url": receiver.url("/hook"), "events": "delivery" })).await;
    assert_eq!(replaced.body["active"], true);
    room.world.clock.advance(jiff::SignedDuration::from_secs(31));
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 2);
    let body: Value = serde_json::from_slice(&receiver.received("/hook")[1].body).unwrap();
    assert_eq!((&body["type"], &body["email_id"]), (&json!("email.delivery"), &json!("message-b@example.com")));
}

#[tokio::test]
async fn tenants_do_not_see_each_other_and_roles_may_what_they_may() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    acme.post(MANAGE, &hook()).await;
    let path = one(&json!(1));
    assert_eq!(listed(&other).await, [Value::Null; 0]);
    let strangers = [other.put(&path, &hook()).await, other.patch(&path, &json!({})).await, other.delete(&path).await];
    assert_eq!(strangers.map(|answer| answer.status), [404; 3]);
    // Numbers are counted for each tenant.
    assert_eq!(other.post(MANAGE, &hook()).await.body["id"], 1);
    other.delete(&path).await;
    assert_eq!(listed(&acme).await.len(), 1);

    for (role, reads) in [("read", 200), ("publish", 403)] {
        let caller = room.key_of(acme.tenant.as_deref().unwrap(), role).await;
        assert_eq!(caller.get(MANAGE).await.status, reads, "{role}");
        let changes: [Answer; 4] = [
            caller.post(MANAGE, &hook()).await,
            caller.put(&path, &hook()).await,
            caller.patch(&path, &json!({})).await,
            caller.delete(&path).await,
        ];
        assert_eq!(changes.map(|answer| answer.status), [403; 4], "{role}");
    }
    let wrong = acme.with_key("mh_wrong").get(MANAGE).await;
    assert_eq!((wrong.status, wrong.headers[header::WWW_AUTHENTICATE].to_str().unwrap()), (401, "Bearer"));
}

#[tokio::test]
async fn a_change_that_broke_off_is_completed_by_its_repetition() {
    for how in [Break::Before, Break::After] {
        for calls_before in 0..40 {
            let room = Room::start().await;
            let acme = room.tenant().await;
            acme.post(MANAGE, &hook_with(&json!({ "active": false }))).await;
            let given = json!({ "url": "https://example.com/new", "events": "open" });
            room.world.aws.break_call(calls_before, how);
            let broken = acme.put(&one(&json!(1)), &given).await;
            if room.world.aws.call_off_break() {
                assert_eq!(broken.status, 200);
                break;
            }
            assert_eq!(broken.status, 503, "{how:?} {calls_before}");
            assert_eq!(acme.put(&one(&json!(1)), &given).await.status, 200, "{how:?} {calls_before}");
            let webhook = &listed(&acme).await[0];
            assert_eq!((&webhook["url"], &webhook["active"]), (&given["url"], &json!(true)));
        }
    }
}
