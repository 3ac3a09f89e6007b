//! Webhooks in the native API: how they are made, listed, changed, tested, rotated and deleted.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::queue::job::Job;
use shared::webhook::WebhookStatus;
use support::world::DELIVERIES;
use support::{Break, Receiver};

use crate::room::{Answer, Caller, Room, nobodys};

fn hook() -> Value {
    json!({ "url": "https://example.com/hook", "events": ["email.bounced"] })
}

/// `hook()` with the fields of `change`.
pub(crate) fn hook_with(change: &Value) -> Value {
    let mut body = hook();
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// The answer about one webhook, without the state of its breaker, which only this answer shows.
pub(crate) fn without_health(read: &Answer) -> Value {
    let mut body = read.body.clone();
    let health = body.as_object_mut().unwrap().remove("health");
    assert_eq!(health, Some(json!({ "state": "closed", "failures": 0 })));
    body
}

pub(crate) async fn made(caller: &Caller<'_>, change: &Value) -> String {
    let answer = caller.post("/api/v1/webhooks", &hook_with(change)).await;
    assert_eq!(answer.status, 201, "{answer}");
    format!("/api/v1/webhooks/{}", answer.text("id"))
}

#[tokio::test]
async fn are_made_with_defaults_and_show_their_secret_once() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let answer = tenant.post("/api/v1/webhooks", &hook()).await;
    insta::assert_snapshot!(answer, @r#"
    201 {
      "batch": 1,
      "breaker": {
        "disable_after_hours": 120,
        "failures": 20,
        "window_seconds": 300
      },
      "created_at": "TIME",
      "description": "",
      "dialect": "standard",
      "domains": [],
      "enabled": true,
      "events": [
        "email.bounced"
      ],
      "headers": {},
      "id": "wh_ID",
      "metadata": {},
      "number": 1,
      "paused": false,
      "retry_policy": "standard",
      "secret": "SECRET",
      "signature": "v1",
      "sources": [],
      "timeout_ms": 10000,
      "updated_at": "TIME",
      "url": "https://example.com/hook"
    }
    "#);
    let read = tenant.get(&format!("/api/v1/webhooks/{}", answer.text("id"))).await;
    let mut without_secret = answer.body.clone();
    without_secret.as_object_mut().unwrap().remove("secret");
    assert_eq!(without_health(&read), without_secret);
    assert_eq!(tenant.get("/api/v1/webhooks").await.data(), [without_secret]);
}

#[tokio::test]
async fn are_made_with_everything_given() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let source = tenant.post("/api/v1/sources", &json!({ "provider": "generic" })).await.text("id");
    let body = json!({
        "url": "https://user:hunter2@example.com/hook?x=1", "events": ["bounce", "email.unsubscribe", "email.clicked"],
        "enabled": false, "secret": "whsec_your_secret_key_here", "dialect": "platform",
        "retry_policy": { "delays_seconds": [2, 4, 8] }, "timeout_ms": 2000, "sources": [source],
        "domains": ["Mail.Example.com"], "description": "Ours"
    });
    insta::assert_snapshot!(tenant.post("/api/v1/webhooks", &body).await, @r#"
    201 {
      "batch": 1,
      "breaker": {
        "disable_after_hours": 120,
        "failures": 20,
        "window_seconds": 300
      },
      "created_at": "TIME",
      "description": "Ours",
      "dialect": "platform",
      "disabled_reason": "requested",
      "domains": [
        "mail.example.com"
      ],
      "enabled": false,
      "events": [
        "email.bounced",
        "email.clicked",
        "email.unsubscribed",
        "subscriber.unsubscribed"
      ],
      "headers": {},
      "id": "wh_ID",
      "metadata": {},
      "number": 1,
      "paused": false,
      "retry_policy": {
        "delays_seconds": [
          2,
          4,
          8
        ]
      },
      "secret": "whsec_your_secret_key_here",
      "signature": "v1",
      "sources": [
        "src_ID"
      ],
      "timeout_ms": 2000,
      "updated_at": "TIME",
      "url": "https://user:***@example.com/hook?x=1"
    }
    "#);
}

#[tokio::test]
async fn bad_ones_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for change in [
        json!({ "url": "http://example.com/" }),
        json!({ "url": "example.com" }),
        json!({ "url": "https://10.0.0.8/" }),
        json!({ "url": "https://127.0.0.1/" }),
        json!({ "url": "https://2130706433/" }),
        json!({ "url": "https://localhost/" }),
        json!({ "url": "https://169.254.169.254/latest/meta-data/" }),
        json!({ "url": "https://[::ffff:10.0.0.1]/" }),
        json!({ "url": "https://[fd00:ec2::254]/" }),
        json!({ "url": "https://user:***@example.com/" }),
        json!({ "url": 5 }),
        json!({ "events": [] }),
        json!({ "events": "email.bounced" }),
        json!({ "events": ["email.bounced", "email.bounce"] }),
        json!({ "events": ["email.sent"], "dialect": "platform" }),
        json!({ "dialect": "klingon" }),
        json!({ "secret": "short12" }),
        json!({ "secret": "with\nnewline" }),
        json!({ "retry_policy": "never" }),
        json!({ "retry_policy": {} }),
        json!({ "retry_policy": { "delays_seconds": [5, -1] } }),
        json!({ "retry_policy": { "delays_seconds": [172_801] } }),
        json!({ "retry_policy": { "delays_seconds": [1.5] } }),
        json!({ "retry_policy": { "delays_seconds": vec![1; 31] } }),
        json!({ "retry_policy": { "delays_seconds": [172_800, 172_800, 172_800, 172_800, 172_800, 172_800, 172_800] } }),
        json!({ "timeout_ms": 999 }),
        json!({ "timeout_ms": 15_001 }),
        json!({ "enabled": "yes" }),
        json!({ "enabled": null }),
        json!({ "domains": ["not a domain"] }),
        json!({ "sources": [nobodys("src_")] }),
        json!({ "description": "x".repeat(1001) }),
        json!({ "colour": 1 }),
    ] {
        refusals.push(tenant.post("/api/v1/webhooks", &hook_with(&change)).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /url: only https:// URLs are delivered to
    422 invalid-request: /url: not an absolute URL like https://example.com/hook
    422 invalid-request: /url: the address 10.0.0.8 is not public; deliveries go to public addresses only
    422 invalid-request: /url: the address 127.0.0.1 is not public; deliveries go to public addresses only
    422 invalid-request: /url: the address 127.0.0.1 is not public; deliveries go to public addresses only
    422 invalid-request: /url: the host name is local; deliveries go to public hosts only
    422 invalid-request: /url: the address 169.254.169.254 is not public; deliveries go to public addresses only
    422 invalid-request: /url: the address ::ffff:10.0.0.1 is not public; deliveries go to public addresses only
    422 invalid-request: /url: the address fd00:ec2::254 is not public; deliveries go to public addresses only
    422 invalid-request: /url: the password in it is masked; give the real password, or leave the field out
    422 invalid-request: /url: expected text, got a number
    422 invalid-request: /events: name at least one event type, or `*` for all
    422 invalid-request: /events: expected a list, got text
    422 invalid-request: /events/1: the dialect `standard` has no such event type; it has: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead, or `*`
    422 invalid-request: /events/0: the dialect `platform` has no such event type; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe, or `*`
    422 invalid-request: /dialect: unknown dialect; there are: standard, platform, mailgreet, mailjet, mailjet_v2, mailgun, mailgun_legacy, mailtura
    422 invalid-request: /secret: a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters
    422 invalid-request: /secret: a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters
    422 invalid-request: /retry_policy: unknown policy; there are: standard, mailgreet, mailjet, mailgun, or {"delays_seconds": […]}
    422 invalid-request: /retry_policy/delays_seconds: is required
    422 invalid-request: /retry_policy/delays_seconds/1: a delay is a whole number of seconds from 0 to 172800 (48 h), got -1
    422 invalid-request: /retry_policy/delays_seconds/0: a delay is a whole number of seconds from 0 to 172800 (48 h), got 172801
    422 invalid-request: /retry_policy/delays_seconds/0: expected a whole number of seconds, got 1.5
    422 invalid-request: /retry_policy/delays_seconds: at most 30 delays are allowed, got 31
    422 invalid-request: /retry_policy/delays_seconds: all delays together may last 1123200 s (13 days), got 1209600 s
    422 invalid-request: /timeout_ms: expected a whole number from 1000 to 15000, got 999
    422 invalid-request: /timeout_ms: expected a whole number from 1000 to 15000, got 15001
    422 invalid-request: /enabled: expected true or false, got text
    422 invalid-request: /enabled: expected true or false, got null; leave the field out instead
    422 invalid-request: /domains/0: expected a domain name like mail.example.com
    422 invalid-request: /sources: src_ID is not a source of this tenant
    422 invalid-request: /description: at most 1000 characters
    422 invalid-request: /colour: unknown field; this object knows: url, credentials, events, enabled, dialect, retry_policy, timeout_ms, sources, domains, description, breaker, backup_url, headers, paused, metadata, rate_limit, batch, secret, signature
    "#);
    insta::assert_snapshot!(tenant.post("/api/v1/webhooks", &json!({})).await.problem(), @"422 invalid-request: /url: is required; /events: is required");
    assert_eq!(tenant.get("/api/v1/webhooks").await.data().len(), 0, "nothing was stored");
}

#[tokio::test]
async fn another_tenants_are_not_there() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let path = made(&other, &json!({})).await;
    let source = other.post("/api/v1/sources", &json!({ "provider": "generic" })).await.text("id");
    let refusals = [
        acme.get(&path).await.problem(),
        acme.patch(&path, &json!({ "enabled": false })).await.problem(),
        acme.delete(&path).await.problem(),
        acme.post(&format!("{path}/rotate-secret"), &json!({})).await.problem(),
        acme.post(&format!("{path}/test"), &json!({ "eventType": "email.delivered" })).await.problem(),
        acme.get(&format!("{path}/deliveries")).await.problem(),
        acme.get("/api/v1/webhooks/nonsense").await.problem(),
        acme.post("/api/v1/webhooks", &hook_with(&json!({ "sources": [source] }))).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    404 not-found: There is no webhook with this id.
    404 not-found: There is no webhook with this id.
    404 not-found: There is no webhook with this id.
    404 not-found: There is no webhook with this id.
    404 not-found: There is no webhook with this id.
    404 not-found: There is no webhook with this id.
    404 not-found: There is no webhook with this id.
    422 invalid-request: /sources: src_ID is not a source of this tenant
    "#);
    assert_eq!(other.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_patch_changes_what_it_names() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "description": "before" })).await;
    let patched = tenant.patch(&path, &json!({ "url": "https://example.org/", "retry_policy": "mailjet" })).await;
    insta::assert_snapshot!(patched, @r#"
    200 {
      "batch": 1,
      "breaker": {
        "disable_after_hours": 120,
        "failures": 20,
        "window_seconds": 300
      },
      "created_at": "TIME",
      "description": "before",
      "dialect": "standard",
      "domains": [],
      "enabled": true,
      "events": [
        "email.bounced"
      ],
      "headers": {},
      "id": "wh_ID",
      "metadata": {},
      "number": 1,
      "paused": false,
      "retry_policy": "mailjet",
      "signature": "v1",
      "sources": [],
      "timeout_ms": 10000,
      "updated_at": "TIME",
      "url": "https://example.org/"
    }
    "#);
    let cleared = tenant.patch(&path, &json!({ "description": "", "events": ["*"] })).await;
    assert_eq!((&cleared.body["description"], &cleared.body["events"]), (&json!(""), &json!(["*"])));
    assert_eq!(without_health(&tenant.get(&path).await), cleared.body);
    let refusals = [
        tenant.patch(&path, &json!({ "url": null })).await.problem(),
        tenant.patch(&path, &json!({ "secret": "whsec_your_secret_key_here" })).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /url: expected text, got null; leave the field out instead
    422 invalid-request: /secret: unknown field; this object knows: url, credentials, events, enabled, dialect, retry_policy, timeout_ms, sources, domains, description, breaker, backup_url, headers, paused, metadata, rate_limit, batch
    "#);
}

#[tokio::test]
async fn a_dialect_that_lacks_a_wanted_word_is_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "events": ["email.sent", "email.bounced"] })).await;
    let refused = tenant.patch(&path, &json!({ "dialect": "platform" })).await;
    insta::assert_snapshot!(refused.problem(), @"422 invalid-request: /dialect: this dialect has no word for email.sent; change `events` with it");
    let both = tenant.patch(&path, &json!({ "dialect": "platform", "events": ["bounce"] })).await;
    assert_eq!(both.body["events"], json!(["email.bounced"]));
}

