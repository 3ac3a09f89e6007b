//! What the log tells of a job: its ids, in the spans of the invocation, of the message and of the webhook.

use shared::breaker::BreakerSettings;
use shared::event::Event;
use shared::queue::job::{DispatchJob, Job, Sweep};
use shared::rate_limit::RateLimit;
use shared::webhook::Webhook;
use support::log_lines::{LogLine, LogLines};
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Break, Receiver};

use crate::Scene;
use crate::batch::grouping;

/// Checks that a line has the ids of a delivery and of its message, and has each of them once.
fn assert_is_about(line: &LogLine, webhook: &Webhook, event: &Event) {
    assert_eq!(line.id("event.id"), Some(event.id.to_string().as_str()), "{line:?}");
    assert!(line.id("message.id").is_some_and(|id| id.starts_with("message-")), "{line:?}");
    assert_is_of(line, webhook);
}

/// Checks that a line has the ids of a webhook and of the invocation, and has each of them once.
fn assert_is_of(line: &LogLine, webhook: &Webhook) {
    assert_eq!(line.id("request_id"), Some("request-1"), "{line:?}");
    assert_eq!(line.id("tenant.id"), Some(webhook.tenant.to_string().as_str()), "{line:?}");
    assert_eq!(line.id("webhook.id"), Some(webhook.id.to_string().as_str()), "{line:?}");
    for field in ["request_id", "message.id", "tenant.id", "webhook.id", "event.id"] {
        assert!(!line.repeats(field), "{line:?}");
    }
}

#[tokio::test]
async fn a_job_that_fails_is_logged_once_with_the_ids_of_its_message() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    let lines = LogLines::collect();
    // The attempt is made, and cannot be recorded.
    scene.world.aws.break_at("DynamoDB.UpdateItem", 0, Break::Before);
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 1);
    assert_is_about(&lines.only("the job could not be carried out"), &webhook, &event);
    assert_eq!(lines.all().len(), 1, "{:?}", lines.all());
}

#[tokio::test]
async fn jobs_that_run_at_the_same_time_keep_their_own_ids() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    let mut webhooks = Vec::new();
    for batch in [1, 10] {
        webhooks.push(scene.webhook_with(&receiver.url("/down"), grouping(batch)).await);
    }
    let events = [scene.accept("a").await, scene.accept("b").await, scene.accept("c").await];
    scene.world.pump_stream().await.unwrap();
    let lines = LogLines::collect();
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 6);
    assert_eq!(receiver.received("/down").len(), 4, "three POSTs of one event, and one POST of three");
    let lines = lines.all();
    assert_eq!(lines.len(), 6, "{lines:?}");
    for event in &events {
        let text = format!("attempt 1 of {} failed", event.id);
        for webhook in &webhooks {
            let id = webhook.id.to_string();
            let of_webhook = |line: &&LogLine| line.message() == text && line.id("webhook.id") == Some(id.as_str());
            let found: Vec<_> = lines.iter().filter(of_webhook).collect();
            assert_eq!(found.len(), 1, "{text}: {lines:?}");
            assert_is_about(found[0], webhook, event);
        }
    }
}

#[tokio::test]
async fn a_failure_of_the_jobs_of_one_webhook_is_logged_once_with_the_webhook() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let limited = |webhook| Webhook { rate_limit: RateLimit::new(5), ..webhook };
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited).await;
    for key in ["a", "b", "c"] {
        scene.accept(key).await;
    }
    scene.world.pump_stream().await.unwrap();
    for (operation, text) in [
        ("DynamoDB.GetItem", "the webhook could not be read; 3 jobs come back"),
        ("DynamoDB.UpdateItem", "no slots could be claimed; 3 jobs come back"),
    ] {
        let lines = LogLines::collect();
        scene.world.aws.break_at(operation, 0, Break::Before);
        assert_eq!(scene.world.pump_queue(DELIVERIES).await, 3);
        let line = lines.only(text);
        assert_is_of(&line, &webhook);
        assert_eq!((line.id("message.id"), line.id("event.id")), (None, None));
        assert_eq!(lines.all().len(), 1, "{:?}", lines.all());
        scene.world.clock.advance(support::sqs::VISIBILITY);
    }
    assert!(receiver.received("/hook").is_empty());
}

