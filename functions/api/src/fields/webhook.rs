//! Readers of the fields that several APIs have, and of small ones.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::retry::{Delays, InvalidDelays, RetryPolicy};
use shared::secret::SigningSecret;
use shared::webhook::TIMEOUT_MS;

use crate::http::body::{expected_number, list, object, parsed, text, whole};
use crate::http::field_errors::FieldErrors;

/// Maximum names in `events`. Reason: more than any dialect has words.
const MAX_EVENTS: usize = 50;
/// Maximum characters of one name in `events`.
const MAX_EVENT_NAME: usize = 100;
/// Maximum bytes of a domain name (RFC 1035).
const MAX_DOMAIN: usize = 253;
/// Maximum characters that are read of a secret. Reason: more than a secret may have, so that the secret's own limit
/// makes the error.
const MAX_SECRET_READ: usize = 10_000;
/// Maximum delays that are read of a policy. Reason: more than a policy may have, so that the policy's own limit makes
/// the error.
const MAX_DELAYS_READ: usize = 1000;

/// Names of event types; which types they stand for depends on the dialect.
pub(crate) fn events(value: Value) -> Result<Vec<String>, FieldErrors> {
    let names = list(MAX_EVENTS, text(1..=MAX_EVENT_NAME))(value)?;
    if names.is_empty() {
        return Err("name at least one event type, or `*` for all".into());
    }
    Ok(names)
}

/// A dialect by its word.
pub(crate) fn dialect(value: Value) -> Result<Dialect, FieldErrors> {
    let word = parsed::<String>(value)?;
    let known = || Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(", ");
    Dialect::from_word(&word).ok_or_else(|| format!("unknown dialect; there are: {}", known()).into())
}

/// The name of a policy, or the delays of a custom one.
pub(crate) fn retry_policy(value: Value) -> Result<RetryPolicy, FieldErrors> {
    match value {
        Value::String(name) => match name.as_str() {
            "standard" => Ok(RetryPolicy::Standard),
            "mailgreet" => Ok(RetryPolicy::Mailgreet),
            "mailjet" => Ok(RetryPolicy::Mailjet),
            "mailgun" => Ok(RetryPolicy::Mailgun),
            _ => {
                let known = "standard, mailgreet, mailjet, mailgun, or {\"delays_seconds\": […]}";
                Err(format!("unknown policy; there are: {known}").into())
            }
        },
        other => object(|policy| policy.required("delays_seconds", delays))(other).map(RetryPolicy::Custom),
    }
}

fn delays(value: Value) -> Result<Delays, FieldErrors> {
    let whole_seconds =
        |value: Value| value.as_i64().ok_or_else(|| expected_number("a whole number of seconds", &value));
    let seconds = list(MAX_DELAYS_READ, whole_seconds)(value)?;
    Delays::new(&seconds).map_err(|error| match error {
        InvalidDelays::OutOfRange { index, .. } => FieldErrors::at(format!("/{index}"), error.to_string()),
        InvalidDelays::TooMany(_) | InvalidDelays::TooLong(_) => error.to_string().into(),
    })
}

/// Milliseconds that a receiver has to answer.
pub(crate) fn timeout_ms(value: Value) -> Result<u32, FieldErrors> {
    let millis = whole(i64::from(*TIMEOUT_MS.start())..=i64::from(*TIMEOUT_MS.end()))(value)?;
    u32::try_from(millis).map_err(|_| "out of range".into())
}

/// A domain name, in lower case. Internationalised names have their `xn--` form, in which providers report them.
pub(crate) fn domain(value: Value) -> Result<String, FieldErrors> {
    let name = text(1..=MAX_DOMAIN)(value)?.to_ascii_lowercase();
    let label = |label: &str| {
        let fine = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        !label.is_empty() && fine
    };
    if name.split('.').all(label) { Ok(name) } else { Err("expected a domain name like mail.example.com".into()) }
}

/// A signing secret that the receiver has already.
pub(crate) fn secret(value: Value) -> Result<SigningSecret, FieldErrors> {
    // Read as text first, because an error must not repeat the secret.
    SigningSecret::parse(&text(0..=MAX_SECRET_READ)(value)?).map_err(|error| error.to_string().into())
}
