//! The fields of a source that say what its posts must prove in addition to the ingest key.

use shared::provider::Provider;
use shared::source::{Source, Trust};

use crate::http::body::{Fields, or_null};

mod credentials;
mod networks;
mod verification;

use verification::Setting;

/// The trust of a new source. Errors are added to `body`. `provider` is `None` when the request names no valid
/// provider.
pub(super) fn of_new(body: &mut Fields, provider: Option<Provider>, public_url: &str) -> Option<Trust> {
    let setting = provider.map(|provider| Setting { provider, stored: None, public_url });
    let verification = verification::read(body, setting.as_ref());
    let credentials = body.optional("credentials", credentials::read);
    let networks = body.optional("networks", networks::read).unwrap_or_default();
    Some(Trust { verification: verification?, credentials, networks })
}

/// The trust of a stored source after a change. Fields that the request leaves out stay as they are, and
/// `"credentials": null` removes the credentials.
pub(super) fn changed(body: &mut Fields, stored: &Source, public_url: &str) -> Option<Trust> {
    let setting = Setting { provider: stored.provider, stored: Some(stored), public_url };
    let verification = verification::read(body, Some(&setting));
    let credentials = body.optional("credentials", or_null(credentials::read));
    let credentials = credentials.unwrap_or_else(|| stored.trust.credentials.clone());
    let networks = body.optional("networks", networks::read).unwrap_or_else(|| stored.trust.networks.clone());
    Some(Trust { verification: verification?, credentials, networks })
}
