//! With what a webhook signs: the scheme that is asked for, and a secret that fits it.

use serde_json::Value;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::problem::Fault;
use shared::secret::{SignatureScheme, SigningSecret};

use crate::Api;
use crate::http::body::{Faults, parsed};
use crate::http::refusal::Refusal;

/// The field `signature`.
pub(crate) fn scheme(value: Value) -> Result<SignatureScheme, Faults> {
    let word = parsed::<String>(value)?;
    SignatureScheme::from_word(&word).ok_or_else(|| "unknown signature; there are: v1, v1a".into())
}

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

/// A fault at `pointer` if the receivers of `dialect` could not verify `scheme`.
pub(crate) fn check_dialect(dialect: Dialect, scheme: SignatureScheme, pointer: &str) -> Result<(), Vec<Fault>> {
    if dialect.takes(scheme) {
        return Ok(());
    }
    let detail = format!("the dialect `{}` signs with a shared secret only, `v1`", dialect.as_str());
    Err(vec![Fault::new(pointer, detail)])
}

/// What a webhook signs with that is made through an API without a field for secrets: the tenant's own, else a new one.
pub(crate) async fn tenants_secret(api: &Api, tenant: TenantId) -> Result<SigningSecret, Refusal> {
    let settings = api.registry.get_settings(tenant).await?;
    Ok(settings.webhook_secret.unwrap_or_else(|| SigningSecret::generate(random())))
}
