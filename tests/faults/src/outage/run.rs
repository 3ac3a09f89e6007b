//! One run: events arrive at a constant rate, receivers break and recover, and every delivery must arrive.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use jiff::SignedDuration;
use shared::breaker::Breaker;
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::id::{EventId, TenantId};
use shared::retry::{Delays, RetryPolicy};
use shared::stored_event::StoredEvent;
use shared::webhook::Webhook;
use tokio::sync::mpsc;

use super::mappings::{self, Environments, Mapping};
use super::measured::Measured;
use super::queues::Queues;
use super::receivers::{Manner, Receivers};
use super::shape::Shape;
use support::World;
use support::world::{DELIVERIES, RETRIES, SLOW};

/// Time between two looks at the retries queue and the breakers.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Time by which each look advances the world's clock while the run waits for its end, if the queues use that clock.
const AHEAD: SignedDuration = SignedDuration::from_secs(4);

/// An event, the time of its acceptance, and whether receivers had broken before.
struct Published {
    event: EventId,
    tenant: usize,
    at: Instant,
    counts: bool,
}

/// A run under way.
struct Run<'a> {
    world: Arc<World>,
    queues: Arc<Queues>,
    shape: &'a Shape,
    receivers: Receivers,
    tenants: Vec<TenantId>,
    webhooks: Vec<Webhook>,
    mappings: [Arc<Mapping>; 3],
    environments: Arc<Environments>,
}

/// Runs `shape`. Without `breaking`, all receivers are always healthy.
pub async fn run(world: Arc<World>, queues: Queues, shape: &Shape, breaking: bool) -> anyhow::Result<Measured> {
    let receivers = Receivers::start()?;
    let mut tenants = Vec::new();
    for _ in 0..shape.tenants {
        tenants.push(world.tenant().await?);
    }
    let mut webhooks = Vec::new();
    for number in 0..shape.webhooks {
        let refuses = breaking && number < shape.refusing;
        let url = if refuses { receivers.refusing_url(number) } else { receivers.url(number) };
        let retry_policy = RetryPolicy::Custom(Delays::new(&shape.delays)?);
        let tenant = tenants[(number % shape.tenants) as usize];
        let (breaker, timeout_ms) = (shape.breaker, shape.timeout_ms);
        let change = |webhook| Webhook { breaker, timeout_ms, retry_policy, ..webhook };
        webhooks.push(world.webhook_with(tenant, &url, change).await?);
    }
    let queues = Arc::new(queues);
    let environments = Arc::new(Environments::new(Arc::clone(&world)));
    let start = |queue, concurrency| Mapping::start(queue, &queues, &environments, concurrency);
    let mappings =
        [start(DELIVERIES, shape.concurrency), start(RETRIES, shape.concurrency), start(SLOW, shape.slow_concurrency)];
    let run = Run { world, queues, shape, receivers, tenants, webhooks, mappings, environments };
    let measured = run.measure(breaking).await;
    for mapping in &run.mappings {
        mapping.stop().await;
    }
    measured
}

