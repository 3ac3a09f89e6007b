//! Checks that `docs/operate/capacity.md` states the capacity that the constants of the code and the template give.

mod stated;
mod one_tenant;

use shared::queue::MAX_IN_FLIGHT;
use stated::{
    MOST_INVOCATIONS, Template, WRITES_FOR_EACH_KEY, chain_receives, invocations, most_hidden, sentences, tables,
    writes_for_each_key,
};

#[test]
fn the_document_states_what_the_code_gives() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operate/capacity.md");
    let document = std::fs::read_to_string(path).unwrap();
    let template = Template::read().unwrap();
    for expected in [tables(template), one_tenant::table(template).unwrap(), sentences(template)] {
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

/// SQS's number of messages in flight may be a minute old. What the functions hide in this minute must not fill the
/// queue.
#[test]
fn what_the_functions_hide_before_sqs_counts_it_leaves_half_of_the_limit() {
    let template = Template::read().unwrap();
    assert!(most_hidden(template.concurrency) <= MAX_IN_FLIGHT / 2);
    assert!(most_hidden(150) <= MAX_IN_FLIGHT && most_hidden(151) > MAX_IN_FLIGHT);
}

/// A tenant with as many waiting deliveries as it likes takes a part of the retries queue's invocations.
#[test]
fn chains_of_delayed_messages_leave_invocations_to_other_tenants() {
    let template = Template::read().unwrap();
    assert!(invocations(chain_receives(500 * 2_000), template.batch, 100) <= template.concurrency / 2);
}
