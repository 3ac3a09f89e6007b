//! Publishing to Google Pub/Sub.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use shared::delivery::Outcome;
use shared::outbound::{Answered, Post};
use shared::stream::Message;
use shared::stream::pubsub::{ServiceAccount, Topic, Unsigned, request};
use shared::webhook::{Redaction, Webhook, WebhookUrl};

use super::silent;
use crate::Deliver;

/// One request; what it ended with holds for each of the messages.
pub(super) async fn send(
    messages: &[Message],
    topic: &Topic,
    account: &ServiceAccount,
    webhook: &Webhook,
    time_limit: Duration,
    now: Timestamp,
    room: &Deliver,
) -> Answered {
    let url = WebhookUrl::from_stored(&topic.publish_url());
    // Neither fails for what was checked when it was set.
    let (Ok(url), Ok(token)) = (url, token(account, webhook, now, room)) else {
        return silent(Outcome::Protocol, Duration::ZERO);
    };
    let post = Post {
        url: &url,
        headers: &[("authorization", format!("Bearer {token}"))],
        content_type: "application/json",
        body: request(messages),
        time_limit,
        accepts: |status| status == 200,
        custom: &BTreeMap::new(),
        redaction: &Redaction::of(webhook),
    };
    room.outbound.post(post, now).await
}

/// The token of this webhook's key, made anew before it ends.
fn token(account: &ServiceAccount, webhook: &Webhook, now: Timestamp, room: &Deliver) -> Result<String, Unsigned> {
    let key = (webhook.id, webhook.revision);
    if let Some(token) = room.streams.tokens.get(&key, now) {
        return Ok(token);
    }
    let token = account.token(now)?;
    room.streams.tokens.put(key, token.clone(), now);
    Ok(token)
}
