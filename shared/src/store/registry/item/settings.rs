//! The stored item of a tenant's settings.

use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION};
use crate::store::registry::sealable::Sealable;
use domain::dialect::Dialect;
use domain::secret::SigningSecret;
use domain::stored_word::StoredWord;
use domain::tenant::TenantSettings;

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct SettingsItem {
    v: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_dialect: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    webhook_secret: Option<String>,
    revision: u64,
}

impl Sealable for SettingsItem {
    fn version(&mut self) -> &mut u8 {
        &mut self.v
    }

    fn secrets(&mut self) -> Vec<(String, &mut String)> {
        self.webhook_secret.as_mut().map(|secret| ("webhook_secret".to_owned(), secret)).into_iter().collect()
    }
}

impl From<&TenantSettings> for SettingsItem {
    fn from(settings: &TenantSettings) -> Self {
        Self {
            v: VERSION,
            default_dialect: settings.default_dialect.as_ref().map(|dialect| dialect.text(Dialect::as_str).to_owned()),
            webhook_secret: settings.webhook_secret.as_ref().map(|secret| secret.expose().to_owned()),
            revision: settings.revision,
        }
    }
}

impl TryFrom<SettingsItem> for TenantSettings {
    type Error = StoreError;

    fn try_from(item: SettingsItem) -> Result<Self, StoreError> {
        let secret = item.webhook_secret.map(|text| SigningSecret::parse(&text).map_err(StoreError::unreadable));
        Ok(Self {
            default_dialect: item.default_dialect.map(|stored| StoredWord::read(&stored, Dialect::from_word)),
            webhook_secret: secret.transpose()?,
            revision: item.revision,
        })
    }
}
