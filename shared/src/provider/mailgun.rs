//! Mailgun: one event in each post, as JSON, or for old accounts as a form.
//!
//! The signature stands inside the body and covers only a timestamp and a token, so the unguessable ingest key is what
//! keeps a captured signature from vouching for another body.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use http::header::CONTENT_TYPE;
use jiff::Timestamp;

use super::json::Object;
use super::kept::{Unread, keep, map_or_keep};
use super::{Post, Provider, Refusal, Report, Unauthentic};
use crate::source::Verification;

mod event;
mod legacy;
mod signature;

use signature::Signature;

/// Verifies a post and reads its event.
pub(super) fn receive(verification: &Verification, post: &Post<'_>, now: Timestamp) -> Result<Vec<Report>, Refusal> {
    let body = post.text();
    let form = post.header(CONTENT_TYPE.as_str()).is_some_and(is_form);
    let report = if form { of_form(verification, &body, now) } else { of_json(verification, &body, now) }?;
    Ok(vec![report])
}

fn is_form(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn of_json(verification: &Verification, body: &str, now: Timestamp) -> Result<Report, Unauthentic> {
    let object = Object::parse(body).unwrap_or_default();
    let signature = Signature::of_json(&object.object("signature"));
    signature.verify(verification, now)?;
    Ok(match object.raw("event-data") {
        Some(data) => map_or_keep(Provider::Mailgun, data, now, |data| event::report(data, &signature, now)),
        None => keep(Provider::Mailgun, Unread::Unparsed, body, now),
    })
}

fn of_form(verification: &Verification, body: &str, now: Timestamp) -> Result<Report, Unauthentic> {
    let form = legacy::Form::parse(body);
    let signature = Signature::of_form(&form);
    signature.verify(verification, now)?;
    Ok(map_or_keep(Provider::Mailgun, body, now, |_| legacy::report(&form, &signature, now)))
}
