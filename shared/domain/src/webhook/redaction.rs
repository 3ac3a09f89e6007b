//! Which part of a receiver's response is kept: everything but the webhook's secrets.
//!
//! An error page in debug mode repeats the request with its headers, and some services repeat what they received. So
//! before a response is cut to the part that is kept, every form of every secret in it is replaced, at every place and
//! in every notation.
//!
//! A form shorter than [`MIN_FORM`] is not searched. Reason: a password of one letter is part of almost every word, and
//! the masked places would reveal it. Such a password is hidden together with its user name, or as base64 with its user
//! name.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD, Engine as _};
use memchr::memmem;

use super::{CustomName, CustomValue, Destination, Webhook, WebhookUrl};
use crate::delivery::MAX_STORED_RESPONSE_BYTES;
use crate::secret::SigningSecret;
use notation::View;

mod notation;
#[cfg(test)]
mod tests;

/// The replacement of a secret.
const MASK: &[u8] = b"***";
/// Minimum length in bytes of a form that is searched.
const MIN_FORM: usize = 4;
/// Maximum number of bytes of a response that are searched. Reason: a quarter of them is kept, and the search in all
/// notations for all forms takes a few milliseconds.
pub const MAX_SEARCHED: usize = 4 * MAX_STORED_RESPONSE_BYTES;

/// The secrets that must not be kept with a response. It does not print.
#[derive(Clone, Default)]
pub struct Redaction {
    secrets: Vec<Vec<u8>>,
}

impl Redaction {
    /// All secrets of a webhook: sensitive headers, passwords in its URLs, the present and the former signing secrets,
    /// and the credentials of a stream.
    pub fn of(webhook: &Webhook) -> Self {
        let mut redaction = Self::default();
        match &webhook.url {
            Destination::Https(url) => redaction.add_password(url),
            Destination::Stream(stream) => {
                for secret in stream.secrets() {
                    redaction.add_text(secret);
                }
            }
        }
        if let Some(url) = &webhook.backup_url {
            redaction.add_password(url);
        }
        for (name, value) in webhook.headers.iter().filter(|(_, value)| value.sensitive) {
            redaction.add_header(name, value);
        }
        redaction.add_signing_secret(&webhook.secrets.current);
        for (secret, _until) in webhook.secrets.former() {
            redaction.add_signing_secret(secret);
        }
        redaction
    }

    /// Adds the value of an `authorization` header: the whole value, the part after its scheme, and user and password
    /// of basic auth.
    #[must_use]
    pub fn with_authorization(mut self, value: &str) -> Self {
        self.add_authorization(value);
        self
    }

    /// The first [`MAX_STORED_RESPONSE_BYTES`] bytes of a response as text, with `***` instead of secrets. A response
    /// that is not whole may end inside a secret, so the beginning of a secret at its end is hidden too.
    pub fn clean(&self, answer: &[u8], is_whole: bool) -> String {
        let is_whole = is_whole && answer.len() <= MAX_SEARCHED;
        let answer = &answer[..answer.len().min(MAX_SEARCHED)];
        let hidden = self.hidden(answer, is_whole);
        let mut kept = Vec::with_capacity(answer.len().min(MAX_STORED_RESPONSE_BYTES));
        let mut before = false;
        for (byte, is_hidden) in answer.iter().zip(hidden) {
            match (is_hidden, before) {
                (false, _) => kept.push(*byte),
                (true, false) => kept.extend_from_slice(MASK),
                (true, true) => {}
            }
            before = is_hidden;
            if kept.len() > MAX_STORED_RESPONSE_BYTES {
                break;
            }
        }
        let mut text = String::from_utf8_lossy(&kept).into_owned();
        text.truncate(text.floor_char_boundary(MAX_STORED_RESPONSE_BYTES));
        text
    }

