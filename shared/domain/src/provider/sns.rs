//! The resources of Amazon SNS that `ingest` fetches: a certificate, and the URL that confirms a subscription.

mod certificate;
mod urls;

pub use certificate::Certificate;
pub use urls::{CertificateUrl, ConfirmationUrl};
