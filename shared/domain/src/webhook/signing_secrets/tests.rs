use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Overlaps in seconds: the default, shorter ones, and none.
const OVERLAPS: [i64; 4] = [0, 60, 3_600, 24 * 3_600];

fn secret(number: u8) -> SigningSecret {
    SigningSecret::generate([number; 32])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn rotation(number: u8, overlap: i64) -> Rotation {
    Rotation { secret: secret(number), is_given: false, overlap: SignedDuration::from_secs(overlap) }
}

fn given(number: u8, overlap: i64) -> Rotation {
    Rotation { is_given: true, ..rotation(number, overlap) }
}

fn rotated(secrets: SigningSecrets, rotation: &Rotation, second: i64) -> SigningSecrets {
    secrets.rotated(rotation, at(second)).unwrap()
}

fn numbers(secrets: &SigningSecrets, second: i64) -> Vec<u8> {
    secrets.at(at(second)).into_iter().map(|secret| secret.standard_key()[0]).collect()
}

/// The operator repeats a rotation because the first answer was lost. The receiver still has the first secret.
#[test]
fn a_repeated_rotation_leaves_the_receivers_secret_its_overlap() {
    let lost = rotated(SigningSecrets::only(secret(1)), &rotation(2, 100), 0);
    let repeated = rotated(lost, &rotation(3, 100), 10);
    assert_eq!(numbers(&repeated, 10), [3, 2, 1]);
    assert_eq!(numbers(&repeated, 99), [3, 2, 1]);
    assert_eq!(numbers(&repeated, 100), [3, 2]);
    assert_eq!(numbers(&repeated, 110), [3]);
    assert_eq!(repeated.overlap_ends_at(), Some(at(110)));
}

#[test]
fn a_rotation_to_the_current_secret_changes_nothing() {
    let secrets = rotated(SigningSecrets::only(secret(1)), &given(2, 100), 0);
    assert_eq!(rotated(secrets.clone(), &given(2, 100), 50), secrets);
    assert_eq!(rotated(secrets.clone(), &given(2, 5_000), 50), secrets);
    // Except that an overlap of zero says that the others have to stop.
    assert_eq!(rotated(secrets, &given(2, 0), 50), SigningSecrets::only(secret(2)));
}

#[test]
fn the_same_ed25519_key_in_its_other_form_is_the_current_one() {
    let short = SigningSecret::parse("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=").unwrap();
    let long = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
    let secrets = SigningSecrets::only(SigningSecret::parse(long).unwrap());
    let again = Rotation { secret: short.clone(), ..given(0, 100) };
    assert_eq!(rotated(secrets.clone(), &again, 0), secrets);
    // Older versions stored both forms after such a rotation.
    let stored = SigningSecrets { previous: Some((short, at(100))), ..secrets };
    assert_eq!(stored.at(at(0)), [&stored.current]);
    assert_eq!(stored.public_keys().len(), 1);
}

/// Older versions stored the current secret as the previous one, too.
#[test]
fn one_key_signs_once() {
    let stored = SigningSecrets { previous: Some((secret(1), at(100))), ..SigningSecrets::only(secret(1)) };
    assert_eq!(numbers(&stored, 0), [1]);
    let next = rotated(stored, &rotation(2, 100), 0);
    assert_eq!((numbers(&next, 0), next.former().count()), (vec![2, 1], 1));
}

#[test]
fn a_rotation_back_to_a_former_secret_keeps_the_others() {
    let secrets = rotated(SigningSecrets::only(secret(1)), &rotation(2, 100), 0);
    let secrets = rotated(secrets, &rotation(3, 100), 10);
    let back = rotated(secrets, &given(1, 100), 20);
    assert_eq!(numbers(&back, 20), [1, 3, 2]);
    assert_eq!(numbers(&back, 110), [1, 3]);
}

#[test]
fn a_fourth_secret_is_not_made_while_three_sign() {
    let secrets = rotated(SigningSecrets::only(secret(1)), &rotation(2, 100), 0);
    let secrets = rotated(secrets, &rotation(3, 50), 10);
    assert_eq!(secrets.at(at(10)).len(), MAX_SIGNING_SECRETS);
    // The caller learns the current secret.
    assert_eq!(rotated(secrets.clone(), &rotation(4, 100), 20), secrets);
    let full = Err(TooManySecretsError { until: at(60) });
    assert_eq!(secrets.clone().rotated(&given(4, 100), at(20)), full);
    let of_other_scheme = Rotation { secret: SigningSecret::generate_key_pair([4; 32]), ..rotation(4, 100) };
    assert_eq!(secrets.clone().rotated(&of_other_scheme, at(20)), full);
    // One of the three is no fourth, and the overlap of the others can be ended.
    assert_eq!(numbers(&rotated(secrets.clone(), &given(2, 100), 20), 20), [2, 3, 1]);
    assert_eq!(numbers(&rotated(secrets.clone(), &rotation(4, 0), 20), 20), [4]);
    // There is room again when the first of them has stopped.
    assert_eq!(numbers(&rotated(secrets, &rotation(4, 100), 60), 60), [4, 3, 1]);
}

/// What an operator does with a webhook.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Asks for a secret; `None` for a new one. The answer may be lost.
    Rotate { given: Option<u8>, overlap: i64, is_answer_lost: bool },
    /// Nothing, for this many seconds.
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let rotate = (prop::option::weighted(0.3, 1_u8..6), prop::sample::select(&OVERLAPS[..]), any::<bool>());
    prop_oneof![
        3 => rotate.prop_map(|(given, overlap, is_answer_lost)| Step::Rotate { given, overlap, is_answer_lost }),
        1 => prop::sample::select(&[1_i64, 30, 61, 3_600, 40_000][..]).prop_map(Step::Pass),
    ]
}

