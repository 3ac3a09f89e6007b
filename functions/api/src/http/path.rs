//! Ids in paths. A text that is no id gets 404, like an id that no object has.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shared::id::{EventId, KeyId, RecoveryId, SourceId, TenantId, WebhookId};

use super::error::{ApiError, not_found};
use crate::noun::Noun;
use crate::span;

/// An id whose type says what it names.
pub(crate) trait Named: FromStr {
    /// For the text of a 404.
    const NOUN: Noun;
}

impl Named for TenantId {
    const NOUN: Noun = Noun::Tenant;
}

impl Named for KeyId {
    const NOUN: Noun = Noun::Key;
}

impl Named for WebhookId {
    const NOUN: Noun = Noun::Webhook;
}

impl Named for SourceId {
    const NOUN: Noun = Noun::Source;
}

impl Named for EventId {
    const NOUN: Noun = Noun::Event;
}

impl Named for RecoveryId {
    const NOUN: Noun = Noun::Recovery;
}

/// The one id of a path.
pub(crate) struct Id<T>(pub(crate) T);

/// The two ids of a path, in the order of the path.
pub(crate) struct Ids<A, B>(pub(crate) A, pub(crate) B);

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| not_found(T::NOUN))?;
        Ok(Self(noted(&text)?))
    }
}

impl<A: Named, B: Named, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = path.map_err(|_| not_found(A::NOUN))?;
        Ok(Self(noted(&first)?, noted(&second)?))
    }
}

/// The id, which the request's span has from now on.
fn noted<T: Named>(text: &str) -> Result<T, ApiError> {
    let id = text.parse().map_err(|_| not_found(T::NOUN))?;
    span::note(T::NOUN, text);
    Ok(id)
}
