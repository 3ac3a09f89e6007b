//! Reads the state of everything, without the proxy: events, deliveries, queues and webhooks.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Method;
use shared::delivery::StateKind;
use shared::event::{About, Event};
use shared::id::{EventId, TenantId, WebhookId};
use shared::queue::job::Job;
use shared::store::Readable;
use shared::store::events::event_in_row;

use super::fate::{Evidence, Fate, fate};
use super::plan::Behaviour;
use super::receivers::{Post, Receivers};
use super::senders::{Key, Sent};
use support::stack::{Stack, Tenant};

/// Number of row reads at the same time.
const SIDE_BY_SIDE: usize = 8;

/// One webhook of the run.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) id: WebhookId,
    pub(super) behaviour: Behaviour,
    pub(super) path: String,
}

/// The states of the deliveries to the webhooks of one behaviour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) webhooks: u64,
    pub(super) owed: u64,
    pub(super) delivered: u64,
    /// Deliveries that a receiver accepted more than once.
    pub(super) duplicates: u64,
    pub(super) held: u64,
    pub(super) dead: u64,
    pub(super) waiting: u64,
    pub(super) lost: u64,
    /// Requests to receivers.
    pub(super) requests: u64,
}

/// The state of everything, at one moment.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// One tally for each behaviour, in the order of [`Behaviour::CAST`].
    pub(super) tallies: Vec<(Behaviour, Tally)>,
    /// Stored events whose sender never got an answer 2xx. They must be delivered as well.
    pub(super) answers_lost: u64,
    /// Accepted events that are not stored: all deliveries of them are lost.
    pub(super) not_stored: Vec<Key>,
    /// Events that receivers got although no sender sent them.
    pub(super) unknown: u64,
    /// Requests with a wrong signature.
    pub(super) not_genuine: u64,
    /// Number of operational events. No webhook of the suite subscribes to them, but each change writes one.
    pub(super) told: u64,
    /// Dead deliveries without an operational event about their death.
    pub(super) untold_deaths: u64,
    /// Messages in the dispatch failures queue.
    pub(super) undispatched: u64,
    /// Descriptions of the first few losses.
    pub(super) losses: Vec<String>,
}

/// The contents of the queues.
#[derive(Default)]
struct Queued {
    deliveries: HashSet<(WebhookId, EventId)>,
    recoveries: HashSet<WebhookId>,
    probes: HashSet<WebhookId>,
    letters: HashSet<(WebhookId, EventId)>,
    /// Events whose first jobs `deliver` is going to send.
    events: HashSet<EventId>,
    /// Events whose first jobs are not sent, because the message that should cause them is in the dead-letter queue.
    letters_of_events: HashSet<EventId>,
}

/// Maximum number of losses with a description.
const TOLD: usize = 12;

/// The data that one count uses.
struct Known {
    events: Vec<Event>,
    rows: HashMap<(WebhookId, EventId), StateKind>,
    holding: HashMap<WebhookId, Hold>,
    queued: Queued,
}

impl Census {
    /// Counts everything once. The queues are read before and after the rows, so a message that moves during the count
    /// may be seen as waiting where it is not, but never as lost.
    pub(super) async fn take(
        stack: &Stack,
        tenant: &Tenant<'_>,
        subjects: &[Subject],
        receivers: &Receivers,
        sent: &Sent,
    ) -> anyhow::Result<Self> {
        let mut queued = Queued::default();
        queued.read(stack).await;
        let holding = holding(tenant, subjects).await;
        let mut events = stored_events(stack, &tenant.id).await?;
        events.retain(|event| event.facts.about.is_none());
        let rows = rows(stack, tenant.id.parse()?, &events, subjects).await?;
        let told = stored_events(stack, &tenant.id).await?;
        let told: Vec<About> = told.into_iter().filter_map(|event| event.facts.about).collect();
        queued.read(stack).await;
        let known = Known { events, rows, holding, queued };

        let undispatched = stack.queued(stack.dispatch_failures_queue()).await.len() as u64;
        let mut census = Self { undispatched, told: told.len() as u64, ..Self::default() };
        census.untold_deaths =
            known.deaths().filter(|death| !told.iter().any(|about| tells(about, *death))).count() as u64;
        census.note_events(&known.events, sent);
        for (behaviour, _) in Behaviour::CAST {
            let mut tally = Tally::default();
            for subject in subjects.iter().filter(|subject| subject.behaviour == behaviour) {
                census.count(subject, &receivers.post(&subject.path), &known, &mut tally);
            }
            census.tallies.push((behaviour, tally));
        }
        census.losses.truncate(TOLD);
        Ok(census)
    }

