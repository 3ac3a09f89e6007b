//! Mailgun: one event in each post, as JSON. Old accounts send a form, which is multipart when files are attached.
//!
//! The signature is inside the body and covers only a timestamp and a token, so a person who sees a post could attach
//! its signature to another body. Therefore the token is stored with the event that it was used for.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use jiff::Timestamp;

use super::batch::read_one;
use super::json::Object;
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received, VerificationError};
use crate::source::Verification;

mod form;
mod multipart;
mod signature;
mod event;
mod legacy;

use form::Form;
use signature::Signature;

pub(super) const PROFILE: Profile = Profile::new(Proof::SigningKey, receive);

/// Verifies a post and reads its event.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    let form = match post.media_type().as_str() {
        "application/x-www-form-urlencoded" => Some(Form::parse(post.body)),
        // A body that claims to be multipart but is not has no signature.
        "multipart/form-data" => Some(multipart::form(post).unwrap_or_default()),
        _ => None,
    };
    match form {
        Some(form) => of_form(verification, &form, post, now),
        None => of_json(verification, post, now),
    }
    .map_err(InboundPostError::from)
}

fn of_json(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, VerificationError> {
    let body = post.text();
    let object = Object::parse(&body).unwrap_or_default();
    let signature = Signature::of_json(&object.object("signature"));
    signature.verify(verification, now)?;
    let data = object.raw("event-data").unwrap_or_default();
    let received = read_one(Provider::Mailgun, post, data, signature.signed_at(), now, |data| {
        Some(vec![event::report(data, &signature, now)?])
    });
    Ok(signature.with_token(verification, received))
}

fn of_form(
    verification: &Verification,
    form: &Form,
    post: &InboundPost<'_>,
    now: Timestamp,
) -> Result<Received, VerificationError> {
    let signature = Signature::of_form(form);
    signature.verify(verification, now)?;
    let received = read_one(Provider::Mailgun, post, &form.encoded(), signature.signed_at(), now, |_| {
        Some(vec![legacy::report(form, &signature, now)?])
    });
    Ok(signature.with_token(verification, received))
}
