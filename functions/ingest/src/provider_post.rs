//! `POST /api/webhooks/{ingest_key}` and `POST /api/webhooks`: a provider's post.

use lambda_http::Request;
use shared::provider::{self, Post};
use shared::source::Source;

use crate::answer::Answer;
use crate::refusal::{ingest_key_wanted, unknown_ingest_key};
use crate::{Ingest, Refusal, ingest_key, sources, store};

/// With the ingest key in the path.
pub(crate) async fn by_path(key: &str, request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let source = sources::find(key, room, room.clock.now()).await?;
    take(&source.ok_or_else(unknown_ingest_key)?, request, room).await
}

/// With the ingest key in the `Authorization` header.
pub(crate) async fn by_header(request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let key = ingest_key::in_header(request.headers()).ok_or_else(ingest_key_wanted)?;
    let source = sources::find(&key, room, room.clock.now()).await?;
    take(&source.ok_or_else(ingest_key_wanted)?, request, room).await
}

async fn take(source: &Source, request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let now = room.clock.now();
    let post = Post::new(request.headers(), request.body());
    let reports = provider::receive(source.provider, &source.trust, &post, now).map_err(|refusal| {
        tracing::warn!(
            tenant.id = %source.tenant,
            source.id = %source.id,
            "post to {} refused: {refusal}",
            source.id
        );
        refusal
    });
    let reports = reports.map_err(shared::problem::Problem::from)?.reports;
    let events: Vec<_> = reports.into_iter().map(|report| report.accept(source.tenant, Some(source.id), now)).collect();
    store::put_all(&events, room).await?;
    Ok(Answer::Received)
}
