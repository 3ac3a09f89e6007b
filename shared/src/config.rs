//! Configuration: read once at start, into a struct per room. `template.yaml` sets every variable named here, except
//! those that Lambda itself sets.

use std::str::FromStr;

use aws_credential_types::Credentials;
use aws_types::app_name::AppName;
use aws_types::region::Region;
use domain::retention::{MAX_DAYS, MIN_DAYS};
use domain::tenant::KeyHash;
use ipnet::IpNet;
use url::Url;

/// Name of the table of tenants, webhooks, sources and keys.
pub const REGISTRY_TABLE: &str = "REGISTRY_TABLE";
/// Name of the table of events.
pub const EVENTS_TABLE: &str = "EVENTS_TABLE";
/// Name of the table of deliveries.
pub const DELIVERIES_TABLE: &str = "DELIVERIES_TABLE";
/// URL of the queue of fresh jobs.
pub const DELIVERIES_QUEUE_URL: &str = "DELIVERIES_QUEUE_URL";
/// ARN of the queue of fresh jobs, the destination of redrives.
pub const DELIVERIES_QUEUE_ARN: &str = "DELIVERIES_QUEUE_ARN";
/// URL of the queue of jobs that wait for their next attempt.
pub const RETRIES_QUEUE_URL: &str = "RETRIES_QUEUE_URL";
/// URL of the queue of jobs whose receiver or tenant is slow.
pub const SLOW_QUEUE_URL: &str = "SLOW_QUEUE_URL";
/// URL of the dead-letter queue.
pub const DEAD_LETTER_QUEUE_URL: &str = "DEAD_LETTER_QUEUE_URL";
/// ARN of the dead-letter queue, the source of redrives.
pub const DEAD_LETTER_QUEUE_ARN: &str = "DEAD_LETTER_QUEUE_ARN";
/// URL of the queue of events that `dispatch` cannot dispatch.
pub const DISPATCH_FAILURES_QUEUE_URL: &str = "DISPATCH_FAILURES_QUEUE_URL";
/// How long events and deliveries are kept, in days, 2 to 3650.
pub const RETENTION_DAYS: &str = "RETENTION_DAYS";
/// How long cached sources, keys and webhooks are trusted, in seconds, 0 to 300.
pub const CACHE_SECONDS: &str = "CACHE_SECONDS";
/// Networks that deliveries may go to although they are not public: a comma-separated list, for local use.
pub const ALLOWED_NETWORKS: &str = "ALLOWED_NETWORKS";
/// Whether a new URL of a webhook must answer a challenge before anything is delivered to it: `true` or `false`.
pub const VERIFY_WEBHOOK_URLS: &str = "VERIFY_WEBHOOK_URLS";
/// SHA-256 of the secret of the admin key made at deploy time, in hex.
pub const ADMIN_KEY_SHA256: &str = "ADMIN_KEY_SHA256";
/// ARN of the KMS key that encrypts the data keys. Data keys seal secrets.
pub const SECRETS_KEY_ARN: &str = "SECRETS_KEY_ARN";
/// Base URL under which users reach the API, for URLs in responses; may be empty.
pub const PUBLIC_URL: &str = "PUBLIC_URL";
/// The function's region. Lambda sets it.
pub const AWS_REGION: &str = "AWS_REGION";
/// The id of the access key of the function's role. Lambda sets it, and the two variables below.
pub const AWS_ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
/// The secret of [`AWS_ACCESS_KEY_ID`].
pub const AWS_SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
/// The session token of [`AWS_ACCESS_KEY_ID`]. It is empty with an emulator.
pub const AWS_SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
/// An endpoint to use instead of AWS's own ones, for an emulator; may be empty.
pub const AWS_ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
/// The function's name in the user agent of its AWS calls; may be empty.
pub const AWS_SDK_UA_APP_ID: &str = "AWS_SDK_UA_APP_ID";

/// A variable is missing or invalid.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name}: {fault}")]
pub struct ConfigError {
    name: &'static str,
    fault: String,
}

/// Configuration of `ingest`.
#[derive(Debug, Clone)]
pub struct IngestConfig {
    /// See [`REGISTRY_TABLE`].
    pub registry_table: String,
    /// See [`EVENTS_TABLE`].
    pub events_table: String,
    /// See [`RETENTION_DAYS`].
    pub retention_days: u32,
    /// See [`CACHE_SECONDS`].
    pub cache_seconds: u32,
}

