//! How a request of Mailgun's API changes a tenant's webhooks. The whole plan is made before anything is changed. Pure.

use shared::id::WebhookId;
use shared::webhook::{Destination, Webhook};

use super::event_group::EventGroup;
use crate::http::field_errors::FieldErrors;

/// Maximum URLs of one name of one domain, as at Mailgun.
pub(super) const MAX_URLS: usize = 3;

/// How a webhook is removed from a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Removal {
    /// The webhook wants nothing else, so it is deleted.
    Delete(WebhookId),
    /// The webhook wants events of other names too, and keeps those.
    Narrow(WebhookId),
}

/// What makes a group have exactly the requested URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement {
    /// URLs that need a new webhook.
    pub(super) missing: Vec<Destination>,
    /// Webhooks that are removed afterwards.
    pub(super) removals: Vec<Removal>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PlanError {
    /// The group has URLs already.
    AlreadyExists,
    /// Some of the URLs get the group's events already.
    Taken(FieldErrors),
    /// The webhook is for other domains too. Which of its domains would remain without this one cannot be said.
    NotThisDomainAlone {
        /// Which webhook.
        webhook: WebhookId,
        /// Its URL, with a password masked.
        url: String,
    },
    /// No webhook wants the group's events.
    NotFound,
}

/// Whether `urls` can become the group's URLs.
pub(super) fn creating(webhooks: &[Webhook], group: &EventGroup, urls: &[Destination]) -> Result<(), PlanError> {
    if webhooks.iter().any(|webhook| group.owns(webhook)) {
        return Err(PlanError::AlreadyExists);
    }
    let mut errors = FieldErrors::none();
    for (index, url) in urls.iter().enumerate() {
        if let Some(other) = webhooks.iter().find(|other| group.is_wanted_by(other) && other.url == *url) {
            let detail = format!("this URL gets these events already, as webhook {}", other.id);
            errors.add(FieldErrors::at(format!("/url/{index}"), detail));
        }
    }
    errors.or(()).map_err(PlanError::Taken)
}

/// What gives the group exactly `urls`. A webhook that gets the group's events at one of them stays as it is.
pub(super) fn replacing(
    webhooks: &[Webhook],
    group: &EventGroup,
    urls: &[Destination],
) -> Result<Replacement, PlanError> {
    let listed: Vec<_> = webhooks.iter().filter(|webhook| group.is_wanted_by(webhook)).collect();
    let missing = urls.iter().filter(|url| listed.iter().all(|webhook| webhook.url != **url)).cloned().collect();
    let surplus = listed.iter().filter(|webhook| !urls.contains(&webhook.url));
    Ok(Replacement { missing, removals: surplus.map(|webhook| removal(webhook, group)).collect::<Result<_, _>>()? })
}

/// What leaves the group without any webhook.
pub(super) fn deleting(webhooks: &[Webhook], group: &EventGroup) -> Result<Vec<Removal>, PlanError> {
    let removals = replacing(webhooks, group, &[])?.removals;
    if removals.is_empty() { Err(PlanError::NotFound) } else { Ok(removals) }
}

