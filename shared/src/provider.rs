//! The providers whose posts we take in, one file each: how it proves itself, its wire structs, its mapping.

use crate::event::closed_words;

closed_words!(
    /// An email service that reports to us.
    Provider {
        /// Mailgun.
        Mailgun = "mailgun",
        /// Twilio SendGrid.
        SendGrid = "sendgrid",
        /// The platform's own generic body, for senders that are no known provider.
        Generic = "generic",
        /// Events that a tenant publishes itself through `POST /api/v1/events`.
        Own = "own",
    }
);
