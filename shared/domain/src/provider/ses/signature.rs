//! The signature of SNS: RSA PKCS #1 v1.5 over some fields of the message, in a fixed order.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};

use crate::provider::VerificationError;
use crate::provider::json::Object;
use crate::provider::sns::{Certificate, CertificateUrl};
use crate::source::TopicArn;

/// The signed fields of a notification. Some messages have no subject.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
/// The signed fields of both kinds of confirmation.
const CONFIRMATION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// Whether the message belongs to one of `topics`. This is checked before anything is fetched or computed.
pub(super) fn topic_of(message: &Object<'_>, topics: &[TopicArn]) -> Result<(), VerificationError> {
    let topic = message.string("TopicArn").ok_or(VerificationError::NoSignature)?;
    let is_listed = topics.iter().any(|listed| listed.as_str() == topic);
    if is_listed { Ok(()) } else { Err(VerificationError::ForeignTopic) }
}

/// The URL of the certificate that the message names.
pub(super) fn certificate_url(message: &Object<'_>) -> Result<CertificateUrl, VerificationError> {
    // Messages that come through Lambda have the second spelling.
    let url = message.string("SigningCertURL").or(message.string("SigningCertUrl"));
    CertificateUrl::parse(&url.ok_or(VerificationError::NoSignature)?).ok_or(VerificationError::WrongCertificate)
}

/// Whether the key of `certificate` signed the message.
pub(super) fn verify(message: &Object<'_>, certificate: &Certificate, now: Timestamp) -> Result<(), VerificationError> {
    let signature = message.string("Signature").ok_or(VerificationError::NoSignature)?;
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| VerificationError::WrongSignature)?;
    let algorithm: &'static RsaParameters = match message.text("SignatureVersion").as_deref() {
        Some("1") => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        Some("2") => &RSA_PKCS1_2048_8192_SHA256,
        Some(_) | None => return Err(VerificationError::WrongSignature),
    };
    let key = certificate.key_at(now).ok_or(VerificationError::WrongCertificate)?;
    let signed = signed_text(message).ok_or(VerificationError::WrongSignature)?;
    let verified = UnparsedPublicKey::new(algorithm, key).verify(signed.as_bytes(), &signature);
    verified.map_err(|_| VerificationError::WrongSignature)
}

/// The signed text: name, line end, value, line end for each signed field, with JSON escapes decoded; `None` for
/// message types that SNS does not sign.
fn signed_text(message: &Object<'_>) -> Option<String> {
    let fields: &[&str] = match message.text("Type")?.as_str() {
        "Notification" => &NOTIFICATION,
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &CONFIRMATION,
        _ => return None,
    };
    let mut text = String::new();
    for name in fields {
        match message.string(name) {
            Some(value) => text.extend([name, "\n", value.as_str(), "\n"]),
            None if *name == "Subject" => {}
            None => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_is_that_of_the_documentation() {
        let message = Object::parse(
            r#"{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":"line\nend\u00e9","Timestamp":"now","X":1}"#,
        );
        let expected = "Message\nline\nend\u{e9}\nMessageId\nm\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(signed_text(&message.unwrap()).as_deref(), Some(expected));
        let with_subject = Object::parse(
            r#"{"Type":"Notification","MessageId":"m","TopicArn":"t","Message":"","Subject":"","Timestamp":"now"}"#,
        );
        let expected = "Message\n\nMessageId\nm\nSubject\n\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n";
        assert_eq!(signed_text(&with_subject.unwrap()).as_deref(), Some(expected));
        for other in [r#"{"Type":"Notification"}"#, r#"{"Type":"Other"}"#, "{}"] {
            assert_eq!(signed_text(&Object::parse(other).unwrap()), None, "{other}");
        }
    }
}
