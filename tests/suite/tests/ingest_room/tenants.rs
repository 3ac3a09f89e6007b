//! What an operator allows a tenant: suspension, and events per minute.

use jiff::SignedDuration;
use serde_json::json;
use shared::provider::Provider;
use shared::source::Trust;
use shared::tenant::{Role, TenantChange};
use support::senders::Sender;

use crate::room::{Answer, Room, publication};

async fn change(room: &Room, change: TenantChange) {
    room.world.registry.tenants.change(room.tenant, &change).await.unwrap();
}

async fn suspend(room: &Room, suspended: bool) {
    change(room, TenantChange { suspended: Some(suspended), ..TenantChange::default() }).await;
}

async fn limit(room: &Room, events_per_minute: u32) {
    change(room, TenantChange { events_per_minute: Some(Some(events_per_minute)), ..TenantChange::default() }).await;
}

fn seconds_to_wait(answer: &Answer) -> i64 {
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

fn events(count: u32) -> String {
    let at = "2026-01-02T03:04:05Z";
    let event = json!({ "type": "email.delivered", "timestamp": at, "recipient": "reader@example.com" });
    json!(vec![event; count as usize]).to_string()
}

#[tokio::test]
async fn the_sources_of_a_suspended_tenant_answer_so_that_their_provider_repeats_the_post() {
    for sender in Sender::all().unwrap() {
        let word = sender.provider.as_str();
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        assert_eq!(room.take(&key, &room.good(&sender, &key, 1)).await.status, 200, "{word}");
        suspend(&room, true).await;
        room.world.clock.advance(SignedDuration::from_secs(31));
        let refused = room.take(&key, &room.good(&sender, &key, 2)).await;
        assert_eq!(refused.problem(), (sender.provider.status_to_wait(), "tenant-suspended"), "{word}");
        assert_eq!(seconds_to_wait(&refused), 300);
        let stored = room.stored().len();
        suspend(&room, false).await;
        room.world.clock.advance(SignedDuration::from_secs(31));
        assert_eq!(room.take(&key, &room.good(&sender, &key, 2)).await.status, 200, "{word}");
        assert!(room.stored().len() > stored, "{word}");
    }
}

#[tokio::test]
async fn own_events_of_a_suspended_tenant_are_refused_for_every_key() {
    let room = Room::start().await;
    suspend(&room, true).await;
    for (role, tenant) in [(Role::Publish, Some(room.tenant)), (Role::Tenant, Some(room.tenant)), (Role::Admin, None)] {
        let (_, key) = room.key(role, tenant).await;
        let request = publication(&key).header("x-tenant-id", room.tenant.to_string());
        assert_eq!(room.send(request, events(1)).await.problem(), (403, "tenant-suspended"));
    }
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn a_limit_is_exact_within_a_tenth_across_functions_and_costs_few_writes() {
    let room = Room::start().await;
    let functions = [room.another_function(), room.another_function(), room.another_function()];
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    limit(&room, 1_000).await;
    room.world.aws.take_calls();
    let mut accepted = 0;
    for post in 0..400_usize {
        let request = publication(&key).body(events(5).into()).unwrap();
        let answer = Room::send_to(&functions[post % 3], request).await;
        if answer.status == 200 {
            accepted += 5;
        } else {
            assert_eq!(answer.problem(), (429, "event-limit-reached"));
            assert!((1..=61).contains(&seconds_to_wait(&answer)), "{answer:?}");
        }
    }
    assert!((900..=1_000).contains(&accepted), "{accepted}");
    assert_eq!(room.stored().len(), accepted, "what was accepted is stored");
    let calls = room.world.aws.take_calls();
    let claims = calls.iter().filter(|call| call.operation == "DynamoDB.UpdateItem").count();
    assert!(claims <= 130, "{claims} claims");
    // The next minute allows as many again.
    room.world.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(room.publish(&key, events(5)).await.status, 200);
}

#[tokio::test]
async fn a_post_is_accepted_or_refused_as_a_whole_and_its_excess_counts_later() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    limit(&room, 10).await;
    assert_eq!(room.publish(&key, events(9)).await.status, 200);
    // One event is left. A post of 31 is accepted, and counts for three more minutes.
    assert_eq!(room.publish(&key, events(31)).await.status, 200);
    assert_eq!(room.stored().len(), 40);
    let refused = room.publish(&key, events(1)).await;
    assert_eq!(refused.problem(), (429, "event-limit-reached"));
    assert_eq!(room.stored().len(), 40, "nothing of a refused post is stored");
    room.world.clock.advance(SignedDuration::from_secs(seconds_to_wait(&refused)));
    assert_eq!(room.publish(&key, events(1)).await.status, 200);
}

#[tokio::test]
async fn a_source_over_the_limit_is_answered_so_that_its_provider_repeats_the_post() {
    for (provider, status) in [(Provider::Brevo, 429), (Provider::Ses, 503), (Provider::Mailgun, 429)] {
        let room = Room::start().await;
        let sender = Sender::of(provider).unwrap();
        let (_, key) = room.source_of(&sender).await;
        limit(&room, 1).await;
        assert_eq!(room.take(&key, &room.good(&sender, &key, 1)).await.status, 200);
        let mut refused = room.take(&key, &room.good(&sender, &key, 2)).await;
        if refused.status == 200 {
            refused = room.take(&key, &room.good(&sender, &key, 3)).await;
        }
        assert_eq!(refused.problem(), (status, "event-limit-reached"));
        // A post that is not genuine uses up nothing.
        room.world.clock.advance(SignedDuration::from_secs(seconds_to_wait(&refused)));
        assert_eq!(room.take(&key, &room.good(&sender, &key, 2)).await.status, 200);
    }
}

#[tokio::test]
async fn without_a_limit_nothing_is_counted() {
    let room = Room::start().await;
    let (_, key) = room.source_trusting(Provider::Generic, Trust::unsigned()).await;
    let post = |number: u32| json!({ "type": "email.delivered", "email_id": number.to_string() }).to_string();
    assert_eq!(room.post(&key, post(1)).await.status, 200);
    room.world.aws.take_calls();
    assert_eq!(room.post(&key, post(2)).await.status, 200);
    let calls: Vec<_> = room.world.aws.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["DynamoDB.PutItem"], "tenant and source are remembered");
}
