//! What posts of a source must prove beside the ingest key, as a request says it.

use shared::provider::Provider;
use shared::source::{Source, Trust};

use crate::http::body::{Fields, or_null};

mod credentials;
mod networks;
mod verification;

use verification::Setting;

/// Of a new source; faults are noted in `body`. `provider` is `None` when the request names no provider.
pub(super) fn of_new(body: &mut Fields, provider: Option<Provider>, public_url: &str) -> Option<Trust> {
    let setting = provider.map(|provider| Setting { provider, stored: None, public_url });
    let verification = verification::read(body, setting.as_ref());
    let credentials = body.optional("credentials", credentials::read);
    let networks = body.optional("networks", networks::read).unwrap_or_default();
    Some(Trust { verification: verification?, credentials, networks })
}

/// Of a source that is stored: what is absent stays as it is, and `"credentials": null` takes them away.
pub(super) fn changed(body: &mut Fields, stored: &Source, public_url: &str) -> Option<Trust> {
    let setting = Setting { provider: stored.provider, stored: Some(stored), public_url };
    let verification = verification::read(body, Some(&setting));
    let credentials = body.optional("credentials", or_null(credentials::read));
    let credentials = credentials.unwrap_or_else(|| stored.trust.credentials.clone());
    let networks = body.optional("networks", networks::read).unwrap_or_else(|| stored.trust.networks.clone());
    Some(Trust { verification: verification?, credentials, networks })
}
