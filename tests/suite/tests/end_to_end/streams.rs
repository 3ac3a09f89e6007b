//! A webhook whose URL is a queue of the emulator's SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use serde_json::{Value, json};

use crate::stack::{Stack, Tenant, eventually};

/// Ending of a FIFO queue's name.
const FIFO: &str = ".fifo";

/// The tenant's own access key. The emulator accepts every key.
fn credentials() -> Value {
    json!({ "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" })
}

/// Creates a queue. Returns its URL on the emulator, and its ARN.
async fn queue(stack: &Stack, name: &str) -> (String, String) {
    let sqs = stack.sqs();
    let mut call = sqs.create_queue().queue_name(name);
    if name.ends_with(FIFO) {
        call = call.attributes(QueueAttributeName::FifoQueue, "true");
    }
    let url = call.send().await.unwrap().queue_url.unwrap();
    let read = sqs.get_queue_attributes().queue_url(&url).attribute_names(QueueAttributeName::QueueArn);
    let arn = read.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    (url, arn)
}

/// Receives messages of a queue until there are this many.
async fn received(stack: &Stack, url: &str, count: usize) -> Vec<Message> {
    let sqs = stack.sqs();
    let mut messages: Vec<Message> = Vec::new();
    while messages.len() < count {
        let more = eventually(60, "a message in the queue", || async {
            let call = sqs.receive_message().queue_url(url).message_attribute_names("All").max_number_of_messages(10);
            call.send().await.unwrap().messages.filter(|messages| !messages.is_empty())
        })
        .await;
        for message in &more {
            let receipt = message.receipt_handle().unwrap();
            sqs.delete_message().queue_url(url).receipt_handle(receipt).send().await.unwrap();
        }
        messages.extend(more);
    }
    messages
}

fn attributes(message: &Message) -> BTreeMap<String, String> {
    let attributes = message.message_attributes().unwrap().iter();
    attributes.map(|(name, value)| (name.clone(), value.string_value().unwrap().to_owned())).collect()
}

async fn webhook(tenant: &Tenant<'_>, arn: &str, dialect: &str) -> Value {
    Stack::sensitive("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let body = json!({ "url": arn, "credentials": credentials(), "events": ["email.delivered"], "dialect": dialect });
    tenant.create("/api/v1/webhooks", body).await
}

async fn delivered(tenant: &Tenant<'_>, webhook: &Value, event: &str) -> Value {
    let path = format!("/api/v1/webhooks/{}/deliveries/{event}", webhook["id"].as_str().unwrap());
    eventually(60, "delivered to the queue", || async {
        let answer = tenant.call(reqwest::Method::GET, &path, None).await;
        (answer.status == 200 && answer.body["state"] == "delivered").then_some(answer.body)
    })
    .await
}

#[tokio::test]
async fn a_queue_gets_bodies_and_attributes_that_verify() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let (url, arn) = queue(&stack, &format!("mail-events-{}", &tenant.id[4..])).await;
    let webhook = webhook(&tenant, &arn, "standard").await;
    assert_eq!(webhook["url"], arn);
    assert_eq!(webhook["credentials"], json!({ "kind": "sqs", "access_key_id": "AKIAIOSFODNN7EXAMPLE" }));
    let event = tenant.publish("to-a-queue").await;

    let message = received(&stack, &url, 1).await.remove(0);
    let attributes = attributes(&message);
    assert_eq!(attributes["event_type"], "email.delivered");
    assert_eq!(attributes["event_id"], event);
    assert_eq!(attributes["webhook-id"], event);
    assert_eq!(attributes["tenant_id"], tenant.id);
    assert_eq!(attributes["content_type"], "application/json");
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, attributes[name].parse().unwrap());
    }
    let verifier = standardwebhooks::Webhook::new(webhook["secret"].as_str().unwrap()).unwrap();
    verifier.verify(message.body().unwrap().as_bytes(), &headers).unwrap();
    let body: Value = serde_json::from_str(message.body().unwrap()).unwrap();
    assert_eq!((&body["type"], &body["data"]["event_id"]), (&json!("email.delivered"), &json!(event)));

    let delivery = delivered(&tenant, &webhook, &event).await;
    let attempts = delivery["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[0]["status"]), (1, &json!(200)));
}

#[tokio::test]
async fn a_fifo_queue_gets_group_and_deduplication_and_what_waited_until_it_was_there() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let name = format!("mail-events-{}{FIFO}", &tenant.id[4..]);
    // A URL where any queue of this account would be.
    let (_, other) = queue(&stack, &format!("other-{}", &tenant.id[4..])).await;
    let arn = format!("{}:{name}", other.rsplit_once(':').unwrap().0);
    let webhook = webhook(&tenant, &arn, "mailgreet").await;
    let path = format!("/api/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    let soon = json!({ "retry_policy": { "delays_seconds": [3, 3, 3, 3, 3, 3] } });
    assert_eq!(tenant.call(reqwest::Method::PATCH, &path, Some(soon)).await.status, 200);
    let event = tenant.publish("to-a-fifo-queue").await;
    let refused = eventually(60, "refused once", || async {
        let answer = tenant.call(reqwest::Method::GET, &format!("{path}/deliveries/{event}"), None).await;
        answer.body["attempts"].as_array().map(|attempts| attempts[0].clone())
    })
    .await;
    assert_eq!((&refused["outcome"], &refused["status"]), (&json!("refused_status"), &json!(400)));
    // The error's name in SQS's present protocol, or in the previous one.
    let says = refused["answer"].as_str().unwrap();
    assert!(says.contains("QueueDoesNotExist") || says.contains("NonExistentQueue"), "{refused}");

    let (url, _) = queue(&stack, &name).await;
    let message = received(&stack, &url, 1).await.remove(0);
    assert_eq!(attributes(&message)["webhook-id"], event);
    assert!(attributes(&message)["x-mailgreet-signature"].starts_with("sha256="));
    delivered(&tenant, &webhook, &event).await;
}
