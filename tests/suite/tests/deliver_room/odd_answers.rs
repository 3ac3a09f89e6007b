//! Answers as unusual servers and proxies send them, byte by byte. If a receiver has sent a status, the status decides,
//! for any rest of the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use shared::delivery::{DeadReason, Delivery, DeliveryState, Outcome, Target};
use shared::webhook::{DisabledReason, Webhook, WebhookStatus, WebhookUrl};
use support::world::DELIVERIES;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::Scene;

/// What a receiver does after the bytes of its answer.
#[derive(Debug, Clone, Copy)]
enum Then {
    Closes,
    KeepsOpen,
    /// Sends these bytes many times, and never an end.
    Repeats(&'static [u8]),
}

/// The time limit of these webhooks.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How often the test yields before it lets the time limit expire. Reason: this is many times what the room needs to
/// read all bytes that were written to its connections.
const TURNS: usize = 2_000;

/// A receiver that answers each request with the same bytes.
struct Raw {
    url: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    /// Number of answers that have been written.
    answers: watch::Sender<usize>,
}

impl Raw {
    async fn start(answer: Vec<u8>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (opened, asked) = (Arc::clone(&connections), Arc::clone(&requests));
        let answers = watch::Sender::default();
        let answered = answers.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                opened.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, answer.clone(), then, Arc::clone(&asked), answered.clone()));
            }
        });
        Self { url, connections, requests, answers }
    }

    /// Waits until the receiver has written this many answers and the room has had time to read them.
    async fn has_answered(&self, count: usize) {
        let mut answers = self.answers.subscribe();
        let _ended = answers.wait_for(|answers| *answers >= count).await;
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Vec<u8>,
    then: Then,
    asked: Arc<AtomicUsize>,
    answered: watch::Sender<usize>,
) {
    let mut request = vec![0; 65536];
    while stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
        asked.fetch_add(1, Ordering::SeqCst);
        let mut is_open = stream.write_all(&answer).await.is_ok();
        if let Then::Repeats(bytes) = then {
            for _ in 0..100 {
                is_open = is_open && stream.write_all(bytes).await.is_ok();
            }
        }
        answered.send_modify(|answers| *answers += 1);
        if !is_open || matches!(then, Then::Closes) {
            return;
        }
    }
}

/// Hands the next batch of the deliveries queue to the room. Each time that one of these receivers has answered once
/// more, the time limit expires.
async fn pump(scene: &Scene, receivers: &[&Raw], limit: Duration) {
    let before: Vec<usize> = receivers.iter().map(|receiver| *receiver.answers.borrow()).collect();
    let time = async {
        for (receiver, before) in receivers.iter().zip(before) {
            receiver.has_answered(before + 1).await;
            scene.world.pass(limit).await;
        }
    };
    tokio::join!(scene.world.pump_queue(DELIVERIES), time);
}

