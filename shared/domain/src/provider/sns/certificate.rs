//! An X.509 certificate with an RSA key.

use jiff::Timestamp;
use x509_parser::oid_registry::OID_PKCS1_RSAENCRYPTION;
use x509_parser::pem::parse_x509_pem;

/// The part of a certificate that verifies signatures. The URL that it was fetched from proves that it is Amazon's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The public key as PKCS #1, as `ring` needs it.
    key: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Maximum size of a certificate that is read, in bytes (16 KiB). Those of SNS have 2 KiB.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Reads the first certificate in PEM; `None` unless it has an RSA key.
    pub fn parse(pem: &[u8]) -> Option<Self> {
        if pem.len() > Self::MAX_BYTES {
            return None;
        }
        let (_, pem) = parse_x509_pem(pem).ok()?;
        let certificate = pem.parse_x509().ok()?;
        let spki = certificate.public_key();
        let is_rsa = spki.algorithm.algorithm == OID_PKCS1_RSAENCRYPTION;
        let time = |at: x509_parser::time::ASN1Time| Timestamp::from_second(at.timestamp()).ok();
        is_rsa.then_some(Self {
            key: spki.subject_public_key.data.to_vec(),
            not_before: time(certificate.validity().not_before)?,
            not_after: time(certificate.validity().not_after)?,
        })
    }

    /// The certificate's key, if the certificate is valid at `now`.
    pub(crate) fn key_at(&self, now: Timestamp) -> Option<&[u8]> {
        (self.not_before..=self.not_after).contains(&now).then_some(&self.key)
    }

    /// When the certificate expires.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine as _};

    use super::*;

    const PEM: &[u8] = include_bytes!("../../../../../tests/fixtures/ses/sns_test_cert.pem");

    #[test]
    fn is_valid_for_its_time() {
        let certificate = Certificate::parse(PEM).unwrap();
        for (now, valid) in [
            ("2015-12-31T23:59:59Z", false),
            ("2016-01-01T00:00:00Z", true),
            ("2046-01-01T00:00:00Z", true),
            ("2046-01-01T00:00:01Z", false),
        ] {
            assert_eq!(certificate.key_at(now.parse().unwrap()).is_some(), valid, "{now}");
        }
    }

    #[test]
    fn nothing_else_is_one() {
        let elliptic = rcgen::generate_simple_self_signed(["sns.amazonaws.com".to_owned()]).unwrap();
        let encoded = BASE64_STANDARD.encode(elliptic.cert.der());
        let elliptic = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        let text = std::str::from_utf8(PEM).unwrap();
        let spoiled = text.replacen("MII", "MIJ", 1);
        for other in ["", "-----BEGIN CERTIFICATE-----", &text[..400], &spoiled, &elliptic, &"x".repeat(20_000)] {
            assert_eq!(Certificate::parse(other.as_bytes()), None);
        }
    }
}
