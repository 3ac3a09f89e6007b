//! POST: a URL for an event type.

use shared::webhook::{Webhook, WebhookUrl};

use super::error::RuleError;
use super::{holders, in_version, is_own};
use crate::compat::mailjet::entry::{Entry, EntryId, Place};
use crate::compat::mailjet::request::EntryFields;
use crate::compat::mailjet::urls::{UrlRole, Urls};
use crate::compat::mailjet::words::Version;
use crate::manage::transaction::WebhookChange;

/// Puts a URL at a free place: into the webhook that has the other URL of the event type, or else into `draft`, a new
/// webhook of that type.
pub(in crate::compat::mailjet) fn create_entry(
    all: &[Webhook],
    draft: &Webhook,
    place: Place,
    url: &WebhookUrl,
    given: &EntryFields,
) -> Result<WebhookChange, RuleError> {
    if let Some(entry) = holders(all, place.event).find_map(|webhook| Entry::at(webhook, place)) {
        return Err(RuleError::taken(place, &entry));
    }
    let other = holders(all, place.event).find(|webhook| is_own(webhook)).or_else(|| holders(all, place.event).next());
    match other {
        None => Ok(WebhookChange::Create(made(draft, place, url, given))),
        Some(webhook) if is_own(webhook) => joined(webhook, place, url, given),
        Some(webhook) => {
            let number = webhook.number.unwrap_or_default();
            Err(RuleError::not_own(EntryId { number, place: Place { role: place.role.other(), ..place } }, webhook))
        }
    }
}

fn made(draft: &Webhook, place: Place, url: &WebhookUrl, given: &EntryFields) -> Webhook {
    let mut webhook = in_version(draft.clone(), given.version.unwrap_or(Version::One));
    webhook.status = webhook.status.switched(given.alive.unwrap_or(true));
    let urls = Urls::default().with(place.role, url.clone());
    urls.put_into(webhook.clone()).unwrap_or(webhook)
}

/// Both URLs share version and status. For a main URL these are what the request gives, or the defaults in Mailjet's
/// documentation. A backup URL has those of its main URL.
fn joined(webhook: &Webhook, place: Place, url: &WebhookUrl, given: &EntryFields) -> Result<WebhookChange, RuleError> {
    let (version, alive) = match place.role {
        UrlRole::Main => (given.version.unwrap_or(Version::One), Some(given.alive.unwrap_or(true))),
        UrlRole::Backup => (checked_version(webhook, given)?, checked_status(webhook, given)?),
    };
    let mut next = in_version(webhook.clone(), version);
    if let Some(alive) = alive {
        next.status = next.status.switched(alive);
    }
    let urls = Urls::of(webhook).with(place.role, url.clone());
    let webhook = urls.put_into(next.clone()).unwrap_or(next);
    Ok(WebhookChange::Replace { webhook, resumes: alive == Some(true) })
}

fn checked_version(webhook: &Webhook, given: &EntryFields) -> Result<Version, RuleError> {
    let of_main = Version::of(webhook);
    match given.version {
        Some(version) if version != of_main => Err(RuleError::VersionOfMain(of_main)),
        Some(_) | None => Ok(of_main),
    }
}

/// A request for a backup URL may make its main URL alive again, but must not stop it.
fn checked_status(webhook: &Webhook, given: &EntryFields) -> Result<Option<bool>, RuleError> {
    let stops = given.alive == Some(false) && webhook.status != webhook.status.switched(false);
    if stops { Err(RuleError::StatusOfMain) } else { Ok(given.alive) }
}
