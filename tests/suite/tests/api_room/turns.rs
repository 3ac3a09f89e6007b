//! Rules over all webhooks of a tenant are written although other clients change the webhooks all the time.

use axum::body::Body;
use axum::http::{Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures::future::{Either, select};
use jiff::SignedDuration;
use serde_json::json;
use shared::store::StoreError;
use support::Break;

use crate::room::{Caller, Room};

/// The call with which a rule is written.
const WRITE: &str = "DynamoDB.TransactWriteItems";

/// Lets another change of the tenant's webhooks come before each write of a rule, until a rule has the turn. Returns
/// how often the other change came first.
async fn come_first(room: &Room, tenant: &Caller<'_>) -> usize {
    for changes in 0.. {
        room.world.aws.take_calls();
        room.world.aws.break_at(WRITE, 0, Break::Pause);
        if changes > 0 {
            room.world.aws.go_on();
        }
        room.world.aws.call_begun(WRITE).await;
        let writer = &room.world.registry.webhook_writer;
        match writer.take_number(tenant.tenant_id(), room.world.clock.now()).await {
            Ok(number) => assert!(number.is_some()),
            Err(StoreError::Conflict) => {
                room.world.aws.go_on();
                return changes;
            }
            Err(error) => panic!("{error}"),
        }
    }
    unreachable!("there is no last number")
}

fn mailgun(tenant: &Caller<'_>) -> Request<Body> {
    Request::post("/v3/domains/example.com/webhooks")
        .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(format!("api:{}", tenant.key))))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("id=clicked&url=https://example.com/mailgun"))
        .unwrap()
}

fn mailjet(tenant: &Caller<'_>) -> Request<Body> {
    let (user, password) = tenant.key.strip_prefix("mh_").unwrap().split_once('_').unwrap();
    Request::post("/v3/REST/eventcallbackurl")
        .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "EventType": "open", "Url": "https://example.com/mailjet" }).to_string()))
        .unwrap()
}

#[tokio::test]
async fn mailguns_and_mailjets_creations_succeed_although_another_change_always_comes_first() {
    for request in [mailgun, mailjet] {
        let room = Room::start().await;
        let tenant = room.tenant().await;
        let rule = Box::pin(room.send(request(&tenant)));
        let others = Box::pin(come_first(&room, &tenant));
        let answer = match select(rule, others).await {
            Either::Left((answer, _)) => answer,
            Either::Right((changes, rule)) => {
                assert!(changes > 1);
                rule.await
            }
        };
        assert!(matches!(answer.status, 200 | 201), "{answer}");
        // The rule has ended its turn: nobody waits.
        let webhook = json!({ "url": "https://example.com/1", "events": ["*"] });
        assert_eq!(tenant.post("/api/v1/webhooks", &webhook).await.status, 201);
    }
}

/// The function that has the turn may be killed.
#[tokio::test]
async fn a_turn_ends_by_itself_and_the_next_one_comes_later() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let (id, writer) = (tenant.tenant_id(), &room.world.registry.webhook_writer);
    let take_turn = async || writer.take_turn(id, room.world.clock.now()).await.unwrap();
    let webhook = json!({ "url": "https://example.com/1", "events": ["*"] });
    let made = tenant.post("/api/v1/webhooks", &webhook).await.text("id");
    let (path, began) = (format!("/api/v1/webhooks/{made}"), room.world.clock.now());
    assert!(take_turn().await);
    for answer in [
        tenant.post("/api/v1/webhooks", &webhook).await,
        tenant.patch(&path, &json!({ "description": "x" })).await,
        tenant.patch(&path, &json!({ "url": "https://other.example.com/" })).await,
        tenant.delete(&path).await,
    ] {
        assert_eq!((answer.status, answer.text("type").as_str()), (409, "urn:mailhooks:problem:conflict"));
    }
    let left = |millis| (began + SignedDuration::from_millis(millis)).duration_since(room.world.clock.now());
    room.world.clock.advance(left(500));
    assert_eq!(tenant.patch(&path, &json!({ "description": "x" })).await.status, 200);
    assert!(!take_turn().await, "not again so soon");
    room.world.clock.advance(left(2_500));
    assert!(take_turn().await);
    room.world.clock.advance(SignedDuration::from_millis(500));
    assert_eq!(tenant.delete(&path).await.status, 204);
}
