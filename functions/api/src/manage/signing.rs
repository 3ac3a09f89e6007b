//! What a webhook signs with: a scheme, and a secret that fits the scheme.

use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::secret::{SignatureScheme, SigningSecret};

use super::error::ManageError;
use crate::fields::signature::check_dialect;
use crate::http::field_errors::FieldErrors;
use crate::room::Api;

/// The given secret, or a new one. Its scheme is the `requested` one, else that of the given secret, else `present`.
pub(crate) fn secret(
    given: Option<&SigningSecret>,
    requested: Option<SignatureScheme>,
    present: SignatureScheme,
    dialect: Dialect,
) -> Result<SigningSecret, FieldErrors> {
    let scheme = requested.or(given.map(SigningSecret::scheme)).unwrap_or(present);
    check_dialect(dialect, scheme).map_err(|errors| errors.below("/signature"))?;
    match (given, scheme) {
        (Some(secret), _) if secret.scheme() == scheme => Ok(secret.clone()),
        (Some(_), SignatureScheme::V1) => Err(FieldErrors::at(
            "/secret",
            "an ed25519 key signs `v1a`; give a shared secret, or `\"signature\": \"v1a\"`",
        )),
        (Some(_), SignatureScheme::V1a) => Err(FieldErrors::at(
            "/secret",
            "for `v1a` a secret is `whsk_` and base64 of an ed25519 key: its seed of 32 bytes, or the 64 of seed and \
             public key",
        )),
        (None, SignatureScheme::V1) => Ok(SigningSecret::generate(random())),
        (None, SignatureScheme::V1a) => Ok(SigningSecret::generate_key_pair(random())),
    }
}

/// The secret of a new webhook that is registered through an API without a field for secrets: the tenant's own, else a
/// new one.
pub(crate) async fn tenants_secret(api: &Api, tenant: TenantId) -> Result<SigningSecret, ManageError> {
    let settings = api.settings.get(tenant).await?;
    Ok(settings.webhook_secret.unwrap_or_else(|| SigningSecret::generate(random())))
}
