//! Names of Mailgun's own fields in its legacy form: a post has them, and a delivery of the dialect `mailgun_legacy`.

/// The name of the signature that a subaccount's post has in addition.
pub(crate) const PARENT_SIGNATURE: &str = "parent-signature";

/// Every field of a signature.
pub(crate) const SIGNATURE_FIELDS: [&str; 4] = ["timestamp", "token", "signature", PARENT_SIGNATURE];

/// Fields that are Mailgun's own; those beginning with `X-Mailgun-` or `attachment-` are too.
const RESERVED: [&str; 30] = [
    "event",
    "severity",
    "recipient",
    "domain",
    "Message-Id",
    "message-id",
    "timestamp",
    "token",
    "signature",
    PARENT_SIGNATURE,
    "url",
    "ip",
    "country",
    "region",
    "city",
    "client-name",
    "client-os",
    "client-type",
    "device-type",
    "user-agent",
    "code",
    "error",
    "notification",
    "reason",
    "description",
    "tag",
    "campaign-id",
    "campaign-name",
    "message-headers",
    "mailing-list",
];

/// Whether a field of the form is Mailgun's own, and no variable of the sender's.
pub(crate) fn is_own_field(name: &str) -> bool {
    RESERVED.contains(&name) || ["x-mailgun-", "attachment-"].iter().any(|prefix| starts_with(name, prefix))
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
