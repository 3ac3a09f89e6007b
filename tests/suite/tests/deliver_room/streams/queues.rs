//! Amazon SQS: each message of a call has its own answer.

use std::collections::{BTreeMap, BTreeSet};

use shared::breaker::Breaker;
use shared::delivery::{DeadReason, DeliveryState, Outcome, Target};
use shared::dialect::Dialect;
use shared::event::{Event, EventType, Facts};
use shared::provider::Provider;
use shared::queue::job::Job;
use shared::rate_limit::RateLimit;
use shared::secret::SigningSecret;
use shared::webhook::{SigningSecrets, Webhook, WebhookUrl};
use support::seed::TIMEOUT;
use support::world::{DEAD_LETTER, DELIVERIES, OUR_KEY_ID, RETRIES};
use support::{Break, Receiver};

use super::*;

#[tokio::test]
async fn a_message_has_the_bodys_bytes_and_what_a_post_has_as_headers() {
    let (scene, _clouds) = start().await;
    let webhook = scene.stream(sqs(), |webhook| webhook).await;
    let events = scene.accept_many(1).await;
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &events[0]).await;
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
    assert_eq!(
        (row.attempts[0].outcome, row.attempts[0].target),
        (Outcome::Delivered { status: 200 }, Target::Primary)
    );

    let arrived = in_queue(&scene);
    assert_eq!(arrived.len(), 1);
    let attribute = |name: &str| arrived[0].attributes[name].clone();
    assert_eq!(attribute("event_type"), "email.delivered");
    assert_eq!(attribute("event_id"), events[0].id.to_string());
    assert_eq!(attribute("tenant_id"), scene.tenant.to_string());
    assert_eq!(attribute("content_type"), "application/json");
    assert_eq!(arrived[0].id(), events[0].id.to_string());
    assert!(arrived[0].verifies_with(webhook.secrets.current.expose()));
    assert!(!arrived[0].verifies_with(SigningSecret::generate([1; 32]).expose()));
    assert_eq!(arrived[0].json()["data"]["event_id"], events[0].id.to_string());
}

/// The body is the body that an HTTPS receiver gets, and the dialect's own signature is sent with it.
#[tokio::test]
async fn every_dialect_has_the_same_body_and_signature_as_over_https() {
    for dialect in Dialect::ALL.iter().copied().filter(|dialect| dialect.name(EventType::Delivered).is_some()) {
        let (scene, _clouds) = start().await;
        let receiver = Receiver::start().await.unwrap();
        let secrets = SigningSecrets::only(SigningSecret::parse("the same secret").unwrap());
        let alike = |webhook: Webhook| Webhook { dialect, secrets: secrets.clone(), ..webhook };
        scene.stream(sqs(), &alike).await;
        scene.webhook_with(&receiver.url("/hook"), &alike).await;
        scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        let (arrived, posted) = (in_queue(&scene), receiver.received("/hook"));
        assert_eq!((arrived.len(), posted.len()), (1, 1), "{}", dialect.as_str());
        // Mailgun signs a new token for each webhook in the body, and Mailtura's body has the time of the attempt.
        let same = !matches!(dialect, Dialect::Mailgun | Dialect::MailgunLegacy | Dialect::Mailtura);
        assert!(!same || arrived[0].body == posted[0].body, "{}", dialect.as_str());
        for name in ["x-webhook-signature", "x-mailgreet-signature", "x-mailtura-signature"] {
            let header = posted[0].headers.get(name).map(|value| value.to_str().unwrap());
            let attribute = arrived[0].attributes.get(name).map(String::as_str);
            assert_eq!(attribute.is_some(), header.is_some(), "{} {name}", dialect.as_str());
            assert!(!same || attribute == header, "{} {name}", dialect.as_str());
        }
        let of_post = posted[0].headers["content-type"].to_str().unwrap();
        assert_eq!(arrived[0].attributes["content_type"], of_post);
    }
}

