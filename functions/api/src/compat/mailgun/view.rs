//! Webhooks as Mailgun's clients read them: with `urls` only. Mailgun once had a `url` too, and clients that know both
//! fields would count the URL twice.

use serde::Serialize;
use shared::webhook::{Destination, Webhook};

use super::event_group::EventGroup;

/// The URLs of one name.
#[derive(Debug, Serialize)]
pub(super) struct Urls {
    /// A password in one is masked.
    urls: Vec<String>,
}

/// How a request changed one name.
#[derive(Debug, Serialize)]
pub(super) struct ChangeView {
    message: &'static str,
    webhook: Urls,
}

impl Urls {
    /// The URLs of all webhooks that want the group's events, each once, in the order in which the webhooks were made.
    pub(super) fn of(webhooks: &[Webhook], group: &EventGroup) -> Self {
        let mut listed: Vec<_> = webhooks.iter().filter(|webhook| group.is_wanted_by(webhook)).collect();
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

    pub(super) fn created(urls: &[Destination]) -> ChangeView {
        let urls = urls.iter().map(Destination::masked).collect();
        ChangeView { message: "Webhook has been created", webhook: Self { urls } }
    }

    pub(super) fn updated(self) -> ChangeView {
        ChangeView { message: "Webhook has been updated", webhook: self }
    }

    /// The URLs are those before the deletion.
    pub(super) fn deleted(self) -> ChangeView {
        ChangeView { message: "Webhook has been deleted", webhook: self }
    }
}
