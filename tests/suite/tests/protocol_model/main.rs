//! The protocol of job, row, round and queue as a model that a checker explores: every order of every effect, with
//! crashes, duplicates, lost answers, stale memories and an operator, within bounds. The rules in it are the rooms' own
//! (`retry::decide`, `breaker`, `judge`); only the effects are modelled, each with the file that it mirrors.
//!
//! `cargo test -p suite --test protocol_model -- --nocapture` prints how many worlds each scope has. With `--features
//! deep-model` there are larger scopes. A step of the model that differs from the room's own step would prove nothing:
//! if you change the order of effects in `functions/deliver`, change it here.
//!
//! The model leaves out batches, pages, the index that follows its table, events that expire, and more than one
//! webhook. What is held expires in the model, and messages get lost. It reads webhook and breaker at one moment. A
//! time is a timer that is due or not. The model presumes of three times that they are long enough: a claim lasts
//! longer than its attempt; the first delay of a probe, and the delay of a deletion's job, last longer than the
//! invocation that sends them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking, its own functions included")]

mod attempting;
mod bridge;
mod closing;
mod delivering;
mod invocation;
mod model;
mod mutants;
mod noting;
mod operating;
mod overdue;
mod probing;
mod properties;
mod recovering;
mod scope;
mod scopes;
mod state;
mod tables;
mod verifying;

use std::fmt::Write as _;

use stateright::{Checker as _, Expectation, Model as _, Path};

use crate::model::Action;
use crate::scope::Scope;
use crate::state::State;

/// Explores a scope to its end; every invariant must hold in every world of it.
#[expect(clippy::print_stdout, reason = "how many worlds there are is worth knowing")]
fn explore(scope: Scope) {
    let name = scope.name;
    let checker = scope.checker().spawn_bfs().join();
    println!(
        "{name}: {} worlds, {} ways between them, at most {} steps from the start",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    for property in checker.model().properties() {
        let path = checker.discovery(property.name);
        match (property.expectation, path) {
            (Expectation::Always, Some(path)) => panic!("{name}: not so: {}\n{}", property.name, told(path)),
            (Expectation::Sometimes, None) => panic!("{name}: never: {}", property.name),
            (Expectation::Always, None) | (Expectation::Sometimes, Some(_)) => {}
            (Expectation::Eventually, _) => unreachable!("the closing run asks for that"),
        }
    }
}

/// The way to a world, effect by effect.
fn told(path: Path<State, Action>) -> String {
    let mut lines = String::new();
    for (state, action) in path.into_vec() {
        match action {
            Some(Action::Step { worker, choice }) => {
                let phase = state.workers[worker].as_ref();
                writeln!(lines, "{worker}: {choice:?} {phase:?}").unwrap();
            }
            Some(action) => writeln!(lines, "{action:?}").unwrap(),
            None => writeln!(lines, "{state:#?}").unwrap(),
        }
    }
    lines
}

#[cfg(feature = "deep-model")]
#[test]
fn every_deep_scope_keeps_every_invariant() {
    scopes::deep().into_iter().for_each(explore);
}

#[test]
fn every_scope_keeps_every_invariant() {
    for scope in scopes::all() {
        explore(scope);
    }
}
