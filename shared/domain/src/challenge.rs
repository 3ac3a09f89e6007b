//! The challenge that a new URL has to answer: what is posted, and what counts as the answer. Pure.
//!
//! The request asks whether the receiver wants to be delivered to, as `url_verification` of Slack and the validation
//! event of Azure Event Grid do. The receiver answers 2xx, and its body has the challenge.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// The random text that the receiver has to send back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(String);

/// The body of a challenge, in JSON.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    challenge: &'a str,
}

/// An answer in JSON.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    r#type: Option<String>,
    challenge: String,
}

impl Challenge {
    /// The `type` of a challenge.
    pub const TYPE: &str = "webhook.verification";

    /// Makes a challenge.
    pub fn generate(random: [u8; 16]) -> Self {
        Self(hex::encode(random))
    }

    /// The JSON to post. Mailgun's dialects have bodies of their own, with the signature in them.
    pub fn to_json(&self) -> String {
        // Serialisation of two texts cannot fail.
        serde_json::to_string(&Body { r#type: Self::TYPE, challenge: &self.0 }).unwrap_or_default()
    }

    /// The text that has to come back.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether a response's body has the challenge: as plain text, as a JSON string, or as `{"challenge": "…"}`. The
    /// request itself is no answer: a server that sends back all that it gets has not agreed to anything.
    pub fn is_answered_by(&self, body: &str) -> bool {
        let body = body.trim();
        let text = serde_json::from_str::<String>(body).ok();
        let object =
            serde_json::from_str::<Answer>(body).ok().filter(|answer| answer.r#type.as_deref() != Some(Self::TYPE));
        let answer = text.or(object.map(|object| object.challenge));
        answer.as_deref().unwrap_or(body).as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_alone_is_an_answer_and_the_request_is_none() {
        let challenge = Challenge::generate([7; 16]);
        let text = "07".repeat(16);
        assert_eq!(challenge.to_json(), format!(r#"{{"type":"webhook.verification","challenge":"{text}"}}"#));
        for good in [
            text.clone(),
            format!(" {text}\r\n"),
            format!("\"{text}\""),
            format!(r#"{{"challenge":"{text}"}}"#),
            format!("{{ \"ok\": true, \"challenge\": \"{text}\" }}\n"),
        ] {
            assert!(challenge.is_answered_by(&good), "{good}");
        }
        for bad in [
            String::new(),
            "ok".to_owned(),
            challenge.to_json(),
            format!("type=webhook.verification&challenge={text}"),
            format!(r#"{{"challenge":["{text}"]}}"#),
            format!("{text}0"),
            text[1..].to_owned(),
            text.replace('7', "8"),
        ] {
            assert!(!challenge.is_answered_by(&bad), "{bad}");
        }
    }
}
