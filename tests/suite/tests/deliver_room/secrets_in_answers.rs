//! Receivers that repeat the request, or show what they know: the stored part of their answers contains no secret.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use shared::breaker::BreakerSettings;
use shared::clock::random;
use shared::secret::SigningSecret;
use shared::webhook::{CustomName, CustomValue, MAX_SIGNING_SECRETS, SigningSecrets, Webhook, WebhookUrl};
use support::world::DELIVERIES;
use support::{Answer, Receiver};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::Scene;

/// The value of a sensitive header, with characters that every notation escapes in its own way.
const API_KEY: &str = r#"key-"quoted"&<tag>\back/100%+1"#;
/// The passwords of the URL and of the backup URL, as they are in the URL and as they are sent.
const PASSWORD: (&str, &str) = ("p%3Ass%22w%C3%B6rd", "p:ss\"wörd");
const BACKUP_PASSWORD: &str = "backup-password";

/// A webhook with every kind of secret.
fn secretive(webhook: Webhook, scene: &Scene, url: &str) -> Webhook {
    let with_user = |user: &str| WebhookUrl::from_stored(&url.replace("http://", &format!("http://{user}@"))).unwrap();
    let header = |value: &str, sensitive| CustomValue::parse(value, sensitive).unwrap();
    let name = |text: &str| CustomName::parse(text).unwrap();
    let until = scene.world.clock.now() + jiff::SignedDuration::from_hours(1);
    Webhook {
        url: with_user(&format!("user:{}", PASSWORD.0)).into(),
        breaker: BreakerSettings { failures: 1_000, ..webhook.breaker },
        backup_url: Some(with_user(&format!("user:{BACKUP_PASSWORD}"))),
        headers: BTreeMap::from([
            (name("x-api-key"), header(API_KEY, true)),
            (name("x-token"), header("Bearer token-of-the-tenant", true)),
            (name("x-shown"), header("shown to everybody", false)),
        ]),
        secrets: SigningSecrets {
            current: webhook.secrets.current.clone(),
            previous: Some((SigningSecret::generate(random()), until)),
            interim: Some((SigningSecret::generate(random()), until)),
        },
        ..webhook
    }
}

/// All forms in which the secrets of [`secretive`] must not be kept.
fn forbidden(webhook: &Webhook) -> Vec<String> {
    let former = webhook.secrets.former().map(|(secret, _)| secret);
    let signing: Vec<_> = std::iter::once(&webhook.secrets.current).chain(former).collect();
    assert_eq!(signing.len(), MAX_SIGNING_SECRETS);
    let mut forms: Vec<String> =
        [API_KEY, "token-of-the-tenant", PASSWORD.0, PASSWORD.1, BACKUP_PASSWORD].map(str::to_owned).to_vec();
    forms.extend([PASSWORD.1, BACKUP_PASSWORD].map(|password| BASE64_STANDARD.encode(format!("user:{password}"))));
    for secret in signing {
        forms.push(secret.expose().to_owned());
        forms.push(secret.expose().trim_start_matches("whsec_").to_owned());
        forms.push(hex::encode(secret.standard_key()));
        forms.push(hex::encode_upper(secret.standard_key()));
    }
    forms
}

fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

fn json_of_php(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '&' | '<' | '>' | '\'' => format!("\\u{:04X}", u32::from(c)),
        '/' => "\\/".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => format!("\\u{:04x}", u32::from(c)),
    };
    text.chars().map(escaped).collect()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

fn html_of_numbers(text: &str) -> String {
    let escaped = |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) };
    text.chars().map(escaped).collect()
}

fn percent(text: &str) -> String {
    let escaped = |byte: u8| {
        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02x}") }
    };
    text.bytes().map(escaped).collect()
}

/// The stored part of this answer of a receiver.
async fn kept(answer: &str) -> Option<String> {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    receiver.script("/hook", [Answer::Full(500, Vec::new(), answer.as_bytes().to_vec())]);
    let webhook = scene.webhook_with(&url, |webhook| secretive(webhook, &scene, &url)).await;
    attempted(&scene, &webhook).await
}

/// The stored part of the answer to an attempt.
async fn attempted(scene: &Scene, webhook: &Webhook) -> Option<String> {
    let event = scene.accept(&hex::encode(random::<8>())).await;
    scene.world.pump_stream().await.unwrap();
    while scene.world.pump_queue(DELIVERIES).await > 0 {}
    scene.row(webhook, &event).await.attempts[0].answer.clone()
}

