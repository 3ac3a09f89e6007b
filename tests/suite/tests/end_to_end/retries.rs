//! A receiver that fails twice and then recovers.

use serde_json::{Value, json};
use support::{Answer, Receiver};

use crate::stack::{Stack, eventually};

#[tokio::test]
async fn two_failures_then_success_are_three_attempts_with_growing_gaps() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/flaky", [Answer::Status(500), Answer::Status(500), Answer::Status(200)]);
    let webhook = json!({
        "url": receiver.url("/flaky"), "events": ["email.delivered"], "retry_policy": {"delays_seconds": [1, 4]},
    });
    let webhook = tenant.create("/api/v1/webhooks", webhook).await;
    let event = tenant.publish("flaky-1").await;

    let path = format!("/api/v1/webhooks/{}/deliveries/{event}", webhook["id"].as_str().unwrap());
    let delivery = eventually(60, "delivered after retries", || async {
        let answer = tenant.call(reqwest::Method::GET, &path, None).await;
        (answer.status == 200 && answer.body["state"] == "delivered").then_some(answer.body)
    })
    .await;
    let attempts = delivery["attempts"].as_array().unwrap();
    let seen: Vec<_> = attempts.iter().map(|attempt| (&attempt["outcome"], &attempt["status"])).collect();
    let (refused, delivered) = (json!("refused_status"), json!("delivered"));
    assert_eq!(seen, [(&refused, &json!(500)), (&refused, &json!(500)), (&delivered, &json!(200))]);
    assert!(attempts.iter().all(|attempt| attempt["duration_ms"].is_u64()), "{attempts:?}");

    let at = |attempt: &Value| attempt["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let gaps: Vec<_> = attempts.windows(2).map(|pair| at(&pair[1]).duration_since(at(&pair[0])).as_millis()).collect();
    assert!(gaps[0] >= 900 && gaps[1] >= 3_600 && gaps[1] > gaps[0], "{gaps:?}");
    let ids: Vec<_> = receiver.received("/flaky").iter().map(|request| request.webhook_id().to_owned()).collect();
    assert_eq!(ids, vec![event; 3]);
}
