//! Checks that `docs/operate/capacity.md` states the capacity that the constants of the code and the template give.

mod stated;

use shared::breaker::BreakerSettings;
use shared::queue::MAX_DELAY_SECONDS;
use shared::retry::{Decision, RetryPolicy, decide};
use stated::{MOST_INVOCATIONS, Template, WRITES_FOR_EACH_KEY, invocations, sentences, tables, writes_for_each_key};

#[test]
fn the_document_states_what_the_code_gives() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/capacity.md");
    let document = std::fs::read_to_string(path).unwrap();
    let template = Template::read().unwrap();
    for expected in [tables(template), sentences(template)] {
        assert!(document.contains(&expected), "docs/operate/capacity.md must contain:\n{expected}");
    }
}

#[test]
fn eight_thousand_events_a_second_of_one_tenant_fit_and_ten_thousand_do_not() {
    assert!(writes_for_each_key(8_000) <= WRITES_FOR_EACH_KEY);
    assert!(writes_for_each_key(10_000) > WRITES_FOR_EACH_KEY);
}

#[test]
fn littles_law() {
    assert_eq!(invocations(1_000, 1, 20), 20);
    assert_eq!(invocations(1_000, 10, 120), 12);
    assert_eq!(invocations(1_001, 10, 100), 11);
    assert!(invocations(10_000, 10, 2_020) > MOST_INVOCATIONS);
}

/// With the policies that come with mailhooks, no waiting delivery is in flight before the breaker may open: until
/// then, every wait is short enough for a delayed message.
#[test]
fn built_in_policies_use_up_no_messages_in_flight_before_a_breaker_opens() {
    let window = i64::from(BreakerSettings::default().window_seconds);
    for policy in [RetryPolicy::Standard, RetryPolicy::Mailgreet, RetryPolicy::Mailjet, RetryPolicy::Mailgun] {
        let began = jiff::Timestamp::UNIX_EPOCH;
        let mut now = began;
        for attempt in 1.. {
            let failed = shared::delivery::Outcome::Timeout.into();
            let Decision::Retry { at } = decide(&failed, attempt, began, &policy, now, 1.0) else {
                panic!("{policy:?}")
            };
            let wait = at.duration_since(now).as_secs();
            if wait > i64::from(MAX_DELAY_SECONDS) {
                break;
            }
            now = at;
        }
        assert!(now.as_second() >= window, "{policy:?} hides after {} s", now.as_second());
    }
}
