//! Readers of the fields that several APIs have, and of small ones.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::retry::{Delays, InvalidDelays, RetryPolicy};
use shared::secret::SigningSecret;
use shared::webhook::TIMEOUT_MS;

use crate::http::body::{Faults, expected_number, list, object, parsed, text, whole};

/// Most names in `events`: more than any dialect has words.
const MAX_EVENTS: usize = 50;
/// Most characters of one name in `events`.
const MAX_EVENT_NAME: usize = 100;
/// Most bytes of a domain name (RFC 1035).
const MAX_DOMAIN: usize = 253;
/// More characters than a secret may have, so that the secret's own limit gives the answer.
const MAX_SECRET_READ: usize = 10_000;
/// More delays than a policy may have, so that the policy's own limit gives the answer.
const MAX_DELAYS_READ: usize = 1000;

pub(crate) fn events(value: Value) -> Result<Vec<String>, Faults> {
    let names = list(MAX_EVENTS, text(1..=MAX_EVENT_NAME))(value)?;
    if names.is_empty() {
        return Err("name at least one event type, or `*` for all".into());
    }
    Ok(names)
}

pub(crate) fn dialect(value: Value) -> Result<Dialect, Faults> {
    let word = parsed::<String>(value)?;
    let known = || Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(", ");
    Dialect::from_word(&word).ok_or_else(|| format!("unknown dialect; there are: {}", known()).into())
}

pub(crate) fn retry_policy(value: Value) -> Result<RetryPolicy, Faults> {
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

fn delays(value: Value) -> Result<Delays, Faults> {
    let whole_seconds =
        |value: Value| value.as_i64().ok_or_else(|| expected_number("a whole number of seconds", &value));
    let seconds = list(MAX_DELAYS_READ, whole_seconds)(value)?;
    Delays::new(&seconds).map_err(|error| match error {
        InvalidDelays::OutOfRange { index, .. } => Faults::below(format!("/{index}"), error.to_string()),
        InvalidDelays::TooMany(_) | InvalidDelays::TooLong(_) => error.to_string().into(),
    })
}

pub(crate) fn timeout_ms(value: Value) -> Result<u32, Faults> {
    let millis = whole(i64::from(*TIMEOUT_MS.start())..=i64::from(*TIMEOUT_MS.end()))(value)?;
    u32::try_from(millis).map_err(|_| "out of range".into())
}

/// A domain name, in lower case; internationalised ones in their `xn--` form, as providers report them.
pub(crate) fn domain(value: Value) -> Result<String, Faults> {
    let name = text(1..=MAX_DOMAIN)(value)?.to_ascii_lowercase();
    let label = |label: &str| {
        let fine = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        !label.is_empty() && fine
    };
    if name.split('.').all(label) { Ok(name) } else { Err("expected a domain name like mail.example.com".into()) }
}

/// A signing secret that the receiver already has.
pub(crate) fn secret(value: Value) -> Result<SigningSecret, Faults> {
    // Read as text first, because a fault must not repeat it.
    SigningSecret::parse(&text(0..=MAX_SECRET_READ)(value)?).map_err(|error| error.to_string().into())
}
