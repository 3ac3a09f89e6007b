//! What Amazon SNS asks to be fetched: its certificate, and the URL that confirms a subscription.

mod certificate;
mod urls;

pub use certificate::Certificate;
pub use urls::{CertificateUrl, ConfirmationUrl};
