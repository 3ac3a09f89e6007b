//! A request to change a webhook.

use serde_json::Value;
use shared::webhook::{Webhook, WebhookUrl};

use super::events;
use crate::fields::destination;
use crate::http::body::{Fields, expected_number, flag, text};
use crate::http::field_errors::FieldErrors;
use crate::room::Api;

/// Maximum characters that are read of a time. Reason: more than a time has.
const MAX_TIME: usize = 100;

/// The fields that the request gives; `None` for those that it leaves out.
#[derive(Debug, Default)]
pub(super) struct ChangeWebhook {
    /// `None` also for the stored URL as answers show it, with its password masked.
    url: Option<WebhookUrl>,
    /// Names as given; which types they stand for depends on the webhook's dialect.
    events: Option<Vec<String>>,
    pub(super) active: Option<bool>,
}

impl ChangeWebhook {
    /// Reads all fields of a request about `stored`. A client may send back a whole webhook as it was shown, so the
    /// request may repeat its number and its time of creation.
    pub(super) fn read(body: &mut Fields, api: &Api, stored: &Webhook) -> Self {
        body.optional("id", |value| same_number(&value, stored));
        body.optional("created_at", |value| same_time(value, stored));
        Self {
            url: body.optional("url", |value| url(value, api, stored)).flatten(),
            events: body.optional("events", events::read),
            active: body.optional("active", flag),
        }
    }

    /// The stored webhook with the given fields.
    pub(super) fn applied_to(&self, stored: Webhook) -> Result<Webhook, FieldErrors> {
        let mut webhook = stored;
        if let Some(names) = &self.events {
            webhook.subscription.types = events::wanted(names, webhook.dialect)?;
        }
        if let Some(url) = &self.url {
            webhook.url = url.clone().into();
        }
        if let Some(active) = self.active {
            webhook.status = webhook.status.switched(active);
            // This API has one word for both: an active webhook is neither disabled nor paused.
            webhook.paused = webhook.paused && !active;
        }
        Ok(webhook)
    }
}

fn url(value: Value, api: &Api, stored: &Webhook) -> Result<Option<WebhookUrl>, FieldErrors> {
    if value == stored.url.masked().as_str() {
        return Ok(None);
    }
    destination::https_url(value, &api.addresses).map(Some)
}

fn same_number(value: &Value, stored: &Webhook) -> Result<(), FieldErrors> {
    let number = value.as_u64();
    if number.is_some() && number == stored.number.map(u64::from) {
        return Ok(());
    }
    Err(expected_number("the webhook's own id, which cannot be changed", value))
}

fn same_time(value: Value, stored: &Webhook) -> Result<(), FieldErrors> {
    let time = text(1..=MAX_TIME)(value)?;
    if time == stored.created_at.to_string() { Ok(()) } else { Err("cannot be changed; leave the field out".into()) }
}