/// Makes one attempt at each of these receivers. Returns the row of each, with the receiver's name.
async fn attempts(cases: Vec<(&'static str, Vec<u8>, Then)>) -> Vec<(&'static str, Delivery)> {
    let mut rows = Vec::new();
    for (name, answer, then) in cases {
        let scene = Scene::start().await;
        let raw = Raw::start(answer, then).await;
        let webhook = scene.webhook_with(&raw.url, |webhook| webhook).await;
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        pump(&scene, &[&raw], TIMEOUT).await;
        rows.push((name, scene.row(&webhook, &event).await));
    }
    rows
}

/// The names of the receivers whose deliveries do not have this status.
fn not_delivered(rows: &[(&'static str, Delivery)], status: u16) -> Vec<String> {
    let failed = rows.iter().filter(|(_, row)| {
        row.state != DeliveryState::Delivered || row.attempts[0].outcome != Outcome::Delivered { status }
    });
    failed.map(|(name, row)| format!("{name}: {:?}", row.attempts[0])).collect()
}

fn ok(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: 2\r\n\r\nok").into_bytes()
}

/// This many headers, together with the length that [`ok`] adds.
fn headers(count: usize) -> String {
    (1..count).map(|number| format!("x-{number}: y\r\n")).collect::<Vec<_>>().concat()
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

#[tokio::test]
async fn a_2xx_is_delivered_with_any_body() {
    let head = "HTTP/1.1 200 OK\r\n";
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let cases = vec![
        ("whole", ok(""), Then::KeepsOpen),
        ("shorter than its length", bytes(&format!("{head}content-length: 10\r\n\r\nok")), Then::Closes),
        ("shorter than its length, kept open", bytes(&format!("{head}content-length: 10\r\n\r\nok")), Then::KeepsOpen),
        ("no length, closed", bytes(&format!("{head}\r\nok")), Then::Closes),
        ("no length, kept open", bytes(&format!("{head}content-type: text/plain\r\n\r\nok")), Then::KeepsOpen),
        ("no length, no body, kept open", bytes(&format!("{head}\r\n")), Then::KeepsOpen),
        ("chunked without its end, closed", bytes(&format!("{chunked}2\r\nok\r\n")), Then::Closes),
        ("chunked without its end, kept open", bytes(&format!("{chunked}2\r\nok\r\n")), Then::KeepsOpen),
        ("bad chunk size", bytes(&format!("{chunked}zz\r\nok\r\n0\r\n\r\n")), Then::KeepsOpen),
        ("bad second chunk", bytes(&format!("{chunked}2\r\nok\r\n-1\r\n")), Then::KeepsOpen),
        ("chunk longer than said", bytes(&format!("{chunked}2\r\nok, long\r\n0\r\n\r\n")), Then::KeepsOpen),
        ("broken trailer", bytes(&format!("{chunked}2\r\nok\r\n0\r\nno trailer\r\n\r\n")), Then::KeepsOpen),
        (
            "an event stream",
            bytes(&format!("{head}content-type: text/event-stream\r\n\r\n")),
            Then::Repeats(b"data: x\n\n"),
        ),
        ("chunks without an end", bytes(&chunked), Then::Repeats(b"2\r\nok\r\n")),
        ("more than its length", [ok(""), bytes("more")].concat(), Then::KeepsOpen),
        (
            "length and chunks",
            bytes(&format!("{head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")),
            Then::KeepsOpen,
        ),
        ("HTTP/1.0", bytes("HTTP/1.0 200 OK\r\n\r\nok"), Then::Closes),
        ("HTTP/1.0, kept open", bytes("HTTP/1.0 200 OK\r\n\r\nok"), Then::KeepsOpen),
        ("compressed, it says", ok("content-encoding: gzip\r\n"), Then::KeepsOpen),
        ("not text", bytes(&format!("{head}content-length: 4\r\n\r\na\0b\0")), Then::KeepsOpen),
    ];
    let rows = attempts(cases).await;
    assert_eq!(not_delivered(&rows, 200), Vec::<String>::new());
    for (name, row) in &rows {
        assert!(row.attempts[0].duration_ms < 1_500, "{name}: within the time limit of a second");
    }
    let kept = |name: &str| rows.iter().find(|row| row.0 == name).and_then(|row| row.1.attempts[0].answer.clone());
    assert_eq!(kept("shorter than its length").as_deref(), Some("ok"));
    assert_eq!(kept("chunked without its end, kept open").as_deref(), Some("ok"));
    assert_eq!(kept("no length, no body, kept open"), None);
}

#[tokio::test]
async fn a_204_needs_no_body_and_its_body_does_not_matter() {
    let cases = vec![
        ("plain", bytes("HTTP/1.1 204 No Content\r\n\r\n"), Then::KeepsOpen),
        ("with a length", bytes("HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nok"), Then::KeepsOpen),
        ("with a body", bytes("HTTP/1.1 204 No Content\r\n\r\nok"), Then::KeepsOpen),
        ("chunked", bytes("HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n"), Then::KeepsOpen),
    ];
    assert_eq!(not_delivered(&attempts(cases).await, 204), Vec::<String>::new());
}

/// Answers that the parsers of Node.js, browsers and curl accept, in their default settings or in settings that people
/// use.
#[tokio::test]
async fn odd_heads_that_other_clients_take_are_taken() {
    let cookies: Vec<_> = (0..50).map(|number| format!("set-cookie: a{number}={}\r\n", "b".repeat(2_000))).collect();
    let latin1 = b"HTTP/1.1 200 OK\r\nx-name: Gr\xfc\xdfe\r\ncontent-length: 2\r\n\r\nok".to_vec();
    let cases = vec![
        ("a folded header", ok("content-security-policy: default-src 'self';\r\n  img-src *\r\n"), Then::KeepsOpen),
        ("a folded header with a tab", ok("x-long: a;\r\n\tb\r\n"), Then::KeepsOpen),
        ("a space before the colon", ok("x-powered-by : x\r\n"), Then::KeepsOpen),
        ("a space in a header's name", ok("x powered by: x\r\n"), Then::KeepsOpen),
        ("a header line without a colon", ok("nonsense\r\n"), Then::KeepsOpen),
        ("a header without a name", ok(": x\r\n"), Then::KeepsOpen),
        ("a leading space in the first header", ok(" x-frame: y\r\n"), Then::KeepsOpen),
        ("a leading space in a later header", ok("x-a: b\r\n x-frame: y\r\n"), Then::KeepsOpen),
        ("a control character in a value", ok("x-name: a\x01b\r\n"), Then::KeepsOpen),
        ("a control character in a name", ok("x-\x01name: ab\r\n"), Then::KeepsOpen),
        ("UTF-8 in a value", ok("x-name: Grüße\r\n"), Then::KeepsOpen),
        ("UTF-8 in a name", ok("x-größe: 1\r\n"), Then::KeepsOpen),
        ("Latin-1 in a value", latin1, Then::KeepsOpen),
        ("99 headers", ok(&headers(99)), Then::KeepsOpen),
        ("101 headers", ok(&headers(101)), Then::KeepsOpen),
        ("1,000 headers", ok(&headers(1_000)), Then::KeepsOpen),
        ("a header of 20 KB", ok(&format!("x-long: {}\r\n", "a".repeat(20_000))), Then::KeepsOpen),
        ("100 KB of headers", ok(&cookies.concat()), Then::KeepsOpen),
        ("two equal lengths", ok("content-length: 2\r\n"), Then::KeepsOpen),
        ("no reason", bytes("HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok"), Then::KeepsOpen),
        ("no reason, a space", bytes("HTTP/1.1 200 \r\ncontent-length: 2\r\n\r\nok"), Then::KeepsOpen),
        ("bare line feeds", bytes("HTTP/1.1 200 OK\ncontent-length: 2\n\nok"), Then::KeepsOpen),
        ("an empty line first", [bytes("\r\n"), ok("")].concat(), Then::KeepsOpen),
    ];
    assert_eq!(not_delivered(&attempts(cases).await, 200), Vec::<String>::new());
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let after = |interim: &str| [bytes(interim), ok("")].concat();
    let cases = vec![
        ("100", after("HTTP/1.1 100 Continue\r\n\r\n"), Then::KeepsOpen),
        ("102 twice", after("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"), Then::KeepsOpen),
        ("103", after("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\nodd\r\n\r\n"), Then::KeepsOpen),
    ];
    assert_eq!(not_delivered(&attempts(cases).await, 200), Vec::<String>::new());
    // These are not the status of the request: without a status after them the request has no answer.
    let alone = attempts(vec![("alone", bytes("HTTP/1.1 100 Continue\r\n\r\n"), Then::KeepsOpen)]).await;
    assert_eq!(alone[0].1.attempts[0].outcome, Outcome::Timeout);
    let alone = attempts(vec![("alone", bytes("HTTP/1.1 100 Continue\r\n\r\n"), Then::Closes)]).await;
    assert_eq!(alone[0].1.attempts[0].outcome, Outcome::Protocol);
}

#[tokio::test]
async fn a_status_below_or_above_2xx_is_a_refusal_with_any_body() {
    for status in [302, 404, 500] {
        let head = format!("HTTP/1.1 {status} No\r\n");
        let rows = attempts(vec![
            ("shorter", bytes(&format!("{head}content-length: 10\r\n\r\nok")), Then::Closes),
            ("kept open", bytes(&format!("{head}\r\nok")), Then::KeepsOpen),
            ("chunked", bytes(&format!("{head}transfer-encoding: chunked\r\n\r\nzz")), Then::KeepsOpen),
        ]);
        for (name, row) in rows.await {
            let attempt = &row.attempts[0];
            assert_eq!(attempt.outcome, Outcome::RefusedStatus { status, retry_after: None }, "{name}");
        }
    }
}

#[tokio::test]
async fn retry_after_counts_with_any_body() {
    let head = "HTTP/1.1 503 No\r\nretry-after: 100\r\n";
    for (body, then) in [
        ("content-length: 10\r\n\r\nok", Then::Closes),
        ("content-length: 10\r\n\r\nok", Then::KeepsOpen),
        ("transfer-encoding: chunked\r\n\r\nzz\r\n", Then::KeepsOpen),
        ("broken\r\nfolded: a\r\n b\r\ncontent-length: 10\r\n\r\nok", Then::Closes),
    ] {
        let rows = attempts(vec![("busy", bytes(&format!("{head}{body}")), then)]).await;
        let DeliveryState::Waiting { next_attempt_at } = rows[0].1.state else { panic!("{rows:?}") };
        let waits = next_attempt_at.duration_since(rows[0].1.attempts[0].at);
        assert!(waits >= SignedDuration::from_secs(100), "{body}: {waits:?}");
    }
}

#[tokio::test]
async fn what_receivers_ask_for_counts_with_any_body() {
    let gone = (DeadReason::Gone, Some(DisabledReason::Gone));
    let asked = (DeadReason::ReceiverAsked, Some(DisabledReason::ReceiverAsked));
    for (head, (reason, disabled)) in [
        ("HTTP/1.1 410 Gone\r\n", gone),
        ("HTTP/1.1 500 No\r\nwebhook-delivery: disable\r\n", asked),
        ("HTTP/1.1 500 No\r\nwebhook-delivery: abort-message\r\n", (DeadReason::Aborted, None)),
    ] {
        for then in [Then::Closes, Then::KeepsOpen] {
            let scene = Scene::start().await;
            let raw = Raw::start(bytes(&format!("{head}content-length: 10\r\n\r\nok")), then).await;
            let webhook = scene.webhook_with(&raw.url, |webhook| webhook).await;
            let event = scene.accept("a").await;
            scene.world.pump_stream().await.unwrap();
            pump(&scene, &[&raw], TIMEOUT).await;
            assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Dead { reason }, "{head}");
            let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
            let status = disabled.map_or(WebhookStatus::Enabled, |reason| WebhookStatus::Disabled { reason });
            assert_eq!(stored.status, status, "{head}");
        }
    }
}

/// An answer without a known end leaves bytes in its connection, which would be read as the next answer.
#[tokio::test]
async fn a_connection_with_an_unfinished_answer_is_not_used_again() {
    for (answer, then, connections) in [
        (ok(""), Then::KeepsOpen, 1),
        (bytes("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nok"), Then::KeepsOpen, 3),
        ([ok(""), ok("")].concat(), Then::KeepsOpen, 3),
    ] {
        let scene = Scene::start().await;
        let raw = Raw::start(answer.clone(), then).await;
        scene.webhook_with(&raw.url, |webhook| webhook).await;
        for key in ["a", "b", "c"] {
            scene.accept(key).await;
            scene.world.pump_stream().await.unwrap();
            pump(&scene, &[&raw], TIMEOUT).await;
        }
        assert_eq!(raw.requests.load(Ordering::SeqCst), 3);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(raw.connections.load(Ordering::SeqCst), connections, "{answer}");
    }
}

#[tokio::test]
async fn the_main_urls_status_decides_whether_the_backup_is_asked() {
    for (head, is_asked) in
        [("HTTP/1.1 200 OK\r\n", false), ("HTTP/1.1 410 Gone\r\n", false), ("HTTP/1.1 500 No\r\n", true)]
    {
        let scene = Scene::start().await;
        let main = Raw::start(bytes(&format!("{head}content-length: 10\r\n\r\nok")), Then::KeepsOpen).await;
        let backup =
            Raw::start(bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n"), Then::KeepsOpen);
        let backup = backup.await;
        let backup_url = Some(WebhookUrl::from_stored(&backup.url).unwrap());
        let webhook = scene.webhook_with(&main.url, |webhook| Webhook { backup_url, ..webhook }).await;
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        // Each URL has half of the time limit.
        let asked = if is_asked { vec![&main, &backup] } else { vec![&main] };
        pump(&scene, &asked, TIMEOUT / 2).await;
        let attempt = scene.row(&webhook, &event).await.attempts.remove(0);
        assert_eq!(backup.requests.load(Ordering::SeqCst), usize::from(is_asked), "{head}");
        assert_eq!(matches!(attempt.target, Target::Backup { .. }), is_asked, "{head}");
        assert!(attempt.duration_ms < 1_500, "{attempt:?}");
    }
}

/// An answer that no client could read is a failure.
#[tokio::test]
async fn what_is_no_answer_is_a_failure() {
    let cases = vec![
        ("no HTTP", bytes("SSH-2.0-OpenSSH_9.6\r\n\r\n"), Then::KeepsOpen),
        ("no status", bytes("HTTP/1.1 OK\r\n\r\n"), Then::KeepsOpen),
        ("a head without its end", bytes("HTTP/1.1 200 OK\r\nx-a: b\r\n"), Then::Closes),
        ("two lengths", ok("content-length: 3\r\n"), Then::KeepsOpen),
        ("more headers than the limit", ok(&headers(6_000)), Then::KeepsOpen),
        (
            "more bytes of headers than the limit",
            ok(&format!("x-long: {}\r\n", "a".repeat(2_000_000))),
            Then::KeepsOpen,
        ),
    ];
    for (name, row) in attempts(cases).await {
        assert_eq!(row.attempts[0].outcome, Outcome::Protocol, "{name}");
    }
}
