//! Some receivers verify the signature over `JSON.stringify(req.body)`. So what JavaScript writes must be what was
//! sent, byte for byte.

use serde_json::{Value, json};
use shared::dialect::Dialect;
use support::node::node;

use super::{
    OwnSignature, every_type, example_of, hostile, is_json, own_signature, properties, rendered, signed_in_headers,
    text,
};

/// Parses each body in JavaScript and returns what JavaScript writes again.
fn rewritten(bodies: &[String]) -> Vec<String> {
    let output = node("output = input.map(body => JSON.stringify(JSON.parse(body)));", &json!(bodies)).unwrap();
    serde_json::from_value(output).unwrap()
}

fn assert_unchanged(bodies: &[String]) {
    for (body, rewritten) in bodies.iter().zip(rewritten(bodies)) {
        assert_eq!(*body, rewritten);
    }
}

#[test]
fn every_body_of_every_dialect_is_as_javascript_writes_it() {
    let mut bodies = Vec::new();
    for dialect in Dialect::ALL {
        for event in every_type().flat_map(|event_type| [example_of(event_type), hostile(event_type)]) {
            let rendered = rendered(*dialect, &event);
            if is_json(&rendered) {
                bodies.push(text(&rendered).to_owned());
            }
        }
    }
    // Seven JSON dialects, with two events of each type.
    assert_eq!(bodies.len(), 7 * 2 * every_type().count());
    assert_unchanged(&bodies);
}

#[test]
fn so_is_every_body_of_events_that_nobody_thought_of() {
    let mut bodies = Vec::new();
    for event in properties::events(400) {
        for dialect in Dialect::ALL {
            let rendered = rendered(*dialect, &event);
            if is_json(&rendered) {
                bodies.push(text(&rendered).to_owned());
            }
        }
    }
    assert_unchanged(&bodies);
}

/// The one exception. JavaScript would change the digits of a long id, so the body keeps them, in dialects whose
/// receivers do not verify what JavaScript writes.
#[test]
fn integers_beyond_what_javascript_holds_keep_their_digits() {
    let mut event = example_of(shared::event::EventType::Clicked);
    event.facts.email_message_id = Some("9007199254740993".to_owned());
    event.facts.metadata.insert("order".to_owned(), json!(9_007_199_254_740_993_u64));
    let unsigned = Dialect::ALL.iter().filter(|dialect| !matches!(own_signature(**dialect), OwnSignature::Header(..)));
    for rendered in unsigned.map(|dialect| rendered(*dialect, &event)).filter(is_json) {
        let digits = [",", "}"].iter().any(|end| text(&rendered).contains(&format!(":9007199254740993{end}")));
        assert!(digits, "{}", text(&rendered));
    }
    let signed = signed_in_headers().map(|(dialect, _, _)| text(&rendered(dialect, &event)).to_owned());
    assert_unchanged(&signed.collect::<Vec<_>>());
}

/// The receivers' own examples, word for word where an example exists: parse, write again, compare.
#[test]
fn receivers_that_write_the_body_again_verify_it() {
    let script = r"
        const { createHmac } = require('crypto');
        const hex = (text) => createHmac('sha256', input.secret).update(text).digest('hex');
        output = input.posts.map(({ dialect, headers, body }) => {
            const again = () => JSON.stringify(JSON.parse(body));
            switch (dialect) {
                case 'platform': return headers['x-webhook-signature'] === hex(again());
                case 'mailgreet': return headers['x-mailgreet-signature'] === 'sha256=' + hex(again());
                case 'mailtura': return headers['x-mailtura-signature'] === hex(again());
                case 'mailgun': {
                    const { timestamp, token, signature } = JSON.parse(body).signature;
                    return signature === hex(timestamp + token) && /^[0-9a-f]{50}$/.test(token);
                }
                case 'mailgun_legacy': {
                    const form = new URLSearchParams(body);
                    return form.get('signature') === hex(form.get('timestamp') + form.get('token'));
                }
            }
        });";
    let mut posts = Vec::new();
    let signing = Dialect::ALL.iter().copied().filter(|dialect| own_signature(*dialect) != OwnSignature::Nowhere);
    for dialect in signing {
        for event in every_type().flat_map(|event_type| [example_of(event_type), hostile(event_type)]) {
            let rendered = rendered(dialect, &event);
            let headers: serde_json::Map<_, _> =
                rendered.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            posts.push(json!({"dialect": dialect.as_str(), "headers": headers, "body": text(&rendered)}));
        }
    }
    let count = posts.len();
    let verified = node(script, &json!({"secret": super::SECRET, "posts": posts})).unwrap();
    assert_eq!(verified, Value::from(vec![true; count]));
}
