//! PUT: what is given of an entry changes, what is absent stays.

use std::collections::BTreeSet;

use shared::problem::Problem;
use shared::webhook::{Destination, WantedTypes, Webhook};

use super::{holders, in_version, is_own, not_own, refused, taken};
use crate::compat::mailjet::entry::{Entry, Key, Place};
use crate::compat::mailjet::request::Given;
use crate::compat::mailjet::urls::Urls;
use crate::manage::transaction::Decision;

/// The entry as the request wants it, and where it is then: another event type or slot is another place, with another id.
pub(in crate::compat::mailjet) fn changed(all: &[Webhook], key: Key, given: &Given) -> Result<Decision, Problem> {
    let entry = Entry::find(all, key)?;
    let id = entry.id;
    if given.id.is_some_and(|repeated| repeated != id.as_number()) {
        return Err(refused(format!("/ID: it is {id}, and is not changed; leave it out")));
    }
    let webhook = entry.webhook;
    let place = place_after(key, given);
    let url = given.url.as_ref().map_or(Ok(entry.url.clone()), |url| url.over(&entry.url))?;
    let version = given.version.unwrap_or(entry.version());
    let alive = given.alive.unwrap_or(entry.is_alive());
    let stays = place == id.place && url == entry.url && version == entry.version() && alive == entry.is_alive();
    if stays && (given.alive != Some(true) || !is_own(webhook)) {
        return Ok(Decision::Keep(webhook.clone()));
    }
    if !is_own(webhook) {
        return Err(not_own(id, webhook));
    }
    let mut next = in_version(moved(all, &entry, place, &url)?, version);
    next.status = next.status.switched(alive);
    Ok(Decision::Change { webhook: next, lets_go: given.alive == Some(true) })
}

/// Where the entry is after the change.
pub(in crate::compat::mailjet) fn place_after(key: Key, given: &Given) -> Place {
    let before = key.place();
    Place { event: given.event.unwrap_or(before.event), slot: given.slot.unwrap_or(before.slot) }
}

/// The entry's webhook with the URL at another place, where nothing may be, or with another URL at the same.
fn moved(all: &[Webhook], entry: &Entry<'_>, to: Place, url: &Destination) -> Result<Webhook, Problem> {
    let (webhook, from) = (entry.webhook, entry.id.place);
    let mut next = webhook.clone();
    if let Some(conflict) = in_the_way(all, webhook, from, to) {
        return Err(taken(conflict.id.place, &conflict));
    }
    if to.event != from.event {
        if let Some(other) = Entry::at(webhook, Place { slot: from.slot.other(), ..from }) {
            let (is, noun) = (other.id, other.id.place.slot.noun());
            return Err(refused(format!("/EventType: ID {is} is the {noun} of this one; delete that first")));
        }
        next.subscription.types = WantedTypes::Only(BTreeSet::from_iter(to.event.types()));
    }
    let urls = match url {
        Destination::Https(url) => Urls::of(webhook).without(from.slot).with(to.slot, url.clone()),
        // No request can give one, so it is what there is.
        Destination::Stream(_) if to.slot == from.slot => Urls::of(webhook),
        Destination::Stream(_) => return Err(refused("/IsBackup: a stream cannot be a backup URL".to_owned())),
    };
    Ok(urls.put_into(next.clone()).unwrap_or(next))
}

/// What is where the URL shall be. Of another event type nothing may be there at all: both URLs of one are one webhook.
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