impl Run<'_> {
    async fn measure(&self, breaking: bool) -> anyhow::Result<Measured> {
        let mut measured = Measured::default();
        let (stream, rows) = mpsc::unbounded_channel();
        tokio::spawn(mappings::dispatch(Arc::clone(&self.world), rows));
        let watching = async { if breaking { self.watch(&mut measured).await } else { std::future::pending().await } };
        // The run watches the breakers from the time at which receivers break until all events are published.
        let published = tokio::select! {
            published = self.publish(&stream, breaking) => published?,
            failed = watching => return Err(failed),
        };
        if breaking {
            self.wait_for_breakers().await?;
            measured.held = self.held()?;
            measured.open = self.open_breakers().await?;
            self.receivers.recover()?;
        }
        measured.caught_up_after = self.wait_for_all(published.len()).await;
        self.count(&published, &mut measured).await?;
        Ok(measured)
    }

    async fn publish(
        &self,
        stream: &mpsc::UnboundedSender<HashMap<String, AttributeValue>>,
        breaking: bool,
    ) -> anyhow::Result<Vec<Published>> {
        let per_event = f64::from(self.shape.webhooks / self.shape.tenants);
        let mut pace = tokio::time::interval(Duration::from_secs_f64(per_event / f64::from(self.shape.per_second)));
        let mut published = Vec::new();
        for number in 0..self.shape.events {
            let counts = number >= self.shape.events / 10;
            if breaking && number == self.shape.events / 10 {
                self.break_receivers();
            }
            for (index, tenant) in self.tenants.iter().enumerate() {
                pace.tick().await;
                let event = self.world.event(*tenant, &format!("event-{number}"));
                self.world.events.put(&event).await?;
                published.push(Published { event: event.id, tenant: index, at: Instant::now(), counts });
                stream.send(image(&event)?)?;
            }
        }
        Ok(published)
    }

    fn break_receivers(&self) {
        let Shape { refusing, hanging, slow, .. } = *self.shape;
        for webhook in refusing..refusing + hanging {
            self.receivers.set(webhook, Manner::Hanging);
        }
        for webhook in refusing + hanging..refusing + hanging + slow {
            self.receivers.set(webhook, Manner::Slow(self.shape.slow_ms.clone()));
        }
    }

    /// Watches breakers and the retries queue until it is aborted.
    async fn watch(&self, measured: &mut Measured) -> anyhow::Error {
        let began = Instant::now();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let looked = async {
                let [_, retries, _] = &self.mappings;
                let waiting = self.queues.depth(RETRIES).await?.saturating_sub(retries.in_hand());
                if measured.opened_after.is_none() && self.open_breakers().await? == self.shape.down() as usize {
                    measured.opened_after = Some(began.elapsed());
                }
                anyhow::Ok(waiting)
            };
            let waiting = match looked.await {
                Ok(waiting) => waiting,
                Err(error) => return error,
            };
            let settled = measured.opened_after.is_some_and(|after| began.elapsed() > after + self.shape.settling);
            let most = &mut measured.waiting[usize::from(settled)];
            *most = waiting.max(*most);
        }
    }

    /// Waits until the webhooks that are down have open breakers and held deliveries, or until the patience is over.
    /// Both need enough failed attempts, which takes a busy machine longer than publishing does.
    async fn wait_for_breakers(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < self.shape.patience {
            if self.open_breakers().await? == self.shape.down() as usize && self.held()? > 0 {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    fn held(&self) -> anyhow::Result<usize> {
        let rows = self.world.aws.scan_unbroken("deliveries")?;
        let held = |row: &&HashMap<_, AttributeValue>| row["state"].as_s().is_ok_and(|state| state == "held");
        Ok(rows.iter().filter(held).count())
    }

    async fn open_breakers(&self) -> anyhow::Result<usize> {
        let down = self.webhooks.iter().take(self.shape.down() as usize);
        let breakers = join_all(down.map(|webhook| self.world.registry.breakers.get(webhook.tenant, webhook.id))).await;
        let breakers = breakers.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(breakers.iter().filter(|breaker| matches!(breaker, Breaker::Open(_))).count())
    }

    /// The time until every delivery had arrived; `None` if the patience was over before.
    async fn wait_for_all(&self, events: usize) -> Option<Duration> {
        let began = Instant::now();
        let owed = events * (self.shape.webhooks / self.shape.tenants) as usize;
        while began.elapsed() < self.shape.patience {
            if self.receivers.counts().0 == owed {
                return Some(began.elapsed());
            }
            tokio::time::sleep(LOOK_EVERY).await;
            if matches!(*self.queues, Queues::InWorld(_)) {
                self.world.clock.advance(AHEAD);
            }
        }
        None
    }

    async fn count(&self, published: &[Published], measured: &mut Measured) -> anyhow::Result<()> {
        for one in published {
            let of_tenant = (one.tenant..self.webhooks.len()).step_by(self.tenants.len());
            for (number, webhook) in of_tenant.map(|number| (number, &self.webhooks[number])) {
                let number = u32::try_from(number)?;
                measured.owed += 1;
                let Some(first) = self.receivers.first(number, &one.event.to_string()) else {
                    let row = self.world.deliveries.get(webhook.tenant, webhook.id, one.event).await?;
                    let visible = row.is_some_and(|row| row.state != DeliveryState::Delivered);
                    if visible {
                        measured.visible += 1;
                    } else {
                        measured.lost += 1;
                    }
                    continue;
                };
                if one.counts && number >= self.shape.broken() {
                    measured.healthy_ms.push(first.saturating_duration_since(one.at).as_secs_f64() * 1000.0);
                }
            }
        }
        measured.healthy_ms.sort_by(f64::total_cmp);
        (measured.delivered, measured.duplicates) = self.receivers.counts();
        measured.posts = self.receivers.posts();
        measured.busiest = self.mappings.each_ref().map(|mapping| mapping.busiest());
        measured.environments = self.environments.started();
        Ok(())
    }
}

/// The attributes of the stream's row that `dispatch` reads.
fn image(event: &Event) -> anyhow::Result<HashMap<String, AttributeValue>> {
    let json = serde_json::to_string(&StoredEvent::from(event))?;
    Ok(HashMap::from([("json".to_owned(), AttributeValue::S(json))]))
}