#[tokio::test]
async fn the_jobs_of_an_invocation_are_one_call() {
    let (scene, _clouds) = start().await;
    let webhook = scene.stream(sqs(), |webhook| webhook).await;
    let events = scene.accept_many(10).await;
    scene.world.aws.take_calls();
    scene.world.pump_queue(DELIVERIES).await;
    let calls = scene.world.aws.take_calls();
    let sends: Vec<_> = calls.iter().filter(|call| call.operation == "SQS.SendMessageBatch").collect();
    assert_eq!((sends.len(), sends[0].resource.as_str()), (1, QUEUE));
    let ids: BTreeSet<String> = in_queue(&scene).iter().map(|arrived| arrived.id().to_owned()).collect();
    assert_eq!(ids, events.iter().map(|event| event.id.to_string()).collect());
    for event in &events {
        let row = scene.row(&webhook, event).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
    }
}

#[tokio::test]
async fn where_the_dialect_has_arrays_a_message_has_as_many_events_as_its_batch_says() {
    let (scene, _clouds) = start().await;
    let webhook = scene.stream(sqs(), |webhook| Webhook { dialect: Dialect::MailjetV2, batch: 4, ..webhook }).await;
    let events = scene.accept_many(10).await;
    scene.world.pump_queue(DELIVERIES).await;
    let arrived = in_queue(&scene);
    let sizes: Vec<_> = arrived.iter().map(|message| message.json().as_array().unwrap().len()).collect();
    assert_eq!(sizes, [4, 4, 2]);
    // A message of several events has no single type and id.
    assert!(arrived.iter().all(|message| message.id().starts_with("bat_")));
    assert!(arrived.iter().all(|message| !message.attributes.contains_key("event_id")));
    for event in &events {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn what_a_call_refuses_or_leaves_out_fails_alone_and_comes_with_the_same_id() {
    for (refuse, ignore, outcome, said) in
        [(3, 0, refused(500), Some("InternalError")), (0, 3, Outcome::Protocol, None)]
    {
        let (scene, _clouds) = start().await;
        let webhook = scene.stream(sqs(), |webhook| webhook).await;
        let events = scene.accept_many(10).await;
        scene.world.aws.sqs.refuse_entries(refuse);
        scene.world.aws.sqs.ignore_entries(ignore);
        scene.world.pump_queue(DELIVERIES).await;
        assert_eq!(in_queue(&scene).len(), 7);
        let mut failed = Vec::new();
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert_eq!(row.attempts.len(), 1);
            if row.state != DeliveryState::Delivered {
                assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
                assert_eq!((row.attempts[0].outcome, row.attempts[0].answer.as_deref()), (outcome, said));
                failed.push(event);
            }
        }
        assert_eq!(failed.len(), 3);
        // Seven messages were accepted, so the queue can be reached.
        let breaker = scene.world.registry.breakers.get(scene.tenant, webhook.id).await.unwrap();
        assert!(matches!(breaker, Breaker::Closed { failures: 0, .. }), "{breaker:?}");

        scene.world.run_until_idle().await.unwrap();
        let mut ids: BTreeMap<String, usize> = BTreeMap::new();
        for arrived in in_queue(&scene) {
            *ids.entry(arrived.id().to_owned()).or_default() += 1;
        }
        assert_eq!(ids, events.iter().map(|event| (event.id.to_string(), 1)).collect());
        for event in failed {
            let row = scene.row(&webhook, event).await;
            assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 2));
        }
    }
}

