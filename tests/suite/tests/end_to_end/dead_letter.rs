//! A receiver that always fails, the dead letter that follows, and the redrive.

use aws_sdk_sqs::types::Message;
use serde_json::json;
use support::{Answer, Receiver};

use crate::stack::{Stack, Tenant, eventually};

/// How long a received dead letter is hidden. Reason: other tests must be able to look for their own dead letters in
/// between, and the receipt must stay valid until then, also on a busy machine.
const HIDDEN_SECONDS: i32 = 5;

/// Moves a dead letter to the deliveries queue as SQS's own redrive does: it sends the body `copies` times, then
/// deletes the dead letter.
async fn move_back(stack: &Stack, event: &str, copies: usize) {
    let sqs = stack.sqs();
    let letter: Message = eventually(30, "the dead letter in its queue", || async {
        let answer = sqs
            .receive_message()
            .queue_url(stack.dead_letter_queue())
            .max_number_of_messages(10)
            .visibility_timeout(HIDDEN_SECONDS)
            .send()
            .await
            .unwrap();
        answer.messages.unwrap_or_default().into_iter().find(|message| message.body().unwrap_or("").contains(event))
    })
    .await;
    for _ in 0..copies {
        let call = sqs.send_message().queue_url(stack.deliveries_queue()).message_body(letter.body().unwrap());
        call.send().await.unwrap();
    }
    let receipt = letter.receipt_handle().unwrap();
    sqs.delete_message().queue_url(stack.dead_letter_queue()).receipt_handle(receipt).send().await.unwrap();
}

async fn in_state(tenant: &Tenant<'_>, path: &str, state: &str, attempts: usize) -> serde_json::Value {
    eventually(60, &format!("{state} after {attempts} attempts"), || async {
        let answer = tenant.call(reqwest::Method::GET, path, None).await;
        let made = answer.body["attempts"].as_array().map_or(0, Vec::len);
        (answer.body["state"] == state && made == attempts).then_some(answer.body)
    })
    .await
}

#[tokio::test]
async fn a_dead_letter_comes_back_with_a_full_round_and_is_delivered_once() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(503)]);
    let webhook = json!({"url": receiver.url("/down"), "events": ["*"], "retry_policy": {"delays_seconds": [1]}});
    let webhook = tenant.create("/api/v1/webhooks", webhook).await;
    let event = tenant.publish("dead-1").await;
    let path = format!("/api/v1/webhooks/{}/deliveries/{event}", webhook["id"].as_str().unwrap());

    let dead = in_state(&tenant, &path, "dead", 2).await;
    assert_eq!(dead["reason"], "attempts_exhausted");
    let letters = tenant.get("/api/v1/dead-letters").await;
    assert_eq!(letters["data"][0]["event_id"], event.as_str(), "{letters}");

    // The receiver is still down. The new round is a full one: two attempts again.
    move_back(&stack, &event, 1).await;
    in_state(&tenant, &path, "dead", 4).await;

    // The receiver is up again, and the same dead letter is moved twice. The event is delivered once.
    receiver.script("/down", [Answer::Status(200)]);
    move_back(&stack, &event, 2).await;
    in_state(&tenant, &path, "delivered", 5).await;
    let later = tenant.publish("dead-2").await;
    eventually(30, "the later event", || async {
        receiver.received("/down").iter().any(|request| request.webhook_id() == later).then_some(())
    })
    .await;
    let of_event = receiver.received("/down").iter().filter(|request| request.webhook_id() == event).count();
    assert_eq!(of_event, 5);
}

#[tokio::test]
async fn a_message_that_is_no_job_ends_in_the_dead_letter_queue() {
    let stack = Stack::deployed();
    let poison = "poison: not a job at all";
    let sqs = stack.sqs();
    sqs.send_message().queue_url(stack.deliveries_queue()).message_body(poison).send().await.unwrap();
    eventually(30, "the poison message", || async {
        let call = sqs.receive_message().queue_url(stack.dead_letter_queue()).max_number_of_messages(10);
        let messages = call.visibility_timeout(HIDDEN_SECONDS).send().await.unwrap().messages.unwrap_or_default();
        let found = messages.into_iter().find(|message| message.body().unwrap_or_default().contains("poison"))?;
        let receipt = found.receipt_handle().unwrap();
        sqs.delete_message().queue_url(stack.dead_letter_queue()).receipt_handle(receipt).send().await.unwrap();
        Some(())
    })
    .await;
}
