//! Settings that change a delivery, and how soon they do.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use shared::delivery::DeliveryState;
use shared::webhook::{CustomName, CustomValue, Webhook, WebhookUrl};
use support::Receiver;

use crate::Scene;

fn headers(entries: &[(&str, &str, bool)]) -> BTreeMap<CustomName, CustomValue> {
    let entry = |(name, value, sensitive): &(&str, &str, bool)| {
        (CustomName::parse(name).unwrap(), CustomValue::parse(value, *sensitive).unwrap())
    };
    entries.iter().map(entry).collect()
}

#[tokio::test]
async fn custom_headers_go_with_every_delivery_and_metadata_does_not() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| Webhook {
        headers: headers(&[("X-Api-Key", "a secret", true), ("x-team", "payments", false)]),
        metadata: BTreeMap::from([("colour".to_owned(), "turquoise".to_owned())]),
        ..webhook
    });
    let webhook = webhook.await;
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let got = &receiver.received("/hook")[0];
    for (name, value) in [
        ("x-api-key", "a secret"),
        ("x-team", "payments"),
        ("content-type", "application/json"),
        ("user-agent", "mailhooks/1"),
    ] {
        assert_eq!(got.headers[name], value, "{name}");
    }
    assert!(got.verifies_with(webhook.secrets.current.expose()));
    assert!(!format!("{:?} {:?}", got.headers, got.body).contains("turquoise"));
}

#[tokio::test]
async fn a_header_that_became_reserved_after_it_was_stored_gives_way_to_ours() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let stale = BTreeMap::from([(CustomName::from_stored("webhook-id"), CustomValue::parse("mine", false).unwrap())]);
    scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { headers: stale, ..webhook }).await;
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook")[0].webhook_id(), event.id.to_string());
    assert_eq!(receiver.received("/hook")[0].headers.get_all("webhook-id").iter().count(), 1);
}

#[tokio::test]
async fn a_custom_authorization_takes_the_place_of_the_urls_credentials() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook").replace("http://", "http://user:password@");
    let headers = headers(&[("authorization", "Bearer token", true)]);
    scene.webhook_with(&url, |webhook| Webhook { headers, ..webhook }).await;
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let all: Vec<_> = receiver.received("/hook")[0].headers.get_all("authorization").iter().cloned().collect();
    assert_eq!(all, ["Bearer token"]);
}

#[tokio::test]
async fn changes_are_in_force_within_the_cache_time() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/old")).await.unwrap();
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();

    let changed = Webhook {
        url: WebhookUrl::from_stored(&receiver.url("/new")).unwrap().into(),
        headers: headers(&[("x-new", "1", false)]),
        ..webhook.clone()
    };
    scene.world.registry.webhook_writer.replace(&changed, None).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(30)); // CACHE_SECONDS
    scene.accept("b").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!((receiver.received("/old").len(), receiver.received("/new").len()), (1, 1));
    assert_eq!(receiver.received("/new")[0].headers["x-new"], "1");

    let paused = Webhook { paused: true, revision: 2, ..changed };
    scene.world.registry.webhook_writer.replace(&paused, None).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(30));
    let held = scene.accept("c").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &held).await.state, DeliveryState::Held);
}
