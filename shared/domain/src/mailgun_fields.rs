//! Names of Mailgun's own fields in its legacy form. Posts from Mailgun have these fields, and so have deliveries of
//! the dialect `mailgun_legacy`.

/// The field of the additional signature of a subaccount's post.
pub(crate) const PARENT_SIGNATURE: &str = "parent-signature";

/// All fields of a signature.
pub(crate) const SIGNATURE_FIELDS: [&str; 4] = ["timestamp", "token", "signature", PARENT_SIGNATURE];

/// Fields that Mailgun itself sets. Fields that begin with `X-Mailgun-` or `attachment-` are Mailgun's too.
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

/// Whether a field of the form is Mailgun's own. If not, the field is a variable of the sender.
pub(crate) fn is_own_field(name: &str) -> bool {
    RESERVED.contains(&name) || ["x-mailgun-", "attachment-"].iter().any(|prefix| starts_with(name, prefix))
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}
