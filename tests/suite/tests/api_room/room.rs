//! An api room that tests call, and answers that print only what matters.

use std::fmt;

use api::Api;
use axum::Router;
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::aws::SdkConfig;
use shared::clock::random;
use shared::config;
use shared::http_event::HttpEvent;
use shared::id::TenantId;
use shared::tenant::{KeyHash, PresentedKey};
use support::World;
use support::kms::KMS_KEY;
use support::world::DELIVERIES;
use tower::ServiceExt as _;

/// The admin key that was made at deployment.
pub(crate) const ADMIN: &str = "mh_admin_0123456789abcdef";

pub(crate) struct Room {
    pub(crate) world: World,
    router: Router,
}

/// A caller with a key, in a room.
pub(crate) struct Caller<'a> {
    room: &'a Room,
    pub(crate) key: String,
    pub(crate) tenant: Option<String>,
}

impl Room {
    pub(crate) async fn start() -> Self {
        let world = World::start().await.unwrap();
        let sdk = world.sdk.clone();
        Self::of(world, &sdk)
    }

    /// A room in `world` that calls AWS with the configuration `sdk`.
    pub(crate) fn of(world: World, sdk: &SdkConfig) -> Self {
        let router = api::router(Api::new(sdk, &config(&world), world.clock.clone()));
        Self { world, router }
    }

    /// A room that accepts receivers on loopback, with another configuration.
    pub(crate) async fn with_config(change: impl FnOnce(config::ApiConfig) -> config::ApiConfig) -> Self {
        Self::in_world(World::start().await.unwrap(), change)
    }

    /// A room in `world` that accepts receivers on loopback, with another configuration.
    pub(crate) fn in_world(world: World, change: impl FnOnce(config::ApiConfig) -> config::ApiConfig) -> Self {
        let config = config::ApiConfig { allowed_networks: vec!["127.0.0.0/8".parse().unwrap()], ..config(&world) };
        let router = api::router(Api::new(&world.sdk, &change(config), world.clock.clone()));
        Self { world, router }
    }

    /// A room that does not know its public URL.
    pub(crate) async fn without_public_url() -> Self {
        let world = World::start().await.unwrap();
        let config = config::ApiConfig { public_url: String::new(), ..config(&world) };
        let router = api::router(Api::new(&world.sdk, &config, world.clock.clone()));
        Self { world, router }
    }

    /// The admin. Requests do not name a tenant.
    pub(crate) fn admin(&self) -> Caller<'_> {
        Caller { room: self, key: ADMIN.to_owned(), tenant: None }
    }

    /// A new tenant with a key of the role `tenant`.
    pub(crate) async fn tenant(&self) -> Caller<'_> {
        let tenant = self.admin().post("/api/v1/tenants", &json!({ "name": "Acme" })).await;
        let id = tenant.text("id");
        self.key_of(&id, "tenant").await
    }

    /// A new key of a tenant.
    pub(crate) async fn key_of(&self, tenant: &str, role: &str) -> Caller<'_> {
        let key = self.admin().post("/api/v1/keys", &json!({ "role": role, "tenant_id": tenant })).await;
        Caller { room: self, key: key.text("key"), tenant: Some(tenant.to_owned()) }
    }

    /// A room that accepts receivers on loopback.
    pub(crate) async fn with_receivers() -> Self {
        Self::with_config(|config| config).await
    }

    /// Answers a request in the form in which the function's `main` gets it.
    pub(crate) async fn take_event(&self, event: Value) -> Answer {
        let request: lambda_http::Request = serde_json::from_value::<HttpEvent>(event).unwrap().into();
        self.send(request.map(|body| Body::from(body.to_vec()))).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let path = request.uri().path().to_owned();
        let response = self.router.clone().oneshot(request).await.unwrap();
        // Time passes, so that objects of this request are older than objects of the next one.
        self.world.tick();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 * 1024 * 1024).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, body };
        answer.check_form(&path);
        answer
    }
}

fn config(world: &World) -> config::ApiConfig {
    let arn = |queue: &str| format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
    config::ApiConfig {
        registry_table: "registry".to_owned(),
        events_table: "events".to_owned(),
        deliveries_table: "deliveries".to_owned(),
        deliveries_queue_url: world.queue_url(DELIVERIES),
        deliveries_queue_arn: arn(DELIVERIES),
        dead_letter_queue_arn: arn("dead-letter"),
        retention_days: 30,
        admin_key: KeyHash::of("0123456789abcdef"),
        allowed_networks: Vec::new(),
        public_url: "https://hooks.example.com".to_owned(),
        secrets_key_arn: KMS_KEY.to_owned(),
        verify_webhook_urls: false,
    }
}

