//! SendGrid: always an array. If the account has signatures enabled, they cover the timestamp and the raw body.

use jiff::Timestamp;

use super::batch::read_json;
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received};
use crate::source::Verification;

mod event;
mod signature;

pub use signature::parse_public_key;

pub(super) const PROFILE: Profile = Profile::new(Proof::PublicKey, receive);

/// Verifies a post and reads its events.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    signature::verify(verification, post, now)?;
    read_json(Provider::SendGrid, post, now, |entry| Some(vec![event::report(entry, now)?]))
}
