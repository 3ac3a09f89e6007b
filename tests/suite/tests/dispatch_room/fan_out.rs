//! An event that very many webhooks want becomes one job, and `deliver` sends the first jobs. So other tenants' events
//! in the same shard wait a bounded time.

use std::collections::BTreeMap;

use shared::id::TenantId;
use shared::queue::job::Job;
use support::world::{DEAD_LETTER, DELIVERIES};
use support::{Break, Receiver, World};

use super::{accept, operations};

/// Maximum webhooks of an event whose jobs `dispatch` sends itself.
const MOST: usize = 100;
/// Maximum jobs of one tenant in a batch that `dispatch` sends itself.
const MOST_OF_TENANT: usize = 1_000;

async fn tenant_with(world: &World, webhooks: usize) -> TenantId {
    let tenant = world.tenant().await.unwrap();
    for number in 0..webhooks {
        world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap();
    }
    tenant
}

/// How many first jobs each delivery has in the queue, and how many dispatch jobs there are.
fn jobs(world: &World) -> (BTreeMap<(String, String), usize>, usize) {
    let (mut first, mut handed_over) = (BTreeMap::new(), 0);
    for message in world.aws.sqs.messages(DELIVERIES) {
        match Job::from_json(&message.body).unwrap() {
            Job::Deliver(job) => *first.entry((job.event.to_string(), job.webhook.to_string())).or_default() += 1,
            Job::Dispatch(_) => handed_over += 1,
            other => panic!("{other:?}"),
        }
    }
    (first, handed_over)
}

#[tokio::test]
async fn above_the_limit_a_job_sends_the_first_jobs_each_once() {
    for (webhooks, handed_over) in [(MOST, 0), (MOST + 1, 1)] {
        let world = World::start().await.unwrap();
        let tenant = tenant_with(&world, webhooks).await;
        accept(&world, tenant, "a").await;
        assert_eq!(world.pump_stream().await.unwrap(), 1);
        assert_eq!(jobs(&world).1, handed_over, "{webhooks}");
        if handed_over > 0 {
            assert_eq!(world.pump_queue(DELIVERIES).await, handed_over);
        }
        let (first, handed_over) = jobs(&world);
        assert_eq!((first.len(), handed_over), (webhooks, 0));
        assert!(first.values().all(|copies| *copies == 1), "{first:?}");
    }
}

/// One tenant's 150 webhooks and 60 events stand in front of a bystander's event. The bystander's job is sent in the
/// same invocation, after a few calls.
#[tokio::test]
async fn a_wide_fan_out_holds_a_bystander_back_for_a_few_calls() {
    for webhooks in [MOST, 150] {
        let world = World::start().await.unwrap();
        let (wide, bystander) = (tenant_with(&world, webhooks).await, tenant_with(&world, 1).await);
        for number in 0..60 {
            accept(&world, wide, &format!("event {number}")).await;
        }
        accept(&world, bystander, "mine").await;
        world.aws.take_calls();
        assert_eq!(world.pump_stream().await.unwrap(), 61);
        let sends = operations(&world).iter().filter(|operation| *operation == "SQS.SendMessageBatch").count();
        assert!(sends <= MOST_OF_TENANT / 10 + 10, "{sends} calls");
        let (first, handed_over) = jobs(&world);
        let direct = if webhooks <= MOST { MOST_OF_TENANT / webhooks } else { 0 };
        assert_eq!((first.len(), handed_over), (direct * webhooks + 1, 60 - direct));
    }
}

/// Whichever call of the job fails, before or after its effect: every webhook gets the event, and nothing is left over.
#[tokio::test]
async fn whichever_call_fails_every_first_job_is_sent() {
    // The event, the first page of webhooks, a call of the first page, the second page, and a call of a later page.
    for calls in [0, 1, 2, 5, 18] {
        for how in [Break::Before, Break::After] {
            let world = World::start().await.unwrap();
            let receiver = Receiver::start().await.unwrap();
            let tenant = world.tenant().await.unwrap();
            for number in 0..=MOST {
                world.webhook(tenant, &receiver.url(&format!("/{number}"))).await.unwrap();
            }
            accept(&world, tenant, "a").await;
            world.pump_stream().await.unwrap();
            world.aws.break_call(calls, how);
            world.pump_queue(DELIVERIES).await;
            world.aws.call_off_break();
            world.run_until_idle().await.unwrap();
            for number in 0..=MOST {
                assert!(!receiver.received(&format!("/{number}")).is_empty(), "call {calls} {how:?}: {number}");
            }
            assert!(world.aws.sqs.messages(DEAD_LETTER).is_empty());
        }
    }
}
