//! What a source may require in addition to the ingest key: credentials and networks.

use shared::provider::Provider;
use shared::secret::VerificationSecret;
use shared::source::{BasicPair, Credentials, Trust};
use support::senders::{Sender, basic};
use support::signers::{JSON, Signed};

use crate::room::Room;

const EVENT: &str = r#"{"type":"open","email_id":"m-1","timestamp":"2026-01-02T03:04:05Z"}"#;

fn secrets(texts: [&str; 2]) -> Vec<VerificationSecret> {
    texts.iter().map(|text| VerificationSecret::parse(text).unwrap()).collect()
}

fn pair(username: &str, password: &str) -> BasicPair {
    BasicPair { username: username.to_owned(), password: VerificationSecret::parse(password).unwrap() }
}

fn event() -> Signed {
    Signed::plain(JSON, EVENT)
}

#[tokio::test]
async fn either_of_two_values_is_taken_and_no_other() {
    let kinds = [
        (
            Credentials::Basic(vec![pair("old", "password-1"), pair("new", "pass:word-2")]),
            "authorization",
            [basic("old", "password-1"), basic("new", "pass:word-2")],
            vec![
                basic("old", "pass:word-2"),
                basic("new", "password-1"),
                basic("old", "password-12"),
                basic("", "password-1"),
                "Basic %".to_owned(),
                "Bearer password-1".to_owned(),
            ],
        ),
        (
            Credentials::Bearer(secrets(["token-1", "token-2"])),
            "authorization",
            ["Bearer token-1".to_owned(), "bearer token-2".to_owned()],
            vec!["Bearer token-3".to_owned(), "Bearer token-".to_owned(), "token-1".to_owned(), basic("", "token-1")],
        ),
        (
            Credentials::Header { name: "x-api-key".parse().unwrap(), values: secrets(["value-1", "value-2"]) },
            "X-API-Key",
            ["value-1".to_owned(), "value-2".to_owned()],
            vec!["value-3".to_owned(), "Bearer value-1".to_owned(), String::new()],
        ),
    ];
    for (credentials, header, good, bad) in kinds {
        let room = Room::start().await;
        let trust = Trust { credentials: Some(credentials), ..Trust::unsigned() };
        let (_, key) = room.source_trusting(Provider::Generic, trust).await;
        let missing = room.take(&key, &event()).await;
        assert_eq!(missing.problem(), (401, "not-authentic"));
        assert_eq!(missing.headers["www-authenticate"], "Basic realm=\"mailhooks\"");
        for value in bad {
            let answer = room.take(&key, &event().with(header, value.clone())).await;
            assert_eq!(answer.problem(), (401, "not-authentic"), "{value}");
        }
        assert!(room.stored().is_empty());
        for value in good {
            assert_eq!(room.take(&key, &event().with(header, value.clone())).await.status, 200, "{value}");
        }
        assert_eq!(room.stored().len(), 1);
    }
}

#[tokio::test]
async fn they_are_wanted_in_addition_to_a_signature_and_do_not_replace_it() {
    let room = Room::start().await;
    let sender = Sender::of(Provider::MailerSend).unwrap();
    let trust =
        Trust { credentials: Some(Credentials::Bearer(secrets(["token-1", "token-2"]))), ..sender.trust().unwrap() };
    let (_, key) = room.source_trusting(Provider::MailerSend, trust).await;
    let signed = room.good(&sender, &key, 1);
    let bearer = "Bearer token-1";
    assert_eq!(room.take(&key, &signed).await.status, 401);
    assert_eq!(room.take(&key, &sender.unsigned(signed.clone()).with("authorization", bearer)).await.status, 401);
    assert!(room.stored().is_empty());
    assert_eq!(room.take(&key, &signed.with("authorization", bearer)).await.status, 200);
    assert_eq!(room.stored().len(), 1);
}

#[tokio::test]
async fn a_source_takes_posts_from_its_networks_alone() {
    let room = Room::start().await;
    let networks = ["185.107.232.0/24", "2001:db8::/32", "192.0.2.7/32"].map(|network| network.parse().unwrap());
    let trust = Trust { networks: networks.to_vec(), ..Trust::unsigned() };
    let (_, key) = room.source_trusting(Provider::Generic, trust).await;
    let from =
        async |address: &str, post: &Signed| room.take_through_gateway(&key, post, address, str::to_owned).await.status;
    for foreign in ["185.107.233.1", "2001:db9::1", "192.0.2.8", "nonsense", ""] {
        assert_eq!(from(foreign, &event()).await, 401, "{foreign}");
        // The address in a header that the sender writes itself does not count.
        let claims = event().with("x-forwarded-for", "185.107.232.1").with("x-real-ip", "185.107.232.1");
        assert_eq!(from(foreign, &claims).await, 401, "{foreign}");
    }
    // The request has no sender's address.
    assert_eq!(room.take(&key, &event()).await.status, 401);
    assert!(room.stored().is_empty());
    for own in ["185.107.232.1", "185.107.232.255", "2001:db8:ffff::1", "192.0.2.7", "::ffff:192.0.2.7"] {
        assert_eq!(from(own, &event()).await, 200, "{own}");
    }
    assert_eq!(room.stored().len(), 1);
}

#[tokio::test]
async fn what_a_refused_post_said_is_in_no_answer() {
    let room = Room::start().await;
    let trust = Trust { credentials: Some(Credentials::Bearer(secrets(["token-1", "token-2"]))), ..Trust::unsigned() };
    let (_, key) = room.source_trusting(Provider::Generic, trust).await;
    let answer = room.take(&key, &event().with("authorization", "Bearer guessed-token")).await;
    let said = answer.body.to_string();
    for secret in ["token-1", "token-2", "guessed-token", key.expose()] {
        assert!(!said.contains(secret), "{said}");
    }
}
