//! PUT: the given fields of an entry change, the others stay.

use std::collections::BTreeSet;

use shared::webhook::{Destination, WantedTypes, Webhook};

use super::error::RuleError;
use super::{holders, in_version, is_own};
use crate::compat::mailjet::entry::{Entry, EntryKey, Place};
use crate::compat::mailjet::request::EntryFields;
use crate::compat::mailjet::urls::Urls;
use crate::manage::transaction::WebhookChange;

/// Changes the entry as the request wants it. With another event type or role the entry moves to another place and gets
/// another id.
pub(in crate::compat::mailjet) fn update_entry(
    all: &[Webhook],
    key: EntryKey,
    given: &EntryFields,
) -> Result<WebhookChange, RuleError> {
    let entry = Entry::find(all, key).ok_or(RuleError::NotFound)?;
    let id = entry.id;
    if given.id.is_some_and(|repeated| repeated != id.as_number()) {
        return Err(RuleError::OtherId(id));
    }
    let webhook = entry.webhook;
    let place = place_after(key, given);
    let url =
        given.url.as_ref().map_or(Some(entry.url.clone()), |url| url.over(&entry.url)).ok_or(RuleError::UnknownUrl)?;
    let version = given.version.unwrap_or(entry.version());
    let alive = given.alive.unwrap_or(entry.is_alive());
    let stays = place == id.place && url == entry.url && version == entry.version() && alive == entry.is_alive();
    if stays && (given.alive != Some(true) || !is_own(webhook)) {
        return Ok(WebhookChange::Keep(webhook.clone()));
    }
    if !is_own(webhook) {
        return Err(RuleError::not_own(id, webhook));
    }
    let mut next = in_version(moved(all, &entry, place, &url)?, version);
    next.status = next.status.switched(alive);
    Ok(WebhookChange::Replace { webhook: next, resumes: given.alive == Some(true) })
}

/// Where the entry is after the change.
pub(in crate::compat::mailjet) fn place_after(key: EntryKey, given: &EntryFields) -> Place {
    let before = key.place();
    Place { event: given.event.unwrap_or(before.event), role: given.role.unwrap_or(before.role) }
}

/// The entry's webhook with the URL at another place, which must be free, or with another URL at the present place.
fn moved(all: &[Webhook], entry: &Entry<'_>, to: Place, url: &Destination) -> Result<Webhook, RuleError> {
    let (webhook, from) = (entry.webhook, entry.id.place);
    let mut next = webhook.clone();
    if let Some(conflict) = in_the_way(all, webhook, from, to) {
        return Err(RuleError::taken(conflict.id.place, &conflict));
    }
    if to.event != from.event {
        if let Some(other) = Entry::at(webhook, Place { role: from.role.other(), ..from }) {
            return Err(RuleError::OtherRoleExists(other.id));
        }
        next.subscription.types = WantedTypes::Only(BTreeSet::from_iter(to.event.types()));
    }
    let urls = match url {
        Destination::Https(url) => Urls::of(webhook).without(from.role).with(to.role, url.clone()),
        // A request cannot give a new stream, so this is the stored one.
        Destination::Stream(_) if to.role == from.role => Urls::of(webhook),
        Destination::Stream(_) => return Err(RuleError::StreamAsBackup),
    };
    Ok(urls.put_into(next.clone()).unwrap_or(next))
}

/// The entry that occupies the place. At another event type no entry at all may exist, because both URLs of an event
/// type belong to one webhook.
fn in_the_way<'a>(all: &'a [Webhook], webhook: &'a Webhook, from: Place, to: Place) -> Option<Entry<'a>> {
    let mut others = holders(all, to.event).filter(|other| other.id != webhook.id);
    if to == from {
        None
    } else if to.event == from.event {
        Entry::at(webhook, to).or_else(|| others.find_map(|other| Entry::at(other, to)))
    } else {
        others.flat_map(Entry::all_of).find(|other| other.id.place.event == to.event)
    }
}
