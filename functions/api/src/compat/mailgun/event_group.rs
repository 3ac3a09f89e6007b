//! What Mailgun calls a webhook: the events of one name of one sending domain. Here they are an event group, because
//! several of our webhooks may get them.

use std::collections::BTreeSet;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde_json::Value;
use shared::dialect::Dialect;
use shared::problem::Problem;
use shared::webhook::{Subscription, WantedTypes, Webhook};

use super::name::Name;
use crate::fields::webhook;
use crate::http::error::ApiError;

/// A sending domain, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Domain(String);

impl Domain {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        webhook::domain(Value::from(text)).map(Self).map_err(|_| domain_not_found().into())
    }

    /// Whether `webhook` wants events of emails that are sent from this domain.
    fn is_wanted_by(&self, webhook: &Webhook) -> bool {
        let domains = &webhook.subscription.domains;
        domains.is_empty() || domains.contains(&self.0)
    }
}

/// The events of one name of one sending domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EventGroup {
    pub(super) domain: Domain,
    pub(super) name: Name,
}

impl EventGroup {
    /// Whether `webhook` wants events of the group. Any API may have made the webhook.
    pub(super) fn is_wanted_by(&self, webhook: &Webhook) -> bool {
        let types = &webhook.subscription.types;
        self.domain.is_wanted_by(webhook)
            && self.name.types().iter().any(|event_type| types.include(*event_type, webhook.dialect))
    }

    /// Whether `webhook` is as this API makes them: in one of Mailgun's dialects, for exactly this group.
    pub(super) fn owns(&self, webhook: &Webhook) -> bool {
        let own = self.subscription();
        matches!(webhook.dialect, Dialect::Mailgun | Dialect::MailgunLegacy)
            && (&webhook.subscription.domains, &webhook.subscription.types) == (&own.domains, &own.types)
    }

    /// Whether `webhook` is for the group's domain and no other.
    pub(super) fn has_the_domain_of(&self, webhook: &Webhook) -> bool {
        webhook.subscription.domains.iter().eq([&self.domain.0])
    }

    /// A subscription to exactly the events of the group.
    pub(super) fn subscription(&self) -> Subscription {
        Subscription {
            types: WantedTypes::Only(self.name.types().into_iter().collect()),
            sources: BTreeSet::new(),
            domains: BTreeSet::from([self.domain.0.clone()]),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Domain {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| domain_not_found())?;
        Self::parse(&text)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for EventGroup {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((domain, name)) = path.map_err(|_| domain_not_found())?;
        let domain = Domain::parse(&domain)?;
        let name = Name::of(&name).ok_or_else(|| {
            not_found(format!("Webhook not found: there is no such name. There are: {}.", Name::known()))
        })?;
        Ok(Self { domain, name })
    }
}

/// 404 in Mailgun's words.
fn domain_not_found() -> Problem {
    not_found("Domain not found: expected a domain name like mail.example.com.".to_owned())
}

/// 404 in Mailgun's words: no webhook wants events of the group.
pub(super) fn webhook_not_found() -> Problem {
    not_found("Webhook not found".to_owned())
}

fn not_found(detail: String) -> Problem {
    Problem::new(404, "not-found", "Not found", detail)
}
