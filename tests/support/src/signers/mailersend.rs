//! MailerSend: hex HMAC-SHA256 over the raw body.

use super::{JSON, Signed, hex_hmac_sha256};

/// The public secret with which MailerSend signs its `webhook.test` post.
pub const TEST_SECRET: &str = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G";

/// Signs a body.
pub fn sign(secret: &str, body: impl Into<Vec<u8>>) -> Signed {
    let body = body.into();
    let signature = hex_hmac_sha256(secret.as_bytes(), &body);
    Signed::plain(JSON, body).with("signature", signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_fixture_is_signed() {
        let signed = sign(TEST_SECRET, include_bytes!("../../../fixtures/mailersend/webhook_test.json"));
        let expected = "cb8d676085fb36025f4bace1831a4903dec46b56dd12de5da7bca82b3f6e842c";
        assert_eq!(signed.header("Signature"), Some(expected));
    }
}
