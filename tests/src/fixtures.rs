//! The project's own fixtures.

use shared::clock::Clock;

use crate::conformance::{Fixture, Index};

/// The project's own fixtures, for tests; those without a time of their own arrive now.
///
/// # Panics
///
/// When one cannot be read: then there is nothing to test.
#[expect(clippy::expect_used, reason = "see Panics")]
pub fn own_fixtures() -> Vec<Fixture> {
    let index = Index::own().expect("the index can be read");
    index.fixtures(Clock::default().now()).collect::<Result<_, _>>().expect("each fixture can be read")
}
