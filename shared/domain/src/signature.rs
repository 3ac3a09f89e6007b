//! How deliveries are signed.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::secret::SigningSecret;

/// HMAC-SHA256 over several parts, without a separator.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length; the error type is shared with ciphers")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The value of `webhook-signature`: `v1,<base64>` or `v1a,<base64>` for each secret, separated by spaces, the current
/// secret first.
///
/// Standard Webhooks signs `id.timestamp.body` with HMAC-SHA256 or ed25519. The timestamp is in Unix seconds, and the
/// body is the exact bytes sent.
/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
pub fn standard(secrets: &[&SigningSecret], id: &str, at: Timestamp, body: &[u8]) -> String {
    let head = format!("{id}.{}.", at.as_second());
    let signed: Vec<String> = secrets.iter().map(|secret| sign(secret, head.as_bytes(), body)).collect();
    signed.join(" ")
}

fn sign(secret: &SigningSecret, head: &[u8], body: &[u8]) -> String {
    if let Some(pair) = secret.key_pair() {
        return format!("v1a,{}", BASE64_STANDARD.encode(pair.sign(&[head, body].concat())));
    }
    let mac = hmac_sha256(&secret.standard_key(), &[head, body]);
    format!("v1,{}", BASE64_STANDARD.encode(mac))
}

/// HMAC-SHA256 of `body` in lower-case hex. The key is the bytes of the secret as given, including its prefix.
pub fn hex_of_body(secret: &SigningSecret, body: &[u8]) -> String {
    hex_of_parts(secret, &[body])
}

/// HMAC-SHA256 of several parts without a separator, in lower-case hex, with the key of [`hex_of_body`].
pub fn hex_of_parts(secret: &SigningSecret, parts: &[&[u8]]) -> String {
    hex::encode(hmac_sha256(secret.expose().as_bytes(), parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EVENT_ID: &str = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV";

    #[test]
    fn known_hex_vector() {
        // HMAC_SHA256("key", "The quick brown fox jumps over the lazy dog") is on Wikipedia's HMAC page. Our secrets
        // have at least 8 characters, so this vector was made with Python's hmac module.
        let secret = SigningSecret::parse("whsec_your_secret_key_here").unwrap();
        assert_eq!(
            hex_of_body(&secret, b"{\"type\":\"email.bounce\"}"),
            "f2fdc46f338083411066b5225b562a1527d930fd7042c38162b66b3b0dcdf848"
        );
    }

    /// The test vectors of the Standard Webhooks libraries, one for each scheme.
    #[test]
    fn known_standard_vectors() {
        let (head, body) = (b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.", br#"{"test": 2432232314}"#);
        let shared = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(sign(&shared, head, body), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let key = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
        assert_eq!(
            sign(&SigningSecret::parse(key).unwrap(), head, body),
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
        );
    }

    proptest! {
        #[test]
        fn the_official_library_signs_alike(
            key: [u8; 32],
            old: [u8; 32],
            second in 0_i64..4_102_444_800,
            body in "\\PC*",
        ) {
            let (current, previous) = (SigningSecret::generate(key), SigningSecret::generate(old));
            let at = Timestamp::from_second(second).unwrap();
            let value = standard(&[&current, &previous], EVENT_ID, at, body.as_bytes());
            let theirs = |secret: &SigningSecret, body: &str| {
                let library = standardwebhooks::Webhook::new(secret.expose()).unwrap();
                library.sign(EVENT_ID, second, body.as_bytes()).unwrap()
            };
            prop_assert_eq!(&value, &format!("{} {}", theirs(&current, &body), theirs(&previous, &body)));
            let spoiled = format!("{body} ");
            for secret in [&current, &previous] {
                prop_assert!(!value.contains(&theirs(secret, &spoiled)));
            }
        }
    }

    /// The library compares the timestamp with the real time, and takes no time as an argument. It accepts five
    /// minutes of difference, so this one reading decides nothing.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the official library compares with the real time")]
    fn the_official_library_verifies() {
        let (current, previous) = (SigningSecret::generate([1; 32]), SigningSecret::generate([2; 32]));
        let now = Timestamp::now();
        for body in ["", "{}", "{\"subject\":\"Grüße \u{2028} 😀\"}"] {
            let value = standard(&[&current, &previous], EVENT_ID, now, body.as_bytes());
            let mut headers = http::HeaderMap::new();
            headers.insert("webhook-id", EVENT_ID.parse().unwrap());
            headers.insert("webhook-timestamp", now.as_second().into());
            headers.insert("webhook-signature", value.parse().unwrap());
            for secret in [&current, &previous] {
                let receiver = standardwebhooks::Webhook::new(secret.expose()).unwrap();
                assert!(receiver.verify(body.as_bytes(), &headers).is_ok());
                let spoiled = format!("{body} ");
                assert!(receiver.verify(spoiled.as_bytes(), &headers).is_err());
            }
        }
    }
}
