//! Google Pub/Sub on loopback. It accepts messages with a token that the real service would accept, and refuses all
//! others.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use shared::clock::Clock;

use super::clouds::Failing;
use super::tls::TlsListener;

/// The service's name.
pub const HOST: &str = "pubsub.googleapis.com";
/// The service account that may publish.
pub const EMAIL: &str = "mail@example-project.iam.gserviceaccount.com";
/// The id of the account's key.
pub const KEY_ID: &str = "0123456789abcdef0123456789abcdef01234567";
/// The account's private key, which signs nothing but tests.
pub const KEY: &str = include_str!("../../fixtures/keys/pubsub_test_only_rsa.pem");
/// A private key that belongs to no account.
pub const STRANGE_KEY: &str = include_str!("../../fixtures/keys/sns_test_only_rsa.pem");
/// Name of the only topic.
pub const TOPIC: &str = "projects/example-project/topics/mail-events";

/// A message that the service accepted.
#[derive(Debug, Clone)]
pub struct Published {
    /// The decoded data.
    pub data: Vec<u8>,
    /// The attributes by name.
    pub attributes: BTreeMap<String, String>,
    /// The position of the message's request among all accepted requests.
    pub request: usize,
}

#[derive(Debug)]
struct Inner {
    clock: Clock,
    public_key: Vec<u8>,
    published: Mutex<Vec<Published>>,
    tokens: Mutex<Vec<String>>,
    failing: Mutex<VecDeque<Failing>>,
}

/// The service.
#[derive(Debug, Clone)]
pub struct Google {
    inner: Arc<Inner>,
}

impl Google {
    /// Starts the service. Returns the certificate to trust and the address where the service listens as well.
    pub(super) async fn start(clock: Clock) -> anyhow::Result<(Self, CertificateDer<'static>, SocketAddr)> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(KEY.as_bytes())?;
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|error| anyhow::anyhow!("{error}"))?;
        let inner = Arc::new(Inner {
            clock,
            public_key: pair.public_key().as_ref().to_vec(),
            published: Mutex::default(),
            tokens: Mutex::default(),
            failing: Mutex::default(),
        });
        let (listener, certificate) = TlsListener::bind(HOST).await?;
        let address = axum::serve::Listener::local_addr(&listener)?;
        let router = Router::new().fallback(publish).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((Self { inner }, certificate, address))
    }

    /// The account's key file, in Google's format.
    pub fn service_account() -> Value {
        json!({
            "type": "service_account",
            "project_id": "example-project",
            "private_key_id": KEY_ID,
            "private_key": KEY,
            "client_email": EMAIL,
            "client_id": "123456789012345678901",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": "https://oauth2.googleapis.com/token",
            "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
            "client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/mail%40example-project.iam.gserviceaccount.com",
            "universe_domain": "googleapis.com"
        })
    }

    /// All messages that the service has accepted so far.
    pub fn published(&self) -> Vec<Published> {
        self.inner.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The tokens of all requests so far, accepted or refused.
    pub fn tokens(&self) -> Vec<String> {
        self.inner.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the next requests fail, although their tokens are good.
    pub fn fail(&self, answers: impl IntoIterator<Item = Failing>) {
        self.inner.failing.lock().unwrap_or_else(PoisonError::into_inner).extend(answers);
    }
}

async fn publish(
    State(google): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = header(header::AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
    google.tokens.lock().unwrap_or_else(PoisonError::into_inner).push(token.to_owned());
    if let Err(fault) = google.check(token) {
        return error(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", &fault.to_string());
    }
    let failing = google.failing.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    if let Some(Failing { status, headers, body }) = failing {
        let mut response = (StatusCode::from_u16(status).unwrap_or_default(), body).into_response();
        for (name, value) in headers {
            response.headers_mut().extend(value.parse().map(|value| (HeaderName::from_static(name), value)));
        }
        return response;
    }
    if method != Method::POST || header(header::CONTENT_TYPE) != "application/json" {
        return error(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "not a post of JSON");
    }
    if uri.path() != format!("/v1/{TOPIC}:publish") {
        return error(StatusCode::NOT_FOUND, "NOT_FOUND", "Resource not found (resource=mail-events).");
    }
    match read(&body) {
        Some(messages) if !messages.is_empty() && messages.len() <= 1000 && body.len() <= 10_000_000 => {
            google.take(messages).into_response()
        }
        _ => error(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", "no messages"),
    }
}

fn error(status: StatusCode, word: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": status.as_u16(), "message": message, "status": word } });
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// A message's data and attributes.
type Read = (Vec<u8>, BTreeMap<String, String>);

/// The messages of a request. `None` if the body has any other form.
fn read(body: &[u8]) -> Option<Vec<Read>> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let fields = body.as_object().filter(|fields| fields.len() == 1)?;
    let message = |message: &Value| {
        let fields = message.as_object().filter(|fields| fields.len() == 2)?;
        let data = BASE64_STANDARD.decode(fields.get("data")?.as_str()?).ok()?;
        let attributes: BTreeMap<String, String> = serde_json::from_value(fields.get("attributes")?.clone()).ok()?;
        let is_fine = attributes
            .iter()
            .all(|(name, value)| (1..=256).contains(&name.len()) && value.len() <= 1024 && !name.starts_with("goog"));
        (is_fine && attributes.len() <= 100).then_some((data, attributes))
    };
    fields.get("messages")?.as_array()?.iter().map(message).collect()
}

impl Inner {
    fn take(&self, messages: Vec<Read>) -> Response {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let request = published.last().map_or(0, |last| last.request + 1);
        let ids: Vec<String> = (published.len()..published.len() + messages.len()).map(|id| id.to_string()).collect();
        published.extend(messages.into_iter().map(|(data, attributes)| Published { data, attributes, request }));
        ([(header::CONTENT_TYPE, "application/json")], json!({ "messageIds": ids }).to_string()).into_response()
    }

    /// Checks a token that a service account has signed for itself, as Google does.
    fn check(&self, token: &str) -> anyhow::Result<()> {
        let (signed, signature) = token.rsplit_once('.').ok_or(anyhow::anyhow!("no token"))?;
        let (header, claims) = signed.split_once('.').ok_or(anyhow::anyhow!("no token"))?;
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part);
        let header: Value = serde_json::from_slice(&decode(header)?)?;
        anyhow::ensure!(header == json!({ "alg": "RS256", "typ": "JWT", "kid": KEY_ID }), "an unknown key");
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key);
        let verified = public.verify(signed.as_bytes(), &decode(signature)?);
        anyhow::ensure!(verified.is_ok(), "a wrong signature");
        let claims: Value = serde_json::from_slice(&decode(claims)?)?;
        anyhow::ensure!(claims["iss"] == EMAIL && claims["sub"] == EMAIL, "an unknown account");
        anyhow::ensure!(claims["aud"] == format!("https://{HOST}/"), "for another service");
        anyhow::ensure!(claims.get("scope").is_none(), "audience and scope exclude each other");
        let now = self.clock.now().as_second();
        let times = claims["iat"].as_i64().zip(claims["exp"].as_i64());
        let (issued, expires) = times.ok_or(anyhow::anyhow!("without times"))?;
        anyhow::ensure!(issued <= now && now < expires, "not good now");
        anyhow::ensure!(expires - issued <= 3600, "good for too long");
        Ok(())
    }
}