proptest! {
    /// In every order of two operators' rotations, a receiver verifies with each secret that somebody was shown, or has
    /// chosen, until the overlap of that secret ends. The last secret that an operator was shown is one of these. The
    /// domain does not see whether a rotation is a repetition or another operator's, so the sequence has one kind.
    #[test]
    fn a_secret_that_was_shown_verifies_until_its_overlap_ends(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let mut secrets = SigningSecrets::only(secret(1));
        // When each secret stops, as the answers and the requests say: never, while it is current.
        let mut ends = BTreeMap::from([(1_u8, None::<i64>)]);
        let mut shown = vec![1_u8];
        let mut second = 0;
        let mut next = 10_u8;
        for step in steps {
            match step {
                Step::Pass(seconds) => second += seconds,
                Step::Rotate { given: chosen, overlap, is_answer_lost } => {
                    next += 1;
                    let wanted = chosen.map_or_else(|| rotation(next, overlap), |number| given(number, overlap));
                    let before = secrets.current.standard_key()[0];
                    let Ok(after) = secrets.clone().rotated(&wanted, at(second)) else {
                        // Only a caller who chose the secret is refused, and that caller has the current one.
                        prop_assert!(chosen.is_some());
                        continue;
                    };
                    secrets = after;
                    let current = secrets.current.standard_key()[0];
                    if overlap == 0 {
                        ends.clear();
                    } else if current != before {
                        ends.insert(before, Some(second + overlap));
                    }
                    ends.insert(current, None);
                    if !is_answer_lost || chosen.is_some() {
                        shown.push(current);
                    }
                }
            }
            let signing = numbers(&secrets, second);
            prop_assert!(signing.len() <= MAX_SIGNING_SECRETS);
            let mut once = signing.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), signing.len());
            for number in &shown {
                let Some(end) = ends.get(number) else { continue };
                prop_assert_eq!(signing.contains(number), end.is_none_or(|end| second < end), "{}", number);
            }
        }
    }

    /// However many answers are lost, the first one that arrives shows the secret that signs.
    #[test]
    fn a_caller_who_repeats_a_rotation_learns_the_current_secret(lost in 0_u8..20, pause in 0_i64..100) {
        let mut secrets = SigningSecrets::only(secret(1));
        for number in 0..=lost {
            secrets = rotated(secrets, &rotation(100 + number, 24 * 3_600), i64::from(number) * pause);
            prop_assert!(numbers(&secrets, i64::from(lost) * pause).contains(&1));
        }
        prop_assert_ne!(secrets.current, secret(1));
    }
}
