//! How a request changes a tenant's webhooks: decisions over all of them. Pure.
//!
//! Among the webhooks in Mailjet's dialects an event type has at most one main and one backup URL, and both belong to
//! one webhook. This API makes webhooks of one event type: they are its own. It lists other webhooks like its own. A
//! change of one URL would change all event types of such a webhook, so it is refused; a deletion removes the event
//! type from the types that the webhook wants.

mod error;
mod create;
mod update;
mod delete;

#[cfg(test)]
mod model_tests;

use shared::dialect::Dialect;
use shared::webhook::{BATCH, DEFAULT_BATCH, Webhook};

pub(super) use create::create_entry;
pub(super) use delete::delete_entry;
pub(super) use error::{NotOwnReason, RuleError};
pub(super) use update::{place_after, update_entry};

use super::entry::speaks_mailjet;
use super::event_word::EventWord;
use super::words::Version;

/// Whether the webhook is as this API makes them: of one event type, in one of Mailjet's dialects.
fn is_own(webhook: &Webhook) -> bool {
    let wanted = EventWord::ALL.into_iter().filter(|event| event.is_wanted_by(webhook)).count();
    speaks_mailjet(webhook) && wanted == 1
}

/// The webhooks that want an event type in one of Mailjet's dialects. The one with its main and backup URL is among
/// them.
fn holders(all: &[Webhook], event: EventWord) -> impl Iterator<Item = &Webhook> {
    all.iter().filter(move |webhook| speaks_mailjet(webhook) && event.is_wanted_by(webhook))
}

/// The webhook in the given version. In version 2 a POST carries as many events as it may.
fn in_version(webhook: Webhook, version: Version) -> Webhook {
    match version {
        _ if version == Version::of(&webhook) => webhook,
        Version::One => Webhook { dialect: Dialect::Mailjet, batch: DEFAULT_BATCH, ..webhook },
        Version::Two => Webhook { dialect: Dialect::MailjetV2, batch: *BATCH.end(), ..webhook },
    }
}
