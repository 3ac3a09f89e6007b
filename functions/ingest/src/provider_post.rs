//! `POST /api/webhooks/{ingest_key}` and `POST /api/webhooks`: a provider's post.

use std::net::IpAddr;

use jiff::Timestamp;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt as _};
use shared::event::Event;
use shared::problem::Problem;
use shared::provider::{self, Post, Received, Token, Unauthentic};
use shared::source::{IngestKey, Source};
use shared::store::events::Claim;

use crate::answer::Answer;
use crate::refusal::{Trouble, ingest_key_wanted, unknown_ingest_key};
use crate::{Ingest, Refusal, deadline, ingest_key, readable, sources, store};

/// With the ingest key in the path.
pub(crate) async fn by_path(key: &str, request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    take(key, unknown_ingest_key, request, room).await
}

/// With the ingest key in the `Authorization` header.
pub(crate) async fn by_header(request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let key = ingest_key::in_header(request.headers()).ok_or_else(ingest_key_wanted)?;
    take(&key, ingest_key_wanted, request, room).await
}

/// The answer to a request that was not done in the function's time, as its provider wants it, if its key names one.
pub(crate) fn out_of_time(request: &Request) -> Refusal {
    let in_path = request.uri().path().rsplit('/').next().and_then(IngestKey::provider_named_in);
    let in_header = || IngestKey::provider_named_in(&ingest_key::in_header(request.headers())?);
    let trouble = Refusal::from(Trouble::OutOfTime);
    match in_path.or_else(in_header) {
        Some(provider) => trouble.towards(provider),
        None => trouble,
    }
}

/// Our own trouble is answered as the provider wants it.
async fn take(key: &str, unknown: fn() -> Problem, request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let source = match sources::find(key, room, room.clock.now()).await {
        Ok(source) => source.ok_or_else(unknown)?,
        // Not even whose it is can be read: the key itself names the provider.
        Err(error) => {
            let trouble = Refusal::from(error);
            return Err(match IngestKey::provider_named_in(key) {
                Some(provider) => trouble.towards(provider),
                None => trouble,
            });
        }
    };
    receive(key, &source, request, room).await.map_err(|refusal| refusal.towards(source.provider))
}

async fn receive(key: &str, source: &Source, request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let now = room.clock.now();
    let post = Post { ingest_key: key, sender: sender(request), ..Post::new(request.headers(), request.body()) };
    let wanted = provider::certificate_wanted(source.provider, &source.trust, &post);
    let certificate = match wanted.map_err(|why| refused(source, why.into()))? {
        Some(url) => {
            let found = room.sns.certificate(&url, &room.registry, now).await?;
            Some(found.map_err(|why| refused(source, why.into()))?)
        }
        None => None,
    };
    let post = Post { certificate: certificate.as_ref(), ..post };
    let received = provider::receive(source.provider, &source.trust, &post, now);
    let received = received.map_err(|refusal| refused(source, refusal))?;
    accept(received, request.body(), source, now, deadline(request), room).await
}

/// Stores what a genuine post gives. Each step is repeated by the provider until all of them are done.
async fn accept(
    received: Received,
    body: &[u8],
    source: &Source,
    now: Timestamp,
    deadline: Timestamp,
    room: &Ingest,
) -> Result<Answer, Refusal> {
    let Received { reports, token, confirm } = received;
    let events = reports.into_iter().map(|report| report.accept(source.tenant, Some(source.id), now));
    let events: Vec<_> = events.map(|event| readable::or_unparsed(event, body)).collect();
    if let Some(token) = token {
        claim(&token, &events, source, room).await?;
    }
    store::put_all(&events, room, deadline).await?;
    if let Some(url) = confirm {
        room.sns.confirm(&url).await?;
        tracing::info!(tenant.id = %source.tenant, source.id = %source.id, "subscription of {} confirmed", source.id);
    }
    Ok(Answer::Received)
}

/// A token vouches for the one event that it came with first.
async fn claim(token: &Token, events: &[Event], source: &Source, room: &Ingest) -> Result<(), Refusal> {
    for event in events {
        match room.events.claim(source.tenant, source.id, token, event).await? {
            Claim::Granted => {}
            Claim::Refused => return Err(refused(source, Unauthentic::Replayed.into())),
        }
    }
    Ok(())
}

/// Logs why a post is refused; its sender reads less.
fn refused(source: &Source, refusal: provider::Refusal) -> Refusal {
    tracing::warn!(
        tenant.id = %source.tenant,
        source.id = %source.id,
        "post to {} refused: {refusal}",
        source.id
    );
    Problem::from(refusal).into()
}

/// The address that API Gateway, or the function URL, saw.
fn sender(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}
