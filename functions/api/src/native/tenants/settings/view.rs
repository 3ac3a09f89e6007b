//! Settings as answers show them.

use serde::Serialize;
use shared::dialect::Dialect;
use shared::tenant::TenantSettings;

/// Settings as answers show them: without the secret.
#[derive(Debug, Serialize)]
pub(super) struct SettingsView {
    /// The dialect of a newer release is shown as it is stored.
    default_dialect: String,
    has_webhook_secret: bool,
}

impl From<&TenantSettings> for SettingsView {
    fn from(settings: &TenantSettings) -> Self {
        let default_dialect = settings.default_dialect.as_ref();
        let default_dialect = default_dialect.map_or(Dialect::Standard.as_str(), |stored| stored.text(Dialect::as_str));
        Self { default_dialect: default_dialect.to_owned(), has_webhook_secret: settings.webhook_secret.is_some() }
    }
}
