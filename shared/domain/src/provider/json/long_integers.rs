//! Integers of more than 64 bits. `serde_json` reads such an integer as a floating-point number, and so changes its
//! digits.

/// Puts each integer of more than 64 bits in quotes, so that parsing the JSON text keeps all its digits. This takes one
/// pass over the text. Reason: with one pass for each level of a nested value, time and memory would be a multiple of
/// the text's size, by its number of levels.
pub(super) fn quoted(json: &str) -> String {
    let bytes = json.as_bytes();
    let mut quoted = String::with_capacity(json.len());
    let (mut at, mut copied, mut in_text) = (0, 0, false);
    while let Some(byte) = bytes.get(at) {
        match byte {
            // The escaped byte may be a quote.
            b'\\' => at += 1,
            b'"' => in_text = !in_text,
            b'-' | b'0'..=b'9' if !in_text => {
                let end = at + length_of_number(&bytes[at..]);
                if is_beyond_64_bits(&json[at..end]) {
                    quoted.push_str(&json[copied..at]);
                    quoted.extend(["\"", &json[at..end], "\""]);
                    copied = end;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    quoted.push_str(&json[copied..]);
    quoted
}

fn length_of_number(bytes: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len())
}

fn is_beyond_64_bits(number: &str) -> bool {
    let is_integer = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_integers_beyond_64_bits_are_quoted() {
        let check = |json: &str, expected: &str| assert_eq!(quoted(json), expected);
        check("[18446744073709551615,-9223372036854775808]", "[18446744073709551615,-9223372036854775808]");
        check("[18446744073709551616,-9223372036854775809]", r#"["18446744073709551616","-9223372036854775809"]"#);
        check(r#"{"a":[1e30,18446744073709551616.5,-0,0]}"#, r#"{"a":[1e30,18446744073709551616.5,-0,0]}"#);
        check(
            r#"{"99999999999999999999":"\"99999999999999999999","é":99999999999999999999}"#,
            r#"{"99999999999999999999":"\"99999999999999999999","é":"99999999999999999999"}"#,
        );
        check("99999999999999999999", r#""99999999999999999999""#);
        check("", "");
    }
}
