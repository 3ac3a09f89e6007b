//! SendGrid: ECDSA on P-256 with SHA-256 over the timestamp header and the raw body.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::{JSON, Signed};

/// Header with the signature.
pub const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
/// Header with the time of signing.
pub const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";

/// The bytes before the point in the DER form of every P-256 public key (RFC 5480).
const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key pair that the tests have generated.
#[derive(Debug)]
pub struct SigningKey(EcdsaKeyPair);

impl SigningKey {
    /// Generates a new key pair.
    pub fn generate() -> anyhow::Result<Self> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
        let pkcs8 = pkcs8.map_err(|_| anyhow::anyhow!("no key pair"))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random);
        Ok(Self(pair.map_err(|refused| anyhow::anyhow!("{refused}"))?))
    }

    /// The public key as DER `SubjectPublicKeyInfo`.
    pub fn public_key(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], self.0.public_key().as_ref()].concat()
    }

    /// Signs a body.
    pub fn sign(&self, body: impl Into<Vec<u8>>, at: Timestamp) -> anyhow::Result<Signed> {
        let body = body.into();
        let timestamp = at.as_second().to_string();
        let signature = self.0.sign(&SystemRandom::new(), &[timestamp.as_bytes(), &body].concat());
        let signature = signature.map_err(|_| anyhow::anyhow!("no signature"))?;
        Ok(Signed::plain(JSON, body).with(SIGNATURE, BASE64_STANDARD.encode(signature)).with(TIMESTAMP, timestamp))
    }
}
