//! Sending to Azure Service Bus.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use shared::delivery::Outcome;
use shared::outbound::{Outbound, OutboundRequest, RequestResult, ShortageError};
use shared::stream::Message;
use shared::stream::servicebus::{CONTENT_TYPE, Entity, SharedKey, request};
use shared::webhook::{Redaction, Webhook, WebhookUrl};

use super::silent;

/// One request. Its answer holds for each of the messages.
pub(super) async fn send(
    messages: &[Message],
    entity: &Entity,
    key: &SharedKey,
    webhook: &Webhook,
    time_limit: Duration,
    now: Timestamp,
    outbound: &Outbound,
) -> Result<RequestResult, ShortageError> {
    // This does not fail: the entity was checked when it was set.
    let Ok(url) = WebhookUrl::from_stored(&entity.messages_url()) else {
        return Ok(silent(Outcome::Protocol, Duration::ZERO));
    };
    let post = OutboundRequest {
        url: &url,
        headers: &[("authorization", key.authorization(entity, now))],
        content_type: CONTENT_TYPE,
        body: request(messages),
        time_limit,
        accepts: |status| status == 201,
        custom: &BTreeMap::new(),
        redaction: &Redaction::of(webhook),
    };
    outbound.post(post, now).await
}
