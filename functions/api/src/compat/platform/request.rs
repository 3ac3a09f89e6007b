//! What a request may change of a webhook.

use serde_json::Value;
use shared::problem::Problem;
use shared::webhook::{Webhook, WebhookUrl};

use super::events;
use crate::fields::destination;
use crate::http::body::{Faults, Fields, expected_number, flag, text};
use crate::room::Api;

/// More characters than a time has.
const MAX_TIME: usize = 100;

/// What was given; `None` where nothing was.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// `None` also where it is the stored one as it was shown, with its password masked.
    url: Option<WebhookUrl>,
    /// Names as given; which types they stand for depends on the webhook's dialect.
    events: Option<Vec<String>>,
    pub(super) active: Option<bool>,
}

impl Given {
    /// Reads all fields of a request about `stored`. What was read may be sent back whole, so its number and its time of
    /// creation may be given, as they are.
    pub(super) fn read(body: &mut Fields, api: &Api, stored: &Webhook) -> Self {
        body.optional("id", |value| same_number(&value, stored));
        body.optional("created_at", |value| same_time(value, stored));
        Self {
            url: body.optional("url", |value| url(value, api, stored)).flatten(),
            events: body.optional("events", events::read),
            active: body.optional("active", flag),
        }
    }

    /// The webhook with what was given.
    pub(super) fn applied(&self, stored: Webhook) -> Result<Webhook, Problem> {
        let mut webhook = stored;
        if let Some(names) = &self.events {
            webhook.subscription.types = events::wanted(names, webhook.dialect).map_err(Problem::invalid)?;
        }
        if let Some(url) = &self.url {
            webhook.url = url.clone().into();
        }
        if let Some(active) = self.active {
            webhook.status = webhook.status.switched(active);
            // Here one word says both.
            webhook.paused = webhook.paused && !active;
        }
        Ok(webhook)
    }
}

fn url(value: Value, api: &Api, stored: &Webhook) -> Result<Option<WebhookUrl>, Faults> {
    if value == stored.url.masked().as_str() {
        return Ok(None);
    }
    destination::https_url(value, &api.addresses).map(Some)
}

fn same_number(value: &Value, stored: &Webhook) -> Result<(), Faults> {
    let number = value.as_u64();
    if number.is_some() && number == stored.number.map(u64::from) {
        return Ok(());
    }
    Err(expected_number("the webhook's own id, which cannot be changed", value))
}

fn same_time(value: Value, stored: &Webhook) -> Result<(), Faults> {
    let time = text(1..=MAX_TIME)(value)?;
    if time == stored.created_at.to_string() { Ok(()) } else { Err("cannot be changed; leave the field out".into()) }
}
