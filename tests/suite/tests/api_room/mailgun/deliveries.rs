//! What webhooks of Mailgun's API receive.

use ring::hmac;
use serde_json::{Value, json};
use shared::event::Event;
use shared::id::TenantId;
use support::Receiver;

use super::{Client, LIST};
use crate::room::Room;

#[tokio::test]
async fn its_urls_get_the_domains_events_signed_as_mailgun_does() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let settings = format!("/api/v1/tenants/{}/settings", acme.tenant.as_deref().unwrap());
    acme.patch(&settings, &json!({ "webhook_secret": "key-0123456789abcdef" })).await;
    let client = Client::of(&room, &acme);
    let receiver = Receiver::start().await.unwrap();
    let urls = ["/one", "/two", "/three"].map(|path| receiver.url(path));
    let fields: Vec<_> =
        std::iter::once(("id", "delivered")).chain(urls.iter().map(|url| ("url", url.as_str()))).collect();
    assert_eq!(client.post(LIST, &fields).await.status, 200);

    for (key, domain) in [("of-it", Some("Mail.Example.com")), ("of-another", Some("example.com")), ("of-none", None)] {
        room.world.events.put(&delivered(&room, acme.tenant_id(), key, domain)).await.unwrap();
    }
    room.world.run_until_idle().await.unwrap();
    for path in ["/one", "/two", "/three"] {
        let got = receiver.received(path);
        assert_eq!(got.len(), 1, "{path}");
        let body: Value = serde_json::from_slice(&got[0].body).unwrap();
        assert_eq!(body["event-data"]["event"], "delivered");
        assert_eq!(body["event-data"]["message"]["headers"]["message-id"], "message-of-it@example.com");
        let part = |name: &str| body["signature"][name].as_str().unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key-0123456789abcdef");
        let signed = format!("{}{}", part("timestamp"), part("token"));
        hmac::verify(&key, signed.as_bytes(), &hex::decode(part("signature")).unwrap()).unwrap();
    }
}

fn delivered(room: &Room, tenant: TenantId, key: &str, domain: Option<&str>) -> Event {
    let mut event = room.world.event(tenant, key);
    event.facts.sending_domain = domain.map(str::to_owned);
    event
}
