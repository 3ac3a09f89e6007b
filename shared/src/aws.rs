//! AWS clients, built once per function, quickly.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

/// One AWS call, retries included, may take this long. Calls take milliseconds; three tries with backoff stay far
/// below, and a function's time limit (10 s at least) is never used up by one call.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);
/// One try of a call.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Amazon's five roots, the only ones that AWS endpoints chain to. <https://www.amazontrust.com/repository/>
/// Parsing the system's 144 would cost most of a client's start-up.
const AMAZON_ROOTS: &[u8] = include_bytes!("aws/amazon_roots.pem");

/// Why clients could not be made.
#[derive(Debug, thiserror::Error)]
#[error("TLS towards AWS could not be set up")]
pub struct TlsSetupError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// Reads region, credentials and `AWS_ENDPOINT_URL` from the environment, as Lambda sets them.
pub async fn sdk_config() -> Result<SdkConfig, TlsSetupError> {
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(OPERATION_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let roots = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
    let tls = TlsContext::builder().with_trust_store(roots).build();
    let tls = tls.map_err(|error| TlsSetupError(error.into()))?;
    let http = Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls).build_https();
    Ok(aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).timeout_config(timeouts).load().await)
}
