//! Stream records in the form that AWS documents, with our row in one of them.

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::Value;
use support::world::{DELIVERIES, DISPATCH_FAILURES};

use super::{accept, world};

#[tokio::test]
async fn the_example_of_aws_is_read_as_records() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    accept(&world, tenant, "recorded").await;
    let ours = serde_json::to_value(world.next_stream_batch(1).unwrap().unwrap()).unwrap();
    let mut event: Value = serde_json::from_str(include_str!("../../aws_events/stream.json")).unwrap();
    let mut added = event["Records"][0].clone();
    added["dynamodb"]["NewImage"] = ours["Records"][0]["dynamodb"]["NewImage"].clone();
    added["dynamodb"]["SequenceNumber"] = "444".into();
    event["Records"].as_array_mut().unwrap().push(added);

    let event: StreamEvent = serde_json::from_value(event).unwrap();
    let mut context = Context::default();
    context.deadline = u64::MAX;
    let answer = dispatch::handle(LambdaEvent::new(event, context), &world.another_dispatch()).await.unwrap();
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), 1);
    // The rows of the example are no events of ours. The filter of the template leaves out such rows. If such a row
    // arrives nevertheless, its sequence number is in the failures queue, and the others go on.
    let failures = world.aws.sqs.messages(DISPATCH_FAILURES);
    let numbers: Vec<_> = ["111", "222", "333"]
        .into_iter()
        .filter(|number| failures.iter().any(|message| message.body.contains(number)))
        .collect();
    assert_eq!(numbers, ["111", "222", "333"]);
}
