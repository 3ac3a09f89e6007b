//! Readers of a webhook's fields, for every API that registers webhooks.

pub(crate) mod destination;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod metadata;
pub(crate) mod subscription;
