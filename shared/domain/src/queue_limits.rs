//! Limits of SQS that rules depend on.

use jiff::SignedDuration;

/// Maximum number of entries of one batch call: SQS's limit.
pub const MAX_ENTRIES: usize = 10;
/// Maximum bytes of all bodies of one batch call (240 KiB). Reason: every SQS-compatible endpoint takes 256 KiB (AWS
/// itself has taken 1 MiB since 2025), of which 16 KiB are kept for attributes and group ids.
pub const MAX_BYTES: usize = 240 * 1024;
/// Maximum `DelaySeconds` of a message (15 min): SQS's limit.
pub const MAX_DELAY_SECONDS: u16 = 900;
/// Maximum time in seconds that a message stays hidden, counted from its receive. Reason: SQS refuses more than 12 h
/// (43,200 s); the difference covers the time between the receive and the call.
pub const MAX_HOP_SECONDS: u32 = 43_000;
/// Maximum messages of one queue that are in flight, which means received and not deleted: SQS's limit.
pub const MAX_IN_FLIGHT: u32 = 120_000;
/// How long SQS keeps a message after it was sent: 14 days, the maximum, which the template sets. Hiding a message does
/// not extend this time.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);
