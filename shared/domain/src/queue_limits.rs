//! What SQS takes, as far as rules depend on it.

use jiff::SignedDuration;

/// SQS takes 10 entries in one batch call.
pub const MAX_ENTRIES: usize = 10;
/// Bytes of all bodies in one batch call: 256 KiB, the limit that every SQS-compatible endpoint keeps (AWS itself has
/// allowed 1 MiB since 2025), less 16 KiB for attributes and group ids.
pub const MAX_BYTES: usize = 240 * 1024;
/// The longest `DelaySeconds` of a message (15 min).
pub const MAX_DELAY_SECONDS: u16 = 900;
/// The longest that a received message may stay hidden, counted from its receive. SQS allows 12 h (43,200 s) and
/// refuses more; the rest is left for the time already spent.
pub const MAX_HOP_SECONDS: u32 = 43_000;
/// How long SQS keeps a message, counted from when it was sent: 14 days, its maximum, as the template says. Hiding a
/// message does not prolong its life.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);
