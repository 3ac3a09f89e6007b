//! The official clients of Mailgun and Mailjet (`tests/systems/clients`). Only the URL and the key are changed. The
//! clients create, list, read, update and delete webhooks. Then events are published, and a receiver of the same system
//! gets them in the system's dialect.

use reqwest::Method;
use serde_json::{Value, json};
use support::systems::{Framework, SystemReceiver, javascript, python};
use tokio::process::Command;

use crate::stack::{Stack, Tenant, eventually, jiff_now};

/// The secret that the receivers verify with. The tenant sets it as the secret of its webhooks.
const SECRET: &str = "key-of-mailguns-kind-0123456789";
const USER: &str = "mailjet";
const PASSWORD: &str = "password-of-the-clients-receivers";
const DOMAIN: &str = "mail.clients.example";

/// What a client printed, with words in place of URLs, and what the receiver of its system accepted.
struct Story {
    client: String,
    receiver: String,
}

/// Lets `client` manage webhooks for the receiver of `system`, and then publishes events.
async fn story(mut client: Command, framework: Framework, system: &str) -> Story {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    for sensitive in [SECRET, PASSWORD, "@clients.example"] {
        Stack::sensitive(sensitive);
    }
    let settings = json!({"webhook_secret": SECRET});
    let path = format!("/api/v1/tenants/{}/settings", tenant.id);
    assert_eq!(tenant.call(Method::PATCH, &path, Some(settings)).await.status, 200);
    let known = [("WEBHOOK_SECRET", SECRET), ("WEBHOOK_USER", USER), ("WEBHOOK_PASSWORD", PASSWORD)];
    let receiver = SystemReceiver::start(framework, system, &known).await.unwrap();
    let credentials = if system == "mailjet" { format!("{USER}:{PASSWORD}@") } else { String::new() };
    let url = receiver.url(&credentials);
    let masked = receiver.url(&format!("{USER}:***@"));
    let elsewhere = format!("{url}/elsewhere");

    let (front, api_url) = stack.behind_tls().await;
    // A key is `mh_<id>_<secret>`. Mailjet's clients ask for id and secret as two values.
    let (id, secret) = tenant.key.trim_start_matches("mh_").split_once('_').unwrap();
    client.envs([("API_URL", &*api_url), ("API_KEY", &tenant.key), ("API_KEY_ID", id), ("API_KEY_SECRET", secret)]);
    client.envs([("DOMAIN", DOMAIN), ("RECEIVER", &url), ("ELSEWHERE", &elsewhere), ("NO_PROXY", "*")]);
    client.envs(["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"].map(|name| (name, front.certificate_file())));
    let output = client.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    publish(&tenant, &receiver, system).await;
    let client = said.replace(&url, "RECEIVER").replace(&masked, "MASKED");
    Story { client, receiver: receiver.said().join("\n") }
}

