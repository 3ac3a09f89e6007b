//! The backup URL gets a second request within the same attempt.

use shared::delivery::{Delivery, DeliveryState, Outcome, Target};
use shared::webhook::{DisabledReason, Webhook, WebhookStatus, WebhookUrl};
use support::seed::TIMEOUT;
use support::world::DELIVERIES;
use support::{Answer, Receiver};

use crate::Scene;

/// A webhook whose URLs are `/main` and `/backup` of a receiver.
async fn with_backup(scene: &Scene, receiver: &Receiver) -> Webhook {
    let backup = WebhookUrl::from_stored(&receiver.url("/backup")).unwrap();
    scene.webhook_with(&receiver.url("/main"), |webhook| Webhook { backup_url: Some(backup), ..webhook }).await
}

/// Makes one attempt. Returns the row that the attempt left.
async fn attempt(scene: &Scene, webhook: &Webhook) -> Delivery {
    attempt_during(scene, webhook, async {}).await
}

/// Makes one attempt while `time` passes. Returns the row that the attempt left.
async fn attempt_during(scene: &Scene, webhook: &Webhook, time: impl Future<Output = ()>) -> Delivery {
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    tokio::join!(scene.world.pump_queue(DELIVERIES), time);
    scene.row(webhook, &event).await
}

/// Waits until a path is called, and then until half of the time limit is over.
async fn hang(scene: &Scene, receiver: &Receiver, path: &str) {
    receiver.reached(path, 1).await;
    scene.world.pass(TIMEOUT / 2).await;
}

fn refused(status: u16) -> Outcome {
    Outcome::RefusedStatus { status, retry_after: None }
}

#[tokio::test]
async fn is_not_asked_while_the_main_url_accepts() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = with_backup(&scene, &receiver).await;
    let row = attempt(&scene, &webhook).await;
    assert_eq!((row.state, row.attempts[0].target), (DeliveryState::Delivered, Target::Primary));
    assert!(receiver.received("/backup").is_empty());
}

#[tokio::test]
async fn what_it_accepts_is_delivered_in_one_attempt_that_says_so() {
    for (answer, main) in [(Answer::Status(500), refused(500)), (Answer::Hang, Outcome::Timeout)] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/main", [answer]);
        let webhook = with_backup(&scene, &receiver).await;
        let row = match main {
            Outcome::Timeout => attempt_during(&scene, &webhook, hang(&scene, &receiver, "/main")).await,
            _ => attempt(&scene, &webhook).await,
        };
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
        let attempt = &row.attempts[0];
        assert_eq!(
            (attempt.outcome, attempt.target),
            (Outcome::Delivered { status: 200 }, Target::Backup { primary: main })
        );
        // The main URL has half of the limit of one second.
        assert_eq!(attempt.duration_ms, if main == Outcome::Timeout { 500 } else { 0 }, "{attempt:?}");
        let (main, backup) = (&receiver.received("/main")[0], &receiver.received("/backup")[0]);
        assert_eq!((main.webhook_id(), &main.body), (backup.webhook_id(), &backup.body));
        assert!(backup.verifies_with(webhook.secrets.current.expose()));
    }
}

#[tokio::test]
async fn both_have_one_time_limit_together() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/main", [Answer::Hang]);
    receiver.script("/backup", [Answer::Hang]);
    let webhook = with_backup(&scene, &receiver).await;
    let both = async {
        hang(&scene, &receiver, "/main").await;
        hang(&scene, &receiver, "/backup").await;
    };
    let row = attempt_during(&scene, &webhook, both).await;
    let attempt = &row.attempts[0];
    assert_eq!((attempt.outcome, attempt.target), (Outcome::Timeout, Target::Backup { primary: Outcome::Timeout }));
    assert_eq!(attempt.duration_ms, 1_000, "{attempt:?}");
}

#[tokio::test]
async fn after_both_failed_the_schedule_and_the_main_urls_wish_decide() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/main", [Answer::Full(503, vec![("retry-after", "600".to_owned())], Vec::new())]);
    // The backup URL is gone, and not the receiver.
    receiver.script("/backup", [Answer::Status(410)]);
    let webhook = with_backup(&scene, &receiver).await;
    let row = attempt(&scene, &webhook).await;
    let DeliveryState::Waiting { next_attempt_at } = row.state else { panic!("{row:?}") };
    assert!(next_attempt_at.duration_since(row.attempts[0].at).as_secs() >= 600);
    assert_eq!(
        (row.attempts[0].outcome, row.attempts[0].target),
        (refused(410), Target::Backup { primary: refused(503) })
    );
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Enabled);
}

#[tokio::test]
async fn gone_at_the_main_url_disables_without_asking_the_backup() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/main", [Answer::Status(410)]);
    let webhook = with_backup(&scene, &receiver).await;
    let row = attempt(&scene, &webhook).await;
    assert!(matches!(row.state, DeliveryState::Dead { .. }));
    assert!(receiver.received("/backup").is_empty());
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Disabled { reason: DisabledReason::Gone });
}

#[tokio::test]
async fn is_guarded_like_the_main_url() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/main", [Answer::Status(500)]);
    let backup_url = Some(WebhookUrl::from_stored("https://169.254.169.254/").unwrap());
    let webhook = scene.webhook_with(&receiver.url("/main"), |webhook| Webhook { backup_url, ..webhook }).await;
    let row = attempt(&scene, &webhook).await;
    assert_eq!(
        (row.attempts[0].outcome, row.attempts[0].target),
        (Outcome::BlockedAddress, Target::Backup { primary: refused(500) })
    );
}
