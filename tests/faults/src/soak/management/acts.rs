//! What a client does: one or two requests to one of the APIs.

use super::{Answer, CLIENTS, Deleted, FORM, JSON, Management, Method, Stack, Value, basic, join, json};

/// The event type of each client in Mailjet's API. Reason: Mailjet's API lists every webhook, and a webhook that was
/// made with another API has none of these types.
const MAILJET_TYPES: [&str; CLIENTS] = ["open", "unsub"];

impl Management<'_> {
    /// Makes a webhook and answers its id. If the first answer is lost, there are two, and nobody knows the first one.
    pub(super) async fn create(&self) -> Option<String> {
        let path = self.path();
        let webhook = json!({
            "url": self.receivers.url(&path), "events": ["email.delivered"],
            "retry_policy": { "delays_seconds": [1, 2, 3] },
        });
        let made = self.native("create", Method::POST, "/api/v1/webhooks", Some(webhook)).await?;
        let id = made.body["id"].as_str().filter(|_| made.status == 201)?.to_owned();
        self.note_secret(&id, &path, &made);
        Some(id)
    }

    pub(super) async fn rotate(&self, webhook: &str) {
        let path = self.ledger().webhooks().get(webhook).map(|managed| managed.path.clone());
        let url = format!("/api/v1/webhooks/{webhook}/rotate-secret");
        let answer = self.native("rotate", Method::POST, &url, Some(json!({}))).await;
        if let (Some(path), Some(answer)) = (path, answer.filter(|answer| answer.status == 200)) {
            self.note_secret(webhook, &path, &answer);
        }
    }

    pub(super) async fn switch(&self, webhook: &str, enabled: bool) {
        let path = format!("/api/v1/webhooks/{webhook}");
        self.native("enable or disable", Method::PATCH, &path, Some(json!({ "enabled": enabled }))).await;
    }

    /// Deletes one of the client's own webhooks.
    pub(super) async fn delete(&self, own: &mut Vec<String>) {
        let Some(id) = own.pop() else { return };
        self.delete_native(&format!("/api/v1/webhooks/{id}"), Deleted::Webhook(id)).await;
    }

    /// Makes and deletes a webhook with the platform's API.
    pub(super) async fn platform(&self) {
        let webhook = json!({ "url": self.receivers.url(&self.path()), "events": "complaint" });
        let made = self.native("platform: create", Method::POST, "/api/webhooks/manage", Some(webhook)).await;
        if let Some(number) = made.and_then(|made| made.body["id"].as_u64()) {
            self.delete_native(&format!("/api/webhooks/manage/{number}"), Deleted::Number(number)).await;
        }
    }

    /// Makes and deletes the URL of a name in Mailgun's API. The domain is the client's own.
    pub(super) async fn mailgun(&self, client: usize) {
        let path = self.path();
        let form = [("id", "clicked"), ("url", &self.receivers.url(&path))];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let urls = format!("/v3/domains/client-{client}.example/webhooks");
        let authorization = basic("api", &self.tenant.key);
        let call =
            |method: Method, path: String, body: String| self.stack.call_as(method, path, &authorization, FORM, body);
        self.insist("Mailgun: create", || call(Method::POST, urls.clone(), form.clone())).await;
        let name = format!("{urls}/clicked");
        let deleted = self.insist("Mailgun: delete", || call(Method::DELETE, name.clone(), String::new())).await;
        if let Some(deleted) = deleted {
            self.ledger().delete(Deleted::Path(path), deleted.status);
        }
    }

    /// Makes and deletes the main URL of an event type in Mailjet's API. The type is the client's own.
    pub(super) async fn mailjet(&self, client: usize) {
        let event_type = MAILJET_TYPES[client];
        let url = self.receivers.url(&self.path());
        let body = json!({ "EventType": event_type, "Url": url, "IsBackup": false }).to_string();
        let (id, secret) = self.tenant.key.trim_start_matches("mh_").rsplit_once('_').unwrap_or_default();
        let authorization = basic(&format!("key_{id}"), secret);
        let all = "/v3/REST/eventcallbackurl";
        let call =
            |method: Method, path: String, body: String| self.stack.call_as(method, path, &authorization, JSON, body);
        self.insist("Mailjet: create", || call(Method::POST, all.to_owned(), body.clone())).await;
        // The answer that had the ID may be lost.
        let listed = self.insist("Mailjet: list", || call(Method::GET, all.to_owned(), String::new())).await;
        let listed = listed.and_then(|listed| listed.body["Data"].as_array().cloned()).unwrap_or_default();
        for entry in listed.iter().filter(|entry| entry["EventType"] == event_type) {
            let (Some(id), Some(url)) = (entry["ID"].as_u64(), entry["Url"].as_str()) else { continue };
            let one = format!("{all}/{id}");
            let deleted = self.insist("Mailjet: delete", || call(Method::DELETE, one.clone(), String::new())).await;
            if let Some(deleted) = deleted {
                self.ledger().delete(Deleted::Path(url.to_owned()), deleted.status);
            }
        }
    }

    /// Makes a source, and deletes it while its key is rotated.
    pub(super) async fn source(&self) {
        let source = json!({ "provider": "generic", "name": "fault suite" });
        let made = self.native("source: create", Method::POST, "/api/v1/sources", Some(source)).await;
        let Some(id) = made.as_ref().and_then(|made| made.body["id"].as_str()) else { return };
        let path = format!("/api/v1/sources/{id}");
        let rotate = format!("{path}/rotate-key");
        let rotated = self.native("source: rotate", Method::POST, &rotate, Some(json!({})));
        join(rotated, self.delete_native(&path, Deleted::Source(id.to_owned()))).await;
    }

    /// Makes an API key and revokes it.
    pub(super) async fn key(&self) {
        let key = json!({ "role": "tenant", "tenant_id": self.tenant.id, "name": "fault suite" });
        let auth = Some((self.stack.admin_key(), ""));
        let made =
            self.insist("key: create", || self.stack.call(Method::POST, "/api/v1/keys", auth, Some(key.clone())));
        let Some(made) = made.await else { return };
        if let Some(secret) = made.body["key"].as_str() {
            Stack::sensitive(secret);
        }
        if let Some(id) = made.body["id"].as_str() {
            self.delete_native(&format!("/api/v1/keys/{id}"), Deleted::Key(id.to_owned())).await;
        }
    }

    async fn delete_native(&self, path: &str, what: Deleted) {
        if let Some(answer) = self.native("delete", Method::DELETE, path, None).await {
            self.ledger().delete(what, answer.status);
        }
    }

    async fn native(&self, request: &'static str, method: Method, path: &str, body: Option<Value>) -> Option<Answer> {
        self.insist(request, || self.tenant.call(method.clone(), path, body.clone())).await
    }

    fn note_secret(&self, id: &str, path: &str, answer: &Answer) {
        let secret = answer.body["secret"].as_str().unwrap_or_default();
        Stack::sensitive(secret);
        self.ledger().show(id, path, secret);
    }
}
