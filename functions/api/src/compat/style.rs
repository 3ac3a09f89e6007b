//! Which API a path belongs to: what an error looks like there, and which credentials it asks for.

use shared::problem::CONTENT_TYPE;

use super::{mailgun, mailjet, platform};
use crate::http::error::ApiError;

/// One of the APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Our own.
    Native,
    /// The platform's.
    Platform,
    /// Mailjet's.
    Mailjet,
    /// Mailgun's.
    Mailgun,
}

/// An error answer.
pub(crate) struct ErrorAnswer {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Style {
    /// The API of a request's path. The path need not exist.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/v3/REST/") {
            Self::Mailjet
        } else if path.starts_with("/v3/domains/") {
            Self::Mailgun
        } else if path.starts_with("/api/webhooks/manage") {
            Self::Platform
        } else {
            Self::Native
        }
    }

    /// The error in the words of this API.
    pub(crate) fn error(self, error: &ApiError, request_id: &str) -> ErrorAnswer {
        let (status, body) = match self {
            Self::Native => {
                let problem = error.problem();
                let body = problem.body(request_id);
                return ErrorAnswer { status: problem.status, content_type: CONTENT_TYPE, body };
            }
            Self::Platform => platform::error::error(error),
            Self::Mailjet => mailjet::error::error(error, request_id),
            Self::Mailgun => mailgun::error::error(error),
        };
        ErrorAnswer { status, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    /// What `WWW-Authenticate` says when the request has no valid key.
    pub(crate) fn challenge(self) -> &'static str {
        match self {
            Self::Native | Self::Platform => "Bearer",
            Self::Mailjet | Self::Mailgun => "Basic realm=\"mailhooks\"",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::field_errors::FieldErrors;

    #[test]
    fn every_api_has_its_own_errors() {
        let error = ApiError::Invalid(FieldErrors::at("/events", "no such event"));
        let text = |path: &str| {
            let answer = Style::of(path).error(&error, "req_1");
            (answer.status, String::from_utf8(answer.body).unwrap())
        };
        let mailjet = r#"{"ErrorInfo":"req_1","ErrorMessage":"/events: no such event","StatusCode":400}"#;
        assert_eq!(text("/v3/REST/eventcallbackurl/7"), (400, mailjet.to_owned()));
        assert_eq!(
            text("/v3/domains/example.com/webhooks"),
            (400, r#"{"message":"/events: no such event"}"#.to_owned())
        );
        assert_eq!(text("/api/webhooks/manage/7"), (400, r#"{"error":"/events: no such event"}"#.to_owned()));
        assert_eq!(text("/api/v1/webhooks").0, 422);
    }
}
