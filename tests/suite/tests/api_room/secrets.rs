//! An export of the registry discloses no secret.

use serde_json::json;
use shared::store::Readable;
use shared::webhook::{Destination, WebhookUrl};

use crate::room::Room;

#[tokio::test]
async fn no_secret_given_or_made_stands_in_the_table() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let given = tenant
        .post(
            "/api/v1/webhooks",
            &json!({ "url": "https://example.com/1", "events": ["*"], "secret": "Given-Signing-Secret" }),
        )
        .await;
    let made = tenant.post("/api/v1/webhooks", &json!({ "url": "https://example.com/2", "events": ["*"] })).await;
    let path = format!("/api/v1/webhooks/{}/rotate-secret", given.text("id"));
    let rotated = tenant.post(&path, &json!({ "overlap_seconds": 3600 })).await;
    let mut secrets = vec!["Given-Signing-Secret".to_owned(), made.text("secret"), rotated.text("secret")];
    for (body, held) in [
        (json!({ "provider": "mailgun", "verification": { "signing_key": "Key-Of-Mailgun" } }), "Key-Of-Mailgun"),
        (
            json!({ "provider": "mandrill", "verification": { "signing_key": "Key-Of-Mandrill",
                "url": "https://in:Word-In-Url@example.com/{ingest_key}" } }),
            "Word-In-Url",
        ),
        (
            json!({ "provider": "brevo", "credentials": { "basic": [{ "username": "in", "password": "Word-Of-Basic" }] } }),
            "Word-Of-Basic",
        ),
        (json!({ "provider": "generic", "credentials": { "bearer": ["Token-One", "Token-Two"] } }), "Token-Two"),
        (
            json!({ "provider": "generic",
                "credentials": { "header": { "name": "x-api-key", "values": ["Value-Of-Header"] } } }),
            "Value-Of-Header",
        ),
    ] {
        let created = tenant.post("/api/v1/sources", &body).await;
        assert_eq!(created.status, 201, "{created}");
        secrets.push(held.to_owned());
    }
    secrets.extend(["Key-Of-Mandrill".to_owned(), "Token-One".to_owned()]);
    let urls = json!({
        "url": "https://in:Word-Of-Url@example.com/3", "backup_url": "https://in:Word-Of-Backup@example.com/3",
        "events": ["*"],
    });
    assert_eq!(tenant.post("/api/v1/webhooks", &urls).await.status, 201);
    secrets.extend(["Word-Of-Url".to_owned(), "Word-Of-Backup".to_owned()]);
    secrets.extend(room.world.aws.kms.data_keys());
    // The encoded form of a secret must not appear either.
    let bare = |secret: &str| secret.trim_start_matches("whsec_").to_owned();
    let table = format!("{:?}", room.world.aws.scan_unbroken("registry").unwrap());
    for secret in &secrets {
        assert!(!table.contains(&bare(secret)), "{secret}");
        assert!(!table.contains(&base64(secret)), "{secret}");
    }
    // A caller with the key can open all of them.
    let webhooks = room.world.another_registry().webhooks.list(tenant.tenant_id(), None, 100).await.unwrap();
    let webhooks: Vec<_> = webhooks.items.into_iter().filter_map(Readable::read).collect();
    let signing = |index: usize| webhooks[index].secrets.current.expose().to_owned();
    assert_eq!([signing(0), signing(1)], [rotated.text("secret"), made.text("secret")]);
    let with_passwords = &webhooks[2];
    let whole = WebhookUrl::from_stored("https://in:Word-Of-Url@example.com/3").unwrap();
    assert_eq!(with_passwords.url, Destination::from(whole));
    let backup = with_passwords.backup_url.as_ref().unwrap();
    assert_eq!(backup.expose(), "https://in:Word-Of-Backup@example.com/3");
    let previous = webhooks[0].secrets.previous.as_ref().unwrap();
    assert_eq!(previous.0.expose(), "Given-Signing-Secret");
}

fn base64(text: &str) -> String {
    use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
    let encoded = BASE64_STANDARD_NO_PAD.encode(text);
    // The end of the encoding depends on what follows, so it is left out.
    encoded[..encoded.len() - 2].to_owned()
}

#[tokio::test]
async fn without_a_key_nothing_is_stored_and_the_answer_says_try_again() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    room.world.aws.kms.refuse(true);
    let webhook = json!({ "url": "https://example.com/1", "events": ["*"] });
    let refused = tenant.post("/api/v1/webhooks", &webhook).await;
    assert_eq!(refused.status, 503, "{refused}");
    // Operations that need no secret succeed.
    assert_eq!(tenant.post("/api/v1/sources", &json!({ "provider": "generic" })).await.status, 201);
    room.world.aws.kms.refuse(false);
    assert_eq!(tenant.get("/api/v1/webhooks").await.data().len(), 0);
    assert_eq!(tenant.post("/api/v1/webhooks", &webhook).await.status, 201);
}
