use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millis)
}

fn tenant(number: u16) -> TenantId {
    TenantId::mint(at(0), bytes(number))
}

fn webhook(number: u16) -> WebhookId {
    WebhookId::mint(at(0), bytes(number))
}

fn bytes(number: u16) -> [u8; 10] {
    let [high, low] = number.to_be_bytes();
    [high, low, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// A window in which `late` of `received` jobs were late.
fn waits(late: u32, received: u32) -> PlaceUse {
    let mut window = PlaceUse::new(at(0));
    for number in 0..received {
        let waited = if number < late { 1_001 } else { 1_000 };
        window.count_wait(SignedDuration::from_millis(waited), at(0));
    }
    window
}

/// A window under pressure.
fn pressed() -> PlaceUse {
    waits(1, 1)
}

/// A window under pressure, with `count` attempts of `millis` each, by tenant 1 to webhook 1.
fn after_attempts(count: u32, millis: u64) -> PlaceUse {
    let mut window = pressed();
    attempts(&mut window, 1, count, millis);
    window
}

/// Counts `count` attempts of `millis` each, by one tenant to one webhook.
fn attempts(window: &mut PlaceUse, number: u16, count: u32, millis: u64) {
    for _ in 0..count {
        window.count_attempt(tenant(number), webhook(number), Duration::from_millis(millis), at(0));
    }
}

fn is_over(window: &mut PlaceUse, number: u16) -> bool {
    window.is_over_share(tenant(number), webhook(number), at(0))
}

#[test]
fn without_pressure_nobody_is_over_its_share() {
    for (late, expected) in [(0, false), (5, false), (6, true)] {
        let mut window = waits(late, 10);
        attempts(&mut window, 1, 20, 1_900);
        assert_eq!(is_over(&mut window, 1), expected, "{late} of 10 are late");
    }
}

#[test]
fn a_burst_of_quick_attempts_is_not_over_its_share() {
    for (millis, expected) in [(499, false), (500, true)] {
        let mut window = after_attempts(100, millis);
        assert_eq!(is_over(&mut window, 1), expected, "{millis} ms each");
    }
}

#[test]
fn receivers_that_alternate_are_judged_by_their_mean() {
    let mut window = after_attempts(20, 10);
    attempts(&mut window, 1, 20, 1_900);
    assert!(is_over(&mut window, 1));
}

#[test]
fn a_little_place_time_is_no_share() {
    for (millis, expected) in [(9_999, false), (10_000, true)] {
        let mut window = after_attempts(1, millis);
        assert_eq!(is_over(&mut window, 1), expected, "{millis} ms in all");
    }
}

/// The limit is twice the fair share, at least a quarter and at most half.
#[test]
fn the_limit_follows_the_number_of_tenants() {
    for (others, limit) in [(0, 50), (1, 50), (4, 40), (9, 25), (99, 25)] {
        for (percent, expected) in [(limit, false), (limit + 1, true)] {
            let mut window = after_attempts(1, 9_900 * percent);
            for other in 0..others {
                // The others share the rest.
                attempts(&mut window, 2 + other, 1, 9_900 * (100 - percent) / u64::from(others));
            }
            if others > 0 {
                assert_eq!(is_over(&mut window, 1), expected, "{percent} % with {others} others");
            } else {
                assert!(is_over(&mut window, 1), "alone and late");
            }
        }
    }
}

#[test]
fn one_webhook_of_a_large_tenant_is_judged_by_itself() {
    let mut window = pressed();
    // Five tenants, whose limit is 40 %, with ten webhooks, whose limit is 25 %.
    for number in 0..10 {
        let took = Duration::from_secs(if number == 0 { 30 } else { 6 });
        window.count_attempt(tenant(number / 2), webhook(number), took, at(0));
    }
    assert!(window.is_over_share(tenant(0), webhook(0), at(0)), "36 % of the webhooks'");
    assert!(window.is_over_share(tenant(0), webhook(1), at(0)), "43 % of the tenants'");
    assert!(!window.is_over_share(tenant(1), webhook(2), at(0)));
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    for (later, expected) in [(0, true), (14_999, true), (29_999, true), (30_000, false)] {
        let mut window = after_attempts(20, 1_900);
        assert_eq!(window.is_over_share(tenant(1), webhook(1), at(later)), expected, "after {later} ms");
    }
    // Halves follow each other.
    let mut window = after_attempts(20, 1_900);
    assert!(window.is_over_share(tenant(1), webhook(1), at(15_000)));
    assert!(!window.is_over_share(tenant(1), webhook(1), at(30_000)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn at_most_four_use_more_than_their_share_and_memory_is_bounded(
        used in proptest::collection::vec((0_u16..1_500, 1_u64..20_000), 1..300),
    ) {
        let mut window = pressed();
        for (number, millis) in &used {
            attempts(&mut window, *number, 1, *millis);
        }
        let over = (0..1_500).filter(|number| window.is_over_share(tenant(*number), webhook(*number), at(0))).count();
        // Each of them has more than a quarter.
        prop_assert!(over < 4);
    }

    #[test]
    fn among_any_number_of_others_the_largest_is_not_forgotten(others in 0_u16..2_000) {
        let mut window = pressed();
        for other in 0..others {
            attempts(&mut window, 1 + other, 1, 1);
            if other == others / 2 {
                attempts(&mut window, 0, 10, 1_900);
            }
        }
        attempts(&mut window, 0, 10, 1_900);
        prop_assert!(is_over(&mut window, 0));
        prop_assert!(window.current.tenants.len() <= MAX_COUNTED && window.current.webhooks.len() <= MAX_COUNTED);
    }
}
