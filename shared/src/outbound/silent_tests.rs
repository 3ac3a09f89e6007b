//! Connections that die silently while they are idle. A proxy stops forwarding bytes of the open connections without
//! closing them, and serves new connections.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::test_posts::tls_of;
use super::*;

const NAME: &str = "receiver.example";

/// A TLS receiver that offers HTTP/2 and answers every HTTP/1.1 request with 200. It answers the first request only
/// when there are this many connections.
async fn receiver(connections: usize) -> (SocketAddr, CertificateDer<'static>) {
    let (mut tls, certificate) = tls_of(NAME);
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (listener, acceptor) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TlsAcceptor::from(Arc::new(tls)));
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (accepted, _) = watch::channel(0);
        while let Ok((stream, _)) = listener.accept().await {
            accepted.send_modify(|count| *count += 1);
            let (acceptor, mut accepted) = (acceptor.clone(), accepted.subscribe());
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.unwrap();
                assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
                let mut read = [0; 4096];
                while stream.read(&mut read).await.is_ok_and(|bytes| bytes > 0) {
                    accepted.wait_for(|count| *count >= connections).await.unwrap();
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
                }
            });
        }
    });
    (address, certificate)
}

/// A proxy whose open connections can be cut off.
struct Proxy {
    address: SocketAddr,
    cuts: watch::Sender<usize>,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cuts, _) = watch::channel(0);
        let connections = Arc::<AtomicUsize>::default();
        let (all_cuts, count) = (cuts.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(forward(near, target, all_cuts.subscribe()));
            }
        });
        Self { address, cuts, connections }
    }

    /// From now on no bytes pass through the open connections, and neither end is told.
    fn fall_silent(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

async fn forward(mut near: TcpStream, target: SocketAddr, mut cuts: watch::Receiver<usize>) -> io::Result<()> {
    let mut far = TcpStream::connect(target).await?;
    tokio::select! {
        forwarded = tokio::io::copy_bidirectional(&mut near, &mut far) => forwarded.map(|_| ()),
        _ = cuts.changed() => std::future::pending().await,
    }
}

fn door(address: SocketAddr, certificate: CertificateDer<'static>) -> Outbound {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()]);
    Outbound::rerouted(policy, roots, HashMap::from([(NAME.to_owned(), address)])).unwrap()
}

async fn post(outbound: &Outbound, url: &str) -> Outcome {
    test_posts::post(outbound, url, Duration::from_secs(1)).await.unwrap().outcome
}

const DELIVERED: Outcome = Outcome::Delivered { status: 200 };

#[tokio::test]
async fn after_a_silent_death_one_attempt_times_out_and_the_next_opens_a_connection() {
    let (target, certificate) = receiver(3).await;
    let proxy = Proxy::start(target).await;
    let outbound = door(proxy.address, certificate);
    // Webhooks of several tenants may share the host.
    let url = format!("https://{NAME}/");
    let together = futures::join!(post(&outbound, &url), post(&outbound, &url), post(&outbound, &url));
    assert_eq!(together, (DELIVERED, DELIVERED, DELIVERED));
    assert_eq!(proxy.connections(), 3);
    assert_eq!(post(&outbound, &url).await, DELIVERED);
    assert_eq!(proxy.connections(), 3, "an open connection is used again");
    proxy.fall_silent();
    assert_eq!(post(&outbound, &url).await, Outcome::Timeout);
    for number in 4..8 {
        assert_eq!(post(&outbound, &url).await, DELIVERED);
        assert_eq!(proxy.connections(), number);
    }
}

#[tokio::test]
async fn a_silent_host_costs_no_other_host_its_connections() {
    let (target, certificate) = receiver(1).await;
    let proxy = Proxy::start(target).await;
    let outbound = door(proxy.address, certificate);
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", silent.local_addr().unwrap());
    let url = format!("https://{NAME}/");
    assert_eq!(post(&outbound, &url).await, DELIVERED);
    assert_eq!(post(&outbound, &silent).await, Outcome::Timeout);
    assert_eq!(post(&outbound, &url).await, DELIVERED);
    assert_eq!(proxy.connections(), 1);
}

/// A receiver closes a connection that was idle for the receiver's own limit. The next request finds this out.
#[tokio::test]
async fn a_connection_that_was_closed_while_idle_fails_no_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let is_closed = Arc::<AtomicBool>::default();
    let closed = Arc::clone(&is_closed);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            drop(stream);
            closed.store(true, Ordering::SeqCst);
        }
    });
    let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse().unwrap()]);
    let outbound = Outbound::new(policy).unwrap();
    for _ in 0..50 {
        is_closed.store(false, Ordering::SeqCst);
        assert_eq!(post(&outbound, &url).await, DELIVERED);
        while !is_closed.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }
}