#[tokio::test]
async fn a_fifo_queue_gets_a_group_and_something_to_deduplicate_by() {
    let (scene, _clouds) = start().await;
    scene.world.aws.sqs.create_tenants_queue(&format!("{QUEUE_URL}.fifo"), KEY_ID);
    let url = stream(&format!("{QUEUE_ARN}.fifo"), access_key(KEY_ID));
    let webhook = scene.stream(url, |webhook| webhook).await;
    scene.accept_many(1).await;
    scene.world.aws.take_calls();
    scene.world.run_until_idle().await.unwrap();
    // The next invocation has the webhook in its cache, so its first call goes to the queue. The answer of this call is
    // lost.
    let calls = scene.world.aws.take_calls();
    assert!(calls.iter().any(|call| call.resource == "mail-events.fifo"), "{calls:?}");
    let events = [scene.accept("a").await, scene.accept("b").await];
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.break_call(0, Break::After);
    scene.world.run_until_idle().await.unwrap();

    let messages = scene.world.aws.sqs.messages("mail-events.fifo").split_off(1);
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages.iter().all(|message| message.group == webhook.id.to_string()));
    let ids: BTreeSet<_> = messages.iter().map(|message| message.deduplication.clone()).collect();
    assert_eq!(ids, events.iter().map(|event| event.id.to_string()).collect());
    for event in &events {
        let row = scene.row(&webhook, event).await;
        let outcomes: Vec<_> = row.attempts.iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, [refused(500), Outcome::Delivered { status: 200 }]);
    }
}

#[tokio::test]
async fn a_queue_that_does_not_answer_has_the_webhooks_time_limit() {
    let (scene, _clouds) = start().await;
    let webhook = scene.stream(sqs(), |webhook| webhook).await;
    scene.accept_many(1).await;
    scene.world.run_until_idle().await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    // The webhook is in the cache, so the first call goes to the queue.
    scene.world.aws.take_calls();
    scene.world.aws.break_call(0, Break::Hang);
    let hang = async {
        scene.world.aws.calls_made(1).await;
        scene.world.pass(TIMEOUT).await;
    };
    tokio::join!(scene.world.pump_queue(DELIVERIES), hang);
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.attempts[0].outcome, row.attempts[0].duration_ms), (Outcome::Timeout, 1_000), "{row:?}");
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_test_event_arrives_like_any_other_and_says_so() {
    let (scene, _clouds) = start().await;
    let webhook = scene.stream(sqs(), |webhook| webhook).await;
    let event = Event { test: true, ..scene.world.event(scene.tenant, "test") };
    scene.world.aws.sqs.put(DELIVERIES, &Job::first(webhook.id, &event).to_json());
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    assert_eq!(in_queue(&scene)[0].json()["data"]["test"], true);
}

#[tokio::test]
async fn wrong_keys_wrong_regions_and_missing_queues_are_refused_with_what_sqs_says() {
    let invalid = "InvalidClientTokenId: The security token included in the request is invalid.".to_owned();
    let missing = "QueueDoesNotExist: com.amazonaws.sqs#QueueDoesNotExist".to_owned();
    for (arn, key, expected) in [
        (QUEUE_ARN, "AKIAI44QH8DHBEXAMPLE", (refused(403), invalid)),
        ("arn:aws:sqs:us-east-1:123456789012:mail-events", KEY_ID, (refused(400), missing.clone())),
        // A tenant cannot name our own queues: the queue is looked for in Amazon's region, with the tenant's key.
        ("arn:aws:sqs:us-east-1:000000000000:deliveries", KEY_ID, (refused(400), missing)),
    ] {
        let (scene, _clouds) = start().await;
        assert_eq!(scene.attempt(stream(arn, access_key(key))).await, expected, "{arn}");
        assert!(in_queue(&scene).is_empty());
    }
}

/// No call is signed with the function's own role. Otherwise a tenant could send, through mailhooks, to a queue of the
/// operator's account.
#[tokio::test]
async fn our_own_role_sends_to_no_tenants_queue() {
    let (scene, _clouds) = start().await;
    // The role may send to this queue, as it may to mailhooks' own queues.
    scene.world.aws.sqs.create_tenants_queue(QUEUE_URL, OUR_KEY_ID);
    let (outcome, _) = scene.attempt(sqs()).await;
    assert_eq!(outcome, refused(403));
}

