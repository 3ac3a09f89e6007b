//! Every AWS call of every page fails once before it takes effect, and once after that if it has an effect.

use std::collections::BTreeSet;

use shared::delivery::DeliveryState;
use shared::recovery::{Recoverable, Recovery, RecoveryStatus};
use support::world::DELIVERIES;
use support::{Break, Call, Receiver};

use super::{DEAD, ids_of};
use crate::Scene;

/// Maximum pumps of the queue. Reason: no recovery of these tests takes as many.
const MAX_STEPS: usize = 500;

struct Setting {
    scene: Scene,
    receiver: Receiver,
    recovery: Recovery,
}

/// A recovery of held, dead and missing deliveries, on several pages.
async fn setting() -> Setting {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    scene.accept("before 1").await;
    scene.accept("before 2").await;
    scene.world.run_until_idle().await.unwrap();
    scene.world.clock.advance(jiff::SignedDuration::from_millis(5));
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DeliveryState::Held, 12).await;
    scene.stuck(&webhook, DEAD, 3).await;
    let recovery = Recovery { rate: 1, ..scene.recovery(Some(&webhook), Recoverable::ALL) };
    scene.begin(&recovery).await;
    scene.world.aws.take_calls();
    Setting { scene, receiver, recovery }
}

impl Setting {
    /// Receives the recovery's next job, alone, when it is due. Returns `None` if there is no such job.
    async fn do_page(&self) -> Option<Vec<Call>> {
        let world = &self.scene.world;
        let others = world.aws.sqs.take(DELIVERIES, |message| !message.body.contains("\"kind\":\"recovery\""));
        let due = world.aws.sqs.next_visible(DELIVERIES);
        if let Some(due) = due {
            // The clock has whole milliseconds.
            let wait = due.duration_since(world.clock.now()) + jiff::SignedDuration::from_millis(1);
            world.clock.advance(wait.max(jiff::SignedDuration::ZERO));
            world.aws.take_calls();
            world.pump_queue(DELIVERIES).await;
        }
        let calls = world.aws.take_calls();
        for message in &others {
            world.aws.sqs.put(DELIVERIES, &message.body);
        }
        due.map(|_| calls)
    }

    async fn assert_all_delivered_once(&self, what: &str) {
        self.scene.world.run_until_idle().await.unwrap();
        let stored = self.scene.stored(&self.recovery).await;
        assert!(matches!(stored.status, RecoveryStatus::Done { .. }), "{what}: {stored:?}");
        let got: BTreeSet<_> = ids_of(&self.receiver, "/hook").into_iter().collect();
        assert_eq!((got.len(), self.receiver.count()), (17, 17), "{what}");
        assert!(
            self.scene.world.registry.running_recoveries.of_tenant(self.scene.tenant).await.unwrap().is_empty(),
            "{what}"
        );
    }
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_whichever_call_of_a_page_fails() {
    let undisturbed = setting().await;
    let mut calls_of_pages = Vec::new();
    while let Some(calls) = undisturbed.do_page().await {
        calls_of_pages.push(calls);
        assert!(calls_of_pages.len() < MAX_STEPS, "never over");
    }
    undisturbed.assert_all_delivered_once("undisturbed").await;
    assert_eq!(calls_of_pages.len(), 2, "{calls_of_pages:?}");

    for (page, calls) in calls_of_pages.iter().enumerate() {
        for (index, call) in calls.iter().enumerate() {
            let has_effect = !["GetItem", "BatchGetItem", "Query"].iter().any(|read| call.operation.ends_with(read));
            for how in [Break::Before].into_iter().chain(has_effect.then_some(Break::After)) {
                let operation = &call.operation;
                let what = format!("{operation}, call {index} of page {page}, failed {how:?} its effect");
                let disturbed = setting().await;
                for _ in 0..page {
                    disturbed.do_page().await;
                }
                disturbed.scene.world.aws.break_call(index, how);
                disturbed.do_page().await;
                assert!(!disturbed.scene.world.aws.call_off_break(), "{what}: never made");
                disturbed.assert_all_delivered_once(&what).await;
            }
        }
    }
}