/// Configuration of `dispatch`.
#[derive(Debug, Clone)]
pub struct DispatchConfig {
    /// See [`REGISTRY_TABLE`].
    pub registry_table: String,
    /// See [`DELIVERIES_QUEUE_URL`].
    pub deliveries_queue_url: String,
    /// See [`DISPATCH_FAILURES_QUEUE_URL`].
    pub dispatch_failures_queue_url: String,
}

/// Configuration of `deliver`.
#[derive(Debug, Clone)]
pub struct DeliverConfig {
    /// See [`REGISTRY_TABLE`].
    pub registry_table: String,
    /// See [`EVENTS_TABLE`].
    pub events_table: String,
    /// See [`DELIVERIES_TABLE`].
    pub deliveries_table: String,
    /// See [`DELIVERIES_QUEUE_URL`].
    pub deliveries_queue_url: String,
    /// See [`RETRIES_QUEUE_URL`].
    pub retries_queue_url: String,
    /// See [`SLOW_QUEUE_URL`].
    pub slow_queue_url: String,
    /// See [`DEAD_LETTER_QUEUE_URL`].
    pub dead_letter_queue_url: String,
    /// See [`RETENTION_DAYS`].
    pub retention_days: u32,
    /// See [`CACHE_SECONDS`].
    pub cache_seconds: u32,
    /// See [`ALLOWED_NETWORKS`].
    pub allowed_networks: Vec<IpNet>,
}

/// Configuration of `api`.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// See [`REGISTRY_TABLE`].
    pub registry_table: String,
    /// See [`EVENTS_TABLE`].
    pub events_table: String,
    /// See [`DELIVERIES_TABLE`].
    pub deliveries_table: String,
    /// See [`DELIVERIES_QUEUE_URL`].
    pub deliveries_queue_url: String,
    /// See [`DELIVERIES_QUEUE_ARN`].
    pub deliveries_queue_arn: String,
    /// See [`DEAD_LETTER_QUEUE_ARN`].
    pub dead_letter_queue_arn: String,
    /// See [`RETENTION_DAYS`].
    pub retention_days: u32,
    /// See [`ADMIN_KEY_SHA256`].
    pub admin_key: KeyHash,
    /// See [`ALLOWED_NETWORKS`].
    pub allowed_networks: Vec<IpNet>,
    /// See [`PUBLIC_URL`].
    pub public_url: String,
    /// See [`SECRETS_KEY_ARN`].
    pub secrets_key_arn: String,
    /// See [`VERIFY_WEBHOOK_URLS`].
    pub verify_webhook_urls: bool,
}

/// What the SDK must know about AWS. Lambda sets everything except the endpoint and the name.
#[derive(Debug, Clone)]
pub struct Aws {
    /// See [`AWS_REGION`].
    pub region: Region,
    /// See [`AWS_ACCESS_KEY_ID`]. They are the credentials of the function's role and stay valid as long as the process
    /// lives.
    pub credentials: Credentials,
    /// See [`AWS_ENDPOINT_URL`]; `None` for AWS itself.
    pub endpoint_url: Option<String>,
    /// See [`AWS_SDK_UA_APP_ID`].
    pub app_name: Option<AppName>,
}

impl IngestConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            registry_table: text(REGISTRY_TABLE)?,
            events_table: text(EVENTS_TABLE)?,
            retention_days: number(RETENTION_DAYS, MIN_DAYS, MAX_DAYS)?,
            cache_seconds: number(CACHE_SECONDS, 0, 300)?,
        })
    }
}

impl DispatchConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            registry_table: text(REGISTRY_TABLE)?,
            deliveries_queue_url: text(DELIVERIES_QUEUE_URL)?,
            dispatch_failures_queue_url: text(DISPATCH_FAILURES_QUEUE_URL)?,
        })
    }
}

impl DeliverConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            registry_table: text(REGISTRY_TABLE)?,
            events_table: text(EVENTS_TABLE)?,
            deliveries_table: text(DELIVERIES_TABLE)?,
            deliveries_queue_url: text(DELIVERIES_QUEUE_URL)?,
            retries_queue_url: text(RETRIES_QUEUE_URL)?,
            slow_queue_url: text(SLOW_QUEUE_URL)?,
            dead_letter_queue_url: text(DEAD_LETTER_QUEUE_URL)?,
            retention_days: number(RETENTION_DAYS, MIN_DAYS, MAX_DAYS)?,
            cache_seconds: number(CACHE_SECONDS, 0, 300)?,
            allowed_networks: networks()?,
        })
    }
}