/// Each client reads, changes and writes the whole webhook. Of those that read the same revision one is written, and
/// the others try again.
#[tokio::test]
async fn clients_that_change_different_fields_at_once_all_succeed() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let changes = [
        json!({ "description": "New" }),
        json!({ "timeout_ms": 3_000 }),
        json!({ "rate_limit": 9 }),
        json!({ "metadata": { "a": "b" } }),
        json!({ "domains": ["example.com"] }),
        json!({ "backup_url": "https://example.com/b" }),
        json!({ "paused": true }),
        json!({ "events": ["email.bounced"] }),
    ];
    let answers = futures::future::join_all(changes.iter().map(|body| tenant.patch(&path, body))).await;
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200; 8]);
    let shown = tenant.get(&path).await.body;
    for (name, value) in changes.iter().flat_map(|change| change.as_object().unwrap()) {
        assert_eq!(&shown[name], value);
    }
}

#[tokio::test]
async fn enabling_lets_held_deliveries_go() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let disabled = tenant.patch(&path, &json!({ "enabled": false })).await;
    assert_eq!((&disabled.body["enabled"], &disabled.body["disabled_reason"]), (&json!(false), &json!("requested")));
    assert!(room.world.aws.sqs.messages(DELIVERIES).is_empty());

    // A call fails after the write. The client gets an error and repeats the request. One job was sent ahead of the
    // write, and the breaker was read.
    room.world.aws.take_calls();
    tenant.patch(&path, &json!({ "description": "counts calls" })).await;
    let calls = room.world.aws.take_calls().len();
    room.world.aws.break_call(calls + 2, Break::Before);
    let failed = tenant.patch(&path, &json!({ "enabled": true })).await;
    insta::assert_snapshot!(failed.problem(), @"503 unavailable: The request could not be completed now. It may have been done, or done in part. Read the object again before you repeat the request.");
    assert_eq!(tenant.get(&path).await.body["enabled"], true);
    assert_eq!(room.world.aws.sqs.messages(DELIVERIES).len(), 1);

    assert_eq!(tenant.patch(&path, &json!({ "enabled": true })).await.status, 200);
    let jobs = room.world.aws.sqs.messages(DELIVERIES);
    assert_eq!(jobs.len(), 2);
    for job in jobs {
        assert!(matches!(Job::from_json(&job.body).unwrap(), Job::ReleaseHeld(recover) if recover.after.is_none()));
    }
}

