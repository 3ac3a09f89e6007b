//! An event that cannot be dispatched stops no other event: the events of another tenant arrive once and without delay,
//! and nothing is lost in silence.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::id::TenantId;
use shared::queue::job::Job;
use shared::store::events::event_row;
use shared::webhook::Webhook;
use support::world::{DEAD_LETTER, DELIVERIES, DISPATCH_FAILURES, RETRIES};
use support::{Receiver, World};

use super::accept;

/// A tenant with one webhook, whose receiver accepts everything.
async fn bystander(world: &World) -> (TenantId, Receiver) {
    let tenant = world.tenant().await.unwrap();
    let receiver = Receiver::start().await.unwrap();
    world.webhook(tenant, &receiver.url("/bystander")).await.unwrap();
    (tenant, receiver)
}

/// Puts an event row as no version of mailhooks writes it. Returns the event.
fn put_unreadable_event(world: &World, tenant: TenantId, key: &str) -> Event {
    let event = world.event(tenant, key);
    let row = event_row(&event, 4_000_000_000).unwrap();
    let text = |name: &str| row[name].as_s().unwrap().clone();
    let deep = format!(r#"{{"v":1,"meta":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let row = json!({
        "pk": {"S": text("pk")}, "sk": {"S": text("sk")}, "kind": {"S": "event"}, "ttl": {"N": "4000000000"},
        "json": {"S": deep},
    });
    world.aws.put_unbroken("events", vec![row]).unwrap();
    event
}

/// Makes a webhook's row unreadable. Returns the readable row.
pub(crate) fn spoil_webhook(world: &World, webhook: &Webhook) -> Value {
    let rows = world.aws.scan_unbroken("registry").unwrap();
    let key = format!("W#{}", webhook.id);
    let row = rows.into_iter().find(|row| row["sk"].as_s() == Ok(&key));
    let good = serde_json::to_value(serde_dynamo::Item::from(row.unwrap())).unwrap();
    let mut bad = good.clone();
    bad["v"] = json!({"S": "not a version"});
    world.aws.put_unbroken("registry", vec![bad]).unwrap();
    good
}

#[tokio::test]
async fn an_unreadable_record_goes_to_the_failures_queue_and_the_shard_goes_on() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    let attacker = world.tenant().await.unwrap();
    for number in 0..12 {
        accept(&world, tenant, &format!("event {number}")).await;
        put_unreadable_event(&world, attacker, &format!("bad {number}"));
    }
    assert_eq!(world.pump_stream().await.unwrap(), 24, "nothing is replayed");
    world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 12, "each of the bystander's events once");
    let failures = world.aws.sqs.messages(DISPATCH_FAILURES);
    assert_eq!(failures.len(), 12);
    let failure: Value = serde_json::from_str(&failures[0].body).unwrap();
    assert_eq!(failure["reason"], "unreadable");
    assert!(failure["pk"].as_str().unwrap().starts_with(&attacker.to_string()), "{failure}");
    assert!(failure["sk"].as_str().unwrap().starts_with("evt_"), "{failure}");
}

#[tokio::test]
async fn a_failures_queue_that_does_not_answer_has_the_record_replayed_and_nothing_is_sent_behind_it() {
    let world = World::start().await.unwrap();
    let (tenant, _) = bystander(&world).await;
    put_unreadable_event(&world, tenant, "bad");
    world.aws.sqs.refuse_entries(3);
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    assert!(world.aws.sqs.messages(DISPATCH_FAILURES).is_empty());
    assert_eq!(world.pump_stream().await.unwrap(), 1);
    assert_eq!(world.aws.sqs.messages(DISPATCH_FAILURES).len(), 1);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_waits_alone() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    let (other, others) = bystander(&world).await;
    let webhook = world.webhook(other, &others.url("/second")).await.unwrap();
    let good = spoil_webhook(&world, &webhook);
    for number in 0..3 {
        accept(&world, other, &format!("other {number}")).await;
        accept(&world, tenant, &format!("event {number}")).await;
    }
    assert_eq!(world.pump_stream().await.unwrap(), 6, "nothing is replayed");
    world.pump_queue(DELIVERIES).await;
    let posts_to = |path| others.received(path).len();
    assert_eq!((receiver.count(), posts_to("/bystander"), posts_to("/second")), (3, 3, 0));

    // The jobs come back until the webhook can be read.
    for _ in 0..50 {
        world.clock.advance(SignedDuration::from_hours(1));
        for queue in [DELIVERIES, RETRIES] {
            world.pump_queue(queue).await;
        }
    }
    assert_eq!((receiver.count(), posts_to("/bystander"), posts_to("/second")), (3, 3, 0));
    world.aws.put_unbroken("registry", vec![good]).unwrap();
    world.run_until_idle().await.unwrap();
    assert_eq!((receiver.count(), posts_to("/bystander"), posts_to("/second")), (3, 3, 3));
    assert!(world.aws.sqs.messages(DEAD_LETTER).is_empty());
}

