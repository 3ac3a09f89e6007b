//! Resend, through Svix: base64 HMAC-SHA256 over id, time and raw body.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use ring::hmac::{HMAC_SHA256, Key};

use super::{JSON, Signed};

/// Signs a body with a secret of the form `whsec_` and base64. If the rest is not base64, the key is empty.
pub fn sign(secret: &str, id: &str, body: impl Into<Vec<u8>>, at: Timestamp) -> Signed {
    let body = body.into();
    let timestamp = at.as_second().to_string();
    let key = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    let text = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &body].concat();
    let signature = BASE64_STANDARD.encode(ring::hmac::sign(&Key::new(HMAC_SHA256, &key), &text));
    Signed::plain(JSON, body)
        .with("svix-id", id)
        .with("svix-timestamp", timestamp)
        .with("svix-signature", format!("v1,{signature}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_svix_does() {
        let at = Timestamp::from_second(1_649_367_553).unwrap();
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let signed = sign("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", body, at);
        assert_eq!(signed.header("svix-signature"), Some("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="));
    }
}
