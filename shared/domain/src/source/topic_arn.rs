//! The name of an Amazon SNS topic.

use std::fmt;

/// Maximum length of a topic ARN, in bytes. Reason: a topic's own name has at most 256.
const MAX_LENGTH: usize = 320;

/// The ARN of an SNS topic: `arn:aws:sns:us-east-1:123456789012:name`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TopicArn(String);

impl TopicArn {
    /// Takes a complete ARN of a topic, in any AWS partition.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(':').collect();
        let [arn, partition, service, region, account, name] = parts[..] else { return None };
        let word = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        let known = arn == "arn"
            && matches!(partition, "aws" | "aws-cn" | "aws-us-gov")
            && service == "sns"
            && word(region, b"-")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && word(name, b"-_.");
        (known && text.len() <= MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TopicArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_arns_of_topics() {
        for good in
            ["arn:aws:sns:us-east-1:123456789012:SES_Events", "arn:aws-cn:sns:cn-north-1:123456789012:events.fifo"]
        {
            assert_eq!(TopicArn::parse(good).map(|arn| arn.as_str().to_owned()).as_deref(), Some(good));
        }
        for bad in [
            "",
            "arn:aws:sns:us-east-1:123456789012",
            "arn:aws:sqs:us-east-1:123456789012:queue",
            "arn:aws:sns:us-east-1:12345:topic",
            "arn:aws:sns::123456789012:topic",
            "arn:aws:sns:us-east-1:123456789012:*",
            "arn:aws:sns:us-east-1:123456789012:topic:c9135db0-26c4",
        ] {
            assert_eq!(TopicArn::parse(bad), None, "{bad}");
        }
    }
}
