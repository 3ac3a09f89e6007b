//! Whether a webhook is enabled.

use crate::reasons::DisabledReason;

/// Whether deliveries are attempted, as far as it is not the tenant's pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookStatus {
    /// They are attempted.
    Enabled,
    /// They are held.
    Disabled {
        /// Why.
        reason: DisabledReason,
    },
}

impl WebhookStatus {
    /// The status after somebody has asked for it to be enabled or not. What disabled it first stays the reason.
    #[must_use]
    pub fn switched(self, enabled: bool) -> Self {
        match (enabled, self) {
            (true, _) => Self::Enabled,
            (false, Self::Disabled { reason }) => Self::Disabled { reason },
            (false, Self::Enabled) => Self::Disabled { reason: DisabledReason::Requested },
        }
    }
}