#[tokio::test]
async fn a_queue_that_is_made_later_gets_what_waited() {
    let (scene, _clouds) = start().await;
    let url = stream("arn:aws:sqs:eu-central-1:123456789012:late", access_key(KEY_ID));
    let webhook = scene.stream(url, |webhook| webhook).await;
    let events = scene.accept_many(2).await;
    scene.world.pump_queue(DELIVERIES).await;
    let late = "https://sqs.eu-central-1.amazonaws.com/123456789012/late";
    scene.world.aws.sqs.create_tenants_queue(late, KEY_ID);
    scene.world.run_until_idle().await.unwrap();
    let ids: Vec<_> = scene.world.aws.sqs.messages("late").iter().map(|m| m.attributes["webhook-id"].clone()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 2);
    for event in &events {
        let row = scene.row(&webhook, event).await;
        let outcomes: Vec<_> = row.attempts.iter().map(|attempt| attempt.outcome).collect();
        assert_eq!(outcomes, [refused(400), Outcome::Delivered { status: 200 }]);
        assert!(ids.contains(&event.id.to_string()));
    }
}

/// An event whose body has a little more than this many bytes.
async fn accept_large(scene: &Scene, bytes: usize, text: &str) -> Event {
    let now = scene.world.clock.now();
    let mut facts = Facts::new(EventType::Delivered, Provider::Own, "email.delivered", format!("{bytes}{text}"), now);
    facts.subject = Some(format!("{}{text}", "x".repeat(bytes)));
    let event = Event::accept(facts, scene.tenant, None, now);
    scene.world.events.put(&event).await.unwrap();
    event
}

#[tokio::test]
async fn what_is_too_large_is_dead_at_once_and_the_others_of_its_call_are_not() {
    for (url, bytes) in [(sqs(), 1_048_576), (servicebus(), 262_144)] {
        let (scene, clouds) = start().await;
        let webhook = scene.stream(url, |webhook| webhook).await;
        let small = scene.accept("small").await;
        // DynamoDB takes rows of 400 KB; a text of one repeated letter is small when it is compressed.
        let large = accept_large(&scene, bytes, "").await;
        let fits = accept_large(&scene, bytes - 5_000, "").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let row = scene.row(&webhook, &large).await;
        assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::TooLarge });
        let attempt = &row.attempts[0];
        assert_eq!(attempt.outcome, refused(413));
        let says = attempt.answer.clone().unwrap();
        assert!(says.starts_with("not sent: ") && says.contains(&bytes.to_string()), "{says}");
        for event in [&small, &fits] {
            assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
        }
        assert_eq!(in_queue(&scene).len() + in_entity(&clouds).len(), 2);
        assert_eq!(scene.world.aws.sqs.messages(DEAD_LETTER).len(), 1);
        // No service was asked, so none has failed.
        let breaker = scene.world.registry.breakers.get(scene.tenant, webhook.id).await.unwrap();
        assert!(matches!(breaker, Breaker::Closed { failures: 0, .. }), "{breaker:?}");
    }
}

/// SQS takes no message with U+FFFE or U+FFFF. They are escaped before the body is signed, so consumers verify the
/// bytes that they receive, and read the same text.
#[tokio::test]
async fn what_sqs_does_not_take_is_escaped_and_still_verifies() {
    for dialect in Dialect::ALL.iter().copied().filter(|dialect| dialect.name(EventType::Delivered).is_some()) {
        let (scene, _clouds) = start().await;
        let webhook = scene.stream(sqs(), |webhook| Webhook { dialect, ..webhook }).await;
        let events = [accept_large(&scene, 1, "odd \u{fffe}\u{ffff}").await, scene.accept("even").await];
        scene.world.run_until_idle().await.unwrap();
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1), "{}", dialect.as_str());
        }
        let arrived = in_queue(&scene);
        let verifies = |message: &Arrived| message.verifies_with(webhook.secrets.current.expose());
        assert!(arrived.len() == 2 && arrived.iter().all(verifies), "{}", dialect.as_str());
    }
}

