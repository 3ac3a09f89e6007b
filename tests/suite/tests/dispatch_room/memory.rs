//! How much memory the room uses at a time. It is measured on a thread of its own, so in real time; no time decides how
//! this test ends.

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use lambda_runtime::{Context, LambdaEvent};
use shared::event::EventType;
use shared::queue::job::INLINE_LIMIT;
use shared::webhook::MAX_PER_TENANT;
use support::World;
use support::cost::cost;
use support::world::DELIVERIES;

/// Maximum bytes that dispatch holds, its batch included (64 MiB). Reason: half of the smallest function's memory.
const MEMORY: u64 = 64 * 1024 * 1024;
/// Maximum events of a batch: the template's `StreamBatchSize`.
const BATCH: usize = 100;

/// A batch of a hundred of the largest inline events. The tenants' webhooks want all of them.
async fn world_with(tenants: usize, webhooks: usize) -> World {
    let world = World::start_in_real_time().await.unwrap();
    let mut owners = Vec::new();
    for _ in 0..tenants {
        let tenant = world.tenant().await.unwrap();
        for number in 0..webhooks {
            world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
        }
        owners.push(tenant);
    }
    for number in 0..BATCH {
        let mut event = world.event(owners[number % tenants], &format!("event {number}"));
        event.facts.event_type = EventType::Bounced;
        event.facts.diagnostic = Some(incompressible(INLINE_LIMIT - 2_000));
        world.events.put(&event).await.unwrap();
    }
    world
}

/// A text that a row holds as it is.
fn incompressible(length: usize) -> String {
    let mut seed = 1_u64;
    let mut text = String::new();
    while text.len() < length {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push(char::from(b'#' + u8::try_from(seed >> 58).unwrap()));
    }
    text
}

/// 500 webhooks and a hundred events of 48 KiB: these are 50,000 jobs, 2.4 GB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_widest_fan_out_fits_into_the_memory_of_the_smallest_function() {
    let world = world_with(1, usize::try_from(MAX_PER_TENANT).unwrap()).await;
    let peak = peak_of_dispatch(&world, world.next_stream_batch(usize::MAX).unwrap().unwrap());
    assert!(peak < MEMORY, "{peak} bytes");
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), BATCH, "a job for each event");
}

/// The jobs that dispatch sends itself have many times the bytes that it holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_depend_on_the_fan_out() {
    let world = world_with(20, 17).await;
    let peak = peak_of_dispatch(&world, world.next_stream_batch(usize::MAX).unwrap().unwrap());
    let jobs: u64 = world.aws.sqs.messages(DELIVERIES).iter().map(|message| message.body.len() as u64).sum();
    assert!(jobs > MEMORY, "{jobs} bytes of jobs");
    assert!(peak < MEMORY / 2, "{peak} bytes");
}

/// The maximum number of bytes that one invocation holds, its batch included. It runs on a thread of its own, so the
/// memory of the queues does not count.
fn peak_of_dispatch(world: &World, batch: StreamEvent) -> u64 {
    let room = world.another_dispatch();
    let measured = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut context = Context::default();
        context.deadline = u64::MAX >> 1;
        let batch = serde_json::to_string(&batch).unwrap();
        let (answer, cost) = cost(|| {
            let batch = serde_json::from_str(&batch).unwrap();
            runtime.block_on(dispatch::handle(LambdaEvent::new(batch, context), &room)).unwrap()
        });
        assert!(answer.batch_item_failures.is_empty());
        cost.peak_bytes
    });
    tokio::task::block_in_place(|| measured.join().unwrap())
}
