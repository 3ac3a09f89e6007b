//! Recoveries: how they are started, read and cancelled.

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::queue::job::Job;
use shared::recovery::{MAX_RUNNING, Progress, Recovery, RecoveryStatus};
use support::Break;
use support::world::DELIVERIES;

use crate::room::{Room, nobodys};
use crate::webhooks::made;

fn body(room: &Room, change: &Value) -> Value {
    let since = room.world.clock.now() - SignedDuration::from_hours(2);
    let mut body = json!({ "states": ["held", "dead"], "since": since.to_string() });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// The recovery with this id, as it is stored.
async fn stored(room: &Room, tenant: &str, id: &str) -> Recovery {
    let (tenant, id) = (tenant.parse().unwrap(), id.parse().unwrap());
    room.world.registry.recoveries.get(tenant, id).await.unwrap().unwrap()
}

#[tokio::test]
async fn one_webhooks_is_begun_with_defaults_and_followed_to_its_end() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let before = room.world.clock.now();
    let started = tenant.post(&format!("{path}/recover"), &body(&room, &json!({}))).await;
    insta::assert_snapshot!(started, @r#"
    202 {
      "created_at": "TIME",
      "id": "rec_ID",
      "progress": {
        "looked_at": 0,
        "recovered": 0,
        "skipped_webhooks": 0
      },
      "rate": 100,
      "since": "TIME",
      "states": [
        "held",
        "dead"
      ],
      "status": "running",
      "until": "TIME",
      "updated_at": "TIME",
      "webhook_id": "wh_ID"
    }
    "#);
    assert_eq!(started.text("webhook_id"), path.rsplit('/').next().unwrap());
    assert_eq!(started.body["until"], started.body["created_at"], "without `until`, a recovery ends at its own start");
    let since = started.text("since").parse::<Timestamp>().unwrap();
    assert_eq!(since, before - SignedDuration::from_hours(2));
    let id = started.text("id");
    let sent = room.world.aws.sqs.messages(DELIVERIES);
    let Ok(Job::Recovery(job)) = Job::from_json(&sent.last().unwrap().body) else { panic!("no recovery") };
    assert_eq!((job.recovery.to_string(), job.page), (id.clone(), 0));
    // By then the index has everything.
    assert_eq!(sent[0].visible_at, before + SignedDuration::from_secs(5));

    let read = format!("/api/v1/recoveries/{id}");
    assert_eq!(tenant.get(&read).await.body, started.body);
    let recovery = stored(&room, tenant.tenant.as_ref().unwrap(), &id).await;
    let progress = Progress { looked_at: 7, recovered: 5, skipped_webhooks: 0 };
    let now = room.world.clock.now();
    let done = Recovery { page: 1, progress, updated_at: now, status: RecoveryStatus::Done { at: now }, ..recovery };
    assert!(room.world.registry.running_recoveries.end(&done).await.unwrap());
    let shown = tenant.get(&read).await;
    assert_eq!(shown.body["progress"], json!({ "looked_at": 7, "recovered": 5, "skipped_webhooks": 0 }));
    assert_eq!((shown.text("status").as_str(), shown.text("finished_at")), ("done", shown.text("updated_at")));
    insta::assert_snapshot!(tenant.delete(&read).await.problem(), @"409 recovery-over: This recovery has finished and cannot be cancelled.");
}

#[tokio::test]
async fn all_webhooks_are_recovered_together_and_a_cancelled_one_stops() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let given = body(&room, &json!({ "states": ["missing", "held"], "rate": 7 }));
    let started = tenant.post("/api/v1/recoveries", &given).await;
    assert_eq!(started.status, 202, "{started}");
    assert_eq!(started.body["webhook_id"], Value::Null);
    assert_eq!(
        started.body["states"],
        json!(["held", "missing"]),
        "the answer has the states in the order of the work"
    );
    assert_eq!(started.body["rate"], 7);
    let read = format!("/api/v1/recoveries/{}", started.text("id"));
    assert_eq!(tenant.delete(&read).await.status, 204);
    assert_eq!(tenant.get(&read).await.text("status"), "cancelled");
    assert_eq!(tenant.delete(&read).await.status, 204, "a second cancellation is accepted");
    // The recovery's row is deleted now, and not earlier.
    let rows = room.world.aws.scan_unbroken("registry").unwrap();
    let row = rows.iter().find(|row| row["sk"].as_s().unwrap().starts_with("R#")).unwrap();
    let expires: i64 = row["ttl"].as_n().unwrap().parse().unwrap();
    let days = (expires - room.world.clock.now().as_second()) / 86_400;
    assert!((29..=30).contains(&days), "{days}");
}

