//! Asks the new URLs of a webhook for their consent: the challenge is claimed in the webhook's row, then posted, then
//! its result is written. When all URLs have answered, the webhook is pending no longer, and what it holds goes out.
//!
//! The claim comes first, so that no crash and no copy of the job makes one challenge into several: after a crash the
//! job waits for the next one. An answer counts only while the row has the verification that was asked. A change of a
//! URL begins another verification, so an answer that was under way then counts for nothing.

use jiff::{SignedDuration, Timestamp};
use shared::breaker::{Breaker, ClosedReason};
use shared::queue::Outgoing;
use shared::queue::job::{Job, ReleaseHeld, VerifyJob};
use shared::store::StoreError;
use shared::store::deliveries::INDEX_LAG_SECONDS;
use shared::unknown_fields::UnknownFields;
use shared::webhook::{ChallengeVerdict, UrlVerification, judge_challenge};

use super::challenge::{TIME_LIMIT, challenge};
use crate::Deliver;
use crate::budget::fits_within;
use crate::disposition::{Disposition, Stop};
use crate::isolate::log;
use crate::queues::SourceQueue;
use crate::webhook_cache::WebhookState;

/// Carries out a verify job.
pub(crate) async fn verify(
    job: &VerifyJob,
    source: SourceQueue,
    room: &Deliver,
    deadline: Timestamp,
) -> Result<Disposition, Stop> {
    let now = room.clock.now();
    let Some(state) = room.webhooks.get_fresh(job.tenant, job.webhook, now).await? else {
        return Ok(Disposition::Delete);
    };
    match judge_challenge(&job.verification, state.webhook.verification.as_ref(), now) {
        ChallengeVerdict::Obsolete => Ok(Disposition::Delete),
        // The invocation that wrote this was interrupted before it had released what is held.
        ChallengeVerdict::Verified => Ok(resume(job, &state, room).await?),
        // Nothing is sent for a suspended tenant. The request that lifts the suspension sends the job again.
        _ if state.is_suspended => Ok(Disposition::Delete),
        ChallengeVerdict::NotDue { at } => Ok(Disposition::RetryAt { at }),
        // Nothing is known of a new URL. If it hangs, it must not take the places of others.
        ChallengeVerdict::Challenge(_) if source != SourceQueue::Slow => Ok(Disposition::ToSlowQueue),
        ChallengeVerdict::Challenge(asked) => {
            let limit = SignedDuration::try_from(TIME_LIMIT).unwrap_or(SignedDuration::ZERO);
            if !fits_within(limit, now, deadline) {
                return Ok(Disposition::Redeliver);
            }
            if !room.health.verifications.claim_challenge(job.tenant, job.webhook, &asked, now).await? {
                // Another copy of the job has claimed it, or the webhook has changed. The row decides.
                return Ok(Disposition::Redeliver);
            }
            let asked = UrlVerification { challenges: asked.challenges + 1, challenged_at: now, ..asked };
            Ok(ask(job, &state, &asked, room).await?)
        }
    }
}

/// Makes the challenge that was claimed, and acts on its result.
async fn ask(
    job: &VerifyJob,
    state: &WebhookState,
    asked: &UrlVerification,
    room: &Deliver,
) -> Result<Disposition, StoreError> {
    let (left, result) = match challenge(&state.webhook, asked, &room.sender).await {
        Ok(ended) => ended,
        Err(error) => {
            log(&error, "the challenge could not be made; the next one follows");
            return Ok(next(asked));
        }
    };
    if !left.main && !left.backup {
        let is_verified = room.health.verified(&state.webhook, asked).await?;
        return if is_verified { resume(job, state, room).await } else { Ok(Disposition::Delete) };
    }
    tracing::warn!("the webhook's new URL has not answered its challenge: {}", result.as_str());
    let is_noted = room.health.verifications.note_result(job.tenant, job.webhook, &left, result).await?;
    // Otherwise the webhook has changed, or is being changed. Its row decides.
    Ok(if is_noted { next(&left) } else { Disposition::Redeliver })
}

fn next(asked: &UrlVerification) -> Disposition {
    asked.next_challenge_at().map_or(Disposition::Delete, |at| Disposition::RetryAt { at })
}

/// Closes the breaker, because its probe ended if it came while the webhook was pending, and releases what is held. It
/// comes after the row is written, so that every delivery is either held before the release or finds the webhook
/// verified.
async fn resume(job: &VerifyJob, state: &WebhookState, room: &Deliver) -> Result<Disposition, StoreError> {
    if let Breaker::Open(open) = room.health.receivers.get_breaker(job.tenant, job.webhook).await? {
        room.health.close_breaker(&state.webhook, &open, 0, ClosedReason::Requested).await?;
    }
    room.health.webhooks.forget(job.tenant, job.webhook);
    let release = Job::ReleaseHeld(ReleaseHeld {
        tenant: job.tenant,
        webhook: job.webhook,
        after: None,
        unknown: UnknownFields::default(),
    });
    Ok(Disposition::Replace(vec![Outgoing::later(&release, INDEX_LAG_SECONDS)]))
}