    /// Adds the states of one webhook's deliveries.
    fn count(&mut self, subject: &Subject, post: &Post, known: &Known, tally: &mut Tally) {
        let ids: HashSet<String> = known.events.iter().map(|event| event.id.to_string()).collect();
        self.unknown += post.received.keys().filter(|event| !ids.contains(*event)).count() as u64;
        self.not_genuine += u64::from(post.not_genuine);
        tally.webhooks += 1;
        tally.requests += post.received.values().copied().map(u64::from).sum::<u64>();
        tally.duplicates += post.accepted.values().filter(|times| **times > 1).count() as u64;
        tally.owed += (known.events.len() + self.not_stored.len()) as u64;
        tally.lost += self.not_stored.len() as u64;
        for event in &known.events {
            match fate(known.evidence(subject.id, event.id, post)) {
                Fate::Delivered => tally.delivered += 1,
                Fate::Held => tally.held += 1,
                Fate::Dead => tally.dead += 1,
                Fate::Waiting => tally.waiting += 1,
                Fate::Lost(why) => {
                    tally.lost += 1;
                    self.losses.push(format!("{} to the receiver that {}: {why}", event.id, subject.behaviour.word()));
                }
            }
        }
    }

    fn note_events(&mut self, events: &[Event], sent: &Sent) {
        let is = |event: &Event, key: &Key| {
            event.facts.provider == key.0 && event.facts.provider_event_id.contains(key.1.as_str())
        };
        self.answers_lost =
            events.iter().filter(|event| !sent.accepted.iter().any(|key| is(event, key))).count() as u64;
        self.not_stored =
            sent.accepted.iter().filter(|key| !events.iter().any(|event| is(event, key))).cloned().collect();
    }

    /// The sum of all tallies.
    pub(super) fn total(&self) -> Tally {
        let mut total = Tally::default();
        for (_, tally) in &self.tallies {
            total.webhooks += tally.webhooks;
            total.owed += tally.owed;
            total.delivered += tally.delivered;
            total.duplicates += tally.duplicates;
            total.held += tally.held;
            total.dead += tally.dead;
            total.waiting += tally.waiting;
            total.lost += tally.lost;
            total.requests += tally.requests;
        }
        total
    }

    /// Whether nothing is left that will change by itself.
    pub(super) fn is_at_rest(&self) -> bool {
        let total = self.total();
        total.waiting == 0 && total.lost == 0
    }
}

/// Whether this operational event says that the delivery is dead.
fn tells(about: &About, (webhook, event): (WebhookId, EventId)) -> bool {
    about.webhook == webhook && about.what.given_up().is_some_and(|given_up| given_up.event == event)
}

impl Known {
    fn deaths(&self) -> impl Iterator<Item = (WebhookId, EventId)> {
        self.rows.iter().filter(|(_, state)| **state == StateKind::Dead).map(|(pair, _)| *pair)
    }

    fn evidence(&self, webhook: WebhookId, event: EventId, post: &Post) -> Evidence {
        let pair = (webhook, event);
        Evidence {
            state: self.rows.get(&pair).copied(),
            accepted: post.accepted.contains_key(&event.to_string()),
            queued: self.queued.deliveries.contains(&pair)
                || self.queued.recoveries.contains(&webhook)
                || self.queued.events.contains(&pair.1),
            letter: self.queued.letters.contains(&pair) || self.queued.letters_of_events.contains(&pair.1),
            holding: match self.holding.get(&webhook) {
                Some(Hold::Disabled) => true,
                Some(Hold::Open) => self.queued.probes.contains(&webhook),
                None => false,
            },
        }
    }
}

