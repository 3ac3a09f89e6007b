//! The field `signature`: with which scheme a webhook signs.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::secret::SignatureScheme;

use crate::http::body::parsed;
use crate::http::field_errors::FieldErrors;

/// The field `signature`.
pub(crate) fn scheme(value: Value) -> Result<SignatureScheme, FieldErrors> {
    let word = parsed::<String>(value)?;
    SignatureScheme::from_word(&word).ok_or_else(|| "unknown signature; there are: v1, v1a".into())
}

/// Refuses a scheme that receivers of `dialect` cannot verify. The error is one of `signature`, `secret` or `dialect`;
/// the caller knows which of them the request gave.
pub(crate) fn check_dialect(dialect: Dialect, scheme: SignatureScheme) -> Result<(), FieldErrors> {
    if dialect.takes(scheme) {
        return Ok(());
    }
    let detail = format!("the dialect `{}` signs with a shared secret (`v1`) only", dialect.as_str());
    Err(detail.into())
}
