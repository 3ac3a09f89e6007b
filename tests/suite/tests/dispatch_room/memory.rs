//! How much memory the room uses at a time. It is measured on a thread of its own, so in real time; no time decides how
//! this test ends.

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use lambda_runtime::{Context, LambdaEvent};
use shared::event::EventType;
use shared::queue::job::INLINE_LIMIT;
use support::World;
use support::cost::cost;
use support::world::DELIVERIES;

/// The jobs of the largest inline events have many times the bytes that the room may hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_depend_on_the_fan_out() {
    let world = World::start_in_real_time().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    for number in 0..120 {
        world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
    }
    for number in 0..8 {
        let mut event = world.event(tenant, &format!("event {number}"));
        event.facts.event_type = EventType::Bounced;
        event.facts.diagnostic = Some("x".repeat(INLINE_LIMIT - 2_000));
        world.events.put(&event).await.unwrap();
    }
    let batch = world.next_stream_batch(usize::MAX).unwrap().unwrap();
    let peak = peak_of_dispatch(&world, batch);
    let jobs: u64 = world.aws.sqs.messages(DELIVERIES).iter().map(|message| message.body.len() as u64).sum();
    assert!(jobs > 2 * MEMORY, "{jobs} bytes of jobs");
    assert!(peak < MEMORY, "{peak} bytes");
}

/// Maximum bytes that dispatch holds in addition to a batch. Reason: it holds one portion, and the portion's calls that
/// are under way.
const MEMORY: u64 = 20 * 1024 * 1024;

/// The maximum number of bytes that one invocation holds. It runs on a thread of its own, so the memory of the queues
/// does not count.
fn peak_of_dispatch(world: &World, batch: StreamEvent) -> u64 {
    let room = world.another_dispatch();
    let measured = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut context = Context::default();
        context.deadline = u64::MAX >> 1;
        let (answer, cost) =
            cost(|| runtime.block_on(dispatch::handle(LambdaEvent::new(batch, context), &room)).unwrap());
        assert!(answer.batch_item_failures.is_empty());
        cost.peak_bytes
    });
    tokio::task::block_in_place(|| measured.join().unwrap())
}
