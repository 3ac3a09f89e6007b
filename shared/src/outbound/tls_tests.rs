//! TLS to a receiver on loopback, with a self-signed certificate.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::test_posts::{NO_LIMIT, post, tls_of};
use super::*;

/// A receiver on 127.0.0.1 that answers 200 once. Returns its URL and its certificate, which is for `name`.
async fn receiver(name: &str) -> (String, CertificateDer<'static>) {
    let (tls, certificate) = tls_of(name);
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

fn loopback() -> AddressPolicy {
    AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()])
}

#[tokio::test]
async fn a_trusted_certificate_is_delivered_to() {
    let (url, certificate) = receiver("127.0.0.1").await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let outbound = Outbound::rerouted(loopback(), roots, HashMap::new()).unwrap();
    let answered = post(&outbound, &url, NO_LIMIT).await.unwrap();
    assert_eq!(answered.outcome, Outcome::Delivered { status: 200 });
    assert_eq!(answered.answer.as_deref(), Some("ok"));
}

#[tokio::test]
async fn a_certificate_of_nobody_is_a_tls_failure() {
    let (url, _certificate) = receiver("127.0.0.1").await;
    let answered = post(&Outbound::new(loopback()).unwrap(), &url, NO_LIMIT).await.unwrap();
    assert_eq!(answered.outcome, Outcome::Tls);
}

#[tokio::test]
async fn a_trusted_certificate_for_another_name_is_a_tls_failure() {
    let (url, certificate) = receiver("127.0.0.2").await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let outbound = Outbound::rerouted(loopback(), roots, HashMap::new()).unwrap();
    let answered = post(&outbound, &url, NO_LIMIT).await.unwrap();
    assert_eq!(answered.outcome, Outcome::Tls);
}
