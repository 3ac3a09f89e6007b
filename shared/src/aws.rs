//! AWS clients, built once per function, quickly.
//!
//! The configuration is made from Lambda's environment alone. The SDK's own loader, the crate `aws-config`, also reads
//! profiles, assumes roles and asks for instance metadata. For that it links an SDK of STS into every function.

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
pub use aws_types::SdkConfig;
use aws_types::sdk_config::SharedHttpClient;

use crate::config;

/// Maximum time of one AWS call with its retries. Reason: calls take milliseconds, and three tries with backoff stay
/// far below; so one call never uses up a function's time limit, which is 10 s at least.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);
/// Maximum time of one try of a call. The SDK's own limit for making a connection, 3.1 s, is longer and never applies.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Amazon's five roots, to which all certificates of AWS endpoints chain. <https://www.amazontrust.com/repository/>
/// Parsing the system's 144 roots would take most of a client's start-up.
const AMAZON_ROOTS: &[u8] = include_bytes!("aws/amazon_roots.pem");

/// Clients could not be made.
#[derive(Debug, thiserror::Error)]
#[error("TLS towards AWS could not be set up")]
pub struct TlsSetupError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// The configuration of a function's clients.
pub fn sdk_config(environment: config::Aws) -> Result<SdkConfig, TlsSetupError> {
    let mut sdk = SdkConfig::builder()
        .behavior_version(behavior())
        .region(environment.region)
        .credentials_provider(SharedCredentialsProvider::new(environment.credentials))
        .http_client(http_client()?)
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts());
    sdk.set_endpoint_url(environment.endpoint_url);
    sdk.set_app_name(environment.app_name);
    Ok(sdk.build())
}

/// Which defaults of the SDK apply. The version is fixed, so that an update of the SDK does not change them.
pub fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The limits of a call.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_timeout(OPERATION_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build()
}

/// HTTPS towards AWS, with rustls and ring, and with Amazon's roots alone.
pub fn http_client() -> Result<SharedHttpClient, TlsSetupError> {
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build();
    let tls = tls.map_err(|error| TlsSetupError(error.into()))?;
    Ok(Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls).build_https())
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_types::app_name::AppName;
    use aws_types::region::Region;

    use super::*;

    #[test]
    fn clients_are_configured_by_the_environment_and_our_limits() {
        let sdk = sdk_config(config::Aws {
            region: Region::from_static("eu-central-1"),
            credentials: Credentials::new("AKIA", "secret", None, None, "test"),
            endpoint_url: Some("http://localhost:4566".to_owned()),
            app_name: Some(AppName::new("mailhooks-test").unwrap()),
        })
        .unwrap();
        assert_eq!(sdk.region().map(Region::as_ref), Some("eu-central-1"));
        assert_eq!(sdk.endpoint_url(), Some("http://localhost:4566"));
        assert_eq!(sdk.app_name().map(AppName::as_ref), Some("mailhooks-test"));
        assert_eq!(sdk.retry_config(), Some(&RetryConfig::standard()));
        assert_eq!(sdk.timeout_config(), Some(&timeouts()));
        assert!(sdk.credentials_provider().is_some() && sdk.http_client().is_some());
        assert_eq!(sdk.behavior_version(), Some(behavior()));
    }
}
