//! One message of a stream.

use crate::dialect::Rendered;
use crate::event::Event;
use crate::id::WebhookId;

/// A message: the body that an HTTPS receiver would get, and as attributes the headers that it would get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The value of `webhook-id`, the same on every attempt. Consumers deduplicate by it.
    pub id: String,
    /// The webhook that the message is for. Where the service has message groups, this is the group.
    pub webhook: WebhookId,
    /// Names and values. At most ten, because SQS takes no more.
    pub attributes: Vec<(&'static str, String)>,
    /// The dialect's body. Its bytes are signed.
    pub body: String,
}

impl Message {
    /// The message with the rendered `first` and `more`, for a webhook of the events' tenant. A message with several
    /// events has no attributes for event type and event id.
    pub fn of(rendered: &Rendered, id: &str, webhook: WebhookId, first: &Event, more: &[&Event]) -> Self {
        let mut attributes =
            vec![("tenant_id", first.tenant.to_string()), ("content_type", rendered.content_type.to_owned())];
        if more.is_empty() {
            attributes.push(("event_type", first.facts.event_type.as_str().to_owned()));
            attributes.push(("event_id", first.id.to_string()));
        }
        attributes.extend(rendered.headers.iter().cloned());
        // Every dialect writes JSON or a form, and both are text.
        let body = String::from_utf8_lossy(&rendered.body).into_owned();
        Self { id: id.to_owned(), webhook, attributes, body }
    }

    /// The size of all names and values of attributes, in bytes.
    pub(super) fn attribute_bytes(&self) -> usize {
        self.attributes.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}
