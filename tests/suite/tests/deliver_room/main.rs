//! The deliver room through its `handle`, with a real DynamoDB engine, queues that keep SQS's rules, and receivers on
//! loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod directives;
mod attempts;
mod backup;
mod batch;
mod breaker;
mod consent;
mod dead_letters;
mod dialects;
mod fairness;
mod held;
mod isolation;
mod log_lines;
mod memory;
mod newer_jobs;
mod odd_answers;
mod operational;
mod outbound;
mod overdue;
mod overruns;
mod places;
mod rate_limit;
mod recorded;
mod recoveries;
mod refused_entries;
mod resend;
mod secrets_in_answers;
mod settings;
mod shortages;
mod signatures;
mod slow;
mod streams;
mod sweep;
mod unreadable_rows;
mod waits;

use shared::breaker::BreakerSettings;
use shared::delivery::Delivery;
use shared::event::Event;
use shared::id::TenantId;
use shared::retry::{Delays, RetryPolicy};
use shared::webhook::Webhook;
use support::world::DELIVERIES;
use support::{Answer, Receiver, World};

impl Scene {
    /// A world with one tenant.
    async fn start() -> Self {
        let world = World::start().await.unwrap();
        let tenant = world.tenant().await.unwrap();
        Self { world, tenant }
    }

    /// A world with one tenant, a receiver that gives these answers, and a webhook with its URL.
    async fn with_hook(
        answers: impl IntoIterator<Item = Answer>,
        change: impl FnOnce(Webhook) -> Webhook,
    ) -> (Self, Receiver, Webhook) {
        let scene = Self::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", answers);
        let webhook = scene.webhook_with(&receiver.url("/hook"), change).await;
        (scene, receiver, webhook)
    }

    /// A new webhook, changed by `change` before it is stored.
    async fn webhook_with(&self, url: &str, change: impl FnOnce(Webhook) -> Webhook) -> Webhook {
        self.world.webhook_with(self.tenant, url, change).await.unwrap()
    }

    /// A new event of the tenant, accepted.
    async fn accept(&self, key: &str) -> Event {
        let event = self.world.event(self.tenant, key);
        self.world.events.put(&event).await.unwrap();
        event
    }

    /// An accepted event after its first attempt, or after it was held.
    async fn begun(&self, key: &str) -> Event {
        let event = self.accept(key).await;
        self.world.pump_stream().await.unwrap();
        while self.world.pump_queue(DELIVERIES).await > 0 {}
        event
    }

    /// The delivery's row.
    async fn row(&self, webhook: &Webhook, event: &Event) -> Delivery {
        self.world.deliveries.get(self.tenant, webhook.id, event.id).await.unwrap().expect("the delivery has a row")
    }
}

/// A world with one tenant.
struct Scene {
    world: World,
    tenant: TenantId,
}

/// A webhook whose deliveries wait for these delays, less or more a tenth. Its breaker does not open.
fn failing(delays: &[i64]) -> impl FnOnce(Webhook) -> Webhook {
    let retry_policy = RetryPolicy::Custom(Delays::new(delays).unwrap());
    let breaker = BreakerSettings { failures: 1_000, ..BreakerSettings::default() };
    move |webhook| Webhook { retry_policy, breaker, ..webhook }
}
