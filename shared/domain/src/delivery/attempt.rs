//! One attempt of a delivery, and how it ended.

use jiff::Timestamp;

use crate::words::string_enum;

/// Maximum number of bytes of a receiver's response that are kept with an attempt (1 KiB).
pub const MAX_STORED_RESPONSE_BYTES: usize = 1024;

/// One attempt: an HTTP request, or a call to a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The attempt's number within its round, from 1.
    pub number: u32,
    /// The round.
    pub round: u32,
    /// When the attempt began.
    pub at: Timestamp,
    /// How the attempt ended.
    pub outcome: Outcome,
    /// How long the attempt took, in milliseconds, from DNS to the end of the response.
    pub duration_ms: u32,
    /// The IP address of the connection, if it is known.
    pub address: Option<String>,
    /// The first [`MAX_STORED_RESPONSE_BYTES`] bytes of the response's body, as text.
    pub answer: Option<String>,
    /// The URL that the other fields are about.
    pub target: Target,
}

/// The URL at which an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The webhook's URL.
    Primary,
    /// The webhook's backup URL.
    Backup {
        /// How the request to the webhook's URL ended before.
        primary: Outcome,
    },
}

string_enum!(
    /// What a receiver can demand with the header `webhook-delivery` of its response.
    ReceiverDirective {
        /// Do not send this event again.
        AbortMessage = "abort-message",
        /// Do not send anything more.
        Disable = "disable",
    }
);

/// How an attempt ended, out of a closed set with stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver accepted it.
    Delivered {
        /// The HTTP status.
        status: u16,
    },
    /// The receiver responded with another status than success. Redirects are not followed, so they count here.
    RefusedStatus {
        /// The HTTP status.
        status: u16,
        /// The earliest time for the next attempt that the receiver allows, from `Retry-After`.
        retry_after: Option<Timestamp>,
    },
    /// The time limit passed before the receiver sent a status.
    Timeout,
    /// The host name could not be resolved.
    Dns,
    /// No connection could be made.
    Connect,
    /// No trusted TLS session could be made.
    Tls,
    /// The host is, or resolves to, an address that deliveries may not go to.
    BlockedAddress,
    /// The receiver did not speak HTTP, or closed the connection before a status.
    Protocol,
}

impl Outcome {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::RefusedStatus { .. } => "refused_status",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::BlockedAddress => "blocked_address",
            Self::Protocol => "protocol",
        }
    }

    /// The HTTP status, if there was a response.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Delivered { status } | Self::RefusedStatus { status, .. } => Some(status),
            Self::Timeout | Self::Dns | Self::Connect | Self::Tls | Self::BlockedAddress | Self::Protocol => None,
        }
    }

    /// The outcome of a stored code and status.
    pub fn from_stored(code: &str, status: Option<u16>) -> Option<Self> {
        Some(match (code, status) {
            ("delivered", Some(status)) => Self::Delivered { status },
            ("refused_status", Some(status)) => Self::RefusedStatus { status, retry_after: None },
            ("timeout", _) => Self::Timeout,
            ("dns", _) => Self::Dns,
            ("connect", _) => Self::Connect,
            ("tls", _) => Self::Tls,
            ("blocked_address", _) => Self::BlockedAddress,
            ("protocol", _) => Self::Protocol,
            _ => return None,
        })
    }
}
