//! Ids in paths. A text that is no id cannot be the id of anything: 404, as for an id that nobody has.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shared::id::{EventId, KeyId, RecoveryId, SourceId, TenantId, WebhookId};

use crate::http::error::{Refusal, not_found};

/// What an id names, for the text of a 404.
pub(crate) trait Named: FromStr {
    /// In the words of the API.
    const NOUN: &'static str;
}

impl Named for TenantId {
    const NOUN: &'static str = "tenant";
}

impl Named for KeyId {
    const NOUN: &'static str = "key";
}

impl Named for WebhookId {
    const NOUN: &'static str = "webhook";
}

impl Named for SourceId {
    const NOUN: &'static str = "source";
}

impl Named for EventId {
    const NOUN: &'static str = "event";
}

impl Named for RecoveryId {
    const NOUN: &'static str = "recovery";
}

/// The one id of a path.
pub(crate) struct Id<T>(pub(crate) T);

/// The two ids of a path, in its order.
pub(crate) struct Ids<A, B>(pub(crate) A, pub(crate) B);

impl<T: Named, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(text) = path.map_err(|_| not_found(T::NOUN))?;
        Ok(Self(parse(&text)?))
    }
}

impl<A: Named, B: Named, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<(String, String)>::from_request_parts(parts, state).await;
        let Path((first, second)) = path.map_err(|_| not_found(A::NOUN))?;
        Ok(Self(parse(&first)?, parse(&second)?))
    }
}

fn parse<T: Named>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|_| not_found(T::NOUN).into())
}
