//! With what a webhook signs: the scheme that is asked for, and a secret that fits it.

use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::problem::Fault;
use shared::secret::{SignatureScheme, SigningSecret};

use crate::fields::signature::check_dialect;
use crate::http::error::Refusal;
use crate::room::Api;

/// The given secret, or a new one of the scheme. Which scheme: the one asked for, else the given secret's own, else
/// `present`.
pub(crate) fn secret(
    given: Option<&SigningSecret>,
    asked: Option<SignatureScheme>,
    present: SignatureScheme,
    dialect: Dialect,
) -> Result<SigningSecret, Vec<Fault>> {
    let scheme = asked.or(given.map(SigningSecret::scheme)).unwrap_or(present);
    check_dialect(dialect, scheme, "/signature")?;
    match (given, scheme) {
        (Some(secret), _) if secret.scheme() == scheme => Ok(secret.clone()),
        (Some(_), SignatureScheme::V1) => Err(vec![Fault::new(
            "/secret",
            "an ed25519 key signs `v1a`; give a shared secret, or `\"signature\": \"v1a\"`",
        )]),
        (Some(_), SignatureScheme::V1a) => Err(vec![Fault::new(
            "/secret",
            "for `v1a` a secret is `whsk_` and base64 of an ed25519 key: its seed of 32 bytes, or the 64 of seed and public key",
        )]),
        (None, SignatureScheme::V1) => Ok(SigningSecret::generate(random())),
        (None, SignatureScheme::V1a) => Ok(SigningSecret::generate_key_pair(random())),
    }
}

/// What a webhook signs with that is made through an API without a field for secrets: the tenant's own, else a new one.
pub(crate) async fn tenants_secret(api: &Api, tenant: TenantId) -> Result<SigningSecret, Refusal> {
    let settings = api.registry.get_settings(tenant).await?;
    Ok(settings.webhook_secret.unwrap_or_else(|| SigningSecret::generate(random())))
}
