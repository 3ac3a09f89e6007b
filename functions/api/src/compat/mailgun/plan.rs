//! What a request of Mailgun's API means for the webhooks that there are: decided whole, before anything is done.

use shared::id::WebhookId;
use shared::problem::{Fault, Problem};
use shared::webhook::{Destination, Webhook};

use super::event_group::{Topic, webhook_not_found};

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
    pub(super) missing: Vec<Destination>,
    pub(super) leaving: Vec<Leaving>,
}

/// Whether `urls` can be made the topic's: 400 when it has some already, or one of these gets its events already.
pub(super) fn creating(webhooks: &[Webhook], topic: &Topic, urls: &[Destination]) -> Result<(), Problem> {
    if webhooks.iter().any(|webhook| topic.owns(webhook)) {
        let detail = "Webhook already exists; replace its URLs by PUT.";
        return Err(Problem::new(400, "already-exists", "Exists already", detail));
    }
    let taken = |url: &Destination| webhooks.iter().find(|other| topic.is_wanted_by(other) && other.url == *url);
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
pub(super) fn replacing(webhooks: &[Webhook], topic: &Topic, urls: &[Destination]) -> Result<Replacing, Problem> {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use shared::dialect::Dialect;
    use shared::event::EventType;
    use shared::id::TenantId;
    use shared::outbound::address_policy::AddressPolicy;
    use shared::secret::SigningSecret;
    use shared::webhook::{Subscription, WantedTypes, WebhookUrl};

    use super::*;
    use crate::compat::mailgun::event_group::Domain;
    use crate::compat::mailgun::name::Name;
    use crate::manage::register::draft;

    const DOMAINS: [&str; 3] = ["a.example", "b.example", "c.example"];

    fn url(number: u8) -> Destination {
        WebhookUrl::parse(&format!("https://{number}.example/"), &AddressPolicy::public_only()).unwrap().into()
    }

    fn webhook(url: Destination, dialect: Dialect, subscription: Subscription) -> Webhook {
        let (now, secret) = (Timestamp::UNIX_EPOCH, SigningSecret::generate([7; 32]));
        draft(now, TenantId::mint(now, [1; 10]), url, subscription, dialect, secret)
    }

    fn topic(name: usize) -> Topic {
        Topic { domain: Domain::parse(DOMAINS[0]).unwrap(), name: Name::ALL[name] }
    }

    fn any_types() -> impl Strategy<Value = WantedTypes> {
        let some = proptest::sample::subsequence(EventType::ALL.to_vec(), 1..EventType::ALL.len());
        prop_oneof![
            Just(WantedTypes::All),
            some.prop_map(|types| WantedTypes::Only(types.into_iter().collect())),
            (0..Name::ALL.len()).prop_map(|name| topic(name).subscription().types),
        ]
    }

    fn any_webhook() -> impl Strategy<Value = Webhook> {
        let domains =
            prop_oneof![3 => Just(vec![DOMAINS[0]]), 1 => proptest::sample::subsequence(DOMAINS.to_vec(), 0..3)];
        let dialect = proptest::sample::select(vec![Dialect::Mailgun, Dialect::Standard, Dialect::Mailtura]);
        (0..5_u8, dialect, any_types(), domains).prop_map(|(number, dialect, types, domains)| {
            let domains = domains.into_iter().map(str::to_owned).collect();
            webhook(url(number), dialect, Subscription { types, sources: BTreeSet::new(), domains })
        })
    }

    fn any_urls() -> impl Strategy<Value = Vec<Destination>> {
        proptest::sample::subsequence((0..5).map(url).collect::<Vec<_>>(), 1..=MAX_URLS)
    }

    fn carry_out(mut webhooks: Vec<Webhook>, topic: &Topic, plan: &Replacing) -> Vec<Webhook> {
        let new = plan.missing.iter().map(|url| webhook(url.clone(), Dialect::Mailgun, topic.subscription()));
        webhooks.extend(new);
        for leaving in &plan.leaving {
            match leaving {
                Leaving::Remove(id) => webhooks.retain(|webhook| webhook.id != *id),
                Leaving::Narrow(id) => {
                    let narrowed = webhooks.iter_mut().find(|webhook| webhook.id == *id).unwrap();
                    let types = &narrowed.subscription.types;
                    narrowed.subscription.types = types.without(&topic.name.types(), narrowed.dialect).unwrap();
                }
            }
        }
        webhooks
    }

    /// Who gets what outside the topic: URL, domain and type.
    fn elsewhere(webhooks: &[Webhook], topic: &Topic) -> BTreeSet<(String, &'static str, &'static str)> {
        let mut gets = BTreeSet::new();
        for webhook in webhooks {
            let Subscription { types, domains, .. } = &webhook.subscription;
            for domain in DOMAINS.iter().filter(|domain| domains.is_empty() || domains.contains(**domain)) {
                for event_type in EventType::deliverable().filter(|name| types.include(*name, webhook.dialect)) {
                    if *domain != DOMAINS[0] || !topic.name.types().contains(&event_type) {
                        gets.insert((webhook.url.masked(), *domain, event_type.as_str()));
                    }
                }
            }
        }
        gets
    }

    fn listed(webhooks: &[Webhook], topic: &Topic) -> BTreeSet<String> {
        let listed = webhooks.iter().filter(|webhook| topic.is_wanted_by(webhook));
        listed.map(|webhook| webhook.url.masked()).collect()
    }

    proptest! {
        #[test]
        fn a_replacement_changes_the_topic_and_nothing_else_or_is_refused(
            webhooks in proptest::collection::vec(any_webhook(), 0..6),
            name in 0..Name::ALL.len(),
            urls in any_urls(),
        ) {
            let topic = topic(name);
            let surplus = |webhook: &&Webhook| topic.is_wanted_by(webhook) && !urls.contains(&webhook.url);
            let shared = webhooks.iter().filter(surplus).any(|webhook| webhook.subscription.domains.len() != 1);
            match replacing(&webhooks, &topic, &urls) {
                Err(problem) => prop_assert!(shared && problem.status == 400),
                Ok(plan) => {
                    prop_assert!(!shared);
                    let after = carry_out(webhooks.clone(), &topic, &plan);
                    prop_assert_eq!(listed(&after, &topic), urls.iter().map(Destination::masked).collect());
                    prop_assert_eq!(elsewhere(&after, &topic), elsewhere(&webhooks, &topic));
                    let again = replacing(&after, &topic, &urls);
                    prop_assert_eq!(again, Ok(Replacing { missing: Vec::new(), leaving: Vec::new() }));
                }
            }
        }

        #[test]
        fn what_is_created_and_deleted_is_gone(
            webhooks in proptest::collection::vec(any_webhook(), 0..6),
            name in 0..Name::ALL.len(),
            urls in any_urls(),
        ) {
            let topic = topic(name);
            if creating(&webhooks, &topic, &urls).is_ok() {
                let before = listed(&webhooks, &topic);
                let made = Replacing { missing: urls.clone(), leaving: Vec::new() };
                let with = carry_out(webhooks, &topic, &made);
                prop_assert_eq!(listed(&with, &topic).len(), before.len() + urls.len());
                // Neither these nor any others can be created beside them.
                prop_assert!(creating(&with, &topic, &urls).is_err() && creating(&with, &topic, &[url(9)]).is_err());
                if let Ok(leaving) = deleting(&with, &topic) {
                    let without = carry_out(with, &topic, &Replacing { missing: Vec::new(), leaving });
                    prop_assert!(listed(&without, &topic).is_empty());
                    prop_assert_eq!(deleting(&without, &topic).map_err(|problem| problem.status), Err(404));
                }
            }
        }
    }
}
