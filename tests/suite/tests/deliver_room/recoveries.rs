//! Recoveries that somebody asked for, from the job of the first page on.

mod automatic;
mod crashes;
mod letters;
mod missing;
mod scale;

use jiff::{SignedDuration, Timestamp};
use shared::clock::random;
use shared::delivery::job_verdict::RowCondition;
use shared::delivery::{DeadReason, DeliveryState};
use shared::event::Event;
use shared::id::RecoveryId;
use shared::queue::job::{Job, RecoveryPage, Sweep};
use shared::recovery::{FailureReason, Position, Progress, Recoverable, Recovery, RecoveryStatus};
use shared::store::deliveries::Change;
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::Receiver;
use support::world::DELIVERIES;

use crate::Scene;

const DEAD: DeliveryState = DeliveryState::Dead { reason: DeadReason::AttemptsExhausted };

impl Scene {
    /// An event whose delivery to `webhook` is in `state` since `at`.
    async fn stuck_since(&self, webhook: &Webhook, key: &str, state: DeliveryState, at: Timestamp) -> Event {
        // Keys repeat, and the id of an event contains its time.
        self.world.tick();
        let event = self.world.event(self.tenant, key);
        self.world.events.put(&event).await.unwrap();
        let change = Change {
            tenant: self.tenant,
            webhook: webhook.id,
            event: event.id,
            event_type: event.facts.event_type,
            expected: RowCondition::Absent,
            round: 0,
            round_attempts: 0,
            attempt: None,
            drop_old_attempts: false,
            state,
            now: at,
        };
        self.world.deliveries.write(&change).await.unwrap();
        event
    }

    /// This many events whose deliveries to `webhook` are in `state` since a minute ago.
    async fn stuck(&self, webhook: &Webhook, state: DeliveryState, count: usize) -> Vec<Event> {
        let at = self.world.clock.now() - SignedDuration::from_mins(1);
        let mut events = Vec::new();
        for number in 0..count {
            events.push(self.stuck_since(webhook, &format!("{} {number}", state.as_str()), state, at).await);
        }
        // The stream sends no first jobs for these events.
        self.world.forget_stream().unwrap();
        events
    }

    /// A recovery of the last hour, which is not stored yet.
    pub(crate) fn recovery(&self, webhook: Option<&Webhook>, states: &[Recoverable]) -> Recovery {
        let now = self.world.clock.now();
        let webhook = webhook.map(|webhook| webhook.id);
        Recovery {
            id: RecoveryId::mint(now, random()),
            tenant: self.tenant,
            webhook,
            states: states.to_vec(),
            since: now - SignedDuration::from_hours(1),
            until: now,
            rate: 100,
            status: RecoveryStatus::Running,
            page: 0,
            position: Position { webhook, state: states[0], after: None },
            progress: Progress::default(),
            created_at: now,
            updated_at: now,
            due_at: now,
        }
    }

    /// Stores a recovery and sends the job of its first page.
    pub(crate) async fn begin(&self, recovery: &Recovery) {
        self.world.registry.recoveries.create(recovery).await.unwrap();
        self.world.aws.sqs.put(DELIVERIES, &page_job(recovery, 0));
    }

    async fn stored(&self, recovery: &Recovery) -> Recovery {
        self.world.registry.recoveries.get(self.tenant, recovery.id).await.unwrap().unwrap()
    }

    async fn assert_done(&self, recovery: &Recovery, looked_at: u64, recovered: u64) {
        let stored = self.stored(recovery).await;
        assert!(matches!(stored.status, RecoveryStatus::Done { .. }), "{stored:?}");
        assert_eq!((stored.progress.looked_at, stored.progress.recovered), (looked_at, recovered), "{stored:?}");
        assert!(self.world.registry.running_recoveries.of_tenant(self.tenant).await.unwrap().is_empty());
    }

    async fn change(&self, webhook: &Webhook, change: impl FnOnce(Webhook) -> Webhook) {
        let stored = self.world.registry.webhooks.get(self.tenant, webhook.id).await.unwrap().unwrap();
        self.world.registry.webhook_writer.replace(&change(stored), None).await.unwrap();
    }
}

fn page_job(recovery: &Recovery, page: u32) -> String {
    Job::Recovery(RecoveryPage {
        tenant: recovery.tenant,
        recovery: recovery.id,
        page,
        unknown: UnknownFields::default(),
    })
    .to_json()
}

/// The ids of the events that arrived at a path of the receiver, each as often as it arrived.
fn ids_of(receiver: &Receiver, path: &str) -> Vec<String> {
    receiver.received(path).iter().map(|post| post.webhook_id().to_owned()).collect()
}

