//! Mailgun: hex HMAC-SHA256 over timestamp and token, which are in the body. The signature does not cover the event.

use jiff::Timestamp;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::{FORM, JSON, Signed, hex_hmac_sha256};

/// Boundary of a multipart body.
const BOUNDARY: &str = "------------------------mailhooks-tests";

/// The three signature fields.
fn signature(key: &str, token: &str, at: Timestamp) -> [(&'static str, String); 3] {
    let timestamp = at.as_second().to_string();
    let signature = hex_hmac_sha256(key.as_bytes(), format!("{timestamp}{token}").as_bytes());
    [("timestamp", timestamp), ("token", token.to_owned()), ("signature", signature)]
}

/// Today's format: the event and its signature as two members.
pub fn json(key: &str, token: &str, event_data: &Value, at: Timestamp) -> Signed {
    json_of_text(key, token, &event_data.to_string(), at)
}

/// Today's format with an event of any text, which need not be valid JSON.
pub fn json_of_text(key: &str, token: &str, event_data: &str, at: Timestamp) -> Signed {
    let [(_, timestamp), (_, token), (_, signature)] = signature(key, token, at);
    let signature = json!({"timestamp": timestamp, "token": token, "signature": signature});
    Signed::plain(JSON, format!(r#"{{"event-data":{event_data},"signature":{signature}}}"#))
}

/// Today's format, as a subaccount posts it: signed with the subaccount's key and with the key of its primary account.
pub fn json_of_subaccount(key: &str, parent: &str, token: &str, event_data: &Value, at: Timestamp) -> Signed {
    let [(_, timestamp), (_, token), (_, of_parent)] = signature(parent, token, at);
    let [_, _, (_, signature)] = signature(key, &token, at);
    let signature =
        json!({"timestamp": timestamp, "token": token, "signature": signature, "parent-signature": of_parent});
    Signed::plain(JSON, json!({"signature": signature, "event-data": event_data}).to_string())
}

/// The format before 2018: the event's fields, then the signature's fields.
pub fn form(key: &str, token: &str, fields: &[(&str, &str)], at: Timestamp) -> Signed {
    let signature = signature(key, token, at);
    let mut body = Serializer::new(String::new());
    body.extend_pairs(fields).extend_pairs(&signature);
    Signed::plain(FORM, body.finish())
}

/// The format before 2018 with an attached file: the file's name, content type and bytes.
pub fn multipart(
    key: &str,
    token: &str,
    fields: &[(&str, &str)],
    (file_name, file_type, file): (&str, &str, &[u8]),
    at: Timestamp,
) -> Signed {
    let signature = signature(key, token, at);
    let signature = signature.iter().map(|(name, value)| (*name, value.as_str()));
    let mut body = Vec::new();
    for (name, value) in fields.iter().copied().chain([("attachment-count", "1")]).chain(signature) {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"attachment-1\"; filename=\"{file_name}\"\r\n\
         Content-Type: {file_type}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    Signed::plain(format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_fixture_is_signed() {
        let token = "651869375b9df3c98fc15c4889b102119add1235c38fc92824";
        let at = Timestamp::from_second(1_534_108_637).unwrap();
        let signed = json("TEST_WEBHOOK_SIGNING_KEY", token, &json!({}), at);
        let body: Value = serde_json::from_slice(&signed.body).unwrap();
        let expected = "2a75affe24846ead9e37e614a5e7643a04abf4d5b49b34d224ede9af23a00ccc";
        assert_eq!(body["signature"]["signature"], expected);
    }

    #[test]
    fn signs_for_the_primary_account_as_the_fixture_is_signed() {
        let token = "e0b5477167110d68991efc6b9f89f0a11066af27834600e123";
        let at = Timestamp::from_second(1_770_920_772).unwrap();
        let signed = json_of_subaccount("another key", "TEST_PARENT_SIGNING_KEY", token, &json!({}), at);
        let body: Value = serde_json::from_slice(&signed.body).unwrap();
        let expected = "0281825656f6c0641ec195b6613d9b271a14b7ae399a418196c8fc16b9e66f93";
        assert_eq!(body["signature"]["parent-signature"], expected);
    }
}
