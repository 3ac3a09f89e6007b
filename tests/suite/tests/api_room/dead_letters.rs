//! The API's list of a tenant's dead letters, across webhooks, page by page.

use shared::delivery::{DeadReason, DeliveryState, Outcome};
use shared::id::TenantId;
use shared::webhook::Webhook;

use crate::deliveries::written;
use crate::room::{Room, nobodys};

/// A webhook with `count` dead letters.
async fn with_dead(room: &Room, tenant: TenantId, count: usize) -> Webhook {
    let webhook = room.world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    for number in 0..count {
        let event = room.world.event(tenant, &number.to_string());
        let dead = DeliveryState::Dead { reason: DeadReason::AttemptsExhausted };
        written(room, &webhook, &event, dead, Outcome::Timeout).await;
    }
    webhook
}

#[tokio::test]
async fn are_listed_across_webhooks_page_by_page() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut webhooks = Vec::new();
    for count in [3, 0, 2, 1] {
        webhooks.push(with_dead(&room, tenant.tenant_id(), count).await);
    }
    let one = tenant.get(&format!("/api/v1/dead-letters?webhook_id={}", webhooks[3].id)).await;
    insta::assert_snapshot!(one, @r#"
    200 {
      "data": [
        {
          "event_id": "evt_ID",
          "event_type": "email.delivered",
          "last_attempt": {
            "address": "203.0.113.7",
            "at": "TIME",
            "duration_ms": 12,
            "number": 1,
            "outcome": "timeout",
            "round": 0
          },
          "reason": "attempts_exhausted",
          "round": 0,
          "round_attempts": 1,
          "state": "dead",
          "updated_at": "TIME",
          "webhook_id": "wh_ID"
        }
      ],
      "next_cursor": null
    }
    "#);
    let all = tenant.get("/api/v1/dead-letters").await;
    assert_eq!(all.data().len(), 6);
    for limit in 1..=6 {
        let (mut listed, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = tenant.get(&format!("/api/v1/dead-letters?limit={limit}{cursor}")).await;
            assert!(page.data().len() <= limit);
            listed.extend(page.data().to_vec());
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(listed, all.data());
    }
}

#[tokio::test]
async fn another_tenants_do_not_show() {
    let room = Room::start().await;
    let (tenant, other) = (room.tenant().await, room.tenant().await);
    let webhook = with_dead(&room, tenant.tenant_id(), 3).await;
    assert_eq!(other.get("/api/v1/dead-letters").await.data().len(), 0);
    let asked = other.get(&format!("/api/v1/dead-letters?limit=1&webhook_id={}", webhook.id)).await;
    insta::assert_snapshot!(asked, @r#"
    200 {
      "data": [],
      "next_cursor": null
    }
    "#);
}

#[tokio::test]
async fn bad_queries_are_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for query in ["webhook_id=x".to_owned(), "cursor=x".to_owned(), format!("webhook={}", nobodys("wh_"))] {
        refusals.push(tenant.get(&format!("/api/v1/dead-letters?{query}")).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    400 invalid-parameter: webhook_id: expected `wh_` followed by 26 characters of Crockford base32 (digits and upper-case letters without I, L, O, U)
    400 invalid-parameter: cursor: not a cursor of this list; give the `next_cursor` of the page before, or leave `cursor` out to start at the beginning
    400 invalid-parameter: webhook: unknown parameter; this operation knows: webhook_id, limit, cursor
    "#);
}
