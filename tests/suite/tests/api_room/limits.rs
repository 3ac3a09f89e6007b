//! Every documented maximum of the API, at the limit and one above. `docs/reference/limits.md` names this file's tests.

use axum::body::Body;
use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::webhook::MAX_PER_TENANT;
use support::signers::sns;

use crate::room::{Caller, Room};
use crate::webhooks::hook_with;

/// A value at its limit, and one above it with the pointer of the error.
struct Limit {
    most: Value,
    above: Value,
    pointer: &'static str,
}

fn limit(pointer: &'static str, of: impl Fn(usize) -> Value, most: usize) -> Limit {
    Limit { most: of(most), above: of(most + 1), pointer }
}

fn text(length: usize) -> String {
    "x".repeat(length)
}

/// Posts each value at its limit, which `status` answers, and then the value above it.
async fn hold(caller: &Caller<'_>, path: &str, status: u16, limits: &[Limit]) {
    for Limit { most, above, pointer } in limits {
        let taken = caller.post(path, most).await;
        assert_eq!(taken.status, status, "{pointer}: {taken}");
        let refused = caller.post(path, above).await;
        assert_eq!(refused.status, 422, "{pointer}: {refused}");
        let errors = refused.body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{pointer}: {refused}");
        assert_eq!(errors[0]["pointer"], *pointer);
        assert!(errors[0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{refused}");
    }
}

#[tokio::test]
async fn of_a_webhook() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let with = |name: &'static str, value: Value| hook_with(&json!({ name: value }));
    let url = |length: usize| format!("https://example.com/{}", text(length - "https://example.com/".len()));
    let domain = |length: usize| format!("{}.{}", text(63), text(length - 64));
    let names = |count: usize| (0..count).map(|number| format!("d{number}.example.com")).collect::<Vec<_>>();
    let delays = |seconds: Vec<usize>| with("retry_policy", json!({ "delays_seconds": seconds }));
    let headers = |count: usize| (0..count).map(|number| (format!("x-{number}"), json!("v"))).collect::<Value>();
    let metadata = |count: usize| (0..count).map(|number| (format!("k{number}"), json!("v"))).collect::<Value>();
    let bytes = |count: usize| {
        (0..16)
            .map(|number| (format!("k{number:03}"), json!(text(496))))
            .chain([("l".repeat(24), json!(text(count - 8_024)))])
            .collect::<Value>()
    };
    hold(
        &tenant,
        "/api/v1/webhooks",
        201,
        &[
            limit("/url", |length| with("url", json!(url(length))), 2_048),
            limit("/backup_url", |length| with("backup_url", json!(url(length))), 2_048),
            limit("/description", |length| with("description", json!(text(length))), 1_000),
            limit("/events", |count| with("events", json!(vec!["*"; count])), 50),
            limit("/domains", |count| with("domains", json!(names(count))), 50),
            limit("/domains/0", |length| with("domains", json!([domain(length)])), 253),
            limit("/headers", |count| with("headers", headers(count)), 10),
            limit("/headers/x-a", |length| with("headers", json!({ "x-a": text(length) })), 1_024),
            limit("/metadata", |count| with("metadata", metadata(count)), 50),
            limit("/metadata/k", |length| with("metadata", json!({ "k": text(length) })), 500),
            limit("/metadata", |count| with("metadata", bytes(count)), 8 * 1_024),
            limit("/rate_limit", |number| with("rate_limit", json!(number)), 1_000),
            limit("/timeout_ms", |number| with("timeout_ms", json!(number)), 15_000),
            limit(
                "/batch",
                |number| hook_with(&json!({ "dialect": "mailjet_v2", "events": ["*"], "batch": number })),
                10,
            ),
            limit("/retry_policy/delays_seconds", |count| delays(vec![1; count]), 30),
            limit("/retry_policy/delays_seconds/0", |seconds| delays(vec![seconds]), 48 * 3_600),
            limit(
                "/retry_policy/delays_seconds",
                |total| delays([vec![48 * 3_600; 6], vec![total - 6 * 48 * 3_600]].concat()),
                13 * 24 * 3_600,
            ),
            limit("/breaker/failures", |number| with("breaker", json!({ "failures": number })), 1_000),
            limit("/breaker/window_seconds", |number| with("breaker", json!({ "window_seconds": number })), 86_400),
            limit(
                "/breaker/disable_after_hours",
                |number| with("breaker", json!({ "disable_after_hours": number })),
                720,
            ),
        ],
    )
    .await;
    // An error does not repeat a name that is too long.
    for (name, most) in [("headers", 100), ("metadata", 40)] {
        let of = |length: usize| with(name, json!({ text(length): "v" }));
        assert_eq!(tenant.post("/api/v1/webhooks", &of(most)).await.status, 201, "{name}");
        assert_eq!(tenant.post("/api/v1/webhooks", &of(most + 1)).await.status, 422, "{name}");
    }
    let path = format!("/api/v1/webhooks/{}", tenant.post("/api/v1/webhooks", &hook_with(&json!({}))).await.text("id"));
    let overlap = limit("/overlap_seconds", |seconds| json!({ "overlap_seconds": seconds }), 7 * 24 * 3_600);
    hold(&tenant, &format!("{path}/rotate-secret"), 200, &[overlap]).await;
}

#[tokio::test]
async fn of_a_source() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let brevo =
        |field: &'static str, value: Value| json!({ "provider": "brevo", "allow_unsigned": true, field: value });
    let networks = |count: usize| (0..count).map(|number| format!("192.0.2.{number}/32")).collect::<Vec<_>>();
    let topics = |count: usize| (0..count).map(|number| format!("{}{number}", sns::TOPIC)).collect::<Vec<_>>();
    let basic = |username: usize, password: usize| {
        brevo("credentials", json!({ "basic": [{ "username": text(username), "password": text(password) }] }))
    };
    let header = |name: usize| brevo("credentials", json!({ "header": { "name": text(name), "values": ["secret"] } }));
    hold(
        &tenant,
        "/api/v1/sources",
        201,
        &[
            limit("/name", |length| brevo("name", json!(text(length))), 200),
            limit("/networks", |count| brevo("networks", json!(networks(count))), 50),
            limit("/credentials/bearer", |count| brevo("credentials", json!({ "bearer": vec!["secret"; count] })), 2),
            limit("/credentials/basic/0/username", |length| basic(length, 9), 255),
            limit("/credentials/basic/0/password", |length| basic(9, length), 1_024),
            limit("/credentials/header/name", header, 100),
            limit(
                "/verification/topic_arns",
                |count| json!({ "provider": "ses", "verification": { "topic_arns": topics(count) } }),
                10,
            ),
            limit(
                "/verification/signing_key",
                |length| json!({ "provider": "mailgun", "verification": { "signing_key": text(length) } }),
                1_024,
            ),
            limit(
                "/verification/url",
                |length| {
                    let url = format!("https://example.com/{}", text(length - 20));
                    json!({ "provider": "mandrill", "verification": { "signing_key": "key", "url": url } })
                },
                2_048,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn of_keys_recoveries_pages_and_bodies() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let key = limit("/name", |length| json!({ "role": "read", "name": text(length) }), 200);
    hold(&tenant, "/api/v1/keys", 201, &[key]).await;

    let now = room.world.clock.now();
    let since = |hours: usize| {
        let ago = SignedDuration::from_hours(i64::try_from(hours).unwrap());
        json!({ "states": ["dead"], "since": (now - ago).to_string(), "until": now.to_string() })
    };
    let rate = |rate: usize| json!({ "states": ["dead"], "since": (now - SignedDuration::from_hours(1)).to_string(), "rate": rate });
    let span = limit("/since", since, 366 * 24);
    hold(&tenant, "/api/v1/recoveries", 202, &[span, limit("/rate", rate, 1_000)]).await;

    let until = now.to_string();
    for (path, most) in [("/api/v1/webhooks?limit=", 100), ("/api/v1/events?limit=", 100)] {
        assert_eq!(tenant.get(&format!("{path}{most}")).await.status, 200, "{path}");
        assert_eq!(tenant.get(&format!("{path}{}", most + 1)).await.status, 400, "{path}");
    }
    for (hours, status) in [(31 * 24, 200), (31 * 24 + 1, 400)] {
        let since = now - SignedDuration::from_hours(hours);
        assert_eq!(tenant.get(&format!("/api/v1/events?from={since}&to={until}")).await.status, status, "{hours} h");
    }

    for (length, status) in [(64 * 1_024, 201), (64 * 1_024 + 1, 413)] {
        let body = hook_with(&json!({})).to_string();
        let request = tenant.request(Method::POST, "/api/v1/webhooks").header("content-type", "application/json");
        let request = request.body(Body::from(format!("{body}{}", " ".repeat(length - body.len())))).unwrap();
        let answer = room.send(request).await;
        assert_eq!(answer.status, status, "{answer}");
    }
}

#[tokio::test]
async fn of_webhooks_of_a_tenant() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for number in 1..MAX_PER_TENANT {
        room.world.webhook(tenant.tenant_id(), &format!("http://127.0.0.1:9/{number}")).await.unwrap();
    }
    assert_eq!(tenant.post("/api/v1/webhooks", &hook_with(&json!({}))).await.status, 201);
    let refused = tenant.post("/api/v1/webhooks", &hook_with(&json!({}))).await;
    assert!(refused.problem().starts_with("409 limit-reached: "), "{refused}");
    assert!(refused.problem().contains(&MAX_PER_TENANT.to_string()), "{refused}");
    let others = room.tenant().await;
    assert_eq!(others.post("/api/v1/webhooks", &hook_with(&json!({}))).await.status, 201);
}
