//! SNS: RSA over some fields of the message, with the key of a certificate whose URL is in the message.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use num_bigint::BigUint;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Map, Value};

use super::Signed;

/// A private key that signs nothing but tests. It is stored because generating an RSA key takes a second or more.
const TEST_KEY: &str = include_str!("../../../fixtures/keys/sns_test_only_rsa.pem");

/// URL of the signer's certificate.
pub const CERTIFICATE_URL: &str =
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem";
/// Host of [`CERTIFICATE_URL`].
pub const HOST: &str = "sns.us-east-1.amazonaws.com";
/// A topic.
pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:SES_Events";

/// Signed fields of a notification, in order.
const OF_NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
/// Signed fields of a confirmation, in order.
const OF_CONFIRMATION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// The DER of SHA-1's and SHA-256's `DigestInfo` up to the digest (RFC 8017, 9.2).
const SHA1_INFO: [u8; 15] = [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
const SHA256_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// SNS's signature versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `"1"`: SHA-1.
    Sha1,
    /// `"2"`: SHA-256.
    Sha256,
}

/// Signs the messages of one topic.
#[derive(Debug, Clone)]
pub struct Topic {
    arn: String,
    version: Version,
    certificate_url: String,
    modulus: BigUint,
    private_exponent: BigUint,
}

impl Topic {
    /// A signer for the topic [`TOPIC`]. It signs with SHA-1 and names [`CERTIFICATE_URL`].
    pub fn new() -> anyhow::Result<Self> {
        let mut numbers = integers(key()?.secret_pkcs8_der()).into_iter();
        // PKCS #8: a version; in it PKCS #1: a version, the modulus, the public and the private exponent, and more.
        let (modulus, private_exponent) = numbers.nth(2).zip(numbers.nth(1)).ok_or(anyhow::anyhow!("no RSA key"))?;
        let (arn, certificate_url) = (TOPIC.to_owned(), CERTIFICATE_URL.to_owned());
        Ok(Self { arn, version: Version::Sha1, certificate_url, modulus, private_exponent })
    }

    /// This signer for another topic's ARN.
    #[must_use]
    pub fn named(mut self, arn: &str) -> Self {
        arn.clone_into(&mut self.arn);
        self
    }

