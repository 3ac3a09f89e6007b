//! Google Pub/Sub and Azure Service Bus. The tests' services check requests as the real ones do.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use shared::delivery::{DeliveryState, Outcome};
use shared::dialect::Dialect;
use shared::webhook::{Webhook, WebhookStatus, WebhookUrl};
use support::Receiver;
use support::clouds::Failing;

use super::*;

/// The messages that have arrived in a stream of either kind.
fn arrived(clouds: &Clouds) -> Vec<Arrived> {
    in_topic(clouds).into_iter().chain(in_entity(clouds)).collect()
}

#[tokio::test]
async fn a_message_has_the_bodys_bytes_and_what_a_post_has_as_headers() {
    for url in [pubsub(), servicebus()] {
        let (scene, clouds) = start().await;
        let webhook = scene.stream(url, |webhook| Webhook { dialect: Dialect::Mailgreet, ..webhook }).await;
        let events = scene.accept_many(1).await;
        scene.world.run_until_idle().await.unwrap();
        let row = scene.row(&webhook, &events[0]).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1), "{row:?}");
        assert_eq!(row.attempts[0].address.as_deref(), Some("127.0.0.1"));

        let arrived = arrived(&clouds);
        assert_eq!(arrived.len(), 1);
        let attribute = |name: &str| arrived[0].attributes[name].clone();
        assert_eq!(attribute("event_type"), "email.delivered");
        assert_eq!(attribute("event_id"), events[0].id.to_string());
        assert_eq!(attribute("tenant_id"), scene.tenant.to_string());
        assert_eq!(arrived[0].id(), events[0].id.to_string());
        assert!(arrived[0].verifies_with(webhook.secrets.current.expose()));
        let own = shared::signature::hex_of_body(&webhook.secrets.current, &arrived[0].body);
        assert_eq!(attribute("x-mailgreet-signature"), format!("sha256={own}"));
        assert_eq!(arrived[0].json()["event_type"], "email.delivered");
        assert!(clouds.azure.sent().iter().all(|sent| sent.message_id == events[0].id.to_string()));
    }
}

#[tokio::test]
async fn the_jobs_of_an_invocation_are_one_request() {
    for url in [pubsub(), servicebus()] {
        let (scene, clouds) = start().await;
        let webhook = scene.stream(url, |webhook| webhook).await;
        let events = scene.accept_many(10).await;
        scene.world.pump_queue(DELIVERIES).await;
        let requests: BTreeSet<usize> = clouds
            .google
            .published()
            .iter()
            .map(|message| message.request)
            .chain(clouds.azure.sent().iter().map(|message| message.request))
            .collect();
        assert_eq!(requests, BTreeSet::from([0]));
        let ids: BTreeSet<String> = arrived(&clouds).iter().map(|arrived| arrived.id().to_owned()).collect();
        assert_eq!(ids, events.iter().map(|event| event.id.to_string()).collect());
        for event in &events {
            assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
        }
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_with_what_the_service_says_and_right_ones_deliver_what_waits() {
    let account = |email: &str, key_id: &str, key: &str| {
        let account = ServiceAccount::new(email, key_id, key).unwrap();
        stream(&format!("pubsub://{}", google::TOPIC), StreamCredentials::Pubsub(account))
    };
    let shared_key = |name: &str, key: &str| {
        let key = SharedKey::new(name, key).unwrap();
        stream(&format!("servicebus://{}/{}", azure::HOST, azure::QUEUE), StreamCredentials::Servicebus(key))
    };
    let invalid = "InvalidSignature";
    for (wrong, says, right) in [
        (account(google::EMAIL, google::KEY_ID, google::STRANGE_KEY), "a wrong signature", pubsub()),
        (account(google::EMAIL, "0123", google::KEY), "an unknown key", pubsub()),
        (account("x@y.iam.gserviceaccount.com", google::KEY_ID, google::KEY), "an unknown account", pubsub()),
        (shared_key(azure::KEY_NAME, "another-key"), invalid, servicebus()),
        (shared_key("listen-only", azure::KEY), invalid, servicebus()),
    ] {
        let (scene, clouds) = start().await;
        let webhook = scene.stream(wrong, |webhook| webhook).await;
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.attempts[0].outcome, refused(401), "{says}");
        let answer = row.attempts[0].answer.clone().unwrap();
        assert!(answer.contains(says), "{answer}");
        assert!(arrived(&clouds).is_empty());

        let changed = Webhook { url: right, ..webhook.clone() };
        scene.world.registry.webhook_writer.replace(&changed, None).await.unwrap();
        scene.world.clock.advance(SignedDuration::from_secs(30)); // CACHE_SECONDS
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered, "{says}");
        assert_eq!(arrived(&clouds).len(), 1);
    }
}

/// Service Bus answers 410 if a queue does not exist. That is not the word of a receiver that is gone for good.
#[tokio::test]
async fn a_stream_that_is_not_there_is_a_failure_like_others_and_disables_nothing() {
    let topic = pubsub().stream().unwrap().credentials();
    let entity = servicebus().stream().unwrap().credentials();
    for (url, status) in [
        (stream("pubsub://projects/example-project/topics/missing", topic), 404),
        (stream(&format!("sb://{}/missing", azure::HOST), entity), 410),
    ] {
        let (scene, _clouds) = start().await;
        let webhook = scene.stream(url, |webhook| webhook).await;
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.attempts[0].outcome, refused(status));
        assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
        let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
        assert_eq!(stored.status, WebhookStatus::Enabled);
    }
}