#[tokio::test]
async fn what_becomes_of_a_webhook_is_logged_with_its_ids() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    receiver.script("/gone", [Answer::Status(410)]);
    let breaker = BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 2 };
    let fragile = |webhook| Webhook { breaker, ..webhook };
    let down = scene.webhook_with(&receiver.url("/down"), fragile).await;
    let gone = scene.world.webhook(scene.tenant, &receiver.url("/gone")).await.unwrap();
    scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    let lines = LogLines::collect();
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 2);
    assert_is_of(&lines.only("the breaker is open"), &down);
    assert_is_of(&lines.only("the webhook is disabled: gone"), &gone);
}

#[tokio::test]
async fn an_entry_that_a_queue_refuses_is_logged_with_the_queue_and_the_ids_of_its_job() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/down")).await.unwrap();
    let event = scene.accept("a").await;
    scene.accept("b").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.sqs.refuse_entries_with(&[event.id.to_string()], true);
    let lines = LogLines::collect();
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 2);
    let line = lines.only("SQS did not confirm 1 of 1 entries of SendMessageBatch at the queue retries: InternalError");
    assert_is_about(&line, &webhook, &event);
    assert_eq!(line.own("error.code"), "InternalError");
    assert_eq!((line.own("queue.name"), line.own("queue.operation")), (&"retries".into(), &"SendMessageBatch".into()));
    assert_eq!((line.own("entries.failed"), line.own("entries.total")), (&1.into(), &1.into()));
}

#[tokio::test]
async fn what_cannot_be_read_is_logged_with_the_ids_that_are_known() {
    let scene = Scene::start().await;
    let webhook = scene.world.webhook(scene.tenant, "http://127.0.0.1:9/").await.unwrap();
    let event = scene.accept("a").await;
    let good = Job::first(webhook.id, &event).to_json();
    for (body, is_named) in
        [("not a job".to_owned(), false), (good.replacen(r#""provider":"own""#, r#""provider":7"#, 1), true)]
    {
        assert_ne!(body, good);
        scene.world.aws.sqs.put(RETRIES, &body);
        let lines = LogLines::collect();
        assert_eq!(scene.world.pump_queue(RETRIES).await, 1);
        let [line] = &lines.all()[..] else { panic!("{:?}", lines.all()) };
        assert!(line.message().starts_with("the message is given up: "), "{line:?}");
        if is_named {
            assert_is_about(line, &webhook, &event);
        } else {
            assert!(line.id("message.id").is_some() && line.id("tenant.id").is_none(), "{line:?}");
        }
    }
}

#[tokio::test]
async fn what_a_sweep_finds_is_logged_with_its_webhook() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let paused = scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { paused: true, ..webhook }).await;
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    // As after an interrupted request: the webhook takes attempts again, and nothing releases what it holds.
    let resumed = Webhook { paused: false, ..paused };
    scene.world.registry.webhook_writer.replace(&resumed, None).await.unwrap();
    scene.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    let lines = LogLines::collect();
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 1);
    assert_is_of(&lines.only("the webhook holds deliveries without a reason; they are released"), &resumed);
}

/// Its job was a dead letter for longer than the retention, and nothing else tells of the event.
#[tokio::test]
async fn an_event_that_expired_before_its_first_jobs_were_sent_is_logged() {
    let scene = Scene::start().await;
    let event = scene.world.event(scene.tenant, "not stored any more");
    scene.world.aws.sqs.put(DELIVERIES, &Job::Dispatch(DispatchJob::of(&event)).to_json());
    let lines = LogLines::collect();
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 1);
    let line = lines.only("the event has expired before its first jobs were sent; nothing of it is delivered");
    assert_eq!(line.id("event.id"), Some(event.id.to_string().as_str()), "{line:?}");
    assert_eq!(line.id("tenant.id"), Some(scene.tenant.to_string().as_str()), "{line:?}");
}
