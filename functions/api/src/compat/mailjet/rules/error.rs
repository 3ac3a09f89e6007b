//! Why a rule changes nothing.

use shared::dialect::Dialect;
use shared::id::WebhookId;
use shared::webhook::Webhook;

use crate::compat::mailjet::entry::{Entry, EntryId, Place, speaks_mailjet};
use crate::compat::mailjet::words::Version;

/// Why a rule does not change a tenant's webhooks as the request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::compat::mailjet) enum RuleError {
    /// The tenant has no such entry.
    NotFound,
    /// The request gives a URL as answers show it, and the entry has no such URL.
    UnknownUrl,
    /// There is another entry at the place that the request names.
    Taken {
        /// The place.
        place: Place,
        /// The entry that is there.
        entry: EntryId,
        /// Its URL, with a password masked.
        url: String,
        /// Its webhook.
        webhook: WebhookId,
    },
    /// This API cannot change the entry without changing more than the request asks for.
    NotOwn {
        /// The entry.
        entry: EntryId,
        /// Its webhook.
        webhook: WebhookId,
        /// Why more would change.
        reason: NotOwnReason,
    },
    /// The request gives another ID than this, the entry's.
    OtherId(EntryId),
    /// The event type cannot change while this entry, with the other role, exists.
    OtherRoleExists(EntryId),
    /// A stream cannot be a backup URL.
    StreamAsBackup,
    /// A backup URL has the version of its main URL, which is this.
    VersionOfMain(Version),
    /// A backup URL has the status of its main URL, which is alive.
    StatusOfMain,
}

/// Why an entry is not one that this API makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::compat::mailjet) enum NotOwnReason {
    /// Its webhook wants several event types.
    SeveralTypes,
    /// Its webhook speaks this dialect, which is not Mailjet's.
    Dialect(Dialect),
}

impl RuleError {
    /// `entry` is at the place already.
    pub(super) fn taken(place: Place, entry: &Entry<'_>) -> Self {
        Self::Taken { place, entry: entry.id, url: entry.url.masked(), webhook: entry.webhook.id }
    }

    /// The entry's webhook is not one that this API makes.
    pub(super) fn not_own(entry: EntryId, webhook: &Webhook) -> Self {
        let reason =
            if speaks_mailjet(webhook) { NotOwnReason::SeveralTypes } else { NotOwnReason::Dialect(webhook.dialect) };
        Self::NotOwn { entry, webhook: webhook.id, reason }
    }
}
