//! What the tests of the door have in common: a POST, and the TLS of a receiver.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::*;

/// A time limit that no test on loopback meets, on any machine.
pub(super) const NO_LIMIT: Duration = Duration::from_mins(10);

/// Posts `{}` to `url`.
pub(super) async fn post(outbound: &Outbound, url: &str, time_limit: Duration) -> Result<RequestResult, ShortageError> {
    let post = OutboundRequest {
        url: &WebhookUrl::from_stored(url).unwrap(),
        headers: &[],
        content_type: "application/json",
        body: b"{}".to_vec(),
        time_limit,
        accepts: |status| status == 200,
        custom: &BTreeMap::new(),
        redaction: &Redaction::default(),
    };
    outbound.post(post, Timestamp::UNIX_EPOCH).await
}

/// The TLS of a receiver, with a self-signed certificate for `name`, and this certificate.
pub(super) fn tls_of(name: &str) -> (ServerConfig, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    (tls, certificate)
}
