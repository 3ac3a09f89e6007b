//! What an Amazon SNS post must prove: its signature, by a certificate of Amazon, and a topic that the source lists.

use shared::provider::{
    Certificate, InboundPost, InboundPostError, Provider, Received, VerificationError, certificate_wanted, receive,
};
use shared::source::{TopicArn, Trust, Verification};
use support::signers::{Signed, sns};

use super::authenticity::{header_map, refused};
use super::now;

struct Sns {
    certificate: Certificate,
    trust: Trust,
}

impl Sns {
    fn new() -> Self {
        Self {
            certificate: Certificate::parse(sns::certificate().unwrap().as_bytes()).unwrap(),
            trust: Trust::verified_by(Verification::Topics(vec![TopicArn::parse(sns::TOPIC).unwrap()])),
        }
    }

    fn wants(&self, signed: &Signed) -> Result<Option<String>, VerificationError> {
        let headers = header_map(signed);
        let wanted = certificate_wanted(Provider::Ses, &self.trust, &InboundPost::new(&headers, &signed.body))?;
        Ok(wanted.map(|url| url.as_str().to_owned()))
    }

    fn take(&self, signed: &Signed) -> Result<Received, InboundPostError> {
        let headers = header_map(signed);
        let post = InboundPost { certificate: Some(&self.certificate), ..InboundPost::new(&headers, &signed.body) };
        receive(Provider::Ses, &self.trust, &post, now())
    }
}

const SES_OPEN: &str = r#"{"eventType":"Open","mail":{"messageId":"1","destination":["a@example.com"]},"open":{}}"#;

#[test]
fn sns_signs_with_sha_1_and_sha_256() {
    let sns = Sns::new();
    for version in [sns::Version::Sha1, sns::Version::Sha256] {
        let signed = sns::Topic::new().unwrap().signing_with(version).notification("id", SES_OPEN, now());
        assert_eq!(sns.wants(&signed), Ok(Some(sns::CERTIFICATE_URL.to_owned())));
        assert_eq!(sns.take(&signed).unwrap().reports.len(), 1, "{version:?}");
        // A signature of one version is not good under the other version, or under a version that does not exist.
        for claimed in ["1", "2", "3", "", "01"] {
            let (own, other) = (if version == sns::Version::Sha1 { "1" } else { "2" }, claimed);
            let from = format!(r#""SignatureVersion":"{own}""#);
            let signed = signed.clone().spoiled(&from, &format!(r#""SignatureVersion":"{other}""#));
            assert_eq!(sns.take(&signed).is_ok(), own == other, "{version:?} as {claimed}");
        }
    }
}

#[test]
fn sns_topics_that_are_not_listed_ask_for_nothing() {
    let sns = Sns::new();
    let foreign = sns::Topic::new().unwrap().named("arn:aws:sns:us-east-1:210987654321:SES_Events");
    let url = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1";
    for signed in [foreign.notification("id", SES_OPEN, now()), foreign.confirmation("id", url, now())] {
        assert_eq!(sns.wants(&signed), Err(VerificationError::ForeignTopic));
        assert!(refused(&sns.take(&signed)));
    }
}

#[test]
fn sns_certificates_come_from_amazon_only() {
    let sns = Sns::new();
    for url in [
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://user@sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://user:pass@sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "ftp://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.txt",
        "https://sns.us-east-1.amazonaws.com/?x=.pem",
        "https://sns.us-east-1.amazonaws.com/x#.pem",
        "https://sns.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns..amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.evil.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://s3.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://xsns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com.cn.evil.example/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/SimpleNotificationService-1.pem",
        "//sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://127.0.0.1/SimpleNotificationService-1.pem",
        "",
    ] {
        let signed = sns::Topic::new().unwrap().with_certificate_at(url).notification("id", SES_OPEN, now());
        assert!(sns.wants(&signed).is_err(), "{url}");
    }
}

#[test]
fn sns_confirms_at_amazon_only() {
    let sns = Sns::new();
    let topic = sns::Topic::new().unwrap();
    let good = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=1";
    let received = sns.take(&topic.confirmation("id", good, now())).unwrap();
    assert!(received.confirm.is_some() && received.reports.is_empty());
    for url in [
        "https://sns.us-east-1.amazonaws.com.evil.example/?Action=ConfirmSubscription",
        "http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://user@sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription",
        "https://sns.us-east-1.amazonaws.com:8443/?Action=ConfirmSubscription",
        "https://169.254.169.254/latest/meta-data/",
    ] {
        let received = sns.take(&topic.confirmation("id", url, now()));
        assert!(received.map_or(true, |received| received.confirm.is_none()), "{url}");
    }
}

#[test]
fn sns_without_its_certificate_or_with_another_is_refused() {
    let sns = Sns::new();
    let signed = sns::Topic::new().unwrap().notification("id", SES_OPEN, now());
    let headers = header_map(&signed);
    let bare = receive(Provider::Ses, &sns.trust, &InboundPost::new(&headers, &signed.body), now());
    assert!(refused(&bare));
    let other = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/ses/sns_test_cert.pem")).unwrap();
    let other = Certificate::parse(&other).unwrap();
    let post = InboundPost { certificate: Some(&other), ..InboundPost::new(&headers, &signed.body) };
    assert!(refused(&receive(Provider::Ses, &sns.trust, &post, now())));
    for broken in [&b""[..], b"<html>", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(Certificate::parse(broken).is_none());
    }
}

/// With raw message delivery, SNS signs nothing.
#[test]
fn raw_sns_delivery_is_refused() {
    let sns = Sns::new();
    let raw = Signed::plain("text/plain; charset=UTF-8", SES_OPEN).with("x-amz-sns-rawdelivery", "true");
    assert!(sns.wants(&raw).is_err() || sns.wants(&raw) == Ok(None));
    assert!(refused(&sns.take(&raw)));
    let signed = sns::Topic::new().unwrap().notification("id", SES_OPEN, now());
    let relabelled = signed.with("x-amz-sns-rawdelivery", "true");
    // The header is not signed, so it alone must not make an unsigned body acceptable. The signed body may be accepted
    // or refused.
    if let Ok(received) = sns.take(&relabelled) {
        assert_eq!(received.reports.len(), 1);
    }
}
