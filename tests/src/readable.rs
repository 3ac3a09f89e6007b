//! What holds for every post, and for the rows that its events are stored in.

use domain::event::Event;
use domain::provider::{Provider, Received, Refusal};
use shared::store::events::{event_in_row, event_row};

use crate::invariants;

/// Checks what a post of `provider` with a body of `length` bytes gave, and that its events can be read from their rows.
///
/// # Panics
///
/// When an invariant does not hold.
pub fn check(provider: Provider, length: usize, received: Result<Received, Refusal>) {
    for event in invariants::check(provider, length, received) {
        check_row(&event);
    }
}

/// Checks that `dispatch` reads an event from its row, and `deliver` from its job.
///
/// # Panics
///
/// When one of them does not, or reads something else.
pub fn check_event(event: &Event) {
    invariants::check_readable(event);
    check_row(event);
}

fn check_row(event: &Event) {
    let row = event_row(event, 0).and_then(|row| event_in_row(&row));
    assert_eq!(row.unwrap_or_else(|error| panic!("a row that dispatch cannot read: {error:?}")), *event);
}
