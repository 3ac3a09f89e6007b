//! Secrets are sealed before they are stored. These tests say who can open them, how rows of older versions are read,
//! and how the data key is changed. The KMS here follows the rules of the real KMS.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use shared::address_policy::AddressPolicy;
use shared::delivery::DeliveryState;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::provider::Provider;
use shared::secret::{SigningSecret, VerificationSecret};
use shared::source::{BasicPair, ConfiguredUrl, Credentials, Source, Trust, Verification};
use shared::store::StoreError;
use shared::store::registry::Resealed;
use shared::stored_word::StoredWord;
use shared::stream::StreamCredentials;
use shared::stream::pubsub::ServiceAccount;
use shared::stream::servicebus::SharedKey;
use shared::stream::sqs::AccessKey;
use shared::tenant::TenantSettings;
use shared::webhook::{CustomName, CustomValue, Destination, DestinationUrl, SigningSecrets, Webhook};
use support::amazon::Amazon;
use support::google;
use support::world::DELIVERIES;
use support::{Break, Receiver, World};

type Row = HashMap<String, AttributeValue>;

async fn world() -> (World, TenantId) {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    (world, tenant)
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row[name].as_s().unwrap()
}

fn rows(world: &World, prefix: &str) -> Vec<Row> {
    let mut rows = world.aws.scan_unbroken("registry").unwrap();
    rows.retain(|row| text(row, "pk").starts_with("T#") && text(row, "sk").starts_with(prefix));
    rows
}

fn data_key_rows(world: &World) -> usize {
    let rows = world.aws.scan_unbroken("registry").unwrap();
    rows.iter().filter(|row| text(row, "pk") == "DATA_KEYS").count()
}

