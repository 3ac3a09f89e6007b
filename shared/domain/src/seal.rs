//! How secrets are sealed before they are stored: AES-256-GCM under a data key. A seal is bound to the place where the
//! secret is stored. So an export of the table reveals no secret, and a secret that is copied to another row does not
//! open there.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// The version of sealed texts that this code writes.
const FORM: &str = "v1";
/// Bytes of a data key.
pub const KEY_BYTES: usize = 32;
/// Bytes of a nonce. Nonces are random. One data key may seal 2^32 secrets before two equal nonces become likely; a
/// registry never holds so many.
pub const NONCE_BYTES: usize = NONCE_LEN;

/// The number of a data key. Newer keys have higher numbers.
pub type DataKeyNumber = u32;

/// An unwrapped data key, which seals secrets. It does not print.
pub struct DataKey {
    number: DataKeyNumber,
    key: LessSafeKey,
}

/// Where a secret is stored.
#[derive(Debug, Clone, Copy)]
pub struct SealContext<'a> {
    /// The row's partition key.
    pub pk: &'a str,
    /// The row's sort key.
    pub sk: &'a str,
    /// The field in the row.
    pub field: &'a str,
}

/// A sealed text that is parsed but not opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The number of the data key that opens the text.
    pub key: DataKeyNumber,
    /// Nonce, ciphertext and tag.
    bytes: Vec<u8>,
}

/// The text could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text is not sealed, or its form is unknown to this version.
    #[error("not a sealed text of a known form")]
    UnknownForm,
    /// The text was sealed under another key or for another place, or it was changed.
    #[error("the seal is broken")]
    Broken,
}

impl DataKey {
    /// The key with this number and these bytes.
    ///
    /// # Panics
    ///
    /// Never: see the reason below.
    pub fn new(number: DataKeyNumber, bytes: &[u8; KEY_BYTES]) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "ring refuses keys of another length only, and the type says the length"
        )]
        let key = UnboundKey::new(&AES_256_GCM, bytes).expect("a key of 32 bytes");
        Self { number, key: LessSafeKey::new(key) }
    }

    /// Its number.
    pub fn number(&self) -> DataKeyNumber {
        self.number
    }

    /// Seals `clear`. The result is one text: `v1:<number of the data key>:<base64 of nonce, ciphertext and tag>`. The
    /// nonce must be fresh and random.
    ///
    /// # Panics
    ///
    /// When the text has more than 64 GiB.
    pub fn seal(&self, clear: &str, place: &SealContext<'_>, nonce: [u8; NONCE_BYTES]) -> String {
        let mut bytes = clear.as_bytes().to_vec();
        #[expect(clippy::expect_used, reason = "ring refuses texts of more than 64 GiB only")]
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), place.bound_to(self.number), &mut bytes)
            .expect("a secret is short");
        let sealed = [nonce.as_slice(), &bytes, tag.as_ref()].concat();
        format!("{FORM}:{}:{}", self.number, BASE64_STANDARD.encode(sealed))
    }

    /// Opens a text that was sealed for this place.
    pub fn open(&self, sealed: Sealed, place: &SealContext<'_>) -> Result<String, SealError> {
        let mut bytes = sealed.bytes;
        let (nonce, rest) = bytes.split_first_chunk_mut::<NONCE_BYTES>().ok_or(SealError::UnknownForm)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let clear = self.key.open_in_place(nonce, place.bound_to(self.number), rest).map_err(|_| SealError::Broken)?;
        String::from_utf8(clear.to_vec()).map_err(|_| SealError::Broken)
    }
}

impl Sealed {
    /// Parses a sealed text.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let parsed = text.strip_prefix(FORM).and_then(|rest| rest.strip_prefix(':')).and_then(|rest| {
            let (key, bytes) = rest.split_once(':')?;
            Some(Self { key: key.parse().ok()?, bytes: BASE64_STANDARD.decode(bytes).ok()? })
        });
        parsed.ok_or(SealError::UnknownForm)
    }
}

impl SealContext<'_> {
    /// The data that the seal covers in addition to the secret. Each part has its length before it, so that two
    /// different places never give the same bytes.
    fn bound_to(&self, number: DataKeyNumber) -> Aad<Vec<u8>> {
        let mut bound = format!("{FORM}:{number}").into_bytes();
        for part in [self.pk, self.sk, self.field] {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        Aad::from(bound)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({}, redacted)", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: SealContext<'_> = SealContext { pk: "T#ten_1", sk: "W#wh_1", field: "secret" };

    /// Made with `cryptography.hazmat` AESGCM of Python. What is stored today must open in every later version.
    #[test]
    fn a_fixed_vector_opens() {
        let key = DataKey::new(7, &[9; 32]);
        let text = key.seal("whsec_your_secret_key_here", &PLACE, [5; 12]);
        assert_eq!(text, VECTOR);
        assert_eq!(key.open(Sealed::parse(VECTOR).unwrap(), &PLACE).unwrap(), "whsec_your_secret_key_here");
    }

    const VECTOR: &str = "v1:7:BQUFBQUFBQUFBQUFuB/FM2iHZSI3VgqNuAwbEHWT2fXMjN6pcBFeL4/wDowpNZUmy/DBRep/";

    #[test]
    fn opens_in_its_own_place_only() {
        let key = DataKey::new(1, &[1; 32]);
        let sealed = Sealed::parse(&key.seal("a secret", &PLACE, [2; 12])).unwrap();
        assert_eq!(key.open(sealed.clone(), &PLACE).as_deref(), Ok("a secret"));
        for place in [
            SealContext { pk: "T#ten_2", ..PLACE },
            SealContext { sk: "W#wh_2", ..PLACE },
            SealContext { field: "previous_secret", ..PLACE },
            SealContext { pk: "T#ten_1W#", sk: "wh_1", ..PLACE },
        ] {
            assert_eq!(key.open(sealed.clone(), &place), Err(SealError::Broken), "{place:?}");
        }
        for other in [DataKey::new(1, &[2; 32]), DataKey::new(2, &[1; 32])] {
            assert_eq!(other.open(sealed.clone(), &PLACE), Err(SealError::Broken));
        }
        assert_eq!(format!("{key:?}"), "DataKey(1, redacted)");
    }

    #[test]
    fn what_was_never_sealed_is_told_apart() {
        for text in ["", "whsec_abc", "v1:", "v1:1", "v1:x:AAAA", "v1:1:???", "v2:1:AAAA"] {
            assert_eq!(Sealed::parse(text), Err(SealError::UnknownForm), "{text}");
        }
        let short = Sealed::parse("v1:1:AAAA").unwrap();
        assert_eq!(DataKey::new(1, &[1; 32]).open(short, &PLACE), Err(SealError::UnknownForm));
    }

    proptest! {
        #[test]
        fn every_text_comes_back_and_no_changed_one(text in "\\PC{0,80}", key: [u8; 32], nonce: [u8; 12], at: prop::sample::Index, bit in 0..8_u8) {
            let key = DataKey::new(3, &key);
            let sealed = Sealed::parse(&key.seal(&text, &PLACE, nonce)).unwrap();
            let opened = key.open(sealed.clone(), &PLACE);
            prop_assert_eq!(opened.as_deref(), Ok(text.as_str()));
            let mut changed = sealed;
            let at = at.index(changed.bytes.len());
            changed.bytes[at] ^= 1 << bit;
            prop_assert_eq!(key.open(changed, &PLACE), Err(SealError::Broken));
        }
    }
}