/// The reason why a webhook's deliveries are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    Disabled,
    Open,
}

/// The webhooks that hold deliveries, as the API shows them.
async fn holding(tenant: &Tenant<'_>, subjects: &[Subject]) -> HashMap<WebhookId, Hold> {
    let mut holding = HashMap::new();
    for subject in subjects {
        let shown = tenant.call(Method::GET, &format!("/api/v1/webhooks/{}", subject.id), None).await;
        if shown.body["enabled"] == false {
            holding.insert(subject.id, Hold::Disabled);
        } else if shown.body["health"]["state"] == "open" {
            holding.insert(subject.id, Hold::Open);
        }
    }
    holding
}

pub(super) async fn stored_events(stack: &Stack, tenant: &str) -> anyhow::Result<Vec<Event>> {
    let pages = stack.dynamo().scan().table_name(stack.events_table()).into_paginator().items().send();
    let rows = pages.collect::<Result<Vec<_>, _>>().await.context("the events table")?;
    let of_tenant = rows.iter().filter(|row| {
        let kind = row.get("kind").and_then(|kind| kind.as_s().ok());
        let pk = row.get("pk").and_then(|pk| pk.as_s().ok());
        kind.is_some_and(|kind| kind == "event") && pk.is_some_and(|pk| pk.starts_with(tenant))
    });
    Ok(of_tenant.map(event_in_row).collect::<Result<_, _>>()?)
}

async fn rows(
    stack: &Stack,
    tenant: TenantId,
    events: &[Event],
    subjects: &[Subject],
) -> anyhow::Result<HashMap<(WebhookId, EventId), StateKind>> {
    let deliveries = stack.deliveries();
    let webhooks: Vec<WebhookId> = subjects.iter().map(|subject| subject.id).collect();
    let (deliveries, webhooks) = (&deliveries, &webhooks);
    let each = events.iter().map(|event| event.id);
    let read = stream::iter(each).map(|event| async move { deliveries.of_event(tenant, event, webhooks).await });
    let read: Vec<_> = read.buffer_unordered(SIDE_BY_SIDE).try_collect().await?;
    let rows = read.into_iter().flatten().filter_map(Readable::read);
    Ok(rows.map(|row| ((row.webhook, row.event), row.state.kind())).collect())
}

impl Queued {
    async fn read(&mut self, stack: &Stack) {
        for queue in [stack.deliveries_queue(), stack.retries_queue(), stack.slow_queue()] {
            for body in stack.queued(queue).await {
                match Job::from_json(&body) {
                    Ok(Job::Deliver(job)) => _ = self.deliveries.insert((job.webhook, job.event)),
                    Ok(Job::ReleaseHeld(job)) => _ = self.recoveries.insert(job.webhook),
                    Ok(Job::Probe(job)) => _ = self.probes.insert(job.webhook),
                    Ok(Job::Dispatch(job)) => _ = self.events.insert(job.event),
                    // The suite requests no recovery, and asks for no consent.
                    Ok(Job::Sweep(_) | Job::Recovery(_) | Job::Overdue(_) | Job::Verify(_)) | Err(_) => {}
                }
            }
        }
        for body in stack.queued(stack.dead_letter_queue()).await {
            match Job::from_json(&body) {
                Ok(Job::Deliver(job)) => _ = self.letters.insert((job.webhook, job.event)),
                Ok(Job::Dispatch(job)) => _ = self.letters_of_events.insert(job.event),
                Ok(
                    Job::ReleaseHeld(_)
                    | Job::Probe(_)
                    | Job::Sweep(_)
                    | Job::Recovery(_)
                    | Job::Overdue(_)
                    | Job::Verify(_),
                )
                | Err(_) => {}
            }
        }
    }
}
