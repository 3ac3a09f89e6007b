//! How much memory the room uses at a time for jobs that list deliveries. It is measured on a thread of its own, so in
//! real time; no time decides how these tests end.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use shared::delivery::MAX_ATTEMPTS_KEPT;
use shared::id::{EventId, TenantId};
use shared::queue::job::{Job, OverdueJob, RecoveryPage, ReleaseHeld, Sweep};
use shared::recovery::Recoverable;
use shared::unknown_fields::UnknownFields;
use shared::webhook::Webhook;
use support::World;
use support::cost::cost;
use support::world::DELIVERIES;

use crate::Scene;

/// Maximum bytes that an invocation holds (32 MiB). Reason: a quarter of the smallest function's memory; the rest is
/// for its caches and its connections.
const MEMORY: u64 = 32 * 1024 * 1024;
/// Number of shards of a webhook's held deliveries.
const SHARDS: u8 = 8;
/// Number of kept attempts of each row: the maximum.
const ATTEMPTS: usize = MAX_ATTEMPTS_KEPT;

/// A tenant with this many webhooks. Each has held `of_each` deliveries in each shard for longer than the retention.
async fn world_with(webhooks: usize, of_each: u16) -> (World, TenantId, Vec<Webhook>) {
    let world = World::start_in_real_time().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    let mut owners = Vec::new();
    for number in 0..webhooks {
        let webhook = world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
        let rows = (0..SHARDS).flat_map(|shard| (0..of_each).map(move |number| (shard, number)));
        let rows = rows.map(|(shard, number)| held(tenant, &webhook, shard, number));
        world.aws.put_unbroken("deliveries", rows.collect()).unwrap();
        owners.push(webhook);
    }
    (world, tenant, owners)
}

/// The row of a delivery that was held after many attempts. Its receiver answers at length.
fn held(tenant: TenantId, webhook: &Webhook, shard: u8, number: u16) -> Value {
    let at = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(i64::from(number));
    let event = EventId::derive(at, tenant, None, &format!("{shard} {number}"));
    let text = |text: &str| json!({ "S": text });
    let numeric = |number: i64| json!({ "N": number.to_string() });
    let attempt = |number: usize| {
        json!({ "M": {
            "n": numeric(i64::try_from(number).unwrap()), "r": numeric(0), "at": numeric(at.as_millisecond()), "ms": numeric(9),
            "code": text("timeout"), "answer": text(&"x".repeat(1_024)),
        }})
    };
    json!({
        "pk": text(&format!("{}#1970-01-01#{shard}", webhook.id)), "sk": text(&event.to_string()),
        "hd_pk": text(&format!("{}#held#{shard}", webhook.id)),
        "hd_sk": text(&format!("{:013}#{event}", at.as_millisecond())),
        "v": numeric(1), "tenant": text(&tenant.to_string()), "webhook": text(&webhook.id.to_string()),
        "event": text(&event.to_string()), "type": text("email.delivered"), "state": text("held"),
        "round": numeric(0), "n": numeric(i64::try_from(ATTEMPTS).unwrap()), "updated": numeric(at.as_millisecond()),
        "attempts": { "L": (1..=ATTEMPTS).map(attempt).collect::<Vec<_>>() },
    })
}

/// The maximum number of bytes that one invocation holds for these jobs.
fn peak_of(world: &World, jobs: &[Job]) -> u64 {
    let room = world.another_deliver(|_| {}).unwrap();
    let mut batch = SqsEvent::default();
    batch.records = jobs
        .iter()
        .enumerate()
        .map(|(number, job)| {
            let mut message = SqsMessage::default();
            (message.message_id, message.body) = (Some(number.to_string()), Some(job.to_json()));
            message
        })
        .collect();
    let measured = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut context = Context::default();
        context.deadline = u64::MAX >> 1;
        let (answer, cost) =
            cost(|| runtime.block_on(deliver::handle(LambdaEvent::new(batch, context), &room)).unwrap());
        assert!(answer.batch_item_failures.is_empty());
        cost.peak_bytes
    });
    tokio::task::block_in_place(|| measured.join().unwrap())
}

/// When a suspension is lifted, each webhook of the tenant gets such a job, and an invocation has ten of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_jobs_that_list_large_rows_fit_into_the_memory_of_the_smallest_function() {
    let (world, tenant, webhooks) = world_with(10, 4).await;
    let of_each = |job: fn(TenantId, &Webhook) -> Job| -> Vec<Job> {
        webhooks.iter().map(|webhook| job(tenant, webhook)).collect()
    };
    let releases = of_each(|tenant, webhook| {
        Job::ReleaseHeld(ReleaseHeld { tenant, webhook: webhook.id, after: None, unknown: UnknownFields::default() })
    });
    let peak = peak_of(&world, &releases);
    assert!(peak < MEMORY, "{peak} bytes for releases");
    let overdue = of_each(|tenant, webhook| {
        Job::Overdue(OverdueJob { tenant, webhook: webhook.id, after: None, unknown: UnknownFields::default() })
    });
    let peak = peak_of(&world, &overdue);
    assert!(peak < MEMORY, "{peak} bytes for what is overdue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_over_many_webhooks_with_large_rows_fits_too() {
    let (world, ..) = world_with(40, 1).await;
    let peak = peak_of(&world, &[Job::Sweep(Sweep::default())]);
    assert!(peak < MEMORY, "{peak} bytes");
}

/// Rows of 300 KB that compress well, in one page of a recovery.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_of_large_missing_deliveries_fits_too() {
    let world = World::start_in_real_time().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    for number in 0..400 {
        let mut event = world.event(tenant, &number.to_string());
        event.facts.diagnostic = Some("x".repeat(300 * 1024));
        world.events.put(&event).await.unwrap();
    }
    // The webhook is younger than the events.
    let webhook = world.webhook(tenant, "http://127.0.0.1:9/late").await.unwrap();
    let scene = Scene { world, tenant };
    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Missing]);
    scene.begin(&recovery).await;
    let page =
        Job::Recovery(RecoveryPage { tenant, recovery: recovery.id, page: 0, unknown: UnknownFields::default() });
    let peak = peak_of(&scene.world, &[page]);
    assert!(peak < MEMORY, "{peak} bytes");
    let jobs = scene.world.aws.sqs.messages(DELIVERIES).into_iter();
    assert_eq!(jobs.filter(|message| message.body.contains(r#""kind":"deliver""#)).count(), 400);
}
