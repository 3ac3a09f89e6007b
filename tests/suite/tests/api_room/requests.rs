//! What holds for every operation: keys, tenants, bodies, pages, unknown paths.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::json;
use support::Break;

use crate::room::{ADMIN, Room, nobodys};

#[tokio::test]
async fn health_needs_no_key_and_touches_nothing() {
    let room = Room::start().await;
    let answer = room.send(Request::get("/health").body(Body::empty()).unwrap()).await;
    insta::assert_snapshot!(answer, @r#"
    200 {
      "status": "ok"
    }
    "#);
    assert!(room.world.aws.take_calls().is_empty());
}

/// Queries arrive as they were sent, or with a space for each `+`. `lambda_http` rejects both a space and a quote.
#[tokio::test]
async fn any_query_is_answered_and_read_as_its_sender_meant_it() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let event = |path: &str, query: &str| {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": query, "isBase64Encoded": false,
            "headers": {"authorization": format!("Bearer {}", tenant.key), "x-tenant-id": tenant.tenant, "x-note": "Zoë"},
            "requestContext": {"stage": "$default", "http": {"method": "GET", "sourceIp": "203.0.113.5"}},
        })
    };
    for query in ["a=b c", "a=\"", "<", ">", "a=ä", "%zz", "{|}\\^`[]#", "\u{0}\n\u{7f}"] {
        assert_eq!(room.take_event(event("/health", query)).await.status, 200, "{query:?}");
    }
    let plain = room.take_event(event("/api/v1/webhooks", "no+such \"thing\"=1")).await.problem();
    insta::assert_snapshot!(plain, @r#"400 invalid-parameter: no such "thing": unknown parameter; this operation knows: limit, cursor"#);
    for query in ["no such+\"thing\"=1", "no%20such+%22thing%22=1"] {
        assert_eq!(room.take_event(event("/api/v1/webhooks", query)).await.problem(), plain);
    }
    for path in ["/api/v1/webhooks/a b", "/\"ä <>?#\u{0}", ""] {
        assert_eq!(room.take_event(event(path, "")).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn without_a_good_key_nobody_is_let_in() {
    let room = Room::start().await;
    let none = room.send(Request::get("/api/v1/webhooks").body(Body::empty()).unwrap()).await;
    insta::assert_snapshot!(none, @r#"
    401 {
      "detail": "Send a valid API key, as `Authorization: Bearer mh_…`.",
      "request_id": "REQUEST",
      "status": 401,
      "title": "Not authorised",
      "type": "urn:mailhooks:problem:unauthorised"
    }
    "#);
    assert_eq!(none.headers[header::WWW_AUTHENTICATE], "Bearer");
    let tenant = room.tenant().await;
    let spoiled = format!("{}0", tenant.key);
    let unknown = format!("mh_{}_{}", nobodys(""), "0".repeat(64));
    for key in [spoiled, unknown, "mh_admin_wrong".to_owned(), "nonsense".to_owned()] {
        assert_eq!(tenant.with_key(&key).get("/api/v1/webhooks").await.problem(), none.problem());
    }
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_alone() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let others = other.tenant.as_deref().unwrap();
    insta::assert_snapshot!(acme.about(others).get("/api/v1/webhooks").await.problem(), @"403 forbidden: This key belongs to another tenant than `X-Tenant-ID` names.");
    assert_eq!(acme.about_none().get("/api/v1/webhooks").await.status, 200);

    insta::assert_snapshot!(room.admin().get("/api/v1/webhooks").await.problem(), @"400 tenant-missing: An admin key acts for every tenant; name the tenant in the header `X-Tenant-ID`.");
    assert_eq!(room.admin().about(others).get("/api/v1/webhooks").await.status, 200);
    insta::assert_snapshot!(room.admin().about(&nobodys("ten_")).get("/api/v1/webhooks").await.problem(), @"404 not-found: There is no tenant with this id.");
    insta::assert_snapshot!(room.admin().about("acme").get("/api/v1/webhooks").await.problem(), @"400 tenant-invalid: `X-Tenant-ID` must be a tenant's id, `ten_` and 26 characters.");
}

#[tokio::test]
async fn bad_bodies_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let send = async |content_type: &str, body: Vec<u8>| {
        let request = Request::post("/api/v1/tenants")
            .header(header::AUTHORIZATION, format!("Bearer {ADMIN}"))
            .header(header::CONTENT_TYPE, content_type);
        room.send(request.body(Body::from(body)).unwrap()).await.problem()
    };
    let refusals = [
        send("application/json", b"{\"name\": \n  Acme}".to_vec()).await,
        send("application/json", b"".to_vec()).await,
        send("application/json", b"[1]".to_vec()).await,
        send("application/json", vec![b'['; 60_000]).await,
        send("application/json", b"{\"name\": \"\xff\"}".to_vec()).await,
        send("application/json", vec![b' '; 64 * 1024 + 1]).await,
        send("application/x-www-form-urlencoded", b"name=Acme".to_vec()).await,
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 malformed-json: The body is not JSON: error at line 2, column 3.
    400 malformed-json: The body is empty; it must be a JSON object, `{…}`.
    400 malformed-json: The body must be a JSON object, `{…}`.
    400 malformed-json: The body is not JSON: error at line 1, column 128.
    400 malformed-json: The body is not JSON: error at line 1, column 11.
    413 body-too-large: A body may have at most 65536 bytes (64 KiB).
    415 unsupported-media-type: Send `content-type: application/json`.
    "#);
    let unread = Request::post("/api/v1/tenants").body(Body::from("{")).unwrap();
    assert_eq!(room.send(unread).await.status, 401, "the key is checked before the body");
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let body = json!({ "url": "http://example.com/", "events": ["*", "email.exploded"], "secret": "short", "timeout_ms": 10, "colour": 1,
        "a/b~c": 1, "retry_policy": { "delays_seconds": [1, -5], "jitter": true }, "sources": ["x"] });
    insta::assert_snapshot!(tenant.post("/api/v1/webhooks", &body).await, @r#"
    422 {
      "detail": "/url: only https:// URLs are delivered to; /retry_policy/delays_seconds/1: a delay is a whole number of seconds from 0 to 172800 (48 h), got -5; /retry_policy/jitter: unknown field; this object knows: delays_seconds; /timeout_ms: expected a whole number from 1000 to 15000, got 10; /sources/0: expected `src_` followed by 26 characters of Crockford base32 (digits and upper-case letters without I, L, O, U); /secret: a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters; /events/1: the dialect `standard` has no such event type; it has: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead, or `*`; /a~1b~0c: unknown field; this object knows: url, credentials, events, enabled, dialect, retry_policy, timeout_ms, sources, domains, description, breaker, backup_url, headers, paused, metadata, rate_limit, batch, secret, signature; /colour: unknown field; this object knows: url, credentials, events, enabled, dialect, retry_policy, timeout_ms, sources, domains, description, breaker, backup_url, headers, paused, metadata, rate_limit, batch, secret, signature",
      "errors": [
        {
          "detail": "only https:// URLs are delivered to",
          "pointer": "/url"
        },
        {
          "detail": "a delay is a whole number of seconds from 0 to 172800 (48 h), got -5",
          "pointer": "/retry_policy/delays_seconds/1"
        },
        {
          "detail": "unknown field; this object knows: delays_seconds",
          "pointer": "/retry_policy/jitter"
        },
        {
          "detail": "expected a whole number from 1000 to 15000, got 10",
          "pointer": "/timeout_ms"
        },
        {
          "detail": "expected `src_` followed by 26 characters of Crockford base32 (digits and upper-case letters without I, L, O, U)",
          "pointer": "/sources/0"
        },
        {
          "detail": "a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters",
          "pointer": "/secret"
        },
        {
          "detail": "the dialect `standard` has no such event type; it has: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown, webhook.opened, webhook.closed, webhook.disabled, webhook.enabled, webhook.pending, webhook.verified, delivery.dead, or `*`",
          "pointer": "/events/1"
        },
        {
          "detail": "unknown field; this object knows: url, credentials, events, enabled, dialect, retry_policy, timeout_ms, sources, domains, description, breaker, backup_url, headers, paused, metadata, rate_limit, batch, secret, signature",
          "pointer": "/a~1b~0c"
        },
        {
          "detail": "unknown field; this object knows: url, credentials, events, enabled, dialect, retry_policy, timeout_ms, sources, domains, description, breaker, backup_url, headers, paused, metadata, rate_limit, batch, secret, signature",
          "pointer": "/colour"
        }
      ],
      "request_id": "REQUEST",
      "status": 422,
      "title": "The request is not valid",
      "type": "urn:mailhooks:problem:invalid-request"
    }
    "#);
}

#[tokio::test]
async fn a_flood_of_faults_is_cut_short() {
    let room = Room::start().await;
    let body: serde_json::Map<_, _> = (0..3000).map(|number| (format!("{number:0>15}"), json!(1))).collect();
    let refused = room.admin().post("/api/v1/tenants", &body.into()).await;
    assert_eq!(refused.body["errors"].as_array().map(Vec::len), Some(50));
    let names: Vec<_> = (0..500).map(|number| format!("p{number}=1")).collect();
    let refused = room.admin().get(&format!("/api/v1/tenants?{}", names.join("&"))).await;
    assert!((1..4096).contains(&refused.text("detail").len()));
}

#[tokio::test]
async fn bad_pages_are_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let of_another_list = "MTpldnRfMDFBUlozTkRFS1RTVjRSUkZGUTY5RzVGQVY";
    let mut refusals = Vec::new();
    for query in [
        "limit=0".to_owned(),
        "limit=101".to_owned(),
        "limit=ten".to_owned(),
        "limit=1&limit=2".to_owned(),
        "cursor=".to_owned(),
        "cursor=nonsense".to_owned(),
        format!("cursor={of_another_list}"),
        "page=2&limit=-1".to_owned(),
    ] {
        refusals.push(tenant.get(&format!("/api/v1/webhooks?{query}")).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 invalid-parameter: limit: expected a whole number from 1 to 100
    400 invalid-parameter: limit: expected a whole number from 1 to 100
    400 invalid-parameter: limit: expected a whole number from 1 to 100
    400 invalid-parameter: limit: give it once
    400 invalid-parameter: cursor: not a cursor of this list; give the `next_cursor` of the page before, or leave `cursor` out to start at the beginning
    400 invalid-parameter: cursor: not a cursor of this list; give the `next_cursor` of the page before, or leave `cursor` out to start at the beginning
    400 invalid-parameter: cursor: not a cursor of this list; give the `next_cursor` of the page before, or leave `cursor` out to start at the beginning
    400 invalid-parameter: limit: expected a whole number from 1 to 100; page: unknown parameter; this operation knows: limit, cursor
    "#);
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let room = Room::start().await;
    insta::assert_snapshot!(room.admin().get("/api/v2/webhooks").await, @r#"
    404 {
      "detail": "No such endpoint. See openapi.yaml.",
      "request_id": "REQUEST",
      "status": 404,
      "title": "Not found",
      "type": "urn:mailhooks:problem:not-found"
    }
    "#);
    let put = room.admin().request(Method::PUT, "/api/v1/webhooks").body(Body::empty()).unwrap();
    let put = room.send(put).await;
    insta::assert_snapshot!(put.problem(), @"405 method-not-allowed: This path does not support this method. The `allow` header lists the methods that it supports.");
    assert_eq!(put.headers[header::ALLOW], "GET,HEAD,POST");
}

#[tokio::test]
async fn trouble_with_aws_is_503_and_tells_no_details() {
    let room = Room::start().await;
    room.world.aws.break_call(0, Break::Before);
    let refused = room.admin().get("/api/v1/tenants").await;
    assert_eq!(refused.headers[header::RETRY_AFTER], "5");
    insta::assert_snapshot!(refused, @r#"
    503 {
      "detail": "The request could not be completed now. It may have been done, or done in part. Read the object again before you repeat the request.",
      "request_id": "REQUEST",
      "status": 503,
      "title": "Temporarily unavailable",
      "type": "urn:mailhooks:problem:unavailable"
    }
    "#);
}

#[tokio::test]
async fn the_request_id_is_lambdas() {
    let room = Room::start().await;
    let request = Request::get("/health").header("x-amzn-request-id", "abc-123").body(Body::empty()).unwrap();
    assert_eq!(room.send(request).await.headers["x-request-id"], "abc-123");
}