#[tokio::test]
async fn are_listed_latest_first_page_by_page() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.insert(0, tenant.post("/api/v1/recoveries", &body(&room, &json!({}))).await.text("id"));
    }
    let first = tenant.get("/api/v1/recoveries?limit=2").await;
    let cursor = first.text("next_cursor");
    let second = tenant.get(&format!("/api/v1/recoveries?limit=2&cursor={cursor}")).await;
    let listed: Vec<_> = first.data().iter().chain(second.data()).map(|shown| shown["id"].clone()).collect();
    assert_eq!(listed, ids);
    assert_eq!(second.body["next_cursor"], Value::Null);
    assert_eq!(tenant.get("/api/v1/recoveries?cursor=x").await.status, 400);
    assert!(room.tenant().await.get("/api/v1/recoveries").await.data().is_empty(), "another tenant's");
}

#[tokio::test]
async fn bad_ones_are_refused_with_what_would_be_right() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let now = room.world.clock.now();
    let at = |hours: i64| (now + SignedDuration::from_hours(hours)).to_string();
    let mut refusals = Vec::new();
    for change in [
        json!({ "states": [] }),
        json!({ "states": ["held", "lost", "held"] }),
        json!({ "states": ["dead", "dead"] }),
        json!({ "states": "held" }),
        json!({ "since": "yesterday" }),
        json!({ "since": at(1) }),
        json!({ "until": at(-3) }),
        json!({ "since": at(-367 * 24) }),
        json!({ "rate": 0 }),
        json!({ "rate": 1_001 }),
        json!({ "webhook_id": "wh_1" }),
    ] {
        refusals.push(tenant.post("/api/v1/recoveries", &body(&room, &change)).await.problem());
    }
    refusals.push(tenant.post("/api/v1/recoveries", &json!({})).await.problem());
    insta::assert_snapshot!(refusals.join("\n"), @r"
    422 invalid-request: /states: name at least one of held, dead, missing
    422 invalid-request: /states/1: expected one of held, dead, missing
    422 invalid-request: /states/1: `dead` is named twice
    422 invalid-request: /states: expected a list, got text
    422 invalid-request: /since: expected a time like 2026-01-02T03:04:05Z (RFC 3339)
    422 invalid-request: /since: must not be later than now
    422 invalid-request: /since: must not be later than `until`
    422 invalid-request: /since: a recovery covers at most 366 days; request several recoveries
    422 invalid-request: /rate: expected a whole number from 1 to 1000, got 0
    422 invalid-request: /rate: expected a whole number from 1 to 1000, got 1001
    422 invalid-request: /webhook_id: unknown field; this object knows: states, since, until, rate
    422 invalid-request: /states: is required; /since: is required
    ");
    assert!(room.world.aws.sqs.messages(DELIVERIES).is_empty());

    // An `until` in the future counts as now.
    let later = tenant.post("/api/v1/recoveries", &body(&room, &json!({ "until": at(1) }))).await;
    assert_eq!(later.body["until"], later.body["created_at"]);
}