/// Publishes events that no webhook wants, or wants any more. Then publishes an event that two webhooks want, and
/// returns when the receiver has it.
async fn publish(tenant: &Tenant<'_>, receiver: &SystemReceiver, system: &str) {
    let event = |event_type: &str, domain: &str| {
        json!({
            "type": event_type, "id": format!("{event_type} {domain}"), "timestamp": jiff_now(),
            "recipient": format!("{event_type}@clients.example"), "message_id": "20547673299877", "sending_domain": domain,
            "bounce": {"type": "hard", "smtp_code": 550, "enhanced_code": "5.1.1", "diagnostic": "550 no such user"},
            "click": {"url": "https://example.com/"},
        })
    };
    // A webhook of Mailgun's API has one sending domain. A webhook of Mailjet's API gets all events of its type.
    let foreign = if system == "mailgun" { "email.delivered" } else { "email.opened" };
    let unwanted = [event("email.clicked", DOMAIN), event("email.opened", DOMAIN), event(foreign, "other.example")];
    let wanted = [event("email.delivered", DOMAIN), event("email.bounced", DOMAIN)];
    for events in [Value::from(unwanted.to_vec()), Value::from(wanted.to_vec())] {
        let answer = tenant.call(Method::POST, "/api/v1/events", Some(events)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    eventually(60, "what two webhooks want", || async { (receiver.said().len() >= wanted.len()).then_some(()) }).await;
}

#[tokio::test]
async fn mailgun_js() {
    let story = story(javascript("clients/mailgun.js"), Framework::Express, "mailgun").await;
    insta::assert_snapshot!(story.client, @r#"
    created {"id":"delivered","url":"RECEIVER/elsewhere","urls":["RECEIVER/elsewhere"]}
    created {"id":"permanent_fail","url":"RECEIVER","urls":["RECEIVER","RECEIVER/elsewhere"]}
    created {"id":"clicked","url":"RECEIVER","urls":["RECEIVER"]}
    listed {"clicked":{"urls":["RECEIVER"]},"delivered":{"urls":["RECEIVER/elsewhere"]},"permanent_fail":{"urls":["RECEIVER","RECEIVER/elsewhere"]}}
    read {"id":"permanent_fail","url":"RECEIVER","urls":["RECEIVER","RECEIVER/elsewhere"]}
    updated {"id":"delivered","url":"RECEIVER","urls":["RECEIVER"]}
    updated {"id":"permanent_fail","url":"RECEIVER","urls":["RECEIVER"]}
    deleted {"id":"clicked","url":"RECEIVER","urls":["RECEIVER"]}
    listed {"delivered":{"urls":["RECEIVER"]},"permanent_fail":{"urls":["RECEIVER"]}}
    read refused: 404 Not Found: Webhook not found
    created refused: 400 Bad Request: /url/0: not an absolute URL like https://example.com/hook
    listed refused: 401 Unauthorized: Send a valid API key by basic auth: `api` as user and the whole key, `mh_…`, as password.
    "#);
    insta::assert_snapshot!(story.receiver, @r#"
    delivered to email.delivered@clients.example
    permanent failure for email.bounced@clients.example: 550 no such user
    "#);
}

#[tokio::test]
async fn mailgun_in_python() {
    let story = story(python("clients/mailgun.py"), Framework::Flask, "mailgun").await;
    insta::assert_snapshot!(story.client, @r#"
    created 200 {"message": "Webhook has been created", "webhook": {"urls": ["RECEIVER/elsewhere"]}}
    created 200 {"message": "Webhook has been created", "webhook": {"urls": ["RECEIVER", "RECEIVER/elsewhere"]}}
    created 200 {"message": "Webhook has been created", "webhook": {"urls": ["RECEIVER"]}}
    listed 200 {"webhooks": {"clicked": {"urls": ["RECEIVER"]}, "delivered": {"urls": ["RECEIVER/elsewhere"]}, "permanent_fail": {"urls": ["RECEIVER", "RECEIVER/elsewhere"]}}}
    read 200 {"webhook": {"urls": ["RECEIVER", "RECEIVER/elsewhere"]}}
    updated 200 {"message": "Webhook has been updated", "webhook": {"urls": ["RECEIVER"]}}
    updated 200 {"message": "Webhook has been updated", "webhook": {"urls": ["RECEIVER"]}}
    deleted 200 {"message": "Webhook has been deleted", "webhook": {"urls": ["RECEIVER"]}}
    listed 200 {"webhooks": {"delivered": {"urls": ["RECEIVER"]}, "permanent_fail": {"urls": ["RECEIVER"]}}}
    read 404 {"message": "Webhook not found"}
    created 400 {"message": "/url/0: not an absolute URL like https://example.com/hook"}
    listed 401 {"message": "Send a valid API key by basic auth: `api` as user and the whole key, `mh_\u2026`, as password."}
    "#);
    insta::assert_snapshot!(story.receiver, @r#"
    delivered to email.delivered@clients.example
    permanent failure for email.bounced@clients.example: 550 no such user
    "#);
}

#[tokio::test]
async fn node_mailjet() {
    let story = story(javascript("clients/mailjet.js"), Framework::Express, "mailjet").await;
    insta::assert_snapshot!(story.client, @r#"
    created 201 {"Count":1,"Data":[{"EventType":"sent","ID":16,"IsBackup":false,"Status":"alive","Url":"MASKED/elsewhere","Version":1}],"Total":1}
    created 201 {"Count":1,"Data":[{"EventType":"bounce","ID":38,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":2}],"Total":1}
    created 201 {"Count":1,"Data":[{"EventType":"click","ID":52,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":1}],"Total":1}
    listed 200 {"Count":3,"Data":[{"EventType":"sent","ID":16,"IsBackup":false,"Status":"alive","Url":"MASKED/elsewhere","Version":1},{"EventType":"bounce","ID":38,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":2},{"EventType":"click","ID":52,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":1}],"Total":3}
    read 200 {"Count":1,"Data":[{"EventType":"bounce","ID":38,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":2}],"Total":1}
    updated 200 {"Count":1,"Data":[{"EventType":"sent","ID":16,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":1}],"Total":1}
    deleted 204 ""
    listed 200 {"Count":2,"Data":[{"EventType":"sent","ID":16,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":1},{"EventType":"bounce","ID":38,"IsBackup":false,"Status":"alive","Url":"MASKED","Version":2}],"Total":2}
    read refused: 404 There is no event callback URL with this id.
    created refused: 400 /Url: not an absolute URL like https://example.com/hook
    listed refused: 401 Send a valid API key by basic auth: its id, `key_…`, as user and its secret as password.
    "#);
    insta::assert_snapshot!(story.receiver, @r#"
    bounced (hard) from email.bounced@clients.example: user unknown
    delivered to email.delivered@clients.example, message 20547673299877: 550 no such user
    "#);
}

#[tokio::test]
async fn mailjet_rest() {
    let story = story(python("clients/mailjet.py"), Framework::Flask, "mailjet").await;
    insta::assert_snapshot!(story.client, @r#"
    created 201 {"Count": 1, "Data": [{"EventType": "sent", "ID": 16, "IsBackup": false, "Status": "alive", "Url": "MASKED/elsewhere", "Version": 1}], "Total": 1}
    created 201 {"Count": 1, "Data": [{"EventType": "bounce", "ID": 38, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 2}], "Total": 1}
    created 201 {"Count": 1, "Data": [{"EventType": "click", "ID": 52, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 1}], "Total": 1}
    listed 200 {"Count": 3, "Data": [{"EventType": "sent", "ID": 16, "IsBackup": false, "Status": "alive", "Url": "MASKED/elsewhere", "Version": 1}, {"EventType": "bounce", "ID": 38, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 2}, {"EventType": "click", "ID": 52, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 1}], "Total": 3}
    read 200 {"Count": 1, "Data": [{"EventType": "bounce", "ID": 38, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 2}], "Total": 1}
    updated 200 {"Count": 1, "Data": [{"EventType": "sent", "ID": 16, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 1}], "Total": 1}
    deleted 204 
    listed 200 {"Count": 2, "Data": [{"EventType": "sent", "ID": 16, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 1}, {"EventType": "bounce", "ID": 38, "IsBackup": false, "Status": "alive", "Url": "MASKED", "Version": 2}], "Total": 2}
    read refused: DoesNotExistError 404 Resource not found: There is no event callback URL with this id.
    created refused: ValidationError 400 Payload validation failed: /Url: not an absolute URL like https://example.com/hook
    listed refused: MailjetAuthError 401 Authentication or Authorization failed: Send a valid API key by basic auth: its id, `key_…`, as user and its secret as password.
    https://hooks.example.com/
    "#);
    insta::assert_snapshot!(story.receiver, @r#"
    bounced (hard) from email.bounced@clients.example: user unknown
    delivered to email.delivered@clients.example, message 20547673299877: 550 no such user
    "#);
}