async fn put(world: &World, row: Row) {
    let dynamo = aws_sdk_dynamodb::Client::new(&world.sdk);
    dynamo.put_item().table_name("registry").set_item(Some(row)).send().await.unwrap();
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// A webhook whose secret was rotated twice, and a source with a secret in every field that can hold one.
async fn both(world: &World, tenant: TenantId) -> (Webhook, Source) {
    let until = world.clock.now() + jiff::SignedDuration::from_hours(1);
    let until = jiff::Timestamp::from_millisecond(until.as_millisecond()).unwrap();
    let secrets = SigningSecrets {
        current: SigningSecret::parse("the current one").unwrap(),
        previous: Some((SigningSecret::parse("the previous one").unwrap(), until)),
        interim: Some((SigningSecret::parse("the interim one").unwrap(), until)),
    };
    let header = |name: &str, value: &str, sensitive: bool| {
        (CustomName::parse(name).unwrap(), CustomValue::parse(value, sensitive).unwrap())
    };
    let headers = [header("authorization", "the sensitive value", true), header("x-team", "an open value", false)];
    let headers = BTreeMap::from(headers);
    let webhook = world.webhook_with(tenant, "http://127.0.0.1:9/", |webhook| Webhook { secrets, headers, ..webhook });
    let key = VerificationSecret::parse("the key of mandrill").unwrap();
    let url = ConfiguredUrl::parse("https://in:pw@example.com/{ingest_key}").unwrap();
    let password = VerificationSecret::parse("the password").unwrap();
    let credentials = Credentials::Basic(vec![BasicPair { username: "in".to_owned(), password }]);
    let trust = Trust { credentials: Some(credentials), ..Trust::verified_by(Verification::KeyAndUrl { key, url }) };
    let (source, _) = world.source(tenant, Provider::Mandrill, trust).await.unwrap();
    // The webhook as it is stored: stored times have milliseconds.
    let webhook = webhook.await.unwrap();
    let webhook = world.registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
    (webhook, world.registry.sources.get(tenant, source.id).await.unwrap().unwrap())
}

/// The numbers of the data keys that a row is sealed with.
fn sealed_with(row: &Row) -> BTreeSet<String> {
    format!("{row:?}").split("\"v1:").skip(1).map(|rest| rest.split(':').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn two_functions_that_make_the_first_data_key_at_once_end_with_one() {
    let (world, tenant) = world().await;
    let registries: Vec<_> = (0..4).map(|_| world.another_registry()).collect();
    let template = world.webhook_with(tenant, "http://127.0.0.1:9/", |webhook| webhook).await.unwrap();
    // The world has made a data key already, to store the template. Delete the key, and begin again without it.
    let dynamo = aws_sdk_dynamodb::Client::new(&world.sdk);
    let delete = dynamo.delete_item().table_name("registry").key("pk", s("DATA_KEYS")).key("sk", s("0000000001"));
    delete.send().await.unwrap();
    world.registry.webhook_writer.delete(tenant, template.id, world.clock.now()).await.unwrap();
    assert_eq!(data_key_rows(&world), 0);
    world.aws.take_calls();

    let webhooks: Vec<_> = (0..4)
        .map(|number| Webhook {
            id: shared::id::WebhookId::mint(world.clock.now(), [number; 10]),
            secrets: SigningSecrets::only(SigningSecret::generate([number; 32])),
            ..template.clone()
        })
        .collect();
    let created = registries.iter().zip(&webhooks).map(async |(registry, webhook)| {
        // Two changes of one tenant at the same moment may collide. Callers repeat such a change.
        loop {
            let version = registry.webhook_writer.version(tenant).await.unwrap().unwrap();
            match registry.webhook_writer.create_all(tenant, std::slice::from_ref(webhook), &version).await {
                Ok(_) => break,
                Err(error) => assert!(matches!(error, StoreError::Conflict), "{error:?}"),
            }
        }
    });
    join_all(created).await;
    let made = world.aws.take_calls().iter().filter(|call| call.operation.starts_with("KMS.Generate")).count();
    assert!(made > 1, "the two changes did not collide");
    assert_eq!(data_key_rows(&world), 1);
    for webhook in &webhooks {
        let stored = world.another_registry().webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
        assert_eq!(stored.secrets, webhook.secrets);
    }
}

#[tokio::test]
async fn a_sealed_secret_opens_in_its_own_row_and_field_only() {
    let (world, tenant) = world().await;
    let (webhook, _) = Box::pin(both(&world, tenant)).await;
    let row = rows(&world, "W#").remove(0);
    let other_tenant = world.tenant().await.unwrap();

    let mut moved = row.clone();
    moved.insert("pk".to_owned(), s(&format!("T#{other_tenant}")));
    put(&world, moved).await;
    let stolen = world.registry.webhooks.get(other_tenant, webhook.id).await;
    assert!(matches!(stolen, Err(StoreError::Unreadable(_))), "{stolen:?}");

    let mut swapped = row.clone();
    swapped.insert("secret".to_owned(), row["previous_secret"].clone());
    put(&world, swapped).await;
    let swapped = world.registry.webhooks.get(tenant, webhook.id).await;
    assert!(matches!(swapped, Err(StoreError::Unreadable(_))), "{swapped:?}");

    // A row of this version never has a secret in clear text.
    let mut clear = row.clone();
    clear.insert("secret".to_owned(), s("somebody else's"));
    put(&world, clear).await;
    let clear = world.registry.webhooks.get(tenant, webhook.id).await;
    assert!(matches!(clear, Err(StoreError::Unreadable(_))), "{clear:?}");

    put(&world, row).await;
    assert_eq!(world.registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap(), webhook);
}

/// Puts both rows as the previous version of mailhooks wrote them.
async fn as_older_versions_did(world: &World, webhook: &Webhook, source: &Source) {
    let mut row = rows(world, "W#").remove(0);
    row.insert("v".to_owned(), AttributeValue::N("1".to_owned()));
    row.insert("secret".to_owned(), s(webhook.secrets.current.expose()));
    row.insert("previous_secret".to_owned(), s(webhook.secrets.previous.as_ref().unwrap().0.expose()));
    row.insert("interim_secret".to_owned(), s(webhook.secrets.interim.as_ref().unwrap().0.expose()));
    let mut header = row["headers"].as_l().unwrap()[0].as_m().unwrap().clone();
    header.insert("value".to_owned(), s("the sensitive value"));
    let mut headers = row["headers"].as_l().unwrap().clone();
    headers[0] = AttributeValue::M(header);
    row.insert("headers".to_owned(), AttributeValue::L(headers));
    put(world, row).await;
    let Trust { verification: Verification::KeyAndUrl { key, url }, .. } = &source.trust else { unreachable!() };
    let mut row = rows(world, "S#").remove(0);
    row.insert("v".to_owned(), AttributeValue::N("1".to_owned()));
    row.insert("signing_key".to_owned(), s(key.expose()));
    row.insert("signed_url".to_owned(), s(url.expose()));
    let mut credentials = row["credentials"].as_m().unwrap().clone();
    credentials.insert("values".to_owned(), AttributeValue::L(vec![s("the password")]));
    row.insert("credentials".to_owned(), AttributeValue::M(credentials));
    put(world, row).await;
}

#[tokio::test]
async fn rows_in_clear_still_read_and_are_sealed_when_they_are_next_written() {
    let (world, tenant) = world().await;
    let (webhook, source) = Box::pin(both(&world, tenant)).await;
    as_older_versions_did(&world, &webhook, &source).await;
    // Rows in clear text need no key.
    world.aws.kms.refuse(true);
    let registry = world.another_registry();
    let read = (
        registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap(),
        registry.sources.get(tenant, source.id).await.unwrap().unwrap(),
    );
    assert_eq!(read, (webhook.clone(), source.clone()));
    world.aws.kms.refuse(false);
    registry.webhook_writer.replace(&webhook, None).await.unwrap();
    registry.sources.replace(&source, None).await.unwrap();
    for row in rows(&world, "W#").iter().chain(&rows(&world, "S#")) {
        assert_eq!(text_of_number(row, "v"), "2");
        // A value that is not secret is not sealed.
        assert!(!text(row, "sk").starts_with("W#") || format!("{row:?}").contains("an open value"));
        assert_eq!(sealed_with(row), BTreeSet::from(["1".to_owned()]));
        for secret in [
            "the current one",
            "the previous one",
            "the interim one",
            "the sensitive value",
            "the key of mandrill",
            "pw@example",
            "the password",
        ] {
            assert!(!format!("{row:?}").contains(secret), "{secret}");
        }
    }
    let registry = world.another_registry();
    let stored = registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!((stored.secrets, stored.headers), (webhook.secrets, webhook.headers));
    assert_eq!(registry.sources.get(tenant, source.id).await.unwrap().unwrap().trust, source.trust);
}

/// An older version reads a row with three secrets, too: it knows the current one and the older of the former ones.
#[tokio::test]
async fn only_a_second_former_secret_adds_to_a_row() {
    let (world, tenant) = world().await;
    let (webhook, _) = Box::pin(both(&world, tenant)).await;
    let attributes = |row: &Row| row.keys().cloned().collect::<BTreeSet<_>>();
    let with_three = attributes(&rows(&world, "W#")[0]);
    let former = webhook.secrets.previous.clone();
    let mut expected = with_three.clone();
    for (secrets, absent) in [
        (SigningSecrets { interim: None, ..webhook.secrets.clone() }, ["interim_secret", "interim_until"]),
        (SigningSecrets::only(webhook.secrets.current.clone()), ["previous_secret", "previous_until"]),
    ] {
        let stored = world.registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
        world.registry.webhook_writer.replace(&Webhook { secrets: secrets.clone(), ..stored }, None).await.unwrap();
        expected.retain(|name| !absent.contains(&name.as_str()));
        assert_eq!(attributes(&rows(&world, "W#")[0]), expected);
        let read = world.another_registry().webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
        assert_eq!(read.secrets, secrets);
    }
    let mut row = rows(&world, "W#").remove(0);
    let until = former.unwrap().1.as_millisecond();
    assert!(with_three.contains("interim_secret") && !row.contains_key("previous_until"));
    // A time without its secret is no secret.
    row.insert("interim_until".to_owned(), AttributeValue::N(until.to_string()));
    put(&world, row).await;
    let read = world.another_registry().webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(read.secrets, SigningSecrets::only(webhook.secrets.current));
}

fn text_of_number<'a>(row: &'a Row, name: &str) -> &'a str {
    row[name].as_n().unwrap()
}

#[tokio::test]
async fn a_new_data_key_seals_every_tenants_rows_and_loses_none() {
    let (world, _) = world().await;
    let mut all = Vec::new();
    for number in 0..5 {
        let tenant = world.tenant().await.unwrap();
        let (webhook, source) = Box::pin(both(&world, tenant)).await;
        if number == 0 {
            as_older_versions_did(&world, &webhook, &source).await;
        }
        all.push((tenant, webhook, source));
    }
    // This source has nothing to seal, so its row is not written.
    world.source(all[0].0, Provider::Generic, Trust::unsigned()).await.unwrap();
    assert_eq!(world.registry.data_key_rotation.next_data_key().await.unwrap(), 2);
    assert_eq!(
        world.registry.data_key_rotation.reseal().await.unwrap(),
        Resealed { rows: 10, changed: 10, missed: 0, unreadable: 0 }
    );
    assert_eq!(
        world.registry.data_key_rotation.reseal().await.unwrap(),
        Resealed { rows: 10, changed: 0, missed: 0, unreadable: 0 }
    );
    assert_eq!(data_key_rows(&world), 2);
    for row in rows(&world, "W#").iter().chain(rows(&world, "S#").iter().filter(|row| row.contains_key("signing_key")))
    {
        assert_eq!(sealed_with(row), BTreeSet::from(["2".to_owned()]));
    }
    let registry = world.another_registry();
    for (tenant, webhook, source) in &all {
        // Equal to the last field: neither revision nor anything else has moved.
        assert_eq!(registry.webhooks.get(*tenant, webhook.id).await.unwrap().as_ref(), Some(webhook));
        assert_eq!(registry.sources.get(*tenant, source.id).await.unwrap().as_ref(), Some(source));
    }
    // What is written from now on is sealed with the new one, by functions that knew the old one too.
    world.registry.webhook_writer.replace(&all[0].1, None).await.unwrap();
    assert!(rows(&world, "W#").iter().all(|row| sealed_with(row) == BTreeSet::from(["2".to_owned()])));
}

#[tokio::test]
async fn sealing_anew_goes_on_after_a_crash_at_any_call() {
    for calls_before in 0..12 {
        for how in [Break::Before, Break::After] {
            let (world, tenant) = world().await;
            let (webhook, source) = Box::pin(both(&world, tenant)).await;
            world.registry.data_key_rotation.next_data_key().await.unwrap();
            let registry = world.another_registry();
            world.aws.break_call(calls_before, how);
            let crashed = registry.data_key_rotation.reseal().await.is_err();
            let beyond = world.aws.call_off_break();
            assert!(crashed || beyond, "{calls_before} {how:?}");
            let registry = world.another_registry();
            let again = registry.data_key_rotation.reseal().await.unwrap();
            assert_eq!((again.rows, again.missed), (2, 0));
            assert_eq!(registry.data_key_rotation.reseal().await.unwrap().changed, 0);
            assert_eq!(registry.webhooks.get(tenant, webhook.id).await.unwrap(), Some(webhook));
            assert_eq!(registry.sources.get(tenant, source.id).await.unwrap(), Some(source));
        }
    }
}

#[tokio::test]
async fn dispatch_needs_no_key_and_deliver_waits_for_it() {
    let (world, tenant) = world().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = world.webhook(tenant, &receiver.url("/hook")).await.unwrap();
    let event = world.event(tenant, "a");
    world.events.put(&event).await.unwrap();
    world.aws.kms.refuse(true);
    world.aws.take_calls();
    world.pump_stream().await.unwrap();
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), 1);
    assert!(world.aws.take_calls().iter().all(|call| !call.operation.starts_with("KMS.")));
    // Without the key, the job comes back, and no attempt was made.
    world.pump_queue(DELIVERIES).await;
    assert_eq!(world.aws.sqs.messages(DELIVERIES).len(), 1);
    assert!(world.deliveries.get(tenant, webhook.id, event.id).await.unwrap().is_none());
    assert!(receiver.received("/hook").is_empty());
    world.aws.kms.refuse(false);
    world.run_until_idle().await.unwrap();
    let row = world.deliveries.get(tenant, webhook.id, event.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
    assert!(receiver.received("/hook")[0].verifies_with(webhook.secrets.current.expose()));
}

