//! SendGrid's signature: ECDSA on P-256 with SHA-256, in DER, over the timestamp header and the raw body.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use crate::provider::report::is_fresh;
use crate::provider::text::unix_seconds;
use crate::provider::{InboundPost, VerificationError};
use crate::source::Verification;

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// Maximum age of a signature. Reason: SendGrid retries for 24 hours, and it is not documented whether a retry has a
/// new signature.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(36);
/// How far the sender's clock may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// The bytes before the point in the DER form of every P-256 public key: a sequence of the algorithm's two object ids,
/// and a bit string (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// An uncompressed point: the byte 4 and two coordinates of 32 bytes.
const POINT_LENGTH: usize = 65;

/// Reads a public key as SendGrid shows it, base64 of DER `SubjectPublicKeyInfo`, for [`Verification::PublicKey`];
/// `None` unless it is an uncompressed P-256 key. PEM armour and line breaks are allowed.
pub fn parse_public_key(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
    let der = BASE64_STANDARD.decode(lines.collect::<String>()).ok()?;
    point(&der).is_some().then_some(der)
}

/// The point itself, as `ring` needs it.
fn point(der: &[u8]) -> Option<&[u8]> {
    der.strip_prefix(&SPKI_PREFIX).filter(|point| point.len() == POINT_LENGTH && point.first() == Some(&4))
}

/// Whether the source's key signed the post, and recently.
pub(super) fn verify(
    verification: &Verification,
    post: &InboundPost<'_>,
    now: Timestamp,
) -> Result<(), VerificationError> {
    let key = match verification {
        Verification::Unsigned => return Ok(()),
        Verification::SigningKey(_) | Verification::KeyAndUrl { .. } | Verification::Topics(_) => {
            return Err(VerificationError::WrongVerification);
        }
        Verification::PublicKey(der) => point(der).ok_or(VerificationError::WrongVerification)?,
    };
    let (signature, timestamp) =
        post.header(SIGNATURE).zip(post.header(TIMESTAMP)).ok_or(VerificationError::NoSignature)?;
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| VerificationError::WrongSignature)?;
    let signed = [timestamp.as_bytes(), post.body].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key);
    key.verify(&signed, &signature).map_err(|_| VerificationError::WrongSignature)?;
    match unix_seconds(timestamp) {
        Some(signed_at) if is_fresh(signed_at, now, MAX_AGE, MAX_AHEAD) => Ok(()),
        Some(_) | None => Err(VerificationError::Stale),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use proptest::prelude::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    use super::*;

    /// From the fixture `sendgrid/signed_single.json`.
    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    const NOW: i64 = 1_600_112_502;

    /// Signs `timestamp` and `body` with a new key, and returns the result of the verification at `second`.
    fn verified(body: &[u8], change: impl FnOnce(&mut Vec<u8>), second: i64) -> Result<(), VerificationError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let timestamp = NOW.to_string();
        let signature = pair.sign(&random, &[timestamp.as_bytes(), body].concat()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, BASE64_STANDARD.encode(signature).parse().unwrap());
        headers.insert(TIMESTAMP, timestamp.parse().unwrap());
        let key = [&SPKI_PREFIX[..], pair.public_key().as_ref()].concat();
        let mut body = body.to_vec();
        change(&mut body);
        let post = InboundPost::new(&headers, &body);
        verify(&Verification::PublicKey(key), &post, Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn line_ends_within_and_after_the_events_are_signed() {
        let body = b"[{\"event\":\"open\"},\r\n{\"event\":\"click\"}]\r\n";
        assert_eq!(verified(body, |_| {}, NOW), Ok(()));
        assert_eq!(verified(body, |body| body.truncate(body.len() - 2), NOW), Err(VerificationError::WrongSignature));
    }

    #[test]
    fn is_good_for_36_hours() {
        for good in [NOW - 300, NOW + 36 * 3600] {
            assert_eq!(verified(b"[]", |_| {}, good), Ok(()));
        }
        for stale in [NOW - 301, NOW + 36 * 3600 + 1] {
            assert_eq!(verified(b"[]", |_| {}, stale), Err(VerificationError::Stale));
        }
    }

    #[test]
    fn a_key_of_the_wrong_kind_verifies_nothing() {
        let headers = HeaderMap::new();
        let post = InboundPost::new(&headers, b"[]");
        let secret = crate::secret::VerificationSecret::parse("key").unwrap();
        let now = Timestamp::from_second(NOW).unwrap();
        assert_eq!(verify(&Verification::SigningKey(secret), &post, now), Err(VerificationError::WrongVerification));
        assert_eq!(verify(&Verification::PublicKey(vec![1]), &post, now), Err(VerificationError::WrongVerification));
        let key = parse_public_key(KEY).unwrap();
        assert_eq!(verify(&Verification::PublicKey(key), &post, now), Err(VerificationError::NoSignature));
    }

    #[test]
    fn keys_are_read_with_or_without_armour() {
        let bare = parse_public_key(KEY).unwrap();
        assert_eq!(bare.len(), SPKI_PREFIX.len() + POINT_LENGTH);
        let armoured =
            format!("-----BEGIN PUBLIC KEY-----\r\n{}\n{}\n-----END PUBLIC KEY-----\n", &KEY[..64], &KEY[64..]);
        assert_eq!(parse_public_key(&armoured), Some(bare.clone()));
        assert_eq!(parse_public_key(&BASE64_STANDARD.encode(&bare[..90])), None);
        assert_eq!(parse_public_key(&KEY.replacen("MFkw", "MFow", 1)), None);
        assert_eq!(parse_public_key("not a key"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn one_changed_byte_is_noticed(body in proptest::collection::vec(any::<u8>(), 1..200), at: usize, flip in 1_u8..) {
            prop_assert_eq!(verified(&body, |_| {}, NOW), Ok(()));
            let spoil = |body: &mut Vec<u8>| {
                let at = at % body.len();
                body[at] ^= flip;
            };
            prop_assert_eq!(verified(&body, spoil, NOW), Err(VerificationError::WrongSignature));
        }
    }
}
