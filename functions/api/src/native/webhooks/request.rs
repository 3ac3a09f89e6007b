//! The fields that a request may give of a webhook, when it registers one and when it changes one.

use std::collections::{BTreeMap, BTreeSet};

use shared::address_policy::AddressPolicy;
use shared::breaker::BreakerSettings;
use shared::dialect::Dialect;
use shared::id::SourceId;
use shared::rate_limit::RateLimit;
use shared::retry::RetryPolicy;
use shared::stream::StreamCredentials;
use shared::webhook::{DestinationUrl, Subscription, WebhookUrl};

use crate::fields::headers::{HeaderFields, headers};
use crate::fields::metadata::metadata;
use crate::fields::{breaker, destination, limits, webhook};
use crate::http::body::{Fields, flag, list, or_null, parsed, text};

/// Maximum characters of a description.
const MAX_DESCRIPTION: usize = 1000;

/// The fields that the request gives; `None` for those that it leaves out.
#[derive(Debug, Default)]
pub(super) struct WebhookFields {
    pub(super) url: Option<DestinationUrl>,
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
    /// `Some(None)` removes the present one.
    #[expect(clippy::option_option, reason = "not given, given as null, given")]
    pub(super) backup_url: Option<Option<WebhookUrl>>,
    pub(super) headers: Option<HeaderFields>,
    pub(super) paused: Option<bool>,
    pub(super) metadata: Option<BTreeMap<String, String>>,
    /// `Some(None)` removes the present one.
    #[expect(clippy::option_option, reason = "not given, given as null, given")]
    pub(super) rate_limit: Option<Option<RateLimit>>,
    /// Whether the dialect can carry several events is checked where the dialect is known.
    pub(super) batch: Option<u8>,
}

impl WebhookFields {
    /// Reads all fields; `addresses` says where deliveries may go.
    pub(super) fn read(body: &mut Fields, addresses: &AddressPolicy) -> Self {
        Self {
            url: body.optional("url", |value| destination::target(value, addresses)),
            credentials: body.optional("credentials", destination::credentials),
            events: body.optional("events", webhook::events),
            enabled: body.optional("enabled", flag),
            dialect: body.optional("dialect", webhook::dialect),
            retry_policy: body.optional("retry_policy", webhook::retry_policy),
            timeout_ms: body.optional("timeout_ms", webhook::timeout_ms),
            sources: body
                .optional("sources", list(Subscription::MAX_FILTERS, parsed))
                .map(|ids: Vec<SourceId>| ids.into_iter().collect()),
            domains: body
                .optional("domains", list(Subscription::MAX_FILTERS, webhook::domain))
                .map(|names| names.into_iter().collect()),
            description: body.optional("description", text(0..=MAX_DESCRIPTION)),
            breaker: body.optional("breaker", breaker::settings),
            backup_url: body.optional("backup_url", or_null(|value| destination::https_url(value, addresses))),
            headers: body.optional("headers", headers),
            paused: body.optional("paused", flag),
            metadata: body.optional("metadata", metadata),
            rate_limit: body.optional("rate_limit", or_null(limits::rate_limit)),
            batch: body.optional("batch", limits::batch),
        }
    }
}
