//! SendGrid: always an array, signed over timestamp and raw body when the account has that switched on.

use jiff::Timestamp;

use super::json::entries;
use super::kept::{Unread, keep, map_or_keep};
use super::{MAX_PROVIDER_BATCH, Post, Provider, Refusal, Report};
use crate::source::Verification;

mod event;
mod signature;

pub use signature::parse_public_key;

/// Verifies a post and reads its events.
pub(super) fn receive(verification: &Verification, post: &Post<'_>, now: Timestamp) -> Result<Vec<Report>, Refusal> {
    signature::verify(verification, post, now)?;
    let body = post.text();
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let Some(entries) = entries(&body) else {
        return Ok(vec![keep(Provider::SendGrid, Unread::Unparsed, &body, now)]);
    };
    if entries.len() > MAX_PROVIDER_BATCH {
        return Err(Refusal::TooMany { limit: MAX_PROVIDER_BATCH });
    }
    let mapped =
        entries.into_iter().map(|entry| map_or_keep(Provider::SendGrid, entry, now, |entry| event::report(entry, now)));
    Ok(mapped.collect())
}
