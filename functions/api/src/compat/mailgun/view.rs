//! Webhooks as Mailgun's clients read them: `urls` alone. Mailgun had a `url` once, and clients that know both take them
//! for two.

use serde::Serialize;
use shared::webhook::{Destination, Webhook};

use super::event_group::Topic;

/// The URLs of one name.
#[derive(Debug, Serialize)]
pub(super) struct Urls {
    /// A password in one is masked.
    urls: Vec<String>,
}

/// What became of one name.
#[derive(Debug, Serialize)]
pub(super) struct Changed {
    message: &'static str,
    webhook: Urls,
}

impl Urls {
    /// Of all that get events of the topic, each once, in the order in which they were made.
    pub(super) fn of(webhooks: &[Webhook], topic: &Topic) -> Self {
        let mut listed: Vec<_> = webhooks.iter().filter(|webhook| topic.is_wanted_by(webhook)).collect();
        listed.sort_by_key(|webhook| webhook.number);
        let mut urls = Vec::with_capacity(listed.len());
        for url in listed.into_iter().map(|webhook| webhook.url.masked()) {
            if !urls.contains(&url) {
                urls.push(url);
            }
        }
        Self { urls }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    pub(super) fn created(urls: &[Destination]) -> Changed {
        let urls = urls.iter().map(Destination::masked).collect();
        Changed { message: "Webhook has been created", webhook: Self { urls } }
    }

    pub(super) fn updated(self) -> Changed {
        Changed { message: "Webhook has been updated", webhook: self }
    }

    /// The URLs are those that there were.
    pub(super) fn deleted(self) -> Changed {
        Changed { message: "Webhook has been deleted", webhook: self }
    }
}