    /// This signer with another signature version.
    #[must_use]
    pub fn signing_with(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// This signer with another certificate URL.
    #[must_use]
    pub fn with_certificate_at(mut self, url: &str) -> Self {
        url.clone_into(&mut self.certificate_url);
        self
    }

    /// A notification.
    pub fn notification(&self, id: &str, message: &str, at: Timestamp) -> Signed {
        self.signed("Notification", id, message, at, &[], &OF_NOTIFICATION)
    }

    /// A subscription confirmation; a request to `url` confirms the subscription.
    pub fn confirmation(&self, id: &str, url: &str, at: Timestamp) -> Signed {
        let message = format!("You have chosen to subscribe to the topic {}.\nTo confirm, visit the URL.", self.arn);
        let more = [("SubscribeURL", url), ("Token", "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988")];
        self.signed("SubscriptionConfirmation", id, &message, at, &more, &OF_CONFIRMATION)
    }

    /// An unsubscribe confirmation; a request to `url` would confirm the subscription again.
    pub fn unsubscribed(&self, id: &str, url: &str, at: Timestamp) -> Signed {
        let message = format!("You have chosen to deactivate the subscription to {}.", self.arn);
        let more = [("SubscribeURL", url), ("Token", "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988")];
        self.signed("UnsubscribeConfirmation", id, &message, at, &more, &OF_CONFIRMATION)
    }

    fn signed(
        &self,
        kind: &'static str,
        id: &str,
        message: &str,
        at: Timestamp,
        more: &[(&str, &str)],
        covered: &[&str],
    ) -> Signed {
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        let version = match self.version {
            Version::Sha1 => "1",
            Version::Sha256 => "2",
        };
        let mut fields: Vec<(&str, &str)> =
            vec![("Type", kind), ("MessageId", id), ("TopicArn", &self.arn), ("Message", message), ("Timestamp", &at)];
        fields.extend(more);
        let covered = covered.iter().filter_map(|name| fields.iter().find(|(field, _)| field == name));
        let text: String = covered.flat_map(|(name, value)| [*name, "\n", *value, "\n"]).collect();
        let signature = BASE64_STANDARD.encode(self.rsa(text.as_bytes()));
        fields.extend([
            ("SignatureVersion", version),
            ("Signature", signature.as_str()),
            ("SigningCertURL", self.certificate_url.as_str()),
        ]);
        let body: Map<String, Value> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Signed::plain("text/plain; charset=UTF-8", Value::from(body).to_string())
            .with("x-amz-sns-message-type", kind)
            .with("x-amz-sns-message-id", id)
            .with("x-amz-sns-topic-arn", self.arn.clone())
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.1).
    fn rsa(&self, text: &[u8]) -> Vec<u8> {
        let info = match self.version {
            Version::Sha1 => [&SHA1_INFO[..], digest(&SHA1_FOR_LEGACY_USE_ONLY, text).as_ref()].concat(),
            Version::Sha256 => [&SHA256_INFO[..], digest(&SHA256, text).as_ref()].concat(),
        };
        let length = usize::try_from(self.modulus.bits().div_ceil(8)).unwrap_or_default();
        let padding = vec![0xff; length - info.len() - 3];
        let encoded = [&[0, 1][..], &padding, &[0], &info].concat();
        let number = BigUint::from_bytes_be(&encoded).modpow(&self.private_exponent, &self.modulus).to_bytes_be();
        [vec![0; length - number.len()], number].concat()
    }
}

/// A certificate of the signing key as PEM, valid from 2016 to 2046.
pub fn certificate() -> anyhow::Result<String> {
    certificate_until(2046)
}

/// A certificate of the signing key as PEM, valid until the beginning of a year.
pub fn certificate_until(year: i32) -> anyhow::Result<String> {
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&key()?, &PKCS_RSA_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "sns.amazonaws.com");
    params.not_before = date_time_ymd(2016, 1, 1);
    params.not_after = date_time_ymd(year, 1, 1);
    let der = BASE64_STANDARD.encode(params.self_signed(&pair)?.der());
    let lines: Vec<_> = der.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    Ok(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n")))
}

fn key() -> anyhow::Result<PrivatePkcs8KeyDer<'static>> {
    PrivatePkcs8KeyDer::from_pem_slice(TEST_KEY.as_bytes()).map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// All integers in a DER structure, in order, including those in sequences and octet strings.
fn integers(mut der: &[u8]) -> Vec<BigUint> {
    let mut found = Vec::new();
    while let [tag, length, rest @ ..] = der {
        let (length, rest) = match usize::from(*length) {
            short @ ..0x80 => (short, rest),
            long => {
                let (bytes, rest) = rest.split_at((long - 0x80).min(rest.len()));
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
        };
        let (content, rest) = rest.split_at(length.min(rest.len()));
        match tag {
            0x02 => found.push(BigUint::from_bytes_be(content)),
            0x04 | 0x30 => found.extend(integers(content)),
            _ => {}
        }
        der = rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use ring::signature::{
        KeyPair as _, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair,
        UnparsedPublicKey, VerificationAlgorithm,
    };

    use super::*;

    #[test]
    fn ring_accepts_both_versions() {
        let pair = RsaKeyPair::from_pkcs8(key().unwrap().secret_pkcs8_der()).unwrap();
        let versions: [(Version, &'static dyn VerificationAlgorithm); 2] = [
            (Version::Sha1, &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
            (Version::Sha256, &RSA_PKCS1_2048_8192_SHA256),
        ];
        for (version, algorithm) in versions {
            let signature = Topic::new().unwrap().signing_with(version).rsa(b"text");
            UnparsedPublicKey::new(algorithm, pair.public_key()).verify(b"text", &signature).unwrap();
        }
    }

    #[test]
    fn the_certificate_is_of_the_signing_key() {
        let pem = certificate().unwrap();
        let der = rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        let modulus = Topic::new().unwrap().modulus.to_bytes_be();
        assert!(der.windows(modulus.len()).any(|window| window == modulus));
    }
}
