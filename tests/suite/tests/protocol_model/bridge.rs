//! The bridge from the model to the real code: random days with the same kinds of steps, with the real rooms, tables
//! and queues, and the same invariants. After each step every delivery is accounted for. After the receiver accepts and
//! no call is broken any more, every delivery ends. A delivered delivery stays delivered, even if everything is
//! redriven then.

use std::collections::{BTreeMap, HashSet};

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use shared::breaker::BreakerSettings;
use shared::config::DeliverConfig;
use shared::delivery::{Delivery, DeliveryState, Outcome, StateKind};
use shared::event::Event;
use shared::id::{EventId, TenantId};
use shared::queue::job::{DeliverJob, Job, ReleaseHeld, Sweep};
use shared::retry::{Delays, RetryPolicy};
use shared::store::Readable;
use shared::store::StoreError;
use shared::store::deliveries::HeldOrDeadOrder;
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES, SLOW};
use support::{Answer, Break, Receiver, World};

const PATH: &str = "/hook";
/// Days that a test run tries, and how much happens on each.
const DAYS: u32 = 96;
const MOST_HAPPENINGS: usize = 24;

/// What may happen, as in the model.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Accept,
    Dispatch,
    Deliver,
    Retry,
    /// A batch of the slow queue.
    Slow,
    /// A batch of this queue. The AWS call after this number of further calls fails.
    Crash(&'static str, usize, Break),
    /// The webhook is disabled or enabled, then two functions have the next batch, because its visibility has ended:
    /// one that remembers the webhook, and one with empty caches.
    Overrun(bool),
    /// This number of seconds passes.
    Wait(i64),
    /// The receiver gives this answer from now on.
    Receiver(u16),
    /// The AWS call after this number of further calls fails, in any room.
    Break(usize, Break),
    /// A function with empty caches takes over.
    Restart,
    Disable,
    Enable,
    Redrive,
    CopyLetters,
    RecoverHeld,
    Resend,
    Sweep,
    /// SQS loses the messages of the waits that the index guards.
    Lose,
}

fn happening() -> impl Strategy<Value = Happening> {
    let breaks = || (0_usize..8, prop_oneof![Just(Break::Before), Just(Break::After)]);
    let queues = prop_oneof![3 => Just(DELIVERIES), 1 => Just(RETRIES), 1 => Just(SLOW)];
    prop_oneof![
        3 => Just(Happening::Accept),
        3 => Just(Happening::Dispatch),
        6 => Just(Happening::Deliver),
        4 => Just(Happening::Retry),
        2 => Just(Happening::Slow),
        4 => prop_oneof![Just(2), Just(40), Just(200), Just(4_000)].prop_map(Happening::Wait),
        3 => prop_oneof![Just(200), Just(500), Just(500), Just(410)].prop_map(Happening::Receiver),
        6 => (queues, breaks()).prop_map(|(queue, (calls, how))| Happening::Crash(queue, calls, how)),
        4 => any::<bool>().prop_map(Happening::Overrun),
        1 => breaks().prop_map(|(calls, how)| Happening::Break(calls, how)),
        1 => Just(Happening::Restart),
        1 => Just(Happening::Disable),
        2 => Just(Happening::Enable),
        2 => Just(Happening::Redrive),
        1 => Just(Happening::CopyLetters),
        1 => Just(Happening::RecoverHeld),
        1 => Just(Happening::Resend),
        1 => Just(Happening::Sweep),
        1 => Just(Happening::Lose),
    ]
}

/// The functions remember webhooks for longer than the first delay of a schedule.
fn remembering(config: &mut DeliverConfig) {
    config.cache_seconds = 300;
}

struct Day {
    world: World,
    receiver: Receiver,
    room: deliver::Deliver,
    tenant: TenantId,
    webhook: Webhook,
    events: Vec<Event>,
}

