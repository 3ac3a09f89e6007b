//! Receivers that misbehave on the wire, and addresses that must not be called.

use std::sync::Arc;
use std::time::Duration;

use shared::delivery::{Delivery, DeliveryState, Outcome, Target};
use shared::webhook::{Webhook, WebhookUrl};
use support::seed::TIMEOUT;
use support::world::DELIVERIES;
use support::{Answer, Receiver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use crate::Scene;

/// Makes one attempt at `url`. Returns the row that the attempt left.
async fn attempt(url: &str) -> Delivery {
    attempt_during(url, async |_| ()).await
}

/// Makes one attempt at `url` while `time` passes. Returns the row that the attempt left.
async fn attempt_during(url: &str, time: impl AsyncFnOnce(&Scene)) -> Delivery {
    let scene = Scene::start().await;
    let webhook = scene.world.webhook_with(scene.tenant, "http://127.0.0.1/", |mut webhook| {
        webhook.url = WebhookUrl::from_stored(url).unwrap().into();
        webhook
    });
    let webhook = webhook.await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    tokio::join!(scene.world.pump_queue(DELIVERIES), time(&scene));
    scene.row(&webhook, &event).await
}

/// A raw server that reads the request of each connection and hands the answering half of the connection to `serve`.
async fn raw<F: Future<Output = ()> + Send>(serve: impl Fn(OwnedWriteHalf) -> F + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let serve = serve.clone();
            tokio::spawn(async move {
                let (mut request, answer) = stream.into_split();
                let mut buffer = vec![0; 65536];
                if request.read(&mut buffer).await.is_ok() {
                    serve(answer).await;
                }
                // If a connection is closed before all bytes of the request are read, its answer is lost.
                while request.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
    url
}

#[tokio::test]
async fn redirects_are_failures_and_not_followed() {
    let receiver = Receiver::start().await.unwrap();
    let target = receiver.url("/target");
    receiver.script("/hook", [Answer::Full(302, vec![("location", target)], Vec::new())]);
    let row = attempt(&receiver.url("/hook")).await;
    assert_eq!(row.attempts[0].outcome, Outcome::RefusedStatus { status: 302, retry_after: None });
    assert!(receiver.received("/target").is_empty());
}

/// No redirect is followed: not to a metadata address, and not to an address that could be called directly.
#[tokio::test]
async fn the_target_of_a_redirect_gets_no_connection() {
    let target = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    target.set_nonblocking(true).unwrap();
    let neighbour = format!("http://{}/latest/meta-data/", target.local_addr().unwrap());
    let metadata = "http://169.254.169.254/latest/meta-data/iam/security-credentials/".to_owned();
    for location in [neighbour, metadata] {
        for status in [301, 302, 303, 307, 308] {
            let receiver = Receiver::start().await.unwrap();
            receiver.script("/hook", [Answer::Full(status, vec![("location", location.clone())], Vec::new())]);
            let row = attempt(&receiver.url("/hook")).await;
            assert_eq!(row.attempts[0].outcome, Outcome::RefusedStatus { status, retry_after: None }, "{location}");
            assert_eq!(row.attempts[0].address.as_deref(), Some("127.0.0.1"), "{location}");
        }
    }
    assert_eq!(target.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_backup_url_is_guarded_as_the_main_one_is() {
    for forbidden in ["https://169.254.169.254/", "http://10.0.0.1/", "https://[::ffff:10.0.0.1]/"] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [Answer::Status(500)]);
        let url = receiver.url("/hook");
        let webhook = scene.webhook_with(&url, |webhook| Webhook {
            backup_url: Some(WebhookUrl::from_stored(forbidden).unwrap()),
            ..webhook
        });
        let webhook = webhook.await;
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let row = scene.row(&webhook, &event).await;
        assert_eq!(row.attempts[0].outcome, Outcome::BlockedAddress, "{forbidden}");
        let main = Outcome::RefusedStatus { status: 500, retry_after: None };
        assert_eq!(row.attempts[0].target, Target::Backup { primary: main }, "{forbidden}");
    }
}

#[tokio::test]
async fn a_huge_answer_is_read_to_the_limit_and_the_first_kib_kept() {
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Full(200, Vec::new(), vec![b'x'; 10 * 1024 * 1024])]);
    let row = attempt(&receiver.url("/hook")).await;
    assert_eq!(row.state, DeliveryState::Delivered);
    assert_eq!(row.attempts[0].answer.as_ref().map(String::len), Some(1024));
}

#[tokio::test]
async fn a_dripping_body_ends_with_the_time_limit() {
    let (begun, drip) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (has_begun, drips) = (Arc::clone(&begun), Arc::clone(&drip));
    let url = raw(move |mut answer| {
        let (begun, drip) = (Arc::clone(&begun), Arc::clone(&drip));
        async move {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
            let _gone = answer.write_all(head).await;
            begun.notify_one();
            loop {
                drip.notified().await;
                if answer.write_all(b"x").await.is_err() {
                    return;
                }
            }
        }
    });
    let time = async |scene: &Scene| {
        has_begun.notified().await;
        for _ in 0..20 {
            drips.notify_one();
            scene.world.pass(TIMEOUT / 20).await;
        }
    };
    let row = attempt_during(&url.await, time).await;
    assert_eq!(row.attempts[0].outcome, Outcome::Delivered { status: 200 });
    assert!((1_000..1_020).contains(&row.attempts[0].duration_ms), "{row:?}");
}

#[tokio::test]
async fn garbage_and_closing_before_a_status_are_protocol_errors() {
    let garbage = raw(|mut answer| async move {
        let _gone = answer.write_all(b"no http at all\r\n\r\n").await;
    });
    assert_eq!(attempt(&garbage.await).await.attempts[0].outcome, Outcome::Protocol);
    let closing = raw(|mut answer| async move {
        let _gone = answer.write_all(b"HTTP/1.1 ").await;
    });
    assert_eq!(attempt(&closing.await).await.attempts[0].outcome, Outcome::Protocol);
}

#[tokio::test]
async fn nobody_there_no_such_name_and_no_trusted_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(attempt(&closed).await.attempts[0].outcome, Outcome::Connect);
    assert_eq!(attempt("https://no-such-host.invalid/").await.attempts[0].outcome, Outcome::Dns);
    let plain = raw(|mut answer| async move {
        let _gone = answer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
    });
    let pretending = plain.await.replace("http://", "https://");
    assert_eq!(attempt(&pretending).await.attempts[0].outcome, Outcome::Tls);
}

