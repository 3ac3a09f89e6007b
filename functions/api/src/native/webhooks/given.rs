//! The fields that a request may give of a webhook, at creation and in a patch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::breaker::BreakerSettings;
use shared::dialect::Dialect;
use shared::id::SourceId;
use shared::outbound::address_policy::AddressPolicy;
use shared::rate_limit::RateLimit;
use shared::retry::{Delays, InvalidDelays, RetryPolicy};
use shared::secret::SigningSecret;
use shared::stream::StreamCredentials;
use shared::webhook::{Subscription, TIMEOUT_MS, Target, WebhookUrl};

use super::breaker;
pub(crate) use crate::fields::destination::https_url as url;
use crate::fields::headers::{GivenHeaders, headers};
use crate::fields::metadata::metadata;
use crate::fields::{destination, limits};
use crate::http::body::{Faults, Fields, expected_number, flag, list, object, or_null, parsed, text, whole};

/// Most names in `events`: more than any dialect has words.
const MAX_EVENTS: usize = 50;
/// Most characters of one name in `events`.
const MAX_EVENT_NAME: usize = 100;
/// Most characters of a description.
const MAX_DESCRIPTION: usize = 1000;
/// Most bytes of a domain name (RFC 1035).
const MAX_DOMAIN: usize = 253;
/// More delays than a policy may have, so that the policy's own limit gives the answer.
const MAX_DELAYS_READ: usize = 1000;

/// What was given; `None` where nothing was.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) url: Option<Target>,
    pub(super) credentials: Option<StreamCredentials>,
    /// Names as given; which types they stand for depends on the dialect.
    pub(super) events: Option<Vec<String>>,
    pub(super) enabled: Option<bool>,
    pub(super) dialect: Option<Dialect>,
    pub(super) retry_policy: Option<RetryPolicy>,
    pub(super) timeout_ms: Option<u32>,
    pub(super) sources: Option<BTreeSet<SourceId>>,
    pub(super) domains: Option<BTreeSet<String>>,
    pub(super) description: Option<String>,
    pub(super) breaker: Option<BreakerSettings>,
    /// `Some(None)` takes away what there is.
    #[expect(clippy::option_option, reason = "not given, given as null, given")]
    pub(super) backup_url: Option<Option<WebhookUrl>>,
    pub(super) headers: Option<GivenHeaders>,
    pub(super) paused: Option<bool>,
    pub(super) metadata: Option<BTreeMap<String, String>>,
    /// `Some(None)` takes away what there is.
    #[expect(clippy::option_option, reason = "not given, given as null, given")]
    pub(super) rate_limit: Option<Option<RateLimit>>,
    /// Whether the dialect has arrays is judged where that is known.
    pub(super) batch: Option<u8>,
}

impl Given {
    /// Reads them all; `addresses` says where deliveries may go.
    pub(super) fn read(body: &mut Fields, addresses: &AddressPolicy) -> Self {
        Self {
            url: body.optional("url", |value| destination::target(value, addresses)),
            credentials: body.optional("credentials", destination::credentials),
            events: body.optional("events", events),
            enabled: body.optional("enabled", flag),
            dialect: body.optional("dialect", dialect),
            retry_policy: body.optional("retry_policy", retry_policy),
            timeout_ms: body.optional("timeout_ms", timeout_ms),
            sources: body
                .optional("sources", list(Subscription::MAX_FILTERS, parsed))
                .map(|ids: Vec<SourceId>| ids.into_iter().collect()),
            domains: body
                .optional("domains", list(Subscription::MAX_FILTERS, domain))
                .map(|names| names.into_iter().collect()),
            description: body.optional("description", text(0..=MAX_DESCRIPTION)),
            breaker: body.optional("breaker", breaker::settings),
            backup_url: body.optional("backup_url", or_null(|value| url(value, addresses))),
            headers: body.optional("headers", headers),
            paused: body.optional("paused", flag),
            metadata: body.optional("metadata", metadata),
            rate_limit: body.optional("rate_limit", or_null(limits::rate_limit)),
            batch: body.optional("batch", limits::batch),
        }
    }
}

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

fn retry_policy(value: Value) -> Result<RetryPolicy, Faults> {
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

fn timeout_ms(value: Value) -> Result<u32, Faults> {
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

/// More characters than a secret may have, so that the secret's own limit gives the answer.
const MAX_SECRET_READ: usize = 10_000;
