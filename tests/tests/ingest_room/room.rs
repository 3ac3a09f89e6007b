//! A room to post to.

use std::collections::HashMap;

use http::request::Builder;
use http::{HeaderMap, Request};
use ingest::Ingest;
use lambda_http::Body;
use serde_json::Value;
use shared::clock::random;
use shared::config;
use shared::event::Event;
use shared::id::{KeyId, SourceId, TenantId};
use shared::provider::Provider;
use shared::source::{IngestKey, Source, Trust, Verification};
use shared::store::events::event_in_row;
use shared::tenant::{ApiKey, PresentedKey, Role};
use tests::support::World;

pub(crate) struct Room {
    pub(crate) world: World,
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
    /// A refusal's status and stable word; checks that it is a whole problem document.
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status, "{self:?}");
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap(), "{self:?}");
        assert!(self.body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{self:?}");
        (self.status, self.body["type"].as_str().unwrap().strip_prefix("urn:mailhooks:problem:").unwrap())
    }

    /// What does not differ between two requests that are answered alike.
    pub(crate) fn alike(mut self) -> (u16, Value) {
        self.body["request_id"] = Value::Null;
        (self.status, self.body)
    }
}

impl Room {
    pub(crate) async fn start() -> Self {
        let world = World::start().await.unwrap();
        let config = config::Ingest {
            registry_table: "registry".to_owned(),
            events_table: "events".to_owned(),
            retention_days: 30,
            cache_seconds: 30,
        };
        let ingest = Ingest::new(&world.sdk, &config, world.clock.clone());
        let tenant = world.tenant().await.unwrap();
        Self { world, tenant, ingest }
    }

    /// A new source of the tenant, and its ingest key.
    pub(crate) async fn source(&self, provider: Provider, verification: Verification) -> (Source, IngestKey) {
        let now = self.world.clock.now();
        let key = IngestKey::generate(provider, random());
        let source = Source {
            id: SourceId::mint(now, random()),
            tenant: self.tenant,
            provider,
            name: String::new(),
            trust: Trust::verified_by(verification),
            ingest_key: key.hash(),
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        self.world.registry.create_source(&source).await.unwrap();
        (source, key)
    }

    /// A new API key: the stored one, and the whole of it.
    pub(crate) async fn key(&self, role: Role, tenant: Option<TenantId>) -> (ApiKey, String) {
        let now = self.world.clock.now();
        let id = KeyId::mint(now, random());
        let presented = PresentedKey::generate(id, random());
        let secret_hash = presented.hash();
        let key = ApiKey { id, tenant, role, name: String::new(), secret_hash, created_at: now };
        self.world.registry.create_api_key(&key).await.unwrap();
        (key, presented.expose())
    }

    pub(crate) async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        self.send_request(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn send_request(&self, request: Request<Body>) -> Answer {
        let (parts, body) = ingest::handle(request, &self.ingest).await.unwrap().into_parts();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        if answer.status != 200 {
            answer.problem();
        }
        answer
    }

    /// Posts `body` to the source that `key` leads to.
    pub(crate) async fn post(&self, key: &IngestKey, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path(key)), body).await
    }

    /// Publishes `body` with an API key.
    pub(crate) async fn publish(&self, key: &str, body: impl Into<Body>) -> Answer {
        self.send(publication(key), body).await
    }

    /// Every stored event, by its id.
    pub(crate) fn stored(&self) -> HashMap<String, Event> {
        let rows = self.world.aws.scan_unbroken("events").unwrap();
        // The table also remembers tokens.
        let events = rows.iter().filter(|row| row["sk"].as_s().unwrap() != "TOKEN");
        let events = events.map(|row| event_in_row(row).unwrap());
        events.map(|event| (event.id.to_string(), event)).collect()
    }
}

pub(crate) fn path(key: &IngestKey) -> String {
    format!("/api/webhooks/{}", key.expose())
}

pub(crate) fn publication(key: &str) -> Builder {
    Request::post("/api/v1/events").header("authorization", format!("Bearer {key}"))
}
