//! A client of the deployed stack, for end-to-end tests.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a harness fails by panicking")]

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::front::TlsFront;
use super::signers::{Signed, sns};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::aws::SdkConfig;
use shared::provider::CertificateUrl;
use shared::store::registry::Certificates;
use shared::store::{Deliveries, Registry};

/// The stack's description, which `infra/local/stack.py` writes.
#[derive(Debug, Deserialize)]
struct Description {
    api_url: String,
    admin_key: String,
    endpoint_url: String,
    region: String,
    deliveries_queue_url: String,
    dead_letter_queue_url: String,
    retries_queue_url: String,
    slow_queue_url: String,
    dispatch_failures_queue_url: String,
    registry_table_name: String,
    events_table_name: String,
    deliveries_table_name: String,
    emulator_pid: String,
    emulator_folder: PathBuf,
}

/// The deployed stack.
pub struct Stack {
    description: Description,
    http: reqwest::Client,
}

/// A tenant of the deployed stack, with its own API key.
pub struct Tenant<'a> {
    stack: &'a Stack,
    /// The tenant's id.
    pub id: String,
    /// The tenant's API key, with the role `tenant`.
    pub key: String,
}

/// A response of the API.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body, if it is JSON.
    pub body: Value,
}

impl Stack {
    /// The stack that `MAILHOOKS_STACK` describes.
    #[expect(clippy::disallowed_methods, reason = "a harness reads its own environment")]
    pub fn deployed() -> Self {
        let path = std::env::var("MAILHOOKS_STACK").expect("MAILHOOKS_STACK names the stack; run `make test`");
        let description = std::fs::read_to_string(path).expect("the stack's description");
        let http = super::http_client();
        Self { description: serde_json::from_str(&description).expect("a stack description"), http }
    }

    /// Records a text that no log line may contain; the test `end_to_end_logs` searches the logs for it.
    #[expect(clippy::disallowed_methods, reason = "a harness reads its own environment")]
    pub fn sensitive(text: &str) {
        let path = std::env::var("MAILHOOKS_STACK").unwrap() + ".sensitive";
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(file, "{text}").unwrap();
    }

    /// Creates a tenant for one test, so that tests do not see each other's data.
    pub async fn tenant(&self) -> Tenant<'_> {
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

    /// Calls the API, with the key and the tenant if given.
    pub async fn call(&self, method: Method, path: &str, auth: Option<(&str, &str)>, body: Option<Value>) -> Answer {
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

    /// Calls the API of another system, with the value of its `authorization` header.
    pub async fn call_as(
        &self,
        method: Method,
        path: String,
        authorization: &str,
        content_type: &str,
        body: String,
    ) -> Answer {
        let call = self.http.request(method, self.url(&path)).header("authorization", authorization);
        answer(call.header("content-type", content_type).body(body)).await
    }

    /// Sends a post as a provider signs it.
    pub async fn send(&self, path: &str, post: &Signed) -> Answer {
        let mut call = self.http.post(self.url(path)).body(post.body.clone());
        for (name, value) in &post.headers {
            call = call.header(*name, value);
        }
        answer(call).await
    }

    /// Stores the tests' SNS certificate where `ingest` keeps fetched certificates. Reason: on the emulator nobody can
    /// sign with Amazon's key, and a function does not reach a host of the tests under Amazon's name.
    pub async fn know_certificate(&self) {
        let dynamo = aws_sdk_dynamodb::Client::new(&self.sdk());
        let registry = Registry::new(dynamo, &self.description.registry_table_name);
        let url = CertificateUrl::parse(sns::CERTIFICATE_URL).unwrap();
        let now = shared::clock::Clock::default().now();
        let certificates = Certificates::new(&registry);
        certificates.put(&url, &sns::certificate().unwrap(), now).await.unwrap();
    }

    /// A TLS proxy for the API, and the API's URL behind it.
    pub async fn behind_tls(&self) -> (TlsFront, String) {
        let (scheme_and_host, path) = self.description.api_url.split_once("/_aws/").expect("a path of the emulator's");
        let behind = scheme_and_host.trim_start_matches("http://");
        let front = TlsFront::before(behind, &self.description.emulator_folder).await.unwrap();
        let url = format!("https://{}/_aws/{path}", front.authority());
        (front, url)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.description.api_url.trim_end_matches('/'))
    }

