//! The characters that SQS takes in no message. SQS takes the characters of XML, and refuses a call with any other.
//! JSON can contain only two of the others unescaped: U+FFFE and U+FFFF. Anybody may put them into an email's subject.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

/// The JSON with the two characters escaped. They can appear only inside strings, so the JSON means the same.
pub(crate) fn escaped(json: String) -> String {
    if json.contains(['\u{fffe}', '\u{ffff}']) {
        json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
    } else {
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_characters_are_escaped_and_the_json_means_the_same() {
        let text: String = ('\u{20}'..'\u{7f}').chain('\u{fff0}'..='\u{10010}').collect();
        let json = serde_json::to_string(&text).unwrap();
        let escaped = escaped(json.clone());
        assert_eq!(escaped.len(), json.len() + 2 * ("\\uffff".len() - '\u{ffff}'.len_utf8()));
        assert!(!escaped.contains(['\u{fffe}', '\u{ffff}']));
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }
}
