//! Who says that something happened.

use crate::words::closed_words;

closed_words!(
    /// An email service that reports to us.
    Provider {
        /// Mailgun.
        Mailgun = "mailgun",
        /// Mailjet.
        Mailjet = "mailjet",
        /// Twilio SendGrid.
        SendGrid = "sendgrid",
        /// Resend.
        Resend = "resend",
        /// Postmark.
        Postmark = "postmark",
        /// Amazon SES, through Amazon SNS.
        Ses = "ses",
        /// SparkPost, now of Bird.
        SparkPost = "sparkpost",
        /// Brevo, formerly Sendinblue.
        Brevo = "brevo",
        /// Mandrill, also called Mailchimp Transactional.
        Mandrill = "mandrill",
        /// MailerSend.
        MailerSend = "mailersend",
        /// The platform's own generic body, for senders that are no known provider.
        Generic = "generic",
        /// Events that a tenant publishes itself through `POST /api/v1/events`.
        Own = "own",
        /// mailhooks itself, of what became of webhooks and deliveries.
        Mailhooks = "mailhooks",
    }
);
