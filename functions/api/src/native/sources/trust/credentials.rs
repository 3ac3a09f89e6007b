//! The second secret that a source's posts must carry.

use axum::http::{HeaderName, header as headers};
use serde_json::Value;
use shared::secret::VerificationSecret;
use shared::source::{BasicPair, Credentials};

use crate::http::body::{Faults, Fields, list, object, text};

/// More characters than a value may have, so that its own limit gives the answer.
const MAX_READ: usize = 10_000;
/// Most characters of a user name: more than any provider's field takes.
const MAX_USERNAME: usize = 255;
/// Most characters of a header's name.
const MAX_HEADER: usize = 100;

/// The kinds, of which a request names one.
const KINDS: [&str; 3] = ["basic", "bearer", "header"];

/// Headers that a provider, or whatever is between it and us, sets itself: what is in them is no secret.
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

/// The same, by what their names begin with: load balancers' and API Gateway's own.
const NO_SECRET_PREFIXES: [&str; 3] = ["x-forwarded-", "x-amz-", "x-amzn-"];

/// `{"basic": […]}`, `{"bearer": […]}` or `{"header": {…}}`.
pub(super) fn read(value: Value) -> Result<Credentials, Faults> {
    object(credentials)(value)
}

fn credentials(fields: &mut Fields) -> Option<Credentials> {
    if KINDS.iter().filter(|kind| fields.has(kind)).count() != 1 {
        fields.fault_here("give one of `basic`, `bearer` and `header`");
    }
    let basic = fields.optional("basic", |value| values(value, |value| object(pair)(value)));
    let bearer = fields.optional("bearer", |value| values(value, bearer));
    let header = fields.optional("header", object(header));
    basic.map(Credentials::Basic).or(bearer.map(Credentials::Bearer)).or(header)
}

/// The present value, or the present one and the next.
fn values<T>(value: Value, read: impl Fn(Value) -> Result<T, Faults>) -> Result<Vec<T>, Faults> {
    let values = list(Credentials::MAX_VALUES, read)(value)?;
    if values.is_empty() { Err(format!("1 to {} values", Credentials::MAX_VALUES).into()) } else { Ok(values) }
}

fn pair(fields: &mut Fields) -> Option<BasicPair> {
    let username = fields.required("username", username);
    let password = fields.required("password", password);
    Some(BasicPair { username: username?, password: password? })
}

fn username(value: Value) -> Result<String, Faults> {
    let username = text(1..=MAX_USERNAME)(value)?;
    if username.contains(':') || username.contains(char::is_control) {
        return Err("no colon and no control characters: basic authentication cannot carry them".into());
    }
    Ok(username)
}

fn password(value: Value) -> Result<VerificationSecret, Faults> {
    let password = text(0..=MAX_READ)(value)?;
    if password.contains(char::is_control) {
        return Err("no control characters".into());
    }
    secret(&password)
}

fn bearer(value: Value) -> Result<VerificationSecret, Faults> {
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

fn header_name(value: Value) -> Result<HeaderName, Faults> {
    let name = text(1..=MAX_HEADER)(value)?;
    let name: HeaderName = name.parse().map_err(|_| "expected the name of a header, as in `x-api-key`")?;
    if name == headers::AUTHORIZATION {
        return Err("give `basic` or `bearer` for the header `authorization`".into());
    }
    let known = name.as_str();
    if NO_SECRET.contains(&known) || NO_SECRET_PREFIXES.iter().any(|prefix| known.starts_with(prefix)) {
        return Err("this header is set on the way; take one of your own, as in `x-api-key`".into());
    }
    Ok(name)
}

fn header_value(value: Value) -> Result<VerificationSecret, Faults> {
    let secret_value = text(0..=MAX_READ)(value)?;
    let printable = secret_value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !printable || secret_value.trim() != secret_value {
        return Err("printable ASCII characters, without a space at either end".into());
    }
    secret(&secret_value)
}

fn secret(text: &str) -> Result<VerificationSecret, Faults> {
    VerificationSecret::parse(text).ok_or_else(|| format!("1 to {} bytes", VerificationSecret::MAX_LENGTH).into())
}