/// A client that gets an error reads the webhook, and repeats its request only if the webhook is still disabled. The
/// breaker may be open, and its probe has ended, because the webhook was disabled.
#[tokio::test]
async fn enabling_that_breaks_off_after_its_write_releases_what_is_held_without_the_sweep() {
    for is_open in [false, true] {
        let mut hits = 0;
        for calls_before in 0.. {
            let room = Room::with_receivers().await;
            let receiver = Receiver::start().await.unwrap();
            let tenant = room.tenant().await;
            let webhook = room.world.webhook(tenant.tenant_id(), &receiver.url("/hook")).await.unwrap();
            let path = format!("/api/v1/webhooks/{}", webhook.id);
            assert_eq!(tenant.patch(&path, &json!({ "enabled": false })).await.status, 200);
            room.world.events.put(&room.world.event(tenant.tenant_id(), "held")).await.unwrap();
            room.world.run_until_idle().await.unwrap();
            if is_open {
                room.world.open_breaker(&webhook).await.unwrap();
            }
            room.world.aws.break_call(calls_before, Break::Before);
            while !tenant.get(&path).await.body["enabled"].as_bool().unwrap_or(false) {
                tenant.patch(&path, &json!({ "enabled": true })).await;
            }
            let was_hit = !room.world.aws.call_off_break();
            room.world.run_until_idle().await.unwrap();
            assert_eq!(receiver.received("/hook").len(), 1, "open: {is_open}, call {calls_before}");
            if !was_hit {
                break;
            }
            hits += 1;
        }
        assert!(hits >= 8, "open: {is_open}: only {hits} calls");
    }
}

