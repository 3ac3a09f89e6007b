//! Sending one event to one webhook again.

use serde_json::json;
use shared::event::EventType;
use shared::queue::job::Job;
use support::world::DELIVERIES;

use crate::room::Room;
use crate::webhooks::made;

#[tokio::test]
async fn a_job_of_the_next_round_is_sent() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let webhook = path.rsplit('/').next().unwrap();
    let event = room.world.event(tenant.tenant_id(), "a");
    room.world.events.put(&event).await.unwrap();
    let resend = format!("/api/v1/events/{}/resend", event.id);
    let answer = tenant.post(&resend, &json!({ "webhook_id": webhook })).await;
    assert_eq!(answer.status, 202, "{answer}");
    assert_eq!(answer.body["delivery_id"], format!("{webhook}/{}", event.id));
    let sent = room.world.aws.sqs.messages(DELIVERIES);
    let Ok(Job::Deliver(job)) = Job::from_json(&sent.last().unwrap().body) else { panic!("no delivery") };
    assert_eq!((job.event, job.webhook.to_string().as_str(), job.round, job.resend), (event.id, webhook, 1, true));
    assert!(job.inline.is_some());
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_the_reason() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let body = json!({ "webhook_id": path.rsplit('/').next().unwrap() });
    let mut event = room.world.event(tenant.tenant_id(), "a");
    let resend = |id: String| format!("/api/v1/events/{id}/resend");
    assert_eq!(tenant.post(&resend(event.id.to_string()), &body).await.status, 404, "the event is not stored");

    room.world.events.put(&event).await.unwrap();
    let nobodys = json!({ "webhook_id": "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    for bad in [nobodys, json!({}), json!({ "webhook_id": 7 }), json!({ "webhook": "x" })] {
        let answer = tenant.post(&resend(event.id.to_string()), &bad).await;
        assert_eq!(answer.status, 422, "{bad}: {answer}");
    }
    let other = room.tenant().await;
    assert_eq!(
        other.post(&resend(event.id.to_string()), &body).await.status,
        404,
        "the event belongs to another tenant"
    );

    event = room.world.event(tenant.tenant_id(), "b");
    event.facts.event_type = EventType::Unparsed;
    room.world.events.put(&event).await.unwrap();
    let answer = tenant.post(&resend(event.id.to_string()), &body).await;
    assert_eq!((answer.status, answer.body["type"].as_str()), (409, Some("urn:mailhooks:problem:event-unparsed")));
    assert!(room.world.aws.sqs.messages(DELIVERIES).is_empty());
}
