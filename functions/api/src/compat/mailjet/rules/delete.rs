//! DELETE: one URL of an event type goes, and the webhook with the last.

use shared::problem::Problem;
use shared::webhook::Webhook;

use super::{is_own, not_own};
use crate::compat::mailjet::entry::{Entry, Key};
use crate::compat::mailjet::event_word::EventWord;
use crate::compat::mailjet::urls::Urls;
use crate::manage::transaction::Decision;

/// Without the entry. Of a webhook with several event types, or in another dialect, this one is taken out, whatever URLs it
/// has; its backup URL alone cannot be, because all types have it.
pub(in crate::compat::mailjet) fn removed(all: &[Webhook], key: Key) -> Result<Decision, Problem> {
    let Entry { id, webhook, .. } = Entry::find(all, key)?;
    let slot = id.place.slot;
    let urls = Urls::of(webhook);
    let left = if is_own(webhook) {
        urls.without(slot).put_into(webhook.clone())
    } else if slot.is_backup() && urls.get(slot.other()).is_some() {
        return Err(not_own(id, webhook));
    } else {
        without_event(webhook, id.place.event)
    };
    Ok(match left {
        Some(webhook) => Decision::Change { webhook, lets_go: false },
        None => Decision::Delete(webhook.id),
    })
}

/// The webhook without one event type; `None` when it wants nothing else. What wanted all types wants the others by name, so
/// that types that come later are none of its.
fn without_event(webhook: &Webhook, event: EventWord) -> Option<Webhook> {
    let types = webhook.subscription.types.without(&event.types(), webhook.dialect)?;
    let mut next = webhook.clone();
    next.subscription.types = types;
    Some(next)
}
