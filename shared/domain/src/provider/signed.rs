//! Signatures by HMAC, compared in constant time.

use ring::hmac;
use subtle::ConstantTimeEq as _;

use super::VerificationError;

/// Whether `mac` is the HMAC-SHA256 over `parts`, without separators.
pub(super) fn hmac_sha256(key: &[u8], parts: &[&[u8]], mac: &[u8]) -> Result<(), VerificationError> {
    verify(hmac::HMAC_SHA256, key, parts, mac)
}

/// Whether `mac` is the HMAC-SHA1 over `parts`. SHA-1 is broken as a hash, but not as a MAC.
pub(super) fn hmac_sha1(key: &[u8], parts: &[&[u8]], mac: &[u8]) -> Result<(), VerificationError> {
    verify(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key, parts, mac)
}

fn verify(algorithm: hmac::Algorithm, key: &[u8], parts: &[&[u8]], mac: &[u8]) -> Result<(), VerificationError> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in parts {
        context.update(part);
    }
    let right: bool = context.sign().as_ref().ct_eq(mac).into();
    if right { Ok(()) } else { Err(VerificationError::WrongSignature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 2202 and of RFC 4231.
    #[test]
    fn known_vectors() {
        let (key, parts): (&[u8], [&[u8]; 2]) = (b"Jefe", [b"what do ya want ", b"for nothing?"]);
        let sha1 = hex::decode("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79").unwrap();
        let sha256 = hex::decode("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").unwrap();
        assert_eq!(hmac_sha1(key, &parts, &sha1), Ok(()));
        assert_eq!(hmac_sha256(key, &parts, &sha256), Ok(()));
        for wrong in [&sha256[..31], &[0; 32], b""] {
            assert_eq!(hmac_sha256(key, &parts, wrong), Err(VerificationError::WrongSignature));
        }
    }
}