#[tokio::test]
async fn a_batch_asks_kms_once_and_the_next_ones_never() {
    let (world, tenant) = world().await;
    let receiver = Receiver::start().await.unwrap();
    for _ in 0..5 {
        world.webhook(tenant, &receiver.url("/hook")).await.unwrap();
    }
    for key in ["a", "b"] {
        world.events.put(&world.event(tenant, key)).await.unwrap();
    }
    let asked = |world: &World| world.aws.take_calls().iter().filter(|call| call.operation == "KMS.Decrypt").count();
    asked(&world);
    world.run_until_idle().await.unwrap();
    assert_eq!((receiver.received("/hook").len(), asked(&world)), (10, 1));
    world.clock.advance(jiff::SignedDuration::from_hours(1));
    world.events.put(&world.event(tenant, "c")).await.unwrap();
    world.run_until_idle().await.unwrap();
    assert_eq!((receiver.received("/hook").len(), asked(&world)), (15, 0));
}

#[tokio::test]
async fn ingest_without_the_key_asks_the_provider_to_come_again() {
    let (world, tenant) = world().await;
    let amazon = Amazon::start().await.unwrap();
    let values = vec![VerificationSecret::parse("a token").unwrap()];
    let trust = Trust { credentials: Some(Credentials::Bearer(values)), ..Trust::unsigned() };
    let (_, key) = world.source(tenant, Provider::Generic, trust).await.unwrap();
    let ingest = world.ingest(amazon.outbound());
    let post = async || {
        let request = http::Request::post(format!("/api/webhooks/{}", key.expose()))
            .header("authorization", "Bearer a token")
            .header("content-type", "application/json")
            .body(r#"{"type":"open","email_id":"m-1","timestamp":"2026-01-02T03:04:05Z"}"#.into());
        ingest::handle(request.unwrap(), &ingest).await.unwrap().status().as_u16()
    };
    world.aws.kms.refuse(true);
    assert_eq!(post().await, 503);
    world.aws.kms.refuse(false);
    assert_eq!(post().await, 200);
    assert_eq!(world.event_rows().unwrap().len(), 1);
}

#[tokio::test]
async fn the_secret_of_a_tenants_settings_is_sealed_and_follows_the_data_key() {
    let (world, tenant) = world().await;
    let settings = TenantSettings {
        default_dialect: Some(StoredWord::Known(Dialect::Mailgun)),
        webhook_secret: Some(SigningSecret::parse("the key of the account").unwrap()),
        revision: 0,
    };
    world.registry.settings.replace(tenant, &settings).await.unwrap();
    let stored = TenantSettings { revision: 1, ..settings.clone() };
    assert!(!format!("{:?}", rows(&world, "SETTINGS")).contains("the key of"));
    assert!(matches!(world.registry.settings.replace(tenant, &settings).await, Err(StoreError::Conflict)));

    world.registry.data_key_rotation.next_data_key().await.unwrap();
    assert_eq!(world.registry.data_key_rotation.reseal().await.unwrap().changed, 1);
    assert_eq!(sealed_with(&rows(&world, "SETTINGS")[0]), BTreeSet::from(["2".to_owned()]));
    assert_eq!(world.another_registry().settings.get(tenant).await.unwrap(), stored);
}

/// One webhook for each kind of stream, with a secret in every field that can hold one.
async fn streams(world: &World, tenant: TenantId) -> Vec<Webhook> {
    let key = AccessKey::new("AKIAIOSFODNN7EXAMPLE", "the-secret-of-amazon", Some("the-token"));
    let account = ServiceAccount::new(google::EMAIL, google::KEY_ID, google::KEY).unwrap();
    let shared = SharedKey::new("send-only", "the-key-of-azure").unwrap();
    let mut webhooks = Vec::new();
    for (url, credentials) in [
        ("arn:aws:sqs:eu-central-1:123456789012:mail-events", StreamCredentials::Sqs(key.unwrap())),
        ("pubsub://projects/example-project/topics/mail-events", StreamCredentials::Pubsub(account)),
        ("servicebus://contoso.servicebus.windows.net/mail-events", StreamCredentials::Servicebus(shared)),
    ] {
        let target = DestinationUrl::parse(url, &AddressPolicy::public_only()).unwrap();
        let url = Destination::new(target, Some(credentials)).unwrap();
        let webhook = world.webhook_with(tenant, "http://127.0.0.1:9/", |webhook| Webhook { url, ..webhook });
        let webhook = webhook.await.unwrap();
        webhooks.push(world.registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap());
    }
    webhooks
}

#[tokio::test]
async fn the_credentials_of_streams_are_sealed_each_for_its_own_field() {
    let (world, tenant) = world().await;
    let webhooks = streams(&world, tenant).await;
    assert_eq!(webhooks.iter().filter(|webhook| webhook.url.stream().is_some()).count(), 3);
    let stored = format!("{:?}", rows(&world, "W#"));
    for secret in ["the-secret-of-amazon", "the-token", "BEGIN", "the-key-of-azure"] {
        assert!(!stored.contains(secret), "{secret}");
    }
    // The names of credentials are not secret.
    for name in ["AKIAIOSFODNN7EXAMPLE", google::EMAIL, google::KEY_ID, "send-only"] {
        assert!(stored.contains(name), "{name}");
    }
    // A sealed value opens only in its own field.
    let row = rows(&world, "W#").into_iter().find(|row| text(row, "url").starts_with("arn:")).unwrap();
    let mut credentials = row["credentials"].as_m().unwrap().clone();
    let token = credentials["session_token"].clone();
    credentials.insert("secret".to_owned(), token);
    let mut swapped = row.clone();
    swapped.insert("credentials".to_owned(), AttributeValue::M(credentials));
    put(&world, swapped).await;
    let swapped = world.registry.webhooks.get(tenant, webhooks[0].id).await;
    assert!(matches!(swapped, Err(StoreError::Unreadable(_))), "{swapped:?}");
    put(&world, row).await;

    world.registry.data_key_rotation.next_data_key().await.unwrap();
    assert_eq!(
        world.registry.data_key_rotation.reseal().await.unwrap(),
        Resealed { rows: 3, changed: 3, missed: 0, unreadable: 0 }
    );
    for row in rows(&world, "W#") {
        assert_eq!(sealed_with(&row), BTreeSet::from(["2".to_owned()]));
    }
    let registry = world.another_registry();
    for webhook in &webhooks {
        assert_eq!(registry.webhooks.get(tenant, webhook.id).await.unwrap().as_ref(), Some(webhook));
    }
}

/// A webhook that was registered as an HTTPS URL before streams existed still gets HTTPS POSTs, no matter what its host
/// is.
#[tokio::test]
async fn a_row_from_before_there_were_streams_is_an_https_url() {
    let (world, tenant) = world().await;
    let webhook = world.webhook(tenant, "http://127.0.0.1:9/").await.unwrap();
    let mut row = rows(&world, "W#").remove(0);
    assert!(!row.contains_key("credentials"));
    let url = "https://contoso.servicebus.windows.net/mail-events/messages";
    row.insert("url".to_owned(), s(url));
    put(&world, row).await;
    let stored = world.registry.webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!((stored.url.stream(), stored.url.masked().as_str()), (None, url));
}

/// An older version stored the password as part of the URL.
#[tokio::test]
async fn a_url_stored_with_its_password_is_read_and_sealed_when_it_is_next_changed() {
    let (world, tenant) = world().await;
    let webhook = world.webhook(tenant, "http://in:Word-Of-Url@127.0.0.1:9/").await.unwrap();
    let mut row = rows(&world, "W#").remove(0);
    row.remove("url_password").unwrap();
    row.insert("url".to_owned(), s("http://in:Word-Of-Url@127.0.0.1:9/"));
    put(&world, row).await;

    let read = world.another_registry().webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(read.url, webhook.url);
    world.registry.webhook_writer.replace(&read, None).await.unwrap();
    let row = rows(&world, "W#").remove(0);
    assert!(!format!("{row:?}").contains("Word-Of-Url"));
    let read = world.another_registry().webhooks.get(tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(read.url, webhook.url);
}