#[tokio::test]
async fn a_rotation_keeps_the_old_secret_for_a_while() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "secret": "the first secret" })).await;
    assert_eq!(tenant.post_nothing(&format!("{path}/rotate-secret")).await.status, 200);
    let rotated = tenant.post(&format!("{path}/rotate-secret"), &json!({ "overlap_seconds": 60 })).await;
    insta::assert_snapshot!(rotated, @r#"
    200 {
      "batch": 1,
      "breaker": {
        "disable_after_hours": 120,
        "failures": 20,
        "window_seconds": 300
      },
      "created_at": "TIME",
      "description": "",
      "dialect": "standard",
      "domains": [],
      "enabled": true,
      "events": [
        "email.bounced"
      ],
      "headers": {},
      "id": "wh_ID",
      "metadata": {},
      "number": 1,
      "paused": false,
      "previous_secret_expires_at": "TIME",
      "retry_policy": "standard",
      "secret": "SECRET",
      "signature": "v1",
      "sources": [],
      "timeout_ms": 10000,
      "updated_at": "TIME",
      "url": "https://example.com/hook"
    }
    "#);

    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let stored = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    assert_eq!(stored.secrets.current.expose(), rotated.text("secret"));
    // The first secret signs for 24 hours from the first rotation, the second one for a minute from the second.
    assert_eq!(stored.secrets.at(room.world.clock.now()).len(), 3);
    room.world.clock.advance(SignedDuration::from_secs(61));
    let signing = stored.secrets.at(room.world.clock.now());
    assert_eq!((signing.len(), signing[1].expose()), (2, "the first secret"));

    let at_once = json!({ "secret": "chosen by the receiver", "overlap_seconds": 0 });
    let at_once = tenant.post(&format!("{path}/rotate-secret"), &at_once).await;
    assert_eq!(at_once.text("secret"), "chosen by the receiver");
    assert!(at_once.body.get("previous_secret_expires_at").is_none());
    let bad = json!({ "secret": "x", "overlap_seconds": 604_801 });
    let refused = tenant.post(&format!("{path}/rotate-secret"), &bad).await;
    insta::assert_snapshot!(refused.problem(), @"422 invalid-request: /secret: a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters; /overlap_seconds: expected a whole number from 0 to 604800, got 604801");
    assert!(tenant.get(&path).await.body.get("secret").is_none());
}

