//! Typed, prefixed, time-ordered ids.
//!
//! Every id has 128 bits in the layout of a ULID: 48 bits of time in milliseconds, then 80 bits. In a minted id these
//! 80 bits are random; in a derived id they are a hash of what the id stands for. An id is written as 26 characters of
//! Crockford base32. So ids sort by time as text, and a replay of the same input derives the same id.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Crockford's base32 alphabet: no I, L, O, U. <https://www.crockford.com/base32.html>
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 26 characters hold 130 bits, and an id has 128; therefore the first character is at most `7`.
const ENCODED_LEN: usize = 26;

/// The text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `{prefix}` followed by 26 characters of Crockford base32 (digits and upper-case letters without I, L, O, U)"
)]
pub struct InvalidId {
    prefix: &'static str,
}

fn compose(at: Timestamp, rest: [u8; 10]) -> u128 {
    // A time before 1970 sorts as 1970. 48 bits of milliseconds last until the year 10889.
    let millis = u128::try_from(at.as_millisecond().max(0)).unwrap_or(0) & ((1 << 48) - 1);
    rest.iter().fold(millis, |bits, byte| (bits << 8) | u128::from(*byte))
}

fn encode(bits: u128) -> [u8; ENCODED_LEN] {
    let mut text = [0; ENCODED_LEN];
    let mut left = bits;
    for slot in text.iter_mut().rev() {
        *slot = ALPHABET[(left & 31) as usize];
        left >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != ENCODED_LEN || bytes[0] > b'7' {
        return None;
    }
    bytes.iter().try_fold(0_u128, |bits, byte| {
        let digit = ALPHABET.iter().position(|letter| letter == byte)?;
        Some((bits << 5) | digit as u128)
    })
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The prefix of every id of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a new id from the present time and 80 random bits.
            pub fn mint(now: Timestamp, random: [u8; 10]) -> Self {
                Self(compose(now, random))
            }

            /// The 26 characters after the prefix.
            pub fn bare(&self) -> String {
                encode(self.0).iter().map(|byte| char::from(*byte)).collect()
            }

            /// Reads the 26 characters after the prefix.
            pub fn from_bare(text: &str) -> Result<Self, InvalidId> {
                decode(text).map(Self).ok_or(InvalidId { prefix: $prefix })
            }

            /// The time in the id, at millisecond precision.
            pub fn time(&self) -> Timestamp {
                let millis = i64::try_from(self.0 >> 80).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                encode(self.0).iter().try_for_each(|byte| fmt::Write::write_char(f, char::from(*byte)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let bare = text.strip_prefix($prefix).ok_or(InvalidId { prefix: $prefix })?;
                Self::from_bare(bare)
            }
        }
    };
}

typed_id!(
    /// An account that owns sources, webhooks and data.
    TenantId, "ten_"
);
typed_id!(
    /// A tenant's configured connection to one provider.
    SourceId, "src_"
);
typed_id!(
    /// One normalised fact. Its id is the `webhook-id` header of all its deliveries.
    EventId, "evt_"
);
typed_id!(
    /// A webhook that a tenant registered.
    WebhookId, "wh_"
);
typed_id!(
    /// The public half of an API key.
    KeyId, "key_"
);
typed_id!(
    /// A recovery that somebody asked for.
    RecoveryId, "rec_"
);

impl EventId {
    /// The id of the event that `key` names within one source of one tenant.
    ///
    /// The id's time is the event's own time. The other 80 bits are SHA-256 over the parts; the length of each part
    /// precedes it, so that two different lists of parts never give the same bytes. `source` is `None` for events that
    /// the tenant publishes itself.
    pub fn derive(occurred_at: Timestamp, tenant: TenantId, source: Option<SourceId>, key: &str) -> Self {
        let source = source.map(|source| source.to_string()).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(b"mailhooks event 1");
        for part in [tenant.to_string().as_str(), source.as_str(), key] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut rest = [0; 10];
        rest.copy_from_slice(&hash.finalize()[..10]);
        Self(compose(occurred_at, rest))
    }

    /// The lowest id that an event of this time can have. A range of times begins with it.
    pub fn first_of(time: Timestamp) -> Self {
        Self(compose(time, [0; 10]))
    }

    /// The highest id that an event of this time can have. A range of times ends with it.
    pub fn last_of(time: Timestamp) -> Self {
        Self(compose(time, [0xff; 10]))
    }

    /// The next lower id.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The next higher id.
    #[must_use]
    pub fn after(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// A number in `0..shards`, evenly spread and always the same for an id. It comes from the id's last byte, which is
    /// random or part of a hash.
    pub fn shard(&self, shards: u8) -> u8 {
        ((self.0 & 0xff) % u128::from(shards)) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn a_known_ulid_reads_back() {
        let id: EventId = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        assert_eq!(id.time().as_millisecond(), 1_469_922_850_259);
        assert_eq!(id.to_string(), "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "",
            "evt_",
            "wh_01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "evt_01arz3ndektsv4rrffq69g5fav",
            "evt_81ARZ3NDEKTSV4RRFFQ69G5FAV",
            "evt_01ARZ3NDEKTSV4RRFFQ69G5FAI",
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        let tenant = TenantId::mint(at(1), [1; 10]);
        let source = SourceId::mint(at(1), [1; 10]);
        let own = EventId::derive(at(5), tenant, None, &format!("{source}x"));
        assert_ne!(own, EventId::derive(at(5), tenant, Some(source), "x"));
    }

    proptest! {
        #[test]
        fn text_and_id_are_one_to_one(bits: u128) {
            let id = EventId(bits);
            prop_assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
        }

        #[test]
        fn text_sorts_by_time(a in 0_i64..1 << 47, b in 0_i64..1 << 47, random: [u8; 10]) {
            let (x, y) = (EventId::mint(at(a), random), EventId::mint(at(b), random));
            prop_assert_eq!(a.cmp(&b), x.to_string().cmp(&y.to_string()));
        }

        #[test]
        fn derived_ids_are_stable_and_distinct(key_a: String, key_b: String, millis in 0_i64..1 << 47) {
            let tenant = TenantId::mint(at(1), [1; 10]);
            let derive = |key: &str| EventId::derive(at(millis), tenant, None, key);
            prop_assert_eq!(derive(&key_a), derive(&key_a));
            prop_assert_eq!(derive(&key_a) == derive(&key_b), key_a == key_b);
        }
    }
}