#[tokio::test]
async fn throttled_it_waits_as_long_as_the_service_asks_and_comes_with_the_same_id() {
    for url in [pubsub(), servicebus()] {
        for status in [429, 503] {
            let (scene, clouds) = start().await;
            let throttled = Failing { headers: vec![("retry-after", "600".to_owned())], ..Failing::with(status) };
            clouds.google.fail([throttled.clone()]);
            clouds.azure.fail([throttled]);
            let webhook = scene.stream(url.clone(), |webhook| webhook).await;
            let events = scene.accept_many(2).await;
            scene.world.pump_queue(DELIVERIES).await;
            for event in &events {
                let row = scene.row(&webhook, event).await;
                let DeliveryState::Waiting { next_attempt_at } = row.state else { panic!("{row:?}") };
                assert!(next_attempt_at.duration_since(row.attempts[0].at).as_secs() >= 600);
            }
            scene.world.run_until_idle().await.unwrap();
            let ids: BTreeSet<String> = arrived(&clouds).iter().map(|arrived| arrived.id().to_owned()).collect();
            assert_eq!(ids, events.iter().map(|event| event.id.to_string()).collect());
            for event in &events {
                let row = scene.row(&webhook, event).await;
                assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 2));
            }
        }
    }
}

/// A service is not a receiver: its headers ask for nothing, and its answer is stored without our secrets.
#[tokio::test]
async fn what_a_service_says_asks_for_nothing_and_gives_no_secret_away() {
    let (scene, clouds) = start().await;
    let headers = vec![("webhook-delivery", "disable".to_owned())];
    clouds.azure.fail([Failing {
        headers,
        body: "your key is c29tZSBrZXkgb2YgMzIgYnl0ZXMsIGFzIEF6dXJlJ3M=.",
        status: 500,
    }]);
    let webhook = scene.stream(servicebus(), |webhook| webhook).await;
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    let row = scene.row(&webhook, &event).await;
    assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
    assert_eq!(row.attempts[0].answer.as_deref(), Some("your key is ***."));
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Enabled);
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_its_end_and_never_by_another_webhook() {
    let (scene, clouds) = start().await;
    scene.stream(pubsub(), |webhook| webhook).await;
    for _ in 0..3 {
        scene.accept_many(1).await;
        scene.world.run_until_idle().await.unwrap();
        scene.world.clock.advance(SignedDuration::from_mins(24));
        scene.world.forget_stream().unwrap();
    }
    let tokens = clouds.google.tokens();
    // The token is used at 0, 24 and 48 minutes, and is valid for an hour.
    assert_eq!((tokens.len(), tokens.iter().collect::<BTreeSet<_>>().len()), (3, 1), "{tokens:?}");
    scene.accept("later").await;
    scene.world.run_until_idle().await.unwrap();
    let tokens = clouds.google.tokens();
    assert_eq!((tokens.len(), tokens.iter().collect::<BTreeSet<_>>().len()), (4, 2));

    // Another webhook names the same account with a wrong key, and does not get the token.
    let stranger = ServiceAccount::new(google::EMAIL, google::KEY_ID, google::STRANGE_KEY).unwrap();
    let url = stream(&format!("pubsub://{}", google::TOPIC), StreamCredentials::Pubsub(stranger));
    let other = scene.stream(url, |webhook| webhook).await;
    let event = scene.accept("stranger").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(scene.row(&other, &event).await.attempts[0].outcome, refused(401));
}

#[tokio::test]
async fn a_failed_request_goes_to_the_backup_url_event_by_event() {
    for url in [pubsub(), servicebus()] {
        let (scene, clouds) = start().await;
        clouds.google.fail([Failing::with(500)]);
        clouds.azure.fail([Failing::with(500)]);
        let receiver = Receiver::start().await.unwrap();
        let backup = Some(WebhookUrl::from_stored(&receiver.url("/backup")).unwrap());
        // The tests' certificates are for the services. The backup URL is plain HTTP.
        let webhook = scene.stream(url, |webhook| Webhook { backup_url: backup, ..webhook }).await;
        let events = scene.accept_many(3).await;
        scene.world.pump_queue(DELIVERIES).await;
        let ids: BTreeSet<String> =
            receiver.received("/backup").iter().map(|post| post.webhook_id().to_owned()).collect();
        assert_eq!(ids, events.iter().map(|event| event.id.to_string()).collect());
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert_eq!(row.attempts[0].outcome, Outcome::Delivered { status: 200 });
        }
    }
}

/// The guard of addresses also checks these hosts, although no tenant chooses them.
#[tokio::test]
async fn a_services_name_that_leads_to_a_private_address_is_not_called() {
    let mut scene = Scene::start().await;
    let roots = rustls::RootCertStore::empty();
    let routes = [google::HOST, azure::HOST].map(|host| (host.to_owned(), "10.0.0.1:443".parse().unwrap()));
    let outbound = shared::outbound::Outbound::rerouted(AddressPolicy::public_only(), roots, routes.into()).unwrap();
    scene.world.deliver = scene.world.another_deliver(|_| {}).unwrap().with_outbound(outbound);
    for url in [pubsub(), servicebus()] {
        assert_eq!(scene.attempt(url).await.0, Outcome::BlockedAddress);
        scene.world.clock.advance(SignedDuration::from_hours(1));
    }
}
