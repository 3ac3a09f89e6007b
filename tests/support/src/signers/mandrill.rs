//! Mandrill: base64 HMAC-SHA1 over the URL as configured and the form's fields, sorted by name.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key};
use url::form_urlencoded;

use super::{FORM, Signed};

/// The public key with which Mandrill signs its empty test posts.
pub const TEST_KEY: &str = "test-webhook";

/// Signs a batch: the text of a JSON array.
pub fn sign(key: &str, url: &str, events: &str) -> Signed {
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("mandrill_events", events).finish();
    sign_form(key, url, body)
}

/// Signs a form without changing it.
pub fn sign_form(key: &str, url: &str, body: impl Into<Vec<u8>>) -> Signed {
    let body = body.into();
    let mut fields: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
    fields.sort();
    let mut text = url.to_owned();
    for (name, value) in fields {
        text.push_str(&name);
        text.push_str(&value);
    }
    let signature = ring::hmac::sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes()), text.as_bytes());
    Signed::plain(FORM, body)
        .with("x-mandrill-signature", BASE64_STANDARD.encode(signature))
        .with("user-agent", "Mandrill-Webhook/1.0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_fixtures_are_signed() {
        let url = "https://hooks.example.com/in/mandrill/t_3f9c?x=1";
        let signed = sign_form("TEST_WEBHOOK_KEY", url, include_bytes!("../../../fixtures/mandrill/send.form"));
        assert_eq!(signed.header("X-Mandrill-Signature"), Some("k+7o0SEUXRWb0kLAHo/iYUcxD94="));
        let empty = sign(TEST_KEY, url, "[]");
        assert_eq!(empty.body, include_bytes!("../../../fixtures/mandrill/empty_test.form"));
        assert_eq!(empty.header("X-Mandrill-Signature"), Some("wYNzsD2Ba0duoel1hNes+m7kBxs="));
    }
}
