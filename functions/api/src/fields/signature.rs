//! The field `signature`: with which scheme a webhook signs.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::problem::Fault;
use shared::secret::SignatureScheme;

use crate::http::body::{Faults, parsed};

/// The field `signature`.
pub(crate) fn scheme(value: Value) -> Result<SignatureScheme, Faults> {
    let word = parsed::<String>(value)?;
    SignatureScheme::from_word(&word).ok_or_else(|| "unknown signature; there are: v1, v1a".into())
}

/// A fault at `pointer` if the receivers of `dialect` could not verify `scheme`.
pub(crate) fn check_dialect(dialect: Dialect, scheme: SignatureScheme, pointer: &str) -> Result<(), Vec<Fault>> {
    if dialect.takes(scheme) {
        return Ok(());
    }
    let detail = format!("the dialect `{}` signs with a shared secret only, `v1`", dialect.as_str());
    Err(vec![Fault::new(pointer, detail)])
}
