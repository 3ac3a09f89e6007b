//! What a request of Mailgun's API means for the webhooks that there are: decided whole, before anything is done.

use shared::id::WebhookId;
use shared::problem::{Fault, Problem};
use shared::webhook::{Webhook, WebhookUrl};

use super::topic::{Topic, webhook_not_found};

/// Most URLs of one name of one domain, as Mailgun has it.
pub(super) const MAX_URLS: usize = 3;

/// What ends that a webhook gets a topic's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Leaving {
    /// It gets nothing else, so it goes.
    Remove(WebhookId),
    /// It gets events of other names too, and keeps those.
    Narrow(WebhookId),
}

/// The URLs that need a webhook for the topic to have exactly these, and what has to leave it afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacing {
    pub(super) missing: Vec<WebhookUrl>,
    pub(super) leaving: Vec<Leaving>,
}

/// Whether `urls` can be made the topic's: 400 when it has some already, or one of these gets its events already.
pub(super) fn creating(webhooks: &[Webhook], topic: &Topic, urls: &[WebhookUrl]) -> Result<(), Problem> {
    if webhooks.iter().any(|webhook| topic.owns(webhook)) {
        let detail = "Webhook already exists; replace its URLs by PUT.";
        return Err(Problem::new(400, "already-exists", "Exists already", detail));
    }
    let taken = |url: &WebhookUrl| webhooks.iter().find(|other| topic.is_wanted_by(other) && other.url == *url);
    let faults: Vec<_> = urls.iter().enumerate().filter_map(|(index, url)| Some((index, taken(url)?))).collect();
    if faults.is_empty() {
        return Ok(());
    }
    let fault = |(index, other): (usize, &Webhook)| {
        Fault::new(format!("/url/{index}"), format!("it gets these events already, as webhook {}", other.id))
    };
    Err(Problem::invalid(faults.into_iter().map(fault).collect()))
}

/// What makes `urls` the topic's, and no others. A webhook that gets its events at one of them stays as it is.
pub(super) fn replacing(webhooks: &[Webhook], topic: &Topic, urls: &[WebhookUrl]) -> Result<Replacing, Problem> {
    let listed: Vec<_> = webhooks.iter().filter(|webhook| topic.is_wanted_by(webhook)).collect();
    let missing = urls.iter().filter(|url| listed.iter().all(|webhook| webhook.url != **url)).cloned().collect();
    let surplus = listed.iter().filter(|webhook| !urls.contains(&webhook.url));
    Ok(Replacing { missing, leaving: surplus.map(|webhook| leaving(webhook, topic)).collect::<Result<_, _>>()? })
}

/// What leaves the topic without anybody; 404 when nobody gets its events.
pub(super) fn deleting(webhooks: &[Webhook], topic: &Topic) -> Result<Vec<Leaving>, Problem> {
    let leaving = replacing(webhooks, topic, &[])?.leaving;
    if leaving.is_empty() { Err(webhook_not_found()) } else { Ok(leaving) }
}

/// 400 for a webhook that gets the events of other domains too: which domains that would leave cannot be said.
fn leaving(webhook: &Webhook, topic: &Topic) -> Result<Leaving, Problem> {
    if !topic.has_the_domain_of(webhook) {
        let detail = format!(
            "{} gets these events as webhook {}, which is not of this domain alone. Change its `domains` or `events`, or \
             delete it, by /api/v1/webhooks/{}.",
            webhook.url.masked(),
            webhook.id,
            webhook.id
        );
        return Err(Problem::new(400, "shared-webhook", "Not of this domain alone", detail));
    }
    let rest = webhook.subscription.types.without(&topic.name.types(), webhook.dialect);
    Ok(if rest.is_some() { Leaving::Narrow(webhook.id) } else { Leaving::Remove(webhook.id) })
}