    /// An SQS client, for an operator's manual steps.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.sdk())
    }

    /// A DynamoDB client, for rows that only tests read directly.
    pub fn dynamo(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk())
    }

    /// The deliveries table.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries::new(self.dynamo(), &self.description.deliveries_table_name, 1)
    }

    /// The bodies of all messages in a queue, in flight or not. Only an emulator can list them.
    pub async fn queued(&self, queue: &str) -> Vec<String> {
        let call = self.http.get(format!("{}/_ministack/sqs/messages", self.description.endpoint_url));
        let answer = answer(call).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let name = queue.rsplit('/').next().unwrap_or_default();
        let regions =
            answer.body["messages"].as_object().into_iter().flatten().filter_map(|(_, regions)| regions.as_object());
        let queues = regions.flatten().filter_map(|(_, queues)| queues.as_object()).flatten();
        let messages = queues
            .filter(|(url, _)| url.rsplit('/').next() == Some(name))
            .filter_map(|(_, messages)| messages.as_array());
        messages.flatten().filter_map(|message| message["Body"].as_str().map(str::to_owned)).collect()
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

    /// Sets the AWS endpoint of the functions only, from their next start on. `None` sets it back to the emulator
    /// itself.
    pub fn set_functions_endpoint(&self, url: Option<&str>) {
        let file = self.description.emulator_folder.join("functions_endpoint");
        match url {
            Some(url) => std::fs::write(file, url).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
    }

    /// The mappings of queues and streams to functions, as the API of Lambda lists them.
    pub async fn mappings(&self) -> Vec<Value> {
        let answer = answer(self.http.get(self.mapping_url(""))).await;
        answer.body["EventSourceMappings"].as_array().cloned().unwrap_or_default()
    }

    /// Changes settings of a mapping.
    pub async fn change_mapping(&self, id: &str, change: &Value) {
        let changed = answer(self.http.put(self.mapping_url(id)).body(change.to_string())).await;
        for (name, value) in change.as_object().into_iter().flatten() {
            assert_eq!(&changed.body[name], value, "{changed:?}");
        }
    }

    fn mapping_url(&self, id: &str) -> String {
        format!("{}/2015-03-31/event-source-mappings/{id}", self.description.endpoint_url)
    }

    /// The emulator's endpoint.
    pub fn endpoint(&self) -> &str {
        &self.description.endpoint_url
    }

    /// The id of the emulator's process. The functions are its children.
    pub fn emulator_pid(&self) -> i32 {
        self.description.emulator_pid.parse().unwrap()
    }

    /// The name of the registry table.
    pub fn registry_table(&self) -> &str {
        &self.description.registry_table_name
    }

    /// The admin key of the deployment.
    pub fn admin_key(&self) -> &str {
        &self.description.admin_key
    }

    /// The name of the events table.
    pub fn events_table(&self) -> &str {
        &self.description.events_table_name
    }

    /// The URL of the retries queue.
    pub fn retries_queue(&self) -> &str {
        &self.description.retries_queue_url
    }

    /// The URL of the slow queue.
    pub fn slow_queue(&self) -> &str {
        &self.description.slow_queue_url
    }

    /// The URL of the dispatch failures queue.
    pub fn dispatch_failures_queue(&self) -> &str {
        &self.description.dispatch_failures_queue_url
    }

    /// The URL of the deliveries queue.
    pub fn deliveries_queue(&self) -> &str {
        &self.description.deliveries_queue_url
    }

    /// The URL of the dead-letter queue.
    pub fn dead_letter_queue(&self) -> &str {
        &self.description.dead_letter_queue_url
    }
}

impl Tenant<'_> {
    /// Calls the API with the tenant's key.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.stack.call(method, path, Some((&self.key, &self.id)), body).await
    }

    /// Posts a text that may be no JSON that a parser of the tests reads, with the tenant's key.
    pub async fn post_text(&self, path: &str, body: String) -> Answer {
        let call = self.stack.http.post(self.stack.url(path)).bearer_auth(&self.key).header("x-tenant-id", &self.id);
        answer(call.header("content-type", "application/json").body(body)).await
    }

    /// The body of a GET that succeeds.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert_eq!(answer.status, 200, "GET {path}: {answer:?}");
        answer.body
    }

    /// Creates something and returns the API's representation of it.
    pub async fn create(&self, path: &str, body: Value) -> Value {
        let answer = self.call(Method::POST, path, Some(body)).await;
        assert_eq!(answer.status, 201, "POST {path}: {answer:?}");
        for secret in ["secret", "ingest_key"].iter().filter_map(|name| answer.body[*name].as_str()) {
            Stack::sensitive(secret);
        }
        answer.body
    }

    /// Publishes an event of the tenant. Returns the event's id.
    pub async fn publish(&self, key: &str) -> String {
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
pub fn jiff_now() -> String {
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

/// A busy machine may take this many times as long as an idle one.
const BUSY: u64 = 10;

/// Calls `probe` again and again until it returns something. Reason: the emulator's pollers decide when a thing
/// happens, and only its effect can be observed. On an idle machine this takes less than `seconds`. A busy machine gets
/// ten times as long, because a machine's speed must not decide how a test ends.
pub async fn eventually<T, F: Future<Output = Option<T>>>(seconds: u64, what: &str, mut probe: impl FnMut() -> F) -> T {
    let seconds = seconds * BUSY;
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {seconds} s: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
