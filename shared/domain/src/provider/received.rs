//! The content of a genuine post.

use jiff::Timestamp;

use super::{ConfirmationUrl, Report};

/// What must be done about a genuine post before it is answered with 200.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// Store all of these. Empty for pings, and for reports that are not about an email.
    pub reports: Vec<Report>,
    /// Remember this token: it was used for this post, and must not be used for another.
    pub token: Option<Token>,
    /// Fetch this URL: that confirms a subscription.
    pub confirm: Option<ConfirmationUrl>,
}

/// The one-time part of a signature that does not cover the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The value that the provider chose for this post. Its retries repeat the value.
    pub value: String,
    /// Until this time, a post with the token would be accepted as genuine.
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
