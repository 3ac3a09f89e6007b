//! Deliveries of webhooks that sign with a key of their own.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ED25519, UnparsedPublicKey};
use shared::dialect::Dialect;
use shared::secret::SigningSecret;
use shared::webhook::{SigningSecrets, Webhook};
use support::Receiver;
use support::receiver::Received;

use crate::Scene;

/// Whether one of the signatures is `v1a` and verifies, for a receiver that has only the public key.
fn verifies(got: &Received, public_key: &str) -> bool {
    let header = |name: &str| got.headers[name].to_str().unwrap();
    let key = BASE64_STANDARD.decode(public_key.strip_prefix("whpk_").unwrap()).unwrap();
    let head = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp"));
    let signed = [head.as_bytes(), &got.body].concat();
    let mut signatures = header("webhook-signature").split(' ').filter_map(|text| text.strip_prefix("v1a,"));
    signatures.any(|text| {
        let signature = BASE64_STANDARD.decode(text).unwrap();
        UnparsedPublicKey::new(&ED25519, &key).verify(&signed, &signature).is_ok()
    })
}

#[tokio::test]
async fn the_public_key_is_enough_to_verify_and_a_former_secret_signs_too() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let (pair, former) = (SigningSecret::generate_key_pair([3; 32]), SigningSecret::generate([4; 32]));
    let until = Timestamp::from_millisecond(scene.world.clock.now().as_millisecond()).unwrap();
    let until = until + SignedDuration::from_hours(1);
    let with_both = |mut webhook: Webhook| {
        webhook.secrets.current = pair.clone();
        webhook.secrets.previous = Some((former.clone(), until));
        webhook
    };
    scene.world.webhook_with(scene.tenant, &receiver.url("/hook"), with_both).await.unwrap();
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let got = receiver.received("/hook").remove(0);
    assert!(verifies(&got, &pair.public_key().unwrap().to_string()));
    let other = SigningSecret::generate_key_pair([5; 32]);
    assert!(!verifies(&got, &other.public_key().unwrap().to_string()));
    // A receiver that still has only the shared secret can verify the delivery, too.
    assert!(got.verifies_with(former.expose()));
}

/// The header of Standard Webhooks has room for the signatures of all secrets, and every dialect has this header. A
/// dialect's own signature is made by the current secret alone, because its receivers look for one.
#[tokio::test]
async fn three_secrets_sign_in_every_dialect_and_the_current_one_alone_makes_its_own_signature() {
    for dialect in Dialect::ALL.iter().copied() {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let until = scene.world.clock.now() + SignedDuration::from_hours(1);
        let [current, interim, previous] = [7, 8, 9].map(|number| SigningSecret::generate([number; 32]));
        let secrets = SigningSecrets {
            current: current.clone(),
            previous: Some((previous.clone(), until)),
            interim: Some((interim.clone(), until + SignedDuration::from_hours(1))),
        };
        let of_dialect = |webhook: Webhook| Webhook { secrets, dialect, ..webhook };
        scene.world.webhook_with(scene.tenant, &receiver.url("/hook"), of_dialect).await.unwrap();
        scene.accept("a").await;
        scene.world.run_until_idle().await.unwrap();
        let got = receiver.received("/hook").remove(0);
        for secret in [&current, &interim, &previous] {
            assert!(got.verifies_with(secret.expose()), "{}", dialect.as_str());
        }
        assert_eq!(got.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 3);
        let own = match dialect {
            Dialect::Platform => Some("x-webhook-signature"),
            Dialect::Mailgreet => Some("x-mailgreet-signature"),
            Dialect::Mailtura => Some("x-mailtura-signature"),
            // Mailgun's is in the body; the test of the dialects reads it.
            Dialect::Standard | Dialect::Mailjet | Dialect::MailjetV2 | Dialect::Mailgun | Dialect::MailgunLegacy => {
                None
            }
        };
        if let Some(name) = own {
            let expected = shared::signature::hex_of_body(&current, &got.body);
            assert_eq!(got.headers[name].to_str().unwrap().trim_start_matches("sha256="), expected);
        }
        scene.world.clock.advance(SignedDuration::from_mins(61));
        scene.accept("b").await;
        scene.world.run_until_idle().await.unwrap();
        let later = receiver.received("/hook").remove(1);
        let verifies = [&current, &interim, &previous].map(|secret| later.verifies_with(secret.expose()));
        assert_eq!(verifies, [true, true, false], "{}", dialect.as_str());
    }
}