impl Day {
    /// `delays` are those of the webhook's retry policy.
    async fn begin(delays: &[i64]) -> Self {
        let world = World::start().await.unwrap();
        let receiver = Receiver::start().await.unwrap();
        let tenant = world.tenant().await.unwrap();
        let url = receiver.url(PATH);
        let webhook = world.webhook_with(tenant, &url, |webhook| Webhook {
            retry_policy: RetryPolicy::Custom(Delays::new(delays).unwrap()),
            breaker: BreakerSettings { failures: 2, window_seconds: 0, disable_after_hours: 1 },
            ..webhook
        });
        let webhook = webhook.await.unwrap();
        let room = world.another_deliver(remembering).unwrap();
        Self { world, receiver, room, tenant, webhook, events: Vec::new() }
    }

    /// Makes the step. If a call of it is broken, the step fails half-way.
    async fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Accept => {
                let event = self.world.event(self.tenant, &self.events.len().to_string());
                // Only an acknowledged event is owed; the sender repeats the others.
                while self.world.events.put(&event).await.is_err() {}
                self.events.push(event);
            }
            Happening::Dispatch => {
                self.world.pump_stream().await.unwrap();
            }
            Happening::Deliver => {
                self.world.pump_queue_with(DELIVERIES, &self.room).await;
            }
            Happening::Retry => {
                self.world.pump_queue_with(RETRIES, &self.room).await;
            }
            Happening::Slow => {
                self.world.pump_queue_with(SLOW, &self.room).await;
            }
            Happening::Crash(queue, calls, how) => {
                self.world.aws.break_call(calls, how);
                self.world.pump_queue_with(queue, &self.room).await;
                self.world.aws.call_off_break();
            }
            Happening::Overrun(is_disabled) => self.overrun(is_disabled).await,
            Happening::Wait(seconds) => self.world.clock.advance(SignedDuration::from_secs(seconds)),
            Happening::Receiver(status) => self.receiver.script(PATH, [Answer::Status(status)]),
            Happening::Break(calls, how) => self.world.aws.break_call(calls, how),
            Happening::Restart => self.room = self.world.another_deliver(remembering).unwrap(),
            Happening::Disable => {
                let _broken_off = self.switch(WebhookStatus::Disabled { reason: DisabledReason::Requested }).await;
            }
            Happening::Enable => {
                let _broken_off = self.enable().await;
            }
            Happening::Redrive => {
                self.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
            }
            Happening::CopyLetters => {
                for letter in self.world.aws.sqs.messages(DEAD_LETTER) {
                    self.world.aws.sqs.put(DELIVERIES, &letter.body);
                }
            }
            Happening::RecoverHeld => self.recover(),
            Happening::Resend => {
                let _broken_off = self.resend().await;
            }
            Happening::Lose => {
                let guarded = self.guarded().await;
                self.world.aws.sqs.take(RETRIES, |message| match Job::from_json(&message.body) {
                    Ok(Job::Deliver(job)) => guarded.contains(&(job.event, job.round)),
                    _ => false,
                });
            }
            Happening::Sweep => self.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json()),
        }
    }

    async fn overrun(&self, is_disabled: bool) {
        let sqs = &self.world.aws.sqs;
        let next = [DELIVERIES, RETRIES, SLOW].into_iter().filter_map(|queue| Some((sqs.next_visible(queue)?, queue)));
        let Some((due, queue)) = next.min() else { return };
        self.world.clock.advance(due.duration_since(self.world.clock.now()).max(SignedDuration::ZERO));
        let (world, other) = (&self.world, self.world.another_deliver(remembering).unwrap());
        if is_disabled {
            let _broken_off = self.switch(WebhookStatus::Disabled { reason: DisabledReason::Requested }).await;
        } else {
            let _broken_off = self.enable().await;
        }
        let [first, second] = world.receive_twice(queue);
        let kept = futures::join!(world.invoke(&first, &other), world.invoke(&second, &self.room));
        for (batch, kept) in [(&second, kept.1), (&first, kept.0)] {
            if let Some(kept) = kept {
                world.aws.sqs.finish(queue, batch, &kept);
            }
        }
    }

    async fn switch(&self, status: WebhookStatus) -> Result<(), StoreError> {
        let stored = self.world.registry.webhooks.get(self.tenant, self.webhook.id).await?;
        let stored = stored.expect("nobody deletes it");
        self.world.registry.webhook_writer.replace(&Webhook { status, ..stored }, None).await
    }

    /// As `patch.rs` does. That the receiver is quick is forgotten too, so that jobs go through the slow queue again.
    async fn enable(&self) -> Result<(), StoreError> {
        self.switch(WebhookStatus::Enabled).await?;
        self.world.registry.breakers.forget(self.tenant, self.webhook.id).await?;
        self.recover();
        Ok(())
    }

    fn recover(&self) {
        let job = Job::ReleaseHeld(ReleaseHeld {
            tenant: self.tenant,
            webhook: self.webhook.id,
            after: None,
            unknown: UnknownFields::default(),
        });
        self.world.aws.sqs.put(DELIVERIES, &job.to_json());
    }

    /// As `resend.rs` does, for the first event.
    async fn resend(&self) -> Result<(), StoreError> {
        let Some(event) = self.events.first() else { return Ok(()) };
        let row = self.world.deliveries.get(self.tenant, self.webhook.id, event.id).await?;
        let job = Job::Deliver(DeliverJob {
            tenant: self.tenant,
            webhook: self.webhook.id,
            event: event.id,
            round: row.map_or(1, |row| row.round + 1),
            inline: Some(Box::new(event.clone())),
            resend: true,
            slot: None,
            unknown: UnknownFields::default(),
        });
        self.world.aws.sqs.put(DELIVERIES, &job.to_json());
        Ok(())
    }

    /// The waiting deliveries that the sweep finds if their message is lost, with their rounds.
    async fn guarded(&self) -> HashSet<(EventId, u32)> {
        let (order, state) = (HeldOrDeadOrder::OldestFirst, StateKind::Waiting);
        // The planned break is meant for the rooms, not for this call.
        let page = loop {
            let page = self.world.deliveries.list_stuck(self.tenant, self.webhook.id, state, order, None, 100).await;
            if let Ok(page) = page {
                break page;
            }
        };
        page.items.iter().filter_map(Readable::as_read).map(|delivery| (delivery.event, delivery.round)).collect()
    }

    async fn rows(&self) -> BTreeMap<EventId, Option<Delivery>> {
        let mut rows = BTreeMap::new();
        for event in &self.events {
            // The planned break is meant for the rooms, not for this call.
            let row = loop {
                if let Ok(row) = self.world.deliveries.get(self.tenant, self.webhook.id, event.id).await {
                    break row;
                }
            };
            rows.insert(event.id, row);
        }
        rows
    }

    /// The rounds of an event's jobs in a queue.
    fn rounds(&self, queue: &str, event: EventId) -> Vec<u32> {
        let jobs =
            self.world.aws.sqs.messages(queue).into_iter().filter_map(|message| Job::from_json(&message.body).ok());
        jobs.filter_map(|job| match job {
            Job::Deliver(deliver) if deliver.event == event => Some(deliver.round),
            // Its first jobs are sent when the webhooks can be read.
            Job::Dispatch(dispatch) if dispatch.event == event => Some(0),
            _ => None,
        })
        .collect()
    }

    /// "every delivery is accounted for", on the real tables and queues.
    async fn assert_accounted_for(&self, when: &str) {
        let batch = self.world.next_stream_batch(usize::MAX).unwrap();
        let records = batch.into_iter().flat_map(|batch| batch.records);
        let in_stream: HashSet<String> = records.filter_map(|record| record.change.sequence_number).collect();
        let guarded = self.guarded().await;
        for (event, row) in self.rows().await {
            let alive = [DELIVERIES, RETRIES, SLOW].map(|queue| self.rounds(queue, event)).concat();
            let letters = self.rounds(DEAD_LETTER, event);
            let has = |least: u32, rounds: &[u32]| rounds.iter().any(|round| *round >= least);
            let is_accounted_for = match &row {
                None => in_stream.contains(&event.to_string()) || has(0, &alive),
                Some(row) => match row.state {
                    DeliveryState::Waiting { .. } => has(row.round, &alive) || guarded.contains(&(event, row.round)),
                    DeliveryState::Dead { .. } => has(row.round + 1, &letters) || has(row.round, &alive),
                    DeliveryState::Delivered => {
                        row.attempts.iter().any(|attempt| matches!(attempt.outcome, Outcome::Delivered { .. }))
                    }
                    DeliveryState::Held => true,
                    DeliveryState::Discarded => false,
                },
            };
            assert!(is_accounted_for, "{when}: {event}: {row:?}, jobs {alive:?}, letters {letters:?}");
        }
    }

    /// Does everything that happens by itself from now on.
    async fn settle_all(&mut self) {
        self.world.aws.call_off_break();
        self.receiver.script(PATH, [Answer::Status(200)]);
        // After this time the sweep takes a probe for lost.
        for _ in 0..2 {
            self.world.run_until_idle().await.unwrap();
            self.world.clock.advance(SignedDuration::from_hours(2));
            self.happen(Happening::Sweep).await;
        }
        self.world.run_until_idle().await.unwrap();
    }

    /// "everything ends": delivered, dead with its letter, or held by a webhook that is off.
    async fn assert_everything_has_ended(&self) {
        let webhook = self.world.registry.webhooks.get(self.tenant, self.webhook.id).await.unwrap().unwrap();
        for (event, row) in self.rows().await {
            let row = row.unwrap_or_else(|| panic!("{event} has no row"));
            match row.state {
                DeliveryState::Delivered => {}
                DeliveryState::Dead { .. } => {
                    assert!(self.rounds(DEAD_LETTER, event).contains(&(row.round + 1)), "{row:?}");
                }
                DeliveryState::Held => assert!(webhook.holds_deliveries(), "{row:?}"),
                DeliveryState::Waiting { .. } | DeliveryState::Discarded => panic!("{row:?}"),
            }
        }
    }

    fn received(&self, event: EventId) -> usize {
        let received = self.receiver.received(PATH);
        received.iter().filter(|request| request.webhook_id() == event.to_string()).count()
    }
}

