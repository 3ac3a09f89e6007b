//! A webhook of each dialect, as its receiver sees it.

use jiff::SignedDuration;
use serde_json::Value;
use shared::breaker::BreakerSettings;
use shared::delivery::{Attempt, DeadReason, DeliveryState, Outcome};
use shared::dialect::Dialect;
use shared::retry::RetryPolicy;
use shared::webhook::Webhook;
use support::receiver::Received;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Receiver};

use crate::Scene;

fn of(dialect: Dialect) -> impl FnOnce(Webhook) -> Webhook {
    move |webhook| Webhook { dialect, retry_policy: dialect.default_retry_policy(), ..webhook }
}

fn json(got: &Received) -> Value {
    serde_json::from_slice(&got.body).unwrap()
}

fn form(got: &Received, name: &str) -> String {
    let mut fields = url::form_urlencoded::parse(&got.body);
    fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned()).unwrap()
}

/// Seconds between one attempt and the next.
fn gaps(attempts: &[Attempt]) -> Vec<i64> {
    attempts.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_secs()).collect()
}

#[tokio::test]
async fn every_dialect_is_delivered_in_its_own_form() {
    for dialect in Dialect::ALL.iter().copied() {
        let (own_header, word_at, word) = match dialect {
            Dialect::Standard => (None, "/type", "email.delivered"),
            Dialect::Platform => (Some("x-webhook-signature"), "/type", "email.delivery"),
            Dialect::Mailgreet => (Some("x-mailgreet-signature"), "/event_type", "email.delivered"),
            Dialect::Mailjet => (None, "/event", "sent"),
            Dialect::MailjetV2 => (None, "/0/event", "sent"),
            Dialect::Mailgun => (None, "/event-data/event", "delivered"),
            // A form, which the next test reads.
            Dialect::MailgunLegacy => continue,
            Dialect::Mailtura => (Some("x-mailtura-signature"), "/type", "email.delivered"),
        };
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let webhook = scene.webhook_with(&receiver.url("/hook"), of(dialect)).await;
        let event = scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        let got = &receiver.received("/hook")[0];
        assert_eq!(got.headers["content-type"], "application/json", "{}", dialect.as_str());
        assert_eq!(json(got).pointer(word_at).unwrap(), word, "{}", dialect.as_str());
        assert_eq!(got.webhook_id(), event.id.to_string());
        assert!(got.verifies_with(webhook.secrets.current.expose()), "{}", dialect.as_str());
        for name in ["x-webhook-signature", "x-mailgreet-signature", "x-mailtura-signature"] {
            assert_eq!(got.headers.contains_key(name), own_header == Some(name), "{name} of {}", dialect.as_str());
        }
        assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn mailguns_legacy_dialect_is_a_form() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), of(Dialect::MailgunLegacy)).await;
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let got = &receiver.received("/hook")[0];
    assert_eq!(got.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!((form(got, "event"), form(got, "recipient")), ("delivered".into(), "reader@example.com".into()));
    assert_eq!(form(got, "timestamp"), event.facts.occurred_at.as_second().to_string());
    assert!(got.verifies_with(webhook.secrets.current.expose()));
}

#[tokio::test]
async fn of_mailguns_receivers_406_is_final() {
    for dialect in [Dialect::Mailgun, Dialect::MailgunLegacy] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [Answer::Status(406)]);
        let webhook = scene.webhook_with(&receiver.url("/hook"), of(dialect)).await;
        let event = scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(receiver.count(), 1);
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::Refused }, "{}", dialect.as_str());
    }
}

#[tokio::test]
async fn of_mailjets_receivers_only_200_is_success() {
    for dialect in [Dialect::Mailjet, Dialect::MailjetV2] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [Answer::Status(201), Answer::Status(204), Answer::Status(200)]);
        let url = receiver.url("/hook").replace("http://", "http://user:hunter2@");
        let webhook = scene.webhook_with(&url, of(dialect)).await;
        let event = scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.state, DeliveryState::Delivered);
        let outcomes: Vec<_> = row.attempts.iter().map(|attempt| attempt.outcome).collect();
        let refused = |status| Outcome::RefusedStatus { status, retry_after: None };
        assert_eq!(outcomes, [refused(201), refused(204), Outcome::Delivered { status: 200 }]);
        assert_eq!(receiver.received("/hook")[0].headers["authorization"], "Basic dXNlcjpodW50ZXIy");
        assert!(!format!("{row:?} {webhook:?}").contains("hunter2"));
    }
}