#[tokio::test]
async fn a_queue_that_refuses_everything_opens_the_breaker_and_its_probe_closes_it() {
    let (scene, _clouds) = start().await;
    let settings = shared::breaker::BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 1 };
    let url = stream("arn:aws:sqs:eu-central-1:123456789012:late", access_key(KEY_ID));
    let webhook = scene.stream(url, |webhook| Webhook { breaker: settings, ..webhook }).await;
    let events = scene.accept_many(3).await;
    scene.world.pump_queue(DELIVERIES).await;
    let breaker = scene.world.registry.breakers.get(scene.tenant, webhook.id).await.unwrap();
    assert!(matches!(breaker, Breaker::Open(_)), "{breaker:?}");
    scene.world.clock.advance(jiff::SignedDuration::from_secs(5));
    scene.world.pump_queue(RETRIES).await;
    assert_eq!(scene.row(&webhook, &events[0]).await.state, DeliveryState::Held);
    scene.world.aws.sqs.create_tenants_queue("https://sqs.eu-central-1.amazonaws.com/123456789012/late", KEY_ID);
    scene.world.run_until_idle().await.unwrap();
    for event in &events {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
    assert_eq!(scene.world.aws.sqs.messages("late").len(), 3);
}

#[tokio::test]
async fn only_what_a_queue_refuses_goes_to_the_backup_url_each_for_itself() {
    let (scene, _clouds) = start().await;
    let receiver = Receiver::start().await.unwrap();
    let backup = Some(WebhookUrl::from_stored(&receiver.url("/backup")).unwrap());
    let webhook = scene.stream(sqs(), |webhook| Webhook { backup_url: backup, ..webhook }).await;
    let mut events = scene.accept_many(4).await;
    events.push(accept_large(&scene, 1_048_576, "").await);
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.sqs.refuse_entries(2);
    scene.world.pump_queue(DELIVERIES).await;
    let posts = receiver.received("/backup");
    assert_eq!((in_queue(&scene).len(), posts.len()), (2, 3));
    assert!(posts.iter().all(|post| post.verifies_with(webhook.secrets.current.expose())));
    let mut mains = Vec::new();
    for event in &events {
        let row = scene.row(&webhook, event).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
        if let Target::Backup { primary: main } = row.attempts[0].target {
            assert!(posts.iter().any(|post| post.webhook_id() == event.id.to_string()));
            mains.push(main.status().unwrap());
        }
    }
    mains.sort_unstable();
    // An event that is too large for a queue is not too large for a URL.
    assert_eq!(mains, [413, 500, 500]);
}

#[tokio::test]
async fn a_call_takes_one_slot_of_a_rate_limit() {
    let (scene, _clouds) = start().await;
    scene.stream(sqs(), |webhook| Webhook { rate_limit: RateLimit::new(1), ..webhook }).await;
    scene.accept_many(10).await;
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!((in_queue(&scene).len(), scene.world.aws.sqs.messages(RETRIES).len()), (10, 0));
}

#[tokio::test]
async fn whichever_call_fails_before_or_after_its_effect_nothing_is_lost() {
    let run = async |broken: Option<(usize, Break)>| {
        let (scene, _clouds) = start().await;
        let webhook = scene.stream(sqs(), |webhook| webhook).await;
        let events = scene.accept_many(3).await;
        scene.world.aws.sqs.refuse_entries(1);
        scene.world.aws.take_calls();
        if let Some((call, how)) = broken {
            scene.world.aws.break_call(call, how);
        }
        scene.world.run_until_idle().await.unwrap();
        scene.world.aws.call_off_break();
        let ids: BTreeSet<String> = in_queue(&scene).iter().map(|arrived| arrived.id().to_owned()).collect();
        for event in &events {
            assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered, "{broken:?}");
            assert!(ids.contains(&event.id.to_string()), "{broken:?}");
        }
        scene.world.aws.take_calls().len()
    };
    let calls = run(None).await;
    assert!(calls >= 8, "{calls}");
    for call in 0..calls {
        for how in [Break::Before, Break::After] {
            run(Some((call, how))).await;
        }
    }
}
