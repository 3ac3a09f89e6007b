//! Names that resolve differently on two look-ups. A name is looked up once for a connection. The connection goes to
//! the checked addresses or is not made.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::test_posts::{NO_LIMIT, post, tls_of};
use super::*;

const NAME: &str = "receiver.example";

/// A receiver that answers 200 and closes the connection, so that the next request needs a new one.
async fn receiver() -> (SocketAddr, CertificateDer<'static>) {
    let (tls, certificate) = tls_of(NAME);
    let (listener, acceptor) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TlsAcceptor::from(Arc::new(tls)));
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (address, certificate)
}

/// An address that deliveries may not go to, with a listener that would notice a connection.
fn forbidden() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn nobody_came(listener: &std::net::TcpListener) -> bool {
    listener.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

/// Posts to the name this many times in sequence, and returns how each post ended.
async fn posts(route: &Arc<Route>, certificate: CertificateDer<'static>, count: usize) -> Vec<Outcome> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let policy = AddressPolicy::allowing(vec!["127.0.0.1/32".parse().unwrap()]);
    let outbound = Outbound::trusting(policy, roots, HashMap::from([(NAME.to_owned(), Arc::clone(route))])).unwrap();
    let url = format!("https://{NAME}/");
    let mut outcomes = Vec::new();
    for _ in 0..count {
        outcomes.push(post(&outbound, &url, NO_LIMIT).await.unwrap().outcome);
    }
    outcomes
}

#[tokio::test]
async fn a_name_that_turns_to_a_forbidden_address_is_looked_up_once_for_each_connection_and_then_blocked() {
    let (allowed, certificate) = receiver().await;
    let (listener, forbidden) = forbidden();
    let route = Route::changing(vec![vec![allowed], vec![forbidden]]);
    // If the first request had made a second look-up, it would have led to the forbidden address.
    assert_eq!(posts(&route, certificate.clone(), 1).await, [Outcome::Delivered { status: 200 }]);
    assert_eq!(route.look_ups(), 1);
    assert!(nobody_came(&listener));

    let route = Route::changing(vec![vec![allowed], vec![forbidden], vec![allowed]]);
    let outcomes = posts(&route, certificate, 3).await;
    let delivered = Outcome::Delivered { status: 200 };
    assert_eq!(outcomes, [delivered, Outcome::BlockedAddress, delivered]);
    assert_eq!(route.look_ups(), 3);
    assert!(nobody_came(&listener));
}

#[tokio::test]
async fn an_answer_that_mixes_allowed_and_forbidden_addresses_is_refused_whole() {
    let (allowed, certificate) = receiver().await;
    let (listener, forbidden) = forbidden();
    for answer in [vec![allowed, forbidden], vec![forbidden, allowed]] {
        let route = Route::changing(vec![answer]);
        assert_eq!(posts(&route, certificate.clone(), 1).await, [Outcome::BlockedAddress]);
    }
    assert!(nobody_came(&listener));
}

#[tokio::test]
async fn a_forbidden_address_in_the_form_of_v6_is_blocked_too() {
    let (_, certificate) = receiver().await;
    for address in ["[::ffff:169.254.169.254]:443", "[64:ff9b::a9fe:a9fe]:443", "[fd00:ec2::254]:443", "[::1]:443"] {
        let route = Route::changing(vec![vec![address.parse().unwrap()]]);
        assert_eq!(posts(&route, certificate.clone(), 1).await, [Outcome::BlockedAddress], "{address}");
    }
}
