//! One message of a stream.

use crate::dialect::Rendered;
use crate::event::Event;
use crate::id::WebhookId;

/// What a message holds: the body that an HTTPS receiver would get, and as attributes what it would get as headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The value of `webhook-id`, the same on every attempt: what its consumers deduplicate by.
    pub id: String,
    /// The webhook that it is for: the group of its messages, where the service wants one.
    pub webhook: WebhookId,
    /// By name. Never more than ten, which is what SQS takes.
    pub attributes: Vec<(&'static str, String)>,
    /// The dialect's body, whose bytes are signed.
    pub body: String,
}

impl Message {
    /// The message for what was rendered of `first` and `more`, for a webhook of the events' tenant. Type and id are
    /// those of its event, and left out where there are several.
    pub fn of(rendered: &Rendered, id: &str, webhook: WebhookId, first: &Event, more: &[&Event]) -> Self {
        let mut attributes =
            vec![("tenant_id", first.tenant.to_string()), ("content_type", rendered.content_type.to_owned())];
        if more.is_empty() {
            attributes.push(("event_type", first.facts.event_type.as_str().to_owned()));
            attributes.push(("event_id", first.id.to_string()));
        }
        attributes.extend(rendered.headers.iter().cloned());
        // Every dialect writes JSON or a form, both of them text.
        let body = String::from_utf8_lossy(&rendered.body).into_owned();
        Self { id: id.to_owned(), webhook, attributes, body }
    }

    /// Names and values of its attributes, in bytes.
    pub(super) fn attribute_bytes(&self) -> usize {
        self.attributes.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}