#[tokio::test]
async fn secrets_are_hidden_in_every_notation() {
    let secrets = [API_KEY, "token-of-the-tenant", PASSWORD.1, BACKUP_PASSWORD];
    for notation in [
        str::to_owned,
        json,
        json_of_php,
        html,
        html_of_numbers,
        percent,
        |text: &str| html(&json(text)),
        |text: &str| json(&html(text)),
        |text: &str| percent(&percent(text)),
    ] {
        let body = secrets.map(|secret| format!("before {} after", notation(secret))).join("\n");
        assert_eq!(kept(&body).await, Some(["before *** after"; 4].join("\n")), "{body}");
    }
}

/// An error page in debug mode lists the request's headers.
#[tokio::test]
async fn a_receiver_that_repeats_its_request_shows_no_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 65536];
            let read = stream.read(&mut request).await.unwrap();
            let head = b"HTTP/1.1 500 No\r\nconnection: close\r\n\r\n";
            stream.write_all(&[&head[..], &request[..read]].concat()).await.unwrap();
        }
    });
    let scene = Scene::start().await;
    let webhook = scene.webhook_with(&url, |webhook| secretive(webhook, &scene, &url)).await;
    let answer = attempted(&scene, &webhook).await.unwrap();
    for form in forbidden(&webhook) {
        assert!(!answer.contains(&form), "{form} in {answer}");
    }
    for shown in
        ["x-api-key: ***\r\n", "authorization: Basic ***\r\n", "x-token: ***\r\n", "x-shown: shown to everybody"]
    {
        assert!(answer.contains(shown), "{shown} in {answer}");
    }
}

#[tokio::test]
async fn every_form_is_hidden_wherever_it_stands_in_the_answer() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| secretive(webhook, &scene, &url)).await;
    let forms = forbidden(&webhook);
    let mut answers = Vec::new();
    for form in &forms {
        // Secrets also stand at the end of the first 1,024 bytes, and at the end of the part of a body that is read.
        for before in [0, 1_000, 1_024 - form.len() / 2, 1_023, 16 * 1_024 - form.len() / 2] {
            answers.push(Answer::Full(500, Vec::new(), format!("{}{form} after", ".".repeat(before)).into_bytes()));
        }
        // A hidden secret is shorter than the secret, so text from far behind moves into the first bytes.
        let many = form.repeat(16 * 1_024 / form.len() + 2);
        answers.push(Answer::Full(500, Vec::new(), many.into_bytes()));
    }
    for answer in answers {
        receiver.script("/hook", [answer]);
        let answer = attempted(&scene, &webhook).await.unwrap();
        assert!(answer.len() <= 1_024);
        for form in &forms {
            // Not even the beginning of a secret is there. The first bytes of a form alone could be those of a word.
            let beginning: String = form.chars().take(6).collect();
            assert!(!answer.contains(&beginning), "{form} in {answer}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_in_a_secret_shows_nothing_of_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            assert!(stream.read(&mut vec![0; 65536]).await.unwrap() > 0);
            let answer = b"HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\nthe token is token-of-the-ten";
            stream.write_all(answer).await.unwrap();
        }
    });
    let scene = Scene::start().await;
    let webhook = scene.webhook_with(&url, |webhook| secretive(webhook, &scene, &url)).await;
    let answer = attempted(&scene, &webhook).await;
    assert_eq!(answer.as_deref(), Some("the token is ***"));
}

/// A password of one letter is in every word. It is hidden only if the user name or base64 shows that it is the
/// password.
#[tokio::test]
async fn a_secret_of_a_letter_does_not_blank_the_answer() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let said = "an example: a:a@host, user:a@host, Basic dXNlcjph";
    receiver.script("/hook", [Answer::Full(500, Vec::new(), said.as_bytes().to_vec())]);
    let with_user = WebhookUrl::from_stored(&url.replace("http://", "http://user:a@")).unwrap();
    let webhook = scene.webhook_with(&url, |webhook| Webhook { url: with_user.into(), ..webhook }).await;
    let answer = attempted(&scene, &webhook).await;
    assert_eq!(answer.as_deref(), Some("an example: a:a@host, ***@host, Basic ***"));
}

#[tokio::test]
async fn nothing_of_the_table_holds_a_secret() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| secretive(webhook, &scene, &url)).await;
    let forms = forbidden(&webhook);
    receiver.script("/hook", [Answer::Full(410, vec![("location", forms.concat())], forms.join(" ").into_bytes())]);
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    for table in ["deliveries", "events"] {
        let rows = format!("{:?}", scene.world.aws.scan_unbroken(table).unwrap());
        for form in &forms {
            assert!(!rows.contains(form), "{form} in {rows}");
        }
    }
}
