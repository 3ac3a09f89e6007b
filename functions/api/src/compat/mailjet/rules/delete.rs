//! DELETE: removes one URL of an event type; with the last URL the webhook is deleted.

use shared::webhook::Webhook;

use super::error::RuleError;
use super::is_own;
use crate::compat::mailjet::entry::{Entry, EntryKey};
use crate::compat::mailjet::event_word::EventWord;
use crate::compat::mailjet::urls::Urls;
use crate::manage::transaction::WebhookChange;

/// Removes the entry. From a webhook with several event types, or in another dialect, the event type is removed with
/// all of its URLs. The backup URL alone cannot be removed from such a webhook, because all of its types have it.
pub(in crate::compat::mailjet) fn delete_entry(all: &[Webhook], key: EntryKey) -> Result<WebhookChange, RuleError> {
    let Entry { id, webhook, .. } = Entry::find(all, key).ok_or(RuleError::NotFound)?;
    let role = id.place.role;
    let urls = Urls::of(webhook);
    let remaining = if is_own(webhook) {
        urls.without(role).put_into(webhook.clone())
    } else if role.is_backup() && urls.get(role.other()).is_some() {
        return Err(RuleError::not_own(id, webhook));
    } else {
        without_event(webhook, id.place.event)
    };
    Ok(match remaining {
        Some(webhook) => WebhookChange::Replace { webhook, resumes: false },
        None => WebhookChange::Delete(webhook.id),
    })
}

/// The webhook without one event type; `None` when it wants nothing else. A webhook that wanted all types then names
/// the others; it will not get types that are added later.
fn without_event(webhook: &Webhook, event: EventWord) -> Option<Webhook> {
    let types = webhook.subscription.types.without(&event.types(), webhook.dialect)?;
    let mut next = webhook.clone();
    next.subscription.types = types;
    Some(next)
}
