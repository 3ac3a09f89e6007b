//! Publishing to Google Pub/Sub.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use shared::delivery::Outcome;
use shared::outbound::{OutboundRequest, RequestResult, ShortageError};
use shared::stream::Message;
use shared::stream::pubsub::{ServiceAccount, Topic, Unsigned, request};
use shared::webhook::{Redaction, Webhook, WebhookUrl};

use super::{Streams, silent};

impl Streams {
    /// One request. Its answer holds for each of the messages.
    pub(super) async fn publish(
        &self,
        messages: &[Message],
        topic: &Topic,
        account: &ServiceAccount,
        webhook: &Webhook,
        time_limit: Duration,
        now: Timestamp,
    ) -> Result<RequestResult, ShortageError> {
        let url = WebhookUrl::from_stored(&topic.publish_url());
        // Neither fails: topic and key were checked when they were set.
        let (Ok(url), Ok(token)) = (url, self.token(account, webhook, now)) else {
            return Ok(silent(Outcome::Protocol, Duration::ZERO));
        };
        let post = OutboundRequest {
            url: &url,
            headers: &[("authorization", format!("Bearer {token}"))],
            content_type: "application/json",
            body: request(messages),
            time_limit,
            accepts: |status| status == 200,
            custom: &BTreeMap::new(),
            redaction: &Redaction::of(webhook),
        };
        self.outbound.post(post, now).await
    }

    /// The token of this webhook's key. A new one is made before the old one ends.
    fn token(&self, account: &ServiceAccount, webhook: &Webhook, now: Timestamp) -> Result<String, Unsigned> {
        let key = (webhook.id, webhook.revision);
        if let Some(token) = self.tokens.get(&key, now) {
            return Ok(token);
        }
        let token = account.token(now)?;
        self.tokens.put(key, token.clone(), now);
        Ok(token)
    }
}