async fn live(delays: &[i64], happenings: Vec<Happening>) {
    let mut day = Day::begin(delays).await;
    // A day without an error shows nothing.
    day.receiver.script(PATH, [Answer::Status(500)]);
    for happening in happenings {
        day.happen(happening).await;
        day.assert_accounted_for(&format!("after {happening:?}")).await;
    }
    day.settle_all().await;
    day.assert_everything_has_ended().await;

    // "a delivered one is not attempted again", even if everything is redriven and recovered now.
    let rows = day.rows().await;
    let delivered =
        rows.into_iter().filter(|(_, row)| row.as_ref().is_some_and(|row| row.state == DeliveryState::Delivered));
    let before: Vec<_> = delivered.map(|(event, _)| (event, day.received(event))).collect();
    for happening in [Happening::CopyLetters, Happening::Redrive, Happening::RecoverHeld, Happening::Enable] {
        day.happen(happening).await;
    }
    day.world.run_until_idle().await.unwrap();
    for (event, count) in before {
        assert_eq!(day.received(event), count, "{event} was delivered, and attempted again");
    }
    // No delivery is dead or held any more: the receiver accepts, and somebody has asked for all of them.
    for (event, row) in day.rows().await {
        assert_eq!(row.unwrap().state, DeliveryState::Delivered, "{event}");
    }
}

proptest! {
    #![proptest_config(Config {
        cases: DAYS,
        max_shrink_iters: 200,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..Config::default()
    })]

    #[test]
    fn the_real_rooms_keep_the_same_invariants(
        delays in prop_oneof![Just(vec![]), Just(vec![30]), Just(vec![30, 60, 1_200])],
        happenings in prop::collection::vec(happening(), 4..MOST_HAPPENINGS)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(&delays, happenings));
    }
}
