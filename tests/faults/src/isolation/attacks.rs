//! The attacks, each in a file of its own. `prepare` creates what the attack needs, which belongs to no measurement.
//! What `prepare` returns is the attack itself.

mod steady_deliveries;
mod alternating_receivers;
mod endless_recoveries;
mod hanging_receivers;
mod just_quick_enough;
mod large_batch;
mod long_waits;
mod nested_metadata;
mod public_keys;
mod unauthenticated;
mod wide_fan_out;

use std::time::Instant;

use futures::future::LocalBoxFuture;

use super::arena::Arena;

/// An attack that is prepared. It runs until the given time, and then says what it did.
type Strike<'a> = Box<dyn FnOnce(Instant) -> LocalBoxFuture<'a, anyhow::Result<String>> + 'a>;

/// An attack of one tenant, or of somebody without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Metadata nested around the limits, by every provider and as own events.
    NestedMetadata,
    /// Many webhooks that all want large events.
    WideFanOut,
    /// Retries that wait for days, and receivers that demand to be asked again half a day later.
    LongWaits,
    /// Receivers that answer just before they count as slow.
    JustQuickEnough,
    /// Receivers that never answer.
    HangingReceivers,
    /// Receivers that answer at once and slowly by turns.
    AlternatingReceivers,
    /// A flood of the route of public keys.
    PublicKeys,
    /// A flood of requests without a key.
    Unauthenticated,
    /// Posts with as many events as a post can have.
    LargeBatch,
    /// Recoveries of the same dead deliveries, again and again.
    EndlessRecoveries,
}

impl Attack {
    /// All attacks.
    pub const ALL: [Self; 10] = [
        Self::NestedMetadata,
        Self::WideFanOut,
        Self::LongWaits,
        Self::PublicKeys,
        Self::Unauthenticated,
        Self::LargeBatch,
        Self::EndlessRecoveries,
        Self::JustQuickEnough,
        Self::AlternatingReceivers,
        Self::HangingReceivers,
    ];
    /// The attacks of the short form. Reason: each took, or stopped, all tenants' deliveries once, and each does so
    /// within seconds.
    pub const SHORT: [Self; 4] = [Self::NestedMetadata, Self::LongWaits, Self::PublicKeys, Self::HangingReceivers];

    /// The attack's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::NestedMetadata => "nested metadata",
            Self::WideFanOut => "wide fan-out",
            Self::LongWaits => "long waits",
            Self::JustQuickEnough => "1.9 s receivers",
            Self::HangingReceivers => "hanging receivers",
            Self::AlternatingReceivers => "quick and slow",
            Self::PublicKeys => "public keys",
            Self::Unauthenticated => "unauthenticated",
            Self::LargeBatch => "5,000 events",
            Self::EndlessRecoveries => "endless recoveries",
        }
    }

    /// Prepares the attack.
    pub(super) async fn prepare<'a>(self, arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
        match self {
            Self::NestedMetadata => nested_metadata::prepare(arena).await,
            Self::WideFanOut => wide_fan_out::prepare(arena).await,
            Self::LongWaits => long_waits::prepare(arena).await,
            Self::JustQuickEnough => just_quick_enough::prepare(arena).await,
            Self::HangingReceivers => hanging_receivers::prepare(arena).await,
            Self::AlternatingReceivers => alternating_receivers::prepare(arena).await,
            Self::PublicKeys => public_keys::prepare(arena).await,
            Self::Unauthenticated => Ok(unauthenticated::prepare(arena)),
            Self::LargeBatch => large_batch::prepare(arena).await,
            Self::EndlessRecoveries => endless_recoveries::prepare(arena).await,
        }
    }
}