    /// For each byte of a response, whether it is part of a secret.
    fn hidden(&self, answer: &[u8], is_whole: bool) -> Vec<bool> {
        let mut hidden = vec![false; answer.len()];
        if answer.len() < MIN_FORM || self.secrets.is_empty() {
            return hidden;
        }
        let forms = self.forms();
        for view in View::all(answer, is_whole) {
            for form in &forms {
                let mut from = 0;
                while let Some(found) = memmem::find(&view.bytes[from..], form) {
                    let begin = from + found;
                    hidden[view.source(begin..begin + form.len())].fill(true);
                    from = begin + 1;
                }
                if let Some(begin) = cut_off(&view.bytes, form).filter(|_| !is_whole) {
                    hidden[view.source(begin..view.bytes.len()).start..].fill(true);
                }
            }
        }
        hidden
    }

    /// The secrets as text, as base64 and as hexadecimal digits.
    fn forms(&self) -> Vec<Vec<u8>> {
        let of_secret = |secret: &Vec<u8>| {
            [
                secret.clone(),
                BASE64_STANDARD.encode(secret).into_bytes(),
                BASE64_STANDARD_NO_PAD.encode(secret).into_bytes(),
                BASE64_URL_SAFE.encode(secret).into_bytes(),
                BASE64_URL_SAFE_NO_PAD.encode(secret).into_bytes(),
                hex::encode(secret).into_bytes(),
                hex::encode_upper(secret).into_bytes(),
            ]
        };
        let mut forms: Vec<Vec<u8>> = self.secrets.iter().flat_map(of_secret).collect();
        forms.retain(|form| form.len() >= MIN_FORM);
        forms.sort_unstable();
        forms.dedup();
        forms
    }

    fn add(&mut self, secret: impl Into<Vec<u8>>) {
        self.secrets.push(secret.into());
    }

    /// Adds a text, and each of its lines: a private key has many.
    fn add_text(&mut self, text: &str) {
        self.add(text);
        if text.contains('\n') {
            let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
            self.add(lines.clone().collect::<String>());
            for line in lines {
                self.add(line);
            }
        }
    }

    fn add_password(&mut self, url: &WebhookUrl) {
        let url = url.as_url();
        let Some(password) = url.password() else { return };
        self.add(format!("{}:{password}", url.username()));
        self.add(password);
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        self.add([&decoded(url.username()), &b":"[..], &decoded(password)].concat());
        self.add(decoded(password));
    }

    fn add_header(&mut self, name: &CustomName, value: &CustomValue) {
        self.add_authorization(value.expose());
        if name.as_str() == "cookie" {
            for (_name, value) in value.expose().split(';').filter_map(|cookie| cookie.split_once('=')) {
                self.add(value.trim());
            }
        }
    }

    fn add_authorization(&mut self, value: &str) {
        self.add(value);
        let Some((scheme, credentials)) = value.split_once(' ') else { return };
        self.add(credentials.trim());
        let pair = BASE64_STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"));
        if let Some(pair) = pair {
            if let Some(colon) = pair.iter().position(|byte| *byte == b':') {
                self.add(&pair[colon + 1..]);
            }
            self.add(pair);
        }
    }

    /// Adds the text, the part after its prefix, and the bytes that this part encodes.
    fn add_signing_secret(&mut self, secret: &SigningSecret) {
        let text = secret.expose();
        self.add(text);
        // Only for the prefixes of Standard Webhooks. In other secrets, the part after an underscore may be an ordinary
        // word.
        let encoded = ["whsec_", "whsk_"].into_iter().find_map(|prefix| text.strip_prefix(prefix));
        let Some(encoded) = encoded else { return };
        self.add(encoded);
        if let Ok(bytes) = BASE64_STANDARD.decode(encoded) {
            // Only the first half of a key pair is secret.
            self.add(&bytes[..bytes.len().min(32)]);
            self.add(bytes);
        }
    }
}

/// The position where the bytes end with the beginning of this form.
fn cut_off(bytes: &[u8], form: &[u8]) -> Option<usize> {
    let longest = (form.len() - 1).min(bytes.len());
    (MIN_FORM..=longest).rev().find(|length| bytes.ends_with(&form[..*length])).map(|length| bytes.len() - length)
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction(redacted)")
    }
}
