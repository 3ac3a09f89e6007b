//! The deployed stack as the tests see it.

use std::io::Write as _;
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::provider::CertificateUrl;
use shared::store::Registry;
use tests::support::signers::{Signed, sns};

/// What the stack's description holds, as `infra/local/stack.py` writes it.
#[derive(Debug, Deserialize)]
struct Description {
    api_url: String,
    admin_key: String,
    endpoint_url: String,
    region: String,
    deliveries_queue_url: String,
    dead_letter_queue_url: String,
    registry_table_name: String,
}

/// The deployed stack.
pub(crate) struct Stack {
    description: Description,
    http: reqwest::Client,
}

/// A tenant of the deployed stack with a key of its own.
pub(crate) struct Tenant<'a> {
    stack: &'a Stack,
    pub(crate) id: String,
    pub(crate) key: String,
}

/// An answer of the API.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Stack {
    /// The stack that `MAILHOOKS_STACK` describes.
    #[expect(clippy::disallowed_methods, reason = "a harness reads its own environment")]
    pub(crate) fn deployed() -> Self {
        let path = std::env::var("MAILHOOKS_STACK").expect("MAILHOOKS_STACK names the stack; run `make test`");
        let description = std::fs::read_to_string(path).expect("the stack's description");
        let http = tests::support::http_client();
        Self { description: serde_json::from_str(&description).expect("a stack description"), http }
    }

    /// Notes a text that no log line may contain; `end_to_end_logs` looks for it.
    #[expect(clippy::disallowed_methods, reason = "a harness reads its own environment")]
    pub(crate) fn sensitive(text: &str) {
        let path = std::env::var("MAILHOOKS_STACK").unwrap() + ".sensitive";
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(file, "{text}").unwrap();
    }

    /// A tenant of its own for a test, so that tests do not see each other.
    pub(crate) async fn tenant(&self) -> Tenant<'_> {
        let admin = &self.description.admin_key;
        let tenant = self.call(Method::POST, "/api/v1/tenants", Some((admin, "")), Some(json!({"name": "Acme"}))).await;
        assert_eq!(tenant.status, 201, "{tenant:?}");
        let id = tenant.body["id"].as_str().unwrap().to_owned();
        let wanted = json!({"role": "tenant", "tenant_id": id, "name": "test"});
        let key = self.call(Method::POST, "/api/v1/keys", Some((admin, "")), Some(wanted)).await;
        assert_eq!(key.status, 201, "{key:?}");
        let key = key.body["key"].as_str().unwrap().to_owned();
        Self::sensitive(&key);
        Tenant { stack: self, id, key }
    }

    /// Calls the API, with `(key, tenant)` if given.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        auth: Option<(&str, &str)>,
        body: Option<Value>,
    ) -> Answer {
        let mut call = self.http.request(method, self.url(path));
        if let Some((key, tenant)) = auth {
            call = call.bearer_auth(key);
            if !tenant.is_empty() {
                call = call.header("x-tenant-id", tenant);
            }
        }
        if let Some(body) = body {
            call = call.header("content-type", "application/json").body(body.to_string());
        }
        answer(call).await
    }

    /// Sends a post as a provider signs it.
    pub(crate) async fn send(&self, path: &str, post: &Signed) -> Answer {
        let mut call = self.http.post(self.url(path)).body(post.body.clone());
        for (name, value) in &post.headers {
            call = call.header(*name, value);
        }
        answer(call).await
    }

    /// Puts the tests' SNS certificate where `ingest` keeps the ones that it has fetched: on the emulator nobody can sign
    /// with Amazon's key, and a function reaches no host of the test's own for Amazon's.
    pub(crate) async fn know_certificate(&self) {
        let dynamo = aws_sdk_dynamodb::Client::new(&self.sdk());
        let registry = Registry::new(dynamo, &self.description.registry_table_name);
        let url = CertificateUrl::parse(sns::CERTIFICATE_URL).unwrap();
        let now = shared::clock::Clock::default().now();
        registry.put_certificate(&url, &sns::certificate().unwrap(), now).await.unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.description.api_url.trim_end_matches('/'))
    }

    /// An SQS client for what an operator does by hand.
    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.sdk())
    }

    fn sdk(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(self.description.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "test")))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.description.endpoint_url)
            .build()
    }

    pub(crate) fn deliveries_queue(&self) -> &str {
        &self.description.deliveries_queue_url
    }

    pub(crate) fn dead_letter_queue(&self) -> &str {
        &self.description.dead_letter_queue_url
    }
}

impl Tenant<'_> {
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.stack.call(method, path, Some((&self.key, &self.id)), body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "GET {path}: {answer:?}");
        answer.body
    }

    /// Creates something and answers what the API said of it.
    pub(crate) async fn create(&self, path: &str, body: Value) -> Value {
        let answer = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, 201, "POST {path}: {answer:?}");
        for secret in ["secret", "ingest_key"].iter().filter_map(|name| answer.body[*name].as_str()) {
            Stack::sensitive(secret);
        }
        answer.body
    }

    /// Publishes an event of its own; answers its id.
    pub(crate) async fn publish(&self, key: &str) -> String {
        let event = json!({
            "type": "email.delivered", "id": key, "recipient": "reader-e2e@example.com",
            "timestamp": jiff_now(), "message_id": format!("{key}@example.com"),
        });
        Stack::sensitive("reader-e2e@example.com");
        let answer = self.call(Method::POST, "/api/v1/events", Some(event)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["data"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// The present time as RFC 3339.
pub(crate) fn jiff_now() -> String {
    shared::clock::Clock::default().now().to_string()
}

async fn answer(call: reqwest::RequestBuilder) -> Answer {
    let mut response = call.send().await.expect("the stack answers");
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.unwrap() {
        body.extend_from_slice(&chunk);
    }
    Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
}

/// Asks again and again until `probe` answers something, for at most `seconds`. The emulator's pollers decide when a
/// thing happens; there is nothing to wait on but what it leads to.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    seconds: u64,
    what: &str,
    mut probe: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
