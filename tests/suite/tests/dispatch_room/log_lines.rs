//! What the log tells of a stream record: its ids, in the spans of the invocation and of the record.

use jiff::SignedDuration;
use serde_json::json;
use support::log_lines::LogLines;
use support::{Break, World};

use super::isolation::spoil_webhook;
use super::{accept, world};

#[tokio::test]
async fn entries_that_a_queue_refuses_are_logged_once_for_their_record() {
    let (world, tenant) = world().await;
    for number in 0..3 {
        world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
    }
    let event = world.event(tenant, "a");
    world.events.put(&event).await.unwrap();
    // The refused event is first in the stream, so that no record is done.
    world.tick();
    accept(&world, tenant, "b").await;
    world.aws.sqs.refuse_entries_with(&[event.id.to_string()], false);
    let lines = LogLines::collect();
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    let line =
        lines.only("SQS did not confirm 3 of 3 entries of SendMessageBatch at the queue deliveries: InternalError");
    assert_eq!(lines.all().len(), 1, "{:?}", lines.all());
    assert_eq!(line.id("request_id"), Some("request-1"));
    assert_eq!(line.id("record.sequence_number"), Some(event.id.to_string().as_str()));
    assert_eq!(line.id("event.id"), Some(event.id.to_string().as_str()));
    assert_eq!(line.id("tenant.id"), Some(tenant.to_string().as_str()));
    for field in ["request_id", "record.sequence_number", "event.id", "tenant.id"] {
        assert!(!line.repeats(field), "{line:?}");
    }
}

#[tokio::test]
async fn what_is_about_the_whole_batch_is_logged_with_the_invocation_alone() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    accept(&world, tenant, "a").await;
    let lines = LogLines::collect();
    assert_eq!(world.pump_stream_within(SignedDuration::from_secs(4)).await.unwrap(), 0);
    world.aws.break_call(0, Break::Before);
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    for text in ["time is up with 1 of 1 records to go", "could not read which webhooks have changed"] {
        let line = lines.only(text);
        assert_eq!((line.id("request_id"), line.id("tenant.id")), (Some("request-1"), None));
    }
}

#[tokio::test]
async fn a_tenant_whose_webhooks_cannot_be_read_is_logged_once_with_its_id() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    world.edit_row("registry", "TENANT", |row| row["webhooks_version"] = json!({ "S": "not a number" })).unwrap();
    accept(&world, tenant, "first").await;
    accept(&world, tenant, "second").await;
    let lines = LogLines::collect();
    assert_eq!(world.pump_stream().await.unwrap(), 2);
    let line = lines.only("the tenant's webhooks cannot be read; deliver dispatches its events");
    assert_eq!(lines.all().len(), 1);
    assert_eq!((line.id("request_id"), line.id("tenant.id")), (Some("request-1"), Some(tenant.to_string().as_str())));
    assert!(!line.repeats("tenant.id"), "{line:?}");
}

#[tokio::test]
async fn a_webhook_that_cannot_be_read_is_logged_once_with_the_id_of_its_tenant() {
    let world = World::start().await.unwrap();
    let tenants = [world.tenant().await.unwrap(), world.tenant().await.unwrap()];
    for tenant in tenants {
        let webhook = world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
        spoil_webhook(&world, &webhook);
        accept(&world, tenant, &format!("first of {tenant}")).await;
        accept(&world, tenant, &format!("second of {tenant}")).await;
    }
    let lines = LogLines::collect();
    assert_eq!(world.pump_stream().await.unwrap(), 4);
    let lines = lines.all();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for tenant in tenants {
        let id = tenant.to_string();
        let line = lines.iter().find(|line| line.id("tenant.id") == Some(id.as_str())).expect("a line of each tenant");
        assert!(line.message().ends_with("cannot be read; the other rows of the list are not affected"), "{line:?}");
        assert_eq!(line.id("request_id"), Some("request-1"));
        assert!(!line.repeats("tenant.id"), "{line:?}");
    }
}
