//! What a genuine post gives.

use jiff::Timestamp;

use super::{ConfirmationUrl, Report};

/// What is to be done about a genuine post before it is answered 200.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// To be stored, all of them; none for pings and for reports that are about no email.
    pub reports: Vec<Report>,
    /// To be remembered: what vouches for this post and must not vouch for another.
    pub token: Option<Token>,
    /// To be fetched: a subscription that is confirmed by that.
    pub confirm: Option<ConfirmationUrl>,
}

/// The one-time part of a signature that does not cover the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// What the provider made up for this post; the same on its retries.
    pub value: String,
    /// Until when a post with it would be taken for genuine.
    pub good_until: Timestamp,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(redacted)")
    }
}

impl From<Vec<Report>> for Received {
    fn from(reports: Vec<Report>) -> Self {
        Self { reports, ..Self::default() }
    }
}
