//! Mailgun's signature: hex HMAC-SHA256 over timestamp and token, which are both in the body.
//!
//! A post of a subaccount has two signatures: `signature` with the subaccount's key, and `parent-signature` with the
//! primary account's key. So a receiver with the primary key needs no other key. Each of the two signatures is
//! sufficient proof.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::form::Form;
use crate::mailgun_fields::PARENT_SIGNATURE;
use crate::provider::json::Object;
use crate::provider::report::is_fresh;
use crate::provider::signed::hmac_sha256;
use crate::provider::text::unix_seconds;
use crate::provider::{Received, Token, VerificationError};
use crate::source::Verification;

/// Maximum age of a signature. Reason: Mailgun sends a post again for about 8 hours, with its first signature; three
/// times that is safe.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// How far the sender's clock may be ahead of ours.
const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// The fields of a signature. Absent fields are empty.
#[derive(Default)]
pub(super) struct Signature {
    timestamp: String,
    token: String,
    /// `signature` and [`PARENT_SIGNATURE`], in hex. One of them must be made with the source's key.
    macs: [String; 2],
}

/// A captured signature can be attached to another body, so it does not print.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(redacted)")
    }
}

impl Signature {
    pub(super) fn of_json(object: &Object<'_>) -> Self {
        let text = |name| object.text(name).unwrap_or_default();
        Self { timestamp: text("timestamp"), token: text("token"), macs: ["signature", PARENT_SIGNATURE].map(text) }
    }

    pub(super) fn of_form(form: &Form) -> Self {
        // The sender's variables share the names and come first, so the last value is Mailgun's.
        let text = |name| form.last(name).unwrap_or_default().to_owned();
        Self { timestamp: text("timestamp"), token: text("token"), macs: ["signature", PARENT_SIGNATURE].map(text) }
    }

    /// Whether the source's key made the signature, and recently.
    pub(super) fn verify(&self, verification: &Verification, now: Timestamp) -> Result<(), VerificationError> {
        let key = match verification {
            Verification::Unsigned => return Ok(()),
            Verification::SigningKey(key) => key,
            Verification::PublicKey(_) | Verification::KeyAndUrl { .. } | Verification::Topics(_) => {
                return Err(VerificationError::WrongVerification);
            }
        };
        if self.timestamp.is_empty() || self.token.is_empty() || self.macs.iter().all(String::is_empty) {
            return Err(VerificationError::NoSignature);
        }
        let parts = [self.timestamp.as_bytes(), self.token.as_bytes()];
        // Both signatures are compared, so that the time does not reveal which one matched.
        let is_good = self.macs.iter().fold(false, |is_good, mac| {
            let mac = hex::decode(mac).unwrap_or_default();
            is_good | hmac_sha256(key.expose().as_bytes(), &parts, &mac).is_ok()
        });
        if !is_good {
            return Err(VerificationError::WrongSignature);
        }
        match self.signed_at() {
            Some(signed_at) if is_fresh(signed_at, now, MAX_AGE, MAX_AHEAD) => Ok(()),
            Some(_) | None => Err(VerificationError::Stale),
        }
    }

    /// When the post was signed. A retry repeats this time.
    pub(super) fn signed_at(&self) -> Option<Timestamp> {
        unix_seconds(&self.timestamp)
    }

    /// Adds the token to remember, if the signature was verified.
    pub(super) fn with_token(&self, verification: &Verification, received: Received) -> Received {
        let vouching = self.token().zip(self.signed_at()).filter(|_| *verification != Verification::Unsigned);
        let token = vouching.map(|(value, signed_at)| Token {
            value: value.to_owned(),
            good_until: signed_at.saturating_add(MAX_AGE).unwrap_or(Timestamp::MAX),
        });
        Received { token, ..received }
    }

    /// The token. It belongs to one post, and a retry repeats it.
    pub(super) fn token(&self) -> Option<&str> {
        (!self.token.is_empty()).then_some(&self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::VerificationSecret;

    const MAC: &str = "2a75affe24846ead9e37e614a5e7643a04abf4d5b49b34d224ede9af23a00ccc";

    fn signature() -> Signature {
        // From the fixture `mailgun/delivered.json`.
        Signature {
            timestamp: "1534108637".into(),
            token: "651869375b9df3c98fc15c4889b102119add1235c38fc92824".into(),
            macs: [MAC.into(), String::new()],
        }
    }

    fn with_macs(own: &str, parent: &str) -> Signature {
        Signature { macs: [own.into(), parent.into()], ..signature() }
    }

    fn verify(signature: &Signature, second: i64) -> Result<(), VerificationError> {
        let key = VerificationSecret::parse("TEST_WEBHOOK_SIGNING_KEY").unwrap();
        signature.verify(&Verification::SigningKey(key), Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn is_good_for_a_day() {
        let signed = 1_534_108_637;
        for good in [signed - 300, signed, signed + 86_400] {
            assert_eq!(verify(&signature(), good), Ok(()));
        }
        for stale in [signed - 301, signed + 86_401] {
            assert_eq!(verify(&signature(), stale), Err(VerificationError::Stale));
        }
    }

    #[test]
    fn every_part_counts() {
        let now = 1_534_108_637;
        let spoiled = [
            Signature { timestamp: "1534108638".into(), ..signature() },
            Signature { token: "751869375b9df3c98fc15c4889b102119add1235c38fc92824".into(), ..signature() },
            with_macs(&"0".repeat(64), ""),
            with_macs(&MAC[..62], ""),
            with_macs("not hex", ""),
        ];
        for signature in spoiled {
            assert_eq!(verify(&signature, now), Err(VerificationError::WrongSignature));
        }
        assert_eq!(verify(&Signature::default(), now), Err(VerificationError::NoSignature));
        let wrong_kind = Verification::PublicKey(Vec::new());
        let verified = signature().verify(&wrong_kind, Timestamp::from_second(now).unwrap());
        assert_eq!(verified, Err(VerificationError::WrongVerification));
    }

    #[test]
    fn either_signature_is_enough_and_one_must_be_right() {
        let now = 1_534_108_637;
        let (other, upper) = ("0".repeat(64), MAC.to_uppercase());
        let (other, upper) = (other.as_str(), upper.as_str());
        for (own, parent) in [(MAC, ""), (MAC, other), (MAC, "not hex"), ("", MAC), (other, MAC), ("x", upper)] {
            assert_eq!(verify(&with_macs(own, parent), now), Ok(()), "{own} {parent}");
            assert_eq!(verify(&with_macs(own, parent), now + 86_401), Err(VerificationError::Stale), "{own} {parent}");
        }
        for (own, parent) in [("", other), (other, other), (other, "x"), (&MAC[..62], &MAC[2..]), ("x", "")] {
            assert_eq!(verify(&with_macs(own, parent), now), Err(VerificationError::WrongSignature), "{own} {parent}");
        }
        assert_eq!(verify(&with_macs("", ""), now), Err(VerificationError::NoSignature));
    }

    #[test]
    fn does_not_print() {
        assert_eq!(format!("{:?}", signature()), "Signature(redacted)");
    }
}
