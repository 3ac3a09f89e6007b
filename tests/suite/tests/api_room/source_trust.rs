//! What a source's posts must prove in addition to the ingest key: credentials, networks, Mandrill's URL. Also sources
//! that were stored before these settings existed.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::clock::random;
use shared::id::SourceId;
use shared::source::{Credentials, IngestKeyHash, Source, Verification};

use crate::room::{Caller, Room};

/// The source at `path`, as it is stored.
async fn stored(room: &Room, tenant: &Caller<'_>, path: &str) -> Source {
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    room.world.registry.sources.get(tenant.tenant_id(), id).await.unwrap().unwrap()
}

async fn made(tenant: &Caller<'_>, body: &Value) -> String {
    format!("/api/v1/sources/{}", tenant.post("/api/v1/sources", body).await.text("id"))
}

fn brevo_with(field: &str, value: &Value) -> Value {
    json!({ "provider": "brevo", field: value })
}

#[tokio::test]
async fn credentials_are_kept_and_not_shown() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut shown = Vec::new();
    for credentials in [
        json!({ "basic": [{ "username": "in", "password": "hunter2: ü" }] }),
        json!({ "basic": [{ "username": "in", "password": "hunter2" }, { "username": "in", "password": "hunter3" }] }),
        json!({ "bearer": ["hunter2", "hunter3"] }),
        json!({ "header": { "name": "X-Api-Key", "values": ["hunter2 and more"] } }),
    ] {
        let made = tenant.post("/api/v1/sources", &brevo_with("credentials", &credentials)).await;
        let path = format!("/api/v1/sources/{}", made.text("id"));
        let read = tenant.get(&path).await;
        assert_eq!(read.body["credentials"], made.body["credentials"]);
        assert!(!read.to_string().contains("hunter") && !made.to_string().contains("hunter"));
        shown.push(read.body["credentials"].to_string());
        let accepted = match stored(&room, &tenant, &path).await.trust.credentials.unwrap() {
            Credentials::Basic(pairs) => {
                pairs.iter().map(|pair| format!("{}:{}", pair.username, pair.password.expose())).collect::<Vec<_>>()
            }
            Credentials::Bearer(values) => values.iter().map(|value| value.expose().to_owned()).collect(),
            Credentials::Header { name, values } => {
                values.iter().map(|value| format!("{name}: {}", value.expose())).collect()
            }
        };
        shown.push(accepted.join(" | "));
    }
    insta::assert_snapshot!(shown.join("\n"), @r#"
    {"kind":"basic","values":1}
    in:hunter2: ü
    {"kind":"basic","values":2}
    in:hunter2 | in:hunter3
    {"kind":"bearer","values":2}
    hunter2 | hunter3
    {"header":"x-api-key","kind":"header","values":1}
    x-api-key: hunter2 and more
    "#);
}

