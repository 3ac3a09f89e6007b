//! Azure Service Bus on loopback. It accepts messages with a signature that the real service would accept, and refuses
//! all others.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::hmac;
use rustls::pki_types::CertificateDer;
use serde_json::Value;
use shared::clock::Clock;

use super::clouds::Failing;
use super::tls::TlsListener;

/// The namespace's name.
pub const HOST: &str = "contoso.servicebus.windows.net";
/// Name of the only queue.
pub const QUEUE: &str = "mail-events";
/// Name of the policy that may send.
pub const KEY_NAME: &str = "send-only";
/// The policy's key.
pub const KEY: &str = "c29tZSBrZXkgb2YgMzIgYnl0ZXMsIGFzIEF6dXJlJ3M=";
/// Maximum size of a message, and of all messages of one request, in the standard tier.
const MAX_BYTES: usize = 256 * 1024;

/// A message that the service accepted.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The message's body.
    pub body: String,
    /// The broker's property `MessageId`.
    pub message_id: String,
    /// The sender's own properties.
    pub properties: BTreeMap<String, String>,
    /// The position of the message's request among all accepted requests.
    pub request: usize,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    sent: Mutex<Vec<Sent>>,
    failing: Mutex<VecDeque<Failing>>,
    refused: Mutex<Vec<String>>,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Azure {
    inner: Arc<Inner>,
}

impl Azure {
    /// Starts the service. Returns the certificate to trust and the address where the service listens as well.
    pub(super) async fn start(clock: Clock) -> anyhow::Result<(Self, CertificateDer<'static>, SocketAddr)> {
        let inner =
            Arc::new(Inner { clock, sent: Mutex::default(), failing: Mutex::default(), refused: Mutex::default() });
        let (listener, certificate) = TlsListener::bind(HOST).await?;
        let address = axum::serve::Listener::local_addr(&listener)?;
        let router = Router::new().fallback(send).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((Self { inner }, certificate, address))
    }

    /// All messages that the service has accepted so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.inner.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The reasons why the service has refused signatures so far.
    pub fn refused(&self) -> Vec<String> {
        self.inner.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the next requests fail, although their signatures are good.
    pub fn fail(&self, answers: impl IntoIterator<Item = Failing>) {
        self.inner.failing.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }
}

async fn send(State(azure): State<Arc<Inner>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(fault) = azure.check(header(header::AUTHORIZATION), uri.path()) {
        azure.refused.lock().unwrap_or_else(PoisonError::into_inner).push(fault.to_string());
        return error(StatusCode::UNAUTHORIZED, "InvalidSignature: The token has an invalid signature.");
    }
    let failing = azure.failing.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    if let Some(Failing { status, headers, body }) = failing {
        let mut response = (StatusCode::from_u16(status).unwrap_or_default(), body).into_response();
        for (name, value) in headers {
            response.headers_mut().extend(value.parse().map(|value| (HeaderName::from_static(name), value)));
        }
        return response;
    }
    let is_batch = header(header::CONTENT_TYPE) == "application/vnd.microsoft.servicebus.json";
    if method != Method::POST || !is_batch {
        return error(StatusCode::BAD_REQUEST, "not a batch");
    }
    if uri.path() != format!("/{QUEUE}/messages") {
        return error(StatusCode::GONE, "The messaging entity could not be found.");
    }
    let Some(messages) = read(&body) else { return error(StatusCode::BAD_REQUEST, "not a batch") };
    let bytes: usize = messages.iter().map(|(body, ..)| body.len()).sum();
    if bytes > MAX_BYTES {
        return error(StatusCode::FORBIDDEN, "The message is too large.");
    }
    let mut sent = azure.sent.lock().unwrap_or_else(PoisonError::into_inner);
    let request = sent.last().map_or(0, |last| last.request + 1);
    let message = |(body, message_id, properties)| Sent { body, message_id, properties, request };
    sent.extend(messages.into_iter().map(message));
    StatusCode::CREATED.into_response()
}

fn error(status: StatusCode, detail: &str) -> Response {
    let body = format!("<Error><Code>{}</Code><Detail>{detail}</Detail></Error>", status.as_u16());
    (status, [(header::CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response()
}

/// A message's body, id and properties.
type Read = (String, String, BTreeMap<String, String>);

/// The messages of a batch. `None` if the body has any other form.
fn read(body: &[u8]) -> Option<Vec<Read>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let message = |message: &Value| {
        let fields = message.as_object().filter(|fields| fields.len() == 3)?;
        let text = fields.get("Body")?.as_str()?.to_owned();
        let id = fields.get("BrokerProperties")?.get("MessageId")?.as_str().filter(|id| id.len() <= 128)?.to_owned();
        Some((text, id, serde_json::from_value(fields.get("UserProperties")?.clone()).ok()?))
    };
    body.as_array().filter(|messages| !messages.is_empty())?.iter().map(message).collect()
}

impl Inner {
    /// Checks a signature as Service Bus does.
    fn check(&self, authorization: &str, path: &str) -> anyhow::Result<()> {
        let fields = authorization.strip_prefix("SharedAccessSignature ").ok_or(anyhow::anyhow!("no signature"))?;
        let mut given: BTreeMap<&str, &str> = BTreeMap::new();
        for field in fields.split('&') {
            let (name, value) = field.split_once('=').ok_or(anyhow::anyhow!("no fields"))?;
            given.insert(name, value);
        }
        let field = |name: &str| given.get(name).copied().ok_or(anyhow::anyhow!("without {name}"));
        let (resource, signature, expires, policy) = (field("sr")?, field("sig")?, field("se")?, field("skn")?);
        anyhow::ensure!(policy == KEY_NAME, "an unknown policy");
        let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
        let signature = BASE64_STANDARD.decode(decoded(signature))?;
        let verified = hmac::verify(&key, format!("{resource}\n{expires}").as_bytes(), &signature);
        anyhow::ensure!(verified.is_ok(), "a wrong signature");
        let (expires, now) = (expires.parse::<i64>()?, self.clock.now().as_second());
        anyhow::ensure!(now < expires, "expired");
        let asked = format!("https://{HOST}{path}");
        anyhow::ensure!(asked.starts_with(&format!("{}/", decoded(resource))), "for another entity");
        Ok(())
    }
}

fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={text}").as_bytes()).map(|(_, value)| value.into_owned()).collect()
}
