//! Whose API a path is of: what an error looks like there, and which credentials it asks for.

use shared::problem::{CONTENT_TYPE, Problem};

use super::{mailgun, mailjet, platform};

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
    /// Of the path of a request, whether there is something at it or not.
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

    /// The problem in the words of this API.
    pub(crate) fn error(self, problem: &Problem, request_id: &str) -> ErrorAnswer {
        let (status, body) = match self {
            Self::Native => {
                let body = problem.body(request_id);
                return ErrorAnswer { status: problem.status, content_type: CONTENT_TYPE, body };
            }
            Self::Platform => platform::error::error(problem),
            Self::Mailjet => mailjet::error::error(problem, request_id),
            Self::Mailgun => mailgun::error::error(problem),
        };
        ErrorAnswer { status, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    /// What `WWW-Authenticate` says where no valid key came.
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

    #[test]
    fn every_api_has_its_own_errors() {
        let problem = Problem::new(422, "invalid-request", "The request is not valid", "no such event");
        let text = |path: &str| {
            let answer = Style::of(path).error(&problem, "req_1");
            (answer.status, String::from_utf8(answer.body).unwrap())
        };
        let mailjet = r#"{"ErrorInfo":"req_1","ErrorMessage":"no such event","StatusCode":400}"#;
        assert_eq!(text("/v3/REST/eventcallbackurl/7"), (400, mailjet.to_owned()));
        assert_eq!(text("/v3/domains/example.com/webhooks"), (400, r#"{"message":"no such event"}"#.to_owned()));
        assert_eq!(text("/api/webhooks/manage/7"), (400, r#"{"error":"no such event"}"#.to_owned()));
        assert_eq!(text("/api/v1/webhooks").0, 422);
    }
}
