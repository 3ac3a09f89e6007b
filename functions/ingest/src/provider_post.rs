//! `POST /api/webhooks/{ingest_key}` and `POST /api/webhooks`: a provider's post.

use jiff::Timestamp;
use lambda_http::Request;
use shared::audit::client_address;
use shared::event::Event;
use shared::provider::{self, InboundPost, Received, Token, VerificationError};
use shared::retention::Retention;
use shared::source::{IngestKey, Source, Verification};
use shared::store::events::TokenClaim;

use crate::answer::Success;
use crate::error::{IngestError, InternalError, ingest_key_required, suspended, unknown_ingest_key};
use crate::room::{Ingest, deadline};
use crate::{ingest_key, readable, sources, span, store};

/// A post with the ingest key in its path.
pub(crate) async fn by_path(key: &str, request: &Request, room: &Ingest) -> Result<Success, IngestError> {
    take(key, unknown_ingest_key, request, room).await
}

/// A post with the ingest key in its `Authorization` header.
pub(crate) async fn by_header(request: &Request, room: &Ingest) -> Result<Success, IngestError> {
    let key = ingest_key::in_header(request.headers()).ok_or_else(ingest_key_required)?;
    take(&key, ingest_key_required, request, room).await
}

/// The error of a request that the function had no time for, in the way of its provider if its ingest key names one.
pub(crate) fn out_of_time(request: &Request) -> IngestError {
    let in_path = request.uri().path().rsplit('/').next().and_then(IngestKey::provider_named_in);
    let in_header = || IngestKey::provider_named_in(&ingest_key::in_header(request.headers())?);
    IngestError::from(InternalError::OutOfTime).for_provider(in_path.or_else(in_header))
}

/// Finds the source, then receives its post. When we fail, the answer has the status that the provider wants.
async fn take(
    key: &str,
    unknown: fn() -> IngestError,
    request: &Request,
    room: &Ingest,
) -> Result<Success, IngestError> {
    let found = sources::find(key, room, room.clock.now()).await;
    // When not even the source can be read, the ingest key itself names the provider.
    let found = found.map_err(|error| IngestError::from(error).for_provider(IngestKey::provider_named_in(key)))?;
    let source = found.ok_or_else(unknown)?;
    span::note("tenant.id", source.tenant);
    span::note("source.id", source.id);
    receive(key, &source, request, room).await.map_err(|error| error.for_provider(Some(source.provider)))
}

/// Verifies the post, then stores what it reports.
async fn receive(key: &str, source: &Source, request: &Request, room: &Ingest) -> Result<Success, IngestError> {
    let now = room.clock.now();
    let allowed = room.tenants.get(source.tenant, now).await?;
    if allowed.as_ref().is_some_and(|tenant| tenant.suspended) {
        return Err(suspended());
    }
    let post = InboundPost {
        ingest_key: key,
        sender: client_address(request),
        ..InboundPost::new(request.headers(), request.body())
    };
    let certificate = match provider::certificate_wanted(source.provider, &source.trust, &post)? {
        Some(url) => {
            let certificate = room.sns.certificate(&url, now).await?;
            Some(certificate.ok_or(VerificationError::WrongCertificate)?)
        }
        None => None,
    };
    let post = InboundPost { certificate: certificate.as_ref(), ..post };
    let received = provider::receive(source.provider, &source.trust, &post, now)?;
    // After the verification, so that only genuine posts use up the limit; before anything is stored.
    room.event_claims.take(allowed.as_ref(), received.reports.len(), now).await?;
    accept(received, request.body(), source, now, deadline(request), room).await
}

/// Stores what an authentic post reports. The provider repeats the post until all of these steps are done.
async fn accept(
    received: Received,
    body: &[u8],
    source: &Source,
    now: Timestamp,
    deadline: Timestamp,
    room: &Ingest,
) -> Result<Success, IngestError> {
    let Received { reports, token, confirm } = received;
    let events = reports.into_iter().map(|report| report.accept(source.tenant, Some(source.id), now));
    let events: Vec<_> = events.map(|event| readable::or_unparsed(event, body)).collect();
    if let [event] = events.as_slice() {
        span::note("event.id", event.id);
    }
    refuse_old(&events, source, room.retention, now)?;
    if let Some(token) = token {
        claim(&token, &events, source, room).await?;
    }
    store::put_all(&events, room, deadline).await?;
    if let Some(url) = confirm {
        room.sns.confirm(&url).await?;
        tracing::info!("the subscription of the source is confirmed");
    }
    Ok(Success::Received)
}

/// Refuses a post that is older than the retention, if its signature is valid for ever. A repeat is recognised by the
/// rows of its events, and these may be gone. The newest event decides: the rows of events that were accepted together
/// are kept for the same time.
fn refuse_old(
    events: &[Event],
    source: &Source,
    retention: Retention,
    now: Timestamp,
) -> Result<(), VerificationError> {
    let is_signed = !matches!(source.trust.verification, Verification::Unsigned);
    let newest = events.iter().map(|event| event.facts.occurred_at).max();
    let is_old = newest.is_some_and(|newest| retention.has_ended(newest, now));
    if is_signed && source.provider.signs_for_ever() && is_old { Err(VerificationError::Stale) } else { Ok(()) }
}

/// A token vouches only for the first event that came with it.
async fn claim(token: &Token, events: &[Event], source: &Source, room: &Ingest) -> Result<(), IngestError> {
    for event in events {
        match room.events.claim(source.tenant, source.id, token, event).await? {
            TokenClaim::Granted => {}
            TokenClaim::Refused => return Err(VerificationError::Replayed.into()),
        }
    }
    Ok(())
}