/// The clock is the world's. The test looks at the times of the attempts, after their jobs have waited in the queues.
#[tokio::test]
async fn the_default_policies_keep_the_delays_that_the_dialects_promise() {
    let mailjet: Vec<i64> = [30, 60, 120, 240, 480, 960, 1_920].into_iter().chain([3_600; 22]).collect();
    for (dialect, delays, slack) in [
        // These delays are exact, apart from the time that the scene itself takes.
        (Dialect::Mailgreet, vec![60, 300, 1_800], 0),
        (Dialect::Mailgun, vec![300, 600, 900, 3_600, 7_200, 14_400], 0),
        (Dialect::MailgunLegacy, vec![300, 600, 900, 3_600, 7_200, 14_400], 0),
        // These delays have a jitter of a tenth.
        (Dialect::Mailjet, mailjet.clone(), 10),
        (Dialect::MailjetV2, mailjet, 10),
    ] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/down", [Answer::Status(500)]);
        let patient = BreakerSettings { failures: 1_000, ..BreakerSettings::default() };
        let webhook = scene
            .webhook_with(&receiver.url("/down"), |webhook| Webhook { breaker: patient, ..of(dialect)(webhook) })
            .await;
        let event = scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::AttemptsExhausted }, "{}", dialect.as_str());
        assert_eq!(receiver.count(), delays.len() + 1, "{}", dialect.as_str());
        for (gap, delay) in gaps(&row.attempts).into_iter().zip(delays) {
            let most = delay * slack / 100;
            assert!((delay - most..=delay + most + 20).contains(&gap), "{}: {gap} for {delay}", dialect.as_str());
        }
    }
}

#[tokio::test]
async fn a_dialect_changed_between_attempts_counts_from_the_next_on() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(204)]);
    let webhook = scene.webhook_with(&receiver.url("/hook"), of(Dialect::Mailgreet)).await;
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    // The webhook keeps its retry policy from its creation; only its dialect is another.
    let changed = Webhook { dialect: Dialect::Mailtura, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&changed, None).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(61));
    scene.world.pump_queue(RETRIES).await;
    let got = receiver.received("/hook");
    assert_eq!(got.len(), 2);
    assert_eq!(json(&got[0])["event_type"], "email.delivered");
    assert_eq!(json(&got[1])["type"], "email.delivered");
    assert_eq!((got[0].webhook_id(), got[1].webhook_id()), (got[1].webhook_id(), event.id.to_string().as_str()));
    assert!(got[1].headers.contains_key("x-mailtura-signature"));
    assert!(!got[1].headers.contains_key("x-mailgreet-signature"));
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 2));
}

/// The new dialect does not count 201 as success.
#[tokio::test]
async fn a_delivery_that_the_new_dialect_has_no_word_for_is_not_lost() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(201), Answer::Status(200)]);
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| Webhook {
        retry_policy: RetryPolicy::Mailgreet,
        dialect: Dialect::Mailgun,
        ..webhook
    });
    let webhook = webhook.await;
    let mut event = scene.world.event(scene.tenant, "a");
    event.facts.event_type = shared::event::EventType::Sent;
    scene.world.events.put(&event).await.unwrap();
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    let changed = Webhook { dialect: Dialect::MailjetV2, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&changed, None).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(61));
    scene.world.run_until_idle().await.unwrap();
    let words: Vec<_> = receiver
        .received("/hook")
        .iter()
        .map(|got| json(got).pointer("/event-data/event").or(json(got).pointer("/0/event")).cloned().unwrap())
        .collect();
    assert_eq!(words, ["accepted", "email.sent", "email.sent"]);
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn retries_have_mailguns_token_again_and_the_attempts_time() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/gun", [Answer::Status(500), Answer::Status(200)]);
    receiver.script("/tura", [Answer::Status(500), Answer::Status(200)]);
    scene.webhook_with(&receiver.url("/gun"), of(Dialect::Mailgun)).await;
    let url = receiver.url("/tura");
    let tura = scene.webhook_with(&url, |webhook| Webhook {
        retry_policy: RetryPolicy::Mailgreet,
        ..of(Dialect::Mailtura)(webhook)
    });
    let tura = tura.await;
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let signatures: Vec<_> = receiver.received("/gun").iter().map(|got| json(got)["signature"].clone()).collect();
    assert_eq!(signatures.len(), 2);
    assert_eq!(signatures[0]["token"], signatures[1]["token"]);
    let second = |signature: &Value| signature["timestamp"].as_str().unwrap().parse::<i64>().unwrap();
    assert!(second(&signatures[1]) - second(&signatures[0]) >= 300);
    let times: Vec<jiff::Timestamp> = receiver
        .received("/tura")
        .iter()
        .map(|got| {
            let expected = shared::signature::hex_of_body(&tura.secrets.current, &got.body);
            assert_eq!(got.headers["x-mailtura-signature"], expected);
            json(got)["timestamp"].as_str().unwrap().parse().unwrap()
        })
        .collect();
    assert!(times[1].duration_since(times[0]).as_secs() >= 60);
}