#[tokio::test]
async fn a_webhook_that_takes_no_attempts_is_not_recovered_but_what_it_misses_is() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let disabled = made(&tenant, &json!({ "enabled": false })).await;
    let paused = made(&tenant, &json!({ "paused": true })).await;
    let open = made(&tenant, &json!({})).await;
    let id = open.rsplit('/').next().unwrap().parse().unwrap();
    let webhook = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    room.world.open_breaker(&webhook).await.unwrap();
    let mut refusals = Vec::new();
    for path in [&disabled, &paused, &open] {
        refusals.push(tenant.post(&format!("{path}/recover"), &body(&room, &json!({}))).await.problem());
        let missing = body(&room, &json!({ "states": ["missing"] }));
        assert_eq!(tenant.post(&format!("{path}/recover"), &missing).await.status, 202);
    }
    insta::assert_snapshot!(refusals.join("\n"), @r"
    409 webhook-disabled: Its deliveries would be held again. Enable the webhook: held deliveries then go out without a recovery, and dead ones can be recovered.
    409 webhook-paused: Its deliveries would be held again. Set `paused` to false: held deliveries then go out without a recovery, and dead ones can be recovered.
    409 webhook-open: Its receiver fails, so its deliveries would be held again. Held deliveries go out without a recovery when the receiver works again; to try at once, PATCH the webhook with `enabled` true.
    ");
    let nobodys = format!("/api/v1/webhooks/{}/recover", nobodys("wh_"));
    assert_eq!(tenant.post(&nobodys, &body(&room, &json!({}))).await.status, 404);
    let other = room.tenant().await;
    assert_eq!(other.post(&format!("{open}/recover"), &body(&room, &json!({}))).await.status, 404);
}

#[tokio::test]
async fn so_many_run_at_a_time_and_no_more() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut last = String::new();
    for _ in 0..MAX_RUNNING {
        let started = tenant.post("/api/v1/recoveries", &body(&room, &json!({}))).await;
        assert_eq!(started.status, 202, "{started}");
        last = started.text("id");
    }
    insta::assert_snapshot!(tenant.post("/api/v1/recoveries", &body(&room, &json!({}))).await.problem(), @"409 too-many-recoveries: This tenant has the maximum of 5 running recoveries. Wait until one of them has finished, or cancel one; GET /api/v1/recoveries lists them.");
    assert_eq!(room.tenant().await.post("/api/v1/recoveries", &body(&room, &json!({}))).await.status, 202);
    assert_eq!(tenant.delete(&format!("/api/v1/recoveries/{last}")).await.status, 204);
    assert_eq!(tenant.post("/api/v1/recoveries", &body(&room, &json!({}))).await.status, 202);
}

#[tokio::test]
async fn a_key_that_may_only_read_cannot_start_or_cancel_one() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let id = tenant.post("/api/v1/recoveries", &body(&room, &json!({}))).await.text("id");
    let read = format!("/api/v1/recoveries/{id}");
    let reader = room.key_of(tenant.tenant.as_ref().unwrap(), "read").await;
    assert_eq!(reader.get("/api/v1/recoveries").await.status, 200);
    assert_eq!(reader.get(&read).await.status, 200);
    assert_eq!(reader.delete(&read).await.status, 403);
    assert_eq!(reader.post("/api/v1/recoveries", &body(&room, &json!({}))).await.status, 403);
    assert_eq!(reader.post(&format!("{path}/recover"), &body(&room, &json!({}))).await.status, 403);
    let other = room.tenant().await;
    for method in [Method::GET, Method::DELETE] {
        let request = other.request(method, &read).body(axum::body::Body::empty()).unwrap();
        assert_eq!(room.send(request).await.status, 404, "another tenant's");
    }
    assert_eq!(tenant.get(&read).await.text("status"), "running");
}

/// Two steps may fail: sending the job, and storing the recovery. In both cases the client gets an error, and no
/// recovery runs that the client does not know of.
#[tokio::test]
async fn a_failed_call_is_an_answer_that_can_be_repeated() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let given = body(&room, &json!({}));
    room.world.aws.take_calls();
    tenant.post("/api/v1/recoveries", &given).await;
    let calls = room.world.aws.take_calls().len();
    let before = tenant.get("/api/v1/recoveries").await.data().len();
    for call in 0..calls {
        room.world.aws.break_call(call, Break::Before);
        assert_eq!(tenant.post("/api/v1/recoveries", &given).await.status, 503, "call {call}");
        assert!(!room.world.aws.call_off_break());
    }
    assert_eq!(tenant.get("/api/v1/recoveries").await.data().len(), before);
    assert_eq!(tenant.post("/api/v1/recoveries", &given).await.status, 202);
}
