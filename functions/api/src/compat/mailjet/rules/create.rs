//! POST: a URL for an event type.

use shared::problem::Problem;
use shared::webhook::{Webhook, WebhookUrl};

use super::{holders, in_version, is_own, not_own, refused, taken};
use crate::compat::mailjet::entry::{Entry, EntryId, Place};
use crate::compat::mailjet::request::Given;
use crate::compat::mailjet::urls::{Slot, Urls};
use crate::compat::mailjet::words::Version;
use crate::manage::transaction::Decision;

/// A URL at a place where there is none: beside the other one of its event type, or else in `draft`, a webhook of that type
/// alone.
pub(in crate::compat::mailjet) fn placed(
    all: &[Webhook],
    draft: &Webhook,
    place: Place,
    url: &WebhookUrl,
    given: &Given,
) -> Result<Decision, Problem> {
    if let Some(entry) = holders(all, place.event).find_map(|webhook| Entry::at(webhook, place)) {
        return Err(taken(place, &entry));
    }
    let other = holders(all, place.event).find(|webhook| is_own(webhook)).or_else(|| holders(all, place.event).next());
    match other {
        None => Ok(Decision::Make(made(draft, place, url, given))),
        Some(webhook) if is_own(webhook) => joined(webhook, place, url, given),
        Some(webhook) => {
            let number = webhook.number.unwrap_or_default();
            Err(not_own(EntryId { number, place: Place { slot: place.slot.other(), ..place } }, webhook))
        }
    }
}

fn made(draft: &Webhook, place: Place, url: &WebhookUrl, given: &Given) -> Webhook {
    let mut webhook = in_version(draft.clone(), given.version.unwrap_or(Version::One));
    webhook.status = webhook.status.switched(given.alive.unwrap_or(true));
    let urls = Urls::default().with(place.slot, url.clone());
    urls.put_into(webhook.clone()).unwrap_or(webhook)
}

/// Both URLs share version and status. The main one's are what it is given, or what Mailjet's documentation says that they
/// are by default; the backup's are the main one's.
fn joined(webhook: &Webhook, place: Place, url: &WebhookUrl, given: &Given) -> Result<Decision, Problem> {
    let (version, alive) = match place.slot {
        Slot::Main => (given.version.unwrap_or(Version::One), Some(given.alive.unwrap_or(true))),
        Slot::Backup => (checked_version(webhook, given)?, checked_status(webhook, given)?),
    };
    let mut next = in_version(webhook.clone(), version);
    if let Some(alive) = alive {
        next.status = next.status.switched(alive);
    }
    let urls = Urls::of(webhook).with(place.slot, url.clone());
    let webhook = urls.put_into(next.clone()).unwrap_or(next);
    Ok(Decision::Change { webhook, lets_go: alive == Some(true) })
}

fn checked_version(webhook: &Webhook, given: &Given) -> Result<Version, Problem> {
    let of_main = Version::of(webhook);
    match given.version {
        Some(version) if version != of_main => Err(refused(format!(
            "/Version: a backup URL has that of its main URL, which is {}; leave it out, or change the main URL first",
            of_main.as_number()
        ))),
        Some(_) | None => Ok(of_main),
    }
}

/// A backup may bring its main URL back to life, but not stop it.
fn checked_status(webhook: &Webhook, given: &Given) -> Result<Option<bool>, Problem> {
    let stops = given.alive == Some(false) && webhook.status != webhook.status.switched(false);
    if stops {
        let detail =
            "/Status: a backup URL has that of its main URL, which is alive; leave it out, or change the main URL";
        return Err(refused(detail.to_owned()));
    }
    Ok(given.alive)
}