#[tokio::test]
async fn held_and_dead_deliveries_are_recovered_and_nothing_else() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let held = scene.stuck(&webhook, DeliveryState::Held, 3).await;
    let dead = scene.stuck(&webhook, DEAD, 2).await;
    scene.stuck(&webhook, DeliveryState::Delivered, 2).await;
    scene.stuck(&webhook, DeliveryState::Dead { reason: DeadReason::EventExpired }, 1).await;

    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Held]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 3, 3).await;
    assert_eq!(receiver.received("/hook").len(), 3);
    for event in &held {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }

    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Held, Recoverable::Dead]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    // The delivery whose event is gone is looked at, and not recovered.
    scene.assert_done(&recovery, 3, 2).await;
    assert_eq!(receiver.received("/hook").len(), 5);
    for event in &dead {
        let row = scene.row(&webhook, event).await;
        assert_eq!((row.state, row.round), (DeliveryState::Delivered, 1));
    }
}

#[tokio::test]
async fn both_ends_of_the_time_are_included_and_nothing_outside() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let now = Timestamp::from_second(scene.world.clock.now().as_second()).unwrap();
    let ago = |seconds: i64| now - SignedDuration::from_secs(seconds);
    let mut wanted = Vec::new();
    for (seconds, is_wanted) in [(301, false), (300, true), (200, true), (100, true), (99, false)] {
        let event = scene.stuck_since(&webhook, &format!("{seconds} s"), DEAD, ago(seconds)).await;
        if is_wanted {
            wanted.push(event.id.to_string());
        }
    }
    scene.world.forget_stream().unwrap();
    let recovery =
        Recovery { since: ago(300), until: ago(100), ..scene.recovery(Some(&webhook), &[Recoverable::Dead]) };
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 3, 3).await;
    let mut got = ids_of(&receiver, "/hook");
    got.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
}

#[tokio::test]
async fn what_dies_again_is_not_recovered_again() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [support::Answer::Status(500)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/down")).await.unwrap();
    scene.stuck(&webhook, DEAD, 3).await;
    // The recovery is so slow that the first deliveries are dead again before the last are recovered.
    let recovery = Recovery { rate: 1, ..scene.recovery(Some(&webhook), &[Recoverable::Dead]) };
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 3, 3).await;
    assert_eq!(receiver.received("/down").len(), 3 * 4);
}

#[tokio::test]
async fn a_cancelled_one_sends_nothing_more() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DeliveryState::Held, 25).await;
    let recovery = Recovery { rate: 1, ..scene.recovery(Some(&webhook), &[Recoverable::Held]) };
    scene.begin(&recovery).await;
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(scene.stored(&recovery).await.progress.recovered, 10);
    let now = scene.world.clock.now();
    assert!(scene.world.registry.recoveries.cancel(scene.tenant, recovery.id, now).await.unwrap());
    scene.world.run_until_idle().await.unwrap();
    let stored = scene.stored(&recovery).await;
    assert!(matches!(stored.status, RecoveryStatus::Cancelled { .. }), "{stored:?}");
    assert_eq!((stored.progress.recovered, receiver.received("/hook").len()), (10, 10));
    assert!(scene.world.registry.running_recoveries.of_tenant(scene.tenant).await.unwrap().is_empty());
    assert!(!scene.world.registry.recoveries.cancel(scene.tenant, recovery.id, now).await.unwrap());
}

#[tokio::test]
async fn all_of_a_tenant_goes_through_its_webhooks_and_skips_those_that_take_no_attempts() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let first = scene.world.webhook(scene.tenant, &receiver.url("/first")).await.unwrap();
    let url = receiver.url("/off");
    let off = scene.webhook_with(&url, |webhook| Webhook {
        status: WebhookStatus::Disabled { reason: DisabledReason::Requested },
        ..webhook
    });
    let off = off.await;
    let last = scene.world.webhook(scene.tenant, &receiver.url("/last")).await.unwrap();
    for webhook in [&first, &off, &last] {
        scene.stuck(webhook, DEAD, 2).await;
        scene.stuck(webhook, DeliveryState::Held, 2).await;
    }
    let other = scene.world.tenant().await.unwrap();
    let others = scene.world.webhook(other, &receiver.url("/other")).await.unwrap();
    scene.stuck(&others, DEAD, 1).await; // the recovery must not look at this row

    let recovery = scene.recovery(None, &[Recoverable::Held, Recoverable::Dead]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 8, 8).await;
    assert_eq!(scene.stored(&recovery).await.progress.skipped_webhooks, 2, "held and dead of one webhook");
    assert_eq!((receiver.received("/first").len(), receiver.received("/last").len()), (4, 4));
    assert_eq!(receiver.count(), 8);
}

