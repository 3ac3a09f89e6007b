//! Signs posts as the providers do, with the tests' own keys.
//!
//! These signers are written from the providers' documentation, independently of the code under test, and are checked
//! against the signatures of fixtures and of the providers' own examples. So a mistake in one place does not hide a
//! mistake in the other.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use lambda_http::Body;
use serde_json::{Map, Value, json};

pub mod mailersend;
pub mod mailgun;
pub mod mandrill;
pub mod resend;
pub mod sendgrid;
pub mod sns;

/// Content type of JSON, as most providers write it.
pub const JSON: &str = "application/json";
/// Content type of a form, as browsers post it.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A post as a provider sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The headers that matter, the content type first.
    pub headers: Vec<(&'static str, String)>,
    /// The exact bytes of the body.
    pub body: Vec<u8>,
}

impl Signed {
    /// A post without a signature.
    pub fn plain(content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { headers: vec![("content-type", content_type.into())], body: body.into() }
    }

    /// The post with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The post without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
        self
    }

    /// The post with the first `from` in its body replaced. The signature stays unchanged.
    #[must_use]
    pub fn spoiled(mut self, from: &str, to: &str) -> Self {
        self.body = String::from_utf8_lossy(&self.body).replacen(from, to, 1).into_bytes();
        self
    }

    /// The post as a request to `path`.
    pub fn request(&self, path: &str) -> Result<http::Request<Body>, http::Error> {
        let request =
            self.headers.iter().fold(http::Request::post(path), |request, (name, value)| request.header(*name, value));
        request.body(Body::from(self.body.clone()))
    }

    /// The post to `path` as an API Gateway event: the body in base64, each header name changed by `case`, and the
    /// sender's address.
    pub fn gateway_event(&self, path: &str, from: &str, case: fn(&str) -> String) -> Value {
        let headers: Map<String, Value> =
            self.headers.iter().map(|(name, value)| (case(name), value.as_str().into())).collect();
        json!({
            "version": "2.0", "routeKey": "POST /api/webhooks/{ingest_key}", "rawPath": path, "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "api.example.com", "domainPrefix": "api",
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": from, "userAgent": "x"},
                "requestId": "gateway", "routeKey": "POST /api/webhooks/{ingest_key}", "stage": "$default",
                "time": "01/Nov/2026:00:00:00 +0000", "timeEpoch": 1_793_491_200_000_u64,
            },
            "body": BASE64_STANDARD.encode(&self.body), "isBase64Encoded": true,
        })
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Lower-case hex HMAC-SHA256.
fn hex_hmac_sha256(key: &[u8], text: &[u8]) -> String {
    hex::encode(ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), text))
}
