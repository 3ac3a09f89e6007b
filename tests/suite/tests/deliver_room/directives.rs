//! What receivers ask for in the header `webhook-delivery` of their answer.

use shared::delivery::{DeadReason, DeliveryState};
use shared::webhook::{DisabledReason, Webhook, WebhookStatus, WebhookUrl};
use support::world::DEAD_LETTER;
use support::{Answer, Break, Receiver};

use crate::Scene;

const ASKED: WebhookStatus = WebhookStatus::Disabled { reason: DisabledReason::ReceiverAsked };

fn asking(status: u16, word: &str) -> Answer {
    Answer::Full(status, vec![("webhook-delivery", word.to_owned())], Vec::new())
}

/// The states of the delivery and the webhook after everything that `answer` led to, and the number of requests.
async fn after(answer: Answer) -> (DeliveryState, WebhookStatus, usize) {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [answer]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let state = scene.row(&webhook, &event).await.state;
    let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
    match state {
        DeliveryState::Dead { reason } => assert_eq!(letters[0].attributes["reason"], reason.as_str()),
        _ => assert!(letters.is_empty()),
    }
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    (state, stored.status, receiver.count())
}

#[tokio::test]
async fn are_heeded() {
    let dead = |reason| DeliveryState::Dead { reason };
    let enabled = WebhookStatus::Enabled;
    for (answer, expected) in [
        (asking(500, "abort-message"), (dead(DeadReason::Aborted), enabled, 1)),
        (asking(503, " Abort-Message "), (dead(DeadReason::Aborted), enabled, 1)),
        (asking(500, "disable"), (dead(DeadReason::ReceiverAsked), ASKED, 1)),
        // The receiver has accepted the delivery, so it must not become a dead letter that is sent again.
        (asking(200, "abort-message"), (DeliveryState::Delivered, enabled, 1)),
        (asking(200, "disable"), (DeliveryState::Delivered, ASKED, 1)),
        // Unknown words ask for nothing.
        (asking(500, "explode"), (dead(DeadReason::AttemptsExhausted), enabled, 4)),
    ] {
        let what = format!("{answer:?}");
        assert_eq!(after(answer).await, expected, "{what}");
    }
}

#[tokio::test]
async fn what_comes_after_disable_is_held() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [asking(200, "disable")]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let held = scene.accept("b").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &held).await.state, DeliveryState::Held);
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn disable_disables_whichever_call_fails() {
    // The calls: the webhook is read and disabled, the row is written, the dead letter is sent.
    for index in 0..4 {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [asking(500, "disable")]);
        let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
        scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.aws.break_call(index, Break::Before);
        scene.world.run_until_idle().await.unwrap();
        assert!(!scene.world.aws.call_off_break(), "call {index} was never made");
        let webhook = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
        assert_eq!(webhook.status, ASKED, "call {index} failed");
    }
}

#[tokio::test]
async fn the_main_url_settles_it_and_the_backups_word_counts_when_it_is_asked() {
    for (main, backup, backups_asked) in
        [(asking(500, "abort-message"), Answer::Status(200), 0), (Answer::Status(500), asking(500, "abort-message"), 1)]
    {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [main]);
        receiver.script("/backup", [backup]);
        let backup_url = Some(WebhookUrl::from_stored(&receiver.url("/backup")).unwrap());
        let webhook = scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { backup_url, ..webhook }).await;
        let event = scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::Aborted });
        assert_eq!((receiver.received("/hook").len(), receiver.received("/backup").len()), (1, backups_asked));
    }
}