#[tokio::test]
async fn an_outage_is_waited_for_and_what_somebody_did_ends_it() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DEAD, 2).await;
    let open = scene.world.open_breaker(&webhook).await.unwrap();
    let waiting = scene.recovery(Some(&webhook), &[Recoverable::Dead]);
    scene.begin(&waiting).await;
    for _ in 0..3 {
        assert_eq!(scene.world.pump_queue(DELIVERIES).await, 1);
        scene.world.clock.advance(SignedDuration::from_secs(61));
    }
    assert_eq!(scene.stored(&waiting).await.status, RecoveryStatus::Running);
    scene.world.close_breaker(&webhook, &open).await.unwrap();
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&waiting, 2, 2).await;
    assert_eq!(receiver.received("/hook").len(), 2);

    let disabled = WebhookStatus::Disabled { reason: DisabledReason::Requested };
    for (reason, paused, status) in [
        (FailureReason::WebhookPaused, true, WebhookStatus::Enabled),
        (FailureReason::WebhookDisabled, false, disabled),
    ] {
        scene.change(&webhook, |webhook| Webhook { paused, status, ..webhook }).await;
        let recovery = scene.recovery(Some(&webhook), &[Recoverable::Held]);
        scene.begin(&recovery).await;
        scene.world.run_until_idle().await.unwrap();
        let stored = scene.stored(&recovery).await;
        assert!(matches!(stored.status, RecoveryStatus::Failed { reason: found, .. } if found == reason), "{stored:?}");
    }
    scene.world.registry.webhook_writer.delete(scene.tenant, webhook.id, scene.world.clock.now()).await.unwrap();
    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Missing]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    let reason = FailureReason::WebhookDeleted;
    assert!(
        matches!(scene.stored(&recovery).await.status, RecoveryStatus::Failed { reason: found, .. } if found == reason)
    );
    assert!(scene.world.registry.running_recoveries.of_tenant(scene.tenant).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_whose_job_was_lost_goes_on_with_the_sweep() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DEAD, 12).await;
    let recovery = Recovery { rate: 1, ..scene.recovery(Some(&webhook), &[Recoverable::Dead]) };
    scene.begin(&recovery).await;
    scene.world.pump_queue(DELIVERIES).await;
    let lost = scene.world.aws.sqs.take(DELIVERIES, |message| message.body.contains("\"recovery\""));
    assert_eq!(lost.len(), 1);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 10);

    let sweep = Job::Sweep(Sweep::default()).to_json();
    // The page is not overdue, so the sweep sends nothing.
    scene.world.aws.sqs.put(DELIVERIES, &sweep);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 10);
    scene.world.clock.advance(SignedDuration::from_hours(2));
    scene.world.aws.sqs.put(DELIVERIES, &sweep);
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 12, 12).await;
    assert_eq!(receiver.count(), 12);
    // If the lost job turns up, it has nothing to do.
    scene.world.aws.sqs.put(DELIVERIES, &lost[0].body);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 12);
}

#[tokio::test]
async fn a_copy_of_a_pages_job_dies_out_and_costs_no_delivery() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DEAD, 35).await;
    let recovery = Recovery { rate: 1, ..scene.recovery(Some(&webhook), &[Recoverable::Dead]) };
    scene.begin(&recovery).await;
    // Both copies are in one batch, so that both do the page.
    scene.world.aws.sqs.put(DELIVERIES, &page_job(&recovery, 0));
    let mut pages = 0;
    for _ in 0..200 {
        let queued = scene.world.aws.sqs.messages(DELIVERIES);
        let chain = queued.iter().filter(|message| message.body.contains("\"recovery\"")).count();
        assert!(chain <= 2, "{chain} chains");
        pages = pages.max(scene.stored(&recovery).await.page);
        if scene.world.pump_queue(DELIVERIES).await == 0 {
            let Some(next) = scene.world.aws.sqs.next_visible(DELIVERIES) else { break };
            scene.world.clock.advance(next.duration_since(scene.world.clock.now()).max(SignedDuration::ZERO));
        }
    }
    scene.assert_done(&recovery, 35, 35).await;
    assert_eq!(receiver.count(), 35);
    assert!(pages >= 4, "{pages} pages");
}

#[tokio::test]
async fn a_job_that_is_faster_than_its_recovery_comes_back_once() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DEAD, 1).await;
    let (stored, refused) = (scene.recovery(None, &[Recoverable::Dead]), scene.recovery(None, &[Recoverable::Dead]));
    scene.world.aws.sqs.put(DELIVERIES, &page_job(&stored, 0));
    scene.world.aws.sqs.put(DELIVERIES, &page_job(&refused, 0));
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 2);
    scene.world.registry.recoveries.create(&stored).await.unwrap();
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&stored, 1, 1).await;
    assert_eq!(receiver.count(), 1);
    assert!(scene.world.aws.sqs.messages(DELIVERIES).is_empty());
}
