//! The event source mappings: they poll, invoke the function in up to their maximum number of environments, and delete.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::dynamodb::{Event as StreamEvent, EventRecord};
use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::types::AttributeValue;
use deliver::Deliver;
use jiff::SignedDuration;
use lambda_runtime::{Context, LambdaEvent};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::queues::Queues;
use support::World;

/// Number of pollers of one mapping. Lambda begins with five.
const POLLERS: usize = 5;
/// The function's time limit in the template.
const TIME_LIMIT: SignedDuration = SignedDuration::from_secs(30);
/// The stream mapping's batch size in the template.
const STREAM_BATCH: usize = 100;
/// Pause after a failed poll.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The environments of `deliver`: each runs one invocation at a time and keeps its caches for the next one.
#[derive(Debug)]
pub struct Environments {
    world: Arc<World>,
    idle: Mutex<Vec<Deliver>>,
    started: AtomicUsize,
}

impl Environments {
    /// Starts without environments.
    pub fn new(world: Arc<World>) -> Self {
        Self { world, idle: Mutex::default(), started: AtomicUsize::new(0) }
    }

    /// Number of environments.
    pub fn started(&self) -> usize {
        self.started.load(Ordering::Relaxed)
    }

    fn take(&self) -> anyhow::Result<Deliver> {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(idle);
        }
        self.started.fetch_add(1, Ordering::Relaxed);
        self.world.another_deliver(|_| ())
    }

    fn give_back(&self, environment: Deliver) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(environment);
    }
}

/// A queue's mapping onto `deliver`.
#[derive(Debug)]
pub struct Mapping {
    queue: &'static str,
    queues: Arc<Queues>,
    environments: Arc<Environments>,
    permits: Arc<Semaphore>,
    stopping: AtomicBool,
    pollers: Mutex<JoinSet<()>>,
    in_hand: AtomicUsize,
    invoked: AtomicUsize,
    busiest: AtomicUsize,
}

impl Mapping {
    /// Begins to poll `queue`, with at most `concurrency` invocations at the same time.
    pub fn start(
        queue: &'static str,
        queues: &Arc<Queues>,
        environments: &Arc<Environments>,
        concurrency: usize,
    ) -> Arc<Self> {
        let mapping = Arc::new(Self {
            queue,
            queues: Arc::clone(queues),
            environments: Arc::clone(environments),
            permits: Arc::new(Semaphore::new(concurrency)),
            stopping: AtomicBool::new(false),
            pollers: Mutex::default(),
            in_hand: AtomicUsize::new(0),
            invoked: AtomicUsize::new(0),
            busiest: AtomicUsize::new(0),
        });
        let mut pollers = JoinSet::new();
        for _ in 0..POLLERS {
            pollers.spawn(Arc::clone(&mapping).poll());
        }
        *mapping.pollers.lock().unwrap_or_else(PoisonError::into_inner) = pollers;
        mapping
    }

    /// Number of messages that are in invocations at the moment.
    pub fn in_hand(&self) -> usize {
        self.in_hand.load(Ordering::Relaxed)
    }

    /// Maximum number of invocations at the same time so far.
    pub fn busiest(&self) -> usize {
        self.busiest.load(Ordering::Relaxed)
    }

    /// Stops polling, and finishes the polls and invocations that have begun. Reason: an unfinished poll could take
    /// messages of a later run.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        let pollers = std::mem::take(&mut *self.pollers.lock().unwrap_or_else(PoisonError::into_inner));
        pollers.join_all().await;
    }

    async fn poll(self: Arc<Self>) {
        let mut invocations = JoinSet::new();
        while !self.stopping.load(Ordering::Relaxed) {
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return };
            match self.queues.receive(self.queue).await {
                Ok(batch) if batch.records.is_empty() => {}
                Ok(batch) => {
                    let mapping = Arc::clone(&self);
                    invocations.spawn(async move {
                        mapping.invoke(batch).await;
                        drop(permit);
                    });
                }
                Err(_) => tokio::time::sleep(AFTER_FAILURE).await,
            }
            while invocations.try_join_next().is_some() {}
        }
        invocations.join_all().await;
    }

    /// Runs one invocation. If it fails, no message is deleted.
    async fn invoke(&self, batch: SqsEvent) {
        let messages = batch.records.len();
        self.in_hand.fetch_add(messages, Ordering::Relaxed);
        let now_invoked = self.invoked.fetch_add(1, Ordering::Relaxed) + 1;
        self.busiest.fetch_max(now_invoked, Ordering::Relaxed);
        if let Ok(environment) = self.environments.take() {
            let context = context(&self.environments.world);
            let answer = deliver::handle(LambdaEvent::new(batch.clone(), context), &environment).await;
            self.environments.give_back(environment);
            if let Ok(answer) = answer {
                let failed = answer.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier);
                // A message that could not be deleted returns, and its row says that the delivery is done.
                let _comes_back = self.queues.finish(self.queue, &batch, &failed.collect::<Vec<_>>()).await;
            }
        }
        self.invoked.fetch_sub(1, Ordering::Relaxed);
        self.in_hand.fetch_sub(messages, Ordering::Relaxed);
    }
}

/// The stream's mapping onto `dispatch`: one batch of rows at a time; after a failure, again from the first reported
/// record.
pub(super) async fn dispatch(world: Arc<World>, mut rows: mpsc::UnboundedReceiver<HashMap<String, AttributeValue>>) {
    let mut left: Vec<EventRecord> = Vec::new();
    let mut number = 0_u64;
    loop {
        let mut arrived = Vec::new();
        if left.is_empty() && rows.recv_many(&mut arrived, STREAM_BATCH).await == 0 {
            return;
        }
        left.extend(arrived.into_iter().map(|row| {
            number += 1;
            let mut record = EventRecord::default();
            "INSERT".clone_into(&mut record.event_name);
            record.change.sequence_number = Some(number.to_string());
            record.change.new_image = row.into();
            record
        }));
        let mut batch = StreamEvent::default();
        batch.records.clone_from(&left);
        if let Ok(answer) = dispatch::handle(LambdaEvent::new(batch, context(&world)), &world.dispatch).await {
            let failed = answer.batch_item_failures.into_iter().filter_map(|failure| failure.item_identifier);
            let failed: Vec<_> = failed.collect();
            let is_reported =
                |record: &EventRecord| record.change.sequence_number.as_ref().is_some_and(|id| failed.contains(id));
            let done = left.iter().position(is_reported).unwrap_or(left.len());
            left.drain(..done);
        }
    }
}

fn context(world: &World) -> Context {
    let mut context = Context::default();
    context.deadline = u64::try_from((world.clock.now() + TIME_LIMIT).as_millisecond()).unwrap_or(0);
    context
}
