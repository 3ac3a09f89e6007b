//! One challenge to the URLs of a webhook that have not agreed to be delivered to.

use std::time::Duration;

use shared::challenge::Challenge;
use shared::clock::random;
use shared::dialect::Envelope;
use shared::outbound::{OutboundRequest, ShortageError};
use shared::webhook::{ChallengeResult, Destination, Redaction, UrlVerification, Webhook, WebhookUrl};

use crate::delivery::send::Sender;

/// Maximum time that a URL may take for its answer (5 s). Reason: an answer needs no work, and a URL that hangs takes a
/// place that deliveries need.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Sends a challenge to each URL that has still to answer, to both at the same time. Returns the verification with the
/// URLs that have still not answered, and how it ended for the first of them. An error if this function lacks something
/// that a connection needs.
pub(super) async fn challenge(
    webhook: &Webhook,
    asked: &UrlVerification,
    sender: &Sender,
) -> Result<(UrlVerification, ChallengeResult), ShortageError> {
    let main = match &webhook.url {
        Destination::Https(url) if asked.main => Some(url),
        Destination::Https(_) | Destination::Stream(_) => None,
    };
    let backup = webhook.backup_url.as_ref().filter(|_| asked.backup);
    let (main, backup) = futures::try_join!(post(main, webhook, asked, sender), post(backup, webhook, asked, sender))?;
    let has_failed = |result: Option<ChallengeResult>| result.filter(|result| *result != ChallengeResult::Answered);
    let (main, backup) = (has_failed(main), has_failed(backup));
    let asked = UrlVerification { main: main.is_some(), backup: backup.is_some(), ..asked.clone() };
    Ok((asked, main.or(backup).unwrap_or(ChallengeResult::Answered)))
}

/// Posts a challenge, signed like a delivery. `None` without a URL.
async fn post(
    url: Option<&WebhookUrl>,
    webhook: &Webhook,
    asked: &UrlVerification,
    sender: &Sender,
) -> Result<Option<ChallengeResult>, ShortageError> {
    let Some(url) = url else { return Ok(None) };
    let (challenge, at) = (Challenge::generate(random()), sender.clock.now());
    let (id, secrets) = (format!("challenge_{}_{}", asked.id.as_str(), asked.challenges), webhook.secrets.at(at));
    let envelope = Envelope { id: &id, webhook: webhook.id, at, secrets: &secrets };
    let rendered = webhook.dialect.render_challenge(&challenge, &envelope);
    let post = OutboundRequest {
        url,
        headers: &rendered.headers,
        content_type: rendered.content_type,
        body: rendered.body,
        time_limit: TIME_LIMIT,
        accepts: |status| (200..300).contains(&status),
        custom: &webhook.headers,
        redaction: &Redaction::of(webhook),
    };
    let answered = sender.outbound.post(post, at).await?;
    let has_challenge = answered.answer.as_deref().is_some_and(|body| challenge.is_answered_by(body));
    Ok(Some(ChallengeResult::of(answered.outcome, has_challenge)))
}
