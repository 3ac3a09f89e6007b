//! The origin of an event: an email service, the tenant, or mailhooks.

use crate::words::string_enum;

string_enum!(
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
        /// SparkPost, which belongs to Bird.
        SparkPost = "sparkpost",
        /// Brevo, formerly Sendinblue.
        Brevo = "brevo",
        /// Mandrill, also called Mailchimp Transactional.
        Mandrill = "mandrill",
        /// MailerSend.
        MailerSend = "mailersend",
        /// The platform's own generic body, for senders that are not among the known providers.
        Generic = "generic",
        /// The tenant itself, through `POST /api/v1/events`.
        Own = "own",
        /// mailhooks itself, which reports changes of webhooks and deliveries.
        Mailhooks = "mailhooks",
    }
);