#[tokio::test]
async fn when_no_versions_can_be_read_nothing_is_sent() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    accept(&world, tenant, "a").await;
    world.aws.break_call(0, support::Break::Before);
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    assert!(world.aws.sqs.messages(DELIVERIES).is_empty());
    world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);
}

/// SQS reports that an entry itself is at fault. No later try would help, and the shard must not wait for one.
#[tokio::test]
async fn a_job_that_sqs_refuses_for_good_goes_to_the_failures_queue() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    let refused = world.event(tenant, "a");
    world.events.put(&refused).await.unwrap();
    accept(&world, tenant, "b").await;
    world.aws.sqs.refuse_entries_with(&[refused.id.to_string(), "inline".to_owned()], true);
    assert_eq!(world.pump_stream().await.unwrap(), 2);
    world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);
    let failures = world.aws.sqs.messages(DISPATCH_FAILURES);
    let failure: Value = serde_json::from_str(&failures[0].body).unwrap();
    assert_eq!((failures.len(), &failure["reason"]), (1, &json!("job_refused")));
    assert!(failure["webhook"].as_str().unwrap().starts_with("wh_"), "{failure}");
}

/// `make dispatch-again` writes such a job for a message of the dispatch-failures queue. As long as the row cannot be
/// read, the job is a dead letter, which a redrive tries again; then the event is delivered like any other.
#[tokio::test]
async fn what_the_dispatch_failures_queue_names_is_tried_again() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    let event = put_unreadable_event(&world, tenant, "a");
    assert_eq!(world.pump_stream().await.unwrap(), 1);
    let failures = world.aws.sqs.messages(DISPATCH_FAILURES);
    let failure: Value = serde_json::from_str(&failures[0].body).unwrap();
    let named_tenant = failure["pk"].as_str().unwrap().split('#').next().unwrap();
    let job = json!({"v": 1, "kind": "dispatch", "tenant": named_tenant, "event": failure["sk"]});
    world.aws.sqs.put(DELIVERIES, &job.to_string());
    world.run_until_idle().await.unwrap();
    let letters = world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!((letters.len(), receiver.count()), (1, 0));
    assert_eq!(letters[0].attributes["reason"], "unreadable");

    world.aws.put_unbroken("events", vec![readable_row(&event)]).unwrap();
    world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);
}

/// The row of an event as this version writes it.
fn readable_row(event: &Event) -> Value {
    serde_json::to_value(serde_dynamo::Item::from(event_row(event, 4_000_000_000).unwrap())).unwrap()
}

/// A job that names its delivery and cannot be read becomes a dead delivery, which is reported, listed and redriven.
#[tokio::test]
async fn an_unreadable_job_becomes_a_dead_delivery_and_a_redrive_delivers_it() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    let webhook = world.webhook(tenant, &receiver.url("/second")).await.unwrap();
    let event = world.event(tenant, "a");
    world.events.put(&event).await.unwrap();
    world.forget_stream().unwrap();
    let good = Job::first(webhook.id, &event).to_json();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bad = good.replacen(r#""inline":{"#, &format!(r#""inline":{{"meta":{{"x":{deep}}},"#), 1);
    assert!(Job::from_json(&bad).is_err());
    world.aws.sqs.put(DELIVERIES, &bad);
    world.aws.sqs.put(DELIVERIES, &bad);
    world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 0);
    let row = world.deliveries.get(tenant, webhook.id, event.id).await.unwrap().unwrap();
    assert!(matches!(row.state, DeliveryState::Dead { reason } if reason.as_str() == "unreadable"), "{row:?}");
    let told = world.told().unwrap();
    assert_eq!(told.len(), 1, "delivery.dead, once: {told:?}");
    let letters = world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters[0].attributes["reason"], "unreadable");
    assert_eq!(letters[0].attributes["event"], event.id.to_string());

    world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1, "the stored event was readable all the time");
}

/// A job that refers to an event whose row cannot be read becomes a dead delivery. It does not come back until SQS
/// moves it to the dead-letter queue without a dead delivery.
#[tokio::test]
async fn an_event_whose_row_is_unreadable_is_a_dead_delivery() {
    let world = World::start().await.unwrap();
    let (tenant, receiver) = bystander(&world).await;
    let webhook = world.webhook(tenant, &receiver.url("/second")).await.unwrap();
    let event = put_unreadable_event(&world, tenant, "a");
    world.forget_stream().unwrap();
    let Job::Deliver(job) = Job::first(webhook.id, &event) else { unreachable!() };
    world.aws.sqs.put(DELIVERIES, &Job::Deliver(shared::queue::job::DeliverJob { inline: None, ..job }).to_json());
    world.run_until_idle().await.unwrap();
    let row = world.deliveries.get(tenant, webhook.id, event.id).await.unwrap().unwrap();
    assert!(matches!(row.state, DeliveryState::Dead { reason } if reason.as_str() == "unreadable"), "{row:?}");
    assert_eq!(world.aws.sqs.messages(DEAD_LETTER).len(), 1);
}