#[tokio::test]
async fn a_test_sends_a_made_up_event() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "dialect": "platform", "events": ["bounce"] })).await;
    let sent = tenant.post(&format!("{path}/test"), &json!({ "eventType": "email.delivered" })).await;
    insta::assert_snapshot!(sent, @r#"
    202 {
      "delivery_id": "wh_ID/evt_ID",
      "event_id": "evt_ID",
      "webhook_id": "wh_ID"
    }
    "#);
    let jobs = room.world.aws.sqs.messages(DELIVERIES);
    let Job::Deliver(job) = Job::from_json(&jobs[0].body).unwrap() else { panic!("not a delivery") };
    let event = job.inline.unwrap();
    assert!(event.test && event.facts.event_type.as_str() == "email.delivered" && event.tenant == tenant.tenant_id());

    assert_eq!(tenant.post(&format!("{path}/test"), &json!({ "event_type": "bounce" })).await.status, 202);
    let mut refusals = Vec::new();
    for body in [json!({}), json!({ "eventType": "email.sent" }), json!({ "eventType": "open", "event_type": "open" })]
    {
        refusals.push(tenant.post(&format!("{path}/test"), &body).await.problem());
    }
    tenant.patch(&path, &json!({ "enabled": false })).await;
    refusals.push(tenant.post(&format!("{path}/test"), &json!({ "eventType": "open" })).await.problem());
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /eventType: is required
    422 invalid-request: /eventType: the dialect `platform` has no such event type; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe
    422 invalid-request: /eventType: unknown field; this object knows: event_type
    409 webhook-disabled: Deliveries to this webhook are held. Enable the webhook first, then test it.
    "#);
}

#[tokio::test]
async fn a_deleted_one_is_gone() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let before = room.world.clock.now();
    assert_eq!(tenant.delete(&path).await.status, 204);
    // This job discards what the webhook holds. It must not run before the webhook is deleted. Its delay is enough for
    // that, because no request lasts 30 s.
    let jobs = room.world.aws.sqs.messages(DELIVERIES);
    assert_eq!(jobs.len(), 1);
    assert!(jobs[0].visible_at.duration_since(before) > SignedDuration::from_secs(30));
    insta::assert_snapshot!(tenant.delete(&path).await.problem(), @"404 not-found: There is no webhook with this id.");
    assert_eq!(tenant.get(&path).await.status, 404);
    assert_eq!(tenant.get("/api/v1/webhooks").await.data().len(), 0);
}

#[tokio::test]
async fn lists_go_page_by_page() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut paths = Vec::new();
    for _ in 0..5 {
        paths.push(made(&tenant, &json!({})).await);
    }
    paths.sort_unstable();
    let (mut listed, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = tenant.get(&format!("/api/v1/webhooks?{query}")).await;
        listed.extend(page.data().iter().map(|hook| format!("/api/v1/webhooks/{}", hook["id"].as_str().unwrap())));
        match page.body["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(listed, paths);
}

#[tokio::test]
async fn what_disabled_it_first_stays_the_reason() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let reason = shared::webhook::DisabledReason::Gone;
    let webhook = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    assert!(room.world.disable(&webhook, reason).await.unwrap());
    let patched = tenant.patch(&path, &json!({ "enabled": false })).await;
    assert_eq!(patched.body["disabled_reason"], "gone");
    let stored = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Disabled { reason });
}