#[tokio::test]
async fn forbidden_addresses_are_not_called_however_they_are_reached() {
    for url in ["https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "http://93.184.216.34/"] {
        assert_eq!(attempt(url).await.attempts[0].outcome, Outcome::BlockedAddress, "{url}");
    }
    // A name that leads to loopback, with the guard that production has.
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook").replace("http://127.0.0.1", "https://localhost");
    let scene = Scene::start().await;
    let webhook = scene.world.webhook_with(scene.tenant, "http://127.0.0.1/", |mut webhook| {
        webhook.url = WebhookUrl::from_stored(&url).unwrap().into();
        webhook
    });
    let webhook = webhook.await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    let guarded = scene.world.another_deliver(|config| config.allowed_networks.clear()).unwrap();
    scene.world.pump_queue_with(DELIVERIES, &guarded).await;
    assert_eq!(scene.row(&webhook, &event).await.attempts[0].outcome, Outcome::BlockedAddress);
    assert!(receiver.received("/hook").is_empty());
}

#[tokio::test]
async fn retry_after_counts_from_the_answer() {
    let (asked, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_asked, released) = (Arc::clone(&asked), Arc::clone(&release));
    let url = raw(move |mut answer| {
        let (asked, release) = (Arc::clone(&asked), Arc::clone(&release));
        async move {
            asked.notify_one();
            release.notified().await;
            let _gone = answer.write_all(b"HTTP/1.1 503 x\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let time = async |scene: &Scene| {
        is_asked.notified().await;
        scene.world.pass(Duration::from_millis(700)).await;
        released.notify_one();
    };
    let row = attempt_during(&url.await, time).await;
    let DeliveryState::Waiting { next_attempt_at } = row.state else { panic!("{row:?}") };
    assert!(next_attempt_at.duration_since(row.attempts[0].at).as_millis() >= 60_700, "{row:?}");
}

#[tokio::test]
async fn credentials_of_a_url_are_sent_as_basic_auth() {
    let receiver = Receiver::start().await.unwrap();
    attempt(&receiver.url("/hook").replace("http://", "http://us%40er:p%3Ass@")).await;
    let headers = &receiver.received("/hook")[0].headers;
    assert_eq!(headers["authorization"], "Basic dXNAZXI6cDpzcw==");
    assert_eq!(headers["user-agent"], "mailhooks/1");
}
