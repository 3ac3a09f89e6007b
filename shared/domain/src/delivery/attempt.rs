//! One attempt of a delivery, and how it ended.

use jiff::Timestamp;

use crate::words::closed_words;

/// How much of a receiver's answer is kept with an attempt: 1 KiB.
pub const KEPT_ANSWER: usize = 1024;

/// One HTTP try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1, within its round.
    pub number: u32,
    /// The round that it belongs to.
    pub round: u32,
    /// When it began.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds, from DNS to the end of the answer.
    pub duration_ms: u32,
    /// The address connected to, where that is known.
    pub address: Option<String>,
    /// The first [`KEPT_ANSWER`] bytes of the answer's body, as text.
    pub answer: Option<String>,
    /// Which of the webhook's URLs all this is about.
    pub via: Via,
}

/// Which of a webhook's URLs an attempt ended at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Its URL.
    Main,
    /// Its backup URL.
    Backup {
        /// How it had ended at the URL before.
        main: Outcome,
    },
}

closed_words!(
    /// What a receiver can ask for in the header `webhook-delivery` of its answer.
    Asked {
        /// Not to be sent this event again.
        AbortMessage = "abort-message",
        /// Not to be sent anything more.
        Disable = "disable",
    }
);

/// How an attempt ended: a closed set with stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver accepted it.
    Delivered {
        /// The HTTP status.
        status: u16,
    },
    /// The receiver answered, but not with success; redirects are not followed and count here.
    RefusedStatus {
        /// The HTTP status.
        status: u16,
        /// When the receiver wants to be asked again, from `Retry-After`.
        retry_after: Option<Timestamp>,
    },
    /// The time limit was over before the receiver sent a status.
    Timeout,
    /// The host name did not resolve.
    Dns,
    /// No connection came about.
    Connect,
    /// No trusted TLS session came about.
    Tls,
    /// The host is, or resolves to, an address that deliveries may not go to.
    BlockedAddress,
    /// The far end did not speak HTTP, or broke off before a status.
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

    /// The HTTP status, where there was an answer.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Delivered { status } | Self::RefusedStatus { status, .. } => Some(status),
            Self::Timeout | Self::Dns | Self::Connect | Self::Tls | Self::BlockedAddress | Self::Protocol => None,
        }
    }

    /// The outcome that a stored code and status stand for.
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