impl Caller<'_> {
    /// The same key. Requests name another tenant.
    pub(crate) fn about(&self, tenant: &str) -> Self {
        Self { room: self.room, key: self.key.clone(), tenant: Some(tenant.to_owned()) }
    }

    /// Another key. Requests name the same tenant.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { room: self.room, key: key.to_owned(), tenant: self.tenant.clone() }
    }

    /// The same key. Requests do not name a tenant.
    pub(crate) fn about_none(&self) -> Self {
        Self { room: self.room, key: self.key.clone(), tenant: None }
    }

    pub(crate) fn tenant_id(&self) -> TenantId {
        self.tenant.as_deref().unwrap().parse().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn post_nothing(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.room.send(self.request(method, path).body(body).unwrap()).await
    }

    /// A request with the key. It is for bodies that are not JSON values.
    pub(crate) fn request(&self, method: Method, path: &str) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json");
        match &self.tenant {
            Some(tenant) => request.header("x-tenant-id", tenant),
            None => request,
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Checks what holds for every answer to a request for `path`.
    fn check_form(&self, path: &str) {
        let header = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(!header("x-request-id").is_empty());
        let for_everybody = self.body.get("keys").is_some();
        assert_eq!(header("cache-control"), if for_everybody { "public, max-age=300" } else { "no-store" });
        if self.status < 400 {
            return;
        }
        let content_type = header("content-type");
        if path.starts_with("/v3/domains/") {
            assert_eq!((content_type, &self.body), ("application/json", &json!({ "message": self.text("message") })));
        } else if path.starts_with("/api/webhooks/manage") {
            assert_eq!((content_type, &self.body), ("application/json", &json!({ "error": self.text("error") })));
        } else if path.starts_with("/v3/REST/") {
            assert_eq!((content_type, &self.body["StatusCode"]), ("application/json", &json!(self.status)));
            assert_eq!(self.body["ErrorInfo"], header("x-request-id"));
        } else {
            assert_eq!(content_type, "application/problem+json");
            assert_eq!(self.body["request_id"], header("x-request-id"));
            assert_eq!(self.body["status"], self.status);
        }
    }

    /// Status and text of an error of another system's API, in one line.
    pub(crate) fn error(&self) -> String {
        assert!(self.status >= 400, "not an error: {self}");
        let fields = self.body.as_object().unwrap();
        let text = ["message", "error"].iter().find_map(|name| fields.get(*name)).and_then(Value::as_str).unwrap();
        format!("{} {}", self.status, redacted_text(text))
    }

    /// The text of a field.
    pub(crate) fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no text in `{field}`: {self}")).to_owned()
    }

    /// The entries of a list.
    pub(crate) fn data(&self) -> &[Value] {
        self.body["data"].as_array().unwrap_or_else(|| panic!("no list: {self}"))
    }

    /// Status, type and detail of a problem, in one line.
    pub(crate) fn problem(&self) -> String {
        assert!(self.status >= 400, "not a problem: {self}");
        let kind = self.text("type");
        let kind = kind.strip_prefix("urn:mailhooks:problem:").unwrap_or_else(|| panic!("{kind}"));
        format!("{} {kind}: {}", self.status, redacted_text(&self.text("detail")))
    }
}

/// Prints status and body. Every random or new value is replaced by a word that says that its form was right.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = self.body.clone();
        redact("", &mut body);
        write!(f, "{} {body:#}", self.status)
    }
}

fn redact(name: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| redact(name, value)),
        Value::Array(entries) => entries.iter_mut().for_each(|entry| redact(name, entry)),
        Value::String(text) => *text = redacted_field(name, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn redacted_field(name: &str, text: &str) -> String {
    let word = match name {
        "request_id" => "REQUEST".to_owned(),
        "key" if text.parse::<PresentedKey>().is_ok() => "KEY".to_owned(),
        "secret" if text.starts_with("whsec_") && text.len() == 50 => "SECRET".to_owned(),
        "next_cursor" => "CURSOR".to_owned(),
        "ingest_key" | "ingest_path" | "ingest_url" => {
            let (before, key) = text.split_at(text.len() - 40);
            assert!(key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
            format!("{before}HEX")
        }
        _ if text.parse::<Timestamp>().is_ok() => "TIME".to_owned(),
        _ => text.to_owned(),
    };
    redacted_text(&word)
}

/// Replaces random and new parts of a text. Ids keep their prefix.
pub(crate) fn redacted_text(text: &str) -> String {
    let mut redacted = text.to_owned();
    for prefix in ["ten_", "key_", "wh_", "src_", "evt_", "rec_"] {
        let mut from = 0;
        while let Some(found) = redacted[from..].find(prefix).map(|at| at + from + prefix.len()) {
            from = found;
            let is_id = redacted.get(found..found + 26).is_some_and(|id| TenantId::from_bare(id).is_ok());
            if is_id {
                redacted.replace_range(found..found + 26, "ID");
            }
        }
    }
    redacted
}

/// An id that no object has.
pub(crate) fn nobodys(prefix: &str) -> String {
    format!("{prefix}{}", TenantId::mint(Timestamp::UNIX_EPOCH, random()).bare())
}
