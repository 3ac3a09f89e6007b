//! The second secret that a source's posts must carry.

use axum::http::{HeaderName, header as headers};
use serde_json::Value;
use shared::secret::VerificationSecret;
use shared::source::{BasicPair, Credentials};

use crate::http::body::{Fields, list, object, text};
use crate::http::field_errors::FieldErrors;

/// Maximum characters that are read of a value. Reason: more than a value may have, so that the value's own limit makes
/// the error.
const MAX_READ: usize = 10_000;
/// Maximum characters of a user name. Reason: more than any provider's field takes.
const MAX_USERNAME: usize = 255;
/// Maximum characters of a header's name.
const MAX_HEADER: usize = 100;

/// The kinds of credentials. A request gives exactly one.
const KINDS: [&str; 3] = ["basic", "bearer", "header"];

/// Headers that a provider, or a proxy between the provider and us, sets itself. Their values are not secret.
const NO_SECRET: [&str; 15] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "forwarded",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
];

/// Prefixes of further such headers, which load balancers and API Gateway set.
const NO_SECRET_PREFIXES: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

/// `{"basic": […]}`, `{"bearer": […]}` or `{"header": {…}}`.
pub(super) fn read(value: Value) -> Result<Credentials, FieldErrors> {
    object(credentials)(value)
}

fn credentials(fields: &mut Fields) -> Option<Credentials> {
    if KINDS.iter().filter(|kind| fields.has(kind)).count() != 1 {
        fields.error_here("give one of `basic`, `bearer` and `header`");
    }
    let basic = fields.optional("basic", |value| values(value, |value| object(pair)(value)));
    let bearer = fields.optional("bearer", |value| values(value, bearer));
    let header = fields.optional("header", object(header));
    basic.map(Credentials::Basic).or(bearer.map(Credentials::Bearer)).or(header)
}

/// One value, or two while the sender changes from one to the other.
fn values<T>(value: Value, read: impl Fn(Value) -> Result<T, FieldErrors>) -> Result<Vec<T>, FieldErrors> {
    let values = list(Credentials::MAX_VALUES, read)(value)?;
    if values.is_empty() { Err(format!("1 to {} values", Credentials::MAX_VALUES).into()) } else { Ok(values) }
}

fn pair(fields: &mut Fields) -> Option<BasicPair> {
    let username = fields.required("username", username);
    let password = fields.required("password", password);
    Some(BasicPair { username: username?, password: password? })
}

fn username(value: Value) -> Result<String, FieldErrors> {
    let username = text(1..=MAX_USERNAME)(value)?;
    if username.contains(':') || username.contains(char::is_control) {
        return Err("no colon and no control characters: basic authentication cannot carry them".into());
    }
    Ok(username)
}

fn password(value: Value) -> Result<VerificationSecret, FieldErrors> {
    let password = text(0..=MAX_READ)(value)?;
    if password.contains(char::is_control) {
        return Err("no control characters".into());
    }
    secret(&password)
}

fn bearer(value: Value) -> Result<VerificationSecret, FieldErrors> {
    let token = text(0..=MAX_READ)(value)?;
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("visible ASCII characters only, without `Bearer` before them".into());
    }
    secret(&token)
}

fn header(fields: &mut Fields) -> Option<Credentials> {
    let name = fields.required("name", header_name);
    let values = fields.required("values", |value| values(value, header_value));
    Some(Credentials::Header { name: name?, values: values? })
}

fn header_name(value: Value) -> Result<HeaderName, FieldErrors> {
    let name = text(1..=MAX_HEADER)(value)?;
    let name: HeaderName = name.parse().map_err(|_| "expected the name of a header, as in `x-api-key`")?;
    if name == headers::AUTHORIZATION {
        return Err("for the header `authorization` give `basic` or `bearer`".into());
    }
    let known = name.as_str();
    if NO_SECRET.contains(&known) || NO_SECRET_PREFIXES.iter().any(|prefix| known.starts_with(prefix)) {
        return Err("proxies set this header themselves; choose a header of your own, as in `x-api-key`".into());
    }
    Ok(name)
}

fn header_value(value: Value) -> Result<VerificationSecret, FieldErrors> {
    let secret_value = text(0..=MAX_READ)(value)?;
    let printable = secret_value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !printable || secret_value.trim() != secret_value {
        return Err("printable ASCII characters, without a space at either end".into());
    }
    secret(&secret_value)
}

fn secret(text: &str) -> Result<VerificationSecret, FieldErrors> {
    VerificationSecret::parse(text).ok_or_else(|| format!("1 to {} bytes", VerificationSecret::MAX_LENGTH).into())
}
