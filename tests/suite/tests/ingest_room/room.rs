//! An ingest room that tests post to.

use std::collections::HashMap;

use http::request::Builder;
use http::{HeaderMap, Request};
use ingest::Ingest;
use lambda_http::Body;
use serde_json::Value;
use shared::clock::random;
use shared::event::Event;
use shared::http_event::HttpEvent;
use shared::id::{KeyId, TenantId};
use shared::provider::Provider;
use shared::secret::VerificationSecret;
use shared::source::{IngestKey, Source, Trust, Verification};
use shared::store::events::event_in_row;
use shared::stored_word::StoredWord;
use shared::tenant::{ApiKey, PresentedKey, Role};
use support::World;
use support::amazon::Amazon;
use support::senders::Sender;
use support::signers::Signed;

pub(crate) struct Room {
    pub(crate) world: World,
    pub(crate) amazon: Amazon,
    pub(crate) tenant: TenantId,
    ingest: Ingest,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The status and the stable word of an error. Checks that the answer is a whole problem document.
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap(), "{self:?}");
        assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        (self.status, self.body["type"].as_str().unwrap().strip_prefix("urn:mailhooks:problem:").unwrap())
    }

    /// The parts of an answer that are equal for two requests with the same error.
    pub(crate) fn alike(mut self) -> (u16, Value) {
        self.body["request_id"] = Value::Null;
        (self.status, self.body)
    }
}

impl Room {
    pub(crate) async fn start() -> Self {
        Self::in_world(World::start().await.unwrap()).await
    }

    pub(crate) async fn in_world(world: World) -> Self {
        let amazon = Amazon::start().await.unwrap();
        let ingest = world.ingest(amazon.outbound());
        let tenant = world.tenant().await.unwrap();
        Self { world, amazon, tenant, ingest }
    }

    /// A new source of the tenant with this trust, and its ingest key.
    pub(crate) async fn source_trusting(&self, provider: Provider, trust: Trust) -> (Source, IngestKey) {
        self.world.source(self.tenant, provider, trust).await.unwrap()
    }

    /// A new source with this verification and no further requirement.
    pub(crate) async fn source(&self, provider: Provider, verification: Verification) -> (Source, IngestKey) {
        self.source_trusting(provider, Trust::verified_by(verification)).await
    }

    /// A source that accepts the posts of a sender.
    pub(crate) async fn source_of(&self, sender: &Sender) -> (Source, IngestKey) {
        self.source_trusting(sender.provider, sender.trust().unwrap()).await
    }

    /// A source whose posts are signed with an HMAC of this key.
    pub(crate) async fn source_signing(&self, provider: Provider, key: &str) -> (Source, IngestKey) {
        let key = VerificationSecret::parse(key).unwrap();
        self.source(provider, Verification::SigningKey(key)).await
    }

    /// Another ingest function in the same world, with empty caches.
    pub(crate) fn restarted(self) -> Self {
        Self { ingest: self.world.ingest(self.amazon.outbound()), ..self }
    }

    /// A new API key: first as it is stored, then the whole key.
    pub(crate) async fn key(&self, role: Role, tenant: Option<TenantId>) -> (ApiKey, String) {
        let now = self.world.clock.now();
        let id = KeyId::mint(now, random());
        let presented = PresentedKey::generate(id, random());
        let secret_hash = presented.hash();
        let key =
            ApiKey { id, tenant, role: StoredWord::Known(role), name: String::new(), secret_hash, created_at: now };
        self.world.registry.api_keys.create(&key).await.unwrap();
        (key, presented.expose())
    }

    pub(crate) async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        self.send_request(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn send_request(&self, request: Request<Body>) -> Answer {
        Self::send_to(&self.ingest, request).await
    }

    /// Another ingest function in the same world, at the same time.
    pub(crate) fn another_function(&self) -> Ingest {
        self.world.ingest(self.amazon.outbound())
    }

    pub(crate) async fn send_to(function: &Ingest, request: Request<Body>) -> Answer {
        let (parts, body) = sendable(ingest::handle(request, function)).await.unwrap().into_parts();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        if answer.status != 200 {
            answer.problem();
        }
        answer
    }

    /// Posts `body` to the source with this ingest key.
    pub(crate) async fn post(&self, key: &IngestKey, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path(key)), body).await
    }

    /// A good post of a sender, made now.
    pub(crate) fn good(&self, sender: &Sender, key: &IngestKey, number: u32) -> Signed {
        sender.post(key.expose(), number, self.world.clock.now()).unwrap()
    }

    /// Posts what a provider sends to the source with this ingest key.
    pub(crate) async fn take(&self, key: &IngestKey, post: &Signed) -> Answer {
        self.send_request(post.request(&path(key)).unwrap()).await
    }

    /// Like [`Self::take`], in the form in which API Gateway hands it over; see [`Signed::gateway_event`].
    pub(crate) async fn take_through_gateway(
        &self,
        key: &IngestKey,
        post: &Signed,
        from: &str,
        case: fn(&str) -> String,
    ) -> Answer {
        self.take_event(post.gateway_event(&path(key), from, case)).await
    }

    /// Takes a request as the function's `main` does.
    pub(crate) async fn take_event(&self, event: Value) -> Answer {
        self.send_request(serde_json::from_value::<HttpEvent>(event).unwrap().into()).await
    }

    /// Publishes `body` with an API key.
    pub(crate) async fn publish(&self, key: &str, body: impl Into<Body>) -> Answer {
        self.send(publication(key), body).await
    }

    /// Every stored event, by its id.
    pub(crate) fn stored(&self) -> HashMap<String, Event> {
        let rows = self.world.event_rows().unwrap();
        let events = rows.iter().map(|row| event_in_row(row).unwrap());
        events.map(|event| (event.id.to_string(), event)).collect()
    }
}

/// Lambda's runtime requires that the future of a handler may move between threads.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

pub(crate) fn path(key: &IngestKey) -> String {
    format!("/api/webhooks/{}", key.expose())
}

pub(crate) fn publication(key: &str) -> Builder {
    Request::post("/api/v1/events").header("authorization", format!("Bearer {key}"))
}
