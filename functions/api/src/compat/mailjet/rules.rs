//! What a request makes of a tenant's webhooks: decisions over all of them. Pure.
//!
//! There is one main and one backup URL for an event type among the webhooks that speak Mailjet's dialects, and both are one
//! webhook. What this API makes is such a webhook, of one event type: its own. Others are listed like them; a change of one
//! URL would change all event types of such a webhook, so that is refused, while a deletion takes the event type out of what
//! it wants.

mod create;
mod update;
mod delete;

#[cfg(test)]
mod model_tests;

use shared::dialect::Dialect;
use shared::problem::Problem;
use shared::webhook::{BATCH, DEFAULT_BATCH, Webhook};

pub(super) use create::placed;
pub(super) use delete::removed;
pub(super) use update::{changed, place_after};

use super::entry::{Entry, EntryId, Place, speaks_mailjet};
use super::event_word::EventWord;
use super::words::Version;

/// Whether it is as this API makes them: of one event type, in a dialect of Mailjet's.
fn is_own(webhook: &Webhook) -> bool {
    let wanted = EventWord::ALL.into_iter().filter(|event| event.is_wanted_by(webhook)).count();
    speaks_mailjet(webhook) && wanted == 1
}

/// The webhooks that take an event type in a dialect of Mailjet's: who has its main URL and its backup is among them.
fn holders(all: &[Webhook], event: EventWord) -> impl Iterator<Item = &Webhook> {
    all.iter().filter(move |webhook| speaks_mailjet(webhook) && event.is_wanted_by(webhook))
}

/// The webhook with events sent as the version has it: in version 2 as many as a POST may have.
fn in_version(webhook: Webhook, version: Version) -> Webhook {
    match version {
        _ if version == Version::of(&webhook) => webhook,
        Version::One => Webhook { dialect: Dialect::Mailjet, batch: DEFAULT_BATCH, ..webhook },
        Version::Two => Webhook { dialect: Dialect::MailjetV2, batch: *BATCH.end(), ..webhook },
    }
}

fn refused(detail: String) -> Problem {
    Problem::new(400, "refused", "Not possible", detail)
}

/// 400: there is one already at `place`.
fn taken(place: Place, entry: &Entry<'_>) -> Problem {
    refused(format!(
        "There is already a {} for `{}`: ID {}, {}, of webhook {}. Change that one, or delete it first.",
        place.slot.noun(),
        place.event.as_str(),
        entry.id,
        entry.url.masked(),
        entry.webhook.id,
    ))
}

/// 400: what this API cannot change without changing more than was asked for.
fn not_own(id: EntryId, webhook: &Webhook) -> Problem {
    let why = if speaks_mailjet(webhook) {
        "has several event types, and all of them would be changed".to_owned()
    } else {
        format!("speaks the dialect `{}`, not Mailjet's", webhook.dialect.as_str())
    };
    let whole = webhook.id;
    refused(format!("ID {id} is a part of webhook {whole}, which {why}. Change it at /api/v1/webhooks/{whole}."))
}
