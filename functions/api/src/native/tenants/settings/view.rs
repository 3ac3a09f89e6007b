//! Settings as answers show them.

use serde::Serialize;
use shared::dialect::Dialect;
use shared::tenant::TenantSettings;

/// Settings as answers show them: without the secret.
#[derive(Debug, Serialize)]
pub(super) struct SettingsView {
    default_dialect: &'static str,
    has_webhook_secret: bool,
}

impl From<&TenantSettings> for SettingsView {
    fn from(settings: &TenantSettings) -> Self {
        Self {
            default_dialect: settings.default_dialect.unwrap_or(Dialect::Standard).as_str(),
            has_webhook_secret: settings.webhook_secret.is_some(),
        }
    }
}
