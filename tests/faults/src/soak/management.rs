//! Clients of the management APIs: they create, rotate, enable, disable and delete at the same time, and repeat a
//! request until it gets an answer below 500, as real ones do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use aws_sdk_dynamodb::Client;
use futures::future::join;
use http::Method;
use serde_json::{Value, json};
use shared::clock::random;
use shared::secret::SigningSecret;

use super::census::stored_events;
use super::chance::Chance;
use super::inventory::Inventory;
use super::ledger::{Deleted, Ledger};
use super::plan::Behaviour;
use super::receivers::Receivers;
use support::senders::basic;
use support::stack::{Answer, Stack, Tenant};

mod acts;

/// Number of clients at the same time.
pub(super) const CLIENTS: usize = 2;
/// Number of webhooks that all clients change.
const COMMON: usize = 2;
/// Time between an answer and a client's next request. Reason: deliveries need most of a machine with two cores.
const THINKING_MILLIS: std::ops::Range<u64> = 0..400;
/// Pause between two tries of one request.
const PAUSE: Duration = Duration::from_millis(500);
/// Maximum tries of one request. Reason: they must take longer than every storm.
const TRIES: u64 = 60;
/// Time after the last change until the probe. Reason: `deliver` may use a webhook for 30 s that it has read.
const CACHED: Duration = Duration::from_secs(31);
/// Maximum time for the probe's deliveries. Reason: a killed function's messages come back after 31 s.
const PROBE: Duration = Duration::from_mins(2);
/// Time between two looks for the probe's deliveries.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// The clients' tenant, and what they know.
pub(super) struct Management<'a> {
    stack: &'a Stack,
    tenant: Tenant<'a>,
    receivers: &'a Receivers,
    ledger: Mutex<Ledger>,
    /// The ids of the webhooks that all clients change and none deletes.
    common: Vec<String>,
    next: AtomicU64,
}

/// What is left after the clients have ended.
#[derive(Debug, Default)]
pub(super) struct Managed {
    pub(super) ledger: Ledger,
    /// Number of webhooks whose last shown secret was checked.
    pub(super) verified: usize,
    /// What contradicts what the clients were told.
    pub(super) complaints: Vec<String>,
}

impl<'a> Management<'a> {
    /// Makes the tenant and the webhooks that all clients change.
    pub(super) async fn new(stack: &'a Stack, receivers: &'a Receivers) -> anyhow::Result<Self> {
        let tenant = stack.tenant().await;
        let secret = SigningSecret::generate(random());
        Stack::sensitive(secret.expose());
        let settings = json!({ "webhook_secret": secret.expose() });
        let path = format!("/api/v1/tenants/{}/settings", tenant.id);
        let set = tenant.call(Method::PATCH, &path, Some(settings)).await;
        anyhow::ensure!(set.status == 200, "{set:?}");
        let mut management =
            Self { stack, tenant, receivers, ledger: Mutex::default(), common: Vec::new(), next: AtomicU64::new(0) };
        for _ in 0..COMMON {
            management.common.push(management.create().await.context("a webhook")?);
        }
        Ok(management)
    }

    /// One client, until `end`.
    pub(super) async fn manage(&self, client: usize, mut chance: Chance, end: Instant) {
        let mut own = Vec::new();
        while Instant::now() < end {
            match chance.within(0..12) {
                0 | 1 => own.extend(self.create().await),
                2..4 => self.rotate(self.one_of(&own, &mut chance)).await,
                4..6 => self.switch(self.one_of(&own, &mut chance), chance.per_mille(500)).await,
                6..8 => self.delete(&mut own).await,
                8 => self.platform().await,
                9 => self.mailgun(client).await,
                10 => self.mailjet(client).await,
                _ if chance.per_mille(500) => self.source().await,
                _ => self.key().await,
            }
            tokio::time::sleep(Duration::from_millis(chance.within(THINKING_MILLIS))).await;
        }
    }

    /// Enables all webhooks that the clients know, publishes one event to them, and says what contradicts the answers.
    pub(super) async fn judge(self) -> anyhow::Result<Managed> {
        let known: Vec<String> = self.ledger().webhooks().keys().cloned().collect();
        for webhook in &known {
            self.switch(webhook, true).await;
        }
        tokio::time::sleep(CACHED).await;
        for managed in self.ledger().webhooks().values() {
            self.receivers.open(&managed.path, Behaviour::Healthy, &managed.secret);
        }
        let event = json!({
            "type": "email.delivered", "id": "probe", "recipient": "reader-faults@example.com",
            "timestamp": support::stack::jiff_now(), "message_id": "probe@example.com",
        });
        self.insist("probe", || self.tenant.call(Method::POST, "/api/v1/events", Some(event.clone()))).await;
        let deadline = Instant::now() + PROBE;
        let (mut missing, mut inventory) = self.unverified().await?;
        while !missing.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(LOOK_EVERY).await;
            (missing, inventory) = self.unverified().await?;
        }
        let events = stored_events(self.stack, &self.tenant.id).await?;
        let ledger = self.ledger.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut complaints = inventory.complaints(&ledger, &events);
        complaints.extend(missing.iter().map(|webhook| format!("{webhook} does not sign with the secret last shown")));
        let there = ledger.webhooks().keys().filter(|webhook| inventory.is_enabled(webhook));
        Ok(Managed { verified: there.count() - missing.len(), complaints, ledger })
    }

    /// The webhooks that take deliveries and whose receivers have verified none, and all rows.
    async fn unverified(&self) -> anyhow::Result<(Vec<String>, Inventory)> {
        let dynamo: Client = self.stack.dynamo();
        let pages = dynamo.scan().table_name(self.stack.registry_table()).into_paginator().items().send();
        let rows = pages.collect::<Result<Vec<_>, _>>().await.context("the registry table")?;
        let inventory = Inventory::of(&self.tenant.id, rows);
        let ledger = self.ledger();
        let known = ledger.webhooks().iter().filter(|(id, _)| inventory.is_enabled(id));
        let missing = known.filter(|(_, managed)| self.receivers.post(&managed.path).received.is_empty());
        Ok((missing.map(|(id, _)| id.clone()).collect(), inventory))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of the common webhooks or of the client's own.
    fn one_of<'b>(&'b self, own: &'b [String], chance: &mut Chance) -> &'b str {
        let of = if chance.per_mille(500) && !own.is_empty() { own } else { &self.common };
        chance.pick(of).map_or("", String::as_str)
    }

    /// A path that no other URL has.
    fn path(&self) -> String {
        format!("/managed/{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes a request until it gets an answer below 500; `None` if it gets none.
    async fn insist<F: Future<Output = Answer>>(&self, request: &'static str, call: impl Fn() -> F) -> Option<Answer> {
        for tries in 1..=TRIES {
            let answer = call().await;
            if answer.status < 500 && answer.status != 429 {
                self.ledger().count(request, tries, true);
                return Some(answer);
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.ledger().count(request, TRIES, false);
        None
    }
}