impl ApiConfig {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let admin_key = KeyHash::from_hex(&text(ADMIN_KEY_SHA256)?)
            .ok_or_else(|| ConfigError { name: ADMIN_KEY_SHA256, fault: "expected 64 hex digits".to_owned() })?;
        Ok(Self {
            registry_table: text(REGISTRY_TABLE)?,
            events_table: text(EVENTS_TABLE)?,
            deliveries_table: text(DELIVERIES_TABLE)?,
            deliveries_queue_url: text(DELIVERIES_QUEUE_URL)?,
            deliveries_queue_arn: text(DELIVERIES_QUEUE_ARN)?,
            dead_letter_queue_arn: text(DEAD_LETTER_QUEUE_ARN)?,
            retention_days: number(RETENTION_DAYS, MIN_DAYS, MAX_DAYS)?,
            admin_key,
            allowed_networks: networks()?,
            public_url: optional(PUBLIC_URL).trim_end_matches('/').to_owned(),
            secrets_key_arn: text(SECRETS_KEY_ARN)?,
            verify_webhook_urls: flag(VERIFY_WEBHOOK_URLS)?,
        })
    }
}

impl Aws {
    /// Reads the environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let token = Some(optional(AWS_SESSION_TOKEN)).filter(|token| !token.is_empty());
        Ok(Self {
            region: Region::new(text(AWS_REGION)?),
            credentials: Credentials::new(
                text(AWS_ACCESS_KEY_ID)?,
                text(AWS_SECRET_ACCESS_KEY)?,
                token,
                None,
                "environment",
            ),
            endpoint_url: parsed(AWS_ENDPOINT_URL, |url| Url::parse(url).map(|_| url.to_owned()))?,
            app_name: parsed(AWS_SDK_UA_APP_ID, |name| AppName::new(name.to_owned()))?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn read(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

fn optional(name: &'static str) -> String {
    read(name).unwrap_or_default()
}

/// Reads a variable that may be absent or empty.
fn parsed<T, E: ToString>(
    name: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<Option<T>, ConfigError> {
    let value = optional(name);
    if value.is_empty() {
        return Ok(None);
    }
    parse(&value).map(Some).map_err(|error| ConfigError { name, fault: error.to_string() })
}

fn text(name: &'static str) -> Result<String, ConfigError> {
    match read(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        Ok(_) => Err(ConfigError { name, fault: "is empty".to_owned() }),
        Err(error) => Err(ConfigError { name, fault: error.to_string() }),
    }
}

fn number(name: &'static str, least: u32, most: u32) -> Result<u32, ConfigError> {
    text(name)?
        .parse()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| ConfigError { name, fault: format!("expected a whole number from {least} to {most}") })
}

fn flag(name: &'static str) -> Result<bool, ConfigError> {
    text(name)?.parse().map_err(|_| ConfigError { name, fault: "expected `true` or `false`".to_owned() })
}

fn networks() -> Result<Vec<IpNet>, ConfigError> {
    parse_networks(&optional(ALLOWED_NETWORKS)).map_err(|fault| ConfigError { name: ALLOWED_NETWORKS, fault })
}

/// Reads a comma-separated list of networks. None may be wider than /8 (IPv4) or /32 (IPv6), so that a typing error
/// does not open everything.
fn parse_networks(list: &str) -> Result<Vec<IpNet>, String> {
    list.split(',')
        .map(str::trim)
        .filter(|network| !network.is_empty())
        .map(|network| {
            let parsed =
                IpNet::from_str(network).map_err(|_| format!("`{network}` is not a network like 127.0.0.0/8"))?;
            let narrowest_allowed = if parsed.addr().is_ipv4() { 8 } else { 32 };
            if parsed.prefix_len() < narrowest_allowed {
                return Err(format!("`{network}` is wider than /{narrowest_allowed}"));
            }
            Ok(parsed)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_read_and_bounded() {
        assert_eq!(parse_networks("127.0.0.0/8, ::1/128").map(|list| list.len()), Ok(2));
        assert_eq!(parse_networks(""), Ok(Vec::new()));
        for wide in ["0.0.0.0/0", "10.0.0.0/7", "::/0", "2001::/16", "localhost"] {
            assert!(parse_networks(wide).is_err(), "{wide}");
        }
    }

    #[test]
    fn a_missing_variable_names_itself() {
        let error = text("MAILHOOKS_TEST_UNSET").unwrap_err();
        assert!(error.to_string().contains("MAILHOOKS_TEST_UNSET"));
    }
}