fn removal(webhook: &Webhook, group: &EventGroup) -> Result<Removal, PlanError> {
    if !group.has_the_domain_of(webhook) {
        return Err(PlanError::NotThisDomainAlone { webhook: webhook.id, url: webhook.url.masked() });
    }
    let rest = webhook.subscription.types.without(&group.name.types(), webhook.dialect);
    Ok(if rest.is_some() { Removal::Narrow(webhook.id) } else { Removal::Delete(webhook.id) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use shared::address_policy::AddressPolicy;
    use shared::dialect::Dialect;
    use shared::event::EventType;
    use shared::id::TenantId;
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

    fn group(name: usize) -> EventGroup {
        EventGroup { domain: Domain::parse(DOMAINS[0]).unwrap(), name: Name::ALL[name] }
    }

    fn any_types() -> impl Strategy<Value = WantedTypes> {
        let some = proptest::sample::subsequence(EventType::ALL.to_vec(), 1..EventType::ALL.len());
        prop_oneof![
            Just(WantedTypes::All),
            some.prop_map(|types| WantedTypes::Only(types.into_iter().collect())),
            (0..Name::ALL.len()).prop_map(|name| group(name).subscription().types),
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

    fn carry_out(mut webhooks: Vec<Webhook>, group: &EventGroup, plan: &Replacement) -> Vec<Webhook> {
        let new = plan.missing.iter().map(|url| webhook(url.clone(), Dialect::Mailgun, group.subscription()));
        webhooks.extend(new);
        for removal in &plan.removals {
            match removal {
                Removal::Delete(id) => webhooks.retain(|webhook| webhook.id != *id),
                Removal::Narrow(id) => {
                    let narrowed = webhooks.iter_mut().find(|webhook| webhook.id == *id).unwrap();
                    let types = &narrowed.subscription.types;
                    narrowed.subscription.types = types.without(&group.name.types(), narrowed.dialect).unwrap();
                }
            }
        }
        webhooks
    }

    /// Which URL gets what outside the group: URL, domain and type.
    fn elsewhere(webhooks: &[Webhook], group: &EventGroup) -> BTreeSet<(String, &'static str, &'static str)> {
        let mut gets = BTreeSet::new();
        for webhook in webhooks {
            let Subscription { types, domains, .. } = &webhook.subscription;
            for domain in DOMAINS.iter().filter(|domain| domains.is_empty() || domains.contains(**domain)) {
                for event_type in EventType::deliverable().filter(|name| types.include(*name, webhook.dialect)) {
                    if *domain != DOMAINS[0] || !group.name.types().contains(&event_type) {
                        gets.insert((webhook.url.masked(), *domain, event_type.as_str()));
                    }
                }
            }
        }
        gets
    }

    fn listed(webhooks: &[Webhook], group: &EventGroup) -> BTreeSet<String> {
        let listed = webhooks.iter().filter(|webhook| group.is_wanted_by(webhook));
        listed.map(|webhook| webhook.url.masked()).collect()
    }

    proptest! {
        #[test]
        fn a_replacement_changes_the_topic_and_nothing_else_or_is_refused(
            webhooks in proptest::collection::vec(any_webhook(), 0..6),
            name in 0..Name::ALL.len(),
            urls in any_urls(),
        ) {
            let group = group(name);
            let surplus = |webhook: &&Webhook| group.is_wanted_by(webhook) && !urls.contains(&webhook.url);
            let shared = webhooks.iter().filter(surplus).any(|webhook| webhook.subscription.domains.len() != 1);
            match replacing(&webhooks, &group, &urls) {
                Err(error) => {
                    let is_refused = matches!(error, PlanError::NotThisDomainAlone { .. });
                    prop_assert!(shared && is_refused);
                }
                Ok(plan) => {
                    prop_assert!(!shared);
                    let after = carry_out(webhooks.clone(), &group, &plan);
                    prop_assert_eq!(listed(&after, &group), urls.iter().map(Destination::masked).collect());
                    prop_assert_eq!(elsewhere(&after, &group), elsewhere(&webhooks, &group));
                    let again = replacing(&after, &group, &urls);
                    prop_assert_eq!(again, Ok(Replacement { missing: Vec::new(), removals: Vec::new() }));
                }
            }
        }

        #[test]
        fn what_is_created_and_deleted_is_gone(
            webhooks in proptest::collection::vec(any_webhook(), 0..6),
            name in 0..Name::ALL.len(),
            urls in any_urls(),
        ) {
            let group = group(name);
            if creating(&webhooks, &group, &urls).is_ok() {
                let before = listed(&webhooks, &group);
                let made = Replacement { missing: urls.clone(), removals: Vec::new() };
                let with = carry_out(webhooks, &group, &made);
                prop_assert_eq!(listed(&with, &group).len(), before.len() + urls.len());
                // Now neither these URLs nor others can be created.
                prop_assert!(creating(&with, &group, &urls).is_err() && creating(&with, &group, &[url(9)]).is_err());
                if let Ok(removals) = deleting(&with, &group) {
                    let without = carry_out(with, &group, &Replacement { missing: Vec::new(), removals });
                    prop_assert!(listed(&without, &group).is_empty());
                    prop_assert_eq!(deleting(&without, &group), Err(PlanError::NotFound));
                }
            }
        }
    }
}
