//! The ledger: the exact calls for one event, counted from the real binaries, and their price per million events.

use std::path::Path;

use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use shared::clock::random;
use shared::id::KeyId;
use shared::stored_word::StoredWord;
use shared::tenant::{ApiKey, PresentedKey, Role};

use super::fleet::Fleet;
use super::prices;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Receiver, World};

/// A case: how events arrive and end.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Case {
    /// Number of webhooks that subscribe to each event.
    pub webhooks: u32,
    /// Number of events in one request.
    pub batch: u32,
    /// Number of first attempts in 100 that fail.
    pub failing_percent: u32,
}

/// The cases of the table.
pub const CASES: [Case; 8] = [
    case(1, 1, 0),
    case(1, 1, 5),
    case(1, 100, 0),
    case(1, 100, 5),
    case(10, 1, 0),
    case(10, 1, 5),
    case(10, 100, 0),
    case(10, 100, 5),
];

const fn case(webhooks: u32, batch: u32, failing_percent: u32) -> Case {
    Case { webhooks, batch, failing_percent }
}

/// Number of events in each case. Reason: 5 % of the deliveries of one webhook must be a whole number.
const EVENTS: u32 = 100;
/// The mapping's batch sizes: the template's defaults.
const STREAM_BATCH: usize = 100;

/// The average cost of one event.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The case.
    pub case: Case,
    /// DynamoDB write units.
    pub writes: f64,
    /// DynamoDB read units; an eventually consistent read counts half.
    pub reads: f64,
    /// SQS requests in steps of 64 KiB, including the mappings' receives and deletes.
    pub sqs: f64,
    /// Lambda invocations.
    pub invocations: f64,
    /// HTTP API requests.
    pub http: f64,
    /// Bytes of logs.
    pub log_bytes: f64,
    /// US dollars for a million events, without Lambda's duration.
    pub dollars_per_million: f64,
}

/// Runs one case.
pub async fn measure(bootstraps: &Path, case: Case) -> anyhow::Result<Entry> {
    let world = World::start_in_real_time().await?;
    let receiver = Receiver::start().await?;
    let tenant = world.tenant().await?;
    for number in 0..case.webhooks {
        let path = format!("/{number}");
        world.webhook(tenant, &receiver.url(&path)).await?;
        script(&receiver, &path, case.failing_percent);
    }
    let key = publish_key(&world, tenant).await?;
    let mut fleet = Fleet::start(bootstraps, &world).await?;

    // One event goes first, because connections, caches and lazily built values are not part of an event's cost.
    send(&mut fleet, &key, 1, "warm").await?;
    fleet.stream(&world, STREAM_BATCH).await?;
    fleet.queue(&world, DELIVERIES).await?;
    world.aws.take_units();
    let (before, logged) = (fleet.invocations, fleet.log_bytes());

    let mut polls = 0;
    for request in 0..EVENTS / case.batch {
        send(&mut fleet, &key, case.batch, &format!("event-{request}")).await?;
        fleet.stream(&world, STREAM_BATCH).await?;
        polls += fleet.queue(&world, DELIVERIES).await?;
    }
    world.clock.advance(SignedDuration::from_secs(2));
    // The clock of other processes cannot be advanced, so this waits for the retries' delay of one second.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    polls += fleet.queue(&world, RETRIES).await?;

    let units = world.aws.take_units();
    let per_event = |count: f64| count / f64::from(EVENTS);
    #[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
    let number = |count: u64| count as f64;
    let invoked = fleet.invocations;
    let ingested = number(invoked.ingest - before.ingest);
    let invocations = ingested + number(invoked.dispatch - before.dispatch) + number(invoked.deliver - before.deliver);
    // Each batch of a mapping needs one receive and one delete.
    let sqs = number(units.sqs_requests) + 2.0 * number(polls);
    let log_bytes = number(fleet.log_bytes() - logged);
    let mut entry = Entry {
        case,
        writes: per_event(units.writes),
        reads: per_event(units.reads),
        sqs: per_event(sqs),
        invocations: per_event(invocations),
        http: per_event(ingested),
        log_bytes: per_event(log_bytes),
        dollars_per_million: 0.0,
    };
    entry.dollars_per_million = entry.writes * prices::DYNAMODB_WRITES
        + entry.reads * prices::DYNAMODB_READS
        + entry.sqs * prices::SQS_REQUESTS
        + entry.invocations * prices::LAMBDA_REQUESTS
        + entry.http * prices::HTTP_API_REQUESTS
        + entry.log_bytes / 1000.0 * prices::LOG_GB;
    Ok(entry)
}

/// Resident memory of the functions, in KiB, after `events` events to one webhook.
pub async fn resident_after(bootstraps: &Path, events: u32) -> anyhow::Result<[(&'static str, u64); 3]> {
    let world = World::start_in_real_time().await?;
    let receiver = Receiver::start().await?;
    let tenant = world.tenant().await?;
    world.webhook(tenant, &receiver.url("/memory")).await?;
    let key = publish_key(&world, tenant).await?;
    let mut fleet = Fleet::start(bootstraps, &world).await?;
    for request in 0..events / EVENTS {
        send(&mut fleet, &key, EVENTS, &format!("event-{request}")).await?;
        fleet.stream(&world, STREAM_BATCH).await?;
        fleet.queue(&world, DELIVERIES).await?;
    }
    anyhow::ensure!(receiver.received("/memory").len() == events as usize, "not every event arrived");
    fleet.resident_kib()
}

/// Answers 500 to the first `failing` of 100 requests, but not to the warm-up's request before them.
fn script(receiver: &Receiver, path: &str, failing: u32) {
    let answers = std::iter::once(Answer::Status(200))
        .chain((0..failing).map(|_| Answer::Status(500)))
        .chain([Answer::Status(200)]);
    receiver.script(path, answers);
}

async fn publish_key(world: &World, tenant: shared::id::TenantId) -> anyhow::Result<String> {
    let now = world.clock.now();
    let key = PresentedKey::generate(KeyId::mint(now, random()), random());
    let stored = ApiKey {
        id: key.id.ok_or_else(|| anyhow::anyhow!("a generated key has an id"))?,
        tenant: Some(tenant),
        role: StoredWord::Known(Role::Publish),
        name: "bench".to_owned(),
        secret_hash: key.hash(),
        created_at: now,
    };
    world.registry.api_keys.create(&stored).await?;
    Ok(key.expose())
}

/// Posts one request with `count` events, each about as large as a real event.
async fn send(fleet: &mut Fleet, key: &str, count: u32, name: &str) -> anyhow::Result<()> {
    let now = shared::clock::Clock::default().now().to_string();
    let events: Vec<_> = (0..count)
        .map(|number| {
            json!({
                "type": "email.delivered", "id": format!("{name}-{number}"), "timestamp": now,
                "recipient": "a.typical.reader@example.com", "subject": "Your receipt of this month",
                "message_id": format!("20261101.{name}.{number}@mail.example.com"),
                "campaign_id": "receipts-2026-11", "tags": ["receipt", "monthly"],
                "metadata": {"order": "A-10442", "shop": "north"},
            })
        })
        .collect();
    let body = if count == 1 { events[0].to_string() } else { serde_json::to_string(&events)? };
    let answer = fleet.post("/api/v1/events", key, &body).await?;
    anyhow::ensure!(answer["statusCode"] == 200, "ingest answered {answer}");
    Ok(())
}
