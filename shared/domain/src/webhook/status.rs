//! Whether a webhook is enabled.

use crate::reasons::DisabledReason;

/// Whether deliveries are attempted or held. The tenant's pause is separate from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookStatus {
    /// Deliveries are attempted.
    Enabled,
    /// Deliveries are held.
    Disabled {
        /// Why the webhook is disabled.
        reason: DisabledReason,
    },
}

impl WebhookStatus {
    /// The status after a request to enable or disable the webhook. A webhook that is disabled already keeps its
    /// reason.
    #[must_use]
    pub fn switched(self, enabled: bool) -> Self {
        match (enabled, self) {
            (true, _) => Self::Enabled,
            (false, Self::Disabled { reason }) => Self::Disabled { reason },
            (false, Self::Enabled) => Self::Disabled { reason: DisabledReason::Requested },
        }
    }
}
