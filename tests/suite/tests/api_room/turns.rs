//! Rules over all webhooks of a tenant are written although other clients change the webhooks all the time.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures::future::{Either, select};
use serde_json::json;
use support::{Break, World};

use crate::room::{Caller, Room};

/// The call with which a rule is written.
const WRITE: &str = "DynamoDB.TransactWriteItems";
/// How long another client's change may take to come before a rule's write. Reason: it takes 20 ms if nothing holds it
/// up, and a turn lasts longer than this.
const PATIENCE: Duration = Duration::from_millis(300);

/// Changes a webhook of the tenant before each write of a rule, if that is possible.
async fn come_first(room: &Room, tenant: &Caller<'_>) {
    let webhook = json!({ "url": "https://example.com/busy", "events": ["email.bounced"] });
    for number in 0.. {
        room.world.aws.take_calls();
        room.world.aws.break_at(WRITE, 0, Break::Pause);
        if number > 0 {
            room.world.aws.go_on();
        }
        room.world.aws.call_begun(WRITE).await;
        let _made_or_held_up = tokio::time::timeout(PATIENCE, tenant.post("/api/v1/webhooks", &webhook)).await;
    }
}

#[tokio::test]
async fn mailguns_and_mailjets_creations_succeed_although_another_change_always_comes_first() {
    for (path, is_mailjets, media_type, body) in [
        (
            "/v3/domains/example.com/webhooks",
            false,
            "application/x-www-form-urlencoded",
            "id=clicked&url=https://example.com/mailgun".to_owned(),
        ),
        (
            "/v3/REST/eventcallbackurl",
            true,
            "application/json",
            json!({ "EventType": "open", "Url": "https://example.com/mailjet" }).to_string(),
        ),
    ] {
        // A turn ends by the clock, so this is about real time.
        let room = Room::in_world(World::start_in_real_time().await.unwrap(), |config| config);
        let tenant = room.tenant().await;
        let (user, password) = tenant.key.strip_prefix("mh_").unwrap().split_once('_').unwrap();
        let credentials = if is_mailjets { format!("{user}:{password}") } else { format!("api:{}", tenant.key) };
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(credentials)))
            .header(header::CONTENT_TYPE, media_type)
            .body(Body::from(body));
        let (rule, others) = (Box::pin(room.send(request.unwrap())), Box::pin(come_first(&room, &tenant)));
        let Either::Left((answer, _)) = select(rule, others).await else { panic!("the others never end") };
        assert!(matches!(answer.status, 200 | 201), "{path}: {answer}");
    }
}
