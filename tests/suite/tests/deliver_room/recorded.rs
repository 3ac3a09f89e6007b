//! SQS messages in the form that AWS documents, with our job in one of them.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use support::World;
use support::receiver::Receiver;
use support::world::{DEAD_LETTER, DELIVERIES};

#[tokio::test]
async fn the_example_of_aws_is_read_as_messages() {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    let receiver = Receiver::start().await.unwrap();
    world.webhook(tenant, &receiver.url("/")).await.unwrap();
    world.events.put(&world.event(tenant, "recorded")).await.unwrap();
    world.pump_stream().await.unwrap();
    let job = world.aws.sqs.messages(DELIVERIES)[0].body.clone();

    let mut event: Value = serde_json::from_str(include_str!("../../aws_events/sqs.json")).unwrap();
    event["Records"][1]["body"] = Value::String(job);
    let event: SqsEvent = serde_json::from_value(event).unwrap();
    let mut context = Context::default();
    context.deadline = u64::MAX;
    let room = world.another_deliver(|_| {}).unwrap();
    let answer = deliver::handle(LambdaEvent::new(event, context), &room).await.unwrap();
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    assert_eq!(receiver.count(), 1);
    // The example's own body is no job. It becomes a dead letter, and its message is deleted.
    let letters = world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body.contains("Test message."), "{}", letters[0].body);
}