#[tokio::test]
async fn bad_credentials_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for credentials in [
        json!({}),
        json!(null),
        json!("hunter2"),
        json!({ "basic": [] }),
        json!({ "bearer": ["a", "b", "c"] }),
        json!({ "bearer": ["a"], "basic": [{ "username": "in", "password": "x" }] }),
        json!({ "basic": [{ "username": "i:n", "password": "x" }, { "username": "in" }] }),
        json!({ "basic": [{ "username": "", "password": "", "realm": "x" }] }),
        json!({ "basic": [{ "username": "in", "password": "a\nb" }] }),
        json!({ "bearer": ["Bearer abc", ""] }),
        json!({ "bearer": ["x".repeat(1025)] }),
        json!({ "header": { "name": "x key", "values": ["a"] } }),
        json!({ "header": { "name": "Authorization", "values": ["a"] } }),
        json!({ "header": { "name": "content-type", "values": ["a"] } }),
        json!({ "header": { "name": "X-Forwarded-For", "values": [" a", "ü"] } }),
        json!({ "header": { "values": [] } }),
    ] {
        refusals.push(tenant.post("/api/v1/sources", &brevo_with("credentials", &credentials)).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    422 invalid-request: /credentials: give one of `basic`, `bearer` and `header`
    422 invalid-request: /credentials: expected an object, got null; leave the field out instead
    422 invalid-request: /credentials: expected an object, got text
    422 invalid-request: /credentials/basic: 1 to 2 values
    422 invalid-request: /credentials/bearer: at most 2 entries, got 3
    422 invalid-request: /credentials: give one of `basic`, `bearer` and `header`
    422 invalid-request: /credentials/basic/0/username: no colon and no control characters: basic authentication cannot carry them; /credentials/basic/1/password: is required
    422 invalid-request: /credentials/basic/0/username: 1 to 255 characters; /credentials/basic/0/password: 1 to 1024 bytes; /credentials/basic/0/realm: unknown field; this object knows: username, password
    422 invalid-request: /credentials/basic/0/password: no control characters
    422 invalid-request: /credentials/bearer/0: visible ASCII characters only, without `Bearer` before them; /credentials/bearer/1: 1 to 1024 bytes
    422 invalid-request: /credentials/bearer/0: 1 to 1024 bytes
    422 invalid-request: /credentials/header/name: expected the name of a header, as in `x-api-key`
    422 invalid-request: /credentials/header/name: for the header `authorization` give `basic` or `bearer`
    422 invalid-request: /credentials/header/name: proxies set this header themselves; choose a header of your own, as in `x-api-key`
    422 invalid-request: /credentials/header/name: proxies set this header themselves; choose a header of your own, as in `x-api-key`; /credentials/header/values/0: printable ASCII characters, without a space at either end; /credentials/header/values/1: printable ASCII characters, without a space at either end
    422 invalid-request: /credentials/header/name: is required; /credentials/header/values: 1 to 2 values
    ");
    assert_eq!(tenant.get("/api/v1/sources").await.data().len(), 0, "nothing was stored");
}

#[tokio::test]
async fn networks_are_networks() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let given = json!(["185.107.232.0/24", "1.179.112.0/20", "192.0.2.7", "2001:db8::/32", "2001:db8::1"]);
    let made = tenant.post("/api/v1/sources", &brevo_with("networks", &given)).await;
    assert_eq!(
        made.body["networks"].to_string(),
        r#"["185.107.232.0/24","1.179.112.0/20","192.0.2.7/32","2001:db8::/32","2001:db8::1/128"]"#
    );
    let read = tenant.get(&format!("/api/v1/sources/{}", made.text("id"))).await;
    assert_eq!(read.body["networks"], made.body["networks"]);

    let mut refusals = Vec::new();
    for networks in [
        json!(null),
        json!("192.0.2.7"),
        json!(["brevo.com", "192.0.2.7/33", "192.0.2.7/24", "0.0.0.0/0", "::/0", "::ffff:192.0.2.7", "", 7]),
        json!(vec!["192.0.2.7"; 51]),
    ] {
        refusals.push(tenant.post("/api/v1/sources", &brevo_with("networks", &networks)).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    422 invalid-request: /networks: expected a list, got null; leave the field out instead
    422 invalid-request: /networks: expected a list, got text
    422 invalid-request: /networks/0: expected a network like `185.107.232.0/24`, or a single address; /networks/1: expected a network like `185.107.232.0/24`, or a single address; /networks/2: has bits beyond its prefix; the network is `192.0.2.0/24`; /networks/3: this network is every address; leave it out; /networks/4: this network is every address; leave it out; /networks/5: write an IPv4 address as IPv4, not mapped into IPv6; /networks/6: 1 to 49 characters; /networks/7: expected text, got a number
    422 invalid-request: /networks: at most 50 entries, got 51
    ");
}

#[tokio::test]
async fn a_patch_leaves_what_it_does_not_name() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let body = json!({ "provider": "mailgun", "verification": { "signing_key": "key-1" },
        "credentials": { "bearer": ["one", "two"] }, "networks": ["192.0.2.0/24"] });
    let path = made(&tenant, &body).await;
    let before = stored(&room, &tenant, &path).await.trust;
    tenant.patch(&path, &json!({ "name": "EU" })).await;
    tenant.patch(&path, &json!({})).await;
    assert_eq!(stored(&room, &tenant, &path).await.trust, before);

    let patched = tenant.patch(&path, &json!({ "credentials": { "bearer": ["two"] }, "networks": [] })).await;
    insta::assert_snapshot!(patched, @r#"
    200 {
      "created_at": "TIME",
      "credentials": {
        "kind": "bearer",
        "values": 1
      },
      "id": "src_ID",
      "name": "EU",
      "networks": [],
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let patched =
        tenant.patch(&path, &json!({ "credentials": null, "verification": { "signing_key": "key-2" } })).await;
    assert_eq!(patched.body.get("credentials"), None);
    assert_eq!(stored(&room, &tenant, &path).await.trust.credentials, None);
    assert_eq!(tenant.patch(&path, &json!({ "allow_unsigned": true })).await.body["verification"]["kind"], "unsigned");
    insta::assert_snapshot!(tenant.patch(&path, &json!({ "allow_unsigned": false })).await.problem(), @r#"422 invalid-request: /verification: mailgun signs its posts: give {"signing_key": …}, or "allow_unsigned": true to accept posts from everybody who knows the ingest key"#);
    assert_eq!(tenant.patch(&path, &json!({ "name": "US" })).await.status, 200, "unsigned posts stay allowed");
    let again =
        tenant.patch(&path, &json!({ "verification": { "signing_key": "key-3" }, "allow_unsigned": false })).await;
    assert_eq!(again.body["verification"]["kind"], "signing_key");

    let faults = json!({ "verification": { "topic_arns": ["x"] }, "credentials": { "bearer": [] }, "networks": ["x"],
        "name": 7, "provider": "brevo" });
    insta::assert_snapshot!(tenant.patch(&path, &faults).await.problem(), @"422 invalid-request: /name: expected text, got a number; /verification/signing_key: is required; /verification/topic_arns: unknown field; this object knows: signing_key; /credentials/bearer: 1 to 2 values; /networks/0: expected a network like `185.107.232.0/24`, or a single address; /provider: unknown field; this object knows: name, allow_unsigned, verification, credentials, networks");
}

#[tokio::test]
async fn mandrills_url_is_kept_without_the_ingest_key() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant
        .post("/api/v1/sources", &json!({ "provider": "mandrill", "verification": { "signing_key": "key-1" } }))
        .await;
    let (path, key) = (format!("/api/v1/sources/{}", made.text("id")), made.text("ingest_key"));
    let kept = async || match stored(&room, &tenant, &path).await.trust.verification {
        Verification::KeyAndUrl { key, url } => format!("{} {}", key.expose(), url.expose()),
        other => panic!("{other:?}"),
    };
    assert_eq!(kept().await, "key-1 https://hooks.example.com/api/webhooks/{ingest_key}");

    // First the URL as a user copies it from Mandrill's settings, then each half of the setting alone.
    let url = format!("https://in:pw@hooks.example.com/api/webhooks/{key}?x=1");
    let patched = tenant.patch(&path, &json!({ "verification": { "url": url } })).await;
    assert_eq!(
        patched.body["verification"],
        json!({ "kind": "key_and_url" }),
        "the answer does not show the URL, because it can have a password"
    );
    assert_eq!(kept().await, "key-1 https://in:pw@hooks.example.com/api/webhooks/{ingest_key}?x=1");
    tenant.patch(&path, &json!({ "verification": { "signing_key": "key-2" } })).await;
    assert_eq!(kept().await, "key-2 https://in:pw@hooks.example.com/api/webhooks/{ingest_key}?x=1");
    let rows = format!("{:?}", room.world.aws.scan_unbroken("registry").unwrap());
    assert!(!rows.contains(&key), "no row has the ingest key in clear text");

    let rotated = tenant.post_nothing(&format!("{path}/rotate-key")).await;
    assert_eq!(kept().await, "key-2 https://in:pw@hooks.example.com/api/webhooks/{ingest_key}?x=1");
    assert_ne!(rotated.text("ingest_key"), key);

    let another = format!("https://hooks.example.com/api/webhooks/{key}");
    let mut refusals = Vec::new();
    for verification in [json!({}), json!({ "url": another }), json!({ "url": "ftp://example.com", "topic_arns": [] })]
    {
        refusals.push(tenant.patch(&path, &json!({ "verification": verification })).await.problem());
    }
    tenant.patch(&path, &json!({ "allow_unsigned": true })).await;
    refusals.push(tenant.patch(&path, &json!({ "verification": { "url": "https://e.org/" } })).await.problem());
    insta::assert_snapshot!(refusals.join("\n"), @"
    422 invalid-request: /verification: give `signing_key`, `url` or both
    422 invalid-request: /verification/url: the ingest key in it is not this source's; write {ingest_key} in its place
    422 invalid-request: /verification/url: expected an http:// or https:// URL of at most 2048 bytes, exactly as in the provider's settings; /verification/topic_arns: unknown field; this object knows: signing_key, url
    422 invalid-request: /verification/signing_key: is required
    ");
}

#[tokio::test]
async fn mandrill_needs_its_url_where_the_public_one_is_not_known() {
    let room = Room::without_public_url().await;
    let tenant = room.tenant().await;
    let mandrill = |verification: Value| json!({ "provider": "mandrill", "verification": verification });
    let refused = tenant.post("/api/v1/sources", &mandrill(json!({ "signing_key": "key-1" }))).await;
    insta::assert_snapshot!(refused.problem(), @"422 invalid-request: /verification/url: is required, because this stack does not know its public URL: give the URL exactly as in the provider's settings, with {ingest_key} in place of the ingest key");
    let given = mandrill(json!({ "signing_key": "key-1", "url": "https://example.com/{ingest_key}" }));
    let path = made(&tenant, &given).await;
    let patched = tenant.patch(&path, &json!({ "verification": { "signing_key": "key-2" } })).await;
    assert_eq!(patched.status, 200, "the stored URL is kept");
}

/// Rows as they were written before credentials, networks and other providers existed.
#[tokio::test]
async fn sources_of_before_still_read() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: i64| AttributeValue::N(number.to_string());
    let client = aws_sdk_dynamodb::Client::new(&room.world.sdk);
    let mut read = Vec::new();
    for (provider, proof) in [
        ("mailgun", Some(("signing_key", "key-1"))),
        ("sendgrid", Some(("public_key", "AAAA"))),
        ("mailgun", None),
        ("generic", None),
    ] {
        let id = SourceId::mint(Timestamp::UNIX_EPOCH, random());
        let key = "mhi_0123456789abcdef0123456789abcdef01234567";
        let item = HashMap::from([
            ("pk", text(&format!("T#{}", tenant.tenant_id()))),
            ("sk", text(&format!("S#{id}"))),
            ("v", number(1)),
            ("id", text(&id.to_string())),
            ("tenant", text(&tenant.tenant_id().to_string())),
            ("provider", text(provider)),
            ("name", text("old")),
            ("ingest_key_sha256", text(IngestKeyHash::of(key).as_str())),
            ("created_at", number(1_767_323_045_678)),
            ("updated_at", number(1_767_323_045_678)),
            ("revision", number(1)),
        ]);
        let proof = proof.map(|(field, value)| (field, text(value)));
        let item = item.into_iter().chain(proof).map(|(name, value)| (name.to_owned(), value)).collect();
        client.put_item().table_name("registry").set_item(Some(item)).send().await.unwrap();
        let path = format!("/api/v1/sources/{id}");
        let answer = tenant.get(&path).await;
        read.push(format!("{} {} {}", answer.status, answer.text("provider"), answer.body["verification"]["kind"]));
        assert_eq!((&answer.body["networks"], answer.body.get("credentials")), (&json!([]), None));
        let patched = tenant.patch(&path, &json!({ "networks": ["192.0.2.7"] })).await;
        assert_eq!(patched.body["verification"], answer.body["verification"], "a change keeps the other fields");
        assert_eq!(tenant.get(&path).await.body["networks"], json!(["192.0.2.7/32"]));
    }
    insta::assert_snapshot!(read.join("\n"), @r#"
    200 mailgun "signing_key"
    200 sendgrid "public_key"
    200 mailgun "unsigned"
    200 generic "unsigned"
    "#);
}
