//! TLS to a receiver on loopback, with a self-signed certificate.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A receiver on 127.0.0.1 that answers 200 once. Returns its URL and its certificate, which is for `name`.
async fn receiver(name: &str) -> (String, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that does not trust the certificate closes the connection here.
        if let Ok(mut stream) = TlsAcceptor::from(Arc::new(tls)).accept(stream).await {
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (format!("https://127.0.0.1:{port}/"), certificate)
}

async fn post(outbound: &Outbound, url: &str) -> RequestResult {
    let url = WebhookUrl::from_stored(url).unwrap();
    let custom = BTreeMap::new();
    let post = OutboundRequest {
        custom: &custom,
        redaction: &Redaction::default(),
        url: &url,
        headers: &[],
        content_type: "application/json",
        body: b"{}".to_vec(),
        time_limit: Duration::from_mins(10),
        accepts: |status| status == 200,
    };
    outbound.post(post, Timestamp::UNIX_EPOCH).await.unwrap()
}

fn loopback() -> AddressPolicy {
    AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()])
}

#[tokio::test]
async fn a_trusted_certificate_is_delivered_to() {
    let (url, certificate) = receiver("127.0.0.1").await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let answered = post(&Outbound::rerouted(loopback(), roots, HashMap::new()).unwrap(), &url).await;
    assert_eq!(answered.outcome, Outcome::Delivered { status: 200 });
    assert_eq!(answered.answer.as_deref(), Some("ok"));
}

#[tokio::test]
async fn a_certificate_of_nobody_is_a_tls_failure() {
    let (url, _certificate) = receiver("127.0.0.1").await;
    let answered = post(&Outbound::new(loopback()).unwrap(), &url).await;
    assert_eq!(answered.outcome, Outcome::Tls);
}

#[tokio::test]
async fn a_trusted_certificate_for_another_name_is_a_tls_failure() {
    let (url, certificate) = receiver("127.0.0.2").await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let answered = post(&Outbound::rerouted(loopback(), roots, HashMap::new()).unwrap(), &url).await;
    assert_eq!(answered.outcome, Outcome::Tls);
}
