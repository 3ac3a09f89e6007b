//! The dispatch room through its `handle`. It sends one job for each delivery that is owed, in few calls, and reads the
//! confirmation of each job. It never uses an outdated list of webhooks.

#![cfg(test)]

mod fan_out;
mod isolation;
mod log_lines;
mod memory;
mod newer_events;
mod portions;
mod recorded;

use std::collections::BTreeSet;

use shared::event::EventType;
use shared::id::TenantId;
use shared::queue::job::Job;
use shared::webhook::WantedTypes;
use support::World;
use support::world::DELIVERIES;

async fn world() -> (World, TenantId) {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    (world, tenant)
}

async fn accept(world: &World, tenant: TenantId, key: &str) {
    world.events.put(&world.event(tenant, key)).await.unwrap();
}

fn operations(world: &World) -> Vec<String> {
    world.aws.take_calls().into_iter().map(|call| call.operation).collect()
}

#[tokio::test]
async fn jobs_are_packed_ten_to_a_call_and_grouped_by_webhook() {
    let (world, tenant) = world().await;
    let mut wanted = BTreeSet::new();
    for number in 0..23 {
        let webhook = world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
        wanted.insert(webhook.id.to_string());
    }
    accept(&world, tenant, "a").await;
    world.aws.take_calls();
    assert_eq!(world.pump_stream().await.unwrap(), 1);
    let sends = operations(&world).iter().filter(|operation| *operation == "SQS.SendMessageBatch").count();
    assert_eq!(sends, 3);
    assert_eq!(webhooks_of_jobs(&world).into_iter().collect::<BTreeSet<_>>(), wanted);
    // SQS fair queues judge tenants, and not webhooks, by their messages in flight.
    let groups: BTreeSet<_> = world.aws.sqs.messages(DELIVERIES).into_iter().map(|message| message.group).collect();
    assert_eq!(groups, BTreeSet::from([tenant.to_string()]));
}

/// The webhooks of the waiting jobs, in the order of the jobs.
fn webhooks_of_jobs(world: &World) -> Vec<String> {
    let webhook = |body: &str| match Job::from_json(body).unwrap() {
        Job::Deliver(job) => job.webhook.to_string(),
        other => panic!("not the job of a delivery: {other:?}"),
    };
    world.aws.sqs.messages(DELIVERIES).iter().map(|message| webhook(&message.body)).collect()
}

#[tokio::test]
async fn what_could_not_be_read_goes_to_nobody() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    let mut unread = world.event(tenant, "a");
    unread.facts.event_type = EventType::Unparsed;
    world.events.put(&unread).await.unwrap();
    assert_eq!(world.event_rows().unwrap().len(), 1);
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    assert!(world.aws.sqs.messages(DELIVERIES).is_empty());
}

#[tokio::test]
async fn only_webhooks_that_want_the_event_get_a_job() {
    let (world, tenant) = world().await;
    let wanting = |types: WantedTypes, domain: Option<&str>| {
        let domains: BTreeSet<String> = domain.iter().map(|domain| (*domain).to_owned()).collect();
        world.webhook_with(tenant, "http://127.0.0.1:9/", |mut webhook| {
            webhook.subscription.types = types;
            webhook.subscription.domains = domains;
            webhook
        })
    };
    let by_type = wanting(WantedTypes::Only([EventType::Delivered].into()), None).await.unwrap();
    let by_domain = wanting(WantedTypes::All, Some("mail.example.com")).await.unwrap();
    wanting(WantedTypes::Only([EventType::Bounced].into()), None).await.unwrap();
    wanting(WantedTypes::All, Some("other.example.com")).await.unwrap();
    let mut event = world.event(tenant, "a");
    event.facts.sending_domain = Some("MAIL.example.com".to_owned());
    world.events.put(&event).await.unwrap();
    world.pump_stream().await.unwrap();
    let sent: BTreeSet<_> = webhooks_of_jobs(&world).into_iter().collect();
    assert_eq!(sent, BTreeSet::from([by_type.id, by_domain.id].map(|id| id.to_string())));
}

/// SQS refuses a message that contains U+FFFE or U+FFFF, and anybody may put these into the subject of an email.
#[tokio::test]
async fn an_event_with_characters_that_sqs_does_not_take_is_owed_like_any_other() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/hook").await.unwrap();
    let mut event = world.event(tenant, "odd");
    event.facts.subject = Some("odd \u{fffe}\u{ffff} subject".to_owned());
    world.events.put(&event).await.unwrap();
    accept(&world, tenant, "even").await;
    assert_eq!(world.pump_stream().await.unwrap(), 2);
    let jobs = world.aws.sqs.messages(DELIVERIES);
    assert_eq!(jobs.len(), 2);
    let inline = jobs.iter().filter_map(|job| match Job::from_json(&job.body) {
        Ok(Job::Deliver(job)) => job.inline,
        _ => None,
    });
    assert!(inline.into_iter().any(|inline| inline.facts.subject == event.facts.subject));
}

#[tokio::test]
async fn entries_that_sqs_did_not_take_are_sent_again_at_once() {
    let (world, tenant) = world().await;
    for number in 0..5 {
        world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
    }
    accept(&world, tenant, "a").await;
    world.aws.sqs.refuse_entries(2);
    assert_eq!(world.pump_stream().await.unwrap(), 1);
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), 5);
}

#[tokio::test]
async fn an_entry_that_the_answer_does_not_name_is_not_taken_for_sent() {
    let (world, tenant) = world().await;
    for number in 0..5 {
        world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
    }
    accept(&world, tenant, "a").await;
    world.aws.sqs.ignore_entries(1);
    assert_eq!(world.pump_stream().await.unwrap(), 1);
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), 5);
}

#[tokio::test]
async fn a_record_whose_jobs_were_not_all_taken_is_reported_and_replayed() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    accept(&world, tenant, "a").await;
    accept(&world, tenant, "b").await;
    // Both jobs are in one call, and both are refused in each of its three tries.
    world.aws.sqs.refuse_entries(6);
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    assert!(world.aws.sqs.messages(DELIVERIES).is_empty());
    assert_eq!(world.pump_stream().await.unwrap(), 2);
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), 2);
}

#[tokio::test]
async fn webhooks_are_read_only_when_they_changed_and_then_always() {
    let (world, tenant) = world().await;
    world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    accept(&world, tenant, "a").await;
    accept(&world, tenant, "b").await;
    world.aws.take_calls();
    world.pump_stream().await.unwrap();
    // The batch has two events of one tenant. The tenant's version and its webhooks are read once.
    assert_eq!(operations(&world), ["DynamoDB.BatchGetItem", "DynamoDB.Query", "SQS.SendMessageBatch"]);
    accept(&world, tenant, "c").await;
    world.aws.take_calls();
    world.pump_stream().await.unwrap();
    assert_eq!(operations(&world), ["DynamoDB.BatchGetItem", "SQS.SendMessageBatch"]);
    // A webhook gets every event that is accepted after the answer to its creation.
    let late = world.webhook(tenant, "http://127.0.0.1:9/late").await.unwrap();
    accept(&world, tenant, "d").await;
    world.pump_stream().await.unwrap();
    let of_late = webhooks_of_jobs(&world).into_iter().filter(|webhook| *webhook == late.id.to_string());
    assert_eq!(of_late.count(), 1);
}
